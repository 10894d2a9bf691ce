"""A solve told apart into what is compiled (:class:`Program`) and what varies from call to call (:class:`Operands`)."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.checks import check_right_hand_side
from ..base.closures import Static
from ..base.ravel import Shape, flat_function
from ..linalg.structure import Structure
from ..spec.adjoint import Adjoint
from ..spec.controller import Controller, rms
from ..spec.event import Event
from ..spec.method import Equation, Method
from .implicit import Linear, implicit_parts
from .stops import one_sided, sides_at

__all__ = ["Model", "Operands", "Program", "model_of"]


class Operands(NamedTuple):
    """Arrays a solve depends on; times run forward (multiplied by the direction)."""

    y0: Any
    t0: Any
    t1: Any
    args: tuple
    cells: tuple
    ts: Any
    rtol: Any
    atol: Any
    dt0: Any
    mode: Any
    sign: Any
    budget: Any
    stops: Any = ()  # times at which steps end, sorted, with infinity at the end
    jumps: Any = ()  # which of them are discontinuities
    of: tuple = ()  # arrays that a saved function closes over
    mass: tuple = ()  # the mass matrix: as the structure of the Jacobian stores it, plainly, and its pseudo-inverse


class Program(NamedTuple):
    """Everything static: equal programs share one compilation."""

    functions: Static
    shape: Shape
    args: Any
    method: Method
    controller: Controller
    saving: str
    every: int
    of: Static | None
    capacity: int
    tape_bytes: int
    direction: int | None
    parts: frozenset
    events: int
    has_mode: bool
    chooses_step: bool
    watches: bool
    hands_over: bool = False  # to a method for stiff problems, where the problem proves stiff
    stops: int = 0
    jumps: bool = False
    guarded: bool = False  # by a domain or a largest step, which may refuse any step
    structure: Structure | None = None  # of the Jacobian; None: the method reads none
    algebraic: bool = False  # whether the mass matrix is, or may be, singular
    adjoint: Adjoint | None = None  # how a traced solve is differentiated

    @property
    def keeps_path(self) -> bool:
        """Whether the saved rows are the states at all steps, so that the solution between them follows from them."""
        return self.saving == "steps" and self.every == 1 and self.of is None


class Model(NamedTuple):
    """The user's functions, raveled and running forward in time."""

    f: Callable
    history: Callable | None
    increment: Callable | None
    events: tuple[Event, ...]
    user_time: Callable
    norm: Callable | None = None  # of the scaled errors
    hmax: Callable | None = None  # of (t, y)
    inside: Callable | None = None  # of (t, y)
    sides: Callable | None = None  # of the time at which a step starts
    linear: Linear | None = None  # the Jacobian and the mass matrix, for methods that read them
    apply: Callable | None = None  # a function (y, t, args) -> y of the method, such as a limiter, at (t, y)


def model_of(program: Program, operands: Operands, mode: Any) -> Model:
    """Join the static functions with their operands.  ``mode`` is handed on when the problem has one."""
    functions = program.functions.join(list(operands.cells))
    args = join_args(program.args, operands.args)
    extra = (mode,) if program.has_mode else ()
    direction = operands.sign if program.direction is None else program.direction
    if program.direction == 1:
        user_time, forward = (lambda t: t), (lambda dy: dy)
    else:
        user_time, forward = (lambda t: direction * t), (lambda dy: direction * dy)

    flat = flat_function(lambda t, y, *rest: functions["f"](t, y, args, *rest), program.shape)

    def f(t: Any, y: Any, *past: Any) -> Any:
        return forward(flat(user_time(t), y, *past, *extra))

    history = functions["history"] and flat_history(functions["history"], args, user_time, program.shape)
    noise = functions["noise"]
    increment = noise and (lambda t, h: noise.increment(user_time(t), direction * h))
    events = tuple(_flat_event(event, args, extra, user_time, program) for event in functions["events"])
    hooks = _hooks(program, functions, args, extra, user_time)
    sides = partial(sides_at, operands.stops, operands.jumps, span=operands.t1 - operands.t0) if program.jumps else None

    def apply(function: Callable, t: Any, y: Any) -> Any:
        out = function(program.shape.unravel(y), user_time(t), args)
        check_right_hand_side(out, program.shape, "a limiter (u, t, args)")
        return flat_function(lambda t, y: out, program.shape)(t, y)

    linear = _linear(program, operands, functions.get("jac"), lambda t, y, jac: forward(jac(user_time(t), y, args, *extra)))
    return Model(f, history, increment, events, user_time, *hooks, sides=sides, linear=linear, apply=apply)


