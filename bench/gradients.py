"""Gradients through the solver, one hundred in one compiled call: Lotka-Volterra and the spiral neural ODE."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bench import problems
from bench.contract import WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar, warm_ms
from bench.lotka_volterra import jax_lotka_volterra

TOLERANCE = 1e-6
COUNT = 100
OURS = "universalde Tsit5"


class Case(NamedTuple):
    """A right-hand side, its start and save times, the parameters, the loss, and the loss of the reference solver."""

    f: Callable
    y0: np.ndarray
    times: np.ndarray
    parameters: Any
    loss: Callable
    reference_loss: Callable[[Any], float]


def jax_spiral_net(t, u, weights):
    """The network of `problems.spiral_net` for JAX."""
    import jax.numpy as jnp

    first, first_bias, second, second_bias = weights
    return jnp.tanh(u**3 @ first + first_bias) @ second + second_bias


def orbit_case() -> Case:
    """Lotka-Volterra on [0, 20], sum of squares at 21 times."""
    y0, times, parameters = problems.LOTKA_VOLTERRA_START, problems.ORBIT_TIMES, problems.LOTKA_VOLTERRA
    return Case(jax_lotka_volterra, y0, times, parameters, lambda ys: (ys**2).sum(), problems.orbit_loss)


def spiral_case(weights: Callable[[], Any]) -> Case:
    """The 2-50-2 network on [0, 1.5], sum of squares against thirty points of the spiral."""
    data = problems.spiral_data()
    y0, times = problems.SPIRAL_START, problems.SPIRAL_TIMES
    return Case(jax_spiral_net, y0, times, weights(), lambda ys: ((ys - data) ** 2).sum(), problems.spiral_loss)


def compiled(case: Case, solve: Callable[[Any], tuple[Any, Any]]) -> Prepared:
    """One hundred losses and one hundred gradients at slightly different parameters, each in one `jit`."""
    import jax
    import jax.numpy as jnp

    def spread(leaf):
        return jnp.asarray(leaf) * (1.0 + 1e-4 * jnp.arange(COUNT).reshape((-1,) + (1,) * leaf.ndim))

    def loss(parameters):
        ys, steps = solve(parameters)
        return case.loss(ys), steps

    many = jax.tree.map(spread, case.parameters)
    forward = jax.jit(lambda many: jax.lax.map(loss, many))
    gradient = jax.jit(lambda many: jax.lax.map(lambda p: jax.grad(loss, has_aux=True)(p)[0], many))

    def facts(answers):
        losses, steps = answers["forward"]
        first = jax.tree.map(lambda leaf: np.asarray(leaf[0]), answers["gradient"])
        exact = case.reference_loss(case.parameters)
        return {
            "error of the loss": abs(float(losses[0]) - exact) / abs(exact),
            "error of the gradient": problems.error_of_gradient(case.reference_loss, case.parameters, first),
            "steps": int(steps[0]),
        }

    calls = {
        "forward": lambda: jax.block_until_ready(forward(many)),
        "gradient": lambda: jax.block_until_ready(gradient(many)),
    }
    return Prepared(calls, facts)


def universalde_entry(make: Callable[[], Case]) -> Prepared:
    """The public call with its default adjoint."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    case = make()
    span = (float(case.times[0]), float(case.times[-1]))
    problem = ude.ODE(case.f, jnp.asarray(case.y0), span, args=jax.tree.map(jnp.asarray, case.parameters))
    times = jnp.asarray(case.times)

    def solve(parameters):
        changed = problem.replace(args=parameters)
        sol = ude.solve(changed, ude.Tsit5(), rtol=TOLERANCE, atol=TOLERANCE, saveat=times)
        return sol.ys, sol.stats.steps

    return compiled(case, solve)


def diffrax_entry(make: Callable[[], Case], max_steps: int) -> Prepared:
    """diffrax with its default adjoint (recursive checkpoints)."""
    import diffrax
    import jax.numpy as jnp

    case = make()
    times, y0 = jnp.asarray(case.times), jnp.asarray(case.y0)

    def solve(parameters):
        sol = diffrax.diffeqsolve(
            diffrax.ODETerm(case.f),
            diffrax.Tsit5(),
            times[0],
            times[-1],
            None,
            y0,
            args=parameters,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=TOLERANCE, atol=TOLERANCE),
            max_steps=max_steps,
            throw=False,
        )
        return sol.ys, sol.stats["num_steps"]

    return compiled(case, solve)


def bars(relative: float, faster: float, results: Results, by: str) -> list[Bar]:
    """Gradient against our own forward solve, and against diffrax's default adjoint at its best `max_steps`."""
    forward, gradient = warm_ms(results, OURS, "forward", by), warm_ms(results, OURS, "gradient", by)
    installed = best_ms(results, "diffrax, installed", "gradient", by)
    flagged = best_ms(results, "diffrax, flag", "gradient", by)
    against = f">= {faster:g} x faster than diffrax's default adjoint as installed"
    against_flag = ratio_bar("(no bar) times faster than diffrax with the global flag", flagged, gradient)
    return [
        ratio_bar(f"gradient <= {relative:g} x the forward solve", gradient, forward, most=relative),
        ratio_bar(against, installed, gradient, least=faster),
        against_flag._replace(met=None),
    ]


def benchmark(name: str, title: str, about: str, make: Callable[[], Case], relative: float, faster: float) -> Benchmark:
    """The entries of one case: ours, and diffrax with 256 and 4096 steps allowed, with and without the flag."""
    entries = [Entry(OURS, partial(universalde_entry, make), ("universalde:solve",))]
    for setting, environment in (("installed", {}), ("flag", WHOLE_LOOP_FLAG)):
        for steps in (256, 4096):
            prepare = partial(diffrax_entry, make, steps)
            entries.append(Entry(f"diffrax, {setting}, max_steps={steps}", prepare, ("diffrax",), environment))
    return Benchmark(
        name=name,
        title=title,
        about=(
            f"{about} Tsit5, rtol = atol = 1e-6, float64. Times are for one hundred losses or gradients at slightly "
            "different parameters in one `jit` (`lax.map`). diffrax uses its default adjoint; its cost depends on "
            "`max_steps`, so the default 4096 and a value near the steps needed are both shown and the faster one is "
            "compared with. Errors are relative, of the first loss and of its gradient along one direction, against "
            "central differences of SciPy DOP853 at 1e-13."
        ),
        entries=tuple(entries),
        facts=("error of the loss", "error of the gradient", "steps"),
        bars=partial(bars, relative, faster),
    )


ORBIT = benchmark(
    "gradient_lotka_volterra",
    "Gradients: Lotka-Volterra",
    "Sum of squares of the solution at 21 times on [0, 20].",
    orbit_case,
    relative=4.0,
    faster=8.0,
)
SPIRAL = benchmark(
    "gradient_spiral",
    "Gradients: spiral neural ODE before training",
    "u' = net(u^3), 2-50-2 with tanh, Glorot-normal weights, sum of squares at 30 times on [0, 1.5].",
    partial(spiral_case, problems.spiral_weights),
    relative=3.0,
    faster=3.0,
)
FITTED_SPIRAL = benchmark(
    "gradient_spiral_fitted",
    "Gradients: spiral neural ODE after training",
    "The same network with weights fitted to the spiral, which needs more steps.",
    partial(spiral_case, problems.fitted_spiral_weights),
    relative=3.0,
    faster=3.0,
)
