"""What an adjoint is: the derivative of a whole solve."""

import abc
from collections.abc import Callable
from typing import Any

from ..base.static import Static

__all__ = ["Adjoint"]


class Adjoint(Static):
    """How derivatives pass through a solve.

    ``differentiable(program)`` is the solve of a program as a function of its operands, with rules for its derivatives;
    ``refusal(program)`` is the sentence that says why the adjoint cannot serve a program, and which can (``None``: it can).
    """

    levels: Any = None  # of states that are kept; ``None``: as many as the budget of memory asks for

    @property
    def name(self) -> str:
        """Name in tables and messages."""
        return type(self).__name__

    def label(self, program: Any, operands: Any) -> str:
        """What a solution says of it."""
        return self.name

    def refusal(self, program: Any) -> str | None:
        """Why this adjoint cannot differentiate the solve of ``program``; ``None`` when it can."""
        return None

    @abc.abstractmethod
    def differentiable(self, program: Any) -> Callable[[Any], Any]:
        """The solve of ``program``, from operands to outcome, with its derivatives."""
