"""What the numbers of a Runge–Kutta method say about stability: computed, not typed."""

from collections.abc import Callable
from fractions import Fraction
from math import factorial

import numpy as np

from .numbers import Matrix, Vector
from .trees import UNIT, units

__all__ = [
    "at_infinity", "imaginary_interval", "real_interval", "sector", "ssp_coefficient", "stability_function",
    "stability_polynomial",
]  # fmt: skip

STEP, FARTHEST = 0.005, 100.0  # how finely and how far the axes are searched
SIZES = 1e-3, 1e9, 4000  # of the |z| at which growth along a ray is looked for
ZERO = 1e-12  # entries of this size are zero but for the rounding of published numbers


def stability_polynomial(a: Matrix, b: Vector, order: int) -> Vector:
    r"""Coefficients of :math:`R(z) = 1 + z b^T (I - zA)^{-1} e`, by which a step multiplies the solution of
    :math:`y' = \lambda y`, :math:`z = \lambda h`; up to ``order`` they are those of the exponential function, exactly."""
    rows, weights, vector = [[units(x) for x in row] for row in a], [units(x) for x in b], [UNIT] * len(b)
    powers = [Fraction(1)]
    for _ in b:
        powers.append(Fraction(sum(x * y for x, y in zip(weights, vector, strict=True)), UNIT**2))
        vector = [sum(x * y for x, y in zip(row, vector, strict=False)) // UNIT for row in rows]
    return tuple(Fraction(1, factorial(k)) if k <= order else x for k, x in enumerate(powers))


def at_infinity(a: Matrix, b: Vector) -> float:
    r"""The limit of :math:`R(z)` for :math:`z \to -\infty` of an implicit method."""
    above, below = stability_function(a, b, 0)
    degree = next(k for k in range(len(below) - 1, -1, -1) if below[k])
    return float(above[degree] / below[degree])


def stability_function(a: Matrix, b: Vector, order: int) -> tuple[Vector, Vector]:
    """Coefficients of the polynomials P and Q with :math:`R = P / Q` for a matrix that is lower triangular."""
    below = [Fraction(1)]
    for x in (row[k] for k, row in enumerate(a)):
        below = [y - x * z for y, z in zip([*below, 0], [0, *below], strict=True)]
    series = stability_polynomial(a, b, order)
    above = [sum((series[j] * below[k - j] for j in range(k + 1)), Fraction(0)) for k in range(len(below))]
    return tuple(above), tuple(below)


def sector(a: Matrix, b: Vector, order: int) -> float:
    """The largest angle α, in degrees, such that :math:`|R(z)| \\le 1` for all z within α of the negative real axis."""
    above, below = (np.polynomial.Polynomial([float(x) for x in part]) for part in stability_function(a, b, order))
    sizes = np.geomspace(*SIZES)

    def grows(degrees: float) -> bool:
        z = sizes * np.exp(1j * np.deg2rad(180 - degrees))
        return bool(np.max(np.abs(above(z)) - np.abs(below(z)) * (1 + ZERO)) > 0)

    if not grows(90.0):
        return 90.0
    low, high = 0.0, 90.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if grows(middle) else (middle, high)
    return low


def real_interval(a: Matrix, b: Vector, order: int) -> float:
    """How far the region of absolute stability reaches along the negative real axis."""
    coefficients = [float(x) * (-1) ** k for k, x in enumerate(stability_polynomial(a, b, order))]
    polynomial = np.polynomial.Polynomial(coefficients)
    return _first_positive(lambda x: np.abs(polynomial(x)) - 1)


def imaginary_interval(a: Matrix, b: Vector, order: int) -> float:
    """How far the region of absolute stability reaches along the imaginary axis; 0 where a step amplifies slow waves."""
    powers = stability_polynomial(a, b, order)
    even = [x * (-1) ** (k // 2) for k, x in enumerate(powers) if k % 2 == 0]
    odd = [x * (-1) ** (k // 2) for k, x in enumerate(powers) if k % 2 == 1]
    # |R(iy)|² - 1 in powers of y²; what vanishes exactly for small y is divided out, so that its sign there is exact.
    growth = [
        x + y for x, y in zip(_square(even, len(powers)), [Fraction(0), *_square(odd, len(powers))], strict=False)
    ]
    growth[0] -= 1
    lowest = next(k for k, x in enumerate(growth) if x)
    squared = _first_positive(np.polynomial.Polynomial([float(x) for x in growth[lowest:]]))
    return float(np.sqrt(squared))


def _square(coefficients: list[Fraction], count: int) -> list[Fraction]:
    """The first ``count`` coefficients of the square of a polynomial."""
    result = [Fraction(0)] * (count + len(coefficients))
    for k, x in enumerate(coefficients):
        for m, y in enumerate(coefficients):
            result[k + m] += x * y
    return result[:count]


def _first_positive(function: Callable) -> float:
    """The least positive argument behind which ``function`` is positive; 0 when it is so from the start."""
    points = np.arange(STEP, FARTHEST, STEP)
    outside = np.flatnonzero(function(points) > 0)
    if not len(outside):
        return float("inf")
    high = float(points[outside[0]])
    low = high - STEP
    if low < STEP / 2 and function(STEP * 1e-3) > 0:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) > 0 else (middle, high)
    return low


def ssp_coefficient(a: Matrix, b: Vector) -> float:
    r"""The radius of absolute monotonicity: the largest :math:`r` at which a step is a convex combination of steps of Euler's
    method of size :math:`h / r` (Kraaijevanger, BIT Numerical Mathematics 31 (1991) 482–528); 0 when there is none.

    With :math:`K` the tableau and its weights as one square matrix: :math:`K (I + rK)^{-1} \ge 0` and
    :math:`rK (I + rK)^{-1} e \le e`, entry by entry.
    """
    size = len(b) + 1
    k = np.zeros((size, size))
    for row, numbers in enumerate((*a, b)):
        k[row, : len(numbers)] = [float(x) for x in numbers]
    used = _used(k)
    k = k[np.ix_(used, used)]
    low, high = 0.0, 2.0 * size
    if not _monotone(k, 1e-9):
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _monotone(k, middle) else (low, middle)
    return low


def _used(k: np.ndarray) -> np.ndarray:
    """The stages that the result depends on, and the result: a stage that serves only an estimate does not count."""
    used = np.zeros(len(k), bool)
    used[-1] = True
    for row in range(len(k) - 1, -1, -1):
        if used[row]:
            used |= k[row] != 0
    return np.flatnonzero(used)


def _monotone(k: np.ndarray, r: float) -> bool:
    shares = k @ np.linalg.inv(np.eye(len(k)) + r * k)
    return bool(np.min(shares) >= -ZERO and np.max(r * shares.sum(1)) <= 1 + ZERO)
