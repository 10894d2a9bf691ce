"""Gradients through the solver, many in one compiled call, beside those of diffrax and torchdiffeq."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench import problems
from bench.contract import WHOLE_LOOP_FLAG, Bar, Benchmark, Entry, Prepared, Results, best_ms, ratio_bar, warm_ms
from bench.gradient_cases import Case, line_case, orbit_case, pleiades_case, rober_case, spiral_case

OURS, TORCH = "universalde ", "torchdiffeq odeint_adjoint, of one"


def compiled(case: Case, solve: Callable[[Any], tuple[Any, Any]]) -> Prepared:
    """Losses and gradients at slightly different parameters, all in one `jit`."""
    import jax
    import jax.numpy as jnp

    def spread(leaf):
        return jnp.asarray(leaf) * (1.0 + 1e-4 * jnp.arange(case.count).reshape((-1,) + (1,) * leaf.ndim))

    def loss(parameters):
        ys, steps = solve(parameters)
        return case.loss(ys), steps

    many = jax.tree.map(spread, case.parameters)
    forward = jax.jit(lambda many: jax.lax.map(loss, many))
    gradient = jax.jit(lambda many: jax.lax.map(lambda p: jax.grad(loss, has_aux=True)(p)[0], many))

    def facts(answers):
        losses, steps = answers["forward"]
        first = jax.tree.map(lambda leaf: np.asarray(leaf[0]), answers["gradient"])
        return {**errors(case, float(losses[0]), first), "steps": int(steps[0])}

    calls = {
        "forward": lambda: jax.block_until_ready(forward(many)),
        "gradient": lambda: jax.block_until_ready(gradient(many)),
    }
    return Prepared(calls, facts)


def errors(case: Case, loss: float, gradient: Any) -> dict[str, float]:
    """Relative errors of a loss and of its gradient, against the reference solver."""
    exact = case.reference_loss(case.parameters)
    return {
        "error of the loss": abs(loss - exact) / abs(exact),
        "error of the gradient": problems.error_of_gradient(case.reference_loss, case.parameters, gradient),
    }


def universalde_entry(make: Callable[[], Case]) -> Prepared:
    """The public call with its default adjoint."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    case = make()
    span = (float(case.times[0]), float(case.times[-1]))
    problem = ude.ODE(case.f, jnp.asarray(case.y0), span, args=jax.tree.map(jnp.asarray, case.parameters))
    times, method = jnp.asarray(case.times), getattr(ude, case.method)()

    def solve(parameters):
        changed = problem.replace(args=parameters)
        sol = ude.solve(changed, method, rtol=case.rtol, atol=case.atol, saveat=times)
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
            getattr(diffrax, case.peer)(),
            times[0],
            times[-1],
            None if case.peer == "Tsit5" else 1e-4,
            y0,
            args=parameters,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=case.rtol, atol=case.atol),
            max_steps=max_steps,
            throw=False,
        )
        return sol.ys, sol.stats["num_steps"]

    return compiled(case, solve)


