"""Derivatives of a solve against central differences, with respect to everything it depends on."""

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import optimistix
import pytest

import universalde as ude

TIGHT = dict(rtol=1e-11, atol=1e-11)
SAVES = {"times": "times", "every step": ude.Save(capacity=512), "end": ude.Save(end=True)}


def pendulum(t, y, args):
    """Damped driven pendulum; ``args`` hold numbers, a whole number, a word and a function."""
    force = args["drive"][0] * jnp.cos(args["drive"][1] * t)
    torque = args["shape"](y["angle"]) if args["kind"] == "driven" else 0.0
    return {"angle": y["speed"], "speed": -args["count"] * torque - args["damping"] * y["speed"] + force}


THETA = {
    "y0": {"angle": jnp.array(0.7), "speed": jnp.array(-0.2)},
    "t0": jnp.array(0.1),
    "t1": jnp.array(3.0),
    "ts": jnp.array([0.1, 0.5, 1.7, 3.0]),
    "args": {"damping": jnp.array(0.3), "drive": jnp.array([0.8, 1.3])},
}


def path(theta, saving, **options):
    args = {**theta["args"], "count": 2, "kind": "driven", "shape": jnp.sin, "unused": jnp.arange(3)}
    problem = ude.ODE(pendulum, theta["y0"], (theta["t0"], theta["t1"]), args)
    save = theta["ts"] if saving == "times" else SAVES[saving]
    return ude.solve(problem, saveat=save, **{**TIGHT, **options})


def loss(theta, saving, **options):
    """A number in which every saved row has a weight of its own; of all steps only the first and last are the user's."""
    sol = path(theta, saving, **options)
    rows = jnp.array([0, -1]) if saving == "every step" else jnp.arange(sol.ts.shape[0])
    weights = 1.0 + 0.5 * jnp.arange(len(rows))
    return weights @ (jnp.sin(sol.ys["angle"][rows]) + sol.ys["speed"][rows] ** 2) + jnp.sum(sol.ts[rows])


def at(theta, saving):
    """``theta`` with the first save time inside the span: on its very start the derivative is one-sided."""
    return {**theta, "ts": theta["ts"].at[0].set(0.2)} if saving == "times" else theta


def central_differences(f, theta, eps=1e-5):
    flat, unravel = jax.flatten_util.ravel_pytree(theta)
    run = jax.jit(lambda x: f(unravel(x)))
    moved = [(run(flat.at[k].add(eps)) - run(flat.at[k].add(-eps))) / (2 * eps) for k in range(len(flat))]
    return np.array(moved)


def keep_inside(theta):
    """The last save time moves with the end, so that it can be moved past it."""
    return {**theta, "ts": theta["ts"].at[-1].set(theta["t1"])}


@pytest.fixture(scope="module", params=["times", "every step", pytest.param("end", marks=pytest.mark.slow)])
def derivatives(request):
    """The loss, its gradient, and central differences, for one way of saving."""
    saving = request.param
    theta = at(THETA, saving)

    def f(theta):
        return loss(keep_inside(theta), saving)

    return f, theta, jax.flatten_util.ravel_pytree(jax.jit(jax.grad(f))(theta))[0], central_differences(f, theta)


def test_the_gradient_with_respect_to_everything_is_that_of_central_differences(derivatives):
    _, _, gradient, differences = derivatives
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-7)
    assert np.sum(np.abs(differences) > 1e-3) >= 7


def test_forward_mode_gives_the_same_numbers_as_reverse_mode(derivatives):
    f, theta, gradient, _ = derivatives
    flat, unravel = jax.flatten_util.ravel_pytree(theta)
    direction = jnp.sin(1.0 + jnp.arange(len(flat)))
    value, slope = jax.jit(lambda v: jax.jvp(f, (theta,), (unravel(v),)))(direction)
    np.testing.assert_allclose(slope, gradient @ direction, rtol=1e-9)
    np.testing.assert_allclose(value, f(theta), rtol=1e-12)


def decay_rows(k, y, shift):
    """Rows of y' = -k y + shift, shift in a cell of the function."""
    problem = ude.ODE(lambda t, y, k: -k * y + shift, y, (0.0, 1.0), k)
    return ude.solve(problem, saveat=jnp.array([0.3, 1.0]), **TIGHT).ys[:, 0]


def exact_rows(k, y, shift):
    t = jnp.array([0.3, 1.0])
    return y[0] * jnp.exp(-k * t) + shift / k * (1 - jnp.exp(-k * t))


POINT = (jnp.array(0.8), jnp.array([1.5]), jnp.array(0.4))


@pytest.mark.parametrize("jacobian", [jax.jacfwd, pytest.param(jax.jacrev, marks=pytest.mark.slow)])
def test_jacobians_with_respect_to_args_start_and_closed_over_arrays(jacobian):
    found, expected = (jacobian(f, argnums=(0, 1, 2))(*POINT) for f in (decay_rows, exact_rows))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8)


def loss_of_k(k):
    return jnp.sum(decay_rows(k, POINT[1], POINT[2]) ** 2)


def exact_loss_of_k(k):
    return jnp.sum(exact_rows(k, POINT[1], POINT[2]) ** 2)


LANES = jnp.array([0.3, 0.8, 2.0])


def test_the_gradient_of_every_lane_is_exact():
    expected = jax.vmap(jax.grad(exact_loss_of_k))(LANES)
    np.testing.assert_allclose(jax.vmap(jax.grad(loss_of_k))(LANES), expected, rtol=1e-8)


