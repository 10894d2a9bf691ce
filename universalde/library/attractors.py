"""Strange attractors.  Neighbouring solutions part exponentially, so the spans are short enough to keep seven digits."""

import jax.numpy as jnp

from .registry import ode, register

__all__ = [
    "aizawa", "chen", "dadras", "hindmarsh_rose", "lorenz", "rabinovich_fabrikant", "rossler", "sprott", "thomas",
]  # fmt: skip

START = [1.0, 0.0, 0.0]


def _lorenz(t, state, args):
    (x, y, z), (sigma, rho, beta) = state, args
    return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]


@register("Convection, the first strange attractor.", "E. N. Lorenz, J. Atmos. Sci. 20 (1963) 130-141")
def lorenz(sigma=10.0, rho=28.0, beta=8 / 3):
    """``x' = σ (y - x)``, ``y' = x (ρ - z) - y``, ``z' = x y - β z``."""
    return {"problem": ode(_lorenz, START, 15, (sigma, rho, beta))}


def _rossler(t, state, args):
    (x, y, z), (a, b, c) = state, args
    return [-y - z, x + a * y, b + z * (x - c)]


@register("A single folded band.", "O. E. Rössler, Phys. Lett. A 57 (1976) 397-398")
def rossler():
    """``x' = -y - z``, ``y' = x + y / 5``, ``z' = 1/5 + z (x - 5.7)``."""
    return {"problem": ode(_rossler, START, 50, (0.2, 0.2, 5.7))}


def _chen(t, state, args):
    (x, y, z), (a, b, c) = state, args
    return [a * (y - x), (c - a) * x - x * z + c * y, x * y - b * z]


@register("Lorenz' system fed back.", "G. Chen, T. Ueta, Int. J. Bifurcat. Chaos 9 (1999) 1465-1466")
def chen():
    """``x' = 35 (y - x)``, ``y' = -7 x - x z + 28 y``, ``z' = x y - 3 z``."""
    return {"problem": ode(_chen, START, 5, (35.0, 3.0, 28.0))}


def _thomas(t, state, b):
    x, y, z = state
    return [jnp.sin(y) - b * x, jnp.sin(z) - b * y, jnp.sin(x) - b * z]


@register("Cyclically symmetric, driven by sines.", "R. Thomas, Int. J. Bifurcat. Chaos 9 (1999) 1889-1905")
def thomas():
    """``x' = sin y - b x`` and so on in a cycle, ``b = 0.208186``."""
    return {"problem": ode(_thomas, START, 50, 0.208186)}


def _aizawa(t, state, args):
    (x, y, z), (a, b, c, d, e, f) = state, args
    return [
        (z - b) * x - d * y,
        d * x + (z - b) * y,
        c + a * z - z**3 / 3 - (x * x + y * y) * (1 + e * z) + f * z * x**3,
    ]


@register(
    "A torus with a hole through its axis, known as Aizawa's attractor.",
    "after W. F. Langford, in: Numerical Methods for Bifurcation Problems, Birkhäuser (1984) 285-295",
)
def aizawa():
    """Rotation around an axis along which the state drifts; parameters (0.95, 0.7, 0.6, 3.5, 0.25, 0.1)."""
    return {"problem": ode(_aizawa, START, 20, (0.95, 0.7, 0.6, 3.5, 0.25, 0.1))}


def _dadras(t, state, args):
    (x, y, z), (a, b, c, d, e) = state, args
    return [y - a * x + b * y * z, c * y - x * z + z, d * x * y - e * z]


@register("Two, three or four scrolls.", "S. Dadras, H. R. Momeni, Phys. Lett. A 373 (2009) 3637-3642")
def dadras():
    """``x' = y - a x + b y z``, ``y' = c y - x z + z``, ``z' = d x y - e z`` with (3, 2.7, 1.7, 2, 9), from (1, 1, 0)."""
    return {"problem": ode(_dadras, [1.0, 1.0, 0.0], 10, (3.0, 2.7, 1.7, 2.0, 9.0))}


def _plasma(t, state, args):
    (x, y, z), (alpha, gamma) = state, args
    return [
        y * (z - 1 + x * x) + gamma * x,
        x * (3 * z + 1 - x * x) + gamma * y,
        -2 * z * (alpha + x * y),
    ]


@register(
    "Waves in a plasma that is out of balance.", "M. I. Rabinovich, A. L. Fabrikant, Sov. Phys. JETP 50 (1979) 311-317"
)
def rabinovich_fabrikant():
    """Parameters α = 0.14, γ = 0.1, from (-1, 0, 0.5)."""
    return {"problem": ode(_plasma, [-1.0, 0.0, 0.5], 20, (0.14, 0.1))}


def _sprott(t, state, args):
    (x, y, z), (a, b) = state, args
    return [y + a * x * y + x * z, 1 - b * x * x + y * z, x - x * x - y * y]


@register("An attractor beside an invariant torus.", "J. C. Sprott, Phys. Lett. A 378 (2014) 1361-1363")
def sprott():
    """``x' = y + a x y + x z``, ``y' = 1 - b x² + y z``, ``z' = x - x² - y²`` with (2.07, 1.79)."""
    return {"problem": ode(_sprott, START, 20, (2.07, 1.79))}


def _neuron(t, state, args):
    (x, y, z), (a, b, c, d, r, s, rest, current) = state, args
    return [y - a * x**3 + b * x * x - z + current, c - d * x * x - y, r * (s * (x - rest) - z)]


@register("Bursts of a neuron.", "J. L. Hindmarsh, R. M. Rose, Proc. R. Soc. B 221 (1984) 87-102")
def hindmarsh_rose():
    """Membrane potential, spiking and bursting variables; parameters (1, 3, 1, 5, 0.01, 4, -1.6, 5)."""
    return {"problem": ode(_neuron, START, 20, (1.0, 3.0, 1.0, 5.0, 0.01, 4.0, -1.6, 5.0))}
