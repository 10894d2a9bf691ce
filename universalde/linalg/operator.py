"""A matrix in its structure, and its factors."""

from dataclasses import field
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..base.static import record
from .structure import Structure

__all__ = ["Factor", "Operator"]


@record
class Operator:
    """A square matrix: a ``structure`` and its entries, the ``storage``."""

    storage: Any
    structure: Structure = field(metadata={"static": True})

    def matvec(self, v: Any) -> Any:
        """The matrix times ``v``."""
        return self.structure.matvec(self.storage, v)

    def rmatvec(self, v: Any) -> Any:
        """The transposed matrix times ``v``."""
        return self.structure.rmatvec(self.storage, v)

    def bound(self) -> Any:
        """The largest sum of magnitudes in a row: no eigenvalue is larger."""
        storage = jax.tree.map(jnp.abs, self.storage)
        rows = self.structure.rows(self.storage)
        return jnp.max(self.structure.matvec(storage, jnp.ones(rows, jax.tree.leaves(storage)[0].dtype)))

    def dense(self) -> Any:
        """The matrix with its zeros, (n, n)."""
        return self.structure.dense(self.storage)

    def shifted(self, shift: Any, mass: Any = None) -> "Operator":
        """``shift * mass - A``; ``mass`` is an operator of the same structure, ``None`` the identity."""
        storage = None if mass is None else mass.storage
        return Operator(self.structure.shifted(self.storage, storage, shift), self.structure)

    def factor(self) -> "Factor":
        """Factors, for as many solves as are wanted."""
        factors = self.structure.factor(lax.stop_gradient(self.storage))
        return Factor(self.storage, factors, self.structure)


@record
class Factor:
    """A matrix with its factors.

    Derivatives are those of the solution of ``A x = b``: a change of the entries or of ``b`` changes x by the solution for
    ``db - dA x``, forwards, and backwards by one transposed solve.  The factors themselves are never differentiated.
    """

    storage: Any
    factors: Any
    structure: Structure = field(metadata={"static": True})

    def solve(self, b: Any) -> Any:
        """The solution of ``A x = b``."""
        return self._solve(b, self.structure.matvec, self.structure.solve, self.structure.solve_transposed)

    def solve_transposed(self, b: Any) -> Any:
        """The solution of ``A.T x = b`` (no conjugate)."""
        return self._solve(b, self.structure.rmatvec, self.structure.solve_transposed, self.structure.solve)

    def _solve(self, b: Any, product: Any, solve: Any, transposed: Any) -> Any:
        factors = jax.tree.map(lax.stop_gradient, self.factors)
        b = jnp.asarray(b, jnp.result_type(b, *jax.tree.leaves(self.storage)))
        return lax.custom_linear_solve(
            lambda v: product(self.storage, v), b, lambda _, b: solve(factors, b), lambda _, b: transposed(factors, b)
        )

    @property
    def singular(self) -> Any:
        """Whether a pivot is zero or not finite: then solutions mean nothing."""
        return self.structure.singular(self.factors)
