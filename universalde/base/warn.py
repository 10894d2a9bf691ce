"""Warnings that point at the user's line."""

import inspect
import warnings
from pathlib import Path

__all__ = ["warn"]

PACKAGE = str(Path(__file__).parents[1])


def warn(message: str) -> None:
    """Warn, at the line outside this package from which it was called (Python 3.11 cannot skip files by itself)."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)
