"""``hold(x)``: ``x``, computed once.

XLA:CPU fuses cheap operations into every consumer, again and again.  A right-hand side that reads its argument in several
places (a stencil, a gather, the pads of a derivative) thereby computes the sum over stages anew in each of them, and a
derivative is computed anew in each sum that it enters.  ``hold`` is the identity as a call that is not inlined: what goes
through it is computed once.  On other platforms it is nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core as jex
from jax.interpreters import ad, batching, mlir

from .kernel import call_marked

__all__ = ["held", "hold"]

hold_p = jex.Primitive("universalde_hold")


def hold(x: Any) -> Any:
    """The array ``x`` itself."""
    return hold_p.bind(x)


def held(f: Callable) -> Callable:
    """``f(t, y)`` with its argument and its result computed once."""
    return lambda t, y: hold(f(t, hold(y)))


hold_p.def_impl(lambda x: x)
hold_p.def_abstract_eval(lambda x: x)
ad.deflinear2(hold_p, lambda cotangent, x: [hold_p.bind(cotangent)])
batching.primitive_batchers[hold_p] = lambda operands, dims: (hold_p.bind(*operands), dims[0])


def _lower_cpu(ctx: Any, x: Any) -> Sequence:
    identity = jax.make_jaxpr(lambda x: x)(*ctx.avals_in)
    return call_marked(ctx, [x], identity, "universalde_hold", {"inlineable": "false"})


mlir.register_lowering(hold_p, lambda ctx, x: [x])
mlir.register_lowering(hold_p, _lower_cpu, platform="cpu")
