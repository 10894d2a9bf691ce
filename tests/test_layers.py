"""Imports go downwards only, and only named places go beneath the surface of JAX."""

import pytest

from tests.source_rules import LAYERS, PACKAGE, ROOT, foreign_faults, layer_faults, loop_faults, package_sources


def all_faults(rule):
    return [fault for path, source in sorted(package_sources().items()) for fault in rule(path, source)]


def test_the_package_imports_only_from_lower_layers():
    assert all_faults(layer_faults) == []


def test_the_package_uses_no_private_modules_and_only_base_goes_beneath_jax():
    assert all_faults(foreign_faults) == []


def test_only_the_base_loop_names_while_loop():
    assert all_faults(loop_faults) == []


def test_every_directory_of_the_package_has_a_layer():
    folders = {path.name for path in (ROOT / PACKAGE).iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert folders <= set(LAYERS)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("universalde/loop/attempt.py", "import universalde.adjoint.discrete"),
        ("universalde/loop/attempt.py", "from universalde.adjoint import discrete"),
        ("universalde/loop/attempt.py", "from ..adjoint.discrete import walk"),
        ("universalde/loop/__init__.py", "from ..adjoint import discrete"),
        ("universalde/loop/attempt.py", "from .. import adjoint"),
        ("universalde/learn/fit.py", "from universalde import discover"),
        ("universalde/learn/fit.py", "import universalde as ude"),
        ("universalde/learn/fit.py", "from universalde import Tsit5"),
        ("universalde/learn/fit.py", "def late():\n    importlib.import_module('universalde.cli')"),
        ("universalde/choose.py", "from universalde.solve import solve"),
        ("universalde/control/pi.py", "from universalde.methods import explicit"),
        ("universalde/discover/library.py", "from universalde.pde import grid"),
        ("universalde/__init__.py", "from universalde.cases import registry"),
        ("universalde/unheard_of/thing.py", "import numpy"),
    ],
)
def test_an_upward_or_sideways_import_is_found(path, line):
    assert len(layer_faults(path, line)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("universalde/loop/attempt.py", "from universalde.base import status"),
        ("universalde/loop/attempt.py", "from .record import save"),
        ("universalde/loop/__init__.py", "from . import attempt"),
        ("universalde/loop/__init__.py", "from .attempt import attempt"),
        ("universalde/solve.py", "from universalde.choose import choose"),
        ("universalde/solve.py", "from .choose import choose"),
        ("universalde/learn/fit.py", "from universalde import solve"),
        ("universalde/__init__.py", "from universalde.solve import solve"),
        ("universalde/__init__.py", "from . import discover"),
        ("universalde/cases/hudson_bay.py", "import universalde as ude"),
        ("universalde/cli/__init__.py", "from universalde.cases import registry"),
        ("universalde/base/status.py", "import jax, numpy"),
    ],
)
def test_a_downward_import_is_allowed(path, line):
    assert layer_faults(path, line) == []


@pytest.mark.parametrize(
    "line",
    [
        "from jax._src import core",
        "import equinox.internal as eqxi",
        "from equinox import internal",
        "import equinox as eqx\neqx.internal.while_loop",
        "import jax.experimental",
        "from jax import experimental",
        "from jax.extend.core import Primitive",
        "from jax.interpreters import ad",
        "import jax\njax.experimental.io_callback",
    ],
)
def test_a_foreign_module_below_the_surface_is_found(line):
    assert foreign_faults("universalde/methods/explicit.py", line)


def test_a_private_method_of_a_value_is_not_a_private_module():
    source = "import json\njson.dumps(record._asdict()).encode()\nself._internal.value"
    assert foreign_faults("universalde/learn/checkpoint.py", source) == []


def test_base_may_go_beneath_jax_but_not_into_private_modules():
    assert foreign_faults("universalde/base/kernel.py", "from jax.extend.core import Primitive") == []
    assert foreign_faults("universalde/base/kernel.py", "from jax._src import core")


@pytest.mark.parametrize(
    "line",
    [
        "from jax.lax import while_loop as w",
        "import jax\njax.lax.while_loop",
        "getattr(lax, 'while_loop')",
        "while_loop()",
    ],
)
def test_a_while_loop_elsewhere_is_found(line):
    assert loop_faults("universalde/loop/integrate.py", line)
    assert loop_faults("universalde/base/loop.py", line) == []
