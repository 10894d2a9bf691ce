"""Tableaus prove themselves: order conditions in exact rational arithmetic, and wrong numbers are refused."""

import dataclasses
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


def exact(rows):
    return [[Fraction(x) for x in row] for row in rows]


def weight(tree, a):
    """Elementary weight of every stage, exactly."""
    result = [Fraction(1)] * len(a)
    for child in tree:
        inner = weight(child, a)
        result = [r * sum(x * y for x, y in zip(row, inner, strict=False)) for r, row in zip(result, a, strict=True)]
    return result


def worst_defect(tableau, weights, order, theta=Fraction(1)):
    """Largest violation of an order condition of exactly ``order``, exactly."""
    a, weights = exact(tableau.a), [Fraction(w) for w in weights]
    return max(
        abs(sum(w * x for w, x in zip(weights, weight(tree, a), strict=True)) - theta**order / density(tree))
        for tree in trees(order)
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
    embedded = [Fraction(b) - Fraction(e) for b, e in zip(tableau.b, tableau.error, strict=True)]
    for order in range(1, tableau.error_order + 1):
        assert worst_defect(tableau, embedded, order) < ROUNDING
    assert worst_defect(tableau, embedded, tableau.error_order + 1) > Fraction(1, 10**6)


@pytest.mark.parametrize("theta", [Fraction(1, 7), Fraction(1, 2), Fraction(9, 10)])
def test_the_dense_output_has_order_four_everywhere_in_the_step(tableau, theta):
    for order in range(1, 5):
        assert worst_defect(tableau, weights_at(tableau, theta), order, theta) < ROUNDING
    assert worst_defect(tableau, weights_at(tableau, theta), 5, theta) > Fraction(1, 10**9)


def test_the_dense_output_starts_at_the_start_and_ends_at_the_result(tableau):
    assert all(w == 0 for w in weights_at(tableau, Fraction(0)))
    ends = zip(weights_at(tableau, Fraction(1)), tableau.b, strict=True)
    assert max(abs(w - Fraction(b)) for w, b in ends) < ROUNDING
    np.testing.assert_allclose(tableau.dense_weights(1.0), tableau.b, atol=1e-14)


def test_the_dense_output_leaves_and_arrives_with_the_right_slope(tableau):
    # Its derivative is the first stage at the start and the last stage (FSAL: the derivative at the end) at the end.
    first = [Fraction(row[0]) for row in tableau.interpolant]
    last = [sum((d + 1) * Fraction(x) for d, x in enumerate(row)) for row in tableau.interpolant]
    stages = tableau.stages
    assert max(abs(w - (k == 0)) for k, w in enumerate(first)) < ROUNDING
    assert tableau.fsal
    assert max(abs(w - (k == stages - 1)) for k, w in enumerate(last)) < ROUNDING


def test_nodes_are_the_sums_of_the_rows(tableau):
    assert max(abs(Fraction(c) - sum(map(Fraction, row))) for c, row in zip(tableau.c, tableau.a, strict=True)) < ROUNDING


def test_the_defect_the_package_reports_is_that_of_exact_arithmetic(tableau):
    assert tableau.defect(tableau.order) < 1e-13
    exact_defect = float(worst_defect(tableau, tableau.b, tableau.order + 1))
    assert tableau.defect(tableau.order + 1) == pytest.approx(exact_defect, rel=1e-9)
    assert tableau.defect(4, tableau.dense_weights(0.3), 0.3) < 1e-13
    assert tableau.defect(5, tableau.dense_weights(0.3), 0.3) > 1e-9


def test_a_table_says_where_it_comes_from(tableau):
    assert any(character.isdigit() for character in tableau.reference) and len(tableau.reference) > 30


def changed(**changes):
    return lambda: dataclasses.replace(TABLEAUS["Tsit5"], **changes)


def test_rows_of_the_wrong_length_are_refused():
    with pytest.raises(ValueError, match="row k of an explicit tableau has k entries; there are 7 stages"):
        changed(a=TABLEAUS["Tsit5"].a[:-1])()
    with pytest.raises(ValueError, match="row k"):
        ude.Tableau("euler", 1, 1, ((1.0,),), (1.0,), (0.0,), ((1.0,),), "wrong row")


WRONG = {
    "a digit of b": (dict(b=(0.0965, *TABLEAUS["Tsit5"].b[1:])), "order"),
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
