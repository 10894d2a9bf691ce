"""Draws the figures of README and docs from real runs: ``python docs/figures.py`` (a minute).

The run is that of ``universalde discover lotka-volterra`` with seed 0; nothing is chosen by hand.
"""

from pathlib import Path

import jax

from universalde.cases import load
from universalde.cli.errors import view
from universalde.cli.figures import overview
from universalde.cli.style import image
from universalde.study.run import run

IMAGES = Path(__file__).parent / "images"


def draw(case: str, seed: int = 0) -> None:
    """One case as one row of panels for each of its first two states."""
    result = run(load(case, seed), seed)
    figure = overview(view(result))
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / f"{case}.png").write_bytes(image(figure, "png", dpi=130))
    print(result.choice.model)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    draw("lotka-volterra")
