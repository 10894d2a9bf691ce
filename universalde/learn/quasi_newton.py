"""L-BFGS as a stage: the direction of optax, and a line search that is part of the ask-and-tell state.

One evaluation of loss and gradient per pass, wherever it is in the search, so the compiled program holds one copy of
the loss.  The line search of optax calls the loss itself: that compiles it three times over, which costs more than the
optimisation.  The search brackets a point that satisfies the strong Wolfe conditions; a trial that lies beyond the
lowest point, or has no finite loss, is the new far end of the bracket.

Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.4; Lewis and Overton, Nonsmooth optimization via
quasi-Newton methods, Math. Program. 141 (2013); the decrease test near rounding errors is that of Hager and Zhang,
SIAM J. Optim. 16 (2005), equation 4.1.
"""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from universalde.learn.rules import Evaluation, Told, Verdict, select_tree

__all__ = ["LBFGS"]

_DECREASE, _CURVATURE, _NOISE, _TRIES = 1e-4, 0.9, 1e-6, 25


class LBFGS(eqx.Module):
    """L-BFGS for at most ``steps`` iterations with ``memory`` stored pairs.

    ``first_step`` is the length of the first trial move, relative to the size of the parameters (at least one).

    >>> LBFGS(steps=200).memory
    10

    Liu and Nocedal, On the limited memory BFGS method for large scale optimization, Math. Program. 45 (1989).
    """

    steps: int = 1000
    memory: int = 10
    first_step: float | int = 0.1

    def __check_init__(self) -> None:
        if self.memory < 1:
            raise ValueError(f"LBFGS(memory={self.memory}): at least one pair must be stored; 10 is usual.")

    @property
    def rule(self) -> "QuasiNewtonRule":
        return QuasiNewtonRule(self.memory)

    @property
    def numbers(self) -> tuple[float, ...]:
        return (self.first_step,)


class SearchState(NamedTuple):
    """The point the search starts from, its direction, and the bracket found so far (in multiples of the direction)."""

    start: Evaluation
    direction: Any
    slope: Any
    length: Any
    low: Any
    low_value: Any
    low_slope: Any
    low_gradient: Any
    high: Any
    high_value: Any
    tries: Any
    begun: Any
    memory: Any


