"""Shadowing on a grid in time, all unknowns at once."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..spec.method import Method
from .flow import Shadowed, checked_count, flow_of
from .least import solve_blocks

__all__ = ["lss"]


def lss(
    problem: Any, objective: Callable, *, points: Any, weight: Any = 10.0, method: Method | None = None, rtol: Any = 1e-8, atol: Any = 1e-8,
    transient: Any = 0.0,
) -> Shadowed:  # fmt: skip
    r"""Least-squares shadowing: the derivative of :math:`\frac1T \int g\,dt` by ``args``.

    Of all tangents :math:`v' = f_y v + f_\theta + \eta f` with a rate of time :math:`\eta`, whatever their start, the one of least
    :math:`\int |v|^2 + \alpha^2 \eta^2\,dt` (``weight`` is :math:`\alpha`) stays near the solution, and

    .. math:: \frac{d\langle g\rangle}{d\theta} = \frac1T \int g_y v + g_\theta + \eta (g - \langle g\rangle)\,dt.

    The trapezoidal rule on ``points`` steps of equal length makes it a symmetric system with n by n blocks on three diagonals: of
    order two in the step, n² numbers for each point in memory.  Other arguments and errors are those of
    :func:`universalde.shadowing.nilss`; nothing about Lyapunov exponents has to be known.  At both ends are layers of length
    :math:`\alpha / |f|` in which time may shift freely: they leave an error like that length divided by T.
    Source: Q. Wang, R. Hu and P. Blonigan, Journal of Computational Physics 267 (2014) 210-224.

    Example: ``ude.shadowing.lss(lorenz, lambda t, y, rho: y[2], points=4000, transient=20.0)``
    """
    flow = flow_of(problem, objective, method, rtol, atol, transient)
    checked_count("points", points, 2)
    if not isinstance(weight, int | float) or not weight > 0:
        raise ValueError(f"weight = {weight!r}; give a number above zero")

    def run(start: Any, p: Any) -> tuple:
        ys = jnp.concatenate([start[None], flow.advanced(start, p, flow.length, points)[0]])
        of_y, of_p = jax.vmap(jax.grad(flow.g, (0, 1)), (0, None))(ys, p)
        v, rate = _shadow(flow.f, ys, p, flow.length / points, weight)
        mean = jnp.full(points + 1, 1 / points, ys.dtype).at[jnp.array([0, -1])].divide(2)
        values = jax.vmap(flow.g, (0, None))(ys, p)
        average = mean @ values
        middle = (values[:-1] + values[1:]) / 2 - average
        return average, mean @ (jnp.einsum("in,inp->ip", of_y, v) + of_p) + middle @ rate / points, jnp.zeros(0, ys.dtype)

    return flow.finished(run)


def _shadow(f: Callable, ys: Any, p: Any, h: float, weight: float) -> tuple[Any, Any]:
    """Tangents at the points, by the multipliers of their equations on the steps, and the rates of time on these."""
    jacobians, by_p = (jax.vmap(jax.jacfwd(f, argument), (0, None))(ys, p) for argument in (0, 1))
    points, one = len(ys) - 1, jnp.eye(ys.shape[1], dtype=ys.dtype) / h
    left, right = -one - jacobians[:-1] / 2, one - jacobians[1:] / 2
    slopes = (ys[1:] - ys[:-1]) / h
    size = jnp.ones((points + 1, 1, 1), ys.dtype).at[jnp.array([0, -1])].set(2)  # one over the weight of a point: half at both ends
    left_turned, right_turned = (jnp.swapaxes(x, 1, 2) for x in (left, right))
    diagonal = size[:-1] * left @ left_turned + size[1:] * right @ right_turned + slopes[:, :, None] * slopes[:, None] / weight**2
    multiplier = solve_blocks(diagonal, left[1:] @ right_turned[:-1], (by_p[:-1] + by_p[1:]) / 2)
    end = jnp.zeros_like(multiplier[:1])
    v = size * (jnp.concatenate([left_turned @ multiplier, end]) + jnp.concatenate([end, right_turned @ multiplier]))
    return v, -jnp.einsum("in,inp->ip", slopes, multiplier) / weight**2
