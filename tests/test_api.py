"""The public interface changes only on purpose."""

import difflib
import types

import universalde
from tests.api_snapshot import SNAPSHOT, describe

HELP = "a changed name or default is a line in docs/decisions.md; then run `python -m tests.update_api`"


def module_of(**names):
    module = types.ModuleType("made_up")
    for name, value in names.items():
        if getattr(value, "__module__", None) == __name__:
            value.__module__ = "made_up"
        setattr(module, name, value)
    module.__all__ = list(names)
    return module


def test_the_public_names_and_defaults_are_the_stored_ones():
    stored = SNAPSHOT.read_text("utf8").splitlines()
    difference = list(difflib.unified_diff(stored, describe(universalde), "stored", "now", lineterm="", n=0))
    assert not difference, "\n".join([HELP, *difference])


def test_a_changed_default_changes_the_snapshot():
    def loose(a, *, rtol=1e-3):
        return a, rtol

    def tight(a, *, rtol=1e-6):
        return a, rtol

    assert describe(module_of(solve=loose)) == ["made_up.solve(a, *, rtol=0.001)"]
    assert describe(module_of(solve=loose)) != describe(module_of(solve=tight))


def test_a_removed_name_changes_the_snapshot():
    assert describe(module_of(a=1, b=2)) == ["made_up.a: int", "made_up.b: int"]
    assert describe(module_of(a=1)) == ["made_up.a: int"]


def test_a_class_is_described_by_its_constructor_and_public_methods():
    class Controller:
        def __init__(self, gain: float = 0.7):
            self.gain = gain

        def judge(self, error, h=None):
            return error, h

        def _private(self):
            return self.gain

    assert describe(module_of(Controller=Controller)) == [
        "made_up.Controller(gain=0.7)",
        "made_up.Controller.judge(self, error, h=None)",
    ]


def test_a_default_that_is_a_function_is_shown_by_its_name():
    def fit(loss, optimiser=max):
        return loss, optimiser

    assert describe(module_of(fit=fit)) == ["made_up.fit(loss, optimiser=max)"]
