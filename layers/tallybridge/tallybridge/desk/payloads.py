"""What was sent of a record, as the run that worked on it last has kept it: names and addresses masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallybridge.desk.target import Target
from tallybridge.tasks.results import SENT


def sent(target: Target, item: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The requests of a record by its ledger item, each {"to", "id", "fields"}; None where none left in that batch, or where nothing is
    kept of it any more."""
    family, source_id = str(item.get("family", "")), str(item["id"]).rsplit("#", 1)[-1]
    run_id, _, place = family.partition("/")
    step, _, batch = place.partition("/")
    if not (run_id and step and batch):
        return None
    folder = target.folder(run_id)
    found = None
    for name in folder.names(f"{step}/{SENT}/{batch}-"):
        for row in folder.read_lines(name):
            found = row["requests"] if row["id"] == source_id else found
    return found
