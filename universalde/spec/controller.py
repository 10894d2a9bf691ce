"""What a step-size controller is."""

import abc
import math
import numbers
from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, NamedTuple

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
    """Step-size policy: norm, limits and, in each class, gains (tolerances belong to ``solve``).

    ``norm(errors) -> number`` measures the scaled errors, arranged like the state; a step is accepted when it is at most 1.
    ``None`` is the root mean square.  ``hmin`` and ``hmax`` are the least and the largest step size, in units of time and
    positive in both directions of time; new numbers for ``hmax`` compile nothing anew, and it may be a function ``(t, y,
    args) -> largest step``, asked at the start of every step (a CFL condition, a traced number).  A step may be shorter than
    ``hmin`` only to end exactly where it has to: at the end of the span, a stop, an event.  A step that fails at ``hmin``
    ends the solve.
    """

    needs_dt0: ClassVar[bool] = False
    follows: ClassVar[bool] = True  # takes the size that a method proposes

    norm: Callable | None = field(default=None, kw_only=True)
    hmin: float = field(default=0.0, kw_only=True)
    hmax: Any = field(default=math.inf, kw_only=True)

    def __post_init__(self) -> None:
        name = type(self).__name__
        if self.norm is not None and not callable(self.norm):
            raise TypeError(f"{name}(norm={self.norm!r}): write a function of the scaled errors that returns one number")
        if not _is_number(self.hmin) or not 0 <= self.hmin < math.inf:
            raise ValueError(f"{name}(hmin={self.hmin!r}): the least step size is a finite number that is not negative")
        if callable(self.hmax):
            return
        if not _is_number(self.hmax) or not self.hmax > 0:
            raise ValueError(
                f"{name}(hmax={self.hmax!r}): the largest step size is a positive number, or a function (t, y, args) -> "
                "number; an array or a traced number goes through such a function"
            )
        if self.hmin > self.hmax:
            raise ValueError(f"{name}(hmin={self.hmin}, hmax={self.hmax}): no step size is left; needs hmin <= hmax")

    @abc.abstractmethod
    def init(self, h: Any) -> Any:
        """State at the start; ``h`` is the first step size."""

    @abc.abstractmethod
    def judge(self, square: Any, h: Any, state: Any, order: Any) -> Verdict:
        """Judge a step of size ``h`` whose scaled error has the mean square ``square`` (not finite: reject).

        The norm of the error is the root of it; who compares with 1 or takes a logarithm does not need that root, whose
        latency a small solve would feel at each step.

        ``order`` is the order of the error estimate: errors shrink like ``h ** (order + 1)``.
        """


def _is_number(x: Any) -> bool:
    return isinstance(x, numbers.Real) and not isinstance(x, bool)
