"""Rooted trees and the order conditions of Runge–Kutta methods (Butcher 1963; Hairer, Nørsett & Wanner 1993, II.2)."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from .numbers import Matrix

__all__ = ["UNIT", "Elementary", "Tree", "elementary_weights", "forests", "trees_of_order", "units", "violations"]

UNIT = 2**400  # numbers are held as integers in units of 1 / UNIT: 120 decimals


class Tree(NamedTuple):
    """A rooted tree as the multiset of subtrees at its root."""

    children: tuple["Tree", ...] = ()

    @property
    def order(self) -> int:
        """Number of vertices."""
        return 1 + sum(child.order for child in self.children)

    @property
    def density(self) -> int:
        """Product of the orders of all subtrees; the order condition is ``b · weight = 1 / density``."""
        product = self.order
        for child in self.children:
            product *= child.density
        return product


@cache
def trees_of_order(order: int) -> tuple[Tree, ...]:
    """All rooted trees with ``order`` vertices (1, 1, 2, 4, 9, 20, 48, …)."""
    return tuple(Tree(forest) for forest in forests(order - 1, order - 1, trees_of_order))


@cache
def forests(vertices: int, largest: int, trees: Callable[[int], tuple]) -> tuple[tuple[Any, ...], ...]:
    """Multisets of ``trees(order)`` of order at most ``largest`` with ``vertices`` vertices in all."""
    if vertices == 0:
        return ((),)
    if largest == 0:
        return ()
    found = list(forests(vertices, largest - 1, trees))
    for count in range(1, vertices // largest + 1):
        for rest in forests(vertices - count * largest, largest - 1, trees):
            for chosen in combinations_with_replacement(trees(largest), count):
                found.append((*chosen, *rest))
    return tuple(found)


class Elementary(NamedTuple):
    """What the order condition of a tree compares: weights times ``vector`` with ``share``, which is ``1 / density``; the
    vector is in units of ``UNIT``."""

    order: int
    share: Fraction
    vector: list[int]


@cache
def _children_first(order: int) -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    """Order, density and the places of the children of every tree of at most ``order`` vertices."""
    places: dict[Tree, int] = {}
    listed = []
    for p in range(1, order + 1):
        for tree in trees_of_order(p):
            places[tree] = len(listed)
            listed.append((p, tree.density, tuple(places[child] for child in tree.children)))
    return tuple(listed)


def elementary_weights(rows: Matrix, order: int) -> list[Elementary]:
    """The elementary weights of all trees of at most ``order`` vertices, in integers: double precision cannot tell a wrong
    digit from rounding where coefficients are large."""
    terms = [[(j, units(x)) for j, x in enumerate(row) if x] for row in rows]
    found: list[Elementary] = []
    stages: dict[int, list[int]] = {}  # the matrix times the weights of a tree, where it is a child
    for p, density, children in _children_first(order):
        vector = [UNIT] * len(rows)
        for child in children:
            if child not in stages:
                inner = found[child].vector
                stages[child] = [sum(x * inner[j] for j, x in row) // UNIT for row in terms]
            vector = [x * y // UNIT for x, y in zip(vector, stages[child], strict=True)]
        found.append(Elementary(p, Fraction(1, density), vector))
    return found


def violations(found: list[Elementary], weights: Sequence, theta: Fraction = Fraction(1)) -> dict[int, float]:
    """The largest violation of the conditions of each order, at ``theta`` for dense output."""
    exact = [units(x) for x in weights]
    worst: dict[int, int] = {}
    for tree in found:
        total = sum(x * y for x, y in zip(exact, tree.vector, strict=True)) // UNIT
        worst[tree.order] = max(worst.get(tree.order, 0), abs(total - units(theta**tree.order * tree.share)))
    return {order: miss / UNIT for order, miss in worst.items()}


def units(x: Fraction) -> int:
    """A number as an integer, in units of 1 / UNIT."""
    return x.numerator * UNIT // x.denominator
