"""A run that is killed goes on where it stopped, and ends with the numbers of a run that was left alone."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "universalde.cli", "discover", "lotka-volterra", "--out"]


def start(out):
    return subprocess.Popen([*COMMAND, out], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def stage_lines(shown, stage):
    return [int(found) for found in re.findall(rf"{stage} (\d+)/\d+  loss", shown)]


def iterations_saved(out):
    """How many iterations of the second stage are on disk; a checkpoint begins with a line of JSON."""
    found = list(out.glob("checkpoints/*/fit-1.ckpt"))
    return json.loads(found[0].read_bytes().split(b"\n", 1)[0])["rows"] if found else 0


def stop_in_the_second_stage(out, how):
    """Send a signal once the second stage has saved its first iterations; everything that was printed."""
    process = start(out)
    try:
        deadline = time.monotonic() + 300
        while iterations_saved(out) < 20:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        assert not (out / "results.json").exists()
        process.send_signal(how)
        return process.communicate(timeout=60)[0], process.returncode
    finally:
        process.kill()


def finish(out):
    shown = subprocess.run([*COMMAND, out], capture_output=True, text=True, timeout=600, check=True).stdout
    stored = json.loads((out / "results.json").read_text("utf8"))
    assert (out / "report.html").stat().st_size > 10_000
    return shown, stored


def what_matters(stored):
    training = [{k: v for k, v in stage.items() if k != "seconds"} for stage in stored["training"]["stages"]]
    return stored["equations"], stored["errors"], stored["numbers"], training


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    shown, stored = finish(tmp_path_factory.mktemp("undisturbed"))
    assert stage_lines(shown, "Adam")[0] == 0 and "Continues" not in shown
    return what_matters(stored)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, undisturbed, how):
    shown, code = stop_in_the_second_stage(tmp_path, how)
    if how == signal.SIGINT:
        assert code == 130 and "Interrupted; the same command goes on from here." in shown
        assert "Traceback" not in shown
    shown, stored = finish(tmp_path)
    assert "Continues the run that was interrupted here." in shown
    assert stage_lines(shown, "Adam") == []  # the first stage is not trained again
    second = stage_lines(shown, "LBFGS")
    assert not second or second[0] > 0
    assert what_matters(stored) == undisturbed
