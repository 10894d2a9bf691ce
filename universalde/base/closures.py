"""Functions told apart into what a compilation may depend on and what it must not.

A user's right-hand side is often a lambda or a closure made anew for each call.  Its compiled program is found by the
function's code and the static values it refers to; arrays in its cells, defaults, bound objects and partial arguments
are operands read at every call, so that they are never stale.  ``split(f)`` gives ``(static, operands)`` with
``static.join(operands)`` the function again.  ``static`` is hashable.
"""

import functools
import hashlib
import types
import warnings
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

__all__ = ["Static", "is_array", "split"]


class Static(NamedTuple):
    """The static part of a function: equal parts have equal compilations."""

    key: Hashable
    build: Any  # excluded from comparison through _Build

    def join(self, operands: list) -> Any:
        """The function (or tree of functions) with ``operands`` in the places of its arrays."""
        return self.build.function(list(operands))


class _Build:
    """Carries the rebuilding function without taking part in comparison."""

    def __init__(self, function: Callable):
        self.function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Build)

    def __hash__(self) -> int:
        return 0


def is_array(x: Any) -> bool:
    """Whether ``x`` is an array (JAX, NumPy or traced)."""
    return isinstance(x, jax.Array | np.ndarray | jax.core.Tracer)


def split(function: Any) -> tuple[Static, list]:
    """Tell ``function`` apart into its static part and the arrays it holds."""
    operands: list = []
    key, build = _split_value(function, operands, seen=())
    return Static(key, _Build(build)), operands


def _split_value(value: Any, operands: list, seen: tuple) -> tuple[Hashable, Callable]:
    """A key for ``value`` and a function from the operands to the value; arrays are appended to ``operands``."""
    if is_array(value):
        index = len(operands)
        operands.append(value)
        return ("array",), lambda ops: ops[index]
    if any(value is other for other in seen):  # a function that refers to itself
        return ("again", type(value).__name__), lambda ops: value
    seen = (*seen, value)
    if isinstance(value, types.FunctionType):
        return _split_function(value, operands, seen)
    if isinstance(value, types.MethodType):
        key, build = _split_value(value.__self__, operands, seen)
        inner_key, inner = _split_function(value.__func__, operands, seen)
        return ("method", key, inner_key), lambda ops: types.MethodType(inner(ops), build(ops))
    if isinstance(value, functools.partial):
        parts = (value.func, list(value.args), dict(value.keywords))
        key, build = _split_value(parts, operands, seen)
        return ("partial", key), lambda ops: (lambda p: functools.partial(p[0], *p[1], **p[2]))(build(ops))
    if isinstance(value, list | tuple | dict | eqx.Module):
        return _split_tree(value, operands, seen)
    return _split_leaf(value, operands, seen)


def _split_leaf(value: Any, operands: list, seen: tuple) -> tuple[Hashable, Callable]:
    if isinstance(value, bool | int | float | complex | str | bytes | type(None)):
        return (type(value), repr(value)), lambda ops: value
    attributes = getattr(value, "__dict__", None)
    ordinary = callable(value) and not isinstance(value, type | types.ModuleType | types.BuiltinFunctionType)
    wrapped = hasattr(value, "__wrapped__")  # jax.jit and its kind: transparent, by identity of the wrapper
    if ordinary and not wrapped and attributes and type(value).__module__ not in ("jax", "numpy"):
        key, build = _split_value(dict(attributes), operands, seen)

        def rebuild(ops: list) -> Any:
            new = object.__new__(type(value))
            new.__dict__.update(build(ops))
            return new

        return ("object", type(value), key), rebuild
    try:
        hash(value)
    except TypeError:
        return ("identity", _Kept(value)), lambda ops: value
    return ("value", type(value), value), lambda ops: value


class _Kept:
    """An unhashable object compared by identity and kept alive, so that its address is never reused."""

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _split_tree(value: Any, operands: list, seen: tuple) -> tuple[Hashable, Callable]:
    leaves, structure = jax.tree.flatten(value)
    parts = [_split_value(leaf, operands, seen) for leaf in leaves]
    key = ("tree", structure, tuple(k for k, _ in parts))
    return key, lambda ops: jax.tree.unflatten(structure, [build(ops) for _, build in parts])


def _split_function(function: types.FunctionType, operands: list, seen: tuple) -> tuple[Hashable, Callable]:
    code = function.__code__
    cells = function.__closure__ or ()
    contents = [cell.cell_contents if _filled(cell) else None for cell in cells]
    keys_builds = [_split_value(content, operands, seen) for content in contents]
    default_key, default = _split_value((function.__defaults__, function.__kwdefaults__), operands, seen)
    key = ("function", code, tuple(k for k, _ in keys_builds), default_key, _globals_key(function, seen))

    def build(ops: list) -> Callable:
        if not cells and not function.__defaults__ and not function.__kwdefaults__:
            return function
        closure = tuple(
            cell if content is function else types.CellType(b(ops))
            for cell, content, (_, b) in zip(cells, contents, keys_builds, strict=True)
        )
        defaults, keyword_defaults = default(ops)
        new = types.FunctionType(code, function.__globals__, function.__name__, defaults, closure or None)
        new.__kwdefaults__ = keyword_defaults
        return new

    return key, build


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def _global_names(code: types.CodeType) -> tuple[str, ...]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= set(_global_names(constant))
    return tuple(sorted(names))


_warned: set = set()


def _globals_key(function: types.FunctionType, seen: tuple) -> Hashable:
    """What the function reads from its module: numbers by value, arrays by content (with a warning), helpers in turn."""
    parts: list = []
    for name in _global_names(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, bool | int | float | complex | str):
            parts.append((name, type(value), repr(value)))
        elif is_array(value):
            _warn_global(function, name)
            parts.append((name, _fingerprint(value)))
        elif isinstance(value, types.FunctionType) and not any(value is s for s in seen):
            if value.__globals__ is not function.__globals__:  # a library's function does not change under our feet
                continue
            inner: list = []
            key, _ = _split_function(value, inner, (*seen, value))
            parts.append((name, key, tuple(_fingerprint(x) for x in inner)))
    return tuple(parts)


def _fingerprint(value: Any) -> Hashable:
    if isinstance(value, np.ndarray):
        return (value.shape, str(value.dtype), hashlib.blake2b(np.ascontiguousarray(value).tobytes()).hexdigest())
    return ("identity", _Kept(value))


def _warn_global(function: types.FunctionType, name: str) -> None:
    if (function.__code__, name) in _warned:
        return
    _warned.add((function.__code__, name))
    warnings.warn(
        f"the function {function.__name__!r} reads the array {name!r} from its module; it becomes a constant of the "
        f"compiled program, and every new value compiles anew. Pass it through args instead.",
        stacklevel=4,
    )
