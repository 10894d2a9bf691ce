"""``discover``: from values of a term to its equation, and what it says about what it cannot know."""

import numpy as np
import pytest
import sympy

import universalde as ude
from universalde.discover import (
    SR3,
    STLSQ,
    ADMMLasso,
    BestSubset,
    Splits,
    cosines,
    custom,
    discover,
    polynomials,
    products,
    rational,
    sines,
)  # fmt: skip

NAMES = ["x", "y"]
LARGE = polynomials(NAMES, 5) + sines(NAMES)
METHODS = [STLSQ(), SR3(), ADMMLasso(), BestSubset(2)]


@pytest.fixture(scope="module")
def orbit():
    """States of Lotka-Volterra on [0, 3], solved by the package."""

    def f(t, y, args):
        return [1.3 * y[0] - 0.9 * y[0] * y[1], 0.8 * y[0] * y[1] - 1.8 * y[1]]

    problem = ude.ODE(f, np.array([0.44249296, 4.6280594]), (0.0, 3.0))
    return np.asarray(ude.solve(problem, rtol=1e-10, atol=1e-10, saveat=np.linspace(0.0, 3.0, 201)).ys)


def interactions(u):
    return np.stack([-0.9 * u[:, 0] * u[:, 1], 0.8 * u[:, 0] * u[:, 1]], axis=1)


@pytest.mark.parametrize(
    ("method", "criterion"), [(m, "test") for m in METHODS] + [(STLSQ(), c) for c in ("aic", "aicc", "bic", "ebic")]
)
def test_exact_values_of_the_interactions_give_exactly_the_two_terms(orbit, method, criterion):
    found = discover(orbit, interactions(orbit), LARGE, method=method, criterion=criterion, accuracy=1e-6)
    assert [(o, t) for o, t, _ in found.model.terms()] == [("F1", "x*y"), ("F2", "x*y")]
    np.testing.assert_allclose(found.model.coefficients, [-0.9, 0.8], rtol=1e-10)
    x, y = sympy.symbols("x y")
    assert found.expressions == [sympy.Float("-0.9", 6) * x * y, sympy.Float("0.8", 6) * x * y]


@pytest.mark.parametrize("method", METHODS[:3], ids=repr)
def test_exact_derivatives_give_all_four_terms_of_lotka_volterra(orbit, method):
    known = np.stack([1.3 * orbit[:, 0], -1.8 * orbit[:, 1]], axis=1)
    found = discover(orbit, interactions(orbit) + known, polynomials(NAMES, 3), method=method, accuracy=1e-6)
    terms = {(o, t): value for o, t, value in found.model.terms()}
    assert terms == pytest.approx({("F1", "x"): 1.3, ("F1", "x*y"): -0.9, ("F2", "y"): -1.8, ("F2", "x*y"): 0.8})


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_noisy_values_give_the_right_terms_and_coefficients_within_their_errors(orbit, noise):
    truth = interactions(orbit)
    target = truth + noise * np.std(truth, axis=0) * np.random.default_rng(0).standard_normal(truth.shape)
    found = discover(orbit, target, LARGE, accuracy=noise)
    assert [(o, t) for o, t, _ in found.model.terms()] == [("F1", "x*y"), ("F2", "x*y")]
    product = orbit[:, 0] * orbit[:, 1]
    errors = noise * np.std(truth, axis=0) / np.sqrt(np.sum(product**2))
    assert np.all(np.abs(np.asarray(found.model.coefficients) - [-0.9, 0.8]) < 4 * errors)


