"""Attempt a step and judge it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..spec.controller import Verdict, mean_square
from ..spec.method import Equation, Step
from .program import Model, Operands, Program, equation_of
from .stops import next_stop, on_jump

__all__ = [
    "BREAK", "LANDED", "LAST", "PLAIN", "STOP", "Attempt", "attempt", "never_refused", "reads_every_step", "restarted",
]  # fmt: skip

# Kinds of accepted steps: plain; to the end of the time span; to a stop; to a stop where the right-hand side is
# discontinuous; landed on event k (LANDED + k).
PLAIN, LAST, STOP, BREAK, LANDED = 1, 2, 3, 4, 5

NEARLY_ALL = 0.999  # a step that would leave less than a thousandth of what remains goes to the end instead,
NEARLY_ALL_LIMITED = 1 - 1e-6  # with a largest step a millionth: the limit is kept to that
SHRINK = 0.25  # after a step that left the domain,
HALVE = 0.5  # after one whose equations could not be solved


class Attempt(NamedTuple):
    """A step, the size it had, the time where steps must end next, whether it does, and the verdict on it."""

    step: Step
    h: Any
    target: Any
    arrives: Any
    verdict: Verdict


def reads_every_step(program: Program) -> bool:
    """Whether every step is read between its ends: by events that look for crossings, or as a past."""
    return bool(program.events) or "history" in program.parts


def never_refused(program: Program, step: Step) -> bool:
    """Whether every step stands or ends the solve, so that nobody needs the state before it."""
    return step.error is None and step.ok is True and not program.events and not program.guarded


def _tempered(square: Any, coarse: Any) -> Any:
    """DOP853's estimate from those of orders five and three (Hairer, Nørsett & Wanner 1993, II.10), as a mean square."""
    total = square + 0.01 * coarse
    return jnp.where(total > 0, square * square / jnp.where(total > 0, total, 1), 0)


def attempt(program: Program, operands: Operands, model: Model, equation: Equation, state: Any) -> Attempt:
    """One step of the method from ``state``, clipped to where it must end, and the controller's verdict."""
    target = operands.t1
    if program.stops:
        target = next_stop(operands.stops, state.t, operands.t1, operands.t1 - operands.t0)
    planned, nearly = state.h, NEARLY_ALL
    if model.hmax is not None:
        largest = model.hmax(state.t, state.y)
        planned, nearly = jnp.where(largest > 0, jnp.minimum(planned, largest), 0), NEARLY_ALL_LIMITED
    remaining = target - state.t
    arrives = planned >= remaining * nearly
    h = jnp.where(arrives, remaining, planned)
    step = program.method.step(equation, state.t, h, state.y, state.memory, state.cache)
    if reads_every_step(program):
        step = step._replace(data=program.method.complete(equation, state.t, h, step.data))
    if step.error is None:
        verdict = Verdict(jnp.all(jnp.isfinite(step.y)), state.h, state.control)
    else:
        square = _square(operands, model, state, step)
        order = program.method.error_order if step.error_order is None else step.error_order
        verdict = program.controller.judge(square, h, state.control, order)
    if step.next_h is not None and program.controller.follows:
        verdict = verdict._replace(h=step.next_h)
    verdict = _limited(program, model, state, step, h, arrives, verdict)
    return Attempt(step, h, target, arrives, verdict)


def restarted(program: Program, operands: Operands, model: Model, past: Any, state: Any, tried: Attempt, t: Any) -> Attempt:
    """The attempt with the method's memory made anew if it reaches, at ``t``, a jump of the right-hand side.

    The step size stays as planned: refused a few times it still costs less than one made anew, which is too small.
    """
    step, calls = tried.step, []

    def counted(*point: Any) -> Any:
        calls.append(point)
        return model.f(*point)

    def fresh(memory: Any) -> Any:
        return program.method.reset(equation_of(model._replace(f=counted), past, t), t, step.y, memory)

    jumps = tried.verdict.accept & on_jump(operands.stops, operands.jumps, t, operands.t1 - operands.t0)
    memory = jax.lax.cond(jumps, fresh, lambda memory: memory, step.memory)
    return tried._replace(step=step._replace(memory=memory, rhs=step.rhs + jnp.where(jumps, len(calls), 0)))


def _square(operands: Operands, model: Model, state: Any, step: Step) -> Any:
    """The squared norm of the scaled error; NaN for a state that overflowed."""
    scale = operands.atol + operands.rtol * jnp.maximum(jnp.abs(state.y), jnp.abs(step.y))
    # What does not wait for the last stage comes first: the reciprocal, and whether the state overflowed (its scale is
    # infinite then, and its error would count as zero).
    inverse, bounded = 1 / scale, jnp.isfinite(jnp.sum(scale))
    size = mean_square if model.norm is None else lambda errors: jnp.square(model.norm(errors))
    square = size(step.error * inverse)
    if step.coarse is not None:
        square = _tempered(square, size(step.coarse * inverse))
    return jnp.where(bounded, square, jnp.nan)


def _limited(
    program: Program, model: Model, state: Any, step: Step, h: Any, arrives: Any, verdict: Verdict
) -> Verdict:
    """The verdict after what the controller does not know of: failed steps, the domain, the least step, stops."""
    possible = step.ok
    if model.inside is not None:
        possible = possible & model.inside(state.t + h, step.y)
    if model.hmax is not None:
        possible = possible & (h > 0)  # else hmax was zero, negative or NaN
    if possible is not True:
        control = jax.tree.map(lambda new, old: jnp.where(possible, new, old), verdict.state, state.control)
        less = h * SHRINK
        if step.ok is not True:
            less = jnp.where(step.ok, less, h * HALVE if step.next_h is None else step.next_h)
        verdict = Verdict(verdict.accept & possible, jnp.where(possible, verdict.h, less), control)
    if program.stops:  # after a step cut short the size planned before it serves again
        again = verdict.accept & arrives
        verdict = verdict._replace(h=jnp.where(again, jnp.maximum(verdict.h, state.h), verdict.h))
    if hmin := program.controller.hmin:
        spent = ~verdict.accept & (h <= hmin)  # a size of zero ends the solve
        verdict = verdict._replace(h=jnp.where(spent, 0, jnp.maximum(verdict.h, hmin)))
    return verdict
