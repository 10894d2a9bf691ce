"""Compiled solves, shared between calls."""

import collections
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .adjoint.discrete import differentiable
from .base.kernel import kernel
from .base.warn import warn
from .loop.integrate import Outcome, integrate
from .loop.program import Program

__all__ = ["Counts", "compiled", "is_new", "remember"]

SIZE = 256  # programs kept; the one used longest ago goes first
OFTEN = 5  # compilations of one right-hand side before a warning

_programs: collections.OrderedDict = collections.OrderedDict()
_seen: collections.OrderedDict = collections.OrderedDict()
_compilations: collections.Counter = collections.Counter()


def _build(program: Program, kind: str) -> Callable:
    native = program.method.native
    if kind == "differentiable":
        return differentiable(program)
    if kind == "begin":
        return kernel(lambda operands: counted(integrate(program, operands)), native=native)
    return kernel(lambda operands, state: counted(integrate(program, operands, state)), native=native)


class Counts(NamedTuple):
    """What Python looks at after an eager solve."""

    status: Any
    saved: Any
    steps: Any
    rejected: Any
    rhs: Any


def counted(outcome: Outcome) -> tuple[Outcome, Any]:
    """The outcome, and its :class:`Counts` as one array, because each number that is read by itself costs microseconds."""
    state = outcome.state
    counts = Counts(state.status, state.saved, state.accepted, state.rejected, state.rhs)
    return outcome, jnp.stack([jnp.asarray(x, jnp.int32) for x in counts])


def compiled(program: Program, kind: str, build: Callable[[Program, str], Callable] = _build) -> Callable:
    """The jitted function of a kind (``differentiable``, ``begin``, ``resume``, …) for ``program``; equal programs share it."""
    key = (program, kind)
    function = _programs.get(key)
    if function is None:
        function = _programs[key] = jax.jit(build(program, kind))
        if len(_programs) > SIZE:
            _programs.popitem(last=False)
    _programs.move_to_end(key)
    return function


def is_new(functions: Hashable, rest: Hashable) -> bool:
    """Whether a problem was not seen lately."""
    try:
        return not {rest} <= _seen.get(functions, set())
    except TypeError as error:
        raise TypeError(
            f"a static part of the problem cannot be hashed ({error}); args may hold arrays, numbers, strings and functions"
        ) from None


def remember(functions: Hashable, rest: Hashable, function: Any) -> None:
    """Take note of a problem; warns when one right-hand side is new again and again (not for new shapes)."""
    if functions not in _seen:
        _seen[functions] = set()
        _warn_when_often(function)
        if len(_seen) > SIZE:
            _seen.popitem(last=False)
    _seen[functions].add(rest)


def _warn_when_often(function: Any) -> None:
    code = getattr(function, "__code__", None)
    if code is None:
        return
    _compilations[code] += 1
    if _compilations[code] == OFTEN + 1:
        warn(
            f"the right-hand side {function.__name__!r} was compiled anew more than {OFTEN} times. Numbers it closes "
            "over, and new functions, are part of the compiled program: pass numbers through args, or as arrays."
        )
