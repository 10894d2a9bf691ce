"""What differs between the trajectories of an ensemble: told apart from what is the same for all, checked, and sliced."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..base.checks import is_concrete
from ..base.closures import is_array
from ..base.ravel import is_number_list, stacked
from ..border import Border
from ..spec.problem import Problem

__all__ = ["SLOTS", "Lanes", "Plan", "Rows", "Varied", "batched", "rows_as_lanes", "rows_of", "template"]

SLOTS = ("y0", "args")


class Plan(NamedTuple):
    """``width`` trajectories to a batch, ``batches`` compiled for, ``used`` of them in each chunk, ``count`` chunks."""

    width: int
    batches: int
    used: int
    count: int

    @property
    def rows(self) -> int:
        """Trajectories of a chunk."""
        return self.width * self.used


class Varied(NamedTuple):
    """A slot of the problem as leaves; those with their flag set have one row per trajectory."""

    structure: Any
    leaves: list
    flags: list[bool]

    def first(self) -> Any:
        """The slot of the first trajectory."""
        leaves = [leaf[0] if flag else leaf for leaf, flag in zip(self.leaves, self.flags, strict=True)]
        return jax.tree.unflatten(self.structure, leaves)


class Rows(NamedTuple):
    """How many trajectories; what ``over`` holds; ``take(indices)`` gives the slots, ``trace()`` the program of ``change``."""

    size: int
    leaves: list
    take: Callable[[Any], dict[str, Varied]]
    trace: Callable[[], Any]


class Lanes(NamedTuple):
    """What differs, flat: ``y0`` and each array of ``args``; ``()`` for what is the same for all."""

    y0: Any
    args: tuple


def rows_of(problem: Problem, over: Any, change: Callable | None) -> Rows:
    """Check ``over``; with ``change`` its rows are handed to it, without it they are the slots themselves."""
    if change is None:
        _check_slots(over)
    elif not callable(change):
        raise TypeError(f"change = {_short(change)}; give a function change(problem, row) that returns a problem")
    tree = jax.tree.map(_as_rows, over, is_leaf=_is_list)
    named = [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)]
    if not all(is_concrete(leaf) for _, leaf in named):
        raise TypeError(
            "ensemble was called inside jit, grad or vmap; there write jax.vmap(lambda args: "
            "ude.solve(problem.replace(args=args), ...)), which has derivatives and runs on accelerators"
        )
    size = _common_size([(name, leaf.shape) for name, leaf in named if _has_rows(leaf)])
    leaves = [leaf for _, leaf in named]
    if change is None:
        return Rows(size, leaves, lambda indices: _slices(tree, indices), lambda: None)
    first = jax.tree.map(lambda leaf: leaf[0], tree)
    return Rows(
        size, leaves, lambda indices: _changed(problem, change, tree, indices),
        lambda: jax.make_jaxpr(lambda row: jax.tree.leaves(_arrays(change(problem, row))))(first),
    )  # fmt: skip


def _arrays(problem: Problem) -> list:
    return [leaf for leaf in jax.tree.leaves((problem.y0, problem.args)) if _is_number(leaf)]


def _check_slots(over: Any) -> None:
    if not isinstance(over, dict) or not over:
        raise TypeError(
            f"over = {_short(over)}; give a dict of slots, {{'args': batch}} or {{'y0': batch, 'args': batch}}, whose arrays have "
            "one row per trajectory, or rows of your own with change=lambda problem, row: problem.replace(...)"
        )
    unknown = [name for name in over if name not in SLOTS]
    if unknown:
        raise ValueError(
            f"over names {', '.join(map(repr, unknown))}; what may differ between trajectories is 'y0' and 'args'. Put other "
            "quantities, such as the length of the time span, into args"
        )


def _is_list(x: Any) -> bool:
    """Lists of numbers are arrays, as everywhere; tuples and dicts are trees of arrays."""
    return isinstance(x, list) and is_number_list(x)


def _as_rows(leaf: Any) -> Any:
    if _is_list(leaf):
        return stacked(leaf, "over")
    if not isinstance(leaf, jax.Array) or jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) or not is_concrete(leaf):
        return leaf
    return np.asarray(leaf)


def _has_rows(leaf: Any) -> bool:
    return is_array(leaf) and jnp.ndim(leaf) > 0


def _common_size(shapes: list) -> int:
    if not shapes:
        raise ValueError("over holds no array with one row per trajectory; give arrays, for example {'args': jnp.linspace(0, 1, 100)}")
    sizes = {shape[0]: name for name, shape in reversed(shapes)}
    if len(sizes) > 1:
        rows = ", ".join(f"over{name} has {shape[0]} rows" for name, shape in shapes)
        raise ValueError(f"the sizes in over differ: {rows}; every array has one row per trajectory in front")
    (size,) = sizes
    if size == 0:
        raise ValueError(f"over{sizes[0]} has the shape {shapes[0][1]}, no trajectory at all; give at least one row")
    return size


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else f"{text[:77]}..."


def _slices(tree: dict, indices: Any) -> dict[str, Varied]:
    found = {}
    for name, slot in tree.items():
        leaves, structure = jax.tree.flatten(slot)
        flags = [_has_rows(leaf) for leaf in leaves]
        found[name] = Varied(structure, [leaf[indices] if f else leaf for leaf, f in zip(leaves, flags, strict=True)], flags)
    return found


def _changed(problem: Problem, change: Callable, tree: Any, indices: Any) -> dict[str, Varied]:
    """The slots that ``change`` returns for some rows at once; leaves that it hands on as they are stay single."""
    found: dict[str, Varied] = {}

    def one(row: Any) -> list:
        new = change(problem, row)
        _check_changed(problem, new)
        arrays = []
        for name in SLOTS:
            old, leaves, structure = getattr(problem, name), *jax.tree.flatten(getattr(new, name))
            same = jax.tree.leaves(old) if jax.tree.structure(old) == structure else [None] * len(leaves)
            flags = [_is_number(leaf) and leaf is not before for leaf, before in zip(leaves, same, strict=True)]
            found[name] = Varied(structure, leaves, flags)
            arrays += [jnp.asarray(leaf) for leaf, flag in zip(leaves, flags, strict=True) if flag]
        return arrays

    arrays = jax.vmap(one)(jax.tree.map(lambda leaf: leaf[indices], tree))
    if not arrays:
        raise ValueError("change returned the same problem for every row; replace y0 or args by something made of the row")
    batched = iter(arrays)
    filled = {
        name: slot._replace(leaves=[next(batched) if f else leaf for leaf, f in zip(slot.leaves, slot.flags, strict=True)])
        for name, slot in found.items()
    }
    return {name: slot for name, slot in filled.items() if any(slot.flags) or name == "args"}


def _is_number(leaf: Any) -> bool:
    return is_array(leaf) or (isinstance(leaf, int | float | complex) and not isinstance(leaf, bool))


def _check_changed(problem: Problem, new: Any) -> None:
    if not isinstance(new, Problem):
        raise TypeError(f"change returned {_short(new)}; it returns a problem, for example problem.replace(args=row)")
    others = [name for name in vars(problem) if name in problem.__dataclass_fields__ and name not in SLOTS]
    moved = [name for name in others if getattr(new, name) is not getattr(problem, name)]
    if moved:
        raise ValueError(f"change replaced {', '.join(moved)}; what may differ between trajectories is y0 and args")


def template(problem: Problem, slots: dict[str, Varied]) -> Problem:
    """A problem of the same shapes; its initial state is not looked at."""
    changes = {name: slot.first() for name, slot in slots.items()}
    if "y0" in changes:
        changes["y0"] = jax.tree.map(lambda leaf: np.zeros_like(leaf), changes["y0"])
    return problem.replace(**changes)


def rows_as_lanes(call: Border, slots: dict[str, Varied]) -> Lanes:
    """The slots flat and in the precision of the operands, one row per trajectory in front."""
    args: list = [()] * len(call.operands.args)
    if "args" in slots:
        _, leaves, flags = slots["args"]
        arrays = [k for k, fixed in enumerate(call.program.args[1]) if fixed is None]
        for place, k in enumerate(arrays):
            if flags[k]:
                leaf, dtype = leaves[k], call.operands.args[place].dtype
                args[place] = leaf if leaf.dtype == dtype else np.asarray(leaf).astype(dtype)
    if "y0" not in slots:
        return Lanes((), tuple(args))
    _, leaves, flags = slots["y0"]
    rows = next(len(leaf) for leaf, flag in zip(leaves, flags, strict=True) if flag)
    full = [np.asarray(leaf) if f else np.broadcast_to(leaf, (rows, *np.shape(leaf))) for leaf, f in zip(leaves, flags, strict=True)]
    flat = np.concatenate([leaf.reshape(rows, -1).astype(call.shape.dtype, copy=False) for leaf in full], axis=1)
    return Lanes(flat, tuple(args))


def batched(rows: Lanes, order: Any, width: int) -> Lanes:
    """Rows in the given order, cut into batches: arrays of shape ``(batches, ..., width)``."""

    def lanes_last(x: Any) -> Any:
        return (np if type(x) is np.ndarray else jnp).moveaxis(x[order].reshape(-1, width, *x.shape[1:]), 1, -1)

    return jax.tree.map(lanes_last, rows)
