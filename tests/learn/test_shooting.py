"""Multiple shooting."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.learn.problems import PROBLEM, RATES, TIMES, runge_kutta
from universalde.learn import LBFGS, Adam, MultipleShooting, fit, mean_squared, sum_squared

DATA = np.asarray(runge_kutta(PROBLEM, saveat=TIMES).ys)


def shooting(data=DATA, group_size=4, **options):
    return MultipleShooting(PROBLEM, TIMES, data, group_size, **({"solver": runge_kutta} | options))


@pytest.mark.parametrize(
    ("group_size", "first"),
    [(14, [0]), (4, [0, 3, 6, 9, 10]), (2, list(range(13))), (5, [0, 4, 8, 9]), (7, [0, 6, 7])],
)
def test_groups_share_their_ends_and_the_last_one_reaches_back(group_size, first):
    problem = shooting(group_size=group_size)
    np.testing.assert_array_equal(problem.first_points, first)
    assert problem.first_points[-1] + group_size == len(TIMES)


@pytest.mark.parametrize("group_size", [2, 5, 14])
def test_on_the_true_trajectory_it_equals_the_loss_of_one_long_solve(group_size):
    problem = shooting(DATA + 0.1, group_size, continuity=100.0)
    shots = shooting(DATA, group_size).initial(jnp.asarray(RATES))
    loss, prediction, jumps = jax.jit(lambda s: (problem.loss(s), problem.predict(s), problem.jumps(s)))(shots)
    assert float(loss) == pytest.approx(float(mean_squared(DATA, DATA + 0.1)), rel=1e-9)
    np.testing.assert_allclose(prediction, DATA, rtol=1e-9)
    np.testing.assert_allclose(jumps, 0.0, atol=1e-9)


def test_a_jump_costs_its_square_times_the_weight():
    problem = shooting(continuity=50.0)
    shots = problem.initial(jnp.asarray(RATES))
    moved = shots._replace(starts=shots.starts.at[1, 0].add(0.1))
    plain = shooting(continuity=0.0)
    jumps = problem.jumps(moved)
    assert float(problem.loss(moved) - plain.loss(moved)) == pytest.approx(50.0 * float(jnp.sum(jumps**2)), rel=1e-12)
    assert float(jumps[0, 0]) == pytest.approx(-0.1)


def test_training_finds_the_rates_and_joins_the_groups():
    problem = shooting(continuity=20.0, misfit=sum_squared)
    result = fit(problem.loss, problem.initial(jnp.ones(4)), stages=(Adam(0.05, 150), LBFGS(400)), progress=False)
    np.testing.assert_allclose(result.params.params, RATES, rtol=1e-3)
    assert np.max(np.abs(problem.jumps(result.params))) < 1e-3


def test_missing_data_are_interpolated_for_the_starts_and_ignored_in_the_loss():
    holes = DATA.copy()
    holes[[0, 3, 7], 0] = np.nan
    problem = shooting(holes)
    starts = problem.initial(jnp.asarray(RATES)).starts
    assert np.all(np.isfinite(starts))
    assert float(starts[1, 0]) == pytest.approx((DATA[2, 0] + DATA[4, 0]) / 2)
    assert np.isfinite(problem.loss(problem.initial(jnp.asarray(RATES))))


def test_unknowns_that_are_not_observed_start_from_the_problem():
    problem = shooting(DATA[:, [1]], observed=[1])
    shots = problem.initial(jnp.asarray(RATES))
    np.testing.assert_allclose(shots.starts[:, 0], PROBLEM.y0[0])
    np.testing.assert_allclose(shots.starts[:, 1], DATA[problem.first_points, 1])
    assert problem.predict(shots).shape == (len(TIMES), 1)


def test_what_is_observed_may_be_a_function_of_the_states():
    problem = shooting(DATA.sum(axis=1), observed=lambda states: states.sum(axis=-1))
    shots = problem.initial(jnp.asarray(RATES), starts=jnp.asarray(DATA[problem.first_points]))
    assert float(problem.loss(shots)) < 1e-16


def test_other_arguments_can_be_made_from_the_parameters():
    problem = shooting(arguments=lambda logs: jnp.exp(logs))
    shots = shooting().initial(jnp.log(RATES))
    assert float(problem.loss(shots)) < 1e-16


def test_gradients_of_the_loss_agree_with_finite_differences():
    problem = shooting(continuity=3.0)
    shots = problem.initial(jnp.asarray(RATES) * 1.1)
    loss, gradient = eqx.filter_jit(problem.loss), eqx.filter_jit(eqx.filter_grad(problem.loss))(shots)
    change = 1e-6
    for index in (0, 3):
        up = loss(shots._replace(params=shots.params.at[index].add(change)))
        down = loss(shots._replace(params=shots.params.at[index].add(-change)))
        assert float(gradient.params[index]) == pytest.approx(float(up - down) / (2 * change), rel=1e-6)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (dict(ts=TIMES[::-1]), "increasing times"),
        (dict(ts=TIMES[:1], data=DATA[:1]), "at least two"),
        (dict(data=DATA[:-1]), "14 times"),
        (dict(group_size=1), "between 2 and the number of times, 14"),
        (dict(group_size=15), "between 2 and the number of times, 14"),
        (dict(continuity=-1.0), "must not be negative"),
    ],
)
def test_groups_that_cannot_be_made_are_refused_with_a_sentence(change, sentence):
    settings = dict(ts=TIMES, data=DATA, group_size=4) | change
    with pytest.raises(ValueError, match=sentence):
        MultipleShooting(PROBLEM, **settings)


def test_the_solver_of_the_package_is_used_unless_another_is_given():
    from universalde import Tsit5

    problem = shooting(solver=None, group_size=14, method=Tsit5(), rtol=1e-8, atol=1e-8)
    shots = problem.initial(jnp.asarray(RATES))
    # The stand-in takes steps of fixed size, which is what the two differ by.
    np.testing.assert_allclose(jax.jit(lambda s: problem.predict(s))(shots), DATA, rtol=1e-4)
