"""Hare and lynx of the Hudson Bay, 1900 to 1920: what the two do to each other, found in a real record.

    H' = α H + ?        L' = −δ L + ?

Known is only that hares multiply and that lynx without prey die out; both rates are learned along with the unknown
terms. The whole path is gone twice: with all 21 years, and with 1900 to 1914 alone, to foretell 1915 to 1920.
"""

from dataclasses import replace
from importlib import resources
from typing import Any

import jax.numpy as jnp
import numpy as np

from universalde.discover import polynomials
from universalde.study import Choice, Result, Study
from universalde.study.networks import scaled_network
from universalde.study.run import path, refit
from universalde.study.run import run as run_study

SOURCE = "Hudson's Bay Company pelts: Odum, Fundamentals of Ecology (1953); Carpenter, Stan case study (2018)."
LAST, TRAINED_TO = 1920, 1914
ERROR = 0.25  # relative error of a year's pelts as a count of animals: the estimate of Carpenter (2018) for both species
CYCLE = 10  # years from peak to peak of the hares; small cycles turn at √(αδ) = 2π/CYCLE, where both rates begin
PUBLISHED = {"α": 0.5567, "β": 1.6964 / 59.4, "γ": 2.0414 / 77.4, "δ": 0.8265}  # arXiv:2001.04385, in data units
INTERACTION = {("dH", "H*L"), ("dL", "H*L")}


def record() -> tuple[np.ndarray, np.ndarray]:
    """Years, and thousands of pelts of hare and lynx, shape (21, 2)."""
    text = resources.files("universalde.cases").joinpath("data/hudson_bay.csv").read_text("utf8")
    table = np.genfromtxt(text.splitlines(), delimiter=",", skip_header=1)[1:]
    return table[:, 0], table[:, 1:]


def study(seed: int = 0, last: int = LAST, degree: int = 2, error: float = ERROR) -> Study:
    """The record up to the year ``last``; the seed starts the network when the study is run."""
    years, pelts = record()
    seen, whole = years <= last, last == LAST
    scale = pelts[seen].max(axis=0)

    def f(t: Any, y: Any, p: Any) -> Any:
        rates = p["rates"]
        return jnp.stack([rates["alpha"] * y[0], -rates["delta"] * y[1]]) + p["unknown"](y)

    return Study(
        name="hudson-bay", title="Hare and lynx of the Hudson Bay", story=__doc__ or "", source=SOURCE,
        ts=years[seen], data=pelts[seen], observed=(0, 1), state_names=("H", "L"), scale=scale, relative_error=error,
        f=f, y0=pelts[0], rates={"alpha": 2 * np.pi / CYCLE, "delta": 2 * np.pi / CYCLE}, inputs=lambda y: y,
        input_names=("H", "L"), output_names=("dH", "dL"),
        network=lambda key: scaled_network(key, scale, scale, 5, "rbf"), library=polynomials(["H", "L"], degree),
        horizon=np.linspace(years[0], 1940, 401), unit="thousand pelts", time_unit="year",
        held_out=None if whole else (years[~seen], pelts[~seen]), finish=finish if whole else None,
        earlier=study(seed, TRAINED_TO, degree, error) if whole else None,
    )  # fmt: skip


def rates_of(choice: Choice) -> dict[str, float]:
    """The four rates of Lotka and Volterra; NaN for an interaction that was not found."""
    terms = {(output, label): value for output, label, value in choice.model.terms()}
    beta, gamma = -terms.get(("dH", "H*L"), np.nan), terms.get(("dL", "H*L"), np.nan)
    return {"α": choice.rates["alpha"], "β": float(beta), "γ": float(gamma), "δ": choice.rates["delta"]}


def log_rmse(foretold: Any, measured: Any) -> float:
    """Root mean square of log(foretold / measured) over both species; infinite where animals become negative."""
    ratio = np.asarray(foretold) / np.asarray(measured)
    return float(np.sqrt(np.mean(np.log(ratio) ** 2))) if np.all(ratio > 0) else float("inf")


def finish(result: Result) -> Result:
    """The fit in the published measure, and how the equation of 1900 to 1914 foretells the years after."""
    early, (years, pelts) = result.earlier, record()
    unseen = years > TRAINED_TO
    scaled = refit(replace(result.study, relative_error=None), result.choice)
    shown, fitted = rates_of(result.choice), rates_of(scaled)
    found = {"unknown": early.choice.model, "rates": early.choice.rates}
    ahead = path(early.study, found, early.choice.start, years)[unseen]
    network = path(early.study, early.trained.params["p"], early.trained.params["start"], years)[unseen]
    persistence = log_rmse(np.broadcast_to(early.study.data[-1], ahead.shape), pelts[unseen])
    a_cycle_ago = log_rmse(pelts[np.flatnonzero(unseen) - CYCLE], pelts[unseen])
    terms = [{(output, label) for output, label, _ in each.choice.model.terms()} for each in (result, early)]
    numbers = {
        "terms_right": float(terms[0] == INTERACTION), "terms_right_1914": float(terms[1] == INTERACTION),
        "sse": scaled.sse, "log_rmse": float(np.sqrt(result.choice.sse / pelts.size)) * result.study.relative_error,
        "alpha": fitted["α"], "beta": fitted["β"], "gamma": fitted["γ"], "delta": fitted["δ"],
        "forecast_log_rmse": log_rmse(ahead, pelts[unseen]), "network_forecast_log_rmse": log_rmse(network, pelts[unseen]),
        "persistence_log_rmse": persistence, "a_cycle_ago_log_rmse": a_cycle_ago,
    }  # fmt: skip
    rows = [
        (name, f"{shown[name]:.4g}", f"{fitted[name]:.4g} if errors are absolute; published {PUBLISHED[name]:.4g}")
        for name in shown
    ]
    rows += [
        ("SSE on scaled data", f"{scaled.sse:.4f}", "errors absolute; published equation 0.158, least possible 0.123"),
        ("log-RMSE 1900–1920", f"{numbers['log_rmse']:.3f}", "the equation shown"),
        ("log-RMSE 1915–1920", f"{numbers['forecast_log_rmse']:.3f}", "equation found in 1900–1914 alone"),
        ("the same, persistence", f"{persistence:.3f}", "every year as 1914"),
        ("the same, one cycle ago", f"{a_cycle_ago:.3f}", "every year as ten years before"),
        ("the same, network", f"{numbers['network_forecast_log_rmse']:.3f}", "trained on 1900–1914"),
    ]
    return result._replace(numbers=numbers, rows=rows, notes=notes(early), forecast=with_rivals(result))


def notes(early: Result) -> list[str]:
    """What a reader of the numbers has to know."""
    equation = "; ".join(str(early.choice.model).splitlines())
    return [
        f"The equation found in 1900–1914 alone: {equation}.",
        f"Errors count as proportional to the number of pelts, with a standard deviation of {ERROR:.0%}.",
        "Network and rates share the linear terms: only their sum is determined while training, and only the equation "
        "tells the rates.",
    ]


def with_rivals(result: Result) -> Any:
    """The forecast with the curves that saw the years to 1914 only."""
    early, times = result.earlier, result.forecast.times
    held = np.where(times[:, None] < TRAINED_TO, np.nan, early.study.data[-1])
    rivals = {f"equation from 1900–{TRAINED_TO}": early.forecast.equation, f"persistence from {TRAINED_TO}": held}
    return result.forecast._replace(comparison=rivals)


def run(seed: int = 0, **changes: Any) -> dict:
    """The numbers of one run (for studies over many seeds)."""
    return run_study(study(seed, **changes), seed, progress=False).numbers
