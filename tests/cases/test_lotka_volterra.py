"""The toy whose truth is known: recovered over twenty seeds, and again from other rates and another start."""

import numpy as np
import pytest

from bench.recovery import CASES
from universalde.cases.lotka_volterra import run, study, true_path

# Checked annotations make every inner function anew, so each study is compiled for itself here.
pytestmark = pytest.mark.filterwarnings("ignore:.*compiled anew")

SEEDS = 20


def test_the_data_are_the_true_path_with_noise_of_half_a_percent_of_each_mean():
    made = study(seed=3)
    clean = true_path(made.ts)
    noise = (made.data - clean) / clean.mean(axis=0)
    assert made.data.shape == (31, 2)
    assert 0.003 < np.std(noise) < 0.007
    np.testing.assert_allclose(true_path([0.0, 3.0])[-1], [1.60635121, 0.06760604], rtol=1e-7)


@pytest.mark.slow
def test_nine_of_ten_seeds_meet_every_bar_of_structure_and_extrapolation():
    criteria = [c for c in CASES["lotka-volterra"].criteria if c.metric in ("terms_right", "nrmse_20", "bounded_50")]
    runs = [run(seed) for seed in range(SEEDS)]
    met = [all(criterion.met(numbers) for criterion in criteria) for numbers in runs]
    assert sum(met) >= 0.9 * SEEDS, [numbers for numbers, good in zip(runs, met, strict=True) if not good]


@pytest.mark.slow
def test_other_rates_and_another_start_are_recovered_with_the_same_settings():
    numbers = run(11, rates={"alpha": 1.1, "beta": 0.7, "gamma": 0.6, "delta": 1.5}, start=(0.6, 3.9))
    assert numbers["terms_right"] == 1.0
    assert numbers["beta_error"] < 0.02 and numbers["gamma_error"] < 0.04
