"""Finished chunks of an ensemble on disk: a folder with a description and one file per chunk."""

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import jax
import jax.numpy as jnp
import numpy as np

from ..border import Border
from ..loop.integrate import integrate
from ..loop.observe import with_end
from .result import Part

__all__ = ["NoStore", "Store", "fingerprint"]

_DESCRIPTION = "ensemble.json"
_FORMAT = b"2"  # of a chunk: names of its arrays


class NoStore:
    """Nothing is kept."""

    def load(self, number: int) -> Part | None:
        """There is nothing."""

    def save(self, number: int, part: Part) -> None:
        """Nothing."""


class Store:
    """The chunks that were finished, of this run or of an earlier one with the same inputs."""

    def __init__(self, path: Any, expected: dict[str, str]):
        self.path = Path(path)
        description = self.path / _DESCRIPTION
        if description.exists():
            _check_same(self.path, json.loads(description.read_text("utf8")), expected)
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise ValueError(f"checkpoint = {str(path)!r} holds something else; give a new or empty folder")
        self.path.mkdir(parents=True, exist_ok=True)
        _replace(description, lambda file: file.write(json.dumps(expected, indent=1).encode()))

    def _file(self, number: int) -> Path:
        return self.path / f"chunk-{number:06d}.npz"

    def load(self, number: int) -> Part | None:
        """The chunk, ``None`` when it was not finished."""
        if not self._file(number).exists():
            return None
        try:
            with np.load(self._file(number)) as arrays:
                return Part(arrays)
        except (BadZipFile, ValueError, OSError, EOFError) as error:
            raise ValueError(f"{self._file(number)} is damaged ({error}); delete it to have it computed again") from error

    def save(self, number: int, part: Part) -> None:
        """Keep a finished chunk."""
        _replace(self._file(number), lambda file: np.savez(file, **part))


def _replace(path: Path, write: Any) -> None:
    """Write beside the file and rename: after a crash it is there whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _check_same(path: Path, found: dict, expected: dict[str, str]) -> None:
    other = [name for name, digest in expected.items() if found.get(name) != digest]
    if other:
        raise ValueError(
            f"the checkpoint {path} belongs to another ensemble, with other {' and other '.join(other)}; delete it to start "
            "afresh, or give checkpoint= another path"
        )


def fingerprint(call: Border, over: list, change: Any, cut: tuple) -> dict[str, str]:
    """What must be the same for an ensemble to go on, each part as a short digest.

    Functions are compared by the program that JAX traces from them, not by their text; ``change`` is that of the user's.
    """

    def run(operands: Any) -> Any:
        return with_end(call.program, operands, integrate(call.program, operands))

    traced = jax.make_jaxpr(run)(call.operands)
    return {
        "problem, method or step control": _digest(_text(traced.jaxpr), *_values(traced.consts)),
        "numbers in the problem or options": _digest(*_values(jax.tree.leaves(call.operands))),
        "rows in over": _digest(*_values(over)),
        "change": _digest(*([] if change is None else [_text(change.jaxpr), *_values(change.consts)])),
        "chunks": _digest(_text(cut), _FORMAT),
    }


def _text(value: Any) -> bytes:
    """Without the addresses of functions, which differ from process to process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value)).encode()


def _values(leaves: Any) -> list[bytes]:
    found = []
    for leaf in leaves:
        keys = hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        array = np.asarray(jax.random.key_data(leaf) if keys else leaf)
        found += [f"{array.dtype}{array.shape}".encode(), array.tobytes() if array.dtype != object else _text(leaf)]
    return found


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]
