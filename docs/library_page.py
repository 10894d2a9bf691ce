"""Writes docs/library.md from the registry of problems: `python -m docs.library_page`."""

from pathlib import Path

import numpy as np

import universalde as ude

PAGE = Path(__file__).parent / "library.md"
HEAD = """# Problems

`ude.library` holds standard problems that are not stiff, each with its source and what is known of its solution. They are what
tests and benchmarks solve. This page is written by `python -m docs.library_page`.

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
span to `entry.digits` digits, `entry.invariants` what stays constant. Ends without a formula were computed in 34-digit arithmetic by
extrapolation (`tests/library/extended.py`). `ude.library.kepler(eccentricity=0.9)`, `van_der_pol(mu=5.0)`, `lorenz(rho=14.0)`,
`lotka_volterra(a=1.0)` and `pendulum(angle=3.0)` take parameters.

| name | | numbers | t to | reference | source |
|---|---|---|---|---|---|
"""


def row(name: str) -> str:
    """One line of the table."""
    entry = ude.library.load(name)
    reference = f"{'formula' if entry.exact else 'end'}, {entry.digits} digits"
    if entry.invariants:
        reference += f"; {len(entry.invariants)} invariant{'s' if len(entry.invariants) > 1 else ''}"
    size, end = np.size(entry.problem.y0), entry.problem.tspan[1]
    return f"| `{name}` | {entry.about} | {size} | {end:g} | {reference} | {entry.source} |\n"


def page() -> str:
    """The whole page."""
    return HEAD + "".join(row(name) for name in ude.library.names())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf8")
