"""Systems whose equations do not couple."""

from typing import Any

import jax.numpy as jnp

from .structure import Structure

__all__ = ["Diagonal"]


class Diagonal(Structure):
    """The Jacobian is diagonal: component i of the derivative depends on component i of the state alone.

    Storage: the diagonal, (n,).  One direction finds it, a solve is a multiplication.
    """

    def storage_shape(self, n: int) -> tuple[int, ...]:
        return (n,)

    def rows(self, storage: Any) -> int:
        return storage.shape[0]

    def colours(self, n: int) -> int:
        return 1

    def pick(self, products: Any) -> Any:
        return products[0]

    def spread(self, columns: Any) -> Any:
        return columns

    def of_dense(self, matrix: Any) -> Any:
        return jnp.diagonal(matrix)

    def dense(self, storage: Any) -> Any:
        return jnp.diag(storage)

    def shifted(self, storage: Any, mass: Any, shift: Any) -> Any:
        return (shift if mass is None else shift * mass) - storage

    def matvec(self, storage: Any, v: Any) -> Any:
        return storage * v

    def rmatvec(self, storage: Any, v: Any) -> Any:
        return storage * v

    def factor(self, storage: Any) -> Any:
        return 1 / storage

    def solve(self, factors: Any, b: Any) -> Any:
        return factors * b

    def solve_transposed(self, factors: Any, b: Any) -> Any:
        return factors * b

    def singular(self, factors: Any) -> Any:
        return ~jnp.all(jnp.isfinite(factors) & (factors != 0))
