"""EMEP: ozone chemistry over northern Europe, 66 species and 184 reactions, five days.

Simpson, Journal of Atmospheric Chemistry 16 (1993), as in Mazzia & Magherini's test set. Light switches on at 4 h and off
at 20 h, humidity jumps at midnight: the solvers start anew there. Photolysis in the dark is 0 and not 1e-40: it feeds O(1D) only.
"""

import math

from bench.stiff_emep_table import REACTIONS

HOUR = 3600.0
TEMPERATURE = 298.0
AIR, OXYGEN = 2.55e19, 5.2e18
MIXING_HEIGHT = 1.2e5  # cm
# Photolysis rate A exp(-B / cos of the zenith angle), by number.
LIGHT = {
    1: (1.23e-3, 0.60), 2: (2.00e-4, 1.40), 3: (1.45e-2, 0.40), 4: (2.20e-5, 0.75), 5: (3.00e-6, 1.25), 6: (5.40e-5, 0.79),
    7: (6.65e-5, 0.60), 8: (1.35e-5, 0.94), 9: (2.43e-5, 0.88), 11: (2.16e-4, 0.79), 13: (3.53e-2, 0.081),
    14: (8.94e-2, 0.059), 15: (3.32e-5, 0.57), 16: (2.27e-5, 0.62),
}  # fmt: skip
# a exp(b / T), cm3 per molecule and second or per second, by number.
ARRHENIUS = {
    7: (2.0e-11 * AIR, 100), 11: (1.8e-12, -1370), 12: (1.2e-13, -2450), 13: (1.9e-12, -1000), 14: (1.4e-14, -600),
    15: (1.8e-11, 110), 17: (3.7e-12, 240), 19: (7.2e-14, -1414), 29: (7.1e14, -11080), 30: (4.8e-11, 250),
    31: (2.9e-12, -160), 33: (7.7e-12, -2100), 35: (1.0e-14, 785), 59: (3.9e-12, -1885), 60: (4.2e-12, 180),
    61: (5.5e-14, 365), 62: (5.5e-14, 365), 63: (3.3e-12, -380), 65: (3.8e-13, 780), 67: (1.0e-12, 190), 68: (1.9e-12, 190),
    71: (7.8e-12, -1020), 74: (6.5e-13, 650), 75: (5.6e-12, 310), 76: (5.8e-12, 190), 78: (1.34e16, -13330),
    88: (1.3e-13, 1040), 89: (3.0e-13, 1040), 94: (2.8e-12, 530), 81: (1.64e-11, -559), 109: (1.66e-12, 474),
    112: (1.2e-14, -2630), 123: (6.5e-15, -1880), 150: (12.3e-15, -2013), 151: (2.54e-11, 410), 153: (4.13e-12, 452),
    158: (1.86e-11, 175), 160: (4.32e-15, -2016), 20: (1.4e-12, 0), 21: (1.4e-11, 0), 26: (4.1e-16, 0), 39: (1.35e-12, 0),
    40: (4.0e-17, 0), 64: (3.2e-12, 0), 66: (9.6e-12, 0), 69: (5.8e-16, 0), 70: (2.4e-13, 0), 72: (8.9e-12, 0),
    77: (1.0e-11, 0), 79: (2.0e-11, 0), 80: (1.1e-11, 0), 85: (1.0e-11, 0), 86: (1.15e-12, 0), 87: (4.8e-12, 0),
    125: (2.86e-11, 0), 146: (3.2e-11, 0), 147: (2.0e-11, 0), 148: (2.2e-11, 0), 149: (3.7e-11, 0), 155: (1.0e-11, 0),
    156: (2.0e-11, 0), 157: (8.0e-18, 0), 161: (3.35e-11, 0), 163: (7.8e-13, 0), 219: (2.0e-11, 0), 221: (1.1e-11, 0),
    222: (1.7e-11, 0), 223: (2.4e-11, 0), 234: (1.37e-11, 0), 235: (1.7e-11, 0), 43: (1e-4, 0), 44: (1e-4, 0), 45: (1e-4, 0),
}  # fmt: skip
SAME_AS_60 = (83, 105, 110, 162, 164, 126, 220, 236, 152, 154, 159)
DEPOSITION = {47: 0.5, 48: 0.2, 49: 0.5, 50: 0.2, 51: 0.1, 52: 0.5, 53: 0.3}  # cm per second by day, a quarter by night
# Hydrocarbons share their emission by mass: fraction and molar mass by number of the emission.
HYDROCARBONS = {6: (0.07689, 30), 7: (0.41444, 58), 8: (0.03642, 28), 9: (0.03827, 42), 10: (0.24537, 106), 13: (0.13957, 46)}
EMITTED = 2.5e11  # molecules per cm2 and second


def constant_rates() -> dict[str, float]:
    """Rates that depend on neither time nor light."""
    found = {f"r{k}": a * math.exp(b / TEMPERATURE) for k, (a, b) in ARRHENIUS.items()}
    found |= {f"r{k}": found["r60"] for k in SAME_AS_60}
    found["r1"] = 5.7e-34 * (TEMPERATURE / 300) ** -2.8 * AIR * OXYGEN
    found["r5"] = 9.6e-32 * (TEMPERATURE / 300) ** -1.6 * AIR
    moles = sum(fraction / mass for fraction, mass in HYDROCARBONS.values())
    emissions = {1: 1.0, 3: 1.0, 4: 10.0, 5: 0.0, 11: 0.5}
    emissions |= {k: fraction / mass / moles for k, (fraction, mass) in HYDROCARBONS.items()}
    return found | {f"e{k}": EMITTED * share / MIXING_HEIGHT for k, share in emissions.items()}


