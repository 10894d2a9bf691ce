"""Losses over data with missing entries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from universalde.learn import huber, mean_squared, mean_squared_log, mean_squared_relative, sum_squared

LOSSES = [mean_squared, sum_squared, mean_squared_relative, mean_squared_log, huber]
DATA = np.array([[1.0, 2.0], [np.nan, 0.5], [3.0, np.nan]])
PREDICTION = np.array([[1.5, 1.0], [7.0, 0.75], [2.0, 9.0]])
PRESENT = np.isfinite(DATA)


@pytest.mark.parametrize("loss", LOSSES)
def test_missing_entries_change_neither_the_loss_nor_its_gradient(loss):
    value, gradient = jax.jit(jax.value_and_grad(lambda x: loss(x, DATA)))(PREDICTION)
    reduced, expected = jax.jit(jax.value_and_grad(lambda x: loss(x, DATA[PRESENT])))(PREDICTION[PRESENT])
    np.testing.assert_allclose(value, reduced, rtol=1e-14)
    np.testing.assert_allclose(gradient[PRESENT], expected, rtol=1e-14)
    np.testing.assert_array_equal(gradient[~PRESENT], 0.0)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_prediction_that_is_not_finite_is_seen_even_where_data_are_missing(loss):
    failed = PREDICTION.copy()
    failed[1, 0] = np.nan
    assert np.isnan(loss(failed, DATA))


def test_a_negative_prediction_where_data_are_missing_does_not_spoil_a_logarithmic_loss():
    below = PREDICTION.copy()
    below[1, 0] = -1.0
    value, gradient = jax.jit(jax.value_and_grad(lambda x: mean_squared_log(x, DATA)))(below)
    assert np.isfinite(value) and np.all(np.isfinite(gradient))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (mean_squared, (0.25 + 1.0 + 0.0625 + 1.0) / 4),
        (sum_squared, 0.25 + 1.0 + 0.0625 + 1.0),
        (mean_squared_relative, (0.25 + 0.25 + 0.25 + 1 / 9) / 4),
        (mean_squared_log, np.mean(np.log([1.5, 0.5, 1.5, 2 / 3]) ** 2)),
        (lambda a, b: huber(a, b, 0.5), (0.125 + 0.375 + 0.03125 + 0.375) / 4),
    ],
)
def test_a_loss_is_what_its_equation_says(loss, expected):
    assert float(loss(PREDICTION, DATA)) == pytest.approx(expected, rel=1e-14)


def test_weights_multiply_squares_and_scales_divide_residuals():
    plain = sum_squared(PREDICTION[:1], DATA[:1])
    assert float(sum_squared(PREDICTION[:1], DATA[:1], weights=3.0)) == pytest.approx(3 * float(plain))
    scaled = sum_squared(PREDICTION[:1], DATA[:1], scale=np.array([0.5, 2.0]))
    assert float(scaled) == pytest.approx((0.5 / 0.5) ** 2 + (1.0 / 2.0) ** 2)


def test_a_floor_keeps_small_data_from_counting_without_bound():
    assert float(mean_squared_relative(np.array([0.1]), np.array([0.0]), floor=0.5)) == pytest.approx(0.04)


def test_trees_of_arrays_are_compared_leaf_by_leaf():
    value = mean_squared(
        {"a": np.array([1.0]), "b": np.array([2.0, 5.0])}, {"a": np.array([0.0]), "b": np.array([2.0, np.nan])}
    )
    assert float(value) == pytest.approx(0.5)


def test_complex_numbers_count_by_their_parts():
    assert float(sum_squared(np.array([1 + 2j]), np.array([0j]))) == pytest.approx(5.0)


def test_float32_predictions_give_a_float32_loss():
    assert mean_squared(PREDICTION.astype(np.float32), DATA).dtype == jnp.float32


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: mean_squared(np.zeros(3), np.full(3, np.nan)), "All data are missing"),
        (lambda: mean_squared(np.zeros(3), np.zeros((3, 1))), r"shape \(3,\) and the data \(3, 1\)"),
        (lambda: mean_squared({"a": np.zeros(3)}, np.zeros(3)), "must be the same"),
        (lambda: mean_squared_relative(np.ones(2), np.array([1.0, 0.0])), "give floor="),
        (lambda: mean_squared_log(np.ones(2), np.array([1.0, -2.0])), "data hold -2.0: a logarithmic loss"),
        (lambda: huber(np.ones(2), np.ones(2), delta=0.0), "above zero"),
    ],
)
def test_data_that_cannot_be_compared_are_refused_with_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
