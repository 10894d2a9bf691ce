"""The while loop of every solve, with batching and buffers of our own.

JAX's own rule for a batched predicate selects the *whole* carry after each iteration, so a buffer that holds one row per
step is copied at every step.  Here the carry is told apart:

* ``state``    small; under ``vmap`` a lane that has finished keeps its state (one select of a small array); layout
  ``(..., *lanes)``, so that each component of the lanes' states is one contiguous vector;
* ``shared``   buffers written at the loop counter, which all lanes share: layout ``(rows, *lanes, ...)``;
* ``private``  buffers written at an index of each lane's own: layout ``(*lanes, rows, ...)``.

No select and no scatter ever touches a buffer.  A body must write idle lanes to a row that nobody reads (a spare row, or
the row that the next accepted write overwrites).

This is the only module of the package that names ``lax.while_loop``.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax import lax
from jax.interpreters import ad, batching, mlir

__all__ = ["loop", "once", "repeat"]


def _trace(function: Callable, *arguments: Any) -> tuple[jex.ClosedJaxpr, list]:
    """Trace ``function(*arguments) -> list``; whatever it closes over becomes leading operands of the program."""
    closed = jax.make_jaxpr(function)(*arguments)
    constants = list(closed.consts)

    def explicit(constants: list, *arguments: Any) -> list:
        return jex.jaxpr_as_fun(jex.ClosedJaxpr(closed.jaxpr, constants))(*arguments)

    return jax.make_jaxpr(explicit)(constants, *arguments), constants


def _call(program: jex.ClosedJaxpr, *arguments: Any) -> list:
    return jex.jaxpr_as_fun(program)(*arguments)


def loop(
    body: Callable, state: Any, *, limit: Any, running: Callable | None = None, shared: Any = (), private: Any = ()
) -> tuple[Any, Any, Any, Any]:
    """Run ``body`` at most ``limit`` times while ``running(state)``; return ``(count, state, shared, private)``.

    ``body(i, active, state, shared, private) -> (state, shared, private)``.  ``i`` counts from 0 and is shared by all
    lanes of a ``vmap``; ``active`` says whether this lane is still running.  Without ``running`` it is a counted loop.
    Lanes whose limits differ stop at their own.
    """
    trees = (state, shared, private)
    leaves, structure = jax.tree.flatten(trees)
    leaves = [jnp.asarray(leaf) for leaf in leaves]
    sizes = tuple(len(jax.tree.leaves(tree)) for tree in trees)

    def flat_running(*flat_state: Any) -> list:
        return [running(jax.tree.unflatten(jax.tree.structure(state), flat_state))] if running else []

    def flat_body(i: Any, active: Any, *flat: Any) -> list:
        result, found = jax.tree.flatten(body(i, active, *jax.tree.unflatten(structure, flat)))
        if found != structure:
            raise TypeError(f"loop body changed its carry from {structure} to {found}")
        return [jnp.asarray(new, old.dtype) for new, old in zip(result, flat, strict=True)]

    cond, cond_consts = _trace(flat_running, *leaves[: sizes[0]])
    step, step_consts = _trace(flat_body, jnp.int32(0), jnp.bool_(True), *leaves)
    count, *out = loop_p.bind(
        jnp.asarray(limit, jnp.int32), *cond_consts, *step_consts, *leaves,
        cond=cond, body=step, sizes=(len(cond_consts), len(step_consts), *sizes), lanes=(),
    )  # fmt: skip
    return (count, *jax.tree.unflatten(structure, out))


def repeat(body: Callable, state: Any, *, limit: Any, private: Any = ()) -> tuple[Any, Any]:
    """Counted :func:`loop` without shared buffers: ``body(i, state, private) -> (state, private)``."""

    def step(i: Any, active: Any, state: Any, shared: Any, private: Any) -> tuple:
        state, private = body(i, state, private)
        return state, shared, private

    _, state, _, private = loop(step, state, limit=limit, private=private)
    return state, private


def once(flag: Any, make: Callable[[], Any], old: Any = None) -> Any:
    """``make()`` where ``flag`` holds, and ``old`` (``None``: zeros), for nothing, where it does not."""
    shapes: list = []

    def flat() -> list:
        leaves, structure = jax.tree.flatten(make())
        shapes.append(structure)
        return [jnp.asarray(leaf) for leaf in leaves]

    program, constants = _trace(lambda: flat())
    empty = [jnp.zeros(aval.shape, aval.dtype) for aval in program.out_avals] if old is None else jax.tree.leaves(old)

    def body(i: Any, active: Any, state: tuple, shared: Any, private: Any) -> tuple:
        # XLA moves what depends on nothing that changes in a loop in front of it, where it would be computed every time.
        here = [jnp.where(i == 0, x, jnp.zeros_like(x)) if _inexact(x) else x for x in constants]
        return (jnp.bool_(False), _call(program, *here)), shared, private

    _, (_, made), _, _ = loop(body, (flag, empty), limit=1, running=lambda state: state[0])
    return jax.tree.unflatten(shapes[0], made)


def _inexact(x: Any) -> bool:
    return bool(jnp.issubdtype(jnp.result_type(x), jnp.inexact))


def _split(operands: Sequence, sizes: tuple[int, ...]) -> tuple[Any, list[list]]:
    limit, *rest = operands
    parts, start = [], 0
    for size in sizes:
        parts.append(list(rest[start : start + size]))
        start += size
    return limit, parts


def _execute(*operands: Any, cond: Any, body: Any, sizes: tuple[int, ...], lanes: tuple[int, ...]) -> list:
    """The loop in terms of ``lax``; what a lane that has finished would change in ``state`` is undone by a select."""
    limit, (cond_consts, body_consts, state, shared, private) = _split(operands, sizes)
    n_state, counted = len(state), not cond.out_avals

    def is_running(flat: Sequence) -> Any:
        return jnp.bool_(True) if counted else _call(cond, *cond_consts, *flat[:n_state])[0]

    def keep_going(carry: tuple) -> Any:
        i, flat = carry
        return (i < limit) & jnp.any(is_running(flat))

    def step(carry: tuple) -> tuple:
        i, flat = carry
        selecting = bool(lanes) and not counted
        active = is_running(flat) if selecting else jnp.ones(lanes, bool)
        new = _call(body, *body_consts, i, active, *flat)
        if selecting:
            new[:n_state] = [_select(active, a, b) for a, b in zip(new[:n_state], flat[:n_state], strict=True)]
        return i + 1, new

    count, flat = lax.while_loop(keep_going, step, (jnp.int32(0), [*state, *shared, *private]))
    return [count, *flat]


def _select(active: Any, new: Any, old: Any) -> Any:
    return jnp.where(active, new, old)


loop_p = jex.Primitive("universalde_loop")
loop_p.multiple_results = True


@loop_p.def_impl
def _loop_impl(*operands: Any, **params: Any) -> list:
    return jax.jit(partial(_execute, **params))(*operands)


@loop_p.def_abstract_eval
def _loop_abstract(limit: Any, *avals: Any, sizes: tuple[int, ...], **params: Any) -> list:
    return [limit, *avals[sizes[0] + sizes[1] :]]


mlir.register_lowering(loop_p, mlir.lower_fun(_execute, multiple_results=True))


def _loop_batch(operands: Sequence, dims: Sequence, *, cond: Any, body: Any, sizes: Any, lanes: Any) -> tuple:
    size = next(x.shape[d] for x, d in zip(operands, dims, strict=True) if d is not None)
    limit, (cond_consts, body_consts, *carry) = _split(operands, sizes)
    limit_dim, (cond_dims, body_dims, *carry_dims) = _split(dims, sizes)
    if limit_dim is not None:
        return _batch_of_limits(operands, dims, cond=cond, body=body, sizes=sizes, lanes=lanes)
    # State: lanes last, so that the parts of a state are contiguous.  Shared buffers: row first.
    axes = [axis for axis, group in zip((None, 1, 0), carry, strict=True) for _ in group]
    unbatched = [jnp.ndim(x) - (d is not None) for x, d in zip(sum(carry, []), sum(carry_dims, []), strict=True)]
    axes = [ndim if axis is None else axis for axis, ndim in zip(axes, unbatched, strict=True)]
    flat = [_to_axis(x, d, axis, size) for x, d, axis in zip(sum(carry, []), sum(carry_dims, []), axes, strict=True)]
    state = flat[: sizes[2]]
    new_lanes = (*lanes, size)
    new_cond = jax.vmap(
        partial(_call, cond), in_axes=(*cond_dims, *axes[: len(state)]), out_axes=len(lanes), axis_size=size
    )
    new_body = jax.vmap(
        partial(_call, body), in_axes=(*body_dims, None, len(lanes), *axes), out_axes=axes, axis_size=size
    )
    out = loop_p.bind(
        limit, *cond_consts, *body_consts, *flat,
        cond=jax.make_jaxpr(new_cond)(*cond_consts, *state),
        body=jax.make_jaxpr(new_body)(*body_consts, jnp.int32(0), jnp.ones(new_lanes, bool), *flat),
        sizes=sizes, lanes=new_lanes,
    )  # fmt: skip
    return out, [None, *axes]


def _batch_of_limits(operands: Sequence, dims: Sequence, *, cond: Any, body: Any, sizes: Any, lanes: Any) -> tuple:
    """Lanes whose limits differ count theirs down in their state, and run until the greatest."""
    (limit, *rest), (dim, *rest_dims), before = operands, dims, sizes[0] + sizes[1]
    left = jnp.broadcast_to(jnp.moveaxis(limit, dim, 0)[(..., *[None] * len(lanes))], (limit.size, *lanes))
    count = jax.ShapeDtypeStruct(lanes, limit.dtype)

    def goes_on(*operands: Any) -> list:
        left, state = operands[sizes[0]], (*operands[: sizes[0]], *operands[sizes[0] + 1 :])
        return [(left > 0) & _call(cond, *state)[0] if cond.out_avals else left > 0]

    def counted_down(*operands: Any) -> list:
        at = sizes[1] + 2
        return [operands[at] - 1, *_call(body, *operands[:at], *operands[at + 1 :])]

    def widened(program: Any, at: int) -> list:
        return [*program.in_avals[:at], count, *program.in_avals[at:]]

    out, out_dims = _loop_batch(
        [jnp.max(limit), *rest[:before], left, *rest[before:]], [None, *rest_dims[:before], 0, *rest_dims[before:]],
        cond=jax.make_jaxpr(goes_on)(*widened(cond, sizes[0])), body=jax.make_jaxpr(counted_down)(*widened(body, sizes[1] + 2)),
        sizes=(*sizes[:2], sizes[2] + 1, *sizes[3:]), lanes=lanes,
    )  # fmt: skip
    return [out[0], *out[2:]], [out_dims[0], *out_dims[2:]]


batching.primitive_batchers[loop_p] = _loop_batch


def _loop_jvp(primals: Sequence, tangents: Sequence, *, cond: Any, body: Any, sizes: Any, lanes: Any) -> tuple:
    """Forward mode: the tangents of consts, state and buffers ride in the same loop (step control is not linearised)."""
    limit, (cond_consts, body_consts, *carry) = _split(primals, sizes)
    _, (_, const_dots, *carry_dots) = _split(
        [_dense_tangent(*pair) for pair in zip(primals, tangents, strict=True)], sizes
    )
    floats = [[dot is not None for dot in group] for group in (const_dots, *carry_dots)]
    joined = [
        [*group, *_present(dots)] for group, dots in zip((body_consts, *carry), (const_dots, *carry_dots), strict=True)
    ]
    counts = [len(group) for group in joined]

    def jvp_body(*operands: Any) -> list:
        consts, rest = list(operands[: counts[0]]), operands[counts[0] :]
        i, active, *flat = rest
        groups = [consts, *_chunks(flat, counts[1:])]
        values = [group[: len(mask)] for group, mask in zip(groups, floats, strict=True)]
        dots = sum((group[len(mask) :] for group, mask in zip(groups, floats, strict=True)), [])
        mask = sum(floats, [])

        def primal(*moving: Any) -> list:
            full = _merge(sum(values, []), moving, mask)
            return _call(body, *full[: len(values[0])], i, active, *full[len(values[0]) :])

        moving = [x for x, m in zip(sum(values, []), mask, strict=True) if m]
        out, out_dots = jax.jvp(primal, moving, dots)
        result = []
        for new, new_dots, m in zip(_chunks(out, sizes[2:]), _chunks(out_dots, sizes[2:]), floats[1:], strict=True):
            result += [*new, *(dot for dot, keep in zip(new_dots, m, strict=True) if keep)]
        return result

    operands = [limit, *cond_consts, *sum(joined, [])]
    example = [*joined[0], jnp.int32(0), jnp.ones(lanes, bool), *sum(joined[1:], [])]
    n_state = sizes[2]
    jvp_cond = jax.make_jaxpr(lambda *x: _call(cond, *x[: sizes[0] + n_state]))(*cond_consts, *joined[1])
    count, *out = loop_p.bind(
        *operands, cond=jvp_cond, body=jax.make_jaxpr(jvp_body)(*example), sizes=(sizes[0], *counts), lanes=lanes
    )
    values, dots = [], []
    for group, mask in zip(_chunks(out, counts[1:]), floats[1:], strict=True):
        moving = iter(group[len(mask) :])
        values += group[: len(mask)]
        dots += [next(moving) if m else _zero(x) for x, m in zip(group, mask, strict=False)]
    return [count, *values], [_zero(count), *dots]


def _dense_tangent(value: Any, tangent: Any) -> Any:
    if not jnp.issubdtype(jnp.result_type(value), jnp.inexact):
        return None
    return jnp.zeros_like(value) if isinstance(tangent, ad.Zero) else tangent


def _present(values: Sequence) -> list:
    return [value for value in values if value is not None]


def _chunks(flat: Sequence, counts: Sequence[int]) -> list[list]:
    starts = [sum(counts[:k]) for k in range(len(counts))]
    return [list(flat[start : start + count]) for start, count in zip(starts, counts, strict=True)]


def _merge(values: Sequence, moving: Sequence, mask: Sequence[bool]) -> list:
    replacements = iter(moving)
    return [next(replacements) if m else value for value, m in zip(values, mask, strict=True)]


def _zero(value: Any) -> ad.Zero:
    return ad.Zero(jax.typeof(value).to_tangent_aval())


ad.primitive_jvps[loop_p] = _loop_jvp


def _to_axis(x: Any, dim: Any, axis: int, size: int) -> Any:
    if dim is None:
        return jnp.broadcast_to(jnp.expand_dims(x, axis), (*x.shape[:axis], size, *x.shape[axis:]))
    return jnp.moveaxis(x, dim, axis)
