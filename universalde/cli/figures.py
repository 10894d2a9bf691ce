"""The figures of a report, for any study."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from universalde.cli import panels
from universalde.cli.errors import Paths, View
from universalde.cli.style import grid, legend, settings
from universalde.study import Result

__all__ = ["Picture", "overview", "pictures"]

_WIDTH = 8.6  # inches, the width of the page


class Picture(NamedTuple):
    """A figure with what the reader has to know about it."""

    name: str
    title: str
    caption: str
    figure: Figure


def pictures(shown: View) -> list[Picture]:
    """All figures, in the order of the report."""
    result, along = shown.result, shown.along
    with settings():
        return [
            fit_picture(result, along),
            term_picture(result),
            forecast_picture(result),
            *unmeasured_picture(result),
            *earlier_picture(result),
            *portrait_picture(result),
            training_picture(result),
        ]


def fit_picture(result: Result, along: Paths) -> Picture:
    """Data, trained model and equation over the training window."""
    entries = result.study.observed
    rows, columns = _layout(len(entries), 3)
    figure, axes = grid(2 * rows, columns, _WIDTH, 0.45 + 3.4 * rows, height_ratios=(2.2, 1) * rows)
    upper = [ax for row in axes[0::2] for ax in row]
    lower = [ax for row in axes[1::2] for ax in row]
    for above, below, entry in zip(upper, lower, entries, strict=False):
        panels.fit(above, result, along, entry)
        panels.residuals(below, result, along, entry)
        above.set_xlabel("")
    _hide(upper[len(entries) :] + lower[len(entries) :])
    legend(figure, upper)
    caption = (
        "What was measured (circles), the model with the trained network in the place of the unknown term, and the "
        "model with the recovered equation in its place. Below: what either leaves over."
    )
    return Picture("fit", "Data and fit", caption, figure)


def term_picture(result: Result) -> Picture:
    """The unknown term: learned, recovered, and true where that is known."""
    names = result.study.output_names
    figure, axes = grid(len(names), 2, _WIDTH, 0.45 + 2.5 * len(names), width_ratios=(1.7, 1))
    for output, (left, right) in enumerate(axes):
        panels.term(left, result, output)
        panels.learned_against_true(right, result, output)
    legend(figure, [ax for ax, _ in axes])
    known = result.study.truth is not None
    seen = ", ".join(result.study.input_names)
    caption = (
        f"The unknown term along the fitted path; it sees {seen}. Left: over time. Right: the network's answer against "
        + ("the truth, which no step of the method saw." if known else "the equation; the truth is not known.")
    )
    return Picture("missing-term", "The missing term", caption, figure)


def forecast_picture(result: Result) -> Picture:
    """The measured states over the whole horizon."""
    return _forecasts(result, result.study.observed, "extrapolation", "Extrapolation")


def unmeasured_picture(result: Result) -> list[Picture]:
    """States that were never measured, if there are any."""
    rest = tuple(k for k in range(len(result.study.state_names)) if k not in result.study.observed)
    return [_forecasts(result, rest, "unmeasured", "States that were not measured")] if rest else []


def earlier_picture(result: Result) -> list[Picture]:
    """What the run on less data foretells of the data it has not seen."""
    earlier = result.earlier
    if earlier is None:
        return []
    title = f"Extrapolation from the data up to {earlier.study.ts[-1]:g} alone"
    return [_forecasts(earlier, earlier.study.observed, "earlier", title)]


def portrait_picture(result: Result) -> list[Picture]:
    """The phase plane, for two states that were both measured."""
    study = result.study
    if len(study.state_names) != 2 or len(study.observed) != 2:
        return []
    figure, axes = grid(1, 1, 4.6, 4.2)
    panels.portrait(axes[0][0], result, (0, 1))
    legend(figure, axes[0])
    caption = "The same forecast in the plane of both states, and the part of it in which the data lie."
    return [Picture("portrait", "Phase plane", caption, figure)]


def training_picture(result: Result) -> Picture:
    """How training went, and between which equations the data chose."""
    figure, axes = grid(1, 2, _WIDTH, 3.3, width_ratios=(1.5, 1))
    left, right = axes[0]
    panels.history(left, result)
    panels.choice(right, result)
    for ax in (left, right):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False, ncols=1, borderaxespad=0.2)
    caption = (
        "Left: the loss at every iteration; stages with short solves have a loss of their own. Right: every equation "
        "that was fitted to the measurements, by size and misfit."
    )
    return Picture("training", "Training and choice", caption, figure)


def overview(shown: View) -> Figure:
    """The whole story in one row of panels: data, missing term, extrapolation (of the first two states)."""
    with settings():
        return _overview(shown.result, shown.along)


def _overview(result: Result, along: Paths) -> Figure:
    study = result.study
    entries = study.observed[:2]
    figure, axes = grid(len(entries), 3, 10.5, 0.5 + 2.1 * len(entries), width_ratios=(1, 1, 2.2))
    for row, (ax, entry) in enumerate(zip(axes, entries, strict=True)):
        panels.fit(ax[0], result, along, entry)
        if row < len(study.output_names):
            panels.term(ax[1], result, row)
        else:
            _hide([ax[1]])
        panels.forecast(ax[2], result, entry)
    for ax, title in zip(axes[0], ("data and fit", "unknown term, learned", "extrapolation"), strict=True):
        ax.set_title(title, loc="left")
    legend(figure, [ax for row in axes for ax in row])
    return figure


def _forecasts(result: Result, entries: tuple[int, ...], name: str, title: str) -> Picture:
    rows, columns = _layout(len(entries), 1 if len(entries) <= 3 else 2)
    figure, axes = grid(rows, columns, _WIDTH, 0.45 + (2.0 if columns == 1 else 2.2) * rows)
    flat = [ax for row in axes for ax in row]
    for ax, entry in zip(flat, entries, strict=False):
        panels.forecast(ax, result, entry)
    _hide(flat[len(entries) :])
    legend(figure, flat)
    ahead, study = result.forecast, result.study
    caption = (
        f"The shaded window, up to {study.ts[-1]:g}, is all that training saw; the curves run to {ahead.times[-1]:g}."
    )
    if ahead.truth is not None and np.isfinite(ahead.truth).all():
        caption += " The grey band is the truth."
    if any(_leaves(ax) for ax in flat[: len(entries)]):
        caption += " A curve that leaves the frame is far off there."
    return Picture(name, title, caption, figure)


def _leaves(ax: Axes) -> bool:
    """Whether a curve goes beyond the frame."""
    low, high = ax.get_ylim()
    drawn = [np.asarray(line.get_ydata(), float) for line in ax.lines]
    return any(np.any((values < low) | (values > high)) for values in drawn)


def _layout(count: int, columns: int) -> tuple[int, int]:
    columns = min(count, columns)
    return -(-count // columns), columns


def _hide(axes: list) -> None:
    for ax in axes:
        ax.set_axis_off()
