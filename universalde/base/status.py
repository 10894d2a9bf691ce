"""How a solve ended: codes that live inside compiled programs, and the sentences that a person reads."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

__all__ = ["CODES", "INCONSISTENT", "NEWTON", "SINGULAR", "STIFF", "RUNNING", "STOPPED", "SUCCESS", "SolveError", "Status"]

RUNNING, SUCCESS, STOPPED, MAX_STEPS, FULL, TOO_SMALL, NOT_FINITE, NEWTON, BLEW_UP = -1, 0, 1, 2, 3, 4, 5, 6, 7
INCONSISTENT, SINGULAR, STIFF = 8, 9, 10

CODES: dict[int, tuple[str, str]] = {
    RUNNING: ("running", "The solve has not reached its end."),
    SUCCESS: ("success", "The solve reached the end of tspan."),
    STOPPED: ("stopped", "An event stopped the solve before the end of tspan, as asked for."),
    MAX_STEPS: (
        "max_steps",
        "The solve used up max_steps before the end of tspan. Raise max_steps, loosen rtol and atol, or, if the problem "
        "is stiff, choose a stiff method.",
    ),
    FULL: (
        "full",
        "The buffer for steps is full. Inside jit, vmap or grad its size is fixed: pass "
        "saveat=ude.Save(..., capacity=a larger number), or loosen rtol and atol.",
    ),
    TOO_SMALL: (
        "step_too_small",
        "The step size became too small to advance the time. The solution probably blows up or meets a discontinuity "
        "near the last time reached; check the right-hand side there, or the sign of its terms.",
    ),
    NOT_FINITE: (
        "not_finite",
        "The right-hand side is NaN or infinite at the initial state. Check y0, args and the right-hand side at t0.",
    ),
    NEWTON: (
        "newton_failed",
        "Newton's iteration for a stage kept failing, however small the step. Check a Jacobian of your own against "
        "jac=None, look for jumps of the right-hand side near the last time reached, or take a Rosenbrock method such as "
        "ude.Rodas5P(), which does not iterate.",
    ),
    INCONSISTENT: (
        "inconsistent",
        "The initial state does not satisfy the algebraic equations, those without a derivative because the mass matrix is "
        "singular. ude.consistent(problem) returns the problem with an initial state that does.",
    ),
    SINGULAR: (
        "singular",
        "The matrix M / (gamma h) - J of an implicit step is singular at every step size. The algebraic equations do not determine the "
        "algebraic unknowns: the problem has an index above one, or an equation stands in it twice; differentiate the equations that the "
        "algebraic unknowns do not occur in. Without a mass matrix the Jacobian is not finite.",
    ),
    STIFF: (
        "stiff",
        "The problem is stiff, and the explicit method stopped where that showed.",
    ),
    BLEW_UP: (
        "blew_up",
        "A step of fixed size led to NaN or infinity. Take a smaller dt0, or a method with an error estimate.",
    ),
}


class SolveError(RuntimeError):
    """A solve that did not reach its end, raised outside ``jit`` unless ``throw=False``."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Status:
    """The end of a solve: ``code`` (an integer array, one per lane under ``vmap``), ``name``, ``sentence``, ``ok``.

    Example: ``if not sol.result.ok: print(sol.result.sentence)``
    """

    code: Any

    @property
    def ok(self) -> Any:
        """Whether the end (or a stop that was asked for) was reached; an array inside a trace or under ``vmap``."""
        return (self.code == SUCCESS) | (self.code == STOPPED)

    @property
    def name(self) -> str:
        """The word for the code; for many lanes the number of each."""
        return self._describe(0)

    @property
    def sentence(self) -> str:
        """What happened and what to do about it."""
        return self._describe(1)

    def _describe(self, part: int) -> str:
        try:
            codes = np.asarray(self.code)
        except Exception:  # a tracer: the code is only known when the compiled program has run
            return "traced"
        if codes.ndim == 0:
            return CODES[int(codes)][part]
        return "; ".join(f"{np.sum(codes == c)} × {CODES[int(c)][part]}" for c in np.unique(codes))

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"
