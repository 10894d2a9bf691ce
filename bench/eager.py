"""Where an eager call spends its time beside its kernel: users call solvers from loops in Python."""

from functools import partial

from bench.contract import Bar, Benchmark, Entry, Prepared, Results, warm_ms
from bench.lotka_volterra import jax_lotka_volterra
from bench.problems import LOTKA_VOLTERRA, LOTKA_VOLTERRA_START

NAME = "universalde Tsit5"


def parts(saving: str) -> Prepared:
    """The whole call, its compiled part alone, and the steps around it, each by itself."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    import universalde as ude
    from universalde.compiled import known
    from universalde.solve import prepare

    problem = ude.ODE(jax_lotka_volterra, jnp.array(LOTKA_VOLTERRA_START), (0.0, 10.0), args=jnp.array(LOTKA_VOLTERRA))
    saveat = {"end": ude.Save(end=True), "steps": None, "times": np.linspace(0.0, 10.0, 11)}[saving]
    settings = dict(rtol=1e-8, atol=1e-8, saveat=saveat, dt0=None, max_steps=100_000, controller=None, watches=False)
    method = ude.Tsit5()

    def call():
        return ude.solve(problem, method, rtol=1e-8, atol=1e-8, saveat=saveat)

    call()
    ready = prepare(problem, method, **settings).call
    entry = known(ready.program)
    compiled = entry.functions["begin"]
    sol = call()
    rows = np.asarray(sol.ys)
    calls = {
        "whole call, rows read": lambda: jax.block_until_ready(call().ys),
        "whole call": call,
        "compiled part": lambda: jax.block_until_ready(compiled(ready.operands).counts),
        "arguments checked and told apart": lambda: prepare(problem, method, **settings),
        "compiled program found": lambda: known(ready.program),
        "rows handed to JAX": lambda: jnp.asarray(rows),
    }
    return Prepared(calls, lambda answers: {"steps": int(sol.stats.steps)})


def bars(results: Results, by: str) -> list[Bar]:
    """What stands on top of the kernel."""
    found = []
    for name in results:
        whole, kernel = warm_ms(results, name, "whole call, rows read", by), warm_ms(results, name, "compiled part", by)
        if whole is None or kernel is None:
            found.append(Bar(f"{name}: <= 150 us on top of the kernel", "not measured", None))
            continue
        extra = 1e3 * (whole - kernel)
        found.append(Bar(f"{name}: <= 150 us on top of the kernel", f"{extra:.0f} us", extra <= 150))
    return found


BENCHMARK = Benchmark(
    name="eager",
    title="What an eager call costs beside its kernel",
    about=(
        "Lotka-Volterra on [0, 10] at 1e-8, Tsit5, called from Python; the parts are timed by themselves in a tight loop, so "
        "they are warmer than inside a call and do not add up to it."
    ),
    entries=tuple(Entry(f"{NAME}, {saving}", partial(parts, saving), ("universalde",)) for saving in ("end", "steps", "times")),
    facts=("steps",),
    bars=bars,
    cold_start=False,
)
