"""Multiple shooting: many short solves, each from a start of its own, instead of one long solve.

The data times are cut into groups that share their end points.  Each group starts from an unknown state ``s_i`` that is
trained along with the parameters; a penalty pulls the end of each group to the start of the next:

    L(p, s) = misfit(predictions, data) + c · Σ_i |y_i(t_{i+1}) − s_{i+1}|²

Short solves cannot drift away from the data, so training starts well where a single long solve would blow up or settle
in a flat minimum.  Bock and Plitt, A multiple shooting algorithm for direct solution of optimal control problems, IFAC
(1984).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from universalde.learn.losses import mean_squared

__all__ = ["MultipleShooting", "Shots"]


class Shots(NamedTuple):
    """What is trained: the parameters of the problem and the starting state of each group (leading axis: groups)."""

    params: Any
    starts: Any


class MultipleShooting(eqx.Module):
    r"""A loss over short solves: :math:`L(p, s) = M(\hat y, y) + c \sum_i |\hat y_i(t_{i+1}) - s_{i+1}|^2`.

    Args:
        problem: solved group by group; its ``args`` come from the trained parameters, its ``y0`` and ``tspan`` from the
            group.
        ts: times of the data, increasing, shape ``(n,)``.
        data: one row per time, shape ``(n, m)`` (or a tree of such arrays like ``problem.y0``); NaN where missing.
        group_size: time points in each group, both ends included; the last group reaches further back if it must.
        continuity: the weight ``c`` of the jumps between groups.
        observed: which unknowns the columns of ``data`` are: None for all of them, a sequence of indices, or a function
            of the saved states ``(group_size, ...)`` that returns what is measured.
        arguments: makes ``problem.args`` from the trained parameters (the parameters themselves by default).
        misfit: loss between predictions and data, ``mean_squared`` by default; each datum counts once.
        method, rtol, atol, options: handed to the solver.
        solver: ``universalde.solve`` unless another function of the same signature is given.

    Raises ``ValueError`` for times that do not increase, data with another number of rows, a group size below two or
    above the number of times, and a negative weight.

    Example::

        shooting = MultipleShooting(problem, ts, data, group_size=5, continuity=200.0)
        result = fit(shooting.loss, shooting.initial(params))
        result.params.params, result.params.starts[0]
    """

    problem: Any
    ts: np.ndarray
    data: Any
    group_size: int = eqx.field(static=True)
    continuity: float | int = 1.0
    observed: Any = None
    arguments: Callable | None = None
    misfit: Callable = mean_squared
    method: Any = None
    rtol: float | int = 1e-6
    atol: float | int = 1e-6
    options: dict | None = None
    solver: Callable | None = None

    def __init__(
        self,
        problem: Any,
        ts: ArrayLike | Sequence,
        data: Any,
        group_size: int,
        *,
        continuity: float | int = 1.0,
        observed: Any = None,
        arguments: Callable | None = None,
        misfit: Callable = mean_squared,
        method: Any = None,
        rtol: float | int = 1e-6,
        atol: float | int = 1e-6,
        options: dict | None = None,
        solver: Callable | None = None,
    ):
        self.problem, self.method, self.rtol, self.atol, self.options = problem, method, rtol, atol, options
        self.ts = np.asarray(ts)
        self.data = jax.tree.map(np.asarray, data)
        self.group_size, self.continuity, self.misfit, self.arguments = int(group_size), continuity, misfit, arguments
        self.observed = observed if observed is None or callable(observed) else tuple(int(i) for i in observed)
        self.solver = solver
        _check(self.ts, self.data, self.group_size, continuity)

    @property
    def first_points(self) -> np.ndarray:
        """Index of the first time of each group."""
        count = math.ceil((len(self.ts) - 1) / (self.group_size - 1))
        return np.minimum(np.arange(count) * (self.group_size - 1), len(self.ts) - self.group_size)

    def _windows(self) -> np.ndarray:
        return self.first_points[:, None] + np.arange(self.group_size)

    def initial(self, params: Any, starts: Any = None) -> Shots:
        """Parameters with starting states read off the data; missing entries are interpolated in time.

        Unknowns that are not observed start from ``problem.y0``; give ``starts`` (a leading axis of groups) to choose.
        """
        count = len(self.first_points)
        if starts is not None:
            return Shots(params, starts)
        y0 = jax.tree.map(lambda y: jnp.asarray(y, jnp.result_type(float)), self.problem.y0)
        repeated = jax.tree.map(lambda y: jnp.broadcast_to(y, (count, *y.shape)), y0)
        if callable(self.observed):
            return Shots(params, repeated)
        if self.observed is None:
            read = jax.tree.map(lambda column, y: _filled(self.ts, column, y)[self.first_points], self.data, y0)
            return Shots(params, jax.tree.map(lambda values, y: jnp.asarray(values, y.dtype), read, y0))
        columns = _filled(self.ts, self.data, np.asarray(y0)[list(self.observed)])[self.first_points]
        return Shots(params, repeated.at[:, np.asarray(self.observed)].set(columns))

    def states(self, shots: Shots) -> Any:
        """The solution of each group at its times, shape ``(groups, group_size, ...)``."""
        args = shots.params if self.arguments is None else self.arguments(shots.params)
        solver, options = self.solver or _solve(), self.options or {}
        ts = jnp.asarray(self.ts[self._windows()])

        def one(start: Any, times: Array) -> Any:
            problem = self.problem.replace(args=args, y0=start, tspan=(times[0], times[-1]))
            return solver(problem, self.method, saveat=times, rtol=self.rtol, atol=self.atol, **options).ys

        return jax.vmap(one)(shots.starts, ts)

    def predict(self, shots: Shots) -> Any:
        """What would be measured at each data time, from the first group that reaches it; shaped like the data."""
        return self._measured(self.states(shots))

    def _measured(self, states: Any) -> Any:
        if self.observed is None:
            seen = states
        elif callable(self.observed):
            seen = jax.vmap(self.observed)(states)
        else:
            seen = states[..., np.asarray(self.observed)]
        group, row = self._readers()
        return jax.tree.map(lambda x: x[group, row], seen)

    def _readers(self) -> tuple[np.ndarray, np.ndarray]:
        """For each data time: the first group that holds it, and the place in that group."""
        windows = self._windows()
        found = [np.argwhere(windows == index)[0] for index in range(len(self.ts))]
        return tuple(np.array(found).T)

    def jumps(self, shots: Shots) -> Any:
        """End of each group minus start of the next, shape ``(groups - 1, ...)``."""
        return self._jumps(self.states(shots), shots.starts)

    def _jumps(self, states: Any, starts: Any) -> Any:
        offsets = np.diff(self.first_points)
        groups = np.arange(len(offsets))
        return jax.tree.map(lambda y, start: y[groups, offsets] - start[1:], states, starts)

    def loss(self, shots: Shots) -> Float[Array, ""]:
        """Misfit plus weighted squared jumps; what :func:`fit` minimises."""
        states = self.states(shots)
        jumps = jax.tree.leaves(self._jumps(states, shots.starts))
        penalty = sum(jnp.sum(jnp.square(jump)) for jump in jumps)
        return self.misfit(self._measured(states), self.data) + self.continuity * penalty


def _solve() -> Callable:
    from universalde.solve import solve

    return solve


def _filled(ts: np.ndarray, data: Any, default: Any) -> np.ndarray:
    """Data with missing entries interpolated in time; a column without any entry takes the default."""
    data = np.asarray(data, float)
    flat, fallback = data.reshape(len(ts), -1).copy(), np.asarray(default, float).reshape(-1)
    for k in range(flat.shape[1]):
        present = np.isfinite(flat[:, k])
        flat[:, k] = np.interp(ts, ts[present], flat[present, k]) if present.any() else fallback[k]
    return flat.reshape(data.shape)


def _check(ts: np.ndarray, data: Any, group_size: int, continuity: float) -> None:
    if ts.ndim != 1 or len(ts) < 2 or not np.all(np.isfinite(ts)) or not np.all(np.diff(ts) > 0):
        raise ValueError(f"Multiple shooting needs at least two finite, increasing times; it was given {ts!r}.")
    rows = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(data)}
    if rows != {(len(ts),)}:
        raise ValueError(
            f"There are {len(ts)} times, but the data have leading sizes {sorted(rows)}; write a row per time."
        )
    if not 2 <= group_size <= len(ts):
        raise ValueError(f"group_size={group_size}: write a number between 2 and the number of times, {len(ts)}.")
    if not continuity >= 0:
        raise ValueError(f"continuity={continuity}: the weight of the jumps must not be negative.")
