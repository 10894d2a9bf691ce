"""Events in the user's time: directions forwards and backwards, known or traced, alone and in lanes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

# Height 1 - t², speed -2 t: zero at t = 1 falling, and, seen in rising time, at t = -1 rising.
ENDS = {"forwards": 5.0, "backwards": -5.0}


def stopped(t1, direction):
    """When a thrown ball that is watched from its top on stops at height 0."""
    ground = ude.Event(lambda t, y, g: y[0], direction=direction)
    problem = ude.ODE(lambda t, y, g: jnp.stack([y[1], -g]), jnp.array([1.0, 0.0]), (0.0, t1), 2.0, events=ground)
    return ude.solve(problem, rtol=1e-9, atol=1e-9, saveat=ude.Save(end=True)).t


@pytest.mark.parametrize("traced", [False, True], ids=["known", "traced"])
@pytest.mark.parametrize("direction, passed", [(-1, "backwards"), (0, None), (1, "forwards")])
def test_a_direction_means_the_users_time_whichever_way_it_runs(direction, passed, traced):
    run = jax.jit(stopped, static_argnums=1) if traced else stopped
    for way, end in ENDS.items():
        expected = end if way == passed else np.sign(end)
        np.testing.assert_allclose(run(end, direction), expected, rtol=1e-9)


def test_lanes_may_run_in_different_directions():
    times = jax.vmap(lambda t1: stopped(t1, 1))(jnp.array(list(ENDS.values())))
    np.testing.assert_allclose(times, [5.0, -1.0], rtol=1e-9)


def test_an_event_at_the_very_start_is_left_behind_and_found_when_it_comes_back():
    # sin(t) from its zero at 0: the next one that falls is at pi.
    event = ude.Event(lambda t, y, args: y[0])
    problem = ude.ODE(lambda t, y, args: jnp.stack([y[1], -y[0]]), jnp.array([0.0, 1.0]), (0.0, 5.0), events=event)
    np.testing.assert_allclose(ude.solve(problem, rtol=1e-9, atol=1e-9).t, np.pi, rtol=1e-8)


def test_of_two_events_in_one_step_the_first_one_comes_first():
    levels = [ude.Event(lambda t, y, args, level=level: y[0] - level) for level in (0.7, 0.3)]
    problem = ude.ODE(lambda t, y, args: jnp.ones_like(y), jnp.array([0.0]), (0.0, 1.0), events=levels)
    sol = ude.solve(problem, dt0=1.0)
    assert sol.result.name == "stopped"
    np.testing.assert_allclose(sol.y, [0.3], rtol=1e-12)


def test_the_state_after_an_action_is_saved_and_times_before_it_are_not_touched():
    half = ude.Event(lambda t, y, args: t - 0.5, lambda t, y, args: y + 10.0)
    problem = ude.ODE(lambda t, y, args: -y, jnp.array([1.0]), (0.0, 1.0), events=half)
    sol = ude.solve(problem, rtol=1e-9, atol=1e-9, saveat=jnp.array([0.25, 0.49, 0.51, 1.0]))
    after = np.exp(-np.array([0.51, 1.0])) + 10 * np.exp(-(np.array([0.51, 1.0]) - 0.5))
    np.testing.assert_allclose(sol.ys[:, 0], [*np.exp([-0.25, -0.49]), *after], rtol=1e-7)
