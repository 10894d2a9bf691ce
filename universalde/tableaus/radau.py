"""Radau IIA methods."""

from .collocation import Collocation, radau_nodes

__all__ = ["RADAUIIA13", "RADAUIIA3", "RADAUIIA5", "RADAUIIA9"]

REFERENCE = (
    "B. L. Ehle, On Padé approximations to the exponential function and A-stable methods for the numerical solution of initial "
    "value problems, report CSRR 2010, University of Waterloo (1969); error estimate and iteration: E. Hairer and G. Wanner, "
    "Stiff differential equations solved by Radau methods, Journal of Computational and Applied Mathematics 111 (1999) 93–111"
)


def radau(stages: int) -> Collocation:
    """The method of ``stages`` stages and order 2 stages - 1."""
    return Collocation(f"RadauIIA{2 * stages - 1}", 2 * stages - 1, radau_nodes(stages), True, REFERENCE)


RADAUIIA3, RADAUIIA5, RADAUIIA9, RADAUIIA13 = map(radau, (2, 3, 5, 7))
