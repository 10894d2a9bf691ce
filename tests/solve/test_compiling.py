"""When a solve is compiled anew, and when it must not be; nothing is ever stale."""

import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.solve.problems import Calls, counted

COUNTED = ude.ODE(counted, jnp.array([1.0]), (0.0, 1.0), 0.5)
LOOSE = dict(method=ude.Tsit5(), rtol=1e-6, atol=1e-6)
SCALE = jnp.array(2.0)
OFFSET = 1.0
NUMPY_SCALE = np.array([2.0])


def value(problem, **options):
    return float(ude.solve(problem, saveat=ude.Save(end=True), **{"rtol": 1e-9, "atol": 1e-9, **options}).ys[0, 0])


def calls_of(action):
    before = Calls.number
    action()
    return Calls.number - before


CHANGES = {
    "other args": lambda save: ude.solve(COUNTED.replace(args=0.7), saveat=save, **LOOSE),
    "args as NumPy number": lambda save: ude.solve(COUNTED.replace(args=np.float64(0.7)), saveat=save, **LOOSE),
    "args as JAX array": lambda save: ude.solve(COUNTED.replace(args=jnp.array(0.7)), saveat=save, **LOOSE),
    "other start": lambda save: ude.solve(COUNTED.replace(y0=np.array([3.0])), saveat=save, **LOOSE),
    "start as list": lambda save: ude.solve(COUNTED.replace(y0=[3]), saveat=save, **LOOSE),
    "other span": lambda save: ude.solve(COUNTED.replace(tspan=(-1, 1.5)), saveat=save, **LOOSE),
    "other tolerances": lambda save: ude.solve(COUNTED, ude.Tsit5(), saveat=save, rtol=1e-4, atol=np.float64(1e-7)),
    "a new controller of the same gains": lambda save: ude.solve(COUNTED, saveat=save, controller=ude.PI(), **LOOSE),
    "other max_steps": lambda save: ude.solve(COUNTED, saveat=save, max_steps=777, **LOOSE),
    "a new problem": lambda save: ude.solve(ude.ODE(counted, [2.0], (0, 1), args=3.0), saveat=save, **LOOSE),
}
SAVES = {"steps": None, "times": jnp.array([0.5, 1.0]), "end": ude.Save(end=True)}


@pytest.mark.parametrize("saving", ["steps", "times", pytest.param("end", marks=pytest.mark.slow)])
def test_other_numbers_do_not_trace_anew(saving):
    save = SAVES[saving]
    ude.solve(COUNTED, saveat=save, **LOOSE)
    traced = {name: calls_of(lambda change=change: change(save)) for name, change in CHANGES.items()}
    assert traced == dict.fromkeys(CHANGES, 0)


def test_other_save_times_do_not_trace_anew_and_other_numbers_of_times_may():
    ude.solve(COUNTED, saveat=jnp.array([0.5, 1.0]), **LOOSE)
    assert calls_of(lambda: ude.solve(COUNTED, saveat=np.array([0.1, 0.2]), **LOOSE)) == 0


def test_a_solve_that_grows_does_not_trace_anew_for_more_steps():
    save = ude.Save(capacity=5)
    ude.solve(COUNTED.replace(tspan=(0.0, 10.0)), saveat=save, **LOOSE)
    assert calls_of(lambda: ude.solve(COUNTED.replace(tspan=(0.0, 100.0)), ude.Tsit5(), saveat=save, rtol=1e-9, atol=1e-9)) == 0


def test_asking_the_dense_solution_again_does_not_trace_anew():
    sol = ude.solve(COUNTED, **LOOSE)
    sol(0.5)
    assert calls_of(lambda: sol(0.25)) == 0
    assert calls_of(lambda: ude.solve(COUNTED.replace(args=0.1), **LOOSE)) == 0


def test_a_jitted_solve_is_traced_once():
    run = jax.jit(lambda k: ude.solve(COUNTED.replace(args=k), saveat=jnp.array([1.0]), **LOOSE).ys)
    run(0.5)
    assert calls_of(lambda: run(0.9)) == 0


def test_an_eager_gradient_does_not_trace_anew_for_other_numbers():
    gradient = jax.grad(lambda k: ude.solve(COUNTED.replace(args=k), saveat=jnp.array([1.0]), **LOOSE).ys[0, 0])
    gradient(0.5)
    assert calls_of(lambda: gradient(0.9)) == 0


