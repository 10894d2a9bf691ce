"""The command line: from a case to equations, figures and numbers."""

__all__ = ["main"]


def main() -> None:
    """The command ``universalde``."""
    from universalde.cli.app import app

    app()
