"""10,000 Lorenz trajectories with different parameters, Tsit5 at 1e-8 on [0, 1], the end of each: all cores."""

from functools import partial

import numpy as np

from bench.contract import WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar, warm_ms
from bench.problems import TIGHT

TOLERANCE = 1e-8
COUNT = 10_000
START = np.array([1.0, 0.0, 0.0])
OURS = "universalde ensemble"


def parameters(ordered: bool = False) -> np.ndarray:
    """sigma = 10, beta = 8/3 and rho from 0 to 28 in random order: neighbours need different numbers of steps."""
    rho = np.random.default_rng(0).uniform(0.0, 28.0, COUNT)
    rho = np.sort(rho) if ordered else rho
    return np.stack([np.full(COUNT, 10.0), rho, np.full(COUNT, 8.0 / 3.0)], axis=1)


def lorenz(t, y, p):
    """The equations for NumPy."""
    return np.array([p[0] * (y[1] - y[0]), y[0] * (p[1] - y[2]) - y[1], y[0] * y[1] - p[2] * y[2]])


def jax_lorenz(t, y, p):
    """The equations for JAX."""
    import jax.numpy as jnp

    return jnp.stack([p[0] * (y[1] - y[0]), y[0] * (p[1] - y[2]) - y[1], y[0] * y[1] - p[2] * y[2]])


def error_of_ends(ends, all_parameters: np.ndarray, some: int = 50) -> dict[str, float]:
    """Greatest error of some ends against SciPy's DOP853 at 1e-13."""
    from scipy.integrate import solve_ivp

    errors = []
    for row in range(0, COUNT, COUNT // some):
        exact = solve_ivp(
            lorenz, (0.0, 1.0), START, "DOP853", rtol=TIGHT, atol=TIGHT, args=(all_parameters[row],)
        )
        errors.append(np.max(np.abs(np.asarray(ends[row]) - exact.y[:, -1])))
    return {"greatest error": float(max(errors))}


def work(steps, rejected) -> dict[str, float]:
    """Mean numbers of steps and rejections."""
    return {"mean steps": float(np.mean(steps)), "mean rejected": float(np.mean(rejected))}


def universalde_entry(ordered: bool) -> Prepared:
    """The public call."""
    import jax.numpy as jnp

    import universalde as ude

    p = parameters(ordered)
    problem = ude.ODE(jax_lorenz, jnp.asarray(START), (0.0, 1.0))

    def call():
        return ude.ensemble(problem, ude.Tsit5(), over={"args": p}, rtol=TOLERANCE, atol=TOLERANCE)

    def facts(answers):
        sol = answers["solve"]
        return {**error_of_ends(sol.y, p), **work(sol.stats.steps, sol.stats.rejected)}

    return Prepared({"solve": call}, facts)


def universalde_vmap() -> Prepared:
    """`vmap` of the solver over all rows at once, as on an accelerator."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    problem = ude.ODE(jax_lorenz, jnp.asarray(START), (0.0, 1.0))

    @jax.jit
    @jax.vmap
    def ends(p):
        sol = ude.solve(
            problem.replace(args=p), ude.Tsit5(), rtol=TOLERANCE, atol=TOLERANCE, saveat=ude.Save(end=True)
        )
        return sol.ys[-1], sol.stats

    p = jnp.asarray(parameters())

    def facts(answers):
        ys, stats = answers["solve"]
        return {**error_of_ends(ys, parameters()), **work(stats.steps, stats.rejected)}

    return Prepared({"solve": lambda: jax.block_until_ready(ends(p))}, facts)


def diffrax_entry() -> Prepared:
    """diffrax under `vmap`: compiled, PID controller with its default gains, no adjoint, no raise."""
    import diffrax
    import jax
    import jax.numpy as jnp

    @jax.jit
    @jax.vmap
    def ends(p):
        sol = diffrax.diffeqsolve(
            diffrax.ODETerm(jax_lorenz),
            diffrax.Tsit5(),
            0.0,
            1.0,
            None,
            jnp.asarray(START),
            args=p,
            saveat=diffrax.SaveAt(t1=True),
            stepsize_controller=diffrax.PIDController(rtol=TOLERANCE, atol=TOLERANCE),
            adjoint=diffrax.ForwardMode(),
            max_steps=4096,
            throw=False,
        )
        return sol.ys[-1], sol.stats["num_accepted_steps"], sol.stats["num_rejected_steps"]

    p = jnp.asarray(parameters())

    def facts(answers):
        ys, steps, rejected = answers["solve"]
        return {**error_of_ends(ys, parameters()), **work(steps, rejected)}

    return Prepared({"solve": lambda: jax.block_until_ready(ends(p))}, facts)


def numba_entry() -> Prepared:
    """A loop written by hand in Numba for these three equations, trajectories in a `prange`."""
    from bench.numba_lorenz import solve

    p = parameters()

    def facts(answers):
        ends, counts = answers["solve"]
        return {**error_of_ends(ends, p), **work(counts[:, 0], counts[:, 1])}

    return Prepared({"solve": lambda: solve(START, p, TOLERANCE)}, facts)


def bars(results: Results, by: str) -> list[Bar]:
    """Against diffrax under vmap at its best, and against the Numba loop on all cores."""
    ours = warm_ms(results, OURS, "solve", by)
    diffrax = best_ms(results, "diffrax", "solve", by)
    numba = warm_ms(results, "Numba prange", "solve", by)
    return [
        ratio_bar(">= 15 x faster than diffrax under vmap, the faster of installed and flag", diffrax, ours, least=15),
        ratio_bar("no slower than a Numba prange loop of the same method", numba, ours, least=1.0),
    ]


UNIVERSALDE = ("universalde:ensemble",)
BENCHMARK = Benchmark(
    name="ensemble",
    title="Ensemble of 10,000 Lorenz trajectories",
    about=(
        "Lorenz from (1, 0, 0) on [0, 1], sigma = 10, beta = 8/3, rho uniform in [0, 28] in random order, rtol = atol = 1e-8, "
        "adaptive, float64, the end of each trajectory. `ensemble` and the Numba loop use all cores; what `vmap` of a solver does on "
        "one or more cores is XLA's choice, so processor time is the comparison per core. `ordered` has rho sorted, so that "
        "neighbours take about the same number of steps. Errors are the greatest of 50 trajectories against SciPy DOP853 at 1e-13."
    ),
    entries=(
        Entry(OURS, partial(universalde_entry, False), UNIVERSALDE),
        Entry(f"{OURS}, ordered", partial(universalde_entry, True), UNIVERSALDE),
        Entry("universalde vmap", universalde_vmap, UNIVERSALDE),
        Entry("diffrax vmap, installed", diffrax_entry, ("diffrax",)),
        Entry("diffrax vmap, flag", diffrax_entry, ("diffrax",), WHOLE_LOOP_FLAG),
        Entry("Numba prange", numba_entry, ("numba",)),
    ),
    facts=("greatest error", "mean steps", "mean rejected"),
    bars=bars,
    cold_start=False,
)
