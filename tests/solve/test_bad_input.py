"""Bad input: each a sentence that says what was given, what is accepted and what to write instead."""

import json
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

from tests.solve.bad_input import CASES, SINGLE, TWO, solving
from tests.source_rules import ROOT


@pytest.fixture(scope="module")
def raised():
    """What each case raises in a process of its own, where annotations are not checked: what a user sees."""
    command = [sys.executable, "-m", "tests.solve.bad_input"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_its_sentence(name, raised):
    error, sentence = raised[name]
    assert (error, bool(re.search(CASES[name].sentence, sentence, re.DOTALL))) == (CASES[name].error, True), sentence


@pytest.mark.parametrize(
    "y0, sentence",
    [(SINGLE, r"below what float32 can resolve.*jax_enable_x64"), (TWO, r"below what float64 can resolve \(2.2e-16\)")],
    ids=["single", "double"],
)
def test_tolerances_beyond_the_precision_are_warned_about(y0, sentence):
    with pytest.warns(UserWarning, match=sentence):
        solving(y0=y0, rtol=1e-17, atol=1e-17, max_steps=1, throw=False)()


def test_tolerances_within_reach_of_single_precision_are_not_warned_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solving(y0=SINGLE, rtol=1e-5, atol=1e-9)()


@pytest.mark.parametrize("saveat", [[0.25, 1], (0.25, 1), np.array([0.25, 1.0])], ids=["list", "tuple", "array"])
def test_save_times_may_be_a_list_a_tuple_or_an_array(saveat):
    np.testing.assert_array_equal(solving(saveat=saveat)().ts, [0.25, 1.0])


def test_atol_may_be_a_list_with_one_number_per_component():
    assert solving(atol=[1e-6, 1e-3])().result.ok
