"""The parent of the workers: starts one process per entry, asks them for rounds in turn, gathers what they say."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.contract import Benchmark, Entry

ROOT = Path(__file__).resolve().parent.parent
# These would change what is measured, or let a cold start find the compiled program of an earlier one.
REMOVED = ("XLA_FLAGS", "PYTHONDONTWRITEBYTECODE", "JAX_COMPILATION_CACHE_DIR", "NUMBA_CACHE_DIR")


class Worker:
    """A running entry. Every message is one line of JSON."""

    def __init__(self, benchmark: str, entry: Entry):
        environment = {key: value for key, value in os.environ.items() if key not in REMOVED}
        environment |= {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", **entry.environment}
        command = [sys.executable, "-m", "bench.worker", benchmark, entry.name, repr(time.time())]
        self.errors = tempfile.TemporaryFile("w+")
        started = time.perf_counter()
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=self.errors, text=True
        )
        self.first = self._hear()
        self.total = time.perf_counter() - started

    def ask(self, word: str) -> dict[str, Any]:
        """Send one word and wait for the answer."""
        assert self.process.stdin
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"failed": self._last_error()}
        return self._hear()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):  # it has ended by itself
            self.process.communicate("quit\n")
        self.process.wait()
        self.errors.close()

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"failed": self._last_error()}

    def _last_error(self) -> str:
        self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        return lines[-1] if lines else f"the process ended with status {self.process.returncode}"


def cold_starts(benchmark: Benchmark, count: int, say) -> dict[str, list[dict[str, Any]]]:
    """Fresh processes, one at a time and in turn: seconds until ready, of each first call, and in all."""
    starts: dict[str, list[dict[str, Any]]] = {entry.name: [] for entry in benchmark.entries}
    for number in range(count):
        for entry in benchmark.entries:
            say(f"cold start {number + 1} of {count}: {entry.name}")
            worker = Worker(benchmark.name, entry)
            worker.close()
            if "cold" in worker.first:
                starts[entry.name].append({**worker.first["cold"], "total_s": worker.total})
    return starts


def run(benchmark: Benchmark, rounds: int, cold: int, say) -> dict[str, Any]:
    """Cold starts, then warm rounds taken in turn, so that a slow spell of the machine meets every entry alike."""
    starts = cold_starts(benchmark, cold if benchmark.cold_start else 0, say)
    workers: dict[str, Worker] = {}
    results: dict[str, Any] = {}
    for entry in benchmark.entries:
        say(f"starting {entry.name}")
        worker = Worker(benchmark.name, entry)
        if "cold" not in worker.first:
            results[entry.name] = worker.first
            say(f"SKIPPED {entry.name}: {worker.first}")
            worker.close()
            continue
        facts = worker.ask("facts")
        results[entry.name] = {"cold": starts[entry.name], **facts}
        if "failed" in facts:
            say(f"FAILED {entry.name}: {facts['failed']}")
            worker.close()
            continue
        workers[entry.name] = worker
    taken = warm_rounds(workers, rounds, say)
    for name, worker in workers.items():
        worker.close()
        results[name]["calls"] = summary(taken[name])
    return results


def warm_rounds(workers: dict[str, Worker], count: int, say) -> dict[str, list[dict[str, Any]]]:
    """One round of every worker, then the next."""
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in workers}
    for number in range(count):
        say(f"round {number + 1} of {count}")
        for name, worker in workers.items():
            answer = worker.ask("round")
            if "round" in answer:
                taken[name].append(answer["round"])
            else:
                say(f"FAILED {name}: {answer}")
    return taken


def summary(rounds: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Least, median and greatest of the rounds of each call, and the median processor time, in milliseconds."""
    found = {}
    for name in rounds[0] if rounds else ():
        times = [round_[name]["ms"] for round_ in rounds]
        used = statistics.median(round_[name]["processor_ms"] for round_ in rounds)
        found[name] = {
            "min_ms": min(times),
            "median_ms": statistics.median(times),
            "max_ms": max(times),
            "processor_ms": used,
            "rounds": len(times),
        }
    return found
