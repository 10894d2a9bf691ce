"""What a function does that derivatives cannot pass, or that makes them zero without a word."""

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax.interpreters import partial_eval as pe

__all__ = ["not_smooth"]

CALLS_BACK = ("pure_callback", "io_callback")  # those that return numbers
OWN_RULE = ("custom_jvp_call", "custom_vjp_call")


def not_smooth(function: Callable, t: Any, *arguments: Any) -> str | None:
    """Why derivatives by ``arguments`` do not pass ``function(t, *arguments)``; ``None`` when they do."""
    closed = jax.make_jaxpr(function)(t, *arguments)
    if name := _calls_back(closed.jaxpr):
        return (
            f"calls Python from the compiled program ({name}), which has no derivative: write it in jax.numpy, or give it one with "
            "jax.custom_jvp"
        )
    whole = [not jnp.issubdtype(x.aval.dtype, jnp.inexact) for x in closed.jaxpr.outvars]
    if any(whole) and any(pe.dce_jaxpr(closed.jaxpr, whole)[1][1:]):
        return "returns whole numbers that depend on more than the time, so that every derivative is zero: return floating-point numbers"
    return None


def _calls_back(jaxpr: jex.Jaxpr) -> str | None:
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name in CALLS_BACK:
            return name
        if name in OWN_RULE:
            continue
        for body in jex.jaxprs_in_params(equation.params):
            if found := _calls_back(getattr(body, "jaxpr", body)):
                return found
    return None
