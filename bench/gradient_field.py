"""The Brusselator on a square with four parameters in every cell: what a gradient costs as parameters grow in number."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.contract import Bar, Benchmark, Entry, Prepared, Results, ratio_bar, warm_ms
from bench.problems import error_of_gradient

SIZES = (10, 15, 17)
SOME = 4  # directions that forward mode and differences are timed for
TIMES = np.linspace(0.0, 1.0, 11)
RTOL, ATOL = 1e-7, 1e-5
GROWTH = 1.5


def field(size: int, numpy: Any) -> Callable:
    """Both species, raveled; `p` holds the rates A and B and the diffusions of both, each for every cell; periodic."""
    scale = float(size - 1) ** 2

    def f(t, y, p):
        u, v = y.reshape(2, size, size)
        feed, decay, first, second = p.reshape(4, size, size)

        def spread(w):
            return scale * sum(numpy.roll(w, way, axis) for way in (1, -1) for axis in (0, 1)) - 4 * scale * w

        react = u * u * v
        du = first * spread(u) + decay + react - (feed + 1) * u
        dv = second * spread(v) + feed * u - react
        return numpy.stack([du, dv]).reshape(-1)

    return f


def start(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The initial state and the parameters."""
    x = np.linspace(0.0, 1.0, size)
    u = np.broadcast_to(22 * (x * (1 - x)) ** 1.5, (size, size))
    v = np.broadcast_to(27 * (x * (1 - x))[:, None] ** 1.5, (size, size))
    cells = size * size
    return np.stack([u, v]).reshape(-1), np.repeat([3.4, 1.0, 10.0, 10.0], cells)


def entry(size: int) -> Prepared:
    """The solve, its gradient, and a few directions by forward mode and by differences."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    y0, p = (jnp.asarray(x) for x in start(size))
    problem = ude.ODE(field(size, jnp), y0, (0.0, 1.0), args=p)
    save = ude.Save(ts=jnp.asarray(TIMES), capacity=256)

    def loss(p):
        sol = ude.solve(problem.replace(args=p), ude.Rodas5P(), rtol=RTOL, atol=ATOL, saveat=save)
        return (sol.ys**2).sum()

    directions = jnp.eye(p.size)[:SOME]
    forward, adjoint = jax.jit(loss), jax.jit(jax.grad(loss))
    pushed = jax.jit(lambda p: jax.lax.map(lambda d: jax.jvp(loss, (p,), (d,))[1], directions))
    moved = jax.jit(lambda p: jax.lax.map(lambda d: (loss(p + 1e-4 * d) - loss(p - 1e-4 * d)) / 2e-4, directions))

    def facts(answers):
        found = np.asarray(answers["adjoint"])
        alike = {
            name: np.max(np.abs(np.asarray(answers[f"{name}, {SOME} directions"]) - found[:SOME]))
            for name in ("forward mode", "differences")
        }
        size_of = np.max(np.abs(found[:SOME]))
        return {
            "error of the gradient": error_of_gradient(partial(reference, size), np.asarray(p), found),
            "forward mode off by": float(alike["forward mode"] / size_of),
            "differences off by": float(alike["differences"] / size_of),
            "parameters": p.size,
        }

    named = {
        "forward": forward,
        "adjoint": adjoint,
        f"forward mode, {SOME} directions": pushed,
        f"differences, {SOME} directions": moved,
    }
    return Prepared({name: lambda call=call: jax.block_until_ready(call(p)) for name, call in named.items()}, facts)


def reference(size: int, p: np.ndarray) -> float:
    """The loss by SciPy's Radau."""
    from scipy.integrate import solve_ivp

    y0, _ = start(size)
    sol = solve_ivp(field(size, np), (0.0, 1.0), y0, "Radau", TIMES, rtol=1e-10, atol=1e-10, args=(p,))
    return float(np.sum(sol.y**2))


def name(size: int) -> str:
    """The name of an entry."""
    return f"N = {size}"


def bars(results: Results, by: str) -> list[Bar]:
    """Adjoint over solve for each size; that this does not grow with the parameters; the other ways for all parameters."""
    found, ratios = [], []
    for size in SIZES:
        solve, adjoint = (warm_ms(results, name(size), call, by) for call in ("forward", "adjoint"))
        found.append(
            ratio_bar(f"{name(size)}: gradient by {4 * size * size} parameters <= 3 x the solve", adjoint, solve, most=3.0)
        )
        ratios.append(adjoint / solve if adjoint and solve else None)
        for way in ("forward mode", "differences"):
            some = warm_ms(results, name(size), f"{way}, {SOME} directions", by)
            whole = None if some is None else some * 4 * size * size / SOME
            found.append(ratio_bar(f"(no bar) {name(size)}: {way} over the adjoint, all parameters", whole, adjoint))
    grown = ratio_bar(
        f"adjoint over solve grows <= {GROWTH:g} x from {name(SIZES[0])} to {name(SIZES[-1])}", ratios[-1], ratios[0], most=GROWTH
    )
    return [*found, grown]


BENCHMARK = Benchmark(
    name="gradient_field",
    title="Gradients: Brusselator on a square, parameters in every cell",
    about=(
        "2 N² equations with 4 N² parameters on [0, 1], sum of squares at 11 times, Rodas5P with a full Jacobian, rtol 1e-7, atol "
        f"1e-5, float64: one solve, its gradient by the default adjoint, and {SOME} directions by forward mode and by central "
        "differences, which take N² times as long for all. Published for DifferentialEquations.jl on another machine (seconds, N = "
        "10): forward mode 108.6, numerical 16.4, best adjoint 0.060. The error of the gradient is along one direction, against "
        "differences of SciPy's Radau at 1e-10; the other two columns compare the ways with each other."
    ),
    entries=tuple(Entry(name(size), partial(entry, size), ("universalde:solve",)) for size in SIZES),
    facts=("error of the gradient", "forward mode off by", "differences off by", "parameters"),
    bars=bars,
    cold_start=False,
)
