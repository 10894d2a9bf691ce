"""Fully implicit Runge–Kutta methods that are collocation methods: Radau IIA and Gauss–Legendre."""

from dataclasses import field
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..base.implicit import frozen, root
from ..base.loop import once
from ..base.static import record
from ..base.status import NEWTON
from ..linalg.dense import Dense
from ..linalg.operator import Factor, Operator
from ..nonlinear.newton import Found, Kept, after, believed, newton, prepared, refused, unprepared
from ..spec.method import Equation, Step
from ..tableaus.collocation import Collocation
from .combine import horner
from .tabled import Row, Tabled

__all__ = ["CollocationRK", "CollocationRow"]

TIGHT = 10.0  # how much less than elsewhere Newton's method may leave: high orders are lost otherwise (docs/decisions.md)
DOUBT = 0.1  # the best rate of convergence that is believed from the step before
ROUNDING = 100  # how many units in the last place Newton's method may leave where no estimate says what is enough
LEAST = 1e-10  # an error that is divided by
FAR, BOLD = 1.5, 3  # ratio of two steps from which a guess takes no higher powers than this of the last polynomial


class Cache(NamedTuple):
    """What Newton's method keeps; the last polynomial, by powers of (θ - 1), and the size of its step, for guesses; whether
    the step is the first or the one before was refused."""

    kept: Kept
    polynomial: Any
    size: Any
    careful: Any


@record
class Transformed:
    r"""The matrix :math:`h^{-1} A^{-1} \otimes M - I \otimes J` of all stages, in the basis where :math:`A` is diagonal.

    One system with the state's number of unknowns for a real eigenvalue, one complex one for each conjugate pair.
    """

    factors: tuple[Factor, ...]
    tableau: Collocation = field(metadata={"static": True})

    def solve(self, b: Any) -> Any:
        """All stages, from the right-hand sides of all, (stages, n)."""
        numbers = self.tableau.numbers
        total = [0.0] * self.tableau.stages
        for k, factor in enumerate(self.factors):
            vector, row = numbers.vectors[:, k], numbers.inverse[k]
            if k < numbers.real:
                x = factor.solve(weighted(row.real, b))
                total = [part + v * x for part, v in zip(total, map(float, vector.real), strict=True)]
            else:
                x = factor.solve(jax.lax.complex(weighted(row.real, b), weighted(row.imag, b)))
                re, im = 2 * jnp.real(x), 2 * jnp.imag(x)
                total = [part + float(v.real) * re - float(v.imag) * im for part, v in zip(total, vector, strict=True)]
        return jnp.stack(total)

    def filtered(self, b: Any) -> Any:
        """The first system alone; of a complex one the real part."""
        if self.tableau.numbers.real:
            return self.factors[0].solve(b)
        return jnp.real(self.factors[0].solve(b + 0j))


class Shape(NamedTuple):
    """Nodes and slopes as arrays of numbers, known or traced; ``used``: which rows are stages, ``None`` for all."""

    c: Any
    slopes: Any
    used: Any = None


