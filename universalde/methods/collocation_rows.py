"""Every collocation method by its name."""

import functools
from typing import Any

from ..tableaus.collocation import Collocation, gauss_nodes
from .collocation import CollocationRK, CollocationRow

__all__ = ["COLLOCATION", "GaussLegendre", "RadauIIA13", "RadauIIA3", "RadauIIA5", "RadauIIA9"]

RadauIIA3 = CollocationRow("RadauIIA3", "radau", "Order 3 with two coupled stages, stiffly accurate.")
RadauIIA5 = CollocationRow("RadauIIA5", "radau", "Order 5 with three coupled stages, stiffly accurate: the method of RADAU5.")
RadauIIA9 = CollocationRow("RadauIIA9", "radau", "Order 9 with five coupled stages, stiffly accurate, for tight tolerances.")
RadauIIA13 = CollocationRow("RadauIIA13", "radau", "Order 13 with seven coupled stages, stiffly accurate, for the tightest tolerances.")

COLLOCATION = {row.__name__: row for row in (RadauIIA3, RadauIIA5, RadauIIA9, RadauIIA13)}

REFERENCE = (
    "J. C. Butcher, Implicit Runge–Kutta processes, Mathematics of Computation 18 (1964) 50–64; E. Hairer, C. Lubich and G. Wanner, "
    "Geometric Numerical Integration (2006), II.1.3"
)


def GaussLegendre(stages: Any = 2, *, native: bool = True) -> CollocationRK:
    r"""The collocation method of Gauss's nodes: order ``2 stages``, symplectic, fixed steps (``dt0``).

    It keeps quadratic invariants up to rounding.  Errors: ``ValueError`` for no positive number of stages.

    Source: Butcher 1964; Hairer, Lubich & Wanner, Geometric Numerical Integration, 2006, IV.2.

    Example: ``ude.solve(problem, ude.GaussLegendre(3), dt0=0.1)``
    """
    if not isinstance(stages, int) or isinstance(stages, bool) or stages < 1:
        raise ValueError(f"GaussLegendre(stages={stages!r}); give the number of stages, for example 2 (order 4)")
    return CollocationRK(gauss(stages), native=native)


@functools.cache
def gauss(stages: int) -> Collocation:
    """Its table, made once: methods are compared by their tables."""
    return Collocation(f"GaussLegendre({stages})", 2 * stages, gauss_nodes(stages), False, REFERENCE)
