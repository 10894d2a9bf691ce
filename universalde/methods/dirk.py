"""Diagonally implicit Runge–Kutta methods: one stepper for every tableau."""

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..base.implicit import frozen, root
from ..base.loop import repeat
from ..base.status import NEWTON
from ..nonlinear.newton import Kept, Matrix, after, believed, newton, prepared, refused, unprepared
from ..spec.method import Equation, Step
from ..tableaus.dirk_table import DirkTableau
from .combine import combine, horner
from .tabled import Row, Tabled

__all__ = ["DIRK", "DirkRow"]


class _Solved(NamedTuple):
    """The stages z = h k, (stages, n), whether all were found, the rate of convergence, and iterations."""

    z: Any
    ok: Any
    rate: Any
    iterations: Any


class DIRK(Tabled):
    r"""The diagonally implicit Runge–Kutta method of a :class:`DirkTableau`, for :math:`M y' = f(t, y)`.

    .. math:: M z_i = h f\Bigl(t + c_i h, y + \sum_{j<i} a_{ij} z_j + \gamma z_i\Bigr), \qquad y_1 = y + \sum_i b_i z_i

    Each stage is found by simplified Newton iterations with :math:`W = M / (\gamma h) - J`.  Derivatives of stages come from a
    system of linear equations, never from iterations.  Memory is the slope at the start of the step when the last stage of a step
    is the first of the next: as the stages give it, not from :math:`f`, which would magnify what Newton's method leaves.
    M may be singular (index 1) where the result is the last stage (``tableau.stiffly_accurate``).
    """

    implicit: ClassVar[bool] = True
    accepts: ClassVar[frozenset[str]] = frozenset({"f", "history", "mass"})

    tableau: DirkTableau

    @property
    def algebraic(self) -> bool:
        return self.tableau.stiffly_accurate

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Kept]:
        memory = _slope(equation, t, y) if self.tableau.fsal else ()
        return memory, unprepared(equation, t, y)

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Kept) -> Step:
        matrix, work = prepared(equation, t, y, cache, 1 / (float(self.tableau.gamma) * h))
        first, evaluations = self._first(equation, t, h, y, memory)
        found = self._stages(equation, t, h, y, first, matrix)
        return self._result(y, h, found.z)._replace(
            error=self._error(equation, matrix, found.z),
            cache=after(matrix.kept, found.rate),
            cache_if_rejected=refused(matrix.kept, found.ok),
            ok=found.ok,
            trouble=NEWTON,
            rhs=found.iterations + evaluations,
            work=work._replace(iterations=found.iterations),
        )

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        def solve(t: Any, h: Any, y: Any, memory: Any) -> Any:
            matrix, _ = prepared(equation, t, y, cache, 1 / (float(self.tableau.gamma) * h))
            return self._stages(equation, t, h, y, self._first(equation, t, h, y, memory)[0], matrix).z

        values = frozen(solve, t, h, y, memory)
        first, _ = self._first(equation, t, h, y, memory)
        return self._result(y, h, self._differentiable(equation, t, h, y, first, values))

    def _result(self, y: Any, h: Any, z: Any) -> Step:
        memory = z[-1] / h if self.tableau.fsal else ()
        return Step(y=y + combine(self.tableau.numbers.b, z), error=None, memory=memory, data=(y, z))

    def _error(self, equation: Equation, matrix: Matrix, z: Any) -> Any:
        if self.tableau.error is None:
            return None
        error = combine(self.tableau.numbers.error, z)
        return matrix.factor.solve(matrix.shift * equation.mass(error)) if self.tableau.filtered else error

    def _first(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any) -> tuple[Any, int]:
        """The explicit first stage, or nothing, and what it cost."""
        if not self.tableau.explicit_first:
            return None, 0
        return (h * memory, 0) if self.tableau.fsal else (h * _slope(equation, t, y), 1)

    def _stages(self, equation: Equation, t: Any, h: Any, y: Any, first: Any, matrix: Matrix) -> _Solved:
        """The stages one after another, in a loop, so that ``f`` is compiled once for all."""
        table, gamma, skip = self.tableau, float(self.tableau.gamma), int(first is not None)
        below = jnp.asarray(_below(table), y.dtype)
        guess, c = jnp.asarray(gamma * table.predictor, y.dtype), jnp.asarray(table.numbers.c, h.dtype)
        rows = jnp.arange(table.stages)[:, None]

        def stage(i: Any, state: _Solved, private: Any) -> tuple:
            k = i + skip
            base, time = y + below[k] @ state.z, t + c[k] * h

            def correction(u: Any) -> Any:
                return matrix.solve(equation.f(time, base + u) - equation.mass(u) / (gamma * h))

            found = newton(correction, guess[k] @ state.z, lambda d: equation.norm(d, y), believed(equation, y, state.rate), state.ok)
            z = jnp.where(rows == k, found.x / gamma, state.z)
            return _Solved(z, found.ok, found.rate, state.iterations + found.iterations), private

        z = jnp.where(rows == 0, 0 if first is None else first, jnp.zeros((table.stages, *y.shape), y.dtype))
        begin = _Solved(z, jnp.bool_(True), matrix.kept.rate, jnp.int32(0))
        return repeat(stage, begin, limit=table.stages - skip)[0]

    def _differentiable(self, equation: Equation, t: Any, h: Any, y: Any, first: Any, values: Any) -> Any:
        """Stages with the values given and the derivatives of the equations that they solve, all taken as one system."""
        table, gamma, skip = self.tableau, float(self.tableau.gamma), int(first is not None)
        below, c = jnp.asarray(_below(table), y.dtype), jnp.asarray(table.numbers.c, h.dtype)
        shift, unknown, rows = 1 / (gamma * h), jnp.arange(skip, table.stages), jnp.arange(table.stages)[:, None]

        def all_stages(z: Any) -> Any:
            return z if first is None else jnp.concatenate([first[None], z])

        def place(k: Any, z: Any) -> tuple:
            return t + c[k] * h, y + below[k] @ z + gamma * z[k]

        def residual(found: Any) -> Any:
            z = all_stages(found)
            return jax.lax.map(lambda k: equation.f(*place(k, z)) - gamma * shift * equation.mass(z[k]), unknown)

        def solve(found: Any, lack: Any) -> Any:
            z = all_stages(found)

            def stage(moved: Any, at: tuple) -> tuple:
                k, lack = at
                jacobian = equation.jac(*place(k, z))
                right = lack + jacobian.matvec(below[k] @ moved)
                return jnp.where(rows == k, equation.factor(jacobian, shift).solve(right) / gamma, moved), None

            return jax.lax.scan(stage, jnp.zeros_like(z), (unknown, lack))[0][skip:]

        # The rule of the derivative stays outside the loops over stages: inside a scan JAX forgets it in second derivatives.
        return all_stages(root(residual, solve, values[skip:]))

    def dense(self, data: Any, theta: Any) -> Any:
        y, z = data
        weights = [horner(row, theta - 0.5) for row in self.tableau.numbers.interpolant]
        return y + theta * combine(weights, z)


