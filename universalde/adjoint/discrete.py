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
from ..base.smooth import not_smooth
from ..base.status import STOPPED, SUCCESS
from ..base.tuned import tuned
from ..loop.integrate import Outcome, integrate, start
from ..loop.observe import with_end
from ..loop.program import Operands, Program, join_args
from ..loop.record import Tape, on_tape, sparse, strides
from ..loop.shown import last_row, reached, repeated, shown
from ..spec.adjoint import Adjoint
from .forwards import push
from .replay import Walk
from .rows import Moved, Residuals, pull_first, pull_rows

__all__ = ["DiscreteAdjoint", "check_right_hand_side", "differentiable", "moving_operands", "no_tangent", "pull_start"]


class DiscreteAdjoint(Adjoint):
    """Derivatives of the numbers the solve really computed; the default.

    Serves every method and problem, in forward and reverse mode and of second order.  The tape of a solve holds the state
    before each attempt, or every k-th of them, when all would take more than ``Save(tape_bytes=...)``; those between are then computed a
    second time.  ``levels`` says instead how that goes on: 1 keeps all n states, 2 about twice their root and computes each once more, L about L
    times the L-th root and computes each L - 1 times more, so that as many levels as n has binary digits keep O(log n) states.  Of each attempt
    its time, size and kind are kept always, 20 bytes; ``Save(capacity=...)`` bounds their number.
    Errors: ``ValueError`` for levels that are no whole number of at least 1, and for more than one with a delay.
    Source: A. Griewank and A. Walther, ACM Transactions on Mathematical Software 26, 2000, 19-45, on such schedules.

    Example: ``ude.solve(problem, saveat=ts, adjoint=ude.DiscreteAdjoint(levels=2))``
    """

    levels: Any = None

    def __post_init__(self) -> None:
        if self.levels is not None and (type(self.levels) is not int or self.levels < 1):
            raise ValueError(
                f"DiscreteAdjoint(levels={self.levels!r}): give a whole number of at least 1, or None for what fits Save(tape_bytes=...)"
            )

    def refusal(self, program: Program) -> str | None:
        """A problem with a past reads all of it."""
        if (self.levels or 1) > 1 and "history" in program.parts:
            return f"DiscreteAdjoint(levels={self.levels}): a problem with a past keeps its whole tape; write ude.DiscreteAdjoint()"
        return None

    def label(self, program: Program, operands: Operands) -> str:
        """How many states the tape holds."""
        memory, t = (), operands.t0
        if on_tape(program, True):
            memory = jax.eval_shape(lambda operands: start(program, operands).memory, operands)
        row = Tape(t, t, jnp.int32(0), operands.y0, memory, operands.mode, ())
        kept = strides(program, row)
        every = next(iter(kept), 1)
        if every == 1:
            return f"{self.name}: all states kept"
        levels = f"; {len(kept) + 1} levels" if len(kept) > 1 else ""
        return f"{self.name}: every {every}th state kept, the others computed again{levels}"

    def differentiable(self, program: Program) -> Callable[[Operands], Outcome]:
        """The solve of ``program`` with the derivatives of its steps."""
        return differentiable(program, _pull)


def differentiable(
    program: Program, pull: Callable, kept: Callable[[Outcome], Any] = lambda outcome: (), *, native_pull: bool = True
) -> Callable[[Operands], Outcome]:
    """The solve of ``program`` as a function of its operands, differentiated by the tangents of its steps and, transposed,
    by ``pull(walk, residuals, cotangents)``, which may read ``kept(outcome)`` in its residuals."""
    native = program.method.native

    taped = _taped(program)

    @jax.custom_jvp
    def run(operands: Operands) -> Outcome:
        return _solve(program, operands, taped=False)._replace(tape=())

    def rule(primals: tuple, tangents: tuple) -> tuple[Outcome, Outcome]:
        (operands,), (dots,) = primals, tangents
        walk, directions = moving_operands(program, operands, dots)
        check_right_hand_side(program, operands)
        outcome = taped(operands)
        result, there = outcome._replace(tape=()), ()
        if program.saving == "steps":
            there = reached(outcome)
            end = last_row(program, outcome.state, (outcome.ts, outcome.ys), (outcome.state.t, outcome.state.y))
            ts, ys = repeated(there, outcome.ts, outcome.ys, *end)
            result = result._replace(ts=ts, ys=ys)
        if not any(walk.moving):
            return result, jax.tree.map(no_tangent, result)
        residuals = _residuals(program, operands, outcome, kept(outcome))
        moved = linear_map(
            lambda residuals, linear: push(walk, residuals, linear)[0],
            tuned(lambda residuals, cotangents: pull(walk, residuals, cotangents)),
            residuals, directions, _shape_of_moved(walk, outcome), native=native and native_pull,
        )  # fmt: skip
        dot = _tangent(walk, result, moved)
        if program.saving == "steps":
            ts, ys = repeated(there, dot.ts, dot.ys, *last_row(program, outcome.state, (dot.ts, dot.ys), (dot.state.t, dot.state.y)))
            dot = dot._replace(ts=ts, ys=ys)
        return result, dot

    run.defjvp(rule, symbolic_zeros=True)
    if program.saving != "end" or program.of is None:
        return run
    return lambda operands: with_end(program, operands, run(operands))  # one row, differentiated by JAX


