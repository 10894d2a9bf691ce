"""Stability facts are computed from the numbers of a table; published values, exact values and definitions agree."""

import math
from fractions import Fraction

import numpy as np
import pytest

import universalde as ude
from universalde.methods.rows import ROWS
from universalde.tableaus.stability import stability_polynomial


def table(name):
    return ROWS[name].tableau


# Stability sizes as other libraries print them.
SIZES = {"Tsit5": 3.5068, "Vern6": 4.8553, "Vern7": 4.64, "Vern8": 5.8641, "Vern9": 4.4762, "DP5": 3.3066}


@pytest.mark.parametrize("name", SIZES)
def test_the_real_interval_is_the_published_stability_size(name):
    assert table(name).real_interval == pytest.approx(SIZES[name], abs=6e-5)


# (1 + x + ... )² = 1 on the axes, solved by hand.
INTERVALS = {"Euler": (2, 0), "Heun": (2, 0), "SSPRK33": (2.512745, math.sqrt(3)), "RK4": (2.785294, math.sqrt(8))}


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_of_low_order_methods_are_those_found_by_hand(name):
    real, imaginary = INTERVALS[name]
    assert table(name).real_interval == pytest.approx(real, abs=1e-5)
    assert table(name).imaginary_interval == pytest.approx(imaginary, abs=1e-5)


# Gottlieb, Ketcheson & Shu 2011; Ruuth 2006; Higueras & Roldan 2019. Ten stages and order 4: Ketcheson 2008.
SSP = {"Euler": 1, "SSPRK22": 1, "SSPRK33": 1, "SSPRK53": 2.65, "SSPRK53_H": 2.65, "SSPRK53_2N1": 2.18, "SSPRK53_2N2": 2.148,
       "SSPRK63": 3.518, "SSPRK73": 4.288, "SSPRK83": 5.107, "SSPRK43": 2, "SSPRK432": 2, "SSPRK932": 6, "SSPRK54": 1.508,
       "SSPRK104": 6}  # fmt: skip


@pytest.mark.parametrize("name", SSP)
def test_the_ssp_coefficient_is_the_published_one(name):
    assert table(name).ssp_coefficient == pytest.approx(SSP[name], abs=1e-3)


def test_no_step_of_the_classical_method_or_of_high_order_keeps_every_bound():
    # Kraaijevanger 1991: the classical method has a negative entry; order above four is impossible.
    assert table("RK4").ssp_coefficient == 0
    assert {row.tableau.ssp_coefficient for row in ROWS.values() if row.tableau.order > 4} == {0}


def test_upwind_steps_below_the_ssp_coefficient_do_not_overshoot_and_larger_ones_do():
    # Burgers' worst case is the linear one: y' = C y with the cyclic upwind difference, for which Euler's method is monotone
    # up to a step of one.
    size = 30
    difference = np.roll(np.eye(size), 1, axis=0) - np.eye(size)
    start = np.where(np.arange(size) < 3, 1.0, 0.0)
    for name in ("SSPRK33", "SSPRK43", "SSPRK54", "SSPRK104"):
        method = table(name)
        assert overshoot(method, method.ssp_coefficient * 0.999 * difference, start) < 1e-13
    assert overshoot(table("SSPRK33"), 1.2 * difference, start) > 1e-3


def overshoot(method, matrix, y):
    worst = 0.0
    for _ in range(5):
        step, power = np.zeros_like(y), y
        for x in map(float, stability_polynomial(method.a, method.b, method.order)):
            step, power = step + x * power, matrix @ power
        y = step
        worst = max(worst, -y.min(), y.max() - 1)
    return worst


@pytest.mark.parametrize("name", ["Tsit5", "DP8", "Vern9", "SSPRK54", "Feagin14"])
def test_a_step_of_the_method_multiplies_by_the_stability_polynomial(name):
    method = ROWS[name]()
    powers = stability_polynomial(method.tableau.a, method.tableau.b, method.order)
    for z in (-1.5, 0.7):
        sol = ude.solve(ude.ODE(lambda t, y, z: z * y, 1.0, (0.0, 1.0), z), method, dt0=1.0, rtol=10, atol=10)
        assert int(sol.stats.steps) == 1
        assert float(sol.ys[-1]) == pytest.approx(float(np.polynomial.Polynomial(powers)(Fraction(z))), rel=1e-12)


def test_steps_just_inside_the_real_interval_decay_and_just_outside_they_grow():
    for name in ("Tsit5", "Vern9", "SSPRK104", "RK4", "Feagin12"):
        method = table(name)
        polynomial = np.polynomial.Polynomial([*map(float, stability_polynomial(method.a, method.b, method.order))])
        edge = method.real_interval
        assert abs(polynomial(-0.999 * edge)) < 1 < abs(polynomial(-1.001 * edge))
        inner = np.linspace(0.01, 0.999, 400) * edge
        assert np.all(np.abs(polynomial(-inner)) < 1)
