"""A solve outside a trace: one compiled call, its few numbers read and its rows trimmed in NumPy.

Beside the compiled part an eager call costs Python, and users call solvers from loops in Python.  Every array that a
compiled function returns costs about a microsecond, so the state of the loop comes back in two; rows become JAX arrays
when they are read.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .base import status
from .base.checks import check_finite, is_concrete
from .base.kernel import kernel
from .base.ravel import padded
from .base.status import CODES, FULL, INCONSISTENT, MAX_STEPS, RUNNING, STOPPED, SUCCESS, TOO_SMALL, SolveError, Status
from .base.warn import warn
from .border import Border
from .compiled import Entry
from .dense import Later, Steps
from .loop.ending import STIFF_STEPS
from .loop.integrate import Outcome, State, integrate, start
from .loop.observe import with_end
from .loop.program import Operands, Program
from .masses import unsatisfied
from .spec.method import Work
from .spec.solution import Solution, Stats, made_later

__all__ = ["run"]


class Counts(NamedTuple):
    """What Python looks at after a solve, in the order in which it is packed."""

    status: Any
    saved: Any
    steps: Any
    rejected: Any
    rhs: Any
    stiff: Any = 0
    near: Any = 0
    jacobians: Any = 0
    factorisations: Any = 0
    iterations: Any = 0

    @property
    def work(self) -> Work:
        """The last three."""
        return Work(self.jacobians, self.factorisations, self.iterations)


class Packed(NamedTuple):
    """An outcome in few arrays: saved rows, :class:`Counts`, and the rest of the state by type of number."""

    ts: Any
    ys: Any
    counts: Any
    numbers: Any  # t, h, y, …: what has the type of time
    others: tuple  # what has not, or is large
    mode: Any


LARGE = 4096  # numbers from which on an array is not copied into another to save the microsecond


def _is_packed(part: Any, like: Any) -> bool:
    return part.dtype == like.dtype and part.size < LARGE


def _parts(state: State) -> list:
    """The state's arrays in the order in which they are packed, without counts and mode."""
    rest = (state.lost, state.control, state.memory, state.cache, state.marks, state.stiff)
    return [state.t, state.h, state.y, *jax.tree.leaves(rest)]


def pack(outcome: Outcome) -> Packed:
    """Few arrays from many."""
    state = outcome.state
    parts = _parts(state)
    kept = _counts(state)[: len(Counts._fields) - len(Work._fields) + len(state.work)]
    counts = jnp.stack([jnp.asarray(x, jnp.int32) for x in kept])
    numbers = jnp.concatenate([x.reshape(-1) for x in parts if _is_packed(x, state.t)])
    others = tuple(x for x in parts if not _is_packed(x, state.t))
    return Packed(outcome.ts, outcome.ys, counts, numbers, others, state.mode)


def _counts(state: State) -> Counts:
    stiff = (state.stiff.most, state.stiff.near) if state.stiff else (0, 0)
    return Counts(state.status, state.saved, state.accepted, state.rejected, state.rhs, *stiff, *state.work)


def resumed(program: Program, operands: Operands, packed: Packed) -> State:
    """The state to go on from, with no rows saved yet."""
    template = jax.eval_shape(lambda operands: start(program, operands), operands)
    others, place, parts = iter(packed.others), 0, []
    for part in _parts(template):
        if _is_packed(part, template.t):
            parts.append(packed.numbers[place : place + part.size].reshape(part.shape))
            place += part.size
        else:
            parts.append(next(others))
    t, h, y, *rest = parts
    inner = (template.lost, template.control, template.memory, template.cache, template.marks, template.stiff)
    lost, control, memory, cache, marks, stiff = jax.tree.unflatten(jax.tree.structure(inner), rest)
    counts = Counts(*packed.counts)
    return State(
        t, lost, y, h, control, memory, cache, packed.mode, marks, jnp.int32(0),
        counts.steps, counts.rejected, counts.rhs, template.work and counts.work, stiff, jnp.int32(RUNNING),
    )  # fmt: skip