def torch_entry(make: Callable[[], Case], f: Callable) -> Prepared:
    """torchdiffeq with its continuous adjoint at the same tolerances, one loss and one gradient."""
    import torch
    from torchdiffeq import odeint_adjoint

    torch.set_default_dtype(torch.float64)
    case = make()
    leaves = case.parameters if isinstance(case.parameters, tuple) else (case.parameters,)
    evaluations = []

    class Field(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.leaves = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(leaf)) for leaf in leaves])

        def forward(self, t, y):
            evaluations.append(1)
            return f(y, *self.leaves)

    field, times, y0 = Field(), torch.tensor(case.times), torch.tensor(case.y0)

    def loss():
        ys = odeint_adjoint(field, y0, times, rtol=case.rtol, atol=case.atol, method="dopri5")
        return case.loss(ys, torch.as_tensor)

    def gradient():
        field.zero_grad()
        loss().backward()
        return [leaf.grad.numpy().copy() for leaf in field.leaves]

    def facts(answers):
        found = tuple(answers["gradient"]) if isinstance(case.parameters, tuple) else answers["gradient"][0]
        evaluations.clear()
        value = float(loss())
        return {**errors(case, value, found), "steps": len(evaluations) // 6}

    return Prepared({"forward": lambda: loss().detach(), "gradient": gradient}, facts)


def torch_orbit(y, p):
    """Lotka-Volterra in torch."""
    import torch

    both = y[0] * y[1]
    return torch.stack([p[0] * y[0] - p[1] * both, p[2] * both - p[3] * y[1]])


def torch_net(u, first, first_bias, second, second_bias):
    """The 2-50-2 network in torch."""
    import torch

    return torch.tanh(u**3 @ first + first_bias) @ second + second_bias


def bars(asked: dict[str, float], count: int, results: Results, by: str) -> list[Bar]:
    """Gradient against our own forward solve, and against the peers, diffrax at its best `max_steps`."""
    forward, gradient = best_ms(results, OURS, "forward", by), best_ms(results, OURS, "gradient", by)
    found = [ratio_bar(f"gradient <= {asked['relative']:g} x the forward solve", gradient, forward, most=asked["relative"])]
    for setting, said in (("installed", "as installed"), ("flag", "with the global flag")):
        peer = best_ms(results, f"diffrax, {setting}", "gradient", by)
        found.append(_faster(asked.get(setting), f"than diffrax's default adjoint {said}", peer, gradient))
    if "torch" in asked:
        one = warm_ms(results, TORCH, "gradient", by)
        many = None if one is None else count * one
        found.append(_faster(asked["torch"], "than torchdiffeq's odeint_adjoint", many, gradient))
    return found


def _faster(least: float | None, than: str, peer: float | None, ours: float | None) -> Bar:
    if least is None:
        return ratio_bar(f"(no bar) times faster {than}", peer, ours)
    return ratio_bar(f">= {least:g} x faster {than}", peer, ours, least=least)


def benchmark(
    name: str,
    title: str,
    about: str,
    make: Callable[[], Case],
    asked: dict[str, float],
    *,
    method: str = "Tsit5",
    count: int = 100,
    settings: tuple[int, ...] = (256, 4096),
    reference: str = "DOP853",
    torch: Callable | None = None,
) -> Benchmark:
    """The entries of one case: ours, diffrax with some values of `max_steps`, with and without the flag, and torchdiffeq."""
    entries = [Entry(OURS + method, partial(universalde_entry, make), ("universalde:solve",))]
    for setting, environment in (("installed", {}), ("flag", WHOLE_LOOP_FLAG)):
        for steps in settings:
            prepare = partial(diffrax_entry, make, steps)
            entries.append(Entry(f"diffrax, {setting}, max_steps={steps}", prepare, ("diffrax",), environment))
    if torch is not None:
        entries.append(Entry(TORCH, partial(torch_entry, make, torch), ("torch", "torchdiffeq")))
    return Benchmark(
        name=name,
        title=title,
        about=(
            f"{about} float64. Times are for {count} losses or gradients at slightly different parameters in one `jit` "
            "(`lax.map`). diffrax uses its default adjoint; its cost depends on `max_steps`, so several are shown and the "
            "fastest is compared with. torchdiffeq takes one at a time, and its bar counts that so many times. Errors are "
            f"relative, of the first loss and of its gradient along one direction, against central differences of SciPy's {reference} at 1e-13."
        ),
        entries=tuple(entries),
        facts=("error of the loss", "error of the gradient", "steps"),
        bars=partial(bars, asked, count),
    )


MECHANISTIC = {"relative": 3.0, "installed": 8.0, "flag": 2.0}
NEURAL = {"relative": 3.0, "installed": 3.0, "flag": 1.5, "torch": 20.0}
TSIT5 = "Tsit5, rtol = atol = 1e-6,"

BENCHMARKS = (
    benchmark(
        "gradient_lotka_volterra",
        "Gradients: Lotka-Volterra",
        f"Sum of squares of the solution at 21 times on [0, 20]. {TSIT5}",
        orbit_case,
        MECHANISTIC | {"torch": 20.0},
        torch=torch_orbit,
    ),
    benchmark(
        "gradient_spiral",
        "Gradients: spiral neural ODE before training",
        f"u' = net(u^3), 2-50-2 with tanh, Glorot-normal weights, sum of squares at 30 times on [0, 1.5]. {TSIT5}",
        partial(spiral_case, problems.spiral_weights),
        NEURAL,
        torch=torch_net,
    ),
    benchmark(
        "gradient_spiral_fitted",
        "Gradients: spiral neural ODE after training",
        f"The same network with weights fitted to the spiral, which needs more steps. {TSIT5}",
        partial(spiral_case, problems.fitted_spiral_weights),
        NEURAL,
        torch=torch_net,
    ),
    benchmark(
        "gradient_pleiades",
        "Gradients: Pleiades",
        "Seven stars in a plane by their masses, sum of squares at 31 times on [0, 3]. Tsit5, rtol = atol = 1e-8,",
        pleiades_case,
        MECHANISTIC,
        count=20,
        settings=(512,),
    ),
    benchmark(
        "gradient_rober",
        "Gradients: ROBER",
        "Robertson's reactions by their rates, sum of squares of components of like size at 20 times on [0, 1e5]. Rodas5P beside "
        "diffrax's Kvaerno5, rtol = 1e-6, atol = 1e-9,",
        rober_case,
        {"relative": 3.0, "installed": 50.0},
        method="Rodas5P",
        count=20,
        settings=(1024,),
        reference="Radau",
    ),
    benchmark(
        "gradient_brusselator_line",
        "Gradients: Brusselator on a line",
        f"80 equations by two rates and the diffusion, sum of squares at 11 times on [0, 10]. {TSIT5}",
        line_case,
        MECHANISTIC,
        count=20,
        settings=(1024,),
    ),
)
