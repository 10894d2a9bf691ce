"""Newton's method converges, remembers its rate, and gives up in time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from universalde.nonlinear.newton import CLOSE, LIMIT, Kept, after, newton, prepared, refused, unprepared
from universalde.spec.method import Equation

TOLERANCE = 1e-8


def contraction(theta, root=3.0):
    """An iteration whose errors shrink by ``theta``."""
    return lambda x: (1 - theta) * (root - x)


def run(correction, guess=0.0, rate=1.0, tolerance=TOLERANCE, **options):
    return newton(correction, jnp.asarray(guess), lambda d: jnp.abs(d) / tolerance, jnp.asarray(rate), **options)


def test_the_error_left_is_the_part_of_the_tolerance_that_was_asked_for():
    found = run(contraction(0.05))
    assert found.ok
    assert 0 < abs(float(found.x) - 3) <= CLOSE * TOLERANCE


def test_the_rate_found_is_that_of_the_iteration():
    assert float(run(contraction(0.1), tolerance=1e-5).rate) == pytest.approx(0.1 / 0.9, rel=1e-6)


def test_one_correction_does_where_the_remembered_rate_says_so():
    assert int(run(contraction(0.01), guess=3 + TOLERANCE, rate=0.01 / 0.99).iterations) == 1
    assert int(run(contraction(0.01), guess=3 + TOLERANCE, rate=1.0).iterations) == 2


def test_a_good_rate_is_not_believed_beyond_a_thousandth():
    assert float(run(contraction(0.0)).rate) >= 1e-3


def test_growing_corrections_are_given_up_at_the_second():
    found = run(contraction(-2.5))
    assert not found.ok
    assert int(found.iterations) == 2


def test_an_iteration_that_goes_in_circles_ends_at_the_limit():
    found = run(contraction(-1.0))
    assert not found.ok
    assert int(found.iterations) == LIMIT


def test_a_correction_that_is_not_finite_ends_the_iteration_at_once():
    for bad in (jnp.nan, jnp.inf):
        found = run(lambda x, bad=bad: x * 0 + bad)
        assert not found.ok
        assert int(found.iterations) == 1


def test_corrections_of_the_size_of_rounding_count_as_convergence():
    signs = run(lambda x: jnp.where(x > 3, -1.0, 1.0) * 1e-13, guess=3.0)
    assert signs.ok


def test_nothing_is_done_where_the_start_is_a_failure():
    found = run(contraction(0.1), start=jnp.bool_(False))
    assert not found.ok
    assert int(found.iterations) == 0
    assert float(found.x) == 0


def test_lanes_finish_separately():
    thetas = jnp.asarray([0.01, 0.3, -3.0, 0.05])
    together = jax.vmap(lambda theta: run(lambda x: (1 - theta) * (3.0 - x)))(thetas)
    alone = [run(contraction(float(theta))) for theta in thetas]
    np.testing.assert_array_equal(together.iterations, [int(found.iterations) for found in alone])
    np.testing.assert_array_equal(together.ok, [bool(found.ok) for found in alone])
    np.testing.assert_allclose(together.x, [float(found.x) for found in alone], rtol=1e-15)


def test_any_tree_can_be_sought():
    found = newton(
        lambda x: {"a": 0.9 * (1 - x["a"]), "b": 0.95 * (2 - x["b"])}, {"a": jnp.zeros(2), "b": jnp.zeros(())},
        lambda d: jnp.max(jnp.abs(d["a"])) + jnp.abs(d["b"]), jnp.ones(()),
    )  # fmt: skip
    assert found.ok
    np.testing.assert_allclose(found.x["a"], 1, atol=0.03)
    np.testing.assert_allclose(found.x["b"], 2, atol=0.03)


class Reciprocal(tuple):
    def __new__(cls, value):
        return super().__new__(cls, (value,))

    def solve(self, b):
        return b / self[0]


jax.tree_util.register_pytree_node(Reciprocal, lambda x: (tuple(x), None), lambda _, leaves: Reciprocal(leaves[0]))
LARGE, SMALL = 1000, 1
Y, ONE = jnp.ones(1), jnp.ones(())


def begun(directions=LARGE):
    """An equation whose Jacobian is -t, and what there is before its first step."""
    equation = Equation(
        jac=lambda t, y: -y * t, factor=lambda jacobian, shift: Reciprocal(shift - jacobian), directions=lambda n: directions
    )
    return equation, unprepared(equation, ONE, Y)


def test_a_small_system_keeps_only_the_rate_and_has_a_jacobian_at_every_step():
    equation, kept = begun(SMALL)
    assert len(jax.tree.leaves(kept)) == 1
    matrix, work = prepared(equation, 2.0, Y, kept, 5.0)
    assert float(matrix.solve(jnp.ones(1))[0]) == pytest.approx(1 / 7)
    assert (work.jacobians, work.factorisations) == (1, 1)


def test_the_first_step_of_a_large_system_makes_everything_and_the_next_one_nothing():
    equation, kept = begun()
    matrix, work = prepared(equation, 2.0 * ONE, Y, kept, 5.0 * ONE)
    assert (int(work.jacobians), int(work.factorisations)) == (1, 1)
    kept = after(matrix.kept, 0.1 * ONE)
    matrix, work = prepared(equation, 3.0 * ONE, Y, kept, 5.5 * ONE)
    assert (int(work.jacobians), int(work.factorisations)) == (0, 0)
    assert float(matrix.shift) == 5


def test_factors_of_another_shift_are_put_right_between_slow_and_stiff_components():
    equation, kept = begun()
    kept = after(prepared(equation, 0.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, 0.1 * ONE)
    matrix, _ = prepared(equation, 0.0 * ONE, Y, kept, 6.0 * ONE)
    assert float(matrix.solve(jnp.ones(1))[0]) == pytest.approx(2 / (1 + 6 / 5) / 5)


def test_a_drifted_shift_makes_new_factors_of_the_old_jacobian():
    equation, kept = begun()
    kept = after(prepared(equation, 2.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, 0.1 * ONE)
    matrix, work = prepared(equation, 9.0 * ONE, Y, kept, 10.0 * ONE)
    assert (int(work.jacobians), int(work.factorisations)) == (0, 1)
    assert float(matrix.solve(jnp.ones(1))[0]) == pytest.approx(1 / 12)


def test_slow_convergence_makes_a_new_jacobian():
    equation, kept = begun()
    kept = after(prepared(equation, 2.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, 0.9 * ONE)
    assert int(prepared(equation, 9.0 * ONE, Y, kept, 5.0 * ONE)[1].jacobians) == 1


def test_a_jacobian_is_never_made_twice_at_the_same_point():
    equation, kept = begun()
    kept = refused(prepared(equation, 2.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, jnp.bool_(False))
    _, work = prepared(equation, 2.0 * ONE, Y, kept, 20.0 * ONE)
    assert (int(work.jacobians), int(work.factorisations)) == (0, 1)


def test_a_failure_with_the_jacobian_of_an_earlier_point_makes_a_new_one():
    equation, kept = begun()
    kept = after(prepared(equation, 2.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, 0.1 * ONE)
    kept = refused(prepared(equation, 3.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, jnp.bool_(False))
    assert int(prepared(equation, 3.0 * ONE, Y, kept, 10.0 * ONE)[1].jacobians) == 1
    assert float(kept.rate) == 1


def test_a_step_refused_for_its_error_keeps_jacobian_and_rate():
    equation, kept = begun()
    kept = after(prepared(equation, 2.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, 0.1 * ONE)
    assert isinstance(kept, Kept)
    kept = refused(prepared(equation, 3.0 * ONE, Y, kept, 5.0 * ONE)[0].kept, jnp.bool_(True))
    assert int(prepared(equation, 3.0 * ONE, Y, kept, 5.0 * ONE)[1].jacobians) == 0
    assert float(kept.rate) == pytest.approx(0.1)
