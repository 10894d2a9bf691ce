"""Stiff reactions: rates of one mechanism that differ by many powers of ten."""

import jax.numpy as jnp

from .mechanism import read, slopes
from .registry import register, stiff_ode
from .stiff_ends import STATES

__all__ = ["chemical_akzo_nobel", "e5", "hires", "orego", "pollution", "rober", "rober_dae"]

TESTS = "IVP test set, University of Bari (2008)"
HAIRER = "Hairer, Wanner, Solving ODEs II (1996), IV.10"


def _rober(t, y, args):
    (a, b, c), (slow, fast, middle) = y, args
    first, second, third = slow * a, fast * b * b, middle * b * c
    return [third - first, first - second - third, second]


def _rober_dae(t, y, args):
    (a, b, c), (slow, fast, middle) = y, args
    first, second, third = slow * a, fast * b * b, middle * b * c
    return [third - first, first - second - third, a + b + c - 1]


ROBER = "H. H. Robertson, in: Numerical Analysis, an Introduction (1966) 178-182"


@register("An autocatalytic reaction.", ROBER, ("stiff",))
def rober(end=1e11):
    """``a' = -0.04 a + 1e4 b c``, ``b' = 0.04 a - 1e4 b c - 3e7 b²``, ``c' = 3e7 b²`` from (1, 0, 0).

    Ends are known at 40, 1e5 and the powers of ten up to 1e11.  Late in a long span b must not become
    negative, not even by rounding.
    """
    problem = stiff_ode(_rober, [1.0, 0.0, 0.0], (0, end), (0.04, 3e7, 1e4))
    return {"problem": problem, "states": STATES["rober"], "small": 1e-8, "invariants": {"mass": lambda y: y.sum()}}


@register("The same with conservation of mass in the place of an equation.", ROBER, ("stiff", "dae"))
def rober_dae(end=1e11):
    """``a'`` and ``b'`` as in ``rober`` and ``0 = a + b + c - 1``: mass matrix diag(1, 1, 0), index 1."""
    problem = stiff_ode(_rober_dae, [1.0, 0.0, 0.0], (0, end), (0.04, 3e7, 1e4), mass=jnp.array([1.0, 1.0, 0.0]))
    return {"problem": problem, "states": STATES["rober"], "small": 1e-8, "invariants": {"mass": lambda y: y.sum()}}


def _hires(t, y, args):
    a, b, c, d, e, f, g, h = y
    bound = 280 * f * h
    return [
        -1.71 * a + 0.43 * b + 8.32 * c + 0.0007,
        1.71 * a - 8.75 * b,
        -10.03 * c + 0.43 * d + 0.035 * e,
        8.32 * b + 1.71 * c - 1.12 * d,
        -1.745 * e + 0.43 * (f + g),
        -bound + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g,
        bound - 1.81 * g,
        1.81 * g - bound,
    ]


@register(
    "Phytochrome steers the growth of a seedling.", f"E. Schäfer, J. Math. Biol. 2 (1975) 41-56; {HAIRER}", ("stiff",)
)
def hires(end=321.8122):
    """Eight species, one product ``280 y6 y8``; the solution falls steeply after t = 300.  Ends at 321.8122 and 421.8122."""
    problem = stiff_ode(_hires, [1.0, 0, 0, 0, 0, 0, 0, 0.0057], (0, end))
    return {"problem": problem, "states": STATES["hires"], "small": 1e-5}


def _orego(t, y, args):
    (a, b, c), (s, q, w) = y, args
    return [s * (b + a * (1 - q * a - b)), (c - (1 + a) * b) / s, w * (a - c)]


@register(
    "The reaction of Belousov and Zhabotinskii.",
    f"R. J. Field, R. M. Noyes, J. Chem. Phys. 60 (1974) 1877-1884; {HAIRER}",
    ("stiff",),
)
def orego(end=360.0):
    """``a' = s (b + a (1 - q a - b))``, ``b' = (c - (1 + a) b) / s``, ``c' = w (a - c)`` from (1, 2, 3): a limit cycle.

    s = 77.27, q = 8.375e-6, w = 0.161.  Ends are known at 30, 60, ..., 360; components run from 1 to 1e5.
    """
    problem = stiff_ode(_orego, [1.0, 2.0, 3.0], (0, end), (77.27, 8.375e-6, 0.161))
    return {"problem": problem, "states": STATES["orego"], "small": 1.0}


def _e5(t, y, args):
    (a, b, c, d), (birth, meet, leave, join) = y, args
    first, second, third, fourth = birth * a, meet * a * c, join * b * c, leave * d
    return [-first - second, first - third, first - third - second + fourth, second - fourth]


