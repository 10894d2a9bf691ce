"""Pages that are generated from the registry: `python -m docs.tables` writes them, a test compares."""

import math
from pathlib import Path
from typing import Any

from universalde.methods import rows
from universalde.methods.explicit import Row

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
    absent = getattr(rows, "ABSENT", {})
    missing = ["", "## Absent", "", *[f"- `{name}`: {reason}" for name, reason in absent.items()]] if absent else []
    return HEAD + "\n".join([*table, *missing]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf8")
