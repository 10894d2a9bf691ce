"""Two ways to go on, of which one is taken."""

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

from .loop import once

__all__ = ["branch"]


def branch(flag: Any, rare: Callable[[], Any], usual: Callable[[], Any]) -> Any:
    """``rare()`` where ``flag`` holds and ``usual()`` where it does not; both give trees of arrays of the same kind.

    In a batch ``lax.cond`` computes both for every lane.  Here what is rare is computed only if some lane asks for it.
    """
    (taken, structure), (other, _) = _traced(rare), _traced(usual)

    @custom_vmap
    def run(flag: Any, *constants: Any) -> list:
        first, second = constants[: len(taken.consts)], constants[len(taken.consts) :]
        return jax.lax.cond(flag, lambda: _call(taken, first), lambda: _call(other, second))

    @run.def_vmap
    def lanes(size: int, batched: list, flag: Any, *constants: Any) -> tuple[list, list]:
        def one(flag: Any, *constants: Any) -> list:
            first, second = constants[: len(taken.consts)], constants[len(taken.consts) :]
            a, b = once(flag, lambda: _call(taken, first)), _call(other, second)
            return [jnp.where(flag, x, y) for x, y in zip(a, b, strict=True)]

        out = jax.vmap(one, in_axes=tuple(0 if b else None for b in batched), axis_size=size)(flag, *constants)
        return out, [True] * len(out)

    return jax.tree.unflatten(structure, run(flag, *taken.consts, *other.consts))


def _traced(function: Callable) -> tuple[jex.ClosedJaxpr, Any]:
    shapes: list = []

    def flat() -> list:
        leaves, structure = jax.tree.flatten(function())
        shapes.append(structure)
        return [jnp.asarray(leaf) for leaf in leaves]

    return jax.make_jaxpr(flat)(), shapes[0]


def _call(program: jex.ClosedJaxpr, constants: Any) -> list:
    return jex.jaxpr_as_fun(jex.ClosedJaxpr(program.jaxpr, list(constants)))()
