"""Every table proves itself in exact arithmetic, and wrong numbers are refused."""

import functools
from fractions import Fraction
from math import factorial

import numpy as np
import pytest

import universalde as ude
from tests.tableaus.order_conditions import Conditions, density, trees
from universalde.choose import REGISTRY
from universalde.methods.rows import ABSENT, ROWS
from universalde.tableaus.trees import elementary_weights, trees_of_order, violations

TABLEAUS = {name: row.tableau for name, row in ROWS.items()}
ESTIMATING = [name for name, table in TABLEAUS.items() if table.error is not None]
QUICK = 10  # order up to which conditions are checked at every run of the tests
ABOVE = 100  # a condition counts as missed when rounding explains less than a hundredth of the defect


@pytest.fixture(params=TABLEAUS)
def tableau(request):
    return TABLEAUS[request.param]


@pytest.fixture(params=ESTIMATING)
def estimating(request):
    return TABLEAUS[request.param]


@functools.cache
def conditions(name):
    return Conditions(TABLEAUS[name])


def holds(tableau, weights, order, theta=Fraction(1)):
    worst, allowed = conditions(tableau.name).missed(weights, order, theta)
    assert worst <= allowed, f"a condition of order {order} is missed by {worst:.1e}, rounding explains {allowed:.1e}"


def fails(tableau, weights, order, theta=Fraction(1)):
    worst, allowed = conditions(tableau.name).missed(weights, order, theta)
    assert worst > ABOVE * allowed, f"order {order} is not missed: {worst:.1e}, rounding explains {allowed:.1e}"


def embedded(tableau, error):
    return [b - e for b, e in zip(tableau.b, error, strict=True)]


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


def test_the_classical_method_has_order_four_exactly():
    missed = violations(elementary_weights(TABLEAUS["RK4"].a, 5), TABLEAUS["RK4"].b)
    assert max(missed[p] for p in range(1, 5)) < 1e-100
    assert missed[5] == pytest.approx(1 / 80)  # the bushy tree: 1/5 by Simpson's rule is 5/24


