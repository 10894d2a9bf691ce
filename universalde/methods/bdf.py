"""Backward differentiation formulas on differences: quasi-constant steps (NDF, BDF), and fixed leading coefficients."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ..base.buffers import read
from ..base.hold import hold
from ..tableaus.bdf import MOST, BackwardFormula
from .combine import mixed, products
from .multistep import Judgement, Multistep, Predicted, growth
from .tabled import Row

__all__ = ["BACKWARD", "ABDF2", "FBDF", "QBDF", "QBDF1", "QBDF2", "QNDF", "QNDF1", "QNDF2", "BackwardDifferences", "BackwardRow"]

ROWS = MOST + 1  # differences that are kept
COUNT = np.arange(1, ROWS + 1)
BIAS = (1.3, 1.2, 1.4)  # against the order below, the present one, and the one above (Shampine & Reichelt 1997)
LARGEST, SMALLEST = 10.0, 0.2  # factors of the step size
WORTH = 1.1  # below this factor the size stays as it is, and the factors of the matrix with it
# Differences of other spacings: those of the identity polynomials; its square is the identity.
_ALTERNATING = np.cumprod([[(i - 1 - j) / i for j in COUNT] for i in COUNT], axis=0)


class Past(NamedTuple):
    r"""Memory: differences :math:`\nabla^1 … \nabla^6` of the points, (6, n); distances of the newest point to the six before it;
    the order of the next step, and how many steps were taken at this size and order."""

    differences: Any
    spacing: Any
    order: Any
    steady: Any


class BackwardDifferences(Multistep):
    r"""The formulas of a :class:`BackwardFormula`, of variable order and step size, for :math:`M y' = f(t, y)`.

    The past is kept as the modified differences :math:`\phi_j = y[t_n, …, t_{n-j}] \prod_{i=1}^{j} (t_n - t_{n-i})`, which are the backward
    differences where the points are equally far apart.  The order changes by one at most, after as many equal steps as
    it has and two more, to that whose error allows the largest step.  Dense output: the polynomial of degree k through the last points,
    continuous.  M may be singular (index 1).

    Example: ``ude.solve(problem, ude.QNDF(), rtol=1e-6, atol=1e-9)``
    """

    tableau: BackwardFormula

    def begin(self, slope: Any, h: Any) -> Past:
        h = jnp.asarray(h, slope.dtype)
        differences = jnp.where(COUNT[:, None] == 1, h * slope, 0)
        return Past(differences, h * jnp.asarray(COUNT, h.dtype), jnp.int32(1), jnp.int32(0))

    def span(self, memory: Past) -> Any:
        return memory.spacing[0]

    def predict(self, y: Any, memory: Past, h: Any) -> Predicted:
        share, leading = self._derivative(memory, h)
        carried = hold(self._carried(memory, h))
        inside = (memory.order >= COUNT).astype(h.dtype)
        both = mixed(jnp.stack([inside, inside * share / leading]), carried)
        return Predicted(y + both[0], both[1], leading, carried)

    def absorb(self, memory: Past, predicted: Predicted, h: Any, d: Any) -> Past:
        # A difference of order j at the new point is that at the old one, carried on, plus that of order j + 1.
        k, carried = memory.order, predicted.carried
        sums = mixed(jnp.asarray(np.triu(np.ones((ROWS, ROWS))), h.dtype), jnp.where(_rows(k >= COUNT), carried, 0))
        before = jnp.concatenate([jnp.zeros_like(carried[:1]), carried[:-1]])
        differences = jnp.where(_rows(k + 1 >= COUNT), sums + d, jnp.where(_rows(k + 2 == COUNT), d - before, 0))
        steady = jnp.where(h == memory.spacing[0], memory.steady, 0) + 1
        return Past(differences, self._spaced(memory, h), k, steady)

    def judge(self, size: Any, memory: Past, new: Past, h: Any, d: Any) -> Judgement:
        table, k = self.tableau, memory.order
        constants = jnp.asarray(table.error_constants, h.dtype)
        scaled = products(h * jnp.asarray(COUNT, h.dtype) / new.spacing)  # times differences: h^j times the j-th derivative
        error = self._constant(new, constants, scaled, h) * d

        def other(order: Any) -> Any:
            return size(read(new.differences, order) * (read(scaled, order) * read(constants, order - 1)))

        errors = jnp.stack([other(k - 1), size(error), other(k + 1)])
        sizes = hold(growth(errors, k + jnp.arange(3), jnp.asarray(BIAS, h.dtype), LARGEST))
        enough = k >= table.lowest
        sizes = jnp.where(jnp.stack([k > table.lowest, enough, k < table.highest]), sizes, 0)
        best = jnp.max(sizes)
        turn = jnp.where(best == sizes[1], 0, jnp.where(best == sizes[0], -1, 1))
        ready = (new.steady >= k + 2) & ((turn != 0) | (best >= WORTH) | (best < 1))
        turn = jnp.where(enough, jnp.where(ready, turn, 0), 1).astype(k.dtype)
        steady = jnp.where(ready | ~enough, 0, new.steady)
        retry = jnp.clip(sizes[1], SMALLEST, 1 / BIAS[1])
        return Judgement(error, h * jnp.where(ready & enough, best, 1), h * retry, new._replace(order=k + turn, steady=steady))

    def interpolated(self, y: Any, memory: Past) -> Any:
        return y, jnp.where(_rows(memory.order >= COUNT), memory.differences, 0), memory.spacing

    def dense(self, data: Any, theta: Any) -> Any:
        y, differences, spacing = data
        before = jnp.concatenate([jnp.zeros(1, spacing.dtype), spacing[:-1]])
        weights = products(((theta - 1) * spacing[0] + before) / spacing)
        return y + mixed(weights[None], differences)[0]

    def _carried(self, memory: Past, h: Any) -> Any:
        """The differences with which the polynomial goes on to the new point."""
        differences, spacing, k = memory.differences, memory.spacing, memory.order
        if not self.tableau.quasi_constant:
            return _rows(products(self._spaced(memory, h) / spacing)) * differences
        ratio = h / spacing[0]
        resampled = products((COUNT[:, None] - 1 - ratio * COUNT) / COUNT[:, None])
        matrix = hold(mixed(jnp.asarray(_ALTERNATING.T, h.dtype), resampled.T))
        inside = jnp.where(k >= COUNT, jnp.ones((), h.dtype), 0)
        return jnp.where(ratio == 1, differences, mixed(matrix * inside * _rows(inside), differences))

    def _spaced(self, memory: Past, h: Any) -> Any:
        """Distances of the new point to those before it."""
        if self.tableau.quasi_constant:
            return h * jnp.asarray(COUNT, h.dtype)
        return h + jnp.concatenate([jnp.zeros(1, h.dtype), memory.spacing[:-1]])

    def _derivative(self, memory: Past, h: Any) -> tuple[Any, Any]:
        """What each difference says of h dy/dt at the new point, and the coefficient of the change there."""
        leading = read(jnp.asarray(self.tableau.leading, h.dtype), memory.order - 1)
        rows = jnp.asarray(np.tril(np.ones((ROWS, ROWS))), h.dtype)
        return jnp.sum(rows * (h / self._spaced(memory, h)), axis=1), leading

    def _constant(self, new: Past, constants: Any, scaled: Any, h: Any) -> Any:
        """The error of the present formula, in differences of order k + 1."""
        k = new.order
        usual = read(constants, k - 1) * read(scaled, k)
        if self.tableau.quasi_constant:
            return usual
        inverse = jnp.where(k + 1 >= COUNT, h / new.spacing, 0)
        missing = read(jnp.asarray(self.tableau.gamma, h.dtype), k - 1) - jnp.sum(inverse)
        return jnp.maximum(jnp.abs(missing), usual)


def _rows(x: Any) -> Any:
    """One number for each row."""
    return x[:, None]


class BackwardRow(Row[BackwardDifferences]):
    """The name of a family of backward differentiation formulas."""

    stepper = BackwardDifferences


QNDF = BackwardRow(
    "QNDF",
    "bdf",
    "Numerical differentiation formulas of orders 1 to 5 in quasi-constant steps, as in ode15s: large stiff systems.",
)
QNDF1 = BackwardRow("QNDF1", "bdf", "The numerical differentiation formula of order 1 in quasi-constant steps.")
QNDF2 = BackwardRow("QNDF2", "bdf", "The numerical differentiation formula of order 2 in quasi-constant steps.")
QBDF = BackwardRow("QBDF", "bdf", "Backward differentiation formulas of orders 1 to 5 in quasi-constant steps.")
QBDF1 = BackwardRow("QBDF1", "bdf", "Implicit Euler steps judged by the second difference: the formula of order 1.")
QBDF2 = BackwardRow("QBDF2", "bdf", "The backward differentiation formula of order 2 in quasi-constant steps.")
FBDF = BackwardRow(
    "FBDF",
    "bdf",
    "Backward differentiation formulas of orders 1 to 5 on the points themselves, with fixed leading coefficients: large stiff systems.",
)
ABDF2 = BackwardRow(
    "ABDF2", "bdf", "The backward differentiation formula of order 2 with fixed leading coefficient; L-stable."
)

BACKWARD = {row.__name__: row for row in (QNDF, QNDF1, QNDF2, QBDF, QBDF1, QBDF2, FBDF, ABDF2)}