def _solve(program: Program, operands: Operands, taped: bool) -> Outcome:
    def whole(operands: Operands) -> Outcome:
        outcome = integrate(program, operands, taped=taped)
        return outcome if taped and program.saving == "steps" else shown(program, operands, outcome)

    return kernel(whole, native=program.method.native)(operands)


def _taped(program: Program) -> Callable[[Operands], Outcome]:
    """The solve with its tape.  Its derivatives, for those of higher order, are those of the steps on the tape: another program of the
    same solve may choose other steps, where tolerances come near the roundings of the error."""

    @jax.custom_jvp
    def taped(operands: Operands) -> Outcome:
        return _solve(program, operands, taped=True)

    def rule(primals: tuple, tangents: tuple) -> tuple[Outcome, Outcome]:
        (operands,), (dots,) = primals, tangents
        walk, directions = moving_operands(program, operands, dots)
        outcome = taped(operands)
        if not any(walk.moving):
            return outcome, jax.tree.map(no_tangent, outcome)
        pushed = kernel(lambda residuals, directions: push(walk, residuals, directions, taped=True), native=program.method.native)
        return outcome, _tangent(walk, outcome, *pushed(_residuals(program, operands, outcome, ()), directions))

    taped.defjvp(rule, symbolic_zeros=True)
    return taped


def moving_operands(program: Program, operands: Operands, dots: Operands) -> tuple[Walk, list]:
    """A walk that knows which operands move, and their tangents."""
    flags = jax.tree.map(lambda dot: not isinstance(dot, SymbolicZero), dots, is_leaf=_is_zero)
    moving = tuple(
        flag and jnp.issubdtype(leaf.dtype, jnp.inexact)
        for flag, leaf in zip(jax.tree.leaves(flags), jax.tree.leaves(operands), strict=True)
    )
    walk = Walk(program, jax.tree.structure(operands), moving)
    walk.check()
    return walk, list(walk.values(jax.tree.leaves(dots, is_leaf=_is_zero)))


def _residuals(program: Program, operands: Operands, outcome: Outcome, kept: Any) -> Residuals:
    """What the walks over the tape read."""
    ok = (outcome.state.status == SUCCESS) | (outcome.state.status == STOPPED)
    count = outcome.state.saved if program.every == 1 else outcome.state.accepted + 1
    return Residuals(jax.tree.leaves(operands), outcome.tape, outcome.attempts, count, outcome.h0, ok, kept)


def _tangent(walk: Walk, outcome: Outcome, moved: Moved, taped: list | tuple = ()) -> Outcome:
    """The tangent of an outcome, whose step sizes are constants; ``taped`` is that of the numbers on its tape, in order."""
    zeros = jax.tree.map(no_tangent, outcome)
    t, y, memory, mode = walk.spread(zeros.state, moved.point)
    state = zeros.state._replace(t=t, y=y, memory=memory, mode=mode)
    ts = moved.ts if walk.program.saving == "steps" and walk.time else zeros.ts
    given = iter(taped)
    tape = jax.tree.map(lambda x: next(given) if jnp.issubdtype(x.dtype, jnp.inexact) else x, zeros.tape) if taped else zeros.tape
    return zeros._replace(state=state, ts=ts, ys=moved.ys, tape=tape)


def check_right_hand_side(program: Program, operands: Operands) -> None:
    """Say what derivatives cannot pass."""

    def f(t: Any, y: Any, args: tuple, cells: tuple) -> Any:
        y = program.shape.unravel(y)
        extra: tuple = ((lambda t: y),) if "history" in program.parts else ()
        extra = (*extra, operands.mode) if program.has_mode else extra
        return program.functions.join(list(cells))["f"](t, y, join_args(program.args, args), *extra)

    if reason := not_smooth(f, operands.t0, operands.y0, operands.args, operands.cells):
        raise TypeError(f"a derivative was asked for of a solve whose right-hand side {reason}")


def _is_zero(x: Any) -> bool:
    return isinstance(x, SymbolicZero)


def no_tangent(x: Any) -> Any:
    """Zero, of the type that a tangent of ``x`` has."""
    inexact = jnp.issubdtype(x.dtype, jnp.inexact)
    return jnp.zeros_like(x) if inexact else np.zeros(x.shape, jax.dtypes.float0)


def _shape_of_moved(walk: Walk, outcome: Outcome) -> Moved:
    state = outcome.state
    ts = outcome.ts if walk.program.saving == "steps" else ()
    return Moved(walk.point(state.t, state.y, state.memory, state.mode), ts, outcome.ys)


# --- backwards ----------------------------------------------------------------------------------------------------------


class Swept(NamedTuple):
    """State of the backward walk: cotangents of the point and of the moving operands, and the row of the last save."""

    point: list
    theta: tuple
    j: Any


