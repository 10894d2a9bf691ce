"""Functions written with NumPy, made traceable.

NumPy's functions refuse JAX's traced arrays.  ``on_arrays(function)`` is the same function with a stand-in for ``numpy``
and ``math``, and for Python's ``max`` and ``min``, wherever it names them: a call that is handed a traced array goes to
``jax.numpy``, every other call stays what it was.  Arrays that NumPy makes (``zeros``, ``empty``, ``copy``, …) can be
filled.  Nothing global is changed; the function is built anew with other globals and cells.
"""

import functools
import linecache
import math
import types
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .closures import split
from .filled import Filled
from .globals import belongs_to_library, global_names
from .ravel import is_number_list, stacked

__all__ = ["Untraceable", "check_trace", "on_arrays"]


class Untraceable(TypeError):
    """A function that JAX cannot trace, with the line where it stopped."""


class _StandIn(types.ModuleType):
    """A module whose functions work on traced arrays too."""

    def __init__(self, module: types.ModuleType, counterpart: Any):
        super().__init__(module.__name__)
        self.__dict__.update(_module=module, _counterpart=counterpart)

    def __getattr__(self, name: str) -> Any:
        return _replaced(getattr(self._module, name), getattr(self._counterpart, name, None))


@functools.cache
def _stand_in(module: types.ModuleType, counterpart: Any) -> _StandIn:
    return _StandIn(module, counterpart)


def _replaced(value: Any, counterpart: Any) -> Any:
    """A name of NumPy with its counterpart: modules and functions are replaced, types and numbers are not."""
    if isinstance(value, types.ModuleType):
        return _stand_in(value, counterpart)
    return _either(value, counterpart) if callable(value) and not isinstance(value, type) else value


@functools.cache
def _either(function: Callable, counterpart: Callable | None) -> Callable:
    """``function``, or its counterpart in JAX when an argument is traced."""
    name = getattr(function, "__name__", repr(function))
    ours = getattr(np, name, None) is function

    def call(*args: Any, **keywords: Any) -> Any:
        args, keywords = jax.tree.map(lambda x: x.value if isinstance(x, Filled) else x, (args, keywords))
        traced = _traced((args, keywords))
        if traced and counterpart is None:
            raise TypeError(f"jax.numpy has no {name}")
        value = _in_jax(counterpart, args, keywords) if traced else function(*args, **keywords)
        return Filled(value) if ours and (name in _MADE or (traced and name in _COPIED)) else value

    return call


_MADE = {f"{name}{end}" for name in ("zeros", "ones", "empty", "full") for end in ("", "_like")}
_COPIED = {"array", "copy"}


def _in_jax(counterpart: Any, args: tuple, keywords: dict) -> Any:
    """The call in JAX, whose functions take no lists in the place of arrays."""
    args = tuple(_stacked(x) for x in args)
    try:
        return counterpart(*args, **keywords)
    except TypeError:
        if not any(isinstance(x, list) for x in args):
            raise
    return counterpart(*(np.asarray(x) if isinstance(x, list) else x for x in args), **keywords)


def _extreme(of_two: Callable, of_many: Callable) -> Callable:
    def call(first: Any, *others: Any) -> Any:
        return functools.reduce(of_two, others, first) if others else of_many(jnp.asarray(first))

    return call


def _traced(tree: Any) -> bool:
    return any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(tree))


def _stacked(value: Any) -> Any:
    """A list of traced numbers as the array that NumPy would make of it."""
    return (
        stacked(value, "a list")
        if isinstance(value, list | tuple) and _traced(value) and is_number_list(value)
        else value
    )


_BUILT_IN = {"max": _either(max, _extreme(jnp.maximum, jnp.max)), "min": _either(min, _extreme(jnp.minimum, jnp.min))}
_MODULES = ((np, jnp), (np.linalg, jnp.linalg), (np.fft, jnp.fft), (math, jnp))


def _from_numpy(value: Any) -> Any:
    """The stand-in of a module or function that belongs to NumPy or ``math``; ``None`` for anything else."""
    name = getattr(value, "__name__", None)
    for module, counterpart in _MODULES:
        if value is module:
            return _stand_in(module, counterpart)
        if isinstance(name, str) and callable(value) and getattr(module, name, None) is value:
            return _replaced(value, getattr(counterpart, name, None))
    return None


def on_arrays(function: Any) -> Any:
    """``function`` with stand-ins for NumPy; functions it calls by name in its own module are treated alike."""
    return _rebuilt(function, {})


