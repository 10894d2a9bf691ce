"""Discovered equations as callables: `SparseModel` for use, `DenseModel` for choosing among supports."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy
from jax import Array
from jaxtyping import Bool, Float, Num

from universalde.discover.library import Library


class SparseModel(eqx.Module):
    r"""$F_o(u)=\sum_{j\in S_o}c_{oj}\,\theta_j(u)$: the equation that takes the place of the network.

    `coefficients` is the flat vector of active coefficients, in the order of `support`, pairs (output, term), and is
    the only trainable leaf. `model(u)` maps `(..., d) -> (..., o)` in the precision of `u`.

    Raises `ValueError` when coefficients and support differ in length or the support leaves the library.

    ```python
    library = polynomials(["x", "y"], 2)
    model = SparseModel.from_terms(library, [{"x*y": -0.9}, {"x*y": 0.8}])
    model(jnp.array([2.0, 3.0]))     # [-5.4, 4.8]
    model.expressions                # [-0.9*x*y, 0.8*x*y]
    ```
    """

    coefficients: Float[Array, " k"]
    support: tuple[tuple[int, int], ...] = eqx.field(static=True)
    library: Library = eqx.field(static=True)
    outputs: tuple[str, ...] = eqx.field(static=True)
    digits: int = eqx.field(static=True)

    def __init__(
        self,
        library: Library,
        support: Sequence[tuple[int, int]],
        coefficients: "Num[Array | np.ndarray, ' k'] | Sequence[float | int]",
        outputs: "Sequence[str] | int" = 1,
        digits: int = 6,
    ) -> None:
        self.coefficients = jnp.asarray(coefficients, dtype=jnp.result_type(float)).reshape(-1)
        self.support = tuple((int(o), int(j)) for o, j in support)
        self.library = library
        self.outputs = _output_names(outputs)
        self.digits = digits
        if len(self.support) != self.coefficients.shape[0]:
            raise ValueError(f"{self.coefficients.shape[0]} coefficients were given for {len(self.support)} terms.")
        for o, j in self.support:
            if not (0 <= o < len(self.outputs) and 0 <= j < len(library)):
                raise ValueError(
                    f"The term (output {o}, candidate {j}) does not exist: there are {len(self.outputs)} outputs and "
                    f"{len(library)} candidates, counted from 0."
                )

    @classmethod
    def from_matrix(
        cls, library: Library, matrix: Num[Array | np.ndarray, "p o"], outputs: "Sequence[str] | None" = None
    ) -> "SparseModel":
        """From a `(p, o)` coefficient matrix: the nonzero entries are the support."""
        values = np.asarray(matrix)
        support = [(o, int(j)) for o in range(values.shape[1]) for j in np.flatnonzero(values[:, o])]
        names = values.shape[1] if outputs is None else outputs
        return cls(library, support, np.array([values[j, o] for o, j in support]), names)

    @classmethod
    def from_terms(
        cls, library: Library, terms: Sequence[dict[str, float | int]], outputs: "Sequence[str] | None" = None
    ) -> "SparseModel":
        """From one dictionary {label: coefficient} per output."""
        support = [(o, library.index(label)) for o, row in enumerate(terms) for label in row]
        names = len(terms) if outputs is None else outputs
        return cls(library, support, [float(c) for row in terms for c in row.values()], names)

    def __call__(self, u: Num[Array | np.ndarray, "*batch d"]) -> Float[Array, "*batch o"]:
        u = jnp.asarray(u)
        u = u if jnp.issubdtype(u.dtype, jnp.inexact) else u.astype(self.coefficients.dtype)
        used = sorted({j for _, j in self.support})
        columns = dict(zip(used, self.library.subset(used).columns(u), strict=True)) if used else {}
        values = [jnp.zeros(u.shape[:-1], u.dtype) for _ in self.outputs]
        for i, (o, j) in enumerate(self.support):  # a sum of scalars fuses into the right-hand side, a product does not
            values[o] = values[o] + self.coefficients[i].astype(u.dtype) * columns[j]
        return jnp.stack(values, axis=-1)

    @property
    def expressions(self) -> list[sympy.Expr]:
        """One SymPy expression per output, coefficients rounded to `digits` significant digits."""
        return self.symbolic(self.digits)

    def symbolic(self, digits: int = 17) -> list[sympy.Expr]:
        """As `expressions`, with a chosen number of digits (17: exact)."""
        sums = [sympy.Integer(0) for _ in self.outputs]
        for output, term, value in self._numbers():
            sums[output] += sympy.Float(str(float(f"{value:.{digits}g}")), 17) * self.library.expressions[term]
        return [_rounded(expression, digits) for expression in sums]

    def terms(self) -> list[tuple[str, str, float]]:
        """(output name, label, coefficient) of every active term."""
        labels = self.library.labels
        return [(self.outputs[o], labels[j], value) for o, j, value in self._numbers()]

    def latex(self) -> list[str]:
        r"""One LaTeX equation per output, `name = right-hand side`."""
        return [
            f"{sympy.latex(sympy.Symbol(name)) if name.isidentifier() else name} = {sympy.latex(expression)}"
            for name, expression in zip(self.outputs, self.expressions, strict=True)
        ]

    def with_coefficients(self, coefficients: Num[Array | np.ndarray, " k"]) -> "SparseModel":
        """The same equation with other numbers (array of the same length)."""
        return self.with_terms(self.support, coefficients)

    def with_terms(
        self, support: Sequence[tuple[int, int]], coefficients: "Num[Array | np.ndarray, ' k'] | Sequence[float | int]"
    ) -> "SparseModel":
        """Other terms of the same library for the same outputs."""
        return SparseModel(self.library, support, coefficients, self.outputs, self.digits)

    def matrix(self) -> Float[Array, "p o"]:
        """The coefficients as a full `(p, o)` matrix."""
        rows, columns = _positions(self.support)
        full = jnp.zeros((len(self.library), len(self.outputs)), self.coefficients.dtype)
        return full.at[rows, columns].add(self.coefficients)

    def dense(self) -> "DenseModel":
        """The same equation as a masked full matrix."""
        mask = np.zeros((len(self.library), len(self.outputs)), dtype=bool)
        mask[_positions(self.support)] = True
        return DenseModel(self.library, self.matrix(), jnp.asarray(mask))

    def __str__(self) -> str:
        return "\n".join(f"{name} = {e}" for name, e in zip(self.outputs, self.expressions, strict=True))

    def _numbers(self) -> list[tuple[int, int, float]]:
        if isinstance(self.coefficients, jax.core.Tracer):
            raise ValueError(
                "The equation cannot be printed inside jit or grad: its coefficients are not numbers there."
            )
        values = np.asarray(self.coefficients, dtype=np.float64)
        return [(o, j, float(value)) for (o, j), value in zip(self.support, values, strict=True)]


class DenseModel(eqx.Module):
    r"""$F(u)=\theta(u)\,(C\circ M)$ with a full `(p, o)` coefficient matrix and a mask that may be traced.

    Models of different supports have the same structure, so that a compiled function serves them all. A masked
    candidate never spoils the value, even where it is infinite. `(..., d) -> (..., o)` in the precision of `u`.
    """

    library: Library = eqx.field(static=True)
    coefficients: Float[Array, "p o"]
    mask: Bool[Array, "p o"]

    def __call__(self, u: Num[Array | np.ndarray, "*batch d"]) -> Float[Array, "*batch o"]:
        theta = self.library(u)
        theta = jnp.where(jnp.any(self.mask, axis=1), theta, 0)
        # A sum, not a matrix product: under jacfwd that product would keep a solve from being one native kernel.
        return jnp.sum(theta[..., None] * jnp.where(self.mask, self.coefficients, 0).astype(theta.dtype), axis=-2)

    def sparse(self, outputs: "Sequence[str] | None" = None) -> SparseModel:
        """The active part alone; needs concrete numbers."""
        return SparseModel.from_matrix(self.library, np.where(self.mask, self.coefficients, 0), outputs)


def _output_names(outputs: "Sequence[str] | int") -> tuple[str, ...]:
    if isinstance(outputs, int):
        return tuple(f"F{i + 1}" for i in range(outputs))
    return tuple(outputs)


def _positions(support: tuple[tuple[int, int], ...]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([j for _, j in support], dtype=int), np.array([o for o, _ in support], dtype=int)


def _rounded(expression: sympy.Expr, digits: int) -> sympy.Expr:
    """Shorten the floats for printing: 17 digits of precision would print 0.9 as 0.90000000000000002."""
    floats = {number: sympy.Float(str(number), digits) for number in expression.atoms(sympy.Float)}
    return expression.xreplace(floats)
