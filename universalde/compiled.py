"""Compiled solves, shared between calls."""

import collections
import inspect
from collections.abc import Callable
from typing import Any

import jax

from .base.warn import warn
from .loop.program import Program

__all__ = ["Entry", "compiled", "known", "remember"]

SIZE = 256  # programs kept; the one used longest ago goes first
MANY = 4096  # codes whose forms are counted
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
        self.stiff: Any = None  # the method that took over, because the problem is stiff
        self.calm = False  # whether many steps of an explicit method showed no stiffness

    def get(self, kind: str, build: Callable[[Program], Callable]) -> Callable:
        """The jitted function of a kind, built at its first use."""
        function = self.functions.get(kind)
        if function is None:
            function = self.functions[kind] = jax.jit(build(self.key.program))
        return function


_entries: collections.OrderedDict[_Key, Entry] = collections.OrderedDict()
_forms: collections.OrderedDict = collections.OrderedDict()  # of a right-hand side's code, by hash: at most OFTEN + 1 each


def known(program: Program) -> Entry | None:
    """What was compiled for an equal program, if there was one lately."""
    entry = _entries.get(_Key(program))
    if entry is not None:
        _entries.move_to_end(entry.key)
    return entry


def remember(program: Program, function: Any) -> Entry:
    """Take note of a program; warns when one right-hand side is new again and again (not for new shapes)."""
    _warn_when_often(program, function)
    key = _Key(program)
    entry = _entries[key] = Entry(key)
    if len(_entries) > SIZE:
        _entries.popitem(last=False)
    return entry


def compiled(program: Program, kind: str, build: Callable[[Program], Callable]) -> Callable:
    """The jitted function of a kind for ``program``; equal programs share it."""
    return (known(program) or remember(program, None)).get(kind, build)


def _warn_when_often(program: Program, function: Any) -> None:
    # Decorators share one code between all that they wrap.
    function = inspect.unwrap(getattr(function, "stands_for", function))  # an adapter's function stands for many users' functions
    code = getattr(function, "__code__", None)
    if code is None:
        return
    known_forms = _forms.setdefault(code, set())
    if len(known_forms) > OFTEN or hash(program.functions) in known_forms:
        return
    known_forms.add(hash(program.functions))
    if len(_forms) > MANY:
        _forms.popitem(last=False)
    if len(known_forms) == OFTEN + 1:
        warn(
            f"the right-hand side {function.__name__!r} was compiled anew more than {OFTEN} times. Numbers it closes "
            "over, and new functions, are part of the compiled program: pass numbers through args, or as arrays."
        )
