"""Convergence of every Rosenbrock row: a stepper takes the table as an operand, so that three compilations serve all.

The problem is neither linear nor autonomous. The same program solves it as it is, multiplied by a mass matrix, with a matrix that is
not its Jacobian, and with an algebraic equation in place of its second one.
"""

import functools
from math import log2
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.tableaus.test_rosenbrock_tableaus import TABLES

PADDED = (4, 9, 19)  # stage counts that rows are filled up to
END = 4.0
ALMOST = 0.3  # by how much a slope at finite step sizes may stay below the order
ROUNDING = 1e-11
FINEST = {"GRK4A": 12}  # it damps algebraic parts by 0.995, so that their errors live for hundreds of steps
PLACE = 0.3  # where in the step the dense output is compared


class Setting(NamedTuple):
    """The problem that is solved: mass matrix, whether the second equation is algebraic, and what is added to the Jacobian."""

    mass: np.ndarray = np.eye(2)
    algebraic: float = 0.0
    added: np.ndarray = np.zeros((2, 2))


PLAIN = Setting()
WITH_MASS = Setting(mass=np.array([[2.0, 1.0], [-0.5, 3.0]]))
WITH_ANY_MATRIX = Setting(added=np.array([[0.2, -0.4], [0.3, 0.5]]))
OF_INDEX_ONE = Setting(mass=np.diag([1.0, 0.0]), algebraic=1.0)


def solution(t):
    return jnp.stack([jnp.exp(jnp.sin(t)), jnp.cos(t)])


def right_hand_side(t, y, setting):
    first, second = y[0] * (y[1] + jnp.cos(t)) / 2, -(jnp.log(y[0]) + jnp.sin(t)) / 2
    # z = cos(t) solves 2 z + z³ / 3 + z log(y) = 2 cos(t) + cos(t)³ / 3 + cos(t) sin(t).
    cosine = jnp.cos(t)
    constraint = 2 * cosine + cosine**3 / 3 + cosine * jnp.sin(t) - 2 * y[1] - y[1] ** 3 / 3 - y[1] * jnp.log(y[0])
    slopes = jnp.stack([first, jnp.where(setting.algebraic > 0, constraint, second)])
    return jnp.where(setting.algebraic > 0, slopes, setting.mass @ slopes)


class Numbers(NamedTuple):
    """The numbers of a table, filled up with stages that nothing reads."""

    gamma: float
    a: np.ndarray
    c: np.ndarray
    alpha: np.ndarray
    gammas: np.ndarray
    m: np.ndarray
    error: np.ndarray
    place: np.ndarray  # weights of the dense output at PLACE


@functools.cache
def operands(name):
    numbers = TABLES[name].numbers
    stages = len(numbers.m)
    size = next(count for count in PADDED if stages <= count)

    def filled(values):
        return np.pad(np.array(values, float), (0, size - len(values)))

    def lower(rows):
        return np.stack([filled(row) for row in rows] + [np.zeros(size)] * (size - stages))

    place = [sum(x * PLACE ** (d + 1) for d, x in enumerate(row)) for row in numbers.interpolant]
    error = numbers.error or [0.0] * stages
    vectors = (filled(x) for x in (numbers.alpha, numbers.gammas, numbers.m, error, place))
    return Numbers(numbers.gamma, lower(numbers.a), lower(numbers.c), *vectors)


@jax.jit
def steps(numbers, setting, count):
    """The state at END, and the largest error, error estimate and error between the steps of ``count`` equal steps."""
    h = END / count
    jacobian, slope_t = jax.jacfwd(right_hand_side, 1), jax.jacfwd(right_hand_side, 0)

    def step(n, carry):
        y, worst, largest, between = carry
        t = n * h
        inverse = jnp.linalg.inv(setting.mass / (h * numbers.gamma) - jacobian(t, y, setting) - setting.added)
        by_time = slope_t(t, y, setting)

        def stage(k, u):
            slope = right_hand_side(t + numbers.alpha[k] * h, y + numbers.a[k] @ u, setting)
            right = slope + setting.mass @ (numbers.c[k] @ u) / h + numbers.gammas[k] * h * by_time
            return u.at[k].set(inverse @ right)

        u = jax.lax.fori_loop(0, len(numbers.m), stage, jnp.zeros((len(numbers.m), 2)))
        inside = jnp.max(jnp.abs(y + numbers.place @ u - solution(t + PLACE * h)))
        y = y + numbers.m @ u
        wrong = jnp.max(jnp.abs(y - solution(t + h)))
        estimate = jnp.max(jnp.abs(numbers.error @ u))
        return y, jnp.maximum(worst, wrong), jnp.maximum(largest, estimate), jnp.maximum(between, inside)

    return jax.lax.fori_loop(0, count, step, (solution(0.0), 0.0, 0.0, 0.0))


ERROR, ESTIMATE, BETWEEN = 1, 2, 3


@functools.cache
def measured(name, which, setting_name="PLAIN"):
    """The slope between the two finest runs that rounding does not touch."""
    found = []
    for count in 2 ** np.arange(3, FINEST.get(name, 10) + 1):
        found.append(float(steps(operands(name), globals()[setting_name], count)[which]))
        if found[-1] < ROUNDING:
            break
    coarse, fine = [x for x in found if x > ROUNDING][-2:]
    return log2(coarse / fine)


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]


def test_halving_the_steps_divides_the_error_by_two_to_the_order(table):
    assert measured(table.name, ERROR) > table.order - ALMOST


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.error is not None])
def test_halving_the_steps_divides_the_estimate_by_two_to_its_order_and_one(name):
    assert measured(name, ESTIMATE) > TABLES[name].error_order + 1 - ALMOST


def test_between_the_steps_the_error_is_of_the_order_of_the_dense_output(table):
    assert measured(table.name, BETWEEN) > min(table.dense_order + 1, table.order) - ALMOST


def test_with_another_matrix_than_the_jacobian_the_order_is_the_one_computed(table):
    slope = measured(table.name, ERROR, "WITH_ANY_MATRIX")
    assert slope > table.inexact_order - ALMOST
    if table.inexact_order < table.order:
        assert slope < table.order - 1 + ALMOST


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.dae_order])
def test_on_an_equation_of_index_one_the_order_is_the_one_computed(name):
    assert measured(name, ERROR, "OF_INDEX_ONE") > TABLES[name].dae_order - ALMOST


def test_a_mass_matrix_gives_the_same_steps_as_the_problem_solved_for_the_derivative(table):
    with_mass, without = (steps(operands(table.name), setting, np.int64(16))[0] for setting in (WITH_MASS, PLAIN))
    np.testing.assert_allclose(with_mass, without, rtol=0, atol=1e-12)
