"""What cannot be done is refused in one sentence, with exit code 2, before anything is computed."""

import pytest
from typer.testing import CliRunner

from universalde.cases import NAMES
from universalde.cli.app import app


def refused(*arguments):
    answer = CliRunner().invoke(app, ["discover", *map(str, arguments)])
    assert answer.exit_code == 2 and answer.stdout == ""
    assert "Traceback" not in answer.stderr and answer.stderr.count("\n") == 1
    return answer.stderr


def test_the_cases_are_listed_with_one_line_each():
    answer = CliRunner().invoke(app, ["cases"])
    assert answer.exit_code == 0
    assert [line.split()[0] for line in answer.stdout.splitlines()] == list(NAMES)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("lotka-voltera", "lotka-volterra"), ("Hudson_Bay", "hudson-bay"), ("covid", "covid-seir")],
)
def test_an_unknown_case_is_answered_with_the_nearest_name(tmp_path, given, meant):
    assert f"no case '{given}'; did you mean '{meant}'" in refused(given, "--out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_name_that_is_near_to_nothing_gets_the_list():
    sentence = refused("zzzz")
    assert "did you mean" not in sentence and all(name in sentence for name in NAMES)


def test_a_negative_seed_is_refused(tmp_path):
    assert "--seed -3 is negative" in refused("lotka-volterra", "--seed", -3, "--out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "taken").write_text("mine")
    assert "is a file" in refused("lotka-volterra", "--out", tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("out", ["/proc/reports", "/dev/null/reports"])
def test_a_folder_that_cannot_be_made_is_refused(out):
    assert "cannot be written to" in refused("lotka-volterra", "--out", out)


def test_a_folder_with_results_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "results.json").write_text("[1, 2]")
    assert "was not written by universalde" in refused("lotka-volterra", "--out", tmp_path)
    assert (tmp_path / "results.json").read_text() == "[1, 2]"


def test_a_seed_that_is_no_number_is_refused():
    answer = CliRunner().invoke(app, ["discover", "lotka-volterra", "--seed", "few"])
    assert answer.exit_code == 2 and "'--seed'" in answer.stderr and "integer" in answer.stderr
