"""The 25 problems of classes A to E that Hull and others chose to compare methods, all on (0, 20).

Class A are single equations, B small systems, C moderate systems, D orbits, E equations of second order.
"""

import jax.numpy as jnp
import numpy as np

from .orbits import kepler_parts
from .registry import ode, register

__all__: list[str] = []  # reached through the registry by name

END = 20
HULL = (
    "T. E. Hull, W. H. Enright, B. M. Fellen, A. E. Sedgwick, SIAM J. Numer. Anal. 9 (1972) 603-637; "
    "W. H. Enright, J. D. Pryce, ACM Trans. Math. Softw. 13 (1987) 1-27"
)


def _problem(name, about, f, start, exact=None, args=None, **parts):
    """Register one problem under its letter and number."""

    def make():
        formula = {} if exact is None else {"exact": exact}
        return {"problem": ode(f, start, END, args), **formula, **parts}

    make.__name__ = make.__qualname__ = f"detest_{name}"
    return register(about, HULL)(make)


def _column(formula):
    return lambda t: np.array([formula(t)])


_problem("a1", "Decay.", lambda t, y, _: [-y[0]], [1.0], _column(lambda t: np.exp(-t)))
_problem("a2", "A Riccati equation.", lambda t, y, _: [-(y[0] ** 3) / 2], [1.0], _column(lambda t: (1 + t) ** -0.5))
_problem("a3", "An oscillation.", lambda t, y, _: [y[0] * jnp.cos(t)], [1.0], _column(lambda t: np.exp(np.sin(t))))
_problem(
    "a4", "Logistic growth.", lambda t, y, _: [y[0] / 4 * (1 - y[0] / 20)], [1.0],
    _column(lambda t: 20 / (1 + 19 * np.exp(-t / 4))),
)  # fmt: skip
_problem("a5", "A spiral.", lambda t, y, _: [(y[0] - t) / (y[0] + t)], [4.0])


def _conflict(t, state, args):
    x, y = state
    return [2 * (x - x * y), -(y - x * y)]


def _reactions(t, state, args):
    x, y, z = state
    return [-x + y, x - 2 * y + z, y - z]


def _reactions_of_second_order(t, state, args):
    x, y, z = state
    return [-x, x - y * y, y * y]


def _torus(t, state, args):
    x, y, z = state
    r = (x * x + y * y) ** 0.5
    return [-y - x * z / r, x - y * z / r, x / r]


def _euler(t, state, args):
    x, y, z = state
    return [y * z, -x * z, -0.51 * x * y]


def _jacobi(t):
    from scipy.special import ellipj

    return np.array(ellipj(t, 0.51)[:3])


def _mixed(t):
    slow, fast = np.exp(-t) / 2, np.exp(-3 * t) / 2
    return np.array([1 + slow + fast, 1 - 2 * fast, 1 - slow + fast])


_problem("b1", "Two populations in conflict.", _conflict, [1.0, 3.0])
_problem("b2", "Linear reactions.", _reactions, [2.0, 0.0, 1.0], _mixed)
_problem("b3", "Reactions that are not linear.", _reactions_of_second_order, [1.0, 0.0, 0.0])
_problem("b4", "A curve on a torus.", _torus, [3.0, 0.0, 0.0])
_problem("b5", "A body that turns freely, by elliptic functions.", _euler, [0.0, 1.0, 1.0], _jacobi, digits=14)


def _decay_chain(t, y, rates):
    flow = rates * y[:-1]
    zero = jnp.zeros(1, y.dtype)
    return jnp.concatenate([zero, flow]) - jnp.concatenate([flow, zero])


def _poisson(t):
    steps = np.arange(9.0)
    early = np.exp(-t) * np.cumprod(np.concatenate([[1.0], t / steps[1:]]))
    return np.append(early, 1 - early.sum())


def _births(t):
    early = np.exp(-t) * (1 - np.exp(-t)) ** np.arange(9)
    return np.append(early, 1 - early.sum())


def _heat(t, y, args):
    zero = jnp.zeros(1, y.dtype)
    wide = jnp.concatenate([zero, y, zero])
    return wide[:-2] - 2 * y + wide[2:]


def _heat_exact(n):
    """By the sines, which are the eigenvectors of the second difference."""
    k = np.arange(1, n + 1)
    sines = np.sqrt(2 / (n + 1)) * np.sin(np.pi * np.outer(k, k) / (n + 1))
    rates = -4 * np.sin(np.pi * k / (2 * (n + 1))) ** 2
    return lambda t: sines @ (np.exp(rates * t) * sines[0])


