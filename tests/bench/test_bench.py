"""The parts of the benchmark harness that decide what is printed."""

import math

import numpy as np
import pytest

from bench import recovery, tsit5_numbers
from bench.contract import Bar, Entry, Prepared, best_ms, ratio_bar
from bench.problems import error_of_gradient
from bench.runner import summary
from bench.tables import as_markdown, as_text, bar_rows
from bench.worker import serve


def test_a_ratio_bar_is_met_only_on_the_right_side_of_its_bound():
    assert ratio_bar("faster", 10.0, 2.0, least=5.0) == Bar("faster", "5", True)
    assert ratio_bar("faster", 9.0, 2.0, least=5.0).met is False
    assert ratio_bar("cheaper", 9.0, 2.0, most=4.0).met is False


def test_a_ratio_bar_without_one_of_its_times_is_neither_met_nor_missed():
    assert ratio_bar("faster", None, 2.0, least=5.0) == Bar("faster", "not measured", None)


def test_a_peer_is_judged_at_its_fastest_setting():
    results = {
        "peer, a": {"calls": {"solve": {"median_ms": 3.0}}},
        "peer, b": {"calls": {"solve": {"median_ms": 2.0}}},
        "peer, c": {"skipped": "not installed"},
    }
    assert best_ms(results, "peer", "solve") == 2.0
    assert best_ms(results, "nobody", "solve") is None


def test_rounds_are_summarised_by_least_median_and_greatest():
    rounds = [{"solve": {"ms": time, "processor_ms": 10 * time}} for time in (5.0, 1.0, 2.0)]
    assert summary(rounds)["solve"] == {
        "min_ms": 1.0,
        "median_ms": 2.0,
        "max_ms": 5.0,
        "processor_ms": 20.0,
        "rounds": 3,
    }


@pytest.mark.parametrize("need", ["no_such_package", "math:no_such_name"])
def test_an_entry_whose_package_is_absent_says_so_and_prepares_nothing(need):
    said = []

    def prepare() -> Prepared:
        raise AssertionError("prepared")

    serve(Entry("absent", prepare, (need,)), 0.0, said.append)
    assert [*said[0]] == ["skipped"]
    assert "no_such" in said[0]["skipped"]


def test_tables_show_every_cell_in_both_forms():
    bars = [Bar("a | b", "3", True), Bar("c", "1", False)]
    rows = bar_rows(bars, [bar._replace(measured="4") for bar in bars])
    assert as_text(rows).splitlines()[-1].split() == ["c", "1", "4", "NOT", "met"]
    assert as_markdown(rows).splitlines()[2] == "| a \\| b | 3 | 4 | met |"


def test_wilson_interval_of_90_in_100():
    interval = recovery.wilson(90, 100)
    np.testing.assert_allclose(interval, (0.9, 0.8256, 0.9448), atol=1e-4)


def test_a_metric_that_is_not_a_number_does_not_meet_its_bar():
    criterion = recovery.Criterion("error", "small", most=0.1)
    assert criterion.met({"error": 0.05}) is True
    assert criterion.met({"error": math.nan}) is False
    assert criterion.met({}) is None


def test_runs_are_ordered_from_the_safest_to_the_worst():
    above = recovery.Criterion("error", "small", most=0.1)
    between = recovery.Criterion("rate", "near 0.5", least=0.45, most=0.6)
    assert sorted([0.2, math.nan, 0.01], key=above.badness)[:2] == [0.01, 0.2]
    assert sorted([0.7, 0.5, 0.44], key=between.badness) == [0.5, 0.44, 0.7]


def test_a_run_that_raised_counts_against_the_share():
    good = {criterion.metric: 0.0 for criterion in recovery.CASES["lotka-volterra"].criteria}
    good |= {"terms_right": 1.0, "bounded_50": 1.0}
    table = recovery.rows("lotka-volterra", [good, {"error": "ValueError"}])
    assert table[-1][1] == "1 / 2"
    assert table[-1][-1].startswith("NOT met")


def test_the_hand_written_tsit5_meets_the_conditions_of_order_five_that_have_one_sum():
    weights, c = tsit5_numbers.A[6], tsit5_numbers.C
    np.testing.assert_allclose(tsit5_numbers.A.sum(axis=1), c, atol=1e-12)
    for power in range(5):
        assert weights @ c**power == pytest.approx(1 / (power + 1), abs=1e-12)
    for power in range(4):
        assert tsit5_numbers.ERROR @ c**power == pytest.approx(0.0, abs=1e-12)


def test_a_wrong_gradient_is_measured_as_wrong():
    def loss(p):
        return float(np.sum(p**2))

    point = np.array([1.0, 2.0])
    assert error_of_gradient(loss, point, 2 * point) < 1e-8
    assert error_of_gradient(loss, point, 2.2 * point) == pytest.approx(0.1, rel=1e-6)