def test_a_lambda_made_anew_shares_the_compilation_and_reads_its_own_array():
    def solve_with(rate):
        def f(t, y, args):
            Calls.number += 1
            return -rate * y

        return value(ude.ODE(f, [1.0], (0.0, 1.0)))

    np.testing.assert_allclose(solve_with(np.array(1.0)), np.exp(-1.0), rtol=1e-8)
    before = Calls.number
    np.testing.assert_allclose(solve_with(np.array(2.0)), np.exp(-2.0), rtol=1e-8)
    np.testing.assert_allclose(solve_with(jnp.array(3.0)), np.exp(-3.0), rtol=1e-8)
    assert Calls.number == before


def test_a_partial_made_anew_shares_the_compilation():
    def solve_with(rate):
        def f(rate, t, y, args):
            Calls.number += 1
            return -rate * y

        return value(ude.ODE(functools.partial(f, np.array(rate)), [1.0], (0.0, 1.0)))

    np.testing.assert_allclose(solve_with(1.0), np.exp(-1.0), rtol=1e-8)
    before = Calls.number
    np.testing.assert_allclose(solve_with(2.0), np.exp(-2.0), rtol=1e-8)
    assert Calls.number == before


def test_an_array_in_a_cell_that_is_replaced_is_not_stale():
    rate = np.array(1.0)

    def f(t, y, args):
        return -rate * y

    problem = ude.ODE(f, [1.0], (0.0, 1.0))
    np.testing.assert_allclose(value(problem), np.exp(-1.0), rtol=1e-8)
    rate = np.array(2.0)
    np.testing.assert_allclose(value(problem), np.exp(-2.0), rtol=1e-8)
    rate[...] = 3.0
    np.testing.assert_allclose(value(problem), np.exp(-3.0), rtol=1e-8)


def test_a_number_in_a_cell_that_is_replaced_is_not_stale():
    rate = 1.0

    def f(t, y, args):
        return -rate * y

    problem = ude.ODE(f, [1.0], (0.0, 1.0))
    np.testing.assert_allclose(value(problem), np.exp(-1.0), rtol=1e-8)
    rate = 2.0
    np.testing.assert_allclose(value(problem), np.exp(-2.0), rtol=1e-8)


def test_helpers_defaults_partials_and_bound_objects_are_read_at_every_call():
    class Model:
        def __init__(self, rate):
            self.rate = rate

        def rhs(self, t, y, args):
            return -self.rate * y

    def from_helper(rate):
        def helper(y):
            return -rate * y

        return lambda t, y, args: helper(y)

    makers = {
        "bound method": lambda rate: Model(rate).rhs,
        "helper": from_helper,
        "default": lambda rate: lambda t, y, args, rate=rate: -rate * y,
        "partial": lambda rate: functools.partial(lambda rate, t, y, args: -rate * y, rate),
    }
    for name, make in makers.items():
        for rate in (1.0, 2.0):
            found = value(ude.ODE(make(np.array(rate)), [1.0], (0.0, 1.0)))
            np.testing.assert_allclose(found, np.exp(-rate), rtol=1e-8, err_msg=name)


def test_an_attribute_that_changes_is_not_stale():
    class Model:
        rate = np.array(1.0)

        def __call__(self, t, y, args):
            return -self.rate * y

    model = Model()
    problem = ude.ODE(model, [1.0], (0.0, 1.0))
    np.testing.assert_allclose(value(problem), np.exp(-1.0), rtol=1e-8)
    model.rate = np.array(2.0)
    np.testing.assert_allclose(value(problem), np.exp(-2.0), rtol=1e-8)


