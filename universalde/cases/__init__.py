"""The scientific cases: each a module that reads like the science."""

import importlib
from typing import Any

__all__ = ["NAMES", "load", "summary"]

_CASES = {
    "hudson-bay": "the real lynx and hare record of 1900 to 1920: both interaction terms found in data",
    "lotka-volterra": "a predator and its prey, both interactions unknown, noisy data over half a period",
    "covid-seir": "an epidemic whose law of exposure is unknown, beside a pure neural ODE that cannot extrapolate",
}
NAMES = tuple(_CASES)


def summary(name: str) -> str:
    """One line about a case."""
    return _CASES[name]


def load(name: str, seed: int = 0) -> Any:
    """The study of a case; ``seed`` sets noise (where data are made) and the network's start.  ``KeyError`` if unknown."""
    if name not in _CASES:
        raise KeyError(f"there is no case {name!r}; the cases are {', '.join(NAMES)}")
    return importlib.import_module(f"universalde.cases.{name.replace('-', '_')}").study(seed)
