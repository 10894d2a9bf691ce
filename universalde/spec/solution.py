"""The answer of a solve."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from ..base.status import Status

__all__ = ["Solution", "Stats", "made_later"]


_FIELDS = ("ts", "ys", "result", "stats", "t", "y", "mode", "dense", "error")


class Stats(NamedTuple):
    """Work done: accepted steps, rejected attempts, evaluations of the right-hand side, and rows saved.

    Implicit methods also count Jacobians, factorisations and iterations of Newton's method; evaluations of ``f`` for a Jacobian are not in ``rhs``.
    """

    steps: Any
    rejected: Any
    rhs: Any
    saved: Any
    jacobians: Any = 0
    factorisations: Any = 0
    iterations: Any = 0


class Solution:
    """The answer of a solve; a pytree.

    ``ts`` (times, in the user's direction) and ``ys`` (states, or what ``Save(of=…)`` makes of them, each leaf with a
    leading axis over ``ts``); ``result`` says how the solve ended; ``stats`` what it cost; ``method`` which method ran and
    why.  ``sol(t)`` is the dense solution at a time or an array of times, ``sol(t, derivative=1)`` its derivative.  ``t``
    and ``y`` are the last point reached, ``mode`` what events changed.
    ``error`` estimates the exact solution less ``y`` (``None``: the method does not carry the global error).  ``adjoint``
    says how derivatives pass (empty outside ``jit``, ``vmap`` and ``grad``).

    Inside ``jit``, ``vmap`` or ``grad`` with ``saveat=None`` there are ``capacity`` rows; rows past the end repeat the
    last point and ``stats.saved`` counts the rows that hold steps.  With given times, rows not reached are NaN.
    """

    ts: Any
    ys: Any
    result: Status
    stats: Stats
    t: Any
    y: Any
    mode: Any
    method: str
    dense: Any
    error: Any
    adjoint: str

    def __init__(
        self, ts: Any, ys: Any, result: Status, stats: Stats, t: Any, y: Any, mode: Any, method: str, dense: Any = None,
        error: Any = None, adjoint: str = "",
    ):  # fmt: skip
        self.__dict__.update(
            ts=ts, ys=ys, result=result, stats=stats, t=t, y=y, mode=mode, method=method, dense=dense, error=error,
            adjoint=adjoint,
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        make = self.__dict__.get("_make", {}).get(name)
        if make is None:
            raise AttributeError(f"a Solution has no {name!r}; it has {', '.join(_FIELDS)}, method and adjoint")
        value = self.__dict__[name] = make()
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Solution is not changed in place; {name!r} was to be set")

    def __call__(self, t: Any, derivative: int = 0) -> Any:
        """The solution at time ``t`` (a number or an array of times), or its first, second or third ``derivative``.

        Derivatives are those of the interpolating polynomial; each costs about one order of accuracy.

        Errors: ``ValueError`` when the solve kept no steps to interpolate between, for times outside the span, and for
        derivatives beyond the third.
        """
        if derivative not in (0, 1, 2, 3):
            raise ValueError(f"sol(t, derivative={derivative!r}): derivative is 0 (the state), 1, 2 or 3")
        if self.dense is None:
            raise ValueError(
                "this solution did not keep every step, inside jit, vmap or grad; solve with saveat=None to interpolate, "
                "or ask for the times you need with saveat"
            )
        return self.dense(t, int(derivative))

    def __repr__(self) -> str:
        shape = jax.tree.map(lambda x: tuple(x.shape), self.ys)
        return f"Solution({self.result.name}, steps={self.stats.steps}, ys={shape}, method={self.method.split(':')[0]})"


def made_later(make: Mapping[str, Callable[[], Any]], **known: Any) -> Solution:
    """A solution whose fields in ``make`` are made when they are first read.

    Handing a NumPy array to JAX costs ten microseconds, a fifth of what an eager call costs beside its compiled part.
    """
    sol = object.__new__(Solution)
    sol.__dict__.update(adjoint="", **known, _make=make)
    return sol


def _flatten_with_keys(sol: Solution) -> tuple:
    return [(jax.tree_util.GetAttrKey(name), getattr(sol, name)) for name in _FIELDS], (sol.method, sol.adjoint)


def _flatten(sol: Solution) -> tuple:
    return [getattr(sol, name) for name in _FIELDS], (sol.method, sol.adjoint)


def _unflatten(names: tuple[str, str], fields: Any) -> Solution:
    method, adjoint = names
    return Solution(**dict(zip(_FIELDS, fields, strict=True)), method=method, adjoint=adjoint)


jax.tree_util.register_pytree_with_keys(Solution, _flatten_with_keys, _unflatten, _flatten)
