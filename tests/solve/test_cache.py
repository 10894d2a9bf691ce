"""A compiled solve that is kept on disk is found again by another process."""

import os
import subprocess
import sys

SCRIPT = """
import jax
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import universalde as ude
for rate in (0.5, 0.7):
    print(ude.solve(ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 2.0), args=rate), ude.Tsit5()).y)
"""


def solve_in_a_process(folder):
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return done.stdout, {path.name for path in folder.iterdir() if path.name.endswith("-cache")}


def test_another_process_compiles_nothing_that_is_on_disk(tmp_path):
    answer, written = solve_in_a_process(tmp_path)
    again, found = solve_in_a_process(tmp_path)
    assert written and found == written
    assert again == answer
