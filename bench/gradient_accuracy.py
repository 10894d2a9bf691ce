"""Every adjoint on nine problems: relative error of the gradient, and what it costs beside the solve."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bench import gradient_cases, problems
from bench.contract import CLOCK, Bar, Benchmark, Entry, Prepared, Results
from bench.tables import number

RTOL, BAR = 1e-8, 1e-6
DIRECTIONS = 30  # parameters up to which the whole gradient is compared; of a network this many directions
ADJOINTS = {
    "DiscreteAdjoint": {}, "InterpolatingAdjoint": {}, "QuadratureAdjoint": {}, "GaussAdjoint": {}, "GaussKronrodAdjoint": {},
    "BacksolveAdjoint": {}, "ForwardSensitivity": {},
}  # fmt: skip


class Problem(NamedTuple):
    """A right-hand side by a vector or tuple of parameters; the loss is a weighted sum of squares at the times."""

    f: Callable
    y0: Any
    times: Any
    parameters: Any
    method: str = "Tsit5"
    tight: str = "Vern9"
    rtol: float = RTOL
    atol: Any = RTOL
    sizes: Any = 1.0
    options: Any = ()
    step: float = 1e-3  # of the central differences


def of_case(case: gradient_cases.Case, **changes: Any) -> Problem:
    """A problem of the other benchmarks of gradients."""
    return Problem(case.f, case.y0, case.times, case.parameters)._replace(sizes=case.sizes, **changes)


STIFF = {"method": "Rodas5P", "tight": "RadauIIA9"}
ROBER_ATOL = RTOL * np.array([1.0, 1e-4, 1.0])


def rober() -> Problem:
    """ROBER to 1e5 by its rates."""
    return of_case(gradient_cases.rober_case(), atol=ROBER_ATOL, **STIFF)


def rober_with_mass() -> Problem:
    """The same with conservation in place of the third equation."""
    import jax.numpy as jnp

    plain = rober()

    def f(t, y, factors):
        return jnp.stack([*plain.f(t, y, factors)[:2], y[0] + y[1] + y[2] - 1])

    return plain._replace(f=f, options=(("mass", (1.0, 1.0, 0.0)),))


def pollution() -> Problem:
    """Twenty species by factors of the twenty-five rates."""
    from universalde.library import kinetics, mechanism

    start = np.array([kinetics.POLLUTED.get(name, 0.0) for name in kinetics.SPECIES])
    places = {text: k for k, text in enumerate(dict.fromkeys(reaction.rate for reaction in kinetics.AIR))}

    def f(t, y, factors):
        import jax.numpy as jnp

        return jnp.stack(mechanism.slopes(kinetics.AIR, lambda text: float(text) * factors[places[text]], y))

    return Problem(f, start, np.linspace(0.0, 60.0, 7), np.ones(len(places)), atol=1e-2 * RTOL, sizes=10.0, **STIFF)


HEAT = 40


def heat() -> Problem:
    """Heat on 40 points by its conductivity and a source that swings."""
    import jax.numpy as jnp

    import universalde as ude

    x = np.arange(1, HEAT + 1) / (HEAT + 1)

    def f(t, u, p):
        wide = jnp.concatenate([jnp.zeros(1), u, jnp.zeros(1)])
        return p[0] * (HEAT + 1) ** 2 * (wide[2:] - 2 * u + wide[:-2]) + p[1] * jnp.sin(10 * t) * x

    options = (("structure", ude.Banded(1, 1)),)
    return Problem(f, np.sin(np.pi * x), np.linspace(0.0, 1.0, 6), np.array([0.3, 1.0]), options=options, **STIFF)


def lorenz() -> Problem:
    """Lorenz over two units of time, before its gradient has grown far."""
    import jax.numpy as jnp

    def f(t, y, p):
        return jnp.stack([p[0] * (y[1] - y[0]), y[0] * (p[1] - y[2]) - y[1], y[0] * y[1] - p[2] * y[2]])

    return Problem(f, np.array([1.0, 1.0, 1.0]), np.linspace(0.0, 2.0, 5), np.array([10.0, 28.0, 8 / 3]))


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "Lotka-Volterra": lambda: of_case(gradient_cases.orbit_case()),
    # Two stars pass near each other: at 1e-8 the solution itself moves by 1e-5.
    "Pleiades": lambda: of_case(gradient_cases.pleiades_case(), method="Vern7", rtol=1e-11, atol=1e-11, step=1e-4),
    "ROBER": rober,
    "Pollution": pollution,
    "Brusselator 1-D": lambda: of_case(gradient_cases.line_case()),
    "ROBER with mass matrix": rober_with_mass,
    "spiral neural ODE": lambda: of_case(gradient_cases.spiral_case(problems.spiral_weights)),
    "heat equation": heat,
    "Lorenz, short": lorenz,
}


def loss_of(problem: Problem) -> Callable:
    """The loss as a function of changes of the parameters relative to themselves (their logarithms), and of options."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    options = {name: list(x) if isinstance(x, tuple) else x for name, x in problem.options}
    span = (float(problem.times[0]), float(problem.times[-1]))

    def loss(changes: Any, method: str, rtol: float, atol: Any, adjoint: Any = None) -> Any:
        parameters = jax.tree.map(lambda p, c: jnp.asarray(p) * jnp.exp(c), problem.parameters, changes)
        ode = ude.ODE(problem.f, jnp.asarray(problem.y0), span, args=parameters, **options)
        sol = ude.solve(ode, getattr(ude, method)(), rtol=rtol, atol=atol, saveat=jnp.asarray(problem.times), adjoint=adjoint)
        return jnp.sum((sol.ys * problem.sizes) ** 2)

    return loss


