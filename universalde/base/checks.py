"""Checks at the border, each failure a sentence."""

import math
import numbers
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .closures import is_array
from .ravel import Shape, is_number_list, stacked
from .warn import warn

__all__ = [
    "check_finite",
    "check_observed",
    "check_observer",
    "check_right_hand_side",
    "check_save_times",
    "check_span",
    "check_steps",
    "check_stop_times",
    "is_concrete",
    "tolerances",
]


def is_concrete(x: Any) -> bool:
    """Whether the value can be looked at now (it is not traced)."""
    return type(x) is np.ndarray or not isinstance(x, jax.core.Tracer)


def check_span(t0: Any, t1: Any) -> None:
    """``tspan`` must hold two different finite numbers."""
    if type(t0) is float and type(t1) is float and math.isfinite(t0) and math.isfinite(t1) and t0 != t1:
        return  # the common case, quickly
    for name, t in (("t0", t0), ("t1", t1)):
        if not (isinstance(t, numbers.Real) or (is_array(t) and jnp.ndim(t) == 0)) or isinstance(t, bool):
            raise TypeError(f"tspan holds {name} = {t!r}; both ends are real numbers, for example (0.0, 10.0)")
        if is_concrete(t) and not math.isfinite(float(t)):
            raise ValueError(
                f"tspan holds {name} = {t}; both ends must be finite. To run to a steady state, stop by an event"
            )
    if is_concrete(t0) and is_concrete(t1) and float(t0) == float(t1):
        raise ValueError(f"tspan = ({t0}, {t1}) has zero length; give two different times")


def tolerances(rtol: Any, atol: Any, shape: Shape) -> tuple[Any, Any]:
    """Both tolerances, lists as arrays: finite, not negative, not both zero, and within reach of the precision."""
    (rtol, least_r, largest_r), (atol, least_a, largest_a) = (
        _tolerance(name, value, shape) for name, value in (("rtol", rtol), ("atol", atol))
    )
    if largest_r is None or largest_a is None:
        return rtol, atol
    if least_r == least_a == 0 and not np.all(np.asarray(rtol) + np.asarray(atol) > 0):
        raise ValueError("rtol and atol are both zero; at least one must be positive")
    eps = float(jnp.finfo(shape.dtype).eps)
    if largest_r < 10 * eps and largest_a < 10 * eps:
        name = jnp.dtype(shape.dtype).name
        fix = " Switch on float64: jax.config.update('jax_enable_x64', True)." if eps > 1e-10 else ""
        warn(
            f"rtol = {rtol} and atol = {atol} are below what {name} can resolve ({eps:.1e}); the solve will be slow "
            f"and not more accurate.{fix}"
        )
    return rtol, atol


def _tolerance(name: str, value: Any, shape: Shape) -> tuple[Any, Any, Any]:
    """The tolerance, its least and its largest entry (``None`` when traced)."""
    if isinstance(value, float):
        least = largest = value
    else:
        value = _one_per_component(name, value, shape)
        real = (isinstance(value, numbers.Real) and not isinstance(value, bool)) or (
            is_array(value) and (jnp.issubdtype(value.dtype, jnp.floating) or jnp.issubdtype(value.dtype, jnp.integer))
        )
        if not real:
            raise TypeError(
                f"{name} = {value!r}; give a number such as 1e-6, one number per component of the state, or numbers "
                "arranged like y0"
            )
        if np.ndim(value) > 0 and np.shape(value) != (shape.size,):
            raise ValueError(
                f"{name} has shape {np.shape(value)}; give one number, or one per component, shape ({shape.size},)"
            )
        if not is_concrete(value):
            return value, None, None
        value = np.asarray(value)  # reductions of a JAX array cost ten times as much
        least, largest = value.min(), value.max()
    if not (least >= 0 and largest < math.inf):
        raise ValueError(f"{name} = {value}; tolerances are finite and not negative, typical are rtol=1e-6, atol=1e-9")
    return value, least, largest


