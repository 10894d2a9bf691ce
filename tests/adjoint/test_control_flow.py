"""Solves inside conditions, switches, loops and rematerialisation: the same numbers and derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude


def end(k):
    """exp(-k), by solving."""
    problem = ude.ODE(lambda t, y, k: -k * y, jnp.array([1.0]), (0.0, 1.0), k)
    return ude.solve(problem, saveat=jnp.array([0.5, 1.0]), rtol=1e-10, atol=1e-10).ys[1, 0]


def branch(solve):
    return lambda k: jax.lax.cond(k > 0, solve, lambda k: 0 * k, k)


def switched(solve):
    return lambda k: jax.lax.switch((k > 0).astype(int), [lambda k: solve(2 * k), solve], k)


def again(solve):
    return lambda k: jax.lax.scan(lambda k, _: (solve(k), None), k, None, length=3)[0]


FLOWS = {"condition": branch, "switch": switched, "scan": again, "checkpoint": jax.checkpoint}


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_values_and_gradients_pass_through_control_flow(flow):
    found = jax.jit(jax.value_and_grad(flow(end)))(0.5)
    expected = jax.value_and_grad(flow(lambda k: jnp.exp(-k)))(0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_solve_that_is_not_taken_does_not_matter():
    value, gradient = jax.jit(jax.value_and_grad(branch(end)))(-2000.0)
    assert value == gradient == 0


@pytest.mark.slow
def test_third_and_second_derivatives_in_forward_mode():
    third = jax.jacfwd(jax.jacfwd(jax.grad(end)))(0.5)
    second = jax.jacfwd(jax.jacfwd(end))(0.5)
    np.testing.assert_allclose([third, second], [-np.exp(-0.5), np.exp(-0.5)], rtol=1e-7)
