"""``solve`` inside ``jit``, ``vmap``, ``lax.map`` and ``scan``: fixed numbers of rows, and failures as statuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.solve.problems import BLOWS_UP, CIRCLE, DECAY, circle

TIGHT = dict(rtol=1e-8, atol=1e-8)
END = ude.Save(end=True)
TIMES = jnp.array([0.25, 1.0])
RATES = jnp.array([0.5, 1.0, -2.0])


def at_times(k):
    return ude.solve(DECAY.replace(args=k), saveat=TIMES, **TIGHT)


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param(lambda f: jax.jit(jax.vmap(f)), id="jit vmap"),
        pytest.param(lambda f: lambda x: jax.lax.map(f, x), id="map"),
        pytest.param(jax.vmap, id="vmap", marks=pytest.mark.slow),
        pytest.param(lambda f: jax.vmap(jax.jit(f)), id="vmap jit", marks=pytest.mark.slow),
    ],
)
def test_every_transform_gives_the_eager_numbers(transform):
    sol = transform(at_times)(RATES)
    assert isinstance(sol, ude.Solution)
    for k, rate in enumerate(RATES):
        alone = at_times(rate)
        np.testing.assert_allclose(sol.ys[k], alone.ys, rtol=1e-13)
        assert [int(x[k]) for x in sol.stats] == [int(x) for x in alone.stats]
    assert bool(jnp.all(sol.result.ok))


def test_start_span_and_times_may_differ_between_lanes():
    def lane(y, t0, t1, fractions):
        problem = DECAY.replace(y0=y[None], tspan=(t0, t1))
        return ude.solve(problem, saveat=t0 + fractions * (t1 - t0), **TIGHT).ys[:, 0]

    y, t0, t1 = jnp.array([1.0, 2.0, 3.0]), jnp.array([0.0, 0.5, 1.0]), jnp.array([1.0, 2.0, -1.0])  # the last one falls
    fractions = jnp.array([[0.0, 1.0], [0.1, 0.2], [0.5, 0.5]])
    expected = y[:, None] * jnp.exp(-0.5 * fractions * (t1 - t0)[:, None])
    np.testing.assert_allclose(jax.vmap(lane)(y, t0, t1, fractions), expected, rtol=1e-7)


@pytest.mark.slow
def test_only_some_operands_may_be_mapped():
    def end(y, k):
        return ude.solve(DECAY.replace(y0=y, args=k), saveat=END, **TIGHT).ys[0]

    both = jax.vmap(jax.vmap(end, (0, None)), (None, 0))(jnp.array([[1.0], [2.0]]), RATES)
    assert both.shape == (3, 2, 1)
    np.testing.assert_allclose(both[:, 1, 0], 2 * jnp.exp(-RATES), rtol=1e-7)


def test_tolerances_may_differ_between_lanes():
    steps = jax.vmap(lambda tol: ude.solve(DECAY, rtol=tol, atol=tol, saveat=END).stats.steps)
    few, many = steps(jnp.array([1e-3, 1e-10]))
    assert few < many


def test_the_solve_of_a_solve_in_a_scan():
    def onwards(y, k):
        y = ude.solve(DECAY.replace(y0=y, args=k), saveat=END, **TIGHT).ys[0]
        return y, y

    end, path = jax.lax.scan(onwards, jnp.ones(1), RATES)
    np.testing.assert_allclose(path[:, 0], jnp.exp(-jnp.cumsum(RATES)), rtol=1e-7)


def test_scalars_of_a_trace_may_stand_in_lists_and_dicts():
    def in_list(a):
        problem = ude.ODE(circle, [a, 0.0], (0.0, 1.0), 1.0)
        return ude.solve(problem, saveat=END, **TIGHT).ys[0]

    np.testing.assert_allclose(jax.jit(in_list)(2.0), [2 * np.cos(1), -2 * np.sin(1)], rtol=1e-7)


def test_a_number_of_a_trace_may_be_the_whole_state():
    def end(y):
        return ude.solve(DECAY.replace(y0=y), saveat=END, **TIGHT).ys[0]

    np.testing.assert_allclose(jax.jit(end)(2.0), 2 * np.exp(-0.5), rtol=1e-7)
    np.testing.assert_allclose(jax.grad(end)(2.0), np.exp(-0.5), rtol=1e-7)


@pytest.fixture(scope="module")
def padded():
    """All steps of two lanes that need different numbers of them, in 64 rows."""
    return jax.vmap(lambda w: ude.solve(CIRCLE.replace(args=w), saveat=ude.Save(capacity=64)))(jnp.array([0.1, 1.0]))


def test_rows_past_the_end_repeat_the_last_point(padded):
    saved = np.asarray(padded.stats.saved)
    assert padded.ts.shape == (2, 64) and saved[0] < saved[1] < 64
    for lane in range(2):
        assert padded.ts[lane, 0] == 0.0 and padded.ts[lane, saved[lane] - 1] == 10.0
        assert np.all(np.diff(padded.ts[lane, : saved[lane]]) > 0)
        np.testing.assert_array_equal(padded.ts[lane, saved[lane] :], 10.0)
        tail = np.asarray(padded.ys[lane, saved[lane] :])
        np.testing.assert_array_equal(tail, np.broadcast_to(padded.y[lane], tail.shape))


def test_rows_of_a_lane_are_those_of_its_solve_alone(padded):
    alone = ude.solve(CIRCLE.replace(args=0.1))
    count = int(padded.stats.saved[0])
    assert count == len(alone.ts)
    np.testing.assert_allclose(padded.ts[0, :count], alone.ts, rtol=1e-12)
    np.testing.assert_allclose(padded.ys[0, :count], alone.ys, rtol=1e-12, atol=1e-12)


def test_the_dense_solution_works_inside_a_trace():
    def middle(w):
        return ude.solve(CIRCLE.replace(args=w), saveat=ude.Save(capacity=256), **TIGHT)(5.0)

    w = jnp.array([0.1, 1.0])
    np.testing.assert_allclose(jax.vmap(middle)(w)[:, 0], jnp.cos(5 * w), atol=1e-6)


def test_inside_a_trace_a_solution_of_given_times_does_not_interpolate_and_says_why():
    with pytest.raises(ValueError, match="did not keep every step, inside jit, vmap or grad; solve with saveat=None"):
        jax.jit(lambda k: at_times(k)(0.5))(0.5)


def test_a_full_buffer_is_a_status_inside_a_trace_and_grows_outside():
    def run(w):
        return ude.solve(CIRCLE.replace(args=w), saveat=ude.Save(capacity=10))

    inside, outside = jax.jit(run)(1.0), run(1.0)
    assert inside.result.name == "full" and "capacity" in inside.result.sentence and not inside.result.ok
    assert outside.result.ok
    np.testing.assert_allclose(inside.ts, outside.ts[:10], rtol=1e-13)
    np.testing.assert_allclose(inside.ys, outside.ys[:10], rtol=1e-12)


@pytest.fixture(scope="module")
def lanes_of_which_one_fails():
    """y' = y² from 0.1 and from 1 (which blows up at 1), at 0.2 and 1.9."""
    problem = BLOWS_UP.replace(y0=jnp.array([0.1]))
    times = jnp.array([0.2, 1.9])
    return jax.vmap(lambda y: ude.solve(problem.replace(y0=y[None]), saveat=times, **TIGHT))(jnp.array([0.1, 1.0]))


