"""``fit`` when the loss is not finite, when it cannot go on, and when it is asked for nonsense."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import universalde as ude
from tests.learn.problems import quadratic, rosenbrock
from universalde.learn import LBFGS, Adam, Optax, fit

START = {"x": jnp.zeros(2)}


def walled(params):
    """Lowest at 2 in every entry; NaN below zero, where the first steps from the start lead."""
    x = params["x"]
    return jnp.sum(x - 2 * jnp.log(x))


@pytest.mark.parametrize(
    "stage",
    [
        Adam(9.0, 300, schedule="cosine"),
        LBFGS(100, first_step=20.0),
        Optax(optax.sgd(optax.cosine_decay_schedule(12.0, 300)), 300),
    ],
)
def test_a_region_without_finite_loss_does_not_poison_training(stage):
    result = fit(walled, {"x": jnp.array([10.0, 4.0])}, stages=stage, progress=False)
    assert result.failures > 0
    np.testing.assert_allclose(result.params["x"], 2.0, atol=0.02)
    assert result.loss == pytest.approx(float(walled(result.params)), rel=1e-12)


def test_a_solve_that_blows_up_is_counted_and_does_not_stop_training():
    """y' = a y² from 1 is 1/(1 - a t): it reaches 1.9 at t = 0.5 for a = 18/19, and does not reach t = 1 for a > 1."""

    def loss(a):
        sol = ude.solve(ude.ODE(lambda t, y, a: a * y**2, 1.0, (0.0, 1.0), a), saveat=[0.5, 1.0])
        return jnp.sum(jnp.square((sol.ys - jnp.array([1.9, 19.0])) / jnp.array([1.9, 19.0])))

    result = fit(loss, jnp.array(0.5), stages=(Adam(0.3, 100, schedule="cosine"), LBFGS(30)), progress=False)
    assert result.failures > 0 and np.isnan(result.history.loss).sum() > 0
    assert float(result.params) == pytest.approx(18 / 19, rel=1e-3)


def test_a_rejected_update_leaves_parameters_and_moments_of_adam_as_they_were():
    def once(params):
        return jnp.where(params["x"][0] < 0.75, jnp.nan, params["x"][0])

    seen = []
    result = fit(once, {"x": jnp.ones(1)}, stages=Adam(0.3, 1), progress=False, callback=lambda *a: seen.append(a[1]))
    assert result.failures == 1
    np.testing.assert_array_equal(seen[-1]["x"], [1.0])
    assert np.isnan(result.history.loss[1])


def test_steps_after_a_failure_are_shorter_for_a_while():
    def wall(params):
        return jnp.where(params["x"][0] < 0.75, jnp.nan, params["x"][0])

    points = [1.0]
    for steps in (2, 3):
        result = fit(wall, {"x": jnp.ones(1)}, stages=Adam(0.3, steps), progress=False)
        points.append(float(result.params["x"][0]))
    # Refused at 0.7, taken at 0.85, and the next step is not the full 0.3 again but 0.165, which is refused.
    assert points[1] == pytest.approx(0.85) == points[2]


def test_a_gradient_that_is_not_finite_is_refused_like_a_loss():
    def kink(params):
        x = params["x"][0]
        return x + 0 * jnp.sqrt(jnp.maximum(x - 0.8, 0.0))

    result = fit(kink, {"x": jnp.ones(1)}, stages=Adam(0.3, 10), progress=False)
    assert result.failures > 0 and result.params["x"][0] >= 0.8


def test_a_loss_that_is_not_finite_at_the_start_is_refused_with_advice():
    with pytest.raises(
        ValueError, match="cannot be used at the starting parameters: it is nan there.*MultipleShooting"
    ):
        fit(lambda p: jnp.log(p["x"][0] - 1), START, progress=False)


def test_a_gradient_that_is_not_finite_at_the_start_is_named():
    with pytest.raises(ValueError, match="its gradient is not finite there"):
        fit(lambda p: jnp.sqrt(p["x"][0]), START, progress=False)


def test_a_stage_walled_in_by_failures_ends_and_says_so():
    def point(params):
        x = params["x"][0]
        return jnp.where(x == 0, x + 1.0, jnp.nan)

    result = fit(point, START, stages=Adam(0.1, 500), progress=False)
    assert "not finite" in result.reason
    assert result.stages[0].iterations < 100


