"""Proportional–integral step-size control."""

import math
from typing import Any

import jax.numpy as jnp

from ..base.powers import exp2, log2
from ..spec.controller import Controller, Verdict

__all__ = ["PI"]

NEGLIGIBLE, SMALL = 1e-10, 1e-4  # errors below count as this when the next step is chosen, and when it is remembered


class PI(Controller):
    r"""Step-size control by the last two errors (Gustafsson 1991).

    With the norm :math:`\epsilon` of the scaled error, its predecessor :math:`\epsilon_-`, the safety factor :math:`s` and
    :math:`k = \text{order of the estimate} + 1`:

    .. math:: h \leftarrow h \cdot \operatorname{clip}\bigl((s^k/\epsilon)^{k_I/k} (\epsilon_-/\epsilon)^{k_P/k},
        \text{smallest}, \text{largest}\bigr)

    so that the error settles at :math:`s^k`.  A step is accepted when :math:`\epsilon \le 1`; after a rejection
    :math:`h \leftarrow h \cdot s\,\epsilon^{-1/k}`.
    Errors: ``ValueError`` for gains or limits that make no sense.
    """

    integral: float = 0.7
    proportional: float = 0.4
    safety: float = 0.9
    smallest: float = 0.2
    largest: float = 10.0

    def __post_init__(self) -> None:
        if not (0 < self.smallest < 1 < self.largest and 0 < self.safety <= 1):
            raise ValueError(
                f"PI(smallest={self.smallest}, largest={self.largest}, safety={self.safety}): needs "
                "0 < smallest < 1 < largest and 0 < safety <= 1"
            )
        if self.integral < 0 or self.proportional < 0 or self.integral + self.proportional == 0:
            raise ValueError(f"PI(integral={self.integral}, proportional={self.proportional}): gains are not negative")

    def init(self, dtype: Any) -> Any:
        return jnp.asarray(math.log2(SMALL), dtype)

    def judge(self, square: Any, h: Any, state: Any, order: int) -> Verdict:
        finite, accept = jnp.isfinite(square), square <= 1
        bounded = jnp.where(square > NEGLIGIBLE**2, square, NEGLIGIBLE**2)
        size = log2(jnp.where(finite, bounded, 1)) / 2
        both, last = (self.integral + self.proportional) / (order + 1), self.proportional / (order + 1)
        held = self.integral * math.log2(self.safety) - both * size + last * state
        retry = math.log2(self.safety) - size / (order + 1)
        lowest, highest = math.log2(self.smallest), jnp.where(accept, math.log2(self.largest), 0.0)
        exponent = jnp.clip(jnp.where(accept, held, retry), lowest, highest)
        factor = exp2(jnp.where(finite, exponent, lowest))
        return Verdict(accept, h * factor, jnp.where(accept, jnp.maximum(size, math.log2(SMALL)), state))
