"""Methods that carry the global error: order of the result, and an estimate that tracks the true error."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.methods.general_linear import GLOBAL_ERROR
from universalde.tableaus.trees import elementary_weights, violations


@pytest.fixture(params=GLOBAL_ERROR)
def name(request):
    return request.param


def test_the_result_has_the_order_claimed_and_not_more(name):
    # At ε = 0 a step is one of a Runge-Kutta method, whose order conditions hold exactly (GLEE35, MM5GEE: to printed digits).
    table = GLOBAL_ERROR[name]().tableau
    found = elementary_weights(table.a, table.order + 1)
    missed = violations(found, table.b)
    assert all(missed[order] < 1e-15 for order in range(1, table.order + 1))
    assert missed[table.order + 1] > 1e-6
    # With the estimate added the order is one higher.
    both = violations(found, [b + e for b, e in zip(table.b, table.e, strict=True)])
    assert all(miss < 1e-12 for miss in both.values())


def pendulum(t, y, k):
    return jnp.stack([y[1], -k * jnp.sin(y[0])])


PROBLEM = ude.ODE(pendulum, jnp.array([1.0, 0.2]), (0.0, 3.0), args=2.0)


@pytest.fixture(scope="module")
def exact():
    return np.asarray(ude.solve(PROBLEM, ude.Vern7(), rtol=1e-13, atol=1e-14, saveat=ude.Save(end=True)).y)


@pytest.mark.parametrize("name", ["GLEE23", "GLEE24", "GLEE35"])
def test_the_estimate_tracks_the_true_error_ever_closer(name, exact):
    misses = []
    for tol in (1e-4, 1e-7):
        sol = ude.solve(PROBLEM, GLOBAL_ERROR[name](), rtol=tol, atol=tol, saveat=ude.Save(end=True))
        misses.append(np.max(np.abs(np.asarray(sol.error) / (exact - np.asarray(sol.y)) - 1)))
    assert misses[1] < 0.05
    assert misses[1] < misses[0] / 5


def test_the_estimate_of_the_fifth_order_method_tracks_the_true_error():
    # Its own error is so small that tolerances which bring the ratio near one meet rounding: fixed steps in plain Python.
    table = GLOBAL_ERROR["MM5GEE"]().tableau
    a, u, b, e = [[float(x) for x in row] for row in table.a], *(list(map(float, x)) for x in (table.u, table.b, table.e))

    def miss(steps):
        y, error, h = 1.0, 0.0, 3.0 / steps
        for n in range(steps):
            k = []
            for i in range(table.stages):
                place = y + u[i] * error + h * sum(x * z for x, z in zip(a[i], k, strict=True))
                k.append(np.cos((n + table.c[i]) * h) * place * (1 - place / 5))
            y, error = y + h * np.dot(b, k), error + h * np.dot(e, k)
        grown = np.exp(np.sin(3.0)) / 4
        return abs(error / (5 * grown / (1 + grown) - y) - 1)

    assert miss(80) < 0.03
    assert miss(80) < miss(40) / 3 < miss(20) / 9


def test_the_solution_reaches_its_tolerance(name, exact):
    sol = ude.solve(PROBLEM, GLOBAL_ERROR[name](), rtol=1e-7, atol=1e-7, saveat=ude.Save(end=True))
    np.testing.assert_allclose(sol.y, exact, atol=5e-5)


def test_other_methods_do_not_claim_to_know_their_error():
    assert ude.solve(PROBLEM, ude.Tsit5()).error is None


def test_the_estimate_survives_jit_and_is_differentiated(exact):
    def end(k):
        return ude.solve(PROBLEM.replace(args=k), ude.GLEE35(), rtol=1e-5, atol=1e-5, saveat=ude.Save(end=True)).error[0]

    eager = ude.solve(PROBLEM, ude.GLEE35(), rtol=1e-5, atol=1e-5, saveat=ude.Save(end=True)).error[0]
    value, slope = jax.jit(jax.value_and_grad(end))(2.0)
    np.testing.assert_allclose(value, eager, rtol=1e-9)
    assert np.isfinite(slope) and slope != 0


def test_an_event_keeps_the_estimate_gathered_before_it():
    bounce = ude.Event(lambda t, y, args: y[0], lambda t, y, args: y * jnp.array([1.0, -0.9]), direction=-1)
    ball = ude.ODE(lambda t, y, args: jnp.stack([y[1], -jnp.sin(1.0 + y[0])]), jnp.array([1.0, 0.0]), (0.0, 2.5), events=bounce)
    sol = ude.solve(ball, ude.GLEE24(), rtol=1e-4, atol=1e-4, saveat=ude.Save(end=True))
    true = ude.solve(ball, ude.Vern7(), rtol=1e-12, atol=1e-12, saveat=ude.Save(end=True)).y
    assert jnp.all(sol.error != 0) and jnp.max(jnp.abs(sol.error)) < 100 * jnp.max(jnp.abs(true - sol.y))
