"""Shadowing segment after segment, by tangents or adjoints of the few directions that grow."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import spsolve

from ..base.warn import warn
from ..spec.method import Method
from .flow import Flow, Shadowed, check_finite, checked_count, flow_of

__all__ = ["nilsas", "nilss"]

SAMPLES = 5  # points of a segment at which norms are measured


def nilss(
    problem: Any, objective: Callable, *, unstable: Any, segments: Any, method: Method | None = None, rtol: Any = 1e-6, atol: Any = 1e-6,
    transient: Any = 0.0, seed: Any = 0,
) -> Shadowed:  # fmt: skip
    r"""Non-intrusive least-squares shadowing: the derivative of :math:`\frac1T \int g\,dt` by ``args``.

    In each segment the inhomogeneous tangent :math:`v' = f_y v + f_\theta` and the homogeneous ones :math:`w_j' = f_y w_j` of ``unstable`` directions and
    one more are followed, orthogonal to f at its start; between segments they are made orthonormal again.  Of all :math:`v + \sum_j a_j w_j` that are continuous the one of
    least norm, orthogonal to f, shadows.  With :math:`\xi = v^T f / f^T f` at the ends of segments, which is how much time runs faster,

    .. math:: \frac{d\langle g\rangle}{d\theta} = \frac1T \sum_i \Big[\int (g_y v + g_\theta)\,dt + \xi_i (\langle g\rangle - g(y_i))\Big].

    ``objective(t, y, args) -> number`` is g.  ``problem.tspan`` less ``transient`` is T.  ``unstable`` is at least the number of positive Lyapunov exponents;
    ``segments`` so many that tangents grow a few powers of ten within one at most.  ``seed`` draws the first directions.  ``method`` (``None``: Tsit5), ``rtol`` and ``atol`` are those
    of :func:`universalde.solve`; the tangents are those of its steps.
    Errors: ``ValueError`` for systems that are not autonomous and for other parts than a right-hand side, ``FloatingPointError`` where a solve fails.
    Source: A. Ni and Q. Wang, Journal of Computational Physics 347 (2017) 56-77.

    Example: ``ude.shadowing.nilss(lorenz, lambda t, y, rho: y[2], unstable=1, segments=100, transient=20.0)``
    """
    flow = flow_of(problem, objective, method, rtol, atol, transient)
    m = min(checked_count("unstable", unstable, 1, flow.start.size - 1) + 1, flow.start.size - 1)
    checked_count("segments", segments, 2)
    time, p = flow.length / segments, flow.p
    zero_w, one_v = jnp.zeros((m, p.size)), jnp.eye(p.size)

    @jax.jit
    def segment(y: Any, tangents: Any) -> tuple:
        of = lambda y, p: flow.advanced(y, p, time, SAMPLES)  # noqa: E731
        moved = lambda dy, dp: jax.jvp(of, (y, p), (dy, dp))  # noqa: E731
        (ys, integral), (rows, integrals) = jax.vmap(moved, out_axes=(None, 0))(tangents, jnp.concatenate([zero_w, one_v]))
        slopes = jax.vmap(lambda y: flow.f(y, p))(ys)
        along = jnp.einsum("mkn,kn->mk", rows, slopes) / jnp.sum(slopes**2, axis=1)
        across = rows - along[:, :, None] * slopes
        gram = jnp.einsum("akn,bkn->ab", across, across) * time / SAMPLES
        return ys[-1], integral, integrals, along[:, -1], flow.g(ys[-1], p), across[:, -1], gram

    y, tangents = flow.start, jnp.concatenate([_start(flow, m, seed), jnp.zeros((p.size, flow.start.size))])
    grams, moves, found = [], [], []
    for _ in range(segments):
        y, integral, integrals, faster, value, across, gram = (np.asarray(x) for x in segment(y, tangents))
        check_finite(across, gram)
        q, r = np.linalg.qr(across[:m].T)
        shift = q.T @ across[m:].T
        tangents = np.concatenate([q.T, across[m:] - (q @ shift).T])
        grams.append(gram)
        moves.append(_Move(r, shift))
        found.append((integral, integrals, faster, value))
    a = _least([x[:m, :m] for x in grams], [x[:m, m:] for x in grams], moves[:-1])
    average = sum(x[0] for x in found) / flow.length
    total = np.zeros(p.size)
    for (_, integrals, faster, value), weights in zip(found, a, strict=True):
        each = integrals + faster * (average - value)
        total += each[m:] + weights.T @ each[:m]
    return flow.result(average, total / flow.length, _exponents(moves, time, more=m < flow.start.size - 1))


def nilsas(
    problem: Any, objective: Callable, *, unstable: Any, segments: Any, method: Method | None = None, rtol: Any = 1e-6, atol: Any = 1e-6,
    transient: Any = 0.0, seed: Any = 0,
) -> Shadowed:  # fmt: skip
    r"""Non-intrusive least-squares adjoint shadowing: as :func:`nilss`, at a cost that does not grow with the number of parameters.

    The adjoint :math:`\nu' = -f_y^T \nu - g_y` that stays bounded, as one inhomogeneous solution plus ``unstable + 2`` homogeneous ones (one
    belongs to the direction of f, one decays), of least norm among those with :math:`\langle \nu^T f \rangle = 0`, which is :math:`\nu^T f = \langle g\rangle - g` at any one time; then

    .. math:: \frac{d\langle g\rangle}{d\theta} = \frac1T \int (\nu^T f_\theta + g_\theta)\,dt.

    Arguments, errors and result are those of :func:`nilss`; the adjoints are those of the steps of the solve.
    Source: A. Ni and C. Talnikar, Journal of Computational Physics 395 (2019) 690-709.

    Example: ``ude.shadowing.nilsas(lorenz, lambda t, y, rho: y[2], unstable=1, segments=100, transient=20.0)``
    """
    flow = flow_of(problem, objective, method, rtol, atol, transient)
    m = min(checked_count("unstable", unstable, 1, flow.start.size - 1) + 2, flow.start.size)
    checked_count("segments", segments, 2)
    time, p = flow.length / segments, flow.p
    forward = jax.jit(lambda y: flow.advanced(y, p, time, 1))

    @jax.jit
    def back(y: Any, adjoints: Any) -> tuple:
        def of(y: Any, p: Any) -> tuple:
            ys, integral = flow.advanced(y, p, time, 1)
            return ys[-1], integral

        pull = jax.vjp(of, y, p)[1]
        return jax.vmap(lambda bar, of_integral: pull((bar, of_integral)))(adjoints, jnp.zeros(m + 1).at[m].set(1))

    path, average = [flow.start], 0.0
    for _ in range(segments):
        ys, integral = forward(path[-1])
        path.append(ys[-1])
        average += float(integral) / flow.length
    adjoints = jnp.concatenate([_start(flow, m, seed, across=False), jnp.zeros((1, flow.start.size))])
    last = np.asarray(adjoints[:m] @ flow.f(path[-1], p)), average - float(flow.g(path[-1], p))
    grams, moves, found = [], [], []
    for y in reversed(path[:-1]):
        pulled, by_p = (np.asarray(x) for x in back(y, adjoints))
        check_finite(pulled, by_p)
        q, r = np.linalg.qr(pulled[:m].T)
        shift = q.T @ pulled[m:].T
        adjoints = np.concatenate([q.T, pulled[m:] - (q @ shift).T])
        grams.append(pulled @ pulled.T + np.diag([*np.ones(m), 0.0]))  # at both ends: what decays backwards is large at the later one only
        moves.append(_Move(r, shift))
        found.append(by_p)
    a = _least([x[:m, :m] for x in grams], [x[:m, m:] for x in grams], moves[:-1], last)
    total = sum(by_p[m] + weights[:, 0] @ by_p[:m] for by_p, weights in zip(found, a, strict=True))
    return flow.result(average, total / flow.length, _exponents(moves, time, more=m < flow.start.size))


class _Move(NamedTuple):
    """How the coefficients of a segment become those of the next: ``a -> r a + shift``."""

    r: Any
    shift: Any


def _start(flow: Flow, count: int, seed: int, across: bool = True) -> Any:
    """Random orthonormal directions, orthogonal to f."""
    found = np.random.default_rng(seed).normal(size=(flow.start.size, count))
    slope = np.asarray(flow.f(flow.start, flow.p))
    if across:
        found -= np.outer(slope, slope @ found) / (slope @ slope)
    return jnp.asarray(np.linalg.qr(found)[0].T)


def _exponents(moves: list, time: float, more: bool) -> Any:
    """How fast the directions grow, greatest first; a warning where even the last does and there are more."""
    found = np.sort(np.mean([np.log(np.abs(np.diag(move.r))) for move in moves], axis=0) / time)[::-1]
    if more and found[-1] > 0:
        warn(f"shadowing followed {len(found)} directions and all of them grow (Lyapunov exponents from {found[-1]:.3g} up); raise unstable")
    return found


def _least(c: list, d: list, moves: list, last: tuple | None = None) -> list:
    r"""The :math:`a_i` of least :math:`\sum_i a_i^T C_i a_i / 2 + d_i^T a_i` that follow the moves, and have :math:`y^T a_0 = z` for ``last = (y, z)``."""
    m, count = c[0].shape[0], len(c)
    steps = sparse.block_diag([-move.r for move in moves])
    empty = sparse.csr_matrix(((count - 1) * m, m))
    tied = sparse.hstack([steps, empty]) + sparse.hstack([empty, sparse.identity((count - 1) * m)])
    right = np.concatenate([move.shift for move in moves])
    if last is not None:
        tied = sparse.vstack([tied, sparse.hstack([sparse.csr_matrix(last[0][None]), sparse.csr_matrix((1, (count - 1) * m))])])
        right = np.concatenate([right, np.full((1, right.shape[1]), last[1])])
    system = sparse.bmat([[sparse.block_diag(c), tied.T], [tied, None]]).tocsc()
    sides = np.concatenate([-np.concatenate(d), right])
    found = np.asarray(spsolve(system, sides)).reshape(sides.shape)
    return [found[i * m : (i + 1) * m] for i in range(count)]
