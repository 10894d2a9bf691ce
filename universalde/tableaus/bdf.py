"""Numbers of the backward differentiation formulas: their orders, leading coefficients and error constants."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

__all__ = ["ABDF2", "FBDF", "MOST", "QBDF", "QBDF1", "QBDF2", "QNDF", "QNDF1", "QNDF2", "BackwardFormula"]

MOST = 5  # the highest order: from 7 on the formulas are unstable, and that of order 6 nearly so


@dataclass(frozen=True, eq=False)
class BackwardFormula:
    r"""Numbers of a family of backward differentiation formulas of orders 1 to ``highest``.

    .. math:: \sum_{m=1}^{k} \frac1m \nabla^m y_{n+1} - \kappa_k \gamma_k (y_{n+1} - y^*_{n+1}) = h f(t_{n+1}, y_{n+1}), \qquad
        \gamma_k = \sum_{m=1}^{k} \frac1m

    :math:`y^*` is the value at :math:`t_{n+1}` of the polynomial through the last k + 1 points, so that
    :math:`y_{n+1} - y^*_{n+1} = \nabla^{k+1} y_{n+1}`; ``kappa`` are zeros for the BDF.  ``quasi_constant``: a new step size gives the past
    at equal distances anew, by interpolation; otherwise points stay where they were, and the leading coefficient is kept.
    Steps begin with order 1 and go on at least at ``lowest``.
    """

    name: str
    kappa: tuple[Fraction, ...]
    lowest: int
    highest: int
    quasi_constant: bool
    reference: str

    @property
    def order(self) -> int:
        """The highest order."""
        return self.highest

    @property
    def error(self) -> tuple[float, ...]:
        """The error constants: all formulas have an estimate."""
        return self.error_constants

    @property
    def error_order(self) -> int:
        """Of the estimate at the start, where the order is 1."""
        return 1

    @cached_property
    def gamma(self) -> tuple[float, ...]:
        """The sums γ, for orders 1 to 5."""
        return tuple(float(_harmonic(k)) for k in range(1, MOST + 1))

    @cached_property
    def leading(self) -> tuple[float, ...]:
        """Coefficients of the new point, for orders 1 to 5."""
        return tuple(float((1 - kappa) * _harmonic(k)) for k, kappa in enumerate(self.kappa, 1))

    @cached_property
    def error_constants(self) -> tuple[float, ...]:
        """What multiplies the difference of order k + 1 in the error of the formula of order k, for k = 1 to 5."""
        return tuple(float(kappa * _harmonic(k) + Fraction(1, k + 1)) for k, kappa in enumerate(self.kappa, 1))

    def weights(self, k: int) -> tuple[Fraction, ...]:
        """Coefficients of y at the new point and the k + 1 before it in the formula of order k, exactly."""
        total = [Fraction(0)] * (k + 2)
        for m in range(1, k + 2):
            factor = Fraction(1, m) if m <= k else -self.kappa[k - 1] * _harmonic(k)
            for i in range(m + 1):
                total[i] += factor * (-1) ** i * math.comb(m, i)
        return tuple(total)


def _harmonic(k: int) -> Fraction:
    return sum((Fraction(1, m) for m in range(1, k + 1)), Fraction(0))


_NDF = tuple(Fraction(text) for text in ("-37/200", "-1/9", "-823/10000", "-83/2000", "0"))
_BDF = (Fraction(0),) * MOST
_SUITE = "Shampine & Reichelt, The MATLAB ODE suite, SIAM Journal on Scientific Computing 18, 1997, 1-22"
_CONSISTENT = "Shampine, Solving 0 = F(t, y(t), y'(t)) in Matlab, Journal of Numerical Mathematics 10, 2002, 291-310"

QNDF = BackwardFormula("QNDF", _NDF, 1, 5, True, _SUITE)
QNDF1 = BackwardFormula("QNDF1", _NDF, 1, 1, True, _SUITE)
QNDF2 = BackwardFormula("QNDF2", _NDF, 2, 2, True, _SUITE)
QBDF = BackwardFormula("QBDF", _BDF, 1, 5, True, _SUITE)
QBDF1 = BackwardFormula("QBDF1", _BDF, 1, 1, True, _SUITE)
QBDF2 = BackwardFormula("QBDF2", _BDF, 2, 2, True, _SUITE)
FBDF = BackwardFormula("FBDF", _BDF, 1, 5, False, _CONSISTENT)
ABDF2 = BackwardFormula(
    "ABDF2", _BDF, 2, 2, False,
    "Alberdi Celaya, Anza Aguirrezabala & Chatzipantelidis, Procedia Computer Science 29, 2014, 1014-1026",
)  # fmt: skip
