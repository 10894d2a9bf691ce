"""Pairs by Ch. Tsitouras."""

import numpy as np

from .tableau import Tableau

__all__ = ["TSIT5"]


def _polynomial(scale: float, *factors: tuple[float, ...]) -> tuple[float, ...]:
    """Coefficients of θ, θ², θ³, θ⁴ of a product of factors written with the highest power first."""
    coefficients = np.array([scale])
    for factor in factors:
        coefficients = np.polymul(coefficients, np.array(factor))
    rising = coefficients[::-1]
    return tuple(float(x) for x in np.pad(rising, (0, 5 - len(rising)))[1:])


_SQUARE = (1.0, 0.0, 0.0)

TSIT5 = Tableau(
    "Tsit5",
    5,
    a=(
        (),
        (0.161,),
        (-0.008480655492356989, 0.335480655492357),
        (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
        (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
        (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383),
        (0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774),
    ),
    b=(0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0.0),
    error=(
        -0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629,
        0.5823571654525552, -0.45808210592918697, 0.015151515151515152,
    ),
    interpolant=(
        _polynomial(-1.0530884977290216, (1.0, 0.0), (1.0, -1.3299890189751412), (1.0, -1.4364028541716351, 0.7139816917074209)),
        _polynomial(0.1017, _SQUARE, (1.0, -2.1966568338249754, 1.2949852507374631)),
        _polynomial(2.490627285651252793, _SQUARE, (1.0, -2.38535645472061657, 1.57803468208092486)),
        _polynomial(-16.54810288924490272, _SQUARE, (1.0, -1.21712927295533244), (1.0, -0.61620406037800089)),
        _polynomial(47.37952196281928122, _SQUARE, (1.0, -1.203071208372362603), (1.0, -0.658047292653547382)),
        _polynomial(-34.87065786149660974, _SQUARE, (1.0, -1.2), (1.0, -0.666666666666666667)),
        _polynomial(2.5, _SQUARE, (1.0, -1.0), (1.0, -0.6)),
    ),
    digits=15,
    reference="Ch. Tsitouras, Runge–Kutta pairs of order 5(4) satisfying only the first column simplifying assumption, "
    "Computers & Mathematics with Applications 62 (2011) 770–775",
    proved=True,
)  # fmt: skip
