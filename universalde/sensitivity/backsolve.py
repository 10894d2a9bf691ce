"""The adjoint equation along a state that is solved backwards too."""

from typing import Any

import jax
import jax.numpy as jnp

from ..adjoint.discrete import differentiable
from ..adjoint.replay import Walk
from ..adjoint.rows import Moved, Residuals
from ..base.buffers import read
from ..base.kernel import kernel
from ..base.warn import warn
from ..linalg.dense import Dense
from ..linalg.integrals import WithIntegrals
from ..spec.controller import rms
from .backward import Equation, Swept, Work, solved
from .continuous import Continuous
from .path import Path
from .products import flattened, pulled, slope, transposed_masses

__all__ = ["BacksolveAdjoint"]

MANY = 100  # attempts backwards for each step forwards: a reconstruction that needs more is lost


class BacksolveAdjoint(Continuous):
    r"""The adjoint equation along the state solved backwards from its end.

    .. math:: M \dot y = f(t, y), \qquad M^T \dot\lambda = -f_y^T \lambda, \qquad \dot\mu = -f_\theta^T \lambda

    Backwards a stiff or chaotic problem is unstable: what decays forwards grows.  So the state is set to that of the forward
    solve at every ``every``-th step, and where the reconstruction had drifted from it there by more than ``drift`` tolerances the gradient
    is NaN and a warning says so.  Memory: one state for each of these checkpoints, if ``Save(tape_bytes=...)`` allows no more.
    Errors: as for :class:`InterpolatingAdjoint`, and ``ValueError`` for singular mass matrices.
    Sources: R. T. Q. Chen, Y. Rubanova, J. Bettencourt and D. Duvenaud, Neural ordinary differential equations, NeurIPS 2018;
    A. Gholami, K. Keutzer and G. Biros, ANODE, IJCAI 2019, on the instability.

    Example: ``ude.solve(problem, saveat=ts, adjoint=ude.BacksolveAdjoint())``
    """

    every: Any = 16
    drift: Any = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.every) is not int or self.every < 1:
            raise ValueError(f"BacksolveAdjoint(every={self.every!r}): give a whole number of steps, at least 1")
        if not (isinstance(self.drift, float | int) and self.drift > 0):
            raise ValueError(f"BacksolveAdjoint(drift={self.drift!r}): give a positive number of tolerances")

    def refusal(self, program: Any) -> str | None:
        """Beside what all refuse, algebraic equations."""
        if program.algebraic:
            return "BacksolveAdjoint does not differentiate a problem with a singular mass matrix; ude.GaussAdjoint() can"
        return super().refusal(program)

    def differentiable(self, program: Any) -> Any:
        """The warning keeps the whole from being one native kernel; the backward solve is one within it."""
        return differentiable(program, self._pull, self._kept, native_pull=False)

    def _pull(self, walk: Walk, res: Residuals, bar: Moved) -> list:
        total, at = kernel(lambda res, bar: self._backwards(walk, res, bar), native=walk.program.method.native)(res, bar)
        jax.debug.callback(self._warn, at.drift)
        return total

    def _warn(self, drift: Any) -> None:
        if drift > self.drift:
            far = f"had drifted {float(drift):.3g} tolerances from that of the forward solve (allowed: {self.drift:g})"
            warn(
                f"BacksolveAdjoint: solved backwards, the state {far if drift < float('inf') else 'was lost between two checkpoints'}, so the "
                "gradient is NaN. What decays forwards grows backwards: take ude.GaussAdjoint() or ude.DiscreteAdjoint(), or more checkpoints than "
                f"one in {self.every} steps, such as BacksolveAdjoint(every={max(1, self.every // 4)})"
            )

    def _path(self, work: Work, res: Residuals, size: int) -> Path | None:
        return None

    def _state(self, work: Work, path: Path | None, at: Swept) -> Any:
        return at.y

    def _block(self, walk: Walk, res: Residuals) -> int:
        """As many attempts as lie between checkpoints."""
        stride = walk.every(res.tape)
        return stride * -(-self.every // stride)

    def _arrived(self, work: Work, res: Residuals, at: Swept, first: Any, every: int) -> Swept:
        """At a checkpoint: how far the reconstruction is off, and the state as it was.

        One that is lost stays where it is, so only the first checkpoint beyond the limit says how far it was off.
        """
        operands = work.walk.operands(res.leaves, work.walk.values(res.leaves))
        y = read(res.tape.y, first // every)
        off = rms((at.y - y) / (operands.atol + operands.rtol * jnp.abs(y)))
        off = jax.lax.stop_gradient(jnp.where(at.ok & jnp.isfinite(off), off, jnp.inf))
        drift = jnp.where(at.drift > self.drift, at.drift, jnp.maximum(at.drift, off))
        return at._replace(y=y, drift=drift, ok=at.ok & (off <= self.drift))

    def _covered(
        self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any, rooms: Any
    ) -> tuple[Swept, Any]:
        """With the state and the integrals as components."""
        walk, n = work.walk, at.y.size

        def f(s: Any, u: Any, leaves: Any) -> Any:
            y = u[:n]
            values, change = pulled(walk, leaves, -s, y, u[n : 2 * n])
            past = -slope(walk, leaves, walk.values(leaves), -s, y)
            return jnp.concatenate([past, change, flattened(values, u.dtype)])

        operands = walk.operands(res.leaves, walk.values(res.leaves))
        rtol, *atol = self._tolerances(work, res, at)
        atol = jnp.concatenate([jnp.broadcast_to(operands.atol, n), *atol])
        rtol = jnp.concatenate([jnp.broadcast_to(operands.rtol, n), jnp.broadcast_to(rtol, atol.size - n)])
        mass = transposed_masses(operands.mass, at.integral.size, beside_itself=True)
        equation = Equation(f, res.leaves, rtol, atol, mass, WithIntegrals(Dense(), 2 * n))
        u = jnp.concatenate([at.y, at.adjoint, at.integral])
        new = solved(work, res.leaves, equation, u, at, target, most=MANY * self._block(walk, res))
        u = new.outcome.state.y
        return at._replace(y=u[:n], adjoint=u[n : 2 * n], integral=u[2 * n :], h=new.h, ok=at.ok & new.ok), rooms
