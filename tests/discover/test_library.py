"""Candidate libraries: what is offered, in which order, and that the generated code computes it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from universalde.discover import cosines, custom, polynomials, products, rational, sines

POINTS = np.random.default_rng(0).uniform(0.2, 2.0, (7, 2))


def test_polynomials_are_ordered_by_degree():
    assert polynomials(["x", "y"], 2).labels == ("1", "x", "y", "x**2", "x*y", "y**2")


@pytest.mark.parametrize(("variables", "degree", "size"), [(2, 5, 21), (3, 2, 10), (1, 10, 11)])
def test_the_number_of_monomials_is_the_binomial_coefficient(variables, degree, size):
    assert len(polynomials([f"u{i}" for i in range(variables)], degree)) == size


def test_constant_and_interactions_can_be_left_out():
    assert polynomials(["x", "y"], 2, constant=False, interactions=False).labels == ("x", "y", "x**2", "y**2")


def test_products_have_a_maximum_degree_per_variable():
    assert products(["I", "s"], (1, 2)).labels == ("1", "I", "s", "I*s", "s**2", "I*s**2")
    assert len(products(["s", "I", "d"], 2)) == 27


def test_waves_have_every_frequency():
    assert sines(["x"], (1, 2)).labels == ("sin(x)", "sin(2*x)")
    assert cosines(["x", "y"]).labels == ("cos(x)", "cos(y)")


def test_rational_terms_saturate():
    assert set(rational(["x", "y"]).labels) == {"x/(x + 1)", "x/(y + 1)", "y/(x + 1)", "y/(y + 1)"}
    assert rational(["x"], 1, ["2 + x**2"]).labels == ("x/(x**2 + 2)",)


def test_variable_names_win_over_constants_of_sympy():
    library = custom(["I", "S", "N", "E"], ["I*S/N", "exp(-E)"])
    np.testing.assert_allclose(library(np.array([2.0, 3.0, 4.0, 0.0])), [1.5, 1.0])


def test_sympy_expressions_are_accepted_as_they_are():
    x = sympy.Symbol("x")
    assert custom(["x"], [sympy.sqrt(x)]).expressions == (sympy.sqrt(x),)


def test_joining_keeps_the_order_and_drops_repeats():
    joined = polynomials(["x"], 2) + custom(["x"], ["x**2", "exp(x)"])
    assert joined.labels == ("1", "x", "x**2", "exp(x)")


def test_a_subset_and_the_position_of_a_label_agree():
    library = polynomials(["x", "y"], 3)
    assert library.subset([library.index("x*y")]).labels == ("x*y",)


def test_the_matrix_holds_the_candidates_in_order():
    library = polynomials(["x", "y"], 2) + custom(["x", "y"], ["sin(x)", "y/(y + 1)"])
    x, y = POINTS.T
    expected = np.stack([np.ones(7), x, y, x**2, x * y, y**2, np.sin(x), y / (1 + y)], axis=1)
    np.testing.assert_allclose(library(POINTS), expected, rtol=1e-14)
    np.testing.assert_allclose(library.matrix(POINTS), expected, rtol=1e-14)


def test_variables_may_have_the_names_that_generated_code_uses():
    library = custom(["x0", "x1"], ["sin(x0 + x1)**2", "sin(x0 + x1)"])
    wave = np.sin(POINTS.sum(1))
    np.testing.assert_allclose(library(POINTS), np.stack([wave**2, wave], 1), rtol=1e-14)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_the_result_has_the_precision_of_the_input(dtype):
    library = polynomials(["x", "y"], 3) + sines(["x", "y"]) + rational(["x", "y"])
    value = library(jnp.asarray(POINTS, dtype))
    assert value.dtype == dtype
    np.testing.assert_allclose(value, library.matrix(POINTS), rtol=10 * float(jnp.finfo(dtype).eps))


def test_whole_numbers_become_floats():
    assert jnp.issubdtype(polynomials(["x"], 1)(np.array([[2]])).dtype, jnp.floating)


def test_it_maps_and_compiles_like_any_function():
    library = polynomials(["x", "y"], 3)
    one_by_one = jax.jit(jax.vmap(library))(jnp.asarray(POINTS))
    np.testing.assert_allclose(one_by_one, library(POINTS), rtol=1e-14)


def test_derivatives_are_those_of_the_expressions():
    library = polynomials(["x", "y"], 2)
    jacobian = jax.jacfwd(library)(jnp.array([2.0, 3.0]))
    np.testing.assert_allclose(jacobian, [[0, 0], [1, 0], [0, 1], [4, 0], [3, 2], [0, 6]])


def test_a_longer_expression_counts_as_more_complex():
    order = ["1", "I", "I*s", "I*s**2", "sin(I)*s**2"]
    complexities = custom(["I", "s"], order).complexities
    assert list(complexities) == sorted(complexities) and len(set(complexities)) == len(order)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: polynomials([], 2), "at least one variable"),
        (lambda: polynomials("xy", 2), "list of texts"),
        (lambda: polynomials(["x", "x"], 2), "not all different"),
        (lambda: polynomials(["S/N"], 2), "cannot name a variable"),
        (lambda: polynomials(["lambda"], 2), "cannot name a variable"),
        (lambda: polynomials(["x"], -1), "from 0 upwards"),
        (lambda: polynomials(["x"], 0, constant=False), "at least one expression"),
        (lambda: products(["x", "y"], (1, 2, 3)), "one per variable"),
        (lambda: custom(["x"], []), "at least one expression"),
        (lambda: custom(["x"], ["x +* 2"]), "is no expression of x"),
        (lambda: custom(["x"], ["x*z"]), "uses z"),
        (lambda: custom(["x"], ["x < 1"]), "no number-valued expression"),
        (lambda: polynomials(["x"], 1) + polynomials(["y"], 1), "cannot be joined"),
        (lambda: polynomials(["x"], 1).index("x**2"), "not among the candidates"),
        (lambda: polynomials(["x", "y"], 1)(np.ones((4, 3))), r"shape \(4, 3\)"),
        (lambda: polynomials(["x", "y"], 1).matrix(np.ones((4, 3))), r"shape \(4, 3\)"),
    ],
)
def test_bad_input_gets_a_sentence(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
