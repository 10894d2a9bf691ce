"""Which arguments a function looks at."""

from collections.abc import Callable
from typing import Any

import jax
from jax.interpreters import partial_eval as pe

__all__ = ["looks_at"]


def looks_at(function: Callable, *arguments: Any) -> list[bool]:
    """For each argument (an array) whether the results of ``function`` depend on it."""
    closed = jax.make_jaxpr(function)(*arguments)
    return pe.dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars))[1]
