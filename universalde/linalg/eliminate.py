"""Solving with a full matrix: elimination with row interchanges, in the form that is quickest for its size.

Small matrices are eliminated in plain operations, so that the solve which holds them stays one native kernel; large ones
are LAPACK's.  Golub & Van Loan, Matrix Computations, 3.2 and 3.4.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ..base.loop import repeat

__all__ = ["Lapack", "Rolled", "form"]

LARGEST_ROLLED = 100


def form(matrix: Any) -> Any:
    """The kind of factors for a matrix of this size."""
    return Rolled if matrix.shape[0] <= LARGEST_ROLLED else Lapack


class Rolled(NamedTuple):
    """L (below the diagonal), U, and the order of the rows, by a loop over the columns."""

    matrix: Any
    order: Any

    @staticmethod
    def factor(matrix: Any) -> "Rolled":
        """Column after column: the largest pivot comes up, and the rest of the matrix changes by one outer product."""
        rows = jnp.arange(matrix.shape[0])

        def step(k: Any, state: Any, private: Any) -> tuple:
            matrix, order = state
            column = _column(matrix, k)
            pivot_at = jnp.argmax(jnp.where(rows < k, -1, jnp.abs(column)))
            pivot_row, upper_row = _row(matrix, pivot_at), _row(matrix, k)
            here, there = rows == k, rows == pivot_at
            factors = jnp.where(there, column[k], column) / pivot_row[k]
            below = rows > k
            swapped = jnp.where(here[:, None], pivot_row, jnp.where(there[:, None], upper_row, matrix))
            eliminated = swapped - jnp.where(below, factors, 0)[:, None] * pivot_row
            left, at = rows < k, below[:, None] & here
            matrix = jnp.where(left, swapped, jnp.where(at, factors[:, None], eliminated))
            order = jnp.where(here, order[pivot_at], jnp.where(there, order[k], order))
            return (matrix, order), private

        (matrix, order), _ = repeat(step, (matrix, rows), limit=matrix.shape[0])
        return Rolled(matrix, order)

    def solve(self, b: Any) -> Any:
        """Forwards through L, backwards through U."""
        rows, n = jnp.arange(b.shape[0]), b.shape[0]

        def forwards(k: Any, x: Any, private: Any) -> tuple:
            return x - jnp.where(rows > k, _column(self.matrix, k), 0) * x[k], private

        def backwards(i: Any, x: Any, private: Any) -> tuple:
            k = n - 1 - i
            column = _column(self.matrix, k)
            found = x[k] / column[k]
            return jnp.where(rows == k, found, x - jnp.where(rows < k, column, 0) * found), private

        x, _ = repeat(forwards, b[self.order], limit=n)
        return repeat(backwards, x, limit=n)[0]

    def solve_transposed(self, b: Any) -> Any:
        """Forwards through the transpose of U, backwards through that of L."""
        rows, n = jnp.arange(b.shape[0]), b.shape[0]

        def forwards(k: Any, x: Any, private: Any) -> tuple:
            row = _row(self.matrix, k)
            found = x[k] / row[k]
            return jnp.where(rows == k, found, x - jnp.where(rows > k, row, 0) * found), private

        def backwards(i: Any, x: Any, private: Any) -> tuple:
            k = n - 1 - i
            return x - jnp.where(rows < k, _row(self.matrix, k), 0) * x[k], private

        x, _ = repeat(forwards, b, limit=n)
        x, _ = repeat(backwards, x, limit=n)
        return jnp.sum(jnp.where(self.order[:, None] == rows, x[:, None], 0), 0)

    def singular(self) -> Any:
        """Whether a pivot is zero or not finite."""
        pivots = jnp.diagonal(self.matrix)
        return ~jnp.all(jnp.isfinite(pivots) & (pivots != 0))


class Lapack(NamedTuple):
    """L, U and interchanges as LAPACK's getrf leaves them."""

    matrix: Any
    interchanges: Any

    @staticmethod
    def factor(matrix: Any) -> "Lapack":
        return Lapack(*jax.scipy.linalg.lu_factor(matrix))

    def solve(self, b: Any) -> Any:
        return jax.scipy.linalg.lu_solve(self, b)

    def solve_transposed(self, b: Any) -> Any:
        return jax.scipy.linalg.lu_solve(self, b, trans=1)

    def singular(self) -> Any:
        """Whether a pivot is zero or not finite."""
        pivots = jnp.diagonal(self.matrix)
        return ~jnp.all(jnp.isfinite(pivots) & (pivots != 0))


def _row(matrix: Any, k: Any) -> Any:
    return lax.dynamic_index_in_dim(matrix, k, 0, keepdims=False)


def _column(matrix: Any, k: Any) -> Any:
    return lax.dynamic_index_in_dim(matrix, k, 1, keepdims=False)
