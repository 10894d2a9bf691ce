"""The contract between loop, method and adjoint, proved with small stand-ins of what is to come.

Each stand-in runs through the same loop under ``vmap(grad)``: a BDF2 with memory, an event that lands and changes the
state, a read of the past, a Brownian increment, an event at random rate, and an implicit step that is refused.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.spec.method import Method, Step
from universalde.spec.problem import Problem


def implicit_point(equation, t, y, known, weight, iterations=6):
    """Solve z = known + weight f(t, z) by Newton; differentiable through one last step with a constant Jacobian."""

    def miss(z):
        return z - known - weight * equation.f(t, z)

    z = jax.lax.stop_gradient(y)
    for _ in range(iterations):
        slope = jax.jacfwd(miss)(z)
        z = z - jax.lax.stop_gradient(miss(z) / jnp.diagonal(slope))
    slope = jax.lax.stop_gradient(jnp.diagonal(jax.jacfwd(miss)(z)))
    z = jax.lax.stop_gradient(z)
    return z - miss(z) / slope


class BDF2(Method):
    """Variable-step BDF2 for diagonal Jacobians; memory is the previous point and step."""


    @property
    def order(self):
        return 2

    def init(self, equation, t, y, h):
        return (y, jnp.zeros_like(t), equation.f(t, y)), ()

    def step(self, equation, t, h, y, memory, cache):
        before, h_before, slope = memory
        first = h_before == 0
        w = h / jnp.where(first, 1, h_before)
        c1 = jnp.where(first, 1, (1 + w) ** 2 / (1 + 2 * w))
        c2 = jnp.where(first, 0, -(w**2) / (1 + 2 * w))
        c3 = jnp.where(first, 1, (1 + w) / (1 + 2 * w))
        new = implicit_point(equation, t + h, y, c1 * y + c2 * before, c3 * h)
        after = equation.f(t + h, new)
        explicit = (
            y + h * slope + jnp.where(first, 0, 0.5 * h * w * (slope - (y - before) / jnp.where(first, 1, h_before)))
        )
        return Step(new, 0.3 * (new - explicit), memory=(y, h, after), data=(y, new, h * slope, h * after), rhs=1)

    def dense(self, data, theta):
        y, new, k, k_new = data
        h00, h10 = (1 + 2 * theta) * (1 - theta) ** 2, theta * (1 - theta) ** 2
        return h00 * y + (1 - h00) * new + h10 * k + theta**2 * (theta - 1) * k_new


class RefusingEuler(Method):
    """Implicit Euler whose Newton iteration 'diverges' above a largest step; the cache counts refusals in a row."""

    largest: float = 0.01

    @property
    def order(self):
        return 1

    def init(self, equation, t, y, h):
        return (), jnp.int32(0)

    def step(self, equation, t, h, y, memory, cache):
        new = implicit_point(equation, t + h, y, y, h)
        ok = h <= self.largest * 1.001
        garbage = jnp.where(ok, new, jnp.nan)
        error = 0.5 * (garbage - y - h * equation.f(t, y))
        return Step(garbage, error, cache=jnp.int32(0), cache_if_rejected=cache + 1, data=(y, garbage), ok=ok, rhs=2)

    def dense(self, data, theta):
        y, new = data
        return y + theta * (new - y)


class EulerMaruyama(Method):
    """Fixed-step Euler with a multiplicative noise of 0.3."""

    needs = frozenset({"f", "noise"})
    accepts = frozenset({"f", "noise"})

    @property
    def order(self):
        return 1

    def init(self, equation, t, y, h):
        return (), ()

    def step(self, equation, t, h, y, memory, cache):
        new = y + h * equation.f(t, y) + 0.3 * y * equation.increment(t, h)
        return Step(new, None, data=(y, new), rhs=1)

    def dense(self, data, theta):
        y, new = data
        return y + theta * (new - y)


class GridNoise(eqx.Module):
    """A Brownian path by its increments on a grid."""

    increments: Any

    def increment(self, t, h):
        index = jnp.round(t / 0.01).astype(int)
        return self.increments[index] * jnp.sqrt(jnp.abs(h))


def finite_difference(loss, p, eps=1e-6):
    return np.array([(loss(p.at[k].add(eps)) - loss(p.at[k].add(-eps))) / (2 * eps) for k in range(len(p))])


def test_a_multistep_method_is_differentiated_through_its_memory():
    def solve(p, rtol=1e-6):
        problem = ude.ODE(lambda t, y, p: -p[0] * y * y + p[1] * jnp.sin(t), jnp.array([1.0, 2.0]), (0.0, 2.0), args=p)
        return ude.solve(problem, BDF2(), rtol=rtol, atol=rtol, saveat=jnp.array([0.7, 2.0]))

    lanes = jnp.array([[1.0, 0.5], [2.0, 0.1], [0.3, 1.0]])
    gradients = jax.vmap(jax.grad(lambda p: jnp.sum(solve(p).ys ** 2)))(lanes)
    exact = ude.Tsit5()
    for p, gradient in zip(lanes, gradients, strict=True):

        def fine(q):
            problem = ude.ODE(
                lambda t, y, r: -r[0] * y * y + r[1] * jnp.sin(t), jnp.array([1.0, 2.0]), (0.0, 2.0), args=q
            )
            return jnp.sum(ude.solve(problem, exact, rtol=1e-11, atol=1e-11, saveat=jnp.array([0.7, 2.0])).ys ** 2)

        np.testing.assert_allclose(gradient, finite_difference(fine, p), rtol=2e-3)


def test_the_memory_of_a_multistep_method_is_part_of_the_derivative_to_the_last_digit():
    # Fixed step sizes (the tolerance is never binding): the discrete gradient equals the difference quotient of the
    # same numbers, which a derivative that drops the memory would miss by about a third.
    def loss(p):
        problem = ude.ODE(lambda t, y, p: -p[0] * y * y + p[1], jnp.array([1.0, 2.0]), (0.0, 1.0), args=p)
        controller = ude.PI(largest=1.0 + 1e-12, smallest=1.0 - 1e-12)
        sol = ude.solve(
            problem, BDF2(), rtol=1.0, atol=1.0, dt0=0.125, controller=controller, saveat=ude.Save(end=True)
        )
        return jnp.sum(sol.ys**2)

    p = jnp.array([1.0, 0.5])
    np.testing.assert_allclose(jax.vmap(jax.grad(loss))(p[None])[0], finite_difference(loss, p), rtol=1e-8)


def test_a_landing_event_moves_with_the_parameters():
    # A ball from height 1 with gravity g and restitution r: one bounce before t = 0.8.
    def end(p, t1=0.8):
        bounce = ude.Event(lambda t, y, p: y[0], lambda t, y, p: jnp.stack([0.0 * y[0], -p[1] * y[1]]), direction=-1)
        problem = ude.ODE(lambda t, y, p: jnp.stack([y[1], -p[0]]), jnp.array([1.0, 0.0]), (0.0, t1), p, events=bounce)
        return ude.solve(problem, ude.Tsit5(), rtol=1e-9, atol=1e-9, saveat=jnp.array([t1])).ys[0, 0]

    def exact(p, t1=0.8):
        fall = jnp.sqrt(2 / p[0])
        return p[1] * p[0] * fall * (t1 - fall) - 0.5 * p[0] * (t1 - fall) ** 2

    lanes = jnp.array([[9.81, 0.8], [8.0, 0.9], [7.0, 0.5]])
    np.testing.assert_allclose(jax.vmap(end)(lanes), jax.vmap(exact)(lanes), rtol=1e-9)
    np.testing.assert_allclose(jax.vmap(jax.grad(end))(lanes), jax.vmap(jax.grad(exact))(lanes), rtol=1e-7)
    forward = jax.vmap(jax.jacfwd(end))(lanes)
    np.testing.assert_allclose(forward, jax.vmap(jax.grad(exact))(lanes), rtol=1e-7)


def test_an_event_can_stop_the_solve_and_its_time_is_differentiable():
    def stop_time(g):
        problem = ude.ODE(
            lambda t, y, g: jnp.stack([y[1], -g]),
            jnp.array([1.0, 0.0]),
            (0.0, 5.0),
            g,
            events=ude.Event(lambda t, y, g: y[0]),
        )
        return ude.solve(problem, ude.Tsit5(), rtol=1e-9, atol=1e-9, saveat=ude.Save(end=True)).t

    lanes = jnp.array([9.81, 2.0])
    np.testing.assert_allclose(jax.vmap(stop_time)(lanes), jnp.sqrt(2 / lanes), rtol=1e-10)
    np.testing.assert_allclose(jax.vmap(jax.grad(stop_time))(lanes), -jnp.sqrt(0.5) * lanes**-1.5, rtol=1e-8)


def test_a_read_of_the_past_returns_its_cotangents_to_the_rows_it_read():
    def delayed(p):
        problem = Problem(
            f=lambda t, y, p, past: -p * past(t - 1.0), y0=jnp.array([1.0]), tspan=(0.0, 2.0), args=p,
            history=lambda t, p: jnp.array([1.0]),
        )  # fmt: skip
        return ude.solve(problem, ude.Tsit5(), rtol=1e-11, atol=1e-11, saveat=jnp.array([0.5, 1.5, 2.0])).ys[:, 0]

    def exact(p):
        t = jnp.array([0.5, 1.5, 2.0])
        return 1 - p * t + jnp.where(t > 1, (p * (t - 1)) ** 2 / 2, 0)

    lanes = jnp.array([0.3, 0.9, 1.4])
    np.testing.assert_allclose(jax.vmap(delayed)(lanes), jax.vmap(exact)(lanes), atol=1e-7)
    weights = jnp.array([1.0, -2.0, 3.0])
    gradient = jax.vmap(jax.grad(lambda p: weights @ delayed(p)))(lanes)
    np.testing.assert_allclose(gradient, jax.vmap(jax.grad(lambda p: weights @ exact(p)))(lanes), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(
        jax.vmap(jax.jacfwd(lambda p: weights @ delayed(p)))(lanes), gradient, rtol=1e-9, atol=1e-12
    )


def test_brownian_increments_are_constants_of_the_derivative():
    increments = jax.random.normal(jax.random.key(1), (100,))

    def through_the_loop(p):
        problem = Problem(
            f=lambda t, y, p: p * y, y0=jnp.array([1.0]), tspan=(0.0, 1.0), args=p, noise=GridNoise(increments)
        )
        return ude.solve(problem, EulerMaruyama(), dt0=0.01, saveat=ude.Save(end=True)).ys[0, 0]

    def by_hand(p):
        y = 1.0
        for dw in increments:
            y = y + 0.01 * p * y + 0.3 * y * dw * 0.1
        return y

    lanes = jnp.array([0.5, -1.0])
    np.testing.assert_allclose(jax.vmap(through_the_loop)(lanes), jax.vmap(by_hand)(lanes), rtol=1e-12)
    np.testing.assert_allclose(
        jax.vmap(jax.grad(through_the_loop))(lanes), jax.vmap(jax.grad(by_hand))(lanes), rtol=1e-11
    )


def test_an_event_at_random_rate_draws_from_the_mode_and_moves_with_its_rate():
    draws = 6

    def end(rate, key):
        thresholds = jnp.cumsum(jax.random.exponential(key, (draws,)))

        def fire(t, y, rate, mode):
            return y + jnp.array([1.0, 0.0]), {"count": mode["count"] + 1, "next": thresholds[mode["count"] + 1]}

        event = ude.Event(lambda t, y, rate, mode: y[1] - mode["next"], fire, direction=1)
        problem = ude.ODE(
            lambda t, y, rate, mode: jnp.stack([-y[0], rate]), jnp.array([1.0, 0.0]), (0.0, 1.5), rate,
            events=event, mode={"count": jnp.int32(0), "next": thresholds[0]},
        )  # fmt: skip
        sol = ude.solve(problem, ude.Tsit5(), rtol=1e-9, atol=1e-9, saveat=ude.Save(end=True))
        return sol.ys[0, 0], sol.mode["count"]

    def exact(rate, key):
        times = jnp.cumsum(jax.random.exponential(key, (draws,))) / rate
        fired = times < 1.5
        return jnp.exp(-1.5) + jnp.sum(jnp.where(fired, jnp.exp(-(1.5 - times)), 0)), jnp.sum(fired)

    keys, rates = jax.random.split(jax.random.key(3), 4), jnp.array([1.0, 1.5, 0.7, 2.0])
    (gradient, count), (expected, expected_count) = (
        jax.vmap(jax.grad(f, has_aux=True))(rates, keys) for f in (end, exact)
    )
    np.testing.assert_array_equal(count, expected_count)
    assert int(jnp.max(count)) >= 2
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


def test_a_refused_implicit_step_keeps_the_state_and_shrinks():
    def end(p):
        problem = ude.ODE(lambda t, y, p: -p * y, jnp.array([1.0]), (0.0, 0.5), args=p)
        sol = ude.solve(problem, RefusingEuler(0.01), rtol=1e3, atol=1e3, dt0=0.4, saveat=ude.Save(end=True))
        return sol.ys[0, 0], sol.stats

    lanes = jnp.array([1.0, 3.0])
    gradient, stats = jax.vmap(jax.grad(end, has_aux=True))(lanes)
    assert jnp.all(stats.rejected >= 3)
    assert jnp.all(stats.steps >= 50)
    np.testing.assert_allclose(gradient, -0.5 * jnp.exp(-0.5 * lanes), rtol=0.05)
    quotient = [(end(p + 1e-6)[0] - end(p - 1e-6)[0]) / 2e-6 for p in lanes]
    np.testing.assert_allclose(gradient, quotient, rtol=1e-6)


@pytest.mark.parametrize("lanes", [1, 5])
def test_lanes_of_different_lengths_do_not_disturb_each_other(lanes):
    # Lane k needs about k times as many steps; each must equal its solve alone.
    def loss(p):
        problem = ude.ODE(lambda t, y, p: jnp.stack([y[1], -p * p * y[0]]), jnp.array([1.0, 0.0]), (0.0, 3.0), args=p)
        return jnp.sum(ude.solve(problem, ude.Tsit5(), rtol=1e-7, atol=1e-7, saveat=jnp.linspace(0, 3, 7)).ys ** 2)

    p = jnp.arange(1.0, lanes + 1)
    alone = jnp.stack([jax.grad(loss)(q) for q in p])
    np.testing.assert_allclose(jax.vmap(jax.grad(loss))(p), alone, rtol=1e-12)
