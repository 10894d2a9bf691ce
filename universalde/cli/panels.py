"""What one set of axes can show: a state over the data, a term, a forecast, a phase portrait, a history, a choice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from universalde.cli.errors import Paths, column_of, held_out_rows
from universalde.cli.style import COMPARISONS, DATA, EQUATION, HELD_OUT, NETWORK, TRUTH, WINDOW, axis_label
from universalde.study import Result

__all__ = ["choice", "fit", "forecast", "history", "learned_against_true", "portrait", "residuals", "term"]


def fit(ax: Axes, result: Result, along: Paths, entry: int) -> None:
    """One state over the training window: measurements, the trained model, the equation in its place."""
    study = result.study
    _data(ax, result, entry)
    ax.plot(along.times, along.network[:, entry], label="trained network", **NETWORK)
    ax.plot(along.times, along.equation[:, entry], label="equation", **EQUATION)
    ax.set(xlabel=time_label(result), ylabel=axis_label(study.state_names[entry], study.unit))
    ax.margins(x=0.03, y=0.08)


def residuals(ax: Axes, result: Result, along: Paths, entry: int) -> None:
    """What the fit leaves over: measurement minus model."""
    study = result.study
    seen = study.data[:, study.observed.index(entry)]
    ax.axhline(0.0, color="#888888", lw=0.8, zorder=1)
    small: dict[str, Any] = {"ls": "", "ms": 3.6}
    ax.plot(study.ts, seen - along.equation_at_data[:, entry], **(EQUATION | small | {"marker": "o"}))
    ax.plot(study.ts, seen - along.network_at_data[:, entry], **(NETWORK | small | {"marker": "x"}))
    ax.set(xlabel=time_label(result), ylabel="data − model")
    ax.margins(x=0.03, y=0.15)


def forecast(ax: Axes, result: Result, entry: int) -> None:
    """One state over the whole horizon; the shaded window is all that training saw."""
    study, ahead = result.study, result.forecast
    ax.axvspan(study.ts[0], study.ts[-1], label="training window", **WINDOW)
    shown = [column_of(ahead.equation, result, entry)]
    if ahead.truth is not None:
        ax.plot(ahead.times, ahead.truth[:, entry], label="truth", **TRUTH)
        shown.append(ahead.truth[:, entry])
    for style, (name, values) in zip(_cycle(len(ahead.comparison)), ahead.comparison.items(), strict=True):
        column = column_of(values, result, entry)
        if column is not None:
            ax.plot(ahead.times, column, label=name, **style)
    ax.plot(ahead.times, ahead.network[:, entry], label="trained network", **NETWORK)
    ax.plot(ahead.times, ahead.equation[:, entry], label="equation", **EQUATION)
    spacing = (
        500.0 / (ahead.times[-1] - ahead.times[0]) * np.diff(study.ts).mean()
    )  # in points, on a page of full width
    shown += _data(ax, result, entry, held_out=True, size=float(np.clip(0.8 * spacing, 2.4, 4.0)))
    ax.set(xlabel=time_label(result), ylabel=axis_label(study.state_names[entry], study.unit))
    ax.set_xlim(ahead.times[0], ahead.times[-1])
    others = [column_of(values, result, entry) for values in (ahead.network, *ahead.comparison.values())]
    ax.set_ylim(*_frame(shown, others))


def term(ax: Axes, result: Result, output: int) -> None:
    """One output of the unknown term along the fitted path, over time."""
    trained, study = result.trained, result.study
    if study.truth is not None:
        ax.plot(trained.times, _column(study.truth(trained.inputs), output), label="truth", **TRUTH)
    ax.plot(trained.times, _column(trained.outputs, output), label="trained network", **NETWORK)
    equation = np.asarray(result.choice.model(trained.inputs))
    ax.plot(trained.times, _column(equation, output), label="equation", **EQUATION)
    ax.set(xlabel=time_label(result), ylabel=f"unknown term {axis_label(study.output_names[output])}")
    ax.margins(x=0.03, y=0.08)


def learned_against_true(ax: Axes, result: Result, output: int) -> None:
    """The network's answer against the true term, or against the equation where no truth is known."""
    trained, study = result.trained, result.study
    known = study.truth is not None
    reference = _column(study.truth(trained.inputs) if known else result.choice.model(trained.inputs), output)
    learned = _column(trained.outputs, output)
    low, high = min(reference.min(), learned.min()), max(reference.max(), learned.max())
    ax.plot([low, high], [low, high], color="#888888", lw=1.0, zorder=1)
    ax.plot(reference, learned, ls="", marker=".", ms=4, color=NETWORK["color"], zorder=3)
    error = np.sqrt(np.mean((learned - reference) ** 2) / max(float(np.mean(reference**2)), 1e-300))
    name = axis_label(study.output_names[output])
    ax.set(xlabel=f"{'true' if known else 'equation'} {name}", ylabel=f"learned {name}")
    ax.set_title(f"relative RMS difference {100 * error:.2g} %", loc="left", color="#555555")
    ax.set_aspect("equal", adjustable="datalim")


