"""The numbers of a run as JSON."""

import json
import math
from typing import Any

import jax
import numpy as np

from universalde.cli.equations import coefficients, latex_lines, text_lines
from universalde.cli.errors import View, notes_of
from universalde.cli.folder import Folder, versions

__all__ = ["record", "to_json"]


def record(shown: View, folder: Folder) -> dict[str, Any]:
    """Everything the report states, for other programs: see the keys.  ``earlier`` is the run on less data, or null."""
    stored = {"identity": folder.identity, "versions": versions(), "device": jax.devices()[0].device_kind}
    return {**stored, **_numbers(shown), "earlier": None if shown.earlier is None else _numbers(shown.earlier)}


def _numbers(shown: View) -> dict[str, Any]:
    result = shown.result
    study, choice, trained = result.study, result.choice, result.trained
    best = choice.by_data.best
    return {
        "case": study.name,
        "title": study.title,
        "seed": result.seed,
        "seconds": result.seconds,
        "training_seconds": sum(fit.seconds for fit in trained.fits),
        "numbers": result.numbers,
        "equations": {
            "text": text_lines(choice.model, 8),
            "latex": latex_lines(choice.model, 8),
            "terms": [row._asdict() for row in coefficients(result)],
            "rates": choice.rates,
            "start": dict(zip(study.state_names, np.asarray(choice.start).tolist(), strict=True)),
            "sse": choice.sse,
            "criterion": choice.by_data.criterion,
            "score": best.score,
        },
        "regression": {"text": text_lines(choice.discovery.model, 8), "score": choice.discovery.score},
        "errors": [row._asdict() for row in shown.errors],
        "rows": [{"quantity": name, "value": value, "note": note} for name, value, note in result.rows],
        "training": {
            "loss": trained.loss,
            "noise_floor": study.noise_floor,
            "failures": sum(fit.failures for fit in trained.fits),
            "stages": [stage._asdict() for fit in trained.fits for stage in fit.stages],
        },
        "candidates": [
            {"equation": text_lines(row.model), "terms": len(row.model.support), "sse": row.sse, "score": row.score}
            for row in choice.by_data.ranking
        ],
        "notes": notes_of(result),
    }  # fmt: skip


def to_json(value: dict[str, Any]) -> str:
    """JSON that every reader accepts: numbers that are not finite become null."""
    return json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray | jax.Array):
        return _plain(np.asarray(value).tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