@pytest.mark.parametrize(
    ("library", "label", "names"),
    [
        (rational(["S"], 2) + polynomials(["S"], 2), "S/(S + 1)", ["S"]),
        (polynomials(["I", "N"], 2) + custom(["I", "N"], ["I/N"]), "I/N", ["I", "N"]),
        (products(["S", "I", "E"], 1), "E*I*S", ["S", "I", "E"]),
        (polynomials(["beta"], 3) + cosines(["beta"], (1, 3)), "cos(3*beta)", ["beta"]),
        (polynomials(["Q", "E"], 2) + custom(["Q", "E"], ["exp(-E)*Q"]), "Q*exp(-E)", ["Q", "E"]),
        (polynomials(["x"], 3) + sines(["x"], (1, 2)), "sin(2*x)", ["x"]),
    ],
)
def test_every_kind_of_candidate_is_found_under_the_names_of_the_user(library, label, names):
    u = np.random.default_rng(1).uniform(0.3, 3.0, (120, len(names)))
    target = -1.7 * library.matrix(u)[:, library.index(label)]
    found = discover(u, target, library, accuracy=1e-6, outputs=["rate"])
    assert [(o, t) for o, t, _ in found.model.terms()] == [("rate", label)]
    assert float(found.model.coefficients[0]) == pytest.approx(-1.7)
    assert {str(s) for s in found.expressions[0].free_symbols} <= set(names)


def test_columns_that_are_the_same_on_the_data_are_named_and_the_simplest_is_used():
    rng = np.random.default_rng(2)
    u = np.column_stack([rng.uniform(1.0, 2.0, 80), 0.9 + 1e-7 * rng.standard_normal(80)])
    found = discover(u, 0.31 * u[:, 0], polynomials(["I", "s"], 3), accuracy=1e-6)
    assert found.model.terms()[0][1] == "I"
    assert any("collinear" in note and "I*s" in note for note in found.notes)


def test_rivals_within_the_accuracy_are_named():
    x = np.linspace(0.0, 0.2, 60)[:, None]
    found = discover(x, 2.0 * x, custom(["x"], ["x", "sin(x)", "x**2"]), accuracy=0.03)
    assert found.model.terms()[0][1] == "x"
    assert any("do not separate x from sin(x)" in note for note in found.notes)


def test_a_candidate_that_is_zero_everywhere_is_left_out_with_a_note():
    u = np.column_stack([np.linspace(1.0, 2.0, 50), np.zeros(50)])
    found = discover(u, 3.0 * u[:, 0], polynomials(NAMES, 1), accuracy=1e-6)
    assert "Zero on all rows and left out: y." in found.notes


def test_a_target_that_nothing_explains_has_the_equation_zero():
    rng = np.random.default_rng(3)
    u = rng.uniform(-1.0, 1.0, (200, 2))
    found = discover(u, rng.standard_normal(200), polynomials(NAMES, 2, constant=False), criterion="ebic")
    assert found.expressions == [0]
    assert any("the equation is 0" in note for note in found.notes)


def test_rows_of_weight_zero_do_not_count():
    u = np.random.default_rng(4).uniform(0.5, 2.0, (100, 2))
    target, weights = 2.0 * u[:, 0] * u[:, 1], np.ones(100)
    target[::10] += 50.0
    weights[::10] = 0.0
    found = discover(u, target, polynomials(NAMES, 2), weights=weights, accuracy=1e-6)
    assert found.model.terms() == [("F1", "x*y", pytest.approx(2.0))]


def test_rows_with_missing_values_are_left_out_when_asked():
    u = np.random.default_rng(5).uniform(0.5, 2.0, (100, 2))
    target = 2.0 * u[:, 0]
    target[3], u[7, 1] = np.nan, np.inf
    found = discover(u, target, polynomials(NAMES, 2), drop_missing=True, accuracy=1e-6)
    assert found.model.terms() == [("F1", "x", pytest.approx(2.0))]
    assert "2 of 100 rows contained NaN or inf and were left out." in found.notes


def test_an_output_that_is_zero_everywhere_is_noted_and_the_other_is_found():
    u = np.random.default_rng(6).uniform(0.5, 2.0, (60, 2))
    found = discover(u, np.column_stack([np.zeros(60), u[:, 1]]), polynomials(NAMES, 2), accuracy=1e-6)
    assert found.model.terms() == [("F2", "y", pytest.approx(1.0))]
    assert "F1 is zero at every row: its equation is 0." in found.notes


