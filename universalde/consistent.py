"""Initial states that satisfy the algebraic equations of a problem."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from .base.checks import is_concrete
from .base.ravel import as_arrays, flat_function, ravel, shape_of
from .masses import is_singular, mass_matrix, null_spaces
from .spec.problem import Problem

__all__ = ["consistent"]


def consistent(problem: Problem, *, rtol: float = 1e-10, atol: float = 1e-12) -> Problem:
    r"""The problem with an initial state that satisfies its algebraic equations.

    Of :math:`M y' = f(t, y)` those are :math:`L^T f = 0` for the vectors L with :math:`L^T M = 0`.  The state moves only in directions
    that M does not see, :math:`y_0 + N a` with :math:`M N = 0`: what has a derivative keeps its initial value.

    ``rtol`` and ``atol`` are those of the root.  Errors: ``ValueError`` when no root is found; ``TypeError`` inside ``jit``.

    Example::

        circle = ude.ODE(lambda t, y, _: [-y[1], y[0]**2 + y[1]**2 - 1], [0.6, 0.7], (0.0, 1.0), mass=[1.0, 0.0])
        ude.consistent(circle).y0  # [0.6, 0.8]
    """
    import optimistix

    y0 = as_arrays(problem.y0, "y0")
    shape = shape_of(y0)
    mass = None if problem.mass is None else mass_matrix(problem.mass, shape)
    if mass is None or (is_concrete(mass) and not is_singular(mass)):
        return problem
    start = ravel(y0)
    if not (is_concrete(mass) and is_concrete(start)):
        raise TypeError("consistent looks at y0 and the mass matrix, which are traced here; call it outside jit, vmap and grad")
    extra = () if problem.mode is None else (problem.mode,)
    f = flat_function(lambda t, y: problem.f(t, y, problem.args, *extra), shape)
    left, right = null_spaces(np.asarray(mass))

    def residual(moves: Any, _: Any) -> Any:
        return left @ f(problem.tspan[0], start + right @ moves)

    zero = jnp.zeros(right.shape[1], shape.dtype)
    root = optimistix.root_find(residual, optimistix.Dogleg(rtol=rtol, atol=atol), zero, max_steps=200, throw=False)
    found = start + right @ root.value
    if root.result != optimistix.RESULTS.successful or not bool(jnp.all(jnp.isfinite(found))):
        raise ValueError(
            f"no state near y0 was found that satisfies the algebraic equations (largest residual {_worst(residual, root):.3g}); start "
            "nearer to one, or look whether the equations determine the unknowns that have no derivative"
        )
    return problem.replace(y0=shape.unravel(found))


def _worst(residual: Any, root: Any) -> float:
    return float(np.max(np.abs(np.asarray(residual(root.value, None)))))
