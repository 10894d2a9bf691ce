"""Sparse regression methods on problems whose answer is known."""

import itertools

import numpy as np
import pytest

from universalde.discover import SR3, STLSQ, ADMMLasso, BestSubset, polynomials
from universalde.discover.sparse import debias, least_squares, reduce_rows

METHODS = [STLSQ(0.1), SR3(0.1), SR3(0.1, regulariser="l1"), ADMMLasso(0.05), BestSubset(2)]
LORENZ = {(0, "x"): -10.0, (0, "y"): 10.0, (1, "x"): 28.0, (1, "y"): -1.0, (1, "x*z"): -1.0}
LORENZ |= {(2, "x*y"): 1.0, (2, "z"): -8 / 3}


def easy_problem(noise=0.0, rows=100, seed=0):
    """Well-conditioned columns and two outputs with two terms each."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(rows, 8))
    truth = np.zeros((8, 2))
    truth[[1, 4], 0] = 2.0, -1.0
    truth[[0, 6], 1] = 0.7, 1.5
    return theta, theta @ truth + noise * rng.normal(size=(rows, 2)), truth


def lorenz_states(count=400):
    """Points on the attractor by a fixed-step Runge-Kutta method; the equations are those of Lorenz 1963."""
    u, states = np.array([-8.0, 8.0, 27.0]), []
    for _ in range(count):
        for _ in range(10):
            k1 = lorenz(u)
            k2 = lorenz(u + 0.001 * k1)
            k3 = lorenz(u + 0.001 * k2)
            u = u + 0.002 / 6 * (k1 + 2 * k2 + 2 * k3 + lorenz(u + 0.002 * k3))
        states.append(u)
    return np.array(states)


def lorenz(u):
    x, y, z = np.moveaxis(np.asarray(u), -1, 0)
    return np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=-1)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_every_method_recovers_an_easy_sparse_system_exactly(method):
    theta, target, truth = easy_problem()
    np.testing.assert_allclose(method(theta, target), truth, atol=1e-12)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_on_the_right_support_the_estimate_is_plain_least_squares(method):
    theta, target, truth = easy_problem(noise=0.05)
    found = method(theta, target)
    for output in range(2):
        support = np.flatnonzero(truth[:, output])
        plain = np.linalg.lstsq(theta[:, support], target[:, output], rcond=None)[0]
        np.testing.assert_allclose(found[support, output], plain, rtol=1e-10)
        np.testing.assert_array_equal(np.flatnonzero(found[:, output]), support)


@pytest.mark.parametrize("method", [STLSQ(0.5, normalise=False), SR3(0.5, normalise=False)], ids=repr)
def test_all_seven_terms_of_lorenz_come_from_clean_derivatives(method):
    library = polynomials(["x", "y", "z"], 2)
    states = lorenz_states()
    found = method(library.matrix(states), lorenz(states))
    expected = np.zeros((10, 3))
    for (output, label), value in LORENZ.items():
        expected[library.index(label), output] = value
    np.testing.assert_array_equal(found != 0, expected != 0)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_normalised_thresholds_do_not_depend_on_units():
    theta, target, _ = easy_problem(noise=0.05)
    units = 10.0 ** np.arange(-4, 4)
    np.testing.assert_allclose(
        STLSQ(0.1)(theta * units, 1e6 * target) * units[:, None], 1e6 * STLSQ(0.1)(theta, target)
    )


def test_without_normalisation_the_threshold_cuts_the_coefficients_themselves():
    theta, target, truth = easy_problem()
    found = STLSQ(0.8, normalise=False)(theta, target)
    np.testing.assert_allclose(found, np.where(np.abs(truth) >= 0.8, truth, 0), atol=0.5)
    np.testing.assert_array_equal(found != 0, np.abs(truth) >= 0.8)


def test_the_lasso_support_is_that_of_coordinate_descent():
    theta, target, _ = easy_problem(noise=2.0, rows=60, seed=3)
    scaled = theta / np.sqrt(np.mean(theta**2, 0))
    goal = target[:, 0] / np.sqrt(np.mean(target[:, 0] ** 2))
    xi = np.zeros(8)
    for _, j in itertools.product(range(500), range(8)):
        moment = scaled[:, j] @ (goal - scaled @ xi + scaled[:, j] * xi[j]) / 60
        xi[j] = np.sign(moment) * max(abs(moment) - 0.04, 0.0)
    found = ADMMLasso(0.04)(theta, target[:, :1])
    assert 2 < np.count_nonzero(xi) < 8
    np.testing.assert_array_equal(found[:, 0] != 0, xi != 0)


def test_the_best_subset_is_the_one_of_all_trials():
    rng = np.random.default_rng(5)
    theta, target = rng.normal(size=(30, 7)) @ rng.normal(size=(7, 7)), rng.normal(size=(30, 1))

    def misfit(support):
        columns = theta[:, list(support)]
        return np.sum((columns @ np.linalg.lstsq(columns, target, rcond=None)[0] - target) ** 2)

    best = min(itertools.combinations(range(7), 3), key=misfit)
    assert tuple(np.flatnonzero(BestSubset(3)(theta, target))) == best


def test_least_squares_keep_six_digits_where_the_normal_equations_lose_all():
    """Condition 1e9, so that 1e-16 may grow to 1e-7; squared it would exceed 1e16."""
    rng = np.random.default_rng(2)
    base, other = rng.normal(size=200), rng.normal(size=200)
    theta = np.stack([base, base + 1e-9 * other], axis=1)
    target = theta @ np.array([1.0, 2.0])
    found = least_squares(reduce_rows(theta, target[:, None]), np.array([0, 1]), 0)
    assert 1e8 < found.condition < 1e10
    fit = debias(reduce_rows(theta, target[:, None]), np.ones((2, 1), dtype=bool))
    np.testing.assert_allclose(fit.coefficients[:, 0], [1.0, 2.0], rtol=1e-6)


def test_the_residual_of_clean_data_is_at_rounding_level():
    theta, target, _ = easy_problem()
    fit = STLSQ(0.1).fit(theta, target)
    assert np.all(fit.residual < 1e-13) and fit.notes == () and fit.converged


def test_an_ill_conditioned_support_is_reported_in_words():
    x = np.linspace(1.0, 1.001, 50)
    theta = np.stack([np.ones(50), x, x**2], axis=1)
    fit = debias(reduce_rows(theta, np.sin(x)[:, None]), np.ones((3, 1), dtype=bool))
    assert fit.condition[0] > 1e6
    assert "condition number" in fit.notes[0]


def test_a_collinear_pair_shares_the_value_and_stays_finite():
    x = np.linspace(0, 1, 20)[:, None]
    fit = debias(reduce_rows(np.hstack([x, x]), 3 * x), np.ones((2, 1), dtype=bool))
    np.testing.assert_allclose(fit.coefficients[:, 0], [1.5, 1.5])
    assert fit.condition[0] > 1e15


@pytest.mark.parametrize("method", METHODS[:-1], ids=repr)
def test_a_target_of_zero_has_no_terms(method):
    theta, _, _ = easy_problem()
    np.testing.assert_array_equal(method(theta, np.zeros((100, 1))), 0)


def test_too_few_iterations_are_noted():
    theta, target, _ = easy_problem(noise=0.05)
    fit = ADMMLasso(0.05, max_iterations=1).fit(theta, target)
    assert not fit.converged and "maximum" in fit.notes[-1]


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: STLSQ(0.0), "threshold = 0.0"),
        (lambda: STLSQ(float("nan")), "threshold = nan"),
        (lambda: STLSQ(0.1, ridge=-1.0), "ridge = -1.0"),
        (lambda: STLSQ(0.1, max_iterations=0), "max_iterations = 0"),
        (lambda: SR3(-1.0), "threshold = -1.0"),
        (lambda: SR3(0.1, nu=0.0), "nu = 0.0"),
        (lambda: SR3(0.1, regulariser="l2"), "'l0' or 'l1'"),
        (lambda: ADMMLasso(0.0), "penalty = 0.0"),
        (lambda: ADMMLasso(0.1, relaxation=2.5), "between 0 and 2"),
        (lambda: BestSubset(0), "max_terms = 0"),
        (lambda: BestSubset(10, max_trials=100)(np.eye(30), np.ones((30, 1))), "trials"),
    ],
)
def test_bad_settings_get_a_sentence(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
