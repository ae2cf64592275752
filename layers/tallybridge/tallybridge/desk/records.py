"""One record's whole story: what every run did with it, what it waits for, what people have said of it, and what the next run will do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tallybridge.desk.actions import label, possible_keys, queue_of
from tallybridge.desk.audit import Entry, Wanted
from tallybridge.desk.standing import Waiting, last_summary, waiting_in
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.chains import end_of
from tallybridge.reporting.words import plural
from tallybridge.sync.drift import Drift
from tallybridge.sync.instructions import Instruction, Kind
from tallybridge.sync.ledger import OPEN, Ledger, State
from tallybridge.sync.runlog import LeftOut, RunSummary
from tallybridge.tasks.drift import drift_in, drift_key
from tallybridge.tasks.steps import STEPS

BESIDE = ("instruction#", "drift#", "care#")
"""Beginnings of keys that lie beside those of records."""
NAMED_ENTRIES = 20
SHOWN = ("state", "destination_id", "currency", "amount", "customer", "action", "run_id", "updated", "request_hash", "seen")
OF_HISTORY = ("state", "code", "message", "run", "at", "until", "times")
"""What of a ledger item, and of an entry of its history, is handed on; "" for what there is not."""


@dataclass(frozen=True)
class Story:
    """A record as far as it is known. `item` is the ledger's own, {} for one that no run has taken up; `history` what became of it, oldest
    first; `next` says in a sentence what the next run will do."""

    step: str
    label: str
    number: str
    id: str
    item: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    waiting: Waiting | None
    instruction: Instruction | None
    drift: tuple[Drift, ...]
    next: str

    def to_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "record": f"{self.label} {self.number}".strip(),
            "number": self.number,
            "id": self.id,
            "ledger": {name: str(self.item.get(name, "")) for name in SHOWN},
            "history": [{name: str(entry.get(name, "")) for name in OF_HISTORY} for entry in self.history],
            "waiting": asdict(self.waiting) if self.waiting else None,
            "instruction": self.instruction.to_json() if self.instruction else None,
            "drift": [row.to_json() for row in self.drift],
            "next": self.next,
        }


@dataclass(frozen=True)
class Explained:
    """What is known of a name: the records that bear it, the rules that may leave it out, and what people did about it."""

    name: str
    stories: tuple[Story, ...]
    left_out: tuple[LeftOut, ...]
    done: tuple[Entry, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "records": [story.to_json() for story in self.stories],
            "left_out": [row.to_json() for row in self.left_out],
            "audit": [entry.to_json() for entry in self.done],
        }


def explain(target: Target, name: str) -> Explained:
    """All that is known of a record, by its number or the id of its source system. Raises `ConfigurationError` RECORD-UNKNOWN where no run
    has met it and no rule names it."""
    summary = last_summary(target)
    keys = [key for key in target.ledger.keys_of(name) if not key.startswith(BESIDE)]
    items = target.ledger.read([*keys, *(key for key in possible_keys(name) if key not in keys)])
    beside = target.ledger.read([drift_key(key) for key in items])
    instructions, numbers = queue_of(target).read(items), Numbers(target.ledger)
    stories = tuple(_story(key, item, beside.get(drift_key(key), {}), numbers, instructions.get(key)) for key, item in items.items())
    rules = tuple(row for row in (summary.left_out if summary else ()) if name in row.first)
    if not stories and not rules:
        raise ConfigurationError(
            f'No run has taken up a record "{name}", and no rule names it.',
            place="record",
            code="RECORD-UNKNOWN",
            advice=_where_to_look(summary),
        )
    return Explained(name, stories, rules, tuple(_done_about(target, stories)))


class Numbers(Mapping[str, str]):
    """What the record with a number waits for, "" for nothing; asked of the ledger one by one."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.asked: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        if not name:
            raise KeyError(name)
        if name not in self.asked:
            items = self.ledger.read([key for key in self.ledger.keys_of(name) if not key.startswith(BESIDE)]).values()
            rows = [row for row in map(waiting_in, items) if row]
            self.asked[name] = next((row.waits_for for row in rows if row.waits_for), "") if rows else None
        if (found := self.asked[name]) is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)


def _story(key: str, item: Mapping[str, Any], beside: Mapping[str, Any], numbers: Numbers, instruction: Instruction | None) -> Story:
    source_id, step, row = key.rsplit("#", 1)[-1], str(item.get("step", "")), waiting_in(item)
    if row:
        row = replace(row, root=end_of(row.waits_for, numbers))
    drift = (drift_in(beside),) if beside.get("attention") else ()
    history = tuple(item.get("history", ()))
    known = label(step) if step in STEPS else ""
    return Story(
        step, known, str(item.get("number", "")), source_id, item, history, row, instruction, drift, _next(item, row, instruction, drift)
    )


def _next(item: Mapping[str, Any], row: Waiting | None, instruction: Instruction | None, drift: Iterable[Drift]) -> str:
    """What the next run will do, in a sentence."""
    if instruction and not instruction.outcome:
        return f"The next run carries out the instruction ({instruction.kind}) of {instruction.by}."
    if instruction and instruction.kind == Kind.IGNORE and instruction.outcome == "skipped":
        return f"Nothing{f' until {instruction.until}' if instruction.until else ''}: {instruction.by} has it ignored."
    if item.get("state") in OPEN:
        return "A run was interrupted while it worked on it; the next run looks up what became of it and completes it."
    if row and row.waits_for:
        return f"It is tried again and follows by itself once {row.root or row.waits_for} is synced."
    if row:
        word = "declined it" if row.state == State.REFUSED else "does not send it as it is"
        return f"It is tried again; until what is wrong is mended the run {word}."
    if any(drift):
        return "Nothing: it was synced, and has changed on one side since; see the drift."
    if item.get("state") == State.DONE:
        return "Nothing: it is synced. It is looked at again when it changes."
    return "It is looked at again when it is due."


def _done_about(target: Target, stories: Iterable[Story]) -> Iterable[Entry]:
    """What people did about records, newest first."""
    for story in stories:
        if story.number:
            for place, entry in enumerate(target.audit.found(Wanted(what=f"{story.label} {story.number}"))):
                if place == NAMED_ENTRIES:
                    break
                yield entry


def _where_to_look(summary: RunSummary | None) -> str:
    rules = summary.left_out if summary else []
    said = "; ".join(f"{row.code}: {plural(row.tally.count, 'record')} of {row.object}" for row in rules[:6])
    named = f" Rules leave out more records than they name ({said})." if said else ""
    return f"Is the number right, and does the record exist in the system that it comes from?{named} A dry run says what would be selected."
