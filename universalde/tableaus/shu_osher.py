"""Strong stability preserving methods as convex combinations of Euler steps (Shu & Osher 1988)."""

from fractions import Fraction
from typing import Any, NamedTuple

from .numbers import Matrix, Vector, exact_matrix

__all__ = ["FORMS", "ShuOsher", "form"]


class ShuOsher(NamedTuple):
    r"""Numbers of a method in the form of Shu and Osher; row ``i - 1`` of both matrices has ``i`` entries.

    .. math:: u_0 = y, \qquad u_i = \sum_{j<i} \alpha_{ij} u_j + h \beta_{ij} f(u_j), \qquad y_1 = u_s

    With :math:`\alpha, \beta \ge 0` each :math:`u_i` is a convex combination of Euler steps of sizes
    :math:`h \beta_{ij} / \alpha_{ij}`.
    """

    alpha: Matrix
    beta: Matrix

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.alpha)

    @property
    def butcher(self) -> tuple[Matrix, Vector]:
        """``(a, b)`` of the same method, exactly."""
        rows: list[Vector] = [(Fraction(0),) * self.stages]
        for shares, steps in zip(self.alpha, self.beta, strict=True):
            inherited = [sum((share * row[k] for share, row in zip(shares, rows, strict=True)), Fraction(0)) for k in range(self.stages)]
            rows.append(tuple(x + (steps[k] if k < len(steps) else 0) for k, x in enumerate(inherited)))
        return tuple(row[:i] for i, row in enumerate(rows[:-1])), rows[-1]

    @property
    def coefficient(self) -> Fraction:
        """Largest step in units of the largest monotone Euler step that this form guarantees; 0: none."""
        shares, steps = ([x for row in matrix for x in row] for matrix in (self.alpha, self.beta))
        if min(*shares, *steps) < 0:
            return Fraction(0)
        return min(share / step for share, step in zip(shares, steps, strict=True) if step)


def form(alpha: Any, beta: Any) -> ShuOsher:
    """The form from its two matrices, as text or rows."""
    return ShuOsher(exact_matrix(alpha), exact_matrix(beta))


