"""Systems that carry integrals along: components that no equation reads."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .structure import Structure, along_each, directions

__all__ = ["WithIntegrals"]


class Bordered(NamedTuple):
    """The matrix ``[[A, 0], [B, c 1]]``: storage (or factors) of A, the rows B, the number c."""

    top: Any
    below: Any
    tail: Any


class WithIntegrals(Structure):
    """The first ``states`` components are a system of structure ``inner``; the others are integrals that no equation reads.

    A solve costs what one of the system alone costs, and a product: p integrals over n states n p multiplications, not
    elimination in n + p unknowns.
    """

    inner: Structure
    states: int

    def storage_shape(self, n: int) -> tuple[int, ...]:
        return (n, self.states)

    def rows(self, storage: Bordered) -> int:
        return self.states + storage.below.shape[0]

    def colours(self, n: int) -> int:
        return self.states

    def jacobian(self, f: Any, y: Any) -> Bordered:
        push = lambda direction: jax.jvp(f, (y,), (direction,))[1]  # noqa: E731
        seeds = directions(self.states, y[: self.states])
        seeds = jnp.concatenate([seeds, jnp.zeros((self.states, y.size - self.states), y.dtype)], axis=1)
        return self.of_dense(along_each(push, seeds).T)

    def of_dense(self, matrix: Any) -> Bordered:
        n = self.states
        tail = matrix[-1, -1] if matrix.shape[1] > n else jnp.zeros((), matrix.dtype)
        return Bordered(self.inner.of_dense(matrix[:n, :n]), matrix[n:, :n], tail)

    def dense(self, storage: Bordered) -> Any:
        top, below = self.inner.dense(storage.top), storage.below
        unit = storage.tail * jnp.eye(below.shape[0], dtype=below.dtype)
        return jnp.block([[top, jnp.zeros((self.states, below.shape[0]), below.dtype)], [below, unit]])

    def of_mass(self, mass: Any) -> Bordered:
        n, rows = self.states, mass.shape[0]
        top = mass[:n] if mass.ndim == 1 else mass[:n, :n]
        return Bordered(self.inner.of_mass(top), jnp.zeros((rows - n, n), mass.dtype), jnp.ones((), mass.dtype))

    def shifted(self, storage: Bordered, mass: Any, shift: Any) -> Bordered:
        top = self.inner.shifted(storage.top, None if mass is None else mass.top, shift)
        return Bordered(top, -storage.below, shift - storage.tail)

    def matvec(self, storage: Bordered, v: Any) -> Any:
        x, integrals = v[: self.states], v[self.states :]
        return jnp.concatenate([self.inner.matvec(storage.top, x), storage.below @ x + storage.tail * integrals])

    def rmatvec(self, storage: Bordered, v: Any) -> Any:
        x, integrals = v[: self.states], v[self.states :]
        return jnp.concatenate([self.inner.rmatvec(storage.top, x) + integrals @ storage.below, storage.tail * integrals])

    def factor(self, storage: Bordered) -> Bordered:
        return storage._replace(top=self.inner.factor(storage.top))

    def solve(self, factors: Bordered, b: Any) -> Any:
        x = self.inner.solve(factors.top, b[: self.states])
        return jnp.concatenate([x, (b[self.states :] - factors.below @ x) / factors.tail])

    def solve_transposed(self, factors: Bordered, b: Any) -> Any:
        integrals = b[self.states :] / factors.tail
        return jnp.concatenate([self.inner.solve_transposed(factors.top, b[: self.states] - integrals @ factors.below), integrals])

    def singular(self, factors: Bordered) -> Any:
        return self.inner.singular(factors.top) | (factors.tail == 0)
