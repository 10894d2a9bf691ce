"""The answer of a solve."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax

from ..base.status import Status

__all__ = ["Solution", "Stats"]


_FIELDS = ("ts", "ys", "result", "stats", "t", "y", "mode", "dense")


class Stats(NamedTuple):
    """Work done: accepted steps, rejected attempts, evaluations of the right-hand side, and rows saved."""

    steps: Any
    rejected: Any
    rhs: Any
    saved: Any


@partial(jax.tree_util.register_dataclass, meta_fields=("method",), data_fields=_FIELDS)
@dataclass(frozen=True, repr=False, eq=False)
class Solution:
    """The answer of a solve; a pytree (a plain dataclass: it is made at every call, and eager calls should be quick).

    ``ts`` (times, in the user's direction) and ``ys`` (states, each leaf with a leading axis over ``ts``); ``result``
    says how the solve ended; ``stats`` what it cost; ``method`` which method ran and why.  ``sol(t)`` is the dense
    solution at a time or an array of times.  ``t`` and ``y`` are the last point reached, ``mode`` what events changed.

    Inside ``jit``, ``vmap`` or ``grad`` with ``saveat=None`` there are ``capacity`` rows; rows past the end repeat the
    last point and ``stats.saved`` counts the rows that hold steps.  With given times, rows not reached are NaN.
    """

    ts: Any
    ys: Any
    result: Status
    stats: Stats
    t: Any
    y: Any
    mode: Any
    method: str
    dense: Any = None

    def __call__(self, t: Any) -> Any:
        """The solution at time ``t`` (a number or an array of times).

        Errors: ``ValueError`` when the solve kept no steps to interpolate between, or for times outside the span.
        """
        if self.dense is None:
            raise ValueError(
                "this solution kept only given times, inside jit, vmap or grad; solve with saveat=None to interpolate, "
                "or ask for the times you need with saveat"
            )
        return self.dense(t)

    def __repr__(self) -> str:
        shape = jax.tree.map(lambda x: tuple(x.shape), self.ys)
        return f"Solution({self.result.name}, steps={self.stats.steps}, ys={shape}, method={self.method.split(':')[0]})"
