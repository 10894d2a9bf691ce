"""What an entry of the library is, and the list of them."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..spec.problem import ODE, Problem
from .ends import ENDS
from .stiff_ends import AGREED

__all__ = ["FUNCTIONS", "Entry", "load", "names", "ode", "register", "stiff_ode"]

FUNCTIONS: dict[str, Callable[..., "Entry"]] = {}
TAGS: dict[str, tuple[str, ...]] = {}
DIGITS = 15  # of the values in ends.py


@dataclass(frozen=True, eq=False)
class Entry:
    """A problem and what is known of its solution.

    ``problem`` is an ODE whose arrays have JAX's default precision; ``source`` the paper it is from.  ``exact(t)`` is the
    exact solution, ``None`` where there is no formula; ``end`` the solution at the end of the span, to ``digits`` decimal
    digits (``None`` for parameters without a stored value); ``invariants`` are functions of the state that stay constant.

    ``tags`` say what kind it is: ``"nonstiff"`` or ``"stiff"``, and ``"dae"`` for a singular mass matrix.  Stiff problems also have
    ``states``, the solution at some times, and ``small``: components below this size are noise, so that ``atol = rtol * small`` is a
    sensible choice.
    """

    name: str
    about: str
    source: str
    problem: Problem
    exact: Callable[[float], Any] | None = None
    end: Any = None
    digits: int | None = None
    invariants: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    states: Mapping[float, Any] = field(default_factory=dict)
    small: float | None = None

    def error(self, y: Any) -> float:
        """Greatest deviation of ``y`` from ``end``.

        It is relative to the largest entry of ``end`` and the initial state; in stiff problems, whose components differ by many powers
        of ten, each deviation is relative to its own component, or to ``small`` where that is larger.
        Errors: ``ValueError`` when no end is known.
        """
        if self.end is None:
            raise ValueError(f"{self.name} has no reference for these parameters; its default parameters have one")
        size = max(np.max(np.abs(self.end)), np.max(np.abs(np.asarray(self.problem.y0))))
        if self.small is not None:
            size = np.maximum(np.abs(self.end), self.small)
        return float(np.max(np.abs(np.asarray(y) - self.end) / size))


def ode(f: Callable, y0: Any, end: float | int, args: Any = None) -> Problem:
    """The problem on ``(0, end)`` with arrays of JAX's default precision."""
    return ODE(f, jnp.asarray(y0, float), (0.0, float(end)), args)


def stiff_ode(f: Callable, y0: Any, span: tuple, args: Any = None, **slots: Any) -> Problem:
    """The problem on ``span`` with arrays of JAX's default precision, and what else implicit methods are told."""
    return ODE(f, jnp.asarray(y0, float), (float(span[0]), float(span[1])), args, **slots)


def register(about: str, source: str, tags: tuple[str, ...] = ("nonstiff",)) -> Callable:
    """A function that returns the parts of an entry becomes one that returns the entry, and is listed.

    The stored end belongs to the default parameters, so it is given to calls without arguments only.  A function whose parts name
    their ``states`` has done that itself, and its end is the state at the end of the span.
    """

    def wrap(make: Callable[..., dict]) -> Callable[..., Entry]:
        name = make.__name__

        @functools.wraps(make)
        def entry(*args: Any, **keywords: Any) -> Entry:
            parts = make(*args, **keywords)
            if "states" in parts:
                parts["states"] = {t: np.array(y).reshape(np.shape(parts["problem"].y0)) for t, y in parts["states"].items()}
                parts["end"] = parts["states"].get(parts["problem"].tspan[1])
                parts["digits"] = None if parts["end"] is None else AGREED[name]
            elif "exact" in parts:
                parts["end"] = np.asarray(parts["exact"](parts["problem"].tspan[1]))
            elif name in ENDS and not (args or keywords):
                parts["end"] = np.array(ENDS[name])
            digits = DIGITS if "end" in parts else None
            return Entry(name=name, about=about, source=source, tags=tags, **{"digits": digits, **parts})

        entry.__doc__ = f"{about}\n\n    {(make.__doc__ or '').strip()}\n\n    Source: {source}\n    "
        FUNCTIONS[name], TAGS[name] = entry, tags
        return entry

    return wrap


def names(tag: str | None = None) -> tuple[str, ...]:
    """The names of all problems, or of those with a tag: ``"nonstiff"``, ``"stiff"``, ``"dae"``."""
    return tuple(name for name in FUNCTIONS if tag is None or tag in TAGS[name])


def load(name: str, *args: Any, **keywords: Any) -> Entry:
    """The problem of a name.  Errors: ``KeyError`` for an unknown name.

    Example: ``ude.library.load("kepler", eccentricity=0.3)``
    """
    if name not in FUNCTIONS:
        raise KeyError(f"there is no problem {name!r} in the library; there are {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name](*args, **keywords)
