"""Stepwise search for the best supports of every size, on a compressed least-squares problem."""

import numpy as np

from universalde.discover.sparse import Reduced, least_squares

Support = tuple[int, ...]


class SupportSearch:
    """Least-squares misfit of supports for one output, each solved once and remembered."""

    def __init__(self, problem: Reduced, output: int = 0) -> None:
        self.problem, self.output = problem, output
        self.columns = problem.factor.shape[1]
        self.squares: dict[Support, float] = {}

    def square(self, support: Support) -> float:
        """Mean squared residual, in the scaling of the problem."""
        if support not in self.squares:
            found = least_squares(self.problem, np.array(support, dtype=int), self.output)
            self.squares[support] = found.mean_square
        return self.squares[support]

    def search(self, met: set[Support], size_limit: int) -> set[Support]:
        """The supports met, and for every size the best one reached by growing, shrinking and exchanging columns."""
        met = set(met) | {()}
        for size in range(1, size_limit + 1):
            starts = [s for s in met if len(s) == size] + self._grown(met, size) + self._shrunk(met, size)
            met.add(self._exchange(min(starts, key=self.square)))
        for size in range(size_limit - 1, 0, -1):  # backwards: a good large support often contains a good small one
            starts = [s for s in met if len(s) == size] + self._shrunk(met, size)
            met.add(self._exchange(min(starts, key=self.square)))
        return met

    def runners_up(self, size_limit: int, kept: int) -> set[Support]:
        """The best few of everything solved so far, for every size."""
        sizes = [[s for s in self.squares if len(s) == size] for size in range(1, size_limit + 1)]
        return {s for group in sizes for s in sorted(group, key=self.square)[:kept]}

    def _grown(self, met: set[Support], size: int) -> list[Support]:
        best = self._best_of(met, size - 1)
        return [] if best is None else [_with(best, j) for j in range(self.columns) if j not in best]

    def _shrunk(self, met: set[Support], size: int) -> list[Support]:
        best = self._best_of(met, size + 1)
        return [] if best is None else [_without(best, j) for j in best]

    def _best_of(self, met: set[Support], size: int) -> Support | None:
        return min((s for s in met if len(s) == size), key=self.square, default=None)

    def _exchange(self, support: Support) -> Support:
        """Exchange one column at a time while that lowers the misfit."""
        while True:
            rest = [j for j in range(self.columns) if j not in support]
            trials = [_with(_without(support, out), into) for out in support for into in rest]
            best = min(trials, key=self.square, default=support)
            if self.square(best) >= self.square(support) * (1 - 1e-9):
                return support
            support = best


def _with(support: Support, column: int) -> Support:
    return tuple(sorted((*support, column)))


def _without(support: Support, column: int) -> Support:
    return tuple(j for j in support if j != column)
