"""Every structure against full matrices: products, Jacobians, solves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.linalg.matrices import NAMES, STRUCTURES, backward_error, random_matrix
from universalde.linalg import Banded, BlockDiagonal, Dense, Diagonal, Operator

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
