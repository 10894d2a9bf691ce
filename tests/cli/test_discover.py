"""``universalde discover`` from end to end, with a study that trains in seconds."""

import base64
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest


class Page(HTMLParser):
    """Tags in order, with attributes, and all text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def page(out):
    return Page((out / "report.html").read_text("utf8"))


def results(out):
    return json.loads((out / "results.json").read_text("utf8"), parse_constant=lambda name: pytest.fail(name))


def test_it_prints_the_steps_the_equation_and_the_errors(finished):
    shown = finished.shown
    assert "training, stage 1 of 2: Adam" in shown and re.search(r"LBFGS \d+/60  loss", shown)
    equation = re.search(r"X = (\S+)\*I\*S", shown)
    assert equation and float(equation[1]) == pytest.approx(1.2, rel=0.02)
    assert re.search(r"state +model +fit \(persons\) +held out \(persons\) +beyond the data", shown)
    assert re.search(r"I +twice of everything, by a very long name +– +– +\d+", shown)


def test_the_numbers_are_strict_json_with_equations_errors_versions_and_seconds(finished):
    out = finished.out
    stored = results(out)
    (term,) = stored["equations"]["terms"]
    assert term["term"] in ("S*I", "I*S") and term["value"] == pytest.approx(1.2, rel=0.02)
    assert abs(term["value"] - 1.2) < 5 * term["standard_error"]
    assert stored["equations"]["latex"] == [f"X = {term['value']:.8g} I S"]
    assert stored["seed"] == 0 and stored["seconds"] > 0 and "jax" in stored["versions"]
    susceptible = stored["errors"][0]
    assert susceptible["name"] == "S" and susceptible["fit"]["equation"] < 2e-3
    assert susceptible["held_out"]["equation"] < 5e-3 and susceptible["beyond"]["equation"] < 0.02
    assert susceptible["beyond"]["twice of everything, by a very long name"] > 0.5


def test_the_report_needs_no_network_and_no_other_file(finished):
    out = finished.out
    tags = page(out).tags
    assert not [tag for tag, _ in tags if tag in ("script", "link", "iframe", "object")]
    addresses = [value for _, attrs in tags for name, value in attrs.items() if name in ("src", "href", "srcset")]
    assert addresses and all(address.startswith("data:") for address in addresses)
    assert "url(" not in (out / "report.html").read_text("utf8") and "@import" not in (out / "report.html").read_text()


def test_the_report_is_well_formed_and_escapes_what_it_was_given(finished):
    parsed = page(finished.out)
    assert parsed.open == []
    text = " ".join(parsed.words)
    assert "A small <epidemic>" in text and "Prose & more." in text and "S' = -X" in text


def test_every_figure_is_an_svg_with_a_description(finished):
    pictures = [attrs for tag, attrs in page(finished.out).tags if tag == "img"]
    assert len(pictures) == 6  # equation, fit, missing term, extrapolation, unmeasured states, training
    for attrs in pictures:
        content = base64.b64decode(attrs["src"].removeprefix("data:image/svg+xml;base64,"))
        assert ElementTree.fromstring(content).tag.endswith("svg")
        assert len(attrs["alt"]) > 5


def test_the_report_shows_the_equation_as_a_drawing_and_as_latex(finished):
    parsed = page(finished.out)
    first = next(attrs for tag, attrs in parsed.tags if tag == "img")
    assert re.fullmatch(r"X = 1\.\d+\*I\*S", first["alt"])
    assert any(re.fullmatch(r"X = 1\.\d+ I S", words.strip()) for words in parsed.words)


def test_the_report_carries_the_same_numbers(finished):
    out = finished.out
    link = next(attrs["href"] for tag, attrs in page(out).tags if tag == "a")
    content = base64.b64decode(link.removeprefix("data:application/json;base64,"))
    assert content.decode() == (out / "results.json").read_text("utf8")


def test_called_again_it_takes_the_training_from_the_checkpoints_and_says_so(finished, discover):
    out = finished.out
    before = results(out)
    answer = discover(out)
    assert "This run is finished: its training is taken from the checkpoints" in answer.stdout
    after = results(out)
    assert after["equations"] == before["equations"] and after["training"] == before["training"]


def test_an_interrupt_is_one_sentence_and_exit_code_130(tmp_path, discover):
    def interrupted(name, seed):
        raise KeyboardInterrupt

    answer = discover(tmp_path, load=interrupted)
    assert answer.exit_code == 130 and "Interrupted; the same command goes on from here." in answer.stderr
