"""Gradients of a thousand Lotka-Volterra problems at once, beside gradsolve's replay of recorded steps."""

import numpy as np

from bench.contract import Bar, Benchmark, Entry, Prepared, Results, ratio_bar, warm_ms
from bench.lotka_volterra import jax_lotka_volterra
from bench.problems import LOTKA_VOLTERRA, LOTKA_VOLTERRA_START, error_of_gradient, lotka_volterra, tight

TOLERANCE = 1e-6
COUNT, END = 1000, 20.0
OURS, PEER = "universalde", "gradsolve"
ALL, REPLAY = "gradients", "gradients, steps recorded before"


def parameters() -> np.ndarray:
    """One row for each problem."""
    return LOTKA_VOLTERRA * (1.0 + 1e-4 * np.arange(COUNT)[:, None])


def facts(answers) -> dict[str, float]:
    """Error of the first and the last gradient."""

    def loss(p):
        return float(np.sum(tight(lotka_volterra, LOTKA_VOLTERRA_START, np.array([0.0, END]), p)[-1] ** 2))

    found, rows = np.asarray(answers[ALL]), parameters()
    return {"error of the gradient": max(error_of_gradient(loss, rows[k], found[k]) for k in (0, COUNT - 1))}


def universalde_entry() -> Prepared:
    """`vmap(grad)` of the public call."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    problem = ude.ODE(jax_lotka_volterra, jnp.array(LOTKA_VOLTERRA_START), (0.0, END), args=jnp.array(LOTKA_VOLTERRA))
    save = ude.Save(end=True, capacity=512)

    def loss(p):
        sol = ude.solve(problem.replace(args=p), ude.Tsit5(), rtol=TOLERANCE, atol=TOLERANCE, saveat=save)
        return (sol.ys**2).sum()

    gradients, rows = jax.jit(jax.vmap(jax.grad(loss))), jnp.asarray(parameters())
    return Prepared({ALL: lambda: jax.block_until_ready(gradients(rows))}, facts)


def gradsolve_entry() -> Prepared:
    """Its closure, which records steps when it is made and replays them in every gradient."""
    import gradsolve
    import jax
    import jax.numpy as jnp

    class Problem:
        name, dim, t0, t1, is_stiff = "two species", 2, 0.0, END, False

        def f_jax(self, t, y, p):
            return jax_lotka_volterra(t, y, p)

    start, rows = np.tile(LOTKA_VOLTERRA_START, (COUNT, 1)), parameters()

    def recorded():
        end = gradsolve.grad_closure(Problem(), start, rows, rtol=TOLERANCE, atol=TOLERANCE, device="cpu")
        return jax.jit(jax.grad(lambda p: (end(p) ** 2).sum()))

    replay, at = recorded(), jnp.asarray(rows)
    calls = {
        ALL: lambda: jax.block_until_ready(recorded()(at)),
        REPLAY: lambda: jax.block_until_ready(replay(at)),
    }
    return Prepared(calls, facts)


def bars(results: Results, by: str) -> list[Bar]:
    """Ours, which take their steps anew, against the replay alone; the whole of the peer is shown."""
    ours = warm_ms(results, OURS, ALL, by)
    whole = ratio_bar("(no bar) times faster than gradsolve with recording", warm_ms(results, PEER, ALL, by), ours)
    least = ">= 1 x as fast as gradsolve's replay without its recording"
    return [ratio_bar(least, warm_ms(results, PEER, REPLAY, by), ours, least=1.0), whole]


BENCHMARK = Benchmark(
    name="gradient_batch",
    title="Gradients of a batch of a thousand",
    about=(
        "Sum of squares of the end of Lotka-Volterra on [0, 20] for a thousand sets of parameters, Tsit5, rtol = atol = 1e-6, "
        "float64, one compiled `vmap(grad)`. gradsolve records its steps in a call of its own, which compiles anew, and then "
        "replays them; ours takes and replays its steps in every call. Errors of the gradients of the first and the last set "
        "along one direction, against central differences of SciPy's DOP853 at 1e-13."
    ),
    entries=(Entry(OURS, universalde_entry, ("universalde:solve",)), Entry(PEER, gradsolve_entry, ("gradsolve",))),
    facts=("error of the gradient",),
    bars=bars,
    cold_start=False,
)
