"""A table of behaviours from SciPy's documentation of `solve_ivp`, each held against SciPy's own answer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import RK45
from scipy.integrate import solve_ivp as theirs
from scipy.sparse import csc_matrix

import universalde as ude
from tests.scipy import functions as F
from universalde.scipy import solve_ivp

TIGHT = {"rtol": 1e-9, "atol": 1e-10}
LV = {"args": (1.5, 1, 3, 1)}
SWING = (F.pendulum, (0, 12), [1.0, 0.0])
STIFF = (F.relaxation, (0, 4), [1.0, 0.0])
LINEAR = (F.chain, (0, 1), np.ones(5))


def same_ends(ours, scipy):
    assert (ours.t[0], ours.t[-1]) == (scipy.t[0], scipy.t[-1])
    np.testing.assert_allclose(ours.y[:, [0, -1]], scipy.y[:, [0, -1]], rtol=1e-6, atol=1e-7)


def same_rows(ours, scipy):
    np.testing.assert_array_equal(ours.t, scipy.t)
    np.testing.assert_allclose(ours.y, scipy.y, rtol=1e-6, atol=1e-7)


def same_events(ours, scipy):
    assert (ours.status, ours.message) == (scipy.status, scipy.message)
    assert ours.t[-1] == pytest.approx(scipy.t[-1])
    for name in ("t_events", "y_events"):
        for a, b in zip(getattr(ours, name), getattr(scipy, name), strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def same_between(ours, scipy):
    for times in (0.3, np.array(2.5), np.linspace(0.0, 3.0, 7), []):
        a, b = ours.sol(times), scipy.sol(times) if np.size(times) else np.empty((2, 0))
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert (ours.sol.t_min, ours.sol.t_max) == (scipy.sol.t_min, scipy.sol.t_max)


def same_between_stiff(ours, scipy):
    times = np.linspace(0.0, 4.0, 9)
    np.testing.assert_allclose(ours.sol(times), scipy.sol(times), rtol=1e-5, atol=1e-6)
    same_ends(ours, scipy)


def no_longer_steps(ours, scipy):
    same_ends(ours, scipy)
    for sol in (ours, scipy):
        assert np.max(np.diff(sol.t)) <= 0.05 * (1 + 1e-12)
        assert np.sum(np.diff(sol.t) > 0.04999) > 10


def same_first_step(ours, scipy):
    assert ours.t[1] == scipy.t[1] == 0.01


TABLE = {
    "every step is returned, from one end of t_span to the other": ((F.decay, (0, 10), [2, 4, 8]), {}, same_ends),
    "t_span may run backwards": ((F.decay, (10, 0), [2, 4, 8]), {}, same_ends),
    "y0 may be complex": ((F.decay, (0, 10), [1 + 2j, 3, 4j]), {}, same_ends),
    "t_eval says at which times": ((F.decay, (0, 10), [2, 4, 8]), {"t_eval": [0, 1, 2, 4, 10]}, same_rows),
    "args are handed to fun": ((F.lotka_volterra, (0, 3), [10, 5]), LV, same_ends),
    "dense_output gives a function of time": (
        (F.lotka_volterra, (0, 3), [10, 5]), {**LV, "dense_output": True}, same_between),
    "dense_output and t_eval go together": (
        (F.lotka_volterra, (0, 3), [10, 5]), {**LV, "dense_output": True, "t_eval": [0.5, 2, 3]}, same_rows),
    "first_step is the first step": ((F.decay, (0, 10), [2, 4, 8]), {"first_step": 0.01}, same_first_step),
    "max_step bounds the steps": ((F.decay, (0, 10), [2, 4, 8]), {"max_step": 0.05}, no_longer_steps),
    "vectorized functions take columns": (
        (F.made_of_columns, (0, 3), [1.0, 0.0]), {"vectorized": True, "t_eval": [1, 3]}, same_rows),
    "RK23": (SWING, {"method": "RK23"}, same_ends),
    "DOP853": (SWING, {"method": "DOP853"}, same_ends),
    "a method may be SciPy's class": (SWING, {"method": RK45}, same_ends),
    "Radau": (STIFF, {"method": "Radau"}, same_ends),
    "BDF, between its steps": (STIFF, {"method": "BDF", "dense_output": True}, same_between_stiff),
    "LSODA": (STIFF, {"method": "LSODA"}, same_ends),
    "LSODA with a band": (STIFF, {"method": "LSODA", "lband": 1, "uband": 1}, same_ends),
    "a Jacobian may be a function": (STIFF, {"method": "Radau", "jac": F.relaxation_jacobian, "t_eval": [0.5, 3]}, same_rows),
    "a Jacobian may be a matrix": (LINEAR, {"method": "BDF", "jac": F.CHAIN}, same_ends),
    "a Jacobian may be a sparse matrix": (LINEAR, {"method": "Radau", "jac": csc_matrix(F.CHAIN)}, same_ends),
    "a pattern says where the Jacobian is zero": (LINEAR, {"method": "BDF", "jac_sparsity": csc_matrix(F.CHAIN != 0)}, same_ends),
    "a stiff method stops at events": (STIFF, {"method": "Radau", "events": F.Crossing(True)}, same_events),
    "a terminal event stops the solve": ((F.cannon, (0, 100), [0, 10]), {"events": F.hit_ground}, same_events),
    "several events are found, until a terminal one": (
        (F.cannon, (0, 100), [0, 10]), {"events": [F.hit_ground, F.apex]}, same_events),
    "t_eval ends where a terminal event stops the solve": (
        (F.cannon, (0, 100), [0, 10]), {"events": F.hit_ground, "t_eval": [1, 20, 50]}, same_rows),
    "an event counts in both directions": (SWING, {"events": F.Crossing()}, same_events),
    "an event that rises": (SWING, {"events": [F.Crossing(direction=1)]}, same_events),
    "an event that falls, backwards in time": (
        (F.pendulum, (0, -12), [1.0, 0.0]), {"events": F.Crossing(direction=-1)}, same_events),
    "a terminal event in one direction, backwards in time": (
        (F.pendulum, (0, -12), [1.0, 0.0]), {"events": F.Crossing(True, direction=1)}, same_events),
    "a solve stops at the third occurrence": (SWING, {"events": F.Crossing(terminal=3)}, same_events),
    "an event may never happen": ((F.pendulum, (0, 1), [1.0, 0.0]), {"events": F.Crossing(True)}, same_events),
    "a function of this module, math, and names from NumPy": ((F.with_helper, (0, 3), [1.0, 0.0]), {}, same_ends),
    "an array filled item by item": ((F.filled, (0, 3), [1.0, 0.0]), {}, same_ends),
    "extremes, a copy that is changed, lists as arrays": ((F.extremes, (0, 1), [1.0, 2.0]), {}, same_ends),
    "products, norms and parts": ((F.products, (0, 3), [1.0, 0.0]), {}, same_ends),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("row", TABLE)
def test_as_scipy_does(row):
    given, keywords, agree = TABLE[row]
    agree(solve_ivp(*given, **TIGHT, **keywords), theirs(*given, **TIGHT, **keywords))


def test_the_result_has_scipys_fields():
    ours, scipy = solve_ivp(*SWING, **TIGHT), theirs(*SWING, **TIGHT)
    assert set(scipy) | {"method"} == set(ours)
    assert ours.y.shape == (2, ours.t.size) and ours.success and ours.nfev > 0
    assert (ours.sol, ours.t_events, ours.y_events, ours.njev, ours.nlu) == (None, None, None, 0, 0)
    assert ours.method.endswith("for RK45")


def test_the_answer_is_float64_where_jax_is_in_float32_and_the_switch_stays():
    with jax.enable_x64(False):
        sol = solve_ivp(*SWING, **TIGHT, dense_output=True)
        assert sol.y.dtype == sol.t.dtype == sol.sol(0.5).dtype == np.float64
        assert jnp.zeros(1).dtype == jnp.float32
    np.testing.assert_array_equal(sol.y, solve_ivp(*SWING, **TIGHT).y)


def test_new_numbers_run_no_python():
    solve_ivp(F.counted, (0, 1), [1.0], args=(0.5,), max_step=0.5)
    before = F.Calls.number
    sol = solve_ivp(F.counted, (0, 2), [3.0], args=(0.25,), rtol=1e-8, max_step=0.1)
    assert before == F.Calls.number > 0
    assert sol.y[0, -1] == pytest.approx(3 * np.exp(-0.5), rel=1e-6)


def test_whole_numbers_among_args_may_be_sizes():
    def power(t, y, n):
        return -sum(y for _ in range(n))

    assert solve_ivp(power, (0, 1), [1.0], args=(2,), **TIGHT).y[0, -1] == pytest.approx(np.exp(-2))


def test_a_stiff_result_counts_jacobians_and_factorisations_and_names_its_method():
    sol = solve_ivp(*STIFF, method="BDF", **TIGHT)
    assert sol.method == "QNDF for BDF" and sol.njev > 0 and sol.nlu > 0
    assert [solve_ivp(*STIFF, method=name).method for name in ("Radau", "LSODA")] == ["RadauIIA5 for Radau", "Auto(Tsit5, Rodas5P) for LSODA"]
    assert solve_ivp(*STIFF, method="Radau").t.size < solve_ivp(*STIFF).t.size / 2


def test_a_method_of_ours_may_be_given():
    assert solve_ivp(*SWING, method=ude.Tsit5(), **TIGHT).method == "Tsit5"


def test_a_solve_that_blows_up_says_so_and_keeps_what_it_has():
    sol = solve_ivp(F.blows_up, (0, 2), [1.0])
    assert (sol.status, sol.success) == (-1, False)
    assert "step size became too small" in sol.message
    assert sol.t[-1] == pytest.approx(1.0, abs=1e-3)


def test_a_root_of_an_event_at_the_start_is_no_event():
    sol = solve_ivp(F.cannon, (0, 10), [0, 10], events=lambda t, y: y[0])
    assert sol.t_events[0].size == 0
