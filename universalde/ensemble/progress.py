"""What a running ensemble shows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["shown"]


@contextmanager
def shown(progress: Any, total: int) -> Iterator[Any]:
    """A function of (trajectories done, of which failed); a bar appears only in a terminal."""
    if callable(progress):
        yield lambda done, failed: progress(done, total, failed)
        return
    if not isinstance(progress, bool):
        raise TypeError(f"progress = {progress!r}; write True for a bar in a terminal, False, or a function of (done, total, failed)")
    if not progress or not sys.stderr.isatty():
        yield lambda done, failed: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)

        def show(done: int, failed: int) -> None:
            words = f"[yellow]{failed} failed[/yellow]" if failed else ""
            bar.update(task, completed=done, description=words)

        yield show
