"""Compiled solves, shared between calls."""

import collections
from collections.abc import Callable
from typing import Any

import jax

from .base.warn import warn
from .loop.program import Program

__all__ = ["Entry", "compiled", "known", "remember"]

SIZE = 256  # programs kept; the one used longest ago goes first
OFTEN = 5  # compilations of one right-hand side before a warning


class _Key:
    """A program whose hash is computed once."""

    __slots__ = ("number", "program")

    def __init__(self, program: Program):
        try:
            self.number = hash(program)
        except TypeError as error:
            raise TypeError(
                f"a static part of the problem cannot be hashed ({error}); args may hold arrays, numbers, strings and functions"
            ) from None
        self.program = program

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.number == other.number and self.program == other.program


class Entry:
    """The compiled functions of one program by kind (``differentiable``, ``begin``, ``resume``, …)."""

    def __init__(self, key: _Key):
        self.key, self.functions = key, {}

    def get(self, kind: str, build: Callable[[Program], Callable]) -> Callable:
        """The jitted function of a kind, built at its first use."""
        function = self.functions.get(kind)
        if function is None:
            function = self.functions[kind] = jax.jit(build(self.key.program))
        return function


_entries: collections.OrderedDict[_Key, Entry] = collections.OrderedDict()
_functions: collections.OrderedDict = collections.OrderedDict()
_compilations: collections.Counter = collections.Counter()


def known(program: Program) -> Entry | None:
    """What was compiled for an equal program, if there was one lately."""
    entry = _entries.get(_Key(program))
    if entry is not None:
        _entries.move_to_end(entry.key)
    return entry


def remember(program: Program, function: Any) -> Entry:
    """Take note of a program; warns when one right-hand side is new again and again (not for new shapes)."""
    if program.functions not in _functions:
        _functions[program.functions] = None
        _warn_when_often(function)
        if len(_functions) > SIZE:
            _functions.popitem(last=False)
    key = _Key(program)
    entry = _entries[key] = Entry(key)
    if len(_entries) > SIZE:
        _entries.popitem(last=False)
    return entry


def compiled(program: Program, kind: str, build: Callable[[Program], Callable]) -> Callable:
    """The jitted function of a kind for ``program``; equal programs share it."""
    return (known(program) or remember(program, None)).get(kind, build)


def _warn_when_often(function: Any) -> None:
    function = getattr(function, "__wrapped__", function)  # an adapter's function stands for many users' functions
    code = getattr(function, "__code__", None)
    if code is None:
        return
    _compilations[code] += 1
    if _compilations[code] == OFTEN + 1:
        warn(
            f"the right-hand side {function.__name__!r} was compiled anew more than {OFTEN} times. Numbers it closes "
            "over, and new functions, are part of the compiled program: pass numbers through args, or as arrays."
        )