def test_the_answer_depends_on_the_seed_of_random_splits_only():
    u = np.random.default_rng(7).uniform(0.5, 2.0, (80, 2))
    target = u[:, 0] * u[:, 1] + 0.02 * np.random.default_rng(8).standard_normal(80)
    runs = [discover(u, target, LARGE, splits=Splits("random", 3), seed=s) for s in (1, 1, 2)]
    errors = [[row.test_error for row in run.table[0]] for run in runs]
    assert errors[0] == errors[1] != errors[2]


def test_candidates_have_every_size_and_the_chosen_one_comes_first(orbit):
    found = discover(orbit, interactions(orbit), LARGE, accuracy=1e-6)
    models = found.candidates(12, max_terms=3)
    assert models[0].support == found.model.support
    assert len(models) == 12 == len({model.support for model in models})
    assert {2, 3, 4, 5, 6} <= {len(model.support) for model in models}
    assert max(sum(o == k for o, _ in model.support) for model in models for k in (0, 1)) <= 3


def test_printing_shows_equations_table_and_notes(orbit):
    found = discover(orbit, interactions(orbit), LARGE, accuracy=1e-6, outputs=["dx", "dy"])
    shown = str(found)
    assert shown.startswith("dx = -0.9*x*y\ndy = 0.8*x*y\n")
    assert "held out" in shown and "-0.9*x*y" in shown
    assert found.table[0][0].terms == ("x*y",) and found.condition == (1.0, 1.0)
    assert found.score == pytest.approx(sum(rows[0].score for rows in found.table))


U = np.random.default_rng(9).uniform(0.5, 2.0, (40, 2))
HOLE = np.where(np.arange(40)[:, None] == 5, np.nan, U)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda lib: discover(U, U[:30, 0], lib), "40 rows of inputs but 30 rows of targets"),
        (lambda lib: discover(U[:, :1], U[:, 0], lib), "1 columns but the library has the 2 variables x, y"),
        (lambda lib: discover(U, U[:, 0], lib, weights=np.ones(3)), r"weights have shape \(3,\).*40 finite numbers"),
        (lambda lib: discover(U, U[:, 0], lib, weights=-np.ones(40)), "none negative"),
        (lambda lib: discover(U, U, lib, outputs=["a"]), "1 output names were given for 2 target columns"),
        (lambda lib: discover(HOLE, U[:, 0], lib), "1 of 40 rows contain NaN or inf, first row 5.*drop_missing=True"),
        (lambda lib: discover(U[:4], U[:4, 0], lib), "4 rows cannot decide among 6 candidates"),
        (lambda lib: discover(U, np.zeros(40), lib), "zero at every row"),
        (lambda lib: discover(U, U[:, 0] + 1j, lib), "type complex128; accepted are real numbers"),
        (lambda lib: discover(U, np.ones((40, 2, 2)), lib), r"shape \(40, 2, 2\); accepted is \(rows, columns\)"),
        (lambda lib: discover(U, U[:, 0], lib, accuracy=0.0), "accuracy = 0.0 was given"),
        (lambda lib: discover(U, U[:, 0], lib, collinearity=2.0), "collinearity = 2.0 was given"),
        (lambda lib: discover(U, U[:, 0], lib, samples=-1), "samples = -1 was given"),
        (lambda lib: discover(U, U[:, 0], lib, criterion="best"), "'best' is not known"),
        (lambda lib: discover(U, U[:, 0], lib, thresholds=[0.0]), "positive finite numbers"),
        (lambda lib: discover(0 * U, U[:, 0], custom(NAMES, ["1/x", "y"])), "1/x is not finite at 40 of 40 rows"),
        (lambda lib: discover(U, U[:, 0], lib).candidates(0), "0 candidates of 3 terms were asked for"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(polynomials(NAMES, 2))
