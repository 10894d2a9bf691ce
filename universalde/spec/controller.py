"""What a step-size controller is."""

import abc
from typing import Any, NamedTuple

import jax.numpy as jnp

from ..base.static import Static

__all__ = ["Controller", "Verdict", "mean_square", "rms"]


class Verdict(NamedTuple):
    """Whether a step is accepted, the size to try next, and the controller's own state."""

    accept: Any
    h: Any
    state: Any


def mean_square(x: Any) -> Any:
    """Mean of the squared sizes."""
    return jnp.mean(jnp.square(jnp.abs(x)))


def rms(x: Any) -> Any:
    """Root mean square, the norm in which scaled errors are measured (Hairer, Nørsett & Wanner 1993, eq. II.4.11)."""
    return jnp.sqrt(mean_square(x))


class Controller(Static):
    """Step-size policy: gains and limits (tolerances belong to ``solve``)."""

    @abc.abstractmethod
    def init(self, dtype: Any) -> Any:
        """State at the start."""

    @abc.abstractmethod
    def judge(self, square: Any, h: Any, state: Any, order: int) -> Verdict:
        """Judge a step of size ``h`` whose scaled error has the mean square ``square`` (not finite: reject).

        The norm of the error is the root of it; who compares with 1 or takes a logarithm does not need that root, whose
        latency a small solve would feel at each step.

        ``order`` is the order of the error estimate: errors shrink like ``h ** (order + 1)``.
        """
