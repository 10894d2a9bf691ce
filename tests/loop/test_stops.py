"""Steps end exactly on stops; where the right-hand side jumps nothing of one side reaches the other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.loop.test_contract import BDF2
from tests.solve.problems import Calls, counted, decay
from universalde.base.kernel import obstacle
from universalde.border import border
from universalde.loop.integrate import integrate
from universalde.solve import DEFAULT_CONTROLLER
from universalde.spec.problem import Problem

END = ude.Save(end=True)
TIGHT = dict(rtol=1e-9, atol=1e-9)
K = 0.7


def lamp(t, y, args):
    """Charged at the rate 1 before the switch and emptied at the rate 2 after it, with a leak."""
    return jnp.where(t < args["switch"], 1.0, -2.0) - args["k"] * y


def charge(k, t, switch=1.0, y0=0.5):
    """The lamp's exact solution from t = 0."""
    until = jnp.minimum(t, switch)
    before = (y0 - 1 / k) * jnp.exp(-k * until) + 1 / k
    return jnp.where(t <= switch, before, (before + 2 / k) * jnp.exp(-k * (t - until)) - 2 / k)


def switched(k=K, tspan=(0.0, 2.0), switch=1.0, y0=0.5, **slots):
    slots = {"discontinuities": [switch], **slots}
    return ude.ODE(lamp, jnp.asarray([y0]), tspan, {"k": k, "switch": switch}, **slots)


@pytest.mark.parametrize("tspan, dtype", [((0.0, 2.0), np.float64), ((2.0, 0.0), np.float64), ((0.0, 2.0), np.float32)])
def test_steps_end_exactly_on_every_stop_in_any_order(tspan, dtype):
    stops = np.array([1.3, 0.1, 0.7, 0.7], dtype)
    sol = ude.solve(ude.ODE(decay, np.ones(1, dtype), tspan, dtype(K), stops=stops), rtol=1e-3, atol=1e-3)
    assert set(stops.tolist()) <= set(np.asarray(sol.ts).tolist())
    assert int(sol.stats.rejected) == 0 and np.all(np.diff(sol.ts) * np.sign(tspan[1] - tspan[0]) > 0)


def test_the_step_size_after_a_stop_is_the_one_planned_before():
    sol = ude.solve(ude.ODE(decay, jnp.ones(1), (0.0, 1.0), K, stops=[0.26]), dt0=0.25, controller=ude.Fixed())
    np.testing.assert_allclose(sol.ts, [0, 0.25, 0.26, 0.51, 0.76, 1.0], rtol=1e-14)


def test_stops_on_the_ends_of_the_span_change_nothing():
    problem = ude.ODE(decay, jnp.ones(1), (0.0, 1.0), K)
    for name in ("stops", "discontinuities"):
        sol = ude.solve(problem.replace(**{name: [0.0, 1.0]}))
        np.testing.assert_allclose(sol.ts, ude.solve(problem).ts, rtol=1e-12)


def test_other_stops_do_not_trace_anew_and_stops_may_be_traced():
    def run(stops):
        return ude.solve(ude.ODE(counted, jnp.ones(1), (0.0, 1.0), K, stops=stops, discontinuities=stops[:1])).ts

    run(np.array([0.2, 0.5]))
    before = Calls.number
    assert 0.6 in run(np.array([0.6, 0.3]))
    assert Calls.number == before
    rows = jax.jit(lambda stops: run(stops))(jnp.array([0.6, 0.3]))
    assert {0.6, 0.3} <= set(np.asarray(rows).tolist())


def test_a_jump_that_is_known_costs_no_accuracy_and_few_rejections():
    known, unknown = ude.solve(switched(), **TIGHT), ude.solve(switched(discontinuities=None), **TIGHT)
    exact = charge(K, 2.0)
    assert abs(known.ys[-1, 0] - exact) < 1e-10 < 1e-9 < abs(unknown.ys[-1, 0] - exact)
    assert int(known.stats.rejected) <= 4 and int(unknown.stats.rejected) >= 20
    assert int(known.stats.rhs) < 0.5 * int(unknown.stats.rhs)


def test_saved_and_dense_values_are_right_on_both_sides_of_a_jump():
    times = jnp.array([0.5, 0.999999, 1.0, 1.000001, 1.7])
    sol = ude.solve(switched(), **TIGHT)
    np.testing.assert_allclose(sol(times)[:, 0], charge(K, times), rtol=1e-8)
    np.testing.assert_allclose(ude.solve(switched(), saveat=times, **TIGHT).ys[:, 0], charge(K, times), rtol=1e-8)


@pytest.mark.parametrize("switch", [0.0, 1.0], ids=["at zero", "at one"])
def test_the_right_hand_side_is_never_evaluated_on_a_jump(switch):
    def f(t, y, k):
        return jnp.where(t == switch, jnp.nan, jnp.where(t < switch, 1.0, -1.0)) * jnp.ones(1)

    for tspan in ((switch - 1.0, switch + 1.0), (switch + 1.0, switch - 1.0), (switch, switch + 1.0)):
        sol = ude.solve(ude.ODE(f, jnp.zeros(1), tspan, discontinuities=[switch]))
        assert sol.result.ok and int(sol.stats.rejected) == 0 and switch in np.asarray(sol.ts)


def test_a_jump_is_right_backwards_in_time():
    sol = ude.solve(switched(tspan=(2.0, 0.0), y0=float(charge(K, 2.0))), **TIGHT)
    np.testing.assert_allclose(sol.ys[-1], 0.5, atol=1e-9)
    assert int(sol.stats.rejected) <= 4


