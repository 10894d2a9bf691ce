"""Order conditions in integers, with rooted trees and a measure of rounding of their own: nothing here is the package's."""

import functools
import random
from fractions import Fraction
from math import prod

UNIT = 10**120  # numbers are held as integers in units of 1 / UNIT

# A tree is the sorted tuple of its subtrees.


@functools.cache
def trees(order):
    """Every tree of ``order`` vertices, made by adding one leaf to the trees with one vertex less."""
    if order == 1:
        return frozenset({()})
    return frozenset(grown for tree in trees(order - 1) for grown in with_one_more_leaf(tree))


def with_one_more_leaf(tree):
    yield tuple(sorted((*tree, ())))
    for k, child in enumerate(tree):
        for grown in with_one_more_leaf(child):
            yield tuple(sorted((*tree[:k], grown, *tree[k + 1 :])))


@functools.cache
def vertices(tree):
    return 1 + sum(map(vertices, tree))


@functools.cache
def density(tree):
    return vertices(tree) * prod(map(density, tree))


def units(x):
    return x.numerator * UNIT // x.denominator


class ElementaryWeights:
    """Elementary weights of the trees that are asked for, as integers in units of 1 / UNIT."""

    def __init__(self, rows):
        self.terms = [[(j, units(x)) for j, x in enumerate(row) if x] for row in rows]
        self.known, self.stages = {}, {}

    def of(self, tree):
        if tree not in self.known:
            result = [UNIT] * len(self.terms)
            for child in tree:
                result = [x * y // UNIT for x, y in zip(result, self.stage(child), strict=True)]
            self.known[tree] = result
        return self.known[tree]

    def stage(self, tree):
        """The matrix of the table times the elementary weights of ``tree``."""
        if tree not in self.stages:
            inner = self.of(tree)
            self.stages[tree] = [sum(x * inner[j] for j, x in row) // UNIT for row in self.terms]
        return self.stages[tree]

    def totals(self, weights, order):
        """What the conditions of ``order`` fix, in units of 1 / UNIT."""
        exact = [units(x) for x in weights]
        return [sum(x * y for x, y in zip(exact, self.of(tree), strict=False)) // UNIT for tree in sorted(trees(order))]


DRAWS = 4  # tables rounded differently; in one alone the changes of two numbers may cancel


class Conditions:
    """The order conditions of a table, and how far they may be missed.

    Beside the table stand the same ones rounded differently: each number moved by half a unit of the last of the digits that
    the table states, up or down at random.  What that changes is what rounding explains; exact numbers explain nothing.
    The answer to a question does not depend on those asked before.
    """

    def __init__(self, tableau):
        rows = (*tableau.a, *tableau.extra)
        self.half = Fraction(0) if tableau.digits is None else Fraction(1, 2 * 10 ** (tableau.digits - 1))
        self.weights = ElementaryWeights(rows)
        self.rounded = [self.table_of(rows, random.Random(draw)) for draw in range(DRAWS)] if self.half else []

    def table_of(self, rows, generator):
        return ElementaryWeights([self.moved(row, generator) for row in rows])

    def moved(self, numbers, generator):
        return [x * (1 + generator.choice((-1, 1)) * self.half) for x in numbers]

    def missed(self, weights, order, theta=Fraction(1)):
        """The largest violation of a condition of ``order``, and ten times the largest change that rounding brings."""
        found = self.weights.totals(weights, order)
        wanted = [units(theta**order / density(tree)) for tree in sorted(trees(order))]
        worst = max(abs(x - y) for x, y in zip(found, wanted, strict=True))
        change = 0
        for draw, table in enumerate(self.rounded):
            other = table.totals(self.moved(weights, random.Random(DRAWS + draw)), order)
            change = max(change, *(abs(x - y) for x, y in zip(found, other, strict=True)))
        return worst / UNIT, 10 * change / UNIT + 1e-100
