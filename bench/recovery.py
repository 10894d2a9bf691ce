"""How often a case recovers its equation: one run per seed, shares of runs that meet each bar, Wilson intervals.

A case module of `universalde.cases` offers `run(seed) -> mapping of metric name to number`. Runs are stored one by one,
so that an interrupted measurement goes on where it stopped; runs of other source code are dropped.
"""

import hashlib
import importlib
import importlib.util
import json
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from bench.tables import Rows, as_markdown, as_text, number

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "bench" / "results"


class Criterion(NamedTuple):
    """A bar on one metric of a run: `least <= metric <= most`."""

    metric: str
    promise: str
    most: float = math.inf
    least: float = -math.inf

    def met(self, metrics: Mapping[str, float]) -> bool | None:
        """Whether a run meets it; None when the run did not report the metric. A metric that is not a number fails."""
        value = metrics.get(self.metric)
        return None if value is None else self.least <= float(value) <= self.most

    def badness(self, value: float) -> float:
        """How far a value is on the wrong side, for ordering runs; what is not a number is worst."""
        return math.inf if math.isnan(value) else max(value - self.most, self.least - value)


@dataclass(frozen=True)
class Case:
    """A case, how many seeds it is run on by default, the bars of one run, and the share of runs asked for."""

    module: str
    seeds: int
    criteria: tuple[Criterion, ...]
    share: float = 1.0


CASES: dict[str, Case] = {
    "lotka-volterra": Case(
        "universalde.cases.lotka_volterra",
        100,
        (
            Criterion("terms_right", "exactly the two xy terms", least=1.0),
            Criterion("loss_over_floor", "training loss <= 1.3 x realised noise floor", most=1.3),
            Criterion("beta_error", "beta within 1 %", most=0.01),
            Criterion("gamma_error", "gamma within 2 %", most=0.02),
            Criterion("nrmse_20", "NRMSE over t <= 20 at most 15 %", most=0.15),
            Criterion("bounded_50", "no blow-up to t = 50", least=1.0),
        ),
        share=0.9,
    ),
    "covid-seir": Case(
        "universalde.cases.covid_seir",
        10,
        (
            Criterion("exposure_error", "exposure within 1 % on the training window", most=0.01),
            Criterion("rate_per_infected", "per infected at s = 0.9 in 0.3082 +- 0.003", least=0.3052, most=0.3112),
            Criterion("extrapolation_E", "greatest error of E on [0, 60] <= 12 %", most=0.12),
            Criterion("extrapolation_I", "greatest error of I on [0, 60] <= 9 %", most=0.09),
            Criterion("extrapolation_R", "greatest error of R on [0, 60] <= 4 %", most=0.04),
            Criterion("neural_ode_ratio", "the pure neural ODE is >= 3 x worse", least=3.0),
        ),
    ),
    "hudson-bay": Case(
        "universalde.cases.hudson_bay",
        20,
        (
            Criterion("terms_right", "xy in both equations and nothing else", least=1.0),
            Criterion("sse", "SSE on 1900-1920, scaled, <= 0.13", most=0.13),
            Criterion("alpha", "alpha in [0.45, 0.60]", least=0.45, most=0.60),
            Criterion("beta", "beta in [0.024, 0.029]", least=0.024, most=0.029),
            Criterion("gamma", "gamma in [0.023, 0.028]", least=0.023, most=0.028),
            Criterion("delta", "delta in [0.75, 0.95]", least=0.75, most=0.95),
            Criterion("forecast_log_rmse", "1915-1920 from 1900-1914: log-RMSE <= 0.40", most=0.40),
        ),
    ),
}


class Interval(NamedTuple):
    """A share with its 95 % Wilson interval."""

    share: float
    low: float
    high: float


