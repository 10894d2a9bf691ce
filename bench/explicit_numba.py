"""The problems and a Tsit5 loop for any of them, written by hand in Numba: what compiled code without a library costs."""

import functools
from collections.abc import Callable

import numpy as np
from numba import njit

from bench.explicit_problems import MATRIX, MU
from bench.tsit5_numbers import ERROR, A, C


@njit
def lotka_volterra(t, y, dy):
    """x' = 1.5 x - x y, y' = x y - 3 y."""
    both = y[0] * y[1]
    dy[0] = 1.5 * y[0] - both
    dy[1] = both - 3.0 * y[1]


@njit
def lorenz(t, y, dy):
    """Lorenz 1963."""
    dy[0] = 10.0 * (y[1] - y[0])
    dy[1] = y[0] * (28.0 - y[2]) - y[1]
    dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2]


@njit
def arenstorf(t, y, dy):
    """Restricted three-body problem."""
    r1 = (y[0] + MU) ** 2 + y[1] * y[1]
    r2 = (y[0] - 1 + MU) ** 2 + y[1] * y[1]
    w1 = (1 - MU) / (r1 * np.sqrt(r1))
    w2 = MU / (r2 * np.sqrt(r2))
    dy[0] = y[2]
    dy[1] = y[3]
    dy[2] = y[0] + 2 * y[3] - w1 * (y[0] + MU) - w2 * (y[0] - 1 + MU)
    dy[3] = y[1] - 2 * y[2] - w1 * y[1] - w2 * y[1]


@njit
def rigid_body(t, y, dy):
    """Euler's equations of a rigid body."""
    dy[0] = -2.0 * y[1] * y[2]
    dy[1] = 1.25 * y[0] * y[2]
    dy[2] = -0.5 * y[0] * y[1]


@njit
def pleiades(t, y, dy):
    """Seven stars in a plane; each pair once."""
    for i in range(14):
        dy[i] = y[14 + i]
        dy[14 + i] = 0.0
    for i in range(7):
        for j in range(i + 1, 7):
            dx = y[j] - y[i]
            dz = y[7 + j] - y[7 + i]
            square = dx * dx + dz * dz
            weight = 1 / (square * np.sqrt(square))
            dy[14 + i] += (j + 1) * weight * dx
            dy[14 + j] -= (i + 1) * weight * dx
            dy[21 + i] += (j + 1) * weight * dz
            dy[21 + j] -= (i + 1) * weight * dz


@njit
def linear(t, y, dy):
    """u' = A u; the product by BLAS."""
    dy[:] = np.dot(MATRIX, y)


@functools.cache
def tsit5(rhs: Callable, size: int) -> Callable:
    """An adaptive Tsit5 loop for ``rhs``, which Numba compiles into it; gives the end state and the counts."""

    @njit
    def integrate(start, end, y0, rtol, atol, h, a, error, c):
        slopes, y, new = np.empty((7, size)), y0.copy(), np.empty(size)
        t, steps, rejected, last = start, 0, 0, 1e-4
        rhs(t, y, slopes[0])
        while t < end:
            landing = t + h >= end
            if landing:
                h = end - t
            for stage in range(1, 7):
                for i in range(size):
                    total = 0.0
                    for j in range(stage):
                        total += a[stage, j] * slopes[j, i]
                    new[i] = y[i] + h * total
                rhs(t + c[stage] * h, new, slopes[stage])
            square = 0.0
            for i in range(size):
                estimate = 0.0
                for j in range(7):
                    estimate += error[j] * slopes[j, i]
                scaled = h * estimate / (atol + rtol * max(abs(y[i]), abs(new[i])))
                square += scaled * scaled
            norm = max(np.sqrt(square / size), 1e-10)
            if norm <= 1.0:
                t = end if landing else t + h
                for i in range(size):
                    y[i] = new[i]
                    slopes[0, i] = slopes[6, i]
                steps += 1
                h *= min(10.0, max(0.2, 0.9 * norm ** (-0.14) * last**0.08))
                last = max(norm, 1e-4)
            else:
                rejected += 1
                h *= max(0.2, 0.9 * norm ** (-0.2))
        return y, steps, rejected

    return lambda start, end, y0, tolerance: integrate(start, end, y0, tolerance, tolerance, 1e-3, A, ERROR, C)
