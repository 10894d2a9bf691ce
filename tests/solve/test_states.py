"""What a state may be: numbers, lists, any tree; float32, float64 and complex."""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

SPAN, TIMES = (0.0, 1.0), np.array([0.5, 1.0])
EXACT = np.exp(-TIMES)


def minus(t, y, args):
    """Every leaf decays."""
    return jax.tree.map(lambda x: -x, y)


def solve(y0, f=minus, saveat=TIMES, **options):
    return ude.solve(ude.ODE(f, y0, SPAN), saveat=saveat, **{"rtol": 1e-9, "atol": 1e-9, **options})


class Pair(NamedTuple):
    x: Any
    v: Any


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Body:
    x: Any
    v: Any


@pytest.mark.parametrize(
    "tree",
    [
        {"a": 1.0, "b": np.ones((2, 3))},
        (np.ones(2), 2.0 * np.ones(3)),
        Pair(1.0, np.ones(2)),
        {"inner": Pair([np.ones(2), np.ones(1)], 3.0), "empty": ()},
        Body(np.ones(2), 2.0),
        np.arange(6.0).reshape(2, 3),
        np.ones((1, 1, 1)),
    ],
    ids=["dict", "tuple", "namedtuple", "nested", "dataclass", "matrix", "one in three dimensions"],
)
def test_any_tree_comes_back_with_an_axis_for_time(tree):
    sol = solve(tree)
    assert jax.tree.structure(sol.ys) == jax.tree.structure(tree)
    for leaf, start in zip(jax.tree.leaves(sol.ys), jax.tree.leaves(tree), strict=True):
        start = np.asarray(start)
        np.testing.assert_allclose(leaf, EXACT.reshape(2, *[1] * start.ndim) * start, rtol=1e-8)
    assert jax.tree.structure(sol.y) == jax.tree.structure(tree)


def test_a_tree_is_interpolated_as_a_tree():
    sol = solve(Pair(1.0, np.ones(2)), saveat=None)
    assert sol(0.3).v.shape == (2,)
    assert sol(np.array([0.1, 0.2])).v.shape == (2, 2)
    np.testing.assert_allclose(sol(0.3).x, np.exp(-0.3), rtol=1e-8)


@pytest.mark.parametrize("start", [1.0, 1, np.float64(1), np.array(1.0), jnp.array(1.0), jnp.array(1)])
def test_a_number_is_a_state_without_axes_and_whole_numbers_become_floating(start):
    sol = solve(start)
    assert sol.ys.shape == (2,) and sol.ys.dtype == jnp.float64
    np.testing.assert_allclose(sol.ys, EXACT, rtol=1e-8)


@pytest.mark.parametrize("start", [[1, 2], (1.0, 2), [np.float64(1), jnp.array(2)], np.array([1, 2])])
def test_lists_and_tuples_of_numbers_are_vectors(start):
    sol = solve(start, lambda t, y, args: [-y[0], -y[1]])
    assert sol.ys.shape == (2, 2) and sol.ys.dtype == jnp.float64
    np.testing.assert_allclose(sol.ys, EXACT[:, None] * np.array([1.0, 2.0]), rtol=1e-8)


def test_a_list_of_lists_is_a_matrix():
    sol = solve([[1, 2], [3, 4]], lambda t, y, args: [[-y[0, 0], -y[0, 1]], [-y[1, 0], -y[1, 1]]])
    np.testing.assert_allclose(sol.ys[-1], EXACT[-1] * np.array([[1, 2], [3, 4]]), rtol=1e-8)


def test_a_right_hand_side_may_return_python_numbers_and_whole_arrays():
    np.testing.assert_allclose(solve([0.0, 0.0], lambda t, y, args: (1, 2.5)).ys[-1], [1.0, 2.5], rtol=1e-12)
    np.testing.assert_allclose(solve(np.zeros(2), lambda t, y, args: jnp.array([1, 2])).ys[-1], [1, 2], rtol=1e-12)


def test_single_precision_stays_single_precision():
    sol = solve(np.ones(2, np.float32), saveat=None, rtol=1e-5, atol=1e-6)
    kinds = {leaf.dtype for leaf in (sol.ts, sol.ys, sol.t, sol.y, sol(0.5))}
    assert kinds == {np.dtype(np.float32)}
    np.testing.assert_allclose(sol.ys[-1], np.exp(-1.0), rtol=1e-5)


def test_single_precision_reaches_its_own_accuracy():
    sol = solve(np.ones(2, np.float32), rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(sol.ys[-1], np.exp(-1.0), rtol=1e-5)


def test_times_and_numbers_given_in_double_do_not_raise_a_single_precision_solve():
    problem = ude.ODE(lambda t, y, k: -k * t * y, np.ones(1, np.float32), (np.float64(0.0), 1.0), 2.0)
    assert ude.solve(problem, saveat=TIMES).ys.dtype == jnp.float32


def test_leaves_of_two_precisions_share_the_higher():
    sol = solve({"a": np.ones(2, np.float32), "b": np.ones(1)})
    assert {leaf.dtype for leaf in jax.tree.leaves(sol.ys)} == {np.dtype(np.float64)}


@pytest.mark.parametrize("single", [False, True])
def test_complex_states_turn(single):
    dtype = np.complex64 if single else np.complex128
    options = dict(rtol=1e-5, atol=1e-6) if single else {}
    sol = solve(np.array([1.0 + 0j, 2j], dtype), lambda t, y, args: 1j * y, **options)
    assert sol.ys.dtype == dtype and jnp.issubdtype(sol.ts.dtype, jnp.floating)
    accuracy = 1e-5 if single else 1e-8
    np.testing.assert_allclose(sol.ys, np.exp(1j * TIMES)[:, None] * np.array([1, 2j]), rtol=accuracy, atol=accuracy)


@pytest.mark.slow
def test_the_complex_solution_equals_the_pair_of_real_ones():
    # The error norm of |z| differs from that of the pair by a constant, so only the accuracy is compared.
    pair = solve([1.0, 0.0], lambda t, y, args: [-y[1], y[0]])
    one = solve(1.0 + 0j, lambda t, y, args: 1j * y)
    np.testing.assert_allclose(one.ys, pair.ys[:, 0] + 1j * pair.ys[:, 1], atol=1e-8)


def test_args_may_be_anything():
    def f(t, y, args):
        sign = -1 if args["name"] == "decay" else 1
        return sign * args["rate"] * args["activation"](y) * args["count"] ** args["power"]

    args = {"name": "decay", "rate": jnp.array(0.25), "activation": lambda y: y, "count": 2, "power": jnp.array([2])}
    sol = ude.solve(ude.ODE(f, np.ones(1), SPAN, args), saveat=TIMES, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sol.ys[:, 0], EXACT, rtol=1e-8)


@pytest.mark.slow
def test_a_large_state_is_ordinary():
    # Too large for one native kernel: 200 000 numbers.
    sol = solve(np.linspace(0, 1, 200_000), saveat=ude.Save(end=True), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(sol.ys[0], np.linspace(0, 1, 200_000) * np.exp(-1.0), atol=1e-6)
