"""The report: one HTML file that needs no other file and no network."""

import base64
import html
import math
from collections.abc import Iterable, Sequence
from importlib import resources

from universalde.cli.equations import coefficients, drawn, latex_lines, readable, text_lines
from universalde.cli.errors import StateErrors, View, notes_of
from universalde.cli.figures import Picture, pictures
from universalde.cli.folder import Folder, versions
from universalde.cli.style import data_address
from universalde.study import Result

__all__ = ["error_table", "number", "report"]

_CANDIDATES = 12


def report(shown: View, folder: Folder, results_json: str) -> str:
    """The page as text."""
    result = shown.result
    study = result.study
    body = [
        f"<h1>{html.escape(study.title)}</h1>",
        _story(study.story),
        f"<p class='source'>Data: {html.escape(study.source)}</p>",
        _section("The recovered equation", _equation(result)),
        _section("Results", _results(shown)),
        *(_figure(picture, shown.earlier if picture.name == "earlier" else None) for picture in pictures(shown)),
        _section("Candidates", _candidates(result)),
        _section("Regression on the learned term", _regression(result)),
        _section("About this run", _provenance(result, folder, results_json)),
    ]
    style = resources.files("universalde.cli").joinpath("report.css").read_text("utf8")
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        f"<title>{html.escape(study.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def number(value: float, digits: int = 3) -> str:
    """A number for a table; a dash where there is none."""
    if not math.isfinite(value):
        return "no finite value"
    return f"{value:.{digits}g}" if abs(value) < 1e6 else f"{value:.1e}"


