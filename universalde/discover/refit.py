"""The last word belongs to the measurements: refit candidate equations on the raw data and choose there."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Float, PyTree

from universalde.discover.criteria import check_criterion, information_criterion
from universalde.discover.expression import DenseModel, SparseModel
from universalde.discover.levenberg import Minimum, levenberg_marquardt
from universalde.discover.masked import MaskedResiduals, Slots
from universalde.discover.search import SupportSearch
from universalde.discover.sparse import reduce_rows

SHRINKING = (1.0, 0.5, 0.1)  # starts tried, as multiples of the candidate's coefficients
TRIED_PER_ROUND = 8


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
    residuals: Callable[[DenseModel, Any], Array],
    n_data: int,
    criterion: str = "ebic",
    *,
    extra: PyTree = None,
    known_noise: bool = False,
    prune: bool = True,
    explore: int = 4,
    max_terms: int = 6,
    margin: float | int = 0.0,
    max_steps: int = 60,
    rtol: float | int = 1e-8,
) -> DataChoice:
    r"""Fit each candidate's coefficients to the raw data by Levenberg-Marquardt and rank by an information criterion.

    $\min_{c,e}\|r(F_c,e)\|^2$, where `residuals(model, extra)` solves the differential equation with `model` in the
    place of the network and returns the vector of (solution - data), zero where data are missing. `extra` is any
    pytree of further numbers to fit (rates, starting values), or `None`. `n_data` is the number of measurements.
    Divide residuals of variables with different noise by their standard deviations; if these are known and not only
    relative, say `known_noise=True`, and the criterion uses SSE instead of n log SSE.

    Then the answer is improved in two ways. `prune`: terms of the best candidate are dropped one at a time as long as
    that improves the criterion. `explore` (a number of rounds, 0 for none): the residual is linearised about the best
    candidate in the coefficients of *all* library terms, supports of up to `max_terms` terms in total are searched on
    that linear problem, and the most promising ones not yet fitted are fitted. Unlike the regression on a learned
    term, this search sees errors that are independent, as the criterion assumes.

    Of all refits whose criterion is within `margin` of the least the simplest is chosen: fewest terms, then fewest
    operations. The default takes the least; 6 asks for strong evidence against a simpler equation (Kass, Raftery 1995).

    `residuals` must be differentiable forwards (`jax.jvp`) and is compiled once for all candidates: it receives a
    `DenseModel` whose support is traced. A candidate whose solution is not finite ranks last with a note; it never
    raises. `covariance` is $\sigma^2(J^TJ)^{-1}$ with $\sigma^2=\mathrm{SSE}/(n-k)$, or 1 for known noise.

    Raises `ValueError` for no candidates, candidates of different libraries or outputs, an unknown criterion, or
    `n_data` that is not positive.

    ```python
    choice = choose_by_data(found.candidates(20), residuals, n_data=62)
    choice.model.expressions, choice.best.standard_errors
    ```

    Sources: Marquardt 1963, More 1978 (the fit), Chen, Chen 2008 (the criterion).
    """
    check_criterion(criterion)
    _check(candidates, n_data)
    fitter = _Fitter(candidates, residuals, n_data, criterion, extra, known_noise, max_terms, max_steps, rtol)
    refits = {model.support: fitter.refit(model) for model in _distinct(candidates)}
    _explore(fitter, refits, explore, max_terms)
    if prune:
        _prune(fitter, refits)
    if margin > 0:
        _simplify(fitter, refits, margin)
    ranking = _ranked(refits, margin)
    return DataChoice(ranking, criterion, tuple(_notes(ranking)))


def _ranked(refits: dict[Slots, Refit], margin: float | int) -> tuple[Refit, ...]:
    """By the criterion, but in front the simplest of those within the margin."""
    ranking = sorted(refits.values(), key=_order)
    simplest = min((r for r in ranking if r.score <= ranking[0].score + margin), key=_length)
    return (simplest, *(r for r in ranking if r is not simplest))


def _explore(fitter: "_Fitter", refits: dict[Slots, Refit], rounds: int, max_terms: int) -> None:
    """Fit what the problem linearised about the best candidate promises, until that does not get better."""
    for _ in range(rounds):
        best = min(refits.values(), key=_order)
        proposed = fitter.propose(best, refits, max_terms) if math.isfinite(best.score) else []
        for model in proposed:
            refits[model.support] = fitter.refit(model, best.extra)
        if min(refits.values(), key=_order) is best:
            break


def _prune(fitter: "_Fitter", refits: dict[Slots, Refit]) -> None:
    """Drop the term whose loss improves the criterion most, until none does."""
    best = min(refits.values(), key=_order)
    while len(best.model.support) > 1 and math.isfinite(best.score):
        linear = fitter.linear(best)
        rivals = [_keep(refits, fitter.neighbour(best, linear, i)) for i in range(len(best.model.support))]
        rival = min(rivals, key=_order)
        if rival.score >= best.score:
            break
        best = rival


def _simplify(fitter: "_Fitter", refits: dict[Slots, Refit], margin: float | int) -> None:
    """Exchange terms of the answer for simpler ones, as long as one stays within the margin."""
    while True:
        chosen = _ranked(refits, margin)[0]
        model = chosen.model
        if not math.isfinite(chosen.score):
            return
        linear = fitter.linear(chosen)
        for position, (output, term) in enumerate(model.support):
            for other, complexity in enumerate(model.library.complexities):
                slot = (output, other)
                usable = slot not in model.support and np.all(np.isfinite(linear[:, fitter.masked.place(slot)]))
                if usable and complexity < model.library.complexities[term]:
                    _keep(refits, fitter.neighbour(chosen, linear, position, slot))
        if _ranked(refits, margin)[0].model.support == model.support:
            return


def _keep(refits: dict[Slots, Refit], refit: Refit) -> Refit:
    """The better of a refit and what was known of its support: another start may reach a lower minimum."""
    refits[refit.model.support] = min(refit, refits.get(refit.model.support, refit), key=_order)
    return refits[refit.model.support]


def _distinct(candidates: Sequence[SparseModel]) -> list[SparseModel]:
    """One candidate per support, the terms in the order of the library."""
    kept: dict[Slots, SparseModel] = {}
    for model in candidates:
        order = sorted(range(len(model.support)), key=lambda i: model.support[i])
        support = tuple(model.support[i] for i in order)
        kept.setdefault(support, model.with_terms(support, np.asarray(model.coefficients)[order]))
    return list(kept.values())


def _order(refit: Refit) -> tuple[float, int]:
    return refit.score, len(refit.model.support)


def _length(refit: Refit) -> tuple[int, int, float]:
    complexities = refit.model.library.complexities
    return len(refit.model.support), sum(complexities[term] for _, term in refit.model.support), refit.score


class _Fitter:
    """Fits supports with one compiled evaluation and scores them."""

    def __init__(
        self,
        candidates: Sequence[SparseModel],
        residuals: Callable[[DenseModel, Any], Array],
        n_data: int,
        criterion: str,
        extra: PyTree,
        known_noise: bool,
        slots: int,
        max_steps: int,
        rtol: float,
    ) -> None:
        self.n_data, self.criterion, self.known_noise = n_data, criterion, known_noise
        self.first = candidates[0]
        self.max_steps = max_steps
        widest = 2 + max(slots, *(len(model.support) for model in candidates))  # room to try absent terms
        self.masked = MaskedResiduals(residuals, self.first.library, len(self.first.outputs), widest, extra)
        self.rtol = max(rtol, 10 * self.masked.precision)

    def refit(self, model: SparseModel, extra: PyTree = None) -> Refit:
        """Fit from the model's own coefficients, then from smaller ones if the solution there is not finite."""
        start_extra = self.masked.start_extra if extra is None else self.masked.ravel(extra)
        values = np.asarray(model.coefficients, dtype=np.float64)
        evaluate = self.masked.on(model.support)
        try:
            for factor in SHRINKING:
                start = np.concatenate([factor * values, start_extra])
                found = levenberg_marquardt(evaluate, start, self.max_steps, self.rtol)
                if math.isfinite(found.sse):
                    return self._finished(model, found)
        except RuntimeError as error:  # a solver that raises while running counts as a failed solve
            return self._failed(model, f"(residuals raised {type(error).__name__})")
        return self._failed(model, "(no finite solution)")

    def linear(self, refit: Refit) -> np.ndarray:
        """Derivatives of the residual at a refit by all library terms and by the extra numbers."""
        _, columns, free = self.masked.linearise(refit.model, refit.extra)
        return np.concatenate([columns, free], axis=1)

    def neighbour(self, refit: Refit, linear: np.ndarray, position: int, slot: tuple[int, int] | None = None) -> Refit:
        """Fit without one term or with another in its place, begun where the other numbers make up for it, to first order.

        That matters when a rate outside the library multiplies the same expression as the term (B. Hassibi, D. Stork,
        Adv. Neural Inf. Process. Syst. 5 (1993)).
        """  # fmt: skip
        known = dict(zip(refit.model.support, np.asarray(refit.model.coefficients), strict=True))
        gone = refit.model.support[position]
        support = sorted({*known, *([slot] if slot else [])} - {gone})
        values = np.array([known.get(each, 0.0) for each in support])
        places = [self.masked.place(each) for each in support]
        always = range(linear.shape[1] - len(self.masked.start_extra), linear.shape[1])
        columns = linear[:, [*places, *always]]
        lengths = np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
        lost = linear[:, self.masked.place(gone)] * known[gone]
        move = np.linalg.lstsq(columns / lengths, lost, rcond=None)[0] / lengths
        library, outputs, digits = refit.model.library, refit.model.outputs, refit.model.digits
        k, extra = len(support), self.masked.ravel(refit.extra)
        fits = []
        for share in (0.0, 1.0) if slot is None else (1.0,):
            model = SparseModel(library, support, values + share * move[:k], outputs, digits)
            fits.append(self.refit(model, self.masked.unravel(extra + share * move[k:])))
        return min(fits, key=_order)

    def propose(self, best: Refit, known: dict[Slots, Refit], max_terms: int) -> list[SparseModel]:
        """Supports that promise a better criterion when the residual is linearised about `best`, not yet fitted."""
        residual, columns, free = self.masked.linearise(best.model, best.extra)
        current = [self.masked.place(slot) for slot in best.model.support]
        goal = columns[:, current] @ np.asarray(best.model.coefficients, dtype=np.float64) - residual
        usable = np.flatnonzero(np.all(np.isfinite(columns), axis=0))
        columns, goal = _without_span(columns[:, usable], free), _without_span(goal[:, None], free)
        problem = reduce_rows(columns, goal)
        finder = SupportSearch(problem)
        limit = min(max_terms, len(usable), self.n_data - 2 - free.shape[1])
        start = tuple(sorted(int(np.flatnonzero(usable == place)[0]) for place in current))
        met = finder.search({start}, limit) | finder.runners_up(limit, TRIED_PER_ROUND)
        total = float(goal[:, 0] @ goal[:, 0])
        slots = {s: tuple(sorted(self.masked.slot(int(usable[j])) for j in s)) for s in met if s}
        fresh = [s for s in slots if slots[s] not in known]
        fresh.sort(key=lambda s: self._score(finder.square(s) * total, len(s), free.shape[1]))
        return [self._from_linear(columns, goal[:, 0], s, usable) for s in fresh[:TRIED_PER_ROUND]]

    def _from_linear(self, columns: np.ndarray, goal: np.ndarray, support: tuple, usable: np.ndarray) -> SparseModel:
        values = np.linalg.lstsq(columns[:, list(support)], goal, rcond=None)[0]
        pairs = sorted(zip((self.masked.slot(int(usable[j])) for j in support), values, strict=True))
        return self.first.with_terms([slot for slot, _ in pairs], [float(v) for _, v in pairs])

    def _score(self, sse: float | int, terms: int, others: int) -> float:
        offered = len(self.first.library) * len(self.first.outputs)
        return information_criterion(
            self.criterion, sse / self.n_data, self.n_data, terms, offered, self.known_noise, others
        )

    def _finished(self, model: SparseModel, found: Minimum) -> Refit:
        k, q = len(model.support), len(found.parameters)
        room = self.n_data - q
        variance = 1.0 if self.known_noise else (found.sse / room if room > 0 else math.nan)
        covariance, note = _covariance(found.jacobian, variance)
        note = note if found.converged else f"(stopped after {found.steps} steps) {note}".strip()
        fitted = model.with_coefficients(found.parameters[:k])
        extra = self.masked.unravel(found.parameters[k:])
        errors = np.sqrt(np.diag(covariance)[:k])
        score = self._score(found.sse, k, q - k)
        return Refit(fitted, extra, found.sse, score, covariance, errors, found.converged, found.steps, note)

    def _failed(self, model: SparseModel, note: str) -> Refit:
        k, e = len(model.support), len(self.masked.start_extra)
        unknown = np.full((k + e, k + e), np.nan)
        extra = self.masked.unravel(self.masked.start_extra)
        return Refit(model, extra, math.inf, math.inf, unknown, np.full(k, np.nan), False, 0, note)


