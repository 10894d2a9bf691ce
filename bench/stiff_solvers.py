"""Every solver on a stiff model, with one signature: ``prepare(rtol, starts)`` gives a call without arguments.

The call solves from every row of ``starts``, one after the other inside one compiled program where the solver can, and
answers ``(ends, counts)``; ``counts`` are named facts of the last row.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.stiff_models import Model

Prepare = Callable[[float, np.ndarray], Callable[[], tuple[Any, Any]]]


def ours(model: Any, method: str | None) -> tuple[Prepare, Prepare]:
    """The public call: one eager solve, and rows by `lax.map` inside one `jit`."""
    import jax
    import jax.numpy as jnp

    import universalde as ude

    question, make, end = model.problem(), getattr(ude, method)() if method else None, ude.Save(end=True)
    limit = max(100_000, model.max_steps)

    def solve(y0: Any, rtol: Any, atol: Any) -> Any:
        return ude.solve(question.replace(y0=y0), make, rtol=rtol, atol=atol, saveat=end, max_steps=limit)

    @jax.jit
    def rows(starts: Any, rtol: Any, atol: Any) -> Any:
        def one(y0):
            sol = solve(y0, rtol, atol)
            return sol.ys[0], sol.stats

        return jax.lax.map(one, starts)

    def single(rtol: float, starts: np.ndarray) -> Callable:
        y0, atol = jnp.asarray(starts[0]), jnp.asarray(model.tolerances(rtol))

        def call():
            try:
                sol = solve(y0, rtol, atol)
            except ude.SolveError:
                return np.full((1, model.size), np.nan), None
            return jax.block_until_ready(sol.ys), sol.stats

        return call

    def many(rtol: float, starts: np.ndarray) -> Callable:
        starts, atol = jnp.asarray(starts), jnp.asarray(model.tolerances(rtol))
        return lambda: jax.block_until_ready(rows(starts, rtol, atol))

    return single, many


def our_counts(stats: Any) -> dict[str, float]:
    """Facts of the last row."""
    found = {"steps": stats.steps, "rejected": stats.rejected, "rhs": stats.rhs}
    for name in ("jacobians", "factorisations", "iterations"):
        if getattr(stats, name, None) is not None:
            found[name] = getattr(stats, name)
    return {name: float(np.ravel(value)[-1]) for name, value in found.items()}


def diffrax_method(name: str, chord: bool) -> Any:
    """A solver of diffrax with its default root finder or with optimistix's Chord."""
    import diffrax
    import optimistix

    finder = {"root_finder": diffrax.with_stepsize_controller_tols(optimistix.Chord)()} if chord else {}
    return getattr(diffrax, name)(**finder)


def diffrax_rows(model: Model, method: str, chord: bool = False) -> Prepare:
    """diffrax compiled once: plain I controller, `ForwardMode`, no raise, the end state only; `chord`: optimistix's Newton."""
    import diffrax
    import jax
    import jax.numpy as jnp

    term, solver = diffrax.ODETerm(model.jax()), diffrax_method(method, chord)
    if method.startswith("KenCarp"):  # everything in its implicit half
        term = diffrax.MultiTerm(diffrax.ODETerm(lambda t, y, args: jnp.zeros_like(y)), term)

    @jax.jit
    def run(starts: Any, rtol: Any, atol: Any) -> Any:
        def one(y0):
            control = diffrax.PIDController(rtol=rtol, atol=atol)
            if model.breaks:
                control = diffrax.ClipStepSizeController(control, jump_ts=jnp.array(model.breaks))
            sol = diffrax.diffeqsolve(
                term, solver, *model.span, None, y0, saveat=diffrax.SaveAt(t1=True), adjoint=diffrax.ForwardMode(),
                stepsize_controller=control, max_steps=model.max_steps, throw=False,
            )  # fmt: skip
            return jnp.where(sol.result == diffrax.RESULTS.successful, sol.ys[0], jnp.nan), sol.stats

        return jax.lax.map(one, starts)

    def prepare(rtol: float, starts: np.ndarray) -> Callable:
        starts, atol = jnp.asarray(starts), jnp.asarray(model.tolerances(rtol))
        return lambda: jax.block_until_ready(run(starts, rtol, atol))

    return prepare


def diffrax_counts(stats: Any) -> dict[str, float]:
    """Facts of the last row."""
    return {"steps": float(stats["num_accepted_steps"][-1]), "rejected": float(stats["num_rejected_steps"][-1])}


def compiled_for_scipy(model: Model) -> tuple[Callable, Callable | None]:
    """f(t, y, setting) and its Jacobian by Numba; no Jacobian where the model has none."""
    from numba import njit

    from bench.stiff_code import numba_module

    module, size = numba_module(model), model.size
    rhs, jac = module.rhs, getattr(module, "jac", None)

    @njit
    def f(t, y, setting):
        dy = np.empty(size)
        rhs(t, y, setting, dy)
        return dy

    if jac is None:
        return f, None

    @njit
    def j(t, y, setting):
        found = np.zeros((size, size))
        jac(t, y, setting, found)
        return found

    return f, j


