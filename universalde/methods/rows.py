"""The explicit Runge–Kutta methods by name."""

from .explicit import Row

__all__ = ["DP5", "ROWS", "Tsit5", "Vern7"]

Tsit5 = Row(
    "Tsit5",
    "tsitouras",
    """Tsitouras' 5(4) pair with its free fourth-order interpolant: the default for problems that are not stiff.

    Source: Ch. Tsitouras, Computers & Mathematics with Applications 62 (2011) 770–775.

    Example: ``ude.solve(problem, ude.Tsit5(), rtol=1e-8, atol=1e-8)``
    """,
)
DP5 = Row(
    "DP5", "dormand_prince", "Dormand and Prince's 5(4) pair, known as RK45 and ode45, with its free interpolant."
)
Vern7 = Row(
    "Vern7", "verner", "Verner's most efficient 7(6) pair with an interpolant of order 6: tolerances of 1e-8 to 1e-12."
)

ROWS = {row.__name__: row for row in (Tsit5, DP5, Vern7)}
