"""Choosing a support: threshold sweep, stepwise search, held-out errors and information criteria, output by output."""

from collections.abc import Iterable
from typing import NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Float, Num

from universalde.discover.criteria import check_criterion, information_criterion
from universalde.discover.sparse import Reduced, SparseMethod, least_squares, reduce_rows

Support = tuple[int, ...]


class Splits(eqx.Module):
    """How rows are divided into training and test rows, `count` times.

    `kind="random"` holds out a random share; `kind="blocks"` holds out one of `count` contiguous blocks at a time, which is
    the honest test when neighbouring rows are neighbours in time.

    Raises `ValueError` for an unknown kind, fewer than 1 split (2 blocks) or a share outside (0, 1).

    `Splits("random", count=5, test_share=0.2).indices(100, seed=0)` is a list of 5 pairs of index arrays.
    """

    kind: str = "random"
    count: int = 5
    test_share: float = 0.2

    def __check_init__(self) -> None:
        if self.kind not in ("random", "blocks"):
            raise ValueError(f"Splits of kind {self.kind!r} were asked for; accepted are 'random' and 'blocks'.")
        if self.count < (2 if self.kind == "blocks" else 1):
            raise ValueError(f"{self.count} splits of kind {self.kind!r} were asked for; give at least 1 (blocks: 2).")
        if not 0 < self.test_share < 1:
            raise ValueError(f"A test share of {self.test_share} was given; accepted is a number between 0 and 1.")

    def indices(self, rows: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Pairs (training rows, test rows)."""
        everything = np.arange(rows)
        if self.kind == "blocks":
            blocks = [block for block in np.array_split(everything, self.count) if len(block)]
            return [(np.setdiff1d(everything, block), block) for block in blocks if len(block) < rows]
        held = min(max(1, round(self.test_share * rows)), rows - 1)
        orders = [np.random.default_rng([seed, i]).permutation(rows) for i in range(self.count)]
        return [(np.sort(order[held:]), np.sort(order[:held])) for order in orders]


class Candidate(NamedTuple):
    """One support for one output, solved by least squares on all rows. Errors are relative to the target's RMS."""

    support: Support
    coefficients: Float[np.ndarray, " k"]
    error: float
    test_error: float
    score: float
    condition: float
    stability: float  # share of the splits whose threshold path passed through this support

    @property
    def size(self) -> int:
        return len(self.support)


class Sweep(NamedTuple):
    """All distinct candidates of every output, best first."""

    candidates: tuple[tuple[Candidate, ...], ...]
    criterion: str

    def best(self, output: int) -> Candidate:
        """The chosen candidate of one output."""
        return self.candidates[output][0]

    def pareto(self, output: int) -> tuple[Candidate, ...]:
        """Candidates that no other beats in both size and error, smallest first."""
        front: list[Candidate] = []
        for candidate in sorted(self.candidates[output], key=lambda c: (c.size, c.error)):
            if not front or (candidate.size > front[-1].size and candidate.error < front[-1].error):
                front.append(candidate)
        return tuple(front)


def sweep(
    theta: Num[np.ndarray, "m p"],
    target: Num[np.ndarray, "m o"],
    method: SparseMethod,
    thresholds: "Iterable[float] | None" = None,
    criterion: str = "ebic",
    splits: Splits | None = None,
    seed: int = 0,
    *,
    samples: float | None = None,
    floor: float = 1e-4,
    max_terms: int = 8,
) -> Sweep:
    """Supports along the method's path on every training split, completed by a stepwise search, scored and sorted.

    For each output: (1) the method runs over all thresholds on every training split and on all rows; (2) for each size up
    to `max_terms` the best support met so far is improved by exchanging one column at a time; (3) every distinct support
    is solved by least squares on all rows and scored; (4) held-out errors come from refits on the training rows.

    `criterion` is `"aic"`, `"aicc"`, `"bic"`, `"ebic"`, or `"test"`: the smallest support whose held-out error is within
    one standard error of the least. `samples` is the number of independent observations behind the rows (default: the
    rows); `floor` is the relative accuracy of the targets below which misfit does not count.

    Raises `ValueError` for an unknown criterion or thresholds that are not positive.
    """
    if criterion != "test":
        check_criterion(criterion)
    theta, target = np.asarray(theta, dtype=np.float64), np.asarray(target, dtype=np.float64)
    halves = (splits or Splits()).indices(theta.shape[0], seed)
    strengths = _strengths(thresholds, method, reduce_rows(theta, target, method.normalise))
    paths = [_path_supports(theta[train], target[train], method, strengths) for train, _ in halves]
    paths.append(_path_supports(theta, target, method, strengths))
    size_limit = max(1, min(max_terms, theta.shape[1], theta.shape[0] - 1))
    found = []
    for output in range(target.shape[1]):
        pool = _Pool(theta, target[:, output], halves, criterion, float(samples or theta.shape[0]), floor)
        counts = [path[output] for path in paths]
        met = pool.search(set().union(*counts), size_limit)
        met |= pool.runners_up(size_limit)
        shares = {s: float(np.mean([s in split for split in counts[:-1]])) for s in met}
        found.append(pool.table(met, shares))
    return Sweep(tuple(found), criterion)


def _strengths(thresholds: "Iterable[float] | None", method: SparseMethod, problem: Reduced) -> np.ndarray:
    if thresholds is None:
        return method.default_strengths(problem, 60)
    values = np.asarray(list(thresholds), dtype=np.float64)
    if values.size == 0 or not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError(f"The thresholds {values.tolist()} were given; accepted are one or more positive finite numbers.")
    return values


def _path_supports(theta: np.ndarray, target: np.ndarray, method: SparseMethod, strengths: np.ndarray) -> list[set]:
    """Distinct supports along the path, one set per output."""
    supports, _ = method.paths(reduce_rows(theta, target, method.normalise), strengths)
    return [
        {tuple(int(i) for i in np.flatnonzero(row)) for row in supports[:, :, output]} for output in range(target.shape[1])
    ]


class _Pool:
    """Scores of supports for one output, each solved once."""

    def __init__(
        self, theta: np.ndarray, target: np.ndarray, halves: list, criterion: str, samples: float, floor: float
    ) -> None:
        self.theta, self.target, self.halves = theta, target, halves
        self.criterion, self.samples, self.floor = criterion, samples, floor
        self.whole = reduce_rows(theta, target[:, None])
        self.parts = [reduce_rows(theta[train], target[train, None]) for train, _ in halves]
        self.squares: dict[Support, float] = {}

    def square(self, support: Support) -> float:
        """Relative mean squared residual on all rows."""
        if support not in self.squares:
            self.squares[support] = least_squares(self.whole, np.array(support, dtype=int), 0).mean_square
        return self.squares[support]

    def score(self, support: Support) -> float:
        name = "ebic" if self.criterion == "test" else self.criterion
        effective = self.square(support) + self.floor**2
        return information_criterion(name, effective, self.samples, len(support), self.theta.shape[1])

    def search(self, met: set[Support], size_limit: int) -> set[Support]:
        """Add to the supports met: the best exchange of each size, and the descent of the criterion by single terms."""
        met = set(met) | {()}
        for size in range(1, size_limit + 1):
            grown = [self._grow(s) for s in (self._best_of(met, size - 1),) if s is not None]
            shrunk = [self._shrink(s) for s in (self._best_of(met, size + 1),) if s is not None]
            start = min(grown + shrunk + [s for s in met if len(s) == size], key=self.square)
            met.add(self._exchange(start))
        for size in range(size_limit - 1, 0, -1):  # backwards: a good large support often contains a good small one
            start = min([self._shrink(self._best_of(met, size + 1)), self._best_of(met, size)], key=self.square)
            met.add(self._exchange(start))
        return met

    def _best_of(self, met: set[Support], size: int) -> Support | None:
        return min((s for s in met if len(s) == size), key=self.square, default=None)

    def _grow(self, support: Support) -> Support:
        return min((_with(support, j) for j in range(self.theta.shape[1]) if j not in support), key=self.square)

    def _shrink(self, support: Support) -> Support:
        return min((_without(support, j) for j in support), key=self.square)

    def _exchange(self, support: Support) -> Support:
        """Exchange one column at a time while that lowers the misfit."""
        while True:
            rest = [j for j in range(self.theta.shape[1]) if j not in support]
            trials = [_with(_without(support, out), into) for out in support for into in rest]
            best = min(trials, key=self.square, default=support)
            if self.square(best) >= self.square(support) * (1 - 1e-9):
                return support
            support = best

    def runners_up(self, size_limit: int, kept: int = 6) -> set[Support]:
        """The best few of everything solved so far, for every size: the raw data may prefer one of them."""
        sizes = [[s for s in self.squares if len(s) == size] for size in range(1, size_limit + 1)]
        return {s for group in sizes for s in sorted(group, key=self.square)[:kept]}

    def table(self, met: set[Support], shares: dict[Support, float]) -> tuple[Candidate, ...]:
        rows = [self._candidate(support, shares[support]) for support in met]
        rows.sort(key=lambda c: (c.score, c.size, c.support))
        if self.criterion == "test":
            chosen = self._one_standard_error(rows)
            rows.sort(key=lambda c: (c.support != chosen, c.test_error, c.size))
        return tuple(rows)

    def _candidate(self, support: Support, share: float) -> Candidate:
        active = np.array(support, dtype=int)
        found = least_squares(self.whole, active, 0)
        unit = self.whole.target_scale[0] / self.whole.column_scale[active]
        held_out = float(np.sqrt(np.mean(np.square(self._test_errors(support)))))
        error = float(np.sqrt(found.mean_square))
        return Candidate(support, found.coefficients * unit, error, held_out, self.score(support), found.condition, share)

    def _test_errors(self, support: Support) -> np.ndarray:
        """Relative held-out root mean square of each split."""
        active = np.array(support, dtype=int)
        errors = []
        for (_, test), part in zip(self.halves, self.parts, strict=True):
            scaled = least_squares(part, active, 0).coefficients
            fitted = self.theta[np.ix_(test, active)] @ (scaled * part.target_scale[0] / part.column_scale[active])
            errors.append(np.sqrt(np.mean((self.target[test] - fitted) ** 2)) / self.whole.target_scale[0])
        return np.array(errors)

    def _one_standard_error(self, rows: list[Candidate]) -> Support:
        least = min(rows, key=lambda c: c.test_error)
        squares = self._test_errors(least.support) ** 2
        spread = np.std(squares, ddof=1) / np.sqrt(len(squares)) if len(squares) > 1 else 0.0
        allowed = np.mean(squares) + spread + self.floor**2
        within = [c for c in rows if c.test_error**2 <= allowed]
        return min(within, key=lambda c: (c.size, c.test_error)).support


def _with(support: Support, column: int) -> Support:
    return tuple(sorted((*support, column)))


def _without(support: Support, column: int) -> Support:
    return tuple(j for j in support if j != column)
