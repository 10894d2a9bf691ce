"""Every structure against full matrices: products, Jacobians, solves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.linalg.matrices import NAMES, STRUCTURES, backward_error, random_matrix
from universalde.linalg import Banded, BlockDiagonal, Dense, Diagonal, Operator
from universalde.linalg.eliminate import index_of_largest

each_structure = pytest.mark.parametrize(("structure", "n"), STRUCTURES, ids=NAMES)


def everything(structure, dense, v, y):
    """All that is asked of a matrix, in one program."""
    operator = Operator(structure.of_dense(dense), structure)
    factor = operator.factor()

    def f(y):
        return jnp.sin(operator.matvec(y) / 5)

    mass = Operator(structure.of_mass(jnp.arange(1.0, 1.0 + len(v)).astype(v.dtype)), structure)
    return {
        "storage": operator.storage,
        "dense": operator.dense(),
        "matvec": operator.matvec(v),
        "rmatvec": operator.rmatvec(v),
        "shifted": operator.shifted(3.0).dense(),
        "shifted by a mass": operator.shifted(3.0, mass).dense(),
        "jacobian": structure.dense(structure.jacobian(f, y)),
        "differences": structure.dense(structure.differences(f, y, f(y), 1.0)),
        "solve": factor.solve(v),
        "solve transposed": factor.solve_transposed(v),
        "singular": factor.singular,
    }


@pytest.mark.parametrize("dtype", [float, complex])
@each_structure
def test_a_structure_does_what_the_full_matrix_does(structure, n, dtype):
    matrix = random_matrix(structure, n, dtype)
    v, y = random_matrix(Dense(), n, dtype, seed=1)[0], random_matrix(Dense(), n, dtype, seed=2)[0]
    found = jax.jit(lambda *x: everything(structure, *x))(matrix, v, y)
    slope = np.cos(matrix @ y / 5)[:, None] * matrix / 5
    assert found["storage"].shape == structure.storage_shape(n)
    close = lambda name, expected, **tolerance: np.testing.assert_allclose(found[name], expected, **tolerance)  # noqa: E731
    close("dense", matrix)
    close("matvec", matrix @ v, atol=1e-12)
    close("rmatvec", matrix.T @ v, atol=1e-12)
    close("shifted", 3 * np.eye(n) - matrix)
    close("shifted by a mass", 3 * np.diag(np.arange(1.0, n + 1)) - matrix)
    close("jacobian", slope, rtol=1e-11, atol=1e-11 * np.abs(slope).max())
    close("differences", slope, atol=3e-7 * n * np.abs(slope).max())
    assert backward_error(matrix, found["solve"], v) < 1e-15
    assert backward_error(matrix.T, found["solve transposed"], v) < 1e-15
    assert not found["singular"]


@each_structure
def test_zeros_on_the_diagonal_need_interchanges(structure, n):
    if structure == Diagonal() or n == 1:
        pytest.skip("without an entry off the diagonal such a matrix is singular")
    matrix = random_matrix(structure, n)
    np.fill_diagonal(matrix, 0)
    if abs(np.linalg.det(matrix)) < 1e-12:
        pytest.skip("a triangle with zeros on its diagonal is singular")
    factor = jax.jit(lambda dense: Operator(structure.of_dense(dense), structure).factor())(matrix)
    assert backward_error(matrix, np.asarray(factor.solve(np.ones(n))), np.ones(n)) < 1e-14


@each_structure
def test_a_singular_matrix_is_reported(structure, n):
    singular = jax.jit(lambda dense: Operator(structure.of_dense(dense), structure).factor().singular)
    matrix = random_matrix(structure, n)
    assert not singular(matrix)
    without_row, unknown = matrix.copy(), matrix.copy()
    without_row[n // 2] = 0
    unknown[n // 2, n // 2] = np.nan
    assert singular(without_row)
    assert singular(unknown)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Banded(-1, 0), "whole number of at least 0"),
        (lambda: Banded(1, -2), "upper=-2"),
        (lambda: Banded(3, 0).storage_shape(3), "at most 2 on a side, or ude.Dense"),
        (lambda: BlockDiagonal(0), "at least 1"),
        (lambda: BlockDiagonal(2).storage_shape(5), "does not divide into blocks of 2"),
        (lambda: Banded(1, 1).of_mass(np.ones((4, 4))), "entries outside Banded.*ude.Dense"),
    ],
)
def test_bad_input_gets_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("n", [3, 6, 12])
def test_rows_of_very_different_size_cost_no_accuracy(n):
    # As in chemical kinetics: rows differ by up to 1e12. Only the condition number of the rows brought to one size counts.
    random = np.random.default_rng(5)
    even = random.normal(size=(n, n))
    matrix = even * 10.0 ** -np.linspace(0, 12, n)[random.permutation(n), None]
    solve = jax.jit(lambda a, b: Operator(a, Dense()).factor().solve(b))
    transposed = jax.jit(lambda a, b: Operator(a, Dense()).factor().solve_transposed(b))
    bound = 10 * np.finfo(float).eps * np.linalg.cond(even)
    np.testing.assert_allclose(solve(matrix, matrix @ np.ones(n)), 1, rtol=bound)
    columns = np.ascontiguousarray(matrix.T)
    np.testing.assert_allclose(transposed(columns, matrix @ np.ones(n)), 1, rtol=bound)


@pytest.mark.parametrize("n", [4, 12, 60])
def test_solutions_by_an_inverse_are_as_good_as_by_triangles(n):
    # Both errors are about the condition number (here 1e8) times the precision; residuals are only for triangles small.
    random = np.random.default_rng(2)
    left, right = (np.linalg.qr(random.normal(size=(n, n)))[0] for _ in range(2))
    matrix = left * 10.0 ** np.linspace(0, 8, n) @ right
    solve = jax.jit(lambda a, b: Operator(a, Dense()).factor().solve(b))
    ratios = []
    for _ in range(20):
        x = random.normal(size=n)
        errors = [np.linalg.norm(found - x) for found in (solve(matrix, matrix @ x), np.linalg.solve(matrix, matrix @ x))]
        ratios.append(errors[0] / errors[1])
    assert np.median(ratios) < 8
    b = random.normal(size=n)
    assert backward_error(matrix, np.asarray(solve(matrix, b)), b) < 1e-14  # for a right-hand side like any other


def test_the_largest_is_found_among_those_allowed():
    values, allowed = jnp.array([3.0, -5.0, 5.5, 1.0, -7.0]), jnp.array([True, True, True, True, False])
    assert index_of_largest(values, allowed) == 2
    assert index_of_largest(values * 1j, allowed) == 2
    assert index_of_largest(values.at[0].set(jnp.nan), allowed) == 0
    assert index_of_largest(jnp.zeros(5), allowed) in (0, 1, 2, 3)
    assert index_of_largest(values.astype(jnp.float32), ~allowed) == 4
