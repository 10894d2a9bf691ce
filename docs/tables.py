"""Pages that are generated from the registry: `python -m docs.tables` writes them, a test compares."""

import math
from pathlib import Path
from typing import Any

from universalde.methods import rows
from universalde.methods.bdf import BACKWARD
from universalde.methods.collocation_rows import COLLOCATION
from universalde.methods.dirk_rows import DIRK_ROWS
from universalde.methods.general_linear import GLOBAL_ERROR
from universalde.methods.low_storage_rows import LOW_STORAGE
from universalde.methods.nordsieck import NORDSIECK
from universalde.methods.rosenbrock_rows import ROSENBROCK, ROSENBROCK_ABSENT
from universalde.methods.tabled import Row
from universalde.tableaus.shu_osher import FORMS

PAGE = Path(__file__).resolve().parent / "methods.md"
HEAD = """# Methods

Generated from the registry by `python -m docs.tables`: what follows from the numbers (stages, FSAL, order of the dense output, real
stability interval) is computed from them.

*Order* is that of the result and, in brackets, of the error estimate; without brackets the step size is fixed (`dt0`). *Dense* is the
order between the steps, with the stages it takes beyond those of a step. *FSAL*: the last stage is the first of the next step. *Real* is
how far the region of stability reaches along the negative real axis.

"""


def line(row: Row) -> str:
    """One row of the table."""
    table = row.tableau
    order = f"{table.order}" if table.error is None else f"{table.order}({table.error_order})"
    dense = f"{table.dense_order}" + (f" + {len(table.extra)}" if table.extra else "")
    real = f"{table.real_interval:.4g}" if math.isfinite(table.real_interval) else "unbounded"
    fsal = "yes" if table.fsal else ""
    return f"| `{row.__name__}` | {order} | {table.stages} | {fsal} | {dense} | {real} | {first_sentence(row.__doc__)} | {table.reference} |"


def first_sentence(text: Any) -> str:
    """The summary, on one line."""
    return " ".join(str(text).split("\n\n")[0].split())


def page() -> str:
    """The whole page."""
    heads = ("method", "order", "stages", "FSAL", "dense", "real", "what for", "source")
    table = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    table += [line(row) for row in rows.ROWS.values()]
    absent = rows.ABSENT | ROSENBROCK_ABSENT
    missing = ["## Absent", "", *[f"- `{name}`: {reason}" for name, reason in absent.items()]] if absent else []
    return HEAD + "\n".join([*table, "", *limiters(), *rosenbrock(), *diagonally_implicit(), *collocation(), *multistep(), *low_storage(), *global_error(), *missing]) + "\n"


def limiters() -> list[str]:
    """What limiters do, and the methods that take them."""
    coefficients = ", ".join(f"`{name}` {float(form.coefficient):.4g}" for name, form in FORMS.items())
    return [
        "## Limiters", "",
        "`ude.SSPRK33(stage_limiter=f, step_limiter=g)` with functions `(u, t, args) -> u`: stages are convex combinations of Euler steps, the",
        "first limits each of them, the second the result. The largest step that preserves strong stability, in units of that of Euler's method: " + coefficients + ".", "",
    ]  # fmt: skip


def diagonally_implicit() -> list[str]:
    """The diagonally implicit methods."""
    lines = [
        "## Diagonally implicit methods", "",
        "For stiff problems, and with a mass matrix. *Stages* are the implicit ones, *+ 1* an explicit first one that the step before leaves.",
        "*Stable*: A, L, or the angle of A(α)-stability in degrees, computed from the numbers. *At ∞* is the factor by which a step multiplies",
        "an infinitely fast component. *DAE*: the result satisfies algebraic equations (a singular mass matrix).", "",
        "| method | order | stages | stage order | stable | at ∞ | dense | DAE | what for | source |", "|" + "---|" * 10,
    ]  # fmt: skip
    for name, row in DIRK_ROWS.items():
        table, first = row.tableau, row.tableau.explicit_first
        order = f"{table.order}" if table.error is None else f"{table.order}({table.error_order})"
        stages = f"{table.stages - first}" + (" + 1" if first else "")
        stable = "L" if table.l_stable else "A" if table.a_stable else f"{table.sector:.0f}°"
        dae = "yes" if table.stiffly_accurate else ""
        lines.append(
            f"| `{name}` | {order} | {stages} | {table.stage_order} | {stable} | {table.at_infinity:.3g} | {table.dense_order} | {dae} | "
            f"{first_sentence(row.__doc__)} | {table.reference} |"
        )
    return [*lines, ""]


