"""What a solve keeps: saved rows for the user, and the tape of attempts for derivatives and delays."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.buffers import read, write
from ..base.loop import loop, once
from .attempt import Attempt, reads_every_step
from .locate import Landing
from .observe import observed
from .program import Operands, Program

__all__ = ["Saved", "Tape", "finish", "on_tape", "open_saved", "open_tape", "save", "sparse", "stride", "strides", "tape_row"]


class Saved(NamedTuple):
    """Rows for the user; with given times one spare row at the end, where lanes that wait write."""

    ts: Any
    ys: Any


class Tape(NamedTuple):
    """One row per attempt: the state before it, the step size, and the kind (0: rejected or idle).

    The numbers of ``y``, ``memory`` and ``mode`` are kept at every :func:`stride`-th attempt only, so that the tape keeps
    to a budget of memory; derivatives take the steps between again.  ``data`` holds what the dense output needs, for problems that read their past; otherwise it is empty.
    """

    t: Any
    h: Any
    kind: Any
    y: Any
    memory: Any
    mode: Any
    data: Any


def open_saved(program: Program, operands: Operands, state: Any, *, fresh: bool) -> Saved:
    """Buffers for the rows to come."""
    if program.saving == "end":
        return Saved((), ())
    if program.saving == "times":  # rows at times not after the start hold the start already
        rows = operands.ts.shape[0] + 1
        first = observed(program, operands, state.t, state.y, state.mode)
        return Saved((), jax.tree.map(lambda x: jnp.broadcast_to(x, (rows, *x.shape)), first))
    first = Saved(state.t, observed(program, operands, state.t, state.y, state.mode))
    leaves, structure = jax.tree.flatten(first)
    # Different fillings keep XLA from making one buffer and copying it.
    empty = [jnp.full((program.capacity, *x.shape), -1 - k, x.dtype) for k, x in enumerate(leaves)]
    saved = jax.tree.unflatten(structure, empty)
    return jax.tree.map(lambda buffer, x: write(buffer, 0, x), saved, first) if fresh else saved


def save(
    program: Program, operands: Operands, saved: Saved, state: Any, tried: Attempt, landing: Landing, active: Any,
    complete: Callable[[], Any],
) -> tuple[Saved, Any]:  # fmt: skip
    """Write what this step adds; returns the buffers and how many rows hold something.

    ``complete()`` is what the dense output reads, for methods that make it only where it is read.
    """
    if program.saving == "end":
        return saved, state.saved
    accept = landing.accept & active
    if program.saving == "steps":
        return _save_step(program, operands, saved, state, landing, accept)
    ts, count = operands.ts, operands.ts.shape[0]

    def pending(j: Any) -> Any:
        return accept & (j < count) & (read(ts, j) <= landing.t)

    data = tried.step.data
    if program.method.completes and not reads_every_step(program):
        data = once(pending(state.saved), complete)

    def body(i: Any, active: Any, j: Any, shared: tuple, ys: Any) -> tuple:
        time = read(ts, j)
        theta, following = (time - state.t) / tried.h, j + 1
        value = program.method.dense(data, theta)
        row = observed(program, operands, time, value, state.mode)
        return following, shared, jax.tree.map(lambda buffer, x: write(buffer, j, x), ys, row)

    _, j, _, ys = loop(body, state.saved, limit=count + 1, running=pending, private=saved.ys)
    return Saved(saved.ts, ys), j


def _save_step(program: Program, operands: Operands, saved: Saved, state: Any, landing: Landing, accept: Any) -> tuple:
    """A step begins a row, or of every k-th step writes over the row that its block of k has begun.

    A rejected or idle attempt writes the last row again, which holds the state already.
    """
    begins = accept if program.every == 1 else accept & (state.accepted % program.every == 0)
    count = state.saved + begins.astype(jnp.int32)
    t, y = jnp.where(accept, landing.t, state.t), jnp.where(accept, landing.y, state.y)
    mode = jax.tree.map(lambda a, b: jnp.where(accept, a, b), landing.mode, state.mode) if program.of else state.mode
    row = Saved(t, observed(program, operands, t, y, mode))
    return jax.tree.map(lambda buffer, x: write(buffer, count - 1, x), saved, row), count


def finish(program: Program, saved: Saved) -> Saved:
    """The rows without the spare one."""
    return Saved(saved.ts, jax.tree.map(lambda x: x[:-1], saved.ys)) if program.saving == "times" else saved


def open_tape(program: Program, state: Any, first_data: Callable) -> Tape:
    """Shared buffers of ``capacity`` rows; ``first_data()`` is the dense data of a step (only its shape is used)."""
    rows = program.capacity
    data: Any = jax.eval_shape(first_data) if "history" in program.parts else ()
    example = Tape(state.t, state.h, jnp.int32(0), state.y, on_tape(program, state.memory), state.mode, data)
    every = stride(program, example)
    fewer = rows if every == 1 else -(-rows // every) + 1  # and a spare row for the attempts that are not kept
    leaves, structure = jax.tree.flatten(example)
    kept = jax.tree.leaves(sparse(example))
    # Rows are written before they are read.  Different fillings keep XLA from making one buffer and copying it.
    buffers = [
        jnp.full((fewer if s else rows, *x.shape), k, x.dtype) for k, (x, s) in enumerate(zip(leaves, kept, strict=True))
    ]
    return jax.tree.unflatten(structure, buffers)


def on_tape(program: Program, memory: Any) -> Any:
    """What of a method's memory the tape holds; with a past all of it, because making it again would read the past."""
    return memory if program.method.remembers or "history" in program.parts else ()


