"""Events with SciPy's attributes.

An event that stops the solve at its first occurrence is one of the loop; all others are found afterwards, in NumPy, by
changes of sign from step to step, as SciPy finds them.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq

from ..base.numpy_calls import check_trace, on_arrays
from ..spec.event import Event
from .arguments import filled, joined, name_of
from .dense import OdeSolution

__all__ = ["Watched", "as_list", "cut_at", "occurrences", "stops", "watch"]


class Watched(NamedTuple):
    """An event of the user: its function in NumPy, its direction along the solve, and at which occurrence to stop."""

    value: Callable
    direction: float
    terminal: float


def as_list(events: Any) -> Sequence:
    return (events,) if callable(events) else events


def watch(event: Any, args: tuple) -> Watched:
    terminal = getattr(event, "terminal", None)
    if terminal is None or terminal is False or terminal == 0:
        count = math.inf
    elif isinstance(terminal, int | np.integer | np.bool_) and terminal > 0:
        count = int(terminal)
    else:
        raise ValueError(
            f"an event has terminal = {terminal!r}; give True, False, or at which occurrence to stop (1, 2, …)"
        )
    return Watched(lambda t, y: float(np.asarray(event(t, y, *args)).item()), getattr(event, "direction", 0), count)


def stops(events: Any, watched: list[Watched], fixed: tuple, span: tuple, start: tuple) -> tuple[Event, ...]:
    """The events that stop the solve at once, as the loop takes them."""
    found = []
    for event, seen in zip(as_list(events) if watched else (), watched, strict=True):
        if seen.terminal != 1:
            continue
        when = _when(event, fixed)
        check_trace(lambda t, y, _, seen=seen: seen.value(t, y), when, start, name_of(event))
        # SciPy's direction follows the solve, ours the time
        found.append(Event(when, direction=int(np.sign(seen.direction) * np.sign(span[1] - span[0]))))
    return tuple(found)


def _when(event: Callable, fixed: tuple) -> Callable:
    traced = on_arrays(event)
    return lambda t, y, varying: jnp.reshape(filled(traced(t, y, *joined(varying, fixed))), ())


def occurrences(
    watched: list[Watched], ts: Any, ys: Any, sol: OdeSolution, stopped: bool
) -> tuple[list[Any], float | None]:
    """The times of each event, and the time of the one that ended the solution (``None``: none did)."""
    values = [np.array([event.value(t, y) for t, y in zip(ts, ys, strict=True)]) for event in watched]
    if stopped:  # the loop ended on a root, where rounding may leave either sign
        values[_which_stopped(watched, values)][-1] = 0.0
    times = [_roots(event, row, ts, sol) for event, row in zip(watched, values, strict=True)]
    ends = [
        found[int(event.terminal) - 1]
        for event, found in zip(watched, times, strict=True)
        if len(found) >= event.terminal
    ]
    if not ends:
        return times, None
    cut = min(ends, key=lambda t: abs(t - ts[0]))
    return [found[np.abs(found - ts[0]) <= abs(cut - ts[0])] for found in times], cut


def _which_stopped(watched: list[Watched], values: list[Any]) -> int:
    """The event that comes closest to its root over the last step."""

    def left(k: int) -> float:
        before, last = values[k][-2:]
        right_way = watched[k].direction * -before >= 0
        return abs(last) / max(abs(before), 1e-300) if right_way else math.inf

    return min((k for k, event in enumerate(watched) if event.terminal == 1), key=left)


def _roots(event: Watched, values: Any, ts: Any, sol: OdeSolution) -> Any:
    """Times at which the event's function changes its sign in its direction, each within one step of the solve."""
    roots = []
    for k in np.flatnonzero((values[:-1] * values[1:] < 0) | ((values[:-1] != 0) & (values[1:] == 0))):
        if event.direction * -values[k] < 0:
            continue
        if values[k + 1] == 0:
            roots.append(ts[k + 1])
        else:
            eps = 4 * np.finfo(float).eps
            roots.append(brentq(lambda t: event.value(t, sol(t)), ts[k], ts[k + 1], xtol=eps, rtol=eps))
    return np.array(roots)


def cut_at(ts: Any, ys: Any, sol: OdeSolution, end: float) -> tuple[Any, Any]:
    """The steps before ``end``, and the point there."""
    keep = np.abs(ts - ts[0]) < abs(end - ts[0])
    last = ys[-1] if end == ts[-1] else sol(end)
    return np.append(ts[keep], end), np.concatenate([ys[keep], last[None]])
