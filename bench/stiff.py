"""Stiff solvers beside each other at equal achieved error."""

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from bench.contract import CLOCK, WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, ratio_bar
from bench.stiff_models import MODELS, Model
from bench.stiff_solvers import Prepare, solvers
from bench.tables import Rows, absence, number

EXPONENTS = np.arange(2.0, 13.1, 0.5)
ROWS = 20  # solves in one call of "many"; the starts differ in the tenth digit, so that nothing is computed once for all
SLOW_SECONDS = 0.02  # a solver slower than this is not asked for many
LIMIT_SECONDS = 20.0  # tighter tolerances are not tried once a solve takes this long


def starts(model: Model, rows: int) -> np.ndarray:
    """Starting states, one a row."""
    return np.array(model.start)[None] * (1 + 1e-10 * np.arange(rows)[:, None])


def bracket(model: Model, single: Prepare) -> list[tuple[float, float]]:
    """(tolerance, error) on both sides of the target: the loosest tolerance that is within it, as is the next, and the one before."""
    found: list[tuple[float, float]] = []
    for exponent in EXPONENTS:
        tolerance, began = float(10.0**-exponent), time.perf_counter()
        ends, _ = single(tolerance, starts(model, 1))()
        found.append((tolerance, model.error(np.asarray(ends)[0])))
        if len(found) > 1 and found[-1][1] <= model.target and found[-2][1] <= model.target:
            return found[-3:-1]
        if time.perf_counter() - began > LIMIT_SECONDS and len(found) > 2:
            raise ValueError(f"a solve takes {time.perf_counter() - began:.0f} s at {tolerance:.1e}, its error is {found[-1][1]:.1e}")
    least = min(error for _, error in found)
    raise ValueError(f"no tolerance reaches {model.target:g} on {model.name}: least error {least:.1e}")


def prepare(model: Model, make: Callable[[], tuple[Prepare, Prepare]], counts: Callable) -> Prepared:
    """Calls on both sides of the target; the error at each is a fact."""
    single, many = make()
    points = bracket(model, single)
    calls = {}
    for side, (tolerance, _) in zip(("within", "above"), reversed(points), strict=False):
        calls[f"single {side}"] = single(tolerance, starts(model, 1))
        began = time.perf_counter()
        calls[f"single {side}"]()
        if time.perf_counter() - began < SLOW_SECONDS:
            calls[f"many {side}"] = many(tolerance, starts(model, ROWS))

    def facts(answers: Mapping[str, Any]) -> dict[str, float]:
        found = dict(counts(answers["single within"][1]))
        for side, (tolerance, error) in zip(("within", "above"), reversed(points), strict=False):
            found |= {f"tolerance {side}": tolerance, f"error {side}": error}
        return found

    return Prepared(calls, facts)


def at_target(model: Model, found: Mapping[str, Any], call: str, by: str = CLOCK) -> float | None:
    """Milliseconds of one solve at the target error: log(time) is linear in log(error) between both sides."""
    calls, facts = found.get("calls", {}), found.get("facts", {})
    if f"{call} within" not in calls:
        return at_target(model, found, "single", by) if call == "many" and calls else None
    scale = ROWS if call == "many" else 1
    within = calls[f"{call} within"][by] / scale
    above, error = facts.get("error above", math.inf), facts["error within"]
    if f"{call} above" not in calls or not error < model.target < above < math.inf:
        return within
    share = math.log(model.target / error) / math.log(above / error)
    return within * (calls[f"{call} above"][by] / scale / within) ** share


def best(model: Model, results: Results, prefixes: tuple[str, ...], call: str, by: str) -> tuple[float | None, str]:
    """The fastest entry whose name begins so, and its name."""
    times = [(ms, name) for name in results if name.startswith(prefixes) and (ms := at_target(model, results[name], call, by))]
    return min(times, default=(None, "none"))