@dataclasses.dataclass(frozen=True)
class QuasiNewtonRule:
    """The direction comes from the last ``memory`` moves and gradient changes."""

    memory: int

    monotone = True
    closed = True

    def start(self, vector: Any, space: Any) -> SearchState:
        zero, far, nothing = vector.dtype.type(0), vector.dtype.type(np.inf), np.zeros_like(vector)
        here = Evaluation(vector, zero, nothing, np.bool_(True))
        shapes = jax.eval_shape(self._directions.init, vector)  # made on the host: each eager operation compiles
        memory = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
        return SearchState(
            here, nothing, zero, zero, zero, zero, zero, nothing, far, far, np.int32(0), np.bool_(False), memory
        )

    @property
    def _directions(self) -> optax.GradientTransformation:
        return optax.scale_by_lbfgs(self.memory)

    def tell(self, state: SearchState, told: Evaluation, context: Any) -> Told:
        slope = jnp.vdot(told.gradient, state.direction)
        limit = _CURVATURE * jnp.abs(state.slope)
        enough = told.good & state.begun & (slope <= limit) & _decreased(state, told.value, slope)
        done = ~state.begun | (enough & (slope >= -limit))
        state = state._replace(tries=state.tries + 1)
        state = _bracket(state, told, slope, enough & ~done, ~enough & ~done)
        exhausted = ~done & ((state.tries >= _TRIES) | _closed(state))
        safe = exhausted & (state.low > 0) & (state.low_value < state.start.value)
        reached = Evaluation(
            state.start.point + state.low * state.direction, state.low_value, state.low_gradient, jnp.bool_(True)
        )
        step = select_tree(safe, reached, told)
        fresh = exhausted & ~safe
        moved = done | safe
        first_step = context.numbers[0]
        state = lax.cond(moved | fresh, lambda: self._turn(state, step, moved, first_step), lambda: _retry(state))
        verdict = jnp.where(
            fresh & (state.memory.count < 0), Verdict.no_descent, jnp.where(moved & (state.slope == 0), Verdict.flat, 0)
        )
        return Told(state, state.start.point + state.length * state.direction, step, moved, verdict)

    def _turn(self, state: SearchState, step: Evaluation, moved: Any, first_step: Any) -> SearchState:
        """Start the next search, from the point reached or, after a failed search, from the same point without memory.

        A count of -1 marks memory that was already empty when the search failed: no direction is left to try.
        """
        start = select_tree(moved, step, state.start)
        empty = jax.tree.map(jnp.zeros_like, state.memory)
        hopeless = ~moved & (state.memory.count <= 1)
        memory = select_tree(moved, state.memory, empty)
        scaled, memory = self._directions.update(start.gradient, memory, start.point)
        slope = -jnp.vdot(scaled, start.gradient)
        usable = (memory.count > 1) & jnp.isfinite(slope) & (slope < 0)
        weights = jnp.where(usable, memory.weights_memory, 0)  # a pair of weight zero changes nothing
        memory = memory._replace(count=jnp.where(usable, memory.count, 1), weights_memory=weights)
        direction = -jnp.where(usable, scaled, start.gradient)
        slope = jnp.vdot(direction, start.gradient)
        norm = jnp.linalg.norm(direction)
        reach = first_step * jnp.maximum(1, jnp.linalg.norm(start.point))
        length = jnp.where(usable, 1, jnp.minimum(1, reach / jnp.where(norm > 0, norm, 1)))
        zero, far = jnp.zeros_like(slope), jnp.full_like(slope, jnp.inf)
        memory = memory._replace(count=jnp.where(hopeless, -1, memory.count))
        return SearchState(
            start, direction, slope, length.astype(slope.dtype), zero, start.value, slope, start.gradient, far, far,
            jnp.int32(0), jnp.bool_(True), memory,
        )  # fmt: skip


def _decreased(state: SearchState, value: Any, slope: Any) -> Any:
    start = state.start.value
    armijo = value <= start + _DECREASE * state.length * state.slope
    nearly = (value <= start + _NOISE * jnp.abs(start)) & (slope <= (2 * _DECREASE - 1) * state.slope)
    return armijo | nearly


def _bracket(state: SearchState, told: Evaluation, slope: Any, raise_low: Any, lower_high: Any) -> SearchState:
    return state._replace(
        low=jnp.where(raise_low, state.length, state.low),
        low_value=jnp.where(raise_low, told.value, state.low_value),
        low_slope=jnp.where(raise_low, slope, state.low_slope),
        low_gradient=jnp.where(raise_low, told.gradient, state.low_gradient),
        high=jnp.where(lower_high, state.length, state.high),
        high_value=jnp.where(lower_high, jnp.where(told.good, told.value, jnp.inf), state.high_value),
    )


def _closed(state: SearchState) -> Any:
    width = state.high - state.low
    return jnp.isfinite(state.high) & (width <= 4 * jnp.finfo(width.dtype).eps * state.high)


def _retry(state: SearchState) -> SearchState:
    """The next trial inside the bracket: the lowest point of the parabola through what is known, kept off the ends."""
    open_ended = jnp.isinf(state.high)
    width = jnp.where(open_ended, 1, state.high - state.low)
    rise = state.high_value - state.low_value - state.low_slope * width
    share = -state.low_slope * width / jnp.where(rise > 0, 2 * rise, 1)
    usable = jnp.isfinite(rise) & (rise > 0) & (state.low_slope < 0)
    # A trial without a finite loss says nothing about curvature: move well away from it.
    share = jnp.where(usable, jnp.clip(share, 0.1, 0.7), jnp.where(jnp.isinf(state.high_value), 0.2, 0.5))
    length = jnp.where(open_ended, 2.5 * state.length, state.low + share * width)
    return state._replace(length=length)
