"""Writes docs/library.md from the registry of problems: `python -m docs.library_page`."""

from pathlib import Path

import numpy as np

import universalde as ude

PAGE = Path(__file__).parent / "library.md"
HEAD = """# Problems

`ude.library` holds standard problems, each with its source and what is known of its solution. They are what tests and benchmarks
solve. This page is written by `python -m docs.library_page`.

```python
import jax
import universalde as ude

jax.config.update("jax_enable_x64", True)
entry = ude.library.pleiades()
sol = ude.solve(entry.problem, ude.Vern7(), rtol=1e-10, atol=1e-10)
print(entry.digits, entry.error(sol.ys[-1]) < 1e-7)
# -> 15 True
```

`entry.problem` is the problem, `entry.exact(t)` the exact solution where there is a formula, `entry.end` the state at the end of the
span to `entry.digits` digits, `entry.invariants` what stays constant. `ude.library.names("stiff")` lists names by kind: `"nonstiff"`,
`"stiff"`, and `"dae"` for those of the stiff ones whose mass matrix is singular.

## Problems that are not stiff

Ends without a formula were computed in 34-digit arithmetic by extrapolation (`tests/library/extended.py`).
`ude.library.kepler(eccentricity=0.9)`, `van_der_pol(mu=5.0)`, `lorenz(rho=14.0)`, `lotka_volterra(a=1.0)` and
`pendulum(angle=3.0)` take parameters.

"""
STIFF = """
## Stiff problems

`entry.states` holds the state at each time where it is known, which for `rober`, `hires`, `orego`, `e5` and
`van_der_pol_singular` are ends one can ask for: `ude.library.rober(end=1e5)`. Components differ by many powers of ten, so
`entry.error` measures each against its own size, or against `entry.small` where that is larger; `atol = rtol * entry.small` is a
choice that follows what matters. States were computed in 80-bit arithmetic by a Radau method of order 13
(`tests/library/radau.py`), from right-hand sides written a second time in NumPy (`tests/library/stiff_forms.py`), and agree with
the published ones. "dae" marks a singular mass matrix, "banded" a declared structure, and jumps are `discontinuities` of the problem.

"""
FAMILIES = """
### Where the stiffness comes from

**Reactions** (`rober`, `hires`, `orego`, `e5`, `pollution`, `emep`, `chemical_akzo_nobel`). Rates of one mechanism differ by up to
fifteen powers of ten; fast species follow slow ones at a quasi-equilibrium. Traps: in `rober` the second species must not
become negative late in a long span, not even by rounding, or the solution leaves for infinity. `hires` has a constant source 0.0007 in its first equation, which some
collections multiply by a species. `orego` is a clock, whose phase gathers errors with every period. In `e5` three species never exceed 1.5e-10, so that any absolute tolerance above 1e-14 solves another problem.
`chemical_akzo_nobel` starts with y5 = 0; a variant with y5 = 1 is `chemical_akzo_nobel(fifth=1.0)`. The photolysis of `emep` jumps at
sunrise and sunset, and its humidity at midnight.

**Relaxation** (`van_der_pol_relaxation`, `van_der_pol_singular`). One oscillator on two scales of time. Slow arcs end in jumps a
thousand or a million times faster; step sizes must fall and rise by as much within a period.

**Circuits** (`ring_modulator`, `transistor_amplifier`, `nand_gate`). Small capacities and diodes, whose current grows e-fold every few
hundredths of a volt. `ring_modulator` is stiff and oscillates fast at once. In `transistor_amplifier` the mass matrix is singular and
not diagonal. The junctions of `nand_gate` have capacities that depend on the state; here their charges are unknowns of their own,
which makes the mass matrix constant. Versions with constant capacities end elsewhere. Its pulses bend at multiples of 5.

**Lines** (`brusselator_500`, `medical_akzo_nobel`, `beam`, `filament`). Second differences on n points bring rates of n², fourth
differences of n⁴. States have the shape (points, fields), so that the Jacobian of two fields is banded with two diagonals on each
side. `beam` has imaginary eigenvalues: methods whose stability stops near the imaginary axis take steps of their period, and
the force stops at π. The inflow of `medical_akzo_nobel` stops at 5; its second field falls below 1e-30.

**A building** (`heating_system`). Valves with hysteresis switch fast and then wait for hours, each room's at its own time, so that some
valve is always about to move: ten thousand steps and more.
"""
TABLE = """| name | | numbers | t to | reference | source |
|---|---|---|---|---|---|
"""


def row(name: str) -> str:
    """One line of the table."""
    entry = ude.library.load(name)
    reference = f"{'formula' if entry.exact else 'end'}, {entry.digits} digits"
    if entry.invariants:
        reference += f"; {len(entry.invariants)} invariant{'s' if len(entry.invariants) > 1 else ''}"
    kinds = [*entry.tags[1:], *(["banded"] if entry.problem.structure else []), *(["jumps"] if entry.problem.discontinuities is not None else [])]
    reference += "".join(f"; {kind}" for kind in kinds)
    size, end = np.size(entry.problem.y0), entry.problem.tspan[1]
    return f"| `{name}` | {entry.about} | {size} | {end:g} | {reference} | {entry.source} |\n"


def page() -> str:
    """The whole page."""
    parts = [HEAD, TABLE, *map(row, ude.library.names("nonstiff")), STIFF, TABLE, *map(row, ude.library.names("stiff")), FAMILIES]
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf8")
