"""Cubic Hermite interpolation, the dense output of methods that bring none of their own."""

from typing import Any

from ..spec.method import Equation

__all__ = ["hermite", "with_slopes"]


def with_slopes(equation: Equation, t: Any, h: Any, data: Any) -> Any:
    """Both ends of a step with their slopes, which are evaluated here."""
    y, new = data
    return y, new, h * equation.f(t, y), h * equation.f(t + h, new)


def hermite(data: Any, theta: Any) -> Any:
    """The cubic through both ends with their slopes, at the fraction ``theta`` of the step."""
    y, new, first, last = data
    rest = 1 - theta
    return y + theta * (theta * (3 - 2 * theta) * (new - y) + rest * (rest * first - theta * last))
