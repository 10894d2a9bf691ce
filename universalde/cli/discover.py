"""The command ``discover`` once its arguments are known to be good."""

import sys

import jax
from rich.console import Console
from rich.table import Table

from universalde.cases import load
from universalde.cli.display import Display
from universalde.cli.equations import text_lines
from universalde.cli.errors import View, notes_of, view
from universalde.cli.folder import Folder, write_file
from universalde.cli.record import record, to_json
from universalde.cli.report import error_table, report
from universalde.study import Result
from universalde.study.run import run

__all__ = ["discover"]

_WIDTH = 110  # columns of a table that goes into a file


def discover(case: str, seed: int, folder: Folder) -> Result:
    """Run a case in float64, print what it found, and write report and numbers into its folder."""
    jax.config.update("jax_enable_x64", True)
    console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    study = load(case, seed)
    console.print(f"[bold]{study.title}[/bold]")
    console.print(f"{_size(study.data.shape)}, seed {seed}, into {folder.path}", style="dim")
    for sentence in folder.news:
        console.print(sentence, markup=False, style="dim")
    display = Display(console)
    result = run(study, seed, folder.checkpoints, progress=display, announce=display.announce)
    display.announce("drawing")
    shown = view(result)
    numbers = to_json(record(shown, folder))
    page = report(shown, folder, numbers)
    write_file(folder.report, page)
    write_file(folder.results, numbers)
    show(console, shown)
    console.print(f"\nReport: {folder.report}   numbers: {folder.results}   ({result.seconds:.0f} s)", markup=False)
    return result


def show(console: Console, shown: View) -> None:
    """The equations, what they are worth, and what the reader has to know."""
    result = shown.result
    console.print("\n[bold]Recovered equation of the unknown term[/bold]")
    _equations(console, result)
    if shown.earlier is not None:
        console.print(f"[bold]From the data up to {shown.earlier.result.study.ts[-1]:g} alone[/bold]")
        _equations(console, shown.earlier.result)
    if result.rows:
        console.print(_table(["quantity", "value", "note"], [list(row) for row in result.rows]))
    console.print(_table(*error_table(shown.errors, result.study.unit)))
    if shown.earlier is not None:
        console.print(f"From the data up to {shown.earlier.result.study.ts[-1]:g} alone:", markup=False)
        console.print(_table(*error_table(shown.earlier.errors, result.study.unit)))
    for note in notes_of(result):
        console.print(f"Note. {note}", markup=False, style="dim")


def _equations(console: Console, result: Result) -> None:
    for line in text_lines(result.choice.model):
        console.print(f"  {line}", markup=False, style="cyan")
    if result.choice.rates:
        rates = ", ".join(f"{name} = {value:.5g}" for name, value in result.choice.rates.items())
        console.print(f"  with {rates}", markup=False)
    console.print()


def _table(heads: list[str], rows: list[list[str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    return table


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} times, {shape[1]} measured quantit{'y' if shape[1] == 1 else 'ies'}"
