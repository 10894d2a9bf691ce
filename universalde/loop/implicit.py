"""What implicit methods see of a problem: Jacobian, mass matrix and factors of what they solve with."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..base.dependence import looks_at
from ..linalg.operator import Operator
from ..linalg.structure import Structure
from ..spec.method import Equation

__all__ = ["Linear", "implicit_parts", "misses", "product"]


class Linear(NamedTuple):
    """How the Jacobian is taken and what the mass matrix is."""

    structure: Structure
    jac: Callable | str | None  # of (t, y), a matrix; "differences"; None: forward mode
    mass: Any  # (storage, matrix, pseudo-inverse); (): identity
    rtol: Any
    atol: Any


def implicit_parts(linear: Linear, f: Callable, norm: Callable) -> dict[str, Callable]:
    """The parts of an :class:`Equation` that come from ``f`` and ``linear``."""
    structure, mass = linear.structure, linear.mass

    def jac(t: Any, y: Any) -> Operator:
        if linear.jac is None:
            return Operator(structure.jacobian(lambda y: f(t, y), y), structure)
        if callable(linear.jac):
            return Operator(structure.of_dense(linear.jac(t, y)), structure)
        scale = linear.atol / jnp.where(linear.rtol > 0, linear.rtol, 1)
        return Operator(structure.differences(lambda y: f(t, y), y, f(t, y), scale), structure)

    def factor(operator: Operator, shift: Any) -> Any:
        storage = mass[0] if mass else None
        return Operator(structure.shifted(operator.storage, storage, shift), structure).factor()

    def weighed(v: Any, y: Any) -> Any:
        return norm(v / (linear.atol + linear.rtol * jnp.abs(y)))

    def time_slope(t: Any, y: Any) -> Any:
        if not looks_at(f, t, y)[0]:
            return None
        return jax.jvp(lambda t: f(t, y), (t,), (jnp.ones_like(t),))[1]

    return {
        "jac": jac,
        "directions": structure.colours,
        "factor": factor,
        "mass": (lambda v: product(mass[1], v)) if mass else (lambda v: v),
        "slope": (lambda t, y: product(mass[2], f(t, y))) if mass else f,
        "time_slope": time_slope,
        "norm": weighed,
    }


def misses(equation: Equation, t: Any, y: Any, mass: tuple, h: Any) -> Any:
    """By how many tolerances ``y`` must change to satisfy the algebraic equations, by one step of Newton's method.

    At a step size this small what is not algebraic hardly moves.
    """
    value = equation.f(t, y)
    algebraic = value - product(mass[1], product(mass[2], value))
    return equation.norm(equation.factor(equation.jac(t, y), 1 / h).solve(algebraic), y)


def product(matrix: Any, v: Any) -> Any:
    """``matrix`` (a vector: a diagonal one) times ``v``."""
    return matrix * v if matrix.ndim == 1 else matrix @ v
