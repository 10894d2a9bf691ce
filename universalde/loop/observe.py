"""What is saved of a state: the state itself, or what ``Save(of=…)`` and ``Save(only=…)`` make of it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..base.checks import check_observed
from ..spec.save import Slice
from .program import Operands, Program, join_args

__all__ = ["chosen", "observed", "with_end"]

WRITTEN_OUT = 16  # indices up to which each is a slice: the derivative of a gather would be a scatter, outside native kernels


def observed(program: Program, operands: Operands, t: Any, y: Any, mode: Any) -> Any:
    """The row that is saved at ``(t, y)``: the raveled state, or a tree of floating arrays."""
    if program.of is None:
        return y
    function = program.of.join(list(operands.of))
    direction = operands.sign if program.direction is None else program.direction
    time = t if program.direction == 1 else direction * t
    extra = (mode,) if program.has_mode else ()
    out = function(time, program.shape.unravel(y), join_args(program.args, operands.args), *extra)
    check_observed(out)
    return jax.tree.map(lambda x: _floating(x, jnp.finfo(program.shape.dtype).dtype), out)


def with_end(program: Program, operands: Operands, outcome: Any) -> Any:
    """The outcome of a solve that keeps the end only, with what is saved of it; the state itself is there anyway."""
    if program.saving != "end" or program.of is None:
        return outcome
    state = outcome.state
    row = observed(program, operands, state.t, state.y, state.mode)
    return outcome._replace(ys=jax.tree.map(lambda x: x[None], row))


def _floating(x: Any, real: Any) -> Any:
    """Whole numbers and truth values become floats, so that a row that was not reached can be NaN."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) and not x.weak_type else x.astype(jnp.result_type(x.dtype, real))


def chosen(only: Any, y0: Any) -> Callable:
    """The function that selects the components ``only`` from a state like ``y0``."""
    entries = only if type(only) is tuple else (only,)
    if isinstance(entries[0], str):
        _check_names(entries, y0)
        return partial(_named, only)
    if isinstance(y0, dict | list | tuple) or not np.ndim(y0):
        raise TypeError(f"Save(only={only!r}) selects from the first axis of an array; the state is {_said(y0)}")
    size = np.shape(y0)[0]
    if isinstance(only, Slice):
        indices = range(*slice(*only).indices(size))
        if not indices:
            raise ValueError(f"Save(only=slice{tuple(only)}) selects nothing from {size} components")
        return partial(_sliced, only)
    beyond = [k for k in entries if not -size <= k < size]
    if beyond:
        raise IndexError(f"Save(only=…) asks for component {beyond[0]}; the state has {size}, numbered from 0")
    return partial(_picked, only if len(entries) <= WRITTEN_OUT else np.array(only))


def _check_names(entries: tuple, y0: Any) -> None:
    if not isinstance(y0, dict):
        raise TypeError(f"Save(only={entries!r}) selects from a dict; the state is {_said(y0)}: give indices")
    unknown = [name for name in entries if name not in y0]
    if unknown:
        raise KeyError(f"Save(only=…) asks for {unknown[0]!r}; the state has {', '.join(map(repr, y0))}")


def _said(y0: Any) -> str:
    return f"an array of shape {np.shape(y0)}" if hasattr(y0, "shape") else f"a {type(y0).__name__}"


def _named(only: Any, t: Any, y: Any, *rest: Any) -> Any:
    return y[only] if isinstance(only, str) else {name: y[name] for name in only}


def _sliced(only: Slice, t: Any, y: Any, *rest: Any) -> Any:
    return y[slice(*only)]


def _picked(only: Any, t: Any, y: Any, *rest: Any) -> Any:
    return jnp.stack([y[k] for k in only]) if isinstance(only, tuple) else y[only]
