"""Rosenbrock methods: one stepper for every table."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..base.hold import held, hold
from ..base.status import SINGULAR
from ..spec.method import Equation, Step, Work
from ..tableaus.rosenbrock_table import RosenbrockTableau
from .combine import combine, horner
from .tabled import Row, Tabled

__all__ = ["Rosenbrock", "RosenbrockRow"]

UNROLLED = 5  # equations up to which the stages are written out; for more a loop over them is as quick (docs/decisions.md)


class Rosenbrock(Tabled):
    r"""The Rosenbrock method of a :class:`RosenbrockTableau`.

    .. math:: (M / \gamma h - J) u_i = f(t + \alpha_i h, y + \sum_j a_{ij} u_j) + M \sum_j c_{ij} u_j / h
        + \gamma_i h f_t, \qquad y_1 = y + \sum_i m_i u_i

    One Jacobian and one factorisation per step, no iteration: the error of a step does not depend on how well anything converged.

    Source: E. Hairer and G. Wanner, Solving Ordinary Differential Equations II (1996), IV.7.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"f"})
    accepts: ClassVar[frozenset[str]] = frozenset({"f", "mass", "history"})
    remembers: ClassVar[bool] = False
    implicit: ClassVar[bool] = True

    tableau: RosenbrockTableau

    @property
    def algebraic(self) -> bool:
        return self.tableau.dae_order > 0

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        return (equation.f(t, y) if self.tableau.reuses else ()), ()

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        table, numbers = self.tableau, self.tableau.numbers
        jacobian = equation.jac(t, y)
        factor = equation.factor(jacobian, 1 / (numbers.gamma * h))
        slope = equation.time_slope(t, y)
        first = memory if table.reuses else equation.f(t, y)
        run = _unrolled if y.size <= UNROLLED or table.reuses else _rolled
        stages, last = run(numbers, equation, factor, slope, t, h, y, first)
        end = y + combine(numbers.m, stages)
        return Step(
            y=end,
            error=None if numbers.error is None else combine(numbers.error, stages),
            memory=last if table.reuses else (),
            data=(y, stages),
            rhs=table.stages - int(table.reuses),
            stiffness=h * jacobian.bound(),
            ok=~factor.singular,
            trouble=SINGULAR,
            work=Work(1, 1, 0),
        )

    def dense(self, data: Any, theta: Any) -> Any:
        y, stages = data
        return y + theta * combine([horner(row, theta) for row in self.tableau.numbers.interpolant], stages)


def _unrolled(numbers: Any, equation: Equation, factor: Any, slope: Any, t: Any, h: Any, y: Any, first: Any) -> tuple:
    """The stages, each written out, and the last value of the right-hand side; each vector is computed once.

    Without that the walk backwards computes the same sums over and over: it takes three times as long (docs/decisions.md).
    """
    f, stages = held(equation.f), []
    for k, (row, couplings) in enumerate(zip(numbers.a, numbers.c, strict=True)):
        if k == 0:
            value = hold(first)
        elif any(row):
            value = f(t + numbers.alpha[k] * h, y + combine(row, stages))
        else:
            value = f(t + numbers.alpha[k] * h, y)
        evaluated = value
        if any(couplings):
            value = value + equation.mass(combine(couplings, stages)) / h
        if slope is not None and numbers.gammas[k]:
            value = value + (numbers.gammas[k] * h) * slope
        stages.append(hold(factor.solve(hold(value))))
    return tuple(stages), evaluated


def _rolled(numbers: Any, equation: Equation, factor: Any, slope: Any, t: Any, h: Any, y: Any, first: Any) -> tuple:
    """The same in a loop over the rows, so that right-hand side and solve are compiled once instead of once for every stage."""
    count = len(numbers.m)
    a, c = (jnp.asarray(_square(rows, count), y.dtype) for rows in (numbers.a, numbers.c))
    alpha, gammas = (jnp.asarray(np.array(x), h.dtype) for x in (numbers.alpha, numbers.gammas))

    def stage(carry: tuple, k: Any) -> tuple:
        stages, _ = carry
        evaluated = held(equation.f)(t + alpha[k] * h, y + a[k] @ stages)
        value = evaluated + equation.mass(c[k] @ stages) / h
        if slope is not None:
            value = value + (gammas[k] * h) * slope
        return (jax.lax.dynamic_update_index_in_dim(stages, hold(factor.solve(hold(value))), k, 0), evaluated), None

    return jax.lax.scan(stage, (jnp.zeros((count, *y.shape), y.dtype), y), jnp.arange(count))[0]


def _square(rows: Any, count: int) -> Any:
    """Rows of a lower triangle as a square matrix."""
    full = np.zeros((count, count))
    for k, row in enumerate(rows):
        full[k, :k] = row
    return full


class RosenbrockRow(Row[Rosenbrock]):
    """The name of a Rosenbrock method."""

    stepper = Rosenbrock
    remark = "  Dense output: of order ``ude.{name}.tableau.dense_order``."
