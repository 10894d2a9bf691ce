"""SciPy's arguments, checked and as ours."""

import math
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..base.closures import is_array
from ..base.ravel import is_number_list, stacked
from ..base.warn import warn
from ..choose import REGISTRY
from ..methods.auto import Auto
from ..methods.rosenbrock_rows import Rodas5P
from ..methods.rows import Tsit5
from ..solve import default_controller
from ..spec.method import Method

__all__ = [
    "Refused",
    "arguments",
    "filled",
    "joined",
    "method_named",
    "name_of",
    "settings",
    "span_of",
    "split",
    "state",
    "times_of",
]

OURS = {
    "RK23": ("BS3", "Tsit5"),
    "RK45": ("DP5", "Tsit5"),
    "DOP853": ("DP853", "DP8", "Vern8", "Vern7", "DP5", "Tsit5"),
    "Radau": ("RadauIIA5",),
    "BDF": ("QNDF",),
}
OF_STIFF_METHODS = ("jac", "jac_sparsity", "lband", "uband")
WITHOUT_EFFECT = ("min_step",)


class Refused(ValueError):
    """What SciPy can do and we cannot yet."""


def span_of(t_span: Any) -> tuple[float, float]:
    try:
        t0, t1 = (float(t) for t in t_span)
    except (TypeError, ValueError):
        raise TypeError(f"t_span = {t_span!r}; give a pair of numbers (t0, tf), for example (0, 10)") from None
    return t0, t1


def state(y0: Any) -> Any:
    y0 = np.asarray(y0)
    if y0.dtype.kind not in "biufc":
        raise TypeError(f"y0 holds {y0.dtype.name}; give numbers")
    if y0.ndim != 1:
        raise ValueError(
            f"y0 must be 1-dimensional; it has shape {y0.shape}. Write [y0] for one number, y0.ravel() for more"
        )
    return y0.astype(complex if y0.dtype.kind == "c" else float)


def times_of(t_eval: Any, span: tuple[float, float]) -> Any:
    times = np.asarray(t_eval, float)
    if times.ndim != 1:
        raise ValueError(f"t_eval must be 1-dimensional; it has shape {times.shape}")
    low, high = min(span), max(span)
    if np.any((times < low) | (times > high) | np.isnan(times)):
        raise ValueError(f"values in t_eval are not within t_span = {span}")
    if np.any(np.diff(times) * (span[1] - span[0]) <= 0):
        order = "increasing" if span[1] > span[0] else "decreasing, as t_span is"
        raise ValueError(f"values in t_eval are not properly sorted; give {order} times, each once")
    return times


def settings(options: dict, span: tuple[float, float], method: Method) -> dict:
    """SciPy's options as keywords of ``solve``."""
    known = {"rtol": 1e-3, "atol": 1e-6, "first_step": None, "max_step": math.inf}
    unknown = sorted(set(options) - set(known) - set(OF_STIFF_METHODS) - set(WITHOUT_EFFECT))
    if unknown:
        raise TypeError(f"solve_ivp has no option {', '.join(unknown)}; its options are {', '.join((*known, *OF_STIFF_METHODS))}")
    idle = sorted(set(options) & {*WITHOUT_EFFECT, *(() if method.implicit else OF_STIFF_METHODS)})
    if idle:
        warn(f"no effect with {method.name}: {', '.join(idle)}; leave it out")
    values = {**known, **options}
    first, length = values["first_step"], abs(span[1] - span[0])
    if first is not None and not 0 < first <= length:
        raise ValueError(f"first_step = {first}; it must be positive and at most the length of t_span, {length:g}")
    largest = values["max_step"]
    if not largest > 0:
        raise ValueError(f"max_step = {largest}; it must be positive, or np.inf for no limit")
    controller = replace(default_controller(method), hmax=float(largest)) if largest < length else None
    return {"rtol": values["rtol"], "atol": values["atol"], "dt0": first, "controller": controller}


def method_named(method: Any, y0: Any) -> Method:
    """The method of ours that stands for one of SciPy's, given by name or as SciPy's class."""
    if isinstance(method, Method):
        return method
    name = method.__name__ if isinstance(method, type) else method
    if not isinstance(name, str) or name not in (*OURS, "LSODA"):
        raise ValueError(f"method = {method!r}; give one of {', '.join(OURS)}, LSODA, or a method of ours such as ude.Tsit5()")
    if name == "LSODA":
        found = Auto(Tsit5(), Rodas5P())
    else:
        found = REGISTRY[next(ours for ours in OURS[name] if ours in REGISTRY)]()
    if found.implicit and y0.dtype.kind == "c":
        raise Refused(
            f"method = {name!r} with complex y0: our implicit methods solve real systems. Write the state as its real and imaginary "
            "parts, give method='RK45' or 'DOP853' if the problem is not stiff, or fallback=True to have SciPy solve it"
        )
    return found


def arguments(args: Any) -> tuple:
    if args is None:
        return ()
    try:
        return (*args,)
    except TypeError:
        raise TypeError(f"args = {args!r} cannot be unpacked; for one argument write args=({args!r},)") from None


def split(args: tuple) -> tuple[tuple, tuple]:
    """Arrays and floating numbers may change without a new compilation; whole numbers, which may be sizes, may not."""
    leaves, structure = jax.tree.flatten(args)
    varies = [is_array(leaf) or isinstance(leaf, float | complex) for leaf in leaves]
    varying = tuple(leaf for leaf, free in zip(leaves, varies, strict=True) if free)
    fixed = tuple((free, None if free else leaf) for leaf, free in zip(leaves, varies, strict=True))
    return varying, (structure, fixed)


def joined(varying: tuple, fixed: tuple) -> tuple:
    structure, leaves = fixed
    numbers = iter(varying)
    return jax.tree.unflatten(structure, [next(numbers) if free else leaf for free, leaf in leaves])


def filled(out: Any) -> Any:
    """What a function of the user returned, as an array."""
    if isinstance(out, list | tuple):
        return stacked(out, "fun") if is_number_list(out) else jnp.asarray(out)
    return out if isinstance(out, np.ndarray) else jnp.asarray(out)


def name_of(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
