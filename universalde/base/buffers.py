"""Rows of a buffer, read and written inside a :func:`universalde.base.loop.loop`.

``write(buffer, index, row)`` is ``buffer[index] = row`` and ``read(buffer, index)`` is ``buffer[index]``.  Under ``vmap``
an index that all lanes share stays a plain (dynamic-update-)slice of a buffer laid out ``(rows, *lanes, ...)``.  An index
of each lane's own writes to a buffer laid out ``(*lanes, rows, ...)``: lane after lane on the CPU, where a scatter would
keep the loop from being one native kernel, and by one scatter on accelerators.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax import lax
from jax.interpreters import ad, batching, mlir

from .loop import loop, repeat

__all__ = ["read", "sweep", "write"]


def write(buffer: Any, index: Any, row: Any) -> Any:
    """``buffer`` with ``row`` at ``index`` (clamped into the buffer)."""
    buffer = jnp.asarray(buffer)
    return write_p.bind(buffer, jnp.asarray(index, jnp.int32), jnp.asarray(row, buffer.dtype), lanes=0)


def read(buffer: Any, index: Any) -> Any:
    """Row ``index`` of ``buffer`` (clamped into the buffer)."""
    return read_p.bind(jnp.asarray(buffer), jnp.asarray(index, jnp.int32))


def sweep(step: Callable, state: Any, rows: Any, count: int, backwards: bool = False, late: int = 0) -> tuple:
    """The last state, and in ``rows`` those that ``step(k, state) -> (state, row)`` gives for every k, each at k + late."""

    def body(i: Any, active: Any, state: Any, rows: Any, private: Any) -> tuple:
        k = count - 1 - i if backwards else i
        state, made = step(k, state)
        return state, jax.tree.map(lambda rows, row: write(rows, k + late, row), rows, made), private

    _, state, rows, _ = loop(body, state, limit=count, shared=rows)
    return state, rows


write_p = jex.Primitive("universalde_write")
read_p = jex.Primitive("universalde_read")


def _write_rows(buffer: Any, index: Any, row: Any, *, lanes: int) -> Any:
    """One scatter: the form for accelerators."""
    update = partial(lax.dynamic_update_index_in_dim, axis=0)
    for _ in range(lanes):
        update = jax.vmap(update)
    return update(buffer, row, index)


def _write_lanes(buffer: Any, index: Any, row: Any, *, lanes: int) -> Any:
    """Lane after lane, each write in place: the form for the CPU."""
    if lanes == 0:
        return _write_rows(buffer, index, row, lanes=0)
    shape = buffer.shape
    flat = buffer.reshape(-1, *shape[lanes:])
    index, row = index.reshape(-1), row.reshape(-1, *shape[lanes + 1 :])

    def step(lane: Any, state: Any, flat: Any) -> tuple:
        one = lax.dynamic_index_in_dim(row, lane, 0)
        start = (lane, index[lane], *[jnp.int32(0)] * (flat.ndim - 2))
        return state, lax.dynamic_update_slice(flat, one[:, None], start)

    _, flat = repeat(step, (), limit=flat.shape[0], private=flat)
    return flat.reshape(shape)


write_p.def_impl(lambda *operands, lanes: jax.jit(partial(_write_rows, lanes=lanes))(*operands))
write_p.def_abstract_eval(lambda buffer, index, row, *, lanes: buffer)
mlir.register_lowering(write_p, mlir.lower_fun(_write_rows, multiple_results=False))
mlir.register_lowering(write_p, mlir.lower_fun(_write_lanes, multiple_results=False), platform="cpu")


def _write_batch(operands: Sequence, dims: Sequence, *, lanes: int) -> tuple:
    buffer, index, row = operands
    size = next(x.shape[d] for x, d in zip(operands, dims, strict=True) if d is not None)
    if lanes == 0 and dims[1] is None and dims[0] == 1:  # one index for all lanes: rows stay in front
        return write_p.bind(buffer, index, _lead(row, dims[2], size), lanes=0), 1
    buffer, index, row = (_lead(x, d, size) for x, d in zip(operands, dims, strict=True))
    return write_p.bind(buffer, index, row, lanes=lanes + 1), 0


def _lead(x: Any, dim: Any, size: int) -> Any:
    return jnp.broadcast_to(x, (size, *x.shape)) if dim is None else jnp.moveaxis(x, dim, 0)


batching.primitive_batchers[write_p] = _write_batch


def _write_jvp(primals: Sequence, tangents: Sequence, *, lanes: int) -> tuple:
    buffer, index, row = primals
    out = write_p.bind(buffer, index, row, lanes=lanes)
    if all(isinstance(t, ad.Zero) for t in (tangents[0], tangents[2])):
        return out, ad.Zero(jax.typeof(out).to_tangent_aval())
    dots = [ad.instantiate_zeros(t) for t in (tangents[0], tangents[2])]
    return out, write_p.bind(dots[0], index, dots[1], lanes=lanes)


ad.primitive_jvps[write_p] = _write_jvp

_read_row = partial(lax.dynamic_index_in_dim, axis=0, keepdims=False)
read_p.def_impl(jax.jit(_read_row))
read_p.def_abstract_eval(lambda buffer, index: buffer.update(shape=buffer.shape[1:]))
mlir.register_lowering(read_p, mlir.lower_fun(_read_row, multiple_results=False))


def _read_batch(operands: Sequence, dims: Sequence) -> tuple:
    buffer, index = operands
    if dims[1] is None and dims[0] == 1:  # one index for all lanes of a shared buffer
        return read_p.bind(buffer, index), 0
    return jax.vmap(_read_row, in_axes=tuple(dims))(buffer, index), 0


batching.primitive_batchers[read_p] = _read_batch


def _read_jvp(primals: Sequence, tangents: Sequence) -> tuple:
    buffer, index = primals
    out = read_p.bind(buffer, index)
    if isinstance(tangents[0], ad.Zero):
        return out, ad.Zero(jax.typeof(out).to_tangent_aval())
    return out, read_p.bind(tangents[0], index)


ad.primitive_jvps[read_p] = _read_jvp
