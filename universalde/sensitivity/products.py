r"""What adjoint equations need of the right-hand side of :math:`M y' = f(t, y, \theta)`.

With :math:`\Pi = 1 - M M^+` and :math:`R = 1 - M^+ M`, the projections on what :math:`M^T` and :math:`M` map to zero, a system is of
index 1 where :math:`M + \Pi J` (equivalently :math:`M + J R`) can be solved.  A cotangent :math:`g` of a state is
:math:`g = M^T z + J^T \Pi z`, and since the state satisfies the algebraic equations, :math:`\Pi (J \, dy + f_\theta d\theta) = 0`,

.. math:: g^T dy = z^T M dy - (\Pi z)^T f_\theta d\theta.

So :math:`\lambda` jumps by :math:`z - \Pi z` and is then made consistent, :math:`R J^T \lambda = 0`; the gradient jumps with the second term
(Cao, Li, Petzold & Serban, SIAM J. Sci. Comput. 24, 2003, 1076, for semi-explicit systems).
"""

from typing import Any

import jax
import jax.numpy as jnp

from ..adjoint.replay import Walk
from ..linalg.banded import Banded
from ..linalg.dense import Dense
from ..linalg.operator import Operator
from ..linalg.structure import Structure
from ..loop.implicit import product
from ..loop.observe import observed
from ..loop.program import model_of

__all__ = [
    "columns_of_mass", "consistent", "consistent_tangent", "flattened", "integral_weights", "jump", "observation", "parameters", "placed", "pulled", "slope",
    "transposed_mass", "transposed_masses", "transposed_structure", "units", "velocity",
]  # fmt: skip


LEAST = 1e-8  # of the units of components


def parameters(walk: Walk, theta: tuple) -> list:
    """Of the operands that move those that the right-hand side reads."""
    return [theta[k] for k in _places(walk, len(theta))]


def _places(walk: Walk, count: int) -> list[int]:
    numbered = walk.operands([None] * len(walk.moving), tuple(range(count)))
    return jax.tree.leaves((numbered.args, numbered.cells))


def placed(walk: Walk, theta: tuple, values: list) -> tuple:
    """``theta`` with ``values`` for its parameters."""
    full = list(theta)
    for k, value in zip(_places(walk, len(theta)), values, strict=True):
        full[k] = value
    return tuple(full)


def flattened(values: list, dtype: Any) -> Any:
    """One vector of all the numbers."""
    return jnp.concatenate([jnp.zeros(0, dtype), *(x.reshape(-1).astype(dtype) for x in values)])


def slope(walk: Walk, leaves: list, theta: tuple, t: Any, y: Any) -> Any:
    """The right-hand side, with ``theta`` for the operands that move."""
    operands = walk.operands(leaves, theta)
    return model_of(walk.program, operands, operands.mode).f(t, y)


def pulled(walk: Walk, leaves: list, t: Any, y: Any, adjoint: Any) -> tuple[list, Any]:
    """The products of the transposed derivatives by the parameters and by the state with ``adjoint``."""
    theta = walk.values(leaves)

    def moved(values: list, y: Any) -> Any:
        return slope(walk, leaves, placed(walk, theta, values), t, y)

    return jax.vjp(moved, parameters(walk, theta), y)[1](adjoint)


def _projected(walk: Walk, leaves: list) -> tuple[Any, Any, Any]:
    """The mass matrix, whole, and both projections."""
    _, mass, inverse = walk.operands(leaves, walk.values(leaves)).mass
    mass, inverse = (jnp.diag(x) if x.ndim == 1 else x for x in (mass, inverse))
    one = jnp.eye(mass.shape[0], dtype=mass.dtype)
    return mass, one - mass @ inverse, one - inverse @ mass


def _jacobian(walk: Walk, leaves: list, t: Any, y: Any) -> Any:
    return Dense().jacobian(lambda y: slope(walk, leaves, walk.values(leaves), t, y), y)


def _solved(matrix: Any, b: Any) -> Any:
    return Operator(matrix, Dense()).factor().solve(b)


def transposed_mass(walk: Walk, leaves: list, v: Any) -> Any:
    """The transposed mass matrix times ``v``."""
    mass = walk.operands(leaves, walk.values(leaves)).mass
    return product(mass[1].T, v) if mass else v


def jump(walk: Walk, leaves: list, t: Any, y: Any, cotangent: Any) -> tuple[Any, list | None]:
    """What a cotangent of the state at ``t`` adds to the adjoint, and to the cotangents of the parameters (``None``: nothing)."""
    if not walk.program.structure or not walk.operands(leaves, walk.values(leaves)).mass:
        return cotangent, None
    mass, left, _ = _projected(walk, leaves)
    z = _solved((mass + left @ _jacobian(walk, leaves, t, y)).T, cotangent)
    algebraic = left @ z
    values, _ = pulled(walk, leaves, t, y, -algebraic)
    return z - algebraic, values


