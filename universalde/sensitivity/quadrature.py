"""The adjoint with its dense output, then adaptive quadrature of the integral for the parameters."""

from typing import Any

import jax
import jax.numpy as jnp

from ..adjoint.rows import Residuals
from ..base.buffers import read, write
from ..base.loop import loop
from ..loop.program import equation_of, model_of
from ..spec.method import Method
from ..spec.save import Save
from .backward import Solved, Swept, Work, solved
from .continuous import Continuous
from .gauss import adjoint_equation, integrand
from .path import Path, state_at
from .rules import integral, kronrod

__all__ = ["QuadratureAdjoint"]


class QuadratureAdjoint(Continuous):
    r"""The adjoint equation first, then adaptive quadrature of the integral for the parameters.

    .. math:: \bar\theta = \int f_\theta(t, y(t))^T \lambda(t) \, dt

    Between saved rows :math:`\lambda` is solved with every step kept; the integral along its dense output is by Gauss and Kronrod's 15 points,
    in pieces of any length, halved where the estimate is more than ``atol + rtol |integral|``.  The steps of the backward solve
    are then not held to the accuracy of the integral, but dense output is kept twice: ``Save(capacity=...)`` bounds both.  Else
    as :class:`InterpolatingAdjoint`, with the same options and errors.
    Source: Y. Ma, V. Dixit, M. Innes, X. Guo and C. Rackauckas, A comparison of automatic differentiation and continuous
    sensitivity analysis, IEEE HPEC 2021.

    Example: ``ude.solve(problem, saveat=ts, adjoint=ude.QuadratureAdjoint())``
    """

    def _covered(self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any) -> Swept:
        """Solved, and then integrated."""
        tolerances = self._tolerances(work, res, at)
        equation = adjoint_equation(tolerances, work, res, path)
        save = Save(capacity=work.walk.program.capacity)
        new = solved(work, res.leaves, equation, at.adjoint, at, target, saveat=save)
        method = work.method.one_step if work.method.multistep else work.method
        f, adjoints = integrand(work, res, path), _dense(method, new)
        total, fine = integral(
            lambda s: f(s, state_at(method, adjoints, s)), at.integral * 0, -at.t, -target, kronrod(), lambda s: -target,
            (tolerances[0], tolerances[2], at.integral), read(adjoints.h, 0),
        )  # fmt: skip
        return at._replace(adjoint=new.outcome.state.y, integral=at.integral + total, h=new.h, ok=at.ok & new.ok & fine)


def _dense(method: Method, new: Solved) -> Path:
    """The dense output of the adjoint, in the time ``-t``."""
    start = new.operands.t0, new.operands.y0  # a solve that was begun elsewhere does not save its start
    ts, ys = (write(rows, 0, first) for rows, first in zip((new.outcome.ts, new.outcome.ys), start, strict=True))
    model = model_of(new.program, new.operands, new.operands.mode)
    h = jnp.diff(ts, append=ts[-1:])
    h = jnp.where(h > 0, h, new.operands.dt0)
    count = new.outcome.state.saved - 1

    def taken(i: Any) -> Any:
        t = read(ts, i)
        return method.retake(equation_of(model, None, t), t, read(h, i), read(ys, i), read(ys, i + 1))

    def body(i: Any, active: Any, row: Any, shared: tuple, rooms: Any) -> tuple:
        return row + 1, shared, jax.tree.map(lambda room, x: write(room, row, x), rooms, taken(row))

    shapes = jax.eval_shape(taken, jnp.int32(0))
    rooms = jax.tree.map(lambda x: jnp.zeros((ts.shape[0], *x.shape), x.dtype), shapes)
    _, _, _, data = loop(body, jnp.int32(0), limit=ts.shape[0], running=lambda row: row < count, private=rooms)
    return Path(ts, h, data, jnp.int32(0), count)
