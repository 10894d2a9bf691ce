"""Which method, when the user names none."""

from typing import Any

from .methods.rows import ROWS, Tsit5
from .spec.controller import Controller
from .spec.method import Method
from .spec.problem import Problem

__all__ = ["REGISTRY", "check_controller", "check_fits", "choose"]

REGISTRY = dict(ROWS)


def choose(problem: Problem) -> tuple[Method, str]:
    """A method for ``problem`` and the reason, in words."""
    method = Tsit5()
    check_fits(method, problem)
    return method, "chosen as the general explicit method (order 5, error estimate of order 4)"


def check_controller(controller: Any) -> None:
    """Raise a sentence when ``controller`` is no controller."""
    if not isinstance(controller, Controller):
        raise TypeError(f"controller = {controller!r} is no step-size controller; write ude.PI(), or None for the default")


def check_fits(method: Method, problem: Problem) -> None:
    """Raise a sentence when ``method`` cannot solve ``problem``, naming methods that can."""
    if not isinstance(method, Method):
        hint = f"; write ude.{method.__name__}()" if callable(method) and hasattr(method, "__name__") else ""
        raise TypeError(f"method = {method!r} is not a method{hint}. Methods: {', '.join(REGISTRY)}, or None to choose")
    parts = problem.parts
    if method.needs <= parts <= method.accepts:
        return
    fitting = [name for name, make in REGISTRY.items() if make().needs <= parts <= make().accepts]
    raise ValueError(
        f"{method.name} does not fit this problem: the problem has {sorted(parts)}, the method needs "
        f"{sorted(method.needs)} and accepts {sorted(method.accepts)}. Methods that fit: {', '.join(fitting) or 'none yet'}"
    )
