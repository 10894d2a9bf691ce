"""Which method, when the user names none."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import numpy as np

from .base.checks import is_concrete
from .linalg.structure import Structure
from .loop.program import Program
from .methods.auto import Auto
from .methods.bdf import BACKWARD
from .methods.collocation_rows import COLLOCATION
from .methods.dirk_rows import DIRK_ROWS, KenCarp4
from .methods.general_linear import GLOBAL_ERROR
from .methods.low_storage_rows import LOW_STORAGE
from .methods.nordsieck import NORDSIECK
from .methods.rosenbrock_rows import ROSENBROCK, Rodas5P
from .methods.rows import ROWS, Tsit5, Vern7
from .spec.adjoint import Adjoint
from .spec.controller import Controller
from .spec.method import Method
from .spec.problem import Problem

__all__ = ["REGISTRY", "Choice", "check_adjoint", "check_algebraic", "check_controller", "check_fits", "check_step", "choose"]

REGISTRY = {**ROWS, **LOW_STORAGE, **GLOBAL_ERROR, **ROSENBROCK, **DIRK_ROWS, **COLLOCATION, **BACKWARD, **NORDSIECK}

TIGHT, LARGE = 1e-6, 100_000
SWITCHES = 16  # equations up to which a step is so short to compile that both methods of Auto are
MANY = 200  # equations from which on a Jacobian and its factors serve for many steps
MOST = 1_000_000  # numbers of a Jacobian beyond which none is made unasked


class Choice(NamedTuple):
    """A method, why it was chosen, which serves if the problem proves stiff, which where nobody can see whether it does, and which is
    tried where fast oscillations may hold the step (``None``: the method itself)."""

    method: Method
    reason: str
    stiff: Method | None = None
    unseen: Method | None = None
    tried: Method | None = None


def choose(problem: Problem, rtol: Any = 1e-3) -> Choice:
    """A method for ``problem`` and the reason, in words (measured: docs/choosing.md)."""
    size = sum(int(np.size(leaf)) for leaf in jax.tree.leaves(problem.y0))
    if "mass" in problem.parts:
        choice = Choice(Rodas5P(), "chosen because the problem has a mass matrix")
    else:
        method, reason = _explicit(_loosest(rtol), size)
        choice = Choice(method, reason, *_implicit(method, problem, size))
    check_fits(choice.method, problem)
    return choice


def _implicit(explicit: Method, problem: Problem, size: int) -> tuple[Method | None, ...]:
    """Methods for a problem that proved stiff, for one of which nobody can say whether it is, and for a trial."""
    if any(np.iscomplexobj(leaf) for leaf in jax.tree.leaves(problem.y0)):
        return None, None, None
    if size <= MANY:
        auto = Auto(explicit, Rodas5P())
        return (auto if size <= SWITCHES else Rodas5P()), auto, Rodas5P()
    shape = problem.structure.storage_shape(size) if isinstance(problem.structure, Structure) else (size, size)
    stiff = KenCarp4() if math.prod(shape) <= MOST else None
    return stiff, None, stiff if math.prod(shape) <= MANY**2 else None


def _explicit(loosest: float, size: int) -> tuple[Method, str]:
    tight = loosest < TIGHT and size <= LARGE
    if tight:
        return Vern7(), f"chosen because rtol = {loosest:.0e} is below {TIGHT:g}, where order 7 takes fewer evaluations than order 5"
    if loosest < TIGHT:
        return Tsit5(), f"chosen because a state of {size} numbers is better held in seven stages than in ten"
    return Tsit5(), f"chosen as the general explicit method (order 5) for rtol not below {TIGHT:g}"


def _loosest(rtol: Any) -> float:
    """The largest relative tolerance; ``TIGHT`` for traced ones, and for what is none (said at the border)."""
    leaves = jax.tree.leaves(rtol)
    known = [x for x in leaves if is_concrete(x) and np.size(x) and np.asarray(x).dtype.kind in "fiu"]
    return max(float(np.max(x)) for x in known) if leaves and len(known) == len(leaves) else TIGHT


def check_controller(controller: Any, dt0: Any) -> None:
    """Raise a sentence when ``controller`` is no controller, or lacks the step size that it needs."""
    if not isinstance(controller, Controller):
        raise TypeError(f"controller = {controller!r} is no step-size controller; write ude.PI(), or None for the default")
    if controller.needs_dt0 and dt0 is None:
        name = type(controller).__name__
        raise ValueError(f"{name} keeps the step size that it is given; write solve(..., dt0=0.01, controller=ude.{name}())")


def check_adjoint(adjoint: Any, program: Program) -> None:
    """Raise a sentence when ``adjoint`` is none, or cannot differentiate the solve of ``program``."""
    if not isinstance(adjoint, Adjoint):
        hint = f"; write ude.{adjoint.__name__}()" if isinstance(adjoint, type) else ""
        raise TypeError(f"adjoint = {adjoint!r} is no adjoint{hint}. Write ude.DiscreteAdjoint(), or None for the default")
    if refusal := adjoint.refusal(program):
        raise ValueError(refusal)


def check_fits(method: Method, problem: Problem) -> None:
    """Raise a sentence when ``method`` cannot solve ``problem``, naming methods that can."""
    if not isinstance(method, Method):
        hint = f"; write ude.{method.__name__}()" if callable(method) and hasattr(method, "__name__") else ""
        raise TypeError(f"method = {method!r} is not a method{hint}. Methods: {_some(REGISTRY)}, or None to choose")
    parts = problem.parts
    if method.needs <= parts <= method.accepts:
        return
    fitting = [name for name, row in REGISTRY.items() if row.stepper.needs <= parts <= row.stepper.accepts]
    raise ValueError(
        f"{method.name} does not fit this problem: the problem has {sorted(parts)}, the method needs "
        f"{sorted(method.needs)} and accepts {sorted(method.accepts)}. Methods that fit: {_some(fitting) or 'none yet'}"
    )


def check_algebraic(method: Method, program: Program) -> None:
    """Raise a sentence when the mass matrix is singular and the steps of ``method`` do not keep to the algebraic equations."""
    if program.algebraic and not method.algebraic:
        raise ValueError(
            f"{method.name} does not keep to algebraic equations: a step's result is no stage, so that it satisfies none of them, and "
            "what it misses is not damped. The mass matrix is singular (one that is known only inside jit may be); take a method that "
            "does, such as ude.Rodas5P(), ude.KenCarp4(), ude.RadauIIA5() or ude.FBDF()"
        )


def check_step(method: Method, dt0: Any) -> None:
    """Raise a sentence when ``method`` cannot choose its steps and none is given."""
    if dt0 is None and not method.adaptive:
        raise ValueError(
            f"{method.name} has no error estimate, so its steps are fixed and dt0 says how long they are; write "
            f"solve(problem, method, dt0=0.01) with your step size, or take a method with an estimate such as ude.Tsit5()"
        )


def _some(names: Iterable[str]) -> str:
    """The first names of a list, and how many there are."""
    listed = list(names)
    return ", ".join(listed[:8]) + (f", … ({len(listed)} in all: docs/methods.md)" if len(listed) > 8 else "")
