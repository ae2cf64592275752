"""The entry point: one group of actions per system."""

from __future__ import annotations

import typer

from sandbox.by_hand import aws, netsuite, zuora

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
app.add_typer(aws.app, name="aws")
app.add_typer(zuora.app, name="zuora")
app.add_typer(netsuite.app, name="netsuite")

if __name__ == "__main__":
    app()
