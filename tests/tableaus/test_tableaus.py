"""Tableaus prove themselves: order conditions in exact rational arithmetic, and wrong numbers are refused."""

import functools
from fractions import Fraction
from math import factorial, prod

import numpy as np
import pytest

import universalde as ude
from universalde.choose import REGISTRY
from universalde.tableaus.trees import elementary_weight, trees_of_order

TABLEAUS = {name: make().tableau for name, make in REGISTRY.items() if hasattr(make(), "tableau")}
# Coefficients are double precision numbers: each is wrong by up to half an ulp, and stages are sums of products of them.
ROUNDING = Fraction(1, 10**13)


@pytest.fixture(params=TABLEAUS)
def tableau(request):
    return TABLEAUS[request.param]


# Rooted trees of this module's own making: a tree is the sorted tuple of its subtrees.


def trees(order):
    """Every tree of ``order`` vertices, made by adding one leaf to the trees with one vertex less."""
    if order == 1:
        return {()}
    return {grown for tree in trees(order - 1) for grown in with_one_more_leaf(tree)}


def with_one_more_leaf(tree):
    yield tuple(sorted((*tree, ())))
    for k, child in enumerate(tree):
        for grown in with_one_more_leaf(child):
            yield tuple(sorted((*tree[:k], grown, *tree[k + 1 :])))


def vertices(tree):
    return 1 + sum(map(vertices, tree))


def density(tree):
    return vertices(tree) * prod(map(density, tree))


def whole(tableau):
    """All rows, those that only the dense output needs included."""
    return (*tableau.a, *tableau.extra)


def weights_of_trees(rows, order):
    """Elementary weights of every tree of at most ``order`` vertices, exactly: trees to vectors over the stages."""
    found = {}

    def weight(tree):
        if tree not in found:
            result = [Fraction(1)] * len(rows)
            for child in tree:
                inner = weight(child)
                result = [r * sum(x * y for x, y in zip(row, inner, strict=False)) for r, row in zip(result, rows, strict=True)]
            found[tree] = result
        return found[tree]

    for p in range(1, order + 1):
        for tree in trees(p):
            weight(tree)
    return found


@functools.cache
def known_weights(name):
    tableau = TABLEAUS[name]
    return weights_of_trees(whole(tableau), tableau.order + 1)


def worst_defect(tableau, weights, order, theta=Fraction(1)):
    """Largest violation of an order condition of exactly ``order``, exactly."""
    return max(
        abs(sum(w * x for w, x in zip(weights, vector, strict=False)) - theta**order / density(tree))
        for tree, vector in known_weights(tableau.name).items()
        if vertices(tree) == order
    )


def weights_at(tableau, theta):
    return [sum(Fraction(x) * theta ** (d + 1) for d, x in enumerate(row)) for row in tableau.interpolant]


def test_there_are_as_many_trees_as_cayley_counted():
    counts = [1, 1, 2, 4, 9, 20, 48]
    assert [len(trees(p)) for p in range(1, 8)] == counts
    assert [len(trees_of_order(p)) for p in range(1, 8)] == counts


def test_densities_of_the_package_are_those_of_this_module():
    for order in range(1, 7):
        assert sorted(t.density for t in trees_of_order(order)) == sorted(map(density, trees(order)))
    # The tall tree has the density p!, the bushy one p.
    assert max(t.density for t in trees_of_order(6)) == factorial(6)
    assert min(t.density for t in trees_of_order(6)) == 6


def test_elementary_weights_work_in_exact_arithmetic():
    # Classical Runge-Kutta method: order 4 exactly, and not 5.
    half, third, sixth = Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)
    a = np.array([[0, 0, 0, 0], [half, 0, 0, 0], [0, half, 0, 0], [0, 0, 1, 0]], dtype=object) + Fraction(0)
    b = np.array([sixth, third, third, sixth], dtype=object)
    for order in range(1, 5):
        for tree in trees_of_order(order):
            assert b @ elementary_weight(tree, a) == Fraction(1, tree.density)
    assert any(b @ elementary_weight(tree, a) != Fraction(1, tree.density) for tree in trees_of_order(5))


def test_the_result_has_the_order_claimed_and_not_more(tableau):
    for order in range(1, tableau.order + 1):
        assert worst_defect(tableau, tableau.b, order) < ROUNDING
    assert worst_defect(tableau, tableau.b, tableau.order + 1) > Fraction(1, 10**6)


def test_the_embedded_result_has_the_order_claimed_and_not_more(tableau):
    embedded = [b - e for b, e in zip(tableau.b, tableau.error, strict=True)]
    for order in range(1, tableau.error_order + 1):
        assert worst_defect(tableau, embedded, order) < ROUNDING
    assert worst_defect(tableau, embedded, tableau.error_order + 1) > Fraction(1, 10**6)


