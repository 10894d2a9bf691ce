"""How every figure looks: one palette, one meaning per colour, legends beside the axes and never on the data."""

import base64
import io
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
import sympy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

__all__ = [
    "COMPARISONS",
    "DATA",
    "EQUATION",
    "HELD_OUT",
    "NETWORK",
    "TRUTH",
    "WINDOW",
    "axis_label",
    "data_address",
    "grid",
    "image",
    "latex_name",
    "legend",
    "settings",
]

# Colours of Okabe and Ito, which colour-blind readers tell apart; line styles differ as well, for print in grey.
EQUATION: dict[str, Any] = {"color": "#0072B2", "lw": 2.0, "zorder": 3}
NETWORK: dict[str, Any] = {"color": "#D55E00", "lw": 1.3, "ls": (0, (4, 2)), "zorder": 4}
TRUTH: dict[str, Any] = {"color": "#C4C4C4", "lw": 4.5, "zorder": 2, "solid_capstyle": "round"}
DATA: dict[str, Any] = {"color": "#222222", "ls": "", "marker": "o", "ms": 4.0, "mfc": "white", "mew": 1.0, "zorder": 5}
HELD_OUT: dict[str, Any] = DATA | {"marker": "s", "mfc": "#F0E442"}
COMPARISONS: tuple[dict[str, Any], ...] = (
    {"color": "#CC79A7", "lw": 1.4, "ls": (0, (6, 2, 1, 2)), "zorder": 2.5},
    {"color": "#009E73", "lw": 1.4, "ls": (0, (1, 1.2)), "zorder": 2.5},
    {"color": "#E69F00", "lw": 1.4, "ls": (0, (3, 1, 1, 1, 1, 1)), "zorder": 2.5},
)
WINDOW: dict[str, Any] = {"color": "#56B4E9", "alpha": 0.13, "lw": 0, "zorder": 0}

_SETTINGS = {
    "font.size": 9.5, "axes.labelsize": 9.5, "axes.titlesize": 9.5, "xtick.labelsize": 8.5, "ytick.labelsize": 8.5,
    "legend.fontsize": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#555555",
    "axes.grid": True, "grid.color": "#E6E6E6", "grid.linewidth": 0.6, "axes.axisbelow": True, "axes.linewidth": 0.8,
    "xtick.color": "#333333", "ytick.color": "#333333", "figure.facecolor": "white", "mathtext.fontset": "dejavusans",
    "svg.fonttype": "path", "svg.hashsalt": "universalde", "axes.formatter.limits": (-3, 5), "axes.formatter.use_mathtext": True,
}  # fmt: skip


def settings() -> AbstractContextManager[None]:
    """All drawing happens inside this context, so that nothing is changed for the caller."""
    return matplotlib.rc_context(_SETTINGS)  # pyright: ignore[reportArgumentType]


def grid(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Figure, list[list[Axes]]]:
    """A figure with ``rows`` x ``columns`` axes, sizes in inches.  No window is ever opened: there is no pyplot here."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for ax in axes.flat:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    return figure, [list(row) for row in axes]


def legend(figure: Figure, axes: Iterable[Axes]) -> None:
    """One legend for all axes, above them, as many entries in a row as fit; each label once."""
    entries: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure.legend(
        list(entries.values()), list(entries), loc="outside upper left", frameon=False, handlelength=2.4,
        columnspacing=1.6, ncols=_columns([len(label) for label in entries], 72.0 * figure.get_figwidth()),
    )  # fmt: skip


def _columns(lengths: Sequence[int], width: float) -> int:
    """The most columns whose labels fit into so many points; entries fill one column after the other."""
    for columns in range(len(lengths), 1, -1):
        rows = -(-len(lengths) // columns)
        widest = [max(lengths[k : k + rows]) for k in range(0, len(lengths), rows)]
        if sum(6.0 * length + 52.0 for length in widest) <= width:
            return columns
    return 1


def axis_label(name: str, unit: str = "") -> str:
    """A name as mathematics where it is a name, with its unit in brackets."""
    shown = f"${latex_name(name)}$" if name.isidentifier() else name
    return f"{shown} ({unit})" if unit else shown


def latex_name(name: str) -> str:
    """A symbol in italics, a word upright; anything that is no name stays as it is."""
    if not name.isidentifier():
        return name
    symbol = sympy.latex(sympy.Symbol(name))
    return rf"\mathrm{{{symbol}}}" if symbol.isalpha() and len(symbol) > 2 else symbol


def image(figure: Figure, kind: str = "svg", dpi: int = 160, tight: bool = False) -> bytes:
    """The figure as a file; ``tight`` cuts the page to what is drawn."""
    buffer = io.BytesIO()
    with settings():
        # Without a date two reports of the same numbers are the same.
        figure.savefig(
            buffer, format=kind, dpi=dpi, bbox_inches="tight" if tight else None,
            metadata={"Date": None} if kind == "svg" else None,
        )  # fmt: skip
    return buffer.getvalue()


def data_address(figure: Figure, tight: bool = False) -> str:
    """The figure as a ``data:`` address, which needs no other file and no network."""
    return "data:image/svg+xml;base64," + base64.b64encode(image(figure, tight=tight)).decode()
