"""The solution between the steps, as SciPy gives it."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

__all__ = ["OdeSolution"]


class OdeSolution:
    """The solution between the steps: ``sol(t)`` is ``(n,)`` for a number and ``(n, len(t))`` for a vector of times.

    ``ts`` are the steps, ``t_min`` and ``t_max`` the ends.  Errors: ``ValueError`` for times outside.
    """

    def __init__(self, ts: Any, dense: Callable):
        self.ts, self.t_min, self.t_max = ts, float(np.min(ts)), float(np.max(ts))
        self._dense = dense

    def __call__(self, t: Any) -> Any:
        times = np.asarray(t, float)
        if times.ndim > 1:
            raise ValueError(f"sol(t) takes a number or a vector of times; t has shape {times.shape}")
        if times.size == 0:
            return np.empty((self(self.t_min).size, 0))
        slack = 16 * np.finfo(float).eps * max(abs(self.t_min), abs(self.t_max))
        if not (times.min() >= self.t_min - slack and times.max() <= self.t_max + slack):
            raise ValueError(f"sol(t) was asked for t = {t}; this solution covers {self.t_min:g} to {self.t_max:g}")
        # the number of times is rounded up to a power of two, so that few sizes are compiled
        padded = np.full(1 << (times.size - 1).bit_length(), times.flat[-1])
        padded[: times.size] = times.reshape(-1)
        with jax.enable_x64(True):
            rows = np.asarray(self._dense(padded))[: times.size]
        return rows.T if times.ndim else rows[0]
