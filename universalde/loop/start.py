"""The first step size (Hairer, Nørsett & Wanner 1993, II.4)."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from ..spec.method import Equation

__all__ = ["first_step"]


def first_step(
    equation: Equation, t: Any, y: Any, span: Any, rtol: Any, atol: Any, order: int, norm: Callable
) -> tuple[Any, Any]:
    """A step size whose error should be near the tolerance, and whether the right-hand side is finite here."""
    scale = atol + rtol * jnp.abs(y)
    slope = equation.slope if equation.has("slope") else equation.f
    f0 = slope(t, y)
    d0, d1 = norm(y / scale), norm(f0 / scale)
    tiny = 10 * jnp.finfo(scale.dtype).eps * jnp.maximum(jnp.abs(t), span)
    usable = (d0 > 1e-5) & (d1 > 1e-5)
    h0 = jnp.minimum(jnp.where(usable, 0.01 * d0 / jnp.where(usable, d1, 1), 1e-6 * span), span)
    f1 = slope(t + h0, y + h0 * f0)
    d2 = norm((f1 - f0) / scale) / h0
    largest = jnp.maximum(d1, d2)
    steep = largest > 1e-15
    h1 = jnp.where(
        steep, (0.01 / jnp.where(steep, largest, 1)) ** (1 / (order + 1)), jnp.maximum(1e-6 * span, h0 * 1e-3)
    )
    h = jnp.minimum(jnp.minimum(100 * h0, h1), span)
    h = jnp.where(jnp.isfinite(h) & (h > tiny), h, jnp.maximum(1e-6 * span, tiny))
    return h, jnp.all(jnp.isfinite(f0))
