"""Solutions of stiff problems and DAEs in 80-bit numbers, by a method that no solver of the package shares.

Radau IIA with seven stages (order 13), whole system by sparse LU in 64 bits, refined in 80 bits.  Steps are chosen by the highest
divided difference of the collocation polynomial, which overrates the error by far; two runs that agree say how good it is.
"""

from typing import NamedTuple

import mpmath
import numpy as np
from scipy.sparse import csc_matrix, eye, kron
from scipy.sparse.linalg import splu

LONG = np.longdouble


def _long(numbers):
    return np.array([[LONG(mpmath.nstr(x, 25)) for x in row] for row in numbers])


def coefficients(stages):
    """Nodes c and matrix A, from the Radau polynomial and the collocation conditions."""
    with mpmath.workdps(60):
        power = [mpmath.mpf(0)] * (stages - 1) + [mpmath.mpf(1)]  # x^(s-1) (x-1)^s differentiated s - 1 times
        for _ in range(stages):
            power = [a - b for a, b in zip([0, *power], [*power, 0], strict=True)]
        for _ in range(stages - 1):
            power = [k * a for k, a in enumerate(power)][1:]
        nodes = sorted(mpmath.re(x) for x in mpmath.polyroots(power[::-1], maxsteps=500, extraprec=400))
        vander = mpmath.matrix(stages, stages)
        moments = mpmath.matrix(stages, stages)
        for i, c in enumerate(nodes):
            for k in range(stages):
                vander[i, k], moments[i, k] = c**k, c ** (k + 1) / (k + 1)
        a = moments * vander**-1
    return _long([nodes])[0], _long(a.tolist())


class Rule(NamedTuple):
    """Nodes, matrix, and weights of the highest divided difference over (0, nodes)."""

    c: np.ndarray
    a: np.ndarray
    top: np.ndarray


def rule(stages=7):
    c, a = coefficients(stages)
    points = np.concatenate([[LONG(0)], c])
    apart = points[:, None] - points[None] + np.eye(stages + 1)
    grid = np.linspace(0, 1, 50)
    return Rule(c, a, np.max(np.abs(np.prod(grid[:, None] - points, 1))) / np.prod(apart, 1)[1:])


def carried(old, c, ratio):
    """The last step's collocation polynomial at this step's nodes, less its value at the start."""
    points = np.concatenate([[LONG(0)], c])
    weights = 1 / np.prod(points[:, None] - points[None] + np.eye(len(points)), 1)
    parts = weights / (1 + ratio * c[:, None] - points)
    values = np.concatenate([np.zeros_like(old[:, :1]), old], 1)
    return (values @ parts.T) / parts.sum(1) - old[:, -1:]


def step(rule, f, jac, mass, t, y, h, guess, floor, end):
    """Increments at the nodes, or None when Newton's method does not settle."""
    n, s = len(y), len(rule.c)
    whole = kron(mass, eye(s)) - float(h) * kron(csc_matrix(jac(float(t), y.astype(float))), rule.a.astype(float))
    factors, z, last = splu(csc_matrix(whole)), guess, np.inf
    times, size = np.minimum(t + rule.c * h, np.nextafter(end, t)), np.maximum(np.abs(y), floor)
    for count in range(30):
        residual = h * (f(times, y[:, None] + z) @ rule.a.T) - mass @ z
        if not np.all(np.abs(residual) < 1e300):
            return None
        change = factors.solve(residual.astype(float).reshape(-1)).reshape(n, s)
        z = z + change
        norm = np.max(np.abs(change) / np.maximum(size, np.max(np.abs(y[:, None] + z), 1))[:, None])
        if norm < 3e-19 or (norm < 1e-13 and norm > last / 2):  # rounding is reached
            return z
        if count > 3 and norm > last:
            return None
        last = norm
    return None


def solve(f, jac, mass, y0, times, tolerance, floor, first=1e-6):
    """The solution at each of the ``times`` after the first, which is the start.

    ``floor`` is the size below which a component need not be followed.  Between two of the times f is smooth, and never asked for
    its value at the later one.
    """
    found, y, radau = [], np.asarray(y0).astype(LONG), rule()
    mass = csc_matrix(mass.astype(LONG)) if not isinstance(mass, np.ndarray) else mass
    for k, end in enumerate(times[1:]):
        t, end = LONG(times[k]), LONG(end)
        h, old, old_h = min(LONG(first) * (end - t), end - t), None, None
        while t < end:
            h = min(h, end - t)
            guess = np.zeros((len(y), len(radau.c)), LONG)
            if old is not None and old_h / 100 < h <= 2 * old_h:
                guess = carried(old, radau.c, h / old_h)
            z = step(radau, f, jac, mass, t, y, h, guess, floor, end)
            if z is None:
                h, old = h / 4, None
                continue
            size = np.maximum(np.max(np.abs(y[:, None] + z), 1), floor)
            error = float(np.max(np.abs(z @ radau.top) / size)) / tolerance
            if error > 1:
                h *= LONG(max(0.2, 0.9 * error ** (-1 / 8)))
                continue
            t, y, old, old_h = (end if h >= end - t else t + h), y + z[:, -1], z, h
            h *= LONG(min(4, 0.9 * (error + 1e-12) ** (-1 / 8)))
        found.append(y)
    return found