def wilson(successes: int, count: int, z: float = 1.959964) -> Interval:
    """Wilson's score interval of a proportion (E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212)."""
    if count == 0:
        return Interval(math.nan, 0.0, 1.0)
    share = successes / count
    scale = 1.0 + z * z / count
    centre = (share + z * z / (2 * count)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def fingerprint() -> str:
    """A short hash of the package's source and data: runs of other code are not counted."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "universalde").rglob("*")):
        if path.suffix in (".py", ".csv"):
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def one_run(module: str, seed: int) -> dict[str, Any]:
    """Metrics of one seed; a run that raises is a run that met nothing, and is counted."""
    import jax

    jax.config.update("jax_enable_x64", True)
    try:
        metrics = importlib.import_module(module).run(seed)
        return {"seed": seed, **{key: float(value) for key, value in metrics.items()}}
    except Exception as error:
        return {"seed": seed, "error": f"{type(error).__name__}: {error}"[:300]}


def stored_runs(name: str) -> list[dict[str, Any]]:
    """Runs stored so far, one JSON object on each line."""
    path = STORE / f"recovery-{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf8").splitlines()] if path.exists() else []


def measure(name: str, seeds: int | None, say: Callable[[str], None], workers: int = 2) -> bool:
    """Run the seeds that are not stored yet; False, said aloud, when the case is not there."""
    case = CASES[name]
    package, _, _ = case.module.rpartition(".")
    if importlib.util.find_spec(package) is None or importlib.util.find_spec(case.module) is None:
        say(f"SKIPPED recovery of {name}: there is no module {case.module}")
        return False
    if not hasattr(importlib.import_module(case.module), "run"):
        say(f"SKIPPED recovery of {name}: {case.module} has no `run`")
        return False
    code, stored = fingerprint(), stored_runs(name)
    kept = [run for run in stored if run["code"] == code]
    if len(kept) < len(stored):
        say(f"{name}: {len(stored) - len(kept)} stored runs are of other source code and are dropped")
    done = {run["seed"] for run in kept}
    wanted = [seed for seed in range(seeds or case.seeds) if seed not in done]
    STORE.mkdir(exist_ok=True)
    path = STORE / f"recovery-{name}.jsonl"
    path.write_text("".join(json.dumps(run) + "\n" for run in kept), "utf8")
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(one_run, case.module, seed) for seed in wanted]
        for number_done, future in enumerate(futures, 1):
            with path.open("a", encoding="utf8") as file:
                file.write(json.dumps({"code": code, **future.result()}) + "\n")
            say(f"{name}: {number_done} of {len(wanted)} new runs, {len(done)} stored before")
    return True


def rows(name: str, runs: list[dict[str, Any]]) -> Rows:
    """One row per bar: share of runs that meet it, interval, median and worst of the metric."""
    case = CASES[name]
    table = [["bar", "share of runs", "95 % interval", "median", "worst", "verdict"]]
    verdicts = [[criterion.met(run) for criterion in case.criteria] for run in runs]
    for column, criterion in enumerate(case.criteria):
        values = [run[criterion.metric] for run in runs if criterion.metric in run]
        if not values:
            table.append([criterion.promise, "not reported", "", "", "", "NOT met"])
            continue
        values.sort(key=criterion.badness)
        worst = values[-1]
        met = sum(row[column] is True for row in verdicts)
        table.append([criterion.promise, *_share(met, len(runs), case.share, values[len(values) // 2], worst)])
    everything = sum(all(verdict is True for verdict in row) for row in verdicts)
    table.append(["all of these at once", *_share(everything, len(runs), case.share, None, None)])
    return table


def _share(met: int, count: int, asked: float, middle: float | None, worst: float | None) -> list[str]:
    interval = wilson(met, count)
    verdict = "met" if interval.share >= asked else "NOT met"
    spread = f"{interval.low:.2f} - {interval.high:.2f}"
    return [f"{met} / {count}", spread, number(middle), number(worst), f"{verdict} (asked {asked:.0%})"]


def section(name: str) -> str:
    """The Markdown section of one case."""
    runs = stored_runs(name)
    heading = f"## Recovery: {name}\n\n"
    if not runs:
        return heading + f"Not measured yet: `python -m bench recovery-{name}`.\n"
    raised = [run for run in runs if "error" in run]
    said = f"\n\n{len(raised)} runs raised; the first: {raised[0]['error']}" if raised else ""
    return heading + f"{len(runs)} seeds, source {runs[0]['code']}.{said}\n\n{as_markdown(rows(name, runs))}\n"


def text(name: str) -> str:
    """The table for the terminal."""
    runs = stored_runs(name)
    return as_text(rows(name, runs)) if runs else f"no runs of {name} are stored"
