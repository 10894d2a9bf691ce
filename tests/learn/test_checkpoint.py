"""Checkpoints: an interrupted fit continues bit for bit, a finished one returns at once."""

import jax.numpy as jnp
import numpy as np
import pytest

from tests.learn.problems import rosenbrock
from universalde.learn import LBFGS, Adam, fit

START = {"x": jnp.array([-1.2, 1.0, -0.5, 2.0])}
STAGES = (Adam(0.02, 40, schedule="cosine"), LBFGS(25))


def loss(params, shift):
    return rosenbrock({"x": params["x"] + shift})


def train(**options):
    return fit(loss, START, **(dict(args=(jnp.zeros(4),), stages=STAGES, progress=False) | options))


def interrupting(after):
    calls = []

    def callback(iteration, params, value):
        calls.append(iteration)
        if len(calls) == after:
            raise KeyboardInterrupt

    return callback


@pytest.mark.parametrize("after", [1, 2, 4, 6])
def test_an_interrupted_fit_continues_to_the_very_bits_of_an_uninterrupted_one(tmp_path, after):
    path = tmp_path / "fit.ckpt"
    whole = train()
    with pytest.raises(KeyboardInterrupt):
        train(checkpoint=path, callback=interrupting(after))
    resumed = train(checkpoint=path)
    np.testing.assert_array_equal(resumed.params["x"], whole.params["x"])
    np.testing.assert_array_equal(resumed.history.loss, whole.history.loss)
    np.testing.assert_array_equal(resumed.history.gradient, whole.history.gradient)
    assert (resumed.loss, resumed.reason, resumed.evaluations) == (whole.loss, whole.reason, whole.evaluations)
    assert [s.iterations for s in resumed.stages] == [s.iterations for s in whole.stages]


def test_an_interrupted_fit_has_saved_what_it_had_reached(tmp_path):
    path, seen = tmp_path / "fit.ckpt", []
    with pytest.raises(KeyboardInterrupt):
        train(checkpoint=path, callback=interrupting(2))
    with pytest.raises(KeyboardInterrupt):
        train(checkpoint=path, callback=lambda i, p, value: (seen.append(i), interrupting(1)(i, p, value)))
    assert seen[0] > 5


def test_a_finished_checkpoint_is_returned_without_calling_the_loss(tmp_path):
    path = tmp_path / "fit.ckpt"
    first = train(checkpoint=path)
    calls = []
    again = train(checkpoint=path, callback=lambda *a: calls.append(a))
    assert calls == []
    np.testing.assert_array_equal(again.params["x"], first.params["x"])
    assert (again.reason, again.seconds, again.stages) == (first.reason, first.seconds, first.stages)


def test_a_fit_that_is_killed_continues_from_the_last_timed_save(tmp_path):
    path = tmp_path / "fit.ckpt"
    copies = []

    def copying(iteration, params, value):
        if path.exists():
            copies.append(path.read_bytes())

    whole = train(checkpoint=path, every=1e-9, callback=copying)
    path.write_bytes(copies[1])  # what the disk held when the power failed
    resumed = train(checkpoint=path)
    np.testing.assert_array_equal(resumed.history.loss, whole.history.loss)
    np.testing.assert_array_equal(resumed.params["x"], whole.params["x"])


def test_no_half_written_file_is_left_behind(tmp_path):
    train(checkpoint=tmp_path / "deep" / "fit.ckpt")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["fit.ckpt"]


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (dict(stages=(Adam(0.02, 41), LBFGS(25))), "other stages"),
        (dict(args=(jnp.ones(4),)), "other args"),
        (dict(patience=5), "other settings"),
        (dict(frozen=lambda p: p["y"]), "other parameter structure"),
        (dict(start={"x": jnp.ones(4)}), "other starting values"),
    ],
)
def test_the_checkpoint_of_another_fit_is_refused_with_a_sentence(tmp_path, options, difference):
    path = tmp_path / "fit.ckpt"
    fit(loss, START, args=(jnp.zeros(4),), stages=STAGES, progress=False, checkpoint=path)
    start = options.pop("start", {**START, "y": jnp.zeros(1)} if "frozen" in options else START)
    settings = dict(args=(jnp.zeros(4),), stages=STAGES, progress=False, checkpoint=path) | options
    with pytest.raises(ValueError, match=f"checkpoint of another fit, with {difference}"):
        fit(loss, start, **settings)


def test_a_file_that_is_no_checkpoint_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a checkpoint")
    with pytest.raises(ValueError, match="is not a checkpoint of fit"):
        train(checkpoint=path)


def test_a_damaged_checkpoint_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "fit.ckpt"
    train(checkpoint=path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ValueError, match="is damaged"):
        train(checkpoint=path)
