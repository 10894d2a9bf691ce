"""Summaries made chunk by chunk are those of the whole."""

import numpy as np
import pytest

import universalde as ude

TIMES = np.linspace(0.0, 2.0, 5)
RATES = np.random.default_rng(0).uniform(0.1, 3.0, 100)
DECAY = ude.ODE(lambda t, y, k: {"a": -k * y["a"]}, {"a": np.array([1e6, 2.0])}, (0.0, 2.0))
OPTIONS = {"over": {"args": RATES}, "saveat": TIMES, "chunk": 16}


@pytest.fixture(scope="module")
def values():
    return ude.ensemble(DECAY, **OPTIONS).ys["a"]


def test_mean_and_variance_are_those_of_all_values(values):
    sol = ude.ensemble(DECAY, reduce=ude.mean, **OPTIONS)
    np.testing.assert_allclose(sol.summary.mean["a"], values.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(sol.summary.variance["a"], values.var(axis=0, ddof=1), rtol=1e-11)
    np.testing.assert_allclose(sol.summary.std["a"], values.std(axis=0, ddof=1), rtol=1e-11)
    assert sol.ys is None and sol.result.code.shape == (100,) and sol.stats.steps.min() > 0


def test_quantiles_are_those_of_all_values(values):
    sol = ude.ensemble(DECAY, reduce=ude.quantiles((0.05, 0.5)), **OPTIONS)
    np.testing.assert_allclose(sol.summary["a"], np.quantile(values, [0.05, 0.5], axis=0), rtol=1e-13)


def test_a_function_gets_total_and_part_in_order(values):
    def largest(total, part):
        here = part.ys["a"].max(axis=0)
        return here if total is None else np.maximum(total, here)

    np.testing.assert_array_equal(ude.ensemble(DECAY, reduce=largest, **OPTIONS).summary, values.max(axis=0))


def test_what_was_not_reached_is_left_out_of_summaries_and_of_their_count():
    blow_up = ude.ODE(lambda t, y, k: k * y**2, 1.0, (0.0, 2.0))
    options = {"over": {"args": np.array([0.1, 1.0, 0.2])}, "saveat": TIMES, "rtol": 1e-9, "atol": 1e-9}
    with pytest.warns(UserWarning, match="1 of 3"):
        found = ude.ensemble(blow_up, reduce=ude.mean, **options).summary
    with pytest.warns(UserWarning, match="1 of 3"):
        middle = ude.ensemble(blow_up, reduce=ude.quantiles(0.5), **options).summary
    expected = np.mean([1 / (1 - 0.2), 1 / (1 - 0.4)])
    np.testing.assert_array_equal(found.count[[0, 1, 3, 4]], [3, 3, 2, 2])
    assert found.mean[-1] == pytest.approx(expected, rel=1e-7)
    assert middle[0, -1] == pytest.approx(expected, rel=1e-7)


def test_where_nothing_was_reached_there_is_no_mean_and_no_quantile():
    blow_up = ude.ODE(lambda t, y, k: k * y**2, 1.0, (0.0, 2.0))
    options = {"over": {"args": np.array([1.0, 1.1])}}
    with pytest.warns(UserWarning, match="2 of 2"):
        assert np.isnan(ude.ensemble(blow_up, reduce=ude.mean, **options).summary.mean).all()
    with pytest.warns(UserWarning, match="2 of 2"):
        assert np.isnan(ude.ensemble(blow_up, reduce=ude.quantiles(0.5), **options).summary).all()


def test_a_total_that_changes_its_shape_gets_a_sentence():
    with pytest.raises(ValueError, match=r"shapes \(32.*after a chunk.*\(16.*before it.*grows=True"):
        ude.ensemble(DECAY, reduce=lambda total, part: np.r_[[] if total is None else total, part.t], **OPTIONS)
