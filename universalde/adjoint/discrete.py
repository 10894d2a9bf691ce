"""The discrete adjoint: derivatives of the numbers the solve really computed.

The tape holds one row per attempt.  Forwards it is walked with the Jacobian-vector product of one step, backwards with
the vector-Jacobian product; both walks are the two faces of one :func:`universalde.base.linear.linear_map`, so one
default serves ``grad``, ``jvp``, ``vmap(grad)``, ``grad(vmap)`` and ``hessian``.  Step sizes are constants, except those
clipped to the end of the time span, which move with it, and those that landed on an event, which move with the event
(implicit function theorem).  Only ``Method.step`` is differentiated: one file serves every method.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from ..base.buffers import read, write
from ..base.kernel import kernel
from ..base.linear import linear_map
from ..base.loop import loop
from ..base.status import STOPPED, SUCCESS
from ..loop.integrate import Outcome, integrate
from ..loop.program import Operands, Program
from ..loop.record import sparse
from ..loop.shown import reached, repeated, shown
from .replay import Row, Stepped, Walk

__all__ = ["differentiable"]


class Moved(NamedTuple):
    """Tangents or cotangents of what a solve returns: the end point and the saved rows."""

    point: list
    ts: Any
    ys: Any


class Residuals(NamedTuple):
    """What the walks read."""

    leaves: list
    tape: Any
    attempts: Any
    saved: Any
    h0: Any
    ok: Any


def differentiable(program: Program) -> Callable[[Operands], Outcome]:
    """The solve of ``program`` as a function of its operands, with the discrete adjoint as its derivative."""
    native = program.method.native

    def solve(operands: Operands, taped: bool) -> Outcome:
        def whole(operands: Operands) -> Outcome:
            outcome = integrate(program, operands, taped=taped)
            return outcome if taped and program.saving == "steps" else shown(program, operands, outcome)

        return kernel(whole, native=native)(operands)

    @jax.custom_jvp
    def run(operands: Operands) -> Outcome:
        return solve(operands, False)._replace(tape=())

    def rule(primals: tuple, tangents: tuple) -> tuple[Outcome, Outcome]:
        (operands,), (dots,) = primals, tangents
        flags = jax.tree.map(lambda dot: not isinstance(dot, SymbolicZero), dots, is_leaf=_is_zero)
        moving = tuple(
            flag and jnp.issubdtype(leaf.dtype, jnp.inexact)
            for flag, leaf in zip(jax.tree.leaves(flags), jax.tree.leaves(operands), strict=True)
        )
        walk = Walk(program, jax.tree.structure(operands), moving)
        walk.check()
        outcome = solve(operands, True)
        result, there = outcome._replace(tape=()), ()
        if program.saving == "steps":
            there = reached(outcome)
            ts, ys = repeated(there, outcome.ts, outcome.ys, outcome.state.t, outcome.state.y)
            result = result._replace(ts=ts, ys=ys)
        zeros = jax.tree.map(_no_tangent, result)
        if not any(moving):
            return result, zeros
        directions = list(walk.values(jax.tree.leaves(dots, is_leaf=_is_zero)))
        ok = (outcome.state.status == SUCCESS) | (outcome.state.status == STOPPED)
        residuals = Residuals(
            jax.tree.leaves(operands), outcome.tape, outcome.attempts, outcome.state.saved, outcome.h0, ok
        )
        moved = linear_map(
            lambda residuals, linear: _push(walk, residuals, linear),
            lambda residuals, cotangents: _pull(walk, residuals, cotangents),
            residuals, directions, _shape_of_moved(walk, outcome), native=native,
        )  # fmt: skip
        state = zeros.state
        t, y, memory, mode = walk.spread(state, moved.point) if moved.point else state
        state = state._replace(t=t, y=y, memory=memory, mode=mode)
        ts, ys = zeros.ts, moved.ys
        if program.saving == "steps":
            ts, ys = repeated(there, moved.ts if walk.time else ts, ys, t, y)
        return result, zeros._replace(state=state, ts=ts, ys=ys)

    run.defjvp(rule, symbolic_zeros=True)
    return run


def _is_zero(x: Any) -> bool:
    return isinstance(x, SymbolicZero)


def _no_tangent(x: Any) -> Any:
    inexact = jnp.issubdtype(x.dtype, jnp.inexact)
    return jnp.zeros_like(x) if inexact else np.zeros(x.shape, jax.dtypes.float0)


def _shape_of_moved(walk: Walk, outcome: Outcome) -> Moved:
    state = outcome.state
    ts = outcome.ts if walk.program.saving == "steps" else ()
    return Moved(walk.point(state.t, state.y, state.memory, state.mode), ts, outcome.ys)


def _first_row(walk: Walk, leaves: list) -> Any:
    """How many saved rows the start itself fills."""
    operands = walk.operands(leaves, walk.values(leaves))
    if walk.program.saving == "times":
        return jnp.sum(operands.ts <= operands.t0, dtype=jnp.int32)
    return jnp.int32(1 if walk.program.saving == "steps" else 0)


def _y_of(walk: Walk, point: list) -> Any:
    return point[1] if walk.time else point[0]


# --- forwards -----------------------------------------------------------------------------------------------------------


def _push(walk: Walk, res: Residuals, directions: list) -> Moved:
    """Walk the tape forwards with the JVP of one step."""
    theta, dots = walk.values(res.leaves), tuple(directions)
    _, point = jax.jvp(lambda *theta: walk.start(res.leaves, theta, res.h0), theta, dots)
    ts_dot = walk.operands([None] * len(res.leaves), dots).ts if walk.moves_ts else None
    rows = _open_tangents(walk, res, point, dots)
    data_dots = jax.tree.map(jnp.zeros_like, res.tape.data)
    every = walk.every(res.tape)

    def body(i: Any, active: Any, state: tuple, shared: Any, rows: tuple) -> tuple:
        point, j, between = state
        row = walk.row(res.leaves, res.tape, i, i // every)
        if every > 1:
            row = walk.between(row, between, i % every == 0)
        row = walk.restored(res.leaves, row)
        values = [jax.tree.map(lambda b, r=found.row: read(b, r), shared) for found in row.reads]
        start = walk.point(row.at.t, row.at.y, row.at.memory, row.at.mode)
        out, dot = jax.jvp(
            lambda theta, point, values: walk.advance(res.leaves, row, theta, point, values),
            (theta, start, row.values), (dots, point, values),
        )  # fmt: skip
        stands = row.at.kind > 0
        after = [jnp.where(stands, a, b) for a, b in zip(dot.point, point, strict=True)]
        if "history" in walk.program.parts:
            shared = jax.tree.map(lambda buffer, new: write(buffer, i, new), shared, dot.data)
        end = jnp.where(i + 1 < res.attempts, read(res.tape.t, i + 1), jnp.inf)
        j, rows = _push_rows(walk, res, row, out, dot, ts_dot, after, stands, end, j, rows)
        between = walk.following(row, out) if every > 1 else ()
        return (after, j, between), shared, rows

    between = walk.numbers(walk.row(res.leaves, res.tape, 0)) if every > 1 else ()
    begin = (point, _first_row(walk, res.leaves), between)
    _, (point, _, _), _, (ts, ys) = loop(body, begin, limit=res.attempts, shared=data_dots, private=rows)
    ys = ys if walk.program.saving == "end" else ys[:-1]
    ts = ts[:-1] if walk.program.saving == "steps" else ()
    return jax.tree.map(lambda dot: jnp.where(res.ok, dot, jnp.nan), Moved(point, ts, ys))


def _open_tangents(walk: Walk, res: Residuals, point: list, dots: tuple) -> tuple:
    program, dot = walk.program, _y_of(walk, point)
    if program.saving == "end":
        return (), ()
    if program.saving == "times":
        count = walk.operands(res.leaves, walk.values(res.leaves)).ts.shape[0]
        if not walk.time:
            return (), jnp.broadcast_to(dot, (count + 1, *dot.shape))
        _, held = jax.jvp(lambda *theta: walk.held(res.leaves, theta), walk.values(res.leaves), dots)
        return (), jnp.concatenate([held, dot[None]])
    ts = jnp.zeros(program.capacity + 1, res.tape.t.dtype)
    ys = jnp.zeros((program.capacity + 1, *dot.shape), dot.dtype)
    return (write(ts, 0, point[0]) if walk.time else ts), write(ys, 0, dot)


def _push_rows(
    walk: Walk, res: Residuals, row: Row, out: Stepped, dot: Stepped, ts_dot: Any, after: list, stands: Any, end: Any,
    j: Any, rows: tuple,
) -> tuple:  # fmt: skip
    if walk.program.saving == "end":
        return j, rows
    ts_rows, ys_rows = rows
    if walk.program.saving == "steps":
        ts_rows = write(ts_rows, j, after[0]) if walk.time else ts_rows
        return j + stands.astype(jnp.int32), (ts_rows, write(ys_rows, j, _y_of(walk, after)))
    ts = walk.operands(res.leaves, walk.values(res.leaves)).ts

    def pending(j: Any) -> Any:
        return stands & (j < res.saved) & (read(ts, j) <= end)

    def body(i: Any, active: Any, j: Any, shared: tuple, ys: Any) -> tuple:
        time = read(ts, j)
        time_dot = read(ts_dot, j) if ts_dot is not None else jnp.zeros_like(time)
        _, value = jax.jvp(
            lambda data, clock, time: walk.dense(row, data, clock, time),
            (out.data, out.clock, time), (dot.data, dot.clock, time_dot),
        )  # fmt: skip
        return j + 1, shared, write(ys, j, value)

    _, j, _, ys_rows = loop(body, j, limit=ts.shape[0] + 1, running=pending, private=ys_rows)
    return j, (ts_rows, ys_rows)


# --- backwards ----------------------------------------------------------------------------------------------------------


class Swept(NamedTuple):
    """State of the backward walk: cotangents of the point and of the moving operands, and the row of the last save."""

    point: list
    theta: tuple
    j: Any


def _pull(walk: Walk, res: Residuals, bar: Moved) -> list:
    """Walk the tape backwards with the VJP of one step."""
    theta, every = walk.values(res.leaves), walk.every(res.tape)
    spare = lambda x: jnp.zeros((x.shape[0] + 1, *x.shape[1:]), x.dtype)  # noqa: E731
    data_bars = jax.tree.map(spare, res.tape.data)
    ts_bars = spare(walk.operands(res.leaves, theta).ts) if walk.moves_ts else ()
    begin = Swept(list(bar.point), jax.tree.map(jnp.zeros_like, theta), res.saved)
    if every == 1:
        state, (_, ts_bars) = _sweep(walk, res, bar, res.tape, 0, res.attempts, begin, (data_bars, ts_bars))
    else:
        blocks = (res.attempts + every - 1) // every

        def block(k: Any, active: Any, state: Swept, shared: tuple, private: tuple) -> tuple:
            first = (blocks - 1 - k) * every
            count = jnp.minimum(every, res.attempts - first)
            state, private = _sweep(walk, res, bar, _refilled(walk, res, first, count), first, count, state, private)
            return state, shared, private

        _, state, _, (_, ts_bars) = loop(block, begin, limit=blocks, private=(data_bars, ts_bars))
    total = _pull_start(walk, res, bar, state)
    if walk.moves_ts:
        mask = walk.operands([None] * len(res.leaves), tuple(range(len(total))))
        total[mask.ts] = total[mask.ts] + ts_bars[:-1]
    return [jnp.where(res.ok, x, jnp.nan) for x in total]


def _refilled(walk: Walk, res: Residuals, first: Any, count: Any) -> Any:
    """The tape with the states of ``count`` attempts from ``first`` on, taken again from the row that is kept."""
    every, theta = walk.every(res.tape), walk.values(res.leaves)
    marks = jax.tree.leaves(sparse(res.tape))
    buffers, structure = jax.tree.flatten(res.tape)
    rooms = [jnp.zeros((every, *x.shape[1:]), x.dtype) for x, kept in zip(buffers, marks, strict=True) if kept]

    def body(i: Any, active: Any, between: list, shared: tuple, rooms: list) -> tuple:
        row = walk.between(walk.row(res.leaves, res.tape, first + i, first // every), between, i == 0)
        rooms = [write(room, i, x) for room, x in zip(rooms, walk.numbers(row), strict=True)]
        row = walk.restored(res.leaves, row)
        start = walk.point(row.at.t, row.at.y, row.at.memory, row.at.mode)
        return walk.following(row, walk.advance(res.leaves, row, theta, start, [])), shared, rooms

    begin = walk.numbers(walk.row(res.leaves, res.tape, first, first // every))
    _, _, _, rooms = loop(body, begin, limit=count, private=rooms)
    filled = iter(rooms)
    return jax.tree.unflatten(structure, [next(filled) if kept else x for x, kept in zip(buffers, marks, strict=True)])


def _sweep(
    walk: Walk, res: Residuals, bar: Moved, tape: Any, first: Any, count: Any, begin: Swept, private: tuple
) -> tuple[Swept, tuple]:
    """Backwards over the ``count`` attempts from ``first`` on, whose states are the first rows of ``tape``."""
    program, theta = walk.program, walk.values(res.leaves)
    history = "history" in program.parts

    def body(k: Any, active: Any, state: Swept, shared: tuple, private: tuple) -> tuple:
        data_bars, ts_bars = private
        place = count - 1 - k
        i = first + place
        row = walk.restored(res.leaves, walk.row(res.leaves, tape, i, place))
        stands = row.at.kind > 0
        start = walk.point(row.at.t, row.at.y, row.at.memory, row.at.mode)
        out, vjp = jax.vjp(
            lambda theta, point, values: walk.advance(res.leaves, row, theta, point, values), theta, start, row.values
        )
        point_bar, out_bar, j, ts_bars = _pull_rows(walk, res, row, out, bar, stands, state, ts_bars)
        if history:
            out_bar = out_bar._replace(data=jax.tree.map(lambda a, b: a + read(b, i), out_bar.data, data_bars))
        theta_bar, start_bar, value_bars = vjp(out_bar._replace(point=point_bar))
        pick = lambda new, old: jax.tree.map(lambda a, b: jnp.where(stands, a, b), new, old)  # noqa: E731
        total = jax.tree.map(lambda a, b: a + jnp.where(stands, b, 0), state.theta, theta_bar)
        for found, value_bar in zip(row.reads, value_bars, strict=True):
            where = jnp.where(stands, found.row, program.capacity)
            add = lambda buffer, b, where=where: write(buffer, where, read(buffer, where) + b)  # noqa: E731
            data_bars = jax.tree.map(add, data_bars, value_bar)
        return Swept(pick(start_bar, state.point), total, j), shared, (data_bars, ts_bars)

    _, state, _, private = loop(body, begin, limit=count, private=private)
    return state, private


def _pull_rows(
    walk: Walk, res: Residuals, row: Row, out: Stepped, bar: Moved, stands: Any, state: Swept, ts_bars: Any
) -> tuple:
    """Cotangents of the step's results: what came from later steps plus what the rows saved inside it carry."""
    point, j, saving = state.point, state.j, walk.program.saving
    out_bar = jax.tree.map(jnp.zeros_like, out)
    if saving == "steps":
        last = jnp.maximum(j - 1, 0)
        rows = [read(bar.ts, last), read(bar.ys, last)] if walk.time else [read(bar.ys, last)]
        count = len(rows)
        point = [p + jnp.where(stands, r, 0) for p, r in zip(point[:count], rows, strict=True)] + point[count:]
        return point, out_bar, j - stands.astype(jnp.int32), ts_bars
    if saving == "end":
        return point, out_bar, j, ts_bars
    ts = walk.operands(res.leaves, walk.values(res.leaves)).ts

    def pending(state: tuple) -> Any:
        j, _ = state
        return stands & (j > 0) & (read(ts, jnp.maximum(j - 1, 0)) > row.at.t)

    def body(i: Any, active: Any, state: tuple, shared: tuple, ts_bars: Any) -> tuple:
        j, total = state
        last = jnp.maximum(j - 1, 0)
        _, vjp = jax.vjp(lambda *x: walk.dense(row, *x), out.data, out.clock, read(ts, last))
        data_bar, clock_bar, time_bar = vjp(read(bar.ys, last))
        total = jax.tree.map(jnp.add, total, (data_bar, clock_bar))
        if walk.moves_ts:
            ts_bars = write(ts_bars, jnp.where(active, last, ts.shape[0]), time_bar)
        return (j - 1, total), shared, ts_bars

    begin = (j, (out_bar.data, out_bar.clock))
    _, (j, (data, clock)), _, ts_bars = loop(body, begin, limit=ts.shape[0] + 1, running=pending, private=ts_bars)
    return point, out_bar._replace(data=data, clock=clock), j, ts_bars


def _pull_start(walk: Walk, res: Residuals, bar: Moved, state: Swept) -> list:
    """From the start point, and the rows that hold the start itself, to the moving operands."""
    point, theta, first = list(state.point), state.theta, _first_row(walk, res.leaves)
    if walk.program.saving == "times":
        bars = jnp.where((jnp.arange(bar.ys.shape[0]) < first)[:, None], bar.ys, 0)
        if walk.time:
            _, vjp = jax.vjp(lambda *theta: walk.held(res.leaves, theta), *walk.values(res.leaves))
            theta = [a + b for a, b in zip(theta, vjp(bars), strict=True)]
        else:
            point[0] += jnp.sum(bars, axis=0)
    elif walk.program.saving == "steps":
        point[int(walk.time)] += bar.ys[0]
        if walk.time:
            point[0] += bar.ts[0]
    _, vjp = jax.vjp(lambda *theta: walk.start(res.leaves, theta, res.h0), *walk.values(res.leaves))
    return [a + b for a, b in zip(theta, vjp(point), strict=True)]
