"""Explicit Runge–Kutta methods: one stepper for every tableau."""

import functools
from typing import Any, ClassVar

from ..base.hold import hold
from ..spec.method import Equation, Method, Step
from ..tableaus.explicit import TSIT5
from ..tableaus.tableau import Tableau

__all__ = ["ExplicitRK", "Tsit5"]


class ExplicitRK(Method):
    r"""The explicit Runge–Kutta method of a :class:`Tableau`.

    .. math:: k_i = f(t + c_i h, y + h \sum_{j<i} a_{ij} k_j), \qquad y_1 = y + h \sum_i b_i k_i

    Memory is the derivative at the start of the step when the last stage of a step is the first of the next (FSAL).
    """

    remembers: ClassVar[bool] = False

    tableau: Tableau
    native: bool = True  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]

    @property
    def order(self) -> int:
        return self.tableau.order

    @property
    def error_order(self) -> int:
        return self.tableau.error_order

    @property
    def name(self) -> str:
        return self.tableau.name

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        return (equation.f(t, y) if self.tableau.fsal else ()), ()

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        table = self.tableau
        stages = [memory if table.fsal else equation.f(t, y)]
        final = y
        for k, (row, c) in enumerate(zip(table.a[1:], table.c[1:], strict=True), 1):
            if k == table.stages - 1 and table.fsal:
                final = y + h * _combine(row, stages)
                stages.append(equation.f(t + c * h, final))
            else:
                stages.append(equation.f(t + c * h, _argument(y, h, row, stages)))
        y1 = final if table.fsal else y + h * _combine(table.b, stages)
        return Step(
            y=y1,
            error=h * _combine(table.error, stages),
            memory=stages[-1] if table.fsal else (),
            data=(y, tuple(h * k for k in stages)),
            rhs=table.stages - int(table.fsal),
        )

    def replay(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        def f(t: Any, y: Any) -> Any:
            return hold(equation.f(t, hold(y)))

        return self.step(Equation(f=f), t, h, y, memory, cache)

    def dense(self, data: Any, theta: Any) -> Any:
        y, increments = data
        return y + _combine([_horner(row, theta) for row in self.tableau.interpolant], increments)


def _argument(y: Any, h: Any, row: Any, stages: Any) -> Any:
    """Where a stage is evaluated; the newest derivative enters last, by one multiplication and one addition."""
    early, newest = (row[:-1], stages[:-1]), (row[-1], stages[-1])
    base = y + h * _combine(*early) if any(early[0]) else y
    return base + (h * newest[0]) * newest[1] if newest[0] else base


def _combine(weights: Any, vectors: Any) -> Any:
    """Sum of the weighted vectors; weights that are exactly zero cost nothing."""
    terms = [w * v for w, v in zip(weights, vectors, strict=False) if not (isinstance(w, float) and w == 0.0)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _horner(coefficients: tuple[float, ...], theta: Any) -> Any:
    """The polynomial without a constant term."""
    value = coefficients[-1] * theta
    for coefficient in reversed(coefficients[:-1]):
        value = (value + coefficient) * theta
    return value


@functools.cache
def Tsit5(*, native: bool = True) -> ExplicitRK:
    """Tsitouras' 5(4) pair with its free fourth-order interpolant: the default for problems that are not stiff.

    Source: Ch. Tsitouras, Computers & Mathematics with Applications 62 (2011) 770–775.

    Example: ``ude.solve(problem, ude.Tsit5(), rtol=1e-8, atol=1e-8)``
    """
    return ExplicitRK(TSIT5, native)
