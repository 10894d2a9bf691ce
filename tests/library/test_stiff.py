"""The stiff problems are the published ones, and their stored states are right."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from tests.library import nand_form
from tests.library.published import EMEP_SLOPES, ENDS
from tests.library.stiff_forms import FORMS
from tests.library.stiff_references import SAME, TOLERANCES, USUAL, states
from universalde.library.stiff_ends import STATES
from universalde.linalg import Banded

library = ude.library
# Computed anew in less than two seconds each; the others take up to some minutes.
QUICK = {"rober", "rober_dae", "hires", "e5", "pollution", "chemical_akzo_nobel"}


def slope(problem, t, y):
    f = jax.jit(problem.f)(t, jnp.asarray(y), problem.args)
    return np.stack(f) if isinstance(f, list) else np.asarray(f)


def states_near(entry):
    """Two states in the domain of the problem, some way from its start and from its end."""
    rng = np.random.default_rng(3)
    for t, y in ((0.0, np.asarray(entry.problem.y0)), (entry.problem.tspan[1], entry.end)):
        size = np.maximum(np.abs(y), entry.small)
        yield 0.3 * entry.problem.tspan[1] + 0.5 * t, y + 0.01 * size * rng.random(y.shape)


@pytest.mark.parametrize("name", FORMS)
def test_a_right_hand_side_agrees_with_one_written_in_another_way(name):
    entry = library.load(name)
    for t, y in states_near(entry):
        other = FORMS[name](np.float64(t), y.reshape(-1)).reshape(y.shape)
        np.testing.assert_allclose(slope(entry.problem, t, y), other, rtol=1e-12, atol=1e-12 * np.abs(other).max())


@pytest.mark.parametrize("t", [3.0, 7.5, 12.5, 17.5, 22.5, 33.0, 38.0, 47.5])
def test_charges_of_the_nand_gate_are_its_published_capacities(t):
    problem = library.nand_gate().problem
    v = np.asarray(problem.y0)[:14] + np.random.default_rng(int(t)).normal(size=14)
    across = np.array([nand_form.junction_voltage(v, branch) for branch in nand_form.BRANCHES])
    charges = -slope(problem, t, np.concatenate([v, np.zeros(6)]))[14:]
    f = slope(problem, t, np.concatenate([v, charges]))
    np.testing.assert_allclose(f[:14], nand_form.currents(t, v), rtol=1e-6, atol=1e-9)  # its pulse is differenced
    np.testing.assert_allclose(f[14:], 0, atol=1e-15)
    step = np.eye(14) * 1e-5
    turned = [slope(problem, t, np.concatenate([v + d, charges]))[14:] - slope(problem, t, np.concatenate([v - d, charges]))[14:] for d in step]
    mass = np.asarray(problem.mass)
    np.testing.assert_allclose(mass[:14, :14] - mass[:14, 14:] @ np.array(turned).T / 2e-5, nand_form.capacities(v), atol=1e-12)
    assert across.min() < 0


@pytest.mark.parametrize("t", EMEP_SLOPES)
def test_the_chemistry_of_emep_is_the_test_sets(t):
    k = np.arange(66)
    f = slope(library.emep().problem, t, 10.0 ** (4 + k % 7) * (1 + k / 66))
    np.testing.assert_allclose(f, EMEP_SLOPES[t], rtol=1e-12, atol=1e-12 * np.abs(EMEP_SLOPES[t]).max())


@pytest.mark.oracle
@pytest.mark.parametrize("name", ENDS)
def test_the_stored_end_is_the_published_one(name):
    tolerance, published = ENDS[name]
    known = ~np.isnan(published)
    end, published = library.load(name).end.reshape(-1)[: len(published)][known], np.array(published)[known]
    np.testing.assert_allclose(end, published, rtol=tolerance, atol=tolerance * library.load(name).small)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in library.names("stiff")]
)
def test_the_stored_states_are_those_of_extended_precision(name):
    entry = library.load(name)
    for t, y in states(name, TOLERANCES.get(name, USUAL)[0]).items():
        stored = STATES[SAME.get(name, name)][t]
        np.testing.assert_allclose(stored, y.astype(float), rtol=10.0**-entry.digits, atol=10.0**-entry.digits * entry.small)


# What ten times the tolerance is too little for: oscillations that are hardly damped, and sums of many small errors.
LOOSE = {"ring_modulator": 1e-4, "beam": 2e-4}
LONG = {"ring_modulator", "beam", "nand_gate", "filament", "medical_akzo_nobel", "heating_system", "brusselator_500"}


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in library.names("stiff")]
)
def test_rodas5p_solves_a_stiff_problem_to_its_digits(name):
    entry, rtol = library.load(name), 1e-6
    sol = ude.solve(entry.problem, ude.Rodas5P(), rtol=rtol, atol=rtol * entry.small, saveat=ude.Save(end=True))
    assert entry.error(sol.ys[-1]) < LOOSE.get(name, 10 * rtol)


def test_a_stiff_problem_knows_its_states_its_structure_and_its_kind():
    entry = library.rober(end=1e5)
    assert entry.tags == ("stiff",) and entry.problem.tspan == (0.0, 1e5)
    np.testing.assert_array_equal(entry.end, entry.states[1e5])
    assert library.rober(end=7.0).end is None and library.van_der_pol_singular(eps=1e-3).end is None
    assert library.brusselator_500().problem.structure == Banded(2, 2)
    assert set(library.names("dae")) < set(library.names("stiff"))
    assert set(library.names("stiff")) | set(library.names("nonstiff")) == set(library.names())


def test_errors_of_stiff_problems_are_relative_to_each_component():
    entry = library.rober()
    wrong = entry.end * np.array([1.0, 1.001, 1.0])
    assert entry.error(wrong) == pytest.approx(0.001 * entry.end[1] / entry.small)
    other = library.hires()
    assert other.error(other.end * np.array([1, 1, 1.001, 1, 1, 1, 1, 1])) == pytest.approx(1e-3)


@pytest.mark.parametrize("name", library.names("dae"))
def test_the_start_of_a_dae_satisfies_its_algebraic_equations(name):
    problem = library.load(name).problem
    mass = np.asarray(problem.mass)
    left = np.linalg.svd(np.diag(mass) if mass.ndim == 1 else mass)
    silent = left.U[:, left.S < 1e-12 * left.S[0]]  # combinations of equations without derivatives
    assert silent.shape[1] > 0
    np.testing.assert_allclose(silent.T @ slope(problem, problem.tspan[0], problem.y0), 0, atol=1e-13)


@pytest.mark.parametrize("name", ["medical_akzo_nobel", "brusselator_500"])
def test_a_declared_band_holds_the_whole_jacobian(name):
    problem = library.load(name).problem
    shape = problem.y0.shape
    y = jnp.asarray(np.random.default_rng(0).random(shape))
    jacobian = jax.jit(jax.jacfwd(lambda y: problem.f(1.0, y.reshape(shape), problem.args).reshape(-1)))(y.reshape(-1))
    band = problem.structure
    rows, columns = np.nonzero(np.asarray(jacobian))
    assert (rows - columns).max() == band.lower and (columns - rows).max() == band.upper
