"""The backward differentiation formulas prove their order, their error constants and how stable they are."""

from fractions import Fraction
from math import degrees, factorial

import numpy as np
import pytest

from universalde.tableaus import bdf

TABLES = {name: getattr(bdf, name) for name in bdf.__all__ if isinstance(getattr(bdf, name), bdf.BackwardFormula)}
ORDERS = range(1, bdf.MOST + 1)
ANGLES = {"QBDF": (90, 90, 86, 73, 51), "QNDF": (90, 90, 80, 66, 51)}  # of stability, in whole degrees


def defect(table, k, power):
    """By what the formula of order k misses the derivative of t**power at 0, steps of size 1, past points at -1, -2, …"""
    values = [Fraction(-i) ** power for i in range(k + 2)]
    return sum(w * v for w, v in zip(table.weights(k), values, strict=True)) - (power == 1)


@pytest.mark.parametrize("name", TABLES)
def test_a_formula_of_order_k_is_exact_for_polynomials_of_degree_k_and_not_beyond(name):
    table = TABLES[name]
    for k in ORDERS:
        assert all(defect(table, k, power) == 0 for power in range(k + 1))
        assert defect(table, k, k + 1) != 0


@pytest.mark.parametrize("name", TABLES)
def test_the_error_constants_are_what_is_missed_in_the_next_power(name):
    table = TABLES[name]
    for k in ORDERS:
        missed = abs(defect(table, k, k + 1)) / factorial(k + 1)
        assert float(missed) == pytest.approx(table.error_constants[k - 1], rel=1e-14)


@pytest.mark.parametrize("name", TABLES)
def test_the_leading_coefficient_is_the_weight_of_the_new_point(name):
    table = TABLES[name]
    for k in ORDERS:
        assert float(table.weights(k)[0]) == pytest.approx(table.leading[k - 1], rel=1e-14)


@pytest.mark.parametrize("name", ANGLES)
def test_formulas_are_stable_in_the_wedge_that_their_authors_give(name):
    for k, angle in zip(ORDERS, ANGLES[name], strict=True):
        points = np.exp(1j * np.linspace(1e-3, np.pi, 20_001))
        curve = np.polyval([float(w) for w in TABLES[name].weights(k)][::-1], 1 / points)
        left = curve[(curve.real < -1e-9) & (abs(curve) > 1e-6)]
        found = degrees(np.min(np.pi - np.abs(np.angle(left)))) if left.size else 90.0
        assert int(found) == angle


@pytest.mark.parametrize("name", TABLES)
def test_parasitic_solutions_do_not_grow(name):
    for k in ORDERS:
        roots = np.roots([float(w) for w in TABLES[name].weights(k)])
        assert np.sum(np.abs(roots - 1) < 1e-6) == 1
        assert np.all(np.abs(roots[np.abs(roots - 1) >= 1e-6]) < 1)
