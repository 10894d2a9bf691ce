"""The stiff benchmark judges its solvers fairly: one set of equations for all, times at equal error."""

import math

import jax
import numpy as np
import pytest

from bench.contract import CLOCK
from bench.stiff import at_target, bars, bracket
from bench.stiff_code import functions
from bench.stiff_emep import BREAKS, SETTINGS
from bench.stiff_models import MODELS, Model, find


def inside(model: Model) -> tuple[float, np.ndarray]:
    """A time and a state with no zero in it."""
    state = np.abs(np.array(model.start)) + 0.01 * (1.0 + np.arange(model.size) % 3) * max(1.0, np.max(np.abs(model.start)) * 1e-6)
    return model.span[0] + 0.01 * (model.span[1] - model.span[0]), state


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_python_and_jax_have_the_same_right_hand_side(model):
    t, y = inside(model)
    expected = np.array(model.plain(0)(t, y))
    with jax.disable_jit():
        found = np.asarray(model.jax()(t, jax.numpy.asarray(y), None))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13 * np.max(np.abs(expected)))


def evaluated(model: Model, name: str, t: float, y: np.ndarray) -> dict[str, float]:
    """The formulas that become C and Numba, by plain arithmetic."""
    import sympy as sp

    values = {"t": t, **{f"y{i}": x for i, x in enumerate(y)}, **{f"s{i}": x for i, x in enumerate(model.settings[0])}}
    for target, expression in functions(model)[name]:
        used = sorted(map(str, sp.sympify(expression).free_symbols))
        values[target] = sp.lambdify(used, expression, "math")(*(values[symbol] for symbol in used))
    return values


@pytest.mark.parametrize("name", ["rober", "orego", "e5", "ring_modulator"])
def test_jacobian_of_the_compiled_solvers_is_that_of_jax(name):
    model = find(name)
    t, y = inside(model)
    with jax.disable_jit():
        expected = np.asarray(jax.jacfwd(lambda y: model.jax()(t, y, None))(jax.numpy.asarray(y)))
    found, values = np.zeros_like(expected), evaluated(model, "jac", t, y)
    for target, value in values.items():
        if "," in target:
            row, column = map(int, target.split(","))
            found[row, column] = value
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13 * np.max(np.abs(expected)))


def test_light_in_emep_is_on_from_four_to_twenty_and_the_clock_starts_at_midnight():
    assert len(SETTINGS) == len(BREAKS) + 1
    for start, (light, midnight) in zip((14400.0, *BREAKS), SETTINGS, strict=True):
        assert light == (4 <= (start - midnight) / 3600 < 20)
        assert 0 <= start - midnight < 86400


def test_errors_are_relative_to_the_floor_where_the_reference_is_smaller():
    model = Model("two", lambda *_: [], (0.0, 0.0), (0.0, 1.0), (2.0, 1e-9), 1e-6, floor=1e-3)
    assert model.error([2.0, 1e-6 + 1e-9]) == pytest.approx(1e-3)
    assert model.error([math.nan, 0.0]) == math.inf


def test_a_tolerance_is_taken_when_it_and_the_next_reach_the_target():
    model = Model("one", lambda *_: [], (1.0,), (0.0, 1.0), (1.0,), 1e-5)
    lucky = {1e-2: 1e-3, 10**-2.5: 1e-6, 1e-3: 1e-4, 10**-3.5: 3e-6, 1e-4: 1e-6}

    def single(rtol, starts):
        error = min(lucky.items(), key=lambda pair: abs(math.log(pair[0] / rtol)))[1]
        return lambda: (np.array([[1.0 + error]]), None)

    (above, worse), (within, better) = bracket(model, single)
    assert (above, within) == (pytest.approx(1e-3), pytest.approx(10**-3.5))
    assert (worse, better) == (pytest.approx(1e-4), pytest.approx(3e-6))


def test_a_solver_that_never_reaches_the_target_is_told_so():
    model = Model("one", lambda *_: [], (1.0,), (0.0, 1.0), (1.0,), 1e-5)
    with pytest.raises(ValueError, match=r"no tolerance reaches 1e-05 on one: least error 1\.0e-03"):
        bracket(model, lambda rtol, starts: lambda: (np.array([[1.001]]), None))


def test_time_at_the_target_is_interpolated_in_logarithms():
    model = Model("one", lambda *_: [], (1.0,), (0.0, 1.0), (1.0,), 1e-5)
    facts = {"error within": 1e-6, "error above": 1e-4}
    calls = {"single within": {"median_ms": 4.0}, "single above": {"median_ms": 1.0}}
    assert at_target(model, {"facts": facts, "calls": calls}, "single") == pytest.approx(2.0)
    assert at_target(model, {"facts": facts, "calls": calls}, "many") == pytest.approx(2.0)  # a slow solver has no such call


def test_the_best_of_ours_is_judged_against_the_best_of_each_peer_and_single_calls_are_only_shown():
    def found(many, single):
        facts = {"error within": 1e-7, "error above": math.inf}
        return {"facts": facts, "calls": {"many within": {"median_ms": 20 * many}, "single within": {"median_ms": single}}}

    results = {
        "universalde A": found(2.0, 9.0), "universalde B": found(1.0, 10.0), "universalde C": {"skipped": "absent"},
        "diffrax A": found(60.0, 60.0), "diffrax B": found(90.0, 90.0), "CVODE in C": found(4.0, 4.0), "SciPy BDF": found(45.0, 45.0),
        "SciPy with Numba BDF": found(1.0, 1.0), "Numba loop": found(0.5, 0.5),
    }  # fmt: skip
    judged = bars(find("rober"), results, CLOCK)
    assert [(bar.measured, bar.met) for bar in judged[:4]] == [("60", True), ("45", False), ("4", False), ("2", False)]
    assert [(bar.measured, bar.met) for bar in judged[4:]] == [("6.67", None), ("5", None), ("0.444", None), ("18", None)]
    assert "(universalde B)" in judged[0].promise
    assert "(universalde A)" in judged[4].promise
