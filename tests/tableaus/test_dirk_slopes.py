"""Convergence of every diagonally implicit row: a stepper takes the table as an operand, so that one compilation serves all."""

import functools
from math import log2

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from universalde.methods.dirk_rows import DIRK_ROWS

TABLES = {name: row.tableau for name, row in DIRK_ROWS.items()}
SIZE = 9  # stages that rows are filled up to
END = 4.0
ALMOST = 0.3  # by how much a slope at finite step sizes may stay below the order
ROUNDING = 1e-11  # sums in double precision are far below this; numbers of a table rounded to twelve digits are not
ITERATIONS = 6  # of Newton's method, from the solution of the step before: to rounding


def right_hand_side(t, y):
    """A problem that is neither linear nor autonomous, with the solution exp(sin t), cos t."""
    return jnp.stack([y[0] * (y[1] + jnp.cos(t)) / 2, -(jnp.log(y[0]) + jnp.sin(t)) / 2])


def solution(t):
    return jnp.stack([jnp.exp(jnp.sin(t)), jnp.cos(t)])


@functools.cache
def operands(name):
    """Matrix, nodes, weights and error weights, filled up with stages that nothing reads."""
    table = TABLES[name]
    a, vectors = np.zeros((SIZE, SIZE)), np.zeros((3, SIZE))
    for k, row in enumerate(table.numbers.a):
        a[k, : k + 1] = row
    for vector, numbers in zip(vectors, (table.numbers.c, table.numbers.b, table.numbers.error), strict=True):
        vector[: table.stages] = 0 if numbers is None else numbers
    return a, *vectors


@jax.jit
def steps(a, c, b, error, count):
    """The largest error and the largest error estimate of ``count`` equal steps to END."""
    h = END / count

    def step(n, carry):
        y, worst, largest = carry

        def stage(k, slopes):
            base, time = y + h * (a[k] @ slopes), (n + c[k]) * h

            def newton(_, place):
                lack = base + h * a[k, k] * right_hand_side(time, place) - place
                return place + jnp.linalg.solve(jnp.eye(2) - h * a[k, k] * jacobian(time, place), lack)

            place = jax.lax.fori_loop(0, ITERATIONS, newton, y)
            return jnp.where(jnp.arange(SIZE)[:, None] == k, right_hand_side(time, place), slopes)

        slopes = jax.lax.fori_loop(0, SIZE, stage, jnp.zeros((SIZE, 2)))
        y = y + h * (b @ slopes)
        wrong = jnp.max(jnp.abs(y - solution((n + 1) * h)))
        return y, jnp.maximum(worst, wrong), jnp.maximum(largest, h * jnp.max(jnp.abs(error @ slopes)))

    jacobian = jax.jacfwd(right_hand_side, 1)
    return jax.lax.fori_loop(0, count, step, (solution(0.0), 0.0, 0.0))[1:]


def finest_slope(name, which):
    """The slope between the two finest runs that rounding does not touch."""
    floor = max(ROUNDING, 10.0 ** (2 - (TABLES[name].digits or 60)))
    found = []
    for count in 2 ** np.arange(3, 13):
        found.append(float(steps(*operands(name), count)[which]))
        if found[-1] < floor:
            break
    coarse, fine = [x for x in found if x > floor][-2:]
    return log2(coarse / fine)


@pytest.mark.parametrize("name", TABLES)
def test_halving_the_steps_divides_the_error_by_two_to_the_order(name):
    assert finest_slope(name, 0) > TABLES[name].order - ALMOST


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.error is not None])
def test_halving_the_steps_divides_their_estimates_by_two_to_the_order_of_the_estimate_and_one(name):
    assert abs(finest_slope(name, 1) - TABLES[name].error_order - 1) < ALMOST