def sparse(tape: Tape) -> Tape:
    """Which parts of a tape (or of one row) are kept at every stride only: the numbers of the state."""
    parts = Tape(*jax.tree.map(lambda x: False, tuple(tape)))
    floats = jax.tree.map(lambda x: jnp.issubdtype(x.dtype, jnp.inexact), (tape.y, tape.memory, tape.mode))
    return parts._replace(y=floats[0], memory=floats[1], mode=floats[2])


def stride(program: Program, tape: Tape) -> int:
    """At every which attempt the state is kept."""
    return next(iter(strides(program, tape)), 1)


def strides(program: Program, tape: Tape) -> tuple[int, ...]:
    """At every which attempt the state is kept on the tape, then on the tapes of stretches between two rows that derivatives
    compute again; empty where all states are kept.

    If the adjoint says how many ``levels`` there are, the strides fall like powers of one number.  Else there are at most two: the least stride
    that keeps the tape and such a stretch to the budget, at most the root of the capacity.  ``tape`` is an example of a row.
    """
    rows, levels = program.capacity, None if program.adjoint is None else program.adjoint.levels
    sizes = zip(jax.tree.leaves(tape), jax.tree.leaves(sparse(tape)), strict=True)
    size = sum(x.size * x.dtype.itemsize for x, kept in sizes if kept)
    if levels is not None:
        base = max(2, math.ceil(rows ** (1 / levels)))
        return tuple(base**k for k in range(levels - 1, 0, -1) if base**k < rows)
    if "history" in program.parts or rows * size <= program.tape_bytes:
        return ()
    most = math.isqrt(rows)
    return (next((k for k in range(2, most) if (-(-rows // k) + k) * size <= program.tape_bytes), most),)


def tape_row(program: Program, tape: Tape, i: Any, active: Any, state: Any, tried: Attempt, landing: Landing) -> Tape:
    """Record the attempt; a rejected or idle one has kind 0 and h = 0."""
    stands = landing.accept & active
    kind = jnp.where(stands, landing.kind, 0)
    h = jnp.where(stands, tried.h, 0)
    data = tried.step.data if "history" in program.parts else ()
    row = Tape(state.t, h, kind, state.y, on_tape(program, state.memory), state.mode, data)
    every, place = stride(program, row), i
    if every > 1:
        place = jnp.where(i % every == 0, i // every, -(-program.capacity // every))
    return jax.tree.map(lambda buffer, value, s: write(buffer, place if s else i, value), tape, row, sparse(row))
