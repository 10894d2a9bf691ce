"""Bad input of an ensemble: each a sentence that says what was given, what is accepted and what to write instead."""

import json
import re
import subprocess
import sys

import pytest

from tests.ensemble.bad_input import CASES
from tests.source_rules import ROOT


@pytest.fixture(scope="module")
def raised():
    """What each case raises in a process of its own, where annotations are not checked: what a user sees."""
    command = [sys.executable, "-m", "tests.ensemble.bad_input"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_its_sentence(name, raised):
    error, sentence = raised[name]
    assert (error, bool(re.search(CASES[name].sentence, sentence, re.DOTALL))) == (CASES[name].error, True), sentence
