"""A Jacobian that was given, or declared to have a structure, against the derivatives of the right-hand side."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .linalg.dense import Dense
from .linalg.operator import Operator
from .loop.program import Operands, Program, equation_of, model_of

__all__ = ["check_jacobian"]

AGREE = 1e-4  # relative to the largest term of a row
PLACES = (0.0, 0.01)  # how far from the start, relative to the state: at the start itself entries may vanish


def check_jacobian(program: Program, operands: Operands) -> None:
    """Raise a sentence when the Jacobian that a method will use is not that of the right-hand side near the start.

    One product with a direction is compared at two places; the matrix is only made to say where it differs.
    """
    jac = program.functions.join(list(operands.cells)).get("jac")
    given = callable(jac)
    if isinstance(jac, str) or (isinstance(program.structure, Dense) and not given):
        return
    equation = equation_of(model_of(program, operands, operands.mode), None, operands.t0)
    signs = np.cos(1.0 + np.arange(operands.y0.size) ** 1.5)  # no pattern of a structure
    direction = jnp.asarray(signs, operands.y0.dtype)
    size = jnp.mean(jnp.abs(operands.y0))
    for far in PLACES:
        y = operands.y0 + far * (jnp.abs(operands.y0) + size) * direction
        f = lambda y: equation.f(operands.t0, y)  # noqa: E731
        exact = np.asarray(jax.jvp(f, (y,), (direction,))[1])
        operator = equation.jac(operands.t0, y)
        found = np.asarray(operator.matvec(direction))
        terms = np.asarray(Operator(jax.tree.map(jnp.abs, operator.storage), operator.structure).matvec(jnp.abs(direction)))
        scale = terms + np.abs(exact) + np.finfo(exact.dtype).eps * np.max(np.abs(exact))
        if np.all(np.isfinite(exact)) and not np.all(np.abs(found - exact) <= AGREE * scale):
            raise ValueError(_difference(program, given, operator, f, y))


def _difference(program: Program, given: bool, operator: Operator, f: Any, y: Any) -> str:
    """The entry that differs most, relative to its row."""
    found, exact = np.asarray(operator.dense()), np.asarray(jax.jacfwd(f)(y))
    rows = np.max(np.abs(exact), axis=1, keepdims=True) + np.max(np.abs(found), axis=1, keepdims=True)
    off = np.abs(found - exact) / np.where(rows > 0, rows, 1)
    i, j = np.unravel_index(np.argmax(off), off.shape)
    what = "jac" if given else f"the structure {program.structure}"
    return (
        f"{what} does not agree with the derivatives of the right-hand side: near the initial state df[{i}]/dy[{j}] is "
        f"{exact[i, j]:.6g}, but {found[i, j]:.6g} stands there. Correct that entry, or leave {'jac' if given else 'structure'} out"
    )
