"""The past of a solve in progress, read from the tape."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.buffers import read
from ..base.loop import loop
from .program import Model, Operands, Program

__all__ = ["Read", "no_past", "past_on_tape", "recorded_past", "replayed_past"]


class Read(NamedTuple):
    """One read of the past: which row, and what of it was used."""

    row: Any
    t: Any
    h: Any
    data: Any


def no_past(program: Program, model: Model, operands: Operands) -> Callable | None:
    """Before the first step all the past is history."""
    if "history" not in program.parts:
        return None
    return lambda t: program.shape.unravel(model.history(_forward(program, operands, t)))


def _forward(program: Program, operands: Operands, t: Any) -> Any:
    direction = operands.sign if program.direction is None else program.direction
    return direction * t


def past_on_tape(program: Program, model: Model, operands: Operands, tape: Any, count: Any) -> Callable | None:
    """``past(t)`` over the first ``count`` rows of the tape."""
    return recorded_past(program, model, operands, tape, count, [])


def recorded_past(
    program: Program, model: Model, operands: Operands, tape: Any, count: Any, reads: list
) -> Callable | None:
    """``past(t)``, which also appends every :class:`Read` to ``reads``."""
    if "history" not in program.parts:
        return None

    def past(t: Any) -> Any:
        t = _forward(program, operands, t)
        row = _row_before(tape.t, count, t)
        found = Read(row, read(tape.t, row), read(tape.h, row), jax.tree.map(lambda b: read(b, row), tape.data))
        reads.append(found)
        return program.shape.unravel(_value(program, model, operands, found, t, found.data))

    return past


def replayed_past(program: Program, model: Model, operands: Operands, reads: list, values: list) -> Callable | None:
    """``past(t)`` that uses ``values[k]`` as the data of the k-th read: the form that is differentiated."""
    if "history" not in program.parts:
        return None
    pairs = iter(zip(reads, values, strict=True))

    def past(t: Any) -> Any:
        t = _forward(program, operands, t)
        found, data = next(pairs)
        return program.shape.unravel(_value(program, model, operands, found, t, data))

    return past


def _value(program: Program, model: Model, operands: Operands, found: Read, t: Any, data: Any) -> Any:
    before = t <= operands.t0
    theta = (t - found.t) / jnp.where(found.h == 0, 1, found.h)
    return jnp.where(before, model.history(jnp.minimum(t, operands.t0)), program.method.dense(data, theta))


def _row_before(times: Any, count: Any, t: Any) -> Any:
    """The last of the first ``count`` rows that starts before ``t``: the accepted step that holds ``t``."""

    def wide(bracket: tuple) -> Any:
        return bracket[1] - bracket[0] > 1

    def halve(i: Any, active: Any, bracket: tuple, shared: tuple, private: tuple) -> tuple:
        low, high = bracket
        middle = (low + high) // 2
        before = read(times, middle) < t
        return (jnp.where(before, middle, low), jnp.where(before, high, middle)), shared, private

    _, (low, _), _, _ = loop(halve, (jnp.int32(0), jnp.asarray(count, jnp.int32)), limit=32, running=wide)
    return low
