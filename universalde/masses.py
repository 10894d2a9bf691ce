"""The mass matrix at the border: checked, raveled, and with its pseudo-inverse."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .base.checks import is_concrete
from .base.closures import is_array
from .base.ravel import Shape, cast, is_number_list, ravel, shape_of, stacked
from .linalg.structure import Structure

__all__ = ["mass_operands"]


def mass_operands(mass: Any, shape: Shape, structure: Structure) -> tuple:
    """``(storage, matrix, pseudo-inverse)`` of the mass matrix, ``matrix`` a vector if it is diagonal; ``()`` without one."""
    if mass is None:
        return ()
    matrix = _matrix(mass, shape)
    array = np if is_concrete(matrix) else jnp
    if is_concrete(matrix) and not np.all(np.isfinite(np.asarray(matrix))):
        raise ValueError("mass holds NaN or infinity; a mass matrix is constant and finite")
    if matrix.ndim == 1:
        inverse = array.where(matrix == 0, 0, 1 / array.where(matrix == 0, 1, matrix)).astype(matrix.dtype)
    elif is_concrete(matrix):
        matrix = np.asarray(matrix)
        inverse = np.linalg.pinv(matrix).astype(matrix.dtype)
    else:
        inverse = jnp.linalg.pinv(matrix)
    return structure.of_mass(matrix), matrix, inverse


def _matrix(mass: Any, shape: Shape) -> Any:
    """A vector (the diagonal) or a square matrix over the raveled state."""
    n = shape.size
    if is_number_list(mass) and not np.ndim(mass) == 0:
        mass = stacked(mass, "mass")
    if not is_array(mass):
        return _diagonal(mass, shape)
    if mass.shape in ((n,), (n, n)):
        return cast(mass, shape.dtype)
    if mass.ndim == 0:
        raise TypeError(_wrong(f"the number {mass}", n))
    if len(shape.shapes) == 1 and mass.shape == shape.shapes[0]:
        return ravel(cast(mass, shape.dtype))
    raise ValueError(_wrong(f"an array of shape {tuple(mass.shape)}", n))


def _diagonal(mass: Any, shape: Shape) -> Any:
    try:
        found = shape_of(jax.tree.map(lambda x: cast(x, shape.dtype), mass))
    except TypeError:
        raise TypeError(_wrong(repr(mass), shape.size)) from None
    if found.structure != shape.structure or found.shapes != shape.shapes:
        raise ValueError(_wrong(f"a tree with the leaves' shapes {found.shapes}", shape.size))
    return ravel(jax.tree.map(lambda x: cast(x, shape.dtype), mass))


def _wrong(what: str, n: int) -> str:
    return (
        f"mass was given as {what}; the state has {n} numbers, so mass is a matrix of shape ({n}, {n}), a vector of shape ({n},), "
        "which stands for a diagonal matrix, or a tree arranged like y0, which stands for the same"
    )
