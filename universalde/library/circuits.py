"""Stiff electric circuits."""

import jax.numpy as jnp
import numpy as np

from .registry import register, stiff_ode
from .stiff_ends import STATES

__all__ = [
    "nand_gate", "ring_modulator", "transistor_amplifier", "van_der_pol_relaxation", "van_der_pol_singular",
]  # fmt: skip

TESTS = "IVP test set, University of Bari (2008)"
TRIODE = "B. van der Pol, Phil. Mag. 2 (1926) 978-992"


def _relaxation(t, state, mu):
    x, y = state
    return [y, mu * (1 - x * x) * y - x]


@register("Relaxation of a triode, in the time of the fast motion.", f"{TRIODE}; {TESTS}", ("stiff",))
def van_der_pol_relaxation(mu=1e3):
    """``x' = y``, ``y' = μ (1 - x²) y - x`` from (2, 0): slow for times of μ, with jumps that last 1 / μ."""
    problem = stiff_ode(_relaxation, [2.0, 0.0], (0, 2 * mu), mu)
    return {"problem": problem, "states": STATES["van_der_pol_relaxation"] if mu == 1e3 else {}, "small": 1e-4}


def _singular(t, state, eps):
    x, y = state
    return [y, ((1 - x * x) * y - x) / eps]


@register("The same in the time of the slow motion.", f"{TRIODE}; Hairer, Wanner, Solving ODEs II (1996), IV.10", ("stiff",))
def van_der_pol_singular(end=2.0, eps=1e-6):
    """``x' = y``, ``ε y' = (1 - x²) y - x`` from (2, 0); as ε goes to 0 a DAE whose solution jumps.  Ends at 1, 2, ..., 11."""
    problem = stiff_ode(_singular, [2.0, 0.0], (0, end), eps)
    return {"problem": problem, "states": STATES["van_der_pol_singular"] if eps == 1e-6 else {}, "small": 1e-1}


def _diode(v):
    return 40.67286402e-9 * (jnp.exp(17.7493332 * v) - 1)


def _ring_modulator(t, y, stray):
    u1, u2, u3, u4, u5, u6, u7, i1, i2, i3, i4, i5, i6, i7, i8 = y
    low, high = 0.5 * jnp.sin(2e3 * np.pi * t), 2 * jnp.sin(2e4 * np.pi * t)
    first, second = _diode(u3 - u5 - u7 - high), _diode(u6 - u4 - u7 - high)
    third, fourth = _diode(u4 + u5 + u7 + high), _diode(u7 + high - u3 - u6)
    return [
        (i1 - 0.5 * i3 + 0.5 * i4 + i7 - u1 / 25e3) / 1.6e-8,
        (i2 - 0.5 * i5 + 0.5 * i6 + i8 - u2 / 25e3) / 1.6e-8,
        (i3 - first + fourth) / stray,
        (-i4 + second - third) / stray,
        (i5 + first - third) / stray,
        (-i6 - second + fourth) / stray,
        (-u7 / 50 + first + second - third - fourth) / 1e-8,
        -u1 / 4.45,
        -u2 / 4.45,
        (0.5 * u1 - u3 - 17.3 * i3) / 5e-4,
        (-0.5 * u1 + u4 - 17.3 * i4) / 5e-4,
        (0.5 * u2 - u5 - 17.3 * i5) / 5e-4,
        (-0.5 * u2 + u6 - 17.3 * i6) / 5e-4,
        (-u1 + low - (50 + 36.3) * i7) / 2e-3,
        (-u2 - (600 + 36.3) * i8) / 2e-3,
    ]


@register(
    "A circuit that mixes a low and a high tone.",
    f"E. H. Horneber (1976); W. Kampowsky, P. Rentrop, W. Schmidt, Surv. Math. Ind. 2 (1992) 23-65; {TESTS}",
    ("stiff",),
)
def ring_modulator(stray=2e-12):
    """Seven voltages and eight currents with four diodes, for a thousandth of a second.

    ``stray`` is a parasitic capacity in farad.  It makes the equations stiff, and oscillate at 5 MHz as well: no method leaps
    over much of it.  Without it the problem is a DAE of index 2.
    """
    problem = stiff_ode(_ring_modulator, np.zeros(15), (0, 1e-3), stray)
    return {"problem": problem, "states": STATES["ring_modulator"] if stray == 2e-12 else {}, "small": 1e-5}


