"""Lotka-Volterra, Tsit5 at 1e-8 on [0, 100], every step saved: the eager public call beside other solvers."""

from functools import partial

import numpy as np

from bench.contract import WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar, warm_ms
from bench.problems import LOTKA_VOLTERRA, LOTKA_VOLTERRA_START, error_of_path, lotka_volterra

TOLERANCE = 1e-8
SPAN = (0.0, 100.0)
OURS, OURS_IN_JIT = "universalde Tsit5", "universalde Tsit5 in jit"


def jax_lotka_volterra(t, y, p):
    """The equations for JAX, the state one array."""
    import jax.numpy as jnp

    both = y[0] * y[1]
    return jnp.stack([p[0] * y[0] - p[1] * both, p[2] * both - p[3] * y[1]])


def split_lotka_volterra(t, y, p):
    """The equations for JAX, the state a pair of numbers."""
    both = y[0] * y[1]
    return p[0] * y[0] - p[1] * both, p[2] * both - p[3] * y[1]


def counts(stats) -> dict[str, int]:
    """What universalde counted."""
    return {"steps": int(stats.steps), "rejected": int(stats.rejected), "rhs": int(stats.rhs)}


def universalde_eager() -> Prepared:
    """The public call as a user types it."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    problem = ude.ODE(jax_lotka_volterra, jnp.array(LOTKA_VOLTERRA_START), SPAN, args=jnp.array(LOTKA_VOLTERRA))

    def call():
        sol = ude.solve(problem, ude.Tsit5(), rtol=TOLERANCE, atol=TOLERANCE)
        jax.block_until_ready(sol.ys)
        return sol

    def facts(answers):
        sol = answers["solve"]
        return {**error_of_path(sol.ts, sol.ys), **counts(sol.stats)}

    return Prepared({"solve": call}, facts)


def universalde_jit() -> Prepared:
    """The same inside `jax.jit`: rows up to the capacity, no trimming."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    problem = ude.ODE(jax_lotka_volterra, jnp.array(LOTKA_VOLTERRA_START), SPAN, args=jnp.array(LOTKA_VOLTERRA))

    @jax.jit
    def path(p):
        sol = ude.solve(problem.replace(args=p), ude.Tsit5(), rtol=TOLERANCE, atol=TOLERANCE)
        return sol.ts, sol.ys, sol.stats

    p = jnp.array(LOTKA_VOLTERRA)

    def facts(answers):
        ts, ys, stats = answers["solve"]
        return {**error_of_path(ts[: stats.saved], ys[: stats.saved]), **counts(stats)}

    return Prepared({"solve": lambda: jax.block_until_ready(path(p))}, facts)


def scipy_entry(method: str) -> Prepared:
    """SciPy's solve_ivp, which saves every step."""
    from scipy.integrate import solve_ivp

    def call():
        return solve_ivp(
            lotka_volterra, SPAN, LOTKA_VOLTERRA_START, method, rtol=TOLERANCE, atol=TOLERANCE, args=(LOTKA_VOLTERRA,)
        )

    def facts(answers):
        sol = answers["solve"]
        return {**error_of_path(sol.t, sol.y.T), "steps": len(sol.t) - 1, "rhs": sol.nfev}

    return Prepared({"solve": call}, facts)


def diffrax_entry(pair: bool) -> Prepared:
    """diffrax at its best settings found: compiled, I controller, ForwardMode, no raise, 4096 rows for 2000 steps."""
    import diffrax
    import jax
    import jax.numpy as jnp

    term = diffrax.ODETerm(split_lotka_volterra if pair else jax_lotka_volterra)
    start = tuple(jnp.array(value) for value in LOTKA_VOLTERRA_START) if pair else jnp.array(LOTKA_VOLTERRA_START)

    @jax.jit
    def path(p):
        sol = diffrax.diffeqsolve(
            term,
            diffrax.Tsit5(),
            *SPAN,
            None,
            start,
            args=p,
            saveat=diffrax.SaveAt(steps=True),
            stepsize_controller=diffrax.PIDController(rtol=TOLERANCE, atol=TOLERANCE),
            adjoint=diffrax.ForwardMode(),
            max_steps=4096,
            throw=False,
        )
        return sol.ts, sol.ys, sol.stats["num_accepted_steps"], sol.stats["num_rejected_steps"]

    p = jnp.array(LOTKA_VOLTERRA)

    def facts(answers):
        ts, ys, steps, rejected = answers["solve"]
        ys = np.stack(ys, axis=1) if pair else np.asarray(ys)
        ts = np.asarray(ts)
        saved = np.isfinite(ts)
        return {**error_of_path(ts[saved], ys[saved]), "steps": int(steps), "rejected": int(rejected)}

    return Prepared({"solve": lambda: jax.block_until_ready(path(p))}, facts)


