"""The border between a user's state (any pytree) and the flat vector that methods see."""

import math
import numbers
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .closures import is_array

__all__ = ["Shape", "as_arrays", "cast", "flat_function", "is_number_list", "padded", "ravel", "shape_of", "stacked", "strongly_typed"]


class Shape(NamedTuple):
    """Static description of a state: structure, shapes and dtypes of the leaves, and their common dtype."""

    structure: Any
    shapes: tuple[tuple[int, ...], ...]
    dtype: Any

    @property
    def size(self) -> int:
        """Number of entries in all."""
        return sum(math.prod(shape) for shape in self.shapes)

    def unravel(self, flat: Any) -> Any:
        """The state whose entries are ``flat`` (leading axes, such as saved times, are kept)."""
        lead = flat.shape[:-1]
        if len(self.shapes) == 1:
            one = flat if len(self.shapes[0]) == 1 else flat.reshape((*lead, *self.shapes[0]))
            return jax.tree.unflatten(self.structure, [one])
        leaves, start = [], 0
        for shape in self.shapes:
            stop = start + math.prod(shape)
            leaves.append(flat[..., start:stop].reshape((*lead, *shape)))
            start = stop
        return jax.tree.unflatten(self.structure, leaves)


def is_number_list(tree: Any) -> bool:
    """Whether ``tree`` is a number or a (nested) list or tuple of numbers, which is an array as in SciPy."""
    if isinstance(tree, list | tuple) and not hasattr(tree, "_fields"):
        return len(tree) > 0 and all(is_number_list(item) for item in tree)
    return isinstance(tree, numbers.Number) or (is_array(tree) and tree.ndim == 0)


def as_arrays(tree: Any, name: str) -> Any:
    """The state ``tree`` as arrays of one floating (or complex) dtype."""
    if isinstance(tree, jax.Array) and tree.ndim and tree.size and jnp.issubdtype(tree.dtype, jnp.inexact):
        return strongly_typed(tree)  # the common case, quickly
    if is_number_list(tree):
        tree = stacked(tree, name)
    leaves, structure = jax.tree.flatten(tree)
    if not any(np.size(leaf) for leaf in leaves):
        raise ValueError(f"{name} is empty; give a number, an array, or a tree (dict, tuple, dataclass) of arrays")
    arrays = []
    for leaf in leaves:
        if (
            not (is_array(leaf) or isinstance(leaf, numbers.Number))
            or getattr(leaf, "dtype", np.dtype(float)).kind in "OSU"
        ):
            raise TypeError(
                f"{name} holds {leaf!r} ({type(leaf).__name__}); its leaves must be numbers or numeric arrays"
            )
        arrays.append(leaf)
    strong = [x for x in arrays if is_array(x) and jnp.issubdtype(x.dtype, jnp.inexact)]
    dtype = jnp.result_type(*strong) if strong else jnp.result_type(float)
    if any(jnp.iscomplexobj(x) for x in arrays):
        dtype = jnp.result_type(dtype, jnp.complex64)
    dtype = jax.dtypes.canonicalize_dtype(dtype)
    return jax.tree.unflatten(structure, [cast(x, dtype) for x in arrays])


def cast(x: Any, dtype: Any) -> Any:
    """``x`` as an array of ``dtype``; what is not on the device yet stays in NumPy, which is cheaper to hand to ``jit``."""
    if isinstance(x, jax.Array):
        return strongly_typed(x if x.dtype == dtype else x.astype(dtype))
    return np.asarray(x, dtype)


def strongly_typed(x: Any) -> Any:
    """An array whose dtype is its own; one made of Python numbers alone is weakly typed and would be traced anew."""
    return x if not x.weak_type else jax.lax.convert_element_type(x, x.dtype) if _has_tracer(x) else np.asarray(x)


def _has_tracer(tree: Any) -> bool:
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(tree))


def shape_of(tree: Any) -> Shape:
    """Static description of ``tree`` (arrays of one dtype)."""
    leaves, structure = jax.tree.flatten(tree)
    return Shape(structure, tuple(tuple(x.shape) for x in leaves), leaves[0].dtype)


def ravel(tree: Any) -> Any:
    """The entries of ``tree`` as one vector; a single vector is returned as it is."""
    leaves = jax.tree.leaves(tree)
    if len(leaves) == 1:
        return leaves[0] if jnp.ndim(leaves[0]) == 1 else jnp.reshape(leaves[0], -1)
    return jnp.concatenate([jnp.ravel(x) for x in leaves])


def flat_function(function: Callable, shape: Shape) -> Callable:
    """``function(t, y, *rest)`` on trees as a function on vectors; lists of numbers are arrays."""

    def flat(t: Any, y: Any, *rest: Any) -> Any:
        out = function(t, shape.unravel(y), *rest)
        if is_number_list(out):
            out = stacked(out, "f(t, y, args)")
        return jnp.asarray(ravel(out), shape.dtype)

    return flat


def padded(x: Any, fill: Any) -> Any:
    """``x`` with rows of ``fill`` up to the next power of two, at least 16: as many sizes share a compilation."""
    rows = max(16, 1 << (len(x) - 1).bit_length())
    room = np.full((rows, *x.shape[1:]), fill, x.dtype)
    room[: len(x)] = x
    return room


def stacked(numbers_: Any, name: str) -> Any:
    """A (nested) list of numbers as an array, in NumPy unless one of them is traced."""
    try:
        return _stack(numbers_) if _has_tracer(numbers_) else np.asarray(numbers_)
    except ValueError:
        raise ValueError(f"{name} is {numbers_!r}; its rows must have the same length, or be leaves of a dict") from None


def _stack(numbers_: Any) -> Any:
    if isinstance(numbers_, list | tuple):
        return jnp.stack([jnp.asarray(_stack(x)) for x in numbers_])
    return jnp.asarray(numbers_)
