"""The folder of a run: nothing of another run is continued or left to be taken for this one's."""

import json

import pytest

from universalde.cli import folder
from universalde.cli.folder import open_folder


def begin(out, case="lotka-volterra", seed=0):
    """A run that has saved a checkpoint and was interrupted."""
    opened = open_folder(out, case, seed)
    (opened.checkpoints / "fit-0.ckpt").write_text("saved")
    return opened


def finish(opened):
    opened.results.write_text(json.dumps({"identity": opened.identity}))
    opened.report.write_text("<html>")
    return opened


def test_a_new_folder_is_made_and_has_no_news(tmp_path):
    opened = open_folder(tmp_path / "a" / "b", "lotka-volterra", 0)
    assert opened.checkpoints.is_dir() and opened.news == ()


def test_an_interrupted_run_is_continued(tmp_path):
    first = begin(tmp_path)
    again = open_folder(tmp_path, "lotka-volterra", 0)
    assert again.checkpoints == first.checkpoints and (again.checkpoints / "fit-0.ckpt").exists()
    assert again.news == ("Continues the run that was interrupted here.",)


def test_a_finished_run_keeps_its_report_until_the_new_one_is_written(tmp_path):
    finish(begin(tmp_path))
    again = open_folder(tmp_path, "lotka-volterra", 0)
    assert again.report.exists() and "This run is finished" in again.news[0]


@pytest.mark.parametrize("other", [{"seed": 1}, {"case": "hudson-bay"}])
def test_another_seed_or_case_begins_afresh_and_removes_the_report_of_the_first(tmp_path, other):
    first = finish(begin(tmp_path))
    second = open_folder(tmp_path, **{"case": "lotka-volterra", "seed": 0, **other})
    assert second.checkpoints != first.checkpoints and not list(second.checkpoints.iterdir())
    assert not second.report.exists() and not second.results.exists()
    assert second.news == ("The report that was here belonged to lotka-volterra with seed 0; it is removed.",)


def test_the_training_of_another_seed_is_kept_for_when_it_is_asked_for_again(tmp_path):
    begin(tmp_path, seed=0)
    begin(tmp_path, seed=1)
    assert open_folder(tmp_path, "lotka-volterra", 0).news == ("Continues the run that was interrupted here.",)


def test_training_by_another_state_of_the_source_is_removed_and_said(tmp_path, monkeypatch):
    first = finish(begin(tmp_path))
    monkeypatch.setattr(folder, "source_digest", lambda: "f" * 12)
    second = open_folder(tmp_path, "lotka-volterra", 0)
    assert not first.checkpoints.exists() and not second.report.exists()
    assert "made by another version of the source" in second.news[0]
    assert "belonged to an earlier version of the source" in second.news[1]


def test_the_digest_follows_the_versions_of_the_packages(monkeypatch):
    before = folder.source_digest()
    assert folder.source_digest() == before
    found = folder.versions()
    monkeypatch.setattr(folder, "versions", lambda: {**found, "jax": "0.0"})
    assert folder.source_digest() != before


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / "report.html"
    folder.write_file(path, "old")
    with pytest.raises(UnicodeEncodeError):
        folder.write_file(path, "new \ud800")
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["report.html"]
