"""The last word belongs to the measurements: refit candidate equations on the raw data and choose there."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix
from jax import Array
from jax.flatten_util import ravel_pytree
from jaxtyping import Bool, Float, Int, PyTree

from universalde.discover.criteria import check_criterion, information_criterion
from universalde.discover.expression import DenseModel, SparseModel

Residuals = Callable[[DenseModel, Any], Array]
Slots = tuple[tuple[int, int], ...]

FAILED = 1e6  # residual put where a trial solution is not finite: far worse than any data, still squarable in float32
SHRINKING = (1.0, 0.5, 0.1)  # starts tried, as multiples of the candidate's coefficients


class Refit(NamedTuple):
    """One candidate, fitted to the raw data. `covariance` covers the coefficients and then the entries of `extra`."""

    model: SparseModel
    extra: PyTree
    sse: float
    score: float
    covariance: Float[np.ndarray, "q q"]
    standard_errors: Float[np.ndarray, " k"]  # of the coefficients of the model
    converged: bool
    steps: int
    note: str


class DataChoice(NamedTuple):
    """All refitted candidates, best first, and sentences about what the data leave open."""

    ranking: tuple[Refit, ...]
    criterion: str
    notes: tuple[str, ...]

    @property
    def best(self) -> Refit:
        return self.ranking[0]

    @property
    def model(self) -> SparseModel:
        return self.ranking[0].model

    def __str__(self) -> str:
        lines = [f"{'SSE':>12} {self.criterion:>10}  equation"]
        for row in self.ranking[:10]:
            lines.append(f"{row.sse:12.5g} {row.score:10.2f}  {str(row.model).replace(chr(10), ';  ')} {row.note}")
        return "\n".join([*lines, *(f"Note. {note}" for note in self.notes)])


def choose_by_data(
    candidates: Sequence[SparseModel],
    residuals: Residuals,
    n_data: int,
    criterion: str = "ebic",
    *,
    extra: PyTree = None,
    known_noise: bool = False,
    prune: bool = True,
    max_steps: int = 60,
    rtol: float = 1e-8,
) -> DataChoice:
    r"""Fit each candidate's coefficients to the raw data by Levenberg-Marquardt and rank by an information criterion.

    $\min_c\|r(F_c,e)\|^2$, where `residuals(model, extra)` solves the differential equation with `model` in the place of
    the network and returns the 1-D vector of (solution - data), zero where data are missing. `extra` is any pytree of
    further numbers to fit (rates, starting values), or `None`. `n_data` is the number of measurements.
    Divide residuals of variables with different noise by their standard deviations; if these are known and not only
    relative, say `known_noise=True`, and the criterion uses SSE instead of n log SSE.

    `residuals` must be differentiable forwards (`jax.jvp`) and is compiled once for all candidates: it receives a
    `DenseModel` whose support is traced. After ranking, the terms of the best candidate are dropped one at a time as long
    as that improves the criterion (`prune`).

    A candidate whose solution is not finite ranks last with a note; it never raises. `covariance` is
    $\sigma^2(J^TJ)^{-1}$ with $\sigma^2=\mathrm{SSE}/(n-k)$, or 1 for known noise.

    Raises `ValueError` for no candidates, candidates of different libraries or outputs, an unknown criterion, or `n_data`
    that is not positive.

    ```python
    choice = choose_by_data(found.candidates(20), residuals, n_data=62)
    choice.model.expressions, choice.best.standard_errors
    ```

    Sources: Marquardt 1963 and More 1978 (the scaled fit, through optimistix), Chen, Chen 2008 (the criterion).
    """
    check_criterion(criterion)
    _check(candidates, n_data)
    fitter = _Fitter(candidates, residuals, n_data, criterion, extra, known_noise, max_steps, rtol)
    refits = {model.support: fitter.refit(model) for model in candidates}
    best = min(refits.values(), key=_order)
    if prune:
        best = _prune(fitter, refits, best)
    ranking = tuple(sorted(refits.values(), key=_order))
    return DataChoice(ranking, criterion, tuple(_notes(ranking)))


def _prune(fitter: "_Fitter", refits: dict[Slots, Refit], best: Refit) -> Refit:
    """Drop the term whose loss improves the criterion most, until none does."""
    while len(best.model.support) > 1 and math.isfinite(best.score):
        shorter = [_drop(best.model, i) for i in range(len(best.model.support))]
        for model in shorter:
            if model.support not in refits:
                refits[model.support] = fitter.refit(model, best.extra)
        rival = min((refits[model.support] for model in shorter), key=_order)
        if rival.score >= best.score:
            break
        best = rival
    return best


def _drop(model: SparseModel, position: int) -> SparseModel:
    keep = [i for i in range(len(model.support)) if i != position]
    support = [model.support[i] for i in keep]
    return SparseModel(model.library, support, model.coefficients[np.array(keep, dtype=int)], model.outputs, model.digits)


def _order(refit: Refit) -> tuple[float, int]:
    return refit.score, len(refit.model.support)


class _Solved(NamedTuple):
    parameters: Float[Array, " q"]
    residual: Float[Array, " n"]
    jacobian: Float[Array, "n q"]
    converged: Bool[Array, ""]
    steps: Int[Array, ""]


class _Fitter:
    """One compiled fit for all supports: active coefficients sit in a fixed number of slots with traced positions."""

    def __init__(
        self,
        candidates: Sequence[SparseModel],
        residuals: Residuals,
        n_data: int,
        criterion: str,
        extra: PyTree,
        known_noise: bool,
        max_steps: int,
        rtol: float,
    ) -> None:
        first = candidates[0]
        self.n_data, self.criterion, self.known_noise = n_data, criterion, known_noise
        self.library, self.outputs = first.library, first.outputs
        self.used = sorted({j for model in candidates for _, j in model.support}) or [0]
        self.slots = max(1, max(len(model.support) for model in candidates))
        flat, self.unravel = ravel_pytree(jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(float)), extra))
        self.start_extra = np.asarray(flat)
        self.solve = _compiled_fit(
            residuals, self.library.subset(self.used), len(self.outputs), self.slots, self.unravel, max_steps, rtol
        )

    def refit(self, model: SparseModel, extra: PyTree = None) -> Refit:
        """Fit from the model's own coefficients, then from smaller ones if the solution there is not finite."""
        row_of = {j: row for row, j in enumerate(self.used)}
        unused = len(self.used) * len(self.outputs)
        positions = np.full(self.slots, unused)
        positions[: len(model.support)] = [row_of[j] * len(self.outputs) + o for o, j in model.support]
        start_extra = self.start_extra if extra is None else np.asarray(ravel_pytree(extra)[0])
        values = np.asarray(model.coefficients)
        for factor in SHRINKING:
            start = np.zeros(self.slots, values.dtype)
            start[: len(values)] = factor * values
            try:
                solved = self.solve(jnp.asarray(np.concatenate([start, start_extra])), jnp.asarray(positions))
                solved = jax.tree.map(np.asarray, solved)
            except RuntimeError as error:  # a solver that raises while running counts as a failed solve
                return self._failed(model, f"(the residual function raised {type(error).__name__})")
            if np.all(np.isfinite(solved.residual)):
                return self._finished(model, solved)
        return self._failed(model, "(no finite solution)")

    def _finished(self, model: SparseModel, solved: _Solved) -> Refit:
        k = len(model.support)
        active = np.concatenate([np.arange(k), np.arange(self.slots, len(solved.parameters))])
        residual = np.asarray(solved.residual, dtype=np.float64)
        sse = float(residual @ residual)
        others = len(active) - k
        room = self.n_data - len(active)
        variance = 1.0 if self.known_noise else (sse / room if room > 0 else math.nan)
        covariance, note = _covariance(np.asarray(solved.jacobian, dtype=np.float64)[:, active], variance)
        score = information_criterion(
            self.criterion, sse / self.n_data, self.n_data, k, len(self.library) * len(self.outputs),
            self.known_noise, others,
        )  # fmt: skip
        converged = bool(solved.converged)
        note = note if converged else f"(stopped at max_steps) {note}".strip()
        fitted = model.with_coefficients(solved.parameters[:k])
        extra = self.unravel(jnp.asarray(solved.parameters[self.slots :]))
        errors = np.sqrt(np.diag(covariance)[:k])
        return Refit(fitted, extra, sse, score, covariance, errors, converged, int(solved.steps), note)

    def _failed(self, model: SparseModel, note: str) -> Refit:
        k = len(model.support)
        q = k + len(self.start_extra)
        extra = self.unravel(jnp.asarray(self.start_extra))
        return Refit(model, extra, math.inf, math.inf, np.full((q, q), np.nan), np.full(k, np.nan), False, 0, note)


