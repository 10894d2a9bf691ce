"""The sparse regression methods: STLSQ, SR3, ADMMLasso and BestSubset."""

import itertools
import math

import numpy as np
from jaxtyping import Bool, Float

from universalde.discover.sparse import Reduced, SparseMethod, least_squares


class STLSQ(SparseMethod):
    r"""Sequentially thresholded least squares (Brunton, Proctor, Kutz, PNAS 113, 2016).

    Repeat: solve $\min_\xi\|\Theta\xi-y\|^2+$ `ridge` $\|\xi\|^2$ on the active columns, then drop every column with
    $|\xi_j|<$ `threshold`, until nothing is dropped.

    Called with `(m, p)` and `(m, o)` arrays it gives `(p, o)` coefficients.
    Raises `ValueError` for a threshold that is not positive or a negative ridge.

    ```python
    theta = np.random.default_rng(0).normal(size=(50, 4))
    STLSQ(0.1)(theta, theta[:, [2]] * 3.0)       # only row 2 is not zero: 3.0
    ```
    """

    threshold: float | int = 0.1
    ridge: float | int = 1e-8
    max_iterations: int = 30
    normalise: bool = True

    def __check_init__(self) -> None:
        _require_positive("threshold", self.threshold)
        _require("ridge", self.ridge, self.ridge >= 0, "zero or a positive number")
        _require("max_iterations", self.max_iterations, self.max_iterations >= 1, "at least 1")

    @property
    def strength(self) -> float:
        return self.threshold

    def paths(self, problem: Reduced, strengths: Float[np.ndarray, " s"]) -> tuple[Bool[np.ndarray, "s p o"], bool]:
        terms, outputs = problem.factor.shape[1], problem.target.shape[1]
        supports = np.zeros((len(strengths), terms, outputs), dtype=bool)
        at_rest = True
        for output in range(outputs):
            solved: dict[bytes, np.ndarray] = {}  # neighbouring thresholds pass through the same supports
            for row, threshold in enumerate(strengths):
                supports[row, :, output], rested = self._one(problem, output, threshold, solved)
                at_rest &= rested
        return supports, at_rest

    def _one(
        self, problem: Reduced, output: int, threshold: float | int, solved: dict[bytes, np.ndarray]
    ) -> tuple[Bool[np.ndarray, " p"], bool]:
        active = np.ones(problem.factor.shape[1], dtype=bool)
        for _ in range(self.max_iterations):
            key = active.tobytes()
            if key not in solved:
                solved[key] = _ridge(problem, active, output, self.ridge)
            kept = active & (np.abs(solved[key]) >= threshold)
            if np.array_equal(kept, active):
                return active, True
            active = kept
        return active, False

    def default_strengths(self, problem: Reduced, count: int) -> Float[np.ndarray, " s"]:
        return _coefficient_range(problem, self.ridge, count)


class SR3(SparseMethod):
    r"""Sparse relaxed regularised regression (Zheng, Askham, Brunton, Kutz, Aravkin, IEEE Access 7, 2019).

    $\min_{\xi,w}\tfrac12\|\Theta\xi-y\|^2+\lambda R(w)+\tfrac1{2\nu}\|\xi-w\|^2$: least squares for $\xi$, a proximal
    step for $w$, in turns. With `regulariser="l0"` $w$ is $\xi$ cut at `threshold` $=\sqrt{2\lambda\nu}$; with `"l1"`
    it is shrunk by `threshold` $=\lambda\nu$. The support is that of $w$.

    Shapes as for `STLSQ`. Raises `ValueError` for a threshold or `nu` that is not positive, or another regulariser.

    ```python
    SR3(0.1, nu=1.0)(theta, target)
    ```
    """

    threshold: float | int = 0.1
    nu: float | int = 1.0
    regulariser: str = "l0"
    max_iterations: int = 2000
    tolerance: float | int = 1e-8
    normalise: bool = True

    def __check_init__(self) -> None:
        _require_positive("threshold", self.threshold)
        _require_positive("nu", self.nu)
        _require("regulariser", self.regulariser, self.regulariser in ("l0", "l1"), "'l0' or 'l1'")

    @property
    def strength(self) -> float:
        return self.threshold

    def paths(self, problem: Reduced, strengths: Float[np.ndarray, " s"]) -> tuple[Bool[np.ndarray, "s p o"], bool]:
        inverse = _shifted_inverse(problem, 1 / self.nu)
        fixed = (inverse @ (problem.factor.T @ problem.target))[:, None, :]
        cut = np.broadcast_to(strengths[None, :, None], (inverse.shape[0], len(strengths), problem.target.shape[1]))
        everything = np.ones(inverse.shape[0], dtype=bool)
        full = np.stack([_ridge(problem, everything, o, 1e-8) for o in range(problem.target.shape[1])], axis=1)
        relaxed = np.broadcast_to(full[:, None, :], cut.shape)  # from zero, small coefficients would never enter
        at_rest = False
        for _ in range(self.max_iterations):  # all thresholds and outputs advance together
            full = fixed + np.tensordot(inverse / self.nu, relaxed, axes=1)
            cropped = _soft(full, cut) if self.regulariser == "l1" else np.where(np.abs(full) >= cut, full, 0.0)
            change = np.max(np.abs(cropped - relaxed))
            relaxed = cropped
            if change <= self.tolerance * (1 + np.max(np.abs(relaxed))):
                at_rest = True
                break
        return np.moveaxis(relaxed != 0, 1, 0), at_rest

    def default_strengths(self, problem: Reduced, count: int) -> Float[np.ndarray, " s"]:
        return _coefficient_range(problem, 1e-8, count)


