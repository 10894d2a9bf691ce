"""Solves as parts of larger programs: derivatives, lanes, native kernels, structures of one's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.base.test_kernel import entry_of, loops_in, marks_in, on_cpu
from tests.linalg.matrices import random_matrix
from universalde.base.kernel import kernel, obstacle
from universalde.linalg import Banded, BlockDiagonal, Dense, Diagonal, Operator, Structure

SMALL = [(Dense(), 3), (Dense(), 12), (Diagonal(), 4), (Banded(2, 1), 8), (BlockDiagonal(2), 6)]
each_small = pytest.mark.parametrize(("structure", "n"), SMALL, ids=[f"{s}-{n}" for s, n in SMALL])


def solution(structure):
    return lambda storage, b: Operator(storage, structure).factor().solve(b)


@each_small
def test_derivatives_are_those_of_the_inverse(structure, n):
    a, da = (random_matrix(structure, n, seed=seed) + 4 * np.eye(n) * (1 - seed) for seed in (0, 1))
    b, db, w = np.random.default_rng(3).normal(size=(3, n))
    solve = solution(structure)

    @jax.jit
    def derivatives(a, da, b, db, w):
        a, da = structure.of_dense(a), structure.of_dense(da)
        x, dx = jax.jvp(solve, (a, b), (da, db))
        back_a, back_b = jax.vjp(solve, a, b)[1](w)
        square = lambda a, b: solve(a, b) @ solve(a, b)  # noqa: E731
        curvature = jax.jvp(jax.grad(square), (a, b), (da, db))[1]
        return x, dx, jnp.sum(back_a * da) + back_b @ db, jnp.sum(curvature * da)

    x, dx, along, curvature = derivatives(a, da, b, db, w)
    expected = np.linalg.solve(a, db - da @ np.linalg.solve(a, b))
    np.testing.assert_allclose(x, np.linalg.solve(a, b), rtol=1e-10)
    np.testing.assert_allclose(dx, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(along, w @ expected, rtol=1e-9)

    def slope(size):
        """Along da, of the square of the solution, at a point moved by ``size`` of (da, db)."""
        moved, x = a + size * da, np.linalg.solve(a + size * da, b + size * db)
        return -2 * x @ np.linalg.solve(moved, da @ x)

    np.testing.assert_allclose(curvature, (slope(1e-5) - slope(-1e-5)) / 2e-5, rtol=1e-6)


@each_small
def test_lanes_are_solved_as_each_by_itself(structure, n):
    matrices = np.stack([random_matrix(structure, n, seed=seed) for seed in range(5)])
    b = np.random.default_rng(9).normal(size=(5, n))
    storages = jax.vmap(structure.of_dense)(matrices)
    found = jax.jit(jax.vmap(kernel(solution(structure))))(storages, b)
    np.testing.assert_allclose(found, np.linalg.solve(matrices, b[:, :, None])[:, :, 0], rtol=1e-9)


@each_small
def test_single_precision_stays_single(structure, n):
    matrix, b = random_matrix(structure, n).astype(np.float32), np.ones(n, np.float32)
    found = jax.jit(solution(structure))(structure.of_dense(matrix), b)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.linalg.solve(matrix, b), rtol=2e-4)


@on_cpu
@each_small
def test_factorisation_and_solves_are_one_native_kernel(structure, n):
    storage, b = jnp.asarray(structure.of_dense(random_matrix(structure, n))), jnp.ones(n)
    solve = solution(structure)
    entry = entry_of(kernel(solve), storage, b)
    assert marks_in(entry) == 1 and loops_in(entry) == 0
    forms = {
        "transposed": lambda a, b: Operator(a, structure).factor().solve_transposed(b),
        "forwards": lambda a, b: jax.jvp(solve, (a, b), (a, b)),
        "backwards": lambda a, b: jax.vjp(solve, a, b)[1](b),
        "lanes": lambda a, b: jax.vmap(solve)(jnp.stack([a] * 4), jnp.stack([b] * 4)),
    }
    assert {name: obstacle(jax.make_jaxpr(form)(storage, b)) for name, form in forms.items()} == dict.fromkeys(forms)


def network(y, weights):
    return weights.T @ jnp.tanh(weights @ y)


@on_cpu
def test_the_jacobian_of_a_network_and_its_gradient_stay_in_a_native_kernel():
    # All columns at once would be a product of matrices, which a native kernel cannot hold.
    weights, y = random_matrix(Dense(), 20)[:, :2] / 3, jnp.array([0.3, -0.2])
    jacobian = lambda weights, y: Dense().jacobian(lambda y: network(y, weights), y)  # noqa: E731
    slopes = jax.grad(lambda weights, y: jnp.sum(jacobian(weights, y) ** 2))
    for ours, expected in (
        (jacobian, jax.jacfwd(network)(y, weights)),
        (slopes, jax.grad(lambda w: jnp.sum(jax.jacfwd(network)(y, w) ** 2))(weights)),
    ):
        assert marks_in(entry_of(kernel(ours), weights, y)) == 1
        np.testing.assert_allclose(jax.jit(kernel(ours))(weights, y), expected, rtol=1e-10)


class Circulant(Structure):
    """A stand-in that keeps no matrix: one row, turned; solved from products alone."""

    def storage_shape(self, n):
        return (n,)

    def rows(self, storage):
        return storage.shape[0]

    def jacobian(self, f, y):
        return jax.jvp(f, (y,), (jnp.zeros_like(y).at[0].set(1),))[1]

    def of_dense(self, matrix):
        return matrix[:, 0]

    def dense(self, storage):
        return jax.vmap(lambda e: self.matvec(storage, e), out_axes=1)(jnp.eye(len(storage)))

    def matvec(self, storage, v):
        return sum(storage[k] * jnp.roll(v, k) for k in range(len(v)))

    def rmatvec(self, storage, v):
        return sum(storage[k] * jnp.roll(v, -k) for k in range(len(v)))

    def factor(self, storage):
        return storage

    def solve(self, factors, b):
        """Jacobi's iteration."""
        x = jnp.zeros_like(b)
        for _ in range(60):
            x = x + (b - self.matvec(factors, x)) / factors[0]
        return x

    def solve_transposed(self, factors, b):
        return self.solve(jnp.concatenate([factors[:1], factors[:0:-1]]), b)

    def singular(self, factors):
        return factors[0] == 0


def test_a_structure_of_ones_own_solves_and_is_differentiated():
    structure, row, b = Circulant(), jnp.array([4.0, 1.0, 0.5, 0.0]), jnp.arange(4.0)
    matrix = structure.dense(row)
    np.testing.assert_allclose(structure.jacobian(lambda y: matrix @ y, b), row)
    np.testing.assert_allclose(Operator(row, structure).shifted(2.0).dense(), 2 * np.eye(4) - matrix)
    full = lambda row, b: jnp.linalg.solve(structure.dense(row), b)  # noqa: E731
    for ours, expected in zip(*(jax.vjp(f, row, b)[1](b) for f in (solution(structure), full)), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-9)
