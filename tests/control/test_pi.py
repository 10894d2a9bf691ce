"""The controller: its formula, its limits, and what it does with errors that are no numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

ORDER = 4
CONTROLLER = ude.PI()
EXACT = 2e-5  # relative accuracy of its powers, see the module of approximate powers


def judge(error, before, h=0.1, controller=CONTROLLER, dtype=np.float64):
    """The verdict on an error, after a step with the error ``before``."""
    state = jnp.asarray(np.log2(before), dtype)
    return controller.judge(jnp.asarray(error, dtype) ** 2, jnp.asarray(h, dtype), state, ORDER)


def formula(error, before, integral=0.7, proportional=0.4, safety=0.9, k=ORDER + 1):
    """Gustafsson's factor, written with powers."""
    return (safety**k / error) ** (integral / k) * (before / error) ** (proportional / k)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("error, before", [(0.5, 0.5), (0.9, 0.2), (0.01, 0.3), (1.0, 1.0), (0.2, 0.001)])
def test_an_accepted_step_is_followed_by_the_one_of_the_formula(error, before, dtype):
    verdict = judge(error, before, dtype=dtype)
    assert verdict.accept and verdict.h.dtype == dtype
    np.testing.assert_allclose(verdict.h, 0.1 * formula(error, before), rtol=EXACT)


@pytest.mark.parametrize("error", [1.01, 2.0, 30.0])
def test_a_refused_step_is_followed_by_a_smaller_one_and_its_error_is_forgotten(error):
    verdict = judge(error, 0.5)
    assert not verdict.accept
    np.testing.assert_allclose(verdict.h, 0.1 * 0.9 * error**-0.2, rtol=EXACT)
    assert float(verdict.state) == np.log2(0.5)


def test_at_its_set_point_the_step_size_stays():
    settled = 0.9 ** (ORDER + 1)
    np.testing.assert_allclose(judge(settled, settled).h, 0.1, rtol=EXACT)


@pytest.mark.parametrize("error, factor", [(0.0, 10.0), (1e-30, 10.0), (1e-12, 10.0), (1e10, 0.2), (1e100, 0.2)])
def test_factors_stay_within_their_limits(error, factor):
    np.testing.assert_allclose(judge(error, 1e-4).h, 0.1 * factor, rtol=EXACT)


@pytest.mark.parametrize("error", [np.nan, np.inf])
def test_an_error_that_is_no_number_refuses_and_shrinks_as_much_as_allowed(error):
    verdict = judge(error, 0.5)
    assert not verdict.accept
    np.testing.assert_allclose(verdict.h, 0.02, rtol=EXACT)
    assert np.isfinite(verdict.state)


def test_a_negligible_error_is_remembered_as_a_small_one():
    # Otherwise the step after an accidental zero would be far too careful.
    np.testing.assert_allclose(judge(0.0, 0.5).state, np.log2(1e-4), rtol=1e-12)


def test_gains_and_limits_may_be_chosen():
    own = ude.PI(integral=1.0, proportional=0.0, safety=0.8, smallest=0.5, largest=1.5)
    np.testing.assert_allclose(judge(0.25, 0.9, controller=own).h, 0.1 * 0.8 * 0.25**-0.2, rtol=EXACT)
    np.testing.assert_allclose(judge(1e-3, 0.9, controller=own).h, 0.15, rtol=EXACT)
    np.testing.assert_allclose(judge(1e3, 0.9, controller=own).h, 0.05, rtol=EXACT)


def test_lanes_are_judged_one_by_one():
    errors = jnp.array([0.5, 2.0, np.nan])
    verdicts = jax.vmap(lambda error: judge(error, 0.5))(errors)
    np.testing.assert_array_equal(verdicts.accept, [True, False, False])
    np.testing.assert_allclose(verdicts.h, [float(judge(error, 0.5).h) for error in errors], rtol=1e-12)


def test_in_a_solve_the_errors_settle_near_the_set_point():
    # A circle needs steps of equal size: after the start the local error is 0.9^5 of the tolerance, and no step is refused.
    problem = ude.ODE(lambda t, y, w: jnp.stack([y[1], -y[0]]), [1.0, 0.0], (0.0, 50.0), 1.0)
    sol = ude.solve(problem, rtol=0.0, atol=1e-7)
    steps = np.diff(sol.ts)[20:-2]
    assert int(sol.stats.rejected) <= 1
    np.testing.assert_allclose(steps, np.mean(steps), rtol=0.02)
