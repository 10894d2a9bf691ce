"""The mass matrix at the border: checked, raveled, and with its pseudo-inverse."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .base.checks import is_concrete
from .base.closures import is_array
from .base.ravel import Shape, cast, is_number_list, ravel, shape_of, stacked
from .linalg.structure import Structure
from .loop.implicit import product
from .loop.program import Operands, Program, model_of

__all__ = ["is_singular", "mass_matrix", "mass_operands", "null_spaces", "unsatisfied"]


def mass_operands(mass: Any, shape: Shape, structure: Structure) -> tuple:
    """``(storage, matrix, pseudo-inverse)`` of the mass matrix, ``matrix`` a vector if it is diagonal; ``()`` without one."""
    if mass is None:
        return ()
    matrix = mass_matrix(mass, shape)
    if matrix.ndim == 1:
        array = np if is_concrete(matrix) else jnp
        inverse = array.where(matrix == 0, 0, 1 / array.where(matrix == 0, 1, matrix)).astype(matrix.dtype)
    elif is_concrete(matrix):
        matrix = np.asarray(matrix)
        inverse = np.linalg.pinv(matrix).astype(matrix.dtype)
    else:
        inverse = jnp.linalg.pinv(matrix)
    return structure.of_mass(matrix), matrix, inverse


def is_singular(matrix: Any) -> bool:
    """Whether some equations are algebraic; a traced matrix may be singular."""
    if not is_concrete(matrix):
        return True
    matrix = np.asarray(matrix)
    rank = np.count_nonzero(matrix) if matrix.ndim == 1 else np.linalg.matrix_rank(matrix)
    return bool(rank < len(matrix))


def null_spaces(matrix: Any) -> tuple[Any, Any]:
    """Rows ``L`` with ``L M = 0`` and columns ``N`` with ``M N = 0``, orthonormal."""
    full = np.diag(matrix) if matrix.ndim == 1 else matrix
    left, sizes, right = np.linalg.svd(full)
    empty = sizes <= len(full) * np.finfo(full.dtype).eps * max(sizes[0], np.finfo(full.dtype).tiny)
    return left[:, empty].T, right[empty].T


def unsatisfied(program: Program, operands: Operands) -> str:
    """A sentence with the algebraic equations that the initial state does not satisfy."""
    value = np.asarray(model_of(program, operands, operands.mode).f(operands.t0, operands.y0))
    matrix, inverse = (np.asarray(x) for x in operands.mass[1:])
    residual = value - np.asarray(product(matrix, product(inverse, value)))
    worst = np.argsort(-np.abs(residual))[:5]
    named = ", ".join(f"equation {k}: {residual[k]:.3g}" for k in worst if residual[k] != 0)
    return f"Of the algebraic equations 0 = f the initial state leaves these residuals: {named}."


def mass_matrix(mass: Any, shape: Shape) -> Any:
    """A vector (the diagonal) or a square matrix over the raveled state, checked."""
    matrix = _matrix(mass, shape)
    if is_concrete(matrix) and not np.all(np.isfinite(np.asarray(matrix))):
        raise ValueError("mass holds NaN or infinity; a mass matrix is constant and finite")
    return matrix


def _matrix(mass: Any, shape: Shape) -> Any:
    n = shape.size
    if is_number_list(mass) and np.ndim(mass) > 0:
        mass = stacked(mass, "mass")
    if not is_array(mass):
        return _diagonal(mass, shape)
    if mass.shape in ((n,), (n, n)):
        return cast(mass, shape.dtype)
    if len(shape.shapes) == 1 and mass.shape == shape.shapes[0]:
        return ravel(cast(mass, shape.dtype))
    raise ValueError(_wrong(f"an array of shape {tuple(mass.shape)}", n))


def _diagonal(mass: Any, shape: Shape) -> Any:
    try:
        found = shape_of(jax.tree.map(lambda x: cast(x, shape.dtype), mass))
    except (TypeError, ValueError):
        raise TypeError(_wrong(repr(mass), shape.size)) from None
    if found.structure != shape.structure or found.shapes != shape.shapes:
        raise ValueError(_wrong(f"a tree with the leaves' shapes {found.shapes}", shape.size))
    return ravel(jax.tree.map(lambda x: cast(x, shape.dtype), mass))


def _wrong(what: str, n: int) -> str:
    return (
        f"mass was given as {what}; the state has {n} numbers, so mass is a matrix of shape ({n}, {n}), a vector of shape ({n},), "
        "which stands for a diagonal matrix, or a tree arranged like y0, which stands for the same"
    )
