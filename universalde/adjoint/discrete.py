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
from ..loop.integrate import integrate
from ..loop.program import Operands, Program
from .replay import Point, Walk, replay_row, start_point

__all__ = ["Result", "differentiable"]


class Result(NamedTuple):
    """What a differentiable solve returns: end point, saved rows, status and counts."""

    t: Any
    y: Any
    ts: Any
    ys: Any
    mode: Any
    saved: Any
    accepted: Any
    rejected: Any
    rhs: Any
    status: Any


def differentiable(program: Program) -> Callable[[Operands], Result]:
    """The solve of ``program`` as a function of its operands, with the discrete adjoint as its derivative."""
    native = program.method.native

    @jax.custom_jvp
    def run(operands: Operands) -> Result:
        return kernel(lambda operands: _result(integrate(program, operands)), native=native)(operands)

    def rule(primals: tuple, tangents: tuple) -> tuple[Result, Result]:
        (operands,), (dots,) = primals, tangents
        taped = kernel(lambda operands: _taped(integrate(program, operands, taped=True)), native=native)
        result, tape, attempts = taped(operands)
        leaves, dot_leaves = jax.tree.leaves(operands), jax.tree.leaves(dots, is_leaf=_is_zero)
        moving = tuple(not _is_zero(dot) and dot.dtype != jax.dtypes.float0 for dot in dot_leaves)
        directions = [dot for dot, moves in zip(dot_leaves, moving, strict=True) if moves]
        if not directions:
            return result, jax.tree.map(_no_tangent, result)
        walk = Walk(program, jax.tree.structure(operands), moving)
        walk.check()
        ok = (result.status == SUCCESS) | (result.status == STOPPED)
        residuals = (leaves, tape, attempts, result.saved, ok)
        out = linear_map(
            lambda residuals, linear: _push(walk, residuals, linear),
            lambda residuals, cotangents: _pull(walk, residuals, cotangents),
            residuals, directions, native=native,
        )  # fmt: skip
        zeros = jax.tree.map(_no_tangent, result)
        t, y, mode = out.end.t if walk.time else zeros.t, out.end.y, _merge_mode(out.end.mode, zeros.mode)
        return result, zeros._replace(t=t, y=y, mode=mode, ts=out.ts if walk.time else zeros.ts, ys=out.ys)

    run.defjvp(rule, symbolic_zeros=True)
    return run


def _result(outcome: Any) -> Result:
    state = outcome.state
    counts = (state.saved, state.accepted, state.rejected, state.rhs, state.status)
    return Result(state.t, state.y, outcome.ts, outcome.ys, state.mode, *counts)


def _taped(outcome: Any) -> tuple:
    return _result(outcome), outcome.tape, outcome.attempts


def _is_zero(x: Any) -> bool:
    return isinstance(x, SymbolicZero)


def _no_tangent(x: Any) -> Any:
    inexact = jnp.issubdtype(x.dtype, jnp.inexact)
    return jnp.zeros_like(x) if inexact else np.zeros(x.shape, jax.dtypes.float0)


def _merge_mode(moved: Any, zeros: Any) -> Any:
    return jax.tree.map(lambda zero, dot: zero if dot is None else dot, zeros, moved, is_leaf=lambda x: x is None)


class Moved(NamedTuple):
    """Tangents or cotangents of what a solve returns: the end point and the saved rows."""

    end: Point
    ts: Any
    ys: Any


def _push(walk: Walk, residuals: tuple, directions: list) -> Moved:
    """Walk the tape forwards with the JVP of one step."""
    leaves, tape, attempts, saved, ok = residuals
    program = walk.program
    _, point = jax.jvp(lambda *moving: start_point(walk, leaves, moving), walk.moving_values(leaves), tuple(directions))
    operands = walk.operands(leaves, walk.moving_values(leaves))
    dots = walk.operands([None] * len(leaves), directions)
    rows = _saved_tangents(walk, operands, dots, point)

    def body(i: Any, active: Any, state: tuple, shared: tuple, rows: tuple) -> tuple:
        point, j = state
        row = jax.tree.map(lambda buffer: read(buffer, i), tape)
        step = replay_row(walk, leaves, tape, row, i)
        out, out_dot = jax.jvp(step.advance, (walk.moving_values(leaves), step.point), (tuple(directions), point))
        stands = row.kind > 0
        moved = jax.tree.map(lambda a, b: jnp.where(stands, a, b), out_dot.point, point)
        j, rows = _push_rows(walk, operands, dots, row, out, out_dot, moved, point, stands, j, rows)
        return (moved, j), shared, rows

    begin = (point, _first_row(program, operands))
    _, (point, _), _, (ts, ys) = loop(body, begin, limit=attempts, private=rows)
    ts, ys = (ts[:-1] if walk.time and program.saving == "steps" else ts), ys if program.saving == "end" else ys[:-1]
    return jax.tree.map(lambda dot: jnp.where(ok, dot, jnp.nan), Moved(point, ts, ys))