def _emitter(v):
    return 1e-6 * (jnp.exp(v / 0.026) - 1)


def _transistor_amplifier(t, y, args):
    a, b, c, d, e, f, g, h = y
    first, second = _emitter(b - c), _emitter(e - f)
    return [
        (a - 0.1 * jnp.sin(200 * np.pi * t)) / 1e3,
        (2 * b - 6) / 9e3 + 0.01 * first,
        c / 9e3 - first,
        (d - 6) / 9e3 + 0.99 * first,
        (2 * e - 6) / 9e3 + 0.01 * second,
        f / 9e3 - second,
        (g - 6) / 9e3 + 0.99 * second,
        h / 9e3,
    ]


def _amplifier_mass():
    """Capacities between neighbours (1, 2), (4, 5), (7, 8) and to ground at 3 and 6, in farad."""
    mass = np.zeros((8, 8))
    for node, farad in ((0, 1e-6), (3, 3e-6), (6, 5e-6)):
        mass[node : node + 2, node : node + 2] = farad * np.array([[-1.0, 1.0], [1.0, -1.0]])
    mass[2, 2], mass[5, 5] = -2e-6, -4e-6
    return jnp.asarray(mass, float)


@register(
    "Two transistors amplify a tone.",
    f"P. Rentrop, M. Roche, G. Steinebach, Numer. Math. 55 (1989) 545-563; {TESTS}",
    ("stiff", "dae"),
)
def transistor_amplifier():
    """Eight voltages, ``M y' = f(t, y)`` with a mass matrix of rank 5 that is not diagonal; index 1."""
    problem = stiff_ode(
        _transistor_amplifier, [0.0, 3, 3, 6, 3, 3, 6, 0], (0, 0.2), mass=_amplifier_mass(),
    )  # fmt: skip
    return {"problem": problem, "states": STATES["transistor_amplifier"], "small": 1e-2}


SUPPLY, BULK = 5.0, -2.5  # volts
GATE, JUNCTION, LOAD = 6e-5, 2.4e-5, 5e-5  # capacities
PHI = 0.87


def _charge(v):
    """Charge of a junction over ``JUNCTION``: its slope is 1 / sqrt(1 - v / PHI) below zero, 1 + v / (2 PHI) above."""
    return jnp.where(v <= 0, 2 * PHI * (1 - jnp.sqrt(1 - jnp.minimum(v, 0) / PHI)), v + v * v / (4 * PHI))


def _leak(v):
    return jnp.where(v <= 0, -1e-14 * (jnp.exp(jnp.minimum(v, 0) / 25.85) - 1), 0)


def _drain(v, gate, bulk, threshold, gamma, phi, beta):
    """Current of a transistor from drain to source, v > 0, without its sign."""
    excess = gate - threshold - gamma * (jnp.sqrt(jnp.maximum(phi - bulk, 1e-12)) - phi**0.5)
    square = jnp.where(excess <= v, excess * excess, v * (2 * excess - v))
    return jnp.where(excess <= 0, 0, beta * square * (1 + 0.02 * v))


DEPLETION = (-2.43, 0.2, 1.28, 5.35e-4, 5.35e-4)
ENHANCEMENT = (0.2, 0.035, 1.01, 1.748e-3, 1.748e-4)  # beta forwards and backwards, as the test set has it


def _transistor(kind, v, gate_source, bulk_source, gate_drain, bulk_drain):
    """Current into the drain, negative when v > 0; source and drain exchange their parts when v < 0."""
    threshold, gamma, phi, forwards, backwards = kind
    ahead = v > 0
    gate, bulk = jnp.where(ahead, gate_source, gate_drain), jnp.where(ahead, bulk_source, bulk_drain)
    size = _drain(jnp.abs(v), gate, bulk, threshold, gamma, phi, jnp.where(ahead, forwards, backwards))
    return jnp.where(ahead, -size, size)


