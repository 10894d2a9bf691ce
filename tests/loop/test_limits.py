"""Limits of the step size, norms of the error, and steps that leave the domain of the right-hand side."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.solve.problems import DECAY, Calls, counted, decay

END = ude.Save(end=True)


CALM = dict(rtol=1e-3, atol=1e-3)


def steps(sol):
    return np.diff(sol.ts)


COUNTED = ude.ODE(counted, jnp.ones(1), (0.0, 1.0), 0.5)


def test_no_step_is_longer_than_hmax():
    assert steps(ude.solve(COUNTED, **CALM)).max() > 0.2
    sol = ude.solve(COUNTED, controller=ude.PI(hmax=0.07), **CALM)
    assert steps(sol).max() <= 0.07 * (1 + 1e-6)
    assert np.sum(steps(sol) > 0.0699) >= 12


def test_a_new_largest_step_compiles_nothing_anew():
    ude.solve(COUNTED, controller=ude.PI(hmax=0.07), **CALM)
    before = Calls.number
    sol = ude.solve(COUNTED, controller=ude.PI(hmax=0.03), **CALM)
    assert before == Calls.number > 0
    assert 0.0299 < steps(sol).max() <= 0.03 * (1 + 1e-6)


def test_hmax_may_depend_on_time_state_and_args():
    def courant(t, y, k):
        return jnp.where(t < 0.5, 0.1, 0.02) * k * y[0] / y[0]

    sol = ude.solve(DECAY, controller=ude.PI(hmax=courant), **CALM)
    limit = np.where(sol.ts[:-1] < 0.5, 0.05, 0.01)
    assert np.all(steps(sol) <= limit * (1 + 1e-6))
    np.testing.assert_allclose(steps(sol)[3:-1], limit[3:-1], rtol=1e-6)


def test_steps_of_a_given_size_recover_after_hmax_held_them_down():
    sol = ude.solve(DECAY, dt0=0.125, controller=ude.Fixed(hmax=lambda t, y, k: jnp.where(t < 0.25, 0.03125, jnp.inf)))
    np.testing.assert_allclose(steps(sol), [0.03125] * 8 + [0.125] * 6, rtol=1e-12)


def test_hmax_holds_backwards_in_time_and_for_each_lane():
    back = ude.ODE(lambda t, y, k: -k * y, jnp.ones(1), (1.0, 0.0), 0.5)

    def steps_with(limit):
        return ude.solve(back, controller=ude.I(hmax=lambda t, y, k: limit), saveat=END, **CALM).stats.steps

    counts = jax.vmap(steps_with)(jnp.array([0.1, 0.02]))
    np.testing.assert_array_equal(counts, [10, 50])


@pytest.mark.parametrize("worst", [0.0, -1.0, np.nan])
def test_a_largest_step_that_leaves_none_ends_the_solve(worst):
    limit = np.array(worst)  # an array, so that the three share a compilation
    sol = ude.solve(DECAY, controller=ude.PI(hmax=lambda t, y, k: jnp.where(t > 0.5, limit, 0.1)), throw=False)
    assert sol.result.name == "step_too_small"
    assert 0.5 < float(sol.t) < 0.61


def test_steps_are_raised_to_hmin_and_one_that_fails_there_ends_the_solve():
    smooth = ude.solve(DECAY, controller=ude.PI(hmin=0.09), rtol=1e-4, atol=1e-4)
    assert steps(smooth)[:-1].min() >= 0.09  # the last ends where it must
    with pytest.raises(ude.SolveError, match="too small.*hmin = 0.1"):
        ude.solve(DECAY, ude.Tsit5(), controller=ude.PI(hmin=0.1), rtol=1e-12, atol=1e-12)


def test_the_gradient_with_limited_steps_is_that_of_the_solution():
    def end(k):
        problem = ude.ODE(lambda t, y, k: -k * y, jnp.ones(1), (0.0, 1.0), k)
        return ude.solve(problem, controller=ude.PI(hmax=lambda t, y, k: 0.05 / k), saveat=END).ys[0, 0]

    np.testing.assert_allclose(jax.grad(end)(0.5), -np.exp(-0.5), rtol=1e-6)


def test_equal_functions_share_a_compilation_and_their_arrays_are_never_stale():
    def run(limit):
        problem = ude.ODE(counted, [1.0], (0.0, 1.0), 0.5, inside=lambda t, y, k: y[0] > limit - 1)
        controller = ude.PI(hmax=lambda t, y, k: limit, norm=lambda e: jnp.max(jnp.abs(e)))
        return int(ude.solve(problem, controller=controller, saveat=END, **CALM).stats.steps)

    assert run(np.array(0.1)) == 10
    traced = Calls.number
    assert run(np.array(0.05)) == 20
    assert Calls.number == traced


TWO = ude.ODE(lambda t, y, k: {"fast": -50 * y["fast"] + 50 * jnp.sin(t), "slow": -y["slow"]},
              {"fast": jnp.ones(()), "slow": jnp.ones(3)}, (0.0, 1.0))  # fmt: skip


def test_a_norm_sees_the_scaled_errors_arranged_like_the_state():
    usual = ude.solve(TWO, saveat=END, rtol=1e-6, atol=1e-6)
    largest = ude.PI(norm=lambda e: jnp.max(jnp.array([jnp.max(jnp.abs(x)) for x in jax.tree.leaves(e)])))
    slow_only = ude.PI(norm=lambda e: jnp.sqrt(jnp.mean(e["slow"] ** 2)))
    strict = ude.solve(TWO, controller=largest, saveat=END, rtol=1e-6, atol=1e-6)
    loose = ude.solve(TWO, controller=slow_only, saveat=END, rtol=1e-6, atol=1e-6)
    # One of four components carries the error: its mean square is a quarter, the norm a half, and 2^(1/5) = 1.15.
    assert 1.05 < int(strict.stats.steps) / int(usual.stats.steps) < 1.25
    assert int(loose.stats.steps + loose.stats.rejected) < int(usual.stats.steps)


def test_the_usual_norm_written_out_gives_the_same_steps():
    own = ude.PI(norm=lambda e: jnp.sqrt((e["fast"] ** 2 + jnp.sum(e["slow"] ** 2)) / 4))
    a, b = (ude.solve(TWO, controller=c, rtol=1e-6, atol=1e-6) for c in (ude.PI(), own))
    np.testing.assert_allclose(a.ts, b.ts, rtol=1e-10)


def test_tolerances_may_be_arranged_like_the_state():
    tree = {"fast": 1e-3, "slow": np.array([1e-6, 1e-7, 1e-8])}
    a = ude.solve(TWO, rtol=0.0, atol=tree)
    b = ude.solve(TWO, rtol={"fast": 0.0, "slow": 0.0}, atol=np.array([1e-3, 1e-6, 1e-7, 1e-8]))
    np.testing.assert_allclose(a.ts, b.ts, rtol=1e-9)
    assert a.ts.shape != ude.solve(TWO, rtol=0.0, atol=1e-6).ts.shape


def test_tolerances_of_a_tuple_or_a_matrix_have_its_shape():
    pair = ude.ODE(lambda t, y, k: (-y[0], -2 * y[1]), (jnp.ones(2), jnp.ones(1)), (0.0, 1.0))
    matrix = ude.ODE(decay, jnp.ones((2, 2)), (0.0, 1.0), 0.5)
    assert ude.solve(pair, atol=(1e-6, 1e-3), saveat=END).result.ok
    assert ude.solve(matrix, atol=np.full((2, 2), 1e-6), saveat=END).result.ok


def torricelli(t, y, k):
    """A tank runs empty at t = 2 / k; below zero the root is NaN, and clipped it would hide the mistake."""
    return -k * jnp.sqrt(jnp.abs(y)) * jnp.where(y < 0, 100.0, 1.0)


def test_a_step_that_leaves_the_domain_is_taken_again_with_a_smaller_size():
    tank = ude.ODE(torricelli, jnp.array([1.0]), (0.0, 1.999), 1.0)
    free = ude.solve(tank, dt0=1.0, rtol=10.0, atol=10.0)
    kept = ude.solve(tank.replace(inside=lambda t, y, k: jnp.all(y >= 0)), dt0=1.0, rtol=10.0, atol=10.0)
    assert float(jnp.min(free.ys)) < 0 <= float(jnp.min(kept.ys))
    assert int(kept.stats.rejected) > int(free.stats.rejected)


def test_a_solve_that_cannot_stay_inside_ends_at_the_border():
    fall = ude.ODE(lambda t, y, k: -k, jnp.ones(()), (0.0, 3.0), 2.0, inside=lambda t, y, k: y > 0)
    sol = ude.solve(fall, throw=False)
    assert sol.result.name == "step_too_small"
    np.testing.assert_allclose(sol.t, 0.5, rtol=1e-12)


def test_time_and_args_reach_the_domain_in_the_users_direction():
    back = ude.ODE(decay, jnp.ones(1), (0.0, -1.0), 0.5, inside=lambda t, y, k: t >= -k)
    np.testing.assert_allclose(ude.solve(back, throw=False).t, -0.5, rtol=1e-12)
