"""Right-hand sides of the stiff problems once more, for NumPy arrays of any precision: y is (n,) or (n, columns), t a number each.

They share no formula with the library but the list of reactions of EMEP: matrices and loops here, components there.
"""

import numpy as np

from universalde.library.ozone_reactions import REACTIONS, SPECIES

BONDS = {  # one row per reaction: rate, reactants, then what it changes; species from 0
    "rober": [(0.04, (0,), {0: -1, 1: 1}), (1e4, (1, 2), {0: 1, 1: -1}), (3e7, (1, 1), {1: -1, 2: 1})],
    "e5": [
        (7.89e-10, (0,), {0: -1, 1: 1, 2: 1}), (1.1e7, (0, 2), {0: -1, 2: -1, 3: 1}), (1.13e9, (1, 2), {1: -1, 2: -1}),
        (1.13e3, (3,), {3: -1, 2: 1}),
    ],
    "pollution": [
        (0.35, (0,), {0: -1, 1: 1, 2: 1}), (26.6, (1, 3), {0: 1, 1: -1, 3: -1}), (1.23e4, (4, 1), {0: 1, 1: -1, 4: -1, 5: 1}),
        (8.6e-4, (6,), {4: 2, 6: -1, 7: 1}), (8.2e-4, (6,), {6: -1, 7: 1}), (1.5e4, (6, 5), {4: 1, 5: -1, 6: -1, 7: 1}),
        (1.3e-4, (8,), {4: 1, 7: 1, 8: -1, 9: 1}), (2.4e4, (8, 5), {5: -1, 8: -1, 10: 1}),
        (1.65e4, (10, 1), {0: 1, 1: -1, 9: 1, 10: -1, 11: 1}), (9e3, (10, 0), {0: -1, 10: -1, 12: 1}),
        (0.022, (12,), {0: 1, 10: 1, 12: -1}), (1.2e4, (9, 1), {0: 1, 1: -1, 9: -1, 13: 1}), (1.88, (13,), {4: 1, 6: 1, 13: -1}),
        (1.63e4, (0, 5), {0: -1, 5: -1, 14: 1}), (4.8e6, (2,), {2: -1, 3: 1}), (3.5e-4, (3,), {3: -1, 15: 1}),
        (0.0175, (3,), {2: 1, 3: -1}), (1e8, (15,), {5: 2, 15: -1}), (4.44e11, (15,), {2: 1, 15: -1}),
        (1240.0, (16, 5), {4: 1, 5: -1, 16: -1, 17: 1}), (2.1, (18,), {1: 1, 18: -1}), (5.78, (18,), {0: 1, 2: 1, 18: -1}),
        (0.0474, (0, 3), {0: -1, 3: -1, 18: 1}), (1780.0, (18, 0), {0: -1, 18: -1, 19: 1}), (3.12, (19,), {0: 1, 18: 1, 19: -1}),
    ],
}  # fmt: skip


def mass_action(bonds, y):
    out = np.zeros_like(y)
    for rate, reactants, change in bonds:
        speed = rate * np.prod([y[k] for k in reactants], axis=0)
        for k, count in change.items():
            out[k] += count * speed
    return out


def rober_dae(t, y):
    out = mass_action(BONDS["rober"], y)
    out[2] = y.sum(0) - 1
    return out


HIRES = np.zeros((8, 8))
for row, column, rate in (
    (0, 0, -1.71), (0, 1, 0.43), (0, 2, 8.32), (1, 0, 1.71), (1, 1, -8.75), (2, 2, -10.03), (2, 3, 0.43), (2, 4, 0.035),
    (3, 1, 8.32), (3, 2, 1.71), (3, 3, -1.12), (4, 4, -1.745), (4, 5, 0.43), (4, 6, 0.43), (5, 3, 0.69), (5, 4, 1.71),
    (5, 5, -0.43), (5, 6, 0.69), (6, 6, -1.81), (7, 6, 1.81),
):  # fmt: skip
    HIRES[row, column] = rate


def hires(t, y):
    out = HIRES.astype(y.dtype) @ y
    out[0] += 0.0007
    out[5:] += np.multiply.outer(np.array([-280, 280, -280]), y[5] * y[7])
    return out


def orego(t, y):
    s, first, second = 77.27, y[0] + y[1] - y[0] * y[1], 8.375e-6 * y[0] ** 2
    return np.stack([s * (first - second), (y[2] - y[1] - y[0] * y[1]) / s, 0.161 * y[0] - 0.161 * y[2]])


