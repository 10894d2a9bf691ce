"""Problems without stiffness, each written for plain Python (as SciPy users write small systems), JAX and Numba."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MU = 0.012277471
PLEIADES_START = np.array([3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0.0])
PAIRS = np.triu_indices(7, 1)


@dataclass(frozen=True)
class Problem:
    """``plain(t, y)`` for SciPy; ``jax(t, y, args)`` and ``numba()`` (which compiles ``f(t, y, dy)``) for the others."""

    name: str
    plain: Callable
    jax: Callable
    numba: str  # name of the function in bench.explicit_numba
    start: np.ndarray
    span: tuple[float, float]
    target: float  # error at the end, relative to the greatest entry, at which solvers are compared

    def rhs(self) -> Callable:
        """The right-hand side compiled by Numba."""
        return getattr(importlib.import_module("bench.explicit_numba"), self.numba)

    def reference(self) -> np.ndarray:
        """The end state by SciPy's DOP853 at 1e-13."""
        from scipy.integrate import solve_ivp

        sol = solve_ivp(self.plain, self.span, self.start, "DOP853", rtol=1e-13, atol=1e-14)
        return sol.y[:, -1]


def lotka_volterra(t: float, y: Any) -> list:
    """x' = 1.5 x - x y, y' = x y - 3 y."""
    a, b = y
    return [1.5 * a - a * b, a * b - 3.0 * b]


def lotka_volterra_jax(t: Any, y: Any, args: Any) -> Any:
    """The same."""
    import jax.numpy as jnp

    both = y[0] * y[1]
    return jnp.stack([1.5 * y[0] - both, both - 3.0 * y[1]])


def lorenz(t: float, y: Any) -> list:
    """Lorenz 1963 with 10, 28, 8/3."""
    a, b, c = y
    return [10.0 * (b - a), a * (28.0 - c) - b, a * b - 8.0 / 3.0 * c]


def lorenz_jax(t: Any, y: Any, args: Any) -> Any:
    """The same."""
    import jax.numpy as jnp

    return jnp.stack([10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1], y[0] * y[1] - 8.0 / 3.0 * y[2]])


def arenstorf(t: float, y: Any) -> list:
    """Restricted three-body problem (Arenstorf 1963; Hairer, Nørsett & Wanner 1993, II.0)."""
    a, b, da, db = y
    d1 = ((a + MU) ** 2 + b * b) ** 1.5
    d2 = ((a - 1 + MU) ** 2 + b * b) ** 1.5
    return [
        da,
        db,
        a + 2 * db - (1 - MU) * (a + MU) / d1 - MU * (a - 1 + MU) / d2,
        b - 2 * da - (1 - MU) * b / d1 - MU * b / d2,
    ]


def arenstorf_jax(t: Any, y: Any, args: Any) -> Any:
    """The same; a power of 3/2 by a square root."""
    import jax.numpy as jnp

    a, b, da, db = y[0], y[1], y[2], y[3]
    r1, r2 = (a + MU) ** 2 + b * b, (a - 1 + MU) ** 2 + b * b
    w1, w2 = (1 - MU) / (r1 * jnp.sqrt(r1)), MU / (r2 * jnp.sqrt(r2))
    return jnp.stack(
        [da, db, a + 2 * db - w1 * (a + MU) - w2 * (a - 1 + MU), b - 2 * da - w1 * b - w2 * b]
    )


def rigid_body(t: float, y: Any) -> list:
    """Euler's equations of a rigid body (Krogh)."""
    a, b, c = y
    return [-2.0 * b * c, 1.25 * a * c, -0.5 * a * b]


def rigid_body_jax(t: Any, y: Any, args: Any) -> Any:
    """The same."""
    import jax.numpy as jnp

    return jnp.stack([-2.0 * y[1] * y[2], 1.25 * y[0] * y[2], -0.5 * y[0] * y[1]])


def pleiades(t: float, y: np.ndarray) -> np.ndarray:
    """Seven stars in a plane (Hairer, Nørsett & Wanner 1993, II.10), in arrays: loops in Python are slower."""
    dx = y[:7] - y[:7, None]
    dy = y[7:14] - y[7:14, None]
    squares = dx * dx + dy * dy
    squares.flat[::8] = 1.0
    weights = np.arange(1.0, 8.0) / (squares * np.sqrt(squares))
    return np.concatenate([y[14:], (weights * dx).sum(1), (weights * dy).sum(1)])


def pleiades_jax(t: Any, y: Any, args: Any) -> Any:
    """The same over the 21 pairs; the sums over pairs are a product with a constant matrix."""
    import jax.numpy as jnp

    i, j = PAIRS
    shares = np.zeros((7, 21))
    shares[i, np.arange(21)], shares[j, np.arange(21)] = j + 1, -(i + 1)
    dx, dy = y[:7][j] - y[:7][i], y[7:14][j] - y[7:14][i]
    square = dx * dx + dy * dy
    weight = 1 / (square * jnp.sqrt(square))
    return jnp.concatenate([y[14:], jnp.asarray(shares) @ (weight * dx), jnp.asarray(shares) @ (weight * dy)])


MATRIX = np.random.default_rng(0).normal(size=(100, 100)) / 20.0 - 0.5 * np.eye(100)


def linear(t: float, y: np.ndarray) -> np.ndarray:
    """u' = A u with a fixed 100 x 100 matrix."""
    return MATRIX @ y


def linear_jax(t: Any, y: Any, args: Any) -> Any:
    """The same."""
    import jax.numpy as jnp

    return jnp.asarray(MATRIX) @ y


ARENSTORF_START = np.array([0.994, 0.0, 0.0, -2.00158510637908252240537862224])
PROBLEMS = (
    Problem("lotka_volterra", lotka_volterra, lotka_volterra_jax, "lotka_volterra", np.array([1.0, 1.0]), (0, 100.0), 1e-6),
    Problem("lorenz", lorenz, lorenz_jax, "lorenz", np.array([1.0, 0.0, 0.0]), (0, 15.0), 1e-7),
    Problem("arenstorf", arenstorf, arenstorf_jax, "arenstorf", ARENSTORF_START, (0, 17.0652165601579625588917206249), 1e-5),
    Problem("rigid_body", rigid_body, rigid_body_jax, "rigid_body", np.array([1.0, 0.0, 0.9]), (0, 20.0), 1e-7),
    Problem("pleiades", pleiades, pleiades_jax, "pleiades", PLEIADES_START, (0, 3.0), 1e-6),
    Problem("linear100", linear, linear_jax, "linear", np.random.default_rng(1).random(100), (0, 10.0), 1e-7),
)  # fmt: skip
LORENZ_LONG = Problem("lorenz_long", lorenz, lorenz_jax, "lorenz", np.array([1.0, 0.0, 0.0]), (0, 100.0), 1e-7)
