"""Functions told apart into what a compilation may depend on and what it must not.

A user's right-hand side is often a lambda or a closure made anew for each call.  Its compiled program is found by the
function's code and the static values it refers to; arrays in its cells, defaults, bound objects and partial arguments
are operands read at every call, so that they are never stale.  ``split(f)`` gives ``(static, operands)`` with
``static.join(operands)`` the function again.  ``static`` is hashable.
"""

import functools
import types
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import jax
import numpy as np

from .globals import belongs_to_library, fingerprint, global_names, warn_about

__all__ = ["Static", "is_array", "split"]


class Static(NamedTuple):
    """The static part of a function: equal parts have equal compilations."""

    key: Hashable
    build: Any  # excluded from comparison through _Build

    def join(self, operands: list) -> Any:
        """The function (or tree of functions) with ``operands`` in the places of its arrays."""
        return self.build.function(_Joining(list(operands), {}))


class _Build:
    """Carries the rebuilding function without taking part in comparison."""

    def __init__(self, function: Callable):
        self.function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Build)

    def __hash__(self) -> int:
        return 0


class _Joining(NamedTuple):
    """What rebuilding needs: the operands, and the functions and objects made so far by their number."""

    operands: list
    made: dict


class _Splitting(NamedTuple):
    """What taking apart leaves: the operands, and by address the functions and objects met so far with their numbers."""

    operands: list
    numbers: dict


def is_array(x: Any) -> bool:
    """Whether ``x`` is an array (JAX, NumPy or traced)."""
    return isinstance(x, jax.Array | np.ndarray | jax.core.Tracer)


def split(function: Any) -> tuple[Static, list]:
    """Tell ``function`` apart into its static part and the arrays it holds."""
    found = _Splitting([], {})
    key, build = _split_value(function, found)
    return Static(key, _Build(build)), found.operands


_NUMBERS = bool | int | float | complex | str | bytes | types.NoneType | np.generic
_JITTED = type(jax.jit(lambda: None))


def _split_value(value: Any, found: _Splitting) -> tuple[Hashable, Callable]:
    """A key for ``value`` and a function that rebuilds it; arrays are appended to the operands found."""
    if value is None or value is _EMPTY:  # most slots are empty; what follows takes microseconds
        return value, lambda joining: value
    if type(value) is types.FunctionType and id(value) not in found.numbers:
        return _split_function(value, found)
    if is_array(value):
        index = len(found.operands)
        found.operands.append(value)
        return ("array",), lambda joining: joining.operands[index]
    if isinstance(value, _NUMBERS):
        return (type(value), repr(value)), lambda joining: value
    if type(value) in _CONTAINERS and value:
        return _split_container(value, found)
    if id(value) in found.numbers:  # met before, perhaps a function that refers to itself
        number, _ = found.numbers[id(value)]
        return ("again", number), lambda joining: joining.made[number]
    if isinstance(value, types.FunctionType):
        return _split_function(value, found)
    if isinstance(value, _JITTED) and not belongs_to_library(value):  # a jit of its own would hold on to old arrays
        key, build = _split_value(value.__wrapped__, found)
        return ("jit", key), build
    if isinstance(value, types.MethodType):
        return _split_parts("method", [value.__func__, value.__self__], found, types.MethodType)
    if isinstance(value, functools.partial):
        parts = [value.func, value.args, value.keywords or None]  # an empty dict would be compared by identity
        return _split_parts("partial", parts, found, lambda f, args, words: functools.partial(f, *args, **words or {}))
    return _split_tree(value, found)


_EMPTY = ()  # Python has one empty tuple only
_CONTAINERS = (dict, tuple, list)


def _split_container(value: Any, found: _Splitting) -> tuple[Hashable, Callable]:
    """One of Python's own containers, without a detour over its leaves."""
    kind = type(value)
    if kind is dict:
        names = tuple(value)
        parts = [_split_value(part, found) for part in value.values()]
        key = ("dict", names, tuple(key for key, _ in parts))
        return key, lambda joining: dict(zip(names, [build(joining) for _, build in parts], strict=True))
    parts = [_split_value(part, found) for part in value]
    return (kind, tuple(key for key, _ in parts)), lambda joining: kind(build(joining) for _, build in parts)


def _split_parts(name: str, parts: list, found: _Splitting, make: Callable) -> tuple[Hashable, Callable]:
    split_parts = [_split_value(part, found) for part in parts]
    key = (name, tuple(key for key, _ in split_parts))
    return key, lambda joining: make(*[build(joining) for _, build in split_parts])


