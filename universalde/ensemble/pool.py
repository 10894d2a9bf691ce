"""Threads: JAX lets go of Python's lock while a compiled function runs, so each thread keeps a core busy."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax

__all__ = ["cores", "in_order"]


def cores() -> int:
    """How many threads: one per core that this process may use, and one where an accelerator does the work."""
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[int], Any], count: int, threads: int) -> Iterator[Any]:
    """``work(0) … work(count - 1)``, computed in threads and given back in order; few results wait at a time."""
    if threads == 1 or count == 1:
        yield from map(work, range(count))
        return
    double = jax.config.jax_enable_x64  # a setting that each thread has for itself

    def with_settings(number: int) -> Any:
        with jax.enable_x64(double):
            return work(number)

    with ThreadPoolExecutor(min(threads, count)) as pool:
        waiting: deque = deque()
        try:
            for number in range(count):
                waiting.append(pool.submit(with_settings, number))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
