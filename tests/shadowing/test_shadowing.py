"""Derivatives of averages over the Lorenz attractor: against differences of long averages, against each other, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

shadowing = ude.shadowing


def lorenz(t, y, p):
    return jnp.stack([p["sigma"] * (y[1] - y[0]), y[0] * (p["rho"] - y[2]) - y[1], y[0] * y[1] - p["beta"] * y[2]])


USUAL = {"sigma": jnp.array(10.0), "rho": jnp.array(28.0), "beta": jnp.array(8 / 3)}


def height(t, y, p):
    return y[2]


def started(seed, time, transient=10.0):
    start = jnp.array(np.random.default_rng(seed).normal(size=3) + [1.0, 1.0, 25.0])
    return ude.ODE(lorenz, start, (0.0, time + transient), USUAL)


def methods(time):
    """Each as a function of a problem that begins with a transient."""
    segments = {"unstable": 1, "segments": int(2 * time), "transient": 10.0}
    return {
        "nilss": lambda problem: shadowing.nilss(problem, height, **segments),
        "nilsas": lambda problem: shadowing.nilsas(problem, height, **segments),
        "lss": lambda problem: shadowing.lss(problem, height, points=int(100 * time), transient=10.0),
    }


# Differences of averages over 400 solutions of length 1000, at rho = 27 and 29: 1.002 with a standard error of 0.001 (the slow test below).  What
# shadows is no typical solution, so a bias is left: 1.016 in all three methods at length 200, with a spread below 0.002.
SLOPE = 1.002


@pytest.mark.parametrize("name", ["nilss", "nilsas", "lss"])
def test_the_derivative_of_the_average_height_of_the_attractor(name):
    found = methods(100.0)[name](started(0, 100.0))
    assert abs(float(found.gradient["rho"]) - SLOPE) < 0.03
    assert 23.0 < found.average < 24.0
    if name != "lss":
        assert 0.8 < found.exponents[0] < 1.0 and found.exponents[-1] < -14


def test_methods_agree_on_every_parameter():
    tangents, adjoints, grid = (method(started(1, 100.0)).gradient for method in methods(100.0).values())
    for key in USUAL:
        np.testing.assert_allclose(tangents[key], adjoints[key], atol=0.02)
        np.testing.assert_allclose(tangents[key], grid[key], atol=0.05)


def test_the_gradient_of_a_long_solution_says_nothing_about_the_average():
    def average(rho):
        problem = ude.ODE(
            lambda t, s, p: {"y": lorenz(t, s["y"], p), "z": s["y"][2]}, {"y": jnp.array([1.0, 1.0, 25.0]), "z": 0.0}, (0.0, 40.0), {**USUAL, "rho": rho}
        )
        return ude.solve(problem, ude.Tsit5(), rtol=1e-6, atol=1e-6, saveat=ude.Save(end=True)).ys["z"][-1] / 40

    assert abs(jax.grad(average)(28.0)) > 1e3


@pytest.mark.slow
def test_eight_starts_of_each_method_stay_within_three_standard_errors_and_the_bias():
    def mean_height(rho):
        def one(y):
            problem = ude.ODE(lambda t, s, p: {"y": lorenz(t, s["y"], p), "z": s["y"][2]}, {"y": y, "z": 0.0}, (0.0, 20.0), {**USUAL, "rho": rho})
            options = {"rtol": 1e-6, "atol": 1e-6, "saveat": ude.Save(end=True)}
            settled = ude.solve(problem, ude.Vern7(), **options).ys["y"][-1]
            return ude.solve(problem.replace(y0={"y": settled, "z": 0.0}, tspan=(0.0, 1000.0)), ude.Vern7(), **options).ys["z"][-1] / 1000

        starts = jnp.array(np.random.default_rng(1).normal(size=(400, 3)) + [1.0, 1.0, 25.0])
        found = np.asarray(jax.jit(lambda starts: jax.lax.map(one, starts, batch_size=16))(starts))
        return found.mean(), found.std() / np.sqrt(400)

    (low, low_error), (high, high_error) = mean_height(27.0), mean_height(29.0)
    slope, error = (high - low) / 2, np.hypot(low_error, high_error) / 2
    assert abs(slope - SLOPE) < 3 * error
    for method in methods(40.0).values():
        found = np.array([float(method(started(seed, 40.0)).gradient["rho"]) for seed in range(8)])
        assert abs(found.mean() - slope - 0.014) < 3 * np.hypot(found.std(ddof=1) / np.sqrt(8), error) + 0.005


def forced(t, y, p):
    return lorenz(t, y, p) + jnp.sin(t)


REFUSED = {
    "no problem": (lambda: shadowing.nilss(lorenz, height, unstable=1, segments=10), TypeError, "build a problem"),
    "seen time": (lambda: shadowing.nilss(started(0, 10.0).replace(f=forced), height, unstable=1, segments=10), ValueError, "the right-hand side depends on the time"),
    "timed objective": (lambda: shadowing.lss(started(0, 10.0), lambda t, y, p: t * y[0], points=10), ValueError, "the objective depends on the time"),
    "a mass matrix": (lambda: shadowing.lss(started(0, 10.0).replace(mass=jnp.eye(3)), height, points=10), ValueError, r"this one has \['mass'\] too"),
    "vector": (lambda: shadowing.lss(started(0, 10.0), lambda t, y, p: y, points=10), TypeError, "it must return one number"),
    "no parameters": (lambda: shadowing.lss(started(0, 10.0).replace(args=None, f=lambda t, y, p: -y), height, points=10), TypeError, "differentiates by args"),
    "too many": (lambda: shadowing.nilsas(started(0, 10.0), height, unstable=3, segments=10), ValueError, "unstable = 3; give a whole number of at least 1 and at most 2"),
    "half": (lambda: shadowing.nilss(started(0, 10.0), height, unstable=1, segments=2.5), ValueError, "segments = 2.5"),
    "long transient": (lambda: shadowing.lss(started(0, 10.0), height, points=10, transient=30.0), ValueError, "within it"),
    "weight": (lambda: shadowing.lss(started(0, 10.0), height, points=10, weight=0), ValueError, "weight = 0"),
    "few segments": (lambda: shadowing.nilss(started(0, 4000.0), height, unstable=1, segments=2), FloatingPointError, "take more segments"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_says_what_is_missing(case):
    call, kind, words = REFUSED[case]
    with pytest.raises(kind, match=words):
        call()
