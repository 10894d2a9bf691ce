"""Derivatives of derivatives, of which the tape is a part: they are those of the steps on it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude


def oscillator(t, y, m):
    return jnp.stack([y[1], m * (1 - y[0] ** 2) * y[1] - y[0] + jnp.cos(t)])


OSCILLATOR = ude.ODE(oscillator, jnp.array([2.0, 0.0]), (0.0, 1.0))
# Of the first component at the end, at m = 5: the same from Tsit5, Vern7 and Vern9 with tolerances of 1e-13 and from 160 equal steps of each.
SECOND = -0.0048870675326942


def end(m, method, **options):
    return ude.solve(OSCILLATOR.replace(args=m), method, saveat=ude.Save(end=True), **options).ys[-1][0]


@pytest.mark.parametrize("tolerance", [1e-12, 1e-13])
def test_step_sizes_that_follow_roundings_of_the_error_do_not_disturb_second_derivatives(tolerance):
    # These tolerances ask of Vern8 what double precision cannot estimate: another program of the same solve chooses other steps.
    second = jax.jacfwd(jax.grad(lambda m: end(m, ude.Vern8(), rtol=tolerance, atol=tolerance)))(5.0)
    np.testing.assert_allclose(second, SECOND, rtol=1e-10)


@pytest.mark.parametrize("levels", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_third_derivatives_are_those_of_differences_of_the_second_also_with_a_tape_that_keeps_some_states_only(levels):
    options = {"rtol": 1e-10, "atol": 1e-10, "adjoint": ude.DiscreteAdjoint(levels=levels)}
    second = jax.jit(jax.jacfwd(jax.grad(lambda m: end(m, ude.Vern7(), **options))))
    np.testing.assert_allclose(second(5.0), SECOND, rtol=1e-8)
    third = jax.jacfwd(second)(5.0)
    np.testing.assert_allclose(third, (second(5.01) - second(4.99)) / 0.02, rtol=1e-4)


def test_second_derivatives_with_respect_to_both_ends_of_the_time_span():
    def grown(span):
        problem = ude.ODE(lambda t, y, _: t * y, 1.0, (span[0], span[1]))
        return ude.solve(problem, ude.Vern7(), rtol=1e-10, atol=1e-12, saveat=ude.Save(end=True)).ys[-1]

    t0, t1 = 0.5, 1.5
    value = np.exp((t1**2 - t0**2) / 2)
    exact = value * np.array([[t0**2 - 1, -t0 * t1], [-t0 * t1, t1**2 + 1]])
    np.testing.assert_allclose(jax.hessian(grown)(jnp.array([t0, t1])), exact, rtol=1e-7)
