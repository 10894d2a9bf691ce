"""The forward solution that an adjoint equation reads: the dense output of the steps on the tape."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..adjoint.replay import Row, Walk
from ..adjoint.rows import Residuals
from ..base.buffers import read, write
from ..base.loop import loop
from ..spec.method import Method

__all__ = ["Path", "before", "filled", "fitting", "opened", "state_at"]


class Path(NamedTuple):
    """Steps number ``first`` to ``first + count`` of the tape: their times and sizes, and what their dense output reads."""

    t: Any
    h: Any
    data: Any
    first: Any
    count: Any


def opened(walk: Walk, res: Residuals, size: int) -> Path:
    """Room for the path over at most ``size`` attempts, empty."""
    rooms = jax.tree.map(lambda x: jnp.zeros((size, *x.shape), x.dtype), _one(walk, res))
    h = jnp.where(res.tape.h == 0, res.h0, res.tape.h)
    return Path(res.tape.t, h, rooms, jnp.int32(0), jnp.int32(0))


def fitting(walk: Walk, res: Residuals) -> int:
    """How many attempts a path is over at once: those whose dense output keeps to the budget of the tape."""
    every = walk.every(res.tape)
    size = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(_one(walk, res)))
    return every if every > 1 else max(1, min(walk.program.capacity, walk.program.tape_bytes // size))


def _one(walk: Walk, res: Residuals) -> Any:
    """The shape of what the dense output of a step reads."""
    taken, begin = _steps(walk, res, jnp.int32(0))
    return jax.eval_shape(lambda: taken(jnp.int32(0), begin)[0])


def filled(walk: Walk, res: Residuals, path: Path, first: Any, count: Any) -> Path:
    """The path over ``count`` attempts from ``first`` on, each step taken again from what the tape holds."""
    taken, begin = _steps(walk, res, first)

    def body(i: Any, active: Any, between: Any, shared: tuple, rooms: Any) -> tuple:
        data, between = taken(i, between)
        return between, shared, jax.tree.map(lambda room, x: write(room, i, x), rooms, data)

    _, _, _, data = loop(body, begin, limit=count, private=path.data)
    return path._replace(data=data, first=first, count=count)


def _steps(walk: Walk, res: Residuals, first: Any) -> tuple[Callable, Any]:
    """The dense output of the step number ``first + i``, and what the next one begins with where the tape does not hold its state."""
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

    return taken, walk.numbers(walk.row(res.leaves, res.tape, first, first // every)) if every > 1 else ()


def _moving(row: Row, h: Any) -> Row:
    """The row of an attempt that was refused as a step of some size: at its start it too gives the state."""
    return row._replace(at=row.at._replace(h=jnp.where(row.at.h == 0, h, row.at.h)))


def _row_at(path: Path, t: Any, *, strictly: bool = False) -> Any:
    """The last attempt of the path that starts at or (``strictly``) before ``t``; the first where none does."""
    t = jax.lax.stop_gradient(t)  # else the loop would carry tangents of all it reads

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
    return read(path.t, _row_at(path, t, strictly=True))


def state_at(method: Method, path: Path, t: Any) -> Any:
    """The state at ``t``."""
    row = _row_at(path, t)
    data = jax.tree.map(lambda rows: read(rows, row - path.first), path.data)
    return method.dense(data, (t - read(path.t, row)) / read(path.h, row))
