"""Radau IIA of an order that changes from step to step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

MU = 50.0
RTOL = 1e-9


def van_der_pol(t, y, mu):
    return jnp.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


PROBLEM = ude.ODE(van_der_pol, jnp.array([2.0, 0.0]), (0.0, 60.0), MU)


@pytest.fixture(scope="module")
def solved():
    return ude.solve(PROBLEM, ude.RadauIIA(), rtol=RTOL, atol=RTOL)


@pytest.fixture(scope="module")
def exact():
    """An explicit method of order 9 with an interpolant of order 8."""
    return ude.solve(PROBLEM, ude.Vern9(), rtol=1e-12, atol=1e-12, max_steps=1_000_000)


def test_a_stiff_problem_comes_to_its_digits_in_fewer_steps_than_order_five_takes(solved, exact):
    np.testing.assert_allclose(solved.y, exact.y, rtol=1e-6)
    fifth = ude.solve(PROBLEM, ude.RadauIIA5(), rtol=RTOL, atol=RTOL)
    assert solved.stats.steps < fifth.stats.steps / 2
    assert solved.stats.iterations > solved.stats.steps


@pytest.mark.slow
def test_the_dense_output_is_right_whatever_the_order_of_the_step(solved, exact):
    times = np.linspace(0.5, 59.5, 60)
    np.testing.assert_allclose(solved(times), exact(times), rtol=1e-5, atol=1e-6)


def test_gradients_are_those_of_the_solution():
    def end(mu, solve):
        return solve(PROBLEM.replace(args=mu, tspan=(0.0, 20.0)), saveat=ude.Save(end=True)).ys[0][1]

    ours = jax.grad(lambda mu: end(mu, lambda *a, **k: ude.solve(*a, ude.RadauIIA(), rtol=RTOL, atol=RTOL, **k)))(MU)
    fine = lambda mu: end(mu, lambda *a, **k: ude.solve(*a, ude.Rodas5P(), rtol=1e-11, atol=1e-12, **k))  # noqa: E731
    assert float(ours) == pytest.approx(float(fine(MU + 1e-2) - fine(MU - 1e-2)) / 2e-2, rel=1e-4)


def test_an_algebraic_equation_holds_along_the_solution():
    f = lambda t, y, _: [-y[1], y[1] - y[0] * jnp.cos(t)]  # noqa: E731  y0 = exp(-sin t)
    sol = ude.solve(ude.ODE(f, [1.0, 1.0], (0.0, 10.0), mass=[1.0, 0.0]), ude.RadauIIA(), rtol=RTOL, atol=RTOL)
    np.testing.assert_allclose(sol.ys[:, 0], np.exp(-np.sin(sol.ts)), rtol=1e-7)
    np.testing.assert_allclose(sol.ys[:, 1], sol.ys[:, 0] * np.cos(sol.ts), atol=1e-8)


@pytest.mark.slow
def test_lanes_change_their_order_alone():
    """Stiff lanes rise to other orders at other times; each takes the steps that it takes alone."""
    rates, how = jnp.array([50.0, 1.0, 400.0]), {"rtol": 1e-8, "atol": 1e-8, "saveat": ude.Save(end=True)}

    def ends(mu):
        sol = ude.solve(PROBLEM.replace(args=mu, tspan=(0.0, 20.0)), ude.RadauIIA(), **how)
        return sol.ys[-1], sol.stats.steps

    together, steps = jax.jit(jax.vmap(ends))(rates)
    one = jax.jit(ends)
    for lane, mu in enumerate(rates):
        alone, count = one(mu)
        np.testing.assert_allclose(together[lane], alone, rtol=1e-6)
        assert abs(int(steps[lane]) - int(count)) <= 0.1 * int(count)
