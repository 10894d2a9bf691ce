"""Problems that the tests of ``solve`` share, so that they share compilations."""

import json
from pathlib import Path
from typing import Any

import jax.numpy as jnp

import universalde as ude

REFERENCE = json.loads((Path(__file__).parent.parent / "data" / "ivp_reference.json").read_text("utf8"))


class Calls:
    """How often Python ran :func:`counted`: a compiled program does not run it again."""

    number = 0


def decay(t, y, k):
    """y' = -k y."""
    return -k * y


def counted(t, y, k):
    """y' = -k y, and remembers that Python came by."""
    Calls.number += 1
    return -k * y


def circle(t, y, w):
    """Harmonic oscillator: (cos wt, -sin wt) from (1, 0)."""
    return jnp.stack([w * y[1], -w * y[0]])


def square(t, y, k):
    """y' = k y², which blows up at t = 1 / (k y0)."""
    return k * y * y


def bell(t, y, args):
    """y' = -2 t y², solved by 1 / (1 + t²)."""
    return -2 * t * y * y


def arenstorf(t, w, mu):
    """Restricted three-body problem."""
    x, y, u, v = w
    d1, d2 = ((x + mu) ** 2 + y**2) ** 1.5, ((x - 1 + mu) ** 2 + y**2) ** 1.5
    ax = x + 2 * v - (1 - mu) * (x + mu) / d1 - mu * (x - 1 + mu) / d2
    return jnp.stack([u, v, ax, y - 2 * u - (1 - mu) * y / d1 - mu * y / d2])


def lorenz(t, y, args):
    """Lorenz' system with 10, 28, 8/3."""
    return jnp.stack([10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]])


def rigid_body(t, y, args):
    """Euler's equations of a free rigid body."""
    return jnp.stack([-2 * y[1] * y[2], 1.25 * y[0] * y[2], -0.5 * y[0] * y[1]])


def brusselator(t, y, args):
    """Autocatalytic reaction of Prigogine and Lefever."""
    u, v = y
    return jnp.stack([1 + u * u * v - 4 * u, 3 * u - u * u * v])


def pleiades(t, w, args):
    """Seven stars in the plane with masses 1 to 7."""
    x, y, u, v = w[:7], w[7:14], w[14:21], w[21:]
    mass = jnp.arange(1.0, 8.0)
    dx, dy = x[None] - x[:, None], y[None] - y[:, None]
    cubed = (dx**2 + dy**2 + jnp.eye(7)) ** 1.5
    return jnp.concatenate([u, v, jnp.sum(mass * dx / cubed, axis=1), jnp.sum(mass * dy / cubed, axis=1)])


FUNCTIONS = {
    "arenstorf": (arenstorf, 0.012277471), "lorenz": (lorenz, None), "rigid_body": (rigid_body, None),
    "brusselator": (brusselator, None), "pleiades": (pleiades, None),
}  # fmt: skip


def reference(name: str) -> tuple[ude.Problem, Any]:
    """A problem with a known end, and that end."""
    entry, (f, args) = REFERENCE[name], FUNCTIONS[name]
    return ude.ODE(f, jnp.array(entry["y0"]), tuple(entry["tspan"]), args), jnp.array(entry["end"])


DECAY = ude.ODE(decay, jnp.array([1.0]), (0.0, 1.0), 0.5)
CIRCLE = ude.ODE(circle, jnp.array([1.0, 0.0]), (0.0, 10.0), 1.0)
BLOWS_UP = ude.ODE(square, jnp.array([1.0]), (0.0, 2.0), 1.0)

