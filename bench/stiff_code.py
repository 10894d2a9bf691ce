"""C and Numba code of a model: right-hand side, Jacobian and df/dt from SymPy, common parts computed once."""

import functools
import hashlib
import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from bench.stiff_models import Model

FOLDER = Path(tempfile.gettempdir()) / "universalde-bench-code"


class Formulas(NamedTuple):
    """Assignments of one function: names of common parts, then of the outputs."""

    lines: list[tuple[str, Any]]


def symbols(model: Model) -> tuple[Any, list[Any], Any]:
    """Time, states and the number of the piece between breaks."""
    import sympy as sp

    return sp.Symbol("t"), [sp.Symbol(f"y{i}") for i in range(model.size)], sp.Symbol("phase")


def formulas(outputs: dict[str, Any]) -> list[tuple[str, Any]]:
    """Outputs by name with their common parts before them; powers of whole numbers become products."""
    import sympy as sp
    from sympy.codegen.rewriting import create_expand_pow_optimization

    expand = create_expand_pow_optimization(4)
    parts, ends = sp.cse(list(outputs.values()), sp.numbered_symbols("x"), order="none")
    named = [(str(name), expression) for name, expression in parts] + list(zip(outputs, ends, strict=True))
    return [(name, expand(expression)) for name, expression in named]


@functools.cache
def functions(model: Model) -> dict[str, list[tuple[str, Any]]]:
    """`rhs`, `jac` (entries that are not always zero) and `slope_t` as formulas; indices stand in the names of outputs."""
    import sympy as sp

    t, y, phase = symbols(model)
    slopes = [sp.sympify(x) for x in model.f(t, y, sp, phase)]
    rhs = {f"dy[{i}]": x for i, x in enumerate(slopes)}
    entries = {f"{i},{j}": sp.diff(x, s) for i, x in enumerate(slopes) for j, s in enumerate(y) if x.has(s)}
    times = {f"dt[{i}]": sp.diff(x, t) for i, x in enumerate(slopes) if x.has(t)}
    return {name: formulas(outputs) if outputs else [] for name, outputs in (("rhs", rhs), ("jac", entries), ("slope_t", times))}


def c_code(model: Model) -> str:
    """`rhs` and `jac` (column by column, zeros set by the caller) for the C program."""
    import sympy as sp

    size, found = model.size, functions(model)
    text = [f"#define N {size}", f"static const double SPAN[] = {{{', '.join(map(repr, (model.span[0], *model.breaks, model.span[1])))}}};"]
    text.append(f"#define PIECES {len(model.pieces)}")
    loads = "".join(f"  const double y{i} = y[{i}];\n" for i in range(size))
    for name, output in (("rhs", "dy"), ("jac", "j")):
        text.append(f"static void {name}(double t, const double *y, double phase, double *{output}) {{\n{loads}")
        for target, expression in found[name]:
            if "," in target:
                row, column = map(int, target.split(","))
                target = f"j[{row + column * size}]"
            kind = "const double " if target.startswith("x") else ""
            text.append(f"  {kind}{target} = {sp.ccode(expression)};")
        text.append("}")
    return "\n".join(text) + "\n"


def numba_code(model: Model) -> str:
    """`rhs`, `jac` and `slope_t` as Python for Numba."""
    from sympy.printing.pycode import pycode

    found = functions(model)
    text = ["import math", "from numba import njit", ""]
    loads = "".join(f"    y{i} = y[{i}]\n" for i in range(model.size))
    for name, output in (("rhs", "dy"), ("jac", "j"), ("slope_t", "dt")):
        text.append(f"@njit(error_model='numpy')\ndef {name}(t, y, phase, {output}):\n{loads}")
        for target, expression in found[name]:
            target = f"j[{target}]" if "," in target else target
            text.append(f"    {target} = {pycode(expression)}")
        text.append("    return\n")
    return "\n".join(text)


def written(text: str, ending: str) -> Path:
    """The text in a file named by its contents."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"model_{hashlib.sha256(text.encode()).hexdigest()[:16]}{ending}"
    if not path.exists():
        path.write_text(text, "utf8")
    return path


@functools.cache
def numba_module(model: Model) -> ModuleType:
    """The module of the generated Numba functions."""
    path = written(numba_code(model), ".py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
