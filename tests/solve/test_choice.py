"""Without a method one is chosen and named, and a problem that is stiff is said to be."""

import jax
import jax.numpy as jnp
import numpy as np
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
    assert found[0].startswith("Auto(Tsit5")


@pytest.mark.parametrize("rtol", [1e-4, 1e-8])
def test_a_problem_that_proves_stiff_is_solved_by_a_method_that_switches(rtol):
    problem = ude.ODE(van_der_pol, jnp.array([2.0, 0.0]), (0.0, 100.0), args=100.0)
    first, second = (ude.solve(problem, rtol=rtol, atol=rtol) for _ in range(2))
    explicit = "Tsit5" if rtol > 1e-6 else "Vern7"
    assert first.method == f"Auto({explicit}, Rodas5P): chosen because an explicit method showed the problem to be stiff"
    assert second.method.endswith("the problem proved stiff before")
    np.testing.assert_array_equal(first.ys, second.ys)


def spring(t, y, rate):
    """Follows cos t, with oscillations about it of frequency ``rate`` that nothing damps."""
    return jnp.stack([y[1], -(rate**2) * (y[0] - jnp.cos(t))])


def test_a_problem_whose_fast_oscillations_hold_the_step_is_solved_by_an_implicit_method():
    problem = ude.ODE(spring, jnp.array([1.0, 0.0]), (0.0, 10.0), args=1e4)
    first, second = (ude.solve(problem, rtol=1e-3, atol=1e-3) for _ in range(2))
    assert first.method == "Rodas5P: chosen because it came further in 128 steps than an explicit method in many"
    assert second.method.endswith("the problem proved stiff before") and first.stats.steps < 128
    np.testing.assert_allclose(first.y, [np.cos(10), -np.sin(10)], atol=5e-3)


def test_a_solution_that_itself_oscillates_for_long_stays_with_the_explicit_method():
    problem = ude.ODE(lambda t, y, _: jnp.stack([y[1], -y[0]]), jnp.array([1.0, 0.0]), (0.0, 5000.0))
    sol = ude.solve(problem, saveat=ude.Save(end=True))
    assert sol.method.startswith("Tsit5: chosen as the general") and sol.stats.steps > 2048


@pytest.mark.parametrize(
    ("size", "structure", "chosen", "traced"),
    [(17, None, "Rodas5P", "Auto(Tsit5"), (201, None, "KenCarp4", "Tsit5:"), (3000, ude.Diagonal(), "KenCarp4", "Tsit5:")],
)
def test_larger_stiff_problems_get_methods_that_pay_for_their_size(size, structure, chosen, traced):
    start, rate = jnp.linspace(0.0, 1.0, size), 1e3
    problem = ude.ODE(relaxing, start, (0.0, 10.0), args=rate, structure=structure)
    sol = ude.solve(problem, saveat=ude.Save(end=True))
    assert sol.method == f"{chosen}: chosen because an explicit method showed the problem to be stiff"
    exact = (rate**2 * np.cos(10) + rate * np.sin(10)) / (1 + rate**2)  # every component forgets its start
    np.testing.assert_allclose(sol.y, exact, atol=1e-3)
    found = []
    jax.eval_shape(lambda y0: found.append(ude.solve(problem.replace(y0=y0), saveat=ude.Save(end=True)).method), start)
    assert found[0].startswith(traced)


def test_a_jacobian_that_is_too_large_is_not_made_unasked():
    problem = ude.ODE(relaxing, jnp.linspace(0.0, 1.0, 1001), (0.0, 1.0), args=1e3)
    with pytest.warns(UserWarning, match="looks stiff"):
        assert ude.solve(problem, saveat=ude.Save(end=True)).method.startswith("Tsit5")


def test_a_traced_solve_is_ready_for_a_stiff_problem():
    problem = ude.ODE(van_der_pol, jnp.array([2.0, 0.0]), (0.0, 100.0), args=100.0)
    end = jax.jit(lambda mu: ude.solve(problem.replace(args=mu), saveat=ude.Save(end=True)).stats.rejected)
    assert end(100.0) < 100


def test_a_stiff_problem_of_a_complex_state_is_reported_in_plain_words():
    problem = ude.ODE(lambda t, y, _: -1000.0 * (y - jnp.cos(t)), 1.0 + 0j, (0.0, 10.0))
    with pytest.warns(UserWarning, match="looks stiff: for .* the size was held by stability, not by accuracy"):
        sol = ude.solve(problem)
    assert "looks stiff" in sol.method


def test_a_method_named_by_the_user_is_not_watched():
    sol = ude.solve(ude.ODE(relaxing, 1.0, (0.0, 10.0), args=1000.0), ude.Tsit5())
    assert sol.method == "Tsit5: as given"


@pytest.mark.parametrize(("name", "published"), [("Tsit5", 3.5068), ("DP5", 3.3066), ("Vern7", 4.64)])
def test_the_size_of_the_stability_region_is_the_published_one(name, published):
    assert getattr(ude, name)().tableau.real_interval == pytest.approx(published, abs=1e-3)
