"""Control by the last error (I), and by the last two (PI)."""

import math
from typing import Any

import jax.numpy as jnp

from .logarithmic import SMALL, Logarithmic, check_gains

__all__ = ["I", "PI"]


class I(Logarithmic):  # noqa: E742 - the field's name for it
    r"""Step-size control by the last error alone: the elementary, or integral, controller.

    With the norm :math:`\epsilon` of the scaled error, the safety factor :math:`s` and
    :math:`k = \text{order of the estimate} + 1`:

    .. math:: h \leftarrow h \cdot \operatorname{clip}\bigl((s^k/\epsilon)^{k_I/k}, \text{smallest}, \text{largest}\bigr)

    The classical formula is :math:`k_I = 1`.  It answers every change at once, so where stability limits the step, sizes
    swing and steps are rejected; a gain below 1 is calmer.
    Errors: ``ValueError`` for a gain or limits that make no sense.
    Source: Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, 1993, eq. II.4.12.

    Example: ``ude.solve(problem, controller=ude.I())``
    """

    integral: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_gains(self, integral=self.integral)

    def init(self, h: Any) -> Any:
        return ()

    def exponent(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        return self.integral * (math.log2(self.safety) - size / k)

    def remember(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        return ()


class PI(Logarithmic):
    r"""Step-size control by the last two errors (Gustafsson 1991).

    With the norm :math:`\epsilon` of the scaled error, its predecessor :math:`\epsilon_-`, the safety factor :math:`s` and
    :math:`k = \text{order of the estimate} + 1`:

    .. math:: h \leftarrow h \cdot \operatorname{clip}\bigl((s^k/\epsilon)^{k_I/k} (\epsilon_-/\epsilon)^{k_P/k},
        \text{smallest}, \text{largest}\bigr)

    so that the error settles at :math:`s^k`.  A step is accepted when :math:`\epsilon \le 1`; after a rejection
    :math:`h \leftarrow h \cdot s\,\epsilon^{-1/k}`.
    Errors: ``ValueError`` for gains or limits that make no sense.
    Source: Gustafsson, ACM Transactions on Mathematical Software 17, 1991, 533-554.

    Example: ``ude.solve(problem, controller=ude.PI(0.4, 0.3, safety=0.95, hmax=0.1))``
    """

    integral: float = 0.7
    proportional: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_gains(self, integral=self.integral, proportional=self.proportional)

    def init(self, h: Any) -> Any:
        return jnp.asarray(math.log2(SMALL), h.dtype)

    def exponent(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        both, last = (self.integral + self.proportional) / k, self.proportional / k
        return self.integral * math.log2(self.safety) - both * size + last * state

    def remember(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        return jnp.maximum(size, math.log2(SMALL))
