"""What a running fit shows: a bar in a terminal, or what an object of the caller makes of it."""

import io
import re

import jax.numpy as jnp

from universalde.learn import LBFGS, Adam, fit


class Notebook:
    def __init__(self):
        self.stages, self.losses, self.closed = [], [], 0

    def show(self, report):
        self.stages.append(report.stage)
        self.losses.append(report.best)

    def close(self):
        self.closed += 1


def test_an_object_with_show_and_close_is_told_the_stage_and_the_loss():
    notebook = Notebook()
    result = fit(lambda p: jnp.sum((p - 3.0) ** 2), jnp.zeros(2), stages=(Adam(0.1, 20), LBFGS(5)), progress=notebook)
    assert dict.fromkeys(notebook.stages) == {"1/2 Adam": None, "2/2 LBFGS": None}
    assert notebook.losses[-1] == result.loss and notebook.closed == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_in_a_terminal_shows_each_stage_its_steps_the_loss_and_failed_solves(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    fit(lambda p: jnp.sum(p - 2 * jnp.log(p)), jnp.array([10.0, 4.0]), stages=(Adam(9.0, 30), LBFGS(20)))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "1/2 Adam" in shown and "2/2 LBFGS" in shown and "30/30" in shown
    assert re.search(r"loss \S+  best 1\.\d+  failed solves \d+", shown)
