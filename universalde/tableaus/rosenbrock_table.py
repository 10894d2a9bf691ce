"""The numbers of a Rosenbrock method, which prove themselves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from . import rosenbrock_trees as trees
from . import stability
from .continuous import continuous_weights
from .numbers import Matrix, Vector, exact_matrix, exact_vector
from .tableau import ROUNDING
from .trees import Elementary, violations
from .triangular import inverse, product, strictly, times

__all__ = ["RosenbrockFloats", "RosenbrockTableau"]

PLACES = (Fraction(3, 10), Fraction(1, 2), Fraction(4, 5))  # where the order of the dense output is judged
EQUAL = 1e-9  # numbers of published tables this near each other are meant to be the same


class RosenbrockFloats(NamedTuple):
    """What a step computes with, in double precision, for the variables ``u`` of :class:`RosenbrockTableau`.

    Row ``i`` of ``a`` and of ``c`` has ``i`` entries; row ``j`` of ``interpolant`` holds the coefficients of θ, θ², … in
    :math:`B_j(\\theta)`.
    """

    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    alpha: tuple[float, ...]
    gammas: tuple[float, ...]
    m: tuple[float, ...]
    error: tuple[float, ...] | None
    interpolant: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False, init=False)
class RosenbrockTableau:
    r"""A Rosenbrock method with an embedded error estimate and a dense output.

    Stages, for :math:`y' = f(t, y)` with Jacobian :math:`J`, where :math:`\alpha_i` and :math:`\gamma_i` are the sums of rows
    (the diagonal :math:`\gamma` counts):

    .. math:: k_i = h f(t + \alpha_i h, y + \sum_{j<i} \alpha_{ij} k_j) + h J \sum_{j \le i} \gamma_{ij} k_j + \gamma_i h^2 f_t

    Result :math:`y + \sum_i b_i k_i`, error estimate :math:`\sum_i e_i k_i` with :math:`e = b - \hat b`, dense output
    :math:`y + \sum_i b_i(\theta) k_i` where ``interpolant[i][d]`` is the coefficient of :math:`\theta^{d+1}` in :math:`b_i`.
    A step computes with :math:`u = \Gamma k` (Hairer & Wanner 1996, IV.7), result :math:`y + \sum_i m_i u_i`:

    .. math:: \left(\frac{M}{h\gamma} - J\right) u_i =
        f(t + \alpha_i h, y + \sum_{j<i} a_{ij} u_j) + \frac{M}{h} \sum_{j<i} c_{ij} u_j + \gamma_i h f_t

    Coefficients are exact, as in :class:`Tableau`; rows ``k`` of ``alpha`` and ``gammas`` have ``k`` entries.  ``nodes`` and ``time_weights``: the
    published :math:`\alpha_i` and :math:`\gamma_i`, which are compared with the sums and then used.  ``error=None``: no estimate, for fixed
    steps; ``error_order`` is its order in the step size, less one.  ``interpolant=None``: the dense output of the highest order that the
    stages give.  ``inexact``: the order holds for any matrix in place of the Jacobian, as in a W-method.  ``digits``: to how
    many significant digits the numbers are rounded, ``None`` when they are exact.
    Errors: ``ValueError`` that says which row or order condition is wrong.

    Example: ``RosenbrockTableau("Euler", 1, gamma="1", alpha="-", gammas="-", b="1")``
    """

    explicit_first: ClassVar[bool] = False  # no stage is a slope of the solution

    name: str
    order: int
    error_order: int
    gamma: Fraction
    alpha: Matrix
    gammas: Matrix
    b: Vector
    error: Vector | None
    nodes: Vector
    time_weights: Vector
    inexact: bool
    digits: int | None
    reference: str

    def __init__(
        self, name: str, order: int, gamma: Any, alpha: Any, gammas: Any, b: Any, *, nodes: Any = None, time_weights: Any = None,
        error: Any = None, error_order: int | None = None, interpolant: Any = None, inexact: bool = False,
        digits: int | None = None, reference: str = "", proved: bool = False,
    ):  # fmt: skip
        put = self.__dict__.update
        put(name=name, order=order, error_order=order - 1 if error_order is None else error_order)
        put(inexact=inexact, digits=digits, reference=reference, gamma=exact_vector([gamma])[0])
        put(alpha=exact_matrix(alpha), gammas=exact_matrix(gammas), b=exact_vector(b))
        put(error=None if error is None else exact_vector(error))
        self._check_shapes()
        put(nodes=self._sums("alpha", self.alpha, nodes))
        put(time_weights=self._sums("gamma", self.whole_gamma, time_weights))
        if interpolant is not None:
            put(interpolant=exact_matrix(interpolant))
            self._check_interpolant()
        if not proved:
            self.prove()

    @classmethod
    def transformed(
        cls, name: str, order: int, gamma: Any, a: Any, c: Any, m: Any, *, error: Any = None, dense: Any = None, **others: Any
    ) -> "RosenbrockTableau":
        r"""The method whose numbers are published for :math:`u`: matrices :math:`a` and :math:`c`, result and estimate
        :math:`\sum m_i u_i` and :math:`\sum e_i u_i`.

        ``dense``: rows :math:`d_0, d_1, …` of the dense output :math:`y + \theta m u + \theta (1 - \theta) \sum_k \theta^k d_k u`.
        """
        gamma, a, c, m = exact_vector([gamma])[0], exact_matrix(a), exact_matrix(c), exact_vector(m)
        _check_lengths(name, {"a": a, "c": c}, len(m))
        whole = inverse(tuple((*(-x for x in row), 1 / gamma) for row in c))
        return cls(
            name, order, gamma, product(a, whole), strictly(whole), times(m, whole),
            error=None if error is None else times(_of_length(name, "error", exact_vector(error), len(m)), whole),
            interpolant=None if dense is None else _published(m, exact_matrix(dense), whole),
            **others,
        )  # fmt: skip

    def _check_shapes(self) -> None:
        _check_lengths(self.name, {"alpha": self.alpha, "gammas": self.gammas}, self.stages)
        if self.gamma <= 0:
            raise ValueError(
                f"{self.name}: gamma is {float(self.gamma):g}; it is positive, so that stages can be solved for"
            )
        if self.error is not None:
            _of_length(self.name, "error", self.error, self.stages)

    def _sums(self, what: str, rows: Matrix, given: Any) -> Vector:
        """The sums of rows; those published, which are rounded less, where they agree."""
        sums = tuple(sum(row, Fraction(0)) for row in rows)
        published = sums if given is None else _of_length(self.name, f"{what}_i", exact_vector(given), self.stages)
        for k, (total, number) in enumerate(zip(sums, published, strict=True)):
            if abs(float(total - number)) > EQUAL:
                raise ValueError(
                    f"{self.name}: row {k} of {what} sums to {float(total):.15g}, but {what}_{k} is given as {float(number):.15g}; "
                    "they are equal in every method, check the digits of that row"
                )
        return published

    def _check_interpolant(self) -> None:
        _of_length(self.name, "interpolant", self.interpolant, self.stages)
        miss = max(abs(float(sum(row) - b)) for row, b in zip(self.interpolant, self.b, strict=True))
        if not miss <= ROUNDING:
            raise ValueError(
                f"{self.name}: the interpolant at theta = 1 differs from b by {miss:.1e}; check the digits"
            )

    def prove(self) -> None:
        """Raise ``ValueError`` unless the order conditions hold to rounding; those of the estimate for exact Jacobians."""
        claims = [("order", self.order, self.defect(self.order))]
        if self.error is not None:
            missed = violations(self.elementary(self.error_order), self.embedded or ())
            claims.append(("error_order", self.error_order, max(missed.values())))
        for what, claimed, defect in claims:
            if not defect <= ROUNDING:
                raise ValueError(
                    f"{self.name}: {what} is given as {claimed}, but an order condition up to it is missed by {defect:.1e}; "
                    "check the digits"
                )

    @property
    def stages(self) -> int:
        """Number of stages of a step."""
        return len(self.b)

    @cached_property
    def whole_gamma(self) -> Matrix:
        """The matrix of the γ with its diagonal."""
        return tuple((*row, self.gamma) for row in self.gammas)

    @cached_property
    def beta(self) -> Matrix:
        """The sums α + γ: the matrix of a diagonally implicit method that is the same on linear problems."""
        return tuple(
            (*(x + y for x, y in zip(alpha, gamma, strict=True)), self.gamma)
            for alpha, gamma in zip(self.alpha, self.gammas, strict=True)
        )

    @property
    def embedded(self) -> Vector | None:
        """The weights of the embedded result."""
        return None if self.error is None else tuple(b - e for b, e in zip(self.b, self.error, strict=True))

    @cached_property
    def interpolant(self) -> Matrix:
        """Coefficients of the weights of the dense output, by powers of θ: those given, or the best that there are."""
        return continuous_weights(self, *self._preferred())

    def _preferred(self) -> list[Callable]:
        """The conditions that a dense output should meet beside those for exact Jacobians, the most first."""
        found = [self.of_index_one] if self.dae_order > 1 else []
        if self.inexact:
            found = [lambda order: [*self.of_index_one(order), *self.of_any_matrix(order)], self.of_any_matrix, *found]
        return found

    @cached_property
    def numbers(self) -> RosenbrockFloats:
        """What a step computes with."""
        back = inverse(self.whole_gamma)
        powers = zip(*(times(column, back) for column in zip(*self.interpolant, strict=True)), strict=True)
        return RosenbrockFloats(
            float(self.gamma),
            tuple(_floats(row) for row in product(self.alpha, back)),
            tuple(_floats(-x for x in row) for row in strictly(back)),
            _floats(self.nodes),
            _floats(self.time_weights),
            _floats(times(self.b, back)),
            None if self.error is None else _floats(times(self.error, back)),
            tuple(map(_floats, powers)),
        )

    def elementary(self, order: int) -> list[Elementary]:
        """What the conditions up to ``order`` weigh, for an exact Jacobian."""
        return self._weighed(trees.exact(p) for p in range(1, order + 1))

    def of_any_matrix(self, order: int) -> list[Elementary]:
        """The same for any matrix in place of the Jacobian."""
        return self._weighed((trees.inexact(p) for p in range(1, order + 1)), replaced=True)

    def of_index_one(self, order: int) -> list[Elementary]:
        """The same for equations of index one: ``order`` for the differential part, one less for the algebraic part."""
        return self._weighed((*trees.differential(p), *trees.algebraic(p - 1)) for p in range(1, order + 1))

    def _weighed(self, orders: Iterable[tuple], *, replaced: bool = False) -> list[Elementary]:
        listed = [tree for order in orders for tree in order]
        return trees.weighed(self.alpha, self.whole_gamma, listed, replaced=replaced)

    def defect(self, order: int, weights: Any = None) -> float:
        """Largest violation by the result, or by other weights, of the order conditions up to ``order`` that the table claims."""
        weights = self.b if weights is None else exact_vector(weights)
        return max(violations((self.of_any_matrix if self.inexact else self.elementary)(order), weights).values())

    def dense_weights(self, theta: Any) -> Vector:
        """The weights ``b_i(theta)``, exactly."""
        theta = Fraction(theta)
        return tuple(sum((x * theta ** (d + 1) for d, x in enumerate(row)), Fraction(0)) for row in self.interpolant)

    @cached_property
    def dense_order(self) -> int:
        """Order of the dense output between the steps, for an exact Jacobian."""
        for order in range(1, self.order + 1):
            found = self.elementary(order)
            if any(violations(found, self.dense_weights(x), x)[order] > ROUNDING for x in PLACES):
                return order - 1
        return self.order

    @cached_property
    def inexact_order(self) -> int:
        """The order for any matrix in place of the Jacobian; 1: the Jacobian must be exact."""
        missed = violations(self.of_any_matrix(self.order), self.b)
        return next((p for p in range(1, self.order) if missed[p + 1] > ROUNDING), self.order)

    @cached_property
    def dae_order(self) -> int:
        """The order on equations of index one; 0: none, because the step does not damp the algebraic part."""
        if abs(self.at_infinity) >= 1:
            return 0
        for order in range(1, self.order + 1):
            if max(violations(self.of_index_one(order), self.b).values()) > ROUNDING:
                return order - 1
        return self.order

    @cached_property
    def stiffly_accurate(self) -> bool:
        """Whether the result is the last stage that it uses, evaluated at the end of the step."""
        last = max(k for k, x in enumerate(self.b) if x)
        return _equal(self.b[: last + 1], self.beta[last]) and _equal((self.nodes[last],), (Fraction(1),))

    @cached_property
    def reuses(self) -> bool:
        """Whether the last stage evaluates the right-hand side at the result, which is the first evaluation of the next step."""
        return self.stages > 1 and _equal((*self.alpha[-1], Fraction(0)), self.b)

    @cached_property
    def at_infinity(self) -> float:
        """The factor by which a step multiplies a component that decays infinitely fast."""
        found = stability.at_infinity(self.beta, self.b)
        return 0.0 if abs(found) < EQUAL else found

    @cached_property
    def sector(self) -> float:
        """The angle α, in degrees, of A(α)-stability; 90: A-stable."""
        return stability.sector(self.beta, self.b, self.order)

    @property
    def a_stable(self) -> bool:
        """Whether no decaying component grows, whatever the step."""
        return self.sector == 90

    @property
    def l_stable(self) -> bool:
        """Whether, beyond that, a component that decays infinitely fast is gone after a step."""
        return self.a_stable and self.at_infinity == 0

    def __repr__(self) -> str:
        return f"RosenbrockTableau({self.name!r}, order={self.order}, stages={self.stages})"


def _floats(numbers: Any) -> tuple[float, ...]:
    return tuple(map(float, numbers))


def _equal(left: Vector, right: Vector) -> bool:
    return max(abs(float(x - y)) for x, y in zip(left, right, strict=True)) < EQUAL


def _check_lengths(name: str, matrices: dict[str, Matrix], stages: int) -> None:
    for what, rows in matrices.items():
        if len(rows) != stages or any(len(row) != k for k, row in enumerate(rows)):
            raise ValueError(
                f"{name}: row k of {what} has k entries (k = 0 … {stages - 1}, because there are {stages} weights); the rows "
                f"given have {', '.join(str(len(row)) for row in rows)}"
            )


def _of_length(name: str, what: str, numbers: Any, stages: int) -> Any:
    if len(numbers) != stages:
        raise ValueError(f"{name}: {what} has {len(numbers)} entries; there are {stages} stages")
    return numbers


def _published(m: Vector, rows: Matrix, whole: Matrix) -> Matrix:
    """Powers of θ in the weights of ``k``, from a dense output for ``u`` as a correction to linear interpolation."""
    powers = [list(m), *[[Fraction(0)] * len(m) for _ in rows]]
    for d, row in enumerate(rows):
        powers[d] = [x + y for x, y in zip(powers[d], row, strict=True)]
        powers[d + 1] = [x - y for x, y in zip(powers[d + 1], row, strict=True)]
    return tuple(zip(*(times(tuple(power), whole) for power in powers), strict=True))
