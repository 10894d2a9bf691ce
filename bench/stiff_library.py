"""The stiff problems of the library that have no code of their own in `stiff_models`: our methods, and SciPy's without a mass matrix."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from bench.stiff_solvers import Prepare, alone, our_counts, ours, scipy_counts

NAMES = (
    "transistor_amplifier", "nand_gate", "rober_dae", "chemical_akzo_nobel", "brusselator_500", "medical_akzo_nobel", "filament",
    "heating_system",
)  # fmt: skip
OUR_METHODS = ("Rodas4P", "Rodas5P", "TRBDF2", "KenCarp4", "Kvaerno5", "RadauIIA5", "QNDF", "FBDF")


@dataclass(frozen=True)
class FromLibrary:
    """A problem of the library with the face of a :class:`bench.stiff_models.Model`."""

    name: str
    max_steps: int = 100_000

    @cached_property
    def entry(self) -> Any:
        """With arrays of the precision that is on."""
        import universalde as ude

        return ude.library.load(self.name)

    @property
    def start(self) -> np.ndarray:
        """The initial state, in its own shape."""
        return np.asarray(self.entry.problem.y0)

    @property
    def size(self) -> int:
        """The number of equations."""
        return self.start.size

    def problem(self) -> Any:
        """As the library gives it."""
        return self.entry.problem

    def tolerances(self, rtol: float) -> Any:
        """One absolute tolerance for all components: components below ``small`` are noise."""
        return rtol * self.entry.small

    def error(self, end: Any) -> float:
        """Greatest error at the end, relative to the component or to ``small``."""
        error = self.entry.error(np.asarray(end).reshape(self.start.shape))
        return error if np.isfinite(error) else np.inf


def scipy_rows(model: FromLibrary, method: str) -> Prepare:
    """SciPy with the right-hand side compiled by JAX; the Jacobian too, or of a banded one the bands."""
    import jax
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags

    import universalde as ude

    problem, n = model.problem(), model.size
    flat = jax.jit(lambda t, y: problem.f(t, y.reshape(model.start.shape), problem.args).reshape(-1))
    breaks = () if problem.discontinuities is None else np.asarray(problem.discontinuities).tolist()
    times = (problem.tspan[0], *breaks, problem.tspan[1])
    options: dict[str, Any] = {"jac": (lambda jac: lambda t, y: np.asarray(jac(t, y)))(jax.jit(jax.jacfwd(flat, 1)))}
    if isinstance(problem.structure, ude.Banded):
        low, up = problem.structure.lower, problem.structure.upper
        pattern = diags([np.ones(n - abs(k)) for k in range(-low, up + 1)], range(-low, up + 1))
        options = {"lband": low, "uband": up} if method == "LSODA" else {"jac_sparsity": pattern}

    def prepare(rtol: float, starts: np.ndarray) -> Callable:
        def call():
            y, counts = starts[0].reshape(-1), np.zeros(3)
            for span in zip(times[:-1], times[1:], strict=True):
                sol = solve_ivp(
                    lambda t, y: np.asarray(flat(t, y)), span, y, method, rtol=rtol, atol=model.tolerances(rtol), t_eval=span[1:], **options
                )
                counts += (sol.nfev, sol.njev, sol.nlu)
                y = sol.y[:, -1] if sol.success else np.full(n, np.nan)
                if not sol.success:
                    break
            return y[None], counts

        return call

    return prepare


def solvers(model: FromLibrary) -> dict[str, tuple[Callable, Callable, tuple[str, ...], str]]:
    """By name: what makes (single, many), what reads the counts, what is needed, and the kind of process."""
    found: dict[str, Any] = {}
    for name in (*OUR_METHODS, None):
        needs = (f"universalde:{name or 'Rodas5P'}",)
        found[f"universalde {name or 'default'}"] = (partial(ours, model, name), our_counts, needs, "plain")
    for name in () if "mass" in model.problem().parts else ("Radau", "BDF", "LSODA"):
        found[f"SciPy {name}, f by JAX"] = (alone(partial(scipy_rows, model, name)), scipy_counts, ("scipy",), "plain")
    return found
