"""Many trajectories at once: the same numbers as one by one, told apart, summed up, and kept on disk."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

TIMES = jnp.linspace(0.0, 2.0, 5)
RATES = np.linspace(0.1, 3.0, 37)
TIGHT = {"rtol": 1e-9, "atol": 1e-12}
DECAY = ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 2.0))
BLOW_UP = ude.ODE(lambda t, y, k: k * y**2, 1.0, (0.0, 2.0))  # reaches infinity at t = 1 / k


def orbit(t, y, args):
    return {"x": y["v"], "v": -args["k"] * y["x"]}


def test_the_end_of_each_trajectory_is_that_of_its_parameters():
    sol = ude.ensemble(DECAY, over={"args": RATES}, **TIGHT)
    np.testing.assert_allclose(sol.y, np.exp(-2 * RATES), rtol=1e-8)
    assert sol.ys.shape == (37, 1) and sol.ts.shape == (37, 1) and bool(sol.result.ok.all())


def test_given_times_are_those_of_vmap_of_solve():
    sol = ude.ensemble(DECAY, over={"args": RATES}, saveat=TIMES)
    mapped = jax.vmap(lambda k: ude.solve(DECAY.replace(args=k), saveat=TIMES))(RATES)
    np.testing.assert_allclose(sol.ys, mapped.ys, rtol=1e-12)
    np.testing.assert_array_equal(sol.ts, np.broadcast_to(TIMES, (37, 5)))
    np.testing.assert_array_equal(sol.stats.steps, mapped.stats.steps)
    np.testing.assert_array_equal(sol.stats.saved, 5)


def test_a_tree_of_states_and_parameters_keeps_its_form():
    problem = ude.ODE(orbit, {"x": 1.0, "v": 0.0}, (0.0, 1.0))
    over = {"y0": {"x": RATES, "v": 0.0}, "args": {"k": RATES[::-1], "name": "spring"}}
    sol = ude.ensemble(problem, over=over, **TIGHT)
    np.testing.assert_allclose(sol.y["x"], RATES * np.cos(np.sqrt(RATES[::-1])), rtol=1e-7)
    assert sol.ys["v"].shape == (37, 1)


def test_a_list_of_lists_is_an_array_of_states():
    problem = ude.ODE(lambda t, y, args: -y, [1.0, 1.0], (0.0, 1.0))
    sol = ude.ensemble(problem, over={"y0": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}, **TIGHT)
    np.testing.assert_allclose(sol.y, np.exp(-1) * np.arange(1.0, 7.0).reshape(3, 2), rtol=1e-8)


def test_rows_of_any_kind_are_turned_into_problems_by_change():
    def change(problem, key):
        return problem.replace(y0=1.0 + jax.random.uniform(key))

    keys = jax.random.split(jax.random.key(0), 7)
    sol = ude.ensemble(DECAY.replace(args=0.5), over=keys, change=change, **TIGHT)
    np.testing.assert_allclose(sol.y, np.exp(-1) * (1 + jax.vmap(jax.random.uniform)(keys)), rtol=1e-8)


def test_what_change_hands_on_as_it_is_stays_single():
    shared = jnp.arange(3.0)
    problem = ude.ODE(lambda t, y, args: -args[0] * y + args[1].sum(), 1.0, (0.0, 2.0), args=(1.0, shared))
    sol = ude.ensemble(problem, over=RATES, change=lambda p, k: p.replace(args=(k, p.args[1])), **TIGHT)
    np.testing.assert_allclose(sol.y, 3 / RATES + (1 - 3 / RATES) * np.exp(-2 * RATES), rtol=1e-7)


def test_the_size_of_chunks_does_not_change_the_answer():
    whole = ude.ensemble(DECAY, over={"args": RATES}, saveat=TIMES)
    cut = ude.ensemble(DECAY, over={"args": RATES}, saveat=TIMES, chunk=5)
    np.testing.assert_allclose(whole.ys, cut.ys, rtol=1e-13)


def test_another_number_of_rows_compiles_nothing_anew():
    traced = []

    def f(t, y, k):
        traced.append(None)
        return -k * y

    problem = ude.ODE(f, 1.0, (0.0, 1.0))
    ude.ensemble(problem, over={"args": RATES})
    before = len(traced)
    ude.ensemble(problem, over={"args": np.linspace(1.0, 2.0, 700)}, rtol=1e-5)
    assert len(traced) == before


def test_a_span_that_runs_backwards_keeps_the_users_times():
    problem = ude.ODE(lambda t, y, k: -k * y, 1.0, (2.0, 0.0))
    sol = ude.ensemble(problem, over={"args": RATES}, saveat=TIMES[::-1], **TIGHT)
    np.testing.assert_array_equal(sol.ts[0], TIMES[::-1])
    np.testing.assert_allclose(sol.ys[:, -1], np.exp(2 * RATES), rtol=1e-7)


def test_an_event_stops_each_trajectory_at_its_own_time():
    problem = ude.ODE(DECAY.f, 1.0, (0.0, 50.0), events=ude.Event(lambda t, y, k: y - 0.5))
    sol = ude.ensemble(problem, over={"args": RATES}, **TIGHT)
    np.testing.assert_allclose(sol.t, np.log(2) / RATES, rtol=1e-7)
    np.testing.assert_array_equal(sol.ts[:, 0], sol.t)
    assert bool(sol.result.ok.all())


def test_a_trajectory_that_fails_is_marked_counted_and_nan_where_it_was_not_reached():
    with pytest.warns(UserWarning, match=r"2 of 4 trajectories did not reach their end, the first is number 1: 2 × The step"):
        sol = ude.ensemble(BLOW_UP, over={"args": np.array([0.1, 1.0, 0.2, 0.6])}, saveat=TIMES)
    np.testing.assert_array_equal(sol.result.ok, [True, False, True, False])
    np.testing.assert_array_equal(np.isnan(sol.ys).sum(axis=1), [0, 2 + 1, 0, 1])
    assert sol.t[1] == pytest.approx(1.0, abs=1e-3)


def test_the_state_of_a_lost_trajectory_is_nan_where_only_the_end_is_kept():
    with pytest.warns(UserWarning, match="1 of 2"):
        sol = ude.ensemble(BLOW_UP, over={"args": np.array([0.1, 1.0])})
    np.testing.assert_array_equal(np.isnan(sol.ys[:, 0]), [False, True])


def test_a_row_that_is_not_a_number_spoils_no_other():
    with pytest.warns(UserWarning, match="1 of 3 trajectories.*number 0.*NaN or infinite"):
        sol = ude.ensemble(DECAY, over={"args": np.array([np.nan, 1.0, 2.0])}, **TIGHT)
    np.testing.assert_allclose(sol.y[1:], np.exp([-2.0, -4.0]), rtol=1e-8)


def test_threads_solve_in_the_precision_of_the_caller():
    with jax.enable_x64(False):
        sol = ude.ensemble(DECAY, over={"args": np.linspace(0.1, 3.0, 100, dtype=np.float32)})
    assert sol.y.dtype == np.float32


def test_the_answer_says_in_one_line_what_it_is():
    text = repr(ude.ensemble(DECAY, over={"args": RATES}))
    assert text.startswith("Ensemble(37 trajectories: 37 success; ") and "Tsit5" in text


def test_progress_counts_every_trajectory_once_and_its_failures():
    said = []
    with pytest.warns(UserWarning, match="1 of 40"):
        rates = np.r_[1.0, np.full(39, 0.1)]
        ude.ensemble(BLOW_UP, over={"args": rates}, chunk=16, progress=lambda *numbers: said.append(numbers))
    assert said == [(16, 40, 1), (32, 40, 1), (40, 40, 1)]


def test_the_bar_appears_in_a_terminal_only(monkeypatch, capsys):
    ude.ensemble(DECAY, over={"args": RATES}, progress=True)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    ude.ensemble(DECAY, over={"args": RATES}, progress=True)
    assert "37/37" in capsys.readouterr().err
