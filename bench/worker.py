"""One entry in a process of its own: prepares, makes the first calls, then times a round whenever the parent asks.

Started as `python -m bench.worker BENCHMARK ENTRY STARTED`, where STARTED is the parent's clock at that moment.
"""

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.contract import Entry, Prepared

HEADERS = ("/usr/include", "/usr/local/include")
ROUND_SECONDS = 0.05  # a round repeats a short call for at least this long


def missing(needs: tuple[str, ...]) -> str | None:
    """The sentence for the first need that is not there, else None."""
    for need in needs:
        module, _, name = need.partition(":")
        if module == "header":
            if not any((Path(folder) / name).exists() for folder in HEADERS):
                return f"{name} is not installed (Debian: libsundials-dev)"
            continue
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed"
        if name and not hasattr(importlib.import_module(module), name):
            return f"{module} has no `{name}`"
    return None


def repeats_for(call: Callable[[], Any]) -> int:
    """How often a call is repeated in one round."""
    start = time.perf_counter()
    call()
    return max(1, int(ROUND_SECONDS / max(time.perf_counter() - start, 1e-9)))


def timed_round(calls: Mapping[str, Callable[[], Any]], repeats: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Mean milliseconds of each call in this round: on the clock, and of processor time in all threads."""
    times = {}
    for name, call in calls.items():
        call()  # this process has waited for the others: its first call finds cold caches
        start, processor = time.perf_counter(), time.process_time()
        for _ in range(repeats[name]):
            call()
        scale = 1e3 / repeats[name]
        elapsed, used = time.perf_counter() - start, time.process_time() - processor
        times[name] = {"ms": elapsed * scale, "processor_ms": used * scale}
    return times


def first_calls(prepared: Prepared, ready: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answers of the first calls, and what the cold start took."""
    answers, first = {}, {}
    for name, call in prepared.calls.items():
        start = time.perf_counter()
        answers[name] = call()
        first[name] = time.perf_counter() - start
    return answers, {"ready_s": ready, "first_s": first}


def serve(entry: Entry, started: float, say: Callable[[dict[str, Any]], None]) -> None:
    """Answer the parent's lines: `facts`, `round`, and anything else ends the process."""
    reason = missing(entry.needs)
    if reason:
        return say({"skipped": reason})
    prepared = entry.prepare()
    answers, cold = first_calls(prepared, time.time() - started)
    say({"cold": cold})
    repeats: dict[str, int] = {}
    for line in sys.stdin:
        if line.strip() == "facts":
            say({"facts": prepared.facts(answers)})
        elif line.strip() == "round":
            repeats = repeats or {name: repeats_for(call) for name, call in prepared.calls.items()}
            say({"round": timed_round(prepared.calls, repeats)})
        else:
            return None


def main() -> None:
    """Run the named entry; standard output carries the protocol only, prints of libraries go to standard error."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    from bench.registry import find

    benchmark, wanted, started = sys.argv[1:4]
    entry = next(entry for entry in find(benchmark).entries if entry.name == wanted)
    try:
        serve(entry, float(started), say)
    except Exception as error:
        say({"failed": f"{type(error).__name__}: {error}"[:500]})
        raise


if __name__ == "__main__":
    main()