def _compiled_fit(
    residuals: Residuals, library: Any, outputs: int, slots: int, unravel: Callable, max_steps: int, rtol: float
) -> Callable[[Array, Array], _Solved]:
    shape = (len(library), outputs)

    def raw(parameters: Array, positions: Array) -> Array:
        flat = jnp.zeros(shape[0] * shape[1], parameters.dtype)
        mask = jnp.zeros(shape[0] * shape[1], bool).at[positions].set(True, mode="drop")
        coefficients = flat.at[positions].add(parameters[:slots], mode="drop")
        model = DenseModel(library, coefficients.reshape(shape), mask.reshape(shape))
        return jnp.ravel(residuals(model, unravel(parameters[slots:])))

    def guarded(scaled: Array, given: tuple[Array, Array]) -> Array:
        positions, scale = given
        value = raw(scaled / scale, positions)
        value = jnp.where(jnp.isfinite(value), value, FAILED)
        idle = jnp.where(positions == shape[0] * shape[1], scaled[:slots], 0)  # keeps J regular in empty slots
        return jnp.concatenate([value, idle])

    def fit(start: Array, positions: Array) -> _Solved:
        first = jax.jacfwd(guarded)(start, (positions, jnp.ones_like(start)))
        length = jnp.linalg.norm(first, axis=0)
        scale = jnp.where(jnp.isfinite(length) & (length > 0), length, 1)
        tolerance = max(rtol, 100 * float(jnp.finfo(start.dtype).eps))
        solver = optimistix.LevenbergMarquardt(rtol=tolerance, atol=tolerance)
        found = optimistix.least_squares(
            guarded, solver, start * scale, (positions, scale), {"jac": "fwd"}, max_steps=max_steps, throw=False
        )
        parameters = found.value / scale
        value = raw(parameters, positions)
        jacobian = jax.jacfwd(raw)(parameters, positions)
        good = found.result == optimistix.RESULTS.successful
        return _Solved(parameters, value, jacobian, good, found.stats["num_steps"])

    return eqx.filter_jit(fit)


