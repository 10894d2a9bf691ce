"""Summaries of an ensemble, made chunk by chunk so that the trajectories need not be kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np

__all__ = ["Moments", "Reduction", "as_reduction", "mean", "quantiles"]


def _same(total: Any) -> Any:
    return total


@dataclass(frozen=True)
class Reduction:
    """A summary: ``add(total, part) -> total`` for every chunk in order, then ``finish(total)``.

    ``total`` is ``None`` at the first chunk; ``part`` is an :class:`Ensemble` with the trajectories of the chunk.  Unless
    ``grows``, the total keeps its structure and shapes from the first chunk on, which is checked.
    """

    add: Callable
    finish: Callable = _same
    grows: bool = False

    def __call__(self, total: Any, part: Any) -> Any:
        """The total with a part added, and checked."""
        new = self.add(total, part)
        if total is not None and not self.grows and _form(new) != _form(total):
            raise ValueError(
                f"reduce returned {_form(new)} after a chunk and {_form(total)} before it; reduce(total, part) returns a "
                "total of the same structure and shapes each time. To gather values write ude.Reduction(add, finish, grows=True)"
            )
        return new


def _form(tree: Any) -> str:
    """Structure and shapes, as text."""
    leaves, structure = jax.tree.flatten(tree)
    return f"{structure} of shapes {', '.join(str(np.shape(leaf)) for leaf in leaves)}"


def as_reduction(reduce: Any) -> Reduction:
    """A reduction from what the user gave."""
    if isinstance(reduce, Reduction):
        return reduce
    if reduce is quantiles:
        raise TypeError("reduce was given ude.quantiles; write ude.quantiles((0.05, 0.5, 0.95))")
    if not callable(reduce):
        raise TypeError(f"reduce = {reduce!r}; give ude.mean, ude.quantiles(...), or a function reduce(total, part) -> total")
    return Reduction(reduce)


class Moments(NamedTuple):
    """How many values there were, their mean (NaN of none), and the sum of squared differences from it, like ``ys[0]``."""

    count: Any
    mean: Any
    squares: Any

    @property
    def variance(self) -> Any:
        """The unbiased variance (NaN for fewer than two values)."""
        return jax.tree.map(lambda c, s: s / np.where(c > 1, c - 1, np.nan), self.count, self.squares)

    @property
    def std(self) -> Any:
        """The root of the variance."""
        return jax.tree.map(np.sqrt, self.variance)


def _moments(ys: Any) -> tuple[Any, Any, Any]:
    there = np.isfinite(ys)
    count = there.sum(axis=0)
    center = np.where(there, ys, 0).sum(axis=0) / np.where(count, count, 1)
    apart = np.where(there, ys, center) - center
    return count, center, np.sum(np.abs(apart) ** 2, axis=0)


def _merged(a: tuple, b: tuple) -> tuple[Any, Any, Any]:
    """Both sets of values as one (Chan, Golub & LeVeque 1983, eq. 2.1), without a difference of large numbers."""
    (count, center, squares), (more, other, its) = a, b
    both = np.where(count + more, count + more, 1)
    apart = other - center
    return count + more, center + apart * (more / both), squares + its + np.abs(apart) ** 2 * (count * more / both)


def _add_moments(total: Any, part: Any) -> Moments:
    leaves, structure = jax.tree.flatten(part.ys)
    rows = [_moments(leaf) for leaf in leaves]
    if total is not None:
        before = zip(*(jax.tree.leaves(tree) for tree in total), strict=True)
        rows = [_merged(a, b) for a, b in zip(before, rows, strict=True)]
    return Moments(*(jax.tree.unflatten(structure, column) for column in zip(*rows, strict=True)))


def _without_none(total: Moments) -> Moments:
    mean = jax.tree.map(lambda count, mean: np.where(count > 0, mean, np.nan), total.count, total.mean)
    return total._replace(mean=mean)


mean = Reduction(_add_moments, _without_none)
r"""Mean and variance of ``ys`` at every time, as :class:`Moments`; NaN (what was not reached) is left out and not counted.

Example: ``ude.ensemble(problem, over=over, saveat=times, reduce=ude.mean).summary.mean``

Source: T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37 (1983) 242-247.
"""


def quantiles(levels: float | Sequence[float]) -> Reduction:
    """Quantiles of ``ys`` at every time: each leaf ``(levels, K, ...)``; NaN (what was not reached) is left out.

    The values are gathered, so their memory is what the whole ensemble's ``ys`` take.

    Example: ``ude.ensemble(problem, over=over, saveat=times, reduce=ude.quantiles((0.05, 0.5, 0.95))).summary``
    """
    wanted = np.atleast_1d(np.asarray(levels, float))
    if wanted.ndim != 1 or not len(wanted) or not np.all((wanted >= 0) & (wanted <= 1)):
        raise ValueError(f"quantiles was given {levels!r}; give levels between 0 and 1, for example (0.05, 0.5, 0.95)")

    def finish(gathered: list) -> Any:
        return jax.tree.map(lambda *parts: _quantiles(np.concatenate(parts), wanted), *gathered)

    return Reduction(lambda total, part: [*(total or []), part.ys], finish, grows=True)


def _quantiles(values: Any, levels: Any) -> Any:
    """As ``np.nanquantile``, without its warning where no value is there."""
    empty = ~np.any(np.isfinite(values), axis=0)
    found = np.nanquantile(np.where(empty, 0, values), levels, axis=0)
    return np.where(empty, np.nan, found)