FORMS: dict[str, ShuOsher] = {}
FORMS["SSPRK22"] = form(
    """
        1
        1/2 1/2
    """,
    """
        1
        0 1/2
    """,
)
FORMS["SSPRK33"] = form(
    """
        1
        3/4 1/4
        1/3 0 2/3
    """,
    """
        1
        0 1/4
        0 0 2/3
    """,
)
FORMS["SSPRK43"] = form(
    """
        1
        0 1
        2/3 0 1/3
        0 0 0 1
    """,
    """
        1/2
        0 1/2
        0 0 1/6
        0 0 0 1/2
    """,
)
FORMS["SSPRK432"] = FORMS["SSPRK43"]
FORMS["SSPRK53"] = form(
    """
        1
        0 1
        0.355909775063327 0 0.644090224936674
        0.367933791638137 0 0 0.632066208361863
        0 0 0.237593836598569 0 0.762406163401431
    """,
    """
        0.377268915331368
        0 0.377268915331368
        0 0 0.242995220537396
        0 0 0 0.23845893284629
        0 0 0 0 0.287632146308408
    """,
)
FORMS["SSPRK53_2N1"] = form(
    """
        1
        0 1
        0 0 1
        0.571403511494104 0 0 0.428596488505896
        0 0 0 0 1
    """,
    """
        0.443568244942995
        0 0.291111420073766
        0 0 0.270612601278217
        0 0 0 0.110577759392786
        0 0 0 0 0.458557505351052
    """,
)
FORMS["SSPRK53_2N2"] = form(
    """
        1
        0 1
        0.682342861037239 0 0.317657138962761
        0 0 0 1
        0.0452309744824 0 0 0 0.9547690255176
    """,
    """
        0.465388589249323
        0 0.465388589249323
        0 0 0.124745797313998
        0 0 0 0.465388589249323
        0 0 0 0 0.154263303748666
    """,
)
FORMS["SSPRK53_H"] = form(
    """
        1
        0 1
        0.308684154602513 0 0.691315845397487
        0.280514990468574 0.270513101776498 0 0.448971907754928
        0 0 0 0 1
    """,
    """
        0.377268915331368
        0 0.377268915331368
        0 0 0.260811979144498
        0 0 0 0.169383144652957
        0 0 0 0 0.377268915331368
    """,
)
FORMS["SSPRK54"] = form(
    """
        1
        0.444370493651235 0.555629506348765
        0.620101851488403 0 0.379898148511597
        0.178079954393132 0 0 0.821920045606868
        0 0 0.517231671970585 0.096059710526147 0.386708617503269
    """,
    """
        0.39175222657189
        0 0.368410593050371
        0 0 0.251891774271694
        0 0 0 0.544974750228521
        0 0 0 0.06369246866629 0.226007483236906
    """,
)
FORMS["SSPRK63"] = form(
    """
        1
        0 1
        0 0 1
        0.476769811285196 0.098511733286064 0 0.42471845542874
        0 0 0 0 1
        0 0 0.155221702560091 0 0 0.844778297439909
    """,
    """
        0.284220721334261
        0 0.284220721334261
        0 0 0.284220721334261
        0 0 0 0.12071378576593
        0 0 0 0 0.284220721334261
        0 0 0 0 0 0.2401034970659
    """,
)
FORMS["SSPRK73"] = form(
    """
        1
        0 1
        0 0 1
        0.184962588071072 0 0 0.815037411928928
        0.18071865657038 0.314831034403793 0 0 0.504450309025826
        0 0 0 0 0 1
        0 0 0 0.120199 0 0 0.879801
    """,
    """
        0.233213863663009
        0 0.233213863663009
        0 0 0.233213863663009
        0 0 0 0.190078023865845
        0 0 0 0 0.117644805593912
        0 0 0 0 0 0.233213863663009
        0 0 0 0 0 0 0.205181790464579
    """,
)
FORMS["SSPRK83"] = form(
    """
        1
        0 1
        0 0 1
        0 0 0 1
        0.421366967085359 0.005949401107575 0 0 0.572683631807067
        0 0.004254010666365 0 0 0 0.995745989333635
        0 0 0.104380143093325 0.243265240906726 0 0 0.65235461599995
        0 0 0 0 0 0 0 1
    """,
    """
        0.195804015330143
        0 0.195804015330143
        0 0 0.195804015330143
        0 0 0 0.195804015330143
        0 0 0 0 0.112133754621673
        0 0 0 0 0 0.194971062960412
        0 0 0 0 0 0 0.127733653231944
        0 0 0 0 0 0 0 0.195804015330143
    """,
)
FORMS["SSPRK104"] = form(
    """
        1
        0 1
        0 0 1
        0 0 0 1
        3/5 0 0 0 2/5
        0 0 0 0 0 1
        0 0 0 0 0 0 1
        0 0 0 0 0 0 0 1
        0 0 0 0 0 0 0 0 1
        1/25 0 0 0 9/25 0 0 0 0 3/5
    """,
    """
        1/6
        0 1/6
        0 0 1/6
        0 0 0 1/6
        0 0 0 0 1/15
        0 0 0 0 0 1/6
        0 0 0 0 0 0 1/6
        0 0 0 0 0 0 0 1/6
        0 0 0 0 0 0 0 0 1/6
        0 0 0 0 3/50 0 0 0 0 1/10
    """,
)
FORMS["SSPRK932"] = form(
    """
        1
        0 1
        0 0 1
        0 0 0 1
        0 0 0 0 1
        0 0 0 0 0 1
        3/5 0 0 0 0 0 2/5
        0 0 0 0 0 0 0 1
        0 0 0 0 0 0 0 0 1
        0 0 0 0 0 0 0 0 0 1
    """,
    """
        1/6
        0 1/6
        0 0 1/6
        0 0 0 1/6
        0 0 0 0 1/6
        0 0 0 0 0 1/6
        1/10 0 0 0 0 0 0
        0 0 0 0 0 0 0 1/6
        0 0 0 0 0 0 0 0 1/6
        0 0 0 0 0 0 0 0 0 1/6
    """,
)