def _begin(program: Program) -> Callable:
    def begin(operands: Operands) -> Packed:
        return pack(with_end(program, operands, integrate(program, operands)))

    return kernel(begin, native=program.method.native)


def _resume(program: Program) -> Callable:
    def go_on(operands: Operands, packed: Packed) -> Packed:
        return pack(with_end(program, operands, integrate(program, operands, resumed(program, operands, packed))))

    return kernel(go_on, native=program.method.native)


class Ended(NamedTuple):
    """How an eager solve ended: its counts and the last point, in NumPy and forward in time."""

    counts: Counts
    t: Any
    h: Any
    y: Any


class Unfinished(NamedTuple):
    """What ``run`` gives when another method should solve: whether stiffness is proved, or only suspected after ``PATIENCE``, and the
    last time reached, forward."""

    proved: bool
    t: Any


HANDED_OVER = (status.STIFF, MAX_STEPS, TOO_SMALL)
PATIENCE = 2048  # attempts after which an explicit method that nobody named is looked at
SUSPECT = 0.5  # of its steps near the border of stability


def run(call: Border, entry: Entry, label: str, throw: bool, resolve: Callable[[], Any]) -> Any:
    """Solve, or say that it is not for this function (``None``: inside a trace) or method (:class:`Unfinished`).

    The buffer for steps grows as needed and is trimmed in NumPy (no compilation for a new length).
    """
    program, operands = call.program, _with_room(call)
    looks = program.hands_over and not entry.calm and int(operands.budget) > PATIENCE
    if looks:
        operands = operands._replace(budget=np.asarray(PATIENCE, np.int32))
    packed = entry.get("begin", _begin)(operands)
    if not is_concrete(packed.counts):  # inside a trace that none of the numbers takes part in
        return None
    counts = Counts(*np.asarray(packed.counts).tolist())
    pieces = [packed]
    while program.saving == "steps" and counts.status == FULL:
        done = counts.steps + counts.rejected
        if done >= int(operands.budget):
            counts = counts._replace(status=MAX_STEPS)
            break
        rest = operands._replace(budget=operands.budget - done)
        slim = packed._replace(ts=(), ys=())
        packed = entry.get("resume", _resume)(rest, slim)
        counts = Counts(*np.asarray(packed.counts).tolist())
        pieces.append(packed)
    if looks and counts.status == MAX_STEPS:
        if counts.near > SUSPECT * counts.steps:
            return Unfinished(False, np.asarray(packed.numbers)[0])
        entry.calm = True
        return run(call, entry, label, throw, resolve)
    if program.hands_over and counts.status in HANDED_OVER:
        return Unfinished(True, np.asarray(packed.numbers)[0])
    numbers, size = np.asarray(packed.numbers), call.shape.size
    y = numbers[2 : 2 + size] if _is_packed(operands.y0, numbers) else np.asarray(packed.others[0])
    ended = Ended(counts, numbers[0], numbers[1], y)
    failed = counts.status not in (SUCCESS, STOPPED)
    if failed:  # looked at only now, because no solve from such a state succeeds
        check_finite(call.shape.unravel(operands.y0))
    if failed and throw:
        raise SolveError(_failure(call, ended))
    if counts.stiff >= STIFF_STEPS and not program.hands_over:
        label = f"{label}; {_stiff(counts)}"
        warn(f"{_stiff(counts)} {REMEDY}")
    return _solution(call, ended, *_rows(call, ended, pieces), packed.mode, label, resolve, _global_error(program, operands, packed))


REMEDY = (
    "An explicit method takes many small steps there; an implicit one would not. sol.method says so too; name a method to "
    "solve without this test."
)


def _stiff(counts: Counts) -> str:
    return f"the problem looks stiff: for {counts.stiff} steps or more of {counts.steps} the size was held by stability, not by accuracy."


