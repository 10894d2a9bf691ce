"""Approximate powers of two and logarithms: as exact as their text says, over the whole range of a number."""

import jax.numpy as jnp
import numpy as np
import pytest

from universalde.base.powers import exp2, log2

RANGES = {np.float32: 125, np.float64: 1020}
PRECISIONS = pytest.mark.parametrize("dtype", RANGES)


def exponents(dtype):
    """Exponents over the whole normal range, and closely around zero, halves and whole numbers included."""
    wide = np.random.default_rng(0).uniform(-RANGES[dtype], RANGES[dtype], 100_000)
    return np.concatenate([wide, np.linspace(-3, 3, 12_001)]).astype(dtype)


@PRECISIONS
def test_the_logarithm_is_exact_to_three_hundred_thousandths(dtype):
    x = np.exp2(exponents(dtype).astype(np.float64)).astype(dtype)
    found = np.asarray(log2(jnp.asarray(x)), np.float64)
    rounding = np.finfo(dtype).eps * RANGES[dtype]
    assert np.max(np.abs(found - np.log2(x.astype(np.float64)))) < 3e-5 + rounding


@PRECISIONS
def test_the_power_is_exact_to_eight_millionths(dtype):
    x = exponents(dtype)
    found = np.asarray(exp2(jnp.asarray(x)), np.float64)
    assert np.max(np.abs(found / np.exp2(x.astype(np.float64)) - 1)) < 8e-6


@PRECISIONS
def test_whole_powers_of_two_are_exact(dtype):
    whole = np.arange(-RANGES[dtype], RANGES[dtype] + 1).astype(dtype)
    np.testing.assert_array_equal(log2(jnp.asarray(np.exp2(whole))), whole)
    np.testing.assert_array_equal(exp2(jnp.asarray(whole)), np.exp2(whole))


@PRECISIONS
def test_both_rise_without_a_step_back_where_the_octaves_meet(dtype):
    # A controller that sees a slightly larger error must not choose a larger step.
    spacing = 2e-6 if dtype is np.float32 else 1e-9
    near = np.arange(-50, 51) * spacing
    for corner in (np.sqrt(0.5), np.sqrt(2.0), 1.0, 8 * np.sqrt(0.5)):
        values = np.diff(log2(jnp.asarray(corner * (1 + near), dtype)))
        assert np.min(values) >= -3e-5
    for corner in (-1.5, -0.5, 0.5, 1.5):
        values = np.asarray(exp2(jnp.asarray(corner + near, dtype)))
        assert np.min(np.diff(values) / values[1:]) >= -1.6e-5


@PRECISIONS
def test_they_keep_the_precision_they_are_given(dtype):
    one = jnp.ones(3, dtype)
    assert log2(one).dtype == exp2(one).dtype == dtype
