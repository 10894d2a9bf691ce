"""bench/README.md, written from the stored results."""

import json
from pathlib import Path
from typing import Any

from bench import recovery
from bench.registry import BENCHMARKS
from bench.tables import as_markdown, cold_rows, judged, warm_rows

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"

INTRODUCTION = """# Measurements

Written by `make bench` (`python -m bench [names]`) from the files in `results/`; not edited by hand.

- Every solver and every XLA setting runs in a process of its own, in float64 on the CPU.
- **Warm** times: after the first call, rounds are taken in turn (one round of every solver, then the next), so that
  a slow spell of the machine meets all alike. A round repeats short calls for about 50 ms. The tables show the median
  round with the least and the greatest, and the median processor time, which a busy machine disturbs less;
  bars are judged on medians of the clock.
- **Cold start**: a fresh process; the time until imports and set-up are done, the first call (trace, compile, solve),
  and the whole from starting the process. Compiled programs are kept nowhere in between.
- CVODE in C is compiled at its first use against SUNDIALS (Debian: `libsundials-dev`); absent peers are skipped aloud.
- While working: `python -m bench stiff_rober --only universalde --only Numba` prints those solvers only and stores nothing.
"""


def store(name: str, content: dict[str, Any]) -> None:
    """Keep the results of one benchmark as JSON."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", "utf8")


def load(name: str) -> dict[str, Any] | None:
    """The stored results of one benchmark."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text("utf8")) if path.exists() else None


def section(name: str) -> str:
    """One benchmark as Markdown: what was measured, bars, warm times, cold starts, machine."""
    benchmark, stored = BENCHMARKS[name], load(name)
    if stored is None:
        return f"## {benchmark.title}\n\n{benchmark.about}\n\nNot measured yet: `python -m bench {name}`.\n"
    results = stored["results"]
    parts = [f"## {benchmark.title}", benchmark.about, as_markdown(judged(benchmark, results))]
    parts.append(as_markdown(warm_rows(benchmark, results)))
    cold = cold_rows(results)
    if len(cold) > 1:
        parts += ["Cold start:", as_markdown(cold)]
    return "\n\n".join([*parts, conditions(stored)]) + "\n"


def conditions(stored: dict[str, Any]) -> str:
    """Machine and versions in one small paragraph."""
    machine = "; ".join(f"{key} {value}" for key, value in stored["machine"].items())
    versions = ", ".join(f"{key} {value}" for key, value in stored["versions"].items())
    return f"<sub>{stored['date']}; {machine}. {versions}.</sub>"


def write() -> Path:
    """Write the page from whatever results are stored."""
    sections = [section(name) for name in BENCHMARKS] + [recovery.section(name) for name in recovery.CASES]
    path = FOLDER / "README.md"
    path.write_text("\n".join([INTRODUCTION, *sections]), "utf8")
    return path
