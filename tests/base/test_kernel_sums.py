"""Sums of many numbers, which a native kernel cannot hold, keep a solve out of one: it compiles all the same."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.base.kernel import kernel, obstacle

jax.config.update("jax_enable_x64", True)


def decay(t, y, rate):
    return -rate * y


def end(rate, size):
    problem = ude.ODE(decay, jnp.ones(size), (0.0, 1.0), args=rate)
    return ude.solve(problem, rtol=1e-6, atol=1e-6, saveat=ude.Save(end=True)).y


@pytest.mark.parametrize("size", [4095, 4096])
def test_states_on_both_sides_of_the_limit_are_solved_and_differentiated(size):
    value, slope = jax.jit(jax.value_and_grad(lambda rate: end(rate, size).mean()))(0.5)
    np.testing.assert_allclose([value, slope], [np.exp(-0.5), -np.exp(-0.5)], rtol=1e-5)


def test_many_lanes_of_a_small_state_are_solved():
    ends = jax.jit(jax.vmap(lambda rate: end(rate, 2)))(jnp.linspace(0.1, 1.0, 2048))
    np.testing.assert_allclose(ends[:, 0], np.exp(-np.linspace(0.1, 1.0, 2048)), rtol=1e-5)


def test_a_large_constant_of_the_surrounding_program_may_enter_a_kernel():
    matrix = jnp.asarray(np.random.default_rng(0).normal(size=(40, 40)) / 40)
    problem = ude.ODE(lambda t, y, a: a @ y, jnp.ones(40), (0.0, 1.0), args=matrix)

    @jax.jit
    def ends(y0):
        return ude.solve(problem.replace(y0=y0), rtol=1e-9, atol=1e-9, saveat=ude.Save(end=True)).ys[0]

    np.testing.assert_allclose(ends(problem.y0), jax.scipy.linalg.expm(matrix) @ problem.y0, rtol=1e-7)


@pytest.mark.parametrize(
    ("function", "shapes", "inside"),
    [
        (jnp.sum, [(4095,)], True),
        (jnp.sum, [(4096,)], False),
        (lambda x: jnp.max(x, axis=1), [(64, 64)], False),
        (lambda x: jnp.sum(x, axis=1), [(5000, 1)], True),
        (lambda x: jnp.any(x > 0), [(8192,)], True),
        (jnp.dot, [(4096,), (4096,)], False),
        (jnp.dot, [(300, 300), (300,)], True),
        (jnp.outer, [(50,), (50,)], True),
        (jnp.dot, [(8, 8), (8, 8)], False),
    ],
)
def test_what_is_said_to_fit_compiles_and_the_rest_is_recognised(function, shapes, inside):
    arguments = [jnp.ones(shape) for shape in shapes]
    program = jax.make_jaxpr(function)(*arguments)
    assert (obstacle(program) is None) == inside
    np.testing.assert_allclose(jax.jit(kernel(function))(*arguments), function(*arguments))
