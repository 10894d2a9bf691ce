"""Orbits and other motions under gravity, and Hénon and Heiles' oscillator."""

import jax.numpy as jnp
import numpy as np

from .registry import ode, register

__all__ = ["arenstorf", "henon_heiles", "kepler", "pleiades"]

PERIOD = 17.0652165601579625588917206249


def _two_bodies(t, w, args):
    x, y, u, v = w
    cubed = (x * x + y * y) ** 1.5
    return [u, v, -x / cubed, -y / cubed]


def kepler_orbit(eccentricity: float, t: float) -> np.ndarray:
    """Position and velocity on an orbit of period 2π that starts at its closest point, by Kepler's equation."""
    anomaly = t
    for _ in range(100):
        change = (anomaly - eccentricity * np.sin(anomaly) - t) / (1 - eccentricity * np.cos(anomaly))
        anomaly = anomaly - change
        if abs(change) < 1e-15 * max(1.0, abs(anomaly)):
            break
    c, s, root = np.cos(anomaly), np.sin(anomaly), np.sqrt(1 - eccentricity**2)
    rate = 1 / (1 - eccentricity * c)
    return np.array([c - eccentricity, root * s, -s * rate, root * c * rate])


def kepler_parts(eccentricity: float, end: float | int) -> dict:
    """The two-body problem with its exact solution."""
    start = [1 - eccentricity, 0.0, 0.0, np.sqrt((1 + eccentricity) / (1 - eccentricity))]
    return {
        "problem": ode(_two_bodies, start, end),
        "exact": lambda t: kepler_orbit(eccentricity, t),
        "digits": 14,
        "invariants": {
            "energy": lambda w: (w[2] ** 2 + w[3] ** 2) / 2 - 1 / np.hypot(w[0], w[1]),
            "angular momentum": lambda w: w[0] * w[3] - w[1] * w[2],
        },
    }


@register("One revolution of two bodies.", "J. Kepler, Astronomia nova (1609)")
def kepler(eccentricity=0.5):
    """``x'' = -x / |x|³`` over one period 2π from the closest point; state (x, y, x', y')."""
    return kepler_parts(eccentricity, 2 * np.pi)


def _restricted(t, w, mu):
    x, y, u, v = w
    rest = 1 - mu
    earth, moon = ((x + mu) ** 2 + y * y) ** 1.5, ((x - rest) ** 2 + y * y) ** 1.5
    return [
        u,
        v,
        x + 2 * v - rest * (x + mu) / earth - mu * (x - rest) / moon,
        y - 2 * u - rest * y / earth - mu * y / moon,
    ]


@register(
    "A satellite's closed orbit around Earth and Moon.",
    "R. F. Arenstorf, Amer. J. Math. 85 (1963) 27-35; numbers: Hairer, Nørsett, Wanner, Solving ODEs I (1993), II.0",
)
def arenstorf():
    """The restricted three-body problem over one period; state (x, y, x', y').  The end is that of the rounded numbers."""
    start = [0.994, 0.0, 0.0, -2.00158510637908252240537862224]
    return {"problem": ode(_restricted, start, PERIOD, 0.012277471)}


def _seven_stars(t, w, args):
    x, y, u, v = w[:7], w[7:14], w[14:21], w[21:]
    mass = jnp.arange(1, 8, dtype=w.dtype)
    dx, dy = x[None] - x[:, None], y[None] - y[:, None]
    cubed = (dx**2 + dy**2 + jnp.eye(7, dtype=w.dtype)) ** 1.5
    return jnp.concatenate([u, v, jnp.sum(mass * dx / cubed, axis=1), jnp.sum(mass * dy / cubed, axis=1)])


@register(
    "Seven stars in a plane, with close encounters.",
    "Hairer, Nørsett, Wanner, Solving ODEs I (1993), II.10; IVP test set, University of Bari",
)
def pleiades():
    """Stars of masses 1 to 7; state (seven x, seven y, seven x', seven y')."""
    start = [3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0]
    return {"problem": ode(_seven_stars, start, 3)}


def _galaxy(t, w, args):
    x, y, u, v = w
    return [u, v, -x - 2 * x * y, -y - x * x + y * y]


@register("A star in a galaxy, a chaotic Hamiltonian.", "M. Hénon, C. Heiles, Astron. J. 69 (1964) 73-79")
def henon_heiles():
    """``H = (u² + v² + x² + y²) / 2 + x² y - y³ / 3``; state (x, y, u, v)."""

    def energy(w):
        x, y, u, v = w
        return (u**2 + v**2 + x**2 + y**2) / 2 + x**2 * y - y**3 / 3

    return {"problem": ode(_galaxy, [0.0, 0.1, 0.5, 0.0], 100), "invariants": {"energy": energy}}
