"""Explicit Runge–Kutta methods: one stepper for every tableau."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..base.hold import held, hold
from ..spec.method import Equation, Step
from ..tableaus.tableau import Tableau
from .combine import combine, horner
from .tabled import Row, Tabled

__all__ = ["ExplicitRK", "ExplicitRow"]

UNROLLED = 16  # stages up to which the step is written out; more are run by a loop (docs/decisions.md)


class ExplicitRK(Tabled):
    r"""The explicit Runge–Kutta method of a :class:`Tableau`.

    .. math:: k_i = f(t + c_i h, y + h \sum_{j<i} a_{ij} k_j), \qquad y_1 = y + h \sum_i b_i k_i

    Memory is the derivative at the start of the step when the last stage of a step is the first of the next (FSAL).

    Example: ``ude.solve(problem, ude.ExplicitRK(ude.Tableau("Heun", 2, a="-\n1", b="1/2 1/2", error="1/2 -1/2")))``
    """

    remembers: ClassVar[bool] = False

    tableau: Tableau

    @property
    def completes(self) -> bool:
        return bool(self.tableau.extra)

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        return (equation.f(t, y) if self.tableau.fsal else ()), ()

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        table, numbers = self.tableau, self.tableau.numbers
        first = memory if table.fsal else hold(equation.f(t, y))
        stages, places = (_unrolled if table.stages <= UNROLLED else _rolled)(table, equation.f, t, h, y, first)
        stiffness = None
        if len(places) > 1 and abs(numbers.c[table.stages - 1] - numbers.c[table.stages - 2]) < 1e-12:
            stiffness = _stiffness(h, places, stages) / table.real_interval
        coarse = None if numbers.coarse is None else h * combine(numbers.coarse, stages)
        return Step(
            y=places[-1] if table.fsal else y + h * combine(numbers.b, stages),
            error=None if numbers.error is None else h * combine(numbers.error, stages),
            coarse=coarse,
            memory=stages[-1] if table.fsal else (),
            data=(y, h * stages if isinstance(stages, jax.Array) else tuple(h * k for k in stages)),
            rhs=table.stages - int(table.fsal),
            stiffness=stiffness,
        )

    def complete(self, equation: Equation, t: Any, h: Any, data: Any) -> Any:
        y, increments = data
        numbers, stages, f = self.tableau.numbers, self.tableau.stages, held(equation.f)
        for row, c in zip(numbers.a[stages:], numbers.c[stages:], strict=True):
            new = h * f(t + c * h, y + combine(row, increments))
            whole = isinstance(increments, jax.Array)
            increments = jnp.concatenate([increments, new[None]]) if whole else (*increments, new)
        return y, increments

    def dense(self, data: Any, theta: Any) -> Any:
        y, increments = data
        weights = [horner(row, theta - 0.5) for row in self.tableau.numbers.interpolant]
        return y + theta * combine(weights, increments)


def _unrolled(table: Tableau, f: Any, t: Any, h: Any, y: Any, first: Any) -> tuple[list, list]:
    """The stages, each written out, and where they were evaluated; each sum and each derivative is computed once."""
    numbers, stages, places = table.numbers, [first], [y]
    for k in range(1, table.stages):
        row, c = numbers.a[k], numbers.c[k]
        # The end of a FSAL step is the result itself, summed in the plain order; the others wait for one stage only.
        ends = table.fsal and k == table.stages - 1
        places.append(hold(y + h * combine(row, stages) if ends else _argument(y, h, row, stages)))
        stages.append(hold(f(t + c * h, places[-1])))
    return stages, places


def _rolled(table: Tableau, f: Any, t: Any, h: Any, y: Any, first: Any) -> tuple[Any, list]:
    """The same in a loop over the rows: the right-hand side is compiled twice instead of once for every stage."""
    a, c = np.zeros((table.stages, table.stages)), np.array(table.numbers.c[: table.stages])
    for k in range(table.stages):
        a[k, :k] = table.numbers.a[k]
    a, c = jnp.asarray(a, y.dtype), jnp.asarray(c, h.dtype)

    def stage(carry: tuple, k: Any) -> tuple:
        stages, _ = carry
        place = hold(y + h * (a[k] @ stages))
        return (jax.lax.dynamic_update_index_in_dim(stages, hold(f(t + c[k] * h, place)), k, 0), place), None

    stages = jnp.concatenate([first[None], jnp.zeros((table.stages - 1, *y.shape), y.dtype)])
    (stages, place), _ = jax.lax.scan(stage, (stages, y), jnp.arange(1, table.stages))
    return stages, [place]


def _stiffness(h: Any, places: list, stages: Any) -> Any:
    """|λ| h from two evaluations at the same time near each other (Shampine 1977; Hairer & Wanner 1996, IV.2)."""
    apart = jnp.sum(jnp.square(jnp.abs(places[-1] - places[-2])))
    slopes = jnp.sum(jnp.square(jnp.abs(stages[-1] - stages[-2])))
    return h * jnp.sqrt(jnp.where(apart > 0, slopes / jnp.where(apart > 0, apart, 1), 0))


def _argument(y: Any, h: Any, row: Any, stages: Any) -> Any:
    """Where a stage is evaluated; the newest derivative enters last, by one multiplication and one addition."""
    early, newest = (row[:-1], stages[:-1]), (row[-1], stages[-1])
    base = y + h * combine(*early) if any(early[0]) else y
    return base + (h * newest[0]) * newest[1] if newest[0] else base


class ExplicitRow(Row[ExplicitRK]):
    """The name of an explicit Runge–Kutta method."""

    stepper = ExplicitRK
    remark = "  Dense output: of order ``ude.{name}.tableau.dense_order``."