def _rebuilt(value: Any, made: dict) -> Any:
    value = getattr(value, "py_func", value)  # what Numba compiled
    if isinstance(value, types.FunctionType):
        return value if belongs_to_library(value) else _function(value, made)
    if isinstance(value, types.MethodType):
        return types.MethodType(_rebuilt(value.__func__, made), value.__self__)
    if isinstance(value, functools.partial):
        return functools.partial(_rebuilt(value.func, made), *value.args, **value.keywords)
    found = _from_numpy(value)
    if found is not None:
        return found
    call = vars(type(value)).get("__call__")
    if isinstance(call, types.FunctionType) and not belongs_to_library(type(value)):
        return types.MethodType(_rebuilt(call, made), value)
    return value


def _function(function: types.FunctionType, made: dict) -> types.FunctionType:
    if id(function) in made:
        return made[id(function)]
    names = function.__globals__
    kept = {"__builtins__": names.get("__builtins__"), "__name__": names.get("__name__")}
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    new = types.FunctionType(function.__code__, kept, function.__name__, function.__defaults__, cells or None)
    new.__kwdefaults__ = function.__kwdefaults__
    made[id(function)] = new  # before what it refers to: that may refer to it
    for name in global_names(function.__code__):
        if name in names:
            kept[name] = _rebuilt(names[name], made)
        elif name in _BUILT_IN:
            kept[name] = _BUILT_IN[name]
    for cell, old in zip(cells, function.__closure__ or (), strict=True):
        try:
            cell.cell_contents = _rebuilt(old.cell_contents, made)
        except ValueError:  # a cell that is still empty stays so
            pass
    return new


_HINTS: tuple[tuple[Any, str, str], ...] = (
    (jax.errors.TracerBoolConversionError, "", "a branch there depends on a value; write np.where(condition, a, b)"),
    (
        (TypeError, ValueError),
        "immutable",
        "an array that JAX holds is changed in place there; fill an array made by np.zeros, np.empty or "
        "np.copy, or return np.array([...]) of the parts",
    ),
    (
        (jax.errors.TracerArrayConversionError, ValueError),
        "",
        "a traced array meets plain NumPy there; call NumPy's functions as np.name, write A @ y for A.dot(y), and fill "
        "no array that was made outside the function",
    ),
    (jax.errors.ConcretizationTypeError, "", "a Python number is made there of a value that is only known at run time"),
)


def check_trace(original: Callable, traced: Callable, arguments: tuple, name: str) -> None:
    """Compare ``traced``, as JAX sees it, with ``original`` in NumPy; raise :class:`Untraceable` with the line at fault.

    Errors that ``original`` raises by itself are the caller's to see.
    """
    key = _key(traced, arguments)
    if key in _seen:
        return
    try:
        plain = original(*arguments)
    except AttributeError as error:
        if "ndarray" not in str(error):
            raise
        plain = None  # written for JAX: it uses a method that NumPy's arrays lack
    try:
        found = jax.jit(traced)(*arguments)
    except Exception as error:
        raise Untraceable(f"JAX cannot trace {name}: {_where(error, original)}: {_why(error)}") from error
    if plain is not None:
        _compare(np.asarray(plain), np.asarray(found), name)
    if len(_seen) >= 256:
        _seen.clear()
    _seen.add(key)


_seen: set = set()


def _key(function: Callable, arguments: tuple) -> Any:
    """Equal for functions of the same code and static values, and arguments of the same kind."""
    kinds = tuple((np.shape(x), np.result_type(x)) for x in jax.tree.leaves(arguments))
    return split(function)[0], kinds


def _compare(plain: Any, found: Any, name: str) -> None:
    size = np.max(np.abs(plain), initial=0.0, where=np.isfinite(plain))
    if plain.size != found.size or not np.allclose(
        plain.reshape(-1), found.reshape(-1), rtol=1e-6, atol=1e-6 * size, equal_nan=True
    ):
        raise Untraceable(
            f"{name} gives other numbers when JAX traces it: {found.tolist()} for {plain.tolist()} at the start. Look for "
            "an index past the end (JAX takes the last entry), random numbers, or values kept from one call to the next"
        )


def _where(error: Exception, function: Callable) -> str:
    """The user's line: the last one that is neither NumPy's nor JAX's nor ours."""
    found = None
    step = error.__traceback__
    while step is not None:
        module = step.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in ("jax", "jaxlib", "numpy", "universalde"):
            found = step
        step = step.tb_next
    if found is None:
        return getattr(function, "__name__", repr(function))
    file, line = found.tb_frame.f_code.co_filename, found.tb_lineno
    text = linecache.getline(file, line).strip()
    return f"line {line} of {file.rpartition('/')[2]}, `{text}`"


def _why(error: Exception) -> str:
    for kinds, words, hint in _HINTS:
        if isinstance(error, kinds) and words in str(error):
            return hint
    return f"{type(error).__name__}: {str(error).splitlines()[0]}"
