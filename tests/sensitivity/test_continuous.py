"""Continuous adjoints against formulas: the gradient with respect to everything, other modes and transformations, what they refuse."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.sensitivity.problems import ADJOINTS, GRADIENT, THETA, exact, loss_of_formula, loss_of_solve, solved

ALL = pytest.mark.parametrize("adjoint", ADJOINTS.values(), ids=ADJOINTS.keys())
SMALL = dict(adjoint=ude.InterpolatingAdjoint())


def near(found, expected, rtol=1e-6):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.max(np.abs(b)))


SOME = [pytest.param(a, id=k, marks=[pytest.mark.slow] * k.endswith(("quadrature", "kronrod"))) for k, a in ADJOINTS.items()]


@pytest.mark.parametrize("adjoint", SOME)
def test_the_gradient_with_respect_to_everything_is_that_of_the_formula(adjoint):
    near(jax.jit(jax.grad(lambda theta: loss_of_solve(theta, adjoint=adjoint)))(THETA), GRADIENT)


def of_r(r, **options):
    return loss_of_solve({**THETA, "r": r}, **{**SMALL, **options})


def of_r_exactly(r):
    return loss_of_formula({**THETA, "r": r})


RATES = jnp.array([0.7, 1.1, 1.6])


@pytest.mark.slow
def test_the_gradient_of_every_lane_is_that_of_the_formula():
    value, slopes = jax.jit(jax.vmap(jax.value_and_grad(of_r)))(RATES)
    near((value, slopes), jax.vmap(jax.value_and_grad(of_r_exactly))(RATES))


@ALL
@pytest.mark.slow
def test_second_derivatives_are_those_of_the_formula(adjoint):
    near(jax.jit(jax.hessian(lambda r: of_r(r, adjoint=adjoint)))(1.1), jax.hessian(of_r_exactly)(1.1), 1e-5)


@pytest.mark.slow
def test_the_gradient_of_a_sum_over_lanes_and_forward_mode():
    near(jax.grad(lambda r: jnp.sum(jax.vmap(of_r)(r)))(RATES), jax.vmap(jax.grad(of_r_exactly))(RATES))
    near(jax.jvp(of_r, (1.1,), (1.0,)), jax.jvp(of_r_exactly, (1.1,), (1.0,)))


def seen(t, y, args):
    return {"of": jnp.sin(t) * y[0] * args["r"], "y": y}


@ALL
@pytest.mark.slow
def test_saved_functions_differentiate(adjoint):
    def of(theta):
        rows = solved(theta, saveat=ude.Save(ts=theta["ts"], of=seen), adjoint=adjoint).ys
        return jnp.sum(rows["of"] ** 2) + jnp.sum(rows["y"])

    def of_formula(theta):
        ts, ys = theta["ts"], exact(theta, theta["ts"])
        return jnp.sum((jnp.sin(ts) * ys[:, 0] * theta["r"]) ** 2) + jnp.sum(ys)

    near(jax.jit(jax.grad(of))(THETA), jax.grad(of_formula)(THETA))


@pytest.mark.slow
@pytest.mark.parametrize("save", [ude.Save(capacity=256), ude.Save(capacity=256, every=7)], ids=["every step", "every 7th"])
def test_rows_of_steps_are_states_at_their_times(save):
    """At the times of steps, which are constants but for the first and the last."""

    def of(theta):
        sol = solved(theta, saveat=save, **SMALL)
        return jnp.sum(jnp.sin(sol.ys[0] + sol.ys[3]) + sol.ys[-1] ** 2) + sol.ts[-1] * sol.ts[0]

    time = solved(THETA, saveat=save).ts[3]

    def of_formula(theta):
        start, middle, end = exact(theta, jnp.stack([theta["t0"], time, theta["t1"]]))
        return jnp.sum(jnp.sin(start + middle) + end**2) + theta["t1"] * theta["t0"]

    near(jax.jit(jax.grad(of))(THETA), jax.grad(of_formula)(THETA))


@pytest.mark.parametrize("adjoint", [ADJOINTS[k] for k in ("interpolating", "backsolve")], ids=["interpolating", "backsolve"])
@pytest.mark.slow
def test_within_a_small_budget_the_path_is_made_block_after_block(adjoint):
    """600 bytes do not hold the states, 8 kB not their dense output."""

    def of(theta, tape_bytes):
        save = ude.Save(ts=theta["ts"], capacity=256, tape_bytes=tape_bytes)
        return jnp.sum(jnp.sin(solved(theta, saveat=save, adjoint=adjoint).ys))

    gradients = [jax.jit(jax.grad(lambda theta, b=b: of(theta, b)))(THETA) for b in (600, 1 << 13, 1 << 28)]
    near(gradients[0], gradients[2], 1e-7)
    near(gradients[1], gradients[2], 1e-7)


def test_a_reconstruction_that_drifts_is_told_and_gives_no_number():
    problem = ude.ODE(lambda t, y, k: -k * (y - jnp.cos(t)), jnp.array([1.0]), (0.0, 2.0), 60.0)

    def end(k, every, drift=30.0):
        adjoint = ude.BacksolveAdjoint(every=every, drift=drift)
        return ude.solve(problem.replace(args=k), ude.Tsit5(), rtol=1e-6, atol=1e-6, saveat=ude.Save(end=True), adjoint=adjoint).y[0]

    with pytest.warns(UserWarning, match=r"drifted .* tolerances .* gradient is NaN.*GaussAdjoint"):
        gradient = jax.grad(end)(60.0, 1000)
        jax.effects_barrier()
    assert jnp.isnan(gradient)
    # The state that was given up is not compared with later checkpoints, from which it is as far as they are apart.
    with pytest.warns(UserWarning, match="drifted") as told:
        assert jnp.isnan(jax.grad(end)(1.0, 1, 1e-6))
        jax.effects_barrier()
    assert float(re.findall(r"drifted (\S+)", str(told[0].message))[0]) < 30


@pytest.mark.slow
def test_checkpoints_keep_a_reconstruction_near():
    problem = ude.ODE(lambda t, y, k: -k * (y - jnp.cos(t)), jnp.array([1.0]), (0.0, 2.0))

    def end(k, adjoint):
        return ude.solve(problem.replace(args=k), ude.Tsit5(), rtol=1e-8, atol=1e-8, saveat=ude.Save(end=True), adjoint=adjoint).y[0]

    near(jax.grad(end)(60.0, ude.BacksolveAdjoint(every=1)), jax.grad(end)(60.0, ude.DiscreteAdjoint()), 1e-4)


def index_one(theta, method, adjoint):
    """y1' = r y1 (1 - y2) with 0 = c y1 - y2: logistic growth again."""
    r, c, y0 = theta

    def f(t, y, args):
        return jnp.stack([args[0] * y[0] * (1 - y[1]), args[1] * y[0] - y[1]])

    problem = ude.ODE(f, jnp.stack([y0, c * y0]), (0.0, 3.0), (r, c), mass=[1.0, 0.0])
    sol = ude.solve(problem, method, rtol=1e-8, atol=1e-8, saveat=jnp.array([1.0, 2.0]), adjoint=adjoint)
    return jnp.sum(sol.ys * jnp.array([[1.0, 2.0], [-0.5, 3.0]])) + sol.y[1] ** 2


