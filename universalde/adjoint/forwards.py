"""The walk forwards over the tape, with the Jacobian-vector product of one step after the other."""

from typing import Any

import jax
import jax.numpy as jnp

from ..base.buffers import read, write
from ..base.loop import loop
from ..loop.record import sparse
from .replay import Row, Stepped, Walk
from .rows import Moved, Residuals, first_row, open_tangents, push_rows

__all__ = ["push"]


def push(walk: Walk, res: Residuals, directions: list, *, taped: bool = False) -> tuple[Moved, list]:
    """Tangents of the point at the end and of the saved rows, and (``taped``) of the numbers on the tape, in their order."""
    theta, dots = walk.values(res.leaves), tuple(directions)
    _, point = jax.jvp(lambda *theta: walk.start(res.leaves, theta, res.h0), theta, dots)
    ts_dot = walk.operands([None] * len(res.leaves), dots).ts if walk.moves_ts else None
    rows = open_tangents(walk, res, point, dots)
    every = walk.every(res.tape)

    def body(i: Any, active: Any, state: tuple, shared: tuple, rows: tuple) -> tuple:
        point, j, between = state
        data_dots, tape_dots = shared
        row = walk.row(res.leaves, res.tape, i, i // every)
        if every > 1:
            row = walk.between(row, between, i % every == 0)
        row = walk.restored(res.leaves, row)
        values = [jax.tree.map(lambda b, r=found.row: read(b, r), data_dots) for found in row.reads]
        start = walk.point(row.at.t, row.at.y, row.at.memory, row.at.mode)
        out, dot = jax.jvp(
            lambda theta, point, values: walk.advance(res.leaves, row, theta, point, values),
            (theta, start, row.values), (dots, point, values),
        )  # fmt: skip
        stands = row.at.kind > 0
        after = [jnp.where(stands, a, b) for a, b in zip(dot.point, point, strict=True)]
        if "history" in walk.program.parts:
            data_dots = jax.tree.map(lambda buffer, new: write(buffer, i, new), data_dots, dot.data)
        if taped:
            tape_dots = _tape_row(walk, res, tape_dots, i, every, _before(walk, row, point, dot, stands))
        end = jnp.where(i + 1 < res.attempts, read(res.tape.t, i + 1), jnp.inf)
        seen = () if walk.program.of is None else (dots, point)
        j, rows = push_rows(walk, res, row, out, dot, ts_dot, after, stands, end, seen, j, rows)
        between = walk.following(row, out) if every > 1 else ()
        return (after, j, between), (data_dots, tape_dots), rows

    between = walk.numbers(walk.row(res.leaves, res.tape, 0)) if every > 1 else ()
    begin = (point, first_row(walk, res.leaves), between)
    zeros = jax.tree.map(jnp.zeros_like, (res.tape.data, _numbers(res.tape._replace(data=())) if taped else []))
    _, (point, _, _), (data_dots, tape_dots), (ts, ys) = loop(body, begin, limit=res.attempts, shared=zeros, private=rows)
    ys = jax.tree.map(lambda x: x[:-1], ys)
    ts = ts[:-1] if walk.program.saving == "steps" else ()
    found = Moved(point, ts, ys), [*tape_dots, *jax.tree.leaves(data_dots)] if taped else []
    return jax.tree.map(lambda dot: jnp.where(res.ok, dot, jnp.nan), found)


def _numbers(tree: Any) -> list:
    return [x for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.inexact)]


def _before(walk: Walk, row: Row, point: list, dot: Stepped, stands: Any) -> list:
    """Tangents of what the tape holds of an attempt; the size moves only with times."""
    zero = jnp.zeros_like(row.at.h)
    t, h = (point[0], jnp.where(stands, dot.clock[1], 0)) if walk.time else (zero, zero)
    return [t, h, *walk.taken(row, point)]


def _tape_row(walk: Walk, res: Residuals, buffers: list, i: Any, every: int, values: list) -> list:
    """The buffers with the tangents of an attempt; the state, where it is kept at a stride only, otherwise in a spare row."""
    tape = res.tape._replace(data=())
    kept = [s for s, x in zip(jax.tree.leaves(sparse(tape)), jax.tree.leaves(tape), strict=True) if jnp.issubdtype(x.dtype, jnp.inexact)]
    place = i if every == 1 else jnp.where(i % every == 0, i // every, -(-walk.program.capacity // every))
    return [write(buffer, place if s else i, x) for buffer, s, x in zip(buffers, kept, values, strict=True)]
