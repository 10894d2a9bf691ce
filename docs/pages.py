"""The code of the pages, which the tests run and the figures are drawn from."""

import re
from pathlib import Path

DOCS = Path(__file__).parent


def blocks_of(page: str) -> list[str]:
    """The blocks of Python of ``docs/<page>.md``, in order; each continues those before it."""
    text = (DOCS / f"{page}.md").read_text("utf8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def names_of(page: str) -> dict:
    """What the blocks of a page leave, after they have run."""
    names: dict = {"__name__": "page"}
    for block in blocks_of(page):
        exec(compile(block, f"docs/{page}.md", "exec"), names)
    return names
