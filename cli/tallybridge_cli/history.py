"""The history of the settings and of the revenue settings, as a person reads it in a terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from tallybridge.desk.history import accept, listed, restore, versions
from tallybridge_cli.render import plain

__all__ = ["accept", "listed", "restore", "table", "versions"]
IN_PARAMETER = "in the parameter, taken by the next run"


def table(rows: list[dict[str, Any]]) -> Table | Text:
    """The versions as a person reads them."""
    if not rows:
        return Text("Nothing has been saved.")
    shown = Table("Version", "Saved", "By", "Why", "Changed", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        number = f"{row['number']}{' *' if row['current'] else ''}" if row["number"] else "-"
        saved = row["saved"] or IN_PARAMETER
        shown.add_row(number, saved, plain(row["author"] or "-"), plain(row["reason"] or "-"), plain(", ".join(row["changed"]) or "-"))
    return shown
