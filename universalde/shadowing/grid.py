"""Shadowing on a grid in time, all unknowns at once."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import solveh_banded

from ..spec.method import Method
from .flow import Shadowed, check_finite, checked_count, flow_of

__all__ = ["lss"]


def lss(
    problem: Any, objective: Callable, *, points: Any, weight: Any = 10.0, method: Method | None = None, rtol: Any = 1e-8, atol: Any = 1e-8,
    transient: Any = 0.0,
) -> Shadowed:  # fmt: skip
    r"""Least-squares shadowing: the derivative of :math:`\frac1T \int g\,dt` by ``args``.

    Of all tangents :math:`v' = f_y v + f_\theta + \eta f` with a rate of time :math:`\eta`, whatever their start, the one of least
    :math:`\int |v|^2 + \alpha^2 \eta^2\,dt` (``weight`` is :math:`\alpha`) stays near the solution, and

    .. math:: \frac{d\langle g\rangle}{d\theta} = \frac1T \int g_y v + g_\theta + \eta (g - \langle g\rangle)\,dt.

    The trapezoidal rule on ``points`` steps of equal length makes it a symmetric system with n by n blocks on three diagonals: of order two in the
    step, n² numbers for each point in memory.  Other arguments and errors are those of :func:`universalde.shadowing.nilss`.
    Source: Q. Wang, R. Hu and P. Blonigan, Journal of Computational Physics 267 (2014) 210-224.

    Example: ``ude.shadowing.lss(lorenz, lambda t, y, rho: y[2], points=4000, transient=20.0)``
    """
    flow = flow_of(problem, objective, method, rtol, atol, transient)
    checked_count("points", points, 2)
    if not isinstance(weight, int | float) or not weight > 0:
        raise ValueError(f"weight = {weight!r}; give a number above zero")
    n, p, h = flow.start.size, flow.p, flow.length / points

    @jax.jit
    def path() -> tuple:
        ys, _ = flow.advanced(flow.start, p, flow.length, points)
        ys = jnp.concatenate([flow.start[None], ys])
        return (
            ys, jax.vmap(jax.jacfwd(flow.f), (0, None))(ys, p), jax.vmap(jax.jacfwd(flow.f, 1), (0, None))(ys, p),
            jax.vmap(flow.g, (0, None))(ys, p), *jax.vmap(jax.grad(flow.g, (0, 1)), (0, None))(ys, p),
        )  # fmt: skip

    ys, jacobians, by_p, values, of_y, of_p = (np.asarray(x) for x in path())
    check_finite(ys, jacobians)
    one = np.eye(n) / h
    left, right = -one - jacobians[:-1] / 2, one - jacobians[1:] / 2
    source, slopes = (by_p[:-1] + by_p[1:]) / 2, (ys[1:] - ys[:-1]) / h
    diagonal = left @ left.transpose(0, 2, 1) + right @ right.transpose(0, 2, 1) + slopes[:, :, None] * slopes[:, None] / weight**2
    below = left[1:] @ right[:-1].transpose(0, 2, 1)
    multiplier = solveh_banded(_banded(diagonal, below), source.reshape(points * n, -1), lower=True).reshape(points, n, -1)
    v = np.zeros((points + 1, n, p.size))
    v[:-1] += left.transpose(0, 2, 1) @ multiplier
    v[1:] += right.transpose(0, 2, 1) @ multiplier
    rate = -np.einsum("in,inp->ip", slopes, multiplier) / weight**2
    mean = np.full(points + 1, 1 / points)
    mean[[0, -1]] /= 2
    average = mean @ values
    middle = (values[:-1] + values[1:]) / 2 - average
    return flow.result(average, mean @ (np.einsum("in,inp->ip", of_y, v) + of_p) + middle @ rate / points, np.zeros(0))


def _banded(diagonal: Any, below: Any) -> Any:
    """The lower half of a symmetric matrix of blocks on three diagonals, as LAPACK stores bands."""
    count, n, _ = diagonal.shape
    columns = np.zeros((count, 2 * n, n))
    columns[:, :n] = diagonal
    columns[:-1, n:] = below
    band = np.zeros((2 * n, count, n))
    for k in range(n):  # of each block column, moved up so that the diagonal comes first
        band[: 2 * n - k, :, k] = columns[:, k:, k].T
    return band.reshape(2 * n, count * n)
