"""A nonlinear, time-dependent problem whose solution is a formula, and what depends on it."""

import jax
import jax.numpy as jnp

import universalde as ude

ADJOINTS = {
    "interpolating": ude.InterpolatingAdjoint(),
    "quadrature": ude.QuadratureAdjoint(),
    "gauss": ude.GaussAdjoint(),
    "gauss-kronrod": ude.GaussKronrodAdjoint(),
    "backsolve": ude.BacksolveAdjoint(every=4),
}
THETA = {
    "y0": jnp.array([0.1, 0.3]),
    "t0": jnp.array(0.2),
    "t1": jnp.array(4.0),
    "ts": jnp.array([0.7, 2.5, 3.6]),
    "r": jnp.array(1.1),
    "season": jnp.array(0.6),
}
TIGHT = dict(rtol=1e-9, atol=1e-9)


def solved(theta, saveat="ts", method=None, **options):
    """Logistic growth with seasons: y' = r (1 + a cos t) y (1 - y); ``season`` a is in a cell of the function."""
    season = theta["season"]

    def growth(t, y, args):
        return args["r"] * (1 + season * jnp.cos(t)) * y * (1 - y) * args["count"]

    problem = ude.ODE(growth, theta["y0"], (theta["t0"], theta["t1"]), {"r": theta["r"], "count": 1})
    save = theta["ts"] if isinstance(saveat, str) else saveat
    return ude.solve(problem, ude.Tsit5() if method is None else method, saveat=save, **{**TIGHT, **options})


def exact(theta, t):
    """The formula at the times ``t``."""
    age = theta["r"] * (t - theta["t0"] + theta["season"] * (jnp.sin(t) - jnp.sin(theta["t0"])))
    grown = theta["y0"] * jnp.exp(age)[..., None]
    return grown / (1 - theta["y0"] + grown)


def loss(theta, rows, end):
    """Every row counts differently, and so does the end."""
    weights = jnp.array([[1.0, -2.0], [0.5, 3.0], [4.0, -0.3]])
    return jnp.sum(weights * jnp.sin(3 * rows)) + jnp.sum(end**2 * jnp.array([1.0, 5.0])) * theta["t1"]


def loss_of_solve(theta, **options):
    sol = solved(theta, **options)
    return loss(theta, sol.ys, sol.y)


def loss_of_formula(theta):
    return loss(theta, exact(theta, theta["ts"]), exact(theta, theta["t1"]))


GRADIENT = jax.grad(loss_of_formula)(THETA)
