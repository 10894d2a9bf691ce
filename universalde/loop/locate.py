"""Find the events inside an attempted step, and land on them.

A crossing seen inside a step is a *rejection* with the step size set to reach it, so that the loop holds one copy of the
method's step.  The attempt that follows ends on the crossing; there the event acts and the method's memory is reset.
After a landing the event's sign is set to the far side by rule; a root at the very start is ignored until the sign has
left zero.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.loop import loop
from ..spec.event import Event
from .attempt import BREAK, LANDED, LAST, PLAIN, STOP, Attempt
from .program import Model, Operands, Program, equation_of, model_of
from .stops import on_jump

__all__ = ["Landing", "Marks", "land_on", "locate", "marks_at"]

SHARPENINGS = 3  # Newton corrections of a landing at most


class Marks(NamedTuple):
    """On which side of each event the state is, and the event that the next attempt should land on (-1: none)."""

    signs: Any
    target: Any
    tries: Any
    h: Any


class Landing(NamedTuple):
    """What the attempt came to: verdict, next step size, and the state after it if it stands."""

    accept: Any
    kind: Any
    h: Any
    control: Any
    t: Any
    y: Any
    memory: Any
    mode: Any
    marks: Marks | tuple
    stops: Any


def marks_at(events: tuple[Event, ...], t: Any, y: Any, h: Any) -> Marks | tuple:
    """Marks at the start; nothing when there are no events."""
    if not events:
        return ()
    return Marks(jnp.sign(_values(events, t, y)), jnp.int32(-1), jnp.int32(0), h)


def _values(events: tuple[Event, ...], t: Any, y: Any) -> Any:
    return jnp.stack([event.when(t, y) for event in events])


def locate(
    program: Program, model: Model, operands: Operands, past: Any, state: Any, tried: Attempt, t: Any
) -> Landing:
    """Accept, refuse, shorten to an event, or land.  ``t`` is the time the step reaches."""
    step, verdict = tried.step, tried.verdict
    kind = _kind(program, operands, tried, t)
    if not model.events:
        return Landing(
            verdict.accept, kind, verdict.h, verdict.state, t, step.y, step.memory, state.mode, (), jnp.bool_(False)
        )
    marks, values = state.marks, _values(model.events, t, step.y)
    theta, which = _first_crossing(program, model, operands, state, tried, values)
    shorten = verdict.accept & (which >= 0)
    landing = verdict.accept & ~shorten & (marks.target >= 0)
    correction = _correction(program, model, state, tried, marks.target)
    tolerance = 8 * jnp.finfo(t.dtype).eps * jnp.maximum(jnp.abs(t), tried.h)
    sharpen = landing & (jnp.abs(correction) > tolerance) & (marks.tries < SHARPENINGS)
    landing = landing & ~sharpen
    accept = verdict.accept & ~shorten & ~sharpen
    y, memory, mode, signs, stops = land_on(program, model, operands, past, state, t, step, landing, values)
    h = jnp.where(shorten, theta * tried.h, jnp.where(sharpen, tried.h + correction, verdict.h))
    first = marks.target < 0
    planned = jnp.where(first, tried.h, marks.h)
    h = jnp.where(landing, jnp.maximum(h, planned), h)
    target = jnp.where(shorten, which, jnp.where(sharpen, marks.target, -1)).astype(jnp.int32)
    tries = jnp.where(sharpen, marks.tries + 1, 0)
    new_marks = Marks(jnp.where(accept, signs, marks.signs), target, tries, jnp.where(target >= 0, planned, verdict.h))
    kind = jnp.where(landing, LANDED + marks.target, kind)
    control = jax.tree.map(lambda new, old: jnp.where(accept, new, old), verdict.state, state.control)
    return Landing(accept, kind, h, control, t, y, memory, mode, new_marks, landing & stops)


def _kind(program: Program, operands: Operands, tried: Attempt, t: Any) -> Any:
    """What the step that reaches ``t`` ends on."""
    if not program.stops:
        return jnp.where(tried.arrives, LAST, PLAIN)
    kind = jnp.where(tried.target < operands.t1, STOP, LAST)
    if program.jumps:
        jumps = on_jump(operands.stops, operands.jumps, t, operands.t1 - operands.t0)
        kind = jnp.where((kind == STOP) & jumps, BREAK, kind)
    return jnp.where(t >= tried.target, kind, PLAIN)


def _first_crossing(
    program: Program, model: Model, operands: Operands, state: Any, tried: Attempt, values: Any
) -> tuple[Any, Any]:
    """Fraction of the step and index of the first crossing (-1: none), by bisection on the dense output."""
    direction = operands.sign if program.direction is None else program.direction
    fractions = []
    for k, event in enumerate(model.events):
        sign = state.marks.signs[k]
        crossed = (sign * values[k] < 0) & (state.marks.target != k)
        if event.direction:
            crossed = crossed & (-sign == event.direction * direction)
        fractions.append(jnp.where(crossed, _bisect(program, event, state, tried, sign, crossed), jnp.inf))
    stacked = jnp.stack(fractions)
    first = jnp.argmin(stacked)
    return jnp.min(stacked), jnp.where(jnp.isfinite(stacked[first]), first, -1).astype(jnp.int32)


def _bisect(program: Program, event: Event, state: Any, tried: Attempt, sign: Any, crossed: Any) -> Any:
    eps = jnp.finfo(state.t.dtype).eps

    def wide(bracket: tuple) -> Any:
        low, high = bracket
        return crossed & (high - low > eps)

    def halve(i: Any, active: Any, bracket: tuple, shared: tuple, private: tuple) -> tuple:
        low, high = bracket
        middle = (low + high) / 2
        before = sign * _along(program, event, state, tried, middle) > 0
        return (jnp.where(before, middle, low), jnp.where(before, high, middle)), shared, private

    zero = jnp.zeros((), state.t.dtype)
    _, (_, high), _, _ = loop(halve, (zero, zero + 1), limit=64, running=wide)
    return high


def _along(program: Program, event: Event, state: Any, tried: Attempt, theta: Any) -> Any:
    """The event's function at a fraction of the step."""
    return event.when(state.t + theta * tried.h, program.method.dense(tried.step.data, theta))


