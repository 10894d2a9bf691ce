"""One native kernel for a whole solve, decided on the final program.

XLA:CPU runs a program as many small kernels with a call of some 50 ns between them.  A computation that carries the
attributes below is emitted as one native function instead, and a loop inside it costs per step what it costs in C.  The
decision falls while lowering, after ``vmap`` and differentiation have made the program what it finally is: programs that
hold an operation which cannot live in such a kernel, or arrays too large for it (a native kernel has no threads and no
tuned matrix products), are lowered as usual.  Other platforms ignore all of this.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax.interpreters import ad, batching, mlir

__all__ = ["ATTRIBUTES", "TWICE", "call_marked", "kernel", "kernel_p", "obstacle"]

ATTRIBUTES = {"xla_cpu_small_call": "true", "inlineable": "false"}

# Largest array (bytes) that a native kernel may compute with besides the buffers it only writes rows of, and the largest
# matrix product (multiplications); both measured in bench/kernel_limits.py.
LARGEST_ARRAY = 1 << 16
LARGEST_PRODUCT = 1 << 16
SMALLEST_PRODUCT = 32
MANY = 4096  # numbers in a sum from which XLA:CPU calls a library

_FORBIDDEN = (
    "scatter", "sort", "fft", "callback", "cholesky", "lu", "qr", "svd", "eig", "schur", "triangular_solve", "ffi",
    "custom_call", "tridiagonal", "hessenberg", "householder", "top_k", "infeed", "outfeed", "all_", "psum", "ppermute",
)  # fmt: skip
_ROWWISE = (
    "universalde_write",
    "universalde_read",
    "universalde_loop",
    "dynamic_slice",
    "dynamic_update_slice",
    "while",
)


def obstacle(program: jex.ClosedJaxpr) -> str | None:
    """Why ``program`` cannot be one native kernel, or ``None``."""
    return _obstacle(program.jaxpr)


def _obstacle(jaxpr: jex.Jaxpr, inside: bool = False) -> str | None:
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if any(name == word or name.startswith(word) or name.endswith(word) for word in _FORBIDDEN):
            return f"it holds the operation {name}"
        bodies = _bodies(equation)
        in_loop = inside or name in ("universalde_loop", "while", "scan")
        for body in bodies:
            found = _obstacle(getattr(body, "jaxpr", body), in_loop)
            if found:
                return found
        if inside and not bodies and name not in _ROWWISE:
            size = max((_bytes(v.aval) for v in equation.outvars), default=0)
            if size > LARGEST_ARRAY:
                return f"{name} makes an array of {size} bytes at every step"
            if name == "dot_general" and _multiplications(equation) > LARGEST_PRODUCT:
                return "it holds a large matrix product"
        if found := _library_call(equation):
            return f"it holds {found}, which XLA hands to a library"
    return None


def _bodies(equation: Any) -> list:
    """The programs that an operation runs; of a linear solve that is the solve, not the products that derivatives need."""
    if equation.primitive.name == "custom_linear_solve":
        return [equation.params["jaxprs"].solve]
    return list(jex.jaxprs_in_params(equation.params))


def _library_call(equation: Any) -> str | None:
    """What XLA:CPU hands to a library (a ``__ynn_fusion``), which a native kernel cannot hold.

    That are sums and extrema of many floating numbers, and products of a matrix with more than one vector unless they are
    tiny.  An outer product sums nothing: XLA makes it a multiplication.  A product of two vectors is a sum.
    """
    if equation.primitive.name in ("reduce_sum", "reduce_max", "reduce_min"):
        operand = equation.invars[0].aval
        summed = int(np.prod([operand.shape[axis] for axis in equation.params["axes"]], dtype=np.int64))
        many = summed > 1 and int(np.prod(operand.shape, dtype=np.int64)) >= MANY
        return "a sum of many numbers" if many and jnp.issubdtype(operand.dtype, jnp.inexact) else None
    if equation.primitive.name != "dot_general":
        return None
    (contracted, _), _ = equation.params["dimension_numbers"]
    shapes = [operand.aval.shape for operand in equation.invars]
    if all(shapes[0][axis] == 1 for axis in contracted):
        return None
    bound = [set(a) | set(b) for a, b in zip(*equation.params["dimension_numbers"], strict=True)]
    free = [
        int(np.prod([size for axis, size in enumerate(shape) if axis not in axes], dtype=np.int64))
        for shape, axes in zip(shapes, bound, strict=True)
    ]
    if max(free) == 1 and _multiplications(equation) >= MANY:
        return "a sum of many numbers"
    return "a product of two matrices" if min(free) > 1 and _multiplications(equation) > SMALLEST_PRODUCT else None


def _bytes(aval: Any) -> int:
    return (
        int(np.prod(aval.shape, dtype=np.int64)) * getattr(aval.dtype, "itemsize", 8) if hasattr(aval, "shape") else 0
    )


def _multiplications(equation: Any) -> int:
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = equation.invars[0].aval.shape
    inner = int(np.prod([shape[axis] for axis in contracted], dtype=np.int64))
    return inner * int(np.prod(equation.outvars[0].aval.shape, dtype=np.int64))


def kernel(function: Callable, *, native: bool = True) -> Callable:
    """``function`` (arrays in, pytree of arrays out) as one program that may become one native kernel.

    ``native=False`` opts out.
    """

    def call(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        shapes: list = []

        def flat(*leaves: Any) -> list:
            out, out_structure = jax.tree.flatten(function(*jax.tree.unflatten(structure, leaves)))
            shapes.append(out_structure)
            return out

        closed = jax.make_jaxpr(flat)(*leaves)
        constants = list(closed.consts)
        open_call = lambda constants, *leaves: jex.jaxpr_as_fun(jex.ClosedJaxpr(closed.jaxpr, constants))(*leaves)  # noqa: E731
        program = jax.make_jaxpr(open_call)(constants, *leaves)
        out = kernel_p.bind(*constants, *leaves, program=program, native=native)
        return jax.tree.unflatten(shapes[0], out)

    return call


kernel_p = jex.Primitive("universalde_kernel")
kernel_p.multiple_results = True


@kernel_p.def_impl
def _kernel_impl(*operands: Any, program: jex.ClosedJaxpr, native: bool) -> list:
    return jax.jit(partial(kernel_p.bind, program=program, native=native))(*operands)


@kernel_p.def_abstract_eval
def _kernel_abstract(*avals: Any, program: jex.ClosedJaxpr, native: bool) -> list:
    return list(program.out_avals)


def _plain(*operands: Any, program: jex.ClosedJaxpr, native: bool) -> list:
    return jex.jaxpr_as_fun(program)(*operands)


def _lower_cpu(ctx: Any, *operands: Any, program: jex.ClosedJaxpr, native: bool) -> Sequence:
    if not native or obstacle(program):
        return mlir.lower_fun(_plain, multiple_results=True)(ctx, *operands, program=program, native=native)
    guarded = jax.make_jaxpr(lambda *x: [*jex.jaxpr_as_fun(program)(*x), _token(x)])(*program.in_avals)
    # XLA stops with a failed check when an argument of a native kernel is a large constant of the surrounding program.
    barrier = mlir.lower_fun(lambda *x: jax.lax.optimization_barrier(x), multiple_results=True)
    operands = barrier(ctx.replace(avals_out=list(program.in_avals)), *operands)
    ctx = ctx.replace(avals_out=list(guarded.out_avals))
    return call_marked(ctx, operands, guarded, "universalde_kernel", ATTRIBUTES)[:-1]


def call_marked(ctx: Any, operands: Sequence, program: jex.ClosedJaxpr, name: str, attributes: dict) -> Sequence:
    """Lower to a call that carries ``attributes``; operations inside do not (each would become a kernel of its own)."""
    results = mlir.core_call_lowering(ctx, *operands, name=name, call_jaxpr=program)
    first = results[0] if isinstance(results[0], mlir.ir.Value) else results[0][0]
    strings = {key: mlir.ir.StringAttr.get(value) for key, value in attributes.items()}
    first.owner.attributes["mhlo.frontend_attributes"] = mlir.ir.DictAttr.get(strings)
    return results


def _token(operands: Sequence) -> Any:
    """A number made from every operand: XLA stops with a failed check when a native kernel does not use an argument."""
    total = np.float32(0)
    for operand in operands:
        if jnp.issubdtype(operand.dtype, jax.dtypes.prng_key):
            operand = jax.random.key_data(operand)
        if operand.size:
            total = total + jnp.real(operand.reshape(-1)[0]).astype(np.float32)
    return jnp.asarray(total, np.float32)


mlir.register_lowering(kernel_p, mlir.lower_fun(_plain, multiple_results=True))
mlir.register_lowering(kernel_p, _lower_cpu, platform="cpu")


def _kernel_batch(operands: Sequence, dims: Sequence, *, program: jex.ClosedJaxpr, native: bool) -> tuple:
    function, out_dims = vmapped(program, operands, dims)
    return kernel_p.bind(*operands, program=jax.make_jaxpr(function)(*operands), native=native), out_dims


def vmapped(program: jex.ClosedJaxpr, operands: Sequence, dims: Sequence) -> tuple[Callable, list]:
    """``program`` mapped over the batched operands, and where its results carry the batch (``None``: not batched)."""
    size = next(x.shape[d] for x, d in zip(operands, dims, strict=True) if d is not None)
    function = jex.jaxpr_as_fun(program)
    out_dims = out_batch_dims(program, operands, dims, size)
    return jax.vmap(function, in_axes=tuple(dims), out_axes=out_dims, axis_size=size), out_dims


def out_batch_dims(program: jex.ClosedJaxpr, operands: Sequence, dims: Sequence, size: int) -> list:
    """Rows stay in front of lanes: a result that is a loop's shared buffer is batched at axis 1, all others at 0."""
    shared = _shared_outputs(program.jaxpr)
    unbatched = _unbatched_outputs(program, dims)
    return [
        None if fixed else int(not isinstance(var, jex.Literal) and var in shared)
        for var, fixed in zip(program.jaxpr.outvars, unbatched, strict=True)
    ]


