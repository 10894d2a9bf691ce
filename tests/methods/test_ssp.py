"""Strong stability: convex combinations of Euler steps, limiters on them, and total variation that does not grow."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.methods.rows import ROWS
from universalde.spec.method import Equation
from universalde.tableaus.shu_osher import FORMS

PUBLISHED = {
    "SSPRK22": 1, "SSPRK33": 1, "SSPRK43": 2, "SSPRK432": 2, "SSPRK53": 2.65, "SSPRK53_2N1": 2.18, "SSPRK53_2N2": 2.148, "SSPRK53_H": 2.65,
    "SSPRK54": 1.508, "SSPRK63": 3.518, "SSPRK73": 4.288, "SSPRK83": 5.107, "SSPRK104": 6, "SSPRK932": 6,
}  # fmt: skip


@pytest.fixture(params=FORMS)
def name(request):
    return request.param


def test_both_forms_are_the_same_method_exactly(name):
    table = ROWS[name].tableau
    assert FORMS[name].butcher == (table.a, table.b)


def test_every_stage_is_a_convex_combination(name):
    assert all(abs(sum(shares) - 1) <= Fraction(1, 10**14) for shares in FORMS[name].alpha)
    assert all(x >= 0 for matrix in FORMS[name] for row in matrix for x in row)


def test_the_coefficient_is_the_published_one(name):
    assert float(FORMS[name].coefficient) == pytest.approx(PUBLISHED[name], abs=1e-3)


def same(u, t, args):
    return u


def upwind(t, u, speed):
    return -speed * (u - jnp.roll(u, 1))


def downwind_square(t, u, args):  # not monotone with Euler steps of any size
    return -(jnp.roll(u, -1) ** 2 - jnp.roll(u, 1) ** 2) / 4


STEP = jnp.where((jnp.arange(50) > 10) & (jnp.arange(50) < 25), 1.0, 0.0)


def variation(u):
    return float(jnp.sum(jnp.abs(u - jnp.roll(u, 1))))


def one_step(name, size):
    """A step of upwind advection, without compiling; Euler steps of size up to 1 do not raise the variation."""
    method = ROWS[name](stage_limiter=same)
    equation = Equation(f=lambda t, u: upwind(t, u, 1.0), apply=lambda function, t, u: function(u, t, None))
    return method.step(equation, 0.0, size, STEP, (), ()).y


def test_variation_does_not_grow_up_to_the_ssp_step(name):
    assert variation(one_step(name, float(FORMS[name].coefficient))) <= variation(STEP) + 1e-12


@pytest.mark.parametrize("name", ["SSPRK22", "SSPRK33", "SSPRK43", "SSPRK104"])
def test_variation_grows_beyond(name):
    assert variation(one_step(name, 1.5 * PUBLISHED[name])) > variation(STEP) + 1e-3


BURGERS = ude.ODE(downwind_square, STEP, (0.0, 4.0))


def clip(u, t, args):
    return jnp.clip(u, 0.0, 1.0)


def test_a_stage_limiter_keeps_the_bounds_that_the_scheme_breaks():
    free = ude.solve(BURGERS, ude.SSPRK33(), dt0=0.5).ys
    kept = ude.solve(BURGERS, ude.SSPRK33(stage_limiter=clip), dt0=0.5).ys
    assert jnp.max(free) > 1.05 and jnp.min(free) < -0.05
    assert jnp.max(kept) <= 1.0 and jnp.min(kept) >= 0.0


def test_limiters_see_time_and_args_and_the_step_limiter_comes_last():
    problem = ude.ODE(lambda t, u, args: {"x": 0 * u["x"]}, {"x": jnp.zeros(2)}, (0.0, 1.0), args=3.0)
    method = ude.SSPRK22(stage_limiter=lambda u, t, a: {"x": u["x"] * 0 + 10}, step_limiter=lambda u, t, a: {"x": u["x"] + a + t})
    sol = ude.solve(problem, method, dt0=0.5)
    np.testing.assert_allclose(sol.ys["x"][:, 0], [0.0, 13.5, 14.0])


def test_a_limiter_that_does_nothing_changes_nothing():
    problem = ude.ODE(upwind, STEP, (0.0, 3.0), args=1.0)
    plain = ude.solve(problem, ude.SSPRK43(), rtol=1e-4, atol=1e-4, saveat=ude.Save(end=True))
    limited = ude.solve(problem, ude.SSPRK43(stage_limiter=same), rtol=1e-4, atol=1e-4, saveat=ude.Save(end=True))
    np.testing.assert_allclose(plain.y, limited.y, atol=1e-12)
    assert plain.stats.steps == limited.stats.steps


def test_gradients_pass_through_limiters():
    def end(limit):
        problem = ude.ODE(lambda t, u, limit: u, 1.0, (0.0, 1.0), args=limit)
        method = ude.SSPRK22(step_limiter=lambda u, t, limit: jnp.minimum(u, limit))
        return ude.solve(problem, method, dt0=0.25, saveat=ude.Save(end=True)).y

    np.testing.assert_allclose(jax.grad(end)(2.0), 1.0)
    np.testing.assert_allclose(jax.grad(end)(5.0), 0.0)


def test_what_cannot_limit_is_said_in_a_sentence():
    with pytest.raises(TypeError, match=r"SSPRK22\(stage_limiter=3\): a limiter is a function \(u, t, args\) -> u"):
        ude.SSPRK22(stage_limiter=3)
    with pytest.raises(ValueError, match=r"a limiter \(u, t, args\) returned shape"):
        ude.solve(BURGERS, ude.SSPRK22(stage_limiter=lambda u, t, args: u[:2]), dt0=0.5)
