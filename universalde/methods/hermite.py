"""Cubic Hermite interpolation, the dense output of methods that bring none of their own."""

from typing import Any

from ..spec.method import Equation
from .tabled import Tabled

__all__ = ["Interpolated"]


class Interpolated(Tabled):
    """A method whose dense output is the cubic through both ends of a step with their slopes, evaluated in steps that are read.

    ``Step.data`` is the pair of the two ends.
    """

    @property
    def completes(self) -> bool:
        return True

    def complete(self, equation: Equation, t: Any, h: Any, data: Any) -> Any:
        y, new = data
        return y, new, h * equation.f(t, y), h * equation.f(t + h, new)

    def dense(self, data: Any, theta: Any) -> Any:
        y, new, first, last = data
        rest = 1 - theta
        return y + theta * (theta * (3 - 2 * theta) * (new - y) + rest * (rest * first - theta * last))
