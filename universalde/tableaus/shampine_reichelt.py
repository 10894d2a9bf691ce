"""Shampine and Reichelt's methods of three stages."""

from fractions import Fraction

from .numbers import ROOT_OF_TWO
from .rosenbrock_table import RosenbrockTableau

__all__ = ["ROSENBROCK23", "ROSENBROCK32"]

GAMMA, WEIGHT = 1 / (2 + ROOT_OF_TWO), 6 + ROOT_OF_TWO
BOTH = dict(
    gamma=GAMMA,
    alpha="-\n1/2\n0 1",
    gammas=((), (-GAMMA,), ((WEIGHT - 2) * GAMMA, -WEIGHT * GAMMA)),
    error_order=2,
    digits=60,
    reference="L. F. Shampine and M. W. Reichelt, The MATLAB ODE Suite, SIAM Journal on Scientific Computing 18 (1997) 1–22",
)
SHARE = 1 / (1 - 2 * GAMMA)

ROSENBROCK23 = RosenbrockTableau(
    "Rosenbrock23",
    2,
    b="0 1 0",
    error="-1/6 1/3 -1/6",
    interpolant=((SHARE, -SHARE), (-2 * GAMMA * SHARE, SHARE), (Fraction(0), Fraction(0))),
    inexact=True,
    **BOTH,
)

# The result of the other is the estimate here.
ROSENBROCK32 = RosenbrockTableau("Rosenbrock32", 3, b="1/6 2/3 1/6", error="1/6 -1/3 1/6", **BOTH)
