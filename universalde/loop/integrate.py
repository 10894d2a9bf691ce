"""The loop of a solve: attempt, judge, locate, record."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.loop import loop
from ..base.status import FULL, INCONSISTENT, MAX_STEPS, NOT_FINITE, RUNNING, SINGULAR
from ..spec.controller import rms
from ..spec.method import Work
from .attempt import Attempt, attempt, never_refused, restarted
from .ending import Stiff, looked_at, status_after
from .implicit import misses
from .locate import Landing, Marks, locate, marks_at
from .past import no_past, past_on_tape
from .program import Operands, Program, equation_of, model_of
from .record import Saved, Tape, finish, open_saved, open_tape, save, tape_row
from .start import first_step
from .stops import arrived

__all__ = ["Outcome", "State", "integrate", "start"]


class State(NamedTuple):
    """What the loop carries from one attempt to the next; small."""

    t: Any
    lost: Any
    y: Any
    h: Any
    control: Any
    memory: Any
    cache: Any
    mode: Any
    marks: Marks | tuple
    saved: Any
    accepted: Any
    rejected: Any
    rhs: Any
    work: Any
    stiff: Any
    status: Any


class Outcome(NamedTuple):
    """Everything a solve leaves: the final state, the saved rows, the first step size, and the tape if it is read."""

    state: State
    ts: Any
    ys: Any
    attempts: Any
    h0: Any
    tape: Tape | tuple


def start(program: Program, operands: Operands) -> State:
    """The state before the first attempt."""
    real = operands.t0.dtype
    model = model_of(program, operands, operands.mode)
    calls: list = []

    def counted(*point: Any) -> Any:
        calls.append(point)
        return model.f(*point)

    t, y = operands.t0, operands.y0
    equation = equation_of(model._replace(f=counted), no_past(program, model, operands), t)
    span = operands.t1 - t
    finite = jnp.bool_(True)
    h = operands.dt0
    if program.chooses_step:
        order = program.method.error_order
        h, finite = first_step(equation, t, y, span, operands.rtol, operands.atol, order, model.norm or rms)
    h = jnp.maximum(h, program.controller.hmin) if program.controller.hmin else h
    h = jax.lax.stop_gradient(h)  # sizes that were chosen are constants of derivatives that pass through this loop
    memory, cache = program.method.init(equation, t, y, h)
    evaluations = len(calls) - int(program.chooses_step and len(calls) > 2)  # both begin with the same one, done once
    marks = marks_at(model.events, t, y, h)
    saved = {"steps": jnp.int32(1), "end": jnp.int32(0)}.get(program.saving)
    if saved is None:
        saved = jnp.sum(operands.ts <= t, dtype=jnp.int32)
    zero = jnp.int32(0)
    status = jnp.where(finite, jnp.int32(RUNNING), jnp.int32(NOT_FINITE))
    if program.algebraic:
        off = misses(equation, t, y, operands.mass, h)
        status = jnp.where(finite & (off > 1), jnp.int32(INCONSISTENT), status)
        status = jnp.where(finite & jnp.isnan(off), jnp.int32(SINGULAR), status)
    control = program.controller.init(h)
    lost = jnp.zeros((), real)
    return State(
        t, lost, y, h, control, memory, cache, operands.mode, marks, saved, zero, zero, zero + evaluations,
        Work(zero, zero, zero) if program.structure is not None else (),
        Stiff(zero, zero, zero) if program.watches else (), status,
    )


def integrate(
    program: Program, operands: Operands, begin: State | None = None, *, taped: bool = False, saved: Saved | None = None
) -> Outcome:
    """Run from ``begin`` (the start when ``None``) until the end, an event that stops, a failure, or a full buffer.

    ``saved`` are buffers for the rows that are there already (``None``: made).
    """
    state = start(program, operands) if begin is None else begin
    taped = taped or "history" in program.parts
    h0 = state.h
    saved = open_saved(program, operands, state, fresh=begin is None) if saved is None else saved
    tape = open_tape(program, state, lambda: _first_data(program, operands, state)) if taped else ()
    limit = jnp.minimum(operands.budget, program.capacity) if taped else operands.budget

    def body(i: Any, active: Any, state: State, tape: Any, saved: Saved) -> tuple[State, Any, Saved]:
        model = model_of(program, operands, state.mode)
        past = past_on_tape(program, model, operands, tape, i)
        equation = equation_of(model, past, state.t)
        tried = attempt(program, operands, model, equation, state)
        t, lost = _add_time(state.t, state.lost, tried.h)
        there = tried.arrives
        if program.stops:
            there = there | arrived(t, tried.target, operands.t1, operands.t1 - operands.t0)
        t = jnp.where(there, tried.target, t)
        if program.jumps:
            tried = restarted(program, operands, model, past, state, tried, t)
        landing = locate(program, model, operands, past, state, tried, t)
        if taped:
            tape = tape_row(program, tape, i, active, state, tried, landing)
        complete = partial(program.method.complete, equation, state.t, tried.h, tried.step.data)
        saved, count = save(program, operands, saved, state, tried, landing, active, complete)
        return _advance(program, operands, state, tried, landing, lost, count), tape, saved

    attempts, state, tape, saved = loop(
        body, state, limit=limit, running=lambda state: state.status == RUNNING, shared=tape, private=saved
    )
    status = jnp.where(state.status == RUNNING, jnp.where(limit < operands.budget, FULL, MAX_STEPS), state.status)
    ts, ys = finish(program, saved)
    return Outcome(state._replace(status=status), ts, ys, attempts, h0, tape)


def _first_data(program: Program, operands: Operands, state: State) -> Any:
    model = model_of(program, operands, state.mode)
    equation = equation_of(model, no_past(program, model, operands), state.t)
    return attempt(program, operands, model, equation, state).step.data


def _advance(
    program: Program, operands: Operands, state: State, tried: Attempt, landing: Landing, lost: Any, saved: Any
) -> State:
    """The state after the verdict: the new point if the step stands, the old one with another step size if not."""
    accept, stands = landing.accept, never_refused(program, tried.step)

    def pick(new: Any, old: Any, stands: bool = False) -> Any:
        return new if stands else jax.tree.map(lambda a, b: jnp.where(accept, a, b), new, old)

    accepted = accept.astype(jnp.int32)
    stiff = looked_at(program, state.stiff, tried.step, accept)
    return State(
        t=pick(landing.t, state.t),
        lost=pick(lost, state.lost),
        y=pick(landing.y, state.y, stands),
        h=jax.lax.stop_gradient(landing.h),
        control=landing.control,
        memory=pick(landing.memory, state.memory, stands),
        cache=pick(tried.step.cache, tried.step.cache_if_rejected, stands),
        mode=pick(landing.mode, state.mode, stands),
        marks=landing.marks,
        saved=saved,
        accepted=state.accepted + accepted,
        rejected=state.rejected + 1 - accepted,
        rhs=state.rhs + tried.step.rhs,
        work=jax.tree.map(jnp.add, state.work, tried.step.work),
        stiff=stiff,
        status=status_after(program, operands, state, tried.step, landing, saved, stiff),
    )


def _add_time(t: Any, lost: Any, h: Any) -> tuple[Any, Any]:
    """Compensated sum (Kahan 1965): in float32 10⁵ steps of 1e-3 would otherwise reach 99.957."""
    increment = h - lost
    total = t + increment
    return total, (total - t) - increment
