"""Small losses and a stand-in solver that the learning tests share."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from universalde.spec.problem import ODE


def rosenbrock(params):
    """Narrow curved valley with its lowest point, zero, at one."""
    x = params["x"]
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def quadratic(params):
    """Lowest, zero, where everything is 3."""
    return sum(jnp.sum(jnp.square(leaf - 3)) for leaf in jax.tree.leaves(params))


class Saved(NamedTuple):
    ts: Any
    ys: Any


def runge_kutta(problem, method=None, *, saveat, rtol=0.0, atol=0.0, steps=8):
    """Classical Runge-Kutta with ``steps`` steps between saved times, called like ``universalde.solve``."""

    def step(y, t, h):
        k1 = problem.f(t, y, problem.args)
        k2 = problem.f(t + h / 2, y + h / 2 * k1, problem.args)
        k3 = problem.f(t + h / 2, y + h / 2 * k2, problem.args)
        k4 = problem.f(t + h, y + h * k3, problem.args)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def interval(y, ends):
        h = (ends[1] - ends[0]) / steps
        y = jax.lax.fori_loop(0, steps, lambda i, y: step(y, ends[0] + i * h, h), y)
        return y, y

    y0 = jnp.asarray(problem.y0)
    saveat = jnp.asarray(saveat)
    _, later = jax.lax.scan(interval, y0, jnp.stack([saveat[:-1], saveat[1:]], axis=1))
    return Saved(saveat, jnp.concatenate([y0[None], later]))


def lotka_volterra(t, y, rates):
    """Prey and predator; rates are growth, predation, conversion, death."""
    a, b, c, d = rates
    return jnp.stack([a * y[0] - b * y[0] * y[1], c * y[0] * y[1] - d * y[1]])


RATES = np.array([1.3, 0.9, 0.8, 1.8])
TIMES = np.linspace(0.0, 3.0, 14)
PROBLEM = ODE(lotka_volterra, np.array([0.44249296, 4.6280594]), (0.0, 3.0), RATES)
