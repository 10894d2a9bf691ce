"""``python -m universalde.cli`` is the command ``universalde``."""

from universalde.cli import main

main()
