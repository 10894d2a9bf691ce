"""What a solve keeps: every step, given times, the end; and the solution between them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.solve.problems import BLOWS_UP, CIRCLE, DECAY, circle, decay

TIGHT = dict(rtol=1e-8, atol=1e-8)
BACKWARDS = CIRCLE.replace(tspan=(10.0, 0.0), y0=jnp.array([jnp.cos(10.0), -jnp.sin(10.0)]))
TIMES = jnp.linspace(0.0, 10.0, 11)


def exact(t):
    return jnp.stack([jnp.cos(t), -jnp.sin(t)], axis=-1)


def test_without_saveat_every_step_is_kept_with_both_ends():
    sol = ude.solve(CIRCLE, **TIGHT)
    assert sol.ts[0] == 0.0 and sol.ts[-1] == 10.0
    assert sol.ts.shape == (int(sol.stats.steps) + 1,) and sol.ys.shape == (*sol.ts.shape, 2)
    assert np.all(np.diff(sol.ts) > 0)
    np.testing.assert_array_equal(sol.ys[0], CIRCLE.y0)
    np.testing.assert_allclose(sol.ys, exact(sol.ts), atol=1e-7)


def test_given_times_are_kept_and_no_others():
    sol = ude.solve(CIRCLE, saveat=TIMES, **TIGHT)
    np.testing.assert_array_equal(sol.ts, TIMES)
    np.testing.assert_allclose(sol.ys, exact(TIMES), atol=1e-7)
    assert int(sol.stats.saved) == 11


def test_save_with_times_is_the_same_as_the_times():
    plain, noun = (ude.solve(CIRCLE, saveat=save, **TIGHT) for save in (TIMES, ude.Save(ts=TIMES)))
    np.testing.assert_array_equal(plain.ys, noun.ys)


def test_times_may_be_whole_numpy_numbers_and_repeat():
    sol = ude.solve(CIRCLE, saveat=np.array([0, 0, 3, 3, 10]), **TIGHT)
    np.testing.assert_allclose(sol.ys, exact(jnp.array([0.0, 0, 3, 3, 10])), atol=1e-7)


def test_many_times_inside_one_step_are_interpolated():
    times = jnp.linspace(2.0, 2.001, 11)
    sol = ude.solve(CIRCLE, saveat=times, **TIGHT)
    np.testing.assert_allclose(sol.ys, exact(times), atol=1e-7)


def test_only_the_end_is_kept_when_asked_for():
    sol = ude.solve(CIRCLE, saveat=ude.Save(end=True), **TIGHT)
    assert sol.ts.shape == (1,) and sol.ts[0] == 10.0
    np.testing.assert_allclose(sol.ys[0], exact(10.0), atol=1e-7)
    np.testing.assert_array_equal(sol.ys[0], sol.y)


def test_what_is_saved_does_not_change_the_steps_taken():
    every, times, end = (ude.solve(CIRCLE, ude.Tsit5(), saveat=save, **TIGHT) for save in (None, TIMES, ude.Save(end=True)))
    assert len({int(sol.stats.steps) for sol in (every, times, end)}) == 1
    np.testing.assert_array_equal(every.ys[-1], end.ys[-1])
    np.testing.assert_allclose(times.ys[-1], end.ys[-1], rtol=1e-14)


def test_an_eager_solve_grows_past_its_capacity():
    small = ude.solve(CIRCLE, ude.Tsit5(), saveat=ude.Save(capacity=7), **TIGHT)
    large = ude.solve(CIRCLE, ude.Tsit5(), **TIGHT)
    assert small.ts.shape[0] > 50
    np.testing.assert_array_equal(small.ts, large.ts)
    np.testing.assert_array_equal(small.ys, large.ys)
    assert small.stats.rhs == large.stats.rhs


def test_max_steps_also_holds_for_a_solve_that_grows():
    sol = ude.solve(CIRCLE, saveat=ude.Save(capacity=7), max_steps=20, throw=False, **TIGHT)
    assert sol.result.name == "max_steps"
    assert int(sol.stats.steps) + int(sol.stats.rejected) == 20


def test_backwards_in_time_every_step_is_kept_in_falling_order():
    sol = ude.solve(BACKWARDS, **TIGHT)
    assert sol.ts[0] == 10.0 and sol.ts[-1] == 0.0 and np.all(np.diff(sol.ts) < 0)
    np.testing.assert_allclose(sol.ys, exact(sol.ts), atol=1e-7)
    assert sol.t == 0.0


def test_backwards_in_time_given_times_fall():
    times = jnp.array([9.0, 4.5, 0.0])
    sol = ude.solve(BACKWARDS, saveat=times, **TIGHT)
    np.testing.assert_allclose(sol.ys, exact(times), atol=1e-7)


def test_there_and_back_again_is_the_start():
    there = ude.solve(CIRCLE, saveat=ude.Save(end=True), **TIGHT)
    back = ude.solve(CIRCLE.replace(tspan=(10.0, 0.0), y0=there.y), saveat=ude.Save(end=True), **TIGHT)
    np.testing.assert_allclose(back.y, CIRCLE.y0, atol=2e-7)


def test_negative_and_shifted_times_are_ordinary():
    problem = ude.ODE(circle, exact(-5.0), (-5.0, -1.0), 1.0)
    sol = ude.solve(problem, saveat=jnp.array([-4.0, -1.0]), **TIGHT)
    np.testing.assert_allclose(sol.ys, exact(jnp.array([-4.0, -1.0])), atol=1e-7)


@pytest.mark.parametrize("problem", [CIRCLE, BACKWARDS], ids=["forwards", "backwards"])
def test_the_dense_solution_is_as_accurate_inside_steps_as_at_their_ends(problem):
    sol = ude.solve(problem, **TIGHT)
    inside = (sol.ts[:-1, None] + np.array([0.1, 0.35, 0.6, 0.9]) * np.diff(sol.ts)[:, None]).reshape(-1)
    at_ends = np.max(np.abs(sol.ys - exact(sol.ts)))
    assert np.max(np.abs(sol(inside) - exact(inside))) < at_ends + 1e-8


def test_the_dense_solution_meets_the_saved_points():
    sol = ude.solve(CIRCLE, **TIGHT)
    np.testing.assert_allclose(sol(sol.ts), sol.ys, atol=1e-13)


def test_the_dense_solution_takes_a_number_or_times_of_any_shape():
    sol = ude.solve(CIRCLE, **TIGHT)
    assert sol(3).shape == (2,)
    assert sol(np.ones((4, 3))).shape == (4, 3, 2)
    np.testing.assert_allclose(sol(jnp.array([[1.0, 2.0]])), exact(jnp.array([[1.0, 2.0]])), atol=1e-7)


@pytest.mark.parametrize("save", [TIMES, ude.Save(end=True)], ids=["times", "end"])
def test_a_solution_that_kept_only_some_times_computes_its_steps_when_asked(save):
    sol = ude.solve(CIRCLE, saveat=save, **TIGHT)
    np.testing.assert_array_equal(sol(jnp.array([0.33, 7.7])), ude.solve(CIRCLE, **TIGHT)(jnp.array([0.33, 7.7])))


@pytest.mark.parametrize("time", [-0.5, 10.5])
def test_the_dense_solution_does_not_extrapolate(time):
    with pytest.raises(ValueError, match=r"asked for t = .*; this solution covers 0 to 10"):
        ude.solve(CIRCLE, **TIGHT)(time)


def test_the_dense_solution_of_a_failed_solve_covers_what_was_reached():
    sol = ude.solve(BLOWS_UP, throw=False)
    np.testing.assert_allclose(sol(0.5), 2.0, rtol=1e-2)
    with pytest.raises(ValueError, match="covers 0 to 0.99"):
        sol(1.5)


def test_statistics_count_the_work():
    sol = ude.solve(CIRCLE, ude.Tsit5(), **TIGHT)
    steps, rejected = int(sol.stats.steps), int(sol.stats.rejected)
    # Tsit5: six evaluations per attempt, one at the start, two for the first step size.
    assert 0 <= int(sol.stats.rhs) - 6 * (steps + rejected) <= 3
    assert int(sol.stats.saved) == steps + 1


def test_the_count_of_right_hand_sides_is_what_is_really_evaluated():
    calls = []

    def counted(t, y, k):
        jax.debug.callback(lambda: calls.append(1))
        return -k * y

    sol = ude.solve(ude.ODE(counted, jnp.array([1.0]), (0.0, 1.0), 0.5), saveat=ude.Save(end=True))
    jax.effects_barrier()
    # The first stage may be evaluated twice, once for the first step size: without side effects XLA does it once.
    assert 0 <= len(calls) - int(sol.stats.rhs) <= 1


def test_the_solution_says_which_method_ran_and_why():
    chosen, given = ude.solve(DECAY), ude.solve(DECAY, ude.Tsit5())
    assert chosen.method.startswith("Tsit5") and "chosen" in chosen.method
    assert given.method == "Tsit5: as given"


def test_a_solution_prints_in_one_line():
    assert "success" in repr(ude.solve(DECAY)) and "\n" not in repr(ude.solve(DECAY))


def test_a_solution_is_a_pytree():
    sol = ude.solve(DECAY)
    doubled = jax.tree.map(lambda x: 2 * x, sol)
    assert isinstance(doubled, ude.Solution)
    np.testing.assert_array_equal(doubled.ys, 2 * sol.ys)
    leaves, structure = jax.tree.flatten(sol)
    np.testing.assert_array_equal(jax.tree.unflatten(structure, leaves).ys, sol.ys)


def test_a_solution_passes_through_jit_and_still_interpolates():
    sol = jax.jit(lambda k: ude.solve(DECAY.replace(args=k), saveat=ude.Save(capacity=64), **TIGHT))(0.5)
    np.testing.assert_allclose(sol(0.7), jnp.exp(-0.35)[None], rtol=1e-7)


def test_the_first_step_size_is_taken_from_dt0():
    sol = ude.solve(ude.ODE(decay, jnp.array([1.0]), (0.0, 1.0), 0.5), dt0=0.125)
    assert sol.ts[1] == 0.125
