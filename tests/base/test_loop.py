"""The loop and its buffers: one lane or many, each lane as if it were alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from universalde.base.buffers import read, write
from universalde.base.loop import loop, repeat

STEPS = 8


def doubling(x, top, limit=STEPS):
    """Double ``x`` until it exceeds ``top``; every attempt in a shared buffer, every success in a private one."""

    def body(i, active, state, shared, private):
        x, saved = state
        shared = write(shared, i, x)
        private = write(private, jnp.where(active, saved, STEPS), 2 * x)
        return (2 * x, saved + 1), shared, private

    return loop(
        body, (x, jnp.int32(0)), limit=limit, running=lambda state: state[0] <= top,
        shared=jnp.zeros(STEPS), private=jnp.zeros(STEPS + 1),
    )  # fmt: skip


STARTS, TOP = jnp.array([1.0, 3.0, 100.0, 0.5]), 10.0


def test_one_lane_runs_until_its_condition_fails():
    count, (x, saved), shared, private = doubling(1.0, TOP)
    assert (int(count), float(x), int(saved)) == (4, 16.0, 4)
    np.testing.assert_array_equal(shared[:4], [1, 2, 4, 8])
    np.testing.assert_array_equal(private[:4], [2, 4, 8, 16])


def test_the_limit_ends_the_loop():
    count, (x, saved), _, _ = doubling(1.0, TOP, limit=2)
    assert (int(count), float(x), int(saved)) == (2, 4.0, 2)


def test_a_condition_that_fails_at_once_runs_nothing():
    count, (x, _), shared, _ = doubling(100.0, TOP)
    assert int(count) == 0 and float(x) == 100.0
    np.testing.assert_array_equal(shared, np.zeros(STEPS))


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_lanes_of_different_lengths_have_the_state_they_have_alone(wrap):
    alone = [doubling(x, TOP) for x in STARTS]
    count, (x, saved), shared, private = wrap(jax.vmap(lambda x: doubling(x, TOP)))(STARTS)
    np.testing.assert_array_equal(x, [one[1][0] for one in alone])
    np.testing.assert_array_equal(saved, [one[1][1] for one in alone])
    assert int(np.max(count)) == max(int(one[0]) for one in alone)
    for lane, one in enumerate(alone):
        rows = int(one[1][1])
        np.testing.assert_array_equal(shared[lane, :rows], one[2][:rows])
        np.testing.assert_array_equal(private[lane, :rows], one[3][:rows])


def test_lanes_of_lanes_are_lanes():
    grid = jnp.stack([STARTS, STARTS[::-1]])
    tops = jnp.array([10.0, 40.0])
    _, (x, saved), _, private = jax.vmap(jax.vmap(doubling, (0, None)))(grid, tops)
    for i in range(2):
        for j in range(4):
            _, (one, rows), _, kept = doubling(grid[i, j], tops[i])
            assert float(x[i, j]) == float(one) and int(saved[i, j]) == int(rows)
            np.testing.assert_array_equal(private[i, j, : int(rows)], kept[: int(rows)])


def test_forward_mode_carries_the_tangents_of_state_and_buffers():
    _, slope = jax.jvp(lambda x: doubling(x, TOP)[1:], (1.0,), (1.0,))
    (x, _), shared, private = slope
    assert float(x) == 16.0
    np.testing.assert_array_equal(shared[:4], [1, 2, 4, 8])
    np.testing.assert_array_equal(private[:4], [2, 4, 8, 16])


def test_a_lane_has_the_tangent_it_has_alone():
    def slope(x):
        return jax.jvp(lambda x: doubling(x, TOP)[1][0], (x,), (jnp.ones_like(x),))[1]

    np.testing.assert_array_equal(jax.vmap(slope)(STARTS), [16.0, 4.0, 1.0, 32.0])


def test_lanes_whose_limits_differ_stop_at_their_own():
    _, (x, saved), _, _ = jax.vmap(lambda limit: doubling(1.0, TOP, limit))(jnp.array([1, 3, 0, 50]))
    np.testing.assert_array_equal(x, [2.0, 8.0, 1.0, 16.0])
    np.testing.assert_array_equal(saved, [1, 3, 0, 4])
    counted, _ = jax.vmap(lambda n: repeat(lambda i, x, rows: (x + i, rows), 0, limit=n))(jnp.array([5, 2]))
    np.testing.assert_array_equal(counted, [10, 1])


def test_limits_that_differ_in_both_of_two_maps():
    limits = jnp.array([[1, 2], [0, 3]])
    _, (x, _), _, _ = jax.vmap(jax.vmap(lambda limit: doubling(1.0, TOP, limit)))(limits)
    np.testing.assert_array_equal(x, 2.0**limits)
    _, (y, _), _, _ = jax.vmap(lambda limit: jax.vmap(lambda start: doubling(start, TOP, limit))(jnp.array([1.0, 2.0])))(jnp.array([1, 2]))
    np.testing.assert_array_equal(y, [[2.0, 4.0], [4.0, 8.0]])


def test_a_body_that_changes_its_carry_is_refused():
    with pytest.raises(TypeError, match="loop body changed its carry"):
        loop(lambda i, active, state, shared, private: ((state, state), shared, private), 1.0, limit=3)


def test_a_counted_loop_runs_to_its_limit():
    total, squares = repeat(lambda i, x, rows: (x + i, write(rows, i, i * i)), 0, limit=5, private=jnp.zeros(5))
    assert int(total) == 10
    np.testing.assert_array_equal(squares, [0, 1, 4, 9, 16])


@pytest.mark.parametrize("index, row", [(0, 0), (2, 2), (7, 2)])
def test_an_index_beyond_the_buffer_is_its_last_row(index, row):
    buffer = jnp.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    np.testing.assert_array_equal(read(buffer, index), buffer[row])
    np.testing.assert_array_equal(write(buffer, index, jnp.zeros(2)), buffer.at[row].set(0.0))


@pytest.mark.parametrize("lanes", [1, 2])
def test_every_lane_writes_and_reads_at_its_own_index(lanes):
    rng = np.random.default_rng(lanes)
    shape = (2, 3)[:lanes]
    buffer, row = rng.normal(size=(*shape, 4, 5)), rng.normal(size=(*shape, 5))
    index = rng.integers(0, 4, size=shape)
    put, get = write, read
    for _ in range(lanes):
        put, get = jax.vmap(put), jax.vmap(get)
    expected = buffer.copy()
    for lane in np.ndindex(*shape):
        expected[lane][index[lane]] = row[lane]
    np.testing.assert_array_equal(jax.jit(put)(buffer, index, row), expected)
    np.testing.assert_array_equal(jax.jit(get)(jnp.asarray(expected), index), row)


def test_the_derivative_of_a_write_is_a_write_and_of_a_read_a_read():
    buffer, row = jnp.arange(6.0).reshape(3, 2), jnp.ones(2)
    out, dot = jax.jvp(lambda b, r: write(b, 1, r), (buffer, row), (2 * buffer, 5 * row))
    np.testing.assert_array_equal(out, buffer.at[1].set(1.0))
    np.testing.assert_array_equal(dot, (2 * buffer).at[1].set(5.0))
    _, dot = jax.jvp(lambda b: read(b, 2), (buffer,), (3 * buffer,))
    np.testing.assert_array_equal(dot, 3 * buffer[2])
