"""Derivatives through events; derivatives of solves that fail; derivatives that are not defined."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

TIGHT = dict(rtol=1e-10, atol=1e-10)
END = ude.Save(end=True)
BALLS = {"gravity": jnp.array([9.81, 5.0]), "height": jnp.array([1.0, 2.0]), "restitution": jnp.array([0.8, 0.5])}


def falling(t, y, ball):
    return jnp.stack([y[1], -ball["gravity"]])


BOUNCE = ude.Event(
    lambda t, y, ball: y[0], lambda t, y, ball: jnp.stack([0.0 * y[0], -ball["restitution"] * y[1]]), direction=-1
)
FLOOR = ude.Event(lambda t, y, ball: y[0], direction=-1)


def drop(ball, t1, event):
    return ude.ODE(falling, jnp.stack([ball["height"], 0.0 * ball["height"]]), (0.0, t1), ball, events=event)


def compare(found, expected, rtol=1e-7):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9), found, expected)


@pytest.mark.slow
def test_the_height_after_a_bounce_moves_with_everything_that_moves_the_landing():
    def bounced(ball, t1):
        return ude.solve(drop(ball, t1, BOUNCE), saveat=jnp.stack([0.9 * t1, t1]), **TIGHT).ys[:, 0] @ jnp.array([1.0, 2.0])

    def exact(ball, t1):
        fall = jnp.sqrt(2 * ball["height"] / ball["gravity"])
        later = jnp.stack([0.9 * t1, t1]) - fall
        return (ball["restitution"] * ball["gravity"] * fall * later - ball["gravity"] * later**2 / 2) @ jnp.array([1.0, 2.0])

    t1 = jnp.array([0.8, 1.3])
    found, expected = (jax.vmap(jax.grad(f, argnums=(0, 1)))(BALLS, t1) for f in (bounced, exact))
    compare(found, expected)


@pytest.mark.slow
def test_the_time_and_the_speed_at_a_stop_move_with_the_parameters():
    def stopped(ball):
        sol = ude.solve(drop(ball, 10.0, FLOOR), saveat=END, **TIGHT)
        return sol.t + 0.1 * sol.y[1] + 0.01 * sol.ts[0]

    def exact(ball):
        fall = jnp.sqrt(2 * ball["height"] / ball["gravity"])
        return 1.01 * fall - 0.1 * ball["gravity"] * fall

    compare(jax.vmap(jax.grad(stopped))(BALLS), jax.vmap(jax.grad(exact))(BALLS))


@pytest.mark.slow
def test_forward_mode_through_a_stop_agrees():
    def stopped(ball):
        return ude.solve(drop(ball, 10.0, FLOOR), saveat=END, **TIGHT).t

    one = jax.tree.map(lambda x: x[0], BALLS)
    forward = jax.jacfwd(stopped)(one)
    compare(forward, jax.grad(lambda b: jnp.sqrt(2 * b["height"] / b["gravity"]))(one))


def square(t, y, k):
    return k * y * y


TIMES = jnp.array([0.2, 1.9])


def squares(k):
    """Rows of y' = k y², which blows up at 1 / k, before TIMES[1] for k = 1."""
    return ude.solve(ude.ODE(square, jnp.array([1.0]), (0.0, 2.0), k), saveat=TIMES, rtol=1e-8, atol=1e-8).ys[:, 0]


def test_a_lane_that_fails_has_nan_gradients_and_leaves_the_others_alone():
    gradients = jax.vmap(jax.grad(lambda k: jnp.sum(squares(k))))(jnp.array([0.1, 1.0, 0.2]))
    exact = jax.vmap(jax.grad(lambda k: jnp.sum(1 / (1 - k * TIMES))))(jnp.array([0.1, 0.2]))
    assert np.isnan(gradients[1])
    np.testing.assert_allclose(gradients[jnp.array([0, 2])], exact, rtol=1e-6)


SAVES = [
    pytest.param(END, id="end"),
    pytest.param(jnp.array([1.0]), id="times", marks=pytest.mark.slow),
    pytest.param(ude.Save(capacity=64), id="steps", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("save", SAVES)
def test_a_solve_that_runs_out_of_steps_has_nan_gradients(save):
    def end(k):
        problem = ude.ODE(lambda t, y, k: -k * y, jnp.array([1.0]), (0.0, 1.0), k)
        return ude.solve(problem, saveat=save, max_steps=3, **TIGHT).ys[-1, 0]

    assert np.isnan(jax.grad(end)(0.5))


def test_a_tape_that_is_full_gives_nan_gradients_and_says_so():
    def end(k):
        problem = ude.ODE(lambda t, y, k: -k * y, jnp.array([1.0]), (0.0, 10.0), k)
        sol = ude.solve(problem, saveat=ude.Save(ts=jnp.array([10.0]), capacity=4), **TIGHT)
        return sol.ys[0, 0], sol.result

    (value, result), gradient = jax.value_and_grad(end, has_aux=True)(0.5)
    assert result.name == "full" and np.isnan(value) and np.isnan(gradient)


def test_a_failed_solve_has_nan_tangents_too():
    _, tangent = jax.jvp(squares, (1.0,), (1.0,))
    assert np.all(np.isnan(tangent))


@pytest.mark.parametrize("option", ["rtol", "atol", "dt0"])
def test_a_derivative_with_respect_to_tolerances_says_a_sentence(option):
    def end(x):
        problem = ude.ODE(lambda t, y, k: -k * y, jnp.array([1.0]), (0.0, 1.0), 0.5)
        return ude.solve(problem, saveat=END, **{option: x}).ys[0, 0]

    with pytest.raises(TypeError, match="tolerances and dt0 are constants of a solve; a derivative with respect to them"):
        jax.grad(end)(1e-3)


def decayed(k):
    problem = ude.ODE(lambda t, y, k: -k * y, jnp.array([1.0]), (0.0, 1.0), k)
    return ude.solve(problem, saveat=END, **TIGHT).ys[0, 0]


def test_reverse_over_reverse_says_what_to_write_instead():
    with pytest.raises(TypeError, match=r"second derivatives as forward over reverse.*jax.jacfwd\(jax.grad\(loss\)\) or jax.hessian"):
        jax.grad(jax.grad(decayed))(0.5)


def test_whole_numbers_have_no_gradient():
    problem = ude.ODE(lambda t, y, args: -args["k"] * args["n"] * y, jnp.array([1.0]), (0.0, 1.0))

    def end(args):
        return ude.solve(problem.replace(args=args), saveat=END, **TIGHT).ys[0, 0]

    gradient = jax.grad(end, allow_int=True)({"k": jnp.array(0.5), "n": jnp.array(2)})
    np.testing.assert_allclose(gradient["k"], -2 * np.exp(-1.0), rtol=1e-8)
    assert gradient["n"].dtype == jax.dtypes.float0
