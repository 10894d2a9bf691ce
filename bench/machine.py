"""What the numbers were measured on."""

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = (
    "jax", "jaxlib", "equinox", "optax", "diffrax", "optimistix", "numpy", "scipy", "numba", "scikit-sundae",
    "torch", "torchdiffeq", "gradsolve",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Installed versions of the package and its peers; a missing one is said to be missing."""
    found = {"python": platform.python_version()}
    for name in ("universalde", *PACKAGES):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def description() -> dict[str, str]:
    """Processor, cores, how busy the machine was, system."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": processor(),
        "cores": str(cores),
        "load when it began": f"{load:.1f}",
        "system": f"{platform.system()} {platform.release()}",
    }
