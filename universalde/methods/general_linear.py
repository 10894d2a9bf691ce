"""Methods that estimate the global error: a second component beside the solution."""

import functools
from typing import Any, ClassVar

import jax.numpy as jnp

from ..spec.method import Equation, Method, Step
from ..tableaus import general_linear
from ..tableaus.general_linear import GlobalError
from ..tableaus.low_storage import weighted_sum
from .hermite import hermite, with_slopes

__all__ = ["GLEE23", "GLEE24", "GLEE35", "GLOBAL_ERROR", "MM5GEE", "GlobalErrorRK"]


class GlobalErrorRK(Method):
    r"""The method of a :class:`GlobalError` row, which carries :math:`\varepsilon`, the exact solution less :math:`y`.

    ``sol.error`` is the estimate at ``sol.t``, a state like ``sol.y``.  Its increment in a step is the estimate that error
    control uses, so that tolerances mean what they mean for other methods.  Memory: :math:`\varepsilon`, and the derivative at
    the start of a step when a stage gives it.  Dense output: cubic Hermite interpolation.

    Example: ``ude.solve(problem, ude.GLEE35(), rtol=1e-6, atol=1e-6).error``
    """

    estimates_global_error: ClassVar[bool] = True

    tableau: GlobalError
    native: bool = True  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]

    @property
    def order(self) -> int:
        return self.tableau.order

    @property
    def error_order(self) -> int:
        return self.tableau.order  # the increment of the estimate is the local error of the result itself

    @property
    def name(self) -> str:
        return self.tableau.name

    @property
    def completes(self) -> bool:
        return True

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        return self.reset(equation, t, y, (jnp.zeros_like(y),)), ()

    def reset(self, equation: Equation, t: Any, y: Any, memory: Any) -> Any:
        return memory[0], (() if self.tableau.end is None else equation.f(t, y))

    def global_error(self, memory: Any) -> Any:
        return memory[0]

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        table, (error, first), stages = self.tableau, memory, []

        def change(weights: Any) -> Any:
            return h * weighted_sum(map(float, weights), stages)

        for i, (row, u) in enumerate(zip(table.a, table.u, strict=True)):
            if i == 0 and table.end is not None:
                stages.append(first)
                continue
            place = y + float(u) * error if u else y
            place = place + change(row) if row else place
            stages.append(equation.f(t + table.c[i] * h, place))
        new, growth = y + change(table.b), change(table.e)
        kept = () if table.end is None else stages[table.end]
        evaluations = table.stages - (table.end is not None)
        return Step(y=new, error=growth, memory=(error + growth, kept), data=(y, new), rhs=evaluations)

    def complete(self, equation: Equation, t: Any, h: Any, data: Any) -> Any:
        return with_slopes(equation, t, h, data)

    def dense(self, data: Any, theta: Any) -> Any:
        return hermite(data, theta)


@functools.cache
def GLEE23(*, native: bool = True) -> GlobalErrorRK:
    """Order 2, three stages, with the global error (Constantinescu 2016, eq. 4.6); the cheapest of its kind.

    Example: ``ude.solve(problem, ude.GLEE23()).error``
    """
    return GlobalErrorRK(general_linear.GLEE23, native)


@functools.cache
def GLEE24(*, native: bool = True) -> GlobalErrorRK:
    """Order 2, four stages, with the global error (Constantinescu 2016, eq. A.3); faithful over long times.

    Example: ``ude.solve(problem, ude.GLEE24()).error``
    """
    return GlobalErrorRK(general_linear.GLEE24, native)


@functools.cache
def GLEE35(*, native: bool = True) -> GlobalErrorRK:
    """Order 3, five stages, with the global error (Constantinescu 2016, eq. 4.9).

    Example: ``ude.solve(problem, ude.GLEE35()).error``
    """
    return GlobalErrorRK(general_linear.GLEE35, native)


@functools.cache
def MM5GEE(*, native: bool = True) -> GlobalErrorRK:
    """Dormand and Prince's method of order 5 with the global error by three more stages (Makazaga & Murua 2003).

    Example: ``ude.solve(problem, ude.MM5GEE(), rtol=1e-8, atol=1e-8).error``
    """
    return GlobalErrorRK(general_linear.MM5GEE, native)


GLOBAL_ERROR = {make.__name__: make for make in (GLEE23, GLEE24, GLEE35, MM5GEE)}
