"""A Tsit5 loop for Lorenz written by hand in Numba: one trajectory, and many in a `prange` over all cores.

Step control: proportional-integral with exponents 0.7/5 and 0.4/5 (Hairer, Norsett, Wanner, Solving Ordinary
Differential Equations I, II.4). `fastmath` is off, as everywhere else.
"""

import numpy as np
from numba import njit, prange

from bench.tsit5_numbers import ERROR, A


@njit
def slope(k, row, x, y, z, p):
    """The three equations, written to a row of slopes."""
    k[row, 0] = p[0] * (y - x)
    k[row, 1] = x * (p[1] - z) - y
    k[row, 2] = x * y - p[2] * z


@njit
def attempt(x, y, z, h, p, k, a, error):
    """One step: new state and error estimate; k[0] holds the slope at the start."""
    for stage in range(1, 7):
        sx = 0.0
        sy = 0.0
        sz = 0.0
        for j in range(stage):
            sx += a[stage, j] * k[j, 0]
            sy += a[stage, j] * k[j, 1]
            sz += a[stage, j] * k[j, 2]
        new_x = x + h * sx
        new_y = y + h * sy
        new_z = z + h * sz
        slope(k, stage, new_x, new_y, new_z, p)
    ex = 0.0
    ey = 0.0
    ez = 0.0
    for j in range(7):
        ex += error[j] * k[j, 0]
        ey += error[j] * k[j, 1]
        ez += error[j] * k[j, 2]
    return new_x, new_y, new_z, h * ex, h * ey, h * ez


@njit
def integrate(end, y0, p, tolerance, first_step, k, a, error):
    """The state at the end, with the number of steps and of rejections."""
    t, h, last = 0.0, first_step, 1e-4
    x, y, z = y0[0], y0[1], y0[2]
    slope(k, 0, x, y, z, p)
    steps = 0
    rejected = 0
    while t < end:
        landing = t + h >= end
        if landing:
            h = end - t
        new_x, new_y, new_z, ex, ey, ez = attempt(x, y, z, h, p, k, a, error)
        sx = ex / (tolerance + tolerance * max(abs(x), abs(new_x)))
        sy = ey / (tolerance + tolerance * max(abs(y), abs(new_y)))
        sz = ez / (tolerance + tolerance * max(abs(z), abs(new_z)))
        size = max(np.sqrt((sx * sx + sy * sy + sz * sz) / 3.0), 1e-10)
        if size <= 1.0:
            t = end if landing else t + h
            x, y, z = new_x, new_y, new_z
            k[0] = k[6]
            steps += 1
            h *= min(10.0, max(0.2, 0.9 * size ** (-0.14) * last**0.08))
            last = max(size, 1e-4)
        else:
            rejected += 1
            h *= max(0.2, 0.9 * size ** (-0.2))
    return x, y, z, steps, rejected


@njit(parallel=True)
def many(end, y0, parameters, tolerance, first_step, a, error):
    """One trajectory for each row of parameters: ends, and steps with rejections."""
    ends = np.empty((len(parameters), 3))
    counts = np.empty((len(parameters), 2), np.int64)
    for i in prange(len(parameters)):
        k = np.empty((7, 3))
        x, y, z, steps, rejected = integrate(end, y0, parameters[i], tolerance, first_step, k, a, error)
        ends[i, 0] = x
        ends[i, 1] = y
        ends[i, 2] = z
        counts[i, 0] = steps
        counts[i, 1] = rejected
    return ends, counts


def solve(y0, parameters, tolerance, end=1.0):
    """All trajectories on [0, end] with rtol = atol = tolerance."""
    return many(end, y0, parameters, tolerance, 1e-3, A, ERROR)
