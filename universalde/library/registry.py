"""What an entry of the library is, and the list of them."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..spec.problem import ODE, Problem
from .ends import ENDS

__all__ = ["FUNCTIONS", "Entry", "load", "names", "ode", "register"]

FUNCTIONS: dict[str, Callable[..., "Entry"]] = {}
DIGITS = 15  # of the values in ends.py


@dataclass(frozen=True, eq=False)
class Entry:
    """A problem and what is known of its solution.

    ``problem`` is an ODE whose arrays have JAX's default precision; ``source`` the paper it is from.  ``exact(t)`` is the
    exact solution, ``None`` where there is no formula; ``end`` the solution at the end of the span, to ``digits`` decimal
    digits (``None`` for parameters without a stored value); ``invariants`` are functions of the state that stay constant.
    """

    name: str
    about: str
    source: str
    problem: Problem
    exact: Callable[[float], Any] | None = None
    end: Any = None
    digits: int | None = None
    invariants: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def error(self, y: Any) -> float:
        """Greatest deviation of ``y`` from ``end``, relative to the largest entry of ``end`` and the initial state.

        Errors: ``ValueError`` when no end is known.
        """
        if self.end is None:
            raise ValueError(f"{self.name} has no reference for these parameters; its default parameters have one")
        size = max(np.max(np.abs(self.end)), np.max(np.abs(np.asarray(self.problem.y0))))
        return float(np.max(np.abs(np.asarray(y) - self.end)) / size)


def ode(f: Callable, y0: Any, end: float | int, args: Any = None) -> Problem:
    """The problem on ``(0, end)`` with arrays of JAX's default precision."""
    return ODE(f, jnp.asarray(y0, float), (0.0, float(end)), args)


def register(about: str, source: str) -> Callable:
    """A function that returns the parts of an entry becomes one that returns the entry, and is listed.

    The stored end belongs to the default parameters, so it is given to calls without arguments only.
    """

    def wrap(make: Callable[..., dict]) -> Callable[..., Entry]:
        name = make.__name__

        @functools.wraps(make)
        def entry(*args: Any, **keywords: Any) -> Entry:
            parts = make(*args, **keywords)
            if "exact" in parts:
                parts["end"] = np.asarray(parts["exact"](parts["problem"].tspan[1]))
            elif name in ENDS and not (args or keywords):
                parts["end"] = np.array(ENDS[name])
            digits = DIGITS if "end" in parts else None
            return Entry(name=name, about=about, source=source, **{"digits": digits, **parts})

        entry.__doc__ = f"{about}\n\n    {(make.__doc__ or '').strip()}\n\n    Source: {source}\n    "
        FUNCTIONS[name] = entry
        return entry

    return wrap


def names() -> tuple[str, ...]:
    """The names of all problems."""
    return tuple(FUNCTIONS)


def load(name: str, *args: Any, **keywords: Any) -> Entry:
    """The problem of a name.  Errors: ``KeyError`` for an unknown name.

    Example: ``ude.library.load("kepler", eccentricity=0.3)``
    """
    if name not in FUNCTIONS:
        raise KeyError(f"there is no problem {name!r} in the library; there are {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name](*args, **keywords)
