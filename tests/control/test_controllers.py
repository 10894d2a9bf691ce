"""Each controller against its formula written with powers, and what it does in a solve."""

import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.control.pid import FILTERS

ORDER, K, SAFETY = 4, 5, 0.9
EXACT = 1e-4  # relative accuracy of the powers, which enter up to four times
ERRORS = [0.5, 0.02, 0.7, 0.9, 0.3, 0.11]


def sizes_of(controller, errors, first=0.1):
    """Step sizes that follow each other when the steps have these errors."""
    h = jnp.asarray(first)
    state, sizes = controller.init(h), [first]
    for error in errors:
        _, h, state = controller.judge(jnp.asarray(error) ** 2, h, state, ORDER)
        sizes.append(float(h))
    return np.array(sizes)


def filtered(beta, alpha, errors, first=0.1):
    """Söderlind's recursion with powers; before the start errors and sizes were those of the first step."""
    set_point, sizes = SAFETY**K, [first, first * (SAFETY**K / errors[0]) ** (1 / K)]
    past = [errors[0]] * 3
    for n, error in enumerate(errors[1:], start=1):
        past = [error, *past[:2]]
        factor = np.prod([(set_point / e) ** (b / K) for e, b in zip(past, beta, strict=True)])
        before, long_before = sizes[n - 1], sizes[max(n - 2, 0)]
        factor *= (sizes[n] / before) ** -alpha[0] * (before / long_before) ** -alpha[1]
        sizes.append(sizes[n] * factor)
    return np.array(sizes)


def predicted(errors, first=0.1):
    """Gustafsson's recursion with powers; the least error remembered is 0.01."""
    sizes = [first, first * SAFETY * errors[0] ** (-1 / K)]
    for n, error in enumerate(errors[1:], start=1):
        trend = sizes[n] / sizes[n - 1] * (max(errors[n - 1], 1e-2) / error) ** (1 / K)
        sizes.append(sizes[n] * SAFETY * error ** (-1 / K) * min(1, trend))
    return np.array(sizes)


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_follows_its_recursion(name):
    controller = ude.PID.named(name, smallest=1e-3, largest=1e3)
    np.testing.assert_allclose(sizes_of(controller, ERRORS), filtered(*FILTERS[name], ERRORS), rtol=EXACT)


def test_the_predictive_controller_follows_its_recursion():
    expected = predicted(ERRORS)
    elementary = np.array(sizes_of(ude.I(), ERRORS))
    assert np.max(np.abs(expected / elementary - 1)) > 0.1  # the trend matters here
    np.testing.assert_allclose(sizes_of(ude.Predictive(), ERRORS), expected, rtol=EXACT)


def test_the_elementary_controller_is_the_textbook_formula():
    expected = 0.1 * np.cumprod([1.0, *(SAFETY * np.array(ERRORS) ** (-1 / K))])
    np.testing.assert_allclose(sizes_of(ude.I(), ERRORS), expected, rtol=EXACT)


def test_without_a_proportional_gain_the_two_classes_agree():
    np.testing.assert_allclose(sizes_of(ude.I(0.8), ERRORS), sizes_of(ude.PI(0.8, 0.0), ERRORS), rtol=EXACT)


@pytest.mark.parametrize("name", ["H0211", "H0312", "H0321"])
def test_filters_with_a_0_in_their_name_settle_in_as_many_steps_as_they_remember(name):
    # The error of a step is (h / 0.2)^5 times the set point: the size should become 0.2, and stay.
    controller, h = ude.PID.named(name), jnp.asarray(0.15)
    state = controller.init(h)
    for _ in range(4):
        _, h, state = controller.judge((SAFETY**K * (h / 0.2) ** K) ** 2, h, state, ORDER)
    np.testing.assert_allclose(h, 0.2, rtol=EXACT)


@pytest.mark.parametrize("name", FILTERS)
def test_filters_do_not_see_errors_that_alternate(name):
    # What "low-pass" means: the gains on the errors cancel where signs alternate.
    beta, alpha = FILTERS[name]
    np.testing.assert_allclose(beta[0] - beta[1] + beta[2], 0, atol=1e-15)
    assert sum(beta) > 0
    z = np.roots([1, beta[0] - 1 + alpha[0], beta[1] - alpha[0] + alpha[1], beta[2] - alpha[1]])
    assert np.all(np.abs(z) < 1)  # the recursion for sizes is stable


@pytest.mark.parametrize("controller", [ude.I(), ude.PI(), ude.PID(), ude.Predictive()], ids=lambda c: type(c).__name__)
def test_a_refused_step_changes_the_size_but_not_the_memory(controller):
    h = jnp.asarray(0.1)
    _, h, state = controller.judge(jnp.asarray(0.25), h, controller.init(h), ORDER)
    accept, smaller, after = controller.judge(jnp.asarray(9.0), h, state, ORDER)
    assert not accept
    np.testing.assert_allclose(smaller, h * SAFETY * 3 ** (-1 / K), rtol=EXACT)
    assert str(after) == str(state)
    _, least, _ = controller.judge(jnp.asarray(np.nan), h, state, ORDER)
    np.testing.assert_allclose(least, 0.2 * h, rtol=EXACT)


def van_der_pol(t, y, mu):
    """A limit cycle with slow and fast parts."""
    return jnp.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


RELAXING = ude.ODE(van_der_pol, [2.0, 0.0], (0.0, 50.0), 10.0)


def test_the_filter_and_the_predictive_controller_refuse_fewer_steps_than_the_elementary_one():
    # Measured 65, 37 and 21 of some 850 attempts (75, 32 and 38 with Vern7): which steps are refused depends on roundings,
    # that they are a third fewer does not.
    solves = [ude.solve(RELAXING, ude.Tsit5(), rtol=1e-7, atol=1e-7, controller=c, saveat=ude.Save(end=True))
              for c in (ude.I(), ude.PID(), ude.Predictive())]  # fmt: skip
    elementary, filtered, predictive = (int(sol.stats.rejected) for sol in solves)
    assert filtered < 0.7 * elementary and predictive < 0.7 * elementary
    for sol in solves:
        np.testing.assert_allclose(sol.ys[0], solves[0].ys[0], atol=1e-5)


def test_a_controller_with_memory_goes_on_where_a_full_buffer_stopped_it():
    whole = ude.solve(RELAXING, controller=ude.PID(), rtol=1e-5, atol=1e-5)
    pieces = ude.solve(RELAXING, controller=ude.PID(), rtol=1e-5, atol=1e-5, saveat=ude.Save(capacity=100))
    np.testing.assert_allclose(pieces.ts, whole.ts, rtol=1e-10)


def test_fixed_steps_have_their_size_except_the_last():
    problem = ude.ODE(lambda t, y, k: -k * y, 1.0, (0.0, 1.0), 1.0)
    sol = ude.solve(problem, dt0=0.3, controller=ude.Fixed(), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(sol.ts, [0, 0.3, 0.6, 0.9, 1], rtol=1e-14)


def test_a_fixed_step_that_fails_ends_the_solve_at_once():
    problem = ude.ODE(lambda t, y, k: jnp.sqrt(0.5 - t) * y, 1.0, (0.0, 1.0), 1.0)
    sol = ude.solve(problem, dt0=0.1, controller=ude.Fixed(), throw=False)
    assert (sol.result.name, int(sol.stats.rejected)) == ("step_too_small", 1)
    np.testing.assert_allclose(sol.t, 0.5, rtol=1e-12)
