"""What controllers share that choose the next size by powers of the error: arithmetic on logarithms, and limits."""

import abc
import math
from dataclasses import field
from typing import Any

import jax
import jax.numpy as jnp

from ..base.powers import exp2, log2
from ..spec.controller import Controller, Verdict

__all__ = ["SMALL", "Logarithmic", "check_gains"]

NEGLIGIBLE, SMALL = 1e-10, 1e-4  # errors below count as this when the next step is chosen, and when it is remembered


class Logarithmic(Controller):
    r"""A controller whose factor for the step size is a product of powers.

    ``safety`` :math:`s` is the set point: the error settles at :math:`s^k`, with :math:`k` the order of the error estimate
    plus one.  The factor stays between ``smallest`` and ``largest``.  A step is accepted when the norm of its error
    :math:`\epsilon \le 1`; after a rejection :math:`h \leftarrow h\,\max(s\,\epsilon^{-1/k}, \text{smallest})`.
    """

    safety: float = field(default=0.9, kw_only=True)
    smallest: float = field(default=0.2, kw_only=True)
    largest: float = field(default=10.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 < self.smallest < 1 < self.largest and 0 < self.safety <= 1):
            raise ValueError(
                f"{type(self).__name__}(smallest={self.smallest}, largest={self.largest}, safety={self.safety}): needs "
                "0 < smallest < 1 < largest and 0 < safety <= 1"
            )

    @abc.abstractmethod
    def exponent(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        """Logarithm (base 2) of the factor after an accepted step; ``size`` is the logarithm of its error's norm."""

    @abc.abstractmethod
    def remember(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        """State after an accepted step."""

    def judge(self, square: Any, h: Any, state: Any, order: Any) -> Verdict:
        finite, accept = jnp.isfinite(square), square <= 1
        bounded = jnp.where(square > NEGLIGIBLE**2, square, NEGLIGIBLE**2)
        size = log2(jnp.where(finite, bounded, 1)) / 2
        held = self.exponent(size, h, state, order + 1)
        retry = math.log2(self.safety) - size / (order + 1)
        lowest, highest = math.log2(self.smallest), jnp.where(accept, math.log2(self.largest), 0.0)
        exponent = jnp.clip(jnp.where(accept, held, retry), lowest, highest)
        factor = exp2(jnp.where(finite, exponent, lowest))
        h_next, kept = h * factor, self.remember(size, h, state, order + 1)
        return Verdict(accept, h_next, jax.tree.map(lambda new, old: jnp.where(accept, new, old), kept, state))


def check_gains(controller: Controller, **gains: Any) -> None:
    """Gains are not negative, and not all zero: an error could not make steps smaller."""
    if min(gains.values()) < 0 or max(gains.values()) == 0:
        given = ", ".join(f"{name}={value}" for name, value in gains.items())
        raise ValueError(f"{type(controller).__name__}({given}): gains are not negative, and one of them is positive")
