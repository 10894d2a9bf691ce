"""Every problem of the library is solved to the digits that its reference deserves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from docs.library_page import PAGE, page
from tests.library.extended import extended_end
from tests.solve.problems import REFERENCE
from universalde.library.ends import ENDS

library = ude.library
# Where local errors of 1e-12 grow along the way: neighbours part exponentially, orbits pass close by. Others keep ten digits.
SENSITIVE = {"lorenz": 1e-9, "chen": 1e-7, "arenstorf": 1e-9, "detest_d4": 1e-9, "detest_d5": 1e-9}


def solved(entry):
    # what costs is compiling, so the method is the one with the fewest stages
    return ude.solve(entry.problem, ude.Tsit5(), rtol=1e-12, atol=1e-13, saveat=ude.Save(end=True)).ys[-1]


@pytest.mark.oracle
@pytest.mark.parametrize("name", library.names("nonstiff"))
def test_a_solve_ends_where_the_reference_says(name):
    entry = library.load(name)
    y = solved(entry)
    assert y.dtype == jnp.float64 and y.shape == np.shape(entry.end)
    assert entry.error(y) < SENSITIVE.get(name, 1e-10)
    for what, function in entry.invariants.items():
        start, end = function(np.asarray(entry.problem.y0)), function(np.asarray(y))
        assert end == pytest.approx(start, rel=1e-9), what


@pytest.mark.parametrize("name", [name for name in library.names() if library.load(name).exact])
def test_an_exact_solution_starts_at_the_initial_state_and_has_the_slope_of_f(name):
    entry = library.load(name)
    problem, h = entry.problem, 1e-5
    np.testing.assert_allclose(entry.exact(0.0), problem.y0, rtol=1e-13, atol=1e-14)
    slope = (np.asarray(entry.exact(1 + h)) - np.asarray(entry.exact(1 - h))) / (2 * h)
    f = problem.f(1.0, jnp.asarray(entry.exact(1.0)), problem.args)
    np.testing.assert_allclose(slope, np.asarray(f), rtol=1e-7, atol=1e-9)


@pytest.mark.oracle
def test_the_stored_ends_agree_with_published_ones():
    np.testing.assert_allclose(ENDS["pleiades"], REFERENCE["pleiades"]["end"], rtol=1e-14)
    np.testing.assert_allclose(ENDS["arenstorf"], REFERENCE["arenstorf"]["end"], atol=1e-8)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["rigid_body", "detest_a5", pytest.param("lorenz", marks=pytest.mark.slow)])
def test_the_stored_ends_are_those_of_extended_precision(name):
    found = [float(x) for x in extended_end(name)]
    np.testing.assert_allclose(ENDS[name], found, rtol=2e-16)


def test_parameters_may_be_changed_and_then_only_formulas_know_the_end():
    assert library.kepler(0.1).error(library.kepler(0.1).problem.y0) < 1e-14
    changed = library.lorenz(rho=14.0)
    assert changed.problem.args == (10.0, 14.0, 8 / 3) and changed.end is None
    with pytest.raises(ValueError, match="default parameters have one"):
        changed.error(changed.problem.y0)


def test_a_name_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(KeyError, match="no problem 'lorentz'.*lorenz"):
        library.load("lorentz")
    with pytest.raises(AttributeError, match="names"):
        _ = library.lorentz


def test_arrays_take_the_default_precision():
    with jax.enable_x64(False):
        assert library.pleiades().problem.y0.dtype == jnp.float32


def test_every_problem_says_what_it_is_and_where_it_is_from():
    for name in library.names():
        entry = library.load(name)
        assert entry.name == name and name in dir(library)
        assert entry.about.endswith(".") and len(entry.source) > 20
        assert entry.end is not None and entry.digits >= (14 if "nonstiff" in entry.tags else 8)
        assert callable(getattr(library, name)) and (entry.small is not None) == ("stiff" in entry.tags)


def test_the_page_is_the_registry():
    assert PAGE.read_text("utf8") == page(), "run: python -m docs.library_page"