def _one_per_component(name: str, value: Any, shape: Shape) -> Any:
    """A tolerance arranged like the state, or a list, as the vector that methods see; anything else as it is."""
    plain = isinstance(value, numbers.Number) or (is_array(value) and value.ndim < 2)
    if not plain and jax.tree.structure(value) == shape.structure:
        leaves = jax.tree.leaves(value)
        real = all(isinstance(leaf, numbers.Real) or (is_array(leaf) and not jnp.iscomplexobj(leaf)) for leaf in leaves)
        if real and all(np.shape(leaf) in ((), s) for leaf, s in zip(leaves, shape.shapes, strict=True)):
            array = np if all(is_concrete(leaf) for leaf in leaves) else jnp
            parts = [array.broadcast_to(leaf, s).reshape(-1) for leaf, s in zip(leaves, shape.shapes, strict=True)]
            return array.concatenate(parts)
    return stacked(value, name) if isinstance(value, list | tuple) and is_number_list(value) else value


def check_finite(y0: Any, name: str = "y0") -> None:
    """NaN or infinity in initial values or data."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(y0):
        if is_concrete(leaf) and not np.all(np.isfinite(np.asarray(leaf))):
            where = np.argwhere(~np.isfinite(np.atleast_1d(np.asarray(leaf))))[0].tolist()
            raise ValueError(
                f"{name}{jax.tree_util.keystr(path)} is NaN or infinite at index {where}; give finite values"
            )


def check_save_times(ts: Any, t0: Any, t1: Any) -> None:
    """Save times must be a vector, ordered in the direction of the span, and inside it."""
    if not is_array(ts) or np.iscomplexobj(ts) or ts.dtype.kind in "OSU":
        raise TypeError(f"saveat = {ts!r}; give a vector of times, None for every step, or a ude.Save(...)")
    if jnp.ndim(ts) != 1 or jnp.shape(ts)[0] == 0:
        raise ValueError(f"saveat has shape {jnp.shape(ts)}; give a vector of at least one time, None, or a ude.Save")
    if not all(is_concrete(x) for x in (ts, t0, t1)):
        return
    values, start, end = np.asarray(ts), float(t0), float(t1)
    sign = 1.0 if end > start else -1.0
    if not np.all(np.isfinite(values)):
        raise ValueError("saveat holds NaN or infinity; give finite times")
    if np.any(np.diff(values) * sign < 0):
        k = int(np.argmax(np.diff(values) * sign < 0))
        order = "increasing" if sign > 0 else "decreasing (tspan runs backwards)"
        raise ValueError(f"saveat is not sorted: {values[k]} is followed by {values[k + 1]}; give {order} times")
    slack = 1e-6 if values.dtype == np.float32 else 1e-12
    slack = slack * max(abs(start), abs(end))
    if (values[0] - start) * sign < -slack or (values[-1] - end) * sign > slack:
        raise ValueError(f"saveat runs from {values[0]} to {values[-1]}, outside tspan = ({start}, {end})")


def check_stop_times(name: str, times: Any, t0: Any, t1: Any) -> None:
    """Stops must be a vector of finite times inside the span, in any order."""
    if not is_array(times) or np.iscomplexobj(times) or times.dtype.kind in "bOSU":
        raise TypeError(f"{name} = {times!r}; give a vector of times, such as [1.0, 2.5], or None")
    if jnp.ndim(times) != 1 or jnp.shape(times)[0] == 0:
        raise ValueError(f"{name} has shape {jnp.shape(times)}; give a vector of at least one time, or None")
    if not all(is_concrete(x) for x in (times, t0, t1)):
        return
    values, first, last = np.asarray(times), *sorted((float(t0), float(t1)))
    outside = values[~((values >= first) & (values <= last))]  # NaN too
    if outside.size:
        raise ValueError(f"{name} holds {outside[0]}, outside tspan = ({t0}, {t1}); give times at which a step can end")


def check_steps(dt0: Any, max_steps: Any) -> None:
    """The first step size must be positive and the number of steps a positive whole number."""
    whole = isinstance(max_steps, int | np.integer) and not isinstance(max_steps, bool)
    if not whole or not 1 <= max_steps < 2**31:
        raise ValueError(f"max_steps = {max_steps!r}; give a whole number of at least 1 and below 2**31")
    if dt0 is None:
        return
    if not (isinstance(dt0, numbers.Real) or (is_array(dt0) and dt0.ndim == 0)) or isinstance(dt0, bool):
        raise TypeError(f"dt0 = {dt0!r}; give the first step size as a number, or None to have it chosen")
    if is_concrete(dt0) and not 0 < float(dt0) < math.inf:
        raise ValueError(f"dt0 = {dt0}; the first step size is positive, also when tspan runs backwards")


def check_right_hand_side(out: Any, shape: Shape, what: str = "f(t, y, args)") -> None:
    """The right-hand side must return something shaped like the state, of a dtype that fits it."""
    if is_number_list(out) and len(shape.shapes) == 1:
        leaves = jax.tree.leaves(out)
        for leaf in leaves:
            if isinstance(leaf, bool):
                raise TypeError(f"{what} returned truth values; it must return the derivative dy/dt")
            _check_dtype(np.asarray(leaf) if isinstance(leaf, complex) else leaf, shape, what)
        found: tuple = (len(out),) if isinstance(out, list | tuple) else ()
        if found != shape.shapes[0] and not (len(leaves) == math.prod(shape.shapes[0]) and len(shape.shapes[0]) > 1):
            raise ValueError(
                f"{what} returned {len(leaves)} numbers for a state of shape {shape.shapes[0]}; {_like(shape)}"
            )
        return
    leaves, structure = jax.tree.flatten(out)
    if structure != shape.structure:
        raise TypeError(
            f"{what} returned the structure {structure} for a state of structure {shape.structure}; {_like(shape)}"
        )
    for leaf, expected in zip(leaves, shape.shapes, strict=True):
        if not hasattr(leaf, "shape"):
            raise TypeError(f"{what} returned {leaf!r} ({type(leaf).__name__}); it must return numbers or arrays")
        if tuple(leaf.shape) != expected:
            raise ValueError(
                f"{what} returned shape {tuple(leaf.shape)} for a state of shape {expected}; {_like(shape)}"
            )
        _check_dtype(leaf, shape, what)


def _check_dtype(leaf: Any, shape: Shape, what: str) -> None:
    """A derivative must fit the dtype of the state; Python numbers, and what is made of them alone, take it."""
    if not hasattr(leaf, "dtype") or getattr(leaf, "weak_type", False):
        return
    kind, state = jnp.dtype(leaf.dtype), jnp.dtype(shape.dtype)
    if jnp.issubdtype(kind, jnp.complexfloating) and not jnp.issubdtype(state, jnp.complexfloating):
        raise TypeError(
            f"{what} returned {kind.name} for a {state.name} state; give a complex y0, or a real derivative"
        )
    if kind == jnp.bool_:
        raise TypeError(f"{what} returned truth values; it must return the derivative dy/dt")
    if jnp.issubdtype(kind, jnp.floating) and kind.itemsize > jnp.finfo(state).dtype.itemsize:
        raise TypeError(
            f"{what} returned {kind.name} for a {state.name} state; give y0 as {kind.name}, or args as {state.name}, "
            "so that the precision of the solve is what you mean it to be"
        )


def _like(shape: Shape) -> str:
    return f"return dy/dt shaped like y0 ({shape.size} number{'s' if shape.size != 1 else ''} in all)"


_CONCRETE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
)


def check_observer(observe: Callable, operands: Any) -> None:
    """What a solve saves of the state must be arrays, of the same shapes at every evaluation."""
    try:
        found, again = (jax.eval_shape(lambda x: observe(x), operands) for _ in range(2))  # anew: JAX keeps traces
    except _CONCRETE as error:
        raise TypeError(
            "Save(of=…) cannot be compiled: its shape or its course depends on the numbers in t, y or args. Return arrays "
            f"of fixed shape, jnp.where(y > 0, y, 0) instead of y[y > 0]. ({str(error).splitlines()[0]})"
        ) from None
    if not jax.tree.leaves(found):
        raise TypeError(f"Save(of=…) returned {found!r}, which holds nothing to save; return an array or a tree of arrays")
    if found != again:
        raise TypeError(f"Save(of=…) returned {_shapes(found)}, and evaluated again {_shapes(again)}; its shape must stay")


def check_observed(row: Any) -> None:
    """The leaves of what is saved must be numbers or arrays."""
    for leaf in jax.tree.leaves(row):
        if not (is_array(leaf) or isinstance(leaf, numbers.Number)) or np.dtype(getattr(leaf, "dtype", int)).kind in "OSU":
            raise TypeError(f"Save(of=…) returned {leaf!r} ({type(leaf).__name__}); it must return numbers or arrays")


def _shapes(tree: Any) -> str:
    return ", ".join(f"shape {x.shape}" for x in jax.tree.leaves(tree)) + f" in {jax.tree.structure(tree)}"
