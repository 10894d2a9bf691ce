"""What a run of the epidemic has found, and what its data cannot say."""

import numpy as np

from universalde.study import Result

__all__ = ["errors_ahead", "finish", "minimum_norm"]

STATES = {"E": 1, "I": 2, "R": 3}
SHARE = 0.9  # the susceptible share s at the start
MARGIN = 6.0  # equations whose criterion differs by less are not separated by the data


def finish(result: Result) -> Result:
    """Errors against what is known to be true, the opponent's errors, and the limits of the data."""
    numbers = {**_exposure(result), **_ahead(result)}
    return result._replace(numbers=numbers, rows=_rows(numbers), notes=_notes(result))


def errors_ahead(path: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Greatest error of E, I and R over the horizon, relative to the greatest value there."""
    return {
        name: float(np.abs(path[:, k] - truth[:, k]).max() / np.abs(truth[:, k]).max()) for name, k in STATES.items()
    }


def minimum_norm(inputs: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """Coefficients of I, I·s and I·s² by least squares of least norm on normalised columns.

    The columns are proportional on these data, so the fit has one direction; the norm shares it out evenly.
    """
    columns = inputs[:, 1:2] * inputs[:, 0:1] ** np.arange(3)
    length = np.linalg.norm(columns, axis=0)
    return np.linalg.lstsq(columns / length, exposure, rcond=1e-3)[0] / length


def _exposure(result: Result) -> dict[str, float]:
    """The learned and the recovered exposure against the true one, over the training window."""
    trained, model = result.trained, result.choice.model
    true = result.study.truth(trained.inputs)[:, 0]
    learned, recovered = trained.outputs[:, 0], np.asarray(model(trained.inputs))[:, 0]
    later = trained.times >= result.study.ts[1] - 1e-9  # at the start nobody is exposed: no relative error
    infected = float(trained.inputs[-1, 1])
    labels = [label for _, label, _ in model.terms()]
    return {
        "exposure_error": float(np.abs(learned - true).max() / true.max()),
        "exposure_error_pointwise": float(np.abs(learned[later] / true[later] - 1).max()),
        "equation_exposure_error": float(np.abs(recovered[later] / true[later] - 1).max()),
        "rate_per_infected": float(model(np.array([SHARE, infected, 0.0]))[0] / infected),
        "form_right": float(all(label.split("*")[0] == "I" and "(" not in label for label in labels)),
        "loss_over_floor": float(result.choice.sse / result.study.noise_floor),
    }


def _ahead(result: Result) -> dict[str, float]:
    """Errors over the whole horizon; the opponent's fit is its greatest misfit relative to the greatest count."""
    study, ahead = result.study, result.forecast
    equation, network = errors_ahead(ahead.equation, ahead.truth), errors_ahead(ahead.network, ahead.truth)
    opponent = ahead.comparison["neural ODE"]
    blind = errors_ahead(opponent, ahead.truth)
    counted = opponent[np.isin(ahead.times, study.ts)][:, study.observed]
    return {
        **{f"extrapolation_{name}": value for name, value in equation.items()},
        **{f"network_extrapolation_{name}": value for name, value in network.items()},
        **{f"neural_ode_{name}": value for name, value in blind.items()},
        "neural_ode_fit": float(np.abs((counted - study.data) / study.scale).max()),
        "neural_ode_ratio": min(blind[name] / equation[name] for name in STATES),
    }


def _rows(n: dict[str, float]) -> list[tuple[str, str, str]]:
    def percent(share: float) -> str:
        return f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.0f}"

    def three(prefix: str) -> str:
        return " / ".join(percent(n[prefix + name]) for name in STATES) + " %"

    return [
        ("learned exposure", percent(n["exposure_error"]) + " %", "greatest error / greatest exposure, days 0 to 21"),
        ("  the same, pointwise", percent(n["exposure_error_pointwise"]) + " %", "from day 1 on"),
        ("equation's exposure", percent(n["equation_exposure_error"]) + " %", "pointwise, from day 1 on"),
        ("rate per infected at s = 0.9", f"{n['rate_per_infected']:.5f}", "true 0.30819 per day"),
        ("misfit / noise floor", f"{n['loss_over_floor']:.3f}", "of the equation"),
        ("E / I / R to day 60: equation", three("extrapolation_"), "greatest error / greatest value"),
        ("  with the network", three("network_extrapolation_"), "outside of what it was trained on it knows nothing"),
        ("  pure neural ODE", three("neural_ode_"), f"fits the counts to {percent(n['neural_ode_fit'])} % of their greatest"),
        ("neural ODE / equation", f"{n['neural_ode_ratio']:.0f} ×", "the least of the three ratios"),
    ]  # fmt: skip


def _notes(result: Result) -> list[str]:
    inputs = result.trained.inputs
    shares = minimum_norm(inputs, result.trained.outputs[:, 0])
    parts = shares * SHARE ** np.arange(3)
    ranking = result.choice.by_data.ranking
    close = [refit for refit in ranking if refit.score <= ranking[0].score + MARGIN or refit is ranking[0]]
    labels = {label for refit in close for _, label, _ in refit.model.terms()}
    powers = [str(k) for k, label in enumerate(("I", "I*s", "I*s**2")) if label in labels]
    talk = result.forecast.comparison["the talk's equation"]
    errors = " / ".join(f"{100 * e:.1f}" for e in errors_ahead(talk, result.forecast.truth).values())
    return [
        f"These data do not determine how exposure depends on s = S/N: s moves only from {inputs[0, 0]:.5f} to "
        f"{inputs[-1, 0]:.5f}. Of the fitted equations, {len(close)} are not separated by the data, and they multiply "
        f"I by s to the power {' or '.join(powers)}. Only the sum at s = 0.9, the rate per infected, is determined.",
        "The talk's I·(0.10234 + 0.11372 s + 0.12635 s²) is not three mechanisms. At s = 0.9 its terms contribute "
        "0.1023 each: least squares of least norm on normalised columns shares one number out among columns that are "
        f"the same. Done to this network it gives I·({shares[0]:.5f} + {shares[1]:.5f} s + {shares[2]:.5f} s²), "
        f"contributions {parts[0]:.4f}, {parts[1]:.4f}, {parts[2]:.4f}.",
        "(1 − D/N)^κ is 0.998 on day 21 and 0.950 on day 60: an equation without D over-predicts. The talk's errs by "
        f"{errors} % (E, I, R). The term in d = D/N is found here because the counts carry almost no noise (1e-5 "
        "persons); with an error of one person they would not show it.",
    ]  # fmt: skip
