"""A Rodas loop written by hand in Numba for any model: what compiled code without a library costs.

LU with partial pivoting, rows exchanged in place; the Jacobian is kept after a rejection; step control as in Hairer &
Wanner's RODAS. Settings of Numba that relax arithmetic gain a tenth up to four equations and lose a tenth on Pollution.
"""

import functools
from collections.abc import Callable

import numpy as np
from numba import njit

from bench.rodas_numbers import METHODS
from bench.stiff_code import functions, numba_module
from bench.stiff_models import Model


def options(size: int) -> dict:
    """Settings of Numba: no checks of divisions; multiply-adds fused and sums reordered where that was faster (up to 4 equations)."""
    fast = {"contract", "reassoc", "nsz", "arcp"}  # not NaN and infinity: the loop tests for them
    return {"error_model": "numpy", "fastmath": fast if size <= 4 else False}


def elimination(size: int) -> tuple[Callable, Callable]:
    """``factor(w, pivots)`` and ``substitute(w, pivots, b)``, both in place; the size is a constant in them."""

    @njit(**options(size))
    def factor(w, pivots):
        for k in range(size):
            best, largest = k, abs(w[k, k])
            for i in range(k + 1, size):
                if abs(w[i, k]) > largest:
                    best, largest = i, abs(w[i, k])
            pivots[k] = best
            if best != k:
                for j in range(size):
                    w[k, j], w[best, j] = w[best, j], w[k, j]
            w[k, k] = 1.0 / w[k, k]
            for i in range(k + 1, size):
                scale = w[i, k] * w[k, k]
                w[i, k] = scale
                if scale != 0.0:
                    for j in range(k + 1, size):
                        w[i, j] -= scale * w[k, j]

    @njit(**options(size))
    def substitute(w, pivots, b):
        for k in range(size):
            best = pivots[k]
            if best != k:
                b[k], b[best] = b[best], b[k]
        for i in range(size):
            total = b[i]
            for j in range(i):
                total -= w[i, j] * b[j]
            b[i] = total
        for i in range(size - 1, -1, -1):
            total = b[i]
            for j in range(i + 1, size):
                total -= w[i, j] * b[j]
            b[i] = total * w[i, i]

    return factor, substitute


def stages_of(model: Model, name: str) -> Callable:
    """The stages of one step as a Numba function: u[0..s-1], the new state; sizes and numbers are constants in it."""
    a, c, times, slopes, gamma, _ = METHODS[name]
    rhs, size, timed, count = numba_module(model).rhs, model.size, bool(functions(model)["slope_t"]), len(times)
    substitute = elimination(size)[1]

    @njit(**options(model.size))
    def stages(t, h, y, setting, w, pivots, first, dt, u, point, new):
        for stage in range(count):
            right = u[stage]
            if stage == 0:
                for i in range(size):
                    right[i] = first[i]
            else:
                for i in range(size):
                    total = y[i]
                    for j in range(stage):
                        total += a[stage, j] * u[j, i]
                    point[i] = total
                rhs(t + times[stage] * h, point, setting, right)
                for i in range(size):
                    total = 0.0
                    for j in range(stage):
                        total += c[stage, j] * u[j, i]
                    right[i] += total / h
            if timed:
                for i in range(size):
                    right[i] += h * slopes[stage] * dt[i]
            substitute(w, pivots, right)
        for i in range(size):
            new[i] = point[i] + u[count - 1, i]

    return stages


@functools.cache
def rodas(model: Model, name: str) -> Callable:
    """``solve(start, end, y0, setting, rtol, atol, first step)`` gives the end state, accepted and rejected steps, last step."""
    module, size, order = numba_module(model), model.size, METHODS[name].order
    rhs, jac, slope_t, stages = module.rhs, module.jac, module.slope_t, stages_of(model, name)
    gamma, count, timed = METHODS[name].gamma, len(METHODS[name].times), bool(functions(model)["slope_t"])
    factor = elimination(size)[0]

    @njit(**options(model.size))
    def integrate(start, end, y0, setting, rtol, atol, h):
        y, new, point, first, dt = y0.copy(), np.empty(size), np.empty(size), np.empty(size), np.zeros(size)
        j, w, u, pivots = np.zeros((size, size)), np.empty((size, size)), np.empty((count, size)), np.empty(size, np.int64)
        t, steps, rejected, fresh = start, 0, 0, False
        while t < end and steps + rejected < 10_000_000:
            landing = t + h * (1 + 1e-10) >= end
            taken = end - t if landing else h
            if not fresh:
                rhs(t, y, setting, first)
                jac(t, y, setting, j)
                if timed:
                    slope_t(t, y, setting, dt)
                fresh = True
            shift = 1.0 / (gamma * taken)
            for i in range(size):
                for k in range(size):
                    w[i, k] = -j[i, k]
                w[i, i] += shift
            factor(w, pivots)
            stages(t, taken, y, setting, w, pivots, first, dt, u, point, new)
            square = 0.0
            for i in range(size):
                scaled = u[count - 1, i] / (atol[i] + rtol * max(abs(y[i]), abs(new[i])))
                square += scaled * scaled
            norm = np.sqrt(square / size)
            factor_h = min(6.0, max(0.2, 0.9 * norm ** (-1.0 / order))) if norm > 0 else 6.0
            if norm <= 1.0:
                t = end if landing else t + taken
                for i in range(size):
                    y[i] = new[i]
                steps += 1
                fresh = False
                h = taken * factor_h if not landing else max(h, taken * factor_h)
            else:
                rejected += 1
                h = taken * (factor_h if norm == norm else 0.2)
        return y, steps, rejected, h

    return integrate


def prepared(model: Model, name: str) -> Callable:
    """``prepare(rtol, starts)`` gives a call without arguments that solves from every row: (ends, [steps, rejected])."""
    integrate, pieces = rodas(model, name), np.array(model.pieces)
    settings = np.array(model.settings) if model.breaks else np.zeros((1, 1))
    first = 1e-8 * (model.span[1] - model.span[0])

    @njit(**options(model.size))
    def solve_many(starts, rtol, atol):
        ends, counts = np.empty_like(starts), np.zeros(2, np.int64)
        for row in range(len(starts)):
            y = starts[row]
            counts[:] = 0
            for piece in range(len(pieces)):
                y, steps, rejected, _ = integrate(pieces[piece, 0], pieces[piece, 1], y, settings[piece], rtol, atol, first)
                counts[0] += steps
                counts[1] += rejected
            ends[row] = y
        return ends, counts

    def prepare(rtol, starts):
        starts, atol = np.ascontiguousarray(starts, float), model.tolerances(rtol)
        return lambda: solve_many(starts, rtol, atol)

    return prepare
