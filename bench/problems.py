"""The problems as NumPy sees them, with references that no measured solver had a hand in."""

from collections.abc import Callable
from typing import Any

import numpy as np

LOTKA_VOLTERRA = np.array([1.5, 1.0, 1.0, 3.0])
LOTKA_VOLTERRA_START = np.array([1.0, 1.0])
SPIRAL_START = np.array([2.0, 0.0])
SPIRAL_MATRIX = np.array([[-0.1, 2.0], [-2.0, -0.1]])
SPIRAL_TIMES = np.linspace(0.0, 1.5, 30)
ORBIT_TIMES = np.linspace(0.0, 20.0, 21)
TIGHT = 1e-13


def lotka_volterra(t, y, p):
    """x' = p0 x - p1 x y, y' = p2 x y - p3 y."""
    both = y[0] * y[1]
    return np.array([p[0] * y[0] - p[1] * both, p[2] * both - p[3] * y[1]])


def spiral_net(t, y, weights):
    """u' = net(u^3), a 2-50-2 network with tanh."""
    first, first_bias, second, second_bias = weights
    return np.tanh(y**3 @ first + first_bias) @ second + second_bias


def spiral_weights(seed: int = 0) -> tuple[np.ndarray, ...]:
    """Glorot-normal weights and zero biases, the same for every solver."""
    random = np.random.default_rng(seed)
    scale = np.sqrt(2.0 / 52.0)
    return scale * random.normal(size=(2, 50)), np.zeros(50), scale * random.normal(size=(50, 2)), np.zeros(2)


def fitted_spiral_weights(seed: int = 0) -> tuple[np.ndarray, ...]:
    """Weights as after training: a random first layer, the second by least squares on slopes near the true spiral."""
    random = np.random.default_rng(seed)
    path = np.repeat(tight(true_spiral, SPIRAL_START, SPIRAL_TIMES, SPIRAL_MATRIX), 20, axis=0)
    cubes = (path + 0.05 * random.normal(size=path.shape)) ** 3
    first, first_bias = 0.3 * random.normal(size=(2, 50)), random.uniform(-2.0, 2.0, 50)
    features = np.column_stack([np.tanh(cubes @ first + first_bias), np.ones(len(cubes))])
    second = np.linalg.solve(features.T @ features + 1e-4 * np.eye(51), features.T @ (cubes @ SPIRAL_MATRIX))
    return first, first_bias, second[:-1], second[-1]


def true_spiral(t, u, matrix):
    """u' = (u^3) A, a row vector times a matrix."""
    return u**3 @ matrix


def tight(f: Callable, y0: np.ndarray, times: np.ndarray, p: Any, method: str = "DOP853", atol: float = TIGHT) -> np.ndarray:
    """Reference values by SciPy at 1e-13, stepped from each requested time to the next."""
    from scipy.integrate import solve_ivp

    rows = [np.asarray(y0)]
    for start, end in zip(times[:-1], times[1:], strict=True):
        sol = solve_ivp(f, (start, end), rows[-1], method=method, rtol=TIGHT, atol=atol, args=(p,))
        rows.append(sol.y[:, -1])
    return np.stack(rows)


def spiral_data() -> np.ndarray:
    """Thirty points of the true spiral u' = (u^3) A."""
    return tight(true_spiral, SPIRAL_START, SPIRAL_TIMES, SPIRAL_MATRIX)


def orbit_loss(p: np.ndarray) -> float:
    """Sum of squares of a Lotka-Volterra solution at 21 times on [0, 20], by the reference solver."""
    return float(np.sum(tight(lotka_volterra, LOTKA_VOLTERRA_START, ORBIT_TIMES, p) ** 2))


def error_of_path(ts: np.ndarray, ys: np.ndarray) -> dict[str, float]:
    """Greatest error of a saved Lotka-Volterra solution over all rows, and the error of its last row."""
    from scipy.integrate import solve_ivp

    ts, ys = np.asarray(ts), np.asarray(ys)
    reference = solve_ivp(
        lotka_volterra, (0.0, 100.0), LOTKA_VOLTERRA_START, "DOP853", ts, rtol=TIGHT, atol=TIGHT, args=(LOTKA_VOLTERRA,)
    )
    error = np.max(np.abs(ys - reference.y.T), axis=1)
    return {"greatest error": float(error.max()), "error at the end": float(error[-1])}


def error_of_gradient(loss: Callable[[Any], float], point: Any, gradient: Any, step: float = 1e-5) -> float:
    """Relative error of a gradient along one direction, against central differences of the reference loss."""
    parts = point if isinstance(point, tuple) else (point,)
    slopes = gradient if isinstance(point, tuple) else (gradient,)
    random = np.random.default_rng(1)
    direction = [random.normal(size=part.shape) for part in parts]

    def moved(sign: float) -> float:
        shifted = tuple(part + sign * step * along for part, along in zip(parts, direction, strict=True))
        return loss(shifted if isinstance(point, tuple) else shifted[0])

    expected = (moved(1.0) - moved(-1.0)) / (2.0 * step)
    found = sum(float(np.sum(np.asarray(slope) * along)) for slope, along in zip(slopes, direction, strict=True))
    return abs(found - expected) / abs(expected)
