"""Implicit multistep methods: order, accuracy and work at tolerances, singular mass matrices, derivatives, and how they fail."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import universalde as ude
from universalde.linalg.dense import Dense
from universalde.loop.implicit import Linear, implicit_parts
from universalde.methods.bdf import COUNT, Past
from universalde.methods.nordsieck import Array
from universalde.nonlinear.newton import Kept
from universalde.spec.controller import rms
from universalde.spec.method import Equation

MAIN = ("QNDF", "FBDF", "NordsieckBDF")
END = ude.Save(end=True)
TINY = jnp.asarray(1e-13)  # the tolerance that decides how exactly equations are solved


# --- equal steps from an exact past -------------------------------------------------------------------------------------


def curved(t, y):
    """Neither linear nor autonomous, with the solution exp(sin t), cos t."""
    return jnp.stack([y[0] * (y[1] + jnp.cos(t)) / 2, -(jnp.log(y[0]) + jnp.sin(t)) / 2])


def solution(t):
    return np.stack([np.exp(np.sin(t)), np.cos(t)], axis=-1)


EQUATION = Equation(f=curved, **implicit_parts(Linear(Dense(), None, (), TINY, TINY), curved, rms))


def exact_past(name, k, h):
    """The memory after many equal steps, from the solution."""
    points = solution(-h * np.arange(8))
    if name == "NordsieckBDF":
        powers = np.vander(-np.arange(k + 1.0), increasing=True)
        scaled = np.zeros((5, 2))
        scaled[:k] = np.linalg.solve(powers, points[: k + 1])[1:]
        return Array(scaled, np.zeros(2), np.full(6, h), np.float64(1), np.int32(k), np.int32(0), np.int32(99))
    differences = []
    for _ in COUNT:
        points = points[:-1] - points[1:]
        differences.append(points[0])
    return Past(np.array(differences), h * COUNT, np.int32(k), np.int32(0))


@functools.cache
def march(name):
    """The state at 2 after ``count`` equal steps of one order."""
    method = getattr(ude, name)()

    @jax.jit
    def run(start, memory, h, count):
        array = name == "NordsieckBDF"
        held = {"turn": jnp.int32(0), "wait": jnp.int32(99)} if array else {"steady": jnp.int32(0)}
        held["order"] = memory.order

        def step(n, carry):
            y, memory = carry
            taken = method.step(EQUATION, n * h, h, y, memory, Kept(jnp.ones(())))
            return taken.y, taken.memory._replace(**held)

        return jax.lax.fori_loop(0, count, step, (start, memory))[0]

    return run


@pytest.mark.parametrize("name", ["QNDF", "QBDF", "FBDF", "NordsieckBDF"])
def test_halving_equal_steps_divides_the_error_by_two_to_the_order(name):
    for k in range(1, 6):
        errors = []
        for count in (160, 320):
            h = 2 / count
            found = march(name)(jnp.array([1.0, 1.0]), exact_past(name, k, h), h, count)
            errors.append(np.max(np.abs(found - solution(2.0))))
        assert np.log2(errors[0] / errors[1]) > k - 0.3
        assert np.log2(errors[0] / errors[1]) < k + 0.9


# --- stiff problems at tolerances ---------------------------------------------------------------------------------------


def rober(t, y, k):
    slow, back, fast = k[0] * y[0], k[1] * y[1] * y[2], k[2] * y[1] ** 2
    return jnp.stack([-slow + back, slow - back - fast, fast])


def vanderpol(t, y, m):
    return jnp.stack([y[1], m * (1 - y[0] ** 2) * y[1] - y[0]])


def hires(t, y, _):
    a, b, c, d, e, f, g, h = y
    bound = 280 * f * h
    return jnp.stack([
        -1.71 * a + 0.43 * b + 8.32 * c + 0.0007, 1.71 * a - 8.75 * b, -10.03 * c + 0.43 * d + 0.035 * e,
        8.32 * b + 1.71 * c - 1.12 * d, -1.745 * e + 0.43 * f + 0.43 * g,
        -bound + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g, bound - 1.81 * g, -bound + 1.81 * g,
    ])  # fmt: skip


RATES = np.array([0.04, 1e4, 3e7])
PROBLEMS = {  # with the size of a small component
    "rober": (ude.ODE(rober, np.array([1.0, 0.0, 0.0]), (0.0, 1e4), RATES), 1e-4),
    "vanderpol": (ude.ODE(vanderpol, np.array([2.0, 0.0]), (0.0, 100.0), 50.0), 1.0),
    "hires": (ude.ODE(hires, np.array([1.0, 0, 0, 0, 0, 0, 0, 0.0057]), (0.0, 321.8122)), 1.0),
}
RTOL = 1e-5


def atol(name):
    return RTOL * 1e-2 * PROBLEMS[name][1]


@functools.cache
def oracle(name, method, factor):
    """SciPy's solver at ``factor`` times the tolerances: final state and number of steps."""
    problem = PROBLEMS[name][0]
    f = jax.jit(problem.f)
    jac = jax.jit(jax.jacfwd(problem.f, 1))
    found = solve_ivp(
        lambda t, y: np.asarray(f(t, y, problem.args)), problem.tspan, problem.y0, method,
        jac=lambda t, y: np.asarray(jac(t, y, problem.args)), rtol=RTOL * factor, atol=atol(name) * factor,
    )  # fmt: skip
    return found.y[:, -1], len(found.t) - 1


