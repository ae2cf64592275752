"""Who looks after what is held or refused, and what people have noted about it: of single records, or of all that are alike (a step's
records with one code), those that come later included. No run depends on it.

    ledger table   id "care#<key>"   attention "CARE#<step>"   owner, since, notes

`key` is the ledger's key of a record, or that of `alike_key`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.problems import Problem
from tallybridge.desk.standing import Waiting
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.reporting.words import plural
from tallybridge.sync.instructions import alike_key
from tallybridge.sync.ledger import WAITING, Ledger
from tallybridge.tasks.steps import step_class

BESIDE = "care#"
CARE = "CARE#"
MAX_NAME = 200
MAX_NOTE = 1_000
KEPT = 50
"""Notes of one thing; of more the newest are kept, and all stand in the audit."""
TRIES = 5
INPUT = "INSTRUCTION"


@dataclass(frozen=True)
class Note:
    """What somebody has noted; `at` is ISO 8601 UTC."""

    at: str
    by: str
    text: str


@dataclass(frozen=True)
class Care:
    """Of one record, or of all that are alike: `owner` looks after it `since` a moment (ISO 8601 UTC), "" for nobody."""

    owner: str = ""
    since: str = ""
    notes: tuple[Note, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"owner": self.owner, "since": self.since, "notes": [asdict(note) for note in self.notes]}


NONE = Care()


@dataclass(frozen=True)
class Cares:
    """All that is known of some steps, by key."""

    found: Mapping[str, Care] = field(default_factory=dict)

    def of_alike(self, step: str, code: str) -> Care:
        return self.found.get(alike_key(step, code), NONE)

    def of(self, row: Waiting) -> Care:
        """Of a record: its own owner, or that of all alike; the notes of both, the newest first."""
        own, alike = self.found.get(key_of(row), NONE), self.of_alike(row.step, row.code)
        notes = sorted((*own.notes, *alike.notes), key=lambda note: note.at)
        return replace(own if own.owner else alike, notes=tuple(notes[::-1]))


def cares(target: Target, steps: Iterable[str]) -> Cares:
    """What is known of the records of steps."""
    items = (item for step in steps for item in target.ledger.attention(CARE + step))
    return Cares({str(item["id"]).removeprefix(BESIDE): _of_item(item) for item in items})


def assign(target: Target, meant: Sequence[Waiting | Problem], who: str, to: str) -> None:
    """Have somebody look after records, or after all that are alike; `to` "" for nobody any more. Raises `ConfigurationError` INSTRUCTION,
    `TallybridgeError` AUDIT-BUSY or INSTRUCTION-REPLACED."""
    owner, now = to.strip(), stamp(target.clock.now())
    if len(owner) > MAX_NAME:
        text = f"The name is longer than {MAX_NAME} characters."
        raise ConfigurationError(text, place="owner", code=INPUT, advice="Give a mail address.")
    target.audit.note(who, "assign", named(meant), before=_owners(target, meant), after=owner or "nobody")
    for each in meant:
        _change(target, each, lambda care: replace(care, owner=owner, since=now if owner else ""))


def note(target: Target, meant: Sequence[Waiting | Problem], who: str, text: str) -> None:
    """Note something about records, or about all that are alike. Raises as `assign` does."""
    said = text.strip()
    if not said or len(said) > MAX_NOTE:
        problem = "The note is empty." if not said else f"The note is longer than {MAX_NOTE} characters."
        raise ConfigurationError(problem, place="note", code=INPUT, advice="Say what the next one who looks at it should know.")
    added = Note(stamp(target.clock.now()), who, said)
    target.audit.note(who, "note", named(meant), after=said)
    for each in meant:
        _change(target, each, lambda care: replace(care, notes=(*care.notes, added)[-KEPT:]))


def key_of(meant: Waiting | Problem) -> str:
    """The key under which it is kept."""
    if isinstance(meant, Problem):
        return alike_key(meant.step, meant.code)
    return Ledger.key(step_class(meant.step).system, meant.object, meant.id)


def _change(target: Target, meant: Waiting | Problem, change: Callable[[Care], Care]) -> None:
    """Two people at once change it one after the other."""
    place = BESIDE + key_of(meant)
    for _ in range(TRIES):
        item = target.ledger.read([place]).get(place, {"id": place})
        new = change(_of_item(item))
        stands = {"attention": CARE + meant.step} if new.owner or new.notes else {}
        facts = {"state": "CARE", "step": meant.step, **new.to_json(), **stands}
        if target.ledger.keep(item, facts, () if stands else WAITING):
            return
    text = "Others are changing the same at this moment; what you wanted stands in the audit alone."
    raise TallybridgeError(text, code="INSTRUCTION-REPLACED", advice="Look at it again, and repeat yours if it is still meant.")


def _owners(target: Target, meant: Sequence[Waiting | Problem]) -> str:
    known = cares(target, {each.step for each in meant}).found
    before = sorted({known.get(key_of(each), NONE).owner or "nobody" for each in meant})
    return ", ".join(before)


def named(meant: Sequence[Waiting | Problem]) -> str:
    """What people call them, of many the first."""
    names = [_name(each) for each in meant]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _name(each: Waiting | Problem) -> str:
    if isinstance(each, Problem):
        return f"all {plural(each.count, 'record')} of {each.step} with {each.code}"
    return f"{step_class(each.step).object_label} {each.number or each.id}"


def _of_item(item: Mapping[str, Any]) -> Care:
    notes = tuple(Note(str(row["at"]), str(row["by"]), str(row["text"])) for row in item.get("notes", ()))
    return Care(str(item.get("owner", "")), str(item.get("since", "")), notes)
