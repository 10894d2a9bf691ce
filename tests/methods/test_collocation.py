"""Radau IIA and Gauss–Legendre methods."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.tableaus import trees

PLAIN = np.array([0.6172348823960878, 6.153591274639123e-06, 0.3827589640126376])  # ROBER at t = 100
NAMES = ("RadauIIA3", "RadauIIA5", "RadauIIA9", "RadauIIA13")


def robertson(t, y, k):
    slow, middle, quick = k[0] * y[0], k[2] * y[1] * y[2], k[1] * y[1] * y[1]
    return jnp.stack([middle - slow, slow - middle - quick, quick])


PROBLEM = ude.ODE(robertson, jnp.array([1.0, 0.0, 0.0]), (0.0, 100.0), jnp.array([0.04, 3e7, 1e4]))


@pytest.mark.parametrize("table", [*(getattr(ude, name)().tableau for name in NAMES), ude.GaussLegendre(2).tableau, ude.GaussLegendre(3).tableau])
def test_the_order_conditions_hold_in_exact_arithmetic(table):
    order = min(table.order, 6)
    assert max(trees.violations(trees.elementary_weights(table.a, order), table.b).values()) < 1e-30


@pytest.mark.parametrize("name", NAMES)
def test_a_stiff_problem_comes_to_its_digits(name):
    sol = ude.solve(PROBLEM, getattr(ude, name)(), rtol=1e-8, atol=1e-13)
    np.testing.assert_allclose(sol.y, PLAIN, rtol=1e-6)
    exact = [0.8413698238414729, 1.623390937990473e-05, 0.1586138422491472]  # t = 10, between two steps
    np.testing.assert_allclose(sol(10.0), exact, rtol=1e-5)
    assert sol.stats.iterations > sol.stats.steps


@pytest.mark.parametrize(("stages", "steps"), [(1, (40, 80)), (2, (10, 20)), (3, (5, 10))])
def test_steps_of_gauss_converge_with_twice_the_number_of_stages(stages, steps):
    swing = ude.ODE(lambda t, y, _: jnp.stack([y[1], -jnp.sin(y[0])]), [1.0, 0.0], (0.0, 4.0))
    exact = ude.solve(swing, ude.Vern9(), rtol=1e-13, atol=1e-13).y
    errors = [
        np.max(np.abs(ude.solve(swing, ude.GaussLegendre(stages), dt0=4.0 / n, saveat=ude.Save(end=True)).y - exact)) for n in steps
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2 * stages, abs=0.3)


def test_gauss_keeps_quadratic_invariants_to_rounding():
    top = ude.ODE(lambda t, y, _: jnp.cross(y, y / jnp.array([1.0, 2.0, 3.0])), [0.6, 0.0, 0.8], (0.0, 50.0))
    sol = ude.solve(top, ude.GaussLegendre(2), dt0=0.1, saveat=ude.Save(end=True))
    assert float(jnp.sum(sol.y**2)) == pytest.approx(1.0, abs=1e-12)
    assert float(jnp.sum(sol.y**2 / jnp.array([1.0, 2.0, 3.0]))) == pytest.approx(0.36 + 0.64 / 3, abs=1e-12)


def test_a_singular_mass_matrix_is_an_algebraic_equation():
    def f(t, y, k):
        slow, middle, quick = k[0] * y[0], k[2] * y[1] * y[2], k[1] * y[1] * y[1]
        return jnp.stack([middle - slow, slow - middle - quick, jnp.sum(y) - 1])

    sol = ude.solve(PROBLEM.replace(f=f, mass=[1.0, 1.0, 0.0]), ude.RadauIIA5(), rtol=1e-8, atol=1e-13, saveat=ude.Save(end=True))
    np.testing.assert_allclose(sol.y, PLAIN, rtol=1e-6)


def test_derivatives_agree_in_both_modes_and_with_differences():
    def value(k):
        return ude.solve(PROBLEM.replace(args=k), ude.RadauIIA5(), rtol=1e-9, atol=1e-14, saveat=ude.Save(end=True)).ys[0][1] * 1e5

    reverse, forward = jax.grad(value)(PROBLEM.args), jax.jacfwd(value)(PROBLEM.args)
    np.testing.assert_allclose(reverse, forward, rtol=1e-9)
    for i, k in enumerate(PROBLEM.args):
        move = jnp.zeros(3).at[i].set(1e-3 * k)
        np.testing.assert_allclose(reverse[i], (value(PROBLEM.args + move) - value(PROBLEM.args - move)) / (2e-3 * k), rtol=2e-4)


def test_lanes_of_a_batch_come_to_the_same_as_alone():
    end = lambda k: ude.solve(PROBLEM.replace(args=k), ude.RadauIIA5(), rtol=1e-7, atol=1e-12, saveat=ude.Save(end=True)).ys[0]  # noqa: E731
    many = PROBLEM.args * jnp.array([[1.0], [1.2]])
    np.testing.assert_allclose(jax.vmap(end)(many), [end(k) for k in many], rtol=1e-6)


def test_equations_that_no_step_solves_end_with_a_sentence():
    rough = ude.ODE(lambda t, y, _: jnp.where(t > 0.5, jnp.nan, -y), 1.0, (0.0, 1.0))
    with pytest.raises(ude.SolveError, match="Reached t = 0.5"):
        ude.solve(rough, ude.RadauIIA5())


@pytest.mark.parametrize("stages", [0, 1.5, True])
def test_a_number_of_stages_that_is_none_gets_a_sentence(stages):
    with pytest.raises(ValueError, match="give the number of stages"):
        ude.GaussLegendre(stages)