def _first(n):
    return np.eye(n)[0]


_problem("c1", "A chain of decays.", _decay_chain, _first(10), _poisson, args=np.ones(9))
_problem("c2", "A chain of decays, each faster.", _decay_chain, _first(10), _births, args=np.arange(1.0, 10.0))
_problem("c3", "Heat in a rod of 10 points.", _heat, _first(10), _heat_exact(10))
_problem("c4", "Heat in a rod of 51 points.", _heat, _first(51), _heat_exact(51))

SUN, GRAVITY = 1.00000597682, 2.95912208286
MASSES = (0.000954786104043, 0.000285583733151, 0.0000437273164546, 0.0000517759138449, 0.00000277777777778)
POSITIONS = (
    3.42947415189, 3.35386959711, 1.35494901715, 6.64145542550, 5.97156957878, 2.18231499728, 11.2630437207,
    14.6952576794, 6.27960525067, -30.1552268759, 1.65699966404, 1.43785752721, -21.1238353380, 28.4465098142, 15.3882659679,
)  # fmt: skip
VELOCITIES = (
    -0.557160570446, 0.505696783289, 0.230578543901, -0.415570776342, 0.365682722812, 0.169143213293, -0.325325669158,
    0.189706021964, 0.0877265322780, -0.0240476254170, -0.287659532608, -0.117219543175, -0.176860753121, -0.216393453025,
    -0.0148647893090,
)  # fmt: skip


def _outer_planets(t, w, masses):
    """Jupiter to Pluto as seen from the Sun: its pull, and the pulls of the others on the planet and on the Sun."""
    x = w[:15].reshape(5, 3)
    apart = x[None] - x[:, None]
    cubed = (jnp.sum(apart**2, axis=2) + jnp.eye(5, dtype=w.dtype)) ** 1.5
    from_sun = jnp.sum(x**2, axis=1) ** 1.5
    pulls = jnp.sum(masses[None, :, None] * apart / cubed[:, :, None], axis=1)
    on_sun = masses[:, None] * x / from_sun[:, None]
    others = jnp.sum(on_sun, axis=0)[None] - on_sun
    own = (SUN + masses)[:, None] * x / from_sun[:, None]
    return jnp.concatenate([w[15:], (GRAVITY * (pulls - others - own)).reshape(-1)])


_problem("c5", "The five outer planets.", _outer_planets, POSITIONS + VELOCITIES, args=np.array(MASSES))

for _number, _eccentricity in enumerate((0.1, 0.3, 0.5, 0.7, 0.9), 1):

    def _orbit(eccentricity=_eccentricity):
        return kepler_parts(eccentricity, END)

    _orbit.__name__ = _orbit.__qualname__ = f"detest_d{_number}"
    register(f"Two bodies, eccentricity {_eccentricity}.", HULL)(_orbit)


def _bessel(t, state, args):
    y, rate = state
    return [rate, -(rate / (t + 1) + (1 - 0.25 / (t + 1) ** 2) * y)]


def _bessel_exact(t):
    x = t + 1
    root = np.sqrt(2 / (np.pi * x))
    return root * np.array([np.sin(x), np.cos(x) - np.sin(x) / (2 * x)])


def _triode(t, state, args):
    y, rate = state
    return [rate, (1 - y * y) * rate - y]


def _duffing(t, state, args):
    y, rate = state
    return [rate, y**3 / 6 - y + 2 * jnp.sin(2.78535 * t)]


def _falling(t, state, args):
    return [state[1], 0.032 - 0.4 * state[1] ** 2]


def _falling_exact(t):
    rate = np.sqrt(0.0128)
    return np.array([30 + 2.5 * np.log(np.cosh(rate * t)), np.sqrt(0.08) * np.tanh(rate * t)])


def _pursuit(t, state, args):
    return [state[1], (1 + state[1] ** 2) ** 0.5 / (25 - t)]


def _pursuit_exact(t):
    left = 1 - t / 25
    return np.array([(-25 * np.log(left) - t + t * t / 50) / 2, (1 / left - left) / 2])


_problem("e1", "Bessel's equation of order 1/2.", _bessel, _bessel_exact(0.0), _bessel_exact)
_problem("e2", "Van der Pol's oscillator, μ = 1.", _triode, [2.0, 0.0])
_problem("e3", "Duffing's oscillator, driven.", _duffing, [0.0, 0.0])
_problem("e4", "A fall with drag.", _falling, [30.0, 0.0], _falling_exact)
_problem("e5", "A curve of pursuit.", _pursuit, [0.0, 0.0], _pursuit_exact)
