"""L-BFGS of this package beside the one of optax, on the second phase of the lotka-volterra case.

`python -m bench.optimisers [seeds]` prints the table. Ours takes its direction from optax and differs in the line search. Every optimiser starts from the same parameters (those the first
phase of the case ends with, or the untrained network) and ends by the same rule: 3000 iterations, or 100 in a row
without a relative improvement of 1e-3. Loss is divided by the noise floor of the data; an evaluation is one loss with
its gradient. Seconds are those of a second run in the same process; what the first run took longer is compiling.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from bench.tables import as_text
from universalde.cases.lotka_volterra import study as lotka_volterra
from universalde.learn import LBFGS, Optax, fit
from universalde.learn.constraints import Space, as_trainable
from universalde.study.run import _fit_phase, single_loss

STEPS, PATIENCE, TOLERANCE = 3000, 100, 1e-3
NOISES = (5e-3, 5e-2)


class Ending(NamedTuple):
    """What one optimisation reached and what it spent."""

    loss: float
    iterations: int
    evaluations: float
    failures: float
    first: float
    seconds: float


class _State(NamedTuple):
    """The loop around optax: point, memory, best loss so far, reference loss, iterations since it improved, counts."""

    point: Any
    memory: Any
    best: Any
    reference: Any
    since: Any
    iterations: Any
    evaluations: Any


def by_fit(stage: Any) -> Callable:
    """A stage of `fit`; evaluations inside an optax line search are not counted there."""

    def run(loss: Callable, params: Any) -> Ending:
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            found = fit(loss, params, stages=stage, patience=PATIENCE, tolerance=TOLERANCE, progress=False)
            seconds.append(time.perf_counter() - began)
        counted = isinstance(stage, LBFGS)
        evaluations, failures = (found.evaluations, found.failures) if counted else (np.nan, np.nan)
        return Ending(found.loss, found.stages[0].iterations, evaluations, failures, *seconds)

    return run


def by_optax(loss: Callable, params: Any) -> Ending:
    """`optax.lbfgs` as its manual writes it: one compiled loop that reuses the value and slope the line search found."""
    params = as_trainable(params)
    space = Space.of(params)
    optimiser = optax.lbfgs()

    def value(vector: Any) -> Any:
        return loss(space.params(vector))

    value_and_gradient = optax.value_and_grad_from_state(value)

    def step(state: _State) -> _State:
        here, gradient = value_and_gradient(state.point, state=state.memory)
        update, memory = optimiser.update(
            gradient, state.memory, state.point, value=here, grad=gradient, value_fn=value
        )
        new = memory[-1].value
        progress = new < state.reference - TOLERANCE * jnp.abs(jnp.where(state.iterations > 0, state.reference, 0))
        return _State(
            optax.apply_updates(state.point, update), memory, jnp.minimum(new, state.best),
            jnp.where(progress, new, state.reference), jnp.where(progress, 0, state.since + 1), state.iterations + 1,
            state.evaluations + memory[-1].info.num_linesearch_steps,
        )  # fmt: skip

    @jax.jit
    def run(vector: Any) -> _State:
        far = jnp.asarray(jnp.inf)
        start = _State(vector, optimiser.init(vector), far, far, 0, 0, 1)
        start = jax.tree.map(jnp.asarray, start)
        return jax.lax.while_loop(lambda s: (s.iterations < STEPS) & (s.since < PATIENCE), step, start)

    vector, seconds = jnp.asarray(space.vector(params)), []
    for _ in range(2):
        began = time.perf_counter()
        end = jax.block_until_ready(run(vector))
        seconds.append(time.perf_counter() - began)
    return Ending(float(end.best), int(end.iterations), int(end.evaluations), np.nan, *seconds)


OPTIMISERS: dict[str, Callable] = {
    "universalde LBFGS": by_fit(LBFGS(STEPS)),
    "optax.lbfgs, stage of fit": by_fit(Optax(optax.lbfgs(), STEPS)),
    "optax.lbfgs, its own loop": by_optax,
}


def walled() -> list[tuple]:
    """A loss that is NaN below zero, where the first moves lead: the share of the way to the minimum that is made."""

    def loss(params: Any) -> Any:
        return jnp.sum(params["x"] - 2 * jnp.log(params["x"]))

    least = 2 * (2 - 2 * np.log(2))
    rows = []
    for name, optimiser in OPTIMISERS.items():
        try:
            end = optimiser(loss, {"x": jnp.array([10.0, 1e-3])})
            rows.append((name, f"{end.loss - least:.1e}", str(end.iterations), f"{end.evaluations:.0f}"))
        except Exception as error:
            rows.append((name, type(error).__name__, "", ""))
    return rows


def measured(seeds: int, noise: float, trained: bool) -> list[tuple]:
    """One row per optimiser: medians over the seeds, with the worst loss."""
    endings: dict[str, list[Ending]] = {name: [] for name in OPTIMISERS}
    floors = []
    for seed in range(seeds):
        study = lotka_volterra(seed, noise)
        params: Any = {
            "p": {"unknown": study.network(jax.random.key(seed)), "rates": {}}, "start": jnp.asarray(study.y0),
        }  # fmt: skip
        if trained:
            params = _fit_phase(study, study.phases[0], params, None, False).params
        floors.append(study.noise_floor)
        loss = single_loss(study)
        for name, optimiser in OPTIMISERS.items():
            endings[name].append(optimiser(loss, params))
            print(
                seed,
                noise,
                trained,
                name,
                endings[name][-1]._replace(loss=endings[name][-1].loss / floors[-1]),
                flush=True,
            )
    rows = []
    for name, ends in endings.items():
        shares = [end.loss / floor for end, floor in zip(ends, floors, strict=True)]
        middle = [statistics.median(column) for column in zip(*ends, strict=True)]
        rows.append(
            (
                f"{noise:g}", "phase 1" if trained else "untrained", name, f"{statistics.median(shares):.3f}",
                f"{max(shares):.3f}", *(f"{x:.0f}" for x in middle[1:4]), f"{middle[5]:.2f}",
                f"{middle[4] - middle[5]:.2f}",
            )
        )  # fmt: skip
    return rows


def main() -> None:
    """Print both tables."""
    jax.config.update("jax_enable_x64", True)
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    heads = ("optimiser", "loss above the least", "iterations", "evaluations")
    print(as_text([heads, *walled()]))
    rows = [row for noise in NOISES for trained in (True, False) for row in measured(seeds, noise, trained)]
    heads = (
        "noise", "start", "optimiser", "loss / floor", "worst", "iterations", "evaluations", "failed", "seconds",
        "compiling",
    )  # fmt: skip
    print(as_text([heads, *rows]))


if __name__ == "__main__":
    main()
