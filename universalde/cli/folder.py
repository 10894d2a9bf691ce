"""The folder of a run: which run it belongs to, where its checkpoints lie, what else is there."""

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

__all__ = ["BadFolder", "Folder", "open_folder", "versions", "write_file"]

_PACKAGES = ("universalde", "jax", "jaxlib", "numpy", "scipy", "equinox", "optax", "sympy", "matplotlib")
_NUMERICAL = ("jax", "jaxlib", "numpy", "scipy", "equinox", "optax", "sympy")
_RESULTS, _REPORT, _CHECKPOINTS = "results.json", "report.html", "checkpoints"


class BadFolder(Exception):
    """The folder cannot be used; the message is a sentence for the user."""


class Folder(NamedTuple):
    """Where a run writes. ``identity`` is what a checkpoint or a report must agree in to belong to this run."""

    path: Path
    checkpoints: Path
    identity: dict[str, str | int]
    news: tuple[str, ...]

    @property
    def results(self) -> Path:
        return self.path / _RESULTS

    @property
    def report(self) -> Path:
        return self.path / _REPORT


def open_folder(out: Path, case: str, seed: int) -> Folder:
    """Make the folder usable for this run and say what was found there.

    Checkpoints lie in a sub-folder named after case, seed and a digest of the source and of the versions of the
    packages, so that a run can only continue its own. A report of another run is removed at once: a report that is
    there always belongs to the last run.

    Raises ``BadFolder`` when ``out`` is a file, cannot be written to, or holds a ``results.json`` of somebody else.
    """
    _check_writable(out)
    identity: dict[str, str | int] = {"case": case, "seed": seed, "source": source_digest()}
    mine = out / _CHECKPOINTS / f"{case}-seed-{seed}-{identity['source']}"
    news = [*_outdated(mine, case, seed), *_earlier_report(out, identity)]
    if any(mine.glob("fit-*.ckpt")):
        done = _identity(out / _RESULTS) == identity
        news.append(
            "This run is finished: its training is taken from the checkpoints, the rest is done again."
            if done
            else "Continues the run that was interrupted here."
        )
    mine.mkdir(parents=True, exist_ok=True)
    return Folder(out, mine, identity, tuple(news))


def source_digest() -> str:
    """A short digest of everything the numbers depend on: source, shipped data, versions of packages and of Python."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(p for kind in ("*.py", "*.csv") for p in root.rglob(kind)):
        if path.parent != root / "cli":  # how a result is shown does not change it
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    found = versions()
    digest.update(json.dumps([found[name] for name in _NUMERICAL] + [found["python"]]).encode())
    return digest.hexdigest()[:12]


def versions() -> dict[str, str]:
    """Of Python, of the machine, and of the packages the numbers come from."""
    return {
        "python": platform.python_version(), "platform": f"{sys.platform} {platform.machine()}",
        **{name: metadata.version(name) for name in _PACKAGES},
    }  # fmt: skip


def write_file(path: Path, content: str) -> None:
    """Write beside the file and rename, so that nobody ever sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    try:
        with os.fdopen(handle, "w", encoding="utf8") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _check_writable(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise BadFolder(f"--out {out} is a file; give a folder, or a name that is not taken.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadFolder(
            f"--out {out} cannot be written to ({reason}); give a folder in which you may write."
        ) from error


def _outdated(mine: Path, case: str, seed: int) -> list[str]:
    """Remove checkpoints of this case and seed that another state of the source has made: they can never be used."""
    old = [p for p in mine.parent.glob(f"{case}-seed-{seed}-*") if p != mine and p.is_dir()]
    began = [p for p in old if any(p.glob("fit-*.ckpt"))]
    for path in old:
        shutil.rmtree(path)
    if not began:
        return []
    return [
        f"The training stored here for {case} with seed {seed} was made by another version of the source or of the "
        "packages; it is removed and training begins afresh."
    ]


def _earlier_report(out: Path, identity: dict[str, str | int]) -> list[str]:
    results = out / _RESULTS
    if not results.exists():
        return []
    other = _identity(results)
    if not other:
        raise BadFolder(f"{results} was not written by universalde; give another --out.")
    if other == identity:
        return []
    results.unlink()
    (out / _REPORT).unlink(missing_ok=True)
    same = other["case"] == identity["case"] and other["seed"] == identity["seed"]
    what = "an earlier version of the source" if same else f"{other['case']} with seed {other['seed']}"
    return [f"The report that was here belonged to {what}; it is removed."]


def _identity(results: Path) -> dict[str, str | int]:
    """The identity stored in a file of results; empty for a file that is not ours."""
    try:
        stored = json.loads(results.read_text("utf8"))["identity"]
        return {"case": stored["case"], "seed": stored["seed"], "source": stored["source"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
