"""Quadrature of adjoints against integrals that are known; the structure of a system with integrals against full matrices."""

import jax.numpy as jnp
import numpy as np
import pytest

from universalde.linalg import Banded, Dense, Operator
from universalde.linalg.integrals import WithIntegrals
from universalde.sensitivity.rules import gauss, integral, kronrod


def test_kronrods_rule_is_exact_to_degree_22_and_holds_gausss():
    rule, ours = kronrod(), gauss(7)
    for k in range(24):
        assert abs(rule.weights @ rule.nodes**k - 1 / (k + 1)) < 1e-14
    embedded = rule.weights - rule.differences
    np.testing.assert_allclose(embedded[1::2], ours.weights, atol=1e-14)
    np.testing.assert_allclose(rule.nodes[1::2], ours.nodes, atol=1e-14)
    assert rule.weights.min() > 0


def peak(t):
    """Its integral is arctan: a peak of width 1e-3."""
    return jnp.array([1e3, 2.0]) / (1 + jnp.array([1e6, 1.0]) * (t - 0.3) ** 2)


def peak_exactly(a, b):
    whole = lambda t: np.array([np.arctan(1e3 * (t - 0.3)), 2 * np.arctan(t - 0.3)])  # noqa: E731
    return whole(b) - whole(a)


def test_pieces_are_halved_until_the_estimate_is_small():
    start, end = jnp.array(-1.0), jnp.array(2.0)
    found, fine = integral(peak, jnp.zeros(2), start, end, kronrod(), lambda t: end, (0.0, 1e-10, jnp.zeros(2)))
    assert fine
    np.testing.assert_allclose(found, peak_exactly(-1, 2), atol=1e-10)
    coarse, _ = integral(peak, jnp.zeros(2), start, end, kronrod(), lambda t: end)
    assert abs(coarse[0] - found[0]) > 0.1


def test_pieces_end_where_they_have_to():
    """A kink at a third: Gauss's rule is exact on either side of it."""
    end = jnp.array(1.0)
    found, _ = integral(lambda t: jnp.abs(t - 1 / 3)[None], jnp.zeros(1), jnp.array(0.0), end, gauss(1), lambda t: jnp.where(t < 1 / 3, 1 / 3, 1.0))
    np.testing.assert_allclose(found, (1 / 9 + 4 / 9) / 2, rtol=1e-14)


@pytest.mark.parametrize("inner", [Banded(1, 1), pytest.param(Dense(), marks=pytest.mark.slow)], ids=str)
def test_a_system_with_integrals_is_a_matrix_with_zeros(inner):
    n, p = 4, 3
    structure = WithIntegrals(inner, n)
    random = np.random.default_rng(1)
    full = np.zeros((n + p, n + p))
    full[:n, :n] = np.where(np.abs(np.subtract.outer(range(n), range(n))) <= 1, random.normal(size=(n, n)), 0)
    full[n:, :n] = random.normal(size=(p, n))
    v = random.normal(size=n + p)
    jacobian = Operator(structure.jacobian(lambda y: full @ y, jnp.asarray(v)), structure)
    np.testing.assert_allclose(jacobian.dense(), full, atol=1e-15)
    mass = np.diag([1.0, 2.0, 3.0, 0.5, 1.0, 1.0, 1.0])
    for given, matrix in ((None, np.eye(n + p)), (mass, mass), (np.diag(mass), mass)):
        stored = None if given is None else Operator(structure.of_mass(jnp.asarray(given)), structure)
        shifted, expected = jacobian.shifted(2.5, stored), 2.5 * matrix - full
        factor = shifted.factor()
        np.testing.assert_allclose(shifted.dense(), expected, atol=1e-14)
        np.testing.assert_allclose(shifted.matvec(v), expected @ v, atol=1e-13)
        np.testing.assert_allclose(shifted.rmatvec(v), v @ expected, atol=1e-13)
        np.testing.assert_allclose(factor.solve(v), np.linalg.solve(expected, v), atol=1e-12)
        np.testing.assert_allclose(factor.solve_transposed(v), np.linalg.solve(expected.T, v), atol=1e-12)
        assert not factor.singular
    assert jacobian.bound() >= np.max(np.abs(np.linalg.eigvals(full)))