def scipy_rows(model: Model, method: str, compiled: bool) -> Prepare:
    """SciPy's solve_ivp: plain Python, its own differences; or right-hand side and Jacobian by Numba."""
    from scipy.integrate import solve_ivp

    f, jac = compiled_for_scipy(model) if compiled else (None, None)
    settings = np.array(model.settings) if model.breaks else np.zeros((1, 1))

    def piece(index: int, y: np.ndarray, rtol: float, atol: np.ndarray) -> Any:
        if compiled:
            extra = {"args": (settings[index],), "jac": jac} if jac else {"args": (settings[index],)}
            return solve_ivp(f, model.pieces[index], y, method, rtol=rtol, atol=atol, t_eval=model.pieces[index][1:], **extra)
        return solve_ivp(model.plain(index), model.pieces[index], y, method, rtol=rtol, atol=atol, t_eval=model.pieces[index][1:])

    def prepare(rtol: float, starts: np.ndarray) -> Callable:
        atol = model.tolerances(rtol)

        def call():
            ends, counts = np.full_like(starts, np.nan), np.zeros(3)
            for row, y in enumerate(starts):
                counts[:] = 0
                for index in range(len(model.pieces)):
                    sol = piece(index, y, rtol, atol)
                    counts += (sol.nfev, sol.njev, sol.nlu)
                    if not sol.success:
                        break
                    y = sol.y[:, -1]
                else:
                    ends[row] = y
            return ends, counts

        return call

    return prepare


def scipy_counts(counts: Any) -> dict[str, float]:
    """Facts of the last row."""
    return dict(zip(("rhs", "jacobians", "factorisations"), map(float, counts), strict=True))


def cvode_rows(model: Model, *defines: str) -> Prepare:
    """CVODE in C; a Jacobian by its own differences where the model has none."""
    from bench.stiff_native import cvode

    return cvode(model, (*defines, "DIFFERENCES") if model.by_hand else defines)


def cvode_counts(counts: Any) -> dict[str, float]:
    """Facts of the last row."""
    from bench.stiff_native import COUNTS

    return dict(zip(COUNTS, map(float, counts), strict=True))


def numba_rows(model: Model, method: str) -> Prepare:
    """The Rodas loop written by hand."""
    from bench.numba_rodas import prepared

    return prepared(model, method)


def numba_counts(counts: Any) -> dict[str, float]:
    """Facts of the last row."""
    return dict(zip(("steps", "rejected"), map(float, counts), strict=True))


def alone(rows: Callable[[], Prepare]) -> Callable[[], tuple[Prepare, Prepare]]:
    """A solver whose single call is a call with one row."""

    def both():
        prepare = rows()
        return prepare, prepare

    return both


OUR_METHODS = (
    "Rosenbrock23", "Rodas4", "Rodas5P", "Rodas6P", "TRBDF2", "Kvaerno5", "KenCarp47",
    "RadauIIA5", "RadauIIA9", "QNDF", "FBDF", "NordsieckBDF",
)  # fmt: skip


def solvers(model: Model) -> dict[str, tuple[Callable[[], tuple[Prepare, Prepare]], Callable, tuple[str, ...], str]]:
    """By name: what makes (single, many), what reads the counts, what is needed, and the kind of process."""
    found: dict[str, Any] = {}
    for name in OUR_METHODS:
        found[f"universalde {name}"] = (partial(ours, model, name), our_counts, (f"universalde:{name}",), "plain")
    found["universalde default"] = (partial(ours, model, None), our_counts, ("universalde:Rodas5P",), "plain")
    for name, chord in (("Kvaerno3", False), ("Kvaerno5", False), ("Kvaerno5", True), ("KenCarp4", True)):
        for kind in ("installed", "flag"):
            make = alone(partial(diffrax_rows, model, name, chord))
            found[f"diffrax {name}{' with Chord' * chord}, {kind}"] = (make, diffrax_counts, ("diffrax",), kind)
    for name in ("Radau", "BDF", "LSODA"):
        found[f"SciPy {name}"] = (alone(partial(scipy_rows, model, name, False)), scipy_counts, ("scipy",), "plain")
        needs = ("scipy", "numba", "sympy")
        found[f"SciPy with Numba {name}"] = (alone(partial(scipy_rows, model, name, True)), scipy_counts, needs, "plain")
    needs = ("header:cvode/cvode.h", "sympy")
    found["CVODE in C"] = (alone(partial(cvode_rows, model)), cvode_counts, needs, "plain")
    if model.name == "beam":  # eigenvalues near the imaginary axis, where higher orders are unstable
        found["CVODE in C, order 2"] = (alone(partial(cvode_rows, model, "ORDER=2")), cvode_counts, needs, "plain")
    for name in () if model.by_hand else ("Rodas4", "Rodas5P"):
        found[f"Numba {name} loop"] = (alone(partial(numba_rows, model, name)), numba_counts, ("numba", "sympy"), "plain")
    return found
