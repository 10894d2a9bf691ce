"""Refits on the raw data: Levenberg-Marquardt, the choice among candidates, and what the data leave open."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import least_squares as scipy_least_squares

import universalde as ude
from universalde.discover import SparseModel, choose_by_data, custom, polynomials
from universalde.discover.levenberg import levenberg_marquardt
from universalde.discover.masked import MaskedResiduals

LIBRARY = polynomials(["x", "y"], 2) + custom(["x", "y"], ["log(-x)"])  # the last one is NaN on every state
TRUTH = SparseModel.from_terms(LIBRARY, [{"x*y": -0.9}, {"x*y": 0.8}])
START = np.array([0.44249296, 4.6280594])
TIMES = np.linspace(0.0, 3.0, 31)


def path(model, start):
    def f(t, y, args):
        return jnp.stack([1.3 * y[0], -1.8 * y[1]]) + args(y)

    return ude.solve(ude.ODE(f, start, (0.0, 3.0), model), saveat=TIMES, rtol=1e-8, atol=1e-8).ys


@pytest.fixture(scope="module")
def clean():
    return np.asarray(jax.jit(path)(TRUTH, START))


@pytest.fixture(scope="module")
def noisy(clean):
    return clean + 5e-3 * clean.mean(axis=0) * np.random.default_rng(0).standard_normal(clean.shape)


def residuals_to(data):
    weight = 1 / data.mean(axis=0)
    return lambda model, extra: (path(model, extra) - data) * weight


def rosenbrock(x):
    residual = np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
    return residual, np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])


def test_levenberg_marquardt_solves_rosenbrock():
    found = levenberg_marquardt(rosenbrock, np.array([-1.2, 1.0]))
    assert found.converged and found.sse < 1e-16
    np.testing.assert_allclose(found.parameters, 1.0, rtol=1e-8)  # the default rtol


def test_levenberg_marquardt_ends_where_the_one_of_scipy_does():
    t = np.linspace(0.0, 2.0, 20)
    data = 2.0 * np.exp(-1.3 * t) + 0.05 * np.random.default_rng(1).standard_normal(20)

    def evaluate(x):
        curve = np.exp(-x[1] * t)
        return x[0] * curve - data, np.stack([curve, -x[0] * t * curve], axis=1)

    found = levenberg_marquardt(evaluate, np.array([1.0, 0.1]))
    peer = scipy_least_squares(lambda x: evaluate(x)[0], [1.0, 0.1], method="lm", xtol=1e-12, ftol=1e-12)
    np.testing.assert_allclose(found.parameters, peer.x, rtol=1e-6)
    assert found.converged and found.sse == pytest.approx(2 * peer.cost, rel=1e-10)


def test_a_trial_that_is_not_finite_is_a_rejected_step():
    def walled(x):  # the full first step leads from 3 to -1, where the logarithm is undefined
        with np.errstate(invalid="ignore"):
            return np.log(x), 1 / x[:, None]

    found = levenberg_marquardt(walled, np.array([3.0]))
    assert found.converged and found.parameters[0] == pytest.approx(1.0)


def test_a_start_that_is_not_finite_is_reported_as_infinite_and_never_raises():
    found = levenberg_marquardt(lambda x: (np.full(3, np.nan), np.ones((3, 1))), np.array([1.0]))
    assert found.sse == np.inf and not found.converged


def test_running_out_of_steps_is_reported():
    found = levenberg_marquardt(rosenbrock, np.array([-1.2, 1.0]), max_steps=3)
    assert not found.converged and found.steps == 3


def test_derivatives_by_every_term_agree_with_central_differences(clean):
    masked = MaskedResiduals(residuals_to(clean), LIBRARY, 2, 4, START)
    residual, columns, free = masked.linearise(TRUTH, START)
    np.testing.assert_allclose(residual, 0.0, atol=1e-6)
    support = (*TRUTH.support, (0, 1), (1, 5))  # the two terms and two that are absent
    values, jacobian = np.array([-0.9, 0.8, 0.0, 0.0, *START]), [columns[:, masked.place(s)] for s in support]
    evaluate = masked.on(support)
    for k, derivative in enumerate([*jacobian, *free.T]):
        move = 1e-5 * np.eye(6)[k]
        expected = (evaluate(values + move)[0] - evaluate(values - move)[0]) / 2e-5
        np.testing.assert_allclose(derivative, expected, atol=1e-5 * np.abs(expected).max())
    undefined = [masked.place((o, LIBRARY.index("log(-x)"))) for o in (0, 1)]
    assert np.all(np.isnan(columns[:, undefined])) and np.all(np.isfinite(np.delete(columns, undefined, axis=1)))


def test_a_refit_on_clean_data_returns_the_true_coefficients_and_start(clean):
    rough = TRUTH.with_coefficients(np.array([-0.7, 1.0]))
    found = choose_by_data([rough], residuals_to(clean), 62, extra=1.02 * START, explore=0)
    np.testing.assert_allclose(found.model.coefficients, [-0.9, 0.8], rtol=1e-6)
    np.testing.assert_allclose(found.best.extra, START, rtol=1e-6)
    assert found.best.converged and found.best.sse < 1e-12


@pytest.fixture(scope="module")
def choice(noisy):
    """Five candidates refitted on noisy data from a known start, among them the truth and one without a solution."""
    rivals = [
        SparseModel.from_terms(LIBRARY, [{"log(-x)": 1.0}, {"x*y": 0.8}]),
        SparseModel.from_terms(LIBRARY, [{"y": -0.5}, {"x*y": 0.8}]),
        SparseModel.from_terms(LIBRARY, [{"x*y": -0.9}, {"x**2": 0.8}]),
        SparseModel.from_terms(LIBRARY, [{"x*y": -0.9, "x": 0.1}, {"x*y": 0.8, "1": 0.1}]),
        TRUTH.with_coefficients(np.array([-0.8, 0.7])),
    ]
    residuals = residuals_to(noisy)
    return choose_by_data(rivals, lambda model, extra: residuals(model, START), 62, explore=0, prune=False)


def test_the_data_choose_the_right_support_among_rivals(choice):
    assert choice.model.support == TRUTH.support
    scores = [row.score for row in choice.ranking]
    assert scores == sorted(scores)
    assert choice.best.sse > min(row.sse for row in choice.ranking)  # not by the misfit alone


def test_standard_errors_say_how_far_noisy_coefficients_are_off(choice, clean):
    """Best possible for these data (Cramér, Rao), from the derivatives of the clean path by central differences."""
    solution = jax.jit(lambda c: path(TRUTH.with_coefficients(c), START) / clean.mean(axis=0))
    moves = 1e-5 * np.eye(2)
    values = np.array([-0.9, 0.8])
    slopes = [np.ravel(solution(values + m) - solution(values - m)) / 2e-5 for m in moves]
    best = 5e-3 * np.sqrt(np.diag(np.linalg.inv(np.array(slopes) @ np.array(slopes).T)))
    errors = choice.best.standard_errors
    np.testing.assert_allclose(errors, best, rtol=4 / np.sqrt(2 * 60))  # the noise is known from 60 residuals
    assert np.all(np.abs(np.asarray(choice.model.coefficients) - values) < 4 * best)


def test_a_candidate_without_a_finite_solution_ranks_last_with_a_note(choice):
    assert choice.ranking[-1].sse == np.inf and "no finite solution" in choice.ranking[-1].note
    assert "1 of 5 candidates had no finite solution on the data and rank last." in choice.notes


def test_exploring_finds_a_support_that_was_not_offered(noisy):
    offered = SparseModel.from_terms(LIBRARY, [{"x*y": -0.9}, {"y**2": 0.1}])
    found = choose_by_data([offered], residuals_to(noisy), 62, extra=START)
    assert found.model.support == TRUTH.support


def values_of_the_term(clean):
    """Residuals against noisy values of the term itself: no solve, for what does not need one."""
    data = TRUTH(clean) + 0.01 * np.random.default_rng(1).standard_normal(clean.shape)
    return lambda model, extra: model(clean) - data


def test_pruning_drops_the_terms_that_are_not_worth_their_cost(clean):
    wide = SparseModel.from_terms(LIBRARY, [{"x*y": -0.9, "x": 0.05}, {"x*y": 0.8, "y": 0.05}])
    settings = dict(residuals=values_of_the_term(clean), n_data=62, explore=0)
    assert choose_by_data([wide], **settings).model.support == TRUTH.support
    assert choose_by_data([wide], **settings, prune=False).model.support == tuple(sorted(wide.support))


def test_when_no_candidate_works_the_note_says_so():
    found = choose_by_data([TRUTH], lambda model, extra: jnp.full(5, jnp.nan), 5)
    assert found.notes == ("No candidate has a finite solution on the data; nothing was chosen by the data.",)


def test_rivals_that_the_data_do_not_separate_are_named():
    x = np.linspace(0.0, 0.1, 12)[:, None]
    library = custom(["x"], ["x", "sin(x)"])
    data = 2.0 * x + 0.05 * np.random.default_rng(2).standard_normal(x.shape)
    candidates = [SparseModel.from_terms(library, [{label: 1.0}]) for label in library.labels]
    found = choose_by_data(candidates, lambda model, extra: model(x) - data, 12, explore=0)
    assert "do not clearly separate" in found.notes[0]
    assert "SSE" in str(found) and "Note." in str(found)


def test_coefficients_the_data_do_not_determine_have_infinite_errors():
    x = np.ones((10, 1))
    library = custom(["x"], ["x", "x**2"])
    both = SparseModel.from_terms(library, [{"x": 1.0, "x**2": 1.0}])
    found = choose_by_data([both], lambda model, extra: model(x) - 3.0, 10, explore=0, prune=False)
    assert np.all(np.isinf(found.best.standard_errors))
    assert "do not determine all coefficients" in found.best.note


def test_known_noise_gives_errors_that_do_not_depend_on_the_misfit():
    x = np.linspace(1.0, 2.0, 30)[:, None]
    model = SparseModel.from_terms(custom(["x"], ["x"]), [{"x": 2.0}])
    found = choose_by_data([model], lambda m, extra: (m(x) - 2.0 * x) / 0.1, 30, known_noise=True, explore=0)
    assert found.best.standard_errors[0] == pytest.approx(0.1 / np.sqrt(np.sum(x**2)))


def test_one_program_serves_all_candidates(clean):
    traces, term = [], values_of_the_term(clean)

    def residuals(model, extra):
        traces.append(1)
        return term(model, extra)

    offered = [SparseModel.from_terms(LIBRARY, [{label: 1.0}, {"x*y": 1.0}]) for label in ("x", "y", "x**2")]
    assert choose_by_data(offered, residuals, 62).model.support == TRUTH.support
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda r: choose_by_data([], r, 5), "No candidates were given"),
        (lambda r: choose_by_data([TRUTH], r, 0), "n_data = 0 was given"),
        (lambda r: choose_by_data([TRUTH], r, 5, "test"), "'test' is not known"),
        (
            lambda r: choose_by_data(
                [TRUTH, SparseModel.from_terms(polynomials(["x", "y"], 3), [{"x": 1.0}] * 2)], r, 5
            ),
            "same library and outputs",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(lambda model, extra: jnp.zeros(5))


CURVED = custom(["x"], ["1", "x", "x**2"])
NEARLY_STRAIGHT = np.linspace(1.0, 1.5, 40)[:, None]


def slightly_curved(noise):
    """Residuals of a slope that is fitted always, plus a model, against a parabola with noise."""
    spread = noise * np.random.default_rng(3).standard_normal(NEARLY_STRAIGHT.shape)
    data = NEARLY_STRAIGHT**2 + spread
    return lambda model, slope: (slope * NEARLY_STRAIGHT + model(NEARLY_STRAIGHT) - data) / noise


@pytest.mark.parametrize(("noise", "label"), [(0.001, "x**2"), (0.03, "1")], ids=["exact data", "rough data"])
def test_with_a_margin_the_simplest_equation_that_the_data_allow_is_looked_for_and_chosen(noise, label):
    offered = SparseModel.from_terms(CURVED, [{"x**2": 1.0}])
    settings = dict(extra=jnp.zeros(()), known_noise=True, explore=0)
    found = choose_by_data([offered], slightly_curved(noise), 40, **settings, margin=6.0)
    assert [term for _, term, _ in found.model.terms()] == [label]
    assert found.best.score <= min(row.score for row in found.ranking) + 6.0
    assert choose_by_data([offered], slightly_curved(noise), 40, **settings).model.support == offered.support


def test_a_dropped_term_hands_over_to_a_rate_outside_the_library_that_multiplies_the_same():
    x = np.linspace(0.0, 2.0, 60)[:, None]

    def residuals(model, rate):  # many minima: from a rate of zero the next one is far from the best
        return jnp.sin(5 * (rate * x + model(x))) - jnp.sin(15 * x)

    both = SparseModel.from_terms(CURVED, [{"1": 0.01, "x": 3.0}])
    found = choose_by_data([both], residuals, 60, extra=jnp.zeros(()), explore=0)
    left = {row.model.support: row for row in found.ranking}[((0, 0),)]
    assert left.sse < 1e-10 and float(left.extra) == pytest.approx(3.0)
