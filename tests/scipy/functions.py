"""Right-hand sides and events as users of SciPy write them; the tests share them, so that they share compilations."""

import math

import numpy as np
from numpy import cos
from numpy.linalg import norm

ROTATION = ((0.0, 1.0), (-1.0, 0.0))


def decay(t, y):
    """SciPy's first example."""
    return -0.5 * y


def lotka_volterra(t, z, a, b, c, d):
    """SciPy's example with arguments."""
    x, y = z
    return [a * x - b * x * y, -c * y + d * x * y]


def cannon(t, y):
    """SciPy's example with events: upward velocity decreases."""
    return [y[1], -0.5]


def hit_ground(t, y):
    return y[0]


hit_ground.terminal = True
hit_ground.direction = -1


def apex(t, y):
    return y[1]


def pendulum(t, y):
    return np.array([y[1], -np.sin(y[0])])


def relaxation(t, y):
    """Van der Pol's oscillator with mu = 50."""
    return [y[1], 50 * (1 - y[0] ** 2) * y[1] - y[0]]


def relaxation_jacobian(t, y):
    return np.array([[0, 1], [-100 * y[0] * y[1] - 1, 50 * (1 - y[0] ** 2)]])


CHAIN = 200.0 * (np.eye(5, k=1) + np.eye(5, k=-1) - 2 * np.eye(5))


def chain(t, y):
    """Diffusion between five cells."""
    before, after = np.concatenate([0 * y[:1], y[:-1]]), np.concatenate([y[1:], 0 * y[:1]])
    return 200.0 * (before + after - 2 * y)


class Crossing:
    """The pendulum's angle passes zero; an object, so that each test can have its own attributes."""

    def __init__(self, terminal=False, direction=0):
        self.terminal, self.direction = terminal, direction

    def __call__(self, t, y):
        return y[0]


def restoring(angle):
    return math.sin(angle) * cos(0.0)


def with_helper(t, y):
    """The pendulum through a function of this module, `math` and a name imported from NumPy."""
    return y[1], -restoring(y[0])


def filled(t, y):
    """The pendulum with an array filled item by item."""
    dy = np.zeros_like(y)
    dy[0] = y[1]
    dy[1:] -= np.sin(y[:1])
    return dy


def extremes(t, y):
    """Decay by Python's extremes, a copy that is changed, and lists in the place of arrays."""
    dy = np.copy(y)
    dy[1] = max(y[1], 0.1, 0.2 * y[0])
    return -np.dot([[1.0, 0.0], [0.0, 1.0]], dy) * min(y) / np.min(y)


def products(t, y):
    """The linear oscillator through products, norms and a stack of parts."""
    turned = np.dot(np.array(ROTATION), y)
    return np.concatenate([turned[:1], turned[1:]]) * np.linalg.norm([y[0], y[1]]) ** 0 + norm(0 * y)


def made_of_columns(t, y):
    """The pendulum for many states at once, as `vectorized=True` asks for."""
    return np.vstack([y[1], -np.sin(y[0])])


def branches(t, y):
    if y[0] > 0:
        return -y
    return y


def makes_a_float(t, y):
    return [float(y[0])]


def own_array(t, y):
    return np.array(ROTATION).dot(y)


def past_the_end_when_traced(t, y):
    position = min(len(y), 2) if isinstance(y, np.ndarray) else 0
    return -y * position


def random(t, y):
    return -y * np.random.rand()


def blows_up(t, y):
    return y**2


class Calls:
    """How often Python ran :func:`counted`."""

    number = 0


def counted(t, y, k):
    Calls.number += 1
    return -k * y