def relaxation(t, y):
    return np.stack([y[1], 1000 * y[1] - 1000 * y[0] ** 2 * y[1] - y[0]])


def singular(t, y):
    return np.stack([y[1], (y[1] - y[0] ** 2 * y[1] - y[0]) / 1e-6])


def akzo(t, y):
    a, b, c, d, e, f = y
    speeds = np.stack([18.7 * a**4 * b**0.5, 0.58 * c * d, 0.58 / 34.4 * a * e, 0.09 * a * d**2, 0.42 * f**2 * b**0.5])
    change = np.array(
        [[-2, 1, -1, -1, 0], [-0.5, 0, 0, -1, -0.5], [1, -1, 1, 0, 0], [0, -1, 1, -2, 0], [0, 1, -1, 0, 1]], y.dtype
    )
    out = np.concatenate([change @ speeds, (115.83 * a * d - f)[None]])
    out[1] += 3.3 * (0.9 / 737 - b)
    return out


def ring(t, y):
    pi = np.arctan(y.dtype.type(1)) * 4
    low, high, low_turn = np.sin(2000 * pi * t) / 2, 2 * np.sin(20000 * pi * t), y[7:9]
    diodes = [y[2] - y[4] - y[6] - high, y[5] - y[3] - y[6] - high, y[3] + y[4] + y[6] + high, y[6] + high - y[2] - y[5]]
    d = 40.67286402e-9 * np.expm1(17.7493332 * np.stack(diodes))
    currents = {  # into each capacity, from currents of coils
        0: (y[7] + (y[10] - y[9]) / 2 + y[13] - y[0] / 25e3, 1.6e-8), 1: (y[8] + (y[12] - y[11]) / 2 + y[14] - y[1] / 25e3, 1.6e-8),
        2: (y[9] - d[0] + d[3], 2e-12), 3: (d[1] - d[2] - y[10], 2e-12), 4: (y[11] + d[0] - d[2], 2e-12),
        5: (d[3] - d[1] - y[12], 2e-12), 6: (d[0] + d[1] - d[2] - d[3] - y[6] / 50, 1e-8),
        7: (-y[0], 4.45), 8: (-y[1], 4.45),
        9: (y[0] / 2 - y[2] - 17.3 * y[9], 5e-4), 10: (y[3] - y[0] / 2 - 17.3 * y[10], 5e-4),
        11: (y[1] / 2 - y[4] - 17.3 * y[11], 5e-4), 12: (y[5] - y[1] / 2 - 17.3 * y[12], 5e-4),
        13: (low - y[0] - 86.3 * y[13], 2e-3), 14: (-y[1] - 636.3 * y[14], 2e-3),
    }  # fmt: skip
    assert len(low_turn) == 2
    return np.stack([currents[k][0] / currents[k][1] for k in range(15)])


def amplifier(t, y):
    pi = np.arctan(y.dtype.type(1)) * 4
    out = np.zeros_like(y)
    conductance = np.array([1e-3, 2 / 9e3, 1 / 9e3, 1 / 9e3, 2 / 9e3, 1 / 9e3, 1 / 9e3, 1 / 9e3], float)
    out += conductance[(...,) + (None,) * (y.ndim - 1)] * y
    out[0] -= np.sin(200 * pi * t) / 10 / 1000
    for k in (1, 3, 4, 6):
        out[k] -= 6 / y.dtype.type(9000)
    for base in (1, 4):
        current = 1e-6 * np.expm1((y[base] - y[base + 1]) / 0.026)
        for k, part in ((base, 0.01), (base + 1, -1.0), (base + 2, 0.99)):
            out[k] += part * current
    return out


def brusselator(t, y):
    n = len(y) // 2
    u, v = y[0::2], y[1::2]
    wide = np.zeros((2, n + 2, *y.shape[1:]), y.dtype)
    wide[0, 1:-1], wide[1, 1:-1] = u, v
    wide[0, [0, -1]], wide[1, [0, -1]] = 1, 3
    spread = (n + 1) ** 2 / 50 * np.diff(wide, 2, axis=1)
    out = np.empty_like(y)
    out[0::2] = spread[0] + 1 + u**2 * v - 4 * u
    out[1::2] = spread[1] + 3 * u - u**2 * v
    return out


