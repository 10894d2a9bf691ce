"""The tour and the README do what they say."""

import re
import subprocess
import sys

import pytest

from tests.source_rules import ROOT

NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def output_of(source):
    command = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def agree(promised, printed):
    """Same words, and every number the same up to two in its last printed digit."""
    if NUMBER.sub("#", promised).split() != NUMBER.sub("#", printed).split():
        return False
    for ours, theirs in zip(NUMBER.findall(promised), NUMBER.findall(printed), strict=True):
        digits = len(ours.partition(".")[2])
        if abs(float(ours) - float(theirs)) > 2.001 * 10.0**-digits:
            return False
    return True


def test_the_tour_prints_what_its_comments_promise():
    source = (ROOT / "docs/tour.py").read_text("utf8")
    promised = re.findall(r"^# -> (.*)$", source, re.MULTILINE)
    printed = output_of(source).splitlines()
    assert len(promised) == len(printed) == 10
    assert [(a, b) for a, b in zip(promised, printed, strict=True) if not agree(a, b)] == []


def test_the_examples_of_the_readme_run_and_find_the_equation():
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf8"), re.MULTILINE | re.DOTALL)
    example = next(block for block in blocks if "choose_by_data" in block)
    assert (
        len([line for line in example.splitlines() if line.strip()]) <= 26
    )  # imports and the switch to float64 included
    printed = output_of(example)
    found = re.search(r"dx = (\S+)\*x\*y\ndy = (\S+)\*x\*y\n", printed)
    assert found, printed
    assert float(found[1]) == pytest.approx(-0.9, rel=0.01) and float(found[2]) == pytest.approx(0.8, rel=0.02)


def test_the_other_example_of_the_readme_runs():
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf8"), re.MULTILINE | re.DOTALL)
    (example,) = [block for block in blocks if "choose_by_data" not in block]
    slopes = output_of(example).splitlines()[-1]
    assert len(NUMBER.findall(slopes)) == 4


@pytest.mark.parametrize(
    ("promised", "printed", "same"),
    [
        ("x = 1.20", "x = 1.22", True),
        ("x = 1.20", "x = 1.23", False),
        ("x = 1", "y = 1", False),
        ("-0.9*x", "0.9*x", False),
    ],
)
def test_the_comparison_itself_can_fail(promised, printed, same):
    assert agree(promised, printed) is same
