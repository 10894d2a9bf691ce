"""C and Numba code of a model: right-hand side, Jacobian and df/dt from SymPy, common parts computed once."""

import functools
import hashlib
import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.stiff_models import Model

FOLDER = Path(tempfile.gettempdir()) / "universalde-bench-code"


def symbols(model: Model) -> tuple[Any, list[Any], list[Any]]:
    """Time, states and the settings of a piece."""
    import sympy as sp

    return sp.Symbol("t"), sp.symbols(f"y:{model.size}"), sp.symbols(f"s:{len(model.settings[0])}")


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

    t, y, setting = symbols(model)
    slopes = [sp.sympify(x) for x in model.f(t, y, sp, setting)]
    rhs = {f"dy[{i}]": x for i, x in enumerate(slopes)}
    entries = {f"{i},{j}": sp.diff(x, s) for i, x in enumerate(slopes) for j, s in enumerate(y) if x.has(s)}
    times = {f"dt[{i}]": sp.diff(x, t) for i, x in enumerate(slopes) if x.has(t)}
    return {name: formulas(outputs) if outputs else [] for name, outputs in (("rhs", rhs), ("jac", entries), ("slope_t", times))}


def c_code(model: Model) -> str:
    """The header of the C program: `rhs` and `jac` (column by column, zeros set by the caller)."""
    import sympy as sp

    times = (model.span[0], *model.breaks, model.span[1])
    settings = ", ".join("{" + ", ".join(map(repr, setting or (0.0,))) + "}" for setting in model.settings)
    text = ["#include <math.h>", f"#define N {model.size}", f"#define PIECES {len(model.pieces)}"]
    text.append(f"static const double SPAN[] = {{{', '.join(map(repr, times))}}};")
    text.append(f"static const double SETTINGS[][{max(1, len(model.settings[0]))}] = {{{settings}}};")
    if model.by_hand:
        return "\n".join([*text, model.by_hand.C_CODE])
    loads = [f"  const double y{i} = y[{i}];" for i in range(model.size)]
    loads += [f"  const double s{i} = setting[{i}];" for i in range(len(model.settings[0]))]
    for name, output in (("rhs", "dy"), ("jac", "j")):
        text += [f"static void {name}(double t, const double *y, const double *setting, double *{output}) {{", *loads]
        for target, expression in functions(model)[name]:
            if "," in target:
                row, column = map(int, target.split(","))
                target = f"j[{row + column * model.size}]"
            kind = "const double " if target.startswith("x") else ""
            text.append(f"  {kind}{target} = {sp.ccode(expression)};")
        text.append("}")
    return "\n".join(text) + "\n"


def numba_code(model: Model) -> str:
    """`rhs`, `jac` and `slope_t` as Python for Numba."""
    from sympy.printing.pycode import pycode

    text = ["import math", "from numba import njit", ""]
    loads = [f"    y{i} = y[{i}]" for i in range(model.size)]
    loads += [f"    s{i} = setting[{i}]" for i in range(len(model.settings[0]))]
    for name, output in (("rhs", "dy"), ("jac", "j"), ("slope_t", "dt")):
        text += ["@njit(error_model='numpy')", f"def {name}(t, y, setting, {output}):", *loads]
        for target, expression in functions(model)[name]:
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
    """The module of the Numba functions, generated unless the model has its own."""
    if model.by_hand:
        return model.by_hand.numba()
    path = written(numba_code(model), ".py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