def medical(t, y):
    n = len(y) // 2
    z = np.arange(1, n + 1).astype(y.dtype) / n - 1
    z = z[(...,) + (None,) * (y.ndim - 1)]
    u, v = y[0::2], y[1::2]
    wide = np.zeros((n + 2, *y.shape[1:]), y.dtype)
    wide[1:-1] = u
    wide[0] = np.where(t <= 5, 2, 0)
    out = np.empty_like(y)
    out[0::2] = z**3 / 8 * (wide[2:] - wide[:-2]) / 2 * n + z**4 / 16 * np.diff(wide, 2, axis=0) * n**2 - 100 * u * v
    out[1::2] = -100 * u * v
    return out


def tridiagonal(side, diagonal, b):
    """Symmetric: forwards elimination and back, for columns."""
    diagonal, b, n = diagonal.copy(), b.copy(), len(b)
    for k in range(1, n):
        factor = side[k - 1] / diagonal[k - 1]
        diagonal[k] = diagonal[k] - factor * side[k - 1]
        b[k] = b[k] - factor * b[k - 1]
    b[-1] = b[-1] / diagonal[-1]
    for k in range(n - 2, -1, -1):
        b[k] = (b[k] - side[k] * b[k + 1]) / diagonal[k]
    return b


def beam(t, y):
    """The equations of Hairer & Wanner with matrices C (cosines) and D (sines)."""
    n = len(y) // 2
    pi = np.arctan(y.dtype.type(1)) * 4
    angle, rate = y[:n], y[n:]
    turn = np.diff(angle, axis=0)
    c, s = np.cos(turn), np.sin(turn)
    wide = np.concatenate([-angle[:1], angle, angle[-1:]])
    v = n**4 * np.diff(wide, 2, axis=0) + n**2 * np.where(t <= pi, 1.5 * np.sin(t) ** 2, 0) * (np.cos(angle) + np.sin(angle))
    w = rate**2
    w[:-1] += s * v[1:]
    w[1:] -= s * v[:-1]
    diagonal = np.full_like(angle, 2)
    diagonal[0], diagonal[-1] = 1, 3
    w = tridiagonal(-c, diagonal, w)
    u = diagonal * v
    u[:-1] += s * w[1:] - c * v[1:]
    u[1:] -= s * w[:-1] + c * v[:-1]
    return np.concatenate([rate, u])


def filament(t, y):
    columns = y.shape[1:]
    r = y.reshape(21, 3, *columns)
    second = np.zeros((23, 21), y.dtype)  # zero rows at the ends: free
    for k in range(1, 20):
        second[k + 1, k - 1 : k + 2] = 1, -2, 1
    bend = np.diff(second, 2, axis=0) * -(21.0**4)
    force = np.tensordot(bend, r, 1)
    field = 21 * 32 * np.stack([np.cos(200 * t), np.sin(200 * t), 0 * t])
    force[0] -= field
    force[-1] += field
    along = np.diff(r, axis=0)
    side = -(along[1:] * along[:-1]).sum(1)
    tension = tridiagonal(side, 2 * (along**2).sum(1), (np.diff(force, axis=0) * along).sum(1))
    pulled = tension[:, None] * along
    force[:-1] += pulled
    force[1:] -= pulled
    return force.reshape(y.shape)


def heating(t, y):
    pi = np.arctan(y.dtype.type(1)) * 4
    supply, room, valve = y[0], y[1:41], y[41:]

    def limited(x, low, high):
        return np.tanh(2 * (x - low) / (high - low) - 1) * (high - low) / 2 + (high + low) / 2

    heat = 200 * (supply - room) * (limited(15 * valve, -0.5, 0.5) + 0.5)
    loss = 150 * (room - 278.15 - 8 * np.sin(2 * pi * t / 86400))
    capacity = (1 + np.linspace(0, 1.348, 40)) * 1e7
    capacity = capacity[(...,) + (None,) * (y.ndim - 1)]
    boiler = limited(30000 * (343.15 - supply), 0, 120000)
    moving = 50 * (293.15 - room - (valve + 0.5) * (valve - 0.5) * valve / 0.0474 * 0.5)
    return np.concatenate([((boiler - heat.sum(0)) / 8e7)[None], (heat - loss) / capacity, moving])


