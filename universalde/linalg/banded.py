"""Banded matrices, as discretised one-dimensional partial differential equations have them."""

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..base.buffers import read, sweep
from .structure import Structure

__all__ = ["Banded"]


class Banded(Structure):
    """Row i of the Jacobian has entries in columns i - lower to i + upper only.

    ``lower + upper + 1`` directions find it; a factorisation of n rows takes about ``2 n lower (lower + upper)`` operations.
    A grid of c fields is banded when the fields of one point follow each other, a state of shape (points, c): second
    differences then have ``lower = upper = 2 c - 1``.  Storage: (n, lower + upper + 1), row by row.
    """

    lower: int
    upper: int

    def __post_init__(self) -> None:
        for name, width in (("lower", self.lower), ("upper", self.upper)):
            if not isinstance(width, int) or isinstance(width, bool) or width < 0:
                raise ValueError(
                    f"Banded({name}={width!r}); {name} is the number of diagonals on that side, a whole number of at least 0"
                )

    @property
    def width(self) -> int:
        """Number of diagonals."""
        return self.lower + self.upper + 1

    def storage_shape(self, n: int) -> tuple[int, ...]:
        if max(self.lower, self.upper) >= n:
            raise ValueError(f"{self} reaches beyond a matrix of {n} rows; at most {n - 1} on a side, or ude.Dense()")
        return (n, self.width)

    def rows(self, storage: Any) -> int:
        return storage.shape[0]

    def colours(self, n: int) -> int:
        self.storage_shape(n)
        return self.width

    def pick(self, products: Any) -> Any:
        """Entry d of row i comes from colour (i - lower + d) mod width."""
        width, n = products.shape
        whole = -(-n // width)
        turned = jnp.pad(jnp.roll(products, self.lower, 0), ((0, 0), (0, whole * width - n)))
        tables = jnp.transpose(turned.reshape(width, whole, width), (1, 2, 0))  # (turn, row in turn, colour)
        rows = jax.vmap(lambda table: _diagonals(jnp.concatenate([table, table], 1), width))(tables)
        return self._cut(rows.reshape(-1, width)[:n])

    def spread(self, columns: Any) -> Any:
        return self._windows(columns)

    def of_dense(self, matrix: Any) -> Any:
        self.storage_shape(matrix.shape[0])
        return _diagonals(jnp.pad(matrix, ((0, 0), (self.lower, self.upper))), self.width)

    def dense(self, storage: Any) -> Any:
        n, width = storage.shape
        total = n + width - 1
        sheared = jnp.pad(storage, ((0, 0), (0, total + 1 - width))).reshape(-1)[: n * total]
        return sheared.reshape(n, total)[:, self.lower : self.lower + n]

    def shifted(self, storage: Any, mass: Any, shift: Any) -> Any:
        if mass is not None:
            return shift * mass - storage
        return shift * (np.arange(self.width) == self.lower) - storage

    def matvec(self, storage: Any, v: Any) -> Any:
        padded, n = jnp.pad(v, (self.lower, self.upper)), v.shape[0]
        return reduce(add, (storage[:, d] * padded[d : d + n] for d in range(self.width)))

    def rmatvec(self, storage: Any, v: Any) -> Any:
        n, terms = v.shape[0], storage * v[:, None]
        total = n + self.width - 1
        moved = (jnp.pad(terms[:, d], (d, total - n - d)) for d in range(self.width))
        return reduce(add, moved)[self.lower : self.lower + n]

    def factor(self, storage: Any) -> Any:
        return factor(storage, self.lower, self.upper)

    def solve(self, factors: Any, b: Any) -> Any:
        return factors.solve(b)

    def solve_transposed(self, factors: Any, b: Any) -> Any:
        return factors.solve_transposed(b)

    def singular(self, factors: Any) -> Any:
        pivots = factors.upper[:, 0]
        return ~jnp.all(jnp.isfinite(pivots) & (pivots != 0))

    def _windows(self, v: Any) -> Any:
        """Row i holds the components i - lower to i + upper of ``v``, zeros beyond its ends."""
        padded = jnp.pad(v, (self.lower, self.upper))
        return jnp.stack([padded[d : d + v.shape[0]] for d in range(self.width)], 1)

    def _cut(self, storage: Any) -> Any:
        """Zeros where a row reaches beyond the matrix."""
        return jnp.where(self._windows(jnp.ones(storage.shape[0], bool)), storage, 0)


def _diagonals(table: Any, width: int) -> Any:
    """Entries i to i + width - 1 of row i, for each row: a reshape in which each row starts one entry later."""
    n, total = table.shape
    return jnp.pad(table.reshape(-1), (0, n)).reshape(n, total + 1)[:, :width]


class BandFactors(NamedTuple):
    """Row k of ``upper`` is row k of U from its pivot on; of ``lower`` the multipliers of the rows below it.

    ``swap`` says with which of the next rows row k was exchanged, before its elimination.
    """

    upper: Any
    lower: Any
    swap: Any

    def solve(self, b: Any) -> Any:
        """Forwards through the eliminations, backwards through U."""
        below, right = self.lower.shape[1], self.upper.shape[1] - 1
        ahead = jnp.pad(b, (0, below + 1))

        def eliminate(k: Any, window: Any) -> tuple:
            window = _exchange(window, read(self.swap, k))
            rest = window[1:] - read(self.lower, k) * window[0]
            return jnp.append(rest, read(ahead, k + below + 1)), window[0]

        y = _sweep(eliminate, ahead[: below + 1], b)

        def substitute(k: Any, known: Any) -> tuple:
            row = read(self.upper, k)
            found = (read(y, k) - jnp.sum(row[1:] * known)) / row[0]
            return jnp.append(found, known)[:right], found

        return _sweep(substitute, jnp.zeros(right, b.dtype), b, backwards=True)

    def solve_transposed(self, b: Any) -> Any:
        """Forwards through the transpose of U, backwards through the transposed eliminations."""
        below, right = self.lower.shape[1], self.upper.shape[1] - 1

        def substitute(k: Any, sums: Any) -> tuple:
            row = read(self.upper, k)
            sums = jnp.append(sums, jnp.zeros(1, b.dtype))
            found = (read(b, k) - sums[0]) / row[0]
            return sums[1:] + row[1:] * found, found

        y = _sweep(substitute, jnp.zeros(right, b.dtype), b)

        def eliminate(k: Any, later: Any) -> tuple:
            here = read(y, k) - jnp.sum(read(self.lower, k) * later)
            window = _exchange(jnp.append(here, later), read(self.swap, k))
            return window[:below], window[below]

        # Row k + below is settled once row k has been: rows come out late by that much.
        n = b.shape[0]
        rest, settled = sweep(eliminate, jnp.zeros(below, b.dtype), jnp.zeros(n + below, b.dtype), n, True, below)
        return jnp.concatenate([rest, settled[below:n]]) if below else settled


def factor(storage: Any, lower: int, upper: int) -> BandFactors:
    """Elimination with row interchanges in a window of ``lower + 1`` rows that moves down the band (LAPACK's gbtf2)."""
    n, width = storage.shape
    fill = lower + upper + 1
    ahead = jnp.pad(storage, ((0, lower + 1), (0, 0)))
    window = jnp.stack([jnp.pad(ahead[r, lower - r :], (0, lower - r)) for r in range(lower + 1)])

    def step(k: Any, window: Any) -> tuple:
        swap = jnp.argmax(jnp.abs(window[:, 0]))
        window = _exchange(window, swap)
        multipliers = window[1:, 0] / window[0, 0]
        rest = window[1:, 1:] - multipliers[:, None] * window[0, 1:]
        window_next = jnp.concatenate([jnp.pad(rest, ((0, 0), (0, 1))), read(ahead, k + lower + 1)[None]])
        return window_next, BandFactors(window[0], multipliers, swap.astype(jnp.int32))

    rows = BandFactors(
        jnp.zeros((n, fill), storage.dtype), jnp.zeros((n, lower), storage.dtype), jnp.zeros(n, jnp.int32)
    )
    return sweep(step, window, rows, n)[1]


def _exchange(window: Any, other: Any) -> Any:
    """``window`` with its first row and row ``other`` exchanged."""
    index = jnp.arange(window.shape[0]).reshape(-1, *[1] * (window.ndim - 1))
    row = lax.dynamic_index_in_dim(window, other, 0)
    return jnp.where(index == 0, row, jnp.where(index == other, window[:1], window))


def _sweep(step: Callable, state: Any, like: Any, backwards: bool = False) -> Any:
    """The rows that ``step(k, state) -> (state, row)`` gives for every k, in order of k."""
    return sweep(step, state, jnp.zeros(like.shape, like.dtype), like.shape[0], backwards)[1]
