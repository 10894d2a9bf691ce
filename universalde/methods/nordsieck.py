"""Backward differentiation formulas on a Nordsieck array, in the manner of VODE and CVODE."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ..base.hold import hold
from ..tableaus.bdf import MOST
from ..tableaus.nordsieck import NordsieckFormula
from .combine import entry, mixed, products
from .multistep import Judgement, Multistep, Predicted, growth
from .tabled import Row

__all__ = ["NORDSIECK", "Nordsieck", "NordsieckBDF", "NordsieckRow"]

POWERS = np.arange(1, MOST + 1)
BIAS = (6.0, 6.0, 10.0)  # against the order below, the present one, and the one above
WORTH, LARGEST, SMALLEST = 1.5, 10.0, 0.2  # factors of the step size: the least that is taken up, and limits
_PASCAL = np.cumprod(np.array([[1.0] + [(k + m) / m if k + m <= MOST else 0 for m in range(1, MOST)] for k in POWERS]), axis=1)
_FORWARD = np.array([[_PASCAL[i, j - i] if j >= i else 0 for j in range(MOST)] for i in range(MOST)])  # binomials
_HARMONIC = np.cumsum(1 / np.arange(1.0, MOST + 2))


class Array(NamedTuple):
    """Memory: :math:`h^j y^{(j)} / j!` for j = 1 to 5, (5, n); the last change of a predicted point; the last six step sizes; what error
    of order k + 1 the change stood for; order; by how much the order changes now; steps until other orders are thought of."""

    scaled: Any
    change: Any
    sizes: Any
    quotient: Any
    order: Any
    turn: Any
    wait: Any


class Formula(NamedTuple):
    """The polynomial with the leading coefficient kept, (6,), and numbers of its error: inverse distances of the points and of the one
    that stands for the last, and the leading coefficients for the points as they are and as they are taken to be (negative)."""

    polynomial: Any
    inverse: Any
    last: Any
    fixed: Any
    varying: Any


class Nordsieck(Multistep):
    r"""The formulas of a :class:`NordsieckFormula` of orders 1 to 5, of variable order and step size, for :math:`M y' = f(t, y)`.

    One polynomial is carried on, as the array of its scaled derivatives at the last point: it is predicted by a shift, and
    corrected by a multiple of the polynomial that vanishes at the points before, its leading coefficient kept.  Sizes change when
    they can grow by half or when a step is refused; k + 1 steps after a change of order the neighbouring orders are
    thought of.  Dense output: the polynomial itself.  M may be singular (index 1).

    Example: ``ude.solve(problem, ude.NordsieckBDF(), rtol=1e-6, atol=1e-9)``
    """

    tableau: NordsieckFormula

    def begin(self, slope: Any, h: Any) -> Array:
        h = jnp.asarray(h, slope.dtype)
        scaled = jnp.where(POWERS[:, None] == 1, h * slope, 0)
        sizes = jnp.broadcast_to(h, (MOST + 1,))
        return Array(scaled, jnp.zeros_like(slope), sizes, jnp.ones_like(h), jnp.int32(1), jnp.int32(0), jnp.int32(2))

    def span(self, memory: Array) -> Any:
        return memory.sizes[0]

    def predict(self, y: Any, memory: Array, h: Any) -> Predicted:
        formula = _formula(memory.order + memory.turn, memory.sizes, h)
        ratio = products(jnp.broadcast_to(h / memory.sizes[0], (MOST,)))
        behind = hold(ratio[:, None] * _turned(memory))
        scaled, leading = mixed(jnp.asarray(_FORWARD, h.dtype), behind), formula.polynomial[1]
        return Predicted(y + jnp.sum(behind, axis=0), scaled[0] / leading, leading, (scaled, formula))

    def absorb(self, memory: Array, predicted: Predicted, h: Any, d: Any) -> Array:
        (scaled, formula), k = predicted.carried, memory.order + memory.turn
        return Array(
            scaled=scaled + formula.polynomial[1:, None] * d,
            change=d,
            sizes=jnp.concatenate([h[None], memory.sizes[:-1]]),
            quotient=_spentry(formula, k) * formula.last / (entry(formula.polynomial, k) * entry(formula.inverse, k - 1)),
            order=k,
            turn=jnp.zeros_like(k),
            wait=jnp.where(memory.turn == 0, memory.wait, k + 1) - 1,
        )

    def judge(self, size: Any, memory: Array, new: Array, h: Any, d: Any) -> Judgement:
        k, formula = new.order, _formula(new.order, memory.sizes, h)
        below, here, above = _constants(formula, k)
        times = jnp.where(np.arange(MOST + 1) <= k, h / memory.sizes[0], 1)
        past = jnp.abs(new.quotient / memory.quotient) * products(times)[-1]
        errors = jnp.stack([below * size(entry(new.scaled, k - 1)), here * size(d), above * size(d - past * memory.change)])
        sizes = hold(growth(jnp.asarray(BIAS, h.dtype) * errors, k + jnp.arange(3), 1, LARGEST))
        idle, retry = new.wait > 0, jnp.clip(sizes[1], SMALLEST, 0.9)
        sizes = jnp.where(jnp.stack([~idle & (k > 1), jnp.bool_(True), ~idle & (k < self.order)]), sizes, 0)
        best = jnp.max(sizes)
        turn = jnp.where(best == sizes[1], 0, jnp.where(best == sizes[0], -1, 1))
        turn = jnp.where(best >= WORTH, turn, 0).astype(k.dtype)
        new = new._replace(turn=turn, wait=jnp.where(idle, new.wait, 2))
        return Judgement(here * d, h * jnp.where(best >= WORTH, best, 1), h * retry, new)

    def interpolated(self, y: Any, memory: Array) -> Any:
        return y, memory.scaled

    def dense(self, data: Any, theta: Any) -> Any:
        y, scaled = data
        return y + mixed(products(jnp.broadcast_to(theta - 1, (MOST,)))[None], scaled)[0]


def _formula(k: Any, sizes: Any, h: Any) -> Formula:
    """The formula of order ``k`` for a step of size ``h`` after steps of ``sizes`` (Jackson & Sacks-Davis 1980)."""
    zero, count = jnp.zeros(1, h.dtype), np.arange(1, MOST + 2)
    inverse = hold(h / (h + jnp.concatenate([zero, _sums(sizes)[:-1]])))
    fixed = -entry(jnp.asarray(_HARMONIC, h.dtype), k - 1)
    inner = jnp.sum(jnp.where(count < k, inverse, 0))
    last = -inner - fixed
    factors = jnp.where(count < k, inverse, jnp.where(count == k, last, 0))
    polynomial = jnp.where(np.arange(MOST + 1) == 0, jnp.ones((), h.dtype), 0)
    for j in range(MOST):
        polynomial = polynomial + factors[j] * jnp.concatenate([zero, polynomial[:-1]])
    return Formula(hold(polynomial), inverse, last, fixed, -inner - entry(inverse, k - 1))


def _sums(x: Any) -> Any:
    """The sums of the first 1, 2, … of them."""
    return jnp.sum(jnp.asarray(np.tril(np.ones((MOST + 1, MOST + 1))), x.dtype) * x, axis=1)


def _spentry(formula: Formula, k: Any) -> Any:
    return 1 + k * (1 - formula.varying + formula.fixed)


def _constants(formula: Formula, k: Any) -> tuple[Any, Any, Any]:
    """Error constants of orders k - 1 (of the last row of the array), k and k + 1 (of changes of predicted points)."""
    fixed, varying, whole = formula.fixed, formula.varying, _spentry(formula, k)
    here = jnp.abs((1 - varying + fixed) / (fixed * whole))
    lower = fixed + 1 / k
    lower = jnp.where(k > 1, lower, -1)
    below = formula.last / entry(formula.polynomial, k) * (1 - (varying + entry(formula.inverse, k - 1)) + lower) / lower
    upper, further = fixed - 1 / (k + 1), entry(formula.inverse, k)
    above = (1 - (varying - further) + upper) / whole / (further * (k + 2) * upper)
    return jnp.abs(below), here, jnp.abs(above)


def _turned(memory: Array) -> Any:
    """The array for the next order: its polynomial keeps value and slope at the last point, and the values at those before it."""
    k, turn, sizes = memory.order, memory.turn, memory.sizes
    far, zero = hold(_sums(sizes) / sizes[0]), jnp.zeros(1, sizes.dtype)
    roots = jnp.where(turn > 0, k - 1, k - 2)
    polynomial = jnp.where(np.arange(MOST + 1) == 2, jnp.ones((), sizes.dtype), 0)
    for j in range(MOST - 2):
        times = jnp.concatenate([zero, polynomial[:-1]]) + far[j] * polynomial
        polynomial = jnp.where(j < roots, times, polynomial)
    seen = np.arange(MOST + 1) < k
    missing = entry(jnp.asarray(_HARMONIC, sizes.dtype), k - 1) - jnp.sum(jnp.where(seen, 1 / far, 0))
    more = missing / products(jnp.where(seen, far, 1))[-1] * memory.change
    update = jnp.where(turn > 0, more, jnp.where(turn < 0, -entry(memory.scaled, k - 1), 0))
    return memory.scaled + polynomial[1:, None] * update


class NordsieckRow(Row[Nordsieck]):
    """The name of a method on a Nordsieck array."""

    stepper = Nordsieck


NordsieckBDF = NordsieckRow(
    "NordsieckBDF",
    "nordsieck",
    "Backward differentiation formulas of orders 1 to 5 on a Nordsieck array, in the manner of VODE and CVODE: large stiff systems.",
)

NORDSIECK = {"NordsieckBDF": NordsieckBDF}
