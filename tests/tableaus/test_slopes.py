"""Convergence of every row: a stepper takes the table as an operand, so that few compilations serve all methods.

Rows of order seven and more are stepped in plain Python with 60 digits, because double precision leaves them hardly a slope.
"""

import functools
from math import log2

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp, mpf

from universalde.methods.low_storage_rows import LOW_STORAGE
from universalde.methods.rows import ROWS

TABLES = {name: row.tableau for name, row in ROWS.items()} | {name: row.tableau.butcher for name, row in LOW_STORAGE.items()}
DOUBLE = [name for name, table in TABLES.items() if table.order < 7]
LONG = [name for name, table in TABLES.items() if table.order >= 7]
PADDED = (8, 16, 24)  # stage counts that rows are filled up to
END = 4.0
ALMOST = 0.3  # by how much a slope at finite step sizes may stay below the order
ROUNDING = 1e-11  # sums in double precision are far below this


def right_hand_side(t, y, m):
    """A problem that is neither linear nor autonomous; ``m`` has the functions."""
    return [y[0] * (y[1] + m.cos(t)) / 2, -(m.log(y[0]) + m.sin(t)) / 2]


def solution(t, m):
    return [m.exp(m.sin(t)), m.cos(t)]


class Double:
    exp, log, sin, cos = jnp.exp, jnp.log, jnp.sin, jnp.cos


class Sixty:
    exp, log, sin, cos = mp.exp, mp.log, mp.sin, mp.cos


@functools.cache
def operands(name):
    """Matrix, nodes, weights and error weights, filled up with stages that nothing reads."""
    table = TABLES[name]
    size = next(count for count in PADDED if table.stages <= count)
    a, c, b, error = np.zeros((size, size)), np.zeros(size), np.zeros(size), np.zeros(size)
    for k, row in enumerate(table.numbers.a[: table.stages]):
        a[k, :k] = row
    c[: table.stages], b[: table.stages] = table.numbers.c[: table.stages], table.numbers.b
    if table.error is not None:
        error[: table.stages] = table.numbers.error
    return a, c, b, error


@jax.jit
def steps(a, c, b, error, count):
    """The largest error and the largest error estimate of ``count`` equal steps to END."""
    h = END / count

    def step(n, carry):
        y, worst, largest = carry

        def stage(k, stages):
            place = y + h * (a[k] @ stages)
            return stages.at[k].set(jnp.stack(right_hand_side((n + c[k]) * h, place, Double)))

        stages = jax.lax.fori_loop(0, len(b), stage, jnp.zeros((len(b), 2)))
        y = y + h * (b @ stages)
        wrong = jnp.max(jnp.abs(y - jnp.stack(solution((n + 1) * h, Double))))
        return y, jnp.maximum(worst, wrong), jnp.maximum(largest, h * jnp.max(jnp.abs(error @ stages)))

    start = jnp.stack([jnp.asarray(x) for x in solution(0.0, Double)])
    return jax.lax.fori_loop(0, count, step, (start, 0.0, 0.0))[1:]


def slope(coarse, fine):
    return log2(coarse / fine)


def finest_slope(name, which):
    """The slope between the two finest runs that rounding does not touch."""
    found = []
    for count in 2 ** np.arange(2, 15):
        found.append(float(steps(*operands(name), count)[which]))
        if found[-1] < ROUNDING:
            break
    return slope(*[x for x in found if x > ROUNDING][-2:])


@pytest.mark.parametrize("name", DOUBLE)
def test_halving_the_steps_divides_the_error_by_two_to_the_order(name):
    assert finest_slope(name, 0) > TABLES[name].order - ALMOST


@pytest.mark.parametrize("name", [name for name in DOUBLE if TABLES[name].error is not None])
def test_halving_the_steps_divides_their_estimates_by_two_to_the_order_of_the_estimate_and_one(name):
    assert finest_slope(name, 1) > TABLES[name].error_order + 1 - ALMOST


@functools.cache
def digits(name):
    table = TABLES[name]

    def long(numbers):
        return [mpf(x.numerator) / x.denominator for x in numbers]

    return [long(row) for row in table.a], long(table.c), long(table.b), long(table.error)


def long_steps(name, count):
    """``steps`` in 60 digits, in plain Python."""
    a, c, b, error = digits(name)
    h, y, worst, largest = mpf(END) / count, solution(mpf(0), Sixty), mpf(0), mpf(0)

    def combined(weights, stages):
        used = [(w, k) for w, k in zip(weights, stages, strict=False) if w]
        return [sum((w * k[i] for w, k in used), mpf(0)) for i in range(2)]

    for n in range(count):
        stages = []
        for row, node in zip(a, c, strict=False):
            place = [x + h * z for x, z in zip(y, combined(row, stages), strict=True)]
            stages.append(right_hand_side((n + node) * h, place, Sixty))
        y = [x + h * z for x, z in zip(y, combined(b, stages), strict=True)]
        worst = max(worst, *[abs(x - z) for x, z in zip(y, solution((n + 1) * h, Sixty), strict=True)])
        largest = max(largest, *[abs(h * z) for z in combined(error, stages)])
    return worst, largest


@pytest.mark.parametrize("name", LONG)
def test_in_sixty_digits_the_slopes_are_those_of_the_order_and_of_the_estimate(name):
    # Where the numbers of the table are rounded to fifteen digits, errors must be larger than that.
    counts = (64, 128) if (TABLES[name].digits or 60) > 20 else (32, 64)
    with mp.workdps(60):
        coarse, fine = (long_steps(name, count) for count in counts)
        assert slope(coarse[0], fine[0]) > TABLES[name].order - ALMOST
        assert slope(coarse[1], fine[1]) > TABLES[name].error_order + 1 - ALMOST


def test_the_slope_of_order_fourteen_is_reached():
    with mp.workdps(60):
        assert slope(long_steps("Feagin14", 32)[0], long_steps("Feagin14", 64)[0]) > 13.8
