"""What a running fit shows: a bar in a terminal, lines, or nothing."""

import sys
from typing import Any, NamedTuple

__all__ = ["Report", "reporter"]


class Report(NamedTuple):
    """Where a fit stands."""

    stage: str
    iteration: int
    steps: int
    loss: float
    best: float
    failures: int


class _Silent:
    def show(self, report: Report) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class _Lines:
    def show(self, report: Report) -> None:
        failed = f"  failed solves {report.failures}" if report.failures else ""
        where = f"{report.stage} {report.iteration}/{report.steps}"
        print(f"{where}  loss {report.loss:.4g}  best {report.best:.4g}{failed}")

    def close(self) -> None:
        """Nothing is open."""


class _Bar:
    def __init__(self, console: Any) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[state]}"), TimeElapsedColumn(), console=console,
        )  # fmt: skip
        self._tasks: dict[str, Any] = {}
        self._bar.start()

    def show(self, report: Report) -> None:
        failed = f"  [yellow]failed solves {report.failures}[/yellow]" if report.failures else ""
        state = f"loss {report.loss:.4g}  best {report.best:.4g}{failed}"
        if report.stage not in self._tasks:
            self._tasks[report.stage] = self._bar.add_task(report.stage, total=report.steps, state=state)
        self._bar.update(self._tasks[report.stage], completed=report.iteration, state=state)

    def close(self) -> None:
        self._bar.stop()


def reporter(progress: Any) -> Any:
    """An object with ``show(report)`` and ``close()``; the bar appears only in a terminal."""
    if hasattr(progress, "show") and hasattr(progress, "close"):
        return progress
    if progress == "lines":
        return _Lines()
    if not isinstance(progress, bool):
        raise ValueError(
            f"progress={progress!r}: write True for a bar in a terminal, 'lines', False, or an object with "
            "show(report) and close()."
        )
    if not progress or not sys.stderr.isatty():
        return _Silent()
    from rich.console import Console

    return _Bar(Console(stderr=True))
