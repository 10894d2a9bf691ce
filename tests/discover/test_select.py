"""Choosing a support: criteria, splits, sweeps."""

import math

import numpy as np
import pytest
from scipy import stats

from universalde.discover import SR3, STLSQ, ADMMLasso, Splits, sweep
from universalde.discover.criteria import information_criterion, log_choose
from universalde.discover.search import SupportSearch
from universalde.discover.sparse import reduce_rows


def random_problem(seed, rows=60, columns=8, noise=1.0):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(rows, columns))
    return theta, 2.0 * theta[:, [3]] + noise * rng.normal(size=(rows, 1))


@pytest.mark.parametrize(
    ("name", "penalty"),
    [
        ("aic", 6.0),
        ("aicc", 6.0 + 2 * 4 * 5 / (100 - 5)),
        ("bic", 3 * math.log(100)),
        ("ebic", 3 * math.log(100) + 2 * math.log(1140)),
    ],
)
def test_criteria_have_their_published_penalties(name, penalty):
    """3 of 20 terms, 100 rows, mean square 1, so that the likelihood part is zero; C(20, 3) = 1140."""
    assert information_criterion(name, 1.0, 100, 3, 20) == pytest.approx(penalty)


def test_known_noise_uses_the_sum_of_squares():
    assert information_criterion("bic", 0.9, 100, 0, 5, known_noise=True) == pytest.approx(90.0)


def test_aicc_is_infinite_when_there_are_too_few_rows():
    assert information_criterion("aicc", 1.0, 5, 4, 20) == math.inf


def test_a_fit_that_is_not_finite_scores_infinity():
    assert information_criterion("bic", math.nan, 100, 2, 5) == math.inf


def test_an_unknown_criterion_names_the_known_ones():
    with pytest.raises(ValueError, match="aic, aicc, bic, ebic"):
        information_criterion("mdl", 1.0, 10, 1, 2)


def test_blocks_are_consecutive_and_cover_every_row_once():
    halves = Splits("blocks", 4).indices(10, seed=0)
    assert sorted(int(i) for _, test in halves for i in test) == list(range(10))
    assert all(np.all(np.diff(test) == 1) for _, test in halves)
    assert all(len(np.intersect1d(train, test)) == 0 and len(train) + len(test) == 10 for train, test in halves)


def test_random_splits_depend_on_the_seed_alone():
    def rows(seed):
        return [test.tolist() for _, test in Splits("random", 3).indices(20, seed)]

    assert rows(1) == rows(1) != rows(2)
    assert [len(test) for test in rows(1)] == [4, 4, 4]


@pytest.mark.parametrize("criterion", ["bic", "ebic", "test"])
@pytest.mark.parametrize("method", [STLSQ(), SR3(), ADMMLasso()], ids=["STLSQ", "SR3", "ADMMLasso"])
def test_methods_and_criteria_agree_on_an_easy_case(method, criterion):
    theta, target = random_problem(0, noise=0.05)
    found = sweep(theta, target, method, criterion=criterion)
    assert found.best(0).support == (3,)
    assert found.best(0).coefficients[0] == pytest.approx(2.0, abs=4 * 0.05 / np.sqrt(60))


def test_each_output_chooses_its_own_support():
    rng = np.random.default_rng(1)
    theta = rng.normal(size=(80, 6))
    found = sweep(theta, theta[:, [1, 4]] + 0.01 * rng.normal(size=(80, 2)), STLSQ())
    assert [found.best(o).support for o in (0, 1)] == [(1,), (4,)]


def test_false_positives_of_ebic_stay_below_their_bound():
    """Any support larger than the true one wins with probability at most the sum over all supersets of k more columns:
    the share of the misfit they explain by chance is Beta(k/2, (n-1-k)/2), and must exceed what k terms cost."""
    rows, columns, draws = 100, 6, 200
    rate = 0.0
    for k in (1, 2):
        cost = k * math.log(rows) + 2 * (log_choose(columns, 1 + k) - log_choose(columns, 1))
        chance = stats.beta.sf(1 - math.exp(-cost / rows), k / 2, (rows - 1 - k) / 2)
        rate += math.comb(columns - 1, k) * float(chance)
    limit = stats.binom.ppf(0.999, draws, rate)
    wrong = 0
    for seed in range(draws):
        theta, target = random_problem(seed, rows, columns)
        found = sweep(
            theta, target, STLSQ(), [0.1, 0.3], criterion="ebic", splits=Splits("random", 1), floor=1e-9, max_terms=3
        )
        wrong += found.best(0).support != (3,)
    assert 0.01 < rate < 0.1
    assert wrong <= limit


def test_the_standard_error_of_a_chosen_coefficient_is_right():
    """Over 100 draws the estimate scatters by 1/sqrt(60); its variance is known to 14 %, four deviations are 57 %."""
    estimates = []
    for seed in range(100):
        theta, target = random_problem(seed)
        problem = reduce_rows(theta, target)
        best = SupportSearch(problem).search(set(), 1) - {()}
        assert best == {(3,)}
        column = theta[:, 3]
        estimates.append(float(column @ target[:, 0] / (column @ column)))
    assert np.var(estimates) * 60 == pytest.approx(1.0, abs=0.57)
    assert np.mean(estimates) == pytest.approx(2.0, abs=4 / np.sqrt(60 * 100))


def test_every_candidate_is_listed_once():
    supports = [c.support for c in sweep(*random_problem(4), STLSQ()).candidates[0]]
    assert len(supports) == len(set(supports)) > 10


def test_the_search_finds_a_pair_that_is_useless_one_by_one():
    """Two columns whose difference is the target: alone each explains almost nothing."""
    rng = np.random.default_rng(3)
    common, target = rng.normal(size=200), rng.normal(size=(200, 1))
    theta = np.column_stack([rng.normal(size=(200, 4)), 20 * common + target[:, 0], 20 * common])
    finder = SupportSearch(reduce_rows(theta, target))
    met = finder.search({(0, 1, 4, 5)}, 3)
    assert min((s for s in met if len(s) == 2), key=finder.square) == (4, 5)


def test_a_held_out_error_of_noise_is_the_noise():
    """2 theta + noise of 0.5: the relative noise is 0.5 / sqrt(4.25), known to 4 % for 300 rows."""
    theta, target = random_problem(6, rows=300, noise=0.5)
    assert sweep(theta, target, STLSQ()).best(0).test_error == pytest.approx(0.5 / np.sqrt(4.25), rel=0.2)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda t, y: sweep(t, y, STLSQ(), [0.1, -1.0]), "positive finite numbers"),
        (lambda t, y: sweep(t, y, STLSQ(), []), "positive finite numbers"),
        (lambda t, y: sweep(t, y, STLSQ(), criterion="best"), "not known"),
        (lambda t, y: Splits("bootstrap"), "'random' and 'blocks'"),
        (lambda t, y: Splits("blocks", 1), "at least 1"),
        (lambda t, y: Splits("random", 3, 1.0), "between 0 and 1"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(*random_problem(0))
