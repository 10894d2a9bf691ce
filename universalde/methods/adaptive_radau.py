"""Radau IIA methods of orders 5, 9 and 13, of which each step takes the one that pays."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..base.implicit import frozen
from ..base.loop import once
from ..base.status import NEWTON
from ..spec.method import Equation, Method, Step
from .collocation import Cache, CollocationRK, Shape, differentiable, products
from .collocation_rows import RadauIIA5, RadauIIA9, RadauIIA13

__all__ = ["RadauIIA"]

STAGES = np.array([3, 5, 7])
MOST = 7
WAIT = 10  # steps before the order rises again
FEW, MANY = 2.6, 8.0  # iterations per step, on average, below which the order rises and above which it falls
FADES = 0.8  # weight of the average so far


class Choice(NamedTuple):
    """Caches of the three methods, which share polynomial, size and care (:class:`Cache`); steps since the order changed,
    iterations on average, and whether Newton's method failed since the last step that was taken."""

    kept: tuple
    polynomial: Any
    size: Any
    careful: Any
    waited: Any
    effort: Any
    failed: Any


class Taken(NamedTuple):
    """What the method that is on leaves, filled up to seven stages."""

    y: Any
    z: Any
    error: Any
    after: Any
    refused: Any
    polynomial: Any
    centred: Any
    ok: Any
    rhs: Any
    work: Any