def _shared_outputs(jaxpr: jex.Jaxpr) -> set:
    found = set()
    for equation in jaxpr.eqns:
        if equation.primitive.name == "universalde_loop":
            sizes = equation.params["sizes"]
            start = 1 + sizes[2]
            found |= set(equation.outvars[start : start + sizes[3]])
    return found


def _unbatched_outputs(program: jex.ClosedJaxpr, dims: Sequence) -> list[bool]:
    """Whether each result is independent of the batch: only loop counters are, everything else is taken as batched."""
    counters = {e.outvars[0] for e in program.jaxpr.eqns if e.primitive.name == "universalde_loop"}
    return [isinstance(var, jex.Var) and var in counters for var in program.jaxpr.outvars]


batching.primitive_batchers[kernel_p] = _kernel_batch


def _kernel_jvp(primals: Sequence, tangents: Sequence, *, program: jex.ClosedJaxpr, native: bool) -> tuple:
    """Values and tangents are kernels of their own: where only tangents are batched (``jacfwd``) values are not."""
    out = kernel_p.bind(*primals, program=program, native=native)
    moving = [not isinstance(t, ad.Zero) for t in tangents]
    dots = [t for t, m in zip(tangents, moving, strict=True) if m]

    def tangents_only(primals: list, dots: list) -> list:
        def part(*some: Any) -> list:
            values = iter(some)
            full = [next(values) if m else p for p, m in zip(primals, moving, strict=True)]
            return jex.jaxpr_as_fun(program)(*full)

        values, out_dots = jax.jvp(part, [p for p, m in zip(primals, moving, strict=True) if m], dots)
        return [dot for x, dot in zip(values, out_dots, strict=True) if _inexact(x)]

    moved = iter(kernel(tangents_only, native=native)(list(primals), dots))
    return out, [next(moved) if _inexact(x) else ad.Zero(jax.typeof(x).to_tangent_aval()) for x in out]


TWICE = (
    "reverse mode was asked for through a derivative of a solve; write second derivatives as forward over reverse, "
    "for example jax.jacfwd(jax.grad(loss)) or jax.hessian(loss)"
)


def _kernel_transpose(*_: Any, **__: Any) -> None:
    raise TypeError(TWICE)


def _inexact(x: Any) -> bool:
    return bool(np.issubdtype(x.dtype, np.inexact))


ad.primitive_jvps[kernel_p] = _kernel_jvp
ad.primitive_transposes[kernel_p] = _kernel_transpose