@functools.cache
def solved(name, method):
    return ude.solve(PROBLEMS[name][0], getattr(ude, method)(), rtol=RTOL, atol=atol(name))


@pytest.mark.parametrize("method", MAIN)
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_stiff_problem_is_solved_to_the_tolerance_in_as_many_steps_as_another_code_takes(name, method):
    sol = solved(name, method)
    exact, (_, steps) = oracle(name, "Radau", 1e-4)[0], oracle(name, "BDF", 1.0)
    miss = np.abs(np.asarray(sol.y) - exact) / (atol(name) + RTOL * np.abs(exact))
    assert np.sqrt(np.mean(miss**2)) < 100
    assert steps / 1.5 < sol.stats.steps < 1.5 * steps
    assert sol.stats.rhs < 3 * sol.stats.steps


@pytest.mark.parametrize("method", MAIN)
def test_the_solution_between_saved_steps_is_as_good_as_the_steps(method):
    problem, times = PROBLEMS["hires"][0], np.linspace(0.0, 321.8122, 500)
    between = solved("hires", method)(times)
    own = ude.solve(problem, getattr(ude, method)(), rtol=RTOL, atol=atol("hires"), saveat=times).ys
    assert np.max(np.abs(between - own) / (atol("hires") + RTOL * np.abs(own))) < 10


@pytest.mark.parametrize("method", ["ABDF2", "QNDF2", "QBDF2", "QNDF1", "QBDF1", "QBDF"])
def test_formulas_of_one_order_meet_their_tolerances(method):
    problem = ude.ODE(lambda t, y, k: -k * (y - jnp.cos(t)), np.array([0.0, 2.0]), (0.0, 3.0), 200.0)
    sol = ude.solve(problem, getattr(ude, method)(), rtol=1e-4, atol=1e-4, saveat=END)
    exact = (200.0**2 * np.cos(3.0) + 200 * np.sin(3.0)) / (200.0**2 + 1)
    np.testing.assert_allclose(sol.y, exact, atol=1e-3)


def test_orders_rise_where_tolerances_are_tight():
    steps = [ude.solve(PROBLEMS["vanderpol"][0], ude.FBDF(), rtol=r, atol=r, saveat=END).stats.steps for r in (1e-3, 1e-9)]
    assert steps[1] < 30 * steps[0]  # order 2 would take a hundred times as many


def brusselator(t, y, _):
    u, v = y.reshape(-1, 2).T
    spread = 0.02 * (u.size + 1) ** 2
    beside = lambda x, end: jnp.concatenate([jnp.full(1, end), x, jnp.full(1, end)])  # noqa: E731
    flow = lambda x, end: spread * (beside(x, end)[2:] - 2 * x + beside(x, end)[:-2])  # noqa: E731
    return jnp.stack([1 + u * u * v - 4 * u + flow(u, 1.0), 3 * u - u * u * v + flow(v, 3.0)], axis=1).reshape(-1)


@pytest.mark.parametrize("method", MAIN)
def test_larger_systems_need_far_fewer_jacobians_and_factorisations_than_steps(method):
    x = np.arange(1, 41) / 41
    start = np.stack([1 + np.sin(2 * np.pi * x), np.full(40, 3.0)], axis=1).reshape(-1)
    problem = ude.ODE(brusselator, start, (0.0, 10.0), structure=ude.Banded(2, 2))
    sol = ude.solve(problem, getattr(ude, method)(), rtol=1e-6, atol=1e-6, saveat=END)
    assert sol.stats.jacobians < sol.stats.steps / 10
    assert sol.stats.factorisations < sol.stats.steps / 4
    exact = ude.solve(problem, ude.Rodas5P(), rtol=1e-9, atol=1e-9, saveat=END).y
    np.testing.assert_allclose(sol.y, exact, rtol=2e-5)


# --- mass matrices, derivatives, lanes ----------------------------------------------------------------------------------


def conserving(t, y, k):
    return jnp.concatenate([rober(t, y, k)[:2], jnp.sum(y, keepdims=True) - 1])


