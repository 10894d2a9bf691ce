"""Progress can be shown by an object of the caller."""

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
