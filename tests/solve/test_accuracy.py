"""The numbers are right: known end values, order of convergence, tolerances that mean what they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.solve.problems import CIRCLE, bell, brusselator, reference

# Relative error at the end divided by the tolerance: how much the flow amplifies errors on the way. Near collisions
# (Arenstorf, Pleiades) amplify, the limit cycle of the Brusselator forgets.
AMPLIFICATION = {"rigid_body": 1e2, "brusselator": 1e1, "pleiades": 1e3, "lorenz": 1e2, "arenstorf": 1e4}


@pytest.mark.oracle
@pytest.mark.parametrize("name", AMPLIFICATION)
def test_known_end_values_are_reached(name):
    problem, end = reference(name)
    sol = ude.solve(problem, ude.Tsit5(), rtol=1e-11, atol=1e-11, saveat=ude.Save(end=True))
    assert sol.result.ok
    np.testing.assert_allclose(sol.ys[-1], end, atol=1e-11 * AMPLIFICATION[name] * float(jnp.max(jnp.abs(end))), rtol=0)


def slopes(sizes, errors):
    return np.diff(np.log(errors)) / np.diff(np.log(sizes))


# Four copies of y' = -2 (t + s) y², solved by 1 / (1 + (t + s)²): one alone may have an error that happens to vanish.
SHIFTS = jnp.array([0.0, 0.3, 0.7, 1.1])


def shifted_bells(t, y, shifts):
    return bell(t + shifts, y, None)


def exact_bells(t):
    return 1 / (1 + (t + SHIFTS) ** 2)


def test_the_global_error_of_fixed_steps_falls_with_the_fifth_power():
    problem = ude.ODE(shifted_bells, exact_bells(0.0), (0.0, 2.0), SHIFTS)

    def error(h):
        sol = ude.solve(problem, ude.Tsit5(), dt0=h, controller=ude.Fixed(), saveat=ude.Save(end=True))
        return jnp.linalg.norm(sol.ys[0] - exact_bells(2.0)), sol.stats.steps

    sizes = 2.0 / jnp.array([64.0, 128.0, 256.0])
    errors, steps = jax.vmap(error)(sizes)
    np.testing.assert_array_equal(steps, [64, 128, 256])
    np.testing.assert_allclose(slopes(sizes, errors), 5, atol=0.25)


def test_inside_one_step_the_dense_output_is_of_order_four_and_the_end_of_order_five():
    # Order p: the error of one step shrinks like h to the power p + 1.
    inside = jnp.array([0.2, 0.5, 0.8, 1.0])

    def error(h):
        problem = ude.ODE(shifted_bells, exact_bells(0.0), (0.0, h), SHIFTS)
        sol = ude.solve(problem, ude.Tsit5(), dt0=h, controller=ude.Fixed(), saveat=inside * h)
        return jnp.linalg.norm(sol.ys - jax.vmap(exact_bells)(inside * h), axis=1)

    sizes = jnp.array([0.2, 0.1, 0.05, 0.025, 0.0125])
    errors = np.asarray(jax.vmap(error)(sizes))
    for k in range(3):
        np.testing.assert_allclose(slopes(sizes[2:], errors[2:, k]), 5, atol=0.25)
    # The end of a step of 0.0125 has an error of 1e-16: larger steps show its slope.
    np.testing.assert_allclose(slopes(sizes[1:4], errors[1:4, 3]), 6, atol=0.25)


def test_errors_are_proportional_to_the_tolerance():
    problem = ude.ODE(brusselator, jnp.array([1.5, 3.0]), (0.0, 20.0))
    _, end = reference("brusselator")

    def error(tolerance):
        sol = ude.solve(problem, ude.Tsit5(), rtol=tolerance, atol=tolerance, saveat=ude.Save(end=True))
        return jnp.max(jnp.abs(sol.ys[-1] - end))

    tolerances = 10.0 ** -jnp.arange(4, 12)
    errors = np.asarray(jax.vmap(error)(tolerances))
    slope = np.polyfit(np.log(tolerances), np.log(errors), 1)[0]
    assert 0.85 < slope < 1.15
    assert np.all(errors < 100 * np.asarray(tolerances))


def test_a_component_with_a_loose_tolerance_does_not_cost_steps():
    def steps(atol):
        return ude.solve(CIRCLE, rtol=0.0, atol=atol, saveat=ude.Save(end=True)).stats.steps

    tight = steps(jnp.array([1e-9, 1e-9]))
    loose = steps(jnp.array([1e-9, 1e-3]))
    assert loose < tight


def test_time_is_summed_without_drift_in_single_precision():
    # 20000 steps of 1e-3 summed plainly in float32 miss the end by 1e-2; the last step would show it.
    problem = ude.ODE(lambda t, y, args: jnp.ones_like(y), jnp.zeros(1, jnp.float32), (0.0, 20.0))
    sol = ude.solve(problem, dt0=1e-3, controller=ude.Fixed(), saveat=ude.Save(capacity=30_000))
    steps = np.diff(np.asarray(sol.ts, np.float64))
    assert abs(len(steps) - 20_000) <= 1
    assert abs(sol.ts[-2] - 20.0 + 1e-3) < 1e-5