@pytest.mark.parametrize("name, other", [("SCALE", jnp.array(3.0)), ("NUMPY_SCALE", np.array([3.0]))])
def test_an_array_of_the_module_is_warned_about_and_never_stale(name, other, monkeypatch):
    f = {"SCALE": lambda t, y, args: -SCALE * y, "NUMPY_SCALE": lambda t, y, args: -NUMPY_SCALE * y}[name]
    problem = ude.ODE(f, [1.0], (0.0, 1.0))
    with pytest.warns(UserWarning, match=f"reads the array '{name}' from its module.*[Pp]ass it through args"):
        np.testing.assert_allclose(value(problem), np.exp(-2.0), rtol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value(problem)  # said once
        monkeypatch.setitem(globals(), name, other)
        np.testing.assert_allclose(value(problem), np.exp(-3.0), rtol=1e-8)


def test_a_number_of_the_module_is_not_stale(monkeypatch):
    problem = ude.ODE(lambda t, y, args: -OFFSET * y, [1.0], (0.0, 1.0))
    np.testing.assert_allclose(value(problem), np.exp(-1.0), rtol=1e-8)
    monkeypatch.setitem(globals(), "OFFSET", 2.0)
    np.testing.assert_allclose(value(problem), np.exp(-2.0), rtol=1e-8)


def test_a_right_hand_side_compiled_again_and_again_is_warned_about_once():
    def solve_with(rate):
        ude.solve(ude.ODE(lambda t, y, args: -rate * y, [1.0], (0.0, 1.0)), saveat=ude.Save(end=True))

    with pytest.warns(UserWarning, match="compiled anew more than 5 times.*pass numbers through args") as caught:
        for k in range(8):
            solve_with(float(k))
    assert len(caught) == 1


def test_one_right_hand_side_for_states_of_many_shapes_is_not_warned_about():
    # Warnings are errors here.
    for size in range(1, 7):
        problem = ude.ODE(lambda t, y, args: -y, np.ones(size), (0.0, 1.0))
        ude.solve(problem, max_steps=1, saveat=ude.Save(end=True), throw=False)


def test_tracers_in_cells_are_operands():
    def loss(rate):
        return ude.solve(ude.ODE(lambda t, y, args: -rate * y, [1.0], (0.0, 1.0)), saveat=jnp.array([1.0]), **LOOSE).ys[0, 0]

    np.testing.assert_allclose(jax.jit(loss)(2.0), np.exp(-2.0), rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(loss)(jnp.array([1.0, 2.0])), np.exp([-1.0, -2.0]), rtol=1e-5)
    # No tracer may be left in the cache for the next call.
    np.testing.assert_allclose(loss(jnp.array(3.0)), np.exp(-3.0), rtol=1e-5)


def test_true_and_one_are_told_apart_in_args():
    def f(t, y, switch):
        return -y if switch is True else -2.0 * y

    for switch, rate in ((True, 1.0), (1, 2.0), (True, 1.0)):
        np.testing.assert_allclose(value(ude.ODE(f, [1.0], (0.0, 1.0), args=switch)), np.exp(-rate), rtol=1e-8)


def test_the_direction_of_time_may_be_turned_between_calls():
    for end in (1.0, -1.0, 1.0):
        np.testing.assert_allclose(value(COUNTED.replace(tspan=(0.0, end))), np.exp(-0.5 * end), rtol=1e-8)


def test_another_number_of_save_times_in_the_same_size_class_does_not_trace_anew():
    ude.solve(COUNTED, saveat=jnp.linspace(0.0, 1.0, 20), **LOOSE)
    few, many = (ude.solve(COUNTED, saveat=np.linspace(0.0, 1.0, n), **LOOSE) for n in (17, 32))
    assert (few.ys.shape, many.ys.shape) == ((17, 1), (32, 1))
    np.testing.assert_allclose(many.ys[:, 0], np.exp(-0.5 * many.ts), rtol=1e-6)
    assert calls_of(lambda: ude.solve(COUNTED, saveat=np.linspace(0.0, 1.0, 25), **LOOSE)) == 0


def test_the_dense_solution_of_another_number_of_steps_and_times_does_not_trace_anew():
    ude.solve(COUNTED, **LOOSE)(np.linspace(0.0, 1.0, 9))
    longer = ude.solve(COUNTED.replace(tspan=(0.0, 1.5)), **LOOSE)
    assert calls_of(lambda: longer(np.linspace(0.0, 1.5, 13))) == 0
    np.testing.assert_allclose(longer(np.array([[0.5, 1.5]]))[..., 0], np.exp([[-0.25, -0.75]]), rtol=1e-6)


def test_a_solve_whose_numbers_are_all_known_works_inside_jit():
    shown = jax.jit(lambda x: x + ude.solve(COUNTED, **LOOSE).y[0])(1.0)
    np.testing.assert_allclose(shown, 1 + np.exp(-0.5), rtol=1e-6)
