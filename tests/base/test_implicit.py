"""Solutions of equations are differentiated by the implicit function theorem; frozen programs are constants."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from universalde.base.implicit import frozen, root


def cube_root(a):
    """x³ = a, found by a loop that cannot be differentiated backwards."""
    found = frozen(lambda a: jax.lax.while_loop(lambda x: jnp.abs(x**3 - a) > 1e-15 * a, lambda x: x - (x**3 - a) / (3 * x**2), a), a)
    return root(lambda x: a - x**3, lambda x, change: change / (3 * x**2), found)


def test_derivatives_of_every_order_are_those_of_the_solution():
    a = 2.7
    assert float(cube_root(a)) == pytest.approx(a ** (1 / 3))
    assert float(jax.grad(cube_root)(a)) == pytest.approx(a ** (-2 / 3) / 3, rel=1e-12)
    assert float(jax.jvp(cube_root, (a,), (2.0,))[1]) == pytest.approx(2 * a ** (-2 / 3) / 3, rel=1e-12)
    assert float(jax.grad(jax.grad(cube_root))(a)) == pytest.approx(-2 / 9 * a ** (-5 / 3), rel=1e-10)
    assert float(jax.jacfwd(jax.jacrev(jax.grad(cube_root)))(a)) == pytest.approx(10 / 27 * a ** (-8 / 3), rel=1e-10)


def test_the_value_is_the_solution_that_was_given():
    assert float(root(lambda x: 1.0 - x, lambda x, change: change, jnp.asarray(0.75))) == 0.75


def test_it_maps_over_lanes_and_compiles():
    a = jnp.linspace(1.0, 5.0, 4)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(cube_root)))(a), a ** (-2 / 3) / 3, rtol=1e-12)


def test_what_a_frozen_program_closes_over_is_a_constant():
    def closing(a):
        return frozen(lambda x: {"value": a * x}, a)["value"] * a

    assert float(closing(3.0)) == 27
    assert float(jax.grad(closing)(3.0)) == 9  # d(c a)/da with c = 9 held


def test_whole_numbers_among_what_is_closed_over_do_no_harm():
    def shifted(a):
        k = jnp.arange(3)[1]
        return root(lambda x: a + k - x, lambda x, change: change, jax.lax.stop_gradient(a) + 1.0)

    assert float(jax.grad(shifted)(2.0)) == 1