def test_gradients_pass_through_jumps_lane_by_lane():
    def end(k, switch, y0):
        return ude.solve(switched(k, (0.0, 2.0), switch, y0), saveat=END, **TIGHT).ys[0, 0]

    ks, switches, starts = jnp.array([0.7, 1.1, 0.3]), jnp.array([1.0, 0.2, 1.9]), jnp.array([0.5, 0.0, 2.0])
    exact = jax.vmap(jax.grad(lambda k, s, y: charge(k, 2.0, s, y), argnums=(0, 2)))(ks, switches, starts)
    for derivative in (jax.grad, jax.jacfwd):
        found = jax.vmap(derivative(end, argnums=(0, 2)))(ks, jax.lax.stop_gradient(switches), starts)
        np.testing.assert_allclose(found, exact, rtol=1e-7)


def test_a_jump_stays_where_it_is_when_the_start_moves():
    def end(t0, t1):
        return ude.solve(switched(tspan=(t0, t1)), saveat=END, **TIGHT).ys[0, 0]

    def exact(t0, t1):
        return charge(K, t1 - t0, 1 - t0)

    np.testing.assert_allclose(jax.grad(end, (0, 1))(0.1, 1.8), jax.grad(exact, (0, 1))(0.1, 1.8), rtol=1e-6)


def test_an_event_before_a_jump_moves_and_the_jump_does_not():
    # A tank fills at the rate p to 1, is halved, and at t = 1 the flow turns round.
    def end(p):
        problem = ude.ODE(
            lambda t, y, p: jnp.where(t < 1, p, -1.0) * jnp.ones(1) - 0.1 * y, jnp.zeros(1), (0.0, 1.5), p,
            events=ude.Event(lambda t, y, p: y[0] - 1.0, lambda t, y, p: y / 2, direction=1), discontinuities=[1.0],
        )  # fmt: skip
        return ude.solve(problem, saveat=END, rtol=1e-11, atol=1e-11).ys[0, 0]

    def exact(p):
        full = -10 * jnp.log(1 - 0.1 / p)
        top = (0.5 - 10 * p) * jnp.exp(-0.1 * (1 - full)) + 10 * p
        return (top + 10) * jnp.exp(-0.05) - 10

    np.testing.assert_allclose(end(1.5), exact(1.5), rtol=1e-9)
    np.testing.assert_allclose(jax.grad(end)(1.5), jax.grad(exact)(1.5), rtol=1e-7)


def test_an_event_on_a_jump_happens_once_and_the_solve_goes_on():
    reset = ude.Event(lambda t, y, k: t - 1.0, lambda t, y, k: y + 1.0)
    problem = ude.ODE(lambda t, y, k: jnp.where(t < 1, 1.0, -1.0) * jnp.ones(1), jnp.zeros(1), (0.0, 2.0),
                      events=reset, discontinuities=[1.0])  # fmt: skip
    sol = ude.solve(problem, saveat=jnp.array([0.5, 1.5, 2.0]))
    np.testing.assert_allclose(sol.ys[:, 0], [0.5, 1.5, 1.0], rtol=1e-9)


def test_a_multistep_method_begins_anew_after_a_jump():
    def end(k):
        return ude.solve(switched(k), BDF2(), saveat=END, rtol=1e-7, atol=1e-7).ys[0, 0]

    exact = jax.value_and_grad(lambda k: charge(k, 2.0))(K)
    np.testing.assert_allclose(jax.value_and_grad(end)(K), exact, rtol=2e-4)


def test_a_derivative_with_respect_to_stop_times_gets_a_sentence():
    def end(switch):
        return ude.solve(ude.ODE(decay, jnp.ones(1), (0.0, 2.0), K, stops=switch[None]), saveat=END).ys[0, 0]

    with pytest.raises(TypeError, match="stops and discontinuities are constants.*write an Event"):
        jax.grad(end)(1.0)


def test_a_solve_with_jumps_is_still_one_native_kernel():
    call = border(switched(), ude.Tsit5(), rtol=1e-6, atol=1e-6, saveat=END, dt0=None, max_steps=100, controller=DEFAULT_CONTROLLER)
    assert obstacle(jax.make_jaxpr(lambda operands: integrate(call.program, operands))(call.operands)) is None


def test_breaking_points_of_a_delay_equation_may_be_named_and_gradients_pass_through_them():
    # y' = -p y(t - 1) with the history 1: y jumps in its first derivative at 0, in its second at 1.
    def sums(p, breaks):
        problem = Problem(f=lambda t, y, p, past: -p * past(t - 1.0), y0=jnp.ones(1), tspan=(0.0, 2.0), args=p,
                          history=lambda t, p: jnp.ones(1), discontinuities=breaks)  # fmt: skip
        sol = ude.solve(problem, ude.Tsit5(), saveat=jnp.array([0.5, 1.5, 2.0]), **TIGHT)
        return jnp.sum(sol.ys), sol.stats

    value, slope = 3 - 4 * 0.9 + 0.9**2 * 0.625, -4 + 2 * 0.9 * 0.625
    (found, stats), gradient = jax.value_and_grad(sums, has_aux=True)(0.9, np.array([1.0]))
    np.testing.assert_allclose([found, gradient], [value, slope], rtol=1e-12)
    assert int(stats.rejected) == 0 and int(sums(0.9, None)[1].rejected) > 10


def test_a_method_without_an_error_estimate_stops_and_jumps_too():
    sol = ude.solve(switched(stops=[0.333]), ude.CarpenterKennedy2N54(), dt0=0.01)
    assert {0.333, 1.0} <= set(np.asarray(sol.ts).tolist()) and int(sol.stats.steps) == 201
    np.testing.assert_allclose(sol.ys[-1, 0], charge(K, 2.0), rtol=1e-9)
