"""The commands of the revenue connector: `tallybridge revenue ...`."""

from tallybridge_cli.revenue.commands import app

__all__ = ["app"]