def test_what_was_not_reached_is_nan_and_what_was_reached_stays(lanes_of_which_one_fails):
    sol = lanes_of_which_one_fails
    np.testing.assert_allclose(sol.ys[:, 0, 0], [1 / 9.8, 1.25], rtol=1e-7)
    np.testing.assert_allclose(sol.ys[0, 1, 0], 1 / 8.1, rtol=1e-7)
    assert np.isnan(sol.ys[1, 1, 0])
    np.testing.assert_array_equal(sol.stats.saved, [2, 1])


def test_the_result_says_for_each_lane_how_it_ended(lanes_of_which_one_fails):
    result = lanes_of_which_one_fails.result
    np.testing.assert_array_equal(result.ok, [True, False])
    assert result.name == "1 × success; 1 × step_too_small"
    assert "blows up" in result.sentence


def test_max_steps_is_a_status_inside_a_trace_and_the_end_is_nan():
    sol = jax.jit(lambda w: ude.solve(CIRCLE.replace(args=w), saveat=END, max_steps=5))(1.0)
    assert sol.result.name == "max_steps"
    assert np.all(np.isnan(sol.ys))
    assert int(sol.stats.steps) + int(sol.stats.rejected) == 5
    assert 0 < sol.t < 10 and np.all(np.isfinite(sol.y))


@pytest.mark.parametrize("where", ["args", "y0", "t1"])
def test_a_nan_that_arrives_inside_a_trace_is_a_status_not_a_hang(where):
    def run(bad):
        problem = {
            "args": lambda: DECAY.replace(args=bad),
            "y0": lambda: DECAY.replace(y0=bad[None]),
            "t1": lambda: DECAY.replace(tspan=(0.0, bad)),
        }[where]()
        return ude.solve(problem, saveat=END, **TIGHT)

    sol = jax.jit(run)(jnp.nan)
    assert not sol.result.ok and np.all(np.isnan(sol.ys))


def test_a_span_of_zero_length_inside_a_trace_keeps_the_start():
    sol = jax.jit(lambda t: ude.solve(DECAY.replace(tspan=(0.0, t)), saveat=END))(0.0)
    np.testing.assert_array_equal(sol.ys, [[1.0]])


def test_times_outside_the_span_or_unsorted_are_nan_inside_a_trace():
    # Outside a trace they are refused; here nobody can look at them.
    times = jnp.array([[-1.0, 0.5, 1.0], [0.5, 1.0, 1.5], [0.5, 0.2, 1.0], [0.0, 0.5, 1.0]])
    found = jax.vmap(lambda ts: ude.solve(DECAY, saveat=ts, **TIGHT).ys[:, 0])(times)
    answered = np.array([[False, True, True], [True, True, False], [False, False, False], [True, True, True]])
    np.testing.assert_array_equal(np.isfinite(found), answered)
    np.testing.assert_allclose(found[answered], np.exp(-0.5 * times[answered]), rtol=1e-7)


@pytest.mark.slow
def test_a_right_hand_side_with_a_scatter_a_sort_and_a_factorisation_runs_in_every_lane():
    def f(t, y, k):
        first = jnp.zeros(3).at[jnp.argsort(y)].set(jnp.sort(y))
        return -k * jnp.linalg.solve(jnp.eye(3) * 2.0, 2.0 * first)

    def end(k):
        return ude.solve(ude.ODE(f, jnp.array([3.0, 1.0, 2.0]), (0.0, 1.0), k), saveat=END, **TIGHT).ys[0]

    expected = jnp.exp(-RATES)[:, None] * jnp.array([3.0, 1.0, 2.0])
    np.testing.assert_allclose(jax.vmap(end)(RATES), expected, rtol=1e-7)
    np.testing.assert_allclose(end(RATES[0]), expected[0], rtol=1e-7)