@pytest.mark.parametrize("method", MAIN)
def test_a_singular_mass_matrix_gives_the_solution_of_the_differential_equations(method):
    dae = ude.ODE(conserving, np.array([1.0, 0.0, 0.0]), (0.0, 1e4), RATES, mass=[1.0, 1.0, 0.0])
    sol = ude.solve(dae, getattr(ude, method)(), rtol=1e-6, atol=1e-10, saveat=END)
    np.testing.assert_allclose(sol.y, oracle("rober", "Radau", 1e-4)[0], rtol=1e-4)
    assert abs(float(jnp.sum(sol.y)) - 1) < 1e-8


@pytest.mark.parametrize("method", MAIN)
def test_derivatives_agree_with_differences_forwards_and_backwards(method):
    times = np.array([0.1, 2.0, 10.0])

    @jax.jit
    def value(rates, start):
        problem = ude.ODE(rober, start, (0.0, 10.0), rates)
        return jnp.sum(ude.solve(problem, getattr(ude, method)(), rtol=1e-9, atol=1e-13, saveat=times).ys[:, 0])

    start = np.array([1.0, 1e-5, 0.1])
    backwards = jax.grad(value, argnums=(0, 1))(RATES, start)
    _, forwards = jax.jvp(value, (RATES, start), (RATES, start))
    change = sum(np.dot(g, x) for g, x in zip(backwards, (RATES, start), strict=True))
    assert float(forwards) == pytest.approx(change, rel=1e-9)
    difference = (value(RATES * 1.001, start * 1.001) - value(RATES * 0.999, start * 0.999)) / 0.002
    assert change == pytest.approx(float(difference), rel=1e-4)


def test_lanes_of_a_vmap_have_orders_and_steps_of_their_own():
    def end(m):
        sol = ude.solve(ude.ODE(vanderpol, jnp.array([2.0, 0.0]), (0.0, 5.0), m), ude.FBDF(), rtol=1e-6, atol=1e-6, saveat=END)
        return sol.y, sol.stats.steps

    stiffness = jnp.array([1.0, 30.0, 500.0])
    together, steps = jax.jit(jax.vmap(end))(stiffness)
    alone, counts = zip(*[jax.jit(end)(m) for m in stiffness], strict=True)
    np.testing.assert_allclose(together, np.array(alone), rtol=1e-7)
    assert np.max(np.abs(np.array(steps) - np.array(counts))) <= 2
    assert len(set(np.array(steps).tolist())) == 3


@pytest.mark.parametrize("method", ["FBDF", "NordsieckBDF"])
def test_small_systems_are_one_native_kernel(method):
    run = jax.jit(lambda k: ude.solve(PROBLEMS["rober"][0].replace(args=k), getattr(ude, method)(), saveat=END).y)
    assert "xla_cpu_small_call" in run.lower(jnp.asarray(RATES)).compile().as_text()


def test_single_precision_stays_single():
    problem = ude.ODE(rober, np.array([1, 0, 0], np.float32), (0.0, 1e4), RATES.astype(np.float32))
    sol = ude.solve(problem, ude.QNDF(), rtol=1e-4, atol=1e-8, saveat=END)
    assert sol.y.dtype == np.float32
    np.testing.assert_allclose(sol.y, oracle("rober", "Radau", 1e-4)[0], rtol=5e-3)


# --- steps and events ---------------------------------------------------------------------------------------------------


def test_limits_of_the_controller_hold():
    problem = ude.ODE(lambda t, y, _: -y, 1.0, (0.0, 5.0))
    sol = ude.solve(problem, ude.QNDF(), controller=ude.PI(hmax=0.05))
    assert np.max(np.diff(sol.ts)) <= 0.05 * (1 + 1e-6)


def test_a_fixed_step_size_is_kept():
    problem = ude.ODE(lambda t, y, _: -y, 1.0, (0.0, 1.0))
    sol = ude.solve(problem, ude.FBDF(), dt0=0.125, controller=ude.Fixed())
    np.testing.assert_allclose(np.diff(sol.ts), 0.125)


@pytest.mark.parametrize("method", MAIN)
def test_after_an_event_that_changes_the_state_the_past_is_forgotten(method):
    drop = ude.Event(lambda t, y, _: t - 1.0, lambda t, y, _: y + 1.0)
    problem = ude.ODE(lambda t, y, _: -y, 1.0, (0.0, 2.0), events=[drop])
    sol = ude.solve(problem, getattr(ude, method)(), rtol=1e-7, atol=1e-7)
    assert float(sol.y) == pytest.approx(np.exp(-2.0) + np.exp(-1.0), rel=1e-5)
    np.testing.assert_allclose(sol(np.array([0.5, 0.999])), np.exp([-0.5, -0.999]), rtol=1e-5)


def test_equations_that_cannot_be_solved_are_named():
    problem = ude.ODE(lambda t, y, _: jnp.where(t < 1, -y, jnp.nan), 1.0, (0.0, 2.0))
    with pytest.raises(ude.SolveError, match="however small the step"):
        ude.solve(problem, ude.QNDF())
