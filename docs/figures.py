"""Draws the figures of README and docs from real runs: ``python -m docs.figures`` (two minutes), or some of them by name.

The case is that of ``universalde discover lotka-volterra`` with seed 0, the examples are the code of their pages; nothing is chosen by hand.
"""

import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

import universalde as ude
from docs.pages import names_of
from universalde.cases import load
from universalde.cli.errors import view
from universalde.cli.figures import overview
from universalde.cli.style import COMPARISONS, DATA, EQUATION, NETWORK, TRUTH, WINDOW, grid, image, legend, settings
from universalde.study.run import run

IMAGES = Path(__file__).parent / "images"
WIDTH = 8.6


def lotka_volterra() -> Figure:
    """The case as one row of panels for each of its first two states."""
    result = run(load("lotka-volterra", 0), 0)
    print(result.choice.model)
    return overview(view(result))


def parameter_estimation() -> Figure:
    """The record, the fitted model, and where the model is with 95 %, linear in the unknowns."""
    names = names_of("examples/parameter-estimation")
    fit, spread = names["fit"].value, names["spread"]
    times = jnp.linspace(0.0, 20.0, 401)
    solved = lambda x: jnp.log(_animals(names, x, times))  # noqa: E731
    covariance = spread**2 * jnp.linalg.inv(names["slopes"].T @ names["slopes"])
    slopes, path = jax.jacfwd(solved)(fit), solved(fit)
    deviation = jnp.sqrt(jnp.einsum("tia,ab,tib->ti", slopes, covariance, slopes))
    figure, [axes] = grid(1, 2, WIDTH, 3.2)
    for k, (ax, animal) in enumerate(zip(axes, ("hares", "lynxes"), strict=True)):
        low, high = (np.exp(path[:, k] + sign * names["quantile"] * deviation[:, k]) for sign in (-1, 1))
        ax.fill_between(1900 + times, low, high, color=EQUATION["color"], alpha=0.18, lw=0, label="95 % of the model")
        ax.plot(1900 + times, np.exp(path[:, k]), **EQUATION, label="model")
        ax.plot(names["years"], names["pelts"][:, k], **DATA, label="pelts (thousands)")
        ax.set(xlabel="year", ylabel=animal, ylim=(0, None))
    legend(figure, axes)
    return figure


def _animals(names: dict, logarithms: Any, times: Any) -> Any:
    values = jnp.exp(logarithms)
    problem = ude.ODE(names["f"], values[4:], (0.0, 20.0), values[:4])
    return ude.solve(problem, ude.Tsit5(), rtol=1e-8, atol=1e-8, saveat=times).ys


def optimal_control() -> Figure:
    """The motion without and with the force, and the force beside that of Pontryagin's conditions."""
    names = names_of("examples/optimal-control")
    force, corners, exact = names["best"].value, names["corners"], names["exact"]
    times = np.linspace(0.0, 5.0, 401)
    figure, [[left, right]] = grid(1, 2, WIDTH, 3.2)
    for u, style, label in ((0 * force, NETWORK, "without a force"), (force, EQUATION, "with the best polygon")):
        ys = ude.solve(names["problem"].replace(args=(corners, u)), ude.Tsit5(), rtol=1e-8, atol=1e-8, saveat=times).ys
        left.plot(times, ys[:, 0], **style, label=label)
    left.set(xlabel="t", ylabel="x")
    right.plot(times, -exact.sol(times)[3] / 2, **TRUTH, label="Pontryagin")
    right.plot(corners, force, **EQUATION | {"marker": ".", "ms": 4, "lw": 1.2})
    right.set(xlabel="t", ylabel="force u")
    legend(figure, (left, right))
    return figure


def stiff_sensitivity() -> Figure:
    """The relative sensitivities of each species over eight powers of ten of time."""
    names = names_of("examples/stiff-sensitivity")
    names["times"] = times = jnp.logspace(-4, np.log10(4000.0), 200)
    table = jax.jit(jax.jacfwd(names["logarithms"]))(jnp.log(names["RATES"]))
    figure, [axes] = grid(1, 3, WIDTH, 3.0, sharey=True)
    styles = (EQUATION, NETWORK, COMPARISONS[1] | {"lw": 2.0})
    for k, ax in enumerate(axes):
        for j, style in enumerate(styles):
            ax.semilogx(times, table[:, k, j], **style, label=f"by $k_{j + 1}$")
        ax.set(xlabel="t", title=f"$y_{k + 1}$")
    axes[0].set_ylabel(r"$\partial\,\ln\,y_i\;/\;\partial\,\ln\,k_j$")
    legend(figure, axes)
    return figure


def neural_ode() -> Figure:
    """The losses with each adjoint."""
    curves = {name: np.asarray(curve) for name, curve in names_of("examples/neural-ode")["curves"].items()}
    figure, [[ax]] = grid(1, 1, WIDTH, 3.2)
    for (name, curve), style in zip(curves.items(), (EQUATION, NETWORK, *COMPARISONS[1:]), strict=True):
        ax.semilogy(curve, **style, label=name)
        if not np.isfinite(curve[-1]):
            last = np.flatnonzero(np.isfinite(curve))[-1]
            ax.plot(last, curve[last], **DATA | {"marker": "X", "ms": 9, "mfc": style["color"], "zorder": 9}, label="NaN from here on")
            ax.axvspan(last, len(curve), **WINDOW)
    ax.set(xlabel="step of Adam", ylabel="loss")
    legend(figure, [ax])
    return figure


FIGURES = (lotka_volterra, parameter_estimation, optimal_control, stiff_sensitivity, neural_ode)

if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    IMAGES.mkdir(exist_ok=True)
    for draw in FIGURES:
        name = draw.__name__.replace("_", "-")
        if not sys.argv[1:] or name in sys.argv[1:]:
            with settings():
                drawn = draw()
            (IMAGES / f"{name}.png").write_bytes(image(drawn, "png", dpi=130))
