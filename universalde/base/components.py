"""Whether a program computes with single numbers or with vectors."""

from typing import Any

import jax.extend.core as jex

__all__ = ["by_component"]

# What only moves numbers about: taking a vector apart and putting one together.
_MOVES = frozenset(
    """slice squeeze concatenate broadcast_in_dim reshape gather dynamic_slice expand_dims convert_element_type copy
    transpose rev select_n stack split""".split()
)


def by_component(program: jex.ClosedJaxpr) -> bool:
    """Whether all arithmetic is on single numbers, as in ``[-k * y[1], k * y[0]]``."""
    return _by_component(program.jaxpr)


def _by_component(jaxpr: Any) -> bool:
    for equation in jaxpr.eqns:
        bodies = [getattr(body, "jaxpr", body) for body in jex.jaxprs_in_params(equation.params)]
        if not all(_by_component(body) for body in bodies):
            return False
        moves = bool(bodies) or equation.primitive.name in _MOVES
        if not moves and any(getattr(var.aval, "size", 1) > 1 for var in (*equation.outvars, *equation.invars)):
            return False
    return True