def slopes(problem: Problem, loss: Callable, directions: np.ndarray, unravel: Callable) -> np.ndarray:
    """Central differences of a tight solve along directions, extrapolated once (error of fourth order in the step)."""
    import jax

    atol = np.asarray(problem.atol) * 1e-4
    tight = jax.jit(lambda x: loss(unravel(x), problem.tight, 1e-12, atol))

    def difference(direction: np.ndarray, step: float) -> float:
        return float(tight(step * direction) - tight(-step * direction)) / (2 * step)

    return np.array([(4 * difference(d, problem.step / 2) - difference(d, problem.step)) / 3 for d in directions])


def prepared(make: Callable[[], Problem]) -> Prepared:
    """A solve, its gradient by every adjoint that serves, and the errors of those."""
    import jax
    from jax.flatten_util import ravel_pytree

    import universalde as ude

    problem = make()
    loss = loss_of(problem)
    flat, unravel = ravel_pytree(jax.tree.map(np.zeros_like, problem.parameters))
    directions = np.eye(flat.size)
    if flat.size > DIRECTIONS:
        directions = np.random.default_rng(1).normal(size=(DIRECTIONS, flat.size))
    forward = jax.jit(lambda x: loss(unravel(x), problem.method, problem.rtol, problem.atol))
    calls, refused = {"forward": lambda: forward(flat).block_until_ready()}, []
    for name, options in ADJOINTS.items():
        adjoint = getattr(ude, name)(**options)
        gradient = jax.jit(jax.grad(lambda x, a=adjoint: loss(unravel(x), problem.method, problem.rtol, problem.atol, a)))
        try:
            gradient.lower(flat)
        except ValueError:
            refused.append(name)
            continue
        calls[name] = lambda gradient=gradient: gradient(flat).block_until_ready()

    def facts(answers: Any) -> dict[str, float]:
        expected = slopes(problem, loss, directions, unravel)
        size = np.linalg.norm(expected)
        found = {name: directions @ np.asarray(answer) for name, answer in answers.items() if name != "forward"}
        return {name: float(np.linalg.norm(x - expected) / size) for name, x in found.items()} | dict.fromkeys(refused, np.inf)

    return Prepared(calls, facts)


def rows(results: Results) -> list[list[str]]:
    """A row for each problem and adjoint."""
    table = [["problem", "adjoint", "relative error", "within 1e-6", "solve ms, least", "gradient ms, least", "gradient / solve"]]
    for problem, found in results.items():
        times = found.get("calls", {})
        for name in ADJOINTS:
            if name not in times:
                told = "refused" if np.isinf(found.get("facts", {}).get(name, 0)) else "not measured" if times else "failed"
                table.append([problem, name, told, "", "", "", ""])
                continue
            solve, gradient = (times[key]["min_ms"] for key in ("forward", name))
            error = found["facts"][name]
            told = "NaN, with a warning" if np.isnan(error) else number(error)
            verdict = "yes" if error <= BAR else "no"
            table.append([problem, name, told, verdict, number(solve), number(gradient), number(gradient / solve)])
    return table


def bars(results: Results, by: str = CLOCK) -> list[Bar]:
    """Everywhere within the bar; of backsolve on problems that it cannot serve, that it gives no number."""
    found = []
    for name in ADJOINTS:
        errors = {p: r.get("facts", {}).get(name) for p, r in results.items()}
        numbers = {p: e for p, e in errors.items() if e is not None and np.isfinite(e)}
        worst = max(numbers, key=lambda p: numbers[p], default=None)
        served = "" if len(numbers) == len(PROBLEMS) else f", a number on {len(numbers)} of {len(PROBLEMS)}"
        if worst is None:
            found.append(Bar(f"{name}: relative error <= 1e-6 wherever it gives a number", "not measured", None))
            continue
        text = f"{numbers[worst]:.2g} ({worst}){served}"
        found.append(Bar(f"{name}: relative error <= 1e-6 wherever it gives a number", text, numbers[worst] <= BAR))
    return found


BENCHMARK = Benchmark(
    name="gradient_accuracy",
    title="Gradients: every adjoint, accuracy and cost",
    about=(
        "Gradient of a weighted sum of squares at save times by all parameters, each relative to itself, at rtol 1e-8 (Pleiades: 1e-11); the relative "
        "error is that of the whole vector (of the network: of 30 random directions), against central differences, extrapolated once, of "
        "solves at 1e-12 by another method (Vern9, RadauIIA9). Explicit problems by Tsit5 (Pleiades: Vern7), stiff ones by Rodas5P, forwards and backwards. One "
        "gradient in a call, beside the solve that it is the gradient of; least times of the rounds, because the machine was busy. Backsolve gives NaN and a warning where the state solved "
        "backwards drifts from the stored one by more than 30 tolerances between checkpoints, 16 steps apart."
    ),
    entries=tuple(Entry(name, partial(prepared, make)) for name, make in PROBLEMS.items()),
    facts=tuple(ADJOINTS),
    bars=bars,
    cold_start=False,
    rows=rows,
)