def _pull(walk: Walk, res: Residuals, bar: Moved) -> list:
    """Walk the tape backwards with the VJP of one step."""
    theta = walk.values(res.leaves)
    spare = lambda x: jnp.zeros((x.shape[0] + 1, *x.shape[1:]), x.dtype)  # noqa: E731
    data_bars = jax.tree.map(spare, res.tape.data)
    ts_bars = spare(walk.operands(res.leaves, theta).ts) if walk.moves_ts else ()
    begin = Swept(list(bar.point), jax.tree.map(jnp.zeros_like, theta), res.saved)
    state, (_, ts_bars) = _stretch(
        walk, res, bar, res.tape, walk.strides(res.tape), jnp.int32(0), res.attempts, begin, (data_bars, ts_bars)
    )
    total = pull_start(walk, res, bar, state.point, state.theta)
    if walk.moves_ts:
        mask = walk.operands([None] * len(res.leaves), tuple(range(len(total))))
        total[mask.ts] = total[mask.ts] + ts_bars[:-1]
    return [jnp.where(res.ok, x, jnp.nan) for x in total]


def _stretch(
    walk: Walk, res: Residuals, bar: Moved, tape: Any, strides: tuple, first: Any, count: Any, state: Swept, private: tuple
) -> tuple[Swept, tuple]:
    """Backwards over ``count`` attempts from ``first`` on, of which ``tape`` holds every ``strides[0]``-th state (``()``: all).

    The others are taken again from there, stretch after stretch, and those stretches so in turn.
    """
    if not strides:
        return _sweep(walk, res, bar, tape, first, count, state, private)
    length, *inner = strides
    blocks = (count + length - 1) // length

    def block(k: Any, active: Any, state: Swept, shared: tuple, private: tuple) -> tuple:
        place = blocks - 1 - k
        start = first + place * length
        many = jnp.minimum(length, first + count - start)
        refilled = _refilled(walk, res, tape, place, start, many, length, next(iter(inner), 1))
        state, private = _stretch(walk, res, bar, refilled, tuple(inner), start, many, state, private)
        return state, shared, private

    _, state, _, private = loop(block, state, limit=blocks, private=private)
    return state, private


def _refilled(walk: Walk, res: Residuals, tape: Any, place: Any, first: Any, count: Any, length: int, every: int) -> Any:
    """The tape with every ``every``-th state of ``count`` attempts from ``first`` on, at most ``length``, taken again from the
    state in the row ``place``."""
    theta, rows = walk.values(res.leaves), length if every == 1 else -(-length // every) + 1  # and a spare row
    marks = jax.tree.leaves(sparse(tape))
    buffers, structure = jax.tree.flatten(tape)
    rooms = [jnp.zeros((rows, *x.shape[1:]), x.dtype) for x, kept in zip(buffers, marks, strict=True) if kept]

    def body(i: Any, active: Any, between: list, shared: tuple, rooms: list) -> tuple:
        row = walk.between(walk.row(res.leaves, tape, first + i, place), between, i == 0)
        where = i if every == 1 else jnp.where(i % every == 0, i // every, rows - 1)
        rooms = [write(room, where, x) for room, x in zip(rooms, walk.numbers(row), strict=True)]
        row = walk.restored(res.leaves, row)
        start = walk.point(row.at.t, row.at.y, row.at.memory, row.at.mode)
        return walk.following(row, walk.advance(res.leaves, row, theta, start, [])), shared, rooms

    begin = walk.numbers(walk.row(res.leaves, tape, first, place))
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
        pulled = pull_rows(walk, res, row, out, bar, stands, state.point, start, state.j, ts_bars)
        out_bar = pulled.out._replace(point=pulled.point)
        if history:
            out_bar = out_bar._replace(data=jax.tree.map(lambda a, b: a + read(b, i), out_bar.data, data_bars))
        theta_bar, start_bar, value_bars = vjp(out_bar)
        if program.of is not None:
            theta_bar, start_bar = jax.tree.map(jnp.add, (theta_bar, start_bar), pulled.read)
        pick = lambda new, old: jax.tree.map(lambda a, b: jnp.where(stands, a, b), new, old)  # noqa: E731
        total = jax.tree.map(lambda a, b: a + jnp.where(stands, b, 0), state.theta, theta_bar)
        for found, value_bar in zip(row.reads, value_bars, strict=True):
            where = jnp.where(stands, found.row, program.capacity)
            add = lambda buffer, b, where=where: write(buffer, where, read(buffer, where) + b)  # noqa: E731
            data_bars = jax.tree.map(add, data_bars, value_bar)
        return Swept(pick(start_bar, state.point), total, pulled.j), shared, (data_bars, pulled.ts)

    _, state, _, private = loop(body, begin, limit=count, private=private)
    return state, private


def pull_start(walk: Walk, res: Residuals, bar: Moved, point: list, theta: tuple) -> list:
    """From the start point, and the rows that hold the start itself, to the moving operands."""
    point, theta = pull_first(walk, res, bar, point, theta)
    _, vjp = jax.vjp(lambda *theta: walk.start(res.leaves, theta, res.h0), *walk.values(res.leaves))
    return [a + b for a, b in zip(theta, vjp(point), strict=True)]
