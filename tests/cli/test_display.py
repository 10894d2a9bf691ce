"""Progress: a bar in a terminal, a few lines elsewhere."""

import io

from rich.console import Console

from universalde.cli.display import Display
from universalde.learn.progress import Report


def shown(terminal, reports):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    display = Display(console)
    display.announce("training, stage 1 of 2")
    for report in reports:
        display.show(report)
    display.close()
    return console.file.getvalue()


def reports(count, failures=0):
    return [Report("1/1 Adam", k, count, 1.0 / (k + 1), 1.0 / (k + 1), failures) for k in range(count + 1)]


def test_without_a_terminal_the_first_and_the_last_report_are_lines():
    lines = shown(False, reports(500)).splitlines()
    assert lines[0] == "• training, stage 1 of 2"
    assert lines[1] == "  Adam 0/500  loss 1  best 1"
    assert lines[-1] == "  Adam 500/500  loss 0.001996  best 0.001996"
    assert len(lines) < 10


def test_in_a_terminal_there_is_a_bar_with_stage_and_loss():
    text = shown(True, reports(20))
    assert "Adam" in text and "━" in text and "20/20" in text and "loss 0.04762" in text


def test_failed_solves_are_named():
    assert "failed solves 3" in shown(False, reports(2, failures=3))


def test_a_closed_display_can_show_the_next_stage():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    display = Display(console)
    for name in ("1/1 Adam", "1/1 LBFGS"):
        display.show(Report(name, 1, 2, 1.0, 1.0, 0))
        display.close()
    assert "Adam" in console.file.getvalue() and "LBFGS" in console.file.getvalue()
