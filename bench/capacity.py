"""vmap(grad) over 64 problems: what a larger tape costs when nothing more is written to it."""

from functools import partial

import numpy as np

from bench.contract import Bar, Benchmark, Entry, Prepared, Results, ratio_bar, warm_ms
from bench.lotka_volterra import jax_lotka_volterra
from bench.problems import LOTKA_VOLTERRA, LOTKA_VOLTERRA_START, ORBIT_TIMES, error_of_gradient, orbit_loss

TOLERANCE = 1e-6
LANES = 64
CAPACITIES = (512, 4096)


def batched(loss) -> Prepared:
    """Gradients of all lanes at once, compiled."""
    import jax
    import jax.numpy as jnp

    lanes = jnp.asarray(LOTKA_VOLTERRA) * (1.0 + 1e-3 * jnp.arange(LANES)[:, None])
    gradients = jax.jit(jax.vmap(jax.grad(loss)))

    def facts(answers):
        errors = [
            error_of_gradient(orbit_loss, np.asarray(lanes[lane]), np.asarray(answers["gradients"][lane]))
            for lane in (0, LANES - 1)
        ]
        return {"error of the gradient": max(errors)}

    return Prepared({"gradients": lambda: jax.block_until_ready(gradients(lanes))}, facts)


def universalde_entry(capacity: int) -> Prepared:
    """The public call with a given capacity."""
    import jax.numpy as jnp

    import universalde as ude

    span = (float(ORBIT_TIMES[0]), float(ORBIT_TIMES[-1]))
    problem = ude.ODE(jax_lotka_volterra, jnp.array(LOTKA_VOLTERRA_START), span, args=jnp.array(LOTKA_VOLTERRA))
    save = ude.Save(ts=jnp.asarray(ORBIT_TIMES), capacity=capacity)

    def loss(p):
        sol = ude.solve(problem.replace(args=p), ude.Tsit5(), rtol=TOLERANCE, atol=TOLERANCE, saveat=save)
        return (sol.ys**2).sum()

    return batched(loss)


def diffrax_entry(max_steps: int) -> Prepared:
    """diffrax with its default adjoint; `max_steps` is what sets the size of its checkpoints."""
    import diffrax
    import jax.numpy as jnp

    times = jnp.asarray(ORBIT_TIMES)

    def loss(p):
        sol = diffrax.diffeqsolve(
            diffrax.ODETerm(jax_lotka_volterra),
            diffrax.Tsit5(),
            times[0],
            times[-1],
            None,
            jnp.array(LOTKA_VOLTERRA_START),
            args=p,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=TOLERANCE, atol=TOLERANCE),
            max_steps=max_steps,
            throw=False,
        )
        return (sol.ys**2).sum()

    return batched(loss)


def bars(results: Results, by: str) -> list[Bar]:
    """Time may grow by half from the small capacity to the large one."""
    small, large = (warm_ms(results, f"universalde, capacity {size}", "gradients", by) for size in CAPACITIES)
    return [ratio_bar("time with capacity 4096 <= 1.5 x time with capacity 512", large, small, most=1.5)]


BENCHMARK = Benchmark(
    name="capacity",
    title="vmap(grad) and the capacity of the tape",
    about=(
        "`vmap(grad(loss))` over 64 Lotka-Volterra problems with different parameters on [0, 20], rtol = atol = 1e-6, "
        "sum of squares at 21 times, float64, compiled. For diffrax the corresponding number is `max_steps`."
    ),
    entries=(
        *(
            Entry(f"universalde, capacity {capacity}", partial(universalde_entry, capacity), ("universalde:solve",))
            for capacity in CAPACITIES
        ),
        *(
            Entry(f"diffrax, max_steps {capacity}", partial(diffrax_entry, capacity), ("diffrax",))
            for capacity in CAPACITIES
        ),
    ),
    facts=("error of the gradient",),
    bars=bars,
    cold_start=False,
)