class CollocationRK(Tabled):
    r"""The collocation method of a :class:`Collocation`, for :math:`M y' = f(t, y)`.

    All stages are found together by simplified Newton iterations, in the basis where their equations part into one system for
    a real eigenvalue and complex ones for pairs (Butcher 1976; Bickart 1977).  Steps are judged by
    :math:`(\gamma h^{-1} M - J)^{-1} (f(t, y) - M u'(t))`, u being the polynomial of the step, and at the first step and after a refusal
    once more with f at y and that estimate (Hairer & Wanner 1996, eq. IV.8.19 and IV.8.20).  Derivatives of stages come from their
    linear equations, never from iterations.  M may be singular (index 1) where the result is the last stage
    (``tableau.stiffly_accurate``).
    """

    implicit: ClassVar[bool] = True
    accepts: ClassVar[frozenset[str]] = frozenset({"f", "history", "mass"})

    tableau: Collocation

    @property
    def algebraic(self) -> bool:
        return self.tableau.stiffly_accurate

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[tuple, Cache]:
        empty = jnp.zeros((self.tableau.stages, y.size), y.dtype)
        return (), Cache(unprepared(self._coupled(equation), t, y), empty, jnp.ones_like(h), jnp.bool_(True))

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Cache) -> Step:
        numbers = self.tableau.numbers
        matrix, work = prepared(self._coupled(equation), t, y, cache.kept, 1 / h)
        guess = extrapolated(numbers.c, cache.polynomial, h / cache.size)
        found = self._newton(equation, t, h, y, guess, matrix, cache.kept.rate)
        error, evaluations = self._error(equation, t, h, y, found, matrix, cache.careful)
        new = Cache(after(matrix.kept, found.rate), products(numbers.forward, found.x), h, jnp.bool_(False))
        refusal = cache._replace(kept=refused(matrix.kept, found.ok), careful=jnp.bool_(True))
        return self._result(y, found.x)._replace(
            error=error, cache=new, cache_if_rejected=refusal, ok=found.ok, trouble=NEWTON,
            rhs=self.tableau.stages * found.iterations + evaluations, work=work._replace(iterations=found.iterations),
        )  # fmt: skip

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Cache) -> Step:
        def solve(t: Any, h: Any, y: Any) -> Any:
            matrix, _ = prepared(self._coupled(equation), t, y, cache.kept, 1 / h)
            return self._newton(equation, t, h, y, jnp.zeros((self.tableau.stages, y.size), y.dtype), matrix, cache.kept.rate).x

        return self._result(y, differentiable(self._shape, equation, t, h, y, frozen(solve, t, h, y)))

    def dense(self, data: Any, theta: Any) -> Any:
        y, z = data
        weights = [horner(row, theta - 0.5) for row in self.tableau.numbers.interpolant]
        return y + theta * weighted(weights, z)

    def _result(self, y: Any, z: Any) -> Step:
        change = z[-1] if self.tableau.stiffly_accurate else weighted(self.tableau.numbers.result, z)
        return Step(y=y + change, error=None, data=(y, z))

    def _coupled(self, equation: Equation) -> Equation:
        """What Newton's method takes its matrix from: ``factor(J, 1 / h)`` is that of all stages."""

        def factor(jacobian: Any, shift: Any) -> Transformed:
            numbers = self.tableau.numbers
            shifts = [x.real if k < numbers.real else x for k, x in enumerate(numbers.eigenvalues)]
            kind = jnp.result_type(shift, jnp.complex64)
            shifts = [shift * (float(x) if np.isreal(x) else jnp.asarray(x, kind)) for x in shifts]
            return Transformed(tuple(equation.factor(jacobian, x) for x in shifts), self.tableau)

        return Equation(jac=equation.jac, directions=equation.directions, factor=factor)

    @property
    def _shape(self) -> Shape:
        return Shape(self.tableau.numbers.c, self.tableau.numbers.slopes)

    @property
    def _limit(self) -> int:
        """How many iterations: as in RADAU; more where they go on to rounding."""
        return max(7, int(7 + 2.5 * (self.tableau.stages - 3))) if self.adaptive else 30

    def _newton(self, equation: Equation, t: Any, h: Any, y: Any, guess: Any, matrix: Any, rate: Any) -> Found:
        numbers = self.tableau.numbers
        times = t + jnp.asarray(numbers.c, h.dtype) * h

        def correction(z: Any) -> Any:
            slopes = jax.vmap(equation.mass)(products(numbers.slopes, z)) / h
            return matrix.solve(jax.vmap(equation.f)(times, y + z) - slopes)

        def size(change: Any) -> Any:
            found = TIGHT * jnp.sqrt(jnp.mean(jnp.square(jax.vmap(lambda v: equation.norm(v, y))(change))))
            if self.adaptive:
                return found
            least = ROUNDING * jnp.finfo(y.dtype).eps * jnp.max(jnp.abs(y))
            return jnp.maximum(found, jnp.max(jnp.abs(change)) / jnp.where(least > 0, least, 1))

        rate = jnp.maximum(rate, DOUBT)
        return newton(correction, guess, size, believed(equation, y, rate), limit=self._limit, hopes=not self.adaptive)

    def _error(self, equation: Equation, t: Any, h: Any, y: Any, found: Found, matrix: Any, careful: Any) -> tuple:
        """The estimate, and how many evaluations it took.

        What a step should grow by is less where Newton's method worked hard (Hairer & Wanner 1996, IV.8): an error below the
        tolerance is made larger by that, but never so that the step is refused.
        """
        if not self.adaptive:
            return None, 0
        slope = equation.mass(weighted(self.tableau.numbers.first, found.x)) / h
        error = matrix.factor.filtered(equation.f(t, y) - slope)
        again = careful & found.ok & ~(equation.norm(error, y) < 1)
        second = once(again, lambda: matrix.factor.filtered(equation.f(t, y + error) - slope))
        error = jnp.where(again, second, error)
        size = equation.norm(error, y)
        work = (found.iterations + 2 * self._limit) / (1.0 + 2 * self._limit)
        more = jnp.minimum(work.astype(y.dtype) ** (self.error_order + 1), 0.99 / jnp.maximum(size, LEAST))
        return error * jnp.where(size < 1, more, 1), 1 + again


