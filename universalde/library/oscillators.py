"""Oscillations in populations, cells, chemistry and mechanics."""

import jax.numpy as jnp
import numpy as np

from .registry import ode, register

__all__ = [
    "brusselator", "brusselator_1d", "fitzhugh_nagumo", "forced_rigid_body", "lotka_volterra", "pendulum", "rigid_body",
    "van_der_pol",
]  # fmt: skip


def _lotka_volterra(t, state, args):
    (x, y), (a, b, c, d) = state, args
    return [a * x - b * x * y, -c * y + d * x * y]


@register(
    "Prey and predators.", "A. J. Lotka, Elements of Physical Biology (1925); V. Volterra, Nature 118 (1926) 558-560"
)
def lotka_volterra(a=1.5, b=1.0, c=3.0, d=1.0):
    """``x' = a x - b x y``, ``y' = -c y + d x y`` from (1, 1)."""

    def level(y):
        return d * y[0] - c * np.log(y[0]) + b * y[1] - a * np.log(y[1])

    return {"problem": ode(_lotka_volterra, [1.0, 1.0], 10, (a, b, c, d)), "invariants": {"level": level}}


def _fitzhugh_nagumo(t, state, args):
    (v, w), (a, b, rate, current) = state, args
    return [v - v**3 / 3 - w + current, rate * (v + a - b * w)]


@register(
    "Spikes of a nerve.", "R. FitzHugh, Biophys. J. 1 (1961) 445-466; J. Nagumo et al., Proc. IRE 50 (1962) 2061-2070"
)
def fitzhugh_nagumo():
    """``v' = v - v³/3 - w + 1/2``, ``w' = (v + 0.7 - 0.8 w) / 12.5`` from (1, 1)."""
    return {"problem": ode(_fitzhugh_nagumo, [1.0, 1.0], 10, (0.7, 0.8, 1 / 12.5, 0.5))}


def _van_der_pol(t, state, mu):
    x, y = state
    return [y, mu * ((1 - x * x) * y - x)]


@register("An electric circuit with a triode.", "B. van der Pol, Phil. Mag. 2 (1926) 978-992")
def van_der_pol(mu=1.0):
    """``x' = y``, ``y' = μ ((1 - x²) y - x)`` from (√3, 0); stiff for large μ."""
    return {"problem": ode(_van_der_pol, [3.0**0.5, 0.0], 6.3, mu)}


def _brusselator(t, state, args):
    u, v = state
    return [1 + u * u * v - 4 * u, 3 * u - u * u * v]


@register("A chemical clock.", "I. Prigogine, R. Lefever, J. Chem. Phys. 48 (1968) 1695-1700")
def brusselator():
    """``u' = 1 + u² v - 4 u``, ``v' = 3 u - u² v`` from (1.5, 3)."""
    return {"problem": ode(_brusselator, [1.5, 3.0], 20)}


def _brusselator_1d(t, state, diffusion):
    u, v = state

    def spread(w, edge):
        wide = jnp.concatenate([edge, w, edge])
        return diffusion * (wide[:-2] - 2 * w + wide[2:])

    one = jnp.ones(1, state.dtype)
    react = u * u * v
    return jnp.stack([1 + react - 4 * u + spread(u, one), 3 * u - react + spread(v, 3 * one)])


@register("A chemical clock along a line.", "Hairer, Wanner, Solving ODEs II (1996), IV.1")
def brusselator_1d():
    """40 inner points of [0, 1], ends held at u = 1 and v = 3, diffusion 1/50; state of shape (2, 40).  Hardly stiff."""
    x = np.arange(1, 41) / 41
    start = np.stack([1 + np.sin(2 * np.pi * x), np.full(40, 3.0)])
    return {"problem": ode(_brusselator_1d, start, 10, 41.0**2 / 50)}


def _pendulum(t, state, args):
    angle, rate = state
    return [rate, -jnp.sin(angle)]


@register("A pendulum let go at rest.", "NIST Digital Library of Mathematical Functions, 22.19(i)")
def pendulum(angle=2.0):
    """``θ'' = -sin θ``; exact by Jacobi's elliptic functions."""

    def exact(t):
        from scipy.special import ellipj, ellipk

        k = np.sin(angle / 2)
        sn, cn, dn, _ = ellipj(ellipk(k * k) + t, k * k)
        return np.array([2 * np.arcsin(k * sn), 2 * k * cn])

    return {
        "problem": ode(_pendulum, [angle, 0.0], 10),
        "exact": exact,
        "digits": 14,
        "invariants": {"energy": lambda y: y[1] ** 2 / 2 - np.cos(y[0])},
    }


def _rigid_body(t, state, args):
    x, y, z = state
    return [-2 * y * z, 1.25 * x * z, -0.5 * x * y]


def _forced_rigid_body(t, state, args):
    x, y, z = state
    return [-2 * y * z, 1.25 * x * z, -0.5 * x * y + jnp.sin(t) ** 2 / 4]


@register(
    "A body that turns freely.",
    "L. Euler, Mém. Acad. Berlin 14 (1758) 154-193; K. Soetaert, J. Cash, F. Mazzia, Solving DEs in R (2012)",
)
def rigid_body():
    """``x' = -2 y z``, ``y' = 5/4 x z``, ``z' = -1/2 x y`` from (1, 0, 0.9)."""
    invariants = {
        "first": lambda w: 1.25 * w[0] ** 2 + 2 * w[1] ** 2,
        "second": lambda w: 0.5 * w[1] ** 2 + 1.25 * w[2] ** 2,
    }
    return {"problem": ode(_rigid_body, [1.0, 0.0, 0.9], 20), "invariants": invariants}


@register(
    "A turning body that is pushed.", "after problem EULR of Hairer, Nørsett, Wanner, Solving ODEs I (1993), II.10"
)
def forced_rigid_body():
    """The free body with ``sin² t / 4`` added to ``z'``."""
    return {"problem": ode(_forced_rigid_body, [1.0, 0.0, 0.9], 20)}
