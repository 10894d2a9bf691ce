"""Full matrices."""

from typing import Any

from .eliminate import factors_of
from .structure import Structure

__all__ = ["Dense"]


class Dense(Structure):
    """Every entry of the Jacobian may be other than zero.  Storage: the matrix, (n, n)."""

    def storage_shape(self, n: int) -> tuple[int, ...]:
        return (n, n)

    def rows(self, storage: Any) -> int:
        return storage.shape[0]

    def colours(self, n: int) -> int:
        return n

    def pick(self, products: Any) -> Any:
        return products.T

    def spread(self, columns: Any) -> Any:
        return columns

    def of_dense(self, matrix: Any) -> Any:
        return matrix

    def dense(self, storage: Any) -> Any:
        return storage

    def matvec(self, storage: Any, v: Any) -> Any:
        return storage @ v

    def rmatvec(self, storage: Any, v: Any) -> Any:
        return v @ storage

    def factor(self, storage: Any) -> Any:
        return factors_of(storage)

    def solve(self, factors: Any, b: Any) -> Any:
        return factors.solve(b)

    def solve_transposed(self, factors: Any, b: Any) -> Any:
        return factors.solve_transposed(b)

    def singular(self, factors: Any) -> Any:
        return factors.singular()
