"""The commands ``universalde cases`` and ``universalde discover``."""

import difflib
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from universalde.cases import NAMES, summary

__all__ = ["app"]

app = typer.Typer(
    name="universalde", add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="From data and half a model to a readable equation.",
)  # fmt: skip


@app.command("cases")
def list_cases() -> None:
    """List the cases."""
    width = max(map(len, NAMES))
    for name in NAMES:
        typer.echo(f"{name:{width}}  {summary(name)}")


@app.command("discover")
def discover_case(
    case: Annotated[str, typer.Argument(help="The name of a case; `universalde cases` lists them.")],
    seed: Annotated[int, typer.Option(help="Sets the noise (where data are made) and the start of the network.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The folder for report.html and results.json.  [reports/CASE]")
    ] = None,
) -> None:
    """Train the unknown term of CASE, turn it into an equation, extrapolate, and write a report.

    An interrupted run goes on where it stopped when it is called again with the same arguments.
    """
    if case not in NAMES:
        _refuse(f"there is no case {case!r}{_nearest(case)}; the cases are {', '.join(NAMES)}.")
    if seed < 0:
        _refuse(f"--seed {seed} is negative; give a whole number from 0 upwards.")
    from universalde.cli.folder import BadFolder, open_folder

    try:
        folder = open_folder(Path("reports") / case if out is None else out, case, seed)
    except BadFolder as error:
        _refuse(str(error))
    from universalde.cli.discover import discover

    try:
        discover(case, seed, folder)
    except KeyboardInterrupt:
        typer.echo("Interrupted; the same command goes on from here.", err=True)
        raise typer.Exit(130) from None


def _refuse(sentence: str) -> NoReturn:
    """One sentence and exit code 2, as for every wrong use of a command."""
    typer.echo(f"universalde: {sentence}", err=True)
    raise typer.Exit(2)


def _nearest(name: str) -> str:
    close: list[Any] = difflib.get_close_matches(name.lower().replace("_", "-"), NAMES, n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}" if close else ""
