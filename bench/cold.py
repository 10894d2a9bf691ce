"""Cold starts: a fresh process that traces, compiles and solves a small problem once."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from bench.contract import Bar, Benchmark, Entry, Prepared, Results
from bench.explicit_problems import lorenz_jax

START = np.array([1.0, 0.0, 0.0])
FOLDER = Path(tempfile.gettempdir()) / "universalde-bench-compiled"
ON_DISK = {"JAX_COMPILATION_CACHE_DIR": str(FOLDER), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}


def ours(method: str) -> Prepared:
    """The eager public call."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    problem = ude.ODE(lorenz_jax, jnp.array(START), (0.0, 15.0))
    make = getattr(ude, method)()
    jax.block_until_ready(jnp.zeros(3) + 1)  # JAX itself is ready

    def call():
        return jax.block_until_ready(ude.solve(problem, make, rtol=1e-8, atol=1e-8, saveat=ude.Save(end=True)).ys)

    return Prepared({"solve": call}, lambda answers: {})


def theirs(method: str) -> Prepared:
    """diffrax compiled at the first call."""
    import diffrax
    import jax
    import jax.numpy as jnp

    term, solver, y0 = diffrax.ODETerm(lorenz_jax), getattr(diffrax, method)(), jnp.array(START)

    @jax.jit
    def run(y0):
        return diffrax.diffeqsolve(
            term, solver, 0.0, 15.0, None, y0, saveat=diffrax.SaveAt(t1=True), adjoint=diffrax.ForwardMode(),
            stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-8), max_steps=100_000, throw=False,
        ).ys  # fmt: skip

    jax.block_until_ready(jnp.zeros(3) + 1)
    return Prepared({"solve": lambda: jax.block_until_ready(run(y0))}, lambda answers: {})


def first(results: Results, name: str) -> float | None:
    """Median seconds of the first call."""
    starts = [start["first_s"]["solve"] for start in results.get(name, {}).get("cold", [])]
    return float(np.median(starts)) if starts else None


def most(promise: str, value: float | None, limit: float | None) -> Bar:
    """A bar in seconds."""
    if value is None or limit is None:
        return Bar(promise, "not measured", None)
    return Bar(promise, f"{value:.2f} s", value <= limit)


def bars(results: Results, by: str) -> list[Bar]:
    """In seconds, and against diffrax's nearest method in the same run."""
    tsit5, vern9 = first(results, "universalde Tsit5"), first(results, "universalde Vern9")
    theirs5, theirs8 = first(results, "diffrax Tsit5"), first(results, "diffrax Dopri8")
    return [
        most("Tsit5 <= 0.5 s", tsit5, 0.5),
        most("Vern9 <= 1.5 s", vern9, 1.5),
        most(f"Tsit5 below diffrax Tsit5 ({theirs5 or 0:.2f} s)", tsit5, theirs5),
        most(f"Vern9 below diffrax Dopri8 ({theirs8 or 0:.2f} s)", vern9, theirs8),
        most("Tsit5 with a warm disk cache <= 0.3 s", first(results, "universalde Tsit5, on disk"), 0.3),
        most("Vern9 with a warm disk cache <= 0.3 s", first(results, "universalde Vern9, on disk"), 0.3),
    ]


BENCHMARK = Benchmark(
    name="cold",
    title="Cold starts",
    about=(
        "Lorenz on [0, 15] at 1e-8, the end state: seconds of the first call (trace, compile, solve) in a fresh process after "
        "imports and a first JAX operation. `on disk`: with JAX's compilation cache on disk; the first of the starts fills it."
    ),
    entries=(
        *[Entry(f"universalde {name}", partial(ours, name), (f"universalde:{name}",)) for name in ("Tsit5", "Vern7", "Vern9", "Feagin14")],
        *[Entry(f"universalde {name}, on disk", partial(ours, name), (f"universalde:{name}",), ON_DISK) for name in ("Tsit5", "Vern9")],
        *[Entry(f"diffrax {name}", partial(theirs, name), ("diffrax",)) for name in ("Tsit5", "Dopri8")],
    ),
    facts=(),
    bars=bars,
)
