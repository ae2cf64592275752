"""What people have told the sync about single records: try again, link, mark as synced, ignore. A queue in the ledger's table.

An instruction lies in an item of its own beside that of the record, so that it never gets into the way of a worker that holds the record.
The next run carries it out, or a run that is restricted to what was instructed; always by the engine's own write protocol. It stays open
until a run has dealt with its record: until then it can be replaced or withdrawn.

    retry    the record is tried again; nothing is decided otherwise
    link     it is the destination's record `target`, which must hold the same: amount, currency, customer and type
    mark     as link, with the counterpart that it names or that carries its id
    ignore   it is not sent until `until` (a date; "" for as long as nobody says otherwise), and is told as left out

One may be about all records of a step that are held or refused with a code (`alike`), however many: those that are when a run takes it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.parallel import side_by_side
from tallybridge.sync.ledger import WAITING, Ledger
from tallybridge.sync.problems import WAITS

INSTRUCTED = "INSTRUCTED#"
BESIDE = "instruction#"
NOT_DUE = "not due"
"""What became of an instruction whose record the run did not take up."""
CARRIED_OUT = "carried out"
"""What became of one about all that are alike, when a run has gone through them."""
OVER = "over"
"""What became of one whose last day has passed."""


class Kind(StrEnum):
    RETRY = "retry"
    LINK = "link"
    MARK = "mark"
    IGNORE = "ignore"


@dataclass(frozen=True)
class Instruction:
    """`key` is the ledger's key of the record, or, with the code `alike`, that of `alike_key`; `by` the person and `at` the moment (ISO
    8601 UTC) who and when; `version` that of its item. Of one that was carried out `outcome` says what became of the record, `message` why,
    and `run_id` in which run."""

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
    alike: str = ""
    version: int = 0

    @property
    def of_one(self) -> bool:
        """Whether it was given for this one record."""
        return not self.alike

    @property
    def place(self) -> str:
        """The key of its item."""
        return BESIDE + (alike_key(self.step, self.alike) if self.alike else self.key)

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
        return cls(**{"number": ""} | known | {"version": int(row.get("version", 0))})


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
        before = self.ledger.read([each.place for each in wanted])

        def put(each: Instruction) -> bool:
            return self._put(before.get(each.place, {}), each, {"attention": INSTRUCTED + each.step})

        return [each for each, taken in zip(wanted, side_by_side(put, wanted), strict=True) if taken]

    def still_meant(self, known: Mapping[str, Instruction]) -> dict[str, Instruction]:
        """Of instructions by source id those that nobody has replaced or withdrawn since they were read, and that have not ended."""
        now = {place: int(item["version"]) for place, item in self.ledger.read([each.place for each in known.values()]).items()}
        day = stamp(self.clock.now())[:10]
        return {i: each for i, each in known.items() if each.holds(day) and now.get(each.place) == each.version}

    def due(self, step: str) -> list[Instruction]:
        """The open ones of a step that are meant today, each of one record: what is said of the record itself goes before what is said of
        all that are alike."""
        day = stamp(self.clock.now())[:10]
        meant = [each for each in self.open(step) if each.holds(day)]
        own = {each.key for each in meant if each.of_one}
        return [one for each in meant for one in ([each] if each.of_one else self._spread(each)) if one.of_one or one.key not in own]

    def _spread(self, of_all: Instruction) -> Iterator[Instruction]:
        """One about all that are alike, for each of them."""
        for state in WAITS:
            for item in self.ledger.attention(f"{state}#{of_all.step}", of_all.alike):
                yield replace(of_all, key=str(item["id"]), number=str(item.get("number", "")))

    def end_overdue(self, step: str) -> None:
        """Let go of those whose last day has passed: their records are treated as all others again."""
        day = stamp(self.clock.now())[:10]
        for each in self.open(step):
            if not each.holds(day):
                self.carried_out(each, OVER)

    def carried_out(self, instruction: Instruction, outcome: str, message: str = "") -> None:
        """Note what became of one; of what was said of all that are alike, when they have been gone through (`all_carried_out`). Leaves it
        alone where a person has replaced it meanwhile."""
        if not instruction.of_one and outcome != OVER:
            return
        facts = {"outcome": outcome, "message": message, "run_id": self.ledger.owner.run_id}
        keeps = instruction.standing and outcome not in (NOT_DUE, OVER)
        self._put({"version": instruction.version}, instruction, facts | self._waits(instruction, keeps))

    def all_carried_out(self, instructions: Iterable[Instruction]) -> None:
        """A run has gone through a step: what was said of all that are alike is done."""
        for each in {one.place: one for one in instructions if not one.of_one}.values():
            facts = {"outcome": CARRIED_OUT, "run_id": self.ledger.owner.run_id}
            self._put({"version": each.version}, replace(each, key=alike_key(each.step, each.alike), number=""), facts)

    def withdraw(self, instruction: Instruction) -> bool:
        """Take an instruction back; answers whether it still stood."""
        return self._put({"version": instruction.version}, instruction, {"outcome": "withdrawn"})

    @staticmethod
    def _waits(instruction: Instruction, keeps: bool) -> dict[str, str]:
        return {"attention": INSTRUCTED + instruction.step} if keeps else {}

    def _put(self, item: Mapping[str, Any], instruction: Instruction, facts: Mapping[str, Any]) -> bool:
        content = {name: value for name, value in instruction.to_json().items() if name != "version"}
        surplus = () if "attention" in facts else WAITING
        return self.ledger.keep({**item, "id": instruction.place}, {"state": "INSTRUCTED", **content, **facts}, surplus)


def alike_key(step: str, code: str) -> str:
    """The key of what is said of all records of a step that have a code."""
    return f"alike#{step}#{code}"


def _of_item(item: Mapping[str, Any]) -> Instruction:
    return Instruction.from_json(item)
