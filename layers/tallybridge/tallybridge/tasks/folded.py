"""What the batches of a step have left, gone through once: counted, and put together in pieces of many batches.

    {step}/folded/so_far.json              how far, and what was counted up to there
    {step}/folded/00001-results.jsonl.gz   the results of some batches, one of their parts a line
    {step}/folded/00001-log.jsonl.gz       their log lines
    {step}/folded/00001-rehearsed.keys     what they would make, in a dry run, and .rows, a drawer (see `drawers`)
    {step}/folded/00001-planned.jsonl.gz   what they would do: {"part", "heads"} of each of their parts

It takes as many rounds as it needs. A piece is written before it is counted, and what is counted is one file: an attempt that dies in
between writes the same piece again, and nothing counts twice. Whatever reads a step afterwards reads its pieces.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.clock import moment_of
from tallybridge.money import plain
from tallybridge.parallel import ahead
from tallybridge.reporting.off import ARRIVED
from tallybridge.reporting.totals import Line, count
from tallybridge.rounds import Kept
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import ControlTotal, LeftOut, Outcome, RecordResult, StepOutcome, StepReport, Tally, together
from tallybridge.sync.stand_ins import stand_in_id
from tallybridge.tasks import drawers
from tallybridge.tasks.away import Away
from tallybridge.tasks.drawers import Drawer
from tallybridge.tasks.plan_sums import Sums
from tallybridge.tasks.pressure import Stretches
from tallybridge.tasks.results import LOG, MADE, PLANNED, RESULTS, BatchLeft, StepFacts, batches_left, manifest_of, read_batch

SO_FAR = "folded/so_far.json"
FILES_PER_PIECE = 400
PIECE_BYTES = 8 * 1024 * 1024
"""A piece ends with the batch that brings it to so many files or bytes."""
READ_AT_ONCE = 16
PIECES_AHEAD = 2
TAKEN = "taken#"
COUNTERS = {"create": "created", "update": "updated", "link": "linked"}

Place = tuple[int, int]
"""Where a result stands: piece and number in it, both from 1."""


@dataclass
class Folded:
    """What became of a step's records, up to some batch."""

    report: StepReport
    """Its counters; the message is the failure of a batch."""
    batches: int = 0
    pieces: int = 0
    whole: bool = False
    left_out: list[LeftOut] = field(default_factory=list)
    totals: dict[Line, ControlTotal] = field(default_factory=dict)
    """By the results."""
    selected: dict[Line, Tally] = field(default_factory=dict)
    """By the selection, each record once, under the currency and amount of its first result: a record without a result, or with two, throws
    its line out of balance."""
    booked: dict[Line, str] = field(default_factory=dict)
    """As far as the results tell: lines of which NetSuite books records in its base currency, with that currency."""
    pressure: Stretches = field(default_factory=Stretches)
    plan: Sums = field(default_factory=Sums)
    """What a dry run would do."""

    def add(self, step: StepFacts, left: BatchLeft) -> None:
        """Count what a batch has left."""
        first: dict[str, Any] = {}
        for part in left.made:
            self.plan.add(part)
        self.batches += 1
        self.report.message = self.report.message or left.failure
        self.report.left += left.left
        self.pressure.add(left.pressure)
        self.left_out = together([*self.left_out, *map(LeftOut.from_json, left.left_out)])
        for result in left.results:
            first.setdefault(result.source_id, (result.currency, result.amount))
            count_record(self.report, result)
            count(self.totals, result)
            if result.base and result.amount is not None and result.outcome in ARRIVED:
                self.booked[result.object, result.currency] = result.base
        for source_id in left.ids:
            currency, amount = first.get(source_id, ("", None))
            self.selected.setdefault((step.object, currency), Tally()).add(amount)

    def to_json(self) -> dict[str, Any]:
        return {
            "report": self.report.to_json(),
            "batches": self.batches,
            "pieces": self.pieces,
            "whole": self.whole,
            "left_out": [row.to_json() for row in self.left_out],
            "totals": [total.to_json() for total in self.totals.values()],
            "selected": [[*line, tally.to_json()] for line, tally in self.selected.items()],
            "booked": [[*line, base] for line, base in self.booked.items()],
            "pressure": self.pressure.to_json(),
            "plan": self.plan.to_json(),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Folded:
        return cls(
            StepReport.from_json(row["report"]),
            int(row["batches"]),
            int(row["pieces"]),
            bool(row["whole"]),
            list(map(LeftOut.from_json, row["left_out"])),
            {(t["object"], t["currency"]): ControlTotal.from_json(t) for t in row["totals"]},
            {(name, currency): Tally.from_json(tally) for name, currency, tally in row["selected"]},
            {(name, currency): base for name, currency, base in row["booked"]},
            Stretches.from_json(row.get("pressure")),
            Sums.from_json(row.get("plan")),
        )


def so_far(folder: RunFolder, step: StepFacts) -> Folded:
    """How far the step is gone through."""
    if (known := folder.read_json_or(f"{step.name}/{SO_FAR}")) is not None:
        return Folded.from_json(known)
    return Folded(StepReport(step.name, step.title, step.direction, StepOutcome.COMPLETED))


def fold(folder: RunFolder, step: StepFacts, kept: Kept, *, dry_run: bool) -> Folded:
    """Go through what is left to be gone through. Raises `NotDone` when the round's time is used up."""
    folded = so_far(folder, step)
    manifest = [] if folded.whole else manifest_of(folder, step.name)
    if not manifest:
        return folded
    away = Away.known(folder)
    why = away.code if away else "BATCH-FAILED"
    over = away is None and _is_over(folder, step.name, kept)
    todo = list(batches_left(folder, step.name, manifest[folded.batches :], dry_run=dry_run, over=over))
    piece, began = Piece(), kept.now()
    with closing(ahead(lambda files: read_batch(folder, step, files, why), todo, READ_AT_ONCE)) as stream:
        for files, left in zip(todo, stream, strict=True):
            piece.add(left, files.count)
            folded.add(step, left)
            folded.whole = folded.batches == len(manifest)
            if piece.full or folded.whole:
                folded.pieces += 1
                piece.write(folder, step.name, folded.pieces, dry_run=dry_run)
                folder.write_json(f"{step.name}/{SO_FAR}", folded.to_json())
                piece = Piece()
                if not folded.whole:
                    began = kept.checkpoint(began)
    return folded


def _is_over(folder: RunFolder, step: str, kept: Kept) -> bool:
    """Whether the step takes up nothing more in this run."""
    until = moment_of(folder.read_json_or(f"{step}/start.json", {}).get("until"))
    return until is not None and kept.now() >= until.timestamp()


@dataclass
class Piece:
    """What some batches have left, until it is written."""

    files: int = 0
    size: int = 0
    parts: list[bytes] = field(default_factory=list)
    logs: list[bytes] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)

    def add(self, left: BatchLeft, files: int) -> None:
        self.files += files
        self.size += left.size
        self.parts += left.parts
        self.logs += left.logs
        self.made += left.made

    @property
    def full(self) -> bool:
        return self.files >= FILES_PER_PIECE or self.size >= PIECE_BYTES

    def write(self, folder: RunFolder, step: str, number: int, *, dry_run: bool) -> None:
        packed = {RESULTS: one_a_line(self.parts), LOG: b"".join(self.logs)}
        if dry_run:
            drawers.put(folder, drawer_name(step, number), by_key(entry for part in self.made for entry in part["made"]))
            packed[PLANNED] = one_a_line([money.dumps({"part": p["part"], "heads": p["heads"]}).encode() for p in self.made])
        for what, body in packed.items():
            folder.write(piece_name(step, number, what), body, "application/x-ndjson", ContentEncoding="gzip")


