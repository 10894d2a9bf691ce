"""Discovered equations as callables, expressions and files."""

import io
import pickle

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from universalde.discover import DenseModel, SparseModel, custom, polynomials

LIBRARY = polynomials(["x", "y"], 3) + custom(["x", "y"], ["sin(x)", "y/(y + 1)"])
MODEL = SparseModel.from_terms(LIBRARY, [{"x*y": -0.9}, {"x*y": 0.8, "sin(x)": 1 / 3, "y/(y + 1)": 2.0}], ["dx", "dy"])
POINTS = np.random.default_rng(0).uniform(0.2, 2.0, (6, 2))


def truth(points):
    x, y = np.asarray(points).T
    return np.stack([-0.9 * x * y, 0.8 * x * y + np.sin(x) / 3 + 2 * y / (1 + y)], axis=1)


def test_the_callable_computes_the_equation():
    np.testing.assert_allclose(MODEL(POINTS), truth(POINTS), rtol=1e-14)
    np.testing.assert_allclose(MODEL(jnp.asarray(POINTS[0])), truth(POINTS)[0], rtol=1e-14)


def test_the_sympy_expressions_evaluate_to_the_callable():
    for expression, values in zip(MODEL.symbolic(), truth(POINTS).T, strict=True):
        numbers = [float(expression.subs({"x": x, "y": y})) for x, y in POINTS]
        np.testing.assert_allclose(numbers, values, rtol=1e-13)


def test_expressions_are_rounded_to_the_digits_asked_for():
    x, y = sympy.symbols("x y")
    assert MODEL.expressions[0] == sympy.Float("-0.9", 6) * x * y
    assert str(MODEL.symbolic(3)[1]) == "0.8*x*y + 2.0*y/(y + 1) + 0.333*sin(x)"


def test_terms_list_output_label_and_coefficient():
    assert MODEL.terms()[0] == ("dx", "x*y", -0.9)
    assert [label for _, label, _ in MODEL.terms()] == ["x*y", "x*y", "sin(x)", "y/(y + 1)"]


def test_latex_has_one_equation_per_output():
    assert MODEL.latex()[0] == "dx = - 0.9 x y"
    assert r"\sin{\left(x \right)}" in MODEL.latex()[1]


def test_an_output_without_terms_is_zero():
    model = SparseModel.from_terms(LIBRARY, [{}, {"x": 1.0}])
    np.testing.assert_array_equal(model(POINTS), np.stack([np.zeros(6), POINTS[:, 0]], 1))
    assert model.expressions[0] == 0
    assert SparseModel(LIBRARY, [], [], 2)(POINTS).shape == (6, 2)


def test_the_coefficients_are_the_only_trainable_numbers():
    leaves = jax.tree.leaves(eqx.filter(MODEL, eqx.is_inexact_array))
    assert [leaf.shape for leaf in leaves] == [(4,)]


def test_gradients_by_the_coefficients_are_the_candidates():
    jacobian = jax.jacfwd(lambda c: MODEL.with_coefficients(c)(POINTS[0]))(MODEL.coefficients)
    x, y = POINTS[0]
    np.testing.assert_allclose(jacobian, [[x * y, 0, 0, 0], [0, x * y, np.sin(x), y / (1 + y)]], rtol=1e-14)


def test_it_evaluates_in_the_precision_of_the_state():
    value = jax.jit(lambda u: MODEL(u))(jnp.asarray(POINTS, jnp.float32))
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(value, truth(POINTS), rtol=1e-6)


def test_new_numbers_do_not_compile_again():
    traces = []

    @eqx.filter_jit
    def value(model, u):
        traces.append(1)
        return model(u)

    value(MODEL, POINTS)
    value(MODEL.with_coefficients(2 * MODEL.coefficients), POINTS)
    assert len(traces) == 1


def test_pickling_keeps_the_equation():
    copy = pickle.loads(pickle.dumps(MODEL))
    np.testing.assert_array_equal(copy(POINTS), MODEL(POINTS))
    assert copy.expressions == MODEL.expressions


def test_leaves_can_be_written_and_read():
    file = io.BytesIO()
    eqx.tree_serialise_leaves(file, MODEL)
    file.seek(0)
    read = eqx.tree_deserialise_leaves(file, MODEL.with_coefficients(jnp.zeros(4)))
    np.testing.assert_array_equal(read.coefficients, MODEL.coefficients)


def test_dense_and_sparse_forms_agree():
    dense = MODEL.dense()
    np.testing.assert_allclose(dense(POINTS), MODEL(POINTS), rtol=1e-14)
    assert dense.sparse(["dx", "dy"]).terms() == MODEL.terms()


def test_a_matrix_of_coefficients_makes_the_same_model():
    assert SparseModel.from_matrix(LIBRARY, MODEL.matrix(), ["dx", "dy"]).terms() == MODEL.terms()


def test_masked_candidates_do_no_harm_where_they_are_infinite():
    library = custom(["x"], ["x", "1/x"])
    dense = DenseModel(library, jnp.array([[2.0], [3.0]]), jnp.array([[True], [False]]))
    np.testing.assert_allclose(dense(jnp.array([0.0])), [0.0])
    np.testing.assert_allclose(jax.jacfwd(dense)(jnp.array([0.0])), [[2.0]])


def test_one_compiled_program_serves_all_supports():
    traces = []

    @jax.jit
    def value(model, u):
        traces.append(1)
        return model(u)

    for label in ("x", "y", "x*y"):
        value(SparseModel.from_terms(LIBRARY, [{label: 1.0}]).dense(), POINTS)
    assert len(traces) == 1


def test_printing_inside_jit_gets_a_sentence():
    with pytest.raises(ValueError, match="cannot be printed inside jit"):
        jax.jit(lambda m: str(m))(MODEL)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: SparseModel(LIBRARY, [(0, 1)], [1.0, 2.0]), "2 coefficients were given for 1 terms"),
        (lambda: SparseModel(LIBRARY, [(1, 1)], [1.0]), "does not exist"),
        (lambda: SparseModel(LIBRARY, [(0, 99)], [1.0]), "does not exist"),
        (lambda: SparseModel.from_terms(LIBRARY, [{"exp(x)": 1.0}]), "not among the candidates"),
    ],
)
def test_bad_input_gets_a_sentence(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()
