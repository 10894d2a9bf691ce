"""Switching between explicit and implicit methods."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

AUTO = ude.Auto(ude.Tsit5(), ude.Rodas5P())
OPTIONS = {"rtol": 1e-6, "atol": 1e-8}


def van_der_pol(t, y, mu):
    return jnp.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


RELAXING = ude.ODE(van_der_pol, jnp.array([2.0, 0.0]), (0.0, 100.0), 100.0)


def test_a_problem_that_is_not_stiff_never_meets_the_implicit_method():
    gentle = RELAXING.replace(args=1.0, tspan=(0.0, 10.0))
    switching, plain = (ude.solve(gentle, method, **OPTIONS) for method in (AUTO, ude.Tsit5()))
    assert switching.stats.jacobians == 0
    np.testing.assert_allclose(switching.y, plain.y, rtol=1e-12)


def test_stiff_and_quick_phases_get_their_own_methods():
    sol = ude.solve(RELAXING, AUTO, **OPTIONS)
    assert 0 < sol.stats.jacobians < sol.stats.steps + sol.stats.rejected
    exact = ude.solve(RELAXING, ude.Rodas5P(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(sol.y, exact.y, rtol=1e-3)
    np.testing.assert_allclose(sol(np.array([20.0, 60.0, 81.0])), exact(np.array([20.0, 60.0, 81.0])), rtol=1e-4)


def test_derivatives_are_those_of_the_steps_taken():
    def value(mu, method):
        return ude.solve(RELAXING.replace(args=mu, tspan=(0.0, 40.0)), method, rtol=1e-8, atol=1e-10, saveat=jnp.array([20.0, 40.0])).ys[-1, 0]

    np.testing.assert_allclose(jax.grad(value)(100.0, AUTO), jax.grad(value)(100.0, ude.Rodas5P()), rtol=1e-5)


def test_lanes_of_a_batch_switch_by_themselves():
    end = lambda mu: ude.solve(RELAXING.replace(args=mu, tspan=(0.0, 20.0)), AUTO, **OPTIONS, saveat=ude.Save(end=True))  # noqa: E731
    batch = jax.vmap(end)(jnp.array([1.0, 300.0]))
    np.testing.assert_allclose(batch.ys[:, 0], [end(1.0).y, end(300.0).y], rtol=1e-7)
    assert batch.stats.jacobians[0] == 0 < batch.stats.jacobians[1]


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        ((ude.Rodas5P(), ude.Tsit5()), "the first is an explicit method"),
        ((ude.Tsit5, ude.Rodas5P()), "with two methods"),
        ((ude.RK4(), ude.Rodas5P()), "one-step methods that choose their step size"),
    ],
)
def test_methods_that_cannot_switch_get_a_sentence(methods, sentence):
    with pytest.raises(TypeError, match=sentence):
        ude.Auto(*methods)
