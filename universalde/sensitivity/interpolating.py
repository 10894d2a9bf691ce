"""The adjoint equation along the dense output of the forward solve, the integrals part of the state."""

from typing import Any

import jax.numpy as jnp

from ..adjoint.rows import Residuals
from ..linalg.integrals import WithIntegrals
from .backward import Equation, Swept, Work, solved
from .continuous import Continuous
from .path import Path, state_at
from .products import flattened, pulled, transposed_masses, transposed_structure

__all__ = ["InterpolatingAdjoint"]


class InterpolatingAdjoint(Continuous):
    r"""The adjoint equation along the dense output of the forward solve.

    .. math:: M^T \dot\lambda = -f_y(t, y(t))^T \lambda, \qquad \dot\mu = -f_\theta(t, y(t))^T \lambda

    with :math:`\lambda, \mu` one state, solved backwards by ``method`` (``None``: that of the forward solve) to ``rtol`` and ``atol``
    (``None``: the least of the forward solve, and a hundredth of it; ``atol`` is relative to the largest :math:`\lambda` so far).  Right where the two
    solves are accurate, unlike :class:`DiscreteAdjoint`, which differentiates the numbers computed.  For stiff problems and for many
    parameters :class:`GaussAdjoint` is cheaper.

    Memory: what dense output reads, n numbers for each stage of each step, within ``Save(tape_bytes=...)``: beyond that
    the states of every k-th step are kept and the steps between are taken again, block after block.  Forward mode is by the tangents of
    the steps.  Errors: ``ValueError`` for problems with events, a mode, a past, discontinuities or a complex state.
    Source: Cao, Li, Petzold & Serban, SIAM J. Sci. Comput. 24 (2003) 1076.

    Example: ``ude.solve(problem, saveat=ts, adjoint=ude.InterpolatingAdjoint())``
    """

    def _covered(
        self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any, rooms: Any
    ) -> tuple[Swept, Any]:
        """With the integrals as components of the state."""
        walk, n = work.walk, at.adjoint.size

        def f(s: Any, u: Any, args: tuple) -> Any:
            leaves, path = args
            y = state_at(walk.program.method, path, -s)
            values, change = pulled(walk, leaves, -s, y, u[:n])
            return jnp.concatenate([change, flattened(values, u.dtype)])

        operands = walk.operands(res.leaves, walk.values(res.leaves))
        rtol, *atol = self._tolerances(work, res, at)
        mass = transposed_masses(operands.mass, at.integral.size)
        structure = WithIntegrals(transposed_structure(walk.program.structure), n)
        equation = Equation(f, (res.leaves, path), rtol, jnp.concatenate(atol), mass, structure)
        u = jnp.concatenate([at.adjoint, at.integral])
        new = solved(work, res.leaves, equation, u, at, target)
        u = new.outcome.state.y
        return at._replace(adjoint=u[:n], integral=u[n:], h=new.h, ok=at.ok & new.ok), rooms
