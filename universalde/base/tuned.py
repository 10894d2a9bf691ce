"""Programs of derivatives rewritten for native kernels.

*Results that are dear and read again and again are computed once.*  XLA:CPU fuses a vector into each of its consumers.  The
derivative of a right-hand side reads its intermediate results in many places, broadcasts them and sums them along several
axes, and each place computes them anew: a quotient and a root for each pair of seven bodies cost the walk backwards more than
all else.  Such results are found by a count of operations and put through :func:`universalde.base.hold.hold`.  Cheap ones are
left alone: to write and read them would take longer.

*One vector divides once.*  The derivative of a quotient divides by the same vector three times.  Its inverse is taken once, and multiplies: a
division takes as long as some ten products.

*Rows are added one after another.*  The derivative of ``y[indices]`` is a scatter, which would keep the whole walk from being
one native kernel.

*Sums of a whole vector are taken by halves.*  The gradient of a number that enters every equation is such a sum at every
stage, and in one chain each addition waits for the one before.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp

from .buffers import read, write
from .hold import hold
from .kernel import LARGEST_ARRAY, MANY
from .loop import repeat

__all__ = ["tuned"]

LONG, SHORT = 16, 8  # numbers in a sum that is taken by halves, and in what is left in the end
LEAST = 8  # numbers in a vector that is worth a call
WORTH = 24  # operations per number that must be saved (docs/decisions.md)

_LOOPS = {"scan": "jaxpr", "universalde_loop": "body"}  # and the name of what they repeat

# Operations that move numbers; those of one instruction; and, in such instructions, what the others cost about.
_MOVES = frozenset(
    "broadcast_in_dim reshape squeeze slice transpose convert_element_type copy pad concatenate rev expand_dims split gather".split()
)
_SIMPLE = frozenset(
    "add sub mul neg max min abs sign select_n add_any and or not eq ne lt le gt ge square integer_pow is_finite floor ceil".split()
)
_DEAR = {"div": 5, "sqrt": 5, "rsqrt": 8, "exp": 15, "exp2": 15, "log": 15, "log1p": 20, "expm1": 20, "sin": 20, "cos": 20,
         "tanh": 20, "logistic": 20, "erf": 20, "tan": 30, "atan2": 30, "sinh": 30, "cosh": 30, "cbrt": 30, "pow": 40}  # fmt: skip


def tuned(function: Callable) -> Callable:
    """``function`` (trees of arrays in and out), rewritten for a native kernel; the same numbers up to rounding."""

    def call(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        shapes: list = []

        def flat(*leaves: Any) -> list:
            out, found = jax.tree.flatten(function(*jax.tree.unflatten(structure, leaves)))
            shapes.append(found)
            return out

        closed = jax.make_jaxpr(flat)(*leaves)
        return jax.tree.unflatten(shapes[0], _run(closed.jaxpr, closed.consts, leaves))

    return call


def _run(jaxpr: jex.Jaxpr, constants: Sequence, arguments: Sequence) -> list:
    """The results of a program as it is rewritten."""
    arguments = [*constants, *arguments]
    if shared := _denominators(jaxpr):
        jaxpr = jax.make_jaxpr(lambda *x: _divided(jaxpr, shared, x))(*arguments).jaxpr
    kept, values = _kept(jaxpr), dict(zip([*jaxpr.constvars, *jaxpr.invars], arguments, strict=True))
    value = lambda x: x.val if isinstance(x, jex.Literal) else values[x]  # noqa: E731
    for equation in jaxpr.eqns:
        operands, params = [value(x) for x in equation.invars], equation.params
        if equation.primitive.name in ("jit", "pjit"):
            out = _run(params["jaxpr"].jaxpr, params["jaxpr"].consts, operands)
        elif equation.primitive.name == "scatter-add" and _by_rows(equation):
            out = [_added(*operands, params["dimension_numbers"])]
        elif equation.primitive.name == "reduce_sum" and _in_one_chain(equation):
            out = [_summed(operands[0].reshape(-1))]
        else:
            if inner := _LOOPS.get(equation.primitive.name):
                body = params[inner]
                again = jax.make_jaxpr(lambda *x, body=body: _run(body.jaxpr, body.consts, x))(*body.in_avals)
                params = params | {inner: again}
            out = _bound(equation, operands, params)
        values.update((x, hold(y) if x in kept else y) for x, y in zip(equation.outvars, out, strict=True))
    return [value(x) for x in jaxpr.outvars]


def _bound(equation: Any, operands: Sequence, params: dict) -> list:
    out = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(params))
    return out if equation.primitive.multiple_results else [out]


def _denominator(equation: Any) -> Any:
    """The vector that an operation divides by, or ``None``."""
    name, inputs = equation.primitive.name, equation.invars
    x = inputs[1] if name == "div" else inputs[0] if name == "integer_pow" and equation.params["y"] < 0 else None
    there = x is not None and not isinstance(x, jex.Literal) and jnp.issubdtype(x.aval.dtype, jnp.inexact)
    return x if there and _size(x) >= LEAST else None


def _denominators(jaxpr: jex.Jaxpr) -> set:
    """The vectors that several operations divide by."""
    count = Counter(x for x in map(_denominator, jaxpr.eqns) if x is not None)
    return {x for x, times in count.items() if times > 1}


def _divided(jaxpr: jex.Jaxpr, shared: set, arguments: Sequence) -> list:
    """The results with one division for each of the vectors that several operations divide by, and products."""
    values, inverses = dict(zip([*jaxpr.constvars, *jaxpr.invars], arguments, strict=True)), {}
    value = lambda x: x.val if isinstance(x, jex.Literal) else values[x]  # noqa: E731
    for equation in jaxpr.eqns:
        operands, x = [value(x) for x in equation.invars], _denominator(equation)
        if x in shared:
            if x not in inverses:
                inverses[x] = 1 / values[x]
            inverse = inverses[x]
            out = [operands[0] * inverse if equation.primitive.name == "div" else jax.lax.integer_pow(inverse, -equation.params["y"])]
        else:
            out = _bound(equation, operands, equation.params)
        values.update(zip(equation.outvars, out, strict=True))
    return [value(x) for x in jaxpr.outvars]


def _by_rows(equation: Any) -> bool:
    """Whether a sum into places is one into rows along one axis, known to be there, and small enough for a native kernel.

    Accelerators keep their scatters.
    """
    numbers, (operand, indices, updates) = equation.params["dimension_numbers"], [x.aval for x in equation.invars]
    along = tuple(numbers.scatter_dims_to_operand_dims)
    return (
        jax.default_backend() == "cpu"
        and len(along) == 1
        and tuple(numbers.inserted_window_dims) == along
        and not numbers.operand_batching_dims
        and indices.shape[-1] == 1
        and equation.params["mode"] == jax.lax.GatherScatterMode.PROMISE_IN_BOUNDS
        and max(operand.size, updates.size) * operand.dtype.itemsize <= LARGEST_ARRAY
    )


def _added(operand: Any, indices: Any, updates: Any, numbers: Any) -> Any:
    """``operand`` with the updates added to its rows along one axis, one after another."""
    along, places = numbers.scatter_dims_to_operand_dims[0], indices.reshape(-1)
    over = [axis for axis in range(updates.ndim) if axis not in numbers.update_window_dims]
    updates = jnp.moveaxis(updates, over, range(len(over)))
    updates = updates.reshape(places.size, *updates.shape[len(over) :])

    def body(i: Any, state: Any, buffer: Any) -> tuple:
        place = read(places, i)
        return state, write(buffer, place, read(buffer, place) + read(updates, i))

    _, buffer = repeat(body, (), limit=places.size, private=jnp.moveaxis(operand, along, 0))
    return jnp.moveaxis(buffer, 0, along)


def _in_one_chain(equation: Any) -> bool:
    """Whether a sum of all numbers of a vector is long enough that each addition waits for the one before."""
    (x,), axes = [v.aval for v in equation.invars], equation.params["axes"]
    return len(axes) == x.ndim and LONG <= x.size < MANY and jnp.issubdtype(x.dtype, jnp.inexact)


def _summed(x: Any) -> Any:
    """The sum of a vector by halves, whose additions do not wait for each other."""
    while x.size > SHORT:
        half = x.size // 2
        rest = x[2 * half :]
        x = x[:half] + x[half : 2 * half]
        x = jnp.concatenate([x[:1] + rest, x[1:]]) if rest.size else x
    return jnp.sum(x)


def _kept(jaxpr: jex.Jaxpr) -> set:
    """The results that are read so often, and take so many operations, that they are computed once."""
    reads, cost, kept = _reads(jaxpr), {}, set()
    for equation in jaxpr.eqns:
        name, inputs = equation.primitive.name, _variables(equation.invars)
        before = [cost.get(x, 0) for x in inputs]
        own = 1 if name in _SIMPLE else _DEAR.get(name)
        if name in _MOVES:
            total = max(before, default=0)
        elif own is not None:
            total = own + sum(before)
        elif name.startswith("reduce_"):
            total = (1 + sum(before)) * _size(inputs[0]) / max(_size(equation.outvars[0]), 1) if inputs else 0
        else:  # is a result of its own already
            total = 0
        for x in equation.outvars:
            cost[x] = total
            if (
                name not in _MOVES
                and _size(x) >= LEAST
                and total * (reads[x] - 1) >= WORTH
                and jnp.issubdtype(x.aval.dtype, jnp.inexact)
            ):
                kept.add(x)
                cost[x] = 0
    return kept


def _reads(jaxpr: jex.Jaxpr) -> Counter:
    """How often each number of a result is read, where it is moved or spread out as often as the place it moves to."""
    reads = Counter(_variables(jaxpr.outvars))
    for equation in reversed(jaxpr.eqns):
        name, inputs = equation.primitive.name, _variables(equation.invars)
        there = sum(reads[x] for x in equation.outvars)
        for x in inputs:
            if name in ("pad", "concatenate"):
                reads[x] += there
            elif name in _MOVES:
                reads[x] += there * _size(equation.outvars[0]) / max(_size(x), 1)
            elif name in _SIMPLE or name in _DEAR:  # a side of length one is spread out too
                reads[x] += _size(equation.outvars[0]) / max(_size(x), 1)
            else:
                reads[x] += 1
    return reads


def _variables(atoms: Sequence) -> list:
    return [x for x in atoms if not isinstance(x, jex.Literal)]


def _size(x: Any) -> int:
    return math.prod(getattr(x.aval, "shape", (0,)))