def collocation() -> list[str]:
    """Fully implicit methods."""
    heads = ("method", "order", "stages", "dense", "what for", "source")
    table = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, row in COLLOCATION.items():
        t = row.tableau
        table.append(f"| `{name}` | {t.order}({t.error_order}) | {t.stages} | {t.dense_order} | {first_sentence(row.__doc__)} | {t.reference} |")
    return [
        "## Collocation", "",
        "Fully implicit Runge–Kutta methods ([stiff problems](stiff.md)); A-stable, those of Radau L-stable too. `ude.GaussLegendre(s)` has order 2 s, is",
        "symplectic and takes fixed steps. `ude.RadauIIA()` chooses among the orders 5, 9 and 13 from step to step.", "", *table, "",
    ]  # fmt: skip


def multistep() -> list[str]:
    """The implicit multistep methods."""
    lines = [
        "## Implicit multistep methods", "",
        "They choose order and step size themselves, within the limits of the controller. `MEBDF2` is among the diagonally implicit methods.",
        "", "| method | orders | what for | source |", "|---|---|---|---|",
    ]  # fmt: skip
    for name, row in {**BACKWARD, **NORDSIECK}.items():
        table = row.tableau
        orders = f"{table.lowest} to {table.highest}" if table.lowest < table.highest else f"{table.highest}"
        lines.append(f"| `{name}` | {orders} | {first_sentence(row.__doc__)} | {table.reference} |")
    return [*lines, ""]


def low_storage() -> list[str]:
    """The low-storage methods."""
    lines = [
        "## Low-storage methods", "",
        "*Registers* are the vectors of the size of the state that a solve with `saveat=ude.Save(end=True)` holds beside the derivative that `f`",
        "returns, for states of 4096 numbers or more. The methods CFRLDDRK64, TSLDDRK74 and CKLLSRK… use each derivative twice, so it is held: one",
        "vector more than the registers, because a derivative can take the place of its argument only where `f` acts on each number by itself.",
        "Dense output is of order 3 and takes two evaluations.", "",
        "| method | order | registers | what for | source |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, row in LOW_STORAGE.items():
        table = row.tableau
        order = f"{table.order}" if table.error is None else f"{table.order}({table.error_order})"
        lines.append(f"| `{name}` | {order} | {table.registers} | {first_sentence(row.__doc__)} | {table.reference} |")
    return [*lines, ""]


def global_error() -> list[str]:
    """The methods that carry the global error."""
    lines = ["## Methods that estimate the global error", "", "| method | order | what for | source |", "|---|---|---|---|"]
    for name, row in GLOBAL_ERROR.items():
        table = row.tableau
        lines.append(f"| `{name}` | {table.order} | {first_sentence(row.__doc__)} | {table.reference} |")
    return [*lines, ""]


def rosenbrock() -> list[str]:
    """The Rosenbrock methods."""
    lines = [
        "## Rosenbrock methods", "",
        "For stiff problems; one Jacobian and one factorisation a step. *Any matrix* is the order when something else stands for the",
        "Jacobian, *index one* that for equations with algebraic parts (a singular mass matrix; 0: not for them). *Stable*: L-stable, A-stable or the",
        "angle of A(α)-stability.", "",
        "| method | order | stages | dense | any matrix | index one | stable | what for | source |", "|" + "---|" * 9,
    ]  # fmt: skip
    for name, row in ROSENBROCK.items():
        table = row.tableau
        order = f"{table.order}" if table.error is None else f"{table.order}({table.error_order})"
        stable = "L" if table.l_stable else "A" if table.a_stable else f"{table.sector:.1f}°"
        numbers = f"{order} | {table.stages} | {table.dense_order} | {table.inexact_order} | {table.dae_order} | {stable}"
        lines.append(f"| `{name}` | {numbers} | {first_sentence(row.__doc__)} | {table.reference} |")
    return [*lines, ""]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf8")
