"""Quasi-Newton stages: L-BFGS, and BFGS with the full matrix for small numbers of parameters.

The line search is part of the ask-and-tell state: one evaluation of loss and gradient per pass, wherever it is in the
search, so the compiled program holds one copy of the loss.  The search brackets a point that satisfies the strong Wolfe
conditions; a trial that lies beyond the lowest point, or has no finite loss, is the new far end of the bracket.

Nocedal and Wright, Numerical Optimization, 2006, algorithms 6.1 and 7.4; Lewis and Overton, Nonsmooth optimization via
quasi-Newton methods, Math. Program. 141 (2013); the decrease test near rounding errors is that of Hager and Zhang,
SIAM J. Optim. 16 (2005), equation 4.1.
"""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax

from universalde.learn.rules import Evaluation, Told, Verdict, select_tree

__all__ = ["BFGS", "LBFGS"]

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


class BFGS(eqx.Module):
    """BFGS with the full inverse Hessian: ``n²`` numbers for ``n`` parameters, best up to about a thousand.

    >>> BFGS(steps=200).steps
    200

    Nocedal and Wright, Numerical Optimization, 2006, algorithm 6.1.
    """

    steps: int = 1000
    first_step: float | int = 0.1

    @property
    def rule(self) -> "QuasiNewtonRule":
        return QuasiNewtonRule(None)

    @property
    def numbers(self) -> tuple[float, ...]:
        return (self.first_step,)


class Pairs(NamedTuple):
    """The last moves ``s`` and gradient changes ``y`` of L-BFGS, oldest overwritten first."""

    moves: Any
    changes: Any
    inverse_products: Any
    count: Any


class Matrix(NamedTuple):
    """The approximate inverse Hessian of BFGS."""

    inverse: Any
    count: Any


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
    """``memory`` pairs, or the full matrix when it is None."""

    memory: int | None

    monotone = True
    closed = True

    def start(self, vector: Any, space: Any) -> SearchState:
        zero, far, nothing = vector.dtype.type(0), vector.dtype.type(np.inf), np.zeros_like(vector)
        here = Evaluation(vector, zero, nothing, np.bool_(True))
        memory = self._empty(vector, np)
        return SearchState(
            here, nothing, zero, zero, zero, zero, zero, nothing, far, far, np.int32(0), np.bool_(False), memory
        )

    def _empty(self, vector: Any, numpy: Any) -> Pairs | Matrix:
        """Memory without pairs, made by NumPy on the host and by its JAX twin inside a program."""
        size, none = vector.shape[0], numpy.int32(0)
        if self.memory is None:
            return Matrix(numpy.eye(size, dtype=vector.dtype), none)
        zeros = numpy.zeros((self.memory, size), vector.dtype)
        return Pairs(zeros, zeros, numpy.zeros(self.memory, vector.dtype), none)

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
        learned = lax.cond(
            moved & state.begun, lambda: self._learn(state.memory, start, state.start), lambda: state.memory
        )
        hopeless = ~moved & (state.memory.count <= 0)
        empty = self._empty(start.point, jnp)
        memory = select_tree(moved, learned, empty)
        direction = -self._precondition(memory, start.gradient)
        slope = jnp.vdot(direction, start.gradient)
        downhill = jnp.isfinite(slope) & (slope < 0)
        memory = select_tree(downhill, memory, empty)
        direction = jnp.where(downhill, direction, -start.gradient)
        slope = jnp.where(downhill, slope, -jnp.vdot(start.gradient, start.gradient))
        norm = jnp.linalg.norm(direction)
        reach = first_step * jnp.maximum(1, jnp.linalg.norm(start.point))
        length = jnp.where(memory.count > 0, 1, jnp.minimum(1, reach / jnp.where(norm > 0, norm, 1)))
        zero, far = jnp.zeros_like(slope), jnp.full_like(slope, jnp.inf)
        memory = memory._replace(count=jnp.where(hopeless, -1, memory.count))
        return SearchState(
            start, direction, slope, length.astype(slope.dtype), zero, start.value, slope, start.gradient, far, far,
            jnp.int32(0), jnp.bool_(True), memory,
        )  # fmt: skip

    def _learn(self, memory: Any, new: Evaluation, old: Evaluation) -> Any:
        move, change = new.point - old.point, new.gradient - old.gradient
        product = jnp.vdot(move, change)
        size = jnp.linalg.norm(move) * jnp.linalg.norm(change)
        usable = product > 10 * jnp.finfo(product.dtype).eps * size
        return lax.cond(usable, lambda: _remember(memory, move, change, product), lambda: memory)

    def _precondition(self, memory: Any, gradient: Any) -> Any:
        return _two_loops(memory, gradient) if isinstance(memory, Pairs) else memory.inverse @ gradient


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


def _remember(memory: Any, move: Any, change: Any, product: Any) -> Any:
    count = jnp.maximum(memory.count, 0)
    if isinstance(memory, Matrix):
        # Never scaled down: the first pair shows the steepest direction, and the flat ones need long steps.
        scale = jnp.where(count == 0, jnp.maximum(1, product / jnp.vdot(change, change)), 1)
        inverse = scale * memory.inverse
        image = inverse @ change
        gain = (1 + jnp.vdot(change, image) / product) / product
        cross = jnp.outer(image, move) / product
        return Matrix(inverse + gain * jnp.outer(move, move) - cross - cross.T, count + 1)
    row = count % memory.moves.shape[0]
    return Pairs(
        lax.dynamic_update_index_in_dim(memory.moves, move, row, 0),
        lax.dynamic_update_index_in_dim(memory.changes, change, row, 0),
        lax.dynamic_update_index_in_dim(memory.inverse_products, 1 / product, row, 0),
        count + 1,
    )


def _two_loops(pairs: Pairs, gradient: Any) -> Any:
    """The inverse Hessian of the stored pairs times the gradient; unused rows are zero and change nothing."""
    rows = pairs.moves.shape[0]
    newest = jnp.where(pairs.count > 0, (pairs.count - 1) % rows, 0)

    def backward(k: Any, carry: tuple) -> tuple:
        vector, weights = carry
        row = (newest - k) % rows
        weight = pairs.inverse_products[row] * jnp.vdot(pairs.moves[row], vector)
        return vector - weight * pairs.changes[row], lax.dynamic_update_index_in_dim(weights, weight, row, 0)

    def forward(k: Any, vector: Any) -> Any:
        row = (newest + 1 + k) % rows
        back = pairs.inverse_products[row] * jnp.vdot(pairs.changes[row], vector)
        return vector + pairs.moves[row] * (weights[row] - back)

    vector, weights = lax.fori_loop(0, rows, backward, (gradient, jnp.zeros_like(pairs.inverse_products)))
    last = pairs.changes[newest]
    square = jnp.vdot(last, last) * pairs.inverse_products[newest]
    vector = vector * jnp.where(square > 0, 1 / jnp.where(square > 0, square, 1), 1)
    return lax.fori_loop(0, rows, forward, vector)
