"""Levenberg-Marquardt in NumPy around one compiled evaluation.

The loop stays outside the compiled program because the program is expensive: it holds a differential-equation solve
and its Jacobian, and an optimiser inside the program repeats both several times (compilation measured at 18 s against
4 s for the Lotka-Volterra problem of the tests). It also lets a failed solve be what it is, a rejected step.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Minimum(NamedTuple):
    """Where the fit ended: parameters, residual and Jacobian there; `sse` is inf when even the start failed."""

    parameters: Float[np.ndarray, " q"]
    residual: Float[np.ndarray, " n"]
    jacobian: Float[np.ndarray, "n q"]
    sse: float
    converged: bool
    steps: int


def levenberg_marquardt(
    evaluate: Evaluate, start: Float[np.ndarray, " q"], max_steps: int = 60, rtol: float = 1e-8
) -> Minimum:
    r"""Minimise $\|r(x)\|^2$ with `evaluate(x) -> (r, J)`; trial points with non-finite values are rejected.

    Steps solve $(J^TJ+\lambda D^2)\,\delta=-J^Tr$ by SVD of $JD^{-1}$, where D holds the largest column lengths met
    (More 1978), with the update of lambda by Nielsen (1999). It has converged when a full step neither lowers the sum
    of squares nor moves the parameters by more than `rtol`, relatively.
    """
    x = np.asarray(start, dtype=np.float64)
    residual, jacobian = evaluate(x)
    sse = _sum_of_squares(residual, jacobian)
    if not np.isfinite(sse):
        return Minimum(x, residual, jacobian, np.inf, False, 0)
    scale, damping, growth = np.zeros_like(x), 1e-3, 2.0
    for step in range(1, max_steps + 1):
        scale = np.maximum(scale, np.linalg.norm(jacobian, axis=0))
        safe = np.where(scale > 0, scale, 1.0)
        left, singular, right = np.linalg.svd(jacobian / safe, full_matrices=False)
        slope = left.T @ residual
        move = -(right.T @ (singular / (singular**2 + damping) * slope))
        expected = float(np.sum(slope**2 * (1 - (damping / (singular**2 + damping)) ** 2)))
        small = np.linalg.norm(move) <= rtol * (np.linalg.norm(safe * x) + rtol)
        if small or expected <= rtol * sse * 1e-3:
            return Minimum(x, residual, jacobian, sse, True, step)
        trial = x + move / safe
        new_residual, new_jacobian = evaluate(trial)
        new_sse = _sum_of_squares(new_residual, new_jacobian)
        gain = (sse - new_sse) / expected if np.isfinite(new_sse) else -1.0
        if gain > 1e-4:
            x, residual, jacobian, sse = trial, new_residual, new_jacobian, new_sse
            damping, growth = max(damping * max(1 / 3, 1 - (2 * gain - 1) ** 3), 1e-15), 2.0
        else:
            damping, growth = damping * growth, growth * 2
    return Minimum(x, residual, jacobian, sse, False, max_steps)


def _sum_of_squares(residual: np.ndarray, jacobian: np.ndarray) -> float:
    if not (np.all(np.isfinite(residual)) and np.all(np.isfinite(jacobian))):
        return np.inf
    with np.errstate(over="ignore"):
        return float(residual @ residual)
