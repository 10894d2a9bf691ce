"""General linear methods that carry an estimate of the global error beside the solution."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from .dormand_prince import DP5
from .numbers import Matrix, Vector, exact_matrix, exact_vector

__all__ = ["GLEE23", "GLEE24", "GLEE35", "MM5GEE", "GlobalError"]


@dataclass(frozen=True, eq=False)
class GlobalError:
    r"""Numbers of a general linear method for the solution and its global error.

    .. math:: k_i = f\bigl(t + c_i h,\; y + u_i \varepsilon + h \sum_{j<i} a_{ij} k_j\bigr), \qquad
        y_1 = y + h \sum_i b_i k_i, \qquad \varepsilon_1 = \varepsilon + h \sum_i e_i k_i

    ``y + ε`` is an approximation of higher order, so that ``ε`` estimates the exact solution less ``y``.
    """

    name: str
    order: int
    a: Matrix
    u: Vector
    b: Vector
    e: Vector
    reference: str

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.b)

    @property
    def error(self) -> Vector:
        """Weights of the estimate that error control uses: the growth of ``ε``, which is the local error of the result."""
        return self.e

    @property
    def error_order(self) -> int:
        """Order of that result itself."""
        return self.order

    @cached_property
    def c(self) -> tuple[float, ...]:
        """Where in the step the stages are evaluated."""
        return tuple(float(sum(row, Fraction(0))) for row in self.a)

    @cached_property
    def end(self) -> int | None:
        """The stage that is evaluated at the result, and is the first of the next step; ``None``: there is none."""
        starts = self.u[0] == 0
        ends = [i for i in range(1, self.stages) if self.u[i] == 0 and self.a[i] == self.b[:i] and not any(self.b[i:])]
        return ends[0] if starts and ends else None


def _from_pair(name: str, order: int, a: Any, u: Any, b: Any, other: Any, reference: str) -> GlobalError:
    """From the form in which two approximations are carried: ``u`` and ``other`` are the second one's weights and result."""
    b, other = exact_vector(b), exact_vector(other)
    e = tuple(x - y for x, y in zip(other, b, strict=True))
    return GlobalError(name, order, exact_matrix(a), exact_vector(u), b, e, reference)


CONSTANTINESCU = (
    "E. M. Constantinescu, Estimating global errors in time stepping, SIAM Journal on Numerical Analysis 54 (2016) 3550–3573"
)

GLEE23 = GlobalError(
    "GLEE23",
    2,
    exact_matrix("-\n1\n1/4 1/4"),
    exact_vector("0 10 -1"),
    exact_vector("1/12 1/12 5/6"),
    exact_vector("1/12 1/12 -1/6"),
    CONSTANTINESCU,
)

GLEE24 = _from_pair(
    "GLEE24",
    2,
    """
        -
        3/4
        1/4 29/60
        -21/44 145/44 -20/11
    """,
    "1 -17/58 1 1",
    "109/275 58/75 -37/110 1/6",
    "3/11 0 75/88 -1/8",
    CONSTANTINESCU,
)

GLEE35 = _from_pair(
    "GLEE35",
    3,
    """
        -
        -2169604947363702313/24313474998937147335
        46526746497697123895/94116917485856474137 -10297879244026594958/49199457603717988219
        23364788935845982499/87425311444725389446 -79205144337496116638/148994349441340815519 40051189859317443782/36487615018004984309
        42089522664062539205/124911313006412840286 -15074384760342762939/137927286865289746282 -62274678522253371016/125918573676298591413 13755475729852471739/79257927066651693390
    """,
    """
        10043614439674808267/80863923579509469826 -55507121337823045139/106187653640211060371
        9684936252167558413/88171030896733822981 19175931694070625119/84570853840405479554
        100050763666313171803/108658046436496925911
    """,
    """
        61546696837458703723/56982519523786160813 -55810892792806293355/206957624151308356511
        24061048952676379087/158739347956038723465 3577972206874351339/7599733370677197135
        -59449832954780563947/137360038685338563670
    """,
    """
        -9738262186984159168/99299082461487742983 -32797097931948613195/61521565616362163366
        42895514606418420631/71714201188501437336 22608567633166065068/55371917805607957003
        94655809487476459565/151517167160302729021
    """,
    CONSTANTINESCU,
)

MM5GEE = _from_pair(
    "MM5GEE",
    5,
    (
        *DP5.a,
        "26251126/75292183 -30511879/68834945 11490887/155205387 700737845/174891007 -5336/941 5735/1214 -2507/898",
        "-126276029/115017392 153409379/49308629 -107711621/48274693 -675136779/64711289 559269939/36928210 "
        "-669687859/52442748 193952703/25738526 169021117/130072535",
        "89178409/82486612 -275044175/99029299 115406143/68971088 140298385/24130572 -344040692/42025591 "
        "121333564/17575013 -190380249/47005513 -12078143/165601005 56747365/92317949",
    ),
    "0 0 0 0 0 0 0 140719960/143529893 941/896 92493035/95359057",
    (*DP5.b, "0", "0", "0"),
    "56696811/789712427 0 -47431484/279691831 72791025/357831874 17490085/349505178 -66245097/563676842 -24/611 "
    "40757463/82884629 33159666/111811519 42422453/199331202",
    "J. Makazaga and A. Murua, New Runge–Kutta based schemes for ODEs with cheap global error estimation, "
    "BIT Numerical Mathematics 43 (2003) 595–610",
)
