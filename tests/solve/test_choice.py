"""Without a method one is chosen and named, and a problem that is stiff is said to be."""

import jax
import jax.numpy as jnp
import pytest

import universalde as ude


def relaxing(t, y, rate):
    return -rate * (y - jnp.cos(t))


def van_der_pol(t, y, mu):
    return jnp.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


def test_order_five_is_chosen_for_ordinary_tolerances():
    sol = ude.solve(ude.ODE(relaxing, 1.0, (0.0, 1.0), args=1.0))
    assert sol.method.startswith("Tsit5: chosen as the general explicit method") and "stiff" not in sol.method


def test_order_seven_is_chosen_for_tight_tolerances():
    sol = ude.solve(ude.ODE(relaxing, 1.0, (0.0, 1.0), args=1.0), rtol=1e-9, atol=1e-9)
    assert sol.method.startswith("Vern7: chosen because rtol = 1e-09")


def test_a_large_state_is_not_given_to_the_method_with_more_stages():
    problem = ude.ODE(lambda t, y, args: -y, jnp.ones(100_001), (0.0, 1e-3))
    assert ude.solve(problem, rtol=1e-9, atol=1e-9, saveat=ude.Save(end=True)).method.startswith("Tsit5: chosen because a state")


def test_a_tolerance_that_is_not_known_yet_gets_the_general_method():
    @jax.jit
    def names(rtol):
        sol = ude.solve(ude.ODE(relaxing, 1.0, (0.0, 1.0), args=1.0), rtol=rtol)
        found.append(sol.method)
        return sol.ys

    found = []
    names(1e-9)
    assert found[0].startswith("Tsit5")


@pytest.mark.parametrize("rtol", [1e-4, 1e-8])
def test_a_stiff_problem_is_reported_in_plain_words(rtol):
    problem = ude.ODE(van_der_pol, jnp.array([2.0, 0.0]), (0.0, 100.0), args=100.0)
    with pytest.warns(UserWarning, match="looks stiff: for .* the size was held by stability, not by accuracy"):
        sol = ude.solve(problem, rtol=rtol, atol=rtol)
    assert "looks stiff" in sol.method


def test_a_method_named_by_the_user_is_not_watched():
    sol = ude.solve(ude.ODE(relaxing, 1.0, (0.0, 10.0), args=1000.0), ude.Tsit5())
    assert sol.method == "Tsit5: as given"


@pytest.mark.parametrize(("name", "published"), [("Tsit5", 3.5068), ("DP5", 3.3066), ("Vern7", 4.64)])
def test_the_size_of_the_stability_region_is_the_published_one(name, published):
    assert getattr(ude, name)().tableau.real_interval == pytest.approx(published, abs=1e-3)
