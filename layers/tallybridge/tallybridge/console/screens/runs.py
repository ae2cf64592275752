"""Runs: listed, filtered, paged on the server; and two of them side by side."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any
from urllib.parse import urlencode

from tallybridge.console.asked import Asked, Screen
from tallybridge.console.errors import missing, wrong
from tallybridge.desk import runs
from tallybridge.sync.runlog import RunOutcome

KINDS = ("", "real", "dry")
MAX_WORD = 100


def show(asked: Asked) -> dict[str, Any]:
    """{"runs", "filter", "outcomes", "next"}; "next" is the address of the next page, "" at the end."""
    wanted = _filter(asked)
    page = runs.page(asked.target.runs, wanted, asked.query.get("after", "")[:MAX_WORD])
    given = {name: value for name, value in asdict(wanted).items() if value}
    return {
        "runs": runs.told(asked.target, page.rows),
        "filter": asdict(wanted),
        "outcomes": [str(outcome) for outcome in RunOutcome],
        "next": f"/runs?{urlencode({**given, 'after': page.next})}" if page.next else "",
        "first": "after" not in asked.query,
    }


def _filter(asked: Asked) -> runs.Filter:
    """Raises `Refusal` CONSOLE-INPUT that says which word of the filter is not understood."""
    given = {name: asked.query.get(name, "").strip()[:MAX_WORD] for name in ("outcome", "trigger", "kind", "since", "until")}
    if given["outcome"] not in ("", *RunOutcome):
        raise wrong(f'"{given["outcome"]}" is no outcome of a run.')
    if given["kind"] not in KINDS:
        raise wrong(f'"{given["kind"]}" is neither real nor dry.')
    for name in ("since", "until"):
        try:
            given[name] = date.fromisoformat(given[name]).isoformat() if given[name] else ""
        except ValueError as unknown:
            raise wrong(f'"{given[name]}" is no day, such as 2026-11-02.') from unknown
    return runs.Filter(**given)


def compare(asked: Asked) -> dict[str, Any]:
    """Two runs; the older stands first whichever was chosen first."""
    chosen = [asked.query.get(name, "") for name in ("a", "b")]
    if not all(chosen):
        raise missing("The second run")
    older, newer = sorted(chosen, key=lambda run_id: str(runs.record(asked.target, run_id).get("started", "")))
    return runs.compared(asked.target, older, newer)


SCREEN = Screen("runs", "/runs", "runs.html", show, menu="Runs")
COMPARE = Screen("compare", "/compare", "compare.html", compare)
