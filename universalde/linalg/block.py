"""Systems of small systems that do not couple."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from .dense import Dense
from .eliminate import factors_of
from .structure import Structure

__all__ = ["BlockDiagonal"]


class BlockDiagonal(Structure):
    """The Jacobian has square blocks of ``size`` rows along its diagonal and no other entries.

    Components that belong together follow each other in the raveled state, as when cells of a grid react without
    exchange: a state of shape (cells, species) has blocks of ``size=species``.  Storage: (n / size, size, size).
    """

    size: int

    def __post_init__(self) -> None:
        if not isinstance(self.size, int) or isinstance(self.size, bool) or self.size < 1:
            raise ValueError(f"BlockDiagonal(size={self.size!r}); size is the number of rows of a block, at least 1")

    def storage_shape(self, n: int) -> tuple[int, ...]:
        if n % self.size:
            raise ValueError(
                f"a state of {n} numbers does not divide into blocks of {self.size}; BlockDiagonal(size) needs a size that "
                f"divides {n}"
            )
        return (n // self.size, self.size, self.size)

    def rows(self, storage: Any) -> int:
        return storage.shape[0] * self.size

    def colours(self, n: int) -> int:
        self.storage_shape(n)
        return self.size

    def pick(self, products: Any) -> Any:
        return jnp.transpose(products.reshape(self.size, -1, self.size), (1, 2, 0))

    def spread(self, columns: Any) -> Any:
        return columns.reshape(-1, 1, self.size)

    def of_dense(self, matrix: Any) -> Any:
        count = self.storage_shape(matrix.shape[0])[0]
        blocks = matrix.reshape(count, self.size, count, self.size)
        return jnp.moveaxis(jnp.diagonal(blocks, axis1=0, axis2=2), -1, 0)

    def dense(self, storage: Any) -> Any:
        return jax.scipy.linalg.block_diag(*storage)

    def shifted(self, storage: Any, mass: Any, shift: Any) -> Any:
        return shift * (jnp.eye(self.size, dtype=storage.dtype) if mass is None else mass) - storage

    def matvec(self, storage: Any, v: Any) -> Any:
        return jnp.sum(storage * v.reshape(-1, 1, self.size), 2).reshape(-1)

    def rmatvec(self, storage: Any, v: Any) -> Any:
        return jnp.sum(storage * v.reshape(-1, self.size, 1), 1).reshape(-1)

    def factor(self, storage: Any) -> Any:
        return jax.vmap(partial(factors_of, pad=False))(storage)

    def solve(self, factors: Any, b: Any) -> Any:
        return jax.vmap(Dense().solve)(factors, b.reshape(-1, self.size)).reshape(-1)

    def solve_transposed(self, factors: Any, b: Any) -> Any:
        return jax.vmap(Dense().solve_transposed)(factors, b.reshape(-1, self.size)).reshape(-1)

    def singular(self, factors: Any) -> Any:
        return jnp.any(jax.vmap(Dense().singular)(factors))