def _split_tree(value: Any, found: _Splitting) -> tuple[Hashable, Callable]:
    """A container or registered class by its leaves; anything else is an object or a constant."""
    try:
        leaves, structure = jax.tree.flatten(value)
    except (TypeError, ValueError):  # a dict whose keys cannot be sorted
        return _constant(value)
    if jax.tree_util.treedef_is_leaf(structure):
        attributes = _attributes(value)
        return _constant(value) if attributes is None else _split_object(value, attributes, found)
    parts = [_split_value(leaf, found) for leaf in leaves]
    key = ("tree", structure, tuple(key for key, _ in parts))
    return key, lambda joining: jax.tree.unflatten(structure, [build(joining) for _, build in parts])


def _constant(value: Any) -> tuple[Hashable, Callable]:
    """What is compared by its own equality, or, where it has none, by identity."""
    try:
        hash(value)
    except TypeError:
        return ("identity", _Kept(value)), lambda joining: value
    return ("value", type(value), value), lambda joining: value


class _Kept:
    """An unhashable object compared by identity and kept alive, so that its address is never reused."""

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _attributes(value: Any) -> dict | None:
    """What an object of an ordinary class holds; ``None`` for classes, modules, wrappers and objects of libraries."""
    kind = type(value)
    ordinary = kind.__flags__ & _MADE_IN_PYTHON and kind.__new__ is object.__new__ and not isinstance(value, type)
    if not ordinary or belongs_to_library(kind) or hasattr(value, "__wrapped__"):
        return None
    slots = [slot for parent in kind.__mro__ for slot in np.atleast_1d(parent.__dict__.get("__slots__", ())).tolist()]
    if any(slot.startswith("__") and slot != "__dict__" for slot in slots):  # stored under another name
        return None
    names = [slot for slot in slots if slot != "__dict__" and hasattr(value, slot)]
    return {**{name: getattr(value, name) for name in names}, **getattr(value, "__dict__", {})}


_MADE_IN_PYTHON = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def _split_object(value: Any, attributes: dict, found: _Splitting) -> tuple[Hashable, Callable]:
    kind, number = type(value), len(found.numbers)
    found.numbers[id(value)] = number, value
    parts = [(name, *_split_value(part, found)) for name, part in attributes.items()]

    def build(joining: _Joining) -> Any:
        new = joining.made[number] = object.__new__(kind)
        for name, _, part in parts:
            object.__setattr__(new, name, part(joining))
        return new

    return ("object", kind, tuple((name, key) for name, key, _ in parts)), build


def _split_function(function: types.FunctionType, found: _Splitting) -> tuple[Hashable, Callable]:
    number = len(found.numbers)
    found.numbers[id(function)] = number, function
    code, name, names = function.__code__, function.__name__, function.__globals__
    parts = [_split_cell(cell, found) for cell in function.__closure__ or ()]
    default_key, default = _split_value((function.__defaults__, function.__kwdefaults__), found)
    key = ("function", function.__module__, code, tuple(key for key, _ in parts), default_key, _globals_key(function, found))

    def build(joining: _Joining) -> Callable:
        cells = tuple(types.CellType() for _ in parts)
        new = types.FunctionType(code, names, name, None, cells or None)
        joining.made[number] = new  # before its cells: it may refer to itself
        for cell, (_, part) in zip(cells, parts, strict=True):
            if part is not None:
                cell.cell_contents = part(joining)
        new.__defaults__, new.__kwdefaults__ = default(joining)
        return new

    return key, build


def _split_cell(cell: Any, found: _Splitting) -> tuple[Hashable, Callable | None]:
    try:
        content = cell.cell_contents
    except ValueError:
        return ("empty",), None
    return _split_value(content, found)


def _globals_key(function: types.FunctionType, found: _Splitting) -> Hashable:
    """What the function reads from its module: values by content (arrays with a warning), helpers in turn."""
    if belongs_to_library(function):  # it does not change under our feet
        return ()
    parts: list = []
    for name in global_names(function.__code__):
        if name not in function.__globals__:
            continue
        value = function.__globals__[name]
        if isinstance(value, types.ModuleType | type) or (callable(value) and belongs_to_library(value)):
            parts.append((name, _constant(value)[0]))
            continue
        inside = _Splitting([], dict(found.numbers))
        key, _ = _split_value(value, inside)
        if inside.operands and not isinstance(value, types.FunctionType):
            warn_about(function, name)
        parts.append((name, key, tuple(fingerprint(x) or _Kept(x) for x in inside.operands)))
    return tuple(parts)
