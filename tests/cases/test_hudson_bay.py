"""Hare and lynx: the record, its known least-squares fits, the metrics, and the whole path from data to equation."""

from dataclasses import replace
from importlib import resources
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from bench.recovery import CASES
from universalde.cases import hudson_bay, load
from universalde.discover import SparseModel
from universalde.learn import Adam
from universalde.study import PHASES, Choice, Forecast, Result
from universalde.study.run import refit, run

# Checked annotations make every inner function anew, so each study is compiled for itself here.
pytestmark = pytest.mark.filterwarnings("ignore:.*compiled anew")

BARS = CASES["hudson-bay"].criteria
LOTKA_VOLTERRA = [{"H*L": -0.025}, {"H*L": 0.025}]


@pytest.fixture(scope="module")
def study():
    return hudson_bay.study()


def fitted(study, terms=LOTKA_VOLTERRA):
    """An equation with these terms, fitted to the data of a study from rough rates and starts."""
    model = SparseModel.from_terms(study.library, terms, study.output_names)
    rough = Choice(None, None, model, {"alpha": 0.5, "delta": 0.9}, np.array([33.0, 5.0]), np.nan)
    return refit(study, rough)


@pytest.fixture(scope="module")
def early(study):
    """A run on 1900 to 1914 that ends in the equations of Lotka and Volterra, without the training."""
    return ended(study.earlier, fitted(study.earlier))


def ended(study, choice, early=None):
    trained = SimpleNamespace(params={"p": {"unknown": choice.model, "rates": choice.rates}, "start": choice.start})
    ahead = Forecast(study.horizon, np.ones((len(study.horizon), 2)), None, None, {})
    return Result(study, 0, trained, choice, ahead, {}, [], [], 0.0, early)


def test_record_has_the_pelts_of_21_years():
    years, pelts = hudson_bay.record()
    assert years.tolist() == list(range(1900, 1921)) and pelts.shape == (21, 2)
    assert pelts[0].tolist() == [30.0, 4.0] and pelts[-1].tolist() == [24.7, 8.6]
    assert pelts.max(axis=0).tolist() == [77.4, 59.4]
    np.testing.assert_allclose(pelts.mean(axis=0), [34.08, 20.17], atol=5e-3)


def test_shipped_record_names_its_source():
    text = resources.files("universalde.cases").joinpath("data/hudson_bay.csv").read_text("utf8")
    heading = " ".join(line for line in text.splitlines() if line.startswith("#"))
    assert "Odum" in heading and "Carpenter" in heading and "Hudson's Bay Company" in heading


def test_earlier_study_has_not_seen_the_years_it_foretells(study):
    earlier = study.earlier
    assert earlier.ts.tolist() == list(range(1900, 1915)) and earlier.data.shape == (15, 2)
    assert earlier.held_out[0].tolist() == list(range(1915, 1921))
    assert earlier.scale.tolist() == earlier.data.max(axis=0).tolist()
    assert earlier.earlier is None and earlier.finish is None and load("hudson-bay").earlier is not None


def test_constants_linear_terms_and_squares_are_offered(study):
    assert study.library.labels == ("1", "H", "L", "H**2", "H*L", "L**2")
    assert len(hudson_bay.study(degree=3).library) == 10


def test_known_part_is_growth_of_hares_and_death_of_lynx(study):
    p = {"unknown": lambda y: jnp.zeros(2), "rates": {"alpha": 0.5, "delta": 0.8}}
    np.testing.assert_allclose(study.f(0.0, jnp.array([10.0, 20.0]), p), [5.0, -16.0])


def test_refit_with_absolute_errors_reaches_the_known_least_squares(study):
    found = fitted(replace(study, relative_error=None))
    assert found.sse == pytest.approx(0.1227, abs=1e-4)
    rates = hudson_bay.rates_of(found)
    np.testing.assert_allclose(list(rates.values()), [0.482, 0.0248, 0.0273, 0.917], rtol=2e-3)


def test_refit_with_relative_errors_reaches_the_known_log_fit(study):
    found = fitted(study)
    assert np.sqrt(found.sse / 42) * hudson_bay.ERROR == pytest.approx(0.219, abs=1e-3)
    rates = hudson_bay.rates_of(found)
    np.testing.assert_allclose(list(rates.values()), [0.540, 0.0272, 0.0237, 0.796], rtol=2e-3)


def test_metrics_are_those_of_the_bars_and_rest_on_the_two_runs(study, early):
    result = hudson_bay.finish(ended(study, fitted(study), early))
    numbers = result.numbers
    assert all(bar.met(numbers) for bar in BARS), numbers
    assert numbers["terms_right_1914"] == 1 and numbers["persistence_log_rmse"] == pytest.approx(1.2725, abs=1e-4)
    assert numbers["forecast_log_rmse"] == pytest.approx(0.353, abs=2e-3)
    assert numbers["network_forecast_log_rmse"] == numbers["forecast_log_rmse"]  # the stand-in of the network
    assert len(result.rows) == 10 and early.choice.model.expressions[0].is_Mul


def test_other_equations_do_not_pass_for_the_interaction(study, early):
    saturated = fitted(study, [{"H*L": -0.025}, {"H*L": 0.025, "L**2": -0.001}])
    assert hudson_bay.finish(ended(study, saturated, early)).numbers["terms_right"] == 0
    alone = fitted(study, [{"L": -0.5}, {"H*L": 0.025}])
    numbers = hudson_bay.finish(ended(study, alone, early)).numbers
    assert numbers["terms_right"] == 0 and np.isnan(numbers["beta"]) and numbers["sse"] > 0.13


def test_forecast_shows_persistence_and_the_earlier_equation_from_the_year_they_end(study, early):
    ahead = hudson_bay.finish(ended(study, fitted(study), early)).forecast
    held = ahead.comparison["persistence from 1914"]
    assert np.all(np.isnan(held[ahead.times < 1914]))
    np.testing.assert_array_equal(held[ahead.times >= 1914], np.broadcast_to([52.3, 45.7], held[140:].shape))
    assert "equation from 1900–1914" in ahead.comparison


def test_log_rmse_counts_factors_and_forbids_negative_animals():
    assert hudson_bay.log_rmse([[2.0, 8.0]], [[4.0, 4.0]]) == pytest.approx(np.log(2))
    assert hudson_bay.log_rmse([[-1.0, 8.0]], [[4.0, 4.0]]) == np.inf


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "degree"), [(0, 2), (101, 2), (102, 2), (103, 3)])
def test_both_interactions_are_found_in_the_record_and_foretell_the_years_after_1914(seed, degree):
    numbers = hudson_bay.run(seed, degree=degree)
    assert all(bar.met(numbers) for bar in BARS), numbers
    assert numbers["forecast_log_rmse"] < 0.5 * numbers["persistence_log_rmse"]


@pytest.mark.slow
def test_a_finished_run_goes_on_from_its_checkpoints_also_those_of_the_earlier_study(tmp_path):
    short = PHASES[0]._replace(stage=Adam(0.02, 100))
    study = hudson_bay.study()
    study = replace(study, phases=(short,), earlier=replace(study.earlier, phases=(short,)))
    first = run(study, 5, tmp_path, progress=False)
    assert (tmp_path / "fit-0.ckpt").exists() and (tmp_path / "earlier" / "fit-0.ckpt").exists()
    again = run(study, 5, tmp_path, progress=False)
    np.testing.assert_equal(again.numbers, first.numbers)  # NaN for a term that so short a training does not find