@pytest.mark.slow
def test_the_gradient_of_a_sum_over_lanes_is_exact():
    expected = jax.vmap(jax.grad(exact_loss_of_k))(LANES)
    np.testing.assert_allclose(jax.grad(lambda k: jnp.sum(jax.vmap(loss_of_k)(k)))(LANES), expected, rtol=1e-8)


@pytest.mark.slow
def test_an_eager_gradient_is_the_compiled_one():
    eager, compiled = jax.grad(loss_of_k)(0.8), jax.jit(jax.grad(loss_of_k))(0.8)
    np.testing.assert_allclose(eager, compiled, rtol=1e-12)


@pytest.mark.slow
def test_a_gradient_goes_through_a_map_and_a_scan_of_solves():
    def mapped(k):
        return jnp.sum(jax.lax.map(loss_of_k, k))

    expected = jax.vmap(jax.grad(exact_loss_of_k))(LANES)
    np.testing.assert_allclose(jax.grad(mapped)(LANES), expected, rtol=1e-8)


@pytest.mark.slow
def test_the_hessian_is_that_of_the_exact_solution():
    np.testing.assert_allclose(jax.hessian(loss_of_k)(0.8), jax.hessian(exact_loss_of_k)(0.8), rtol=1e-7)
    lanes = jax.vmap(jax.jacfwd(jax.grad(loss_of_k)))(LANES)
    np.testing.assert_allclose(lanes, jax.vmap(jax.hessian(exact_loss_of_k))(LANES), rtol=1e-7)


def test_backwards_in_time_gradients_have_the_right_sign():
    def back(k, y, t1):
        problem = ude.ODE(lambda t, y, k: -k * y, y, (1.0, t1), k)
        return ude.solve(problem, saveat=ude.Save(end=True), **TIGHT).ys[0, 0]

    def exact(k, y, t1):
        return y[0] * jnp.exp(k * (1 - t1))

    point = (jnp.array(0.8), jnp.array([1.5]), jnp.array(-0.5))
    found, expected = (jax.grad(f, argnums=(0, 1, 2))(*point) for f in (back, exact))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8)


def test_the_first_save_time_at_the_start_moves_along_the_solution():
    def rows(ts, t0):
        problem = ude.ODE(lambda t, y, k: -k * y, jnp.array([1.0]), (t0, 1.0), 0.5)
        return ude.solve(problem, saveat=ts, **TIGHT).ys[:, 0]

    by_times, by_start = jax.jacrev(rows, argnums=(0, 1))(jnp.array([0.0, 1.0]), 0.0)
    np.testing.assert_allclose(by_times, [[-0.5, 0], [0, -0.5 * np.exp(-0.5)]], rtol=1e-8)
    np.testing.assert_allclose(by_start, [0.5, 0.5 * np.exp(-0.5)], rtol=1e-8)


def test_a_gradient_in_single_precision_is_of_single_precision():
    k, y = np.float32(0.8), jnp.array([1.5], np.float32)

    def f(k):
        problem = ude.ODE(lambda t, y, k: -k * y, y, (0.0, 1.0), k)
        return ude.solve(problem, rtol=1e-5, atol=1e-6, saveat=ude.Save(end=True)).ys[0, 0]

    gradient = jax.grad(f)(jnp.asarray(k))
    assert gradient.dtype == jnp.float32
    np.testing.assert_allclose(gradient, -1.5 * np.exp(-0.8), rtol=1e-4)


def test_the_gradient_of_a_complex_state_follows_the_convention_of_jax():
    def f(z):
        problem = ude.ODE(lambda t, y, z: z * y, jnp.array([1.0 + 0j]), (0.0, 1.0), z)
        return jnp.real(ude.solve(problem, saveat=ude.Save(end=True), **TIGHT).ys[0, 0])

    z = 0.5 + 0.1j
    np.testing.assert_allclose(jax.grad(f)(z), jax.grad(lambda z: jnp.real(jnp.exp(z)))(z), rtol=1e-8)


def test_loose_solves_have_the_gradient_of_the_numbers_they_computed():
    # With the step sizes held the computed end is a smooth function; with two steps of given size they are held.
    def end(k):
        problem = ude.ODE(lambda t, y, k: -k * y**3, jnp.array([1.0]), (0.0, 1.0), k)
        return ude.solve(problem, dt0=0.5, controller=ude.Fixed(), saveat=ude.Save(end=True)).ys[0, 0]

    eps = 1e-5
    np.testing.assert_allclose(jax.grad(end)(1.0), (end(1.0 + eps) - end(1.0 - eps)) / (2 * eps), rtol=1e-8)
    exact = jax.grad(lambda k: 1 / jnp.sqrt(1 + 2 * k))(1.0)
    assert abs(jax.grad(end)(1.0) - exact) > 1e-5  # not the gradient of the exact solution


@pytest.mark.slow
def test_fits_of_many_lanes_that_keep_a_linearised_solve_in_their_loop():
    """What optimistix keeps between its steps is a derivative of its own for each lane, with a number of steps of its own."""
    times = jnp.linspace(0.5, 3.0, 6)

    def misses(rate, data):
        problem = ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 3.0), rate)
        return ude.solve(problem, ude.Tsit5(), rtol=1e-8, atol=1e-8, saveat=times).ys - data

    def fitted(data):
        return optimistix.least_squares(misses, optimistix.LevenbergMarquardt(rtol=1e-8, atol=1e-8), jnp.array(1.0), args=data).value

    rates = jnp.array([0.5, 2.0, 7.0])
    np.testing.assert_allclose(jax.jit(jax.vmap(fitted))(jnp.exp(-rates[:, None] * times)), rates, rtol=1e-5)
