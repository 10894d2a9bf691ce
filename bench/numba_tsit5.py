"""A Tsit5 loop written by hand in Numba for Lotka-Volterra: what compiled code without a library costs.

Step control: proportional-integral with exponents 0.7/5 and 0.4/5 (Hairer, Norsett, Wanner, Solving Ordinary
Differential Equations I, II.4).
"""

import numpy as np
from numba import njit

from bench.tsit5_numbers import ERROR, A


@njit
def attempt(x, y, h, p, kx, ky, a, error):
    """One step of the two equations: new state and error estimate; kx[0], ky[0] hold the slope at the start."""
    for stage in range(1, 7):
        sx = 0.0
        sy = 0.0
        for j in range(stage):
            sx += a[stage, j] * kx[j]
            sy += a[stage, j] * ky[j]
        new_x = x + h * sx
        new_y = y + h * sy
        kx[stage] = p[0] * new_x - p[1] * new_x * new_y
        ky[stage] = p[2] * new_x * new_y - p[3] * new_y
    ex = 0.0
    ey = 0.0
    for j in range(7):
        ex += error[j] * kx[j]
        ey += error[j] * ky[j]
    return new_x, new_y, h * ex, h * ey


@njit
def integrate(start, end, y0, p, rtol, atol, first_step, capacity, a, error):
    """Every accepted step as rows of (times, states), with the number of rows and of rejections."""
    times = np.empty(capacity)
    states = np.empty((capacity, 2))
    kx = np.empty(7)
    ky = np.empty(7)
    t, x, y, h = start, y0[0], y0[1], first_step
    kx[0] = p[0] * x - p[1] * x * y
    ky[0] = p[2] * x * y - p[3] * y
    times[0] = t
    states[0, 0] = x
    states[0, 1] = y
    rows = 1
    rejected = 0
    last = 1e-4
    while t < end and rows < capacity:
        landing = t + h >= end
        if landing:
            h = end - t
        new_x, new_y, ex, ey = attempt(x, y, h, p, kx, ky, a, error)
        sx = ex / (atol + rtol * max(abs(x), abs(new_x)))
        sy = ey / (atol + rtol * max(abs(y), abs(new_y)))
        size = max(np.sqrt(0.5 * (sx * sx + sy * sy)), 1e-10)
        if size <= 1.0:
            t = end if landing else t + h
            x, y = new_x, new_y
            kx[0], ky[0] = kx[6], ky[6]
            times[rows] = t
            states[rows, 0] = x
            states[rows, 1] = y
            rows += 1
            h *= min(10.0, max(0.2, 0.9 * size ** (-0.14) * last**0.08))
            last = max(size, 1e-4)
        else:
            rejected += 1
            h *= max(0.2, 0.9 * size ** (-0.2))
    return times[:rows], states[:rows], rows, rejected


def solve(y0, p, tolerance, start=0.0, end=100.0, capacity=8192):
    """Lotka-Volterra on [start, end] with rtol = atol = tolerance."""
    return integrate(start, end, y0, p, tolerance, tolerance, 1e-3, capacity, A, ERROR)
