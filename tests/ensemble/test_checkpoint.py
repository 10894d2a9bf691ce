"""An ensemble that was interrupted goes on with the chunks that it had finished."""

import jax.numpy as jnp
import numpy as np
import pytest

import universalde as ude

RATES = np.linspace(0.1, 3.0, 60)
KEYS = {"saveat": np.linspace(0.0, 2.0, 3), "chunk": 16}


def problem(power=1, y0=1.0):
    return ude.ODE(lambda t, y, k: -k * y**power, y0, (0.0, 2.0))


class Stop(Exception):
    """Raised to interrupt a run."""


def stop_after_two(done, total, failed):
    if done >= 32:
        raise Stop


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with a whole run, not to be changed."""
    folder = tmp_path_factory.mktemp("run") / "chunks"
    return folder, ude.ensemble(problem(), over={"args": RATES}, checkpoint=folder, **KEYS)


def test_an_interrupted_run_goes_on_and_gives_the_same_numbers(tmp_path, finished):
    with pytest.raises(Stop):
        ude.ensemble(problem(), over={"args": RATES}, checkpoint=tmp_path, progress=stop_after_two, **KEYS)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("chunk-*.npz")}
    assert len(kept) >= 2
    sol = ude.ensemble(problem(), over={"args": RATES}, checkpoint=tmp_path, **KEYS)
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())
    np.testing.assert_array_equal(sol.ys, finished[1].ys)
    assert not list(tmp_path.glob("*.part"))


def test_stored_chunks_serve_another_summary(finished):
    folder, sol = finished
    again = ude.ensemble(problem(), over={"args": RATES}, checkpoint=folder, reduce=ude.mean, **KEYS)
    np.testing.assert_allclose(again.summary.mean, sol.ys.mean(axis=0), rtol=1e-14)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"problem": problem(2)}, "other problem, method or step control"),
        ({"problem": problem(y0=2.0)}, "other numbers in the problem or options"),
        ({"rtol": 1e-4}, "other numbers in the problem or options"),
        ({"over": {"args": RATES + 1e-9}}, "other rows in over;"),
        ({"over": {"args": RATES[:-1]}}, "other rows in over and other chunks"),
        ({"chunk": 32}, "other chunks"),
        ({"over": RATES, "change": lambda p, k: p.replace(args=k)}, "other change"),
    ],
)
def test_a_changed_input_is_noticed(finished, changed, what):
    options = {"problem": problem(), "over": {"args": RATES}, "checkpoint": finished[0], **KEYS, **changed}
    with pytest.raises(ValueError, match=f"belongs to another ensemble, with .*{what}"):
        ude.ensemble(options.pop("problem"), **options)


def test_another_change_is_noticed(tmp_path):
    options = {"over": jnp.asarray(RATES), "checkpoint": tmp_path, **KEYS}
    ude.ensemble(problem(), change=lambda p, k: p.replace(args=k), **options)
    with pytest.raises(ValueError, match="other change"):
        ude.ensemble(problem(), change=lambda p, k: p.replace(args=2 * k), **options)


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("a year of work")
    with pytest.raises(ValueError, match="holds something else; give a new or empty folder"):
        ude.ensemble(problem(), over={"args": RATES}, checkpoint=tmp_path)


def test_a_damaged_chunk_is_named(tmp_path):
    ude.ensemble(problem(), over={"args": RATES}, checkpoint=tmp_path, **KEYS)
    (tmp_path / "chunk-000001.npz").write_bytes(b"PK half of it")
    with pytest.raises(ValueError, match="chunk-000001.npz is damaged .* delete it to have it computed again"):
        ude.ensemble(problem(), over={"args": RATES}, checkpoint=tmp_path, **KEYS)
