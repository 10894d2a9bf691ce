"""Explicit methods beside other solvers at equal achieved error, on problems without stiffness."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.contract import WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar, warm_ms
from bench.explicit_problems import LORENZ_LONG, PROBLEMS, Problem

EXPONENTS = np.arange(3.0, 13.3, 0.25)
OURS = "universalde"


def at_equal_error(problem: Problem, solve: Callable[[float], Any], read: Callable[[Any], tuple]) -> Prepared:
    """Time the loosest tolerance of a grid whose error at the end is within the target, and stays so at the next one."""
    reference = problem.reference()
    scale = np.max(np.abs(reference))

    def error(tolerance: float) -> float:
        return float(np.max(np.abs(np.asarray(read(solve(tolerance))[0]) - reference)) / scale)

    tolerances = 10.0**-EXPONENTS
    errors: list[float] = []
    for tolerance in tolerances:
        errors.append(error(tolerance))
        if len(errors) > 1 and errors[-1] <= problem.target and errors[-2] <= problem.target:
            break
    else:
        raise ValueError(f"no tolerance reaches {problem.target:g} on {problem.name}: least error {min(errors):.1e}")
    chosen = float(tolerances[len(errors) - 2])

    def facts(answers: Any) -> dict[str, float]:
        _, steps, rhs = read(answers["solve"])
        return {"tolerance": chosen, "error": errors[-2], "steps": float(steps), "rhs": float(rhs)}

    return Prepared({"solve": lambda: solve(chosen)}, facts)


def fixed_tolerance(problem: Problem, solve: Callable[[float], Any], read: Callable[[Any], tuple]) -> Prepared:
    """Time the tolerance 1e-8, for problems whose end state says nothing (chaos)."""

    def facts(answers: Any) -> dict[str, float]:
        _, steps, rhs = read(answers["solve"])
        return {"tolerance": 1e-8, "error": float("nan"), "steps": float(steps), "rhs": float(rhs)}

    return Prepared({"solve": lambda: solve(1e-8)}, facts)


def ours(problem: Problem, measure: Callable, method: str, eager: bool) -> Prepared:
    """The public call, eager or inside `jax.jit`; the end state only."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    make, y0, end = getattr(ude, method)(), jnp.asarray(problem.start), ude.Save(end=True)
    question = ude.ODE(problem.jax, y0, problem.span)

    def call(tolerance: Any, y0: Any) -> tuple:
        sol = ude.solve(question.replace(y0=y0), make, rtol=tolerance, atol=tolerance, saveat=end)
        return sol.ys, sol.stats.rhs

    run, stages = (call if eager else jax.jit(call)), make.tableau.stages - int(make.tableau.fsal)
    return measure(
        problem,
        lambda tolerance: jax.block_until_ready(run(tolerance, y0)),
        lambda found: (np.asarray(found[0])[0], int(found[1]) // stages, int(found[1])),
    )


def diffrax_entry(problem: Problem, measure: Callable, method: str) -> Prepared:
    """diffrax compiled once: I controller, `ForwardMode`, no raise, the end state only."""
    import diffrax
    import jax
    import jax.numpy as jnp

    term, solver, y0 = diffrax.ODETerm(problem.jax), getattr(diffrax, method)(), jnp.asarray(problem.start)

    @jax.jit
    def run(tolerance: Any, y0: Any) -> Any:
        sol = diffrax.diffeqsolve(
            term, solver, *problem.span, None, y0, saveat=diffrax.SaveAt(t1=True), adjoint=diffrax.ForwardMode(),
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance), max_steps=100_000, throw=False,
        )  # fmt: skip
        return sol.ys, sol.stats["num_steps"]

    return measure(
        problem,
        lambda tolerance: jax.block_until_ready(run(tolerance, y0)),
        lambda found: (np.asarray(found[0])[0], int(found[1]), np.nan),
    )


def scipy_entry(problem: Problem, measure: Callable, method: str, compiled: bool) -> Prepared:
    """SciPy's solve_ivp, with the plain right-hand side or one compiled by Numba."""
    from scipy.integrate import solve_ivp

    f = compiled_for_scipy(problem) if compiled else problem.plain

    def solve(tolerance: float) -> Any:
        return solve_ivp(f, problem.span, problem.start, method, rtol=tolerance, atol=tolerance, t_eval=problem.span[1:])

    return measure(problem, solve, lambda sol: (sol.y[:, -1], np.nan, sol.nfev))


def compiled_for_scipy(problem: Problem) -> Callable:
    """f(t, y) -> dy by Numba."""
    from numba import njit

    rhs = problem.rhs()

    @njit
    def f(t, y):
        dy = np.empty_like(y)
        rhs(t, y, dy)
        return dy

    f(0.0, problem.start)
    return f


def cvode_entry(problem: Problem, measure: Callable) -> Prepared:
    """SUNDIALS CVODE, Adams formulas, the right-hand side compiled by Numba (scikit-sundae has Newton with a dense LU only)."""
    from sksundae.cvode import CVODE

    rhs = problem.rhs()
    rhs(0.0, problem.start, np.empty_like(problem.start))

    def solve(tolerance: float) -> Any:
        solver = CVODE(lambda t, y, yp: rhs(t, y, yp), method="Adams", rtol=tolerance, atol=tolerance)
        return solver.solve(np.array(problem.span, float), problem.start)

    return measure(problem, solve, lambda sol: (sol.y[-1], np.nan, sol.nfev))


