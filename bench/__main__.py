"""`python -m bench [names]`: measure, print the tables, store the results, write bench/README.md."""

import argparse
import dataclasses
import datetime

from bench import machine, page, recovery, runner
from bench.contract import Benchmark
from bench.registry import BENCHMARKS
from bench.tables import as_text, cold_rows, judged, warm_rows

PICTURES = "stiff_pictures"
RECOVERIES = {f"recovery-{name}": name for name in recovery.CASES}


def say(line: str) -> None:
    """Progress, at once."""
    print(f"  .. {line}", flush=True)


def now() -> str:
    """The date of a measurement."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def reduced(benchmark: Benchmark, only: list[str]) -> Benchmark:
    """Only the solvers whose names begin so."""
    return dataclasses.replace(benchmark, entries=tuple(e for e in benchmark.entries if e.name.startswith(tuple(only))))


def measure(benchmark: Benchmark, rounds: int, cold: int, stored: bool) -> None:
    """Run one benchmark, print its tables, store its results unless it was reduced."""
    print(f"\n{benchmark.title} ({benchmark.name})", flush=True)
    conditions = {
        "date": now(),
        "machine": machine.description(),
        "versions": machine.versions(),
    }
    results = runner.run(benchmark, rounds, cold, say)
    if stored:
        page.store(benchmark.name, {**conditions, "results": results})
    print("\n" + as_text(warm_rows(benchmark, results)))
    starts = cold_rows(results)
    if len(starts) > 1:
        print("\n" + as_text(starts))
    print("\n" + as_text(judged(benchmark, results)), flush=True)


def arguments() -> argparse.Namespace:
    """What was asked for; every name by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [*BENCHMARKS, *RECOVERIES, PICTURES]
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of: {', '.join(names)}; all when none is given")
    parser.add_argument("--rounds", type=int, default=15, help="warm rounds (default 15)")
    parser.add_argument("--cold", type=int, default=3, help="cold starts of each solver (default 3)")
    parser.add_argument("--seeds", type=int, default=None, help="seeds of a recovery (default: what the case asks for)")
    parser.add_argument("--only", action="append", metavar="SOLVER", help="solvers whose names begin so; nothing is stored")
    parser.add_argument("--page", action="store_true", help="only write bench/README.md from the stored results")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in names]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; write some of: {', '.join(names)}")
    chosen.names = [] if chosen.page else chosen.names or names
    return chosen


def main() -> None:
    """Measure what was asked for, then write the page."""
    chosen = arguments()
    for name in chosen.names:
        if name in BENCHMARKS:
            made = reduced(BENCHMARKS[name], chosen.only) if chosen.only else BENCHMARKS[name]
            measure(made, chosen.rounds, chosen.cold, stored=not chosen.only)
        elif name == PICTURES:
            from bench import stiff_pictures  # draws, so it loads matplotlib

            stiff_pictures.measure(min(chosen.rounds, 5), now(), say)
        elif recovery.measure(RECOVERIES[name], chosen.seeds, say):
            print("\n" + recovery.text(RECOVERIES[name]), flush=True)
    if not chosen.only:
        print(f"\nwritten: {page.write()}")


if __name__ == "__main__":
    main()
