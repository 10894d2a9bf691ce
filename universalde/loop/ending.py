"""When a solve ends, and whether it looks stiff."""

from typing import Any, NamedTuple

import jax.numpy as jnp

from ..base.status import BLEW_UP, FULL, RUNNING, STIFF, STOPPED, SUCCESS, TOO_SMALL
from ..nonlinear.stiffness import near, vote
from ..spec.method import Step
from .attempt import LAST, never_refused
from .locate import Landing
from .program import Operands, Program

__all__ = ["STIFF_STEPS", "Stiff", "looked_at", "status_after"]

STIFF_STEPS = 15  # that looked stiff, in excess of twice the others, as in Hairer & Wanner's codes


class Stiff(NamedTuple):
    """Steps that looked stiff, counted against those that did not, the greatest count there was, and steps near the border of stability."""

    now: Any
    most: Any
    near: Any


def looked_at(program: Program, before: Any, step: Step, accept: Any) -> Stiff | tuple:
    """A step looks stiff when it is as large as stability allows (Hairer & Wanner 1996, IV.2); counts if that is asked for."""
    if not program.watches or step.stiffness is None:
        return before
    now = jnp.maximum(before.now + vote(step.stiffness), 0)
    now = jnp.where(accept, now, before.now)
    return Stiff(now, jnp.maximum(now, before.most), before.near + (accept & near(step.stiffness)).astype(jnp.int32))


def status_after(
    program: Program, operands: Operands, state: Any, step: Step, landing: Landing, saved: Any, stiff: Any
) -> Any:
    """Whether the solve goes on after an attempt, and if not why."""
    span = jnp.abs(operands.t1 - operands.t0)
    tiny = 4 * jnp.finfo(state.t.dtype).eps * jnp.maximum(jnp.abs(state.t), span * 1e-8)
    hopeless = ~landing.accept & (landing.h < tiny)
    if program.events:  # however short, a step that should land on an event is taken
        hopeless = hopeless & (landing.marks.target < 0)
    reason = jnp.int32(TOO_SMALL) if step.ok is True else jnp.where(step.ok, TOO_SMALL, jnp.int32(step.trouble))
    status = jnp.where(hopeless, reason, jnp.int32(RUNNING))
    if never_refused(program, step):  # the same step would come to the same again
        status = jnp.where(landing.accept, jnp.int32(RUNNING), jnp.int32(BLEW_UP))
    status = jnp.where(landing.accept & (landing.kind == LAST), jnp.int32(SUCCESS), status)
    status = jnp.where(landing.stops, jnp.int32(STOPPED), status)
    if program.saving == "steps":
        full = (status == RUNNING) & (saved >= program.capacity)
        if program.every > 1:  # the last row may be written over until its block of steps is complete
            full &= (state.accepted + landing.accept.astype(jnp.int32)) % program.every == 0
        status = jnp.where(full, jnp.int32(FULL), status)
    if program.hands_over and stiff:
        status = jnp.where((status == RUNNING) & (stiff.now >= STIFF_STEPS), jnp.int32(STIFF), status)
    return status
