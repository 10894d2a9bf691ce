"""Compiles one small solve marked and unmarked; run with XLA told to leave what it makes in a folder."""

import jax
import jax.numpy as jnp

import universalde as ude


def solve(k, native):
    """The sum of two saved states of y' = -k y."""
    problem = ude.ODE(lambda t, y, k: -k * y, jnp.ones(2), (0.0, 1.0), k)
    return jnp.sum(ude.solve(problem, ude.Tsit5(native=native), saveat=jnp.array([0.5, 1.0])).ys)


def marked(k):
    """As the package does by default."""
    return solve(k, True)


def unmarked(k):
    """With the opt-out."""
    return solve(k, False)


if __name__ == "__main__":
    for function in (marked, unmarked):
        jax.jit(function).lower(1.0).compile()
