"""What all continuous adjoints share: the walk back over the blocks of the tape and the saved rows."""

import abc
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..adjoint.discrete import differentiable, pull_start
from ..adjoint.replay import Walk
from ..adjoint.rows import Moved, Residuals, first_row
from ..base.buffers import read, write
from ..base.loop import loop
from ..loop.integrate import Outcome
from ..loop.program import Operands, Program
from ..methods.ssp import LimitedSSP
from ..solve import default_controller
from ..spec.adjoint import Adjoint
from ..spec.method import Method
from .backward import Swept, Work
from .path import Path, filled, fitting, opened, state_at
from .products import (
    consistent,
    flattened,
    integral_weights,
    jump,
    observation,
    parameters,
    placed,
    slope,
    transposed_mass,
    units,
    velocity,
)

__all__ = ["CAN", "Continuous", "begun", "refused_parts"]

SMALLER = 0.01  # than rtol is atol, relative to the largest adjoint
CAN = "ude.DiscreteAdjoint(), the default, can"


def refused_parts(name: str, program: Program) -> str | None:
    """What a problem has that neither adjoint nor tangent equations are written for."""
    parts = {
        "events": program.events, "a mode": program.has_mode, "a past": "history" in program.parts,
        "noise": "noise" in program.parts, "discontinuities": program.jumps,
        "a complex state": jnp.issubdtype(program.shape.dtype, jnp.complexfloating),
    }  # fmt: skip
    found = [name for name, there in parts.items() if there]
    if found:
        return f"{name} does not differentiate a problem with {' and '.join(found)}; {CAN}"
    if program.method.estimates_global_error or isinstance(program.method, LimitedSSP):
        return f"{name} solves other equations, which {program.method.name} does not: {CAN}"


