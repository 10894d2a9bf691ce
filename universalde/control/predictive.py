"""Control by an extrapolation of the error, for implicit methods."""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp

from ..base.powers import log2
from .logarithmic import Logarithmic

__all__ = ["Predictive"]

FAR = 1e3  # logarithm of an error before the first step, so large that nothing is predicted from it


class Memory(NamedTuple):
    """Logarithms of the error and the size of the step before."""

    error: Any
    h: Any


class Predictive(Logarithmic):
    r"""Step-size control by the trend of the error (Gustafsson 1994), the usual choice for implicit methods.

    With the errors :math:`\epsilon_n`, the sizes :math:`h_n`, the safety factor :math:`s` and
    :math:`k = \text{order of the estimate} + 1`:

    .. math:: \frac{h_{n+1}}{h_n} = s\,\epsilon_n^{-1/k} \min\Bigl(1, \frac{h_n}{h_{n-1}}
        \Bigl(\frac{\epsilon_{n-1}}{\epsilon_n}\Bigr)^{1/k}\Bigr)

    between ``smallest`` and ``largest``: the coefficient :math:`\epsilon_n/h_n^k` is taken to go on changing as it did, so
    that steps shrink before the error is too large.  Where it falls the elementary controller :class:`I` is kept.
    ``floor`` is the least error that is remembered, so that an accidental small one does not make the next step careful.
    Errors: ``ValueError`` for limits that make no sense.
    Sources: Gustafsson, ACM Transactions on Mathematical Software 20, 1994, 496-517; Hairer & Wanner, Solving Ordinary
    Differential Equations II, 1996, eq. IV.8.25.

    Example: ``ude.solve(problem, controller=ude.Predictive())``
    """

    floor: float = 1e-2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.floor <= 1:
            raise ValueError(f"Predictive(floor={self.floor}): the least error remembered lies between 0 and 1")

    def init(self, h: Any) -> Any:
        return Memory(jnp.full_like(h, FAR), log2(h))

    def exponent(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        trend = log2(h) - state.h + (state.error - size) / k
        return math.log2(self.safety) - size / k + jnp.minimum(trend, 0)

    def remember(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        return Memory(jnp.maximum(size, math.log2(self.floor)), log2(h))
