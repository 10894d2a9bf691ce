"""Chemistry of ozone in the lower atmosphere, over nearly five days."""

import math

import jax.numpy as jnp
import numpy as np

from .mechanism import arrays, read
from .ozone_reactions import REACTIONS, SPECIES
from .registry import register, stiff_ode
from .stiff_ends import STATES

__all__ = ["emep"]

HOUR = 3600.0
TEMPERATURE = 298.0
AIR, OXYGEN = 2.55e19, 5.2e18  # molecules per cm³
HEIGHT = 1.2e5  # of the mixed layer, cm
SUNRISE, SUNSET = 4.0, 20.0  # hours

# In the order of the parts of the vector of rates: photolyses, depositions, those with a name, constants.
KINDS = {kind: [one for one in read(REACTIONS, SPECIES) if kind == one.kind] for kind in ("light", "dry", "named", "constant")}
PAIRS, NET = arrays([one for group in KINDS.values() for one in group], len(SPECIES))
LIGHT, LIGHT_PATH = np.array([one.numbers for one in KINDS["light"]]).T
SPEED = np.array([one.numbers[0] for one in KINDS["dry"]])

# Shares of the organic emissions by mass, and molar masses; 2.5e11 molecules per cm² and s of each kind, ten times that of CO.
EMITTED = 2.5e11
ORGANIC = {
    "C2H6": (0.07689, 30), "NC4H10": (0.41444, 58), "C2H4": (0.03642, 28), "C3H6": (0.03827, 42), "OXYL": (0.24537, 106),
    "C2H5OH": (0.13957, 46),
}  # fmt: skip
MOLES = sum(share / mass for share, mass in ORGANIC.values())
EMISSIONS = {
    "NO": EMITTED, "SO2": EMITTED, "SA": 0.05 * EMITTED, "CO": 10 * EMITTED, "ISOPRE": 0.5 * EMITTED,
    **{name: EMITTED * share / mass / MOLES for name, (share, mass) in ORGANIC.items()},
}  # fmt: skip
SOURCES = np.array([EMISSIONS.get(name, 0.0) / HEIGHT for name in SPECIES])

START = {
    "NO": 1e9, "NO2": 5e9, "SO2": 5e9, "CO": 3.8e12, "CH4": 3.5e13, "O3": 5e11, "OD": 1e-3,
    **dict.fromkeys("C2H6 NC4H10 C2H4 C3H6 OXYL HCHO CH3CHO MEK".split(), 1e7),
}  # fmt: skip

WARM = TEMPERATURE / 300
NAMED = {
    "O_O2": 5.7e-34 * WARM**-2.8 * AIR * OXYGEN,
    "O_NO": 9.6e-32 * WARM**-1.6 * AIR,
    "OD_air": 2e-11 * math.exp(100 / TEMPERATURE) * AIR,
}
# Vapour at saturation, molecules per cm³ and per cent of humidity.
LATENT = (597.3 - 0.57 * (TEMPERATURE - 273.16)) * 18 / 1.986
VAPOUR = 6.1078 * math.exp(LATENT * (1 / 273.16 - 1 / TEMPERATURE)) * 10 / (1.38e-16 * TEMPERATURE)
MEETING = 2.3e-13 * math.exp(600 / TEMPERATURE) + AIR * 1.7e-33 * math.exp(1000 / TEMPERATURE)
HELPED = 1.4e-21 * math.exp(2200 / TEMPERATURE)  # by a molecule of water

LATITUDE, DECLINATION = math.radians(50), math.radians(23.5)
ALONG = math.cos(LATITUDE) * math.cos(DECLINATION)
ACROSS = math.sin(LATITUDE) * math.sin(DECLINATION)


CONSTANT = np.array(
    [one.numbers[0] * math.exp(sum(one.numbers[1:]) / TEMPERATURE) for one in KINDS["constant"]]
)


def _rates(t):
    """All rate constants at the time ``t``."""
    second = t - 24 * HOUR * jnp.floor(t / (24 * HOUR))
    day = (second >= SUNRISE * HOUR) & (second < SUNSET * HOUR)
    height = ALONG * jnp.cos((1 + second / (12 * HOUR)) * np.pi) + ACROSS  # sine of the sun's
    path = 1 / jnp.where(day, height, 1)
    water = VAPOUR * (66.5 + 23 * jnp.sin(2.43 - 7.93e-5 * second))
    named = {**NAMED, "OD_water": 2.2e-10 * water, "HO2_HO2": MEETING * (1 + HELPED * water)}
    return [
        jnp.where(day, LIGHT * jnp.exp(-LIGHT_PATH * path), 0),
        SPEED * jnp.where(day, 1 / HEIGHT, 0.25 / HEIGHT),
        jnp.stack([jnp.asarray(named[one.rate], height.dtype) for one in KINDS["named"]]),
        CONSTANT,
    ]


def _emep(t, y, args):
    rates = jnp.concatenate([jnp.asarray(part, y.dtype) for part in _rates(t)])
    one, other = jnp.append(y, jnp.ones(1, y.dtype))[PAIRS]
    return jnp.asarray(NET, y.dtype) @ (rates * one * other) + jnp.asarray(SOURCES, y.dtype)


@register(
    "Ozone in the lower atmosphere.",
    "D. Simpson et al., EMEP MSC-W Report 2/93 (1993); IVP test set, University of Bari (2008)",
    ("stiff",),
)
def emep():
    """66 species in 160 reactions from 4 h on the first day to 20 h on the fifth; t in seconds, y in molecules per cm³.

    Photolysis jumps when the sun rises (4 h) and sets (20 h), the humidity at midnight: ``discontinuities``.
    """
    switches = [24 * HOUR * day + HOUR * hour for day in range(5) for hour in (0, SUNRISE, SUNSET)][2:]
    problem = stiff_ode(
        _emep, [START.get(name, 100.0) for name in SPECIES], (SUNRISE * HOUR, (96 + SUNSET) * HOUR),
        discontinuities=jnp.array(switches),
    )  # fmt: skip
    return {"problem": problem, "states": STATES["emep"], "small": 1.0}
