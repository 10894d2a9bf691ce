"""Low-storage Runge–Kutta methods: how a stage changes the registers, and numbers that turn themselves into a tableau."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np

from .numbers import Matrix, Vector, exact_matrix, exact_vector
from .tableau import Tableau

__all__ = ["WRAY", "LowStorage", "Scheme", "ketcheson", "walk", "weighted_sum", "williamson", "wray"]


class Scheme(NamedTuple):
    """What the registers hold at the start of a step, and what a stage with the derivative ``k`` makes of them.

    ``start(y, zero, rows) -> registers`` and ``stage(row, h, k, registers) -> registers``.  The first register is where the
    next stage is evaluated, in the end the result.  Both are plain arithmetic: a step uses them on arrays, a proof on
    vectors of fractions.
    """

    name: str
    start: Callable
    stage: Callable


def weighted_sum(weights: Any, vectors: Any) -> Any:
    """Sum of the weighted vectors; weights known to be zero or one cost nothing."""
    total: Any = None
    for weight, vector in zip(weights, vectors, strict=True):
        known = isinstance(weight, int | float | Fraction)
        if known and weight == 0:
            continue
        term = vector if known and weight == 1 else weight * vector
        total = term if total is None else total + term
    return total


def _williamson(row: Any, h: Any, k: Any, registers: Any) -> tuple:
    (a, b), (y, change) = row, registers
    change = weighted_sum((a, 1), (change, h * k))
    return weighted_sum((1, b), (y, change)), change


def _wray(row: Any, h: Any, k: Any, registers: Any) -> tuple:
    (b, *ahead), (_, y, *older) = row, registers
    slopes = [k, *older]
    y = y + (h * b) * k
    lead = weighted_sum(ahead, slopes)
    return y if lead is None else y + h * lead, y, *slopes[: len(older)]


def _ketcheson(row: Any, h: Any, k: Any, registers: Any) -> tuple:
    (one, two, three, delta, beta), (y, second, *start) = row, registers
    second = weighted_sum((1, delta), (second, y))
    return weighted_sum((one, two, *(three,) * len(start), h * beta), (y, second, *start, k)), second, *start


def _three_registers(y: Any, zero: Any, rows: Any) -> tuple:
    # The start of the step is a register only of methods that read it again.
    return (y, y, y) if any(row[2] != 0 for row in rows) else (y, y)


WILLIAMSON = Scheme("2N", lambda y, zero, rows: (y, zero), _williamson)
WRAY = Scheme("R", lambda y, zero, rows: (y, y, *[zero] * (len(rows[0]) - 2)), _wray)
KETCHESON = Scheme("3S*", _three_registers, _ketcheson)


def walk(scheme: Scheme, rows: Any, evaluate: Callable, h: Any, y: Any, zero: Any) -> Any:
    """The result of a step whose stages are written out; ``evaluate(i, place)`` is the derivative of stage ``i``."""
    registers = scheme.start(y, zero, rows)
    for i, row in enumerate(rows):
        registers = scheme.stage(row, h, evaluate(i, registers[0]), registers)
    return registers[0]


class Floats(NamedTuple):
    """Numbers of a step in double precision; ``error`` has one entry more than there are stages when the method is FSAL."""

    rows: tuple[tuple[float, ...], ...]
    c: tuple[float, ...]
    error: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class LowStorage:
    """A low-storage Runge–Kutta method; :func:`williamson`, :func:`wray` and :func:`ketcheson` make one.

    ``rows`` holds the numbers of each stage.  ``error`` holds the weights of the error estimate, result less embedded
    result; with one entry more than there are stages the derivative at the end counts too, and is the first stage of the
    next step.  ``digits`` is how many digits the source prints: order conditions hold to that many.
    """

    name: str
    order: int
    scheme: Scheme
    rows: Matrix
    reference: str = ""
    error: Vector | None = None
    error_order: int = 0
    digits: int = 15

    @property
    def stages(self) -> int:
        """Number of stages that change the state."""
        return len(self.rows)

    @property
    def fsal(self) -> bool:
        """Whether the derivative at the end of a step is the first stage of the next."""
        return self.error is not None and len(self.error) > self.stages

    @property
    def registers(self) -> int:
        """Vectors of the size of the state that a step holds beside the derivative that ``f`` returns.

        Those of the scheme; with an error estimate also the estimate and the state before the step, which returns when the step
        is refused; and with FSAL the derivatives at both ends, the first for the same reason.
        """
        zero = np.zeros(1)
        held = len(self.scheme.start(zero, zero, self.rows))
        if self.error is not None:
            keeps_start = self.scheme is KETCHESON and held == 3
            held += 2 - keeps_start
        return held + 2 * self.fsal

    @cached_property
    def _exact(self) -> tuple[np.ndarray, np.ndarray]:
        """Stage arguments and result as combinations of the state and the stage derivatives, exactly."""
        unit = np.array([[Fraction(int(i == j)) for j in range(self.stages + 1)] for i in range(self.stages + 1)])
        arguments = []

        def evaluate(i: int, place: Any) -> Any:
            arguments.append(place)
            return unit[i + 1]

        result = walk(self.scheme, self.rows, evaluate, Fraction(1), unit[0], unit[0] * 0)
        return np.array(arguments), result

    @cached_property
    def drift(self) -> float:
        """By how much the weights of the state in stages and result differ from one (rounding of published digits)."""
        arguments, result = self._exact
        return float(max(abs(weight - 1) for weight in (*arguments[:, 0], result[0])))

    @cached_property
    def butcher(self) -> Tableau:
        """The same method in Butcher form, in exact fractions."""
        arguments, result = self._exact
        a = [tuple(arguments[i, 1 : i + 1]) for i in range(self.stages)]
        b = tuple(result[1:])
        if self.fsal:
            a, b = [*a, b], (*b, Fraction(0))
        return Tableau(
            self.name, self.order, a, b, error=self.error, error_order=self.error_order, reference=self.reference, proved=True
        )  # fmt: skip

    @cached_property
    def numbers(self) -> Floats:
        """What a step computes with."""
        arguments, _ = self._exact
        rows = tuple(tuple(map(float, row)) for row in self.rows)
        c = tuple(float(sum(row[1:])) for row in arguments)
        return Floats(rows, c, None if self.error is None else tuple(map(float, self.error)))


def williamson(name: str, order: int, a: Any, b: Any, **rest: Any) -> LowStorage:
    r"""Two registers (Williamson 1980): :math:`q \leftarrow a_i q + h f(y)`, :math:`y \leftarrow y + b_i q`."""
    rows = tuple(zip(exact_vector(a), exact_vector(b), strict=True))
    return LowStorage(name, order, WILLIAMSON, rows, **rest)


def wray(name: str, order: int, a: Any, b: Any, *, embedded: Any = None, **rest: Any) -> LowStorage:
    r"""``r`` registers (van der Houwen 1977; Kennedy, Carpenter & Lewis 2000): a Butcher matrix whose columns are ``b``
    below the ``r - 1`` diagonals that ``a`` holds, the first of them first.

    A stage is :math:`y + h \sum_j a_j k_j` over the ``r - 1`` newest derivatives, where :math:`y` holds all of them with
    their final weights; the weights kept here are therefore those of the diagonals less those of ``b``.
    """
    diagonals, b = exact_matrix(a), exact_vector(b)
    stages = len(b)
    rows = []
    for i in range(stages - 1):
        ahead = [d[i] - b[i - j] if j <= i else Fraction(0) for j, d in enumerate(diagonals)]
        rows.append((b[i], *ahead))
    rows.append((b[-1], *[Fraction(0)] * len(diagonals)))
    # One weight more than there are stages is that of the derivative at the end.
    error = None if embedded is None else tuple(x - y for x, y in zip_longest(b, exact_vector(embedded), fillvalue=Fraction(0)))
    return LowStorage(name, order, WRAY, tuple(rows), error=error, **rest)


def ketcheson(
    name: str, order: int, one: Any, two: Any, three: Any, delta: Any, beta: Any, *, error: Any = None, **rest: Any
) -> LowStorage:
    r"""Three registers (Ketcheson 2010; Parsani, Ketcheson & Deconinck 2013), or two where :math:`\gamma_3 = 0`.

    :math:`s \leftarrow s + \delta_i y`, :math:`y \leftarrow \gamma_{1i} y + \gamma_{2i} s + \gamma_{3i} y_0 + \beta_i h f(y)`,
    from :math:`s = y = y_0`.
    """
    rows = tuple(zip(*(exact_vector(x) for x in (one, two, three, delta, beta)), strict=True))
    return LowStorage(name, order, KETCHESON, rows, error=None if error is None else exact_vector(error), **rest)