@register("A pyrolysis.", f"W. H. Enright, T. E. Hull, in: Numerical Methods (1976) 45-66, problem E5; {HAIRER}", ("stiff",))
def e5(end=1e3):
    """Four species from (1.76e-3, 0, 0, 0), three of them never above 1.5e-10.

    An absolute tolerance above 1e-14 solves another problem: three species are then noise.  Ends are known at 1e3, 1e5, 1e7,
    1e9, 1e11.  At the span's usual end, 1e13, a has decayed below 1e-290.
    """
    problem = stiff_ode(_e5, [1.76e-3, 0.0, 0.0, 0.0], (0, end), (7.89e-10, 1.1e7, 1.13e3, 1.13e9))
    return {"problem": problem, "states": STATES["e5"], "small": 1e-24}


def _chemical_akzo_nobel(t, y, args):
    a, b, c, d, e, f = y
    root = jnp.sqrt(jnp.abs(b))  # a trial step may leave the domain
    first, second, third, fourth = 18.7 * (a * a) * (a * a) * root, 0.58 * c * d, 0.58 / 34.4 * a * e, 0.09 * a * d * d
    fifth, inflow = 0.42 * f * f * root, 3.3 * (0.9 / 737 - b)
    return [
        -2 * first + second - third - fourth,
        -0.5 * first - fourth - 0.5 * fifth + inflow,
        first - second + third,
        -second + third - 2 * fourth,
        second - third + fifth,
        115.83 * a * d - f,
    ]


@register("Two species are mixed while carbon dioxide is added.", f"Akzo Nobel; {TESTS}", ("stiff", "dae"))
def chemical_akzo_nobel(fifth=0.0):
    """Five concentrations and an equilibrium ``0 = 115.83 y1 y4 - y6``: mass matrix diag(1, 1, 1, 1, 1, 0), index 1.

    ``fifth`` is the initial value of y5: 0 in the test set, 1 in a variant that is in use too, whose end is known as well.
    """
    start = [0.444, 0.00123, 0.0, 0.007, fifth, 115.83 * 0.444 * 0.007]
    problem = stiff_ode(_chemical_akzo_nobel, start, (0, 180), mass=jnp.array([1.0, 1, 1, 1, 1, 0]))
    known = {0.0: STATES["chemical_akzo_nobel"], 1.0: STATES["chemical_akzo_nobel_5"]}
    return {"problem": problem, "states": known.get(fifth, {}), "small": 1e-5}


SPECIES = "NO2 NO O3P O3 HO2 OH HCHO CO ALD MEO2 C2O3 CO2 PAN CH3O HNO3 O1D SO2 SO4 NO3 N2O5".split()
AIR = read(
    """
0.35 | NO2 -> NO + O3P
26.6 | NO + O3 -> NO2
12300 | HO2 + NO -> NO2 + OH
0.00086 | HCHO -> 2 HO2 + CO
0.00082 | HCHO -> CO
15000 | HCHO + OH -> HO2 + CO
0.00013 | ALD -> HO2 + CO + MEO2
24000 | ALD + OH -> C2O3
16500 | C2O3 + NO -> NO2 + MEO2 + CO2
9000 | C2O3 + NO2 -> PAN
0.022 | PAN -> NO2 + C2O3
12000 | MEO2 + NO -> NO2 + CH3O
1.88 | CH3O -> HO2 + HCHO
16300 | NO2 + OH -> HNO3
4.8e+06 | O3P -> O3
0.00035 | O3 -> O1D
0.0175 | O3 -> O3P
1e+08 | O1D -> 2 OH
4.44e+11 | O1D -> O3P
1240 | SO2 + OH -> HO2 + SO4
2.1 | NO3 -> NO
5.78 | NO3 -> NO2 + O3P
0.0474 | NO2 + O3 -> NO3
1780 | NO3 + NO2 -> N2O5
3.12 | N2O5 -> NO2 + NO3
""",
    SPECIES,
)
POLLUTED = {"NO": 0.2, "O3": 0.04, "HCHO": 0.1, "CO": 0.3, "ALD": 0.01, "SO2": 0.007}  # the others start at zero


def _pollution(t, y, args):
    return slopes(AIR, float, y)


@register(
    "Twenty species of polluted air.", "J. G. Verwer, SIAM J. Sci. Comput. 15 (1994) 1243-1250; " + TESTS, ("stiff",)
)
def pollution():
    """Twenty-five reactions over an hour, with rates from 1e-4 to 4e11 per minute."""
    problem = stiff_ode(_pollution, [POLLUTED.get(name, 0.0) for name in SPECIES], (0, 60))
    return {"problem": problem, "states": STATES["pollution"], "small": 1e-6}
