"""SciPy's options of stiff methods: the Jacobian, and where it is zero."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..base.numpy_calls import check_trace, on_arrays
from ..linalg.banded import Banded
from ..linalg.diagonal import Diagonal
from ..linalg.structure import Structure
from .arguments import Refused, filled, joined, name_of

__all__ = ["Jacobian", "jacobian_of"]


class Jacobian(NamedTuple):
    """What a problem is told: its Jacobian as a function ``(t, y, varying)`` (``None``: forward mode), and its structure."""

    jac: Callable | None = None
    structure: Structure | None = None


def jacobian_of(options: dict, args: tuple, fixed: tuple, start: tuple) -> Jacobian:
    """The options ``jac``, ``jac_sparsity``, ``lband`` and ``uband`` as a :class:`Jacobian`."""
    jac, sparsity = options.get("jac"), options.get("jac_sparsity")
    bands = [options.get(name) for name in ("lband", "uband")]
    n = start[1].size
    if jac is not None and any(band is not None for band in bands):
        raise Refused(
            "jac together with lband or uband would be a packed matrix (jac[i - j + uband, j]); give jac alone, as an (n, n) matrix, "
            "or lband and uband alone: the band is then found by forward mode. fallback=True has SciPy solve it"
        )
    structure = None
    if any(band is not None for band in bands):
        structure = _banded(*(int(band or 0) for band in bands), n)
    elif jac is None and sparsity is not None:  # SciPy, too, reads it only where no Jacobian is given
        structure = _pattern(sparsity, n)
    return Jacobian(None if jac is None else _function(jac, args, fixed, start), structure)


def _function(jac: Any, args: tuple, fixed: tuple, start: tuple) -> Callable:
    n = start[1].size
    if not callable(jac):
        matrix = _dense(jac, "jac", n).astype(float)
        return lambda t, y, varying: matrix
    traced = on_arrays(jac)

    def given(t: Any, y: Any, varying: Any) -> Any:
        return filled(traced(t, y, *joined(varying, fixed)))

    check_trace(lambda t, y, _: _dense(jac(t, y, *args), name_of(jac), n), given, start, name_of(jac))
    return given


def _dense(matrix: Any, name: str, n: int) -> np.ndarray:
    """An array of shape (n, n), also from a sparse matrix."""
    found = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    if found.shape != (n, n):
        raise ValueError(f"{name} has shape {found.shape}; for {n} equations the Jacobian has shape ({n}, {n})")
    return found


def _pattern(sparsity: Any, n: int) -> Structure | None:
    rows, columns = np.nonzero(_dense(sparsity, "jac_sparsity", n))
    away = rows - columns
    return _banded(int(max(away.max(initial=0), 0)), int(max(-away.min(initial=0), 0)), n)


def _banded(lower: int, upper: int, n: int) -> Structure | None:
    """The band, where it leaves out something worth leaving out."""
    if lower == upper == 0:
        return Diagonal()
    return Banded(lower, upper) if lower + upper + 1 < n else None
