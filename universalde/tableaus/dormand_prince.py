"""Pairs by Dormand and Prince."""

from .numbers import Matrix, Vector, exact_vector
from .tableau import Tableau

__all__ = ["DP5"]


def _quartic(b: Vector, d: Vector) -> Matrix:
    """Weights of the fourth-order dense output of a FSAL pair (Hairer, Nørsett & Wanner 1993, II.6), by powers of θ."""
    last = len(b) - 1
    rows = []
    for k, (weight, correction) in enumerate(zip(b, d, strict=True)):
        first, end = int(k == 0), int(k == last)
        rows.append(
            (first, 3 * weight - 2 * first - end + correction, end + first - 2 * weight - 2 * correction, correction)
        )
    return tuple(exact_vector(row) for row in rows)


DP5 = Tableau(
    "DP5",
    5,
    a="""
        -
        1/5
        3/40 9/40
        44/45 -56/15 32/9
        19372/6561 -25360/2187 64448/6561 -212/729
        9017/3168 -355/33 46732/5247 49/176 -5103/18656
        35/384 0 500/1113 125/192 -2187/6784 11/84
    """,
    b="35/384 0 500/1113 125/192 -2187/6784 11/84 0",
    error="71/57600 0 -71/16695 71/1920 -17253/339200 22/525 -1/40",
    error_order=4,
    interpolant=_quartic(
        exact_vector("35/384 0 500/1113 125/192 -2187/6784 11/84 0"),
        exact_vector(
            "-12715105075/11282082432 0 87487479700/32700410799 -10690763975/1880347072 701980252875/199316789632 "
            "-1453857185/822651844 69997945/29380423"
        ),
    ),
    reference='J. R. Dormand and P. J. Prince, A family of embedded Runge–Kutta formulae, Journal of Computational and Applied Mathematics 6 (1980) 19–26',
    proved=True,
)
