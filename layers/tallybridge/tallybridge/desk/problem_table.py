"""What is held or refused as a table for a spreadsheet: one row a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from fnmatch import fnmatchcase

from tallybridge.desk.care import cares
from tallybridge.desk.problems import alike
from tallybridge.desk.standing import Waiting
from tallybridge.desk.target import Target
from tallybridge.reporting.summary import safe_cell
from tallybridge.tasks.steps import STEPS

HEAD = (*(field.name for field in fields(Waiting)), "owner", "note")


def rows(target: Target, step: str = "", code: str = "") -> Iterator[list[str]]:
    """The records of a problem, of a step, or all, or those with a code like "*-PERIOD": a head, then all that is known of each, who looks
    after it, and what was noted last. No cell is run by a spreadsheet."""
    steps = [each for each in STEPS if step in ("", each)]
    known = cares(target, steps)
    yield list(HEAD)
    for each in steps:
        whole = "" if any(sign in code for sign in "*?[") else code
        for _, row in alike(target, each, whole):
            if not fnmatchcase(row.code, code or "*"):
                continue
            care = known.of(row)
            note = f"{care.notes[0].at} {care.notes[0].by}: {care.notes[0].text}" if care.notes else ""
            yield [safe_cell(cell) for cell in (*map(str, asdict(row).values()), care.owner, note)]
