"""A period for the auditor: every document with both ids, its money, what was proved of it, when, by whom and with which settings.

A sealed zip file (see sealed.py) of two tables, the figures and the sign-offs. For a state that has not changed it is the same to the byte.
Documents are read and written one by one; no export is too large for the memory.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from tallybridge.desk.month_end import MonthEnd
from tallybridge.desk.periods import Period
from tallybridge.desk.sealed import Seal, Sealed
from tallybridge.desk.sign_off import digest_of, sign_offs
from tallybridge.desk.target import Target
from tallybridge.reporting.summary import safe_cell
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.periods import Standing, standing_of

RECORDS, HISTORY, FIGURES, SIGN_OFFS = "records.csv", "history.csv", "figures.json", "sign_offs.json"
COLUMNS = (
    *("object", "number", "system", "source_id", "destination_type", "destination_id", "document_date", "posting_period", "standing"),
    *("currency", "amount", "held_amount", "compared", "booked_in", "customer_id", "customer", "code", "message", "waits_for"),
    *("first_seen", "attempts", "changed", "run_id", "run_by", "settings_version", "request_hash"),
)
OF_HISTORY = ("at", "until", "times", "state", "code", "message", "run")
"""Columns of what became of a document over all runs, behind its object, number and source id."""
PIECE = 1 << 20
IN_MEMORY = 5_000_000
"""Bytes of the second table that are kept in memory while the first is written; what is more lies in a file meanwhile."""
AS_KEPT = {
    "destination_type": "record_type",
    "customer_id": "customer",
    "customer": "customer_name",
    "first_seen": "since",
    "changed": "updated",
}
"""Columns that the ledger keeps under another name."""
OF_PROBLEMS = ("code", "message", "waits_for", "since", "attempts")
"""What an item may still have of a problem that is none any more."""


@dataclass(frozen=True)
class Exported(Seal):
    """`records` says how many documents it has."""

    records: int


def export(target: Target, now: MonthEnd, who: str, out: IO[bytes]) -> Exported:
    """Write the export of a period into `out`; the audit learns who has taken it, and its digest, before it is handed over."""
    period = now.period
    with zipfile.ZipFile(out, "w") as made:
        sealed = Sealed(made)
        records = _write_tables(sealed, records_of(target.ledger, period))
        sealed.write_json(FIGURES, figures_of(now))
        sealed.write_json(SIGN_OFFS, [each.to_json() for each in sign_offs(target, period)])
        facts = {"period": period.to_json(), "records": records, "complete": now.complete, "figures": digest_of(now.count)}
        seal = sealed.seal(target, f"period {period.name}", **facts)
    target.note(who, "export", f"period {period.name}", after=f"manifest {seal.digest}, {records} documents")
    return Exported(seal.digest, seal.signed, records)


def figures_of(now: MonthEnd) -> dict[str, Any]:
    """The figures of a period, what is open, and what rules have left out, of all periods."""
    rules = [{**row.to_json(), "first": list(row.first)} for row in now.left_out]
    return {"rows": [row.to_json() for row in now.rows], "open": [vars(point) for point in now.points], "left_out": rules}


def records_of(ledger: Ledger, period: Period) -> Iterator[Mapping[str, Any]]:
    """The ledger's items of a period, in an order that does not change while they do not: as they were moved last, then by key."""
    for month in period.months:
        for _, same_moment in groupby(ledger.dated_in(month), lambda item: str(item["updated"])):
            for item in sorted(same_moment, key=lambda item: str(item["id"])):
                if item["state"] != "MOVED" and period.holds(str(item["document_date"])):
                    yield item


def row_of(item: Mapping[str, Any]) -> list[Any]:
    """A document's row of the table, in the order of `COLUMNS`."""
    system, kind, source_id = str(item["id"]).split("#", 2)
    own = {"object": kind, "system": system, "source_id": source_id, "standing": str(standing_of(item))}
    own["compared"] = "yes" if own["standing"] in (Standing.PROVED, Standing.BOOKED) and item.get("amount") else "no"
    kept = item if item.get("attention") else {name: value for name, value in item.items() if name not in OF_PROBLEMS}
    return [own.get(name) or str(kept.get(AS_KEPT.get(name, name), "")) for name in COLUMNS]


def _write_tables(sealed: Sealed, items: Iterable[Mapping[str, Any]]) -> int:
    """The documents, and what became of each; gone through once. Answers how many there are."""
    count = 0
    with SpooledTemporaryFile(IN_MEMORY) as aside:
        aside.write(_line(("object", "number", "source_id", *OF_HISTORY)))
        with sealed.file(RECORDS) as table:
            table.write(_line(COLUMNS))
            for item in items:
                row = row_of(item)
                table.write(_line(row))
                for entry in item.get("history", ()):
                    aside.write(_line([row[0], row[1], row[3], *(str(entry.get(name, "")) for name in OF_HISTORY)]))
                count += 1
        aside.seek(0)
        with sealed.file(HISTORY) as history:
            while piece := aside.read(PIECE):
                history.write(piece)
    return count


def _line(cells: Sequence[Any]) -> bytes:
    """A row of a table; no cell is run by a spreadsheet."""
    text = io.StringIO()
    csv.writer(text).writerow([safe_cell(cell) for cell in cells])
    return text.getvalue().encode()
