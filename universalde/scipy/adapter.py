"""The call of ``solve_ivp``: arguments in, solve, SciPy's result out."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy.optimize import OptimizeResult

from ..base.numpy_calls import Untraceable, check_trace, on_arrays
from ..base.status import STOPPED, SUCCESS
from ..solve import solve
from ..spec.method import Method
from ..spec.problem import ODE
from ..spec.solution import Solution
from .arguments import (
    Refused,
    arguments,
    filled,
    joined,
    method_named,
    name_of,
    settings,
    span_of,
    split,
    state,
    times_of,
)
from .dense import OdeSolution
from .events import Watched, as_list, cut_at, occurrences, stops, watch
from .jacobian import Jacobian, jacobian_of

__all__ = ["OdeResult", "solve_ivp"]

MAX_STEPS = 10_000_000
MESSAGES = {
    0: "The solver successfully reached the end of the integration interval.",
    1: "A termination event occurred.",
}


class OdeResult(OptimizeResult):
    """What ``solve_ivp`` returns: ``t, y, sol, t_events, y_events, nfev, njev, nlu, status, message, success``.

    ``method`` says which method ran.
    """


def solve_ivp(
    fun: Callable,
    t_span: Any,
    y0: Any,
    method: Any = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Any = None,
    *,
    fallback: bool = False,
    **options: Any,
) -> OptimizeResult:
    r"""Solve :math:`dy/dt = f(t, y)`, :math:`y(t_0) = y_0` as ``scipy.integrate.solve_ivp`` does, compiled.

    ``fun(t, y, *args) -> (n,)`` may be written with NumPy.  ``method`` is ``"RK45"``, ``"RK23"``, ``"DOP853"``, ``"Radau"``,
    ``"BDF"``, ``"LSODA"`` or one of ours, such as ``ude.Tsit5()``.  ``options``: ``rtol``, ``atol``, ``first_step``, ``max_step``; of
    stiff methods also ``jac`` (a matrix, or ``jac(t, y, *args)``; ``None``: forward mode), ``jac_sparsity``, ``lband``, ``uband``.  The result has ``y`` of
    shape ``(n, points)``, in float64 whatever JAX's default is.

    ``fun`` runs once in Python, with traced values; what it prints or counts, it does so once.  A function that cannot
    be traced, and a stiff method for a complex state, raise a sentence; ``fallback=True`` hands such a call to SciPy instead.

    Unlike SciPy: a root of an event at the very start is no event; ``sol.sol(t)`` outside the span is an error.

    Errors: ``ValueError`` and ``TypeError`` for the arguments that SciPy refuses; ``TypeError`` when ``fun`` cannot be
    traced.  A solve that does not reach its end has ``status = -1`` and says why in ``message``.

    Example: ``solve_ivp(lambda t, y, k: -k * y, (0, 2), [1.0], args=(0.5,)).y[0, -1]``
    """
    asked = Asked(fun, t_span, y0, method, t_eval, dense_output, events, vectorized, args)
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves((t_span, y0, t_eval, args))):
        raise TypeError(
            "solve_ivp was called inside jit, grad or vmap; use ude.solve there, which can be differentiated"
        )
    try:
        with jax.enable_x64(True):
            return _result(_solved(asked, options), asked)
    except (Refused, Untraceable):
        if not fallback:
            raise
    from scipy.integrate import solve_ivp as in_python

    return in_python(*asked, **options)


class Asked(NamedTuple):
    """The arguments as they were given, in SciPy's order."""

    fun: Callable
    t_span: Any
    y0: Any
    method: Any
    t_eval: Any
    dense_output: bool
    events: Any
    vectorized: bool
    args: Any


class Solved(NamedTuple):
    """A call after its solve; ``only_times`` says that no step was kept, the rows are those of ``t_eval``."""

    t_eval: Any
    only_times: bool
    watched: list[Watched] | None
    found: Solution


def _solved(asked: Asked, options: dict) -> Solved:
    span, y0 = span_of(asked.t_span), state(asked.y0)
    t_eval = None if asked.t_eval is None else times_of(asked.t_eval, span)
    method = method_named(asked.method, y0)
    chosen = settings(options, span, method)
    args = arguments(asked.args)
    varying, fixed = split(args)
    f = _right_hand_side(asked.fun, fixed, asked.vectorized)
    start = (span[0], y0, varying)
    check_trace(_plain(asked.fun, args, asked.vectorized), f, start, name_of(asked.fun))
    watched = None if asked.events is None else [watch(event, args) for event in as_list(asked.events)]
    told = jacobian_of(options, args, fixed, start) if method.implicit else Jacobian()
    problem = ODE(
        f, y0, span, varying, events=stops(asked.events, watched or [], fixed, span, start), jac=told.jac, structure=told.structure
    )
    only_times = t_eval is not None and t_eval.size > 0 and watched is None and not asked.dense_output
    found = solve(problem, method, saveat=t_eval if only_times else None, max_steps=MAX_STEPS, throw=False, **chosen)
    return Solved(t_eval, only_times, watched, found)


def _plain(fun: Callable, args: tuple, vectorized: bool) -> Callable:
    """The right-hand side as SciPy would call it."""
    return lambda t, y, _: filled(fun(t, y[:, None] if vectorized else y, *args))


def _right_hand_side(fun: Any, fixed: tuple, vectorized: bool) -> Callable:
    traced = on_arrays(fun)
    f: Any = lambda t, y, varying: _derivative(traced, fixed, vectorized, t, y, varying)  # noqa: E731
    f.stands_for = fun  # the function that a warning should name
    return f


def _derivative(fun: Callable, fixed: tuple, vectorized: bool, t: Any, y: Any, varying: Any) -> Any:
    out = filled(fun(t, y[:, None] if vectorized else y, *joined(varying, fixed)))
    return out.reshape(y.shape) if out.size == y.size else out


def _result(call: Solved, asked: Asked) -> OdeResult:
    found = call.found
    status = {SUCCESS: 0, STOPPED: 1}.get(int(found.result.code), -1)
    ts, ys = (np.asarray(rows)[: found.stats.saved] for rows in (found.ts, found.ys))
    sol = t_events = y_events = None
    if not call.only_times:
        sol = OdeSolution(ts, found.dense)
        if call.watched is not None:
            t_events, cut = occurrences(call.watched, ts, ys, sol, stopped=status == 1)
            y_events = [np.array([sol(t) for t in times]) for times in t_events]
            if cut is not None:
                status = 1
                ts, ys = cut_at(ts, ys, sol, cut)
                sol = OdeSolution(ts, found.dense)
        if call.t_eval is not None:
            ts = call.t_eval[(call.t_eval >= sol.t_min) & (call.t_eval <= sol.t_max)]
            ys = sol(ts).T
    return OdeResult(
        t=ts, y=ys.T, sol=sol if asked.dense_output else None, t_events=t_events, y_events=y_events,
        nfev=int(found.stats.rhs), njev=int(found.stats.jacobians), nlu=int(found.stats.factorisations), status=status, success=status >= 0,
        message=MESSAGES.get(status) or found.result.sentence, method=_label(found.method, asked.method),
    )  # fmt: skip


def _label(ran: str, asked: Any) -> str:
    """Which method ran, and for which of SciPy's."""
    name = ran.partition(":")[0]
    return name if isinstance(asked, Method) else f"{name} for {getattr(asked, '__name__', asked)}"
