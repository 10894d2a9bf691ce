"""An epidemic whose law of exposure is unknown (the talk's demonstration; Rackauckas et al., arXiv:2001.04385).

    S' = −β₀SF/N − X − μS    E' = β₀SF/N + X − (σ+μ)E    I' = σE − (γ+μ)I    R' = γI − μR
    N' = −μN                 D' = dγI − λD               C' = σE

X, what the infected do to the susceptible, is β₀(1−α)(1−D/N)^κ SI/N: people keep their distance when the public
perception D of severe cases grows (Lin et al., Int. J. Infect. Dis. 93 (2020) 211–216). Three weeks of daily counts of
E, I and R are to foretell the next six weeks.
"""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

import universalde as ude
from universalde.cases.covid_seir_findings import finish
from universalde.discover import cosines, products, sines
from universalde.learn import LBFGS, Adam
from universalde.study import Phase, Study
from universalde.study.networks import scaled_network
from universalde.study.run import path, train
from universalde.study.run import run as run_study

BETA0, ALPHA, KAPPA, F = 0.5944, 0.4239, 1117.3, 10.0
MU, SIGMA, GAMMA, SEVERE, LAMBDA = 0.02, 1 / 3, 1 / 5, 0.2, 1 / 11.2
START = np.array([0.9 * 14e6, 0.0, 0.0, 0.0, 14e6, 0.0, 0.0])
NAMES = ("S", "E", "I", "R", "N", "D", "C")
COUNTED = (1, 2, 3)
NOISE = 1e-5
TALK = (0.10234, 0.11372, 0.12635)


def epidemic(y: Any, exposure: Any) -> Any:
    """The seven rates of change, given the exposure X in persons per day."""
    S, E, I, R, N, D, _ = (y[k] for k in range(7))  # noqa: E741
    outside = BETA0 * S * F / N
    return jnp.stack([
        -outside - exposure - MU * S, outside + exposure - (SIGMA + MU) * E, SIGMA * E - (GAMMA + MU) * I,
        GAMMA * I - MU * R, -MU * N, SEVERE * GAMMA * I - LAMBDA * D, SIGMA * E,
    ])  # fmt: skip


def seen(y: Any) -> Any:
    """What exposure may depend on: s = S/N, I, d = D/N."""
    return jnp.stack([y[..., 0] / y[..., 4], y[..., 2], y[..., 5] / y[..., 4]], axis=-1)


def true_exposure(u: Any) -> Any:
    """β₀(1−α)(1−D/N)^κ SI/N."""
    return BETA0 * (1 - ALPHA) * (1 - u[..., 2]) ** KAPPA * u[..., 0] * u[..., 1]


def talk_exposure(u: Any) -> Any:
    """The equation shown in the talk: I·(0.1023 + 0.1137 s + 0.1264 s²)."""
    return u[..., 1] * (TALK[0] + TALK[1] * u[..., 0] + TALK[2] * u[..., 0] ** 2)


def exact_path(times: Any, exposure: Any = true_exposure) -> np.ndarray:
    """The epidemic with a given law of exposure."""
    problem = ude.ODE(lambda t, y, p: epidemic(y, exposure(seen(y))), START, (0.0, float(times[-1])))
    return np.asarray(ude.solve(problem, rtol=1e-10, atol=1e-10, saveat=np.asarray(times)).ys)


def study(seed: int = 0, noise: float = NOISE) -> Study:
    """Everything is known but the exposure; the network sees S/N, I and D/N."""
    ts = np.arange(22.0)
    clean = exact_path(ts)[:, COUNTED]
    data = clean + noise * np.random.default_rng(seed).standard_normal(clean.shape)
    peak = np.abs(data).max(axis=0)
    severe = SEVERE * GAMMA * data[:, 1].sum()  # as many as D can have reached, by the count of the infected
    sizes = np.array([START[0], *peak, START[4], severe, SIGMA * data[:, 0].sum()])
    given = Study(
        name="covid-seir", title="COVID-19: how the infected expose the susceptible", story=__doc__ or "",
        source="Synthetic data, made here.", ts=ts, data=data, observed=COUNTED, state_names=NAMES, scale=peak,
        f=lambda t, y, p: epidemic(y, p["unknown"](seen(y))[0]), y0=START, start_known=True, inputs=seen,
        input_names=("s", "I", "d"), output_names=("exposure",),
        network=lambda key: scaled_network(
            key, [START[0] / START[4], peak[1], severe / START[4]], [BETA0 * peak[1]], 5, "rbf"
        ),
        library=products(["s", "I", "d"], 2) + cosines(["s", "I", "d"]) + sines(["s", "I", "d"]),
        horizon=np.linspace(0.0, 60.0, 241),
        # The compartments differ by 10⁷: each is held to 1e-8 of its own size, which is below the noise of the counts.
        rtol=1e-8, atol=1e-8 * sizes, noise_floor=float(np.sum(((clean - data) / peak) ** 2)), unit="persons",
        time_unit="days", truth=lambda u: np.asarray(true_exposure(u))[..., None], truth_model=exact_path,
        finish=finish,
    )  # fmt: skip
    return replace(given, comparison=lambda times: comparison(given, sizes, seed, times))


def neural_ode(given: Study, sizes: np.ndarray) -> Study:
    """The comparison: no epidemiology but N' = −μN and C' = σE; a network 7-64-64-64-7 has to learn the rest."""

    def f(t: Any, y: Any, p: Any) -> Any:
        return p["unknown"](y).at[4].set(-MU * y[4]).at[6].set(SIGMA * y[1])

    return replace(
        given, name="covid-seir-neural-ode", f=f, inputs=lambda y: y, input_names=NAMES, output_names=NAMES,
        network=lambda key: scaled_network(key, sizes, sizes, 64, "tanh"), rtol=1e-6, atol=1e-6 * sizes,
        phases=(Phase(Adam(0.01, 500)), Phase(LBFGS(3000), patience=100, tolerance=1e-3)),
    )  # fmt: skip


def comparison(given: Study, sizes: np.ndarray, seed: int, times: np.ndarray) -> dict[str, np.ndarray]:
    """A pure neural ODE trained on the same counts, and the talk's equation."""
    blind = neural_ode(given, sizes)
    params = train(blind, seed, progress=False).params
    return {
        "neural ODE": path(blind, params["p"], params["start"], times),
        "the talk's equation": exact_path(times, talk_exposure),
    }


def run(seed: int = 0, **changes: Any) -> dict:
    """The numbers of one run (for studies over many seeds)."""
    return run_study(study(seed, **changes), seed, progress=False).numbers