class Continuous(Adjoint):
    r"""An adjoint that solves the adjoint equation.

    .. math:: M^T \dot\lambda = -f_y^T \lambda, \qquad \bar\theta = \int f_\theta^T \lambda \, dt

    backwards in time; at each saved row the cotangent of the row is added to :math:`\lambda`.
    """

    method: Any = None
    rtol: Any = None
    atol: Any = None

    def __post_init__(self) -> None:
        if not (self.method is None or isinstance(self.method, Method)):
            hint = f"; write {self.method!r}()" if callable(self.method) else ""
            raise TypeError(f"{self.name}(method={self.method!r}): give a method, or None for that of the forward solve{hint}")
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, float | int) and 0 <= value < float("inf")):
                raise ValueError(
                    f"{self.name}({name}={value!r}): give a number that is not negative, or None for that of the forward solve"
                )

    def refusal(self, program: Program) -> str | None:
        """What the adjoint equation is not written for."""
        if found := refused_parts(self.name, program):
            return found
        method = self.method or program.method
        if "mass" in program.parts and ("mass" not in method.accepts or program.algebraic and not method.algebraic):
            return f"{self.name}(method=ude.{method.name}()) cannot solve equations with a mass matrix; write ude.Rodas5P()"
        if not method.adaptive and program.chooses_step:
            return f"{self.name}(method=ude.{method.name}()): a method without error estimate takes steps of size dt0, which solve was not given"
        return None

    def differentiable(self, program: Program) -> Callable[[Operands], Outcome]:
        """The solve of ``program``; reverse mode by the adjoint equation, forward mode by the tangents of the steps."""
        return differentiable(program, self._pull, self._kept)

    def _kept(self, outcome: Outcome) -> tuple:
        """What a backward solve reads beside the tape: the times of rows, and the end."""
        return outcome.ts, outcome.state.t, outcome.state.y

    @abc.abstractmethod
    def _covered(
        self, work: Work, res: Residuals, path: Path | None, at: Swept, target: Any, rooms: Any
    ) -> tuple[Swept, Any]:
        """The backward solve carried on from ``at`` to the time ``target``; ``rooms`` are buffers to use and to hand back."""

    def _rooms(self, work: Work, res: Residuals) -> Any:
        """Buffers for :meth:`_covered`, made once: in a loop they would keep it from being part of a native kernel."""
        return ()

    def _state(self, work: Work, path: Path | None, at: Swept) -> Any:
        """The state at the time of ``at``."""
        return state_at(work.walk.program.method, path, at.t)

    def _path(self, work: Work, res: Residuals, size: int) -> Path | None:
        """Room for the forward solution over a block; ``None`` where it is not read."""
        return opened(work.walk, res, size)

    def _block(self, walk: Walk, res: Residuals) -> int:
        """How many attempts are a block, whose path is held at once."""
        return fitting(walk, res)

    def _arrived(self, work: Work, res: Residuals, at: Swept, first: Any, every: int) -> Swept:
        """What happens at the start of a block, whose state the tape holds."""
        return at

    def _check(self, walk: Walk, res: Residuals) -> None:
        """Say what the adjoint equation gives no derivative by."""
        if any(jax.tree.leaves(walk.mask.mass)):
            raise TypeError(f"a derivative by the mass matrix was asked for; {self.name} has none, {CAN}")
        if any(jnp.iscomplexobj(x) for x in parameters(walk, walk.values(res.leaves))):
            raise TypeError(f"a derivative by complex parameters was asked for; {self.name} has none, {CAN}")

    def _work(self, walk: Walk) -> Work:
        method = self.method or walk.program.method
        if not method.adaptive:
            return Work(walk, method, walk.program.controller)
        return Work(walk, method, default_controller(method))

    def _tolerances(self, work: Work, res: Residuals, at: Swept) -> tuple[Any, Any, Any]:
        """``rtol``, and ``atol`` for the adjoint and for the integrals."""
        walk = work.walk
        operands = walk.operands(res.leaves, walk.values(res.leaves))
        real = operands.t0.dtype
        rtol = jnp.min(operands.rtol) if self.rtol is None else jnp.asarray(self.rtol, real)
        atol = (SMALLER * rtol if self.atol is None else jnp.asarray(self.atol, real)) * jnp.where(at.size > 0, at.size, 1)
        return rtol, atol / units(walk, res.leaves), atol * integral_weights(walk, res.leaves, real)

    def _pull(self, walk: Walk, res: Residuals, bar: Moved) -> list:
        return self._backwards(walk, res, bar)[0]

    def _backwards(self, walk: Walk, res: Residuals, bar: Moved) -> tuple[list, Swept]:
        """From cotangents of the results to those of the moving operands, and where the backward solve came to."""
        self._check(walk, res)
        work, size = self._work(walk), self._block(walk, res)
        walk_ts = walk.operands(res.leaves, walk.values(res.leaves)).ts if walk.moves_ts else ()
        ts_bars = jnp.zeros(walk_ts.shape[0] + 1, walk_ts.dtype) if walk.moves_ts else ()
        at = self._opened(work, res, bar)
        blocks, room = (res.attempts + size - 1) // size, self._path(work, res, size)

        def block(k: Any, active: Any, state: Swept, shared: tuple, private: tuple) -> tuple:
            data, *private = private
            first = (blocks - 1 - k) * size
            count = jnp.minimum(size, res.attempts - first)
            path = None if room is None else filled(walk, res, room._replace(data=data), first, count)
            state, private = self._swept(work, res, bar, path, read(res.tape.t, first), state, tuple(private))
            state = self._arrived(work, res, state, first, walk.every(res.tape))
            return state, shared, (() if path is None else path.data, *private)

        private = () if room is None else room.data, ts_bars, self._rooms(work, res)
        _, at, _, (_, ts_bars, _) = loop(block, at, limit=blocks, private=private)
        return self._closed(work, res, bar, at, ts_bars), at

    def _opened(self, work: Work, res: Residuals, bar: Moved) -> Swept:
        """At the end of the solve, with the cotangent of the last state."""
        walk, at = work.walk, begun(work, res)
        t, y = at.t, at.y
        time_bar, state_bar = (bar.point[0], bar.point[1]) if walk.time else (jnp.zeros_like(t), bar.point[0])
        at = _jumped(work, res, at, y, state_bar)
        if walk.mask.t1:
            time_bar = time_bar + state_bar @ velocity(walk, res.leaves, t, y)
            at = at._replace(theta=_added(walk, at.theta, "t1", time_bar))
        return at

    def _swept(
        self, work: Work, res: Residuals, bar: Moved, path: Path | None, low: Any, at: Swept, private: tuple
    ) -> tuple[Swept, tuple]:
        """Over one block, down to the time ``low``, with the rows saved in it."""
        walk = work.walk
        ts = res.kept[0] if walk.program.saving == "steps" else walk.operands(res.leaves, walk.values(res.leaves)).ts
        times = walk.program.saving != "end"
        floor = first_row(walk, res.leaves)

        def body(i: Any, active: Any, at: Swept, shared: tuple, private: tuple) -> tuple:
            target, (ts_bars, rooms) = low, private
            if times:
                at, ts_bars = self._row(work, res, bar, path, ts, floor, at, active, ts_bars)
                waiting = jnp.where(at.j > floor, read(ts, jnp.maximum(at.j - 1, 0)), low)
                target = jnp.minimum(jnp.maximum(waiting, low), at.t)
            new, rooms = self._covered(work, res, path, at, target, rooms)
            return new._replace(t=target), shared, (ts_bars, rooms)

        limit = ts.shape[0] + 2 if times else 1
        _, at, _, private = loop(body, at, limit=limit, running=lambda at: at.ok & (at.t > low), private=private)
        return at, private

    def _row(
        self, work: Work, res: Residuals, bar: Moved, path: Path | None, ts: Any, floor: Any, at: Swept, active: Any, ts_bars: Any
    ) -> tuple[Swept, Any]:
        """The saved row at the time of ``at``, if there is one."""
        walk, last = work.walk, jnp.maximum(at.j - 1, 0)
        there = (at.j > floor) & (read(ts, last) >= at.t)
        y = self._state(work, path, at)
        rows = jax.tree.map(lambda x: jnp.where(there, read(x, last), 0), bar.ys)
        theta_bar, time_bar, state_bar = observation(walk, res.leaves, at.t, y, rows)
        if walk.time:
            time_bar = time_bar + state_bar @ velocity(walk, res.leaves, at.t, y)
        if walk.moves_ts:
            ts_bars = write(ts_bars, jnp.where(there & active, last, ts.shape[0]), time_bar)
        at = at._replace(theta=jax.tree.map(jnp.add, at.theta, theta_bar))
        if walk.mask.t1 and walk.program.saving == "steps":  # of the times of steps only the ends are the user's
            end = there & (at.t >= res.kept[1])
            at = at._replace(theta=_added(walk, at.theta, "t1", jnp.where(end, time_bar + read(bar.ts, last), 0)))
        return _jumped(work, res, at._replace(j=at.j - there), y, state_bar), ts_bars

    def _closed(self, work: Work, res: Residuals, bar: Moved, at: Swept, ts_bars: Any) -> list:
        """From the adjoint at the start to the cotangents of the moving operands."""
        walk = work.walk
        operands, theta = walk.operands(res.leaves, walk.values(res.leaves)), walk.values(res.leaves)
        values, place = [], 0
        for x in parameters(walk, theta):
            values.append(at.integral[place : place + x.size].reshape(x.shape).astype(x.dtype))
            place += x.size
        spread = placed(walk, jax.tree.map(jnp.zeros_like, theta), values)
        point = [transposed_mass(walk, res.leaves, at.adjoint)]
        if walk.time:
            point.insert(0, -at.adjoint @ slope(walk, res.leaves, theta, operands.t0, operands.y0))
        point += [jnp.zeros_like(x) for x in bar.point[len(point) :]]
        total = pull_start(walk, res, bar, point, jax.tree.map(jnp.add, at.theta, spread))
        if walk.moves_ts:
            k = walk.operands([None] * len(res.leaves), tuple(range(len(total)))).ts
            total[k] = total[k] + ts_bars[:-1]
        good = res.ok & at.ok & jnp.all(jnp.isfinite(at.adjoint))
        return [jnp.where(good, x, jnp.nan) for x in total]


