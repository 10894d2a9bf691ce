"""Shadowing segment after segment, by tangents or adjoints of the few directions that grow."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..base.buffers import read, sweep
from ..base.checks import is_concrete
from ..base.warn import warn
from ..spec.method import Method
from .flow import Flow, Shadowed, checked_count, flow_of
from .least import least_chain

__all__ = ["nilsas", "nilss", "warned"]

SAMPLES = 5  # points of a segment at which norms are measured


def nilss(
    problem: Any, objective: Callable, *, unstable: Any, segments: Any, method: Method | None = None, rtol: Any = 1e-6, atol: Any = 1e-6,
    transient: Any = 0.0, seed: Any = 0,
) -> Shadowed:  # fmt: skip
    r"""Non-intrusive least-squares shadowing: the derivative of :math:`\frac1T \int g\,dt` by ``args``.

    In each segment the inhomogeneous tangent :math:`v' = f_y v + f_\theta` and the homogeneous ones :math:`w_j' = f_y w_j` of
    ``unstable`` directions and one more are followed, orthogonal to f at its start; between segments they are made orthonormal
    again.  Of all :math:`v + \sum_j a_j w_j` that are continuous the one of least norm, orthogonal to f, shadows.  With
    :math:`\xi = v^T f / f^T f` at the ends of segments, which is how much time runs faster,

    .. math:: \frac{d\langle g\rangle}{d\theta} = \frac1T \sum_i \Big[\int (g_y v + g_\theta)\,dt + \xi_i (\langle g\rangle - g(y_i))\Big].

    ``objective(t, y, args) -> number`` is g.  ``problem.tspan`` less ``transient`` is T.  ``unstable`` is at least the number of
    positive Lyapunov exponents (none on a limit cycle); ``segments`` so many that tangents grow a few powers of ten within one at
    most.  ``seed`` draws the first directions.  ``method`` (``None``: Tsit5), ``rtol`` and ``atol`` are those of
    :func:`universalde.solve`; the tangents are those of its steps.
    It works inside ``jax.jit`` and ``jax.vmap`` (over ``y0`` or ``args``), where a failure is NaN instead of an error.
    Errors: ``ValueError`` for systems that are not autonomous and for other parts than a right-hand side,
    ``FloatingPointError`` where a solve fails.
    Source: A. Ni and Q. Wang, Journal of Computational Physics 347 (2017) 56-77.

    Example: ``ude.shadowing.nilss(lorenz, lambda t, y, rho: y[2], unstable=1, segments=100, transient=20.0)``
    """
    flow = flow_of(problem, objective, method, rtol, atol, transient)
    n, parameters = flow.start.size, flow.p.size
    m, time, blank = _divided(flow, unstable, segments)

    def run(y: Any, p: Any) -> tuple:
        of = lambda y, p: flow.advanced(y, p, time, SAMPLES)  # noqa: E731
        by_p = jnp.concatenate([jnp.zeros((m, parameters), p.dtype), jnp.eye(parameters, dtype=p.dtype)])

        def segment(k: Any, state: tuple) -> tuple:
            y, tangents = state
            moved = lambda dy, dp: jax.jvp(of, (y, p), (dy, dp))  # noqa: E731
            (ys, integral), (rows, integrals) = jax.vmap(moved, out_axes=(None, 0))(tangents, by_p)
            slopes = jax.vmap(lambda y: flow.f(y, p))(ys)
            along = jnp.einsum("mkn,kn->mk", rows, slopes) / jnp.sum(slopes**2, axis=1)
            across = rows - along[:, :, None] * slopes
            gram = jnp.einsum("akn,bkn->ab", across, across) * time / SAMPLES
            tangents, r, shift = _orthonormal(across[:, -1], m)
            return (ys[-1], tangents), (integral, integrals, along[:, -1], flow.g(ys[-1], p), gram, r, shift)

        rows = (blank(), blank(m + parameters), blank(m + parameters), blank(), blank(m + parameters, m + parameters))
        tangents = jnp.concatenate([_start(flow, y, p, m, seed), jnp.zeros((parameters, n), y.dtype)])
        _, found = sweep(segment, (y, tangents), (*rows, blank(m, m), blank(m, parameters)), segments)
        integral, integrals, faster, value, gram, r, shift = found
        average = jnp.sum(integral) / flow.length
        a = least_chain(gram[:, :m, :m], gram[:, :m, m:], r, shift)
        each = integrals + faster * (average - value)[:, None]
        total = jnp.sum(each[:, m:], axis=0) + jnp.einsum("kmp,km->p", a, each[:, :m])
        return average, total / flow.length, _exponents(r, time)

    return warned(flow.finished(run), more=m < n - 1)


def nilsas(
    problem: Any, objective: Callable, *, unstable: Any, segments: Any, method: Method | None = None, rtol: Any = 1e-6, atol: Any = 1e-6,
    transient: Any = 0.0, seed: Any = 0,
) -> Shadowed:  # fmt: skip
    r"""Non-intrusive least-squares adjoint shadowing: as :func:`nilss`, at a cost that does not grow with the number of parameters.

    The adjoint :math:`\nu' = -f_y^T \nu - g_y` that stays bounded, as one inhomogeneous solution plus ``unstable + 1`` homogeneous
    ones orthogonal to f, of least norm among those with :math:`\langle \nu^T f \rangle = 0`.  That is
    :math:`\nu^T f = \langle g\rangle - g`, at one time and so at all; it is imposed between all segments, since errors of the
    solve in this direction do not decay but add up.  Then

    .. math:: \frac{d\langle g\rangle}{d\theta} = \frac1T \int (\nu^T f_\theta + g_\theta)\,dt.

    Arguments, errors and result are those of :func:`nilss`; the adjoints are those of the steps of the solve.
    Source: A. Ni and C. Talnikar, Journal of Computational Physics 395 (2019) 690-709.

    Example: ``ude.shadowing.nilsas(lorenz, lambda t, y, rho: y[2], unstable=1, segments=100, transient=20.0)``
    """
    flow = flow_of(problem, objective, method, rtol, atol, transient)
    n, parameters = flow.start.size, flow.p.size
    m, time, blank = _divided(flow, unstable, segments)

    def run(start: Any, p: Any) -> tuple:
        def of(y: Any, p: Any) -> tuple:
            ys, integral = flow.advanced(y, p, time, 1)
            return ys[-1], integral

        def forwards(k: Any, y: Any) -> tuple:
            end, integral = of(y, p)
            return end, (y, integral)

        end, (path, integrals) = sweep(forwards, start, (blank(n), blank()), segments)
        average = jnp.sum(integrals) / flow.length

        def with_product(adjoints: Any, y: Any) -> Any:
            """The inhomogeneous one, the last, as the others orthogonal to f but for the product that it must have with f."""
            slope = flow.f(y, p)
            wanted = jnp.zeros(m + 1, y.dtype).at[m].set(average - flow.g(y, p))
            return adjoints + jnp.outer(wanted - adjoints @ slope, slope) / (slope @ slope)

        def backwards(k: Any, adjoints: Any) -> tuple:
            y = read(path, k)
            pull = jax.vjp(of, y, p)[1]
            pulled, by_p = jax.vmap(lambda bar, last: pull((bar, last)))(adjoints, jnp.zeros(m + 1, y.dtype).at[m].set(1))
            # norms at both ends: what decays backwards is large at the later one only
            gram = pulled @ pulled.T + jnp.diag(jnp.ones(m + 1, y.dtype).at[m].set(0))
            adjoints, r, shift = _orthonormal(with_product(pulled, y).at[m].set(pulled[m]), m)
            return with_product(adjoints, y), (by_p, gram, r, shift)

        first = jnp.concatenate([_start(flow, end, p, m, seed), jnp.zeros((1, n), start.dtype)])
        rows = (blank(m + 1, parameters), blank(m + 1, m + 1), blank(m, m), blank(m, 1))
        _, found = sweep(backwards, with_product(first, end), rows, segments, backwards=True)
        by_p, gram, r, shift = (x[::-1] for x in found)
        a = least_chain(gram[:, :m, :m], gram[:, :m, m:], r, shift)
        total = jnp.sum(by_p[:, m], axis=0) + jnp.einsum("km,kmp->p", a[:, :, 0], by_p[:, :m])
        return average, total / flow.length, _exponents(r, time)

    return warned(flow.finished(run), more=m < n - 1)


def _divided(flow: Flow, unstable: Any, segments: Any) -> tuple[int, Any, Callable]:
    """How many directions are followed, how long a segment is, and what makes rows for all segments."""
    time = flow.length / checked_count("segments", segments, 2)
    return _directions(flow, unstable), time, lambda *shape: jnp.zeros((segments, *shape), flow.start.dtype)


def _directions(flow: Flow, unstable: Any) -> int:
    """How many are followed: those that grow and one more, as far as there are any across f."""
    n = flow.start.size
    if n < 2:
        raise ValueError("the state is one number, which has no direction across its motion; use ude.shadowing.lss")
    return min(checked_count("unstable", unstable, 0, n - 1) + 1, n - 1)


def _orthonormal(rows: Any, m: int) -> tuple[Any, Any, Any]:
    """The first m rows orthonormal, and the others orthogonal to them; how coefficients change: ``a -> r a + shift``."""
    q, r = jnp.linalg.qr(rows[:m].T)
    shift = q.T @ rows[m:].T
    return jnp.concatenate([q.T, rows[m:] - (q @ shift).T]), r, shift


def _start(flow: Flow, y: Any, p: Any, count: int, seed: int) -> Any:
    """Random orthonormal directions, orthogonal to f."""
    found = jnp.asarray(np.random.default_rng(seed).normal(size=(y.size, count)), y.dtype)
    slope = flow.f(y, p)
    return jnp.linalg.qr(found - jnp.outer(slope, slope @ found) / (slope @ slope))[0].T


def _exponents(r: Any, time: float) -> Any:
    """How fast the directions grow, greatest first."""
    return jnp.sort(jnp.mean(jnp.log(jnp.abs(jnp.diagonal(r, axis1=1, axis2=2))), axis=0) / time)[::-1]


def warned(found: Shadowed, more: bool) -> Shadowed:
    """A warning where even the last direction grows and there are more."""
    exponents = found.exponents
    if more and is_concrete(exponents) and exponents[-1] > 0:
        warn(
            f"shadowing followed {len(exponents)} directions and all of them grow (Lyapunov exponents from {exponents[-1]:.3g} up); "
            "raise unstable"
        )
    return found
