"""Rooted trees and the order conditions of Runge–Kutta methods (Butcher 1963; Hairer, Nørsett & Wanner 1993, II.2)."""

from functools import cache
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Tree", "elementary_weight", "trees_of_order", "worst_defect"]


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
    return tuple(Tree(forest) for forest in _forests(order - 1, order - 1))


@cache
def _forests(vertices: int, largest: int) -> tuple[tuple[Tree, ...], ...]:
    """Multisets of trees of order at most ``largest`` with ``vertices`` vertices in all."""
    if vertices == 0:
        return ((),)
    if largest == 0:
        return ()
    found = list(_forests(vertices, largest - 1))
    for count in range(1, vertices // largest + 1):
        for rest in _forests(vertices - count * largest, largest - 1):
            for chosen in combinations_with_replacement(trees_of_order(largest), count):
                found.append((*chosen, *rest))
    return tuple(found)


def elementary_weight(tree: Tree, a: np.ndarray, known: dict | None = None) -> np.ndarray:
    """The vector whose product with ``b`` the order condition of ``tree`` fixes; ``known`` keeps those of subtrees."""
    known = {} if known is None else known
    if tree not in known:
        weight = np.ones(len(a), dtype=a.dtype)
        for child in tree.children:
            weight = weight * (a @ elementary_weight(child, a, known))
        known[tree] = weight
    return known[tree]


def worst_defect(a: np.ndarray, weights: np.ndarray, order: int, theta: Any = 1) -> Any:
    """Largest violation of the order conditions up to ``order``, in whatever arithmetic the arrays hold."""
    known: dict = {}
    return max(
        abs(weights @ elementary_weight(tree, a, known) - theta**tree.order / tree.density)
        for p in range(1, order + 1)
        for tree in trees_of_order(p)
    )
