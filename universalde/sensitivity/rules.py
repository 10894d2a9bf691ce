"""Quadrature over a stretch of time: rules of Gauss and Kronrod, piece after piece, pieces halved where an estimate asks for it."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..base.buffers import read
from ..base.loop import loop, repeat

__all__ = ["Rule", "gauss", "integral", "kronrod"]

LEAST = 2.0**-40  # of the stretch: pieces are not halved below
SHARE = 0.01  # of the tolerance that a piece may use however short it is: where the integrand jumps a little, halving ends
MOST = 100_000  # pieces


class Rule(NamedTuple):
    """Nodes in (0, 1), weights, and the weights less those of the embedded rule (``None``: no estimate)."""

    nodes: Any
    weights: Any
    differences: Any


def gauss(points: int) -> Rule:
    """The rule of Gauss and Legendre, exact for polynomials of degree 2 points - 1."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return Rule((nodes + 1) / 2, weights / 2, None)


@functools.cache
def kronrod() -> Rule:
    """Kronrod's 15 points around Gauss's 7 (Kronrod 1965), from what defines them.

    The new nodes are the zeros of the polynomial E of degree 8 for which E P_7 is orthogonal to all of lower degree (Stieltjes).
    """
    legendre = np.polynomial.legendre
    n = 7
    points, heights = legendre.leggauss(30)
    basis = lambda k: legendre.legval(points, np.eye(n + 2)[k])  # noqa: E731
    ours, tests = range(0, n, 2), range(1, n + 1, 2)  # E is even
    products = heights * basis(n)
    system = np.array([[np.sum(products * basis(k) * basis(j)) for k in ours] for j in tests])
    right = np.array([-np.sum(products * basis(n + 1) * basis(j)) for j in tests])
    coefficients = np.zeros(n + 2)
    coefficients[n + 1], coefficients[0:n:2] = 1, np.linalg.solve(system, right)
    old, old_weights = legendre.leggauss(n)
    nodes = np.sort(np.concatenate([old, np.real(legendre.legroots(coefficients))]))
    moments = np.zeros(2 * n + 1)
    moments[0] = 2
    weights = np.linalg.solve(legendre.legvander(nodes, 2 * n).T, moments)
    embedded = np.zeros(2 * n + 1)
    embedded[1::2] = old_weights
    return Rule((nodes + 1) / 2, weights / 2, (weights - embedded) / 2)


class _Piece(NamedTuple):
    start: Any
    width: Any
    total: Any


def integral(
    f: Callable, zero: Any, start: Any, end: Any, rule: Rule, limit_of: Callable, tolerances: tuple | None = None,
    width: Any = None,
) -> tuple[Any, Any]:
    """The integral of the vector ``f`` from ``start`` to ``end``, and whether it is as good as was asked.

    ``zero`` is a zero like ``f``.  A piece ends at ``limit_of(start)`` at the latest.  With ``tolerances = (rtol, atol, total)``
    a piece whose estimate is more than ``atol + rtol |total + integral|`` in its share of the whole is halved.  The first
    piece is ``width`` long (``None``: the whole).
    """
    whole = end - start
    span = jnp.where(whole > 0, whole, 1)
    nodes, weights = jnp.asarray(rule.nodes, start.dtype), jnp.asarray(rule.weights, start.dtype)
    differences = None if rule.differences is None else jnp.asarray(rule.differences, start.dtype)

    def values(a: Any, h: Any) -> tuple[Any, Any]:
        def add(i: Any, sums: tuple, private: tuple) -> tuple:
            value = f(a + read(nodes, i) * h)
            change = zero if differences is None else read(differences, i) * value
            return (sums[0] + read(weights, i) * value, sums[1] + change), private

        (total, miss), _ = repeat(add, (zero, zero), limit=len(rule.nodes))
        return h * total, h * miss

    def body(i: Any, active: Any, piece: _Piece, shared: tuple, private: tuple) -> tuple:
        left = end - piece.start
        limit = jnp.minimum(limit_of(piece.start), end)
        cut = jnp.where(limit > piece.start, limit, end) - piece.start
        h = jnp.minimum(piece.width, cut)
        value, miss = values(piece.start, h)
        good = jnp.bool_(True)
        if tolerances is not None:
            rtol, atol, before = tolerances
            roundings = 64 * jnp.finfo(value.dtype).eps * jnp.abs(value)
            allowed = (atol + rtol * jnp.abs(before + piece.total + value)) * jnp.maximum(h / span, SHARE) + roundings
            fine = jnp.all(jnp.abs(miss) <= allowed)
            good = jax.lax.stop_gradient(fine) | (h <= LEAST * span)
        last = good & (h >= left)
        after = jnp.where(last, end, jnp.where(good, piece.start + h, piece.start))
        width = jax.lax.stop_gradient(jnp.where(good, jnp.maximum(2 * h, piece.width), h / 2))
        return _Piece(after, width, jnp.where(good, piece.total + value, piece.total)), shared, private

    begin = _Piece(start, jax.lax.stop_gradient(span if width is None else width), zero)
    _, piece, _, _ = loop(body, begin, limit=MOST, running=lambda piece: piece.start < end)
    return piece.total, piece.start >= end
