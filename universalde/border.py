"""The border between what a user writes and what is compiled."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .base import checks
from .base.closures import is_array, split
from .base.ravel import Shape, as_arrays, cast, is_number_list, ravel, shape_of, stacked, strongly_typed
from .linalg.dense import Dense
from .linalg.structure import Structure
from .loop.observe import chosen, observed
from .loop.program import Fixed, Operands, Program, join_args
from .masses import is_singular, mass_operands
from .spec.controller import Controller
from .spec.method import Method
from .spec.problem import Problem
from .spec.save import Save

__all__ = ["Border", "border"]

EVERY_STEP = Save()
DENSE = Dense()


class Border(NamedTuple):
    """A call of ``solve`` after conversion: what is compiled, what varies, and the shape of the state."""

    program: Program
    operands: Operands
    shape: Shape

    @property
    def traced(self) -> bool:
        """Whether any number is known only inside a compiled program."""
        return not all(checks.is_concrete(x) for x in jax.tree.leaves(self.operands))

    def check_right_hand_side(self) -> None:
        """Evaluate the right-hand side on abstract values and compare it with the state."""
        program, shape = self.program, self.shape

        def once(operands: Operands) -> tuple:
            functions = program.functions.join(list(operands.cells))
            y = shape.unravel(operands.y0)
            extra: tuple = ((lambda t: y),) if "history" in program.parts else ()
            extra = (*extra, operands.mode) if program.has_mode else extra
            out = functions["f"](operands.t0, y, join_args(program.args, operands.args), *extra)
            checks.check_right_hand_side(out, shape)
            return ()

        jax.eval_shape(once, self.operands)

    def check_observer(self) -> None:
        """Evaluate what is saved of the state on abstract values."""
        if self.program.of is not None:
            checks.check_observer(lambda o: observed(self.program, o, o.t0, o.y0, o.mode), self.operands)


def border(
    problem: Problem,
    method: Method,
    *,
    rtol: Any,
    atol: Any,
    saveat: Any,
    dt0: Any,
    max_steps: int,
    controller: Controller,
    watches: bool = False,
    hands_over: bool = False,
) -> Border:
    """Check the arguments and tell them apart into program and operands."""
    y0 = as_arrays(problem.y0, "y0")
    shape = shape_of(y0)
    real = jnp.finfo(shape.dtype).dtype
    t0, t1 = problem.tspan
    checks.check_span(t0, t1)
    rtol, atol = checks.tolerances(rtol, atol, shape)
    checks.check_steps(dt0, max_steps)
    save = saveat if isinstance(saveat, Save) else EVERY_STEP
    times = _times(save.ts if isinstance(saveat, Save) else saveat)
    sign = _direction(t0, t1)
    if times is not None:
        checks.check_save_times(times, t0, t1)
    args, arrays = _split_args(problem.args, real)
    functions = {"f": problem.f, "history": problem.history, "noise": problem.noise, "events": problem.events}
    controller = _take_functions(problem, controller, functions)
    structure = _take_jacobian(problem, shape, functions) if method.implicit else None
    static, cells = split(functions)

    def number(x: Any) -> Any:
        return cast(x, real)

    flip = number(sign) if sign is not None else jnp.sign(number(t1) - number(t0))

    def forward(t: Any) -> Any:
        return number(t) if sign == 1 else flip * number(t)

    stops, jumps = _stops(problem, forward)
    observer, seen = _observer(save, y0)
    mass = () if structure is None else mass_operands(problem.mass, shape, structure)
    operands = Operands(
        y0=ravel(y0), t0=forward(t0), t1=forward(t1), args=arrays, cells=tuple(_operand(c) for c in cells),
        ts=() if times is None else forward(times), rtol=number(rtol), atol=_above_zero(number(atol)),
        dt0=number(0 if dt0 is None else dt0), mode=_mode(problem.mode, real), sign=flip, budget=np.asarray(max_steps, np.int32),
        stops=stops, jumps=jumps, of=tuple(_operand(c) for c in seen),
        mass=mass,
    )  # fmt: skip
    program = Program(
        functions=static, shape=shape, args=args, method=method, controller=controller,
        saving="end" if save.end else ("times" if times is not None else "steps"), every=int(save.every), of=observer,
        capacity=save.capacity, tape_bytes=save.tape_bytes, direction=sign, parts=problem.parts, events=len(problem.events),
        has_mode=problem.mode is not None, chooses_step=dt0 is None, watches=watches, hands_over=hands_over,
        stops=len(stops), jumps=problem.discontinuities is not None,
        guarded=problem.inside is not None or "hmax" in functions, structure=structure, algebraic=bool(mass) and is_singular(mass[1]),
    )  # fmt: skip
    return Border(program, operands, shape)


def _take_jacobian(problem: Problem, shape: Shape, functions: dict[str, Any]) -> Structure:
    """The structure of the Jacobian, checked; a function for it goes to ``functions``."""
    if jnp.issubdtype(shape.dtype, jnp.complexfloating):
        raise TypeError(
            "implicit methods solve real systems: the Jacobian of a function of a complex state need not exist. Write the state "
            "as its real and imaginary parts, or take an explicit method such as ude.Tsit5()"
        )
    structure = DENSE if problem.structure is None else problem.structure
    if not isinstance(structure, Structure):
        hint = f"; write ude.{structure.__name__}(...)" if isinstance(structure, type) else ""
        raise TypeError(
            f"structure = {structure!r} says nothing about the Jacobian{hint}; give ude.Dense(), ude.Diagonal(), "
            "ude.Banded(lower, upper) or ude.BlockDiagonal(size)"
        )
    if problem.jac is not None:
        functions["jac"] = problem.jac
    return structure


def _observer(save: Save, y0: Any) -> tuple[Any, list]:
    """What is saved of the state, told apart into a static part and arrays; nothing for the state itself."""
    of = save.of if save.only is None else chosen(save.only, y0)
    return (None, []) if of is None else split(of)


def _above_zero(atol: Any) -> Any:
    """A component that stays zero has the error 0 / 0 where ``atol`` is zero; with the smallest number it has none."""
    if type(atol) is np.ndarray and atol.ndim == 0 and atol.itemsize >= 4 and atol > 1e-30:
        return atol  # the common case, quickly
    return (np if checks.is_concrete(atol) else jnp).maximum(atol, jnp.finfo(atol.dtype).tiny)


def _take_functions(problem: Problem, controller: Controller, functions: dict[str, Any]) -> Controller:
    """Move the functions that few solves have to ``functions``: there they are known by their code, not their identity."""
    if problem.inside is not None:
        functions["inside"] = problem.inside
    changes: dict[str, Any] = {}
    if controller.norm is not None:
        functions["norm"], changes["norm"] = controller.norm, None
    if callable(controller.hmax) or controller.hmax < math.inf:
        functions["hmax"] = controller.hmax if callable(controller.hmax) else _always(float(controller.hmax))
        changes["hmax"] = math.inf
    return dataclasses.replace(controller, **changes) if changes else controller


def _always(number: float) -> Callable:
    """A function that returns ``number`` always; the array that it closes over is an operand, so new numbers compile nothing."""
    value = np.asarray(number)
    return lambda *_: value


def _stops(problem: Problem, forward: Callable) -> tuple[Any, Any]:
    """Times at which steps end, sorted and with infinity at the end, and which of them are discontinuities."""
    if problem.stops is None and problem.discontinuities is None:
        return (), ()
    found = {name: _times(getattr(problem, name)) for name in ("stops", "discontinuities")}
    for name, times in found.items():
        if times is not None:
            checks.check_stop_times(name, times, *problem.tspan)
    stops, breaks = ([] if times is None else [forward(times)] for times in found.values())
    array = np if all(checks.is_concrete(times) for times in stops + breaks) else jnp
    times = array.sort(array.concatenate([*stops, *breaks, array.full(1, math.inf, (stops + breaks)[0].dtype)]))
    return times, array.isin(times, breaks[0]) if breaks else ()


def _times(times: Any) -> Any:
    if isinstance(times, range):
        return np.asarray(times)
    return stacked(times, "saveat") if isinstance(times, list | tuple) and is_number_list(times) else times


def _direction(t0: Any, t1: Any) -> int | None:
    if checks.is_concrete(t0) and checks.is_concrete(t1):
        return 1 if float(t1) > float(t0) else -1
    return None


def _split_args(args: Any, real: Any) -> tuple[tuple, tuple]:
    """Arrays and numbers become operands (so that new numbers never retrace); everything else is static."""
    leaves, structure = jax.tree.flatten(args)
    static, arrays = [], []
    for leaf in leaves:
        if isinstance(leaf, bool | str) or not (is_array(leaf) or isinstance(leaf, int | float | complex | np.generic)):
            static.append(Fixed(leaf, type(leaf)))
            continue
        static.append(None)
        # Python's (and NumPy's double) numbers take the precision of the state.
        arrays.append(cast(leaf, real) if isinstance(leaf, float) else _operand(leaf))
    return (structure, tuple(static)), tuple(arrays)


def _operand(x: Any) -> Any:
    """An array or number as JAX would hold it (without float64 switched on: in single precision)."""
    return strongly_typed(x) if isinstance(x, jax.Array) else np.asarray(x, jax.dtypes.canonicalize_dtype(np.asarray(x).dtype))


def _mode(mode: Any, real: Any) -> Any:
    if mode is None:
        return ()
    return jax.tree.map(lambda x: cast(x, real) if isinstance(x, float) else _operand(x), mode)
