"""The answer of an ensemble."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from ..base.status import STOPPED, SUCCESS, Status
from ..base.warn import warn
from ..border import Border
from ..loop.observe import observed
from ..spec.solution import Stats

__all__ = ["Ensemble", "Part", "failures", "joined", "saved_of", "solution_of", "summary_of", "warn_of_failures", "ys_names"]

_COUNTS = ("status", "saved", "steps", "rejected", "rhs")


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble:
    """The answer of :func:`universalde.ensemble`: NumPy arrays with one row per trajectory in front.

    ``ts`` has shape ``(N, K)`` and ``ys`` (each leaf) ``(N, K, ...)``, where K is the number of times asked for, 1 if
    only the end was; times that a trajectory did not reach are NaN in ``ys``.  ``t`` and ``y`` are the last point reached,
    ``result`` holds one status per trajectory and ``stats`` the work of each.  ``summary`` is what ``reduce`` made; with it
    ``ts, ys, t, y`` are ``None``, because they were not kept.  ``method`` says which method ran and why.
    """

    ts: Any
    ys: Any
    result: Status
    stats: Stats
    t: Any
    y: Any
    method: str
    summary: Any = None

    def __repr__(self) -> str:
        steps = np.asarray(self.stats.steps)
        return (
            f"Ensemble({len(steps)} trajectories: {self.result.name.replace(' × ', ' ')}; "
            f"{steps.min()} to {steps.max()} steps; {self.method.split(':')[0]})"
        )


class Part(dict):
    """Trajectories as flat arrays: ``t`` (n,), ``y`` (n, size), ``counts`` (n, 5), and the leaves of ``ys``, ``ys0``, ``ys1``, … (n, K, …)

    where they are more than the ends.
    """


def joined(parts: list[Part]) -> Part:
    """Consecutive parts as one."""
    return Part({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}) if len(parts) > 1 else parts[0]


def _counts(part: Part) -> dict:
    return dict(zip(_COUNTS, part["counts"].T, strict=True))


def _ended(status: Any) -> Any:
    return (status == SUCCESS) | (status == STOPPED)


def failures(part: Part) -> int:
    """How many trajectories of a part did not reach their end."""
    return int(np.sum(~_ended(_counts(part)["status"])))


def summary_of(part: Part, times: bool, summary: Any, method: str) -> Ensemble:
    """The answer when trajectories were not kept."""
    counts = _counts(part)
    saved = counts["saved"] if times else np.ones_like(counts["saved"])
    stats = Stats(counts["steps"], counts["rejected"], counts["rhs"], saved)
    return Ensemble(None, None, Status(counts["status"]), stats, None, None, method, summary)


def saved_of(call: Border) -> Any:
    """Shapes of one row of ``ys``: the raveled state, or the tree that ``Save(of=…)`` returns."""
    if call.program.of is None:
        return call.operands.y0
    return jax.eval_shape(lambda o: observed(call.program, o, o.t0, o.y0, o.mode), call.operands)


def solution_of(part: Part, call: Border, saved: Any, method: str) -> Ensemble:
    """A part as a user sees it: time in the user's direction, states as the user's tree, NaN where nothing was reached.

    ``saved`` is a tree like a row of ``ys``.
    """
    program, operands, shape = call.program, call.operands, call.shape
    bare = summary_of(part, program.saving == "times", None, method)
    sign = float(operands.sign)
    t = sign * part["t"]
    leaves = [part[name] for name in ys_names(saved)] if "ys0" in part else [part["y"][:, None]]
    if program.saving == "times":
        ts = np.broadcast_to(sign * operands.ts, (len(t), len(operands.ts)))
    else:
        ts, ended = t[:, None], _ended(bare.result.code)
        leaves = [np.where(_along(ended, x), x, np.nan) for x in leaves]
    ys = jax.tree.unflatten(jax.tree.structure(saved), leaves)
    ys = ys if program.of else shape.unravel(ys)
    return replace(bare, ts=ts, ys=ys, t=t, y=shape.unravel(part["y"]))


def ys_names(saved: Any) -> list[str]:
    """Under which names a part holds the leaves of ``ys``."""
    return [f"ys{k}" for k in range(len(jax.tree.leaves(saved)))]


def _along(rows: Any, x: Any) -> Any:
    return rows.reshape(-1, *(1,) * (x.ndim - 1))


def warn_of_failures(result: Status) -> None:
    """One warning for all trajectories that did not reach their end."""
    codes = np.asarray(result.code)
    failed = np.flatnonzero(~np.asarray(result.ok))
    if len(failed):
        warn(
            f"{len(failed)} of {len(codes)} trajectories did not reach their end, the first is number {failed[0]}: "
            f"{Status(codes[failed]).sentence} What they did not reach is NaN; result.ok says which they are."
        )