def _correction(program: Program, model: Model, state: Any, tried: Attempt, target: Any) -> Any:
    """Newton's correction of the step size that should end on event ``target``."""
    one = jnp.ones((), state.t.dtype)
    corrections = []
    for event in model.events:
        value, slope = jax.jvp(lambda theta, event=event: _along(program, event, state, tried, theta), (one,), (one,))
        corrections.append(jnp.where(slope == 0, 0, -value / jnp.where(slope == 0, 1, slope)))
    return tried.h * jnp.clip(jnp.stack(corrections)[jnp.maximum(target, 0)], -0.1, 0.1)


def land_on(
    program: Program,
    model: Model,
    operands: Operands,
    past: Any,
    state: Any,
    t: Any,
    step: Any,
    landing: Any,
    values: Any,
) -> tuple[Any, Any, Any, Any, Any]:
    """State, memory, mode and signs after the step, with the event's action applied where ``landing``."""
    signs = jnp.where(values != 0, jnp.sign(values), state.marks.signs)
    y, memory, mode, stops = step.y, step.memory, state.mode, jnp.bool_(False)
    for k, event in enumerate(model.events):
        here = landing & (state.marks.target == k)
        far = jnp.where(here, -state.marks.signs[k], signs[k])
        signs = jnp.where(jnp.arange(len(model.events)) == k, far, signs)
        if event.then is None:
            stops = stops | here
            continue
        new, new_mode = event.then(t, step.y, state.mode)
        changed_model = model_of(program, operands, new_mode)
        fresh = program.method.reset(equation_of(changed_model, past, t), t, new, step.memory)
        after = _values(changed_model.events, t, new)
        moved = jnp.where((after != 0) & (after != values), jnp.sign(after), signs)
        y, memory, mode, signs = jax.tree.map(
            lambda a, b, here=here: jnp.where(here, a, b), (new, fresh, new_mode, moved), (y, memory, mode, signs)
        )
    return y, memory, mode, signs, stops
