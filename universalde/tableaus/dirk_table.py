"""The numbers of a diagonally implicit Runge–Kutta method, which prove themselves."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from . import stability
from .continuous import continuous_weights
from .numbers import Matrix, Vector, centred, exact_matrix, exact_vector
from .tableau import ROUNDING, Floats
from .trees import UNIT, Elementary, elementary_weights, units, violations

__all__ = ["DirkTableau"]

PLACES = (Fraction(3, 10), Fraction(1, 2), Fraction(4, 5))  # where the order of the dense output is judged
FAR = 4.0  # sum of weights above which a guess of a stage is too bold
EQUAL = 1e-9  # numbers of published tables this near each other are meant to be the same


@dataclass(frozen=True, eq=False, init=False)
class DirkTableau:
    r"""A diagonally implicit Runge–Kutta method with an embedded result and a dense output.

    Stages :math:`k_i = f(t + c_i h, y + h \sum_{j \le i} a_{ij} k_j)`, result :math:`y + h \sum_i b_i k_i`, embedded result
    :math:`y + h \sum_i \hat b_i k_i`, dense output :math:`y + h \sum_i b_i(\theta) k_i` where ``interpolant[i][d]`` is the
    coefficient of :math:`\theta^{d+1}` in :math:`b_i`.

    Coefficients are exact, as in :class:`Tableau`; row ``k`` of ``a`` has ``k + 1`` entries.  The diagonal is one number, save that
    the first stage may be explicit (0).  ``b=None``: the last row of ``a``, as in a stiffly accurate method.  ``embedded=None``: no estimate,
    for fixed steps; ``embedded_order`` is its order, one less than that of the method unless it is given.  ``interpolant=None``: the
    dense output of the highest order that the stages give, with the right slopes at the ends where they are stages.
    ``digits``: to how many significant digits the numbers are rounded, ``None`` when they are exact.
    Errors: ``ValueError`` that says which row or order condition is wrong.

    Example: ``DirkTableau("Euler", 1, a="1")``
    """

    extra: ClassVar[Matrix] = ()  # the dense output needs no further stages

    name: str
    order: int
    embedded_order: int
    a: Matrix
    b: Vector
    c: Vector
    error: Vector | None
    digits: int | None
    reference: str

    def __init__(
        self, name: str, order: int, a: Any, b: Any = None, *, embedded: Any = None, embedded_order: int | None = None,
        c: Any = None, interpolant: Any = None, digits: int | None = None, reference: str = "",
    ):  # fmt: skip
        put = self.__dict__.update
        put(name=name, order=order, embedded_order=order - 1 if embedded_order is None else embedded_order)
        put(digits=digits, reference=reference, a=exact_matrix(a))
        put(b=self.a[-1] if b is None else exact_vector(b), c=tuple(sum(row, Fraction(0)) for row in self.a))
        self._check_shapes()
        put(error=None if embedded is None else self._difference(exact_vector(embedded)))
        self._check_sums(c)
        self._prove()
        if interpolant is not None:
            put(interpolant=exact_matrix(interpolant))
            self._check_interpolant()

    def _check_shapes(self) -> None:
        stages = len(self.b)
        if len(self.a) != stages or any(len(row) != k + 1 for k, row in enumerate(self.a)):
            raise ValueError(
                f"{self.name}: row k of a diagonally implicit tableau has k + 1 entries (k = 0 … {stages - 1}, because b has "
                f"{stages}); the rows given have {', '.join(str(len(row)) for row in self.a)}"
            )
        diagonal = [row[-1] for row in self.a]
        if any(x != diagonal[-1] for x in diagonal[1:]) or diagonal[0] not in (0, diagonal[-1]) or diagonal[-1] <= 0:
            raise ValueError(
                f"{self.name}: the diagonal of a is {', '.join(f'{float(x):.6g}' for x in diagonal)}; it is one positive number, "
                "so that all stages share one matrix, and the first may be 0 (an explicit stage)"
            )

    def _difference(self, embedded: Vector) -> Vector:
        if len(embedded) != self.stages:
            raise ValueError(f"{self.name}: embedded has {len(embedded)} entries; there are {self.stages} stages")
        return tuple(x - y for x, y in zip(self.b, embedded, strict=True))

    def _check_sums(self, given: Any) -> None:
        for k, (node, total) in enumerate(zip(exact_vector(given or self.c), self.c, strict=True)):
            if abs(float(node - total)) > ROUNDING:
                raise ValueError(
                    f"{self.name}: row {k} of a sums to {float(total):.15g}, but c[{k}] = {float(node):.15g}; they are equal "
                    "in every method, check the digits of that row"
                )

    def _prove(self) -> None:
        claims: list = [("order", self.order, self.b)]
        if self.error is not None:
            claims.append(("embedded_order", self.embedded_order, self.embedded))
        for what, claimed, weights in claims:
            defect = self.defect(claimed, weights)
            if not defect <= ROUNDING:
                raise ValueError(
                    f"{self.name}: {what} is given as {claimed}, but an order condition up to it is missed by {defect:.1e}; "
                    "check the digits"
                )

    def _check_interpolant(self) -> None:
        if len(self.interpolant) != self.stages:
            raise ValueError(
                f"{self.name}: interpolant has {len(self.interpolant)} rows; there are {self.stages} stages"
            )
        miss = max(abs(float(sum(row) - b)) for row, b in zip(self.interpolant, self.b, strict=True))
        if not miss <= ROUNDING:
            raise ValueError(
                f"{self.name}: the interpolant at theta = 1 differs from b by {miss:.1e}; check the digits"
            )

    @property
    def stages(self) -> int:
        """Number of stages of a step."""
        return len(self.b)

    @property
    def gamma(self) -> Fraction:
        """The number on the diagonal."""
        return self.a[-1][-1]

    @property
    def explicit_first(self) -> bool:
        """Whether the first stage is the derivative at the start of the step."""
        return self.a[0][0] == 0

    @cached_property
    def stiffly_accurate(self) -> bool:
        """Whether the result is the last stage, so that it satisfies algebraic equations."""
        return self.b == self.a[-1]

    @property
    def fsal(self) -> bool:
        """Whether the last stage is the first stage of the next step."""
        return self.explicit_first and self.stiffly_accurate

    @property
    def embedded(self) -> Vector | None:
        """The weights of the embedded result."""
        return None if self.error is None else tuple(b - e for b, e in zip(self.b, self.error, strict=True))

    @property
    def error_order(self) -> int:
        """Order of the error estimate's step dependence, less one."""
        return self.order - 1 if self.error is None else min(self.order, self.embedded_order)

    @cached_property
    def interpolant(self) -> Matrix:
        """Coefficients of the weights of the dense output, by powers of θ: those given, or the best that there are."""
        return continuous_weights(self)

    @cached_property
    def numbers(self) -> Floats:
        """What a step computes with."""

        def floats(row: Any) -> Any:
            return None if row is None else tuple(map(float, row))

        weights = tuple(floats(centred(row)) for row in self.interpolant)
        return Floats(tuple(map(floats, self.a)), floats(self.c), floats(self.b), floats(self.error), None, weights)

    @cached_property
    def predictor(self) -> np.ndarray:
        r"""Row k guesses stage k from those before it: :math:`k_i \approx \sum_{j<i} p_{ij} k_j`, (stages, stages).

        Slopes at the nodes before are continued by the parabola through them (a line, a constant, where there are fewer or where that
        would take large weights), of all such combinations the one with the smallest weights.
        """
        c, rows = np.array(self.numbers.c), np.zeros((self.stages, self.stages))
        for k in range(1, self.stages):
            for degree in range(min(2, len(set(c[:k])) - 1), -1, -1):
                powers = np.arange(degree + 1)[:, None]
                rows[k, :k] = np.linalg.lstsq(c[:k] ** powers, (c[k] ** powers)[:, 0], rcond=None)[0]
                if np.sum(np.abs(rows[k])) < FAR:
                    break
        return rows

    @cached_property
    def filtered(self) -> bool:
        """Whether the error estimate of an infinitely fast component is larger than the component: then the estimate is solved
        with W before it is judged (Hairer & Wanner 1996, eq. IV.8.20)."""
        return self.error is not None and abs(stability.at_infinity(self.a, self.embedded)) > 1 + EQUAL

    def defect(self, order: int, weights: Any = None) -> float:
        """Largest violation of the order conditions up to ``order`` (Butcher 1963) by the result, or by other weights."""
        weights = self.b if weights is None else exact_vector(weights)
        return max(violations(self.elementary(order), weights).values())

    def elementary(self, order: int) -> list[Elementary]:
        """What the conditions up to ``order`` weigh."""
        return elementary_weights(self.a, order)

    def dense_weights(self, theta: Any) -> Vector:
        """The weights ``b_i(theta)``, exactly."""
        theta = Fraction(theta)
        return tuple(sum((x * theta ** (d + 1) for d, x in enumerate(row)), Fraction(0)) for row in self.interpolant)

    @cached_property
    def dense_order(self) -> int:
        """Order of the dense output between the steps: the highest whose conditions hold at three places."""
        for order in range(1, self.order + 1):
            found = self.elementary(order)
            if any(violations(found, self.dense_weights(x), x)[order] > ROUNDING for x in PLACES):
                return order - 1
        return self.order

    @cached_property
    def stage_order(self) -> int:
        """The order to which every stage is right by itself; on very stiff problems the order of convergence falls towards it."""
        c = [units(x) for x in self.c]
        order, power, rows = 0, [UNIT] * self.stages, [[units(x) for x in row] for row in (*self.a, self.b)]
        while order < self.order:
            inner = [sum(x * y for x, y in zip(row, power, strict=False)) // UNIT for row in rows]
            power = [x * y // UNIT for x, y in zip(power, c, strict=True)]
            wanted = [x // (order + 1) for x in (*power, UNIT)]
            if max(abs(x - y) for x, y in zip(inner, wanted, strict=True)) / UNIT > ROUNDING:
                break
            order += 1
        return order

    @cached_property
    def at_infinity(self) -> float:
        """The factor by which a step multiplies a component that decays infinitely fast."""
        found = stability.at_infinity(self.a, self.b)
        return 0.0 if abs(found) < EQUAL else found

    @cached_property
    def sector(self) -> float:
        """The angle α, in degrees, of A(α)-stability; 90: A-stable."""
        return stability.sector(self.a, self.b, self.order)

    @property
    def a_stable(self) -> bool:
        """Whether no decaying component grows, whatever the step."""
        return self.sector == 90

    @property
    def l_stable(self) -> bool:
        """Whether, beyond that, a component that decays infinitely fast is gone after a step."""
        return self.a_stable and self.at_infinity == 0

    def __repr__(self) -> str:
        return f"DirkTableau({self.name!r}, order={self.order}, stages={self.stages})"