def _linear(program: Program, operands: Operands, jac: Any, call: Callable) -> Linear | None:
    if program.structure is None:
        return None
    unravel, n = program.shape.unravel, program.shape.size

    def of_user(t: Any, y: Any) -> Any:
        matrix = jnp.asarray(call(t, unravel(y), lambda *point: _rows(jac(*point))), y.dtype)
        if matrix.shape != (n, n):
            raise ValueError(f"jac returned an array of shape {matrix.shape}; the state has {n} numbers, so it is ({n}, {n})")
        return matrix

    return Linear(
        program.structure, of_user if callable(jac) else jac, operands.mass, operands.rtol, operands.atol
    )


def _rows(matrix: Any) -> Any:
    """A matrix; a list of rows will do."""
    if isinstance(matrix, list | tuple):
        return jnp.stack([jnp.stack([jnp.asarray(x) for x in row]) for row in matrix])
    return jnp.asarray(matrix)


def _hooks(program: Program, functions: dict, args: Any, extra: tuple, user_time: Callable) -> tuple:
    """What the attempt of a step asks the user for: norm, largest step, and whether a state is allowed."""
    unravel, norm, inside = program.shape.unravel, functions.get("norm"), functions.get("inside")
    largest = functions.get("hmax")
    return (
        norm and (lambda errors: _one(norm(unravel(errors)), "norm of the controller", program.shape)),
        largest and (lambda t, y: _one(largest(user_time(t), unravel(y), args, *extra), "hmax of the controller", program.shape)),
        inside and (lambda t, y: _truth(inside(user_time(t), unravel(y), args, *extra))),
    )  # fmt: skip


def _one(value: Any, what: str, shape: Shape) -> Any:
    """One real number, in the precision of the solve."""
    value = jnp.asarray(value)
    if value.shape != () or jnp.iscomplexobj(value) or value.dtype == jnp.bool_:
        raise TypeError(f"the {what} returned {_described(value)}; it must return one real number")
    return value.astype(jnp.finfo(shape.dtype).dtype)


def _truth(value: Any) -> Any:
    value = jnp.asarray(value)
    if value.shape != () or value.dtype != jnp.bool_:
        raise TypeError(
            f"inside returned {_described(value)}; it must return one truth value, for example jnp.all(y > 0)"
        )
    return value


def _described(value: Any) -> str:
    return f"an array of shape {value.shape} and type {value.dtype.name}"


def join_args(static: Any, arrays: tuple) -> Any:
    """The user's ``args`` from its static part (structure, leaves that are not arrays) and its arrays."""
    structure, leaves = static
    values = iter(arrays)
    return jax.tree.unflatten(structure, [next(values) if leaf is None else leaf.value for leaf in leaves])


class Fixed(NamedTuple):
    """A leaf of ``args`` that is not an array; ``kind`` keeps 1 and True apart."""

    value: Any
    kind: type


def flat_history(history: Callable, args: Any, user_time: Callable, shape: Shape) -> Callable:
    inner = flat_function(lambda t, y, args: history(t, args), shape)
    return lambda t: inner(user_time(t), jnp.zeros(shape.size, shape.dtype), args)


def _flat_event(event: Event, args: Any, extra: tuple, user_time: Callable, program: Program) -> Event:
    shape = program.shape

    def when(t: Any, y: Any) -> Any:
        value = jnp.asarray(event.when(user_time(t), shape.unravel(y), args, *extra))
        if value.shape != ():
            raise TypeError(f"Event.when returned an array of shape {value.shape}; it must return one number")
        return value.astype(jnp.finfo(shape.dtype).dtype)

    if event.then is None:
        return Event(when, None, event.direction)

    def then(t: Any, y: Any, mode: Any) -> tuple[Any, Any]:
        changed = event.then(user_time(t), shape.unravel(y), args, *extra)
        new, mode = changed if program.has_mode else (changed, mode)
        return flat_function(lambda t, y: new, shape)(t, y), mode

    return Event(when, then, event.direction)


def equation_of(model: Model, past: Callable | None, start: Any) -> Equation:
    """What the method sees of a step from the time ``start``; parts that are absent do not exist."""
    f = model.f if past is None else lambda t, y: model.f(t, y, past)
    if model.sides is not None:
        sides, both_sided = model.sides(start), f
        f = lambda t, y: both_sided(one_sided(t, sides), y)  # noqa: E731
    parts: dict[str, Callable] = {"f": f}
    if model.linear is not None:
        parts |= implicit_parts(model.linear, f, model.norm or rms)
    if model.apply is not None:
        parts["apply"] = model.apply
    if model.increment is not None:
        parts["increment"] = model.increment
    return Equation(**parts)