def _pulse(t, start, top, period):
    """Volts and their slope: 5 V reached in 5 units of time from ``start``, held for ``top``, and left in 5 units."""
    time = t - period * jnp.floor(t / period) - start
    rising, falling = (time > 0) & (time <= 5), (time > 5 + top) & (time <= 10 + top)
    level = jnp.where(rising, time, jnp.where(falling, 10 + top - time, jnp.where((time > 5) & (time <= 5 + top), 5, 0)))
    return level, jnp.where(rising, 1, jnp.where(falling, -1, 0))


def _nand_gate(t, y, args):
    v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, *charges = y
    (one, one_slope), (two, two_slope) = _pulse(t, 5, 5, 20), _pulse(t, 15, 15, 40)
    load = _transistor(DEPLETION, v2 - v1, v5 - v1, v3 - v5, v5 - v2, v4 - SUPPLY)
    upper = _transistor(ENHANCEMENT, v7 - v6, one - v6, v8 - v10, one - v7, v9 - v5)
    lower = _transistor(ENHANCEMENT, v12 - v11, two - v11, v13, two - v12, v14 - v10)
    junctions = (v3 - v5, v4 - SUPPLY, v8 - v10, v9 - v5, v13, v14 - v10)
    leak3, leak4, leak8, leak9, leak13, leak14 = [_leak(v) for v in junctions]
    return [
        -(v1 - v5) / 4 - load,
        -(v2 - SUPPLY) / 4 + load,
        -(v3 - BULK) / 10 + leak3,
        -(v4 - BULK) / 10 + leak4,
        -(v5 - v1) / 4 - leak3 - (v5 - v7) / 4 - leak9,
        GATE * one_slope - (v6 - v10) / 4 - upper,
        GATE * one_slope - (v7 - v5) / 4 + upper,
        -(v8 - BULK) / 10 + leak8,
        -(v9 - BULK) / 10 + leak9,
        -(v10 - v6) / 4 - leak8 - (v10 - v12) / 4 - leak14,
        GATE * two_slope - v11 / 4 - lower,
        GATE * two_slope - (v12 - v10) / 4 + lower,
        -(v13 - BULK) / 10 + leak13,
        -(v14 - BULK) / 10 + leak14,
        *(q - _charge(v) for q, v in zip(charges, junctions, strict=True)),
    ]


def _nand_mass():
    """Charges that leave each node, by voltages and by the charges of junctions (3, 4, 8, 9, 13, 14)."""
    mass = np.zeros((20, 20))
    for node, other in ((1, 5), (2, 5), (6, None), (7, None), (11, None), (12, None)):
        mass[node - 1, node - 1] += GATE
        if other is not None:
            mass[node - 1, other - 1] -= GATE
            mass[other - 1, node - 1] -= GATE
            mass[other - 1, other - 1] += GATE
    mass[4, 4] += LOAD
    mass[9, 9] += LOAD
    for column, (node, other) in enumerate(((3, 5), (4, None), (8, 10), (9, 5), (13, None), (14, 10))):
        mass[node - 1, 14 + column] = JUNCTION
        if other is not None:
            mass[other - 1, 14 + column] = -JUNCTION
    return jnp.asarray(mass, float)


@register("A gate of three transistors computes not (a and b).", f"U. Feldmann, M. Günther (1993-1999); {TESTS}", ("stiff", "dae"))
def nand_gate():
    """Voltages at 14 nodes and the charges of 6 junctions, in volts; two pulses come in; t in nanoseconds.

    In the test set the capacities of the junctions depend on the state, ``C(y) y' = f``.  A mass matrix is constant, so here the
    charges are unknowns: ``q' = f`` and ``0 = q - Q(v)``, which is the same and keeps charge.  Pulses bend at multiples of 5.
    """
    v = np.array([5, 5, -2.5, -2.5, 5, 3.62385, 5, -2.5, -2.5, 3.62385, 0, 3.62385, -2.5, -2.5])
    across = np.array([v[2] - v[4], v[3] - SUPPLY, v[7] - v[9], v[8] - v[4], v[12], v[13] - v[9]])
    start = np.concatenate([v, np.asarray(_charge(across))])
    problem = stiff_ode(_nand_gate, start, (0, 80), mass=_nand_mass(), discontinuities=jnp.arange(5.0, 80.0, 5.0))
    return {"problem": problem, "states": STATES["nand_gate"], "small": 1e-1}
