"""Methods that estimate the global error: a second component beside the solution."""

from typing import Any, ClassVar

import jax.numpy as jnp

from ..base.hold import held
from ..spec.method import Equation, Step
from ..tableaus.general_linear import GlobalError
from ..tableaus.low_storage import weighted_sum
from .hermite import Interpolated
from .tabled import Row

__all__ = ["GLEE23", "GLEE24", "GLEE35", "GLOBAL_ERROR", "MM5GEE", "GlobalErrorRK", "GlobalErrorRow"]


class GlobalErrorRK(Interpolated):
    r"""The method of a :class:`GlobalError` row, which carries :math:`\varepsilon`, the exact solution less :math:`y`.

    ``sol.error`` is the estimate at ``sol.t``, a state like ``sol.y``.  Its increment in a step is the estimate that error
    control uses, so that tolerances mean what they mean for other methods.  Memory: :math:`\varepsilon`, and the derivative at
    the start of a step when a stage gives it.  Dense output: cubic Hermite interpolation.

    Example: ``ude.solve(problem, ude.GLEE35(), rtol=1e-6, atol=1e-6).error``
    """

    estimates_global_error: ClassVar[bool] = True

    tableau: GlobalError

    def init(self, equation: Equation, t: Any, y: Any, h: Any) -> tuple[Any, Any]:
        return self.reset(equation, t, y, (jnp.zeros_like(y),)), ()

    def reset(self, equation: Equation, t: Any, y: Any, memory: Any) -> Any:
        return memory[0], (() if self.tableau.end is None else equation.f(t, y))

    def global_error(self, memory: Any) -> Any:
        return memory[0]

    def step(self, equation: Equation, t: Any, h: Any, y: Any, memory: Any, cache: Any) -> Step:
        table, (error, first), stages, f = self.tableau, memory, [], held(equation.f)

        def change(weights: Any) -> Any:
            return h * weighted_sum(map(float, weights), stages)

        for i, (row, u) in enumerate(zip(table.a, table.u, strict=True)):
            if i == 0 and table.end is not None:
                stages.append(first)
                continue
            place = y + float(u) * error if u else y
            place = place + change(row) if row else place
            stages.append(f(t + table.c[i] * h, place))
        new, growth = y + change(table.b), change(table.e)
        kept = () if table.end is None else stages[table.end]
        evaluations = table.stages - (table.end is not None)
        return Step(y=new, error=growth, memory=(error + growth, kept), data=(y, new), rhs=evaluations)


class GlobalErrorRow(Row[GlobalErrorRK]):
    """The name of a method that estimates the global error."""

    stepper = GlobalErrorRK
    remark = "  ``sol.error`` is the estimate of the global error."


GLEE23 = GlobalErrorRow(
    "GLEE23",
    "general_linear",
    "Order 2, three stages, with the global error (Constantinescu 2016, eq. 4.6); the cheapest of its kind.",
)
GLEE24 = GlobalErrorRow(
    "GLEE24",
    "general_linear",
    "Order 2, four stages, with the global error (Constantinescu 2016, eq. A.3); faithful over long times.",
)
GLEE35 = GlobalErrorRow(
    "GLEE35", "general_linear", "Order 3, five stages, with the global error (Constantinescu 2016, eq. 4.9)."
)
MM5GEE = GlobalErrorRow(
    "MM5GEE",
    "general_linear",
    "Dormand and Prince's method of order 5 with the global error by three more stages (Makazaga & Murua 2003).",
)

GLOBAL_ERROR = {row.__name__: row for row in (GLEE23, GLEE24, GLEE35, MM5GEE)}
