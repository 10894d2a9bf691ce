"""Problems with a mass matrix: constant, singular or not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

END = np.array([1.786592114209946e-02, 7.274753468436319e-08, 9.821340061103859e-01])  # ROBER at t = 1e5


def robertson(t, y, k):
    a, b, c = y
    slow, quick = k[0] * a, k[2] * b * c
    return [quick - slow, slow - quick - k[1] * b * b, a + b + c - 1]


def problem(**changes):
    start = ude.ODE(robertson, [1.0, 0.0, 0.0], (0.0, 1e5), jnp.array([0.04, 3e7, 1e4]), mass=[1.0, 1.0, 0.0])
    return start.replace(**changes)


def solved(given):
    return ude.solve(given, ude.Rodas5P(), rtol=1e-7, atol=1e-11, saveat=ude.Save(end=True))


def test_an_algebraic_equation_holds_along_the_solution():
    sol = solved(problem())
    np.testing.assert_allclose(sol.y, END, rtol=1e-5)
    assert abs(float(jnp.sum(sol.y)) - 1) < 1e-9


def test_a_full_singular_matrix_that_mixes_the_equations_gives_the_same_solution():
    mixed = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])

    def f(t, y, k):
        first, second, third = robertson(t, y, k)
        return [first + second, second, third]

    np.testing.assert_allclose(solved(problem(f=f, mass=mixed)).y, END, rtol=1e-5)


def test_a_regular_matrix_stands_for_the_equations_solved_for_the_derivative():
    mass = np.array([[2.0, 1.0], [0.0, 3.0]])
    field = lambda t, y: jnp.stack([y[1], -4.0 * y[0] + jnp.sin(t)])  # noqa: E731
    with_mass = ude.ODE(lambda t, y, _: mass @ field(t, y), [1.0, 0.0], (0.0, 2.0), mass=mass)
    plain = ude.ODE(lambda t, y, _: field(t, y), [1.0, 0.0], (0.0, 2.0))
    options = {"rtol": 1e-10, "atol": 1e-10, "saveat": ude.Save(end=True)}
    exact = ude.solve(plain, ude.Vern7(), **options).y
    np.testing.assert_allclose(ude.solve(with_mass, ude.Rodas5P(), **options).y, exact, rtol=1e-8)


def test_a_state_of_several_parts_takes_a_mass_of_the_same_form():
    f = lambda t, y, _: {"x": -y["z"], "z": y["x"] - y["z"]}  # noqa: E731
    sol = ude.solve(ude.ODE(f, {"x": 1.0, "z": 1.0}, (0.0, 1.0), mass={"x": 1.0, "z": 0.0}), rtol=1e-8, atol=1e-8)
    assert float(sol.y["x"]) == pytest.approx(np.exp(-1), rel=1e-6)
    assert sol.method.startswith("Rodas5P: chosen because the problem has a mass matrix")


def test_an_inconsistent_start_is_refused_with_the_equations_and_their_residuals():
    with pytest.raises(ude.SolveError, match=r"residuals: equation 2: 0\.1\. .*ude\.consistent\(problem\)"):
        solved(problem(y0=[1.0, 0.0, 0.1]))


def test_consistent_moves_only_what_has_no_derivative():
    np.testing.assert_allclose(ude.consistent(problem(y0=[0.9, 0.01, 0.3])).y0, [0.9, 0.01, 0.09], atol=1e-12)
    plain = problem(mass=None)
    assert ude.consistent(plain) is plain


def test_consistent_says_when_there_is_no_such_state():
    never = ude.ODE(lambda t, y, _: [y[0], y[1] ** 2 + 1], [1.0, 1.0], (0.0, 1.0), mass=[1.0, 0.0])
    with pytest.raises(ValueError, match="no state near y0 was found"):
        ude.consistent(never)


def test_equations_that_do_not_determine_the_algebraic_unknowns_are_named_singular():
    index_three = ude.ODE(lambda t, y, _: [-y[0], y[0] - 1 + 0 * y[1]], [1.0, 0.0], (0.0, 1.0), mass=[1.0, 0.0])
    with pytest.raises(ude.SolveError, match="index above one"):
        ude.solve(index_three, ude.Rodas5P())


@pytest.mark.parametrize(
    ("mass", "kind", "sentence"),
    [
        ([1.0, 2.0], ValueError, r"an array of shape \(2,\); the state has 3 numbers, so mass is a matrix of shape \(3, 3\)"),
        ("identity", TypeError, "mass was given as 'identity'"),
        (np.full(3, np.nan), ValueError, "mass holds NaN or infinity"),
    ],
)
def test_a_mass_that_does_not_fit_gets_a_sentence(mass, kind, sentence):
    with pytest.raises(kind, match=sentence):
        solved(problem(mass=mass))


def test_an_explicit_method_names_those_that_take_a_mass_matrix():
    with pytest.raises(ValueError, match=r"Tsit5 does not fit this problem: the problem has \['f', 'mass'\].*Rosenbrock23"):
        ude.solve(problem(), ude.Tsit5())


def test_the_mass_matrix_and_its_parameters_are_differentiated():
    def end(mass, k):
        f = lambda t, y, k: [-k * y[0] + y[1], y[0] - 2 * y[1]]  # noqa: E731
        given = ude.ODE(f, [1.0, 0.5], (0.0, 1.0), k, mass=mass)
        return ude.solve(given, ude.Rodas5P(), rtol=1e-10, atol=1e-10, saveat=ude.Save(end=True)).ys[0][0]

    def exact(mass, k):  # y1 = y0 / 2
        return jnp.exp(-(k - 0.5) / mass[0])

    mass, k = jnp.array([2.0, 0.0]), jnp.array(3.0)
    got, want = (jax.grad(g, argnums=(0, 1))(mass, k) for g in (end, exact))
    np.testing.assert_allclose(got[0][0], want[0][0], rtol=1e-7)
    np.testing.assert_allclose(got[1], want[1], rtol=1e-7)