class ADMMLasso(SparseMethod):
    r"""Lasso by the alternating direction method of multipliers (Boyd et al. 2011, section 6.4).

    $\min_\xi\tfrac12\|\Theta\xi-y\|^2/m+$ `penalty` $\|\xi\|_1$. With normalisation a penalty of 1 or more always gives
    zero. `rho` is the augmented-Lagrangian weight, `relaxation` the over-relaxation (1.5 to 1.8 are usual).

    Shapes as for `STLSQ`. Raises `ValueError` for a penalty or `rho` that is not positive, or relaxation outside (0,
    2).

    ```python
    ADMMLasso(0.01)(theta, target)
    ```
    """

    penalty: float | int = 0.01
    rho: float | int = 0.1
    relaxation: float | int = 1.6
    max_iterations: int = 5000
    tolerance: float | int = 1e-6
    normalise: bool = True

    def __check_init__(self) -> None:
        _require_positive("penalty", self.penalty)
        _require_positive("rho", self.rho)
        _require("relaxation", self.relaxation, 0 < self.relaxation < 2, "between 0 and 2")

    @property
    def strength(self) -> float:
        return self.penalty

    def paths(self, problem: Reduced, strengths: Float[np.ndarray, " s"]) -> tuple[Bool[np.ndarray, "s p o"], bool]:
        inverse = _shifted_inverse(problem, self.rho)
        fixed = (inverse @ (problem.factor.T @ problem.target))[:, None, :]
        cut = strengths[None, :, None] / self.rho
        split = np.zeros((inverse.shape[0], len(strengths), problem.target.shape[1]))
        dual = np.zeros(split.shape)
        at_rest = False
        for _ in range(self.max_iterations):
            primal = fixed + np.tensordot(self.rho * inverse, split - dual, axes=1)
            mixed = self.relaxation * primal + (1 - self.relaxation) * split
            before, split = split, _soft(mixed + dual, cut)
            dual += mixed - split
            gap = max(np.max(np.abs(primal - split)), self.rho * np.max(np.abs(split - before)))
            if gap <= self.tolerance * (1 + np.max(np.abs(split))):
                at_rest = True
                break
        return np.moveaxis(split != 0, 1, 0), at_rest

    def default_strengths(self, problem: Reduced, count: int) -> Float[np.ndarray, " s"]:
        largest = np.max(np.abs(problem.factor.T @ problem.target), initial=0.0)
        return np.geomspace(1e-4, 1.0, count) * (largest if largest > 0 else 1.0)


