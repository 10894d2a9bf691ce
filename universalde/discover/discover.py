"""`discover`: from values of a learned term to its equation."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import sympy
from jax import Array
from jaxtyping import Shaped

from universalde.discover.checks import Rows, check_rows, check_theta
from universalde.discover.expression import SparseModel
from universalde.discover.identify import Group, exchange_notes, group_columns, group_notes, prefer_simple
from universalde.discover.library import Library
from universalde.discover.methods import STLSQ
from universalde.discover.select import Candidate, Splits, sweep
from universalde.discover.sparse import ILL_CONDITIONED, SparseMethod

TIE = 2.0  # a difference in an information criterion "not worth more than a bare mention" (Kass, Raftery 1995)


class TableRow(NamedTuple):
    """One line of `Discovery.table`. Errors are relative to the root mean square of the target."""

    output: str
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    error: float
    test_error: float
    score: float
    condition: float


@dataclass(frozen=True)
class Discovery:
    """What `discover` found. Printing it gives the equations, the table of the best candidates and the notes."""

    library: Library
    outputs: tuple[str, ...]
    ranked: tuple[tuple[Candidate, ...], ...]  # per output, the chosen one first
    groups: tuple[Group, ...]
    criterion: str
    notes: tuple[str, ...]

    @property
    def model(self) -> SparseModel:
        """The chosen equations as a callable for the right-hand side."""
        return self._combine([ranked[0] for ranked in self.ranked])

    @property
    def expressions(self) -> list[sympy.Expr]:
        """The chosen equations as SymPy expressions, one per output."""
        return self.model.expressions

    @property
    def score(self) -> float:
        """The criterion of the chosen equations, summed over outputs."""
        return float(sum(ranked[0].score for ranked in self.ranked))

    @property
    def condition(self) -> tuple[float, ...]:
        """Condition number of the active columns, scaled to length one, per output."""
        return tuple(ranked[0].condition for ranked in self.ranked)

    @property
    def table(self) -> list[list[TableRow]]:
        """All candidates of each output, the chosen one first."""
        return [
            [_table_row(name, c, self.library.labels) for c in ranked]
            for name, ranked in zip(self.outputs, self.ranked, strict=True)
        ]

    def candidates(self, k: int = 20, max_terms: int = 3) -> list[SparseModel]:
        """Up to `k` models of every size, for `choose_by_data`, which has the last word; the chosen one comes first.

        Each output has at most `max_terms` terms (a longer choice is left out). For every total number of terms the
        models with the least error are taken in turn, so that no size is left out: the criterion judges the learned
        term as if its errors were independent, but the errors of a trained network are smooth, and the right support
        can rank low.
        """
        if k < 1 or max_terms < 1:
            raise ValueError(f"{k} candidates of {max_terms} terms were asked for; give whole numbers from 1 upwards.")
        chosen = [ranked[0] for ranked in self.ranked]
        short = [[c for c in ranked if c.size <= max_terms] for ranked in self.ranked]
        by_size: dict[int, list[tuple[float, list[Candidate]]]] = {0: [(0.0, [])]}
        for ranked in short:
            by_size = _joined(by_size, ranked, k)
        queues = [[row for _, row in by_size[size]] for size in sorted(by_size) if size > 0]
        turns = [row for turn in itertools.zip_longest(*queues) for row in turn if row is not None]
        rest = [row for row in turns if any(a is not b for a, b in zip(row, chosen, strict=True))]
        first = [chosen] if all(c.size <= max_terms for c in chosen) else []
        return [self._combine(row) for row in [*first, *rest][:k]]

    def __str__(self) -> str:
        lines = [str(self.model), ""]
        for rows in self.table:
            name = "ebic" if self.criterion == "test" else self.criterion
            lines.append(f"{rows[0].output}: {'error':>9} {'held out':>9} {name:>10}  terms")
            for row in rows[:6]:
                terms = " + ".join(f"{c:.4g}*{t}" for c, t in zip(row.coefficients, row.terms, strict=True)) or "0"
                lines.append(
                    f"{'':{len(row.output) + 1}} {row.error:9.2e} {row.test_error:9.2e} {row.score:10.2f}  {terms}"
                )
        return "\n".join([*lines, *(f"Note. {note}" for note in self.notes)])

    def _combine(self, row: Sequence[Candidate]) -> SparseModel:
        support = [(o, j) for o, c in enumerate(row) for j in c.support]
        values = np.concatenate([c.coefficients for c in row])
        return SparseModel(self.library, support, values, self.outputs)


def _joined(
    by_size: dict[int, list[tuple[float, list[Candidate]]]], ranked: Sequence[Candidate], k: int
) -> dict[int, list[tuple[float, list[Candidate]]]]:
    """Combine with one more output, keeping for every total size the k rows of least summed log error."""
    longer: dict[int, list[tuple[float, list[Candidate]]]] = {}
    for size, rows in by_size.items():
        for error, row in rows:
            for c in ranked:
                longer.setdefault(size + c.size, []).append((error + float(np.log(c.error + 1e-300)), [*row, c]))
    return {size: sorted(rows, key=lambda pair: pair[0])[:k] for size, rows in longer.items()}


def discover(
    inputs: Shaped[Array | np.ndarray, "..."],
    targets: Shaped[Array | np.ndarray, "..."],
    library: Library,
    *,
    method: SparseMethod | None = None,
    thresholds: "Iterable[float | int] | None" = None,
    criterion: str = "test",
    splits: Splits | None = None,
    weights: "Shaped[Array | np.ndarray, '...'] | None" = None,
    samples: float | int | None = None,
    accuracy: float | int = 0.03,
    collinearity: float | int = 1e-4,
    drop_missing: bool = False,
    outputs: "Sequence[str] | None" = None,
    seed: int = 0,
) -> Discovery:
    r"""Sparse equations $y_o\approx\sum_j\xi_{jo}\theta_j(u)$ for values of a learned term.

    `inputs` is `(m, d)` (what the network saw, in order of time), `targets` `(m, o)` or `(m,)` (what it answered).

    1. Candidates that are multiples of one another on these inputs, to the relative difference `collinearity`, are
       represented by the simplest of them; a note says so.
    2. `sweep` finds supports for every output with `method` (default `STLSQ()`) over `thresholds` (default: a range
       read off the data) and a stepwise search. With `criterion="test"` it chooses the smallest support whose error
       on held-out rows is within one standard error of the least; `splits` is by default four blocks of consecutive
       rows. With an information criterion it chooses the least value, and of values within 2 the simplest support.

    `accuracy` is the relative accuracy of the targets, below which misfit does not count: 0.03 suits a trained
    network; give 1e-6 for exact derivatives. `weights` `(m,)` multiply the squared errors of the rows. `samples` is
    the number of independent measurements behind the rows, for the information criteria: a network trained on 31
    observations and evaluated at 1000 points holds 31. With `drop_missing` rows with NaN or inf are left out, with a
    note.

    The choice made here sees only the learned term. `choose_by_data` refits `found.candidates()` on the measurements.

    Raises `ValueError` for shapes or names that do not fit, missing values, fewer rows than candidates, targets that
    are zero everywhere, thresholds that are not positive, or candidates that are not finite on the inputs.

    `discover(u, -0.9 * u[:, 0] * u[:, 1], polynomials(["x", "y"], 3)).expressions` is `[-0.9*x*y]`.

    Sources: Brunton, Proctor, Kutz 2016; Rackauckas et al. 2020; Chen, Chen 2008 (the criterion).
    """
    rows = check_rows(inputs, targets, library, weights, drop_missing, outputs)
    _check_scalars(accuracy, collinearity, samples)
    theta = library.matrix(rows.inputs)
    check_theta(theta, library, rows.inputs)
    root = np.sqrt(rows.weights)[:, None]
    groups, vanished = group_columns(theta * root, library.complexities, collinearity)
    kept = [group.members[0] for group in groups]
    found = sweep(
        theta[:, kept] * root, rows.targets * root, method or STLSQ(), thresholds, criterion, splits, seed,
        samples=samples, floor=accuracy,
    )  # fmt: skip
    ranked = tuple(tuple(_translated(c, kept) for c in candidates) for candidates in found.candidates)
    if criterion != "test":
        ranked = tuple(prefer_simple(candidates, library.complexities, TIE) for candidates in ranked)
    notes = [*rows.notes, *_notes(ranked, rows, library, groups, vanished, theta * root, accuracy)]
    return Discovery(library, rows.outputs, ranked, tuple(groups), criterion, tuple(notes))


def _notes(
    ranked: tuple[tuple[Candidate, ...], ...],
    rows: Rows,
    library: Library,
    groups: list[Group],
    vanished: list[int],
    theta: np.ndarray,
    accuracy: float | int,
) -> list[str]:
    labels = library.labels
    used = {j for candidates in ranked for j in candidates[0].support}
    notes = group_notes(groups, used, labels, theta)
    if vanished:
        notes.append(f"Zero on all rows and left out: {', '.join(labels[j] for j in vanished)}.")
    for name, candidates in zip(rows.outputs, ranked, strict=True):
        notes += exchange_notes(name, candidates, labels, accuracy)
        if candidates[0].condition > ILL_CONDITIONED:
            notes.append(
                f"{name}: the active columns have condition number {candidates[0].condition:.0e}; "
                "the data hardly determine the single coefficients."
            )
        if not candidates[0].size:
            notes.append(f"{name}: no candidate explains more than it costs; the equation is 0.")
    return notes


def _translated(candidate: Candidate, kept: list[int]) -> Candidate:
    """From positions among the kept columns to positions in the library."""
    order = np.argsort([kept[j] for j in candidate.support], kind="stable")
    support = tuple(kept[candidate.support[i]] for i in order)
    return candidate._replace(support=support, coefficients=candidate.coefficients[order])


def _table_row(name: str, c: Candidate, labels: Sequence[str]) -> TableRow:
    terms = tuple(labels[j] for j in c.support)
    values = tuple(float(v) for v in c.coefficients)
    return TableRow(name, terms, values, c.error, c.test_error, c.score, c.condition)


def _check_scalars(accuracy: float | int, collinearity: float | int, samples: float | int | None) -> None:
    for name, value in (("accuracy", accuracy), ("collinearity", collinearity)):
        if not 0 < value < 1:
            raise ValueError(f"{name} = {value} was given; accepted is a relative size between 0 and 1, such as 1e-3.")
    if samples is not None and not samples > 0:
        raise ValueError(f"samples = {samples} was given; accepted is the positive number of independent measurements.")
