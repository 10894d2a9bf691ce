"""Solves that do not reach their end: a sentence outside ``jit``, or a status with ``throw=False``."""

import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.solve.problems import BLOWS_UP, CIRCLE

TIMES = jnp.array([0.0, 0.5, 1.5])


def nan_after_half(t, y, args):
    return jnp.where(t > 0.5, jnp.nan, -y)


def overflows(t, y, args):
    return jnp.exp(y * y)


def nan_from_the_start(t, y, args):
    return y / jnp.sum(y * 0)


def out_of_its_domain(t, y, args):
    return -jnp.sqrt(y)[:1] - 1.0


def problem_of(f):
    return ude.ODE(f, jnp.array([1.0]), (0.0, 2.0))


FAILURES = {
    "blow-up": (BLOWS_UP, {}, "step_too_small", r"step size became too small.*Reached t = 0.999\d* of 2 "),
    "overflow": (problem_of(overflows), {}, "step_too_small", "step size became too small"),
    "NaN on the way": (problem_of(nan_after_half), {}, "step_too_small", r"check the right-hand side.*Reached t = 0.5 of 2"),
    "square root of a negative number": (problem_of(out_of_its_domain), {}, "step_too_small", "Reached t = 0.6"),
    "NaN at the start": (problem_of(nan_from_the_start), {}, "not_finite", r"NaN or infinite at the initial state.*Reached t = 0 of 2"),
    "too many steps": (CIRCLE, dict(max_steps=10), "max_steps", r"Raise max_steps, loosen rtol and atol.*of 10 \(\d+ steps, \d+ rejected"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILURES)
def test_a_solve_that_fails_raises_a_sentence_with_how_far_it_came(case):
    problem, options, _, sentence = FAILURES[case]
    with pytest.raises(ude.SolveError, match=sentence) as caught:
        ude.solve(problem, **options)
    assert "throw=False" in str(caught.value)


@pytest.mark.parametrize("case", FAILURES)
def test_without_throwing_the_part_that_was_computed_comes_back(case):
    problem, options, name, _ = FAILURES[case]
    sol = ude.solve(problem, throw=False, **options)
    assert sol.result.name == name and not sol.result.ok
    assert str(sol.result).startswith(f"{name}: ")
    assert len(sol.ts) == int(sol.stats.steps) + 1
    assert np.all(np.isfinite(sol.ys)) and np.all(np.isfinite(sol.ts))
    assert float(sol.t) == float(sol.ts[-1]) < problem.tspan[1]


def test_given_times_that_were_not_reached_are_nan():
    sol = ude.solve(BLOWS_UP, saveat=TIMES, rtol=1e-8, atol=1e-8, throw=False)
    np.testing.assert_allclose(sol.ys[:2, 0], [1.0, 2.0], rtol=1e-7)
    assert np.isnan(sol.ys[2, 0])
    assert sol.stats.saved == 2


def test_backwards_a_failure_is_reported_in_the_users_time():
    problem = ude.ODE(lambda t, y, args: -y * y, jnp.array([1.0]), (1.0, -1.0))
    with pytest.raises(ude.SolveError, match=r"Reached t = (0.000\d+|\d.\d+e-05) of -1"):
        ude.solve(problem)


def test_the_end_of_a_failed_solve_is_the_last_point_reached():
    sol = ude.solve(BLOWS_UP, saveat=ude.Save(end=True), throw=False)
    assert sol.t < 1.0 and sol.ts[-1] == sol.t
    np.testing.assert_array_equal(sol.ys[-1], sol.y)


def test_a_solve_that_a_stiff_problem_would_take_forever_stops_at_max_steps():
    problem = ude.ODE(lambda t, y, k: -k * (y - jnp.cos(t)), jnp.array([0.0]), (0.0, 10.0), 1e6)
    with pytest.raises(ude.SolveError, match="if the problem is stiff, choose a stiff method"):
        ude.solve(problem, method=ude.Tsit5(), max_steps=1000)


def test_a_jump_of_the_right_hand_side_is_no_failure():
    # A jump between the third and fourth stage enters the error estimate with a weight of 0.005 only (the sum of the
    # first three), the step itself with up to one half: the error can be a hundred times the tolerance, not more.
    problem = ude.ODE(lambda t, y, args: jnp.where(t < 0.7, 1.0, -1.0) * jnp.ones_like(y), jnp.zeros(1), (0.0, 2.0))
    sol = ude.solve(problem, rtol=1e-6, atol=1e-6, saveat=ude.Save(end=True))
    np.testing.assert_allclose(sol.y, 0.7 - 1.3, atol=2e-4)