def index_one_exactly(theta):
    r, c, y0 = theta
    t = jnp.array([1.0, 2.0, 3.0])
    y1 = y0 * jnp.exp(r * t) / (1 + c * y0 * (jnp.exp(r * t) - 1))
    ys = jnp.stack([y1, c * y1], axis=1)
    return jnp.sum(ys[:2] * jnp.array([[1.0, 2.0], [-0.5, 3.0]])) + ys[2, 1] ** 2


@pytest.mark.parametrize(
    "adjoint", [ude.GaussAdjoint(), *(pytest.param(ADJOINTS[k], marks=pytest.mark.slow) for k in ADJOINTS if k not in ("gauss", "backsolve"))]
)  # fmt: skip
def test_algebraic_equations_jump_with_the_adjoint(adjoint):
    theta = (jnp.array(0.9), jnp.array(1.4), jnp.array(0.2))
    found = jax.jit(jax.grad(lambda theta: index_one(theta, ude.Rodas4P(), adjoint)))(theta)
    near(found, jax.grad(index_one_exactly)(theta))


def decay(**changes):
    problem = ude.ODE(lambda t, y, *rest: -y, jnp.array([1.0]), (0.0, 1.0))
    return problem.replace(**changes)


CANNOT = {
    "events": (dict(events=(ude.Event(lambda t, y, args: y[0] - 0.5),)), ude.Tsit5(), r"a problem with events; ude.DiscreteAdjoint\(\)"),
    "a complex state": (dict(y0=jnp.array([1j])), ude.Tsit5(), "a complex state"),
    "discontinuities": (dict(discontinuities=[0.5]), ude.Tsit5(), "discontinuities"),
    "an error estimate carried along": ({}, ude.GLEE23(), "GLEE23"),
    "limiters": ({}, ude.SSPRK33(step_limiter=lambda u, t, args: u), "SSPRK33"),
}


