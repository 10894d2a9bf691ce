"""The nouns of a benchmark: what an entry prepares, what a benchmark compares, what a bar asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Raises XLA's limit for loops that are emitted as one native kernel, for the whole process; peers are given it too.
WHOLE_LOOP_FLAG = {"XLA_FLAGS": "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=65536"}

Results = Mapping[str, Mapping[str, Any]]


class Prepared(NamedTuple):
    """What a worker times: named calls, and facts (errors, step counts) computed from their answers."""

    calls: Mapping[str, Callable[[], Any]]
    facts: Callable[[Mapping[str, Any]], dict[str, float]]


@dataclass(frozen=True)
class Entry:
    """One solver in one setting, run in a process of its own.

    `needs` are modules, or `module:name`, without which the entry is skipped aloud. `prepare` imports what it uses, so
    that the time of those imports counts towards the cold start.
    """

    name: str
    prepare: Callable[[], Prepared]
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


CLOCK, PROCESSOR = "median_ms", "processor_ms"


class Bar(NamedTuple):
    """A promise and what was measured; `met` is None when an entry it needs was skipped."""

    promise: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class Benchmark:
    """Entries that solve the same problem, the facts shown beside their times, and the bars judged on them."""

    name: str
    title: str
    about: str
    entries: tuple[Entry, ...]
    facts: tuple[str, ...]
    bars: Callable[[Results, str], list[Bar]]
    cold_start: bool = True
    rows: Callable[[Results], list[list[str]]] | None = None  # a table of its own instead of one row per call


def warm_ms(results: Results, entry: str, call: str, by: str = CLOCK) -> float | None:
    """Median warm time of a call in milliseconds, by clock or processor; None when the entry was skipped."""
    found = results.get(entry, {}).get("calls", {}).get(call)
    return found[by] if found else None


def best_ms(results: Results, prefix: str, call: str, by: str = CLOCK) -> float | None:
    """The fastest entry whose name begins so: a peer is judged at its best setting."""
    times = [warm_ms(results, entry, call, by) for entry in results if entry.startswith(prefix)]
    return min((time for time in times if time is not None), default=None)


def ratio_bar(promise: str, numerator: float | None, denominator: float | None, *, least=None, most=None) -> Bar:
    """A bar on a ratio of two times, from below (`least`) or from above (`most`); without either it is only shown."""
    if numerator is None or denominator is None:
        return Bar(promise, "not measured", None)
    ratio = numerator / denominator
    if least is None and most is None:
        return Bar(promise, f"{ratio:.3g}", None)
    met = (least is None or ratio >= least) and (most is None or ratio <= most)
    return Bar(promise, f"{ratio:.3g}", met)
