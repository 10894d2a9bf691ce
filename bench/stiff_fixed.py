"""Stiff solvers beside each other at fixed tolerances: ROBER amortised, cold starts, an ensemble of ROBER."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from bench.cold import first, most
from bench.contract import Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar, warm_ms
from bench.stiff import KINDS, starts
from bench.stiff_models import find
from bench.stiff_solvers import Prepare, solvers

ROBER = find("rober")
ROWS = 100
LOOSE = 1e-3


def loose(make: Callable[[], tuple[Prepare, Prepare]], counts: Callable) -> Prepared:
    """ROBER at rtol 1e-3, atol 1e-6: one solve, and a hundred in one program."""
    single, many = make()
    calls = {"single": single(LOOSE, starts(ROBER, 1)), "hundred": many(LOOSE, starts(ROBER, ROWS))}

    def facts(answers: Mapping[str, Any]) -> dict[str, float]:
        ends, found = answers["hundred"]
        return {"error": ROBER.error(np.asarray(ends)[0]), **counts(found)}

    return Prepared(calls, facts)


def loose_bars(results: Results, by: str) -> list[Bar]:
    """Against CVODE in C, with an error of at most 1e-3."""
    good = {name: found for name, found in results.items() if found.get("facts", {}).get("error", np.inf) <= 1e-3}
    cvode, mine = warm_ms(results, "CVODE in C", "hundred", by), best_ms(good, "universalde", "hundred", by)
    single = best_ms(good, "universalde", "single", by)
    return [
        ratio_bar(">= 15 x faster than CVODE in C, amortised, error <= 1e-3", cvode, mine, least=15),
        ratio_bar("(no bar) times faster than CVODE in C, single call from Python", cvode and cvode / ROWS, single),
    ]


WARM = Benchmark(
    "stiff_rober_loose",
    "Stiff, equal tolerance: ROBER at 1e-3",
    (
        "ROBER on [0, 1e5] at rtol 1e-3, atol 1e-6, the end state: one call from Python, and a hundred solves inside one program "
        "(milliseconds of all hundred). The error is the greatest relative error of a component at the end."
    ),
    tuple(Entry(name, partial(loose, make, counts), needs, KINDS[kind]) for name, (make, counts, needs, kind) in solvers(ROBER).items()),
    ("error", "steps", "rejected", "rhs", "jacobians", "factorisations"),
    loose_bars,
    cold_start=False,
)


def our_start(name: str) -> Prepared:
    """Rodas5P by the eager public call."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    problem, end = find(name).problem(), ude.Save(end=True)
    jax.block_until_ready(jnp.zeros(3) + 1)  # JAX itself is ready
    return Prepared(
        {"solve": lambda: jax.block_until_ready(ude.solve(problem, ude.Rodas5P(), rtol=1e-6, atol=1e-9, saveat=end).ys)}, lambda _: {}
    )


def their_start(name: str) -> Prepared:
    """diffrax's Kvaerno5."""
    import jax
    import jax.numpy as jnp

    from bench.stiff_solvers import diffrax_rows

    jax.block_until_ready(jnp.zeros(3) + 1)
    model = find(name)
    return Prepared({"solve": diffrax_rows(model, "Kvaerno5")(1e-6, starts(model, 1))}, lambda _: {})


def cold_bars(results: Results, by: str) -> list[Bar]:
    """Seconds of the first call."""
    found = []
    for name, limit in (("rober", 0.8), ("hires", 1.5)):
        mine, theirs = first(results, f"universalde Rodas5P, {name}"), first(results, f"diffrax Kvaerno5, {name}")
        found.append(most(f"Rodas5P on {name} <= {limit} s", mine, limit))
        found.append(most(f"Rodas5P on {name} below diffrax Kvaerno5 ({theirs or 0:.2f} s)", mine, theirs))
    return found


COLD = Benchmark(
    "stiff_cold",
    "Stiff, cold starts",
    (
        "ROBER and HIRES at rtol 1e-6, atol 1e-9, the end state: seconds of the first call (trace, compile, solve) in a fresh process "
        "after imports and a first JAX operation."
    ),
    (
        *[Entry(f"universalde Rodas5P, {name}", partial(our_start, name), ("universalde:Rodas5P",)) for name in ("rober", "hires")],
        *[Entry(f"diffrax Kvaerno5, {name}", partial(their_start, name), ("diffrax",)) for name in ("rober", "hires")],
    ),
    (),
    cold_bars,
)
