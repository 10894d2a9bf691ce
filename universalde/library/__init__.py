"""Standard initial value problems with exact or reference solutions: the problems that tests and benchmarks share.

Example::

    entry = ude.library.pleiades()
    sol = ude.solve(entry.problem, ude.Vern7(), rtol=1e-10, atol=1e-10)
    entry.error(sol.ys[-1]), entry.source

``names()`` lists them, ``load(name, ...)`` makes one by its name, and each name is also a function of this module.
"""

from typing import Any

from . import (  # each registers its problems  # noqa: F401
    attractors,
    circuits,
    detest,
    growth,
    kinetics,
    lines,
    orbits,
    oscillators,
    ozone,
)  # fmt: skip
from .registry import FUNCTIONS, Entry, load, names

__all__ = ["Entry", "load", "names"]


def __getattr__(name: str) -> Any:
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    raise AttributeError(f"there is no problem {name!r} in the library; ude.library.names() lists them")


def __dir__() -> list[str]:
    return [*__all__, *FUNCTIONS]
