"""The adjoint of a solve is an object: the default, the name in the answer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

TIMES = jnp.array([1.0])
DECAY = ude.ODE(lambda t, y, k: -k * y, jnp.array([1.0]), (0.0, 1.0), 0.5)


def end(k, **options):
    return ude.solve(DECAY.replace(args=k), ude.Tsit5(), saveat=TIMES, **options)


def test_the_default_is_discrete_and_the_answer_says_so():
    names = []

    def loss(k, **options):
        sol = end(k, **options)
        names.append(sol.adjoint)
        return sol.ys[0, 0]

    assert jax.grad(loss)(0.5) == jax.grad(loss)(0.5, adjoint=ude.DiscreteAdjoint())
    assert names == ["DiscreteAdjoint: all states kept"] * 2
    assert end(0.5).adjoint == ""


def slope_of(f):
    problem = ude.ODE(f, jnp.array([1.0]), (0.0, 1.0), 0.5)
    return jax.grad(lambda k: ude.solve(problem.replace(args=k), ude.Tsit5(), saveat=TIMES).ys[0, 0])(0.5)


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda t, y, k: jax.pure_callback(lambda y, k: np.asarray(-k * y), y, y, k), "pure_callback.*write it in jax.numpy"),
        (lambda t, y, k: jnp.round(-10 * k * y).astype(int), "whole numbers that depend on more than the time"),
    ],
    ids=["a call of Python", "whole numbers"],
)
def test_what_derivatives_cannot_pass_gets_a_sentence(f, says):
    with pytest.raises(TypeError, match=says):
        slope_of(f)


def test_what_derivatives_can_pass_is_no_fault():
    @jax.custom_jvp
    def decay(y, k):
        return jax.pure_callback(lambda y, k: np.asarray(-k * y), y, y, k)

    decay.defjvp(lambda point, dots: (decay(*point), -point[1] * dots[0] - dots[1] * point[0]))
    exact = -float(np.exp(-0.5))
    np.testing.assert_allclose(slope_of(lambda t, y, k: decay(y, k)), exact, rtol=1e-3)
    np.testing.assert_allclose(slope_of(lambda t, y, k: (jax.debug.callback(lambda y: None, y), -k * y)[1]), exact, rtol=1e-3)
    assert slope_of(lambda t, y, k: jnp.where(t < 0.5, 1, 0).reshape(1)) == 0
