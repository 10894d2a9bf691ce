"""How many trajectories lie side by side follows from what can be one native kernel."""

import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude
from universalde.ensemble import call

ROTATION = np.array([[0.0, 1.0], [-1.0, 0.0]])



def by_component(t, y, k):
    return jnp.stack([k * y[1], -k * y[0]])


def by_matrix(t, y, matrix):
    return matrix @ y


@pytest.fixture
def widths(monkeypatch):
    """The widths that calls of ``ensemble`` choose."""
    chosen, choose = [], call.width_of
    monkeypatch.setattr(call, "width_of", lambda *given: chosen.append(choose(*given)) or chosen[-1])
    return chosen


@pytest.mark.parametrize(
    ("f", "size", "method", "width"),
    [
        (by_component, 2, ude.Tsit5(), 32),
        (lambda t, y, k: -k * y, 3, ude.Tsit5(), 16),
        (by_component, 2, ude.Tsit5(native=False), 64),
        (lambda t, y, k: -k * y, 40, ude.Tsit5(), 1),
        (lambda t, y, k: -k * jnp.sort(y), 2048, ude.Tsit5(), 2),
    ],
    ids=["components", "a short vector", "not native", "a vector", "an operation for which XLA has no native kernel"],
)
def test_the_width_is(f, size, method, width, widths):
    problem = ude.ODE(f, np.ones(size), (0.0, 0.1))
    ude.ensemble(problem, method, over={"args": np.ones(3)})
    assert widths == [width]


def test_products_of_a_matrix_of_each_trajectory_are_right(widths):
    over = {"args": np.linspace(0.5, 1.0, 3)[:, None, None] * ROTATION}
    sol = ude.ensemble(ude.ODE(by_matrix, [1.0, 0.0], (0.0, 2.0)), over=over, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sol.y[:, 0], np.cos(2 * np.linspace(0.5, 1.0, 3)), rtol=1e-7)