def test_a_loss_with_a_wrong_gradient_ends_with_a_failed_line_search():
    @jax.custom_vjp
    def lying(x):
        return jnp.sum(x**2)

    lying.defvjp(lambda x: (lying(x), x), lambda x, g: (-2 * g * x,))
    result = fit(lambda p: lying(p["x"]), {"x": jnp.ones(2)}, stages=LBFGS(100), progress=False)
    assert "line search failed twice" in result.reason
    assert result.loss == 2.0


def test_reaching_the_target_ends_the_fit_and_the_stages_after_it():
    result = fit(rosenbrock, START, stages=(LBFGS(100), Adam(0.1, 100)), target=1e-3, progress=False)
    assert "reached the target loss 0.001" in result.reason
    assert 1e-8 < result.loss <= 1e-3
    assert len(result.stages) == 1


def test_patience_ends_a_stage_that_no_longer_improves():
    result = fit(quadratic, START, stages=Adam(1.0, 1000), patience=20, tolerance=1e-3, progress=False)
    assert result.stages[0].iterations < 500
    assert result.reason == "no relative improvement above 0.001 in 20 iterations"
    assert np.argmin(result.history.loss) >= len(result.history.loss) - 40


def test_a_quasi_newton_stage_with_nothing_left_to_gain_ends_by_itself():
    def floored(params):
        return 1.0 + rosenbrock(params) ** 2

    result = fit(floored, START, stages=LBFGS(2000), progress=False)
    assert result.stages[0].iterations < 500
    assert "converged" in result.reason or "line search failed" in result.reason
    assert result.loss - 1.0 < 1e-10


def test_the_best_parameters_go_by_the_validation_loss_where_there_is_one():
    def validation(params):
        return jnp.sum((params["x"] - 2.0) ** 2)

    result = fit(quadratic, START, stages=Adam(0.05, 300), validate=validation, validate_every=1, progress=False)
    np.testing.assert_allclose(result.params["x"], 2.0, atol=0.03)
    best = np.nanargmin(result.history.validation)
    assert result.loss == pytest.approx(result.history.loss[best])


def test_a_callback_sees_every_call_and_may_end_the_fit():
    seen = []

    def callback(iteration, params, loss):
        seen.append((iteration, float(quadratic(params)), loss))
        return iteration >= 5

    result = fit(quadratic, START, stages=(Adam(1e-3, 10**6), LBFGS(10)), callback=callback, progress=False)
    assert result.reason == "stopped by the callback"
    assert seen[0][0] == 0 and all(a == pytest.approx(b) for _, a, b in seen)
    assert len(result.stages) == 1


def test_lines_of_progress_name_the_stage_and_the_loss(capsys):
    fit(quadratic, START, stages=LBFGS(5), progress="lines")
    assert "1/1 LBFGS" in capsys.readouterr().out


def test_nothing_is_shown_where_there_is_no_terminal(capsys):
    fit(quadratic, START, stages=LBFGS(5))
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (dict(stages=()), "write stages such as"),
        (dict(stages=optax.adam(0.1)), "write stages such as"),
        (dict(stages=Adam(0.1, 0)), "at least one step"),
        (dict(patience=0), "at least one"),
        (dict(tolerance=2.0), "between 0 and 1"),
        (dict(target=np.nan), "the loss to stop at"),
        (dict(progress="bar"), "True for a bar"),
        (dict(validate_every=0), "at least one"),
        (dict(every=0), "above zero"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_a_sentence(options, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        fit(quadratic, START, **{"progress": False, **options})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Adam(-1.0), "above zero"),
        (lambda: Adam(0.1, schedule="linear"), "constant"),
        (lambda: Adam(0.1, clip=0), "above zero"),
        (lambda: LBFGS(memory=0), "at least one"),
        (lambda: Optax(0.1), "gradient transformation"),
    ],
)
def test_a_stage_with_a_wrong_number_is_refused_with_a_sentence(make, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        make()


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (lambda p: p["x"], r"shape \(2,\)"),
        (lambda p: None, "returned NoneType"),
        (lambda p: jnp.sum(p["x"]) + 1j, "complex"),
        (lambda p: (p["x"][0], 1, 2), "returned tuple"),
    ],
)
def test_a_loss_that_is_no_real_scalar_is_refused_with_a_sentence(loss, sentence):
    with pytest.raises(TypeError, match=sentence):
        fit(loss, START, progress=False)
