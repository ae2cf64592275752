"""The entry point: one group of actions per system."""

from __future__ import annotations

import typer

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None)

if __name__ == "__main__":
    app()
