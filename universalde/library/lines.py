"""Stiff equations on lines: diffusion, elastic beams and filaments, and rooms along a pipe."""

import jax.numpy as jnp
import numpy as np

from ..linalg import Banded, Operator
from .registry import register, stiff_ode
from .stiff_ends import STATES

__all__ = ["beam", "brusselator_500", "filament", "heating_system", "medical_akzo_nobel"]

TESTS = "IVP test set, University of Bari (2008)"
HAIRER = "Hairer, Wanner, Solving ODEs II (1996)"
NEIGHBOURS = Banded(1, 1)
TWO_FIELDS = Banded(2, 2)  # two fields of a line, point by point, that react and of which each diffuses


def _brusselator_500(t, state, diffusion):
    u, v = state[:, 0], state[:, 1]

    def spread(w, edge):
        wide = jnp.concatenate([edge, w, edge])
        return diffusion * (wide[:-2] - 2 * w + wide[2:])

    one, react = jnp.ones(1, state.dtype), u * u * v
    return jnp.stack([1 + react - 4 * u + spread(u, one), 3 * u - react + spread(v, 3 * one)], 1)


@register("A chemical clock along a line of 500 points.", f"{HAIRER}, IV.10, problem BRUSS", ("stiff",))
def brusselator_500():
    """As ``brusselator_1d``, 500 inner points, diffusion 1/50; state of shape (500, 2), so that the Jacobian is banded (2, 2)."""
    x = np.arange(1, 501) / 501
    start = np.stack([1 + np.sin(2 * np.pi * x), np.full(500, 3.0)], 1)
    problem = stiff_ode(_brusselator_500, start, (0, 10), 501.0**2 / 50, structure=TWO_FIELDS)
    return {"problem": problem, "states": STATES["brusselator_500"], "small": 1e-1}


CELLS = 200


def _medical_akzo_nobel(t, state, coefficients):
    u, v = state[:, 0], state[:, 1]
    drift, spread = coefficients
    inflow = jnp.where(t <= 5, 2, 0).astype(state.dtype).reshape(1)
    left, right = jnp.concatenate([inflow, u[:-1]]), jnp.concatenate([u[1:], jnp.zeros(1, state.dtype)])
    bound = 100 * u * v
    return jnp.stack([drift * (right - left) + spread * (left - 2 * u + right) - bound, -bound], 1)


@register("A labelled antibody enters tissue that a tumour has taken.", f"Akzo Nobel; {TESTS}", ("stiff",))
def medical_akzo_nobel():
    """``u' = u_xx - 100 u v``, ``v' = -100 u v`` on a half line mapped to 200 points; state of shape (200, 2), banded (2, 2).

    The inflow stops at t = 5 (``discontinuities``).  Where u has arrived, v is below 1e-30: noise for every solver.
    """
    z = np.arange(1, CELLS + 1) / CELLS
    drift, spread = 2 * (z - 1) ** 3 / 16 * (CELLS / 2), (z - 1) ** 4 / 16 * CELLS**2
    problem = stiff_ode(
        _medical_akzo_nobel, np.tile([0.0, 1.0], (CELLS, 1)), (0, 20), (jnp.asarray(drift, float), jnp.asarray(spread, float)),
        structure=TWO_FIELDS, discontinuities=jnp.array([5.0]),
    )  # fmt: skip
    return {"problem": problem, "states": STATES["medical_akzo_nobel"], "small": 1e-3}


def _tridiagonal(below, diagonal, above, b):
    """The solution of ``below_i x_{i-1} + diagonal_i x_i + above_i x_{i+1} = b_i``."""
    storage = jnp.stack([jnp.pad(below, (1, 0)), diagonal, jnp.pad(above, (0, 1))], 1)
    return Operator(storage, NEIGHBOURS).factor().solve(b)


SEGMENTS = 40


def _beam(t, y, args):
    angle, rate = y[:SEGMENTS], y[SEGMENTS:]
    n = float(SEGMENTS)
    turn, sine, cosine = angle[1:] - angle[:-1], jnp.sin(angle), jnp.cos(angle)
    s, c = jnp.sin(turn), jnp.cos(turn)
    zero = jnp.zeros(1, y.dtype)
    bend = jnp.concatenate([angle[1:2] - 3 * angle[:1], turn[1:] - turn[:-1], -turn[-1:]])
    force = jnp.where(t <= np.pi, 1.5 * jnp.sin(t) ** 2, 0)
    v = n**4 * bend + n**2 * force * (cosine + sine)
    w = rate * rate + jnp.concatenate([s * v[1:], zero]) - jnp.concatenate([zero, s * v[:-1]])
    ends = np.full(SEGMENTS, 2.0)
    ends[0], ends[-1] = 1.0, 3.0
    w = _tridiagonal(-c, jnp.asarray(ends, y.dtype), -c, w)
    u = ends * v + jnp.concatenate([s * w[1:] - c * v[1:], zero]) - jnp.concatenate([zero, s * w[:-1] + c * v[:-1]])
    return jnp.concatenate([rate, u])


