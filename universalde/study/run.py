"""Run a study: train, regress, refit, extrapolate."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from universalde.discover import ADMMLasso, DataChoice, Refit, SparseModel, choose_by_data, discover
from universalde.learn import Fit, fit
from universalde.solve import solve
from universalde.spec.problem import ODE, Problem
from universalde.spec.save import Save
from universalde.study.study import Choice, Forecast, Phase, Result, Study, Trained

__all__ = ["choose", "forecast", "path", "refit", "run", "train"]

FLOOR = 1e-3  # of the scale: solutions below count as this much where misfits are logarithms


def run(
    study: Study,
    seed: int = 0,
    out: str | Path | None = None,
    progress: Any = True,
    announce: Callable[[str], None] = lambda step: None,
) -> Result:
    """All steps of ``study``.  With ``out`` the fits are checkpointed there and an interrupted run continues.

    ``progress`` is that of ``fit``; ``announce`` is told what begins, in a few words.
    """
    began = time.perf_counter()
    trained = train(study, seed, out, progress, announce)
    announce("choosing the equation: regression on the learned term, refits on the data")
    choice = choose(study, trained, seed)
    announce("extrapolating")
    ahead = forecast(study, trained, choice)
    earlier = None
    if study.earlier is not None:
        announce(f"the same with the data up to {study.earlier.ts[-1]:g} only")
        folder = None if out is None else Path(out) / "earlier"
        earlier = run(study.earlier, seed, folder, progress, announce)
    result = Result(study, seed, trained, choice, ahead, {}, [], [], 0.0, earlier)
    if study.finish is not None:
        result = study.finish(result)
    return result._replace(seconds=time.perf_counter() - began)


def problem_of(study: Study, p: Any, start: Any, end: float | None = None) -> Problem:
    """The initial value problem with parameters ``p`` from ``start`` to ``end`` (the last data time)."""
    last = float(study.ts[-1]) if end is None else end
    return ODE(study.f, start, (float(study.ts[0]), last), p)


def path(study: Study, p: Any, start: Any, times: Any) -> np.ndarray:
    """States at ``times``; rows that a failed solve did not reach are NaN."""
    sol = solve(
        problem_of(study, p, start, float(times[-1])), study.method, saveat=np.asarray(times), rtol=study.rtol,
        atol=study.atol, throw=False,
    )  # fmt: skip
    return np.asarray(sol.ys)


# --- training -----------------------------------------------------------------------------------------------------------


def misfits(study: Study, p: Any, start: Any) -> Any:
    """Scaled residuals of one solve over all data; zero where nothing was measured."""
    problem = problem_of(study, p, start)
    ys = solve(problem, study.method, saveat=study.ts, rtol=study.rtol, atol=study.atol).ys
    return masked(deviations(study, ys, study.data), study.data)


def deviations(study: Study, ys: Any, data: Any) -> Any:
    """How far states are from data, in the units in which errors are counted."""
    seen = ys[:, np.array(study.observed)]
    if study.relative_error is None:
        return (seen - data) / study.scale
    return (jnp.log(jnp.maximum(seen, FLOOR * study.scale)) - jnp.log(data)) / study.relative_error


def masked(residuals: Any, data: np.ndarray) -> Any:
    """Residuals with zeros where the data are missing."""
    return jnp.where(np.isfinite(data), residuals, 0.0)


def single_loss(study: Study) -> Any:
    """Sum of squared misfits of one solve over all data, from a start that is learned."""
    return lambda params: jnp.sum(misfits(study, params["p"], params["start"]) ** 2)


def grouped_loss(study: Study, intervals: int) -> Any:
    """Sum of squared misfits of short solves, each from the data point it begins with (missing entries interpolated)."""
    firsts = range(0, len(study.ts) - 1, intervals)
    firsts = np.array([min(first, len(study.ts) - 1 - intervals) for first in firsts])
    windows = firsts[:, None] + np.arange(intervals + 1)
    ts = np.asarray(study.ts)[windows]
    starts = np.broadcast_to(study.y0, (len(firsts), len(study.y0))).copy()
    for column, entry in enumerate(study.observed):
        seen = np.isfinite(study.data[:, column])
        starts[:, entry] = np.interp(ts[:, 0], study.ts[seen], study.data[seen, column])
    data = np.where(np.isfinite(study.data), study.data, np.nan)[windows]

    def one(p: Any, start: Any, times: Any, rows: Any) -> Any:
        problem = ODE(study.f, start, (times[0], times[-1]), p)
        ys = solve(
            problem, study.method, saveat=Save(times, capacity=1024), rtol=study.rtol, atol=study.atol
        ).ys  # fmt: skip
        return jnp.sum(jnp.where(jnp.isfinite(rows), deviations(study, ys, rows), 0.0)[1:] ** 2)

    mapped = jax.vmap(one, in_axes=(None, 0, 0, 0))
    return lambda params: jnp.sum(mapped(params["p"], jnp.asarray(starts), jnp.asarray(ts), jnp.asarray(data)))


def train(
    study: Study,
    seed: int,
    out: str | Path | None = None,
    progress: Any = True,
    announce: Callable[[str], None] = lambda step: None,
) -> Trained:
    """Step 4: phase after phase; then the learned term along the fitted path."""
    rates = {name: jnp.asarray(value) for name, value in study.rates.items()}
    params: Any = {
        "p": {"unknown": study.network(jax.random.key(seed)), "rates": rates},
        "start": jnp.asarray(study.y0),
    }
    fits: list[Fit] = []
    for number, phase in enumerate(study.phases):
        announce(f"training, stage {number + 1} of {len(study.phases)}: {type(phase.stage).__name__}, {_view(phase)}")
        fits.append(
            _fit_phase(study, phase, params, None if out is None else Path(out) / f"fit-{number}.ckpt", progress)
        )
        params = fits[-1].params
    times = np.linspace(study.ts[0], study.ts[-1], study.samples)
    states = path(study, params["p"], params["start"], times)
    inputs = np.asarray(study.inputs(states))
    outputs = np.asarray(jax.vmap(params["p"]["unknown"])(jnp.asarray(inputs)))
    return Trained(params, tuple(fits), times, states, inputs, outputs, float(single_loss(study)(params)))


def _view(phase: Phase) -> str:
    return "one solve over all data" if phase.group_size is None else f"short solves over {phase.group_size} intervals"


def _fit_phase(study: Study, phase: Phase, params: Any, checkpoint: Path | None, progress: Any) -> Fit:
    grouped = phase.group_size is not None
    loss = grouped_loss(study, phase.group_size) if grouped else single_loss(study)
    frozen = [lambda params: params["start"]] if grouped or study.start_known else None
    positive = [lambda params: params["p"]["rates"]] if study.rates else None
    return fit(
        loss, params, stages=(phase.stage,), frozen=frozen, positive=positive, patience=phase.patience,
        tolerance=phase.tolerance, checkpoint=checkpoint, progress=progress, every=2.0,
    )  # fmt: skip


# --- the equation ---------------------------------------------------------------------------------------------------------


def choose(study: Study, trained: Trained, seed: int) -> Choice:
    """Step 5: candidates from the learned term, refitted on the raw data, where the choice is made."""
    discovery = discover(
        trained.inputs, trained.outputs, study.library, method=study.regression or ADMMLasso(),
        samples=len(study.ts), outputs=study.output_names, seed=seed,
    )  # fmt: skip

    extra = {"rates": trained.params["p"]["rates"]}
    if not study.start_known:
        extra["start"] = trained.params["start"]
    candidates = discovery.candidates(20, max_terms=study.max_terms)
    by_data = by_misfit(study, candidates, extra, max_terms=2 * study.max_terms, margin=study.margin)
    best = by_data.best
    return Choice(discovery, by_data, best.model, *_fitted(study, best), float(best.sse))


def by_misfit(study: Study, candidates: Sequence[SparseModel], extra: Any, **options: Any) -> DataChoice:
    """Candidates refitted on the data of a study, along with its rates and start."""

    def residuals(model: Any, extra: Any) -> Any:
        return misfits(study, {"unknown": model, "rates": extra["rates"]}, extra.get("start", study.y0)).reshape(-1)

    count, known = int(np.sum(np.isfinite(study.data))), study.relative_error is not None
    return choose_by_data(candidates, residuals, count, extra=extra, known_noise=known, **options)


def refit(study: Study, choice: Choice) -> Choice:
    """The chosen equation fitted again, its terms unchanged: for a study whose misfits are counted in another way."""
    rates = {name: jnp.asarray(value) for name, value in choice.rates.items()}
    extra = {"rates": rates} if study.start_known else {"rates": rates, "start": jnp.asarray(choice.start)}
    by_data = by_misfit(study, [choice.model], extra, explore=0, prune=False)
    best = by_data.best
    return Choice(choice.discovery, by_data, best.model, *_fitted(study, best), float(best.sse))


def _fitted(study: Study, best: Refit) -> tuple[dict, np.ndarray]:
    rates = {name: float(value) for name, value in best.extra["rates"].items()}
    return rates, np.asarray(best.extra.get("start", study.y0))


# --- extrapolation --------------------------------------------------------------------------------------------------------


def forecast(study: Study, trained: Trained, choice: Choice) -> Forecast:
    """Step 6: the equation and the network beyond the data, beside the truth where it is known."""
    times = study.horizon
    equation = path(study, {"unknown": choice.model, "rates": choice.rates}, choice.start, times)
    network = path(study, trained.params["p"], trained.params["start"], times)
    truth = None if study.truth_model is None else np.asarray(study.truth_model(times))
    comparison = {} if study.comparison is None else study.comparison(times)
    return Forecast(times, equation, network, truth, comparison)
