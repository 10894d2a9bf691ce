"""A linear map with a hand-written transpose, as one JAX primitive.

``linear_map(forward, backward, residuals, linear, out)`` evaluates ``forward(residuals, linear)``, which must be linear
in ``linear`` and have results like ``out``; ``backward(residuals, cotangent)`` is its transpose.  One definition of a
tangent in these terms serves forward mode (the map is run), reverse mode (its transpose is run), batches (both are
mapped) and forward-over-reverse (the programs themselves are differentiated with respect to the residuals).

Both functions are traced only when they are run: a gradient never pays for tracing the forward map.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax.interpreters import ad, batching, mlir

from .kernel import TWICE, kernel, kernel_p

__all__ = ["linear_map"]


class Lazy:
    """A flat function on arrays, traced on first use for the given arguments."""

    def __init__(self, function: Callable, inputs: Sequence, outputs: Sequence):
        self.function, self.inputs, self.outputs = function, list(inputs), list(outputs)
        self._program: jex.ClosedJaxpr | None = None

    @property
    def program(self) -> jex.ClosedJaxpr:
        """The traced program."""
        if self._program is None:
            self._program = jax.make_jaxpr(self.function)(*self.inputs)
        return self._program


def linear_map(
    forward: Callable, backward: Callable, residuals: Any, linear: Any, out: Any, *, native: bool = True
) -> Any:
    """Evaluate ``forward(residuals, linear)``; see the module's text.  ``forward`` and ``backward`` close over no arrays.

    ``out`` is a tree of arrays (or of shapes and dtypes) like the result.
    """
    residual_leaves, residual_tree = jax.tree.flatten(residuals)
    linear_leaves, linear_tree = jax.tree.flatten(linear)
    out_leaves, out_tree = jax.tree.flatten(out)
    count = len(residual_leaves)

    def flat_forward(*flat: Any) -> list:
        res, lin = jax.tree.unflatten(residual_tree, flat[:count]), jax.tree.unflatten(linear_tree, flat[count:])
        return jax.tree.leaves(forward(res, lin))

    def flat_backward(*flat: Any) -> list:
        res, cts = jax.tree.unflatten(residual_tree, flat[:count]), jax.tree.unflatten(out_tree, flat[count:])
        return jax.tree.leaves(backward(res, cts))

    res, lin, outs = (_avals(leaves) for leaves in (residual_leaves, linear_leaves, out_leaves))
    flat = linear_p.bind(
        *residual_leaves, *linear_leaves, run=Lazy(flat_forward, res + lin, outs),
        transposed=Lazy(flat_backward, res + outs, lin), count=count, native=native,
    )  # fmt: skip
    return jax.tree.unflatten(out_tree, flat)


def _avals(leaves: Sequence) -> list:
    return [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in leaves]


linear_p = jex.Primitive("universalde_linear")
linear_p.multiple_results = True


@linear_p.def_impl
def _linear_impl(*operands: Any, **params: Any) -> list:
    return jax.jit(lambda *x: linear_p.bind(*x, **params))(*operands)


@linear_p.def_abstract_eval
def _linear_abstract(*avals: Any, run: Lazy, **params: Any) -> list:
    return [avals[0].update(shape=out.shape, dtype=out.dtype, weak_type=False) for out in run.outputs]


def _linear_execute(*operands: Any, run: Lazy, native: bool, **params: Any) -> list:
    return kernel_p.bind(*operands, program=run.program, native=native)


mlir.register_lowering(linear_p, mlir.lower_fun(_linear_execute, multiple_results=True))


def _linear_transpose(
    cotangents: Sequence, *operands: Any, run: Any, transposed: Any, count: int, native: bool
) -> list:
    residuals = operands[:count]
    if any(ad.is_undefined_primal(r) for r in residuals):
        raise TypeError(TWICE)
    dense = [ad.instantiate_zeros(ct) for ct in cotangents]
    out = linear_p.bind(*residuals, *dense, run=transposed, transposed=run, count=count, native=native)
    return [None] * count + list(out)


ad.primitive_transposes[linear_p] = _linear_transpose


def _linear_jvp(primals: Sequence, tangents: Sequence, *, run: Any, transposed: Any, count: int, native: bool) -> tuple:
    params = dict(run=run, transposed=transposed, count=count, native=native)
    out = linear_p.bind(*primals, **params)
    dots = [ad.Zero(jax.typeof(x).to_tangent_aval()) for x in out]
    residuals, linear = primals[:count], primals[count:]
    if not all(isinstance(t, ad.Zero) for t in tangents[count:]):
        moving = [ad.instantiate_zeros(t) for t in tangents[count:]]
        dots = linear_p.bind(*residuals, *moving, **params)
    moved = [k for k in range(count) if not isinstance(tangents[k], ad.Zero)]
    if moved:

        def by_residuals(residuals: list, linear: list, directions: list) -> list:
            def part(*some: Any) -> list:
                full = list(residuals)
                for k, value in zip(moved, some, strict=True):
                    full[k] = value
                return jex.jaxpr_as_fun(run.program)(*full, *linear)

            return jax.jvp(part, [residuals[k] for k in moved], directions)[1]

        extra = kernel(by_residuals, native=native)(list(residuals), list(linear), [tangents[k] for k in moved])
        dots = [b if isinstance(a, ad.Zero) else a + b for a, b in zip(dots, extra, strict=True)]
    return out, dots


ad.primitive_jvps[linear_p] = _linear_jvp


def _linear_batch(
    operands: Sequence, dims: Sequence, *, run: Lazy, transposed: Lazy, count: int, native: bool
) -> tuple:
    size = next(x.shape[d] for x, d in zip(operands, dims, strict=True) if d is not None)
    residuals, residual_dims = list(operands[:count]), list(dims[:count])
    linear = [
        jnp.broadcast_to(x, (size, *x.shape)) if d is None else jnp.moveaxis(x, d, 0)
        for x, d in zip(operands[count:], dims[count:], strict=True)
    ]

    def mapped(one: Lazy) -> Lazy:
        in_axes = (*residual_dims, *[0] * (len(one.inputs) - count))
        function = jax.vmap(one.function, in_axes=in_axes, out_axes=0, axis_size=size)
        lanes = lambda avals: [jax.ShapeDtypeStruct((size, *x.shape), x.dtype) for x in avals]  # noqa: E731
        return Lazy(function, _avals(residuals) + lanes(one.inputs[count:]), lanes(one.outputs))

    params = dict(run=mapped(run), transposed=mapped(transposed), count=count, native=native)
    return linear_p.bind(*residuals, *linear, **params), [0] * len(run.outputs)


batching.primitive_batchers[linear_p] = _linear_batch
