"""Chemistry of ozone in the lower atmosphere, over nearly five days."""

import math

import jax.numpy as jnp
import numpy as np

from .ozone_reactions import REACTIONS, SPECIES
from .mechanism import read, slopes
from .registry import register, stiff_ode
from .stiff_ends import STATES

__all__ = ["emep"]

HOUR = 3600.0
TEMPERATURE = 298.0
AIR, OXYGEN = 2.55e19, 5.2e18  # molecules per cm³
HEIGHT = 1.2e5  # of the mixed layer, cm
SUNRISE, SUNSET = 4.0, 20.0  # hours

MECHANISM = read(REACTIONS, SPECIES)

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
SOURCES = {SPECIES.index(name): rate / HEIGHT for name, rate in EMISSIONS.items()}

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


def _rates(t):
    """The rate constant that stands behind a text, at the time ``t``."""
    second = t - 24 * HOUR * jnp.floor(t / (24 * HOUR))
    day = (second >= SUNRISE * HOUR) & (second < SUNSET * HOUR)
    height = ALONG * jnp.cos((1 + second / (12 * HOUR)) * np.pi) + ACROSS  # sine of the sun's
    path = 1 / jnp.where(day, height, 1)
    calm = jnp.where(day, 1 / HEIGHT, 0.25 / HEIGHT)
    water = VAPOUR * (66.5 + 23 * jnp.sin(2.43 - 7.93e-5 * second))
    named = {**NAMED, "OD_water": 2.2e-10 * water, "HO2_HO2": MEETING * (1 + HELPED * water)}
    made = {}

    def make(text):
        numbers = text.split()
        if text in named:
            return named[text]
        if numbers[-1] == "light":
            return jnp.where(day, float(numbers[0]) * jnp.exp(-float(numbers[1]) * path), 0)
        if numbers[-1] == "dry":
            return float(numbers[0]) * calm
        factor = math.exp(float(numbers[1]) / TEMPERATURE) if len(numbers) > 1 else 1.0
        return float(numbers[0]) * factor

    def rate(text):
        if text not in made:
            made[text] = make(text)
        return made[text]

    return rate


def _emep(t, y, args):
    return slopes(MECHANISM, _rates(t), y, SOURCES)


@register(
    "Ozone in the lower atmosphere.",
    "D. Simpson et al., EMEP MSC-W Report 2/93 (1993); IVP test set, University of Bari (2008)",
    ("stiff",),
)
def emep():
    """66 species in 160 reactions from 4 h on the first day to 20 h on the fifth; t in seconds, y in molecules per cm³.

    Photolysis jumps when the sun rises (4 h) and sets (20 h): ``discontinuities``.
    """
    switches = [24 * HOUR * day + HOUR * hour for day in range(5) for hour in (SUNRISE, SUNSET)][1:]
    problem = stiff_ode(
        _emep, [START.get(name, 100.0) for name in SPECIES], (SUNRISE * HOUR, (96 + SUNSET) * HOUR),
        discontinuities=jnp.array(switches),
    )  # fmt: skip
    return {"problem": problem, "states": STATES["emep"], "small": 1.0}