def _global_error(program: Program, operands: Operands, packed: Packed) -> Any:
    if not program.method.estimates_global_error:
        return None
    return program.method.global_error(resumed(program, operands, packed).memory)


def _rows(call: Border, ended: Ended, pieces: list[Packed]) -> tuple[Any, Any]:
    """Times and states that were saved, forward in time."""
    saved = ended.counts.saved
    if call.program.saving == "end":
        return ended.t[None], pieces[-1].ys if call.program.of else ended.y[None]
    if call.program.saving == "times":
        ts, ys = call.operands.ts, pieces[0].ys
        if _kept(ys) > ts.shape[0]:
            ys = jax.tree.map(lambda x: np.asarray(x)[: ts.shape[0]], ys)
        if saved < ts.shape[0]:
            there = np.arange(ts.shape[0]) < saved
            ys = jax.tree.map(lambda x: np.where(_along(there, x), np.asarray(x), np.nan), ys)
        return ts, ys
    parts = []
    for piece in pieces:
        rows = int(np.asarray(piece.counts)[1])
        parts.append(jax.tree.map(lambda x, rows=rows: np.asarray(x)[:rows], (piece.ts, piece.ys)))
    return parts[0] if len(parts) == 1 else jax.tree.map(lambda *x: np.concatenate(x), *parts)


def _kept(ys: Any) -> int:
    """How many rows were kept."""
    return jax.tree.leaves(ys)[0].shape[0]


ROOM = 1 << 24  # bytes up to which rows are added, so that other numbers of save times share a compilation


def _with_room(call: Border) -> Operands:
    """The operands, given times padded with infinity, which no step reaches."""
    operands = call.operands
    if call.program.saving != "times" or 2 * operands.ts.shape[0] * operands.y0.nbytes > ROOM:
        return operands
    return operands._replace(ts=padded(np.asarray(operands.ts), np.inf))


def _along(rows: Any, x: Any) -> Any:
    return rows.reshape(-1, *[1] * (x.ndim - 1))


def _solution(
    call: Border, ended: Ended, ts: Any, ys: Any, mode: Any, label: str, resolve: Callable[[], Any], error: Any
) -> Solution:
    program, shape, counts = call.program, call.shape, ended.counts
    direction = program.direction or int(call.operands.sign)
    saved = {"steps": ts.shape[0], "end": 1}.get(program.saving, counts.saved)
    dense: Any = None
    if not program.has_mode:
        dense = Steps(program, call.operands, ts, ys, saved) if program.keeps_path else Later(resolve)
    make = {
        "ts": lambda: jnp.asarray(ts if direction == 1 else -ts),
        "ys": lambda: jax.tree.map(jnp.asarray, ys) if program.of else shape.unravel(jnp.asarray(ys)),
        "t": lambda: jnp.asarray(direction * ended.t),
        "y": lambda: shape.unravel(jnp.asarray(ended.y)),
    }
    return made_later(
        make,
        result=Status(counts.status),
        stats=Stats(counts.steps, counts.rejected, counts.rhs, saved, *counts.work),
        mode=mode if program.has_mode else None,
        method=label,
        dense=dense,
        error=None if error is None else shape.unravel(error),
    )


def _failure(call: Border, ended: Ended) -> str:
    sign, counts = float(call.operands.sign), ended.counts
    reached, end = float(ended.t) * sign, float(call.operands.t1) * sign
    work = f"{counts.steps} steps, {counts.rejected} rejected, last step size {float(ended.h):.3g}"
    if hmin := call.program.controller.hmin:
        work += f", hmin = {hmin:g}"
    where = f"{unsatisfied(call.program, call.operands)} " if counts.status == INCONSISTENT else ""
    return (
        f"{where}{CODES[counts.status][1]} Reached t = {reached:.8g} of {end:.8g} ({work}). "
        "Pass throw=False to get the part that was computed."
    )
