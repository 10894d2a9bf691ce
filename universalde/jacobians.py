"""A Jacobian that was given, or declared to have a structure, against the derivatives of the right-hand side."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .linalg.dense import Dense
from .linalg.operator import Operator
from .loop.program import Operands, Program, equation_of, model_of
from .spec.method import Equation

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
    y0 = np.asarray(operands.y0)
    direction = np.cos(1.0 + np.arange(y0.size) ** 1.5).astype(y0.dtype)  # no pattern of a structure
    size = np.mean(np.abs(y0))
    compare = jax.jit(lambda operands, y: _products(program, operands, y, direction))  # one compilation, not one for each operation
    for far in PLACES:
        y = (y0 + far * (np.abs(y0) + size) * direction).astype(y0.dtype)
        exact, found, terms = map(np.asarray, compare(operands, y))
        scale = terms + np.abs(exact) + np.finfo(exact.dtype).eps * np.max(np.abs(exact))
        if np.all(np.isfinite(exact)) and not np.all(np.abs(found - exact) <= AGREE * scale):
            raise ValueError(_difference(program, operands, given, y))


def _products(program: Program, operands: Operands, y: Any, direction: Any) -> tuple[Any, Any, Any]:
    """The derivative of the right-hand side along ``direction``, that of the Jacobian, and the sums of the sizes of its terms."""
    equation = _equation(program, operands)
    exact = jax.jvp(lambda y: equation.f(operands.t0, y), (y,), (direction,))[1]
    operator = equation.jac(operands.t0, y)
    sizes = Operator(jax.tree.map(jnp.abs, operator.storage), operator.structure)
    return exact, operator.matvec(direction), sizes.matvec(jnp.abs(direction))


def _equation(program: Program, operands: Operands) -> Equation:
    return equation_of(model_of(program, operands, operands.mode), None, operands.t0)


def _difference(program: Program, operands: Operands, given: bool, y: Any) -> str:
    """The entry that differs most, relative to its row."""
    equation = _equation(program, operands)
    found, exact = (np.asarray(x) for x in (equation.jac(operands.t0, y).dense(), jax.jacfwd(lambda y: equation.f(operands.t0, y))(y)))
    rows = np.max(np.abs(exact), axis=1, keepdims=True) + np.max(np.abs(found), axis=1, keepdims=True)
    off = np.abs(found - exact) / np.where(rows > 0, rows, 1)
    i, j = np.unravel_index(np.argmax(off), off.shape)
    what = "jac" if given else f"the structure {program.structure}"
    return (
        f"{what} does not agree with the derivatives of the right-hand side: near the initial state df[{i}]/dy[{j}] is "
        f"{exact[i, j]:.6g}, but {found[i, j]:.6g} stands there. Correct that entry, or leave {'jac' if given else 'structure'} out"
    )