@pytest.mark.parametrize("theta", [Fraction(1, 7), Fraction(1, 2), Fraction(9, 10)])
def test_the_dense_output_has_the_order_computed_and_not_more(tableau, theta):
    assert tableau.dense_order >= min(tableau.order, 4) - 1
    for order in range(1, tableau.dense_order + 1):
        assert worst_defect(tableau, weights_at(tableau, theta), order, theta) < ROUNDING
    assert worst_defect(tableau, weights_at(tableau, theta), tableau.dense_order + 1, theta) > Fraction(1, 10**9)


def test_the_dense_output_starts_at_the_start_and_ends_at_the_result(tableau):
    assert all(w == 0 for w in weights_at(tableau, Fraction(0)))
    result = [*tableau.b, *[Fraction(0)] * len(tableau.extra)]
    assert max(abs(w - b) for w, b in zip(weights_at(tableau, Fraction(1)), result, strict=True)) < ROUNDING
    np.testing.assert_allclose(tableau.dense_weights(1.0), np.array(result, float), atol=1e-12)


def test_the_dense_output_leaves_with_the_right_slope(tableau):
    first = [row[0] for row in tableau.interpolant]
    assert max(abs(w - (k == 0)) for k, w in enumerate(first)) < ROUNDING


def test_the_dense_output_arrives_with_the_right_slope(tableau):
    # The slope at the end is a stage that is evaluated at the result: the last of a FSAL method, or an extra one.
    ends = [k for k, row in enumerate(whole(tableau)) if close(row, tableau.b)]
    last = [sum((d + 1) * x for d, x in enumerate(row)) for row in tableau.interpolant]
    assert any(max(abs(w - (k == end)) for k, w in enumerate(last)) < ROUNDING for end in ends)


def close(row, b):
    width = max(len(row), len(b))
    pad = [[*x, *[Fraction(0)] * (width - len(x))] for x in (row, b)]
    return max(abs(x - y) for x, y in zip(*pad, strict=True)) < ROUNDING


def test_nodes_are_the_sums_of_the_rows(tableau):
    assert all(c == sum(row, Fraction(0)) for c, row in zip(tableau.c, whole(tableau), strict=True))


def test_the_defect_the_package_reports_is_that_of_exact_arithmetic(tableau):
    assert tableau.defect(tableau.order) < 1e-11
    exact_defect = float(worst_defect(tableau, tableau.b, tableau.order + 1))
    assert tableau.defect(tableau.order + 1) == pytest.approx(exact_defect, rel=1e-5)


def test_a_table_says_where_it_comes_from(tableau):
    assert any(character.isdigit() for character in tableau.reference) and len(tableau.reference) > 30


def changed(**changes):
    table = TABLEAUS["Tsit5"]
    parts = {name: getattr(table, name) for name in ("a", "b", "error", "error_order", "interpolant", "reference")}
    return lambda: ude.Tableau(**{"name": "Tsit5", "order": 5, **parts, **changes})


def test_rows_of_the_wrong_length_are_refused():
    with pytest.raises(ValueError, match="row k of an explicit tableau has k entries"):
        changed(a=TABLEAUS["Tsit5"].a[:-1])()
    with pytest.raises(ValueError, match="row k"):
        ude.Tableau("euler", 1, a=((1.0,),), b=(1.0,))


WRONG = {
    "a digit of b": (dict(b=(0.0965, *TABLEAUS["Tsit5"].b[1:])), "sums to"),
    "nodes that are not sums": (dict(c="0 1/6 1/3 9/10 1 1 1"), r"row 1 of a sums to 0.161, but c\[1\]"),
    "two digits of b": (dict(b=(0.0965, TABLEAUS["Tsit5"].b[1] + TABLEAUS["Tsit5"].b[0] - Fraction(0.0965), *TABLEAUS["Tsit5"].b[2:]), interpolant=None), "order"),
    "an order too high": (dict(order=6), "order"),
    "an estimate of another order": (dict(error_order=5), "order"),
    "an estimate that is too short": (dict(error=TABLEAUS["Tsit5"].error[:-1]), "error has 6 entries"),
    "an interpolant that is too short": (dict(interpolant=TABLEAUS["Tsit5"].interpolant[:-1]), "interpolant"),
    "an interpolant that ends elsewhere": (dict(interpolant=((1.0, 0, 0, 0), *TABLEAUS["Tsit5"].interpolant[1:])), "interpolant"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_table_that_does_not_hold_what_it_claims_is_refused(case):
    changes, sentence = WRONG[case]
    with pytest.raises(ValueError, match=f"Tsit5.*{sentence}"):
        changed(**changes)()
