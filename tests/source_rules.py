"""Rules about the source text that the structural tests apply: layers, foreign modules, the one loop, sizes."""

import ast
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "universalde"

# A module may import only from a strictly lower number. Decimals order the files that share a layer.
LAYERS: dict[str, float] = {
    "base": 0,
    "spec": 1,
    "linalg": 2,
    "tableaus": 2,
    "paths": 2,
    "nonlinear": 3,
    "methods": 4,
    "control": 4,
    "loop": 5,
    "adjoint": 6,
    "masses": 6.9,
    "jacobians": 6.9,
    "border": 7,
    "choose": 7,
    "compiled": 7,
    "dense": 7.1,
    "eager": 7.2,
    "solve": 7.3,  # puts the five before it together
    "consistent": 7.4,
    "bvp": 7.4,
    "ensemble": 7.4,
    "sensitivity": 7.5,  # adjoint equations are problems; solve never sees it, users hand an adjoint over
    "shadowing": 7.5,
    "scipy": 7.5,  # a face of solve for users of scipy.integrate
    "learn": 8,
    "symbolic": 8,
    "reactions": 9,
    "pde": 9,
    "discover": 9,
    "nbody": 9,
    "surrogate": 9,
    "uncertainty": 9,
    "design": 9,
    "study": 10,
    "library": 10,
    "": 10.5,  # universalde/__init__.py, the public face: cases and the command line may use it as a user does
    "cases": 11,
    "cli": 12,
}
JAX_BENEATH_THE_SURFACE = ("jax.experimental", "jax.extend", "jax.interpreters")


class Import(NamedTuple):
    """One imported dotted name and the line it stands on."""

    name: str
    line: int


def package_sources() -> dict[str, str]:
    """Source of every module of the package, keyed by its path below the repository root."""
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf8") for path in (ROOT / PACKAGE).rglob("*.py")}


def layer_name(dotted: str) -> str:
    """First component below the package: `universalde.base.loop` -> `base`; the package itself -> ``."""
    return (dotted.split(".") + [""])[1]


def imports_of(path: str, source: str) -> list[Import]:
    """Every imported dotted name wherever it stands: relative ones resolved, `from a import b` as `a.b`."""
    package_parts = path.removesuffix(".py").split("/")[:-1]
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package_parts[: len(package_parts) - node.level + 1] if node.level else []
            origin = ".".join(start + (node.module.split(".") if node.module else []))
            found += [Import(f"{origin}.{alias.name}", node.lineno) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found += [Import(arg.value, node.lineno) for arg in node.args[:1] if _is_text(arg)]
    return found


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def layer_faults(path: str, source: str) -> list[str]:
    """Upward and sideways imports inside the package."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    own = layer_name(".".join(parts))
    if own not in LAYERS:
        return [f"{path}: `{own}` has no layer: add it to tests/source_rules.py and say why in docs/decisions.md"]
    faults = []
    for name, line in imports_of(path, source):
        if name.split(".")[0] != PACKAGE:
            continue
        target = layer_name(name)
        target = target if target in LAYERS else ""  # `from universalde import solve_something` reads the public face
        if target == own and own != "":
            continue
        if target == own or LAYERS[target] >= LAYERS[own]:
            pair = f"{own or '__init__'} ({LAYERS[own]:g}) imports {target or '__init__'} ({LAYERS[target]:g})"
            faults.append(f"{path}:{line} {pair}: only lower layers may be imported")
    return faults


def _dotted_uses(source: str) -> list[Import]:
    """Attribute chains such as `jax.experimental.io_callback` with the imported name they start from written out."""
    tree = ast.parse(source)
    origin = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.split(".")[0]
                origin[alias.asname or name] = name
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                origin[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    uses = []
    for node in ast.walk(tree):
        chain = _chain(node) if isinstance(node, ast.Attribute) else []
        if chain and chain[0] in origin:
            uses.append(Import(".".join([origin[chain[0]], *chain[1:]]), node.lineno))
    return uses


def _chain(node: ast.AST) -> list[str]:
    """`a.b.c` as its names; empty when the chain starts from anything but a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        start = _chain(node.value)
        return [*start, node.attr] if start else []
    return []


def foreign_faults(path: str, source: str) -> list[str]:
    """Private modules of other packages anywhere; JAX beneath its public surface outside base."""
    in_base = path.startswith(f"{PACKAGE}/base/")
    faults = []
    for name, line in imports_of(path, source) + _dotted_uses(source):
        parts = name.split(".")
        if parts[0] in (PACKAGE, "__future__"):
            continue
        if any(part == "internal" or (part.startswith("_") and not part.startswith("__")) for part in parts):
            faults.append(f"{path}:{line} {name}: a private module of another package")
        if not in_base and any(f"{name}.".startswith(f"{inner}.") for inner in JAX_BENEATH_THE_SURFACE):
            faults.append(f"{path}:{line} {name}: only base may go beneath the public surface of JAX")
    return sorted(set(faults))


def loop_faults(path: str, source: str) -> list[str]:
    """`while_loop` by name anywhere but in base/loop.py, which owns its batching."""
    if path == f"{PACKAGE}/base/loop.py":
        return []
    faults = []
    for node in ast.walk(ast.parse(source)):
        named = (
            (isinstance(node, ast.Name) and node.id == "while_loop")
            or (isinstance(node, ast.Attribute) and node.attr == "while_loop")
            or (isinstance(node, ast.Constant) and node.value == "while_loop")
            or (isinstance(node, ast.ImportFrom) and any(alias.name == "while_loop" for alias in node.names))
        )
        if named:
            faults.append(f"{path}:{node.lineno} names while_loop: only base/loop.py may, it owns the batching rule")
    return faults


def size_faults(path: str, source: str, longest_function: int = 60, longest_file: int = 400) -> list[str]:
    """Functions and files that are too long; tables of coefficients are exempt from the file limit."""
    faults = []
    lines = len(source.splitlines())
    if lines > longest_file and "tableaus" not in path.split("/"):
        faults.append(f"{path}: {lines} lines, at most {longest_file}")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > longest_function:
                faults.append(f"{path}:{node.lineno} {node.name}: {length} lines, at most {longest_function}")
    return faults
