"""Results as tables: aligned text for the terminal, Markdown for the page."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.contract import CLOCK, PROCESSOR, Bar, Benchmark, Results

Rows = list[list[str]]


def number(value: float | int | None) -> str:
    """Three figures; whole numbers as they are."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3g}"


def warm_rows(benchmark: Benchmark, results: Results) -> Rows:
    """One row per entry and call: median, least, greatest milliseconds, processor time, then the facts."""
    if benchmark.rows:
        return benchmark.rows(results)
    rows = [["solver", "call", "median ms", "min", "max", "processor ms", *benchmark.facts]]
    for entry in benchmark.entries:
        found = results.get(entry.name, {})
        for call, times in found.get("calls", {}).items():
            facts = [number(found.get("facts", {}).get(fact)) for fact in benchmark.facts]
            spread = [number(times[key]) for key in ("median_ms", "min_ms", "max_ms", "processor_ms")]
            rows.append([entry.name, call, *spread, *facts])
        if not found.get("calls"):
            rows.append([entry.name, absence(found), *[""] * (4 + len(benchmark.facts))])
    return rows


def absence(found: Any) -> str:
    """Why an entry has no times."""
    if "skipped" in found:
        return f"skipped: {found['skipped']}"
    return f"failed: {found.get('failed', 'never run').splitlines()[0][:60]}"


def cold_rows(results: Results) -> Rows:
    """Medians of the cold starts in seconds: until the solver is imported and set up, first call, everything."""
    rows = [["solver", "process, imports, set-up s", "first call s", "total s", "total min", "total max"]]
    for name, found in results.items():
        starts = found.get("cold", [])
        if not starts:
            continue
        first = " + ".join(
            number(float(np.median([start["first_s"][call] for start in starts]))) for call in starts[0]["first_s"]
        )
        totals = [start["total_s"] for start in starts]
        ready = float(np.median([start["ready_s"] for start in starts]))
        ends = [number(float(pick(totals))) for pick in (np.median, min, max)]
        rows.append([name, number(ready), first, *ends])
    return rows


def bar_rows(bars: Sequence[Bar], by_processor: Sequence[Bar]) -> Rows:
    """A bar, what was measured by the clock and by processor time, and whether it is met by the clock."""
    verdict = {True: "met", False: "NOT met", None: ""}
    rows = [["bar", "measured", "by processor time", "verdict"]]
    for bar, other in zip(bars, by_processor, strict=True):
        rows.append([bar.promise, bar.measured, other.measured, verdict[bar.met]])
    return rows


def judged(benchmark: Benchmark, results: Results) -> Rows:
    """The bars of a benchmark on its results."""
    return bar_rows(benchmark.bars(results, CLOCK), benchmark.bars(results, PROCESSOR))


def as_text(rows: Rows) -> str:
    """Columns aligned with spaces, the first row underlined."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * min(len(lines[0]), 120), *lines[1:]])


def as_markdown(rows: Rows) -> str:
    """A Markdown table."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in escaped]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
