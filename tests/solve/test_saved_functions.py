"""What a solve keeps besides the states at steps and times: every k-th step, functions of the state, components."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.solve.problems import BLOWS_UP, CIRCLE, Calls, counted
from tests.solve.test_saving import BACKWARDS, TIMES, exact

TIGHT = dict(method=ude.Tsit5(), rtol=1e-8, atol=1e-8)
FULL = 128  # rows: more than the 85 of the circle
COUNTED = ude.ODE(counted, jnp.array([1.0, 2.0]), (0.0, 1.0), 0.5)


def energy(t, y, w):
    """A tree of a number, a vector, a whole number and truth values."""
    return {"energy": w * (y @ y) / 2, "moved": t * y, "one": 1, "right": y > 0}


@pytest.fixture(scope="module")
def path():
    """Every step of the circle."""
    return ude.solve(CIRCLE, **TIGHT)


def kth_steps(path, k):
    last = len(path.ts) - 1
    return np.unique([*range(0, last + 1, k), last])


@pytest.mark.parametrize("k", [2, 7, 84, 1000])
def test_every_kth_step_and_both_ends_are_rows(k, path):
    sol, rows = ude.solve(CIRCLE, saveat=ude.Save(every=k), **TIGHT), kth_steps(path, k)
    np.testing.assert_array_equal(sol.ts, path.ts[rows])
    np.testing.assert_array_equal(sol.ys, path.ys[rows])
    assert sol.stats.saved == len(rows) and sol.stats.steps == path.stats.steps


def test_a_buffer_for_every_kth_step_grows_outside_a_trace(path):
    sol, rows = ude.solve(CIRCLE, saveat=ude.Save(every=7, capacity=3), **TIGHT), kth_steps(path, 7)
    np.testing.assert_array_equal(sol.ts, path.ts[rows])
    np.testing.assert_array_equal(sol.ys, path.ys[rows])


def test_a_buffer_for_every_kth_step_that_is_full_is_a_status_inside_a_trace(path):
    sol = jax.jit(lambda w: ude.solve(CIRCLE.replace(args=w), saveat=ude.Save(every=7, capacity=3), **TIGHT))(1.0)
    assert sol.result.name == "full" and sol.stats.steps == 14
    np.testing.assert_allclose(sol.ts, path.ts[jnp.array([0, 7, 14])], rtol=1e-8)


def test_rows_past_the_last_of_every_kth_step_repeat_the_end():
    sol = jax.jit(lambda w: ude.solve(CIRCLE.replace(args=w), saveat=ude.Save(every=7, capacity=20), **TIGHT))(1.0)
    assert sol.stats.saved == 13
    np.testing.assert_array_equal(sol.ts[12:], 10.0)
    np.testing.assert_array_equal(sol.ys[12:], np.broadcast_to(sol.y, (8, 2)))


def test_between_rows_of_every_kth_step_the_steps_are_computed_when_asked(path):
    times = jnp.array([0.33, 7.7])
    np.testing.assert_array_equal(ude.solve(CIRCLE, saveat=ude.Save(every=7), **TIGHT)(times), path(times))


def test_every_first_step_is_the_program_of_every_step():
    ude.solve(COUNTED)
    before = Calls.number
    ude.solve(COUNTED, saveat=ude.Save(every=1))
    assert Calls.number == before


SAVES = {"times": {"ts": TIMES}, "steps": {}, "every third": {"every": 3}, "end": {"end": True}}


def applied(ts, ys, w=1.0):
    """The function on rows that were saved plainly."""
    return jax.vmap(lambda t, y: jax.tree.map(lambda x: jnp.asarray(x, float), energy(t, y, w)))(ts, ys)


def agree(found, expected, atol=1e-12):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=atol), found, expected)


@pytest.mark.parametrize("saving", SAVES)
def test_functions_of_the_state_are_saved_in_its_place(saving):
    plain = ude.solve(CIRCLE, saveat=ude.Save(**SAVES[saving]), **TIGHT)
    sol = ude.solve(CIRCLE, saveat=ude.Save(of=energy, **SAVES[saving]), **TIGHT)
    agree(sol.ys, applied(plain.ts, plain.ys))
    np.testing.assert_array_equal(sol.ts, plain.ts)
    np.testing.assert_array_equal(sol.y, plain.y)
    assert all(x.dtype == jnp.float64 for x in jax.tree.leaves(sol.ys))


@pytest.mark.parametrize("saving", ["times", "every third", pytest.param("end", marks=pytest.mark.slow)])
def test_every_lane_of_a_batch_saves_its_own_functions(saving):
    def run(w, **what):
        return ude.solve(CIRCLE.replace(args=w), saveat=ude.Save(capacity=FULL, **SAVES[saving], **what), **TIGHT)

    w = jnp.array([0.5, 1.0])
    plain, sol = jax.vmap(run)(w), jax.vmap(lambda w: run(w, of=energy))(w)
    # Another program rounds its error estimates, and so chooses its steps, a little differently.
    agree(sol.ys, jax.vmap(applied)(plain.ts, plain.ys, w), atol=1e-7)
    np.testing.assert_allclose(sol.ts, plain.ts, atol=1e-7)


def test_a_saved_function_sees_the_time_of_the_user():
    save = ude.Save(ts=TIMES[::-1], of=lambda t, y, w: jnp.append(y - exact(t), t))
    rows = ude.solve(BACKWARDS, saveat=save, **TIGHT).ys
    np.testing.assert_allclose(rows, np.stack([0 * TIMES, 0 * TIMES, TIMES[::-1]], axis=-1), atol=1e-7)


def test_the_dense_solution_is_that_of_the_state(path):
    sol = ude.solve(CIRCLE, saveat=ude.Save(of=energy), **TIGHT)
    np.testing.assert_array_equal(sol(7.7), path(7.7))


def test_an_array_in_a_saved_function_is_read_at_every_call():
    def total(weight):
        def of(t, y, k):
            Calls.number += 1
            return weight @ y

        return ude.solve(COUNTED, saveat=ude.Save(end=True, of=of)).ys[0]

    one = total(np.array([1.0, 1.0]))
    before = Calls.number
    np.testing.assert_allclose(total(np.array([3.0, 3.0])), 3 * one, rtol=1e-12)
    assert Calls.number == before


def test_many_saved_functions_of_one_right_hand_side_are_not_warned_about():
    # Warnings are errors here.
    for power in range(7):
        ude.solve(COUNTED, max_steps=1, throw=False, saveat=ude.Save(end=True, of=lambda t, y, k, power=power: y**power))


def test_what_was_not_reached_is_nan_outside_and_inside_a_trace():
    save = ude.Save(ts=jnp.array([0.0, 0.5, 1.9]), of=lambda t, y, k: (y[0], t, 1))
    options = dict(saveat=save, throw=False, **TIGHT)
    for sol in (ude.solve(BLOWS_UP, **options), jax.jit(lambda k: ude.solve(BLOWS_UP.replace(args=k), **options))(1.0)):
        np.testing.assert_allclose(np.stack(sol.ys), [[1, 2, np.nan], [0, 0.5, np.nan], [1, 1, np.nan]], rtol=1e-6)


def test_memory_is_proportional_to_what_is_asked():
    state = jax.ShapeDtypeStruct((10**6,), jnp.float64)

    def bytes_of(**save):
        def run(y0):
            problem = ude.ODE(lambda t, y, k: -y, y0, (0.0, 1.0))
            return ude.solve(problem, ude.Tsit5(), saveat=ude.Save(of=lambda t, y, k: y[0], **save)).ys

        used = jax.jit(run).lower(state).compile().memory_analysis()
        return used.temp_size_in_bytes + used.output_size_in_bytes

    steps, times = bytes_of(), bytes_of(ts=jnp.linspace(0.0, 1.0, 1000))
    assert max(steps, times) < 30 * 8 * 10**6  # thirty states; the rows of the states would be 4096 and 1000


@pytest.mark.parametrize(
    ("only", "columns"),
    [(1, 1), ([1, 0], [1, 0]), (np.array([-1]), [1]), (slice(1, None), [1]), (range(2), [0, 1]), ([0] * 17, [0] * 17)],
    ids=["index", "list", "array from the end", "slice", "range", "many"],
)
def test_components_of_a_vector_are_selected(only, columns, path):
    sol = ude.solve(CIRCLE, saveat=ude.Save(end=True, only=only), **TIGHT)
    np.testing.assert_array_equal(sol.ys, path.ys[-1:, columns])


def test_components_of_a_dict_are_selected_by_name():
    problem = ude.ODE(lambda t, y, k: {"a": y["b"], "b": -y["a"]}, {"a": 0.0, "b": 1.0}, (0.0, 1.0))
    one, some = (ude.solve(problem, saveat=ude.Save(end=True, only=only), **TIGHT).ys for only in ("a", ("a",)))
    np.testing.assert_allclose(one, [np.sin(1.0)], rtol=1e-7)
    assert list(some) == ["a"] and some["a"] == one


def test_equal_selections_share_a_compilation():
    ude.solve(COUNTED, saveat=ude.Save(end=True, only=[1]))
    before = Calls.number
    ude.solve(COUNTED, saveat=ude.Save(end=True, only=np.array([1])))
    assert Calls.number == before


@pytest.mark.parametrize("problem", [CIRCLE, BACKWARDS], ids=["forwards", "backwards"])
def test_derivatives_of_the_dense_solution_are_those_of_the_path(problem):
    sol, times = ude.solve(problem, ude.Vern7(), rtol=1e-8, atol=1e-8), jnp.linspace(0.1, 9.9, 99)
    for order, bound in ((1, 1e-8), (2, 1e-7), (3, 1e-5)):
        turned = jnp.stack([jnp.cos(times + order * jnp.pi / 2), -jnp.sin(times + order * jnp.pi / 2)], axis=-1)
        np.testing.assert_allclose(sol(times, derivative=order), turned, atol=bound)


def test_a_derivative_of_the_dense_solution_is_there_when_steps_are_computed_later(path):
    sol = ude.solve(CIRCLE, saveat=TIMES, **TIGHT)
    np.testing.assert_array_equal(sol(2.0, derivative=1), path(2.0, derivative=1))
