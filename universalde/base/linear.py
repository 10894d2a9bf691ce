"""A linear map with a hand-written transpose, as one JAX primitive.

``linear_map(forward, backward, residuals, linear)`` evaluates ``forward(residuals, linear)``, which must be linear in
``linear``; ``backward(residuals, cotangent)`` is its transpose.  One definition of a tangent in these terms serves
forward mode (the map is run), reverse mode (its transpose is run), batches (both are mapped) and forward-over-reverse
(the programs themselves are differentiated with respect to the residuals).
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax.interpreters import ad, batching, mlir

from .kernel import kernel, kernel_p

__all__ = ["linear_map"]


def linear_map(forward: Callable, backward: Callable, residuals: Any, linear: Any, *, native: bool = True) -> Any:
    """Evaluate ``forward(residuals, linear)``; see the module's text.  All trees hold arrays, ``linear`` floating ones."""
    residual_leaves, residual_tree = jax.tree.flatten(residuals)
    linear_leaves, linear_tree = jax.tree.flatten(linear)
    count = len(residual_leaves)
    out_tree = jax.tree.structure(jax.eval_shape(forward, residuals, linear))

    def flat_forward(*flat: Any) -> list:
        res, lin = jax.tree.unflatten(residual_tree, flat[:count]), jax.tree.unflatten(linear_tree, flat[count:])
        return jax.tree.leaves(forward(res, lin))

    def flat_backward(*flat: Any) -> list:
        res, cts = jax.tree.unflatten(residual_tree, flat[:count]), jax.tree.unflatten(out_tree, flat[count:])
        return jax.tree.leaves(backward(res, cts))

    program = _closed(flat_forward, *residual_leaves, *linear_leaves)
    out = [jnp.zeros(aval.shape, aval.dtype) for aval in program.out_avals]
    transposed = _closed(flat_backward, *residual_leaves, *out)
    flat = linear_p.bind(
        *residual_leaves, *linear_leaves, program=program, transposed=transposed, count=count, native=native
    )
    return jax.tree.unflatten(out_tree, flat)


def _closed(function: Callable, *arguments: Any) -> jex.ClosedJaxpr:
    program = jax.make_jaxpr(function)(*arguments)
    if any(isinstance(constant, jax.core.Tracer) for constant in program.consts):
        raise TypeError("a linear map closed over a traced value; pass it among the residuals")
    return program


linear_p = jex.Primitive("universalde_linear")
linear_p.multiple_results = True


@linear_p.def_impl
def _linear_impl(*operands: Any, **params: Any) -> list:
    return jax.jit(lambda *x: linear_p.bind(*x, **params))(*operands)


@linear_p.def_abstract_eval
def _linear_abstract(*avals: Any, program: jex.ClosedJaxpr, **params: Any) -> list:
    return list(program.out_avals)


def _linear_run(*operands: Any, program: jex.ClosedJaxpr, native: bool, **params: Any) -> list:
    return kernel_p.bind(*operands, program=program, native=native)


mlir.register_lowering(linear_p, mlir.lower_fun(_linear_run, multiple_results=True))


def _linear_transpose(
    cotangents: Sequence, *operands: Any, program: Any, transposed: Any, count: int, native: bool
) -> list:
    residuals = operands[:count]
    if any(ad.is_undefined_primal(r) for r in residuals):
        raise TypeError(
            "reverse mode was asked for twice through one solve; write second derivatives as forward over reverse, "
            "for example jax.jacfwd(jax.grad(loss)) or jax.hessian(loss)"
        )
    dense = [ad.instantiate_zeros(ct) for ct in cotangents]
    out = linear_p.bind(
        *residuals, *dense, program=transposed, transposed=program, count=count, native=native
    )
    return [None] * count + list(out)


ad.primitive_transposes[linear_p] = _linear_transpose


def _linear_jvp(
    primals: Sequence, tangents: Sequence, *, program: Any, transposed: Any, count: int, native: bool
) -> tuple:
    params = dict(program=program, transposed=transposed, count=count, native=native)
    out = linear_p.bind(*primals, **params)
    dots = [ad.Zero(jax.typeof(x).to_tangent_aval()) for x in out]
    residuals, linear = primals[:count], primals[count:]
    if not all(isinstance(t, ad.Zero) for t in tangents[count:]):
        moving = [ad.instantiate_zeros(t) for t in tangents[count:]]
        dots = linear_p.bind(*residuals, *moving, **params)
    moved = [k for k in range(count) if not isinstance(tangents[k], ad.Zero)]
    if moved:

        def by_residuals(residuals: list, linear: list, directions: list) -> list:
            def run(*some: Any) -> list:
                full = list(residuals)
                for k, value in zip(moved, some, strict=True):
                    full[k] = value
                return jex.jaxpr_as_fun(program)(*full, *linear)

            return jax.jvp(run, [residuals[k] for k in moved], directions)[1]

        extra = kernel(by_residuals, native=native)(list(residuals), list(linear), [tangents[k] for k in moved])
        dots = [b if isinstance(a, ad.Zero) else a + b for a, b in zip(dots, extra, strict=True)]
    return out, dots


ad.primitive_jvps[linear_p] = _linear_jvp


def _linear_batch(
    operands: Sequence, dims: Sequence, *, program: Any, transposed: Any, count: int, native: bool
) -> tuple:
    size = next(x.shape[d] for x, d in zip(operands, dims, strict=True) if d is not None)
    residuals, linear = operands[:count], operands[count:]
    residual_dims = list(dims[:count])
    linear = [
        jnp.broadcast_to(x, (size, *x.shape)) if d is None else jnp.moveaxis(x, d, 0)
        for x, d in zip(linear, dims[count:], strict=True)
    ]
    out = [jnp.zeros((size, *aval.shape), aval.dtype) for aval in program.out_avals]

    def mapped(closed: Any, moving: Sequence) -> Any:
        run = jax.vmap(
            jex.jaxpr_as_fun(closed), in_axes=(*residual_dims, *[0] * len(moving)), out_axes=0, axis_size=size
        )
        return jax.make_jaxpr(run)(*residuals, *moving)

    result = linear_p.bind(
        *residuals, *linear, program=mapped(program, linear), transposed=mapped(transposed, out), count=count,
        native=native,
    )  # fmt: skip
    return result, [0] * len(result)


batching.primitive_batchers[linear_p] = _linear_batch
