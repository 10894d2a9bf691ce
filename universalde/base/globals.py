"""What a function reads from the module it was written in."""

import dis
import functools
import hashlib
import sys
import types
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .warn import warn

__all__ = ["belongs_to_library", "fingerprint", "global_names", "warn_about"]

_LIBRARIES = frozenset({*sys.stdlib_module_names, "jax", "jaxlib", "numpy", "scipy", "equinox", "optax", "sympy", "universalde"})


def belongs_to_library(value: Any) -> bool:
    """Whether a function or class comes from a library, whose functions and objects are taken as constants."""
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] in _LIBRARIES


@functools.lru_cache(maxsize=4096)
def global_names(code: types.CodeType) -> tuple[str, ...]:
    """Names that ``code`` and the functions made inside it look up in their module."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= set(global_names(constant))
    return tuple(sorted(names))


def fingerprint(array: Any) -> Hashable | None:
    """The content of a NumPy array; ``None`` for a JAX array, which never changes and is known by identity."""
    if isinstance(array, np.ndarray):
        return (array.shape, str(array.dtype), hashlib.blake2b(np.ascontiguousarray(array).tobytes()).hexdigest())
    return None


_warned: set = set()


def warn_about(function: Callable, name: str) -> None:
    """Say once that ``function`` reads an array from its module."""
    key = (function.__code__, name)
    if key in _warned:
        return
    _warned.add(key)
    warn(
        f"the function {function.__name__!r} reads the array {name!r} from its module; it becomes a constant of the "
        f"compiled program, and every new value compiles anew. Pass it through args instead."
    )
