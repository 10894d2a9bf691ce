"""One row of the tape as a differentiable function: the step that the solve took there, with its size held."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.buffers import read
from ..base.hold import hold
from ..loop.attempt import BREAK, LANDED, LAST, STOP
from ..loop.observe import observed
from ..loop.past import no_past, recorded_past, replayed_past
from ..loop.program import Operands, Program, equation_of, model_of
from ..loop.record import Tape, on_tape, sparse, strides
from ..loop.shown import along

__all__ = ["Row", "Stepped", "Walk"]


class Stepped(NamedTuple):
    """What a replayed step yields: the point after it, what its dense output needs, ``(t, h)`` if they move, and what a
    saved function makes of the point, if steps are rows."""

    point: list
    data: Any
    clock: tuple
    saved: Any


class Row(NamedTuple):
    """A tape row with what the past gave it."""

    at: Any
    reads: list
    values: list


class Walk(NamedTuple):
    """A walk over the tape: which operands move (are differentiated), and the functions to replay.

    A *point* is the list of floating leaves of ``(t, y, memory, mode)``; ``t`` is among them only when times move.
    """

    program: Program
    structure: Any
    moving: tuple[bool, ...]

    @property
    def mask(self) -> Operands:
        """Which operands move, arranged like the operands."""
        return jax.tree.unflatten(self.structure, self.moving)

    @property
    def moves_ts(self) -> bool:
        """Whether the save times are differentiated."""
        return self.mask.ts is True

    @property
    def time(self) -> bool:
        """Whether times move: with the span, the save times, or an event."""
        mask = self.mask
        return bool(mask.t0 or mask.t1 or self.moves_ts or self.program.events)

    def check(self) -> None:
        """Say what cannot be differentiated."""
        if self.mask.rtol or self.mask.atol or self.mask.dt0:
            raise TypeError(
                "tolerances and dt0 are constants of a solve; a derivative with respect to them was asked for"
            )
        if self.mask.stops:
            raise TypeError(
                "stops and discontinuities are constants of a problem; a derivative with respect to them was asked for. "
                "For a switch at a time that is learned, write an Event whose function is that time less t"
            )
        if self.time and "history" in self.program.parts:
            raise TypeError(
                "derivatives with respect to times (or through events) of a problem with a past are not defined yet"
            )

    def values(self, leaves: list) -> tuple:
        """The operands that move."""
        return tuple(leaf for leaf, moves in zip(leaves, self.moving, strict=True) if moves)

    def operands(self, leaves: list, theta: tuple) -> Operands:
        """The operands with ``theta`` in the places of those that move."""
        values = iter(theta)
        full = [next(values) if moves else leaf for leaf, moves in zip(leaves, self.moving, strict=True)]
        return jax.tree.unflatten(self.structure, full)

    def point(self, t: Any, y: Any, memory: Any, mode: Any) -> list:
        """The floating leaves."""
        return [x for x in jax.tree.leaves((t if self.time else (), y, memory, mode)) if _floats(x)]

    def spread(self, at: Any, point: list) -> tuple:
        """``(t, y, memory, mode)`` of a row with ``point`` in place of its floating leaves."""
        values = iter(point)
        tree = (at.t if self.time else (), at.y, at.memory, at.mode)
        t, y, memory, mode = jax.tree.map(lambda x: next(values) if _floats(x) else x, tree)
        return (t if self.time else at.t), y, memory, mode

    def start(self, leaves: list, theta: tuple, h: Any) -> list:
        """The point at the start of the solve."""
        operands = self.operands(leaves, theta)
        model = model_of(self.program, operands, operands.mode)
        equation = equation_of(model, no_past(self.program, model, operands), operands.t0)
        memory, _ = self.program.method.init(equation, operands.t0, operands.y0, h)
        return self.point(operands.t0, operands.y0, memory, operands.mode)

    def held(self, leaves: list, theta: tuple) -> Any:
        """What is saved at times near the start, one row per save time (only those at the start are used)."""
        operands = self.operands(leaves, theta)
        model = model_of(self.program, operands, operands.mode)
        equation = equation_of(model, no_past(self.program, model, operands), operands.t0)
        slope = equation.f(operands.t0, operands.y0)
        if self.program.of is None:
            return operands.y0 + (operands.ts - operands.t0)[:, None] * slope

        def moved(time: Any) -> Any:
            return observed(self.program, operands, operands.t0 + time, operands.y0 + time * slope, operands.mode)

        rows = operands.ts - operands.t0
        row, change = jax.jvp(moved, (jnp.zeros_like(operands.t0),), (jnp.ones_like(operands.t0),))
        return jax.tree.map(lambda x, dx: x + along(rows, x[None]) * dx, row, change)

    def first(self, leaves: list, theta: tuple) -> Any:
        """What a saved function makes of the start."""
        operands = self.operands(leaves, theta)
        return observed(self.program, operands, operands.t0, operands.y0, operands.mode)

    def every(self, tape: Tape) -> int:
        """The stride of the tape."""
        return next(iter(self.strides(tape)), 1)

    def strides(self, tape: Tape) -> tuple[int, ...]:
        """The strides of the tape and of those of its stretches."""
        row = jax.tree.map(lambda buffer: jax.ShapeDtypeStruct(buffer.shape[1:], buffer.dtype), tape)
        return strides(self.program, row)

    def row(self, leaves: list, tape: Tape, index: Any, place: Any = None) -> Row:
        """Read a row, the state at ``place`` of its buffers; for a problem with a past also find which rows it reads."""
        place = index if place is None else place
        slim = tape._replace(data=())
        at = jax.tree.map(lambda buffer, s: read(buffer, place if s else index), slim, sparse(slim))
        if "history" not in self.program.parts:
            return Row(at, [], [])
        operands = self.operands(leaves, self.values(leaves))
        model = model_of(self.program, operands, at.mode)
        reads: list = []
        past = recorded_past(self.program, model, operands, tape, index, reads)
        step = self._step(equation_of(model, past, at.t), at.t, at.h, at.y, at.memory)
        if self.program.jumps:
            self._restarted(model, past, at, at.t + at.h, step)
        return Row(at, reads, [found.data for found in reads])

    def numbers(self, row: Row) -> list:
        """The numbers of the state before a row's step: what the tape keeps at its stride only."""
        return [x for x in jax.tree.leaves((row.at.y, row.at.memory, row.at.mode)) if _floats(x)]

    def between(self, row: Row, numbers: list, kept: Any) -> Row:
        """The row with ``numbers`` for its state, unless the tape holds that state (``kept``)."""
        given = iter(numbers)
        tree = (row.at.y, row.at.memory, row.at.mode)
        y, memory, mode = jax.tree.map(lambda x: jnp.where(kept, x, next(given)) if _floats(x) else x, tree)
        return row._replace(at=row.at._replace(y=y, memory=memory, mode=mode))

    def restored(self, leaves: list, row: Row) -> Row:
        """The row with the method's memory, made again where the tape does not hold it."""
        if on_tape(self.program, True):
            return row
        operands = self.operands(leaves, self.values(leaves))
        equation = equation_of(model_of(self.program, operands, row.at.mode), None, row.at.t)
        memory, _ = self.program.method.init(equation, row.at.t, row.at.y, row.at.h)
        return row._replace(at=row.at._replace(memory=jax.tree.map(hold, memory)))

    def following(self, row: Row, out: Stepped) -> list:
        """The numbers of the state before the next row."""
        slim = row._replace(at=row.at._replace(memory=on_tape(self.program, row.at.memory)))
        return [jnp.where(row.at.kind > 0, a, b) for a, b in zip(self.taken(row, out.point), self.numbers(slim), strict=True)]

    def taken(self, row: Row, point: list) -> list:
        """What the tape would keep of ``point``, arranged like the state of ``row`` (or of a tangent of it)."""
        _, y, memory, mode = self.spread(row.at, point)
        return [x for x in jax.tree.leaves((y, on_tape(self.program, memory), mode)) if _floats(x)]

    def advance(self, leaves: list, row: Row, theta: tuple, point: list, values: list) -> Stepped:
        """The step of ``row`` as a function of the moving operands, the point and the past it reads."""
        program, at = self.program, row.at
        operands = self.operands(leaves, theta)
        t, y, memory, mode = self.spread(at, point)
        model = model_of(program, operands, mode)
        past = replayed_past(program, model, operands, row.reads, values)
        equation = equation_of(model, past, at.t)
        h = at.h
        if self.time:
            h = jnp.where(at.kind == LAST, operands.t1 - t, h)
            if program.stops:  # its end stays when its start moves
                h = jnp.where((at.kind == STOP) | (at.kind == BREAK), h - (t - jax.lax.stop_gradient(t)), h)
            if model.events:
                h = self._landing_size(model, equation, at, t, h, y, memory)
        step = self._step(equation, t, h, y, memory)
        memory = self._restarted(model, past, at, t + h, step) if program.jumps else step.memory
        after = (t + h, step.y, memory, mode)
        for k, event in enumerate(model.events):
            if event.then is not None:
                changed = self._changed(operands, event, after[0], step, mode)
                after = jax.tree.map(lambda a, b, k=k: jnp.where(at.kind == LANDED + k, a, b), changed, after)
        t1, y1, _, mode1 = after
        rows = program.saving == "steps" and program.of is not None
        saved = observed(program, operands, t1, y1, mode1) if rows else ()
        return Stepped(self.point(*after), step.data, (t, h) if self.time else (), saved)

    def _step(self, equation: Any, t: Any, h: Any, y: Any, memory: Any) -> Any:
        method = self.program.method
        _, cache = method.init(equation, t, y, h)
        step = method.replay(equation, t, h, y, memory, jax.lax.stop_gradient(cache))
        if self.program.saving == "times" or "history" in self.program.parts:
            step = step._replace(data=method.complete(equation, t, h, step.data))
        return step

    def _restarted(self, model: Any, past: Any, at: Any, t: Any, step: Any) -> Any:
        """Memory after the step, made anew where the right-hand side jumps."""
        fresh = self.program.method.reset(equation_of(model, past, t), t, step.y, step.memory)
        return jax.tree.map(lambda a, b: jnp.where(at.kind == BREAK, a, b), fresh, step.memory)

    def _landing_size(self, model: Any, equation: Any, at: Any, t: Any, h: Any, y: Any, memory: Any) -> Any:
        """The size of a step that lands on an event moves with the event (implicit function theorem)."""
        for k, event in enumerate(model.events):

            def miss(h: Any, event: Any = event) -> Any:
                return event.when(t + h, self._step(equation, t, h, y, memory).y)

            value, slope = jax.jvp(miss, (jax.lax.stop_gradient(h),), (jnp.ones_like(h),))
            slope = jax.lax.stop_gradient(jnp.where(slope == 0, 1, slope))
            moved = h - (value - jax.lax.stop_gradient(value)) / slope
            h = jnp.where(at.kind == LANDED + k, moved, h)
        return h

    def _changed(self, operands: Operands, event: Any, t: Any, step: Any, mode: Any) -> tuple:
        y, mode = event.then(t, step.y, mode)
        model = model_of(self.program, operands, mode)
        return t, y, self.program.method.reset(equation_of(model, None, t), t, y, step.memory), mode

    def dense(self, leaves: list, row: Row, data: Any, clock: tuple, time: Any, seen: tuple) -> Any:
        """The row at ``time`` inside the step; a saved function sees the moving operands and the point before it too."""
        t, h = clock if clock else (row.at.t, row.at.h)
        y = self.program.method.dense(data, (time - t) / jnp.where(row.at.h == 0, 1, h))
        if not seen:
            return y
        theta, point = seen
        mode = self.spread(row.at, point)[3]
        return observed(self.program, self.operands(leaves, theta), time, y, mode)


def _floats(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.inexact)
