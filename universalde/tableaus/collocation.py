"""The numbers of fully implicit Runge–Kutta methods that are collocation methods: all follow from the nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import comb
from typing import NamedTuple

import numpy as np

from .numbers import Matrix, Vector, centred

__all__ = ["Collocation", "CollocationNumbers", "gauss_nodes", "radau_nodes", "roots"]

PLACES = 10**60  # nodes are rational numbers of sixty digits


class CollocationNumbers(NamedTuple):
    """What a step computes with, in double precision.

    ``slopes``: the slopes h k at the nodes are ``slopes @ z`` (the inverse of the matrix ``a``).  ``result``: weights of the step.
    ``first``: slope at the start.  ``forward[k]``: row of the coefficient of (θ - 1)^(k + 1).  ``interpolant``: of θ times a
    polynomial in θ - 1/2.  ``eigenvalues``, ``vectors``, ``inverse``: of ``slopes``, real eigenvalues first, then one of each
    conjugate pair; ``real`` counts the real ones (none or one).
    """

    c: np.ndarray
    slopes: np.ndarray
    result: np.ndarray
    first: np.ndarray
    forward: np.ndarray
    interpolant: tuple
    eigenvalues: np.ndarray
    vectors: np.ndarray
    inverse: np.ndarray
    real: int


@dataclass(frozen=True, eq=False)
class Collocation:
    r"""The collocation method of given nodes for :math:`M y' = f(t, y)`.

    A polynomial of degree ``stages`` starts at y and satisfies the equation at the times :math:`t + c_i h`; its value at
    :math:`t + h` is the result.  In terms of :math:`z_i = u(t + c_i h) - y` and the Lagrange polynomials :math:`L_j` of the nodes
    and 0, :math:`L_j(0) = 0`:

    .. math:: u(t + \theta h) = y + \sum_j L_j(\theta) z_j, \qquad M \sum_j L_j'(c_i) z_j = h f(t + c_i h, y + z_i)

    ``nodes`` are exact numbers in (0, 1], increasing.  ``estimates``: whether steps are judged by what the polynomial leaves of the
    equation at the start of the step, which is of order ``stages`` (Hairer & Wanner 1996, IV.8).  ``order`` is proved.
    Errors: ``ValueError`` when the order is not that of the nodes.

    Example: ``Collocation("ImplicitEuler", 1, (Fraction(1),), True)``
    """

    name: str
    order: int
    nodes: Vector
    estimates: bool
    reference: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.nodes[0] < 1 or any(x >= y for x, y in zip(self.nodes, self.nodes[1:], strict=False)):
            if self.nodes != (1,):
                raise ValueError(f"{self.name}: nodes lie between 0 and 1 and increase; given {self.nodes}")
        if self.defect(self.order) > 1e-40 or self.defect(self.order + 1) < 1e-20:
            raise ValueError(f"{self.name}: order is given as {self.order}, which is not that of the quadrature by its nodes")

    def defect(self, order: int) -> float:
        """Largest error of the quadrature on polynomials of degree below ``order``: with the collocation conditions that is
        the order of the method (Hairer & Wanner 1996, theorem IV.5.1 and II.7.9 of volume I)."""
        moments = (
            sum(b * c**k for b, c in zip(self.b, self.nodes, strict=True)) - Fraction(1, k + 1) for k in range(order)
        )
        return max(abs(float(x)) for x in moments)

    @property
    def stages(self) -> int:
        """Number of stages of a step."""
        return len(self.nodes)

    @property
    def error(self) -> str | None:
        """``None``: no estimate."""
        return "residual" if self.estimates else None

    @property
    def error_order(self) -> int:
        """Order of the error estimate's step dependence, less one."""
        return self.stages

    @property
    def dense_order(self) -> int:
        """Order of the collocation polynomial between the steps."""
        return min(self.stages, self.order)

    @property
    def stiffly_accurate(self) -> bool:
        """Whether the result is the last stage, so that it satisfies algebraic equations."""
        return self.nodes[-1] == 1

    @cached_property
    def b(self) -> Vector:
        """Weights of the slopes in the result."""
        return tuple(integral(p, Fraction(1)) for p in lagrange(self.nodes))

    @cached_property
    def a(self) -> Matrix:
        """Weights of the slopes in the stages."""
        columns = [[integral(p, c) for c in self.nodes] for p in lagrange(self.nodes)]
        return tuple(zip(*columns, strict=True))

    @cached_property
    def interpolant(self) -> Matrix:
        """Coefficients of the weights :math:`L_j` by powers θ, θ², … (θ⁰ has none)."""
        return tuple(p[1:] for p in lagrange((Fraction(0), *self.nodes))[1:])

    @cached_property
    def numbers(self) -> CollocationNumbers:
        """What a step computes with."""
        polynomials = [(Fraction(0), *row) for row in self.interpolant]
        slopes = np.array([[float(value(derivative(p), c)) for p in polynomials] for c in self.nodes])
        forward = np.array([[float(x) for x in moved(p)[1:]] for p in polynomials]).T
        weights = tuple(tuple(map(float, centred(row))) for row in self.interpolant)
        return CollocationNumbers(
            np.array([float(x) for x in self.nodes]), slopes, np.array([float(sum(p)) for p in polynomials]),
            np.array([float(p[1]) for p in polynomials]), forward, weights, *spectrum(slopes),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"Collocation({self.name!r}, order={self.order}, stages={self.stages})"


def spectrum(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Eigenvalues without the conjugates, real ones first, with their vectors and the rows of the inverse, and how many are real.

    They serve only to solve the linear equations of Newton's method; the digits of a step do not depend on theirs.
    """
    found, vectors = np.linalg.eig(matrix)
    inverse = np.linalg.inv(vectors)
    real = np.abs(found.imag) < 1e-9 * np.abs(found)
    keep = [*np.flatnonzero(real), *np.flatnonzero(~real & (found.imag > 0))]
    return found[keep], vectors[:, keep], inverse[keep], int(real.sum())


def radau_nodes(stages: int) -> Vector:
    r"""The nodes of Radau IIA: roots of :math:`\frac{d^{s-1}}{dx^{s-1}} x^{s-1} (x-1)^s`."""
    power = polynomial_power(stages - 1, stages, stages - 1)
    rest = [Fraction(0)] * (len(power) - 1)  # divided by x - 1, so that the last node is 1 exactly
    carried = Fraction(0)
    for k in range(len(power) - 1, 0, -1):
        carried = power[k] + carried
        rest[k - 1] = carried
    return (*roots(tuple(rest)), Fraction(1))


def gauss_nodes(stages: int) -> Vector:
    r"""The nodes of Gauss and Legendre: roots of :math:`\frac{d^s}{dx^s} x^s (x-1)^s`."""
    return roots(polynomial_power(stages, stages, stages))


def polynomial_power(first: int, second: int, times: int) -> Vector:
    """Coefficients of the derivative, taken ``times`` times, of x^first (x - 1)^second."""
    found = (Fraction(0),) * first + tuple(Fraction(comb(second, k) * (-1) ** (second - k)) for k in range(second + 1))
    for _ in range(times):
        found = derivative(found)
    return found


def roots(coefficients: Vector) -> Vector:
    """The roots, all real and simple, to sixty digits, by Newton's method from double precision."""
    found = []
    for start in sorted(np.polynomial.Polynomial([float(x) for x in coefficients]).roots().real):
        x = Fraction(float(start))
        for _ in range(5):
            x = x - value(coefficients, x) / value(derivative(coefficients), x)
            x = Fraction(round(x * PLACES), PLACES)
        found.append(x)
    return tuple(found)


def lagrange(nodes: Sequence[Fraction]) -> list[Vector]:
    """Coefficients, by powers, of the polynomials that are 1 at one node and 0 at the others."""
    found = []
    for k, node in enumerate(nodes):
        product = [Fraction(1)]
        for other in (*nodes[:k], *nodes[k + 1 :]):
            shifted = [x - other * y for x, y in zip([0, *product], [*product, 0], strict=True)]
            product = [x / (node - other) for x in shifted]
        found.append(tuple(product))
    return found


def value(coefficients: Sequence[Fraction], x: Fraction) -> Fraction:
    """The polynomial at ``x``."""
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def derivative(coefficients: Sequence[Fraction]) -> Vector:
    """Coefficients of the derivative."""
    return tuple(k * x for k, x in enumerate(coefficients))[1:]


def integral(coefficients: Sequence[Fraction], x: Fraction) -> Fraction:
    """The integral from 0 to ``x``."""
    return value([Fraction(0), *(c / (k + 1) for k, c in enumerate(coefficients))], x)


def moved(coefficients: Sequence[Fraction]) -> Vector:
    """Coefficients by powers of x - 1."""
    count = len(coefficients)
    return tuple(sum((coefficients[k] * comb(k, j) for k in range(j, count)), Fraction(0)) for j in range(count))
