"""What cannot be done is said in a sentence; SciPy does it where it is asked to."""

import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp as theirs

from tests.scipy import functions as F
from universalde.scipy import solve_ivp

GIVEN = {"fun": F.decay, "t_span": (0, 1), "y0": [1.0]}


def never(t, y):
    return y[0]


never.terminal = -1

ROWS = [
    ({"fun": F.branches}, TypeError, r"line \d+ of functions.py, `if y\[0\] > 0:`.*np.where\(condition, a, b\)"),
    ({"fun": F.makes_a_float}, TypeError, r"`return \[float\(y\[0\]\)\]`"),
    ({"fun": F.own_array, "y0": [1.0, 0.0]}, TypeError, r"write A @ y for A.dot\(y\)"),
    ({"fun": F.past_the_end_when_traced}, TypeError, "gives other numbers when JAX traces it"),
    ({"fun": F.random}, TypeError, "random numbers"),
    ({"fun": lambda t, y: [1.0, 2.0, 3.0], "y0": [1.0, 2.0]}, ValueError, r"shape \(3,\) for a state of shape \(2,\)"),
    ({"events": F.Crossing(True), "fun": lambda t, y: y[3]}, IndexError, "out of bounds"),
    ({"method": "BDF", "y0": [1j]}, ValueError, "implicit methods solve real systems.*fallback=True"),
    ({"method": "RK99"}, ValueError, "RK23, RK45, DOP853, Radau, BDF, LSODA"),
    ({"method": "BDF", "jac": [1.0]}, ValueError, r"jac has shape \(1,\); for 1 equations the Jacobian has shape \(1, 1\)"),
    ({"method": "BDF", "jac": [[-0.4]]}, ValueError, r"df\[0\]/dy\[0\] is -0.5, but -0.4 stands there"),
    ({"method": "BDF", "jac": lambda t, y: -0.5}, ValueError, r"has shape \(\)"),
    ({"method": "Radau", "jac": lambda t, y: [[-0.5 if y[0] > 0 else 0.0]]}, TypeError, "np.where"),
    ({"method": "LSODA", "jac": [[-0.5]], "lband": 0}, ValueError, "packed matrix"),
    ({"method": "BDF", "jac_sparsity": [[1, 1]]}, ValueError, r"jac_sparsity has shape \(1, 2\)"),
    ({"t_span": 3}, TypeError, "pair of numbers"),
    ({"t_span": (1, 1)}, ValueError, "zero length"),
    ({"y0": 1.0}, ValueError, "1-dimensional"),
    ({"y0": ["a"]}, TypeError, "give numbers"),
    ({"y0": [np.nan]}, ValueError, "NaN or infinite"),
    ({"t_eval": [0.5, 2]}, ValueError, "not within t_span"),
    ({"t_eval": [0.5, 0.2]}, ValueError, "not properly sorted"),
    ({"t_eval": [[0.5]]}, ValueError, "1-dimensional"),
    ({"args": 0.5}, TypeError, r"args=\(0.5,\)"),
    ({"first_step": 0}, ValueError, "positive and at most"),
    ({"first_step": 2}, ValueError, "positive and at most"),
    ({"max_step": -1}, ValueError, "positive"),
    ({"rtol": -1.0}, ValueError, "finite and not negative"),
    ({"rtoll": 1e-3}, TypeError, "no option rtoll"),
    ({"events": never}, ValueError, "terminal = -1"),
]


@pytest.mark.parametrize(("changed", "kind", "words"), ROWS, ids=range(len(ROWS)))
def test_a_sentence(changed, kind, words):
    with pytest.raises(kind, match=words):
        solve_ivp(**{**GIVEN, **changed})


@pytest.mark.parametrize("changed", [{"fun": F.branches}, {"method": "LSODA", "y0": [1.0], "jac": [[-0.5]], "lband": 0, "uband": 0}, {"fun": F.makes_a_float}])
def test_scipy_solves_it_when_asked_to(changed):
    call = {**GIVEN, **changed}
    np.testing.assert_array_equal(solve_ivp(**call, fallback=True).y, theirs(**call).y)


def test_an_option_without_effect_is_warned_about():
    with pytest.warns(UserWarning, match="no effect .*: jac"):
        solve_ivp(**GIVEN, jac=lambda t, y: -0.5)


def test_inside_a_trace_solve_is_recommended():
    with pytest.raises(TypeError, match="use ude.solve there"):
        jax.jit(lambda y0: solve_ivp(F.decay, (0, 1), y0).y)(np.array([1.0]))


def test_the_dense_solution_says_what_it_covers():
    sol = solve_ivp(**GIVEN, dense_output=True).sol
    with pytest.raises(ValueError, match="covers 0 to 1"):
        sol(1.5)
    with pytest.raises(ValueError, match="number or a vector"):
        sol([[0.5]])
