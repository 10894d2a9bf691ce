"""Every Rosenbrock table proves itself in exact arithmetic, and wrong numbers are refused."""

import functools
import random
from fractions import Fraction

import numpy as np
import pytest

import universalde as ude
from tests.tableaus.order_conditions import DRAWS, UNIT, Conditions, ElementaryWeights
from universalde.choose import REGISTRY
from universalde.methods.rosenbrock_rows import ROSENBROCK, ROSENBROCK_ABSENT
from universalde.tableaus import rosenbrock_trees
from universalde.tableaus.rosenbrock_table import RosenbrockTableau

TABLES = {name: row.tableau for name, row in ROSENBROCK.items()}
ESTIMATING = [name for name, table in TABLES.items() if table.error is not None]
DOUBLE = 1e-12  # dense outputs that are built have weights in double precision
MISSED = 1e-5  # no condition is missed by less where it does not hold

# Where it is more than one; ROK4a is of order four for the matrices of a Krylov method only.
ANY_MATRIX = {"Rosenbrock23": 2, "Rosenbrock32": 2, "Rodas23W": 2, "Rodas4P2": 2, "Rodas4PW": 4, "Rodas5P": 2, "Rodas5Pe": 2,
              "Rodas6P": 2, "Velds4": 2, "ROK4a": 2, "ROS2": 2, "RosenbrockW6S4OS": 4, "ROS2S": 2, "ROS34PRw": 3,
              "ROS34PW1a": 3, "ROS34PW1b": 3, "ROS34PW2": 3, "ROS34PW3": 3}  # fmt: skip
# Rosenbrock32 does not damp the algebraic part.
LESS_OF_INDEX_ONE = {"Rosenbrock32": 0, "GRK4A": 2, "GRK4T": 2, "Ros4LStab": 2, "RosShamp4": 2, "Veldd4": 2, "Velds4": 2,
                     "ROS34PW3": 3, "ROK4a": 2, "ROS3": 2, "RosenbrockW6S4OS": 2}  # fmt: skip
NOT_A_STABLE = {"Rosenbrock32", "GRK4T", "Veldd4", "RosenbrockW6S4OS"}
A_STABLE_ONLY = {"GRK4A", "RosShamp4", "Velds4", "Ros4LStab", "ROS3P", "ROS3PR", "Scholz4_7", "ROS34PW3"}