def _without_span(values: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Remove what the always-fitted numbers can explain (Frisch-Waugh)."""
    if free.shape[1] == 0:
        return values
    left, singular, _ = np.linalg.svd(free / np.maximum(np.linalg.norm(free, axis=0), 1e-300), full_matrices=False)
    basis = left[:, singular > 1e-12 * singular[0]]
    return values - basis @ (basis.T @ values)


def _covariance(jacobian: np.ndarray, variance: float | int) -> tuple[np.ndarray, str]:
    r"""$\sigma^2(J^TJ)^{-1}$ by SVD of J with columns of length one; infinite where the data say nothing."""
    q = jacobian.shape[1]
    if q == 0:
        return np.zeros((0, 0)), ""
    length = np.linalg.norm(jacobian, axis=0)
    safe = np.where(length > 0, length, 1.0)
    _, singular, right = np.linalg.svd(jacobian / safe, full_matrices=False)
    if len(singular) < q or singular[-1] <= 1e-12 * singular[0]:
        return np.full((q, q), np.inf), "(these data do not determine all coefficients)"
    inverse = (right.T / singular**2) @ right
    return variance * inverse / np.outer(safe, safe), ""


def _notes(ranking: Sequence[Refit]) -> list[str]:
    if not math.isfinite(ranking[0].score):
        return ["No candidate has a finite solution on the data; nothing was chosen by the data."]
    notes = []
    close = [r for r in ranking[1:] if r.score <= ranking[0].score + 6.0]
    if close:
        first = str(close[0].model).replace("\n", "; ")
        notes.append(
            f"The data do not clearly separate the chosen equation from {len(close)} other(s) (criterion within 6), "
            f"first: {first}"
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
            raise ValueError(
                "All candidates must have the same library and outputs, as found.candidates(k) gives them."
            )
    if n_data < 1:
        raise ValueError(f"n_data = {n_data} was given; accepted is the number of measurements, at least 1.")
