"""Work-precision curves of the stiff problems: `python -m bench stiff_pictures` measures, stores and draws them."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bench import machine, page, runner, stiff_library
from bench.contract import Benchmark, Entry, Prepared, Results
from bench.stiff import KINDS, ROWS, SLOW_SECONDS, starts
from bench.stiff_models import MODELS, Model
from bench.stiff_solvers import Prepare, solvers
from universalde.cli import style

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
TOLERANCES = tuple(float(f"1e-{k}") for k in range(2, 11))
LIMIT_SECONDS = 3.0
# Colour and line by the beginning of the name; colours of Okabe and Ito, one for each maker.
COLOURS = {"universalde": "#0072B2", "diffrax": "#D55E00", "SciPy": "#009E73", "CVODE": "#CC79A7", "Numba": "#222222"}
MARKERS = "osD^v<>pPX*"


def curve(model: Any, make: Callable[[], tuple[Prepare, Prepare]], counts: Callable) -> Prepared:
    """One call per tolerance, of one solve or of many; facts: errors, and how many solves a call makes."""
    single, many = make()
    calls, facts = {}, {}
    for tolerance in TOLERANCES:
        call = single(tolerance, starts(model, 1))
        call()
        began = time.perf_counter()
        ends, _ = call()
        took, error = time.perf_counter() - began, model.error(np.asarray(ends)[0])
        if np.isfinite(error):
            quick = took < SLOW_SECONDS and isinstance(model, Model)
            calls[f"{tolerance:g}"] = many(tolerance, starts(model, ROWS)) if quick else call
            facts |= {f"error {tolerance:g}": error, f"solves {tolerance:g}": float(ROWS if quick else 1)}
        if took > LIMIT_SECONDS:
            break
    return Prepared(calls, lambda answers: facts)


def benchmark(model: Any, found: dict) -> Benchmark:
    """Every solver on one model."""
    entries = tuple(
        Entry(name, partial(curve, model, make, counts), needs, KINDS[kind])
        for name, (make, counts, needs, kind) in found.items()
    )
    return Benchmark(f"curves_{model.name}", model.name, "", entries, (), lambda results, by: [], cold_start=False)


def compiled(model: Model) -> dict:
    """SciPy with compiled right-hand sides only, diffrax as installed only."""
    names = {name: made for name, made in solvers(model).items() if not name.startswith("SciPy") or "Numba" in name}
    return {name: made for name, made in names.items() if made[-1] != "flag"}


LIBRARY = tuple(map(stiff_library.FromLibrary, stiff_library.NAMES))
CURVES = {
    made.name: made
    for made in (
        *(benchmark(model, compiled(model)) for model in MODELS),
        *(benchmark(model, stiff_library.solvers(model)) for model in LIBRARY),
    )
}


def points(found: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Errors, and milliseconds of one solve."""
    facts, calls = found.get("facts", {}), found.get("calls", {})
    return [facts[f"error {name}"] for name in calls], [calls[name]["median_ms"] / facts[f"solves {name}"] for name in calls]


def line(solver: str, rank: int) -> dict[str, Any]:
    """Colour by maker; markers and line styles tell the solvers of one maker apart."""
    colour = COLOURS[solver.split()[0]]
    return {
        "color": colour, "marker": MARKERS[rank % len(MARKERS)], "mfc": "white" if rank % 2 else colour, "ms": 4.5, "lw": 1.2,
        "ls": ("-", "--", ":", "-.")[rank % 4], "label": solver,
    }  # fmt: skip


def draw(name: str, results: Results, conditions: Mapping[str, Any]) -> Path:
    """Time over error, one line for each solver that was measured."""
    with style.settings():
        figure = Figure(figsize=(8.4, 4.8), layout="constrained")
        axes = figure.subplots()
        ranks = Counter()
        for solver, found in results.items():
            errors, times = points(found)
            if times:
                axes.loglog(errors, times, **line(solver, ranks[solver.split()[0]]))
                ranks[solver.split()[0]] += 1
        axes.invert_xaxis()
        axes.set(xlabel="greatest relative error at the end", ylabel="time of one solve (ms)", title=name.replace("_", " "))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5, frameon=False)
        said = f"{conditions['date']}; {conditions['machine'].get('processor', '')}; one core"
        axes.annotate(said, (0.0, -0.13), xycoords="axes fraction", fontsize=6.5, color="#777777")
    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"work-precision-{name.replace('_', '-')}.png"
    path.write_bytes(style.image(figure, "png", dpi=130))
    return path


def measure(rounds: int, date: str, say: Callable[[str], None]) -> None:
    """All curves and their pictures, stored one by one."""
    for made in CURVES.values():
        conditions = {"date": date, "machine": machine.description(), "versions": machine.versions()}
        results = runner.run(made, rounds, 0, say)
        page.store(made.name, {**conditions, "results": results})
        say(f"drawn: {draw(made.title, results, conditions)}")


def redraw() -> None:
    """The pictures again from the stored numbers."""
    for made in CURVES.values():
        stored = page.load(made.name)
        if stored:
            draw(made.title, stored["results"], stored)
