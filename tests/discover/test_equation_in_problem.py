"""A discovered equation goes back into a differential equation: solved, differentiated, mapped."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.discover import SparseModel, polynomials, rational

LIBRARY = polynomials(["x", "y"], 2) + rational(["x", "y"], 1)
MODEL = SparseModel.from_terms(LIBRARY, [{"x*y": -0.9}, {"x*y": 0.8, "y/(x + 1)": 0.05}])
START = np.array([0.44249296, 4.6280594])
TIMES = np.linspace(0.0, 3.0, 7)


def known_and(model, t, y):
    return jnp.stack([1.3 * y[0], -1.8 * y[1]]) + model(y)


def path(model, **options):
    problem = ude.ODE(lambda t, y, args: known_and(args, t, y), START, (0.0, 3.0), model)
    return ude.solve(problem, saveat=TIMES, rtol=1e-9, atol=1e-9, **options)


def by_hand():
    def f(t, y, args):
        x, z = y
        return [1.3 * x - 0.9 * x * z, -1.8 * z + 0.8 * x * z + 0.05 * z / (1 + x)]

    return np.asarray(ude.solve(ude.ODE(f, START, (0.0, 3.0)), saveat=TIMES, rtol=1e-9, atol=1e-9).ys)


@pytest.mark.parametrize("model", [MODEL, MODEL.dense()], ids=["sparse", "dense"])
def test_the_solution_is_that_of_the_equation_written_by_hand(model):
    np.testing.assert_allclose(path(model).ys, by_hand(), rtol=1e-7)


@pytest.mark.parametrize("dense", [False, True])
def test_gradients_by_the_coefficients_agree_with_central_differences(dense):
    def loss(coefficients):
        model = MODEL.with_coefficients(coefficients)
        return jnp.sum(path(model.dense() if dense else model).ys[-1] ** 2)

    value, start = jax.jit(loss), np.asarray(MODEL.coefficients)
    gradient = jax.jit(jax.grad(loss))(start)
    for k in range(3):
        move = 1e-5 * np.eye(3)[k]
        difference = (value(start + move) - value(start - move)) / 2e-5
        assert float(gradient[k]) == pytest.approx(float(difference), rel=1e-6)


def test_many_coefficients_are_solved_at_once():
    many = np.asarray(MODEL.coefficients) * np.array([[1.0], [1.1]])
    both = jax.jit(jax.vmap(lambda c: path(MODEL.with_coefficients(c)).ys))(many)
    np.testing.assert_allclose(both[0], by_hand(), rtol=1e-7)
    assert np.max(np.abs(both[1] - both[0])) > 1e-2


def test_an_equation_that_blows_up_is_a_status_and_no_crash():
    bad = SparseModel.from_terms(LIBRARY, [{"x**2": 5.0}, {"x*y": 0.8}])
    found = path(bad, throw=False)
    assert not found.result.ok
    assert np.isnan(np.asarray(found.ys)[-1]).all()
