"""Derivatives of functions of the state that a solve saves: those of the functions applied to plainly saved rows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

TIGHT = dict(method=ude.Tsit5(), rtol=1e-9, atol=1e-9)
THETA = {
    "y0": jnp.array([1.0, 0.3]), "k": jnp.array(1.2), "t0": jnp.array(0.1), "t1": jnp.array(3.0),
    "ts": jnp.array([0.1, 0.1, 0.7, 1.3, 3.0]), "weights": jnp.array([0.4, -0.7]),
}  # fmt: skip
SAVES = {"times": {}, "steps": {}, "every third": {"every": 3}, "end": {"end": True}}


def pendulum(t, y, k):
    return jnp.stack([k * y[1], -k * jnp.sin(y[0]) + 0.1 * jnp.cos(t)])


def seen_through(weights):
    """A function of time, state and args that closes over an array."""
    return lambda t, y, k: {"one": jnp.sin(weights[0] * y[0] * y[1]) + t * k, "two": weights * t * y**2}


def number(ts, ys):
    """One number in which every row and its time have a weight of their own."""
    weights = 1 + 0.3 * jnp.arange(len(ts))
    return weights @ (ys["one"] + jnp.cos(ts)) + jnp.sum((weights[:, None] * ys["two"] * jnp.array([1.0, 2.0])) ** 2)


def solved(theta, saving, options=TIGHT, **what):
    problem = ude.ODE(pendulum, theta["y0"], (theta["t0"], theta["t1"]), theta["k"])
    ts = theta["ts"] if saving == "times" else None
    return ude.solve(problem, saveat=ude.Save(ts=ts, capacity=128, **what), **options)


STEPS = int(solved(THETA, "steps").stats.steps)  # those of the lanes below are held to the same number
ROWS = np.unique([*range(0, STEPS + 1, 3), STEPS])
# Rounding moves chosen step sizes by 1e-6, and with them the times of rows.
GIVEN = {**TIGHT, "controller": ude.Fixed(), "dt0": 2.9 / STEPS}


def direct(theta, saving, options=TIGHT, **what):
    sol = solved(theta, saving, options, of=seen_through(theta["weights"]), **SAVES[saving], **what)
    count = {"steps": STEPS + 1, "every third": len(ROWS)}.get(saving)
    return number(sol.ts[:count], jax.tree.map(lambda x: x[:count], sol.ys))


def applied(theta, saving):
    sol = solved(theta, saving, end=saving == "end")
    rows = {"steps": np.arange(STEPS + 1), "every third": ROWS}.get(saving, np.arange(len(sol.ts)))
    of = seen_through(theta["weights"])
    return number(sol.ts[rows], jax.vmap(lambda t, y: of(t, y, theta["k"]))(sol.ts[rows], sol.ys[rows]))


def agree(found, expected, rtol=1e-9, atol=1e-8):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), found, expected)


KINDS = ["times", "every third", pytest.param("steps", marks=pytest.mark.slow), pytest.param("end", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=KINDS)
def gradient(request):
    """The way of saving, and the gradient with respect to everything."""
    return request.param, jax.jit(jax.grad(direct), static_argnums=1)(THETA, request.param)


def test_the_gradient_is_that_of_the_function_on_plain_rows(gradient):
    saving, found = gradient
    agree(found, jax.jit(jax.grad(applied), static_argnums=1)(THETA, saving))
    assert all(np.all(np.abs(found[name]) > 1e-3) for name in ("y0", "k", "weights"))


def test_forward_mode_agrees_with_reverse_mode(gradient):
    saving, found = gradient
    along = jax.tree.map(lambda x: jnp.cos(1.0 + jnp.arange(x.size)).reshape(x.shape), THETA)
    slope = jax.jit(lambda d: jax.jvp(lambda theta: direct(theta, saving), (THETA,), (d,))[1])(along)
    expected = sum(jnp.vdot(a, b) for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(along), strict=True))
    np.testing.assert_allclose(slope, expected, rtol=1e-7)


@pytest.mark.parametrize("saving", KINDS)
def test_the_gradient_of_every_lane_is_that_of_its_solve_alone(saving):
    gradient = jax.grad(lambda theta: direct(theta, saving, GIVEN))
    found, two = jax.jit(gradient)(THETA), jax.tree.map(lambda x: jnp.stack([x, x]), THETA)
    agree(jax.jit(jax.vmap(gradient))(two), jax.tree.map(lambda x: jnp.stack([x, x]), found), rtol=1e-9)


@pytest.mark.parametrize("saving", ["every third", pytest.param("times", marks=pytest.mark.slow)])
def test_a_thin_tape_gives_the_same_gradient(saving):
    part = {name: THETA[name] for name in ("y0", "weights")}

    def gradient(tape_bytes):
        return jax.grad(lambda part: direct({**THETA, **part}, saving, tape_bytes=tape_bytes))(part)

    agree(gradient(400), gradient(1 << 28), rtol=1e-9)


def relaxing(t, y, k, mode):
    return -mode["rate"] * y


FASTER = ude.Event(lambda t, y, k, mode: y[0] - 0.5, lambda t, y, k, mode: (y, {"rate": k * mode["rate"]}), direction=-1)


@pytest.mark.parametrize("saving", ["times", "end"])
def test_a_saved_function_of_the_mode_has_the_derivative_of_the_exact_solution(saving):
    times = jnp.array([0.2, 2.0])
    save = ude.Save(ts=times if saving == "times" else None, end=saving == "end", of=lambda t, y, k, mode: mode["rate"] * y[0])

    def flows(rate, k):
        problem = ude.ODE(relaxing, jnp.array([1.0]), (0.0, 2.0), k, events=FASTER, mode={"rate": rate})
        return ude.solve(problem, saveat=save, **TIGHT).ys

    def exact(rate, k):
        turn = jnp.log(2.0) / rate
        return jnp.stack([rate * jnp.exp(-rate * 0.2), k * rate * 0.5 * jnp.exp(-k * rate * (2 - turn))])

    expected = (exact(1.0, 1.5), *jax.jacrev(exact, argnums=(0, 1))(1.0, 1.5))
    found = (flows(1.0, 1.5), *jax.jacrev(flows, argnums=(0, 1))(1.0, 1.5))
    agree(found, tuple(x if saving == "times" else x[1:] for x in expected), rtol=1e-6)


@pytest.mark.slow
def test_the_hessian_is_that_of_the_exact_solution():
    def flow(k):
        save = ude.Save(ts=jnp.array([0.0, 1.0]), of=lambda t, y, k: k * y[0])
        return jnp.sum(ude.solve(ude.ODE(lambda t, y, k: -k * y, jnp.array([1.5]), (0.0, 1.0), k), saveat=save, **TIGHT).ys ** 2)

    def exact(k):
        return (1.5 * k) ** 2 * (1 + jnp.exp(-2 * k))

    np.testing.assert_allclose(jax.hessian(flow)(0.8), jax.hessian(exact)(0.8), rtol=1e-6)


def test_the_gradient_of_a_function_saved_by_a_failed_solve_is_nan():
    def flow(k):
        problem = ude.ODE(lambda t, y, k: k * y * y, jnp.array([1.0]), (0.0, 2.0), k)
        return jnp.sum(ude.solve(problem, saveat=ude.Save(ts=jnp.array([0.5]), of=lambda t, y, k: y[0]), **TIGHT).ys)

    assert np.isnan(jax.jit(jax.grad(flow))(1.0)) and np.isfinite(jax.jit(flow)(1.0))
