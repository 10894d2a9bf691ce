"""High orders deliver: an orbit to rounding, and dense output as good as the steps."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import DOP853

import universalde as ude

ECCENTRICITY = 0.1
START = np.array([1 - ECCENTRICITY, 0, 0, np.sqrt((1 + ECCENTRICITY) / (1 - ECCENTRICITY))])


def kepler(t, y, args):
    cube = (y[0] ** 2 + y[1] ** 2) ** 1.5
    return jnp.stack([y[2], y[3], -y[0] / cube, -y[1] / cube])


@pytest.mark.parametrize("name", ["Vern9", "Feagin12"])
def test_an_orbit_closes_to_1e_13(name):
    # The tolerance is a tenth of that, because local errors add up over some fifty steps.
    orbit = ude.ODE(kepler, START, (0.0, 2 * np.pi))
    sol = ude.solve(orbit, getattr(ude, name)(), rtol=1e-14, atol=1e-14, saveat=ude.Save(end=True))
    assert np.max(np.abs(sol.ys[-1] - START)) < 1e-13


@pytest.mark.parametrize("name", ["Vern9", "TsitPap8"])
def test_a_solve_at_1e_10_keeps_1e_10_between_the_steps(name):
    # Verner's interpolant is published; the other is the package's own.
    def f(t, y, args):
        return jnp.stack([y[0] * (y[1] + jnp.cos(t)) / 2, -(jnp.log(y[0]) + jnp.sin(t)) / 2])

    times = np.linspace(0, 10, 2001)
    sol = ude.solve(
        ude.ODE(f, jnp.array([1.0, 1.0]), (0.0, 10.0)), getattr(ude, name)(), rtol=1e-10, atol=1e-10, saveat=times
    )
    exact = np.stack([np.exp(np.sin(times)), np.cos(times)], axis=1)
    assert int(sol.stats.steps) < 50
    assert np.max(np.abs(sol.ys - exact)) < 1e-10


def test_the_estimate_of_order_eight_is_that_of_scipy():
    # One step of the same size from the same point: the same error norm, that of the pair tempered by the estimate of order 3.
    h = 0.4
    solver = DOP853(lambda t, y: np.asarray(kepler(t, y, None)), 0, START, 10, first_step=h, rtol=1e-8, atol=1e-8)
    table = ude.DP8.tableau.numbers
    stages = [np.asarray(kepler(0, START, None))]
    for row in table.a[1:13]:
        place = START + h * sum(x * k for x, k in zip(row, stages, strict=True))
        stages.append(np.asarray(kepler(0, place, None)))
    scale = 1e-8 + 1e-8 * np.abs(START)
    theirs = solver._estimate_error_norm(np.array(stages), h, scale)
    fine, coarse = (np.mean((h * np.array(w) @ np.array(stages) / scale) ** 2) for w in (table.error, table.coarse))
    # The estimate is 1e-8 of the stages it is summed from, so that eight of sixteen digits are left.
    assert theirs == pytest.approx(fine / np.sqrt(fine + 0.01 * coarse), rel=1e-7)
