"""The recovered equation for the reader: as text, as LaTeX, and as a drawing that needs neither LaTeX nor a network."""

import re
from typing import Any, NamedTuple

import matplotlib
import sympy
from matplotlib.figure import Figure

from universalde.cli.style import data_address, latex_name
from universalde.discover import SparseModel
from universalde.study import Result

__all__ = ["Coefficient", "coefficients", "drawn", "latex_lines", "readable", "text_lines"]

_TERMS_PER_LINE = 4
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Coefficient(NamedTuple):
    """One term of the equation with the standard error of its refit on the data."""

    output: str
    term: str
    value: float
    standard_error: float


def text_lines(model: SparseModel, digits: int = 5) -> list[str]:
    """``name = right-hand side``, one line per output."""
    return [f"{name} = {e}" for name, e in zip(model.outputs, model.symbolic(digits), strict=True)]


def latex_lines(model: SparseModel, digits: int = 5) -> list[str]:
    """One LaTeX equation per output."""
    pairs = zip(model.outputs, model.symbolic(digits), strict=True)
    return [f"{latex_name(name)} = {sympy.latex(e)}" for name, e in pairs]


def readable(text: str) -> str:
    """``-0.5*x**2*y`` as ``−0.5 x² y``, for a table."""
    raised = re.sub(r"\*\*(\d+)", lambda power: power[1].translate(_RAISED), text)
    return re.sub(r"(?<![\de])-", "−", raised.replace("*", "\u2009"))


def coefficients(result: Result) -> list[Coefficient]:
    """Every number of the equation, as the data determine it."""
    best = result.choice.by_data.best
    errors = [float(error) for error in best.standard_errors]
    return [Coefficient(*row, error) for row, error in zip(best.model.terms(), errors, strict=True)]


def drawn(model: SparseModel, digits: int = 5) -> str:
    """The equations as a ``data:`` address of an SVG, typeset by matplotlib."""
    lines = [line for name, e in zip(model.outputs, model.symbolic(digits), strict=True) for line in _broken(name, e)]
    with matplotlib.rc_context({"mathtext.fontset": "cm", "svg.fonttype": "path"}):
        figure = Figure(figsize=(0.1, 0.1))
        for number, line in enumerate(lines):
            figure.text(0, -5.0 * number, f"${line}$", fontsize=17, va="baseline", ha="left")
        return data_address(figure, tight=True)


def _broken(name: str, expression: Any) -> list[str]:
    """An equation as mathtext, a long one over several lines."""
    terms = expression.as_ordered_terms()
    groups = [terms[k : k + _TERMS_PER_LINE] for k in range(0, len(terms), _TERMS_PER_LINE)]
    lines = []
    for number, group in enumerate(groups):
        start = f"{latex_name(name)} =" if number == 0 else r"\qquad +"
        lines.append(f"{start} {sympy.latex(sympy.Add(*group, evaluate=False))}".replace("+ -", "-"))
    return lines