@register("An elastic beam is pulled at its free end.", f"{HAIRER}, IV.1; {TESTS}", ("stiff",))
def beam():
    """Angles and rates of 40 segments; the force ``1.5 sin² t`` stops at π (``discontinuities``).

    Eigenvalues are imaginary up to 6400 i: a method must damp them, and those that are not L-stable near the imaginary axis crawl.
    """
    problem = stiff_ode(_beam, np.zeros(2 * SEGMENTS), (0, 5), discontinuities=jnp.array([np.pi]))
    return {"problem": problem, "states": STATES["beam"], "small": 1e-2}


def _filament(t, points, args):
    scale, pull, turns = args
    bend = jnp.pad(points[:-2] - 2 * points[1:-1] + points[2:], ((2, 2), (0, 0)))  # none at the free ends
    force = -scale * (bend[:-2] - 2 * bend[1:-1] + bend[2:])
    end = pull * jnp.stack([jnp.cos(turns * t), jnp.sin(turns * t), 0 * t])[None]
    force = force + jnp.concatenate([-end, jnp.zeros((points.shape[0] - 2, 3), points.dtype), end])
    along = points[1:] - points[:-1]
    neighbour = -jnp.sum(along[1:] * along[:-1], 1)
    stretch = jnp.sum((force[1:] - force[:-1]) * along, 1)
    tension = _tridiagonal(neighbour, 2 * jnp.sum(along * along, 1), neighbour, stretch)
    pulled = jnp.pad(tension[:, None] * along, ((1, 1), (0, 0)))
    return force + pulled[1:] - pulled[:-1]


@register(
    "A magnetic filament swims in a turning field.",
    "after R. Livanovičs, A. Cēbers, Phys. Rev. E 85 (2012) 041502; SciML benchmarks",
    ("stiff",),
)
def filament():
    """21 points in space, ``r' = P(r) (A r + F(t))``: A bends by fourth differences, P keeps the 20 segments at their length.

    A state of shape (21, 3).  The constraint is kept by its derivative only, so that errors of the length stay.
    """
    straight = np.zeros((21, 3))
    straight[:, 0] = np.linspace(0, 1, 21)
    problem = stiff_ode(_filament, straight, (0, 0.01), (21.0**4, 21 * 32.0, 200.0))
    return {"problem": problem, "states": STATES["filament"], "small": 1e-2}


ROOMS = 40


def _heating_system(t, y, capacity):
    supply, room, valve = y[0], y[1 : ROOMS + 1], y[ROOMS + 1 :]
    opening = 0.5 * jnp.tanh(30 * valve) + 0.5
    heat = 200 * (supply - room) * opening
    most = 3000.0 * ROOMS
    boiler = most / 2 * (jnp.tanh((343.15 - supply) / 2 - 1) + 1)
    outside = 278.15 + 8 * jnp.sin(2 * np.pi * t / 86400)
    return jnp.concatenate([
        ((boiler - jnp.sum(heat)) / (2e6 * ROOMS)).reshape(1),
        (heat - 150 * (room - outside)) / capacity,
        50 * (293.15 - room - 0.5 / 0.0474 * valve * (valve * valve - 0.25)),
    ])  # fmt: skip


@register(
    "A boiler and forty rooms with valves that open and close.",
    "F. Casella, in: Proc. 11th International Modelica Conference (2015) 459-468; SciML benchmarks",
    ("stiff",),
)
def heating_system():
    """Temperatures (K) of the supply and of 40 rooms, and 40 valves with hysteresis, over 50,000 s.

    A valve switches fast and waits for hours; each room's has a switching time of its own.
    """
    capacity = jnp.asarray((1 + np.linspace(0, 1.348, ROOMS)) * 1e7, float)
    start = np.concatenate([[343.15], np.full(ROOMS, 293.15), np.full(ROOMS, -0.5)])
    problem = stiff_ode(_heating_system, start, (0, 5e4), capacity)
    return {"problem": problem, "states": STATES["heating_system"], "small": 1e-1}
