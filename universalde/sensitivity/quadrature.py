"""The adjoint with its dense output, then adaptive quadrature of the integral for the parameters."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..adjoint.rows import Residuals
from ..base.buffers import read, write
from ..base.loop import loop
from ..loop.program import equation_of, model_of
from ..loop.record import Saved
from ..spec.method import Method
from .backward import Solved, Swept, Work, solved
from .continuous import Continuous, begun
from .gauss import adjoint_equation, integrand
from .path import Path, opened, state_at
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

    def _rooms(self, work: Work, res: Residuals) -> tuple:
        """For every step of the adjoint and for its dense output."""
        rows, y = work.walk.program.capacity, res.kept[2]
        saved = Saved(jnp.zeros(rows, res.kept[1].dtype), jnp.zeros((rows, *y.shape), y.dtype))

        def one() -> Any:
            at = begun(work, res)
            new = self._solved(work, res, opened(work.walk, res, 1), at, at.t, saved)
            return _taken(work, new)(*saved, saved.ts, jnp.int32(0))

        return saved, jax.tree.map(lambda x: jnp.zeros((rows, *x.shape), x.dtype), jax.eval_shape(one))

    def _solved(self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any, saved: Saved) -> Solved:
        equation = adjoint_equation(self._tolerances(work, res, at), work, res, path)
        return solved(work, res.leaves, equation, at.adjoint, at, target, saved=saved)

    def _covered(
        self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any, rooms: Any
    ) -> tuple[Swept, Any]:
        """Solved, and then integrated."""
        new, (rtol, _, atol) = self._solved(work, res, path, at, target, rooms[0]), self._tolerances(work, res, at)
        f, adjoints = integrand(work, res, path), _dense(work, new, rooms[1])
        total, fine = integral(
            lambda s: f(s, state_at(_read_by(work.method), adjoints, s)), at.integral * 0, -at.t, -target, kronrod(), lambda s: -target,
            (rtol, atol, at.integral), read(adjoints.h, 0),
        )  # fmt: skip
        at = at._replace(adjoint=new.outcome.state.y, integral=at.integral + total, h=new.h, ok=at.ok & new.ok & fine)
        return at, (Saved(new.outcome.ts, new.outcome.ys), adjoints.data)


def _read_by(method: Method) -> Method:
    """What takes a step again between its ends."""
    return method.one_step if method.multistep else method  # pyright: ignore[reportAttributeAccessIssue]


def _taken(work: Work, new: Solved) -> Callable:
    """The dense output of a step between two rows."""
    model = model_of(new.program, new.operands, new.operands.mode)

    def taken(ts: Any, ys: Any, h: Any, i: Any) -> Any:
        t = read(ts, i)
        equation = equation_of(model, None, t)
        return _read_by(work.method).retake(equation, t, read(h, i), read(ys, i), read(ys, i + 1))

    return taken


def _dense(work: Work, new: Solved, rooms: Any) -> Path:
    """The dense output of the adjoint, in the time ``-t``."""
    start = new.operands.t0, new.operands.y0  # a solve that was begun elsewhere does not save its start
    ts, ys = (write(rows, 0, first) for rows, first in zip((new.outcome.ts, new.outcome.ys), start, strict=True))
    h = jnp.diff(ts, append=ts[-1:])
    h = jnp.where(h > 0, h, new.operands.dt0)
    count, taken = new.outcome.state.saved - 1, _taken(work, new)

    def body(i: Any, active: Any, row: Any, shared: tuple, rooms: Any) -> tuple:
        return row + 1, shared, jax.tree.map(lambda room, x: write(room, row, x), rooms, taken(ts, ys, h, row))

    _, _, _, data = loop(body, jnp.int32(0), limit=ts.shape[0], running=lambda row: row < count, private=rooms)
    return Path(ts, h, data, jnp.int32(0), count)
