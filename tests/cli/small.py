"""A study that trains in seconds: three states, two of them measured, one value missing, two years held out."""

import jax.numpy as jnp
import numpy as np

import universalde as ude
from universalde.discover import polynomials
from universalde.learn import LBFGS, Adam
from universalde.study import Phase, Study
from universalde.study.networks import scaled_network

START = np.array([2.0, 0.1, 0.0])


def change(y, eaten):
    return jnp.stack([-eaten, eaten - 0.5 * y[1], 0.5 * y[1]])


def exact(times):
    problem = ude.ODE(lambda t, y, p: change(y, 1.2 * y[0] * y[1]), START, (0.0, float(times[-1])))
    return np.asarray(ude.solve(problem, rtol=1e-9, atol=1e-9, saveat=np.asarray(times)).ys)


def study(seed=0, with_truth=True, with_extras=True):
    """The infection term of an epidemic in three compartments, of which the last is never measured."""
    ts = np.linspace(0.0, 4.0, 13)
    data = exact(ts)[:, :2] + 1e-3 * np.random.default_rng(seed).standard_normal((13, 2))
    data[4, 1] = np.nan
    later = np.array([5.0, 6.0])
    return Study(
        name="lotka-volterra", title="A small <epidemic>", story="Prose & more.\n\n    S' = -X\n", source="Made here.",
        ts=ts, data=data, observed=(0, 1), state_names=("S", "I", "R"), scale=np.array([1.0, 1.0]),
        f=lambda t, y, p: change(y, p["unknown"](y[:2])[0]), y0=START, start_known=True, inputs=lambda y: y[..., :2],
        input_names=("S", "I"), output_names=("X",),
        network=lambda key: scaled_network(key, [2.0, 1.0], [1.0], 4, "tanh", depth=2),
        library=polynomials(["S", "I"], 2), horizon=np.linspace(0.0, 8.0, 81), samples=60, max_terms=2,
        phases=(Phase(Adam(0.05, 100), group_size=4), Phase(LBFGS(60))), unit="persons", time_unit="days",
        truth=(lambda u: 1.2 * u[..., 0:1] * u[..., 1:2]) if with_truth else None,
        truth_model=exact if with_truth else None,
        held_out=(later, exact(np.array([0.0, *later]))[1:, :2]) if with_extras else None,
        comparison=(lambda times: {"twice of everything, by a very long name": exact(times)[:, :2] * 2}) if with_extras else None,
    )  # fmt: skip
