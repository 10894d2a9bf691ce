"""Candidate libraries: the words a discovered equation may be written in."""

import itertools
import keyword
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
import sympy
from jax import Array
from jaxtyping import Float, Num, Shaped
from sympy.parsing.sympy_parser import parse_expr


@dataclass(frozen=True)
class Library:
    r"""Candidate functions $\theta_1,\dots,\theta_p$ of $d$ named variables.

    Calling it gives the matrix $\Theta_{ij}=\theta_j(x_i)$ used by sparse regression
    (Brunton, Proctor, Kutz 2016). Build one with `polynomials`, `products`, `sines`, `cosines`, `rational` or
    `custom`, and join several with `+` (repeated functions are kept once).

    Shapes: `(..., d) -> (..., p)`, in the floating type of the input; works under `jit`, `vmap`, `grad`.

    Raises `ValueError` when a name is no Python identifier, an expression uses an unknown symbol, or nothing is
    offered.

    ```python
    library = polynomials(["x", "y"], 2) + sines(["x", "y"])
    library.labels          # ('1', 'x', 'y', 'x**2', 'x*y', 'y**2', 'sin(x)', 'sin(y)')
    library(jnp.ones((10, 2))).shape   # (10, 8)
    ```
    """

    names: tuple[str, ...]
    expressions: tuple[sympy.Expr, ...]

    def __post_init__(self) -> None:
        _check_names(self.names)
        if not self.expressions:
            raise ValueError(
                "A library needs at least one expression; none was given. For example: polynomials(names, 2)."
            )
        known = set(self.symbols)
        for expression in self.expressions:
            strange = sorted(str(s) for s in expression.free_symbols - known)
            if strange:
                raise ValueError(
                    f"The candidate {expression} uses {', '.join(strange)}, which is none of the variables "
                    f"{', '.join(self.names)}. Use these names only, or add the missing one to the names."
                )

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The variables as SymPy symbols."""
        return tuple(sympy.Symbol(name) for name in self.names)

    @property
    def labels(self) -> tuple[str, ...]:
        """One readable string per candidate."""
        return tuple(str(expression) for expression in self.expressions)

    @property
    def complexities(self) -> tuple[int, ...]:
        """How long each candidate is to write: operations counted, powers by their exponent. A constant is 0."""
        return tuple(_complexity(expression) for expression in self.expressions)

    def __len__(self) -> int:
        return len(self.expressions)

    def __add__(self, other: "Library") -> "Library":
        if not isinstance(other, Library):
            return NotImplemented
        if self.names != other.names:
            raise ValueError(
                f"Libraries of different variables cannot be joined: {self.names} and {other.names}. "
                "Build both with the same names in the same order."
            )
        return Library(self.names, _unique((*self.expressions, *other.expressions)))

    def subset(self, indices: Iterable[int]) -> "Library":
        """The library with only the given candidates, in the given order."""
        return Library(self.names, tuple(self.expressions[i] for i in indices))

    def index(self, label: "str | sympy.Expr") -> int:
        """Position of a candidate, given as text or SymPy expression. Raises `ValueError` when it is not offered."""
        expression = _parse(label, self.names)
        if expression not in self.expressions:
            raise ValueError(f"{label} is not among the candidates {', '.join(self.labels)}.")
        return self.expressions.index(expression)

    def __call__(self, x: Num[Array | np.ndarray, "*batch d"]) -> Float[Array, "*batch p"]:
        x = jnp.asarray(x)
        if not jnp.issubdtype(x.dtype, jnp.inexact):
            x = x.astype(jnp.result_type(float))
        columns = self.columns(x)
        return jnp.stack(columns, axis=-1)

    def columns(self, x: Float[Array, "*batch d"]) -> list[Float[Array, "*batch"]]:
        """The candidates one by one, each of shape `(...)`: cheaper than the matrix inside a right-hand side."""
        self._check_width(x)
        values = _generate(self.names, self.expressions, "jax")(*(x[..., i] for i in range(len(self.names))))
        return [jnp.broadcast_to(jnp.asarray(value, dtype=x.dtype), x.shape[:-1]) for value in values]

    def matrix(self, x: Num[Array | np.ndarray, "*batch d"]) -> Float[np.ndarray, "*batch p"]:
        """As calling the library, but evaluated by NumPy in float64 whatever precision JAX is set to."""
        x = np.asarray(x, dtype=np.float64)
        self._check_width(x)
        with np.errstate(all="ignore"):  # non-finite values are reported by whoever uses the matrix, with names
            values = _generate(self.names, self.expressions, "numpy")(*(x[..., i] for i in range(len(self.names))))
        return np.stack([np.broadcast_to(np.asarray(v, dtype=np.float64), x.shape[:-1]) for v in values], axis=-1)

    def _check_width(self, x: Shaped[Array | np.ndarray, "..."]) -> None:
        if x.ndim == 0 or x.shape[-1] != len(self.names):
            raise ValueError(
                f"The library has the {len(self.names)} variables {', '.join(self.names)}, but the input has shape "
                f"{tuple(x.shape)}. Accepted is shape (..., {len(self.names)}), one column per variable."
            )


def polynomials(names: Sequence[str], degree: int, constant: bool = True, interactions: bool = True) -> Library:
    r"""All monomials $\prod_i u_i^{k_i}$ with $\sum_i k_i\le$ `degree`; without `interactions` only pure powers.

    Ordered by total degree. Raises `ValueError` for a negative degree, or degree 0 without constant.

    `polynomials(["x", "y"], 2).labels == ('1', 'x', 'y', 'x**2', 'x*y', 'y**2')`
    """
    _check_names(names)
    _check_degree(degree)
    powers = (k for k in itertools.product(range(degree + 1), repeat=len(names)) if sum(k) <= degree)
    kept = (k for k in powers if (constant or any(k)) and (interactions or sum(n > 0 for n in k) <= 1))
    return Library(tuple(names), _monomials(names, kept))


def products(names: Sequence[str], max_degree_each: int | Sequence[int] = 2, constant: bool = True) -> Library:
    r"""All products $\prod_i u_i^{k_i}$ with every $k_i\le$ its own maximum: $u_1^iu_2^ju_3^k$, $i,j,k\le2$ by default.

    Raises `ValueError` when the maxima are negative or not one per variable.

    `products(["I", "s"], (1, 2)).labels == ('1', 'I', 's', 'I*s', 's**2', 'I*s**2')`
    """
    _check_names(names)
    maxima = (max_degree_each,) * len(names) if isinstance(max_degree_each, int) else tuple(max_degree_each)
    if len(maxima) != len(names):
        raise ValueError(
            f"{len(maxima)} maximum degrees were given for {len(names)} variables. "
            "Give one number, or one per variable."
        )
    for maximum in maxima:
        _check_degree(maximum)
    kept = (k for k in itertools.product(*(range(m + 1) for m in maxima)) if constant or any(k))
    return Library(tuple(names), _monomials(names, kept))


def sines(names: Sequence[str], frequencies: Sequence[float | int] = (1,)) -> Library:
    r"""$\sin(\omega u_i)$ for every variable and frequency. `sines(["x"], (1, 2)).labels == ('sin(x)', 'sin(2*x)')`"""
    return _waves(sympy.sin, names, frequencies)


def cosines(names: Sequence[str], frequencies: Sequence[float | int] = (1,)) -> Library:
    r"""$\cos(\omega u_i)$ for every variable and frequency. `cosines(["x"]).labels == ('cos(x)',)`"""
    return _waves(sympy.cos, names, frequencies)


def rational(
    names: Sequence[str], degree: int = 1, denominators: "Sequence[str | sympy.Expr] | None" = None
) -> Library:
    r"""Saturating terms: monomials of degree 1 to `degree` divided by each denominator, $u_i/(1+u_j)$.

    Without `denominators` these are $1+u_j^n$, $n=1$ to `degree`, which gives Monod terms at degree 1 and Hill terms
    above. A constant numerator is left out because $1/(1+u)=1-u/(1+u)$. Denominators may be text or SymPy.

    `rational(["x"], 2).labels == ('x/(x + 1)', 'x/(x**2 + 1)', 'x**2/(x**2 + 1)', 'x**2/(x + 1)')`, in some order.
    """
    _check_names(names)
    _check_degree(degree)
    symbols = [sympy.Symbol(name) for name in names]
    if denominators is None:
        below = [1 + u**n for n in range(1, degree + 1) for u in symbols]
    else:
        below = [_parse(expression, names) for expression in denominators]
    above = polynomials(names, degree, constant=False).expressions if degree else ()
    return Library(tuple(names), _unique(a / b for b in below for a in above))


def custom(names: Sequence[str], expressions: "Sequence[str | sympy.Expr]") -> Library:
    """Any expressions of the variables, as text or SymPy.

    A variable name always wins over a SymPy constant of the same name (`I`, `S`, `E`, `N`, `beta`).
    Raises `ValueError` when a text cannot be read or uses other symbols.

    `custom(["x", "y"], ["exp(-x)", "x*log(1 + y)"]).labels == ('exp(-x)', 'x*log(y + 1)')`
    """
    _check_names(names)
    return Library(tuple(names), _unique(_parse(expression, names) for expression in expressions))


def _waves(function: Callable, names: Sequence[str], frequencies: Sequence[float | int]) -> Library:
    _check_names(names)
    symbols = [sympy.Symbol(name) for name in names]
    return Library(tuple(names), _unique(function(sympy.sympify(w) * u) for w in frequencies for u in symbols))


def _monomials(names: Sequence[str], powers: Iterable[tuple[int, ...]]) -> tuple[sympy.Expr, ...]:
    """Monomials ordered by total degree, then by powers of the first variables, as one writes them by hand."""
    symbols = [sympy.Symbol(name) for name in names]
    ordered = sorted(powers, key=lambda k: (sum(k), tuple(-n for n in k)))
    return tuple(sympy.Mul(*(u**n for u, n in zip(symbols, k, strict=True))) for k in ordered)


def _unique(expressions: Iterable[sympy.Expr]) -> tuple[sympy.Expr, ...]:
    return tuple(dict.fromkeys(expressions))


def _parse(expression: "str | sympy.Expr", names: Sequence[str]) -> sympy.Expr:
    if isinstance(expression, str):
        try:
            expression = parse_expr(expression, local_dict={name: sympy.Symbol(name) for name in names})
        except (SyntaxError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"The text {expression!r} is no expression of {', '.join(names)}. "
                f"Write for example '{names[0]}**2' or 'exp(-{names[0]})'."
            ) from error
    expression = sympy.sympify(expression)
    if not isinstance(expression, sympy.Expr):
        raise ValueError(f"{expression} is no number-valued expression of {', '.join(names)}.")
    return expression


def _complexity(expression: sympy.Expr) -> int:
    if expression.is_Symbol:
        return 1
    if expression.is_Number:
        return 0
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        return int(expression.exp) * max(1, _complexity(expression.base))
    # a function or a quotient costs more than the product of the same variables
    extra = 0 if expression.is_Mul else 2
    return extra + sum(_complexity(part) for part in expression.args)


def _check_names(names: Sequence[str]) -> None:
    if isinstance(names, str):
        raise ValueError(
            f"The names must be a list of texts, one per variable; {names!r} is a single text. Write [{names!r}]."
        )
    if not names:
        raise ValueError("A library needs at least one variable name; none was given. For example: ['x', 'y'].")
    for name in names:
        if not (isinstance(name, str) and name.isidentifier()) or keyword.iskeyword(name):
            raise ValueError(
                f"{name!r} cannot name a variable. Names are letters, digits and _, such as 'x1' or 'S_over_N'."
            )
    if len(set(names)) != len(names):
        raise ValueError(f"The names {', '.join(names)} are not all different. Give every variable its own name.")


def _check_degree(degree: int) -> None:
    if degree < 0:
        raise ValueError(f"A degree of {degree} was given; it must be a whole number from 0 upwards.")


@lru_cache(maxsize=256)
def _generate(names: tuple[str, ...], expressions: tuple[sympy.Expr, ...], target: str) -> Callable:
    """Generated code for all candidates together, common sub-expressions computed once."""
    symbols = [sympy.Symbol(name) for name in names]
    modules = "jax" if target == "jax" else ["scipy", "numpy"]
    return sympy.lambdify(symbols, list(expressions), modules=modules, cse=True)
