"""The saved rows in a derivative: their tangents on the walk forwards, their cotangents on the walk backwards.

With all steps kept, a row is the point after a step.  With given times it is the dense output inside one.  What
``Save(of=…)`` makes of the state is differentiated where the row is made, so that no more than the rows is ever held.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.buffers import read, write
from ..base.loop import loop
from ..loop.shown import along
from .replay import Row, Stepped, Walk

__all__ = ["Moved", "Pulled", "Residuals", "first_row", "open_tangents", "pull_first", "pull_rows", "push_rows"]


class Moved(NamedTuple):
    """Tangents or cotangents of what a solve returns: the end point and the saved rows."""

    point: list
    ts: Any
    ys: Any


class Residuals(NamedTuple):
    """What the walks read; ``saved`` counts rows, or, where only every k-th step is one, the steps and the start.

    ``kept`` is what an adjoint reads beyond that.
    """

    leaves: list
    tape: Any
    attempts: Any
    saved: Any
    h0: Any
    ok: Any
    kept: Any = ()


class Pulled(NamedTuple):
    """Cotangents that rows bring to a step: of the point after it, its results, and what a saved function reads."""

    point: list
    out: Stepped
    read: tuple
    j: Any
    ts: Any


def first_row(walk: Walk, leaves: list) -> Any:
    """How many saved rows the start itself fills."""
    operands = walk.operands(leaves, walk.values(leaves))
    if walk.program.saving == "times":
        return jnp.sum(operands.ts <= operands.t0, dtype=jnp.int32)
    return jnp.int32(1 if walk.program.saving == "steps" else 0)


def _y_of(walk: Walk, point: list) -> Any:
    return point[1] if walk.time else point[0]


def _read_by_rows(walk: Walk, theta: tuple, start: list) -> tuple:
    """What a saved function reads beside the time and the state: the operands that move, and the mode."""
    return () if walk.program.of is None else (theta, start)


def _row_of_step(walk: Walk, number: Any) -> Any:
    """The row in which accepted step ``number`` (the first is 1) is kept, or the last of its block of k steps."""
    every = walk.program.every
    return number if every == 1 else (number + every - 1) // every


# --- forwards -----------------------------------------------------------------------------------------------------------


def open_tangents(walk: Walk, res: Residuals, point: list, dots: tuple) -> tuple:
    """Buffers for the tangents of the rows, with a spare row; those that the start fills are there."""
    program, dot = walk.program, _y_of(walk, point)
    if program.saving == "end":
        return (), ()
    theta = walk.values(res.leaves)
    if program.saving == "times":
        count = walk.operands(res.leaves, theta).ts.shape[0]
        if not walk.time and program.of is None:
            return (), jnp.broadcast_to(dot, (count + 1, *dot.shape))
        _, held = jax.jvp(lambda *theta: walk.held(res.leaves, theta), theta, dots)
        if program.of is None:
            return (), jnp.concatenate([held, dot[None]])
        return (), jax.tree.map(lambda x: jnp.concatenate([x, x[:1]]), held)
    if program.of is not None:
        _, dot = jax.jvp(lambda *theta: walk.first(res.leaves, theta), theta, dots)
    ts = jnp.zeros(program.capacity + 1, res.tape.t.dtype)
    ys = jax.tree.map(lambda x: jnp.zeros((program.capacity + 1, *x.shape), x.dtype), dot)
    return (write(ts, 0, point[0]) if walk.time else ts), _write(ys, 0, dot)


def _write(buffers: Any, index: Any, row: Any) -> Any:
    return jax.tree.map(lambda buffer, x: write(buffer, index, x), buffers, row)


def push_rows(
    walk: Walk, res: Residuals, row: Row, out: Stepped, dot: Stepped, ts_dot: Any, after: list, stands: Any, end: Any,
    read_dots: tuple, j: Any, rows: tuple,
) -> tuple:  # fmt: skip
    """Tangents of the rows that a step fills."""
    program = walk.program
    if program.saving == "end":
        return j, rows
    ts_rows, ys_rows = rows
    if program.saving == "steps":
        # A refused attempt writes to the row that the next step fills; where a row holds a block of steps, to the spare one.
        place = j if program.every == 1 else jnp.where(stands, _row_of_step(walk, j), program.capacity)
        ts_rows = write(ts_rows, place, after[0]) if walk.time else ts_rows
        value = _y_of(walk, after) if program.of is None else dot.saved
        return j + stands.astype(jnp.int32), (ts_rows, _write(ys_rows, place, value))
    theta = walk.values(res.leaves)
    ts = walk.operands(res.leaves, theta).ts
    seen = _read_by_rows(walk, theta, walk.point(row.at.t, row.at.y, row.at.memory, row.at.mode))

    def pending(j: Any) -> Any:
        return stands & (j < res.saved) & (read(ts, j) <= end)

    def body(i: Any, active: Any, j: Any, shared: tuple, ys: Any) -> tuple:
        time = read(ts, j)
        time_dot = read(ts_dot, j) if ts_dot is not None else jnp.zeros_like(time)
        _, value = jax.jvp(
            lambda data, clock, time, seen: walk.dense(res.leaves, row, data, clock, time, seen),
            (out.data, out.clock, time, seen), (dot.data, dot.clock, time_dot, read_dots),
        )  # fmt: skip
        return j + 1, shared, _write(ys, j, value)

    _, j, _, ys_rows = loop(body, j, limit=ts.shape[0] + 1, running=pending, private=ys_rows)
    return j, (ts_rows, ys_rows)


# --- backwards ----------------------------------------------------------------------------------------------------------


def pull_rows(
    walk: Walk, res: Residuals, row: Row, out: Stepped, bar: Moved, stands: Any, point: list, start: list, j: Any, ts_bars: Any
) -> Pulled:
    """Cotangents of the step's results: what came from later steps (``point``) plus what the rows saved in it carry."""
    program, theta = walk.program, walk.values(res.leaves)
    out_bar = jax.tree.map(jnp.zeros_like, out)
    seen = _read_by_rows(walk, theta, start)
    read_bar = jax.tree.map(jnp.zeros_like, seen)
    if program.saving == "end":
        return Pulled(point, out_bar, read_bar, j, ts_bars)
    if program.saving == "steps":
        point, out_bar = _pull_step(walk, res, bar, stands, point, out_bar, j)
        return Pulled(point, out_bar, read_bar, j - stands.astype(jnp.int32), ts_bars)
    ts = walk.operands(res.leaves, theta).ts

    def pending(state: tuple) -> Any:
        j, _ = state
        return stands & (j > 0) & (read(ts, jnp.maximum(j - 1, 0)) > row.at.t)

    def body(i: Any, active: Any, state: tuple, shared: tuple, ts_bars: Any) -> tuple:
        j, total = state
        last = jnp.maximum(j - 1, 0)
        _, vjp = jax.vjp(lambda *x: walk.dense(res.leaves, row, *x), out.data, out.clock, read(ts, last), seen)
        data_bar, clock_bar, time_bar, seen_bar = vjp(jax.tree.map(lambda x: read(x, last), bar.ys))
        total = jax.tree.map(jnp.add, total, (data_bar, clock_bar, seen_bar))
        if walk.moves_ts:
            ts_bars = write(ts_bars, jnp.where(active, last, ts.shape[0]), time_bar)
        return (j - 1, total), shared, ts_bars

    begin = (j, (out_bar.data, out_bar.clock, read_bar))
    _, (j, (data, clock, read_bar)), _, ts_bars = loop(
        body, begin, limit=ts.shape[0] + 1, running=pending, private=ts_bars
    )
    return Pulled(point, out_bar._replace(data=data, clock=clock), read_bar, j, ts_bars)


