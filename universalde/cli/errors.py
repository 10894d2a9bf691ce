"""What a result is worth: errors of fit and extrapolation, state by state, for any study."""

from typing import Any, NamedTuple

import numpy as np

from universalde.study import Result
from universalde.study.run import path

__all__ = ["Paths", "StateErrors", "View", "column_of", "held_out_rows", "notes_of", "paths", "state_errors", "view"]


class Paths(NamedTuple):
    """The network's and the equation's path over the training window, at the data and at what was held out."""

    times: np.ndarray
    network: np.ndarray
    equation: np.ndarray
    network_at_data: np.ndarray
    equation_at_data: np.ndarray
    network_held_out: np.ndarray | None
    equation_held_out: np.ndarray | None


class StateErrors(NamedTuple):
    """Errors in one observed state.  Root mean squares in the unit of the data; ``beyond`` relative to the true range."""

    name: str
    fit: dict[str, float]
    held_out: dict[str, float]
    beyond: dict[str, float]


class View(NamedTuple):
    """A result with all that has to be computed to show it; ``earlier`` is that of the run on less data."""

    result: Result
    along: Paths
    errors: list[StateErrors]
    earlier: "View | None" = None


def view(result: Result) -> View:
    """Everything the report, the record and the terminal show."""
    along = paths(result)
    earlier = None if result.earlier is None else view(result.earlier)
    return View(result, along, state_errors(result, along), earlier)


def paths(result: Result) -> Paths:
    """One solve for the network and one for the equation, read at all times that are wanted."""
    study, trained, choice = result.study, result.trained, result.choice
    held = held_out_rows(result)
    wanted = [trained.times, np.asarray(study.ts)] + ([] if held is None else [held[0]])
    times = np.unique(np.concatenate(wanted))
    network = path(study, trained.params["p"], trained.params["start"], times)
    equation = path(study, {"unknown": choice.model, "rates": choice.rates}, choice.start, times)
    rows = [np.searchsorted(times, each) for each in wanted]
    return Paths(
        trained.times, network[rows[0]], equation[rows[0]], network[rows[1]], equation[rows[1]],
        None if held is None else network[rows[2]], None if held is None else equation[rows[2]],
    )  # fmt: skip


def held_out_rows(result: Result) -> tuple[np.ndarray, np.ndarray] | None:
    """Times and values that training did not see, or None."""
    held = result.study.held_out
    return None if held is None else (np.asarray(held[0], float), np.asarray(held[1], float))


def column_of(values: Any, result: Result, entry: int) -> np.ndarray | None:
    """One state of a curve that has all states or only the observed ones; None where it does not have this one."""
    values = np.asarray(values)
    if values.shape[1] == len(result.study.state_names):
        return values[:, entry]
    observed = result.study.observed
    return values[:, observed.index(entry)] if entry in observed and values.shape[1] == len(observed) else None


def curves(result: Result) -> dict[str, np.ndarray]:
    """Everything that extrapolates, by the name the report gives it."""
    ahead = result.forecast
    return {"equation": ahead.equation, "network": ahead.network, **ahead.comparison}


def state_errors(result: Result, along: Paths) -> list[StateErrors]:
    """One entry for each observed state."""
    study, held = result.study, held_out_rows(result)
    after = result.forecast.times > study.ts[-1]
    table = []
    for column, entry in enumerate(study.observed):
        seen = study.data[:, column]
        at_data = {"network": along.network_at_data, "equation": along.equation_at_data}
        fit = {name: _rms(values[:, entry], seen) for name, values in at_data.items()}
        left = {}
        if held is not None:
            at_held = {"network": along.network_held_out, "equation": along.equation_held_out}
            left = {name: _rms(values[:, entry], held[1][:, column]) for name, values in at_held.items()}
        table.append(StateErrors(study.state_names[entry], fit, left, _beyond(result, entry, after)))
    return table


def _beyond(result: Result, entry: int, after: np.ndarray) -> dict[str, float]:
    truth = result.forecast.truth
    if truth is None or not after.any():
        return {}
    true = truth[after, entry]
    found = {name: column_of(values, result, entry) for name, values in curves(result).items()}
    span = float(np.ptp(true)) or 1.0
    return {name: _rms(values[after], true) / span for name, values in found.items() if values is not None}


def notes_of(result: Result) -> list[str]:
    """Sentences for the reader: of the case, of the choice on the data, of the regression; each once."""
    failed = sum(fit.failures for fit in result.trained.fits)
    notes = [*result.notes, *result.choice.by_data.notes]
    notes += [f"Regression on the learned term: {note}" for note in result.choice.discovery.notes]
    if failed:
        notes.append(f"{failed} solves failed during training; each was taken back and followed by shorter steps.")
    return list(dict.fromkeys(notes))


def _rms(found: np.ndarray, measured: np.ndarray) -> float:
    """Root mean square over what was measured; NaN for a curve that does not reach a measured time."""
    wanted = np.isfinite(measured)
    return float(np.sqrt(np.mean((found - measured)[wanted] ** 2))) if wanted.any() else float("nan")
