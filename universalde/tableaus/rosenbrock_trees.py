"""Order conditions of Rosenbrock methods: rooted trees whose vertices are of three kinds.

For an exact Jacobian they are those of Runge–Kutta methods with :math:`\\beta = \\alpha + \\gamma` in place of the matrix
wherever a vertex has one child (Hairer & Wanner 1996, IV.7). For any matrix in place of the Jacobian (Steihaug & Wolfbrandt 1979),
vertices that stand for the matrix are added, with one child; nothing may be left of trees with such vertices. For equations of
index one, :math:`y' = f(y, z), 0 = g(y, z)`, there are vertices for derivatives of the constraint, with two children or more
(Roche 1988; Hairer & Wanner 1996, VI.3 and VI.4).
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from .numbers import Matrix
from .trees import UNIT, Elementary, forests, units
from .triangular import inverse

__all__ = ["Vertex", "algebraic", "differential", "exact", "inexact", "weighed"]

SLOPE, MATRIX, CONSTRAINT = "slope", "matrix", "constraint"


class Vertex(NamedTuple):
    """A rooted tree: what its root stands for, and the multiset of subtrees there."""

    kind: str
    children: tuple["Vertex", ...] = ()

    @property
    def order(self) -> int:
        """Number of vertices that are not constraints: the power of the step size."""
        return int(self.kind != CONSTRAINT) + sum(child.order for child in self.children)

    @property
    def share(self) -> Fraction:
        """What the weighted tree is in the solution."""
        found = Fraction(int(self.kind != MATRIX), self.order if self.kind == SLOPE else 1)
        for child in self.children:
            found *= child.share
        return found


@cache
def exact(order: int) -> tuple[Vertex, ...]:
    """The trees of ``order`` for an exact Jacobian."""
    return tuple(Vertex(SLOPE, forest) for forest in forests(order - 1, order - 1, exact))


@cache
def inexact(order: int) -> tuple[Vertex, ...]:
    """The trees of ``order`` for any matrix."""
    slopes = [Vertex(SLOPE, forest) for forest in forests(order - 1, order - 1, inexact)]
    return (*slopes, *(Vertex(MATRIX, (tree,)) for tree in (inexact(order - 1) if order > 1 else ())))


@cache
def differential(order: int) -> tuple[Vertex, ...]:
    """The trees of ``order`` of the differential part of equations of index one."""
    return tuple(Vertex(SLOPE, forest) for forest in forests(order - 1, order - 1, _either))


@cache
def algebraic(order: int) -> tuple[Vertex, ...]:
    """Those of the algebraic part; where a constraint has one child, the condition is that of the child and not listed."""
    return tuple(Vertex(CONSTRAINT, forest) for forest in forests(order, order - 1, _either)) if order > 1 else ()


@cache
def _either(order: int) -> tuple[Vertex, ...]:
    return (*differential(order), *algebraic(order))


class _Rows(NamedTuple):
    """Rows of the matrices as pairs of place and number, in units of ``UNIT``."""

    alpha: list
    gamma: list
    beta: list
    omega: list


def weighed(alpha: Matrix, gamma: Matrix, trees: Iterable[Vertex], *, replaced: bool = False) -> list[Elementary]:
    """The elementary weights of ``trees``; ``replaced``: the Jacobian is, so that matrices have vertices of their own."""
    beta = tuple(tuple(x + y for x, y in zip((*a, Fraction(0)), g, strict=True)) for a, g in zip(alpha, gamma, strict=True))
    matrices = (alpha, gamma, alpha if replaced else beta, inverse(beta))
    rows = _Rows(*([[(j, units(x)) for j, x in enumerate(row) if x] for row in matrix] for matrix in matrices))
    known: dict[Vertex, list[int]] = {}
    return [Elementary(tree.order, tree.share, _vector(rows, tree, known)) for tree in trees]


def _vector(rows: _Rows, tree: Vertex, known: dict) -> list[int]:
    """The weight of ``tree`` at every stage."""
    if tree not in known:
        inner = [_vector(rows, child, known) for child in tree.children]
        matrix = rows.gamma if tree.kind == MATRIX else rows.beta if len(inner) == 1 else rows.alpha
        found = [UNIT] * len(matrix)
        for vector in inner:
            found = [x * y // UNIT for x, y in zip(found, _applied(matrix, vector), strict=True)]
        known[tree] = _applied(rows.omega, found) if tree.kind == CONSTRAINT else found
    return known[tree]


def _applied(matrix: list, vector: list[int]) -> list[int]:
    return [sum(x * vector[j] for j, x in row) // UNIT for row in matrix]
