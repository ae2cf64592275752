"""What the destinations say they hold of what was synced: asked side by side, in as many rounds as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from tallybridge.parallel import ahead, streamed_parts
from tallybridge.reporting.off import MAX_OFF, Off, off_record
from tallybridge.reporting.totals import Line
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.held import Held
from tallybridge.sync.runlog import OffRecord, Outcome, RecordResult, Tally
from tallybridge.tasks.folded import Folded, Place, results
from tallybridge.tasks.results import StepClass

IDS_PER_QUESTION = 1_000
WRONG_TOTAL = "-TOTAL"
"""End of the code of records that NetSuite holds with another amount: they are asked about too, so that the run does not tie out."""
SO_FAR = "reconcile/so_far.json"
START: Place = (1, 0)

Told = list[tuple[RecordResult, OffRecord]]


@dataclass
class Answers:
    """What the destinations say they hold, by object type and currency, and which records they hold otherwise than they were sent."""

    held: dict[Line, Tally] = field(default_factory=dict)
    off: dict[Line, Off] = field(default_factory=dict)
    booked: dict[Line, str] = field(default_factory=dict)
    """Lines of which NetSuite books records in its base currency, with that currency."""

    def add(self, result: RecordResult, held: Sequence[Held]) -> OffRecord | None:
        """Count what a destination holds of one record; answers it if that is not what was sent."""
        line = (result.object, result.currency)
        tally = self.held.setdefault(line, Tally())
        for each in held:
            tally.add(each.amount)
        found = off_record(result, held)
        if found is not None:
            self.off.setdefault(line, Off()).add(found)
        elif result.base and result.amount is not None and any(h.kind == "" or h.currency != result.currency for h in held):
            self.booked[line] = result.base
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "held": [[*line, tally.to_json()] for line, tally in self.held.items()],
            "off": [[*line, off.count, [record.to_json() for record in off.first]] for line, off in self.off.items()],
            "booked": [[*line, base] for line, base in self.booked.items()],
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Answers:
        return cls(
            {(name, currency): Tally.from_json(tally) for name, currency, tally in row["held"]},
            {(name, currency): Off(int(n), list(map(OffRecord.from_json, first))) for name, currency, n, first in row["off"]},
            {(name, currency): base for name, currency, base in row["booked"]},
        )


@dataclass
class Asked:
    """How far the asking has come: the steps that are through, the place in the next one up to which the answers are counted, and the first
    of its records that are held otherwise."""

    answers: Answers = field(default_factory=Answers)
    through: list[str] = field(default_factory=list)
    place: Place = START
    told: Told = field(default_factory=list)

    @classmethod
    def load(cls, folder: RunFolder) -> Asked:
        row = folder.read_json_or(SO_FAR)
        if row is None:
            return cls()
        told = [(RecordResult.from_json(result), OffRecord.from_json(off)) for result, off in row["told"]]
        return cls(Answers.from_json(row["answers"]), list(row["through"]), (row["place"][0], row["place"][1]), told)

    def save(self, folder: RunFolder) -> None:
        told = [[result.to_json(), off.to_json()] for result, off in self.told]
        row = {"answers": self.answers.to_json(), "through": self.through, "place": self.place, "told": told}
        folder.write_json(SO_FAR, row)

    def ask(self, kind: StepClass, folded: Folded, folder: RunFolder, step: Callable[[], SyncStep], at_once: int) -> None:
        """Ask the destination what it holds of a step's records, 1,000 in one question, as many questions at once as there are slots.
        `step` makes the step, if there is anything to be asked. Raises `NotDone`; what was counted up to there is counted."""
        asker: list[SyncStep] = []

        def questions() -> Iterator[list[tuple[Place, RecordResult]]]:
            due = ((place, r) for place, r in results(folder, kind.name, folded, self.place) if is_due(r))
            for part in streamed_parts(due, IDS_PER_QUESTION):
                if not asker:
                    asker.append(step())
                yield part

        def answer(part: list[tuple[Place, RecordResult]]) -> tuple[list[tuple[Place, RecordResult]], dict[str, list[Held]]]:
            held: dict[str, list[Held]] = {result.source_id: [] for _, result in part}
            for source_id, each in asker[0].holdings(list(held)):
                held[source_id].append(each)
            return part, held

        with closing(ahead(answer, questions(), at_once)) as answered:
            for part, held in answered:
                for place, result in part:
                    off, self.place = self.answers.add(result, held[result.source_id]), place
                    if off is not None and not result.code.endswith(WRONG_TOTAL) and len(self.told) < MAX_OFF:  # those have their own line
                        self.told.append((result, off))

    def next(self, kind: StepClass) -> None:
        """The step is through and what it is to be told of is told."""
        self.through.append(kind.name)
        self.place, self.told = START, []


def is_due(result: RecordResult) -> bool:
    """Whether the destination is asked about a record."""
    return result.outcome in (Outcome.SYNCED, Outcome.ALREADY) or result.code.endswith(WRONG_TOTAL)
