"""The pages for users do what they say: every block of code runs, and prints what its comments promise."""

import contextlib
import io
import re

import pytest

from docs import tables
from docs.pages import blocks_of

NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")
PAGES = ("adding", "controllers", "learning", "discovery", "saving", "scipy", "library", "ensembles", "stiff", "adjoints", "shadowing",
         "examples/parameter-estimation", "examples/optimal-control", "examples/stiff-sensitivity", "examples/neural-ode")  # fmt: skip


def agree(promised, printed):
    """The same words, and every number the same up to two in its last promised digit."""
    if NUMBER.sub("#", promised).split() != NUMBER.sub("#", printed).split():
        return False
    for ours, theirs in zip(NUMBER.findall(promised), NUMBER.findall(printed), strict=True):
        mantissa, _, exponent = ours.partition("e")
        unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
        if abs(float(ours) - float(theirs)) > (2.001 * unit if "." in mantissa or exponent else 0):
            return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs_and_prints_what_it_promises(page):
    names, faults = {"__name__": "page"}, []
    for number, block in enumerate(blocks_of(page)):
        promised = re.findall(r"^# -> (.*)$", block, re.MULTILINE)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(block, f"docs/{page}.md, block {number + 1}", "exec"), names)
        printed = output.getvalue().splitlines()
        assert promised, f"block {number + 1} promises nothing"
        if len(promised) != len(printed) or not all(map(agree, promised, printed)):
            faults.append((number + 1, promised, printed))
    assert faults == []


def test_the_table_of_methods_is_that_of_the_registry():
    assert tables.PAGE.read_text("utf8") == tables.page(), "write it again: python -m docs.tables"


@pytest.mark.parametrize(
    ("promised", "printed", "same"),
    [
        ("x = 0.90", "x = 0.91", True),
        ("x = 0.90", "x = 0.94", False),
        ("x = 3", "x = 4", False),
        ("loss 2.5e-05", "loss 2.6e-05", True),
        ("loss 2.5e-05", "loss 2.5e-04", False),
        ("True", "False", False),
    ],
)
def test_the_comparison_can_fail(promised, printed, same):
    assert agree(promised, printed) is same