def numba_entry() -> Prepared:
    """A loop written by hand in Numba for these two equations."""
    from bench.numba_tsit5 import solve

    def facts(answers):
        ts, ys, rows, rejected = answers["solve"]
        return {**error_of_path(ts, ys), "steps": rows - 1, "rejected": rejected, "rhs": 6 * (rows - 1 + rejected) + 1}

    return Prepared({"solve": lambda: solve(LOTKA_VOLTERRA_START, LOTKA_VOLTERRA, TOLERANCE)}, facts)


def bars(results: Results, by: str) -> list[Bar]:
    """Against SciPy RK45, against diffrax at its best with and without the global flag, and the cold start."""
    ours, compiled = warm_ms(results, OURS, "solve", by), warm_ms(results, OURS_IN_JIT, "solve", by)
    scipy = warm_ms(results, "SciPy RK45", "solve", by)
    installed = best_ms(results, "diffrax Tsit5, installed", "solve", by)
    flagged = best_ms(results, "diffrax Tsit5, flag", "solve", by)
    return [
        ratio_bar(">= 200 x faster than SciPy RK45, eager call", scipy, ours, least=200),
        ratio_bar(">= 200 x faster than SciPy RK45, in jit", scipy, compiled, least=200),
        ratio_bar(">= 5 x faster than diffrax Tsit5 as installed, eager call", installed, ours, least=5),
        ratio_bar(">= 5 x faster than diffrax Tsit5 as installed, both in jit", installed, compiled, least=5),
        ratio_bar(">= 1.8 x faster than diffrax Tsit5 with the global flag, eager call", flagged, ours, least=1.8),
        ratio_bar(">= 1.8 x faster than diffrax Tsit5 with the global flag, both in jit", flagged, compiled, least=1.8),
        ratio_bar("cold start no slower than diffrax's (ratio of totals)", *cold_totals(results), most=1.0),
    ]


def cold_totals(results: Results) -> tuple[float | None, float | None]:
    """Median total cold start of universalde and of the fastest diffrax entry as installed."""

    def total(name: str) -> float | None:
        starts = [start["total_s"] for start in results.get(name, {}).get("cold", [])]
        return float(np.median(starts)) if starts else None

    peers = [total(name) for name in results if name.startswith("diffrax Tsit5, installed")]
    return total(OURS), min((peer for peer in peers if peer is not None), default=None)


UNIVERSALDE = ("universalde:solve",)
BENCHMARK = Benchmark(
    name="lotka_volterra",
    title="Lotka-Volterra, every step saved",
    about=(
        "x' = 1.5x - xy, y' = xy - 3y from (1, 1) on [0, 100], rtol = atol = 1e-8, float64, every step saved. "
        "universalde is called eagerly (its answer trimmed to the steps taken) and inside one `jit`; diffrax is "
        "compiled once and called with its best settings found: the plain I controller (its PI settings take 10 % more "
        "steps here), `ForwardMode` (no adjoint is cheaper for a forward solve), `throw=False`, `max_steps=4096`, the "
        "state as one array and as a pair; the faster of the two is compared with. `flag` means the global XLA setting "
        "that emits whole loops as one native kernel. Errors are against SciPy DOP853 at 1e-13."
    ),
    entries=(
        Entry(OURS, universalde_eager, UNIVERSALDE),
        Entry(OURS_IN_JIT, universalde_jit, UNIVERSALDE),
        Entry("diffrax Tsit5, installed", partial(diffrax_entry, False), ("diffrax",)),
        Entry("diffrax Tsit5, installed, pair", partial(diffrax_entry, True), ("diffrax",)),
        Entry("diffrax Tsit5, flag", partial(diffrax_entry, False), ("diffrax",), WHOLE_LOOP_FLAG),
        Entry("diffrax Tsit5, flag, pair", partial(diffrax_entry, True), ("diffrax",), WHOLE_LOOP_FLAG),
        Entry("SciPy RK45", partial(scipy_entry, "RK45"), ("scipy",)),
        Entry("SciPy DOP853", partial(scipy_entry, "DOP853"), ("scipy",)),
        Entry("SciPy LSODA", partial(scipy_entry, "LSODA"), ("scipy",)),
        Entry("Numba Tsit5 loop", numba_entry, ("numba",)),
    ),
    facts=("greatest error", "error at the end", "steps", "rejected", "rhs"),
    bars=bars,
)
