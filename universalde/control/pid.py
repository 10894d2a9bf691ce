"""Control by three errors and the last sizes: digital filters."""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp

from ..base.powers import log2
from .logarithmic import Logarithmic

__all__ = ["FILTERS", "PID"]

# Gains (beta times k) on the last three errors, and (alpha) on the last two ratios of sizes: Söderlind 2003, table III.
FILTERS: dict[str, tuple[tuple[float, float, float], tuple[float, float]]] = {
    "H211b": ((1 / 4, 1 / 4, 0.0), (1 / 4, 0.0)),
    "H211PI": ((1 / 6, 1 / 6, 0.0), (0.0, 0.0)),
    "H0211": ((1 / 2, 1 / 2, 0.0), (1 / 2, 0.0)),
    "H312b": ((1 / 8, 2 / 8, 1 / 8), (3 / 8, 1 / 8)),
    "H312PID": ((1 / 18, 1 / 9, 1 / 18), (0.0, 0.0)),
    "H0312": ((1 / 4, 1 / 2, 1 / 4), (3 / 4, 1 / 4)),
    "H0321": ((5 / 4, 1 / 2, -3 / 4), (-1 / 4, -3 / 4)),
    "H321": ((1 / 3, 1 / 18, -5 / 18), (-5 / 6, -1 / 6)),
}


class Memory(NamedTuple):
    """Logarithms of the last two errors over the set point and of the last two accepted sizes; ``begun``: there are some."""

    errors: tuple[Any, Any]
    sizes: tuple[Any, Any]
    begun: Any


class PID(Logarithmic):
    r"""Step-size control by the last three errors and sizes (Söderlind 2003).

    With the errors :math:`\epsilon_n`, the sizes :math:`h_n`, the set point :math:`\tau = s^k` (``safety`` :math:`s`) and
    :math:`k = \text{order of the estimate} + 1`:

    .. math:: \frac{h_{n+1}}{h_n} = \Bigl(\frac{\tau}{\epsilon_n}\Bigr)^{\beta_1/k}
        \Bigl(\frac{\tau}{\epsilon_{n-1}}\Bigr)^{\beta_2/k} \Bigl(\frac{\tau}{\epsilon_{n-2}}\Bigr)^{\beta_3/k}
        \Bigl(\frac{h_n}{h_{n-1}}\Bigr)^{-\alpha_2} \Bigl(\frac{h_{n-1}}{h_{n-2}}\Bigr)^{-\alpha_3}

    between ``smallest`` and ``largest``.  ``beta`` and ``alpha`` default to H321 = ``PID((1/3, 1/18, -5/18), (-5/6, -1/6))``,
    which refuses the fewest steps of Söderlind's filters; :meth:`named` gives the others.  The first step is followed by
    one of the controller :class:`I`.
    Errors: ``ValueError`` for gains or limits that make no sense.
    Source: Söderlind, Digital filters in adaptive time-stepping, ACM Transactions on Mathematical Software 29, 2003, 1-26.

    Example: ``ude.solve(problem, controller=ude.PID.named("H312b"))``
    """

    beta: tuple[float, float, float] = FILTERS["H321"][0]
    alpha: tuple[float, float] = FILTERS["H321"][1]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, gains, count in (("beta", self.beta, 3), ("alpha", self.alpha, 2)):
            if not isinstance(gains, tuple) or len(gains) != count:
                raise ValueError(f"PID({name}={gains!r}): give a tuple of {count} numbers, zeros for gains not used")
        if not sum(self.beta) > 0:
            raise ValueError(
                f"PID(beta={self.beta}): the gains on the errors must have a positive sum, else steps do not shrink when "
                "errors grow"
            )

    @classmethod
    def named(cls, name: str, **limits: Any) -> "PID":
        """One of Söderlind's filters: H211b, H211PI, H0211, H312b, H312PID, H0312, H0321, H321.

        In the name Hpqr are the orders of dynamics, of adaptivity and of the low-pass filter: a larger last digit makes
        smoother sequences of sizes, and a 0 in front a faster answer.

        Errors: ``ValueError`` for a name that is none of them.
        """
        if name not in FILTERS:
            raise ValueError(f"PID.named({name!r}): no filter has this name; there are {', '.join(FILTERS)}")
        return cls(*FILTERS[name], **limits)

    def init(self, h: Any) -> Any:
        zero = jnp.zeros_like(h)
        return Memory((zero, zero), (zero, zero) if any(self.alpha) else (), jnp.bool_(False))

    def exponent(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        errors, sizes = self._history(size, h, state, k)
        total = sum(gain / k * error for gain, error in zip(self.beta, errors, strict=True) if gain)
        ratios = [new - old for new, old in zip(sizes, sizes[1:], strict=False)]
        total += sum(gain * ratio for gain, ratio in zip(self.alpha, ratios, strict=False) if gain)
        return jnp.where(state.begun, -total, -errors[0] / k)

    def remember(self, size: Any, h: Any, state: Any, k: Any) -> Any:
        errors, sizes = self._history(size, h, state, k)
        return Memory(errors[:2], sizes[:2], jnp.bool_(True))

    def _history(self, size: Any, h: Any, state: Any, k: int) -> tuple[tuple, tuple]:
        """Logarithms of three errors over the set point and of three sizes, newest first; before the start all alike."""
        error = size - k * math.log2(self.safety)
        now = log2(h)
        sizes = (now, *(jnp.where(state.begun, old, now) for old in state.sizes)) if state.sizes else ()
        return (error, *(jnp.where(state.begun, old, error) for old in state.errors)), sizes
