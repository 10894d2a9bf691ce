"""Tangent equations against formulas, differences and the discrete adjoint; what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.sensitivity.problems import GRADIENT, THETA, loss_of_formula, loss_of_solve, solved

FORWARD = ude.ForwardSensitivity()


def near(found, expected, rtol=1e-6):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.max(np.abs(b)))


def test_the_gradient_with_respect_to_everything_is_that_of_the_formula():
    near(jax.jit(jax.grad(lambda theta: loss_of_solve(theta, adjoint=FORWARD)))(THETA), GRADIENT)


def of_r(r, **options):
    return loss_of_solve({**THETA, "r": r}, **{"adjoint": FORWARD, **options})


def of_r_exactly(r):
    return loss_of_formula({**THETA, "r": r})


@pytest.mark.slow
def test_lanes_and_higher_derivatives_are_those_of_the_formula():
    rates = jnp.array([0.7, 1.1, 1.6])
    near(jax.jit(jax.vmap(jax.grad(of_r)))(rates), jax.vmap(jax.grad(of_r_exactly))(rates))
    near(jax.jit(jax.hessian(of_r))(1.1), jax.hessian(of_r_exactly)(1.1), 1e-5)


def test_what_is_saved_of_the_state_is_differentiated_too():
    def at(r, save):
        sol = solved({**THETA, "r": r}, saveat=save, adjoint=FORWARD)
        return sol.ys["of"]

    def seen(t, y, args):
        return {"of": jnp.sin(t) * y[0] * args["r"]}

    rows = jax.jacfwd(lambda r: at(r, ude.Save(ts=THETA["ts"], of=seen)))(THETA["r"])
    end = jax.jacrev(lambda r: at(r, ude.Save(end=True, of=seen)))(THETA["r"])
    other = lambda r, save: solved({**THETA, "r": r}, saveat=save).ys["of"]  # noqa: E731
    near(rows, jax.jacfwd(lambda r: other(r, ude.Save(ts=THETA["ts"], of=seen)))(THETA["r"]))
    near(end, jax.jacfwd(lambda r: other(r, ude.Save(end=True, of=seen)))(THETA["r"]))


def rober(t, y, k):
    first, second, third = k[0] * y[0], k[1] * y[1] ** 2, k[2] * y[1] * y[2]
    return jnp.stack([third - first, first - second - third, second])


def rober_of_index_one(t, y, k):
    return rober(t, y, k).at[2].set(y[0] + y[1] + y[2] - 1)


RATES, START = jnp.array([0.04, 3e7, 1e4]), jnp.array([1.0, 0.0, 0.0])
ODE = ude.ODE(rober, START, (0.0, 100.0), RATES)
DAE = ude.ODE(rober_of_index_one, START, (0.0, 100.0), RATES, mass=jnp.diag(jnp.array([1.0, 1.0, 0.0])))


def scaled(problem, method, adjoint, rtol=1e-7):
    """The derivatives of all components at two times by all rates, in units of both."""

    def ys(k):
        return ude.solve(problem.replace(args=k), method, rtol=rtol, atol=rtol * 1e-5, saveat=jnp.array([1.0, 100.0]), adjoint=adjoint).ys

    return jax.jit(jax.jacfwd(ys))(RATES) * RATES / jnp.array([1.0, 1e-5, 1.0])[:, None]


@pytest.fixture(scope="module")
def reference():
    return scaled(ODE, ude.Rodas5P(), None, rtol=1e-10)


@pytest.mark.parametrize(
    ("problem", "method"), [(ODE, ude.Rodas5P()), (DAE, ude.Rodas5P()), pytest.param(ODE, ude.KenCarp4(), marks=pytest.mark.slow),
                            pytest.param(DAE, ude.RadauIIA5(), marks=pytest.mark.slow)],
    ids=["ODE, Rodas5P", "DAE, Rodas5P", "ODE, KenCarp4", "DAE, RadauIIA5"],
)  # fmt: skip
def test_stiff_and_algebraic_equations(problem, method, reference):
    np.testing.assert_allclose(scaled(problem, method, FORWARD), reference, atol=1e-6 * np.max(np.abs(reference)))


def test_without_control_the_steps_are_those_of_the_state_and_the_tangents_less_accurate():
    spring = ude.ODE(lambda t, y, k: jnp.stack([y[1], -k * y[0]]), jnp.array([1.0, 0.0]), (0.0, 100.0), 2.0)

    def slope(adjoint):
        return jax.grad(lambda k: ude.solve(spring.replace(args=k), ude.Tsit5(), saveat=ude.Save(end=True), rtol=1e-5, atol=1e-5, adjoint=adjoint).ys[-1][0])(2.0)

    exact = -np.sin(100 * np.sqrt(2)) * 100 / (2 * np.sqrt(2))
    controlled, free = (abs(float(slope(ude.ForwardSensitivity(controlled=c))) - exact) for c in (True, False))
    assert controlled < free / 3 and free < 0.5


def test_where_only_times_move_the_derivative_is_the_slope_in_the_precision_of_the_problem():
    decay = ude.ODE(lambda t, y, k: -k * y, jnp.ones(2, jnp.float32), (0.0, 1.0), jnp.float32(0.5))

    def at(t):
        return ude.solve(decay, ude.Tsit5(), rtol=1e-5, atol=1e-5, saveat=jnp.stack([t]), adjoint=FORWARD).ys[0, 0]

    slope = jax.grad(at)(jnp.float32(0.5))
    assert slope.dtype == jnp.float32
    np.testing.assert_allclose(slope, -0.5 * np.exp(-0.25), rtol=1e-4)


def test_it_says_what_it_does_not_differentiate():
    problem = ude.ODE(lambda t, y, k: -k * y, jnp.ones(2), (0.0, 1.0), 1.0)
    with pytest.raises(ValueError, match=r"ForwardSensitivity solves other equations, with steps of their own.*write saveat=times"):
        ude.solve(problem, adjoint=FORWARD)
    event = ude.Event(lambda t, y, k: y[0] - 0.5)
    with pytest.raises(ValueError, match=r"does not differentiate a problem with events; ude\.DiscreteAdjoint"):
        ude.solve(problem.replace(events=(event,)), saveat=ude.Save(end=True), adjoint=FORWARD)
    many = ude.ODE(lambda t, y, k: -k * y, jnp.ones(50), (0.0, 1.0), jnp.ones(50))
    with pytest.raises(ValueError, match=r"by 50 numbers makes of 50 equations 2550, and Rodas5P a dense Jacobian of them; the limit is 2000"):
        jax.grad(lambda k: jnp.sum(ude.solve(many.replace(args=k), ude.Rodas5P(), saveat=ude.Save(end=True), adjoint=FORWARD).ys))(jnp.ones(50))