def begun(work: Work, res: Residuals) -> Swept:
    """At the end of the solve, with nothing there yet; the size of the last step is the first to be tried."""
    walk, theta = work.walk, work.walk.values(res.leaves)
    _, t, y = res.kept
    none = jnp.zeros((), y.dtype)
    h = read(res.tape.h, jnp.maximum(res.attempts - 1, 0))
    h = jax.lax.stop_gradient(jnp.where((h > 0) & work.method.adaptive, h, res.h0))
    return Swept(
        adjoint=jnp.zeros_like(y), integral=jnp.zeros_like(flattened(parameters(walk, theta), y.dtype)),
        theta=jax.tree.map(jnp.zeros_like, theta), y=y, t=t, h=h, j=_rows(walk, res), size=none, drift=none, ok=jnp.bool_(True),
    )  # fmt: skip


def _rows(walk: Walk, res: Residuals) -> Any:
    """How many saved rows there are."""
    every = walk.program.every
    return res.saved if every == 1 else (res.saved - 1 + every - 1) // every + 1


def _jumped(work: Work, res: Residuals, at: Swept, y: Any, cotangent: Any) -> Swept:
    """The adjoint after a cotangent of the state was added to it."""
    added, values = jump(work.walk, res.leaves, at.t, y, cotangent)
    adjoint = at.adjoint + added
    if values is not None:
        adjoint = consistent(work.walk, res.leaves, at.t, y, adjoint)
        at = at._replace(integral=at.integral + flattened(values, adjoint.dtype))
    size = jnp.maximum(at.size, jax.lax.stop_gradient(jnp.max(units(work.walk, res.leaves) * jnp.abs(adjoint))))
    return at._replace(adjoint=adjoint, size=size)


def _added(walk: Walk, theta: tuple, name: str, bar: Any) -> tuple:
    """``theta`` with ``bar`` added to the operand of a name."""
    k = getattr(walk.operands([None] * len(walk.moving), tuple(range(len(theta)))), name)
    return tuple(x + bar if i == k else x for i, x in enumerate(theta))
