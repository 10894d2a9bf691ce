"""Choosing a support: threshold sweep, stepwise search, held-out errors and information criteria, output by output."""

from collections.abc import Iterable
from typing import NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Float, Num

from universalde.discover.criteria import check_criterion, information_criterion
from universalde.discover.search import Support, SupportSearch
from universalde.discover.sparse import Reduced, SparseMethod, least_squares, reduce_rows


class Splits(eqx.Module):
    """How rows are divided into training and test rows, `count` times.

    `kind="blocks"` holds out one of `count` blocks of consecutive rows at a time: the fitted equation must
    extrapolate to a stretch of the trajectory it has not seen. `kind="random"` holds out a random share, whose
    neighbours in time were all seen. On networks trained on 31 noisy points of the Lotka-Volterra problem four blocks
    found the right equation in 24 of 24 cases and five random splits in 8 (noise 0.5 %, accuracy 0.03). Rows without
    an order lose nothing with blocks.

    Raises `ValueError` for an unknown kind, fewer than 1 split (2 blocks) or a share outside (0, 1).

    `Splits("random", count=5, test_share=0.2).indices(100, seed=0)` is a list of 5 pairs of index arrays.
    """

    kind: str = "blocks"
    count: int = 4
    test_share: float | int = 0.2

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


def sweep(
    theta: Num[np.ndarray, "m p"],
    target: Num[np.ndarray, "m o"],
    method: SparseMethod,
    thresholds: "Iterable[float | int] | None" = None,
    criterion: str = "test",
    splits: Splits | None = None,
    seed: int = 0,
    *,
    samples: float | int | None = None,
    floor: float | int = 0.03,
    max_terms: int = 8,
) -> Sweep:
    """Supports along the method's path on every training split, completed by a stepwise search, scored and sorted.

    For each output: (1) the method runs over all thresholds on every training split and on all rows; (2) for each
    size up to `max_terms` the best support met so far is improved by exchanging one column at a time; (3) every
    distinct support is solved by least squares on all rows and scored; (4) held-out errors come from refits on the
    training rows.

    `criterion` is `"aic"`, `"aicc"`, `"bic"`, `"ebic"`, or `"test"`: the smallest support whose held-out error is
    within one standard error of the least. `samples` is the number of independent observations behind the rows
    (default: the rows); `floor` is the relative accuracy of the targets below which misfit does not count.

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
        met = pool.search(set().union(*(path[output] for path in paths)), size_limit)
        found.append(pool.table(met))
    return Sweep(tuple(found), criterion)


def _strengths(thresholds: "Iterable[float | int] | None", method: SparseMethod, problem: Reduced) -> np.ndarray:
    if thresholds is None:
        return method.default_strengths(problem, 60)
    values = np.asarray(list(thresholds), dtype=np.float64)
    if values.size == 0 or not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError(
            f"The thresholds {values.tolist()} were given; accepted are one or more positive finite numbers."
        )
    return values


def _path_supports(theta: np.ndarray, target: np.ndarray, method: SparseMethod, strengths: np.ndarray) -> list[set]:
    """Distinct supports along the path, one set per output."""
    supports, _ = method.paths(reduce_rows(theta, target, method.normalise), strengths)
    return [
        {tuple(int(i) for i in np.flatnonzero(row)) for row in supports[:, :, output]}
        for output in range(target.shape[1])
    ]


class _Pool:
    """Supports of one output with their scores and held-out errors."""

    def __init__(
        self, theta: np.ndarray, target: np.ndarray, halves: list, criterion: str, samples: float | int, floor: float
    ) -> None:
        self.theta, self.target, self.halves = theta, target, halves
        self.criterion, self.samples, self.floor = criterion, samples, floor
        self.whole = reduce_rows(theta, target[:, None])
        self.parts = [reduce_rows(theta[train], target[train, None]) for train, _ in halves]
        self.finder = SupportSearch(self.whole)

    def search(self, met: set[Support], size_limit: int) -> set[Support]:
        """The supports met and the best few of every size, which the raw data may prefer."""
        return self.finder.search(met, size_limit) | self.finder.runners_up(size_limit, 6)

    def score(self, support: Support) -> float:
        name = "ebic" if self.criterion == "test" else self.criterion
        effective = self.finder.square(support) + self.floor**2
        return information_criterion(name, effective, self.samples, len(support), self.theta.shape[1])

    def table(self, met: set[Support]) -> tuple[Candidate, ...]:
        rows = [self._candidate(support) for support in met]
        rows.sort(key=lambda c: (c.score, c.size, c.support))
        if self.criterion == "test":
            chosen = self._one_standard_error(rows)
            rows.sort(key=lambda c: (c.support != chosen, c.test_error, c.size))
        return tuple(rows)

    def _candidate(self, support: Support) -> Candidate:
        active = np.array(support, dtype=int)
        found = least_squares(self.whole, active, 0)
        unit = self.whole.target_scale[0] / self.whole.column_scale[active]
        held_out = float(np.sqrt(np.mean(np.square(self._test_errors(support)))))
        error = float(np.sqrt(found.mean_square))
        return Candidate(support, found.coefficients * unit, error, held_out, self.score(support), found.condition)

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