def numba_entry(problem: Problem, measure: Callable) -> Prepared:
    """A Tsit5 loop written by hand."""
    from bench.explicit_numba import tsit5

    run = tsit5(problem.rhs(), len(problem.start))
    return measure(
        problem,
        lambda tolerance: run(*map(float, problem.span), problem.start, tolerance),
        lambda found: (found[0], found[1] + found[2], 6 * (found[1] + found[2]) + 1),
    )


METHODS = ("Tsit5", "DP5", "Vern7", "Vern9", "DP8")


def entries(problem: Problem, measure: Callable) -> tuple[Entry, ...]:
    """Every solver on one problem."""
    return (
        *[
            Entry(f"{OURS} {name} in jit", partial(ours, problem, measure, name, False), (f"universalde:{name}",))
            for name in METHODS
        ],
        Entry(f"{OURS} Tsit5 eager", partial(ours, problem, measure, "Tsit5", True), ("universalde",)),
        *[
            Entry(f"diffrax {name}, {setting}", partial(diffrax_entry, problem, measure, name), ("diffrax",), environment)
            for name in ("Tsit5", "Dopri8")
            for setting, environment in (("installed", {}), ("flag", WHOLE_LOOP_FLAG))
        ],
        *[
            Entry(f"SciPy {name}", partial(scipy_entry, problem, measure, name, False), ("scipy",))
            for name in ("RK45", "DOP853", "LSODA")
        ],
        *[
            Entry(f"SciPy with Numba f {name}", partial(scipy_entry, problem, measure, name, True), ("numba",))
            for name in ("RK45", "DOP853", "LSODA")
        ],
        Entry("CVODE Adams", partial(cvode_entry, problem, measure), ("sksundae", "numba")),
        Entry("Numba Tsit5 loop", partial(numba_entry, problem, measure), ("numba",)),
    )


# Times faster than: diffrax as installed, diffrax with the flag, SciPy's best; most of the time of the Numba loop.
ASKED = {"linear100": (1.5, None, None, None), "pleiades": (4, 1.8, 20, 1.3)}
SMALL = (4, 1.8, 50, 1.0)


def bars(problem: Problem, results: Results, by: str) -> list[Bar]:
    """The best of ours against the best of the others, and Tsit5 against the loop written by hand."""
    installed, flag, scipy, numba = ASKED.get(problem.name, SMALL)
    best, tsit5 = best_ms(results, OURS, "solve", by), warm_ms(results, f"{OURS} Tsit5 in jit", "solve", by)
    best_diffrax = {
        setting: min(
            (x for m in ("Tsit5", "Dopri8") if (x := warm_ms(results, f"diffrax {m}, {setting}", "solve", by)) is not None),
            default=None,
        )
        for setting in ("installed", "flag")
    }
    plain = [warm_ms(results, f"SciPy {name}", "solve", by) for name in ("RK45", "DOP853", "LSODA")]
    best_scipy = min((x for x in plain if x is not None), default=None)
    found = [ratio_bar(f">= {installed} x faster than diffrax's best as installed", best_diffrax["installed"], best, least=installed)]
    if flag:
        found.append(ratio_bar(f">= {flag} x faster than diffrax's best with the global flag", best_diffrax["flag"], best, least=flag))
    if scipy:
        found.append(ratio_bar(f">= {scipy} x faster than SciPy's best", best_scipy, best, least=scipy))
    if numba:
        loop = warm_ms(results, "Numba Tsit5 loop", "solve", by)
        found.append(ratio_bar(f"Tsit5 takes <= {numba} x the time of the Numba loop", tsit5, loop, most=numba))
    return found


def lorenz_bars(results: Results, by: str) -> list[Bar]:
    """Equal tolerance and order."""
    mine = warm_ms(results, f"{OURS} Tsit5 in jit", "solve", by)
    plain, compiled = (warm_ms(results, name, "solve", by) for name in ("SciPy RK45", "SciPy with Numba f RK45"))
    return [
        ratio_bar(">= 60 x faster than SciPy RK45", plain, mine, least=60),
        ratio_bar(">= 25 x faster than SciPy RK45 with a Numba right-hand side", compiled, mine, least=25),
    ]


ABOUT = (
    "The loosest tolerance (rtol = atol, a quarter of a decade apart) whose error at the end, relative to the greatest entry, "
    "is within {target:g}; the end state only. diffrax is compiled once and called with its best settings found "
    "(I controller, `ForwardMode`, no raise), as installed and with the global XLA setting; SciPy with right-hand sides in "
    "plain Python and by Numba."
)
FACTS = ("tolerance", "error", "steps", "rhs")
BENCHMARKS = (
    *[
        Benchmark(
            f"explicit_{problem.name}",
            f"Equal error: {problem.name}",
            ABOUT.format(target=problem.target),
            entries(problem, at_equal_error),
            FACTS,
            partial(bars, problem),
            cold_start=False,
        )
        for problem in PROBLEMS
    ],
    Benchmark(
        "explicit_lorenz_long",
        "Equal tolerance: Lorenz on [0, 100]",
        "rtol = atol = 1e-8 and methods of order five.",
        tuple(e for e in entries(LORENZ_LONG, fixed_tolerance) if "Tsit5" in e.name or "RK45" in e.name or "DP5" in e.name),
        FACTS,
        lorenz_bars,
        cold_start=False,
    ),
)