def portrait(ax: Axes, result: Result, pair: tuple[int, int]) -> None:
    """Two states against one another: where the data lie, and how far the equation goes beyond them."""
    study, ahead = result.study, result.forecast
    first, second = pair
    if ahead.truth is not None:
        ax.plot(ahead.truth[:, first], ahead.truth[:, second], label="truth", **TRUTH)
    ax.plot(ahead.equation[:, first], ahead.equation[:, second], label="equation", **(EQUATION | {"lw": 1.0}))
    columns = [study.observed.index(entry) for entry in pair]
    ax.plot(study.data[:, columns[0]], study.data[:, columns[1]], label="data", **DATA)
    names = [axis_label(study.state_names[entry], study.unit) for entry in pair]
    ax.set(xlabel=names[0], ylabel=names[1])
    drawn = [ahead.equation] if ahead.truth is None else [ahead.truth]
    ax.set_xlim(*_frame([values[:, first] for values in drawn] + [study.data[:, columns[0]]]))
    ax.set_ylim(*_frame([values[:, second] for values in drawn] + [study.data[:, columns[1]]]))


def history(ax: Axes, result: Result) -> None:
    """The loss at every iteration, stage after stage; a stage may have a loss of its own."""
    colours = ("#56B4E9", "#0072B2", "#009E73", "#CC79A7")
    start = 0
    for number, (phase, trained) in enumerate(zip(result.study.phases, result.trained.fits, strict=True)):
        losses = np.asarray(trained.history.loss)
        kind = "one solve" if phase.group_size is None else f"short solves over {phase.group_size} intervals"
        iterations = start + np.arange(len(losses))
        label = f"{type(phase.stage).__name__}, {kind}"
        ax.plot(iterations, losses, color=colours[number % len(colours)], lw=0.9, label=label)
        start += len(losses) - 1
    if result.study.noise_floor is not None:
        ax.axhline(
            result.study.noise_floor,
            color="#222222",
            lw=1.0,
            ls=(0, (2, 2)),
            label="noise floor (the noise that is in the data)",
        )
    ax.set_yscale("log")
    ax.set(xlabel="iteration", ylabel="loss (sum of squares)")
    ax.set_xlim(0, max(start, 1))


def choice(ax: Axes, result: Result) -> None:
    """Every equation that was fitted to the data: how many terms, how large a misfit, which was chosen."""
    ranking = [row for row in result.choice.by_data.ranking if np.isfinite(row.sse)]
    sizes = [len(row.model.support) for row in ranking]
    ax.plot(sizes[1:], [row.sse for row in ranking[1:]], ls="", marker="o", ms=4.5, mfc="white", color="#777777",
            label="other candidates")  # fmt: skip
    ax.plot(sizes[:1], [row.sse for row in ranking[:1]], ls="", marker="*", ms=14, color=EQUATION["color"], mec="white",
            label=f"chosen ({result.choice.by_data.criterion.upper()})")  # fmt: skip
    ax.set_yscale("log")
    ax.set_xticks(sorted(set(range(min(sizes), max(sizes) + 1))))
    ax.set(xlabel="terms", ylabel="misfit on the data (SSE)")
    ax.margins(x=0.12)


def time_label(result: Result) -> str:
    """The label of a time axis."""
    unit = result.study.time_unit
    return f"time ({unit})" if unit else "time $t$"


def _data(ax: Axes, result: Result, entry: int, held_out: bool = False, size: float = 4.0) -> list[np.ndarray]:
    """Draw the measurements of a state, if it was measured; give what was drawn."""
    study = result.study
    if entry not in study.observed:
        return []
    column = study.observed.index(entry)
    ax.plot(study.ts, study.data[:, column], label="data", **(DATA | {"ms": size}))
    drawn = [study.data[:, column]]
    held = held_out_rows(result)
    if held_out and held is not None:
        ax.plot(held[0], held[1][:, column], label="data held out", **(HELD_OUT | {"ms": size}))
        drawn.append(held[1][:, column])
    return drawn


def _column(values: Any, output: int) -> np.ndarray:
    """One output of a term, given as ``(m, o)`` or, for a single output, ``(m,)``."""
    values = np.asarray(values)
    return values if values.ndim == 1 else values[:, output]


def _frame(shown: Sequence[np.ndarray | None], others: Sequence[np.ndarray | None] = ()) -> tuple[float, float]:
    """Limits that hold what is ``shown``, and of ``others`` those that go little beyond: one that explodes would hide the
    rest, so it may leave the frame."""
    finite = _finite(shown)
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    reach = 0.5 * (high - low)
    for values in map(_finite, ([other] for other in others)):
        if len(values) and values.min() >= low - reach and values.max() <= high + reach:
            finite = np.concatenate([finite, values])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    margin = 0.07 * (high - low or abs(high) or 1.0)
    return low - margin, high + margin


def _finite(curves: Sequence[np.ndarray | None]) -> np.ndarray:
    known = [values[np.isfinite(values)] for values in curves if values is not None]
    return np.concatenate(known) if known else np.zeros(0)


def _cycle(count: int) -> list[dict[str, Any]]:
    return [COMPARISONS[k % len(COMPARISONS)] for k in range(count)]
