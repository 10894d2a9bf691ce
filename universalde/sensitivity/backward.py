"""One adjoint equation over one stretch of time, solved like any other problem, with time running backwards."""

from collections.abc import Callable
from dataclasses import field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..adjoint.replay import Walk
from ..base.status import SUCCESS
from ..border import border
from ..linalg.structure import Structure
from ..loop.integrate import Outcome, integrate, start
from ..loop.program import Operands, Program
from ..loop.record import Saved
from ..spec.controller import Controller, Verdict
from ..spec.method import Method
from ..spec.problem import Problem
from ..spec.save import Save

__all__ = ["Equation", "Solved", "Swept", "Work", "solved"]


class Unlinearised(Controller):
    """A controller whose step sizes are constants of a derivative."""

    inner: Controller = field(kw_only=True)

    @property
    def follows(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.inner.follows

    def init(self, h: Any) -> Any:
        return self.inner.init(h)

    def judge(self, square: Any, h: Any, state: Any, order: Any) -> Verdict:
        return self.inner.judge(*jax.tree.map(jax.lax.stop_gradient, (square, h, state)), order)


class Work(NamedTuple):
    """What solving adjoint equations needs besides arrays."""

    walk: Walk
    method: Method
    controller: Controller


class Swept(NamedTuple):
    """The backward solve at time ``t``: the adjoint, what it has integrated for the parameters, cotangents of moving operands
    from elsewhere, the reconstructed state where there is one, the step size, how many saved rows are left, the
    size of the adjoint so far, how far a reconstruction was off, and whether all went well."""

    adjoint: Any
    integral: Any
    theta: tuple
    y: Any
    t: Any
    h: Any
    j: Any
    size: Any
    drift: Any
    ok: Any


class Equation(NamedTuple):
    """``mass u' = f(s, u, args)`` in the time ``s = -t``, and its tolerances."""

    f: Callable
    args: Any
    rtol: Any
    atol: Any
    mass: tuple
    structure: Structure | None


class Solved(NamedTuple):
    """What a stretch left, the problem it was, the next step size, and whether it went well."""

    outcome: Outcome
    program: Program
    operands: Operands
    h: Any
    ok: Any


def solved(
    work: Work, leaves: list, equation: Equation, u: Any, at: Swept, target: Any, *, wrapped: Callable = lambda method: method,
    saved: Saved | None = None, most: int | None = None,
) -> Solved:  # fmt: skip
    """The solution from ``at.t`` down to ``target``, in at ``most`` so many attempts; nothing happens where that is not before.

    With buffers ``saved`` every step is kept in them.
    """
    operands = work.walk.operands(leaves, work.walk.values(leaves))
    running, method = target < at.t, work.method
    call = border(
        Problem(equation.f, u, (-at.t, -target), equation.args, structure=equation.structure), method, rtol=1e-3, atol=1e-6,
        saveat=Save(end=True) if saved is None else Save(capacity=saved.ts.shape[0]), dt0=1.0, max_steps=1, controller=Unlinearised(inner=work.controller),
    )  # fmt: skip
    algebraic = bool(equation.mass) and work.walk.program.algebraic
    # A multistep method begins with order one, for which the size carried over is too large (FBDF on ROBER: 1e-4 off, not 2e-6).
    program = call.program._replace(direction=1, algebraic=algebraic, method=wrapped(method), chooses_step=method.multistep)
    mass = ()
    if equation.mass and program.structure is not None:
        mass = (program.structure.of_mass(equation.mass[0]), *equation.mass)
    given = call.operands._replace(
        t0=-at.t, t1=-target, sign=jnp.ones_like(at.t), rtol=equation.rtol, atol=equation.atol,
        dt0=jax.lax.stop_gradient(at.h),
        budget=operands.budget if most is None else jnp.minimum(operands.budget, most), mass=mass,
    )  # fmt: skip
    state = start(program, given)
    state = state._replace(status=jnp.where(running, state.status, SUCCESS))
    outcome = integrate(program, given, begin=state, saved=saved)
    end = outcome.state
    tried = end.accepted + end.rejected
    h = jnp.where(tried == 1, jnp.maximum(end.h, at.h), end.h)  # one step, cut short: the size planned still stands
    h = jnp.where(running & (h > 0) & jnp.isfinite(h), h, at.h)
    return Solved(outcome, program, given, jax.lax.stop_gradient(h), end.status == SUCCESS)
