"""Derivatives by the tangent equations, solved together with the problem."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..adjoint.discrete import DiscreteAdjoint, check_right_hand_side, moving_operands, no_tangent
from ..adjoint.replay import Walk
from ..base.status import STOPPED, SUCCESS
from ..border import border
from ..loop.integrate import Outcome
from ..loop.observe import observed, with_end
from ..loop.program import Operands, Program, model_of
from ..spec.adjoint import Adjoint
from ..spec.controller import rms
from ..spec.problem import Problem
from ..spec.save import Save
from .continuous import CAN, refused_parts
from .products import columns_of_mass, consistent_tangent, flattened, parameters, placed, slope, velocity

__all__ = ["ForwardSensitivity"]

MOST = 2000  # numbers of state and tangents together, of which an implicit method makes a dense Jacobian of four million


class ForwardSensitivity(Adjoint):
    r"""Derivatives by the tangent equations, solved together with the problem.

    .. math:: M \dot S = f_y S + f_\theta, \qquad S = \partial y / \partial \theta

    Each of the m numbers asked for (parameters, initial values, the start of the time span) adds n equations, one column of S.  What is saved
    is then differentiated by a product with S, so gradients, ``jacfwd``, ``jvp`` and ``vmap`` of them all cost one solve of n (1 + m) equations: for
    few parameters and many outputs.  Right where that solve is accurate; derivatives of higher order are those of its steps.

    ``controlled``: whether errors of S decide about steps too, column by column, in units of y over the size of the parameter; ``False`` leaves the steps
    to the state alone.  An implicit method solves the n (1 + m) equations as one dense system, at a cost
    like the third power of their number and at most 2000 of them.
    Errors: ``ValueError`` for problems with events, a mode, a past, discontinuities or a complex state, and where each step is saved, whose times
    differ from solve to solve. ``TypeError`` for derivatives by the mass matrix or complex parameters.
    Source: Maly and Petzold, Applied Numerical Mathematics 20 (1996) 57-79.

    Example: ``jax.jacfwd(lambda k: ude.solve(problem.replace(args=k), saveat=ts, adjoint=ude.ForwardSensitivity()).ys)(k)``
    """

    controlled: bool = True

    def refusal(self, program: Program) -> str | None:
        """What the tangent equations are not written for."""
        if found := refused_parts(self.name, program):
            return found
        if program.saving == "steps":
            return f"{self.name} solves other equations, with steps of their own, so rows at steps differ; write saveat=times or ude.Save(end=True), or take {CAN}"
        return None

    def differentiable(self, program: Program) -> Callable[[Operands], Outcome]:
        """The solve of ``program``, its derivatives by those of a larger one."""
        inner = program._replace(of=None) if program.saving == "end" else program
        plain = DiscreteAdjoint().differentiable(inner)

        @jax.custom_jvp
        def run(operands: Operands) -> Outcome:
            return plain(operands)

        def rule(primals: tuple, tangents: tuple) -> tuple[Outcome, Outcome]:
            (operands,), (dots,) = primals, tangents
            walk, directions = moving_operands(inner, operands, dots)
            check_right_hand_side(inner, operands)
            outcome = run(operands)
            zeros = jax.tree.map(no_tangent, outcome)
            return outcome, self._moved(walk, operands, tuple(directions), zeros) if any(walk.moving) else zeros

        run.defjvp(rule, symbolic_zeros=True)
        return lambda operands: with_end(program, operands, run(operands))

    def _moved(self, walk: Walk, operands: Operands, dots: tuple, zeros: Outcome) -> Outcome:
        """The tangent of the outcome: a product of S with the tangents of what moves."""
        program, leaves = walk.program, jax.tree.leaves(operands)
        self._check(walk, leaves)
        found = self._solved(walk, leaves, _start(walk, leaves))
        numbers, moving = _numbers(walk, dots, operands.y0.dtype), walk.operands([None] * len(leaves), dots)
        ok = (found.state.status == SUCCESS) | (found.state.status == STOPPED)

        def moved(t: Any, t_dot: Any, u: Any) -> tuple[Any, Any]:
            y, columns = _parted(operands.y0.size, u)
            dot = numbers @ columns
            return y, dot if t_dot is None else dot + velocity(walk, leaves, t, y) * t_dot

        def row(t: Any, t_dot: Any, u: Any) -> Any:
            y, dot = moved(t, t_dot, u)
            if program.of is None:
                return dot
            theta, t_dot = walk.values(leaves), jnp.zeros_like(t) if t_dot is None else t_dot
            of = lambda theta, t, y: observed(program, walk.operands(leaves, theta), t, y, operands.mode)  # noqa: E731
            return jax.jvp(of, (theta, t, y), (dots, t_dot, dot))[1]

        end = jnp.where(ok, moved(operands.t1, moving.t1, found.state.y)[1], jnp.nan)
        state = zeros.state._replace(t=zeros.state.t if moving.t1 is None else moving.t1, y=end)
        if program.saving == "end":
            return zeros._replace(state=state)
        ts_dot = jnp.zeros_like(operands.ts) if moving.ts is None and program.of is not None else moving.ts
        return zeros._replace(state=state, ys=jax.vmap(row, in_axes=(0, None if ts_dot is None else 0, 0))(operands.ts, ts_dot, found.ys))

    def _check(self, walk: Walk, leaves: list) -> None:
        """Say what the tangent equations give no derivative by, or of how many equations they would be."""
        if any(jax.tree.leaves(walk.mask.mass)):
            raise TypeError(f"a derivative by the mass matrix was asked for; {self.name} has none, {CAN}")
        if any(jnp.iscomplexobj(x) for x in walk.values(leaves)):
            raise TypeError(f"a derivative by complex parameters was asked for; {self.name} has none, {CAN}")
        n = walk.operands(leaves, walk.values(leaves)).y0.size
        size = n + n * sum(_counts(walk, leaves))
        if walk.program.structure is not None and size > MOST:
            raise ValueError(
                f"{self.name} by {sum(_counts(walk, leaves))} numbers makes of {n} equations {size}, and {walk.program.method.name} a dense Jacobian of "
                f"them; the limit is {MOST}. {CAN} differentiate this, and ude.GaussAdjoint() can"
            )

    def _solved(self, walk: Walk, leaves: list, columns: Any) -> Outcome:
        """The state and the columns of S, in one vector, at the save times and at the end."""
        program, operands = walk.program, walk.operands(leaves, walk.values(leaves))
        n, model, controlled = operands.y0.size, model_of(program, operands, operands.mode), self.controlled

        def hook(name: str) -> Callable:
            def of_state(t: Any, u: Any, leaves: list) -> Any:
                operands = walk.operands(leaves, walk.values(leaves))
                return getattr(model_of(program, operands, operands.mode), name)(t, u[:n])

            return of_state

        def norm(errors: Any) -> Any:
            sizes = jax.vmap(model.norm or rms)(errors.reshape(-1, n) if controlled else errors[None, :n])
            return jnp.max(sizes)

        changes = {"norm": norm, **({"hmax": hook("hmax")} if model.hmax else {})}
        call = border(
            Problem(_tangent_equations(walk), jnp.concatenate([operands.y0, columns.reshape(-1)]), (operands.t0, operands.t1), leaves,
                    inside=hook("inside") if model.inside else None),
            program.method, rtol=1e-3, atol=1e-6, saveat=Save(end=True) if program.saving == "end" else operands.ts, dt0=1.0, max_steps=1,
            controller=dataclasses.replace(program.controller, **changes),
        )  # fmt: skip
        larger = call.program._replace(
            direction=1, chooses_step=program.chooses_step, stops=program.stops, algebraic=program.algebraic, tape_bytes=program.tape_bytes,
        )  # fmt: skip
        rtol, atol = _tolerances(walk, leaves)
        given = call.operands._replace(
            t0=operands.t0, t1=operands.t1, sign=jnp.ones_like(operands.t0), rtol=rtol, atol=atol, dt0=operands.dt0, budget=operands.budget,
            stops=operands.stops, jumps=operands.jumps, mass=columns_of_mass(operands.mass, columns.shape[0]),
        )  # fmt: skip
        return DiscreteAdjoint().differentiable(larger)(given)


def _parted(n: int, u: Any) -> tuple[Any, Any]:
    """The state and the columns of S, one in each row."""
    return u[:n], u[n:].reshape(-1, n)


def _counts(walk: Walk, leaves: list) -> tuple[int, int, int]:
    """How many columns belong to the initial state, to parameters, and to the start of the time span."""
    theta = walk.values(leaves)
    n = walk.operands(leaves, theta).y0.size
    return n * bool(walk.mask.y0), sum(x.size for x in parameters(walk, theta)), int(bool(walk.mask.t0))


def _numbers(walk: Walk, dots: tuple, dtype: Any) -> Any:
    """The tangents of what the columns belong to, in one vector; empty where only save times or the end move."""
    moving = walk.operands([None] * len(walk.moving), dots)
    return flattened([x for x in (moving.y0, *parameters(walk, dots), moving.t0) if x is not None], dtype)


def _directions(walk: Walk, leaves: list) -> list:
    """Of every column the direction in the space of parameters, zero for those of the start."""
    values, place = parameters(walk, walk.values(leaves)), 0
    before, count, after = _counts(walk, leaves)
    found = []
    for x in values:
        rows = jnp.zeros((before + count + after, x.size), x.dtype)
        rows = rows.at[before + place + np.arange(x.size), np.arange(x.size)].set(1)
        found.append(rows.reshape(-1, *x.shape))
        place += x.size
    return found


def _tangent_equations(walk: Walk) -> Callable:
    """``(t, [y, S], leaves) -> [f, f_y S + f_theta]``."""

    def f(t: Any, u: Any, leaves: list) -> Any:
        theta = walk.values(leaves)
        y, columns = _parted(walk.operands(leaves, theta).y0.size, u)
        of = lambda values, y: slope(walk, leaves, placed(walk, theta, values), t, y)  # noqa: E731
        moved = lambda direction, column: jax.jvp(of, (parameters(walk, theta), y), (direction, column))  # noqa: E731
        value, changes = jax.vmap(moved, out_axes=(None, 0), axis_size=columns.shape[0])(_directions(walk, leaves), columns)
        return jnp.concatenate([value, changes.reshape(-1)])

    return f


def _start(walk: Walk, leaves: list) -> Any:
    """The columns of S at the start; those of algebraic components satisfy the algebraic equations."""
    theta = walk.values(leaves)
    operands = walk.operands(leaves, theta)
    t, y = operands.t0, operands.y0
    before, count, after = _counts(walk, leaves)
    columns = jnp.concatenate([jnp.eye(y.size, dtype=y.dtype)[:before], jnp.zeros((count, y.size), y.dtype)])
    if walk.program.algebraic:
        directions = [x[: before + count] for x in _directions(walk, leaves)]
        columns = jax.vmap(lambda *of: consistent_tangent(walk, leaves, t, y, *of))(columns, directions)
    return jnp.concatenate([columns, -velocity(walk, leaves, t, y)[None]]) if after else columns


def _tolerances(walk: Walk, leaves: list) -> tuple[Any, Any]:
    """Those of the state, and of each column ``atol`` over the size of its parameter (1 if that is zero), so that a column counts as
    the change of the state when the parameter doubles."""
    theta = walk.values(leaves)
    operands = walk.operands(leaves, theta)
    before, _, after = _counts(walk, leaves)
    n, span = operands.y0.size, (operands.t1 - operands.t0)[None]
    sizes = jnp.abs(flattened([operands.y0[:before], *parameters(walk, theta), span[:after]], operands.y0.dtype))
    sizes = jnp.concatenate([jnp.ones(1, sizes.dtype), jnp.where(sizes > 0, sizes, 1)])
    atol = (jnp.broadcast_to(operands.atol, (n,)) / sizes[:, None]).reshape(-1)
    rtol = operands.rtol if operands.rtol.ndim == 0 else jnp.tile(operands.rtol, sizes.size)
    return rtol, jax.lax.stop_gradient(atol)