def _below(table: DirkTableau) -> np.ndarray:
    """The matrix of a table below its diagonal."""
    full = np.zeros((table.stages, table.stages))
    for k, row in enumerate(table.numbers.a):
        full[k, :k] = row[:-1]
    return full


def _slope(equation: Equation, t: Any, y: Any) -> Any:
    """dy/dt at a state that satisfies the algebraic equations.

    Without a mass matrix it is f.  Else (M - δ J) y' = M M⁺ f + δ df/dt, whose solution for δ to 0 has the slopes of the algebraic
    variables too, because there it reads J y' + df/dt = 0.  δ is small against the time in which the state changes.
    """
    slope = equation.slope(t, y)
    if equation.mass(y) is y:
        return slope
    speed = equation.norm(slope, y)
    delta = jnp.sqrt(jnp.finfo(y.dtype).eps) * jnp.where(speed > 0, equation.norm(y, y) / jnp.where(speed > 0, speed, 1), 1)
    delta = jax.lax.stop_gradient(jnp.where(delta > 0, delta, 1))
    change = equation.time_slope(t, y)
    right = equation.mass(slope) / delta + (0 if change is None else change)
    return equation.factor(equation.jac(t, y), 1 / delta).solve(right)


class DirkRow(Row[DIRK]):
    """A diagonally implicit method of a stored table."""

    stepper = DIRK
    remark = "  Dense output: of order ``ude.{name}.tableau.dense_order``.  Stability: ``ude.{name}.tableau.l_stable``."
