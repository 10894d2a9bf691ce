"""The adjoint of a solve is an object: the default, the name in the answer."""

import jax
import jax.numpy as jnp

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
