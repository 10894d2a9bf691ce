"""Times at which steps end: stops, some of them jumps of the right-hand side.

They are found by bisection over the sorted times at each step, so that nothing is carried from step to step.  The last of
the times is infinity and stands for "no more".
"""

from typing import Any

import jax
import jax.numpy as jnp

from ..base.buffers import read

__all__ = ["arrived", "next_stop", "on_jump", "one_sided", "sides_at"]


def next_stop(stops: Any, t: Any, t1: Any, span: Any) -> Any:
    """The time at which steps from ``t`` must end next, ``t1`` at the latest."""
    return jnp.minimum(t1, read(stops, _behind(stops, t, span)))


def arrived(t: Any, target: Any, t1: Any, span: Any) -> Any:
    """Whether ``t`` misses a stop before ``t1`` by roundings only: a step that an event ends there does."""
    return (target < t1) & (target - t <= 8 * _rounding(target, span))


def on_jump(stops: Any, jumps: Any, t: Any, span: Any) -> Any:
    """Whether ``t`` is a jump."""
    last = jnp.maximum(_behind(stops, t, span) - 1, 0)
    return read(jumps, last) & (read(stops, last) == t)


def sides_at(stops: Any, jumps: Any, t: Any, span: Any) -> tuple[Any, Any]:
    """First and last time at which a step from ``t`` may evaluate the right-hand side.

    A little after the jump where it starts and a little before the one where it ends: on a jump itself the right-hand side
    has one of its two values, and nobody knows which.
    """
    following = _behind(stops, t, span)
    last = jnp.maximum(following - 1, 0)
    before, after = read(stops, last), read(stops, following)
    low = jnp.where((following > 0) & read(jumps, last), before + 4 * _rounding(before, span), -jnp.inf)
    return low, jnp.where(read(jumps, following), after - 4 * _rounding(after, span), jnp.inf)


def one_sided(t: Any, sides: tuple[Any, Any]) -> Any:
    """``t`` moved between its sides; as a function of ``t`` a shift by a constant."""
    return t + jax.lax.stop_gradient(jnp.clip(t, *sides) - t)


def _behind(stops: Any, t: Any, span: Any) -> Any:
    """How many stops are not after ``t``, up to roundings."""
    t = t + 4 * _rounding(t, span)
    count, step = jnp.int32(0), 1 << (stops.shape[0] - 1).bit_length()
    while step := step // 2:  # a stop past the end of the array reads as infinity
        count = jnp.where(read(stops, count + (step - 1)) <= t, count + step, count)
    return count


def _rounding(t: Any, span: Any) -> Any:
    """The size of a rounding of times near ``t``."""
    return jnp.finfo(span.dtype).eps * jnp.maximum(jnp.abs(t), 1e-8 * span)
