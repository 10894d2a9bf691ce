"""CVODE in C on a model: compiled at first use, called through ctypes."""

import ctypes
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.stiff_code import FOLDER, c_code, written
from bench.stiff_models import Model

SOURCE = Path(__file__).parent / "cvode" / "cvode.c"
FLAGS = ("-O3", "-march=native", "-fPIC", "-shared")
LIBRARIES = ("-lsundials_cvode", "-lsundials_nvecserial", "-lm")
COUNTS = ("steps", "rhs", "jacobians", "factorisations", "iterations", "rejected")


def library(code: str, defines: tuple[str, ...]) -> Path:
    """The shared library of a model's code; its name follows from everything it is made of."""
    header = written(code, ".h")
    key = hashlib.sha256((code + SOURCE.read_text("utf8") + str((FLAGS, defines))).encode()).hexdigest()[:16]
    path = FOLDER / f"cvode_{key}.so"
    if not path.exists():
        compiler = shutil.which("gcc") or shutil.which("cc")
        if not compiler:
            raise RuntimeError("no C compiler; install gcc")
        names = [f'-DMODEL="{header}"', *(f"-D{name}" for name in defines)]
        subprocess.run([compiler, *FLAGS, *names, str(SOURCE), "-o", str(path), *LIBRARIES], check=True)
    return path


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    """Where an array's numbers lie."""
    return ctypes.c_void_p(array.ctypes.data)


def cvode(model: Model, defines: tuple[str, ...] = ()) -> Callable[[float, np.ndarray], Callable[[], tuple[np.ndarray, np.ndarray]]]:
    """``prepare(rtol, starts)`` gives a call without arguments that solves from every row: (ends, counts of the last)."""
    loaded = ctypes.CDLL(str(library(c_code(model), defines)))
    loaded.create.restype = ctypes.c_void_p
    memory = ctypes.c_void_p(loaded.create())
    if not memory:
        raise RuntimeError("CVODE could not be set up")

    def prepare(rtol: float, starts: np.ndarray) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
        starts, atol = np.ascontiguousarray(starts, float), model.tolerances(rtol)
        ends, counts = np.empty_like(starts), np.zeros(6, np.int64)
        arguments = (
            memory, ctypes.c_double(rtol), pointer(atol), ctypes.c_long(len(starts)), pointer(starts), pointer(ends), pointer(counts),
        )  # fmt: skip

        def call() -> tuple[np.ndarray, np.ndarray]:
            if loaded.solve_many(*arguments):
                ends[:] = np.nan
            return ends, counts

        call.keep = (starts, atol)  # type: ignore[attr-defined]  # ctypes does not hold them
        return call

    return prepare
