r"""Sparse regression: few columns of $\Theta$ that explain the targets, $\Theta\,\Xi\approx Y$.

Every method finds supports its own way and then ends alike: plain least squares on the support, without the bias of
ridge or lasso. With `normalise=True` (the default) columns and targets are scaled to root mean square 1 first, so
that a threshold is a *share of the target* and means the same for a rate of 1e-6 per day and one of 1e6 per second;
the returned coefficients are always those of the unscaled columns. Set it to False to threshold the coefficients
themselves.
"""

import abc
from typing import NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Num, Shaped

ILL_CONDITIONED = 1e6


class SparseFit(NamedTuple):
    """What a sparse regression found: `coefficients` and `support` are `(p, o)`, the rest is per output."""

    coefficients: Float[np.ndarray, "p o"]
    support: Bool[np.ndarray, "p o"]
    condition: Float[np.ndarray, " o"]  # of the active columns, scaled to length one
    residual: Float[np.ndarray, " o"]  # root mean square
    converged: bool
    notes: tuple[str, ...]


class Reduced(NamedTuple):
    r"""A least-squares problem after QR, columns scaled: $\|\Theta\xi-y\|^2/m=\|R\,\zeta-z\|^2+$ `rest`."""

    factor: Float[np.ndarray, "q p"]
    target: Float[np.ndarray, "q o"]
    rest: Float[np.ndarray, " o"]
    column_scale: Float[np.ndarray, " p"]
    target_scale: Float[np.ndarray, " o"]
    rows: int


class LeastSquares(NamedTuple):
    """Coefficients on a support (in the scaling of the `Reduced`), mean squared residual, condition number."""

    coefficients: Float[np.ndarray, " k"]
    mean_square: float | int
    condition: float


def reduce_rows(theta: Num[np.ndarray, "m p"], target: Num[np.ndarray, "m o"], normalise: bool = True) -> Reduced:
    """QR once, so that every later solve has p rows and not m; no accuracy is lost."""
    theta, target = np.asarray(theta, dtype=np.float64), np.asarray(target, dtype=np.float64)
    rows = theta.shape[0]
    column_scale, target_scale = np.ones(theta.shape[1]), np.ones(target.shape[1])
    if normalise:
        column_scale = _positive(_root_mean_square(theta))
        target_scale = _positive(_root_mean_square(target))
    scaled = target / target_scale / np.sqrt(rows)
    orthogonal, factor = np.linalg.qr(theta / column_scale / np.sqrt(rows))
    projected = orthogonal.T @ scaled
    rest = np.sum((scaled - orthogonal @ projected) ** 2, axis=0)  # not a difference of squares: that would cancel
    return Reduced(factor, projected, rest, column_scale, target_scale, rows)


def least_squares(problem: Reduced, support: Shaped[np.ndarray, " s"], output: int) -> LeastSquares:
    """Least squares on chosen columns by SVD of the columns scaled to length one (minimum norm if rank deficient)."""
    columns = problem.factor[:, support]
    goal = problem.target[:, output]
    if columns.shape[1] == 0:
        return LeastSquares(np.zeros(0), float(goal @ goal + problem.rest[output]), 1.0)
    lengths = _positive(np.linalg.norm(columns, axis=0))
    left, singular, right = np.linalg.svd(columns / lengths, full_matrices=False)
    kept = singular > np.finfo(np.float64).eps * max(columns.shape) * singular[0]
    inverse = np.where(kept, 1 / np.where(kept, singular, 1.0), 0.0)
    coefficients = (right.T @ (inverse * (left.T @ goal))) / lengths
    misfit = columns @ coefficients - goal
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0 else np.inf
    return LeastSquares(coefficients, float(misfit @ misfit + problem.rest[output]), condition)


class SparseMethod(eqx.Module):
    """A sparse regression method: `method(theta, target)` gives `(p, o)` coefficients, `method.fit` also says how good.

    A new method supplies `strength` (the value swept), `normalise`, `paths` and `default_strengths`.
    """

    normalise: eqx.AbstractVar[bool]

    @property
    @abc.abstractmethod
    def strength(self) -> float:
        """The method's own threshold, penalty or number of terms."""

    @abc.abstractmethod
    def paths(self, problem: Reduced, strengths: Float[np.ndarray, " s"]) -> tuple[Bool[np.ndarray, "s p o"], bool]:
        """Supports for every strength, and whether all iterations came to rest."""

    @abc.abstractmethod
    def default_strengths(self, problem: Reduced, count: int) -> Float[np.ndarray, " s"]:
        """A logarithmic range from "nearly all terms" to "none", read off the data."""

    def __call__(self, theta: Num[np.ndarray, "m p"], target: Num[np.ndarray, "m o"]) -> Float[np.ndarray, "p o"]:
        return self.fit(theta, target).coefficients

    def fit(self, theta: Num[np.ndarray, "m p"], target: Num[np.ndarray, "m o"]) -> SparseFit:
        """Support, debiased coefficients, residual and condition of the active columns, with notes in words."""
        problem = reduce_rows(theta, target, self.normalise)
        supports, converged = self.paths(problem, np.array([self.strength]))
        return debias(problem, supports[0], converged)


def debias(problem: Reduced, support: Bool[np.ndarray, "p o"], converged: bool = True) -> SparseFit:
    """Plain least squares on a given support, in the units of the data."""
    coefficients = np.zeros(support.shape)
    condition, residual, notes = np.ones(support.shape[1]), np.zeros(support.shape[1]), []
    for output in range(support.shape[1]):
        active = np.flatnonzero(support[:, output])
        found = least_squares(problem, active, output)
        unit = problem.target_scale[output] / problem.column_scale[active]
        coefficients[active, output] = found.coefficients * unit
        condition[output] = found.condition
        residual[output] = np.sqrt(found.mean_square) * problem.target_scale[output]
        if found.condition > ILL_CONDITIONED:
            notes.append(
                f"Output {output}: the {len(active)} active columns have condition number {found.condition:.1e}; "
                "the data hardly determine how these terms share the value."
            )
    if not converged:
        notes.append("The iteration stopped at its maximum; the support may change with more iterations.")
    return SparseFit(coefficients, support, condition, residual, converged, tuple(notes))


def _root_mean_square(values: Float[np.ndarray, "m n"]) -> Float[np.ndarray, " n"]:
    largest = np.max(np.abs(values), axis=0, initial=0.0)
    safe = _positive(largest)
    return safe * np.sqrt(np.mean((values / safe) ** 2, axis=0))


def _positive(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return np.where(values > 0, values, 1.0)
