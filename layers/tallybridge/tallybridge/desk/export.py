"""A period for the auditor: every document with both ids, its money, what was proved of it, when, by whom and with which settings.

A zip file of two tables, the figures, the sign-offs, and a manifest with the SHA-256 of each. For a state that has not changed it is the
same to the byte. Where the stack has a key for it, AWS KMS signs the manifest; nobody can take that key out, so that nobody who has
held the file needs to be trusted. Documents are read and written one by one; no export is too large for the memory.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from tallybridge import money
from tallybridge.desk.month_end import MonthEnd
from tallybridge.desk.periods import Period
from tallybridge.desk.sign_off import digest_of, sign_offs
from tallybridge.desk.target import Target
from tallybridge.reporting.summary import safe_cell
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.periods import standing_of

FORMAT = 1
RECORDS, HISTORY, FIGURES, SIGN_OFFS = "records.csv", "history.csv", "figures.json", "sign_offs.json"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
"""Of the signature: the same for the same manifest, unlike those that take in chance."""
KEY_VARIABLE = "EXPORT_KEY"
"""The variable that names the key; a stack without one signs nothing."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file of a zip: the earliest that the format knows."""
PLAIN_FILE = 0o100644 << 16
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
class Exported:
    """`digest` is the SHA-256 of the manifest, by which the export is known in the audit; `records` how many documents it has."""

    digest: str
    records: int
    signed: bool


@dataclass
class _Written:
    """The files of a zip so far: {name: {"sha256", "bytes"}}."""

    zip: zipfile.ZipFile
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def file(self, name: str) -> Iterator[_Digesting]:
        """A file to write into, with nothing in it that says when or where it was written."""
        info = zipfile.ZipInfo(name, EPOCH)
        info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, PLAIN_FILE, 3
        with self.zip.open(info, "w") as raw:
            digesting = _Digesting(raw)
            yield digesting
        self.files[name] = {"sha256": digesting.hash.hexdigest(), "bytes": digesting.size}

    def write(self, name: str, content: bytes) -> None:
        with self.file(name) as out:
            out.write(content)


class _Digesting:
    """Takes down the digest of what is written."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw, self.hash, self.size = raw, hashlib.sha256(), 0

    def write(self, content: bytes) -> None:
        self.raw.write(content)
        self.hash.update(content)
        self.size += len(content)


def export(target: Target, now: MonthEnd, who: str, out: IO[bytes]) -> Exported:
    """Write the export of a period into `out`; the audit learns who has taken it, and its digest, before it is handed over."""
    period = now.period
    with zipfile.ZipFile(out, "w") as made:
        written = _Written(made)
        records = _write_tables(written, records_of(target.ledger, period))
        written.write(FIGURES, _json({"rows": [r.to_json() for r in now.rows], "open": [vars(p) for p in now.points]}))
        written.write(SIGN_OFFS, _json([each.to_json() for each in sign_offs(target, period)]))
        manifest = _json(_manifest(target, now, records, written.files))
        written.write(MANIFEST, manifest)
        signature = signed_by_key(target, manifest)
        if signature:
            written.write(SIGNATURE, _json(signature))
    digest = hashlib.sha256(manifest).hexdigest()
    target.note(who, "export", f"period {period.name}", after=f"manifest {digest}, {records} documents")
    return Exported(digest, records, bool(signature))


def _manifest(target: Target, now: MonthEnd, records: int, files: Mapping[str, Any]) -> dict[str, Any]:
    bound = target.runs.bound()
    return {
        "format": FORMAT,
        "period": now.period.to_json(),
        "netsuite_account": bound.get("netsuite_account", ""),
        "records": records,
        "complete": now.complete,
        "figures": digest_of(now.count),
        "files": dict(files),
    }


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
    kept = item if item.get("attention") else {name: value for name, value in item.items() if name not in OF_PROBLEMS}
    return [own.get(name) or str(kept.get(AS_KEPT.get(name, name), "")) for name in COLUMNS]


def _write_tables(written: _Written, items: Iterable[Mapping[str, Any]]) -> int:
    """The documents, and what became of each; gone through once. Answers how many there are."""
    count = 0
    with SpooledTemporaryFile(IN_MEMORY) as aside:
        aside.write(_line(("object", "number", "source_id", *OF_HISTORY)))
        with written.file(RECORDS) as table:
            table.write(_line(COLUMNS))
            for item in items:
                row = row_of(item)
                table.write(_line(row))
                for entry in item.get("history", ()):
                    aside.write(_line([row[0], row[1], row[3], *(str(entry.get(name, "")) for name in OF_HISTORY)]))
                count += 1
        aside.seek(0)
        with written.file(HISTORY) as history:
            while piece := aside.read(PIECE):
                history.write(piece)
    return count


def _line(cells: Sequence[Any]) -> bytes:
    """A row of a table; no cell is run by a spreadsheet."""
    text = io.StringIO()
    csv.writer(text).writerow([safe_cell(cell) for cell in cells])
    return text.getvalue().encode()


def _json(value: Any) -> bytes:
    return money.dumps(value).encode()


def signed_by_key(target: Target, manifest: bytes) -> dict[str, str] | None:
    """The signature of a manifest with the key of the stack, and the key's public half: {"algorithm", "key", "public_key" (DER, base64),
    "signature" (base64)}; None where the stack has no key. KMS takes 4,096 bytes; a manifest has less, since its files are always the
    same."""
    key = target.variables.get(KEY_VARIABLE, "")
    if not key:
        return None
    client = target.client("kms")
    signature = client.sign(KeyId=key, Message=manifest, MessageType="RAW", SigningAlgorithm=ALGORITHM)["Signature"]
    public = client.get_public_key(KeyId=key)["PublicKey"]
    return {"algorithm": ALGORITHM, "key": key, "public_key": _base64(public), "signature": _base64(signature)}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
