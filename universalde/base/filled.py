"""An array that a function fills item by item, as NumPy's are, for functions that JAX traces."""

import operator
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["Filled"]


class Filled:
    """Holds an immutable array and replaces it at every assignment.

    A part of it is a value, not a view: assigning into the part of a part fails, as it does in JAX.
    """

    __array_ufunc__ = None  # NumPy's arrays leave their operators to us

    def __init__(self, value: Any):
        self.value = jnp.asarray(value)

    def __jax_array__(self) -> Any:
        return self.value

    def __setitem__(self, key: Any, new: Any) -> None:
        self.value = _put(self.value, key, jnp.asarray(new))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return iter(self.value)


def _put(value: Any, key: Any, new: Any) -> Any:
    """``value`` with ``new`` at ``key``; no scatter where a slice will do, because scatter keeps a solve from being
    one native kernel."""
    plain = (isinstance(key, int) and not isinstance(key, bool)) or (isinstance(key, slice) and key.step in (None, 1))
    if value.ndim != 1 or not plain:
        return value.at[key].set(new)
    size = value.shape[0]
    if isinstance(key, int) and not -size <= key < size:
        raise IndexError(f"index {key} is out of bounds for an array of {size}")
    start, stop, _ = key.indices(size) if isinstance(key, slice) else (key % size, key % size + 1, 1)
    if stop <= start:
        return value
    return jax.lax.dynamic_update_slice(value, jnp.broadcast_to(new, (stop - start,)).astype(value.dtype), (start,))


def _forward(name: str) -> None:
    def method(self: Filled, *others: Any) -> Any:
        return getattr(operator, name)(self.value, *(_plain(x) for x in others))

    setattr(Filled, f"__{name.strip('_')}__", method)


def _reflect(name: str) -> None:
    def method(self: Filled, other: Any) -> Any:
        return getattr(operator, name)(_plain(other), self.value)

    setattr(Filled, f"__r{name.strip('_')}__", method)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Filled) else value


def _in_place(name: str) -> None:
    def method(self: Filled, other: Any) -> Filled:
        self.value = getattr(operator, name)(self.value, _plain(other))
        return self

    setattr(Filled, f"__i{name.strip('_')}__", method)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    _forward(_name)
    _reflect(_name)
    _in_place(_name)
for _name in ("neg", "pos", "abs", "getitem", "lt", "le", "gt", "ge", "eq", "ne"):
    _forward(_name)
