"""A chaotic problem on flat vectors, its transient left behind, and what all forms of shadowing return."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..base.checks import is_concrete
from ..base.dependence import looks_at
from ..base.ravel import Shape, as_arrays, flat_function, ravel, shape_of
from ..methods.rows import Tsit5
from ..solve import solve
from ..spec.method import Method
from ..spec.problem import Problem
from ..spec.save import Save

__all__ = ["Flow", "Shadowed", "checked_count", "flow_of"]


class Shadowed(NamedTuple):
    """An average over time, its derivative by ``args`` (arranged like them), and the Lyapunov exponents that were followed,
    greatest first, of which the last should be negative (``lss``: none)."""

    average: Any
    gradient: Any
    exponents: Any


class Flow(NamedTuple):
    """Right-hand side and objective of ``(y, p)``, the start on the attractor, the parameters, how long, how it is solved."""

    f: Callable
    g: Callable
    start: Any
    p: Any
    unravel: Callable
    length: float
    how: dict
    user: Callable

    def advanced(self, y: Any, p: Any, time: float, rows: int) -> tuple[Any, Any]:
        """States at ``rows`` equal times up to ``time``, and the integral of the objective up to there."""

        both = partial(_with_integral, self.f, self.g)
        both.stands_for = self.user  # pyright: ignore[reportAttributeAccessIssue]
        problem = Problem(both, {"y": y, "integral": jnp.zeros_like(y[0])}, (0.0, time), p)
        ts = np.linspace(0.0, time, rows + 1)[1:]  # whose last is exactly the end: one rounding later the solve would not reach it
        ys = solve(problem, saveat=ts, **self.how).ys
        return ys["y"], ys["integral"][-1]

    def finished(self, run: Callable) -> Shadowed:
        """What ``run(start, p) -> (average, gradient, exponents)`` finds, as one program, the gradient arranged like the user's ``args``."""
        average, gradient, exponents = jax.jit(run)(self.start, self.p)
        _check_finite(average, gradient)
        return Shadowed(average, self.unravel(gradient), exponents)


def _right_hand_side(function: Callable, state: Shape, parameters: Shape, t: Any, y: Any, p: Any) -> Any:
    """The user's, of vectors."""
    return flat_function(lambda t, y, p: function(t, y, parameters.unravel(p)), state)(t, y, p)


def _objective(function: Callable, state: Shape, parameters: Shape, t: Any, y: Any, p: Any) -> Any:
    """The user's, of vectors."""
    value = jnp.asarray(function(t, state.unravel(y), parameters.unravel(p)))
    if value.shape != ():
        raise TypeError(f"the objective returned an array of shape {value.shape}; it must return one number")
    return value


def _with_integral(f: Callable, g: Callable, t: Any, state: Any, p: Any) -> Any:
    return {"y": f(state["y"], p), "integral": g(state["y"], p)}


def _check_finite(*arrays: Any) -> None:
    """A failed solve is an error, not a number; in a trace, where nobody can look, it stays NaN."""
    if not all(np.all(np.isfinite(x)) for x in arrays if is_concrete(x)):
        raise FloatingPointError(
            "shadowing met numbers that are not finite: a solve failed, or tangents overflowed within a segment. Solve the problem "
            "once with ude.solve to see which; take more segments, or tighter tolerances"
        )


def flow_of(problem: Any, objective: Callable, method: Method | None, rtol: Any, atol: Any, transient: Any) -> Flow:
    """Check the problem, and leave the transient behind."""
    if not isinstance(problem, Problem):
        raise TypeError(f"shadowing was given {type(problem).__name__}; build a problem, for example ude.ODE(f, y0, (t0, t1), args)")
    if problem.parts != {"f"}:
        raise ValueError(f"shadowing is for problems of a right-hand side alone; this one has {sorted(problem.parts - {'f'})} too")
    t0, t1 = _span(problem.tspan, transient)
    leaves = jax.tree.leaves(problem.args)
    if not leaves or not all(isinstance(x, float) or jnp.issubdtype(getattr(x, "dtype", int), jnp.floating) for x in leaves):
        raise TypeError("shadowing differentiates by args: give the problem numbers or arrays of floating type as args")
    y0, args, right = as_arrays(problem.y0, "y0"), as_arrays(problem.args, "args"), problem.f
    start, p = ravel(y0), ravel(args)
    if not jnp.issubdtype(start.dtype, jnp.floating):
        raise TypeError(f"y0 is of type {start.dtype}; shadowing needs real numbers: give real and imaginary parts as components")
    dtype = jnp.result_type(start, p)
    start, p = jnp.asarray(start, dtype), jnp.asarray(p, dtype)
    state, parameters = shape_of(y0)._replace(dtype=dtype), shape_of(args)._replace(dtype=dtype)

    f = partial(_right_hand_side, right, state, parameters)
    g = partial(_objective, objective, state, parameters)
    f.stands_for = right  # pyright: ignore[reportAttributeAccessIssue]
    for name, function in (("right-hand side", f), ("objective", g)):
        if _sees_time(function, jnp.asarray(t0, dtype), start, p):
            raise ValueError(
                f"the {name} depends on the time; shadowing is for autonomous systems, whose averages do not depend on when they begin"
            )
    how = {"method": Tsit5() if method is None else method, "rtol": rtol, "atol": atol}
    if transient:
        start = solve(Problem(f, start, (0.0, float(transient)), p), saveat=Save(end=True), **how).ys[-1]
    return Flow(partial(f, t0), partial(g, t0), start, p, parameters.unravel, t1 - t0 - transient, how, right)


def _span(tspan: Any, transient: Any) -> tuple[float, float]:
    """Both ends, which size the program and so cannot be traced."""
    if not all(is_concrete(x) for x in (*tspan, transient)):
        raise TypeError("shadowing cannot be traced by tspan or transient: close over them as plain numbers; y0 and args may be traced")
    t0, t1 = (float(t) for t in tspan)
    if not t0 < t1 or not isinstance(transient, int | float) or not 0 <= transient < t1 - t0:
        raise ValueError(
            f"transient = {transient!r} with tspan = ({t0:g}, {t1:g}): the time span runs forward, and the transient is a time of at "
            "least 0 within it"
        )
    return t0, t1


def _sees_time(function: Callable, t: Any, y: Any, p: Any) -> bool:
    """Whether time changes the result; where y or p are traced, whether it is looked at."""
    if not looks_at(function, t, y, p)[0]:
        return False
    if not (is_concrete(y) and is_concrete(p)):
        return True
    change = jax.jvp(lambda t: function(t, y, p), (t + math.pi / 10,), (jnp.ones_like(t),))[1]
    return float(jnp.max(jnp.abs(change))) > 0


def checked_count(name: str, value: Any, least: int, most: int | float = math.inf) -> int:
    """A whole number within its limits."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        limit = f" and at most {most}" if most < math.inf else ""
        raise ValueError(f"{name} = {value!r}; give a whole number of at least {least}{limit}")
    return value
