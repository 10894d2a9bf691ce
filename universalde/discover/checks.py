"""Checks of what is given to `discover`, with a sentence for each thing that can be wrong."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from universalde.discover.library import Library


class Rows(NamedTuple):
    """Checked float64 data: `inputs` (m, d), `targets` (m, o), `weights` (m,)."""

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    outputs: tuple[str, ...]
    notes: tuple[str, ...]


def check_rows(
    inputs: object,
    targets: object,
    library: Library,
    weights: object,
    drop_missing: bool,
    outputs: Sequence[str] | None,
) -> Rows:
    """Arrays of the right shape without missing values, or a `ValueError` that says what to write instead."""
    x, y = _matrix("inputs", inputs), _matrix("targets", targets)
    if x.shape[0] != y.shape[0]:
        raise ValueError(
            f"There are {x.shape[0]} rows of inputs but {y.shape[0]} rows of targets; give one target per input."
        )
    if x.shape[1] != len(library.names):
        raise ValueError(
            f"The inputs have {x.shape[1]} columns but the library has the {len(library.names)} variables "
            f"{', '.join(library.names)}. Give one column per name, in that order."
        )
    w = np.ones(x.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (x.shape[0],) or not np.all(np.isfinite(w) & (w >= 0)) or not np.any(w > 0):
        raise ValueError(
            f"The weights have shape {w.shape}; accepted are {x.shape[0]} finite numbers, "
            "none negative and not all zero."
        )
    names = tuple(outputs) if outputs is not None else tuple(f"F{i + 1}" for i in range(y.shape[1]))
    if len(names) != y.shape[1]:
        raise ValueError(f"{len(names)} output names were given for {y.shape[1]} target columns.")
    good = np.all(np.isfinite(x), axis=1) & np.all(np.isfinite(y), axis=1)
    notes = _missing(good, drop_missing)
    x, y, w = x[good], y[good], w[good]
    if x.shape[0] < len(library):
        raise ValueError(
            f"{x.shape[0]} rows cannot decide among {len(library)} candidates. "
            "Evaluate the learned term at more points, or offer fewer candidates."
        )
    return Rows(x, y, w, names, (*notes, *_zeros(y, names)))


def check_theta(theta: np.ndarray, library: Library, inputs: np.ndarray) -> None:
    """Refuse candidates that are infinite or undefined on the inputs."""
    bad = ~np.isfinite(theta)
    if np.any(bad):
        j = int(np.argmax(np.any(bad, axis=0)))
        i = int(np.argmax(bad[:, j]))
        where = ", ".join(f"{n} = {v:.4g}" for n, v in zip(library.names, inputs[i], strict=True))
        raise ValueError(
            f"The candidate {library.labels[j]} is not finite at {int(np.sum(bad[:, j]))} of {theta.shape[0]} rows, "
            f"first at {where}. Leave this candidate out, or those rows."
        )


def _matrix(name: str, values: object) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"The {name} have type {array.dtype}; accepted are real numbers.")
    array = array.astype(np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"The {name} have shape {np.shape(values)}; accepted is (rows, columns) with at least one of each."
        )
    return array


def _missing(good: np.ndarray, drop_missing: bool) -> list[str]:
    lost = int(np.sum(~good))
    if lost and not drop_missing:
        raise ValueError(
            f"{lost} of {len(good)} rows contain NaN or inf, first row {int(np.argmin(good))}. "
            "Remove them, or write drop_missing=True to leave them out."
        )
    return [f"{lost} of {len(good)} rows contained NaN or inf and were left out."] if lost else []


def _zeros(targets: np.ndarray, names: tuple[str, ...]) -> list[str]:
    silent = [name for j, name in enumerate(names) if not np.any(targets[:, j])]
    if targets.shape[0] and len(silent) == len(names):
        raise ValueError(
            "The targets are zero at every row, so there is no equation to find. Check what was passed as targets."
        )
    return [f"{name} is zero at every row: its equation is 0." for name in silent]