def rows(model: Model, results: Results) -> Rows:
    """One row per entry: one call, one of many in one program, then the facts at the tolerance within the target."""
    named = ("steps", "rejected", "rhs", "jacobians", "factorisations", "iterations")
    table = [["solver", "single ms", "min", "max", "one of many ms", "tolerance", "error", *named]]
    for name, found in results.items():
        if not found.get("calls"):
            table.append([name, absence(found), *[""] * (5 + len(named))])
            continue
        facts, spread = found["facts"], [at_target(model, found, "single", by) for by in (CLOCK, "min_ms", "max_ms")]
        many = at_target(model, found, "many") if "many within" in found["calls"] else None
        cells = [*spread, many, facts["tolerance within"], facts["error within"]]
        table.append([name, *map(number, cells), *(number(facts.get(fact)) for fact in named)])
    return table


# Times faster than diffrax, than SciPy with plain Python, than CVODE in C; most of the time of the Numba loop.
ASKED = {name: (50, 50, 5, 1.0) for name in ("rober", "orego", "van_der_pol", "van_der_pol_scaled")}
ASKED |= {name: (15, None, 3, 1.5) for name in ("hires", "e5", "pollution", "ring_modulator")}
ASKED |= {name: (10, None, 1, None) for name in ("emep", "beam")}


def bars(model: Model, results: Results, by: str) -> list[Bar]:
    """The best of ours against the best of the others: amortised inside one program, and as single calls from Python."""
    diffrax, scipy, cvode, numba = ASKED[model.name]
    asked = (
        ("diffrax's best", ("diffrax",), diffrax),
        ("SciPy's best with a plain right-hand side", ("SciPy Radau", "SciPy BDF", "SciPy LSODA"), scipy),
        ("CVODE in C", ("CVODE",), cvode),
    )
    found = []
    for call in ("many", "single"):
        mine, name = best(model, results, ("universalde",), call, by)
        for other, prefixes, least in asked:
            theirs, _ = best(model, results, prefixes, call, by)
            if least and call == "many":
                found.append(ratio_bar(f">= {least} x faster than {other} ({name})", theirs, mine, least=least))
            elif least:
                found.append(ratio_bar(f"(no bar) times faster than {other}, single call from Python ({name})", theirs, mine))
        loop, which = best(model, results, ("Numba",), call, by)
        if numba and call == "many":
            found.append(ratio_bar(f"<= {numba} x the time of the {which} ({name})", mine, loop, most=numba))
        elif numba:
            found.append(ratio_bar(f"(no bar) times the time of the {which}, single call from Python ({name})", mine, loop))
    return found


ABOUT = (
    "Every solver over tolerances half a decade apart (atol = rtol x {atol}): the loosest whose greatest relative error at the end"
    "{floor} is within {target:g}, as is the next, and the one before; times are interpolated to the target in the logarithms of "
    "time and error. Single: one call from Python (universalde: the eager public call). One of many: twenty solves from slightly "
    "different states inside one program, per solve. diffrax with its best settings found (I controller, `ForwardMode`, no "
    "raise; with its default root finder and with optimistix's Chord, which is up to eight times faster), as installed and with the global XLA setting; CVODE with BDF, dense, in C (-O3 -march=native), memory reused; SciPy "
    "with plain Python, and with right-hand side and Jacobian by Numba; the Numba loops have analytic Jacobians."
)
KINDS = {"plain": {}, "installed": {}, "flag": WHOLE_LOOP_FLAG}


def benchmark(model: Model) -> Benchmark:
    """One model."""
    entries = tuple(
        Entry(name, partial(prepare, model, make, counts), needs, KINDS[kind])
        for name, (make, counts, needs, kind) in solvers(model).items()
    )
    floor = f" (of components above {model.floor:g})" if model.floor else ""
    return Benchmark(
        f"stiff_{model.name}",
        f"Stiff, equal error: {model.name}",
        ABOUT.format(target=model.target, floor=floor, atol=model.atol),
        entries,
        (),
        partial(bars, model),
        cold_start=False,
        rows=partial(rows, model),
    )


BENCHMARKS = tuple(benchmark(model) for model in MODELS)
