"""A fit on disk: one file with a line of JSON and the arrays, replaced atomically."""

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

__all__ = ["Saved", "fingerprint", "read_arrays", "read_header", "write"]

_FORMAT = 2


class Saved(NamedTuple):
    """The part of a checkpoint that is not arrays."""

    fingerprint: dict
    stage: int
    rows: int
    seconds: float
    finished: bool
    returns_pair: bool
    results: list


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]


def _text(value: Any) -> bytes:
    """A description without the memory addresses of functions, which differ from process to process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value)).encode()


def _values(tree: Any) -> list[bytes]:
    leaves = jax.tree.leaves(tree)
    return [np.asarray(x).tobytes() if isinstance(x, np.ndarray | jax.Array) else _text(x) for x in leaves]


def _shapes(tree: Any) -> bytes:
    return _text([(x.shape, str(x.dtype)) if hasattr(x, "dtype") else type(x).__name__ for x in jax.tree.leaves(tree)])


def fingerprint(params: Any, stages: tuple, settings: Any, args: Any) -> dict[str, str]:
    """What must be the same for a fit to be continued: each part as a short digest."""
    return {
        "parameter structure": _digest(_text(jax.tree.structure(params)), _shapes(params)),
        "stages": _digest(_text(stages)),
        "settings": _digest(_text(settings)),
        "starting values": _digest(*_values(params)),
        "args": _digest(_text(jax.tree.structure(args)), _shapes(args), *_values(args)),
    }


def write(path: Path, saved: Saved, arrays: Any) -> None:
    """Write beside the file and rename, so that a crash leaves the old checkpoint or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps({"format": _FORMAT, **saved._asdict()}).encode() + b"\n")
            eqx.tree_serialise_leaves(file, arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_header(path: Path, expected: dict[str, str]) -> Saved | None:
    """The header of a checkpoint, None when there is no file; ``ValueError`` when it belongs to another fit."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        line = file.readline()
    try:
        header = json.loads(line)
        found = header.pop("format")
        saved = Saved(**header)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a checkpoint of fit; delete it or give checkpoint= another path.") from error
    other = [name for name, digest in expected.items() if saved.fingerprint.get(name) != digest]
    if found != _FORMAT or other:
        what = " and other ".join(other) or "an older format"
        raise ValueError(
            f"{path} is the checkpoint of another fit, with other {what}; delete it to start afresh, give checkpoint= "
            "another path, or start from the params of the earlier result."
        )
    return saved


def read_arrays(path: Path, like: Any) -> Any:
    """The arrays of a checkpoint, shaped like ``like``."""
    with path.open("rb") as file:
        file.readline()
        try:
            return eqx.tree_deserialise_leaves(file, like)
        except Exception as error:
            raise ValueError(f"{path} is damaged ({error}); delete it to start the fit afresh.") from error