def _covariance(jacobian: np.ndarray, variance: float) -> tuple[np.ndarray, str]:
    r"""$\sigma^2(J^TJ)^{-1}$ by SVD of J with columns of length one; infinite where the data say nothing."""
    if jacobian.shape[1] == 0 or not np.all(np.isfinite(jacobian)):
        return np.full((jacobian.shape[1],) * 2, np.nan), ""
    length = np.linalg.norm(jacobian, axis=0)
    safe = np.where(length > 0, length, 1.0)
    _, singular, right = np.linalg.svd(jacobian / safe, full_matrices=False)
    if len(singular) < jacobian.shape[1] or singular[-1] <= 1e-12 * singular[0]:
        return np.full((jacobian.shape[1],) * 2, np.inf), "(these data do not determine all coefficients)"
    inverse = (right.T / singular**2) @ right
    return variance * inverse / np.outer(safe, safe), ""


def _notes(ranking: Sequence[Refit]) -> list[str]:
    if not math.isfinite(ranking[0].score):
        return ["No candidate has a finite solution on the data; nothing was chosen by the data."]
    notes = []
    close = [r for r in ranking[1:] if r.score <= ranking[0].score + 6.0]
    if close:
        notes.append(
            f"The data do not separate the chosen equation from {len(close)} other(s) (criterion within 6), first: "
            + str(close[0].model).replace("\n", "; ")
        )
    failed = sum(not math.isfinite(r.score) for r in ranking)
    if failed:
        notes.append(f"{failed} of {len(ranking)} candidates had no finite solution on the data and rank last.")
    return notes


def _check(candidates: Sequence[SparseModel], n_data: int) -> None:
    if not candidates:
        raise ValueError("No candidates were given; pass a list of SparseModel, for example found.candidates(20).")
    for model in candidates:
        if model.library != candidates[0].library or model.outputs != candidates[0].outputs:
            raise ValueError("All candidates must have the same library and outputs, as found.candidates(k) gives them.")
    if n_data < 1:
        raise ValueError(f"n_data = {n_data} was given; accepted is the number of measurements, at least 1.")


