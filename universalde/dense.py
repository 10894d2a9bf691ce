"""The solution between the steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .base.checks import is_concrete
from .base.ravel import padded
from .compiled import compiled
from .loop.program import Operands, Program, equation_of, model_of
from .spec.controller import rms

__all__ = ["Later", "Steps"]

POINTS = 7  # through which the solution of a multistep method may go between its steps, with one more for the estimate


@partial(jax.tree_util.register_dataclass, meta_fields=("program",), data_fields=("operands", "ts", "ys", "saved"))
@dataclass(frozen=True, eq=False)
class Steps:
    """Dense solution over the saved steps: the step that holds ``t`` is taken again and interpolated; steps of a multistep method
    cannot be, their points are interpolated."""

    program: Program
    operands: Operands
    ts: Any
    ys: Any
    saved: Any

    def __call__(self, t: Any, derivative: int = 0) -> Any:
        """The state, or a derivative of it, at ``t``, a number or an array of times (whose axes come first)."""
        times = jnp.asarray(t, self.ts.dtype)
        if times.size and all(is_concrete(x) for x in (times, self.ts, self.ys)) and jnp.ndim(self.saved) == 0:
            return self._look_up(times, derivative)
        self._check(times)
        run = compiled(self.program, f"dense {derivative}", lambda program: partial(_evaluate, program, derivative))
        flat = run(self.operands, self.ts, self.ys, jnp.asarray(self.saved), times.reshape(-1))
        return self.program.shape.unravel(flat.reshape(*times.shape, flat.shape[-1]))

    def _look_up(self, times: Any, derivative: int) -> Any:
        """With room up to the next size, so that another number of steps or times compiles nothing."""
        self._check(times)
        flat = np.asarray(times).reshape(-1)
        ts, ys, asked = padded(np.asarray(self.ts), np.inf), padded(np.asarray(self.ys), 0), padded(flat, flat[0])
        run = compiled(self.program, f"dense {derivative}", lambda program: partial(_evaluate, program, derivative))
        found = np.asarray(run(self.operands, ts, ys, np.asarray(self.saved), asked))[: flat.size]
        return self.program.shape.unravel(jnp.asarray(found.reshape((*times.shape, found.shape[-1]))))

    def _check(self, times: Any) -> None:
        if not all(is_concrete(x) for x in (times, self.ts, self.saved)) or jnp.ndim(self.saved):
            return
        sign = float(self.operands.sign)
        forward = sign * np.asarray(times)
        first, last = float(self.ts[0]), float(self.ts[int(self.saved) - 1])
        slack = 16 * float(jnp.finfo(self.ts.dtype).eps) * max(abs(first), abs(last))
        if forward.size and (forward.min() < first - slack or forward.max() > last + slack):
            raise ValueError(
                f"sol(t) was asked for t = {t_of(times)}; this solution covers {sign * first:g} to {sign * last:g}"
            )


def t_of(times: Any) -> str:
    """The times, shortened."""
    values = np.asarray(times).reshape(-1)
    return f"{values[0]:g}" if values.size == 1 else f"{values.min():g} … {values.max():g}"


def _evaluate(program: Program, derivative: int, operands: Operands, ts: Any, ys: Any, saved: Any, times: Any) -> Any:
    model = model_of(program, operands, operands.mode)
    method = program.method
    points = method.multistep and not program.events
    if method.multistep:
        method = method.one_step  # a state that an event changed is no point of the curve before it

    def one(user_time: Any) -> Any:
        t = user_time if program.direction == 1 else operands.sign * user_time
        row = jnp.clip(jnp.searchsorted(ts, t, side="right") - 1, 0, jnp.maximum(saved - 2, 0))
        start, h = ts[row], ts[row + 1] - ts[row]
        if points:
            curve = _through_points(program, operands, model.norm or rms, ts, ys, row)
        else:
            data = method.retake(equation_of(model, None, start), start, h, ys[row], ys[row + 1])
            curve = partial(method.dense, data)

        def inside(time: Any) -> Any:
            t = time if program.direction == 1 else operands.sign * time
            return curve((t - start) / jnp.where(h == 0, 1, h))

        return _differentiated(inside, derivative)(user_time)

    return jax.vmap(one)(times)


def _through_points(program: Program, operands: Operands, norm: Callable, ts: Any, ys: Any, row: Any) -> Callable:
    """The polynomial through the ends of the step after ``row`` and points before it, of the degree that promises the least error.

    The terms of Newton's form left out are the estimate: two of them, since one may vanish.  So the solution between the
    points is as good as they are, whatever the order of the method was, and continuous.
    """
    start, end = ts[row], ts[row + 1]
    h = jnp.where(end == start, 1, end - start)
    count = jnp.arange(POINTS)
    there = (row + 1 - count >= 0) & (jnp.take(ts, row + 1 - count, mode="clip") >= _last_jump(program, operands, start))
    x = jnp.where(there, (jnp.take(ts, row + 1 - count, mode="clip") - start) / h, 1 - count)
    terms = [jnp.take(ys, row + 1, axis=0), *_divided(x, jnp.take(ys, row + 1 - count, axis=0, mode="clip"))]
    scale = operands.atol + operands.rtol * jnp.abs(terms[0])
    shares = jnp.cumprod(0.5 - x[:-1])
    sizes = [norm(share * term / scale) for share, term in zip(shares, terms[1:], strict=True)]
    for k in range(1, POINTS - 1):  # without a point the last estimate stands
        sizes[k] = jnp.where(there[k + 1], sizes[k], sizes[k - 1])
    misses = jnp.stack([sizes[min(k, POINTS - 2)] + sizes[min(k + 1, POINTS - 2)] for k in range(1, POINTS - 1)])
    misses = jnp.where(there[1:-1] & jnp.isfinite(misses), misses, jnp.inf)
    degree = POINTS - 2 - jnp.argmin(misses[::-1])

    def curve(theta: Any) -> Any:
        value = jnp.zeros_like(terms[0])
        for k in range(POINTS - 2, 0, -1):
            value = jnp.where(k <= degree, terms[k] + (theta - x[k]) * value, 0)
        return terms[0] + (theta - x[0]) * value

    return curve


def _divided(x: Any, rows: Any) -> list:
    """Divided differences of the first 2, 3, … rows."""
    found = []
    for k in range(1, POINTS):
        rows = (rows[1:] - rows[:-1]) / (x[k:] - x[:-k])[:, None]
        found.append(rows[0])
    return found


def _last_jump(program: Program, operands: Operands, t: Any) -> Any:
    """The last time, up to ``t``, at which the right-hand side jumps."""
    if not program.jumps:
        return -jnp.inf
    slack = 16 * jnp.finfo(t.dtype).eps * jnp.maximum(jnp.abs(t), jnp.abs(operands.t1 - operands.t0))
    return jnp.max(jnp.where(operands.jumps & (operands.stops <= t + slack), operands.stops, -jnp.inf)) - slack


def _differentiated(function: Callable, order: int) -> Callable:
    """The derivative of a function of one number."""
    for _ in range(order):
        function = partial(lambda inner, t: jax.jvp(inner, (t,), (jnp.ones_like(t),))[1], function)
    return function


@partial(jax.tree_util.register_dataclass, meta_fields=("resolve", "found"), data_fields=())
@dataclass(frozen=True, eq=False)
class Later:
    """Dense solution of a solve that did not keep every step: the steps are computed when they are first asked for."""

    resolve: Callable
    found: list = field(default_factory=list)

    def __call__(self, t: Any, derivative: int = 0) -> Any:
        """The state, or a derivative of it, at ``t``."""
        if not self.found:
            self.found.append(self.resolve())
        return self.found[0](t, derivative)