def error_table(errors: list[StateErrors], unit: str) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the errors, one row for each state and model; only columns that exist."""
    unit = f" ({unit})" if unit else ""
    heads = {"fit": f"fit{unit}", "held_out": f"held out{unit}", "beyond": "beyond the data"}
    fields = [field for field in heads if any(getattr(row, field) for row in errors)]
    table = []
    for row in errors:
        for model in dict.fromkeys(["equation", "network", *row.beyond]):
            values = [getattr(row, field).get(model) for field in fields]
            shown = ["–" if v is None else _shown(field, v) for field, v in zip(fields, values, strict=True)]
            table.append([row.name, model, *shown])
    return ["state", "model", *(heads[field] for field in fields)], table


def _shown(field: str, value: float) -> str:
    if field != "beyond":
        return number(value)
    return "runs away" if not value < 100 else f"{100 * value:.3g}\u00a0%"


def _story(story: str) -> str:
    """Paragraphs; indented ones are formulas."""
    parts = [part for part in story.strip("\n").split("\n\n") if part.strip()]
    shown = [
        f"<pre>{html.escape(part.strip())}</pre>" if part.startswith(" ") else f"<p>{html.escape(part)}</p>"
        for part in parts
    ]
    return "\n".join(shown)


def _equation(result: Result) -> str:
    model = result.choice.model
    text = "; ".join(text_lines(model))
    latex = " \\\\\n".join(latex_lines(model))
    rows = [
        [row.output, readable(row.term), number(row.value, 6), number(row.standard_error, 2)]
        for row in coefficients(result)
    ]
    rates = [["rate", name, number(value, 6), ""] for name, value in result.choice.rates.items()]
    starts = [] if result.study.start_known else zip(result.study.state_names, result.choice.start, strict=True)
    rates += [["start", name, number(float(value), 6), ""] for name, value in starts]
    return (
        f"<p class='equation'><img alt='{html.escape(text, quote=True)}' src='{drawn(model)}'></p>"
        f"<details><summary>LaTeX</summary><pre>{html.escape(latex)}</pre></details>"
        + _table(["equation", "term", "value", "standard error"], rows + rates)
    )


def _results(shown: View) -> str:
    result, errors = shown.result, shown.errors
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in notes_of(result))
    heads, rows = error_table(errors, result.study.unit)
    parts = [_table(["quantity", "value", "note"], result.rows)] if result.rows else []
    parts.append(_table(heads, rows))
    beyond = any(row.beyond for row in errors)
    held = any(row.held_out for row in errors)
    parts.append(
        "<p class='caption'>Root mean square errors"
        + (
            " against the measurements"
            if not beyond
            else " against the measurements; beyond the data against the truth, in % of its range"
        )
        + ("; held out: measurements that training did not see" if held else "")
        + ".</p>"
    )
    return "\n".join(parts) + (f"<h3>Notes</h3><ul class='notes'>{notes}</ul>" if notes else "")


def _figure(picture: Picture, earlier: View | None = None) -> str:
    """A figure; that of the run on less data with its own equation and errors."""
    before = "" if earlier is None else _equation(earlier.result)
    after = "" if earlier is None else _table(*error_table(earlier.errors, earlier.result.study.unit))
    alt = html.escape(f"{picture.title}. {picture.caption}", quote=True)
    return _section(
        picture.title,
        f"{before}<figure id='{picture.name}'><img alt='{alt}' src='{data_address(picture.figure)}'>"
        f"<figcaption>{html.escape(picture.caption)}</figcaption></figure>{after}",
    )


def _candidates(result: Result) -> str:
    ranking = result.choice.by_data.ranking
    best = min(row.score for row in ranking)
    rows = [
        [
            readable(";  ".join(text_lines(row.model, 4))),
            str(len(row.model.support)),
            number(row.sse, 5),
            number(row.score - best, 3),
        ]
        for row in ranking[:_CANDIDATES]
    ]
    criterion = result.choice.by_data.criterion.upper()
    note = (
        f"<p class='caption'>Every candidate was refitted on the measurements; shown are {len(rows)} of {len(ranking)}, "
        f"the chosen one first. Of those whose {criterion} is within {result.study.margin:g} of the least, the simplest is chosen.</p>"
    )
    return _table(["equation", "terms", "SSE", f"{criterion} − least"], rows, chosen=True) + note


def _regression(result: Result) -> str:
    rows = []
    for table in result.choice.discovery.table:
        for row in table[:5]:
            pairs = zip(row.coefficients, row.terms, strict=True)
            shown = (
                " + ".join(f"{value:.4g}" + f"*{term}" * (term != "1") for value, term in pairs).replace("+ -", "- ")
                or "0"
            )
            errors = [f"{100 * row.error:.2g}\u00a0%", f"{100 * row.test_error:.2g}\u00a0%"]
            rows.append([row.output, readable(shown), *errors])
    note = (
        "<p class='caption'>Sparse regression on what the network answered along the fitted path; errors relative to the "
        "term's root mean square. It proposes; the measurements choose.</p>"
    )
    return _table(["output", "terms", "error", "error on blocks left out"], rows) + note


def _provenance(result: Result, folder: Folder, results_json: str) -> str:
    stages = [
        [stage.name, str(stage.iterations), number(stage.loss, 5), stage.reason, f"{stage.seconds:.1f}"]
        for fit in result.trained.fits
        for stage in fit.stages
    ]
    facts = [["case", result.study.name], ["seed", str(result.seed)], ["source digest", str(folder.identity["source"])]]
    facts.append(
        [
            "seconds",
            f"{result.seconds:.1f} (training {sum(f.seconds for f in result.trained.fits):.1f}, over all interruptions)",
        ]
    )
    facts += [[name, value] for name, value in versions().items()]
    address = "data:application/json;base64," + base64.b64encode(results_json.encode()).decode()
    return (
        _table(["stage", "iterations", "loss", "why it ended", "seconds"], stages)
        + _table(["", ""], facts)
        + f"<p><a download='results.json' href='{address}'>All numbers as JSON</a> (the same as results.json beside this page)</p>"
    )


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{html.escape(title)}</h2>\n{content}\n</section>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], chosen: bool = False) -> str:
    def line(cells: Sequence[str], tag: str, kind: str = "") -> str:
        return f"<tr{kind}>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    body = [line(row, "td", " class='chosen'" if chosen and k == 0 else "") for k, row in enumerate(rows)]
    head = f"<thead>{line(heads, 'th')}</thead>" if any(heads) else ""
    return f"<div class='wide'><table>{head}<tbody>{''.join(body)}</tbody></table></div>"
