"""`Save(of=…)` and `Save(only=…)` in an ensemble: what a solve of each trajectory would keep."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

TIMES = np.linspace(0.0, 1.0, 4)
RATES = np.linspace(0.5, 2.9, 21)
START = np.array([1.0, 2.0])


def rates_and_sum(t, y, k):
    return {"sum": y.sum() + t, "scaled": k * y}


PAIR = ude.ODE(lambda t, y, k: -k * y, START, (0.0, 1.0))
AT_TIMES = ude.Save(ts=TIMES, of=rates_and_sum)


@pytest.fixture(scope="module")
def found():
    return ude.ensemble(PAIR, over={"args": RATES}, saveat=AT_TIMES, rtol=1e-9, atol=1e-12)


def test_functions_of_the_state_are_kept_at_given_times(found):
    y = START * np.exp(-RATES[:, None, None] * TIMES[:, None])
    assert set(found.ys) == {"sum", "scaled"}
    np.testing.assert_allclose(found.ys["sum"], y.sum(axis=-1) + TIMES, rtol=1e-8)
    np.testing.assert_allclose(found.ys["scaled"], RATES[:, None, None] * y, rtol=1e-7)
    np.testing.assert_allclose(found.y, y[:, -1], rtol=1e-8)


def test_functions_of_the_state_are_summed_up_chunk_by_chunk(found):
    sol = ude.ensemble(
        PAIR, over={"args": RATES}, saveat=AT_TIMES, rtol=1e-9, atol=1e-12, reduce=ude.mean, chunk=8
    )
    np.testing.assert_allclose(sol.summary.mean["scaled"], found.ys["scaled"].mean(axis=0), rtol=1e-10)


def test_functions_of_the_state_come_back_from_a_checkpoint(found, tmp_path):
    options = {"over": {"args": RATES}, "saveat": AT_TIMES, "rtol": 1e-9, "atol": 1e-12, "checkpoint": tmp_path / "runs"}
    ude.ensemble(PAIR, **options)
    again = ude.ensemble(PAIR, **options)
    jax.tree.map(np.testing.assert_array_equal, again.ys, found.ys)


def test_a_component_of_the_end_is_nan_where_the_end_was_not_reached():
    problem = ude.ODE(lambda t, y, k: k * y**2, jnp.array([1.0, 0.1]), (0.0, 1.0))  # y[0] is infinite at t = 1 / k
    with pytest.warns(UserWarning, match="of 21 trajectories did not reach their end"):
        sol = ude.ensemble(problem, over={"args": RATES}, saveat=ude.Save(end=True, only=[1]), max_steps=300)
    assert sol.ys.shape == (21, 1, 1) and sol.y.shape == (21, 2)
    expected = np.where(RATES < 1, 0.1 / (1 - 0.1 * RATES), np.nan)
    np.testing.assert_allclose(sol.ys[:, 0, 0], expected, rtol=1e-4)
