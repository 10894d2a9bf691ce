"""Every diagonally implicit table proves itself in exact arithmetic, and wrong numbers are refused."""

import functools
from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest

from tests.tableaus.order_conditions import Conditions
from universalde.tableaus.dirk_table import DirkTableau
from universalde.tableaus.stability import stability_function

FAMILIES = ("sdirk", "ferracina_spijker", "kvaerno", "kennedy_carpenter", "esdirk")
MODULES = [import_module(f"universalde.tableaus.{family}") for family in FAMILIES]
TABLES = {table.name: table for module in MODULES for table in (getattr(module, name) for name in module.__all__)}
ESTIMATING = [name for name, table in TABLES.items() if table.error is not None]
PUBLISHED_DENSE = ("Hairer4", "Hairer42")
DOUBLE = 1e-12  # dense outputs that are built have weights in double precision
MISSED = 1e-5  # no condition is missed by less where it does not hold


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]


@functools.cache
def conditions(name):
    return Conditions(TABLES[name])


def holds(table, weights, order, theta=Fraction(1), more=0.0):
    worst, allowed = conditions(table.name).missed(weights, order, theta)
    assert worst <= allowed + more, f"a condition of order {order} is missed by {worst:.1e}, rounding explains {allowed:.1e}"


def fails(table, weights, order, theta=Fraction(1)):
    assert conditions(table.name).missed(weights, order, theta)[0] > MISSED


def test_the_result_has_the_order_claimed_and_not_more(table):
    for order in range(1, table.order + 1):
        holds(table, table.b, order)
    fails(table, table.b, table.order + 1)


@pytest.mark.parametrize("name", ESTIMATING)
def test_the_embedded_result_has_the_order_claimed_and_not_more(name):
    table = TABLES[name]
    for order in range(1, table.embedded_order + 1):
        holds(table, table.embedded, order)
    fails(table, table.embedded, table.embedded_order + 1)


def test_the_dense_output_has_the_order_computed_and_not_more(table):
    for theta in (Fraction(1, 7), Fraction(9, 10)):
        for order in range(1, table.dense_order + 1):
            holds(table, table.dense_weights(theta), order, theta, DOUBLE)
        fails(table, table.dense_weights(theta), table.dense_order + 1, theta)


# The orders that the stages allow.
DENSE = {"ImplicitEuler": 1, "ImplicitMidpoint": 1, "CFNLIRK3": 2, "Cash4": 3, "Hairer4": 3, "Hairer42": 3, "SFSDIRK4": 2,
         "SFSDIRK5": 3, "SFSDIRK6": 3, "SFSDIRK7": 3, "SFSDIRK8": 3, "Kvaerno4": 3, "Kvaerno5": 4, "KenCarp58": 4,
         "ESDIRK54I8L2SA": 4, "ESDIRK547L2SA2": 4, "ESDIRK659L2SA": 5}  # fmt: skip


def test_the_dense_output_has_the_order_of_the_method_or_as_much_as_its_stages_give(table):
    assert table.dense_order == DENSE.get(table.name, table.order)


def test_the_dense_output_starts_at_the_start_and_ends_at_the_result(table):
    assert all(w == 0 for w in table.dense_weights(0))
    assert max(abs(w - b) for w, b in zip(table.dense_weights(1), table.b, strict=True)) < DOUBLE


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.fsal and name != "ImplicitEuler"])
def test_the_dense_output_leaves_and_arrives_with_the_slopes_that_are_stages(name):
    rows = np.array(TABLES[name].interpolant, float)
    ends = np.eye(len(rows))
    np.testing.assert_allclose(rows[:, 0], ends[0], atol=1e-10)
    np.testing.assert_allclose(rows @ np.arange(1, rows.shape[1] + 1), ends[-1], atol=1e-10)


def test_the_weights_of_the_dense_output_are_of_moderate_size(table):
    sizes = [float(sum(map(abs, table.dense_weights(theta / 20)))) for theta in map(Fraction, range(21))]
    assert max(sizes) < 25


def test_nodes_are_the_sums_of_the_rows(table):
    assert all(c == sum(row, Fraction(0)) for c, row in zip(table.c, table.a, strict=True))


def matrix(table):
    full = np.zeros((table.stages, table.stages))
    for k, row in enumerate(table.a):
        full[k, : k + 1] = [float(x) for x in row]
    return full, np.array(table.b, float)


