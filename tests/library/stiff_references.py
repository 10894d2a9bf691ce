"""States of the stiff problems at the times the library knows, in 80-bit numbers.

Run `python -m tests.library.stiff_references` to write universalde/library/stiff_ends.py anew, or with names of problems to see
them; all take a quarter of an hour.
"""

import inspect
import math
import sys
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from tests.library.radau import solve
from tests.library.stiff_forms import FORMS
from tests.source_rules import ROOT
from universalde.linalg import Dense

# Times besides the end of the span, and sizes below which rounding rules.
TIMES = {
    "rober": [1e0, 1e1, 40, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10],
    "hires": [421.8122],
    "orego": range(30, 360, 30),
    "e5": [1e5],
    "van_der_pol_singular": [1, *range(3, 12)],
}
FLOORS = {
    "rober_dae": 1e-8, "chemical_akzo_nobel": 1e-6, "transistor_amplifier": 1e-2, "nand_gate": 1e-1, "ring_modulator": 1e-9, "emep": 1e-2,
    "heating_system": 1e-6, "filament": 1e-6, "medical_akzo_nobel": 1e-9, "beam": 1e-9, "brusselator_500": 1e-3,
}  # fmt: skip
USUAL = (1e-10, 1e-12)
TOLERANCES = {"brusselator_500": (1e-9, 1e-10), "medical_akzo_nobel": (1e-9, 1e-10)}
SAME = {"rober_dae": "rober"}
NUMPY = {name: getattr(np, name) for name in "sin cos exp sqrt where floor minimum maximum abs".split()}


def with_numpy(f):
    """The library's right-hand side, and what it calls in its own file, with NumPy in the place of jax.numpy."""
    f = inspect.unwrap(f)  # tests wrap every function to check its annotations
    names = {**f.__globals__, "jnp": types.SimpleNamespace(**NUMPY)}
    for name, value in list(names.items()):
        if isinstance(value, types.FunctionType) and value.__module__ == f.__module__:
            value = inspect.unwrap(value)
            names[name] = types.FunctionType(value.__code__, names, name, value.__defaults__, value.__closure__)
    g = names[f.__name__]
    return lambda t, y: np.stack([np.broadcast_to(x, y.shape[1:]) for x in g(t, y, None)])


def jacobian(problem):
    """Of ``(t, y)`` with y a vector; it only steers Newton's method."""
    shape, structure = np.shape(problem.y0), problem.structure or Dense()

    def f(t, y):
        out = problem.f(t, y.reshape(shape), problem.args)
        return (jnp.stack(out) if isinstance(out, list) else out).reshape(-1)

    jac = jax.jit(lambda t, y: structure.dense(structure.jacobian(lambda y: f(t, y), y)))
    return lambda t, y: np.asarray(jac(t, jnp.asarray(y)))


def matrix(problem):
    """The mass matrix."""
    n = np.size(problem.y0)
    mass = np.eye(n) if problem.mass is None else np.asarray(problem.mass)
    return np.diag(mass) if mass.ndim == 1 else mass


def states(name, tolerance, **parameters):
    """``{time: state}``."""
    from universalde.library import load

    problem = load(name, **parameters).problem
    start, end = problem.tspan
    wanted = sorted({*map(float, TIMES.get(name, ())), end})
    kinks = [] if problem.discontinuities is None else [float(t) for t in problem.discontinuities]
    times = sorted({start, *wanted, *kinks})
    f = FORMS[name] if name in FORMS else with_numpy(problem.f)
    y0 = np.asarray(problem.y0).reshape(-1)
    found = solve(f, jacobian(problem), matrix(problem), y0, times, tolerance, FLOORS.get(name, 1e-30))
    all_states = dict(zip(times[1:], found, strict=True))
    return {t: all_states[t] for t in wanted}


def agreeing(name, **parameters):
    """The states, and the digits in which two runs agree, at most 15."""
    from universalde.library import load

    small = load(name, **parameters).small
    coarse, fine = (states(name, tolerance, **parameters) for tolerance in TOLERANCES.get(name, USUAL))
    apart = max(float(np.max(np.abs(coarse[t] - y) / np.maximum(np.abs(y), small))) for t, y in fine.items())
    return fine, min(15, math.floor(-math.log10(apart + 1e-20)))


def write():
    """Write universalde/library/stiff_ends.py for all stiff problems."""
    from universalde.library import names

    lines, digits = [], []
    variants = [(name, name, {}) for name in names("stiff") if name not in SAME]
    for key, name, parameters in [*variants, ("chemical_akzo_nobel_5", "chemical_akzo_nobel", {"fifth": 1.0})]:
        found, agreed = agreeing(name, **parameters)
        rows = "\n".join(f"        {t!r}: {y.astype(float).tolist()}," for t, y in found.items())
        lines.append(f'    "{key}": {{\n{rows}\n    }},')
        digits += [f'    "{other}": {agreed},' for other in (key, *(a for a, b in SAME.items() if b == key))]
        print(key, agreed, flush=True)
    text = (ROOT / "universalde/library/stiff_ends.py").read_text("utf8").split("# fmt: off")[0]
    body = "STATES = {\n" + "\n".join(lines) + "\n}\n" + "AGREED = {\n" + "\n".join(digits) + "\n}\n"
    Path(ROOT / "universalde/library/stiff_ends.py").write_text(f"{text}# fmt: off\n{body}", "utf8")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    for problem_name in sys.argv[1:]:
        print(problem_name, *agreeing(problem_name))
    if len(sys.argv) == 1:
        write()
