"""Solving with a full matrix, in the form that is quickest for its size.

What fits a native kernel is inverted there, by elimination with row interchanges in plain operations (Gauss and Jordan;
Golub & Van Loan, Matrix Computations, 3.4): each solve is then one product, where two triangles would be a chain of
2 n dependent steps.  Solutions are as near to the exact ones as by triangles; their residuals are not (docs/decisions.md).
What does not fit is factored by LAPACK.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ..base.hold import hold
from ..base.kernel import LARGEST_ARRAY
from ..base.loop import repeat

__all__ = ["Inverse", "Triangles", "factors_of"]

# Measured by bench/linalg.py.
LARGEST_WRITTEN_OUT = {"f": 4, "c": 3}
# LLVM writes out loops over fewer columns number by number, and then has no use for its vector registers.
LEAST_VECTORISED, SMALLEST_PADDED = 32, 9


def factors_of(matrix: Any, *, pad: bool = True) -> Any:
    """An :class:`Inverse` or :class:`Triangles`, by size; ``pad=False`` where many small matrices fill the registers."""
    if matrix.size * matrix.dtype.itemsize > LARGEST_ARRAY:
        return Triangles(*jax.scipy.linalg.lu_factor(matrix))
    n = matrix.shape[0]
    if n <= LARGEST_WRITTEN_OUT[matrix.dtype.kind]:
        return Inverse(_inverse_written_out(matrix))
    return Inverse(_inverse(matrix, LEAST_VECTORISED if pad and n >= SMALLEST_PADDED else n))


class Inverse(NamedTuple):
    """The inverse itself."""

    matrix: Any

    def solve(self, b: Any) -> Any:
        """The solution of ``A x = b``."""
        return _product(self.matrix, b)

    def solve_transposed(self, b: Any) -> Any:
        """The solution of ``A.T x = b``."""
        return _product(self.matrix.T, b)

    def singular(self) -> Any:
        """Whether a pivot was zero or not finite; it leaves its mark for good."""
        return ~jnp.all(jnp.isfinite(self.matrix))


class Triangles(NamedTuple):
    """L and U in one matrix, and the interchanges, as LAPACK's getrf leaves them."""

    matrix: Any
    interchanges: Any

    def solve(self, b: Any) -> Any:
        """The solution of ``A x = b``."""
        return jax.scipy.linalg.lu_solve(tuple(self), b)

    def solve_transposed(self, b: Any) -> Any:
        """The solution of ``A.T x = b``."""
        return jax.scipy.linalg.lu_solve(tuple(self), b, trans=1)

    def singular(self) -> Any:
        """Whether a pivot is zero or not finite."""
        pivots = jnp.diagonal(self.matrix)
        return ~jnp.all(jnp.isfinite(pivots) & (pivots != 0))


def _product(matrix: Any, v: Any) -> Any:
    """Matrix times vector; small ones number by number, as XLA does not do by itself."""
    n = v.shape[0]
    if n > LARGEST_WRITTEN_OUT[matrix.dtype.kind]:
        return matrix @ v
    rows = []
    for i in range(n):
        total = matrix[i, 0] * v[0]
        for j in range(1, n):
            total = total + matrix[i, j] * v[j]
        rows.append(total)
    return jnp.stack(rows)


def _inverse(matrix: Any, width: int) -> Any:
    """In place: step k exchanges unknown k with a right-hand side that is still free, the one with the largest pivot.

    ``width`` counts columns with some of zeros at the end.
    """
    n = matrix.shape[0]
    rows, columns = lax.iota(jnp.int32, n), lax.iota(jnp.int32, max(n, width))

    def step(k: Any, state: Any, private: Any) -> tuple:
        table, used, order = state
        column = lax.dynamic_index_in_dim(table, k, 1, keepdims=False)
        pivot_at = index_of_largest(column, ~used)
        pivot_row = lax.dynamic_index_in_dim(table, pivot_at, 0, keepdims=False)
        reciprocal = 1 / pivot_row[k]
        chosen, here = rows == pivot_at, columns == k
        # Held, or each would be computed anew for each entry of the table.
        pivot_row = hold(jnp.where(here, reciprocal, pivot_row * reciprocal))
        column = hold(column)
        rest = jnp.where(here, 0, table) - column[:, None] * pivot_row
        table = jnp.where(chosen[:, None], pivot_row, rest)
        return (table, used | chosen, jnp.where(rows == k, pivot_at, order)), private

    padded = jnp.pad(matrix, ((0, 0), (0, columns.shape[0] - n)))
    (table, _, order), _ = repeat(step, (padded, jnp.zeros(n, bool), rows), limit=n)
    # Row order[k] of the table holds unknown k, its column k belongs to right-hand side order[k].
    place = jnp.sum(jnp.where(order[:, None] == rows, rows[:, None], 0), 0)
    return table[order][:, place]


def index_of_largest(values: Any, allowed: Any) -> Any:
    """Index of the largest allowed entry, as one maximum over whole numbers.

    The bits of a positive number, read as a whole number, have its order; the last of them make room for the index.  It is
    quicker than an argmax, finds NaN before all else, and tells sizes apart to about five digits in single precision.
    """
    n, sizes = values.shape[0], magnitude(values)
    whole = {2: jnp.int16, 4: jnp.int32, 8: jnp.int64}[sizes.dtype.itemsize]
    room = whole((1 << max(1, (n - 1).bit_length())) - 1)
    keys = (lax.bitcast_convert_type(sizes, whole) & ~room) | lax.iota(whole, n)
    return (jnp.max(jnp.where(allowed, keys, whole(-1))) & room).astype(jnp.int32)


def magnitude(x: Any) -> Any:
    """Size of a number for the choice of a pivot."""
    return jnp.abs(jnp.real(x)) + jnp.abs(jnp.imag(x)) if jnp.iscomplexobj(x) else jnp.abs(x)


def _inverse_written_out(matrix: Any) -> Any:
    """The same number by number, for the smallest matrices: the pivot row is brought up by a chain of comparisons."""
    n = matrix.shape[0]
    table = [[matrix[i, j] for j in range(n)] for i in range(n)]
    interchanges = []
    for k in range(n):
        for i in range(k + 1, n):
            larger = ~(magnitude(table[i][k]) <= magnitude(table[k][k]))
            table[k], table[i] = _exchanged(larger, table[k], table[i])
            interchanges.append((k, i, larger))
        reciprocal = 1 / table[k][k]
        pivot_row = [reciprocal if j == k else table[k][j] * reciprocal for j in range(n)]
        for i in range(n):
            kept = [0 if j == k else table[i][j] for j in range(n)]
            table[i] = pivot_row if i == k else [x - table[i][k] * y for x, y in zip(kept, pivot_row, strict=True)]
    columns = [list(column) for column in zip(*table, strict=True)]
    for k, i, larger in reversed(interchanges):
        columns[k], columns[i] = _exchanged(larger, columns[k], columns[i])
    return jnp.stack([jnp.stack(column) for column in columns], 1)


def _exchanged(condition: Any, first: Sequence, second: Sequence) -> tuple[list, list]:
    """Both rows, exchanged where the condition holds."""
    pairs = list(zip(first, second, strict=True))
    return [jnp.where(condition, b, a) for a, b in pairs], [jnp.where(condition, a, b) for a, b in pairs]