def sun(t):
    """Whether the sun shines, and the sine of its height, at 50 degrees north and midsummer."""
    hour = t / 3600 - 24 * np.floor(t / 86400)
    pi = np.pi
    height = np.cos(50 * pi / 180) * np.cos(23.5 * pi / 180) * np.cos(pi * (1 + hour / 12)) + np.sin(50 * pi / 180) * np.sin(23.5 * pi / 180)
    return (hour >= 4) & (hour < 20), height, hour


def emep_rate(text, t):
    """A rate constant at 298 K, from its text."""
    day, height, hour = sun(t)
    words = text.split()
    if words[-1] == "light":
        return np.where(day, float(words[0]) * np.exp(-float(words[1]) / np.where(day, height, 1)), 0)
    if words[-1] == "dry":
        return float(words[0]) / 1.2e5 * np.where(day, 1, 0.25)
    humid = 66.5 + 23 * np.sin(2.43 - 7.93e-5 * 3600 * hour)
    steam = -(597.3 - 0.57 * (298 - 273.16)) * 18 / 1.986 * (1 / 298 - 1 / 273.16)
    water = 6.1078 * np.exp(steam) * 10 / (1.38e-16 * 298) * humid
    named = {
        "O_O2": 5.7e-34 * (298 / 300) ** -2.8 * 2.55e19 * 5.2e18,
        "O_NO": 9.6e-32 * (298 / 300) ** -1.6 * 2.55e19,
        "OD_air": 2e-11 * np.exp(100 / 298) * 2.55e19,
        "OD_water": 2.2e-10 * water,
        "HO2_HO2": (2.3e-13 * np.exp(600 / 298) + 2.55e19 * 1.7e-33 * np.exp(1000 / 298)) * (1 + 1.4e-21 * water * np.exp(2200 / 298)),
    }
    if text in named:
        return named[text]
    return float(words[0]) * np.exp(float(words[1]) / 298) if len(words) > 1 else float(words[0])


def parsed():
    """(text of the rate, reactants, changes) of every reaction."""
    for line in REACTIONS.strip().splitlines():
        rate, change = line.split("|")
        sides = [[term.split() for term in side.split("+") if term.strip()] for side in change.split("->")]
        reactants = [SPECIES.index(term[-1]) for term in sides[0]]
        changes = [(k, -1.0) for k in reactants] + [(SPECIES.index(x[-1]), float(x[0]) if len(x) > 1 else 1.0) for x in sides[1]]
        yield rate.strip(), reactants, changes


CHEMISTRY = list(parsed())


def emep(t, y):
    """The same table of reactions, one reaction after the other."""
    out = np.zeros_like(y)
    rates = {rate: emep_rate(rate, t) for rate in {rate for rate, _, _ in CHEMISTRY}}
    for rate, reactants, changes in CHEMISTRY:
        speed = rates[rate]
        for k in reactants:
            speed = speed * y[k]
        for k, count in changes:
            out[k] += count * speed
    for name, amount in EMITTED.items():
        out[SPECIES.index(name)] += amount / 1.2e5
    return out


SHARES = [("C2H6", 0.07689, 30), ("NC4H10", 0.41444, 58), ("C2H4", 0.03642, 28), ("C3H6", 0.03827, 42), ("OXYL", 0.24537, 106), ("C2H5OH", 0.13957, 46)]
MEAN_MASS = 1 / sum(share / mass for _, share, mass in SHARES)
EMITTED = {"NO": 2.5e11, "SO2": 2.5e11, "SA": 1.25e10, "CO": 2.5e12, "ISOPRE": 1.25e11}
EMITTED |= {name: 2.5e11 * share / mass * MEAN_MASS for name, share, mass in SHARES}

FORMS = {
    "emep": emep,
    "rober": lambda t, y: mass_action(BONDS["rober"], y),
    "rober_dae": rober_dae,
    "hires": hires,
    "orego": orego,
    "e5": lambda t, y: mass_action(BONDS["e5"], y),
    "pollution": lambda t, y: mass_action(BONDS["pollution"], y),
    "chemical_akzo_nobel": akzo,
    "van_der_pol_relaxation": relaxation,
    "van_der_pol_singular": singular,
    "ring_modulator": ring,
    "transistor_amplifier": amplifier,
    "brusselator_500": brusselator,
    "medical_akzo_nobel": medical,
    "beam": beam,
    "filament": filament,
    "heating_system": heating,
}