@pytest.mark.parametrize("case", CANNOT.values(), ids=CANNOT.keys())
def test_what_the_adjoint_equation_is_not_written_for_is_refused(case):
    changes, method, sentence = case
    with pytest.raises(ValueError, match=sentence):
        ude.solve(decay(**changes), method, dt0=0.1, adjoint=ude.GaussAdjoint())


WRONG = {
    "method": (lambda: ude.GaussAdjoint(method=ude.Tsit5), TypeError, r"write ude.Tsit5\(\)"),
    "rtol": (lambda: ude.QuadratureAdjoint(rtol=-1.0), ValueError, "not negative"),
    "points": (lambda: ude.GaussAdjoint(points=0), ValueError, "1 to 64"),
    "every": (lambda: ude.BacksolveAdjoint(every=0), ValueError, "at least 1"),
    "drift": (lambda: ude.BacksolveAdjoint(drift=0), ValueError, "positive"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_options_without_sense_are_refused(case):
    make, error, sentence = case
    with pytest.raises(error, match=sentence):
        make()


def test_a_mass_matrix_asks_for_an_adjoint_and_a_method_that_can():
    circle = decay(f=lambda t, y, _: jnp.stack([-y[1], y[0] - y[1]]), y0=jnp.array([1.0, 1.0]), mass=jnp.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"singular mass matrix; ude.GaussAdjoint\(\)"):
        ude.solve(circle, ude.Rodas5P(), adjoint=ude.BacksolveAdjoint())
    with pytest.raises(ValueError, match=r"write ude.Rodas5P\(\)"):
        ude.solve(circle, ude.Rodas5P(), adjoint=ude.GaussAdjoint(method=ude.Tsit5()))


def test_derivatives_that_it_has_not_are_refused():
    def of_mass(mass):
        return ude.solve(decay(mass=mass), ude.Rosenbrock23(), saveat=ude.Save(end=True), adjoint=ude.GaussAdjoint()).y[0]

    def of_rate(rate):
        problem = decay(f=lambda t, y, rate: -jnp.abs(rate) * y, args=rate)
        return ude.solve(problem, ude.Tsit5(), saveat=ude.Save(end=True), adjoint=ude.InterpolatingAdjoint()).y[0]

    with pytest.raises(TypeError, match=r"by the mass matrix .*DiscreteAdjoint\(\)"):
        jax.grad(of_mass)(jnp.array([2.0]))
    with pytest.raises(TypeError, match=r"by complex parameters .*DiscreteAdjoint\(\)"):
        jax.grad(of_rate)(1.0 + 2.0j)


@pytest.mark.slow
def test_a_backward_solve_that_fails_gives_nan():
    def of(r):
        return loss_of_solve({**THETA, "r": r}, adjoint=ude.InterpolatingAdjoint(rtol=1e-14, atol=1e-30), max_steps=60)

    value, slope = jax.jit(jax.value_and_grad(of))(1.1)
    assert jnp.isfinite(value) and jnp.isnan(slope)