def parsed() -> list[tuple[str, tuple[int, ...], dict[int, float]]]:
    """Reactions as (rate, species in the rate, net changes)."""
    found = []
    for line in REACTIONS.strip().splitlines():
        rate, species, changes = line.split("|")
        pairs = (change.split(":") for change in changes.split())
        found.append((rate.strip(), tuple(map(int, species.split())), {int(k): float(v) for k, v in pairs}))
    return found


CONSTANT, MECHANISM = constant_rates(), parsed()


def rates_at(t, m, setting):
    """All rates; ``setting``: light (1 or 0) and the last midnight in seconds."""
    light, midnight = setting
    clock = t - midnight
    latitude, declination = math.radians(50.0), math.radians(23.5)
    high, wide = math.sin(latitude) * math.sin(declination), math.cos(latitude) * math.cos(declination)
    zenith = light * (high - wide * m.cos(math.pi / 43200.0 * clock)) + (1.0 - light)  # one in the dark: no division by zero
    humidity = 23.0 * m.sin(2.43 - 7.93e-5 * clock) + 66.5
    saturation = (597.3 - 0.57 * (TEMPERATURE - 273.16)) * 18.0 / 1.986 * (1 / TEMPERATURE - 1 / 273.16)
    water = 6.1078 * math.exp(-saturation) * 10.0 / (1.38e-16 * TEMPERATURE) * humidity
    rates = dict(CONSTANT)
    rates |= {f"d{k}": light * a * m.exp(-b / zenith) for k, (a, b) in LIGHT.items()}
    rates |= {f"r{k}": speed / MIXING_HEIGHT * (0.25 + 0.75 * light) for k, speed in DEPOSITION.items()}
    pressure = 2.3e-13 * math.exp(600 / TEMPERATURE) + AIR * 1.7e-33 * math.exp(1000 / TEMPERATURE)
    rates["r36"] = pressure * (1.0 + 1.4e-21 * math.exp(2200 / TEMPERATURE) * water)
    rates["r8"] = 2.2e-10 * water
    return rates


def emep(t, y, m, setting):
    """Mass action with net changes."""
    rates, changes = rates_at(t, m, setting), [0.0] * 66
    for rate, species, net in MECHANISM:
        flux = rates[rate]
        for one in species:
            flux = flux * y[one - 1]
        for one, amount in net.items():
            changes[one - 1] = changes[one - 1] + amount * flux
    return changes


def jax(t, y, setting):
    """The same in arrays: all fluxes at once, and their net changes by one product with a constant matrix."""
    import jax.numpy as jnp
    import numpy as np

    rates = rates_at(t, jnp, setting)
    names, pairs, changes = list(rates), np.full((len(MECHANISM), 2), len(y)), np.zeros((len(y), len(MECHANISM)))
    for row, (_, species, net) in enumerate(MECHANISM):
        pairs[row, : len(species)] = np.array(species, int) - 1  # what is missing is the one behind the last species
        for one, amount in net.items():
            changes[one - 1, row] = amount
    chosen = np.array([names.index(rate) for rate, _, _ in MECHANISM])
    values = jnp.stack([jnp.asarray(rate, y.dtype) for rate in rates.values()])
    padded = jnp.concatenate([y, jnp.ones(1, y.dtype)])
    return jnp.asarray(changes, y.dtype) @ (values[chosen] * padded[pairs[:, 0]] * padded[pairs[:, 1]])


START = (
    1e9, 5e9, 5e9, 3.8e12, 3.5e13, *(1e7,) * 8, 5e11, *(100.0,) * 23, 1e-3, *(100.0,) * 28,
)  # fmt: skip
SPAN = (4 * HOUR, 116 * HOUR)
BREAKS = tuple(hour * HOUR for day in range(0, 120, 24) for hour in (day + 4, day + 20, day + 24) if 4 < hour < 116)
SETTINGS = tuple(
    (1.0 if 4 * HOUR <= start % (24 * HOUR) < 20 * HOUR else 0.0, start // (24 * HOUR) * 24 * HOUR) for start in (SPAN[0], *BREAKS)
)
END = (
    25645805.11140732, 51461347709.52715, 231567995770.1715, 11309365994728.92, 34592853260349.55, 102723655097.4901,
    85087355868.36855, 4131285674.624012, 1270937854.717943, 5632880890.404914, 82638215527.30888, 32935526589.08353,
    105405818620.6315, 3150308585365.321, 24883839.36633755, 10975656154.11556, 13651965576.2918, 385204823050.3094,
    113746272.1600089, 28509822059.05218, 378693361979.1445, 3832384333.863027, 4804939.902203071, 33905460.8109296,
    34944529299.72591, 14905763.70801779, 10005678.71868853, 1856753061.984312, 2272206.15687516, 5168375883.757783,
    2317595.952406701, 3035139656.996921, 5928979.479102226, 2515297290.687841, 4569678.276203798, 3.727926507368739,
    40635.89349848112, 8.159151146269279e-38, 557759072.4412284, 768459661.6753747, 5338491777.959816,
    604860402532.841, 42222372.16819787, 3681852767.009784, 5835731.567978018, 1456507159.081862, 8862868684.014137,
    933875331.2528582, 3595753586.682656, 462242758.4057254, 239591006.4875511, 6080936586.253302, 770410829.734224,
    3386220860.753221, 1838264387.030593, 1973252346.091884, 1313403.940892729, 1344471764.571674, 2568483.117244701,
    1131854591.900057, 4591537.937818946, 860938228.2952802, 350956097.1283513, 668235097.1104786, 320735640.301116,
    114498763.4882048,
)  # fmt: skip