def consistent(walk: Walk, leaves: list, t: Any, y: Any, adjoint: Any) -> Any:
    """The adjoint with its algebraic part such that it satisfies the algebraic adjoint equations."""
    if not walk.program.algebraic:
        return adjoint
    mass, _, right = _projected(walk, leaves)
    return _solved((mass + _jacobian(walk, leaves, t, y) @ right).T, mass.T @ adjoint)


def consistent_tangent(walk: Walk, leaves: list, t: Any, y: Any, tangent: Any, direction: list) -> Any:
    """The tangent of a state with its algebraic part such that the algebraic equations stay satisfied in the ``direction`` of parameters."""
    theta = walk.values(leaves)
    mass, left, _ = _projected(walk, leaves)
    of = lambda values: slope(walk, leaves, placed(walk, theta, values), t, y)  # noqa: E731
    change = jax.jvp(of, (parameters(walk, theta),), (direction,))[1]
    return _solved(mass + left @ _jacobian(walk, leaves, t, y), mass @ tangent - left @ change)


def velocity(walk: Walk, leaves: list, t: Any, y: Any) -> Any:
    """The derivative of the state by time, also of its algebraic part."""
    f = lambda t: slope(walk, leaves, walk.values(leaves), t, y)  # noqa: E731
    if not walk.program.structure or not walk.operands(leaves, walk.values(leaves)).mass:
        return f(t)
    mass, left, _ = _projected(walk, leaves)
    value, change = jax.jvp(f, (t,), (jnp.ones_like(t),))
    right_side = value - left @ (value + change)
    return _solved(mass + left @ _jacobian(walk, leaves, t, y), right_side)


def observation(walk: Walk, leaves: list, t: Any, y: Any, bar: Any) -> tuple[tuple, Any, Any]:
    """The cotangents of the moving operands, the time and the state that a saved row at ``(t, y)`` brings."""
    theta = walk.values(leaves)
    if walk.program.of is None:
        return jax.tree.map(jnp.zeros_like, theta), jnp.zeros_like(t), bar

    def row(theta: tuple, t: Any, y: Any) -> Any:
        operands = walk.operands(leaves, theta)
        return observed(walk.program, operands, t, y, operands.mode)

    return jax.vjp(row, theta, t, y)[1](bar)


def units(walk: Walk, leaves: list) -> Any:
    """What a component of the state counts, from the tolerances for it: those of the adjoint count the inverse."""
    operands = walk.operands(leaves, walk.values(leaves))
    atol = jnp.broadcast_to(operands.atol, operands.y0.shape)
    return jnp.maximum(atol / jnp.max(atol), LEAST)


def integral_weights(walk: Walk, leaves: list, dtype: Any) -> Any:
    """Of the integral for each parameter: a gradient by a large number is small, and so is what it may be off."""
    values = flattened(parameters(walk, walk.values(leaves)), dtype)
    return 1 / jnp.maximum(jnp.abs(jax.lax.stop_gradient(values)), 1)


def transposed_structure(structure: Structure | None) -> Structure:
    """Where the transposed Jacobian has entries."""
    if isinstance(structure, Banded):
        return Banded(structure.upper, structure.lower)
    return Dense() if structure is None else structure


def transposed_masses(mass: tuple, integrals: int, *, beside_itself: bool = False) -> tuple:
    """The transposed mass matrix and its pseudo-inverse, continued by ones for integrals; ``()`` without one.

    ``beside_itself``: the mass matrix comes first, for a state that is solved with its adjoint.
    """
    return tuple(_blocks([matrix] * beside_itself + [matrix.T], integrals) for matrix in mass[1:])


def columns_of_mass(mass: tuple, count: int) -> tuple:
    """The mass matrix, stored densely, of a state with so many tangents; ``()`` without one."""
    if not mass:
        return ()
    matrix, inverse = (jnp.tile(x, 1 + count) if x.ndim == 1 else jnp.kron(jnp.eye(1 + count, dtype=x.dtype), x) for x in mass[1:])
    return Dense().of_mass(matrix), matrix, inverse


def _blocks(matrices: list, integrals: int) -> Any:
    ones = jnp.ones(integrals, matrices[0].dtype)
    if matrices[0].ndim == 1:
        return jnp.concatenate([*matrices, ones])
    return jax.scipy.linalg.block_diag(*matrices, jnp.diag(ones))
