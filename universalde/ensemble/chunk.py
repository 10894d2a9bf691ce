"""The compiled part of an ensemble: batches about as wide as the processor's vector registers, one after the other.

A chunk is one program and, where :mod:`universalde.base.kernel` allows it, one native kernel.  Each batch is a small
``vmap``; a trajectory waits for the slowest of its batch only, and what a batch works on stays in the first cache.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..base.buffers import read, write
from ..base.components import by_component
from ..base.kernel import kernel, obstacle
from ..base.loop import repeat
from ..border import Border
from ..loop.integrate import integrate, start
from ..loop.observe import with_end
from ..loop.program import Operands, Program, model_of
from ..loop.shown import shown
from ..solve import Prepared
from .result import Part, saved_of, ys_names
from .rows import Lanes, Plan

__all__ = ["batch_program", "chunk_program", "flat", "order_program", "plan_of", "width_of"]

MOST = 1024  # trajectories of a chunk
PIECES = 8  # chunks that a smaller ensemble is cut into, so that no thread waits long for the last one; each costs 0.4 ms
CHUNK_BYTES = 1 << 26
# Trajectories side by side in a native kernel, and the largest states for which that is faster than one by one.
BY_COMPONENT, MANY_COMPONENTS = 32, 16
BY_VECTOR, MANY_IN_VECTOR = 16, 4
WIDE, NUMBERS = 64, 4096  # trajectories, and numbers in their states, side by side outside a native kernel


def width_of(prepared: Prepared, shapes: Callable[[int], Lanes]) -> int:
    """Trajectories side by side: what fills the vector registers and can be one native kernel; measured, see decisions.

    ``shapes(width)`` are the lanes of one batch.
    """
    if jax.default_backend() != "cpu":
        return MOST
    call, found = prepared.call, prepared.entry.functions
    key = ("width", tuple(leaf.shape for leaf in jax.tree.leaves(shapes(1))))
    if key not in found:
        found[key] = _width(call, shapes)
    return found[key]


def _width(call: Border, shapes: Callable[[int], Lanes]) -> int:
    size, batch = call.shape.size, batch_program(call.program)
    for width in (*_native_widths(call), 1):
        if call.program.method.native and obstacle(jax.make_jaxpr(batch)(call.operands, shapes(width))) is None:
            return width
    return max(1, min(WIDE, NUMBERS // size))


def _native_widths(call: Border) -> tuple[int, ...]:
    """Vectors of a few numbers fill the registers by themselves; equations written number by number never do."""
    program, operands = call.program, call.operands
    if call.shape.size > MANY_COMPONENTS:
        return ()
    if "history" not in program.parts:
        f = model_of(program, operands, operands.mode).f
        if by_component(jax.make_jaxpr(f)(operands.t0, operands.y0)):
            return (BY_COMPONENT,)
    return (BY_VECTOR,) if call.shape.size <= MANY_IN_VECTOR else ()


def plan_of(call: Border, size: int, chunk: int | None, width: int) -> Plan:
    """How ``size`` trajectories are cut up; every ensemble of a problem shares one compiled shape unless ``chunk`` is given."""
    if chunk is not None:
        width = min(width, chunk)
        batches = used = -(-chunk // width)
        return Plan(width, batches, used, -(-size // (width * used)))
    saved = len(call.operands.ts) if call.program.saving == "times" else 0
    each = call.shape.dtype.itemsize * call.shape.size + saved * sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(saved_of(call)))
    batches = max(1, min(MOST, CHUNK_BYTES // each) // width)
    used = min(batches, -(-size // (PIECES * width)))
    return Plan(width, batches, used, -(-size // (width * used)))


def own_operands(operands: Operands, lanes: Lanes) -> Operands:
    """The operands of one trajectory."""
    args = tuple(all_ if isinstance(own, tuple) else own for own, all_ in zip(lanes.args, operands.args, strict=True))
    return operands._replace(y0=operands.y0 if isinstance(lanes.y0, tuple) else lanes.y0, args=args)


def batch_program(program: Program) -> Callable:
    """``(operands, lanes) -> dict of arrays (width, ...)``; lanes are the last axis, each parameter of a batch one vector."""

    def one(operands: Operands, lanes: Lanes) -> dict:
        own = own_operands(operands, lanes)
        outcome = with_end(program, own, shown(program, own, integrate(program, own)))
        state = outcome.state
        counts = jnp.stack([state.status, state.saved, state.accepted, state.rejected, state.rhs])
        found = {"t": state.t, "y": state.y, "counts": counts}
        return {**found, **dict(zip(ys_names(outcome.ys), jax.tree.leaves(outcome.ys), strict=True))}

    return jax.vmap(one, in_axes=(None, -1))


def order_program(program: Program) -> Callable:
    """``(operands, rows) -> (rows,)`` first step sizes: trajectories alike in them take about as many steps."""

    def one(operands: Operands, lanes: Lanes) -> Any:
        return start(program, own_operands(operands, lanes)).h

    return jax.vmap(one, in_axes=(None, 0))


def chunk_program(program: Program) -> Callable:
    """``(operands, lanes, count) -> dict of arrays (batches, width, ...)``: the first ``count`` batches solved."""
    batch = batch_program(program)

    def whole(operands: Operands, lanes: Lanes, count: Any, buffers: dict) -> dict:
        def body(i: Any, state: tuple, buffers: dict) -> tuple:
            rows = batch(operands, jax.tree.map(lambda leaf: read(leaf, i), lanes))
            return state, {name: write(buffers[name], i, rows[name]) for name in buffers}

        return repeat(body, (), limit=count, private=buffers)[1]

    def chunk(operands: Operands, lanes: Lanes, count: Any) -> dict:
        shapes = jax.eval_shape(batch, operands, jax.tree.map(lambda leaf: leaf[0], lanes))
        batches = jax.tree.leaves(lanes)[0].shape[0]
        buffers = {name: jnp.zeros((batches, *shape.shape), shape.dtype) for name, shape in shapes.items()}
        return kernel(whole, native=program.method.native)(operands, lanes, count, buffers)

    return chunk


def flat(found: dict, order: np.ndarray) -> Part:
    """Arrays of a chunk in NumPy, batches and lanes as one axis, those of the trajectory ``order[i]`` moved to row ``order[i]``.

    The lanes that only filled up the last batch are dropped.
    """
    part = Part()
    for name, x in found.items():
        rows = np.asarray(x).reshape(-1, *x.shape[2:])[: len(order)]
        part[name] = np.empty_like(rows)
        part[name][order] = rows
    return part
