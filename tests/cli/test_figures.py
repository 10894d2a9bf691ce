"""Figures: labels with units, legends beside the data, any number of states, truth and comparisons optional."""

import json

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tests.cli import small
from universalde.cli.equations import drawn, readable
from universalde.cli.errors import View, paths, state_errors
from universalde.cli.figures import overview, pictures
from universalde.cli.folder import open_folder
from universalde.cli.record import record, to_json
from universalde.cli.report import report
from universalde.cli.style import image, latex_name
from universalde.discover import SparseModel, polynomials


@pytest.fixture(scope="module")
def result(finished):
    return finished.result


@pytest.fixture(scope="module")
def along(result):
    return paths(result)


def without_extras(result):
    """The same result where neither truth nor comparison nor held-out data are known."""
    forecast = result.forecast._replace(truth=None, comparison={})
    return result._replace(study=small.study(0, with_truth=False, with_extras=False), forecast=forecast)


@pytest.fixture(scope="module", params=["everything known", "data alone"])
def drawn_pictures(request, result, along):
    given = result if request.param == "everything known" else without_extras(result)
    figures = {picture.name: picture.figure for picture in pictures(View(given, along, []))}
    return {**figures, "overview": overview(View(given, along, []))}


def test_there_is_one_figure_for_each_part_of_the_story(drawn_pictures):
    assert list(drawn_pictures) == ["fit", "missing-term", "extrapolation", "unmeasured", "training", "overview"]


def test_every_axis_is_labelled_and_states_have_units(drawn_pictures):
    for name, figure in drawn_pictures.items():
        shown = [ax for ax in figure.axes if ax.axison]
        assert shown and all(ax.get_ylabel() for ax in shown)
        labels = {ax.get_xlabel() for ax in shown}
        assert "time (days)" in labels or name == "training"
    assert [ax.get_ylabel() for ax in drawn_pictures["extrapolation"].axes] == ["$S$ (persons)", "$I$ (persons)"]
    assert [ax.get_ylabel() for ax in drawn_pictures["unmeasured"].axes] == ["$R$ (persons)"]


def test_no_legend_covers_an_axis(drawn_pictures):
    for figure in drawn_pictures.values():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
        assert legends
        for legend in legends:
            box = legend.get_window_extent(canvas.get_renderer())
            inner = [ax.get_window_extent(canvas.get_renderer()) for ax in figure.axes if ax.axison]
            assert not any(box.overlaps(frame.padded(-1)) for frame in inner)
            assert box.x0 >= -1 and box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1


def test_data_are_points_and_the_training_window_is_shaded(result, drawn_pictures):
    ax = drawn_pictures["extrapolation"].axes[1]
    (points,) = [line for line in ax.lines if line.get_label() == "data"]
    assert points.get_linestyle() == "None" and points.get_marker() == "o"
    np.testing.assert_array_equal(points.get_ydata(), result.study.data[:, 1])
    window = ax.patches[0]
    assert (window.get_x(), window.get_width()) == (0.0, 4.0)


def test_what_is_known_is_drawn_and_nothing_else(result, along):
    def labels(given):
        figure = next(p.figure for p in pictures(View(given, along, [])) if p.name == "extrapolation")
        return {line.get_label() for line in figure.axes[0].lines}

    always = {"data", "trained network", "equation"}
    assert labels(result) == always | {"truth", "data held out", "twice of everything, by a very long name"}
    assert labels(without_extras(result)) == always


def test_a_curve_that_explodes_does_not_hide_the_others(result, along):
    exploding = result.forecast.network.copy()
    exploding[40:] = 1e30
    exploding[60:] = np.nan
    given = result._replace(forecast=result.forecast._replace(network=exploding))
    figure = next(p.figure for p in pictures(View(given, along, [])) if p.name == "extrapolation")
    assert figure.axes[0].get_ylim()[1] < 3.0
    errors = state_errors(given, along)[0].beyond
    assert np.isnan(errors["network"]) and errors["equation"] < 0.05


def test_the_same_result_gives_the_same_file(result, along):
    first, second = (pictures(View(result, along, []))[0].figure for _ in range(2))
    assert image(first) == image(second)


def test_drawing_changes_no_setting_of_the_caller(result, along):
    import matplotlib

    before = dict(matplotlib.rcParams)
    overview(View(result, along, []))
    assert dict(matplotlib.rcParams) == before


@pytest.mark.filterwarnings("error")
def test_an_equation_of_many_terms_is_drawn_over_several_lines():
    library = polynomials(["x", "y"], 4)
    terms = {label: (-1.0) ** k * 10.0 ** (k - 6) for k, label in enumerate(library.labels)}
    few = SparseModel.from_terms(library, [{"x*y": -0.9}], ["dx"])
    many = SparseModel.from_terms(library, [terms, {}], ["dx", "dy"])
    assert len(drawn(many)) > 3 * len(drawn(few)) and drawn(many).startswith("data:image/svg+xml")


def test_an_equation_in_a_table_has_superscripts_and_true_minus_signs():
    assert readable("dx = -0.9*x**12*y + 8.1e-5*sin(y)") == "dx = −0.9 x¹² y + 8.1e-5 sin(y)".replace(
        " x¹² y", "\u2009x¹²\u2009y"
    ).replace("5 sin", "5\u2009sin")


def test_a_run_on_less_data_has_its_own_figure_equation_and_numbers(result, along, tmp_path):
    shown = View(result._replace(earlier=result), along, [], View(result, along, state_errors(result, along)))
    folder = open_folder(tmp_path, "lotka-volterra", 0)
    text = report(shown, folder, "{}")
    assert "Extrapolation from the data up to 4 alone" in text and text.count("class='equation'") == 2
    stored = json.loads(to_json(record(shown, folder)))
    assert stored["earlier"]["equations"]["text"] == stored["equations"]["text"]
    assert stored["earlier"]["errors"][0]["held_out"]["equation"] < 5e-3


def test_a_word_is_upright_and_a_symbol_is_italic():
    assert [latex_name(name) for name in ("x", "dx", "beta", "x_1", "exposure", "u'")] == [
        "x", "dx", r"\beta", "x_{1}", r"\mathrm{exposure}", "u'"
    ]  # fmt: skip
