"""One run of the small study through the command line, shared by all tests here."""

from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from tests.cli import small
from universalde.cli import discover as command
from universalde.cli import folder
from universalde.cli.app import app
from universalde.study.run import run


class Finished(NamedTuple):
    """Where a run wrote, what it printed, and its result."""

    out: Any
    shown: str
    result: Any


@pytest.fixture(scope="session")
def discover():
    """Calls ``universalde discover`` with the small study in the place of a case: ``discover(out, seed, load)``."""

    def call(out, seed=0, load=lambda name, seed: small.study(seed), keep=None):
        def keeping(*arguments, **options):
            result = run(*arguments, **options)
            if keep is not None:
                keep.append(result)
            return result

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(command, "load", load)
            patch.setattr(command, "run", keeping)
            patch.setattr(folder, "source_digest", lambda: "0" * 12)  # somebody may be editing while this runs
            return CliRunner().invoke(app, ["discover", "lotka-volterra", "--seed", str(seed), "--out", str(out)])

    return call


@pytest.fixture(scope="session")
def finished(tmp_path_factory, discover):
    out, results = tmp_path_factory.mktemp("run"), []
    answer = discover(out, keep=results)
    assert answer.exit_code == 0, answer.output
    return Finished(out, answer.stdout, results[0])
