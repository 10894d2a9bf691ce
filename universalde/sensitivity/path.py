"""The forward solution that an adjoint equation reads: the dense output of the steps on the tape."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..adjoint.replay import Row, Walk
from ..adjoint.rows import Residuals
from ..base.buffers import read, write
from ..base.loop import loop
from ..spec.method import Method

__all__ = ["Path", "before", "path_of", "row_at", "state_at"]


class Path(NamedTuple):
    """Steps number ``first`` to ``first + count`` of the tape: their times and sizes, and what their dense output reads."""

    t: Any
    h: Any
    data: Any
    first: Any
    count: Any


def path_of(walk: Walk, res: Residuals, first: Any, count: Any, size: int) -> Path:
    """The path over ``count`` (at most ``size``) attempts from ``first`` on, each step taken again from what the tape holds."""
    every, theta = walk.every(res.tape), walk.values(res.leaves)
    walk = walk._replace(program=walk.program._replace(saving="times"))  # whose steps leave their whole dense output

    def taken(i: Any, between: Any) -> tuple[Any, Any]:
        row = walk.row(res.leaves, res.tape, first + i, (first + i) // every)
        if every > 1:
            row = walk.between(row, between, i == 0)
        row = walk.restored(res.leaves, _moving(row, res.h0))
        start = walk.point(row.at.t, row.at.y, row.at.memory, row.at.mode)
        out = walk.advance(res.leaves, row, theta, start, [])
        return out.data, walk.following(row, out) if every > 1 else ()

    def body(i: Any, active: Any, between: Any, shared: tuple, rooms: Any) -> tuple:
        data, between = taken(i, between)
        return between, shared, jax.tree.map(lambda room, x: write(room, i, x), rooms, data)

    begin = walk.numbers(walk.row(res.leaves, res.tape, first, first // every)) if every > 1 else ()
    shapes = jax.eval_shape(lambda: taken(jnp.int32(0), begin)[0])
    rooms = jax.tree.map(lambda x: jnp.zeros((size, *x.shape), x.dtype), shapes)
    _, _, _, data = loop(body, begin, limit=count, private=rooms)
    h = jnp.where(res.tape.h == 0, res.h0, res.tape.h)
    return Path(res.tape.t, h, data, first, count)


def _moving(row: Row, h: Any) -> Row:
    """The row of an attempt that was refused as a step of some size: at its start it too gives the state."""
    return row._replace(at=row.at._replace(h=jnp.where(row.at.h == 0, h, row.at.h)))


def row_at(path: Path, t: Any, *, strictly: bool = False) -> Any:
    """The last attempt of the path that starts at or (``strictly``) before ``t``; the first where none does."""

    def body(i: Any, active: Any, ends: tuple, shared: tuple, private: tuple) -> tuple:
        low, high = ends
        middle = (low + high) // 2
        start = read(path.t, middle)
        below = start < t if strictly else start <= t
        return (jnp.where(below, middle, low), jnp.where(below, high, middle)), shared, private

    ends = (path.first, path.first + path.count)
    _, (row, _), _, _ = loop(body, ends, limit=32, running=lambda ends: ends[1] - ends[0] > 1)
    return row


def before(path: Path, t: Any) -> Any:
    """The start of the step that ends at ``t`` or holds it."""
    return read(path.t, row_at(path, t, strictly=True))


def state_at(method: Method, path: Path, t: Any) -> Any:
    """The state at ``t``."""
    row = row_at(path, t)
    data = jax.tree.map(lambda rows: read(rows, row - path.first), path.data)
    return method.dense(data, (t - read(path.t, row)) / read(path.h, row))
