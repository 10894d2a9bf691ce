"""10,000 sets of rate constants of ROBER, the end of each: all cores."""

from functools import partial
from typing import Any

import numpy as np

from bench.contract import WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar

COUNT, FEWER = 10_000, 1_000  # diffrax would need minutes for all
RTOL, ATOL = 1e-6, 1e-9
START, SPAN = np.array([1.0, 0.0, 0.0]), (0.0, 1e5)


def parameters(count: int) -> np.ndarray:
    """Rate constants within a factor of three of Robertson's, log-uniform, in random order."""
    factors = 10.0 ** np.random.default_rng(0).uniform(-0.5, 0.5, (COUNT, 3))
    return (factors * np.array([0.04, 3e7, 1e4]))[:count]


def rates(t: Any, y: Any, p: Any) -> list:
    """Robertson's kinetics with the rate constants as parameters."""
    slow, fast, back = p[0] * y[0], p[1] * y[1] * y[1], p[2] * y[1] * y[2]
    return [back - slow, slow - back - fast, fast]


def stacked(t: Any, y: Any, p: Any) -> Any:
    """The same for JAX."""
    import jax.numpy as jnp

    return jnp.stack(rates(t, y, p))


def error_of_ends(ends: Any, some: int = 20) -> float:
    """Greatest relative error of some ends against SciPy's Radau at 1e-11."""
    from scipy.integrate import solve_ivp

    p, ends = parameters(len(ends)), np.asarray(ends)
    errors = []
    for row in range(0, len(ends), len(ends) // some):
        exact = solve_ivp(rates, SPAN, START, "Radau", rtol=1e-11, atol=1e-16, args=(p[row],)).y[:, -1]
        errors.append(np.max(np.abs(ends[row] - exact) / exact))
    return float(max(errors))


def ours(method: str) -> Prepared:
    """The public call."""
    import jax.numpy as jnp

    import universalde as ude

    p, make = parameters(COUNT), getattr(ude, method)()
    problem = ude.ODE(stacked, jnp.asarray(START), SPAN)

    def facts(answers: Any) -> dict[str, float]:
        sol = answers["solve"]
        return {"rows": COUNT, "greatest error": error_of_ends(sol.y), "mean steps": float(np.mean(sol.stats.steps))}

    return Prepared({"solve": lambda: ude.ensemble(problem, make, over={"args": p}, rtol=RTOL, atol=ATOL)}, facts)


def theirs(method: str, chord: bool) -> Prepared:
    """diffrax under `vmap`, compiled: fewer rows."""
    import diffrax
    import jax
    import jax.numpy as jnp

    from bench.stiff_solvers import diffrax_method

    solver, p = diffrax_method(method, chord), jnp.asarray(parameters(FEWER))

    @jax.jit
    @jax.vmap
    def ends(p):
        sol = diffrax.diffeqsolve(
            diffrax.ODETerm(stacked), solver, *SPAN, None, jnp.asarray(START), args=p, saveat=diffrax.SaveAt(t1=True),
            stepsize_controller=diffrax.PIDController(rtol=RTOL, atol=ATOL), adjoint=diffrax.ForwardMode(),
            max_steps=100_000, throw=False,
        )  # fmt: skip
        return sol.ys[0], sol.stats["num_accepted_steps"]

    def facts(answers: Any) -> dict[str, float]:
        ys, steps = answers["solve"]
        return {"rows": FEWER, "greatest error": error_of_ends(ys), "mean steps": float(np.mean(steps))}

    return Prepared({"solve": lambda: jax.block_until_ready(ends(p))}, facts)


def bars(results: Results, by: str) -> list[Bar]:
    """Per row, against diffrax under vmap at its best."""
    mine, diffrax = best_ms(results, "universalde", "solve", by), best_ms(results, "diffrax", "solve", by)
    scaled = diffrax * COUNT / FEWER if diffrax else None
    return [ratio_bar(">= 50 x faster per row than diffrax under vmap at its best", scaled, mine, least=50)]


BENCHMARK = Benchmark(
    "stiff_ensemble",
    "Stiff: ensemble of 10,000 ROBER parameter sets",
    (
        f"ROBER on [0, 1e5] with rate constants within a factor of three, log-uniform, rtol {RTOL:g}, atol {ATOL:g}, the end of each. "
        f"universalde solves {COUNT}; diffrax under `vmap` solves {FEWER} of them (all would take minutes) and the bar compares "
        "times per row. Errors: greatest relative error of 20 rows against SciPy's Radau at 1e-11."
    ),
    (
        *[Entry(f"universalde {name}", partial(ours, name), ("universalde:ensemble", f"universalde:{name}")) for name in ("Rodas4", "Rodas5P")],
        *[
            Entry(f"diffrax {name}{' with Chord' * chord} vmap, {kind}", partial(theirs, name, chord), ("diffrax",), environment)
            for name, chord in (("Kvaerno3", False), ("Kvaerno3", True), ("Kvaerno5", True))
            for kind, environment in (("installed", {}), ("flag", WHOLE_LOOP_FLAG))
        ],
    ),
    ("rows", "greatest error", "mean steps"),
    bars,
    cold_start=False,
)
