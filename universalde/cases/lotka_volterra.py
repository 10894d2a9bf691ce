"""Lotka–Volterra with both interactions unknown (Rackauckas et al., arXiv:2001.04385, scenario 1).

    x' = 1.3 x − 0.9 x y        y' = 0.8 x y − 1.8 y

Thirty-one noisy samples on [0, 3] reach a peak of 1.6 and 4.6; the first peak that the model has to foretell is 8.9.
"""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

import universalde as ude
from universalde.discover import polynomials, sines
from universalde.study import Result, Study
from universalde.study.networks import scaled_network
from universalde.study.run import run as run_study

RATES = {"alpha": 1.3, "beta": 0.9, "gamma": 0.8, "delta": 1.8}
START = (0.44249296, 4.6280594)
NOISE = 5e-3


def true_path(times: Any, rates: Mapping = RATES, start: Any = START) -> np.ndarray:
    """The solution of the true equations."""

    def f(t: Any, y: Any, r: Any) -> Any:
        x, z = y
        return jnp.stack([r["alpha"] * x - r["beta"] * x * z, r["gamma"] * x * z - r["delta"] * z])

    problem = ude.ODE(f, np.asarray(start), (0.0, float(times[-1])), dict(rates))
    return np.asarray(ude.solve(problem, rtol=1e-11, atol=1e-11, saveat=np.asarray(times)).ys)


def study(seed: int = 0, noise: float = NOISE, rates: Mapping = RATES, start: Any = START) -> Study:
    """The growth of the prey and the decay of the predator are known; what they do to each other is not."""
    ts = np.linspace(0.0, 3.0, 31)
    clean = true_path(ts, rates, start)
    data = clean + noise * clean.mean(axis=0) * np.random.default_rng(seed).standard_normal(clean.shape)
    scale = np.abs(data).max(axis=0)
    alpha, delta = rates["alpha"], rates["delta"]

    def f(t: Any, y: Any, p: Any) -> Any:
        return jnp.stack([alpha * y[0], -delta * y[1]]) + p["unknown"](y)

    weights = data.mean(axis=0)
    return Study(
        name="lotka-volterra", title="Lotka–Volterra: what predator and prey do to each other", story=__doc__ or "",
        source="Synthetic data, made here.", ts=ts, data=data, observed=(0, 1), state_names=("x", "y"), scale=weights,
        f=f, y0=data[0], inputs=lambda y: y, input_names=("x", "y"), output_names=("dx", "dy"),
        network=lambda key: scaled_network(key, scale, scale, 5, "rbf"),
        library=polynomials(["x", "y"], 5) + sines(["x", "y"]), horizon=np.linspace(0.0, 50.0, 1001),
        noise_floor=float(np.sum(((clean - data) / weights) ** 2)),
        truth=lambda u: np.stack([-rates["beta"] * u[..., 0] * u[..., 1], rates["gamma"] * u[..., 0] * u[..., 1]], -1),
        truth_model=lambda times: true_path(times, rates, start), finish=lambda result: finish(result, rates),
    )  # fmt: skip


def finish(result: Result, rates: Mapping) -> Result:
    """Errors against what is known to be true."""
    terms = {(output, label): value for output, label, value in result.choice.model.terms()}
    beta, gamma = -terms.get(("dx", "x*y"), np.nan), terms.get(("dy", "x*y"), np.nan)
    ahead = result.forecast
    early = ahead.times <= 20
    span = ahead.truth[early].max(axis=0) - ahead.truth[early].min(axis=0)
    error = np.sqrt(np.mean((ahead.equation[early] - ahead.truth[early]) ** 2, axis=0)) / span
    numbers = {
        "terms_right": float(set(terms) == {("dx", "x*y"), ("dy", "x*y")}),
        "loss_over_floor": result.trained.loss / result.study.noise_floor,
        "beta": float(beta), "gamma": float(gamma),
        "beta_error": float(abs(beta / rates["beta"] - 1)), "gamma_error": float(abs(gamma / rates["gamma"] - 1)),
        "nrmse_20": float(error.max()),
        "bounded_50": float(np.all(np.isfinite(ahead.equation)) and np.abs(ahead.equation).max() < 1e3),
    }  # fmt: skip
    rows = [
        ("training loss / noise floor", f"{numbers['loss_over_floor']:.3f}", "the published fit stands at 1.00"),
        ("β", f"{beta:.5f}", f"true {rates['beta']}, error {100 * numbers['beta_error']:.2f} %"),
        ("γ", f"{gamma:.5f}", f"true {rates['gamma']}, error {100 * numbers['gamma_error']:.2f} %"),
        ("NRMSE for t ≤ 20", f"{100 * numbers['nrmse_20']:.1f} %", "the data end at t = 3"),
    ]
    return result._replace(numbers=numbers, rows=rows)


def run(seed: int = 0, **changes: Any) -> dict:
    """The numbers of one run (for studies over many seeds)."""
    return run_study(study(seed, **changes), seed, progress=False).numbers