class BestSubset(SparseMethod):
    """The best support of each size by trying all of them: exact, for answers of few terms from up to some 60 columns.

    The number of trials is the sum of C(p, k) for k up to `max_terms`: 2,047 for 3 of 23, 36,050 for 4 of 31.
    The strength swept is the number of terms. The search uses normal equations of columns scaled to length one;
    what it finds is solved again by SVD. Shapes as for `STLSQ`.
    Raises `ValueError` for fewer than one term or more than `max_trials` trials per size.
    """

    max_terms: int = 3
    max_trials: int = 200_000
    normalise: bool = True

    def __check_init__(self) -> None:
        _require("max_terms", self.max_terms, self.max_terms >= 1, "at least 1")

    @property
    def strength(self) -> float:
        return float(self.max_terms)

    def paths(self, problem: Reduced, strengths: Float[np.ndarray, " s"]) -> tuple[Bool[np.ndarray, "s p o"], bool]:
        terms, outputs = problem.factor.shape[1], problem.target.shape[1]
        supports = np.zeros((len(strengths), terms, outputs), dtype=bool)
        for row, size in enumerate(strengths):
            for output, chosen in enumerate(self._best(problem, min(int(size), terms))):
                supports[row, list(chosen), output] = True
        return supports, True

    def _best(self, problem: Reduced, size: int) -> list[tuple[int, ...]]:
        terms = problem.factor.shape[1]
        trials = math.comb(terms, size)
        if trials > self.max_trials:
            raise ValueError(
                f"Choosing {size} of {terms} columns means {trials} trials, more than max_trials = {self.max_trials}. "
                "Lower max_terms, offer fewer candidates, or use STLSQ."
            )
        subsets = np.array(list(itertools.combinations(range(terms), size)))
        best = [np.argmin(_squared_errors(problem, subsets, o)) for o in range(problem.target.shape[1])]
        return [tuple(int(j) for j in subsets[i]) for i in best]

    def default_strengths(self, problem: Reduced, count: int) -> Float[np.ndarray, " s"]:
        return np.arange(1, min(self.max_terms, problem.factor.shape[1]) + 1, dtype=np.float64)


def _squared_errors(problem: Reduced, subsets: np.ndarray, output: int) -> np.ndarray:
    """Negative explained square of every subset at once; a tiny ridge keeps collinear subsets solvable."""
    lengths = np.linalg.norm(problem.factor, axis=0)
    columns = problem.factor / np.where(lengths > 0, lengths, 1.0)
    gram = columns.T @ columns + 1e-13 * np.eye(columns.shape[1])
    moment = columns.T @ problem.target[:, output]
    small, right = gram[subsets[:, :, None], subsets[:, None, :]], moment[subsets]
    solution = np.linalg.solve(small, right[..., None])[..., 0]
    return -np.sum(solution * right, axis=1)


def _ridge(problem: Reduced, active: Bool[np.ndarray, " p"], output: int, ridge: float | int) -> np.ndarray:
    chosen = np.flatnonzero(active)
    coefficients = np.zeros(len(active))
    if ridge == 0:
        coefficients[chosen] = least_squares(problem, chosen, output).coefficients
    elif len(chosen):
        left, singular, right = np.linalg.svd(problem.factor[:, chosen], full_matrices=False)
        filtered = singular / (singular**2 + ridge)
        coefficients[chosen] = right.T @ (filtered * (left.T @ problem.target[:, output]))
    return coefficients


def _shifted_inverse(problem: Reduced, shift: float | int) -> np.ndarray:
    r"""$(R^TR+\text{shift}\,I)^{-1}$ from the SVD of R, which does not square the condition number."""
    _, singular, right = np.linalg.svd(problem.factor, full_matrices=True)
    eigenvalues = np.zeros(right.shape[0])
    eigenvalues[: len(singular)] = singular**2
    return (right.T / (eigenvalues + shift)) @ right


def _coefficient_range(problem: Reduced, ridge: float | int, count: int) -> np.ndarray:
    everything = np.ones(problem.factor.shape[1], dtype=bool)
    sizes = [np.max(np.abs(_ridge(problem, everything, o, ridge))) for o in range(problem.target.shape[1])]
    largest = max(sizes, default=0.0)
    largest = largest if largest > 0 else 1.0
    return np.geomspace(min(1e-4, 1e-4 * largest), 1.01 * largest, count)


def _soft(values: np.ndarray, cut: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.maximum(np.abs(values) - cut, 0.0)


def _require_positive(name: str, value: float | int) -> None:
    _require(name, value, value > 0 and math.isfinite(value), "a positive finite number")


def _require(name: str, value: object, good: bool, accepted: str) -> None:
    if not good:
        raise ValueError(f"{name} = {value} was given; accepted is {accepted}.")
