"""What people have told the sync about single records: try again, link, mark as synced, ignore. A queue in the ledger's table.

An instruction lies in an item of its own beside that of the record, so that it never gets into the way of a worker that holds the record.
The next run carries it out, or a run that is restricted to what was instructed; always by the engine's own write protocol. It stays open
until a run has dealt with its record: until then it can be replaced or withdrawn.

    retry    the record is tried again; nothing is decided otherwise
    link     it is the destination's record `target`, which must hold the same: amount, currency, customer and type
    mark     as link, with the counterpart that it names or that carries its id
    ignore   it is not sent until `until` (a date; "" for as long as nobody says otherwise), and is told as left out
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.sync.ledger import WAITING, Ledger

INSTRUCTED = "INSTRUCTED#"
BESIDE = "instruction#"
NOT_DUE = "not due"
"""What became of an instruction whose record the run did not take up."""
OVER = "over"
"""What became of one whose last day has passed."""


class Kind(StrEnum):
    RETRY = "retry"
    LINK = "link"
    MARK = "mark"
    IGNORE = "ignore"


@dataclass(frozen=True)
class Instruction:
    """`key` is the ledger's key of the record; `by` the person and `at` the moment (ISO 8601 UTC) who and when; `version` that of its item.
    Of one that was carried out `outcome` says what became of the record, `message` why, and `run_id` in which run."""

    key: str
    step: str
    number: str
    kind: str
    by: str
    at: str
    reason: str = ""
    target: str = ""
    until: str = ""
    outcome: str = ""
    message: str = ""
    run_id: str = ""
    version: int = 0

    @property
    def record_id(self) -> str:
        return self.key.rsplit("#", 1)[-1]

    @property
    def standing(self) -> bool:
        """Whether it holds for later runs, too."""
        return self.kind == Kind.IGNORE

    def holds(self, day: str) -> bool:
        """Whether it is still meant on a day (ISO date)."""
        return not self.until or day <= self.until

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Instruction:
        known = {f.name: row[f.name] for f in fields(cls) if f.name in row}
        return cls(**known | {"version": int(row.get("version", 0))})


class Instructions:
    """The queue, as one worker or one person sees it."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock

    def open(self, step: str) -> Iterator[Instruction]:
        """Those of a step that are not carried out, and those that stand."""
        return map(_of_item, self.ledger.attention(INSTRUCTED + step))

    def read(self, keys: Iterable[str]) -> dict[str, Instruction]:
        """The newest instruction of each record by its key, carried out or not; records without one are left out."""
        items = self.ledger.read([BESIDE + key for key in keys])
        return {of.key: of for of in map(_of_item, items.values())}

    def give(self, wanted: Sequence[Instruction]) -> list[Instruction]:
        """Put instructions into the queue, each in the place of an earlier one of its record; answers those that were taken. One that
        another person has replaced at this moment is not."""
        before = self.ledger.read([BESIDE + each.key for each in wanted])
        return [each for each in wanted if self._put(before.get(BESIDE + each.key, {}), each, {"attention": INSTRUCTED + each.step})]

    def still_meant(self, known: Mapping[str, Instruction]) -> dict[str, Instruction]:
        """Of instructions by source id those that nobody has replaced or withdrawn since they were read, and that have not ended."""
        now = self.read([each.key for each in known.values()])
        day = stamp(self.clock.now())[:10]
        return {i: each for i, each in known.items() if each.holds(day) and (new := now.get(each.key)) and new.version == each.version}

    def due(self, step: str) -> list[Instruction]:
        """The open ones of a step that are meant today."""
        day = stamp(self.clock.now())[:10]
        return [each for each in self.open(step) if each.holds(day)]

    def end_overdue(self, step: str) -> None:
        """Let go of those whose last day has passed: their records are treated as all others again."""
        day = stamp(self.clock.now())[:10]
        for each in self.open(step):
            if not each.holds(day):
                self.carried_out(each, OVER)

    def carried_out(self, instruction: Instruction, outcome: str, message: str = "") -> None:
        """Note what became of one. Leaves it alone where a person has replaced it meanwhile."""
        facts = {"outcome": outcome, "message": message, "run_id": self.ledger.owner.run_id}
        keeps = instruction.standing and outcome not in (NOT_DUE, OVER)
        self._put({"id": BESIDE + instruction.key, "version": instruction.version}, instruction, facts | self._waits(instruction, keeps))

    def withdraw(self, instruction: Instruction) -> bool:
        """Take an instruction back; answers whether it still stood."""
        item = {"id": BESIDE + instruction.key, "version": instruction.version}
        return self._put(item, instruction, {"outcome": "withdrawn"})

    @staticmethod
    def _waits(instruction: Instruction, keeps: bool) -> dict[str, str]:
        return {"attention": INSTRUCTED + instruction.step} if keeps else {}

    def _put(self, item: Mapping[str, Any], instruction: Instruction, facts: Mapping[str, Any]) -> bool:
        content = {name: value for name, value in instruction.to_json().items() if name != "version"}
        surplus = () if "attention" in facts else WAITING
        return self.ledger.keep({**item, "id": BESIDE + instruction.key}, {"state": "INSTRUCTED", **content, **facts}, surplus)


def _of_item(item: Mapping[str, Any]) -> Instruction:
    return Instruction.from_json(item)
