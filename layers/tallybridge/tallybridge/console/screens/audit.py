"""Audit: who did what, when and why; filtered, exported, and proved to be whole."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from tallybridge.console.asked import Asked, Download, Screen
from tallybridge.console.errors import wrong
from tallybridge.desk.audit import Wanted, rows
from tallybridge.reporting.summary import safe_cell

SHOWN = 200
"""Entries on the page."""
EXPORTED = 20_000
MAX_WORD = 100


def show(asked: Asked) -> dict[str, Any]:
    """{"entries", "filter", "more", "flaw", "csv"}; the chain is gone through only where that is asked for ("check" in the address)."""
    wanted, log = _wanted(asked), asked.target.audit
    found = list(islice(log.found(wanted), SHOWN + 1))
    words = {name: value for name, value in asdict(wanted).items() if value}
    checked = "check" in asked.query
    return {
        "entries": [entry.to_json() for entry in found[:SHOWN]],
        "filter": asdict(wanted),
        "more": len(found) > SHOWN,
        "checked": checked,
        "flaw": log.flaw() if checked else "",
        "csv": f"/audit.csv?{urlencode(words)}",
    }


def export(asked: Asked) -> Download:
    """The entries as CSV; no cell is run by a spreadsheet."""
    out = io.StringIO()
    found = islice(asked.target.audit.found(_wanted(asked)), EXPORTED)
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in rows(found))
    return Download("audit.csv", "text/csv; charset=utf-8", out.getvalue().encode())


def _wanted(asked: Asked) -> Wanted:
    """Raises `Refusal` CONSOLE-INPUT for what is no day."""
    given = {name: asked.query.get(name, "").strip()[:MAX_WORD] for name in ("who", "what", "action", "since", "until")}
    for name in ("since", "until"):
        try:
            given[name] = date.fromisoformat(given[name]).isoformat() if given[name] else ""
        except ValueError as unknown:
            raise wrong(f'"{given[name]}" is no day, such as 2026-11-02.') from unknown
    return Wanted(**given)


SCREEN = Screen("audit", "/audit", "audit.html", show, menu="Audit")
EXPORT = Screen("audit_export", "/audit.csv", "", export)