class RadauIIA(Method):
    r"""Radau IIA of order 5, 9 or 13, chosen from step to step by how quickly Newton's method converges.

    After at least ten steps of one order the next higher one is taken where fewer than 2.6 iterations per step were needed on
    average; the next lower one where more than 8 were needed or an iteration failed.  The dense output is the collocation polynomial.
    Of the three methods only the one that is on is computed (under ``vmap``: those that any lane needs); all three are compiled.
    M may be singular (index 1).

    Sources: E. Hairer and G. Wanner, Journal of Computational and Applied Mathematics 111 (1999) 93–111; the criterion of
    iterations: S. Ekanathan, O. Smith and C. Rackauckas, IEEE High Performance Extreme Computing Conference (2025).

    Example: ``ude.solve(problem, ude.RadauIIA(), rtol=1e-10, atol=1e-12)``
    """

    accepts: ClassVar[frozenset[str]] = frozenset({"f", "history", "mass"})
    implicit: ClassVar[bool] = True

    native: bool = True  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]

    @property
    def order(self) -> int:
        return 5

    @property
    def error_order(self) -> int:
        return int(STAGES[0])

    @property
    def _members(self) -> tuple[CollocationRK, ...]:
        return tuple(row(native=self.native) for row in (RadauIIA5, RadauIIA9, RadauIIA13))

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Choice]:
        caches = [member.init(equation, t, y, h)[1] for member in self._members]
        zero = jnp.zeros_like(h)
        empty = jnp.zeros((MOST, y.size), y.dtype)
        kept = tuple(cache.kept for cache in caches)
        return jnp.int32(0), Choice(kept, empty, zero + 1, jnp.bool_(True), jnp.int32(0), zero, jnp.bool_(False))

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Choice) -> Step:
        taken = self._taken(equation, t, h, y, memory, cache)
        iterations = taken.work.iterations.astype(h.dtype)
        effort = jnp.where(cache.waited == 0, iterations, FADES * cache.effort + (1 - FADES) * iterations)
        waited = cache.waited + 1
        rises = (waited >= WAIT) & (effort < FEW) & ~cache.failed & (memory < len(STAGES) - 1)
        falls = (cache.failed | (effort > MANY)) & (memory > 0)
        new = Choice(
            self._kept(memory, taken.after, cache), taken.polynomial, h, jnp.bool_(False),
            jnp.where(rises | falls, 0, waited), effort, jnp.bool_(False),
        )  # fmt: skip
        return Step(
            y=taken.y,
            error=taken.error,
            memory=memory + rises.astype(jnp.int32) - falls.astype(jnp.int32),
            cache=new,
            cache_if_rejected=cache._replace(
                kept=self._kept(memory, taken.refused, cache), careful=jnp.bool_(True), failed=cache.failed | ~taken.ok
            ),
            data=(y, taken.centred),
            ok=taken.ok,
            trouble=NEWTON,
            rhs=taken.rhs,
            work=taken.work,
            error_order=_chosen(STAGES, memory, h.dtype),
        )

    def _taken(self, equation: Equation, t: Any, h: Any, y: Any, on: Any, cache: Choice) -> Taken:
        """The step of the method that is on; for the others zeros are added."""

        def of(k: int) -> Callable[[], Taken]:
            def run() -> Taken:
                member = self._members[k]
                own = Cache(cache.kept[k], cache.polynomial, cache.size, cache.careful)
                step = member.step(equation, t, h, y, (), own)
                z = step.data[1]
                fill = lambda rows: jnp.pad(rows, ((0, MOST - len(rows)), (0, 0)))  # noqa: E731
                kept = [tuple(c.kept if j == k else _zeros(cache.kept[j]) for j in range(len(STAGES)))
                        for c in (step.cache, step.cache_if_rejected)]  # fmt: skip
                centred = products(np.array(member.tableau.numbers.interpolant).T, z)
                return Taken(
                    step.y, fill(z), step.error, *kept, fill(step.cache.polynomial), fill(centred), step.ok, step.rhs, step.work
                )

            return lambda: jax.tree.map(jnp.asarray, run())

        parts = [once(on == k, of(k)) for k in range(len(STAGES))]
        return jax.tree.map(lambda *x: functools.reduce(jnp.logical_or if x[0].dtype == bool else jnp.add, x), *parts)

    def _kept(self, on: Any, new: tuple, cache: Choice) -> tuple:
        """What Newton's method keeps for the method that is on; Jacobians of those that are off are out of date."""
        found = []
        for k, (a, b) in enumerate(zip(new, cache.kept, strict=True)):
            if b.renew is not None:
                b = b._replace(renew=jnp.bool_(True), here=jnp.bool_(False))
            found.append(jax.tree.map(lambda x, y, k=k: jnp.where(on == k, x, y), a, b))
        return tuple(found)

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Choice) -> Step:
        values = frozen(lambda t, h, y: self._taken(equation, t, h, y, memory, cache).z, t, h, y)
        c, slopes, centred = (_chosen(stack, memory, y.dtype) for stack in _tables())
        rows, stages = jnp.arange(MOST), _chosen(STAGES, memory, jnp.int32)
        z = differentiable(Shape(c, slopes, rows < stages), equation, t, h, y, values)
        end = y + jnp.sum(jnp.where(rows[:, None] == stages - 1, z, 0), 0)
        return Step(y=end, error=None, memory=memory, data=(y, jnp.sum(centred[:, :, None] * z[None], 1)))

    def retake(self, equation: Equation, t: Any, h: Any, y: Any, end: Any) -> Any:
        """That of the order that comes to ``end``, up to roundings; others miss it by their errors."""
        _, cache = self.init(equation, t, y, h)
        steps = [self._taken(equation, t, h, y, jnp.int32(k), cache) for k in range(len(STAGES))]
        misses = jnp.stack([jnp.max(jnp.abs(step.y - end)) for step in steps])
        found = [jnp.where(misses[k] <= jnp.min(misses), step.centred, 0) for k, step in enumerate(steps)]
        return y, found[0] + jnp.where(misses[0] <= jnp.min(misses), 0, found[1] + jnp.where(misses[1] <= jnp.min(misses), 0, found[2]))

    def dense(self, data: Any, theta: Any) -> Any:
        y, centred = data
        value = centred[-1]
        for row in range(MOST - 2, -1, -1):
            value = value * (theta - 0.5) + centred[row]
        return y + theta * value


def _zeros(tree: Any) -> Any:
    return jax.tree.map(jnp.zeros_like, tree)


def _chosen(stack: Any, index: Any, dtype: Any) -> Any:
    """The entry of three at ``index``."""
    first, second, third = (jnp.asarray(x, dtype) for x in stack)
    return jnp.where(index == 0, first, jnp.where(index == 1, second, third))


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes, slopes and coefficients of the dense output of the three methods, filled up to seven stages."""
    count = len(STAGES)
    c, slopes, centred = np.ones((count, MOST)), np.zeros((count, MOST, MOST)), np.zeros((count, MOST, MOST))
    for k, row in enumerate((RadauIIA5, RadauIIA9, RadauIIA13)):
        numbers, s = row.tableau.numbers, row.tableau.stages
        c[k, :s], slopes[k, :s, :s], centred[k, :s, :s] = numbers.c, numbers.slopes, np.array(numbers.interpolant).T
    return c, slopes, centred
