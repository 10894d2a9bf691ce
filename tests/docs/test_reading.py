"""The reading list names seven files that exist and are short."""

import re

from tests.source_rules import ROOT


def test_seven_files_of_fewer_than_800_lines_in_all():
    names = re.findall(r"^\d\. `([^`]+)`", (ROOT / "docs/reading.md").read_text("utf8"), re.MULTILINE)
    assert len(names) == 7
    assert sum(len((ROOT / name).read_text("utf8").splitlines()) for name in names) < 800