def test_the_result_has_the_order_claimed_and_not_more(tableau):
    for order in range(1, min(tableau.order, QUICK) + 1):
        holds(tableau, tableau.b, order)
    if tableau.order < QUICK:
        fails(tableau, tableau.b, tableau.order + 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Feagin10", "Feagin12", "Feagin14"])
def test_the_result_has_the_order_claimed_and_not_more_beyond_order_ten(name):
    tableau = TABLEAUS[name]
    for order in range(QUICK + 1, tableau.order + 1):
        holds(tableau, tableau.b, order)
    fails(tableau, tableau.b, tableau.order + 1)


def test_the_embedded_result_has_the_order_claimed_and_not_more(estimating):
    weights = embedded(estimating, estimating.error)
    for order in range(1, min(estimating.error_order, QUICK) + 1):
        holds(estimating, weights, order)
    if estimating.error_order < QUICK:
        fails(estimating, weights, estimating.error_order + 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Feagin12", "Feagin14"])
def test_the_embedded_result_has_the_order_claimed_beyond_order_ten(name):
    tableau = TABLEAUS[name]
    weights = embedded(tableau, tableau.error)
    for order in range(QUICK + 1, tableau.error_order + 1):
        holds(tableau, weights, order)
    fails(tableau, weights, tableau.error_order + 1)


def test_the_second_estimate_of_dop853_has_order_three():
    weights = embedded(TABLEAUS["DP8"], TABLEAUS["DP8"].coarse)
    for order in range(1, 4):
        holds(TABLEAUS["DP8"], weights, order)
    fails(TABLEAUS["DP8"], weights, 4)


def test_the_dense_output_has_the_order_computed_and_not_more(tableau):
    for theta in (Fraction(1, 7), Fraction(9, 10)):
        for order in range(1, tableau.dense_order + 1):
            holds(tableau, tableau.dense_weights(theta), order, theta)
        fails(tableau, tableau.dense_weights(theta), tableau.dense_order + 1, theta)


DENSE = {"DP5": 4, "DP8": 7, "BS5": 5, "OwrenZen3": 3, "OwrenZen4": 4, "OwrenZen5": 5, "Tsit5": 4, "Vern6": 6, "Vern7": 6,
         "Vern8": 8, "Vern9": 9}  # fmt: skip


def test_interpolants_have_the_published_orders():
    assert {name: TABLEAUS[name].dense_order for name in DENSE} == DENSE


def test_other_interpolants_have_the_order_of_the_method_or_eight(tableau):
    if tableau.name not in DENSE:
        assert tableau.dense_order == min(tableau.order, 8)


@pytest.mark.parametrize("name", DENSE)
def test_in_double_precision_the_weights_of_the_dense_output_do_not_cancel(name):
    table = TABLEAUS[name]
    count = table.stages + len(table.extra)
    for theta in (0.01, 0.3, 0.5, 0.77, 0.99, 1.0):
        weights = REGISTRY[name]().dense((np.zeros(count), tuple(np.eye(count))), theta)
        exact = np.array(table.dense_weights(theta), float)
        np.testing.assert_allclose(weights, exact, rtol=0, atol=3e-15 * np.sum(np.abs(exact)))


def rounding(tableau):
    """How far sums of the numbers of a table may be off."""
    size = max(1.0, max(float(sum(map(abs, row))) for row in tableau.interpolant))
    return size * (1e-100 if tableau.digits is None else 10.0 ** (2 - tableau.digits))


def test_the_dense_output_starts_at_the_start_and_ends_at_the_result(tableau):
    assert all(w == 0 for w in tableau.dense_weights(0))
    result = [*tableau.b, *[Fraction(0)] * len(tableau.extra)]
    ends = tableau.dense_weights(1)
    assert max(abs(w - b) for w, b in zip(ends, result, strict=True)) <= rounding(tableau)


def test_the_dense_output_leaves_with_the_right_slope(tableau):
    first = [row[0] for row in tableau.interpolant]
    assert max(abs(w - (k == 0)) for k, w in enumerate(first)) <= rounding(tableau)


def test_the_dense_output_arrives_with_the_right_slope(tableau):
    # The slope at the end is a stage that is evaluated at the result: the last of a FSAL method, or an extra one.
    ends = [k for k, row in enumerate((*tableau.a, *tableau.extra)) if close(row, tableau.b, rounding(tableau))]
    last = [sum((d + 1) * x for d, x in enumerate(row)) for row in tableau.interpolant]
    assert any(max(abs(w - (k == end)) for k, w in enumerate(last)) <= 10 * rounding(tableau) for end in ends)


def close(row, b, tolerance):
    width = max(len(row), len(b))
    pad = [[*x, *[Fraction(0)] * (width - len(x))] for x in (row, b)]
    return max(abs(x - y) for x, y in zip(*pad, strict=True)) <= tolerance


def test_nodes_are_the_sums_of_the_rows(tableau):
    assert all(c == sum(row, Fraction(0)) for c, row in zip(tableau.c, (*tableau.a, *tableau.extra), strict=True))


def test_the_defect_the_package_reports_is_that_of_exact_arithmetic(tableau):
    order = min(tableau.order, 6)
    assert tableau.defect(order) < 1e-11
    if tableau.order < 7:
        exact = conditions(tableau.name).missed(tableau.b, tableau.order + 1)[0]
        assert tableau.defect(tableau.order + 1) == pytest.approx(exact, rel=1e-5)


def test_a_table_says_where_it_comes_from(tableau):
    assert any(character.isdigit() for character in tableau.reference) and len(tableau.reference) > 30


def test_a_method_is_listed_or_absent_with_a_reason():
    assert not set(ABSENT) & set(REGISTRY)
    assert all(len(reason) > 20 for reason in ABSENT.values())
    assert set(REGISTRY) <= set(ude.__all__)


def test_a_row_has_the_name_of_its_table():
    assert all(name == row.tableau.name for name, row in REGISTRY.items())


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
