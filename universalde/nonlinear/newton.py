"""Simplified Newton iteration for the equations of implicit methods, and when its matrix serves again.

Runge–Kutta and multistep methods use it alike:

* :func:`newton` iterates ``x ← x + correction(x)`` and judges the convergence;
* :class:`Kept` is what a method carries in its cache: the rate of convergence and, for large systems, the Jacobian and the factors
  of W = s M - J; :func:`unprepared` makes it before the first step;
* :func:`prepared` makes at the start of a step what does not serve any more; :func:`after` and :func:`refused` say what is kept.

A step then reads::

    matrix, work = prepared(equation, t, y, cache, shift)
    def correction(x):
        return matrix.solve(residual(x))     # W⁻¹, put right for the present shift
    found = newton(correction, guess, lambda d: equation.norm(d, y), cache.rate)
    ... Step(ok=found.ok, cache=after(matrix.kept, found.rate), cache_if_rejected=refused(matrix.kept, found.ok), work=work)

The numbers below were measured (docs/decisions.md).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.loop import loop, once
from ..spec.method import Equation, Work

__all__ = ["Found", "Kept", "Matrix", "after", "believed", "newton", "prepared", "refused", "unprepared"]

CLOSE = 0.03  # the error that the iteration leaves, in tolerances
LIMIT = 8  # iterations
DIVERGES = 2.0  # ratio of two corrections at which the iteration is given up
FADES, LEAST = 0.3, 1e-3  # how fast a rate of convergence is forgotten, and the best that is believed
FEW = 100  # directions of a Jacobian up to which one is made at every step
DRIFT = 0.3  # else W serves while the shift is within this of its own,
SLOW = 0.2  # and the Jacobian until iterations converge at a worse rate


class Found(NamedTuple):
    """Where an iteration ended, whether it converged, how many corrections it took, and the rate to remember."""

    x: Any
    ok: Any
    iterations: Any
    rate: Any


class _State(NamedTuple):
    x: Any
    length: Any
    rate: Any
    count: Any
    done: Any
    failed: Any


def newton(
    correction: Callable, guess: Any, size: Callable, rate: Any, start: Any = True, limit: int = LIMIT, hopes: bool = True
) -> Found:
    r"""Iterate ``x ← x + correction(x)`` from ``guess`` (any pytree) until what is left is small against the tolerance.

    ``size(d)`` is the size of a correction in tolerances.  With the ratio θ of the last two, the error left is at most
    :math:`\theta / (1 - \theta)` times the last one.  After the first correction the remembered ``rate`` stands for that factor, so that
    one iteration can do.  Corrections that grow, that are not finite, or that are too many (``limit``) end it, and with
    ``hopes=False`` also those that at this rate would not come to the tolerance within the limit.  ``start=False``:
    nothing is done, and the result is a failure.  Not differentiated: see :func:`universalde.base.implicit.root`.

    Source: Hairer & Wanner, Solving Ordinary Differential Equations II, 1996, IV.8; the memory of the rate is that of CVODE (Cohen &
    Hindmarsh, Computers in Physics 10, 1996, 138-143).
    """

    def body(k: Any, active: Any, state: _State, shared: Any, private: Any) -> tuple:
        change = correction(state.x)
        x, length = jax.tree.map(jnp.add, state.x, change), size(change)
        first = state.count == 0
        theta = jnp.where(first, 0, length / jnp.where(state.length > 0, state.length, 1))
        contracts = theta < 1
        seen = jnp.maximum(theta / jnp.where(contracts, 1 - theta, 1), LEAST)
        rate = jnp.where(first, state.rate, jnp.maximum(FADES * state.rate, seen))
        # A correction far below the tolerance may be rounding, whose size does not shrink.
        done = (contracts & (rate * length <= CLOSE)) | (length <= CLOSE * CLOSE)
        failed = ~(done | (theta < DIVERGES)) | ~jnp.isfinite(length)
        if not hopes:
            left = (limit - 1 - state.count).astype(length.dtype)
            failed = failed | ~(first | done | (theta**left * seen * length <= CLOSE))
        return _State(x, length, rate, state.count + 1, done, failed), shared, private

    idle = jnp.zeros_like(jnp.asarray(start))
    begin = _State(guess, jnp.zeros_like(rate), rate, jnp.int32(0), idle, ~jnp.asarray(start))
    _, end, _, _ = loop(body, begin, limit=limit, running=lambda state: ~(state.done | state.failed))
    return Found(end.x, end.done, end.count, end.rate)


def believed(equation: Equation, y: Any, rate: Any) -> Any:
    """The rate to begin with: that of before, or with a mass matrix 1.

    A state that misses its algebraic equations by more than the tolerance is refused again and again, however small the step.
    """
    return rate if equation.mass(y) is y else jnp.ones_like(rate)


class Kept(NamedTuple):
    """What is carried to the next step: the rate of convergence; of a large system also the Jacobian, factors and their shift,
    whether the Jacobian is to be made anew, and whether it is that of the very point where the next step starts."""

    rate: Any
    jacobian: Any = None
    factor: Any = None
    shift: Any = None
    renew: Any = None
    here: Any = None


class Matrix(NamedTuple):
    """Factors of W that serve this step."""

    kept: Kept
    factor: Any
    shift: Any  # of the factors
    share: Any  # by which corrections are multiplied

    def solve(self, b: Any) -> Any:
        """``W⁻¹ b``; for factors of another shift 2 / (1 + ratio) of it, right on average between slow and stiff components."""
        return self.share * self.factor.solve(b)


def unprepared(equation: Equation, t: Any, y: Any, keeps: bool | None = None) -> Kept:
    """What there is before the first step; ``keeps``: whether a Jacobian serves many steps, by default those with many directions."""
    one = jnp.ones((), y.dtype)
    if not (equation.directions(y.size) > FEW if keeps is None else keeps):
        return Kept(one)

    def make() -> tuple:
        jacobian = equation.jac(t, y)
        return jacobian, equation.factor(jacobian, one)

    jacobian, factor = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(make))
    return Kept(one, jacobian, factor, one, jnp.bool_(True), jnp.bool_(False))


def prepared(equation: Equation, t: Any, y: Any, kept: Kept, shift: Any) -> tuple[Matrix, Work]:
    """Factors of ``shift M - J`` for a step from ``(t, y)``, and the work that took.

    Small systems get a Jacobian at every step.  Of large ones it is made when it is wanted and not that of this very point;
    factors with it, and when the shift has drifted.
    """
    if kept.jacobian is None:
        return Matrix(kept, equation.factor(equation.jac(t, y), shift), shift, 1.0), Work(1, 1)
    wanted = kept.renew & ~kept.here
    jacobian = once(wanted, lambda: equation.jac(t, y), kept.jacobian)
    made = wanted | (jnp.abs(shift / kept.shift - 1) > DRIFT)
    factor = once(made, lambda: equation.factor(jacobian, shift), kept.factor)
    own = jnp.where(made, shift, kept.shift)
    kept = Kept(kept.rate, jacobian, factor, own, kept.renew & ~wanted, kept.here | wanted)
    share = 2 / (1 + shift / own)
    return Matrix(kept, factor, own, share), Work(wanted.astype(jnp.int32), made.astype(jnp.int32))


def after(kept: Kept, rate: Any) -> Kept:
    """What a step that was taken leaves; a Jacobian with which iterations converged slowly is renewed."""
    if kept.jacobian is None:
        return Kept(rate)
    return kept._replace(rate=rate, renew=rate > SLOW, here=jnp.zeros_like(kept.here))


def refused(kept: Kept, ok: Any) -> Kept:
    """What a step that was refused leaves; if its equations were not solved, a Jacobian of an earlier point is renewed."""
    kept = kept._replace(rate=jnp.where(ok, kept.rate, 1))
    return kept if kept.jacobian is None else kept._replace(renew=kept.renew | ~ok)
