"""How long `import universalde` takes on top of `import jax, equinox`, each measurement in a process of its own.

Processor time is measured: on an idle machine it is the time on the clock, on a busy one the clock counts others' work.
"""

import os
import statistics
import subprocess
import sys
from typing import NamedTuple

from tests.source_rules import ROOT

PROGRAM = """
import sys, time
import jax, equinox
before = set(sys.modules)
start = time.process_time()
{statement}
print(time.process_time() - start)
print(*sorted(name for name in set(sys.modules) - before if '.' not in name))
"""


class ImportCost(NamedTuple):
    """What a statement adds to `import jax, equinox`: processor seconds, and the top-level modules it loads."""

    seconds: float
    loaded: frozenset[str]


def import_once(statement: str) -> ImportCost:
    """One measurement in a fresh process."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", PROGRAM.format(statement=statement)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    seconds, loaded = done.stdout.split("\n")[:2]
    return ImportCost(float(seconds), frozenset(loaded.split()))


def import_cost(statement: str, rounds: int = 5) -> ImportCost:
    """Median over fresh processes; one more before them writes the byte code, as an installation does."""
    first = import_once(statement)
    return ImportCost(statistics.median(import_once(statement).seconds for _ in range(rounds)), first.loaded)