def one_a_line(texts: list[bytes]) -> bytes:
    return gzip.compress(b"".join(text + b"\n" for text in texts), compresslevel=5, mtime=0)


def piece_name(step: str, number: int, what: str) -> str:
    """For example invoices/folded/00001-log.jsonl.gz."""
    return f"{step}/folded/{number:05d}-{what}.jsonl.gz"


def rows(folder: RunFolder, step: str, pieces: range, what: str) -> Iterator[tuple[int, Any]]:
    """(piece, JSON value) of a step's pieces, one a line, in order."""

    def read(number: int) -> tuple[int, list[bytes]]:
        return number, gzip.decompress(folder.read(piece_name(step, number, what))).splitlines()

    with closing(ahead(read, pieces, PIECES_AHEAD)) as stream:
        for number, lines in stream:
            yield from ((number, money.loads(line)) for line in lines)


def results(folder: RunFolder, step: str, folded: Folded, after: Place = (1, 0)) -> Iterator[tuple[Place, RecordResult]]:
    """The results of a step behind a place, in order."""
    piece = number = 0
    for at, part in rows(folder, step, range(after[0], folded.pieces + 1), RESULTS):
        piece, number = (at, number) if at == piece else (at, 0)
        for row in part["results"]:
            number += 1
            if (piece, number) > after:
                yield (piece, number), RecordResult.from_json(row)


def drawer_name(step: str, number: int) -> str:
    """For example invoices/folded/00001-rehearsed."""
    return f"{step}/folded/{number:05d}-{MADE}"


def by_key(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What some batches would make, as a drawer has it: each entry by the stand-in of its source record, and what would be taken of a
    record's open balance by TAKEN and its internal id."""
    found: dict[str, Any] = {}
    for entry in entries:
        found[stand_in_id(entry["source"])] = entry
        for document, amount in entry.get("links", ()):
            found[TAKEN + document] = plain(Decimal(found.get(TAKEN + document, 0)) + Decimal(amount))
    return found


def made(folder: RunFolder, step: str) -> list[Drawer]:
    """What a step of a dry run would make, once it is gone through."""
    known = folder.read_json_or(f"{step}/{SO_FAR}", {"pieces": 0})
    return [Drawer(folder, drawer_name(step, number)) for number in range(1, int(known["pieces"]) + 1)]


def count_record(report: StepReport, result: RecordResult) -> None:
    """Add one record to the step's counters."""
    report.selected += 1
    if result.outcome is Outcome.SYNCED:
        name = COUNTERS.get(result.action, "created")
    elif result.outcome is Outcome.ALREADY:
        name = "recovered" if result.action == "recover" else "unchanged"
    else:
        name = str(result.outcome)
    setattr(report, name, getattr(report, name) + 1)
    report.warnings += result.outcome in (Outcome.HELD, Outcome.REFUSED, Outcome.UNFINISHED)
