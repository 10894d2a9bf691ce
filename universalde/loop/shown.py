"""What a solve inside a trace shows in the rows that it did not reach: their number is fixed there."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

from ..base.buffers import write
from ..base.loop import loop
from .integrate import Outcome, State
from .program import Operands, Program
from .record import Saved

__all__ = ["along", "last_row", "reached", "repeated", "shown"]


def reached(outcome: Outcome) -> Any:
    """Which rows hold something."""
    return jnp.arange(jax.tree.leaves(outcome.ys)[0].shape[0]) < outcome.state.saved


def shown(program: Program, operands: Operands, outcome: Outcome) -> Outcome:
    """Given times that were not reached are NaN, rows past the last step repeat it, so that sums and plots survive.

    Part of the compiled loop: done after it, these few operations cost a tenth of a small solve, and wake threads.
    """
    if program.saving == "times":
        ts = operands.ts
        # Times that Python cannot check: outside the span or unsorted there is no answer.
        slack = 4 * jnp.finfo(ts.dtype).eps * jnp.maximum(jnp.abs(operands.t0), jnp.abs(operands.t1))
        there = reached(outcome) & (ts >= operands.t0 - slack) & jnp.all(jnp.diff(ts) >= 0)
        # Added: the derivative stays, NaN where the solve failed.
        missing = jnp.where(there, 0, jnp.nan)
        return outcome._replace(ys=jax.tree.map(lambda x: x + along(missing, x), outcome.ys))
    return _filled(program, outcome) if program.saving == "steps" else outcome


def _filled(program: Program, outcome: Outcome) -> Outcome:
    state, rows = outcome.state, (outcome.ts, outcome.ys)
    ts, ys = _fill(*rows, state.saved, *last_row(program, state, rows, (state.t, state.y)))
    return outcome._replace(ts=ts, ys=ys)


def last_row(program: Program, state: State, rows: tuple, end: tuple) -> tuple:
    """The last row that holds something: the ``end`` of the solve, where rows are states (or tangents of states)."""
    return end if program.of is None else jax.tree.map(lambda x: x[state.saved - 1], rows)


def along(rows: Any, x: Any) -> Any:
    """A vector over rows in a shape that goes with ``x``, which has a leading axis over them."""
    return jnp.expand_dims(rows, tuple(range(1, x.ndim)))


@custom_vmap
def _fill(ts: Any, ys: Any, saved: Any, t: Any, y: Any) -> tuple[Any, Any]:
    """In place, row after row: for one solve the cheaper form."""

    def body(i: Any, active: Any, row: Any, shared: tuple, rows: Saved) -> tuple:
        return row + 1, shared, jax.tree.map(lambda buffer, x: write(buffer, row, x), rows, Saved(t, y))

    capacity = ts.shape[0]
    _, _, _, rows = loop(body, saved, limit=capacity, running=lambda row: row < capacity, private=Saved(ts, ys))
    return rows.ts, rows.ys


@_fill.def_vmap
def _fill_lanes(size: int, batched: list, *arguments: Any) -> tuple[tuple, tuple]:
    """For many at once the select, over whole arrays, is twice as fast."""

    def one(ts: Any, ys: Any, saved: Any, t: Any, y: Any) -> tuple[Any, Any]:
        return repeated(jnp.arange(ts.shape[0]) < saved, ts, ys, t, y)

    axes = jax.tree.map(lambda b: 0 if b else None, tuple(batched))
    ts, ys = jax.vmap(one, in_axes=axes, axis_size=size)(*arguments)
    return (ts, ys), (True, jax.tree.map(lambda x: True, ys))


def repeated(there: Any, ts: Any, ys: Any, t: Any, y: Any) -> tuple[Any, Any]:
    """Steps with the rows that are not there replaced by ``t`` and ``y``, by a select: the form that is differentiated."""
    return jnp.where(there, ts, t), jax.tree.map(lambda x, last: jnp.where(along(there, x), x, last), ys, y)
