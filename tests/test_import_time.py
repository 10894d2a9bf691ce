"""`import universalde` stays cheap: what only some users need is loaded when they use it."""

import pytest

from tests.import_cost import import_cost, import_once

ALLOWED_SECONDS = 0.3
ON_USE = {"sympy", "optax", "optimistix", "matplotlib", "scipy", "rich", "typer", "diffrax"}


@pytest.fixture(scope="module")
def cost():
    return import_cost("import universalde")


def test_importing_the_package_adds_at_most_300_ms_to_jax_and_equinox(cost):
    assert cost.seconds <= ALLOWED_SECONDS


def test_importing_the_package_loads_nothing_that_is_needed_on_use_only(cost):
    assert "universalde" in cost.loaded
    assert cost.loaded & ON_USE == set()


def test_a_slow_import_is_measured_as_slow_and_what_it_loads_is_seen():
    slow = import_once("import sympy\nwhile time.process_time() < start + 0.31: pass")
    assert slow.seconds > ALLOWED_SECONDS
    assert "sympy" in slow.loaded