def _pull_step(
    walk: Walk, res: Residuals, bar: Moved, stands: Any, point: list, out_bar: Stepped, j: Any
) -> tuple[list, Stepped]:
    """A step that is a row brings that row's cotangents."""
    program, last = walk.program, jnp.maximum(j - 1, 0)
    if program.every > 1:  # of a block of steps only the last is the row
        stands = stands & ((last % program.every == 0) | (j == res.saved))
        last = _row_of_step(walk, last)
    rows = [read(bar.ts, last)] if walk.time else []
    if program.of is None:
        rows.append(read(bar.ys, last))
    else:
        saved = jax.tree.map(lambda x: jnp.where(stands, read(x, last), 0), bar.ys)
        out_bar = out_bar._replace(saved=saved)
    count = len(rows)
    point = [p + jnp.where(stands, r, 0) for p, r in zip(point[:count], rows, strict=True)] + point[count:]
    return point, out_bar


def pull_first(walk: Walk, res: Residuals, bar: Moved, point: list, theta: tuple) -> tuple[list, tuple]:
    """Add what the rows filled by the start carry to the cotangents of the start point and of the moving operands."""
    program, point, first = walk.program, list(point), first_row(walk, res.leaves)
    if program.saving == "times":
        there = jnp.arange(jax.tree.leaves(bar.ys)[0].shape[0]) < first
        bars = jax.tree.map(lambda x: jnp.where(along(there, x), x, 0), bar.ys)
        if not walk.time and program.of is None:
            point[0] += jnp.sum(bars, axis=0)
            return point, theta
        _, vjp = jax.vjp(lambda *theta: walk.held(res.leaves, theta), *walk.values(res.leaves))
        return point, _sums(theta, vjp(bars))
    if program.saving == "steps":
        if program.of is None:
            point[int(walk.time)] += bar.ys[0]
        else:
            _, vjp = jax.vjp(lambda *theta: walk.first(res.leaves, theta), *walk.values(res.leaves))
            theta = _sums(theta, vjp(jax.tree.map(lambda x: x[0], bar.ys)))
        if walk.time:
            point[0] += bar.ts[0]
    return point, theta


def _sums(ours: tuple, theirs: tuple) -> tuple:
    return tuple(a + b for a, b in zip(ours, theirs, strict=True))