def growth(table, z):
    a, b = matrix(table)
    return 1 + z * (b @ np.linalg.solve(np.eye(len(b)) - z * a, np.ones(len(b))))


def test_the_stability_function_is_that_of_its_definition(table):
    above, below = (
        np.polynomial.Polynomial([float(x) for x in part]) for part in stability_function(table.a, table.b, 0)
    )
    for z in (-0.3, -2 + 1j, -20 + 7j, 3j):
        assert above(z) / below(z) == pytest.approx(growth(table, z), rel=1e-9, abs=1e-12)


def test_the_limit_at_infinity_is_approached(table):
    assert growth(table, -1e7) == pytest.approx(table.at_infinity, rel=1e-3, abs=1e-4)


NOT_STIFF = {f"SFSDIRK{stages}" for stages in range(4, 9)}
NOT_L_STABLE = {"ImplicitMidpoint", "Trapezoid", "SDIRK2", "SSPSDIRK2", "Kvaerno4"}


def test_methods_are_a_stable_and_l_stable_as_their_numbers_say():
    assert {name for name, table in TABLES.items() if not table.a_stable} == NOT_STIFF
    assert {name for name, table in TABLES.items() if not table.l_stable} == NOT_STIFF | NOT_L_STABLE


def test_the_sector_of_stability_is_where_nothing_grows():
    # Three stages with a diagonal too small for A-stability, which starts at 0.18 (Hairer & Wanner 1996, table IV.6.4).
    table = DirkTableau("small diagonal", 1, a="0.1\n0.4 0.1\n0.6 0.3 0.1")
    assert 1 < table.sector < 89 and table.at_infinity == 0
    sizes = np.geomspace(1e-2, 1e4, 500)
    inside, outside = (sizes * np.exp(1j * np.deg2rad(180 - table.sector + d)) for d in (0.1, -0.1))
    assert max(abs(growth(table, z)) for z in inside) <= 1
    assert max(abs(growth(table, z)) for z in outside) > 1


STAGES_OF_ORDER_TWO = {
    name for name, table in TABLES.items() if table.explicit_first and name not in ("ImplicitEuler",)
}


def test_stages_have_order_two_where_the_first_is_explicit_and_one_elsewhere(table):
    assert table.stage_order == (2 if table.name in STAGES_OF_ORDER_TWO else 1)


def test_all_but_eight_end_with_their_last_stage():
    others = {name for name, table in TABLES.items() if not table.stiffly_accurate}
    assert others == NOT_STIFF | {"ImplicitMidpoint", "SDIRK2", "SSPSDIRK2"}


def test_a_table_says_where_it_comes_from(table):
    assert any(character.isdigit() for character in table.reference) and len(table.reference) > 30


def changed(**changes):
    table = TABLES["Kvaerno3"]
    return lambda: DirkTableau(**{"name": "K", "order": 3, "a": table.a, "embedded": table.embedded, **changes})


GAMMA = TABLES["Kvaerno3"].gamma
WRONG = {
    "a full row": (dict(a="0 1\n1/2 1/2"), "row k of a diagonally implicit tableau has k . 1 entries"),
    "two diagonals": (dict(a="1/2\n1/2 1/4", b="1/2 1/2", embedded=None), "the diagonal of a is 0.5, 0.25"),
    "no diagonal": (dict(a="0\n1 0", b="1/2 1/2", embedded=None), "one positive number"),
    "a node that is not the sum": (dict(c=(0, 2 * GAMMA, 0.9, 1)), r"row 2 of a sums to 1, but c\[2\] = 0.9"),
    "an order too high": (dict(order=4), "order is given as 4"),
    "an embedded order too high": (dict(embedded_order=3), "embedded_order is given as 3"),
    "an embedded result that is too short": (dict(embedded="1 0"), "embedded has 2 entries"),
    "an interpolant that is too short": (dict(interpolant="1 0"), "interpolant has 1 rows"),
    "an interpolant that ends elsewhere": (dict(interpolant="1\n0\n0\n0"), "interpolant at theta = 1 differs"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_table_that_does_not_hold_what_it_claims_is_refused(case):
    changes, sentence = WRONG[case]
    with pytest.raises(ValueError, match=f"K: .*{sentence}"):
        changed(**changes)()
