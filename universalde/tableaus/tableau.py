"""The numbers of an explicit Runge–Kutta method, which prove themselves."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from . import stability
from .bootstrap import bootstrapped
from .numbers import Matrix, Vector, centred, exact_matrix, exact_vector
from .trees import elementary_weights, violations

__all__ = ["Floats", "Tableau"]

ROUNDING = 1e-10  # what order conditions may miss for coefficients in double precision
PROVED = 8  # order to which a table is checked when it is made; the tests go on to the order it claims


class Floats(NamedTuple):
    """Coefficients in double precision; ``a``, ``c`` go on with the stages that only the dense output needs.

    Row ``i`` of ``interpolant`` holds :math:`b_i(\\theta) / \\theta` in powers of :math:`\\theta - 1/2`.
    """

    a: tuple[tuple[float, ...], ...]
    c: tuple[float, ...]
    b: tuple[float, ...]
    error: tuple[float, ...] | None
    coarse: tuple[float, ...] | None
    interpolant: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False, init=False)
class Tableau:
    r"""An explicit Runge–Kutta method with an embedded error estimate and a dense output.

    Stages :math:`k_i = f(t + c_i h, y + h \sum_j a_{ij} k_j)`, result :math:`y + h \sum_i b_i k_i`, error estimate
    :math:`h \sum_i e_i k_i` with :math:`e = b - \hat b`, dense output :math:`y + h \sum_i b_i(\theta) k_i` where
    ``interpolant[i][d]`` is the coefficient of :math:`\theta^{d+1}` in :math:`b_i`.

    Coefficients are exact: fractions, integers, text such as ``"1/6 2/3 0.16100"`` (one row per line for matrices), or
    floats, which count as the binary numbers they are.  Row ``k`` of ``a`` has ``k`` entries.  ``error=None``: no estimate,
    for fixed steps.  ``coarse``: a second, lower estimate with which the first is tempered as in DOP853.  ``extra``: rows of
    stages that only the dense output needs.  Without an ``interpolant`` one of the order of the
    method, at most eight, is built on cubic Hermite interpolation.
    ``digits``: to how many significant digits the numbers are rounded, ``None`` when they are exact.
    Errors: ``ValueError`` that says which row or order condition is wrong.
    """

    name: str
    order: int
    error_order: int
    a: Matrix
    b: Vector
    c: Vector
    error: Vector | None
    coarse: Vector | None
    extra: Matrix
    interpolant: Matrix
    digits: int | None
    reference: str

    def __init__(
        self, name: str, order: int, a: Any, b: Any, *, error: Any = None, error_order: int | None = None, c: Any = None,
        coarse: Any = None, extra: Any = (), interpolant: Any = None, digits: int | None = None, reference: str = "",
        proved: bool = False,
    ):  # fmt: skip
        def put(**values: Any) -> None:
            self.__dict__.update(values)

        put(name=name, order=order, error_order=order - 1 if error_order is None else error_order)
        put(digits=digits, reference=reference)
        put(a=exact_matrix(a), b=exact_vector(b), extra=exact_matrix(extra))
        put(
            error=None if error is None else exact_vector(error),
            coarse=None if coarse is None else exact_vector(coarse),
        )
        self._check_shapes()
        put(c=tuple(sum(row, Fraction(0)) for row in (*self.a, *self.extra)))
        self._check_sums(c)
        if interpolant is None:
            further, interpolant = bootstrapped(self.b, self.stages - 1 if self.fsal else self.stages, order)
            put(extra=further, c=tuple(sum(row, Fraction(0)) for row in (*self.a, *further)))
        put(interpolant=exact_matrix(interpolant))
        self._check_interpolant()
        if not proved:
            self.prove(min(order, PROVED))

    def _check_shapes(self) -> None:
        stages = self.stages
        if len(self.a) != stages or any(len(row) != k for k, row in enumerate(self.a)):
            raise ValueError(
                f"{self.name}: row k of an explicit tableau has k entries (k = 0 … {stages - 1}, because b has {stages}); "
                f"the rows given have {', '.join(str(len(row)) for row in self.a)}"
            )
        if any(len(row) != stages + k for k, row in enumerate(self.extra)):
            raise ValueError(f"{self.name}: row k of extra has {stages} + k entries")
        for what in ("error", "coarse"):
            weights = getattr(self, what)
            if weights is not None and len(weights) != stages:
                raise ValueError(f"{self.name}: {what} has {len(weights)} entries; there are {stages} stages")

    def _check_sums(self, given: Any) -> None:
        if abs(float(sum(self.b)) - 1) > ROUNDING:
            raise ValueError(f"{self.name}: b sums to {float(sum(self.b)):.15g}; the weights of a method sum to 1")
        if given is None:
            return
        for k, (node, total) in enumerate(zip(exact_vector(given), self.c, strict=True)):
            if abs(float(node - total)) > ROUNDING:
                raise ValueError(
                    f"{self.name}: row {k} of a sums to {float(total):.15g}, but c[{k}] = {float(node):.15g}; they are equal "
                    "in every method, check the digits of that row"
                )

    def _check_interpolant(self) -> None:
        rows = self.stages + len(self.extra)
        if len(self.interpolant) != rows:
            raise ValueError(f"{self.name}: interpolant has {len(self.interpolant)} rows; there are {rows} stages")
        ends = np.array([float(sum(row)) for row in self.interpolant])
        miss = np.max(np.abs(ends - [*map(float, self.b), *[0.0] * len(self.extra)]))
        if not miss <= ROUNDING:
            raise ValueError(
                f"{self.name}: the interpolant at theta = 1 differs from b by {miss:.1e}; check the digits"
            )

    def prove(self, order: int) -> None:
        """Raise ``ValueError`` unless the order conditions up to ``order`` hold to rounding, those of the estimate too."""
        claims: list = [("order", order, self.b)]
        if self.error is not None:
            hat = [b - e for b, e in zip(self.b, self.error, strict=True)]
            claims.append(("error estimate's order", min(self.error_order, order), hat))
        for what, claimed, weights in claims:
            defect = self.defect(claimed, weights)
            if not defect <= ROUNDING:
                raise ValueError(
                    f"{self.name}: the {what} is given as {getattr(self, 'order' if what == 'order' else 'error_order')}, but an "
                    f"order condition up to {claimed} is missed by {defect:.1e}; check the digits"
                )

    @property
    def stages(self) -> int:
        """Number of stages of a step."""
        return len(self.b)

    @cached_property
    def fsal(self) -> bool:
        """Whether the last stage is the first stage of the next step."""
        return self.stages > 1 and self.b[-1] == 0 and self.a[-1] == self.b[:-1]

    @cached_property
    def numbers(self) -> Floats:
        """What a step computes with."""

        def floats(row: Any) -> Any:
            return None if row is None else tuple(map(float, row))

        rows = tuple(floats(row) for row in (*self.a, *self.extra))
        weights = tuple(floats(centred(row)) for row in self.interpolant)
        return Floats(rows, floats(self.c), floats(self.b), floats(self.error), floats(self.coarse), weights)

    def defect(self, order: int, weights: Any = None) -> float:
        """Largest violation of the order conditions up to ``order`` (Butcher 1963) by the result, or by other weights."""
        weights = self.b if weights is None else exact_vector(weights)
        return max(violations(elementary_weights(self.a, order), weights).values())

    def dense_weights(self, theta: Any) -> Vector:
        """The weights ``b_i(theta)``, exactly."""
        theta = Fraction(theta)
        return tuple(sum((x * theta ** (d + 1) for d, x in enumerate(row)), Fraction(0)) for row in self.interpolant)

    @cached_property
    def real_interval(self) -> float:
        """How far the region of absolute stability reaches along the negative real axis; by it stiffness is told."""
        return stability.real_interval(self.a, self.b, self.order)

    @cached_property
    def imaginary_interval(self) -> float:
        """How far the region of absolute stability reaches along the imaginary axis."""
        return stability.imaginary_interval(self.a, self.b, self.order)

    @cached_property
    def ssp_coefficient(self) -> float:
        """The largest step, in those of Euler's method, that keeps a bound which Euler's method keeps; 0: no step does."""
        return stability.ssp_coefficient(self.a, self.b)

    @cached_property
    def dense_order(self) -> int:
        """Order of the dense output between the steps: the highest whose conditions hold at three places."""
        rows, places = (*self.a, *self.extra), (Fraction(3, 10), Fraction(1, 2), Fraction(4, 5))
        for order in range(1, self.order + 1):
            found = elementary_weights(rows, order)
            if any(violations(found, self.dense_weights(x), x)[order] > ROUNDING for x in places):
                return order - 1
        return self.order
