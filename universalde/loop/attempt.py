"""Attempt a step and judge it."""

from typing import Any, NamedTuple

import jax.numpy as jnp

from ..spec.controller import Verdict, mean_square
from ..spec.method import Equation, Step
from .program import Operands, Program

__all__ = ["Attempt", "attempt", "never_refused", "reads_every_step"]

NEARLY_ALL = 0.999  # a step that would leave less than a thousandth of what remains goes to the end instead


class Attempt(NamedTuple):
    """A step, the size it had, whether it ends the solve, and the verdict on it."""

    step: Step
    h: Any
    last: Any
    verdict: Verdict


def reads_every_step(program: Program) -> bool:
    """Whether every step is read between its ends: by events that look for crossings, or as a past."""
    return bool(program.events) or "history" in program.parts


def never_refused(program: Program, step: Step) -> bool:
    """Whether every step stands or ends the solve, so that nobody needs the state before it."""
    return step.error is None and step.ok is True and not program.events


def _tempered(square: Any, coarse: Any) -> Any:
    """DOP853's estimate from those of orders five and three (Hairer, Nørsett & Wanner 1993, II.10), as a mean square."""
    total = square + 0.01 * coarse
    return jnp.where(total > 0, square * square / jnp.where(total > 0, total, 1), 0)


def attempt(program: Program, operands: Operands, equation: Equation, state: Any) -> Attempt:
    """One step of the method from ``state``, clipped to the end of the time span, and the controller's verdict."""
    remaining = operands.t1 - state.t
    last = state.h >= remaining * NEARLY_ALL
    h = jnp.where(last, remaining, state.h)
    step = program.method.step(equation, state.t, h, state.y, state.memory, state.cache)
    if reads_every_step(program):
        step = step._replace(data=program.method.complete(equation, state.t, h, step.data))
    if step.error is None:
        verdict = Verdict(jnp.all(jnp.isfinite(step.y)), state.h, state.control)
    else:
        scale = operands.atol + operands.rtol * jnp.maximum(jnp.abs(state.y), jnp.abs(step.y))
        # What does not wait for the last stage comes first: the reciprocal, and whether the state overflowed (its scale is
        # infinite then, and its error would count as zero).
        inverse, bounded = 1 / scale, jnp.isfinite(jnp.sum(scale))
        square = mean_square(step.error * inverse)
        if step.coarse is not None:
            square = _tempered(square, mean_square(step.coarse * inverse))
        square = jnp.where(bounded, square, jnp.nan)
        verdict = program.controller.judge(square, h, state.control, program.method.error_order)
    if step.next_h is not None:
        verdict = verdict._replace(h=step.next_h)
    if step.ok is not True:
        verdict = Verdict(
            verdict.accept & step.ok,
            jnp.where(step.ok, verdict.h, h * 0.25),
            jnp.where(step.ok, verdict.state, state.control),
        )
    return Attempt(step, h, last, verdict)