def differentiable(shape: Shape, equation: Equation, t: Any, h: Any, y: Any, values: Any) -> Any:
    """Stages with the values given and the derivatives of the equations that they solve: one linear system for all stages."""
    times, slopes = t + jnp.asarray(shape.c, h.dtype) * h, jnp.asarray(shape.slopes, y.dtype)
    stages, n = values.shape

    def lack(z: Any) -> Any:
        found = jax.vmap(equation.f)(times, y + z) - jax.vmap(equation.mass)(jnp.sum(slopes[:, :, None] * z[None], 1)) / h
        return found if shape.used is None else jnp.where(shape.used[:, None], found, -z)

    def solve(z: Any, change: Any) -> Any:
        jacobians = jax.vmap(lambda t, y: equation.jac(t, y).dense())(times, y + z)
        if shape.used is not None:
            jacobians = jnp.where(shape.used[:, None, None], jacobians, -jnp.eye(n, dtype=y.dtype))
        mass = jax.vmap(equation.mass, 1, 1)(jnp.eye(n, dtype=y.dtype)) / h
        same = jnp.eye(stages, dtype=y.dtype)[:, None, :, None]
        whole = slopes[:, None, :, None] * mass[None, :, None, :] - same * jacobians[:, :, None, :]
        found = Operator(whole.reshape(stages * n, stages * n), Dense()).factor().solve(change.reshape(-1))
        return found.reshape(stages, n)

    return root(lack, solve, values)


def weighted(weights: Any, vectors: Any) -> Any:
    """Sum of the weighted rows, written out: a product of matrices would be a call of a library."""
    total = 0.0
    for k, w in enumerate(weights):
        if not (isinstance(w, float | np.floating) and w == 0):
            total = total + (float(w) if isinstance(w, np.floating) else w) * vectors[k]
    return total


def products(matrix: np.ndarray, vectors: Any) -> Any:
    """Matrix of numbers times rows."""
    return jnp.stack([weighted(row, vectors) for row in matrix])


def extrapolated(c: np.ndarray, polynomial: Any, ratio: Any) -> Any:
    """Stages guessed by the polynomial of the step before, (stages, n), ``ratio`` times as long."""
    rows, power = [], 1.0
    for k in range(len(polynomial)):
        power = power * ratio
        rows.append((power if k < BOLD else jnp.where(ratio > FAR, 0, power)) * polynomial[k])
    return products(c[:, None] ** (1 + np.arange(len(rows))), rows)


class CollocationRow(Row[CollocationRK]):
    """A collocation method of a stored table."""

    stepper = CollocationRK
    remark = "  Dense output: of order ``ude.{name}.tableau.dense_order``."
