"""``solve``: the border, the compiled loop, and back."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .adjoint.discrete import DiscreteAdjoint
from .base.checks import check_finite
from .base.status import STOPPED, SUCCESS, Status
from .border import Border, border
from .choose import Choice, check_adjoint, check_algebraic, check_controller, check_fits, check_step, choose
from .compiled import Entry, known, remember
from .control.pi import PI
from .control.predictive import Predictive
from .dense import Steps
from .eager import Unfinished, run
from .jacobians import check_jacobian
from .loop.integrate import Outcome, State
from .loop.program import Program
from .methods.auto import Auto
from .spec.adjoint import Adjoint
from .spec.controller import Controller
from .spec.method import Method
from .spec.problem import Problem
from .spec.solution import Solution, Stats

__all__ = ["Prepared", "choose_or_check", "default_controller", "prepare", "solve"]

DEFAULT_CONTROLLER, FOR_IMPLICIT = PI(), Predictive()
DEFAULT_ADJOINT = DiscreteAdjoint()
TRIAL = 128  # steps in which an implicit method should come further than an explicit one in sixteen times as many


def solve(
    problem: Problem,
    method: Method | None = None,
    *,
    rtol: Any = 1e-3,
    atol: Any = 1e-6,
    saveat: Any = None,
    dt0: Any = None,
    max_steps: int = 1_000_000,
    controller: Controller | None = None,
    adjoint: Adjoint | None = None,
    throw: bool = True,
) -> Solution:
    r"""Solve an initial value problem.

    Each step's error estimate :math:`e` is held to :math:`\mathrm{rms}(e_i / (atol + rtol \max(|y_i|, |y_i'|))) \le 1`.

    ``method=None`` chooses one and says which in ``sol.method``.  ``rtol`` and ``atol`` are numbers, or one number per
    component: a vector, or a tree of numbers or arrays arranged like ``y0``.  ``saveat`` is ``None`` (every step), a vector
    of times, or a :class:`Save`; ``dt0`` the first step size (``None``: chosen), and that of all steps for a method without
    an error estimate; ``max_steps`` the most attempts;
    ``controller`` chooses step sizes and holds their limits and the norm of the error (``None``: :class:`PI`, for
    implicit methods but :class:`Auto` :class:`Predictive`).  Outside ``jit`` a solve that does not reach its end raises :class:`SolveError` unless ``throw=False``; inside, ``sol.result`` says
    so and what was not reached is NaN.

    Derivatives with respect to ``y0``, ``args``, ``tspan`` and ``saveat``, and whatever arrays ``f`` closes over, are
    those of the numbers computed, in forward and reverse mode, also under ``vmap`` (``adjoint=None``: :class:`DiscreteAdjoint`);
    another ``adjoint`` may be given, and ``sol.adjoint`` says which passed them.

    Example::

        problem = ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 2.0), args=0.5)
        sol = ude.solve(problem, ude.Tsit5(), rtol=1e-8, atol=1e-8, saveat=jnp.linspace(0, 2, 5))
        jax.grad(lambda k: ude.solve(problem.replace(args=k), saveat=jnp.array([2.0])).ys[0])(0.5)
    """
    options: dict[str, Any] = {
        "rtol": rtol, "atol": atol, "saveat": saveat, "dt0": dt0, "max_steps": max_steps, "controller": controller,
        "adjoint": adjoint,
    }  # fmt: skip
    choice = choose_or_check(problem, method, rtol)
    call, entry, label = prepare(problem, choice, options, watches=method is None and not choice.method.implicit)
    if call.traced and choice.unseen is not None:
        call, entry, label = prepare(problem, Choice(choice.unseen, "chosen because a traced solve cannot be looked at"), options)
    elif choice.stiff is not None and not call.traced and entry.stiff is not None:
        call, entry, label = prepare(problem, Choice(entry.stiff, "chosen because the problem proved stiff before"), options)
    if not call.traced:
        sol = _eager(problem, choice, Prepared(call, entry, label), options, throw)
        if sol is not None:
            return sol
    check_finite(call.shape.unravel(call.operands.y0))
    return _traced(call, entry.get("differentiable", _differentiable)(call.operands), label)


class Prepared(NamedTuple):
    """A call that was checked and told apart, what is compiled for it, and the method's name with the reason."""

    call: Border
    entry: Entry
    label: str


def _eager(problem: Problem, choice: Choice, prepared: Prepared, options: dict[str, Any], throw: bool) -> Solution | None:
    """Solve outside a trace, ``None`` if it is inside one after all; what proves stiff goes to a method for that.

    Decay shows in the steps themselves.  Fast oscillations that hold the step do not: a problem whose solution oscillates looks the same
    at loose tolerances.  There an implicit method is tried.
    """

    def attempt(prepared: Prepared, throw: bool = throw) -> Any:
        call, entry, label = prepared
        return run(call, entry, label, throw, _again(problem, call.program.method, options))

    entry = prepared.entry
    if choice.tried is None:
        entry.calm = True
    sol = attempt(prepared)
    if isinstance(sol, Unfinished) and not sol.proved:
        why = f"chosen because it came further in {TRIAL} steps than an explicit method in many"
        trial = prepare(problem, Choice(choice.tried, why), {**options, "max_steps": min(TRIAL, options["max_steps"])})
        tried = attempt(trial, throw=False)
        if tried.result.ok:
            entry.stiff = choice.tried
            return tried
        if float(tried.t) * float(trial.call.operands.sign) > float(sol.t):
            entry.stiff = choice.tried
            return attempt(prepare(problem, Choice(choice.tried, why), options))
        entry.calm = True
        sol = attempt(prepared)
    if isinstance(sol, Unfinished):
        entry.stiff = choice.stiff
        why = "chosen because an explicit method showed the problem to be stiff"
        sol = attempt(prepare(problem, Choice(choice.stiff, why), options))
    return sol


def _differentiable(program: Program) -> Callable:
    return (program.adjoint or DEFAULT_ADJOINT).differentiable(program)


def default_controller(method: Method) -> Controller:
    """What chooses step sizes when the user names nothing.

    A switching method keeps that of its explicit half, so that solves of problems that are not stiff give the same numbers inside ``jit``.
    """
    return FOR_IMPLICIT if method.implicit and not isinstance(method, Auto) else DEFAULT_CONTROLLER


def choose_or_check(problem: Any, method: Any, rtol: Any) -> Choice:
    """The method that was given, or one that is chosen."""
    if not isinstance(problem, Problem):
        raise TypeError(f"solve was given {type(problem).__name__}; build a problem, for example ude.ODE(f, y0, (t0, t1))")
    return choose(problem, rtol) if method is None else Choice(method, "as given")


def prepare(problem: Problem, choice: Choice, options: dict[str, Any], watches: bool = False) -> Prepared:
    """Check a call and find what was compiled for it; ``options`` are those of :func:`universalde.border.border`."""
    method = choice.method
    check_fits(method, problem)
    check_step(method, options["dt0"])
    options = dict(options)
    adjoint = options.pop("adjoint", None)
    controller, saveat = options["controller"], options["saveat"]
    if controller is None:
        controller = default_controller(method)
    check_controller(controller, options["dt0"])
    if isinstance(saveat, type):
        raise TypeError(f"saveat was given the class {saveat.__name__}; write ude.{saveat.__name__}(...)")
    hands_over = watches and choice.stiff is not None
    call = border(problem, method, **{**options, "controller": controller}, watches=watches, hands_over=hands_over)
    check_algebraic(method, call.program)
    if adjoint is not None:
        check_adjoint(adjoint, call.program)
    if call.traced:  # of others nothing is differentiated, and they share one compilation
        call = call._replace(program=call.program._replace(adjoint=adjoint or DEFAULT_ADJOINT))
    entry = known(call.program)
    if entry is None:
        check_finite(problem.y0)
        call.check_right_hand_side()
        call.check_observer()
        if call.program.structure is not None and not call.traced:
            check_jacobian(call.program, call.operands)
        entry = remember(call.program, problem.f)
    return Prepared(call, entry, f"{method.name}: {choice.reason}")


def _again(problem: Problem, method: Method, options: dict[str, Any]) -> Callable[[], Any]:
    """The same solve with every step kept, for a dense solution that is asked for afterwards."""
    kept = {name: value for name, value in options.items() if name != "saveat"}
    return lambda: solve(problem, method, **kept, throw=False).dense


def _traced(call: Border, outcome: Outcome, label: str) -> Solution:
    """Inside a trace: fixed numbers of rows; what was not reached is NaN, steps past the end repeat the last."""
    state, ts, ys = outcome.state, outcome.ts, outcome.ys
    if call.program.saving == "end":
        ok = (state.status == SUCCESS) | (state.status == STOPPED)
        missing = jnp.where(ok, 0, jnp.nan)
        ts, ys = state.t[None], jax.tree.map(lambda x: x + missing, ys) if call.program.of else (state.y + missing)[None]
    elif call.program.saving == "times":
        ts = call.operands.ts
    return _solution(call, state, ts, ys, label)


def _solution(call: Border, state: State, ts: Any, ys: Any, label: str) -> Solution:
    program, shape, sign = call.program, call.shape, call.operands.sign
    user = (lambda t: t) if program.direction == 1 else (lambda t: sign * t)
    dense = None
    if program.keeps_path and not program.has_mode:
        dense = Steps(program, call.operands, ts, ys, state.saved)
    error = program.method.global_error(state.memory) if program.method.estimates_global_error else None
    return Solution(
        ts=user(ts),
        ys=ys if program.of else shape.unravel(ys),
        result=Status(state.status),
        stats=Stats(state.accepted, state.rejected, state.rhs, state.saved, *state.work),
        t=user(state.t),
        y=shape.unravel(state.y),
        mode=state.mode if program.has_mode else None,
        method=label,
        dense=dense,
        error=None if error is None else shape.unravel(error),
        adjoint=(program.adjoint or DEFAULT_ADJOINT).label(program, call.operands),
    )
