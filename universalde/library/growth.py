"""Linear problems."""

import jax.numpy as jnp
import numpy as np

from .registry import ode, register

__all__ = ["linear", "linear_100", "linear_2d"]

RATE = 1.01


def _growth(t, y, rate):
    return rate * y


def _product(t, y, matrix):
    return matrix @ y


@register(
    "Exponential growth of one number.", "the rate is that of C. Rackauckas, Q. Nie, J. Open Res. Softw. 5 (2017) 15"
)
def linear():
    """``y' = 1.01 y``, ``y(0) = 1/2``."""
    return {"problem": ode(_growth, [0.5], 1, RATE), "exact": lambda t: np.array([0.5 * np.exp(RATE * t)])}


@register(
    "Exponential growth of a matrix.", "the rate is that of C. Rackauckas, Q. Nie, J. Open Res. Softw. 5 (2017) 15"
)
def linear_2d():
    """``Y' = 1.01 Y`` for a state of shape (4, 2)."""
    start = np.arange(1.0, 9.0).reshape(4, 2) / 8
    return {"problem": ode(_growth, start, 1, RATE), "exact": lambda t: start * np.exp(RATE * t)}


@register("A dense matrix of 100 rows.", "made for this library: eigenvectors are sines, eigenvalues -0.01 to -1")
def linear_100():
    """``y' = A y`` with ``A = Q diag(-k / 100) Q``, ``Q`` the orthogonal matrix of sines."""
    k = np.arange(1, 101)
    sines = np.sqrt(2 / 101) * np.sin(np.pi * np.outer(k, k) / 101)
    rates = -k / 100
    matrix, start = (sines * rates) @ sines, np.cos(k)
    return {
        "problem": ode(_product, start, 10, jnp.asarray(matrix, float)),
        "exact": lambda t: sines @ (np.exp(rates * t) * (sines @ start)),
    }