class RosenbrockWeights(ElementaryWeights):
    """Elementary weights with α + γ where a vertex has one child."""

    def __init__(self, alpha, gammas, gamma):
        super().__init__(alpha)
        rows = [[*(x + y for x, y in zip(a, g, strict=True)), gamma] for a, g in zip(alpha, gammas, strict=True)]
        self.single = ElementaryWeights(rows).terms

    def of(self, tree):
        if tree not in self.known:
            result = [UNIT] * len(self.terms)
            for child in tree:
                rows = self.single if len(tree) == 1 else self.terms
                inner = [sum(x * self.of(child)[j] for j, x in row) // UNIT for row in rows]
                result = [x * y // UNIT for x, y in zip(result, inner, strict=True)]
            self.known[tree] = result
        return self.known[tree]


class RosenbrockConditions(Conditions):
    """The order conditions of a Rosenbrock table, and how far rounding explains that they are missed."""

    def __init__(self, table):
        self.half = Fraction(0) if table.digits is None else Fraction(1, 2 * 10 ** (table.digits - 1))
        self.weights = RosenbrockWeights(table.alpha, table.gammas, table.gamma)
        self.rounded = [self.moved_table(table, random.Random(draw)) for draw in range(DRAWS)] if self.half else []

    def moved_table(self, table, generator):
        alpha, gammas = ([self.moved(row, generator) for row in rows] for rows in (table.alpha, table.gammas))
        return RosenbrockWeights(alpha, gammas, table.gamma)


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]


@functools.cache
def conditions(name):
    return RosenbrockConditions(TABLES[name])


def holds(table, weights, order, theta=Fraction(1), more=0.0):
    worst, allowed = conditions(table.name).missed(weights, order, theta)
    assert worst <= 10 * allowed + more, f"a condition of order {order} is missed by {worst:.1e}, rounding explains {allowed:.1e}"


def fails(table, weights, order, theta=Fraction(1)):
    assert conditions(table.name).missed(weights, order, theta)[0] > MISSED


def test_the_result_has_the_order_claimed_and_not_more(table):
    for order in range(1, table.order + 1):
        holds(table, table.b, order)
    fails(table, table.b, table.order + 1)


@pytest.mark.parametrize("name", ESTIMATING)
def test_the_estimate_is_of_the_order_claimed_and_not_more(name):
    table = TABLES[name]
    for order in range(1, table.error_order + 1):
        holds(table, table.embedded, order)
    if table.error_order < table.order:
        fails(table, table.embedded, table.error_order + 1)


def test_a_table_proves_itself_again(table):
    table.prove()


def test_orders_for_any_matrix_and_for_equations_of_index_one_are_those_known():
    any_matrix = {name: table.inexact_order for name, table in TABLES.items() if table.inexact_order > 1}
    assert any_matrix == ANY_MATRIX
    assert {name for name, table in TABLES.items() if table.inexact} == {
        name for name, order in any_matrix.items() if order == TABLES[name].order
    }
    index_one = {name: table.dae_order for name, table in TABLES.items() if table.dae_order < table.order}
    assert index_one == LESS_OF_INDEX_ONE


def test_the_dense_output_has_the_order_computed_and_not_more(table):
    for theta in (Fraction(1, 7), Fraction(9, 10)):
        for order in range(1, table.dense_order + 1):
            holds(table, table.dense_weights(theta), order, theta, DOUBLE)
        fails(table, table.dense_weights(theta), table.dense_order + 1, theta)


def test_the_dense_output_starts_at_the_start_and_ends_at_the_result(table):
    assert all(w == 0 for w in table.dense_weights(0))
    assert max(abs(w - b) for w, b in zip(table.dense_weights(1), table.b, strict=True)) < DOUBLE


def test_the_weights_of_the_dense_output_are_of_moderate_size(table):
    sizes = [float(sum(map(abs, table.dense_weights(theta / 20)))) for theta in map(Fraction, range(21))]
    assert max(sizes) < 25


def lower(rows):
    full = np.zeros((len(rows), len(rows)))
    for k, row in enumerate(rows):
        full[k, : len(row)] = [float(x) for x in row]
    return full


def test_the_transformed_numbers_are_those_of_the_same_method(table):
    numbers = table.numbers
    gamma, alpha = lower(table.whole_gamma), lower(table.alpha)
    np.testing.assert_allclose(lower(numbers.a) @ gamma, alpha, rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        (np.eye(table.stages) / numbers.gamma - lower(numbers.c)) @ gamma, np.eye(table.stages), rtol=0, atol=1e-11
    )
    np.testing.assert_allclose(numbers.m @ gamma, np.array(table.b, float), rtol=0, atol=1e-11)
    np.testing.assert_allclose(np.sum(numbers.interpolant, axis=1), numbers.m, rtol=0, atol=1e-11)
    np.testing.assert_allclose(np.sum(gamma, axis=1), numbers.gammas, rtol=0, atol=1e-8)
    np.testing.assert_allclose(np.sum(alpha, axis=1), numbers.alpha, rtol=0, atol=1e-8)


def growth(table, z):
    beta = lower(table.beta)
    return 1 + z * (np.array(table.b, float) @ np.linalg.solve(np.eye(len(beta)) - z * beta, np.ones(len(beta))))


def test_the_limit_at_infinity_is_approached(table):
    assert growth(table, -1e7) == pytest.approx(table.at_infinity, rel=1e-3, abs=1e-4)


def test_a_stable_methods_let_nothing_grow_on_the_imaginary_axis(table):
    grown = max(abs(growth(table, 1j * y)) for y in np.geomspace(1e-1, 1e6, 300))
    assert (grown <= 1 + 1e-9) == table.a_stable


def test_methods_are_a_stable_and_l_stable_as_their_numbers_say():
    assert {name for name, table in TABLES.items() if not table.a_stable} == NOT_A_STABLE
    assert {name for name, table in TABLES.items() if not table.l_stable} == NOT_A_STABLE | A_STABLE_ONLY


DENSE = {"Rosenbrock23": 2, "Rodas23W": 2, "ROS2": 2, "ROS2PR": 2, "ROS2S": 2, "Rodas3P": 3, "ROS34PRw": 3, "ROS34PW1a": 3,
         "ROS34PW1b": 3, "ROS34PW2": 3, "ROS3PRL": 3, "ROS3PRL2": 3, "GRK4A": 2, "GRK4T": 2, "Ros4LStab": 2, "RosShamp4": 2,
         "Veldd4": 2, "Velds4": 2, "ROK4a": 2}  # fmt: skip


def test_the_dense_output_is_of_one_order_less_or_what_the_stages_give(table):
    assert table.dense_order == DENSE.get(table.name, table.order - 1)


def test_only_rosenbrock23_ends_with_an_evaluation_at_its_result():
    assert {name for name, table in TABLES.items() if table.reuses} == {"Rosenbrock23"}


def test_there_are_as_many_trees_as_counted_by_hand():
    assert [len(rosenbrock_trees.exact(p)) for p in range(1, 7)] == [1, 1, 2, 4, 9, 20]
    # A matrix grows one child: of order p there are those of order p - 1 beneath it, and those with a slope at the root.
    assert [len(rosenbrock_trees.inexact(p)) for p in range(1, 5)] == [1, 2, 5, 13]
    # Of order two [y, y]; of order three [y, y, y], and y beside a tree of order two: [y], or [y, y] of a constraint.
    assert [len(rosenbrock_trees.algebraic(p)) for p in range(4)] == [0, 0, 1, 3]
    assert {tree.share for tree in rosenbrock_trees.algebraic(2)} == {1}


def test_a_row_has_the_name_of_its_table_and_is_known_or_absent_with_a_reason():
    assert all(name == table.name for name, table in TABLES.items())
    assert set(ROSENBROCK) <= set(REGISTRY) & set(ude.__all__)
    assert not set(ROSENBROCK_ABSENT) & set(REGISTRY) and all(len(x) > 20 for x in ROSENBROCK_ABSENT.values())


def test_a_table_says_where_it_comes_from(table):
    assert any(character.isdigit() for character in table.reference) and len(table.reference) > 30


def changed(**changes):
    table = TABLES["Rosenbrock23"]
    names = ("gamma", "alpha", "gammas", "b", "error", "error_order")
    return lambda: RosenbrockTableau(**{"name": "R", "order": 2, **{n: getattr(table, n) for n in names}, **changes})


WRONG = {
    "a full row": (dict(alpha="0\n1/2 0\n0 1 0"), "row k of alpha has k entries"),
    "no diagonal": (dict(gamma=0), "gamma is 0; it is positive"),
    "a node that is not the sum": (dict(nodes="0 1/2 3/4"), "row 2 of alpha sums to 1, but alpha_2 is given as 0.75"),
    "a time weight that is not the sum": (dict(time_weights="1 0 0"), "row 0 of gamma sums to 0.29"),
    "an order too high": (dict(order=3), "order is given as 3"),
    "a wrong digit": (dict(gammas="-\n-0.29\n1 -2"), "an order condition up to it is missed by"),
    "an estimate of higher order than it has": (dict(error_order=4), "error_order is given as 4"),
    "an estimate that is too short": (dict(error="1 0"), "error has 2 entries; there are 3 stages"),
    "an interpolant that is too short": (dict(interpolant="1 0"), "interpolant has 1 entries"),
    "an interpolant that ends elsewhere": (dict(interpolant="1\n0\n0"), "interpolant at theta = 1 differs"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_table_that_does_not_hold_what_it_claims_is_refused(case):
    changes, sentence = WRONG[case]
    with pytest.raises(ValueError, match=f"R: .*{sentence}"):
        changed(**changes)()


def test_an_order_that_holds_for_exact_jacobians_only_is_not_one_for_any_matrix():
    table = TABLES["Rodas4"]
    with pytest.raises(ValueError, match="order is given as 4"):
        RosenbrockTableau("R", 4, table.gamma, table.alpha, table.gammas, table.b, inexact=True)


def test_published_transformed_numbers_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="R: row k of a has k entries"):
        RosenbrockTableau.transformed("R", 1, "1", a="1", c="-", m="1")
