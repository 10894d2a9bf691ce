"""What a running command shows: steps as lines, training as a bar in a terminal and as a line now and then elsewhere."""

import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from universalde.learn.progress import Report

__all__ = ["Display"]

_SECONDS_BETWEEN_LINES = 2.0


class Display:
    """The ``progress`` of ``fit`` and the ``announce`` of a study.  Without a terminal it prints lines, at most one in
    two seconds and always the last."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bar: Progress | None = None
        self._task: Any = None
        self._printed_at = -float("inf")
        self._waiting: Report | None = None

    def announce(self, step: str) -> None:
        """A step begins."""
        self.console.print(f"• {step}", markup=False, highlight=False)

    def show(self, report: Report) -> None:
        """How far a fit is."""
        if self.console.is_terminal:
            self._show_bar(report)
        elif time.perf_counter() - self._printed_at >= _SECONDS_BETWEEN_LINES:
            self._print(report)
        else:
            self._waiting = report

    def close(self) -> None:
        """The fit has ended, or was interrupted."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        if self._waiting is not None:
            self._print(self._waiting)
        self._printed_at = -float("inf")

    def _show_bar(self, report: Report) -> None:
        if self._bar is None:
            self._bar = Progress(
                TextColumn("  {task.description}"), BarColumn(bar_width=30),
                TextColumn("{task.completed:.0f}/{task.total:.0f}"), TextColumn("{task.fields[state]}", markup=False),
                TimeElapsedColumn(), console=self.console,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task(report.stage.split(" ", 1)[-1], total=report.steps, state="")
        self._bar.update(self._task, completed=report.iteration, state=_state(report))

    def _print(self, report: Report) -> None:
        name = report.stage.split(" ", 1)[-1]
        text = f"  {name} {report.iteration}/{report.steps}  {_state(report)}"
        self.console.print(text, markup=False, highlight=False)
        self._printed_at, self._waiting = time.perf_counter(), None


def _state(report: Report) -> str:
    failed = f"  failed solves {report.failures}" if report.failures else ""
    return f"loss {report.loss:.4g}  best {report.best:.4g}{failed}"
