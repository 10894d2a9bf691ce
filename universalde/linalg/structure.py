"""Where a square matrix has entries, and what can be done with such a matrix."""

import abc
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..base.checks import is_concrete
from ..base.kernel import LARGEST_ARRAY, obstacle
from ..base.static import Static

__all__ = ["Structure"]


class Structure(Static):
    """Which entries of a Jacobian can be other than zero.

    The entries of one matrix are its ``storage``, an array (for a structure that keeps no entries: any pytree).  Everything
    that a stiff method asks of a matrix is a method here, so that a new structure is one class.  Columns of the same
    colour, ``column % colours(n)``, have no row in common: one direction finds them all (Curtis, Powell & Reid 1974).

    A structure without entries need not have ``colours``, ``pick`` and ``spread``; it then writes ``jacobian``
    and ``differences`` itself.
    """

    @abc.abstractmethod
    def storage_shape(self, n: int) -> tuple[int, ...]:
        """Shape of the storage of an (n, n) matrix."""

    @abc.abstractmethod
    def rows(self, storage: Any) -> int:
        """Number of rows of the matrix."""

    def colours(self, n: int) -> int:
        """Number of directions that find every entry."""
        raise NotImplementedError

    def pick(self, products: Any) -> Any:
        """The storage, from the products of the matrix with the directions, (colours, n)."""
        raise NotImplementedError

    def spread(self, columns: Any) -> Any:
        """One number per column, (n,), at each entry of that column; it multiplies a storage."""
        raise NotImplementedError

    def jacobian(self, f: Callable, y: Any) -> Any:
        """Storage of the Jacobian of ``f`` (vector to vector) at ``y``, by forward mode."""
        push = lambda direction: jax.jvp(f, (y,), (direction,))[1]  # noqa: E731
        return self.pick(along_each(push, directions(self.colours(y.size), y)))

    def differences(self, f: Callable, y: Any, f0: Any, scale: Any) -> Any:
        """Storage of the Jacobian by forward differences; ``scale`` is what counts as a large entry of ``y``."""
        size = jnp.maximum(jnp.abs(y), scale)
        # The increment is what the sum holds, not what was asked for (Dennis & Schnabel 1983, 5.4).
        increment = (y + jnp.sqrt(jnp.finfo(y.dtype).eps) * jnp.where(jnp.real(y) < 0, -size, size)) - y
        seeds = directions(self.colours(y.size), y)
        products = along_each(lambda direction: f(y + direction * increment) - f0, seeds)
        return self.pick(products) * self.spread(1 / increment)

    @abc.abstractmethod
    def of_dense(self, matrix: Any) -> Any:
        """Storage of an (n, n) matrix; entries outside the structure are left out."""

    @abc.abstractmethod
    def dense(self, storage: Any) -> Any:
        """The matrix with its zeros, (n, n)."""

    def of_mass(self, mass: Any) -> Any:
        """Storage of a mass matrix, given as its diagonal (n,) or whole (n, n)."""
        if jnp.ndim(mass) == 1:
            return self.of_dense(jnp.diag(jnp.asarray(mass)))
        storage = self.of_dense(jnp.asarray(mass))
        if is_concrete(mass) and is_concrete(storage) and not np.array_equal(self.dense(storage), mass):
            raise ValueError(
                f"the mass matrix has entries outside {self}; give a structure that holds them, for example ude.Dense()"
            )
        return storage

    def shifted(self, storage: Any, mass: Any, shift: Any) -> Any:
        """Storage of ``shift * mass - J`` from the storage of J; ``mass`` is a storage too, ``None`` the identity."""
        one = jnp.ones(self.rows(storage), storage.dtype)
        return shift * (self.of_mass(one) if mass is None else mass) - storage

    @abc.abstractmethod
    def matvec(self, storage: Any, v: Any) -> Any:
        """The matrix times ``v``; linear in both."""

    @abc.abstractmethod
    def rmatvec(self, storage: Any, v: Any) -> Any:
        """The transposed matrix times ``v``."""

    @abc.abstractmethod
    def factor(self, storage: Any) -> Any:
        """What solving needs, a pytree of arrays.  It is not differentiated."""

    @abc.abstractmethod
    def solve(self, factors: Any, b: Any) -> Any:
        """The solution of ``A x = b``."""

    @abc.abstractmethod
    def solve_transposed(self, factors: Any, b: Any) -> Any:
        """The solution of ``A.T x = b`` (no conjugate)."""

    @abc.abstractmethod
    def singular(self, factors: Any) -> Any:
        """Whether a pivot is zero or not finite."""


def directions(colours: int, y: Any) -> Any:
    """Row c has ones at the components of colour c."""
    return jnp.asarray(np.arange(colours)[:, None] == np.arange(y.size) % colours, y.dtype)


def along_each(function: Callable, seeds: Any) -> Any:
    """``function`` of every row of ``seeds``: of all at once, unless that alone would keep a program from being one native kernel.

    All at once, a matrix times a vector becomes a product of two matrices, which XLA hands to a library.
    """
    together = jax.vmap(function)
    small = seeds.size * seeds.dtype.itemsize <= LARGEST_ARRAY
    if small and obstacle(jax.make_jaxpr(together)(seeds)) and not obstacle(jax.make_jaxpr(function)(seeds[0])):
        return jax.lax.map(function, seeds)
    return together(seeds)
