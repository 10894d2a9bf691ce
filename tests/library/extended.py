"""Ends of the library's problems in 30 digits, by a method and an arithmetic that no solver of the package shares.

Gragg's modified midpoint rule with Bulirsch and Stoer's extrapolation of fixed order, in mpmath.  Run
`python -m tests.library.extended` to write universalde/library/ends.py anew; that takes some minutes.
"""

import inspect
import types
from pathlib import Path

import mpmath
import numpy as np

from tests.source_rules import ROOT

SEQUENCE = [2 * k for k in range(1, 13)]  # midpoint steps of each row of the extrapolation
PLAIN = {"sin": mpmath.sin, "cos": mpmath.cos}


def in_extended(f):
    """The library's right-hand side with mpmath in the place of jax.numpy."""
    f = inspect.unwrap(f)  # tests wrap every function to check its annotations
    names = {**f.__globals__, "jnp": types.SimpleNamespace(**PLAIN)}
    return types.FunctionType(f.__code__, names, f.__name__, f.__defaults__, f.__closure__)


def midpoint(f, t, y, h, n):
    """Gragg's rule with n steps over h."""
    s = h / n
    before, now = y, [a + s * b for a, b in zip(y, f(t, y), strict=True)]
    for k in range(1, n):
        before, now = now, [a + 2 * s * b for a, b in zip(before, f(t + k * s, now), strict=True)]
    return [(a + b + s * c) / 2 for a, b, c in zip(before, now, f(t + h, now), strict=True)]


def extrapolated(f, t, y, h):
    """One step of order 24, and how far it is from the one of order 22."""
    table = []
    for row, n in enumerate(SEQUENCE):
        new = [midpoint(f, t, y, h, n)]
        for k in range(1, row + 1):
            factor = 1 / ((mpmath.mpf(n) / SEQUENCE[row - k]) ** 2 - 1)
            new.append([a + (a - b) * factor for a, b in zip(new[k - 1], table[k - 1], strict=True)])
        table = new
    return table[-1], max(abs(a - b) for a, b in zip(table[-1], table[-2], strict=True))


def end_of(f, y0, t1, tolerance):
    """The solution at t1, each step within the tolerance."""
    y, t, h = [mpmath.mpf(float(x)) for x in y0], mpmath.mpf(0), mpmath.mpf(t1) / 200
    while t < t1:
        h = min(h, t1 - t)
        new, error = extrapolated(f, t, y, h)
        if error <= tolerance:
            t, y = t + h, new
        h *= min(4, max(0.1, 0.9 * float(tolerance / (error + tolerance * 1e-20)) ** (1 / 23)))
    return y


def to_digits(f, y0, t1, digits=17):
    """The end, with ever smaller tolerances until `digits` decimals (relative to the largest entry) stay."""
    tolerance = mpmath.mpf(10) ** -(digits + 3)
    coarse = end_of(f, y0, t1, tolerance)
    while True:
        tolerance /= 1000
        fine = end_of(f, y0, t1, tolerance)
        if max(abs(a - b) for a, b in zip(coarse, fine, strict=True)) < mpmath.mpf(10) ** -digits * max(map(abs, fine)):
            return fine
        coarse = fine


def stars(t, w):
    """The Pleiades for lists."""
    x, y, forces = w[:7], w[7:14], [[], []]
    for i in range(7):
        total = [mpmath.mpf(0), mpmath.mpf(0)]
        for j in range(7):
            if i != j:
                dx, dy = x[j] - x[i], y[j] - y[i]
                pull = (j + 1) / (dx * dx + dy * dy) ** 1.5
                total = [total[0] + pull * dx, total[1] + pull * dy]
        forces = [[*forces[0], total[0]], [*forces[1], total[1]]]
    return [*w[14:], *forces[0], *forces[1]]


def line(t, w):
    """The Brusselator along a line for lists."""
    u, v, diffusion = [1, *w[:40], 1], [3, *w[40:], 3], 41.0**2 / 50
    first, second = [], []
    for k in range(1, 41):
        react = u[k] * u[k] * v[k]
        first.append(1 + react - 4 * u[k] + diffusion * (u[k - 1] - 2 * u[k] + u[k + 1]))
        second.append(3 * u[k] - react + diffusion * (v[k - 1] - 2 * v[k] + v[k + 1]))
    return first + second


def planets(t, w):
    """The five outer planets for lists."""
    from universalde.library.detest import GRAVITY, MASSES, SUN

    x = [w[3 * k : 3 * k + 3] for k in range(5)]
    pull = [[a / sum(c * c for c in p) ** 1.5 for a in p] for p in x]
    out = list(w[15:])
    for i in range(5):
        total = [-(mpmath.mpf(SUN) + MASSES[i]) * a for a in pull[i]]
        for j in set(range(5)) - {i}:
            apart = [b - a for a, b in zip(x[i], x[j], strict=True)]
            cubed = sum(c * c for c in apart) ** 1.5
            total = [a + MASSES[j] * (d / cubed - p) for a, d, p in zip(total, apart, pull[j], strict=True)]
        out += [GRAVITY * a for a in total]
    return out


FOR_LISTS = {"pleiades": stars, "brusselator_1d": line, "detest_c5": planets}


def extended_end(name, **settings):
    """The end of a library problem."""
    from universalde.library import load

    problem = load(name).problem
    plain, args = in_extended(problem.f), problem.args
    f = FOR_LISTS.get(name) or (lambda t, y: plain(t, y, args))
    with mpmath.workdps(34):
        return to_digits(f, np.asarray(problem.y0).reshape(-1), problem.tspan[1], **settings)


def write_ends():
    """Write universalde/library/ends.py for all problems that have no formula."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from universalde.library import load, names

    lines = []
    for name in names("nonstiff"):
        entry = load(name)
        if entry.exact is None:
            shape = np.shape(entry.problem.y0)
            lines.append(f'    "{name}": {np.array([float(x) for x in extended_end(name)]).reshape(shape).tolist()},')
            print(lines[-1], flush=True)
    text = (
        '"""States at the end of the span, rounded to float64 from 17 digits.\n\nComputed in extended precision by'
        ' extrapolation, from the float64 numbers of the problems: tests/library/extended.py.\n"""\n\n__all__ = ["ENDS"]\n\n'
    )
    body = "\n".join(lines)
    Path(ROOT / "universalde/library/ends.py").write_text(f"{text}# fmt: off\nENDS = {{\n{body}\n}}\n", "utf8")


if __name__ == "__main__":
    write_ends()
