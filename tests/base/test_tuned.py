"""Programs of derivatives rewritten: the same numbers, no scatter, and what is dear computed once."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.base.tuned import tuned


def indexed(y):
    """Reads its argument by indices, some twice."""
    return jnp.sum((y[np.array([1, 2, 0, 1])] * jnp.arange(1.0, 5.0)) ** 3)


def along_columns(y):
    return jnp.sum(y.reshape(3, 2)[:, np.array([1, 1, 0])] ** 3 * jnp.arange(1.0, 4.0))


def by_a_table(y):
    return jnp.sum(y.reshape(3, 2)[np.array([[0, 1], [2, 1]])] ** 3 * jnp.arange(1.0, 3.0))


def jitted(y):
    return jax.jit(indexed)(y)


def in_a_loop(y):
    return jax.lax.scan(lambda total, k: (total * k + indexed(y + total), None), 0.0, jnp.arange(1.0, 4.0))[0]


@pytest.mark.parametrize("function", [indexed, along_columns, by_a_table, jitted, in_a_loop])
def test_sums_into_rows_are_right_and_no_scatter(function):
    slope, y = jax.grad(function), jnp.linspace(0.3, 1.2, 6)
    ours = tuned(slope)
    assert "scatter" in str(jax.make_jaxpr(slope)(y))
    assert "scatter" not in str(jax.make_jaxpr(ours)(y))

    def uses(slope):
        return slope(y), jax.vmap(slope)(jnp.stack([y, y[::-1]])), jax.jvp(slope, (y,), (y,))[1]

    for found, expected in zip(*jax.jit(lambda: (uses(ours), uses(slope)))(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_rows_whose_indices_differ_between_lanes():
    def slope(places, y):
        return jax.grad(lambda y: jnp.sum(y[places] ** 3))(y)

    places, y = jnp.array([[0, 1, 1], [2, 2, 0]]), jnp.linspace(0.3, 1.2, 6).reshape(2, 3)
    np.testing.assert_allclose(jax.vmap(tuned(slope))(places, y), jax.vmap(slope)(places, y), rtol=1e-14)


def test_an_index_that_may_be_outside_stays_a_scatter():
    slope = jax.grad(lambda y: jnp.sum(y.at[np.array([1, 9])].get(mode="fill", fill_value=0.0) ** 3))
    y = jnp.arange(1.0, 5.0)
    assert "scatter" in str(jax.make_jaxpr(tuned(slope))(y))
    np.testing.assert_array_equal(tuned(slope)(y), slope(y))


@pytest.mark.parametrize("size", [15, 16, 17, 31, 80, 4095, 4096])
def test_sums_of_a_vector_are_taken_by_halves(size):
    x = np.random.default_rng(size).normal(size=size) * 1e3
    summed = jax.jit(tuned(jnp.sum))
    assert summed(x) == pytest.approx(math.fsum(x), rel=1e-12, abs=1e-9)
    longest = max(e.invars[0].aval.size for e in jax.make_jaxpr(tuned(jnp.sum))(x).eqns if e.primitive.name == "reduce_sum")
    assert longest == (size if size in (15, 4096) else {16: 8, 17: 8, 31: 7, 80: 5, 4095: 7}[size])


def held_in(function, *arguments):
    return str(jax.make_jaxpr(tuned(function))(*arguments)).count("universalde_hold")


def test_what_is_dear_and_read_again_is_computed_once():
    y, few = jnp.linspace(1.0, 2.0, 10), jnp.linspace(1.0, 2.0, 4)

    def dear(y):
        root = jnp.tanh(y) / jnp.sqrt(y)
        return root * y + root[::-1] * root

    assert held_in(dear, y) == 1
    assert held_in(dear, few) == 0  # a call costs more than four numbers
    assert held_in(lambda y: (y + 1) * (y + 2) + (y + 1), y) == 0  # cheap
    assert held_in(lambda y: jnp.tanh(y) / jnp.sqrt(y) + y, y) == 0  # read once
    assert held_in(lambda y: jnp.sum(jnp.exp(y)[:, None] * y, axis=0), y) == 1  # spread out, and so computed ten times
    np.testing.assert_allclose(tuned(dear)(y), dear(y), rtol=1e-15)


def test_a_gradient_through_indices_is_one_native_kernel_and_right():
    first, second = np.triu_indices(4, 1)
    shares = np.eye(4)[first].T

    def f(t, y, weights):
        apart = y[second] - y[first]
        return shares @ (weights * apart / jnp.sqrt(1 + apart**2)) - 0.1 * y

    problem = ude.ODE(f, jnp.array([1.0, -0.5, 2.0, 0.3]), (0.0, 2.0), jnp.linspace(0.2, 1.0, 6))

    @jax.jit
    def loss(weights):
        sol = ude.solve(problem.replace(args=weights), ude.Tsit5(), rtol=1e-10, atol=1e-10, saveat=jnp.array([1.0, 2.0]))
        return jnp.sum(sol.ys**2)

    compiled = jax.jit(jax.grad(loss)).lower(problem.args).compile()
    text = compiled.as_text()
    assert text.count('xla_cpu_small_call="true"') >= 2 and " scatter(" not in text
    direction, h = jnp.cos(jnp.arange(6.0)), 1e-3
    near, far = (loss(problem.args + k * h * direction) - loss(problem.args - k * h * direction) for k in (1, 2))
    assert compiled(problem.args) @ direction == pytest.approx(float((8 * near - far) / (12 * h)), rel=1e-7)


def attracted(y):
    """Divides vectors by the same vector several times, once its derivative is taken."""
    squares = y[:, None] ** 2 + y**2 + 1
    return jnp.sum(jnp.arange(1.0, 7.0) / (squares * jnp.sqrt(squares))) + jnp.sum(y / squares)


def test_vectors_that_several_operations_divide_by_are_inverted_once():
    slope, y = jax.grad(attracted), jnp.linspace(0.3, 1.2, 6)
    plain, ours = (str(jax.make_jaxpr(function)(y)) for function in (slope, tuned(slope)))
    divisions = [text.count("= div ") + text.count("integer_pow[y=-") for text in (plain, ours)]
    assert divisions[0] > 5 and divisions[1] <= 4, divisions
    np.testing.assert_allclose(*jax.jit(lambda y: (tuned(slope)(y), slope(y)))(y), rtol=1e-14)
