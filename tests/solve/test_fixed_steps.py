"""Methods without an error estimate take the steps they are given."""

import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

DECAY = ude.ODE(lambda t, y, args: -y, jnp.array([1.0, 2.0]), (0.0, 1.0))


def test_every_step_has_the_size_given():
    sol = ude.solve(DECAY, ude.RK4(), dt0=0.125)
    np.testing.assert_allclose(sol.ts, np.linspace(0, 1, 9), atol=1e-15)
    assert int(sol.stats.rejected) == 0
    np.testing.assert_allclose(sol.ys[-1], np.exp(-1) * np.array([1, 2]), rtol=1e-5)


def test_the_last_step_is_shortened_to_the_end():
    sol = ude.solve(DECAY, ude.RK4(), dt0=0.3)
    np.testing.assert_allclose(sol.ts, [0, 0.3, 0.6, 0.9, 1.0], atol=1e-15)


def test_without_a_step_size_a_sentence_says_what_to_write():
    with pytest.raises(
        ValueError, match=r"RK4 has no error estimate, so its steps are fixed and dt0 says .* dt0=0\.01"
    ):
        ude.solve(DECAY, ude.RK4())


def test_a_step_that_overflows_ends_the_solve_at_once():
    growing = ude.ODE(lambda t, y, args: y**3, jnp.array([10.0]), (0.0, 10.0))
    sol = ude.solve(growing, ude.RK4(), dt0=0.1, throw=False)
    assert not sol.result.ok
    assert int(sol.stats.steps) < 10
    with pytest.raises(ude.SolveError, match="Take a smaller dt0"):
        ude.solve(growing, ude.RK4(), dt0=0.1)
