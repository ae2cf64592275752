"""What a dry run leaves behind as a plan.

    {step}/rehearsed/000001-0001.json   of each piece of a batch, small: what it would make, one head a record, what it would post
    {step}/planned/000001-0001.jsonl.gz the records of the piece, each with everything that is told of it: read only where it is looked at

The first kind is gone through once, when the step is counted, and put together (see `folded`); the second lies as it is. Both are written
before the results of the piece, so that an attempt that dies in between writes the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tallybridge.errors import Refused
from tallybridge.parallel import side_by_side
from tallybridge.settings import Settings
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.steps.shared.writers import is_path
from tallybridge.sync.batch import BatchResult
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.planned import Planned, as_read
from tallybridge.sync.runlog import LogLine, Outcome, RecordResult
from tallybridge.sync.stand_ins import STAND_IN, stand_in_id
from tallybridge.sync.step import CREATED, Plan, Request, Write
from tallybridge.tasks.gl_accounts import books_for
from tallybridge.tasks.gl_effect import SETTLEMENTS, Effect, postings
from tallybridge.tasks.rehearsal import Rehearsal, entry_of
from tallybridge.tasks.results import MADE, PLANNED

WRITES = ("create", "update", "link")
BESIDE_AMOUNT = ("account", "undepFunds", "arAcct", "tranDate", "currency")
"""What is read with a payment whose amount changes, since it says where that is posted."""
Row = dict[str, Any]
Read = dict[str, dict[str, Any]]
"""What a destination holds of records that a plan changes, by internal id."""


def does(result: RecordResult) -> str:
    """What a plan does with a record: create, update, link, recover, unchanged, held, refused, skipped, unfinished."""
    match result.outcome:
        case Outcome.SYNCED:
            return result.action if result.action in WRITES else "create"
        case Outcome.ALREADY:
            return "recover" if result.action == "recover" else "unchanged"
    return str(result.outcome)


@dataclass(frozen=True)
class Planner:
    """Keeps what a dry run would do with the records of one step."""

    folder: RunFolder
    step: SyncStep
    settings: Settings
    rehearsal: Rehearsal

    def keep(self, part: str, done: BatchResult) -> None:
        """Keep the plan of one piece of a batch."""
        plans = {record.id: (record, plan) for record, plan in done.rehearsed}
        writes = {i: (record, plan) for i, (record, plan) in plans.items() if isinstance(plan, Write)}
        keys = self._keys(done)
        netsuite, effect = self.step.context.netsuite, Effect()
        held = self._held([plan for _, plan in writes.values()])
        to_netsuite = self.step.destination_system == "NetSuite"
        made = self.rehearsal.made
        books = books_for([p for _, p in writes.values()], netsuite, self.folder, self.settings, made) if to_netsuite and writes else None
        results, rows, heads = {r.source_id: r for r in done.results}, [], []
        for each in (each for each in done.planned if each.id in results):
            result = results[each.id]
            record, plan = writes.get(each.id, (None, None))
            posted = postings(record, plan, books, held) if books and record and plan else []
            if record is not None:
                effect.add(posted)
            rows.append({**self._row(each, result, done.lines, plan, held, keys), "posts": [p.to_json() for p in posted]})
            heads.append(_head(result))
        self.folder.write_lines(f"{self.step.name}/{PLANNED}/{part}.jsonl.gz", rows)
        entries = [entry for record, plan in done.rehearsed if (entry := entry_of(self.step, record, plan)) is not None]
        self.folder.write_json(
            f"{self.step.name}/{MADE}/{part}.json", {"part": part, "made": entries, "heads": heads, "effect": effect.to_json()}
        )

    def _row(
        self, each: Planned, result: RecordResult, lines: Sequence[LogLine], plan: Plan | None, held: Read, keys: Mapping[str, str]
    ) -> Row:
        """Everything that is told of a record."""
        told = next((line for line in lines if line.source_id == each.id and line.code == result.code), None) if result.code else None
        return {
            **_head(result),
            "kind": each.kind,
            "planned_code": each.code,
            "message": self.rehearsal.shown(told.message) if told else "",
            "advice": self.rehearsal.shown(told.advice) if told else "",
            "waits_for": told.waits_for if told else "",
            "destination": result.destination,
            "destination_id": "" if STAND_IN.fullmatch(result.destination_id) else result.destination_id,
            "digests": list(each.digests),
            "stand_ins": {s: {"key": keys.get(s, ""), "places": list(at)} for s, at in each.stand_ins.items()},
            "requests": list(each.requests),
            "changes": self._changes(plan, each, held) if isinstance(plan, Write) else [],
        }

    def _keys(self, done: BatchResult) -> dict[str, str]:
        """The ledger's key of the record that a stand-in stands for, by stand-in: of an earlier step, or of the same batch."""
        wanted = {stand_in for each in done.planned for stand_in in each.stand_ins}
        self.rehearsal.know(ids=wanted)
        own = {stand_in_id(each.id): Ledger.key(self.step.system, self.step.object, each.id) for each in done.planned}
        earlier = {s: str(self.rehearsal.made[s]["key"]) for s in wanted if s in self.rehearsal.made}
        return {s: own[s] for s in wanted if s in own} | earlier

    # -- what is there now -----------------------------------------------------------------------------------------------

    def _held(self, plans: Sequence[Write]) -> Read:
        """What the destination holds of the records that would be changed, in the fields that would be sent."""
        wanted = [(r.record_type, target, r) for plan in plans for r in _requests(plan) if (target := _target(r, plan))]
        read = self._from_netsuite if self.step.destination_system == "NetSuite" else self._from_zuora
        return {target: found for (_, target, _), found in zip(wanted, side_by_side(read, wanted), strict=True) if found}

    def _from_netsuite(self, of: tuple[str, str, Request]) -> dict[str, Any]:
        record_type, target, request = of
        fields = [name for name, value in request.body.items() if not (isinstance(value, Mapping) and "items" in value)]
        more = BESIDE_AMOUNT if record_type in SETTLEMENTS and "payment" in request.body else ()
        return _or_nothing(lambda: self.step.context.netsuite.read(record_type, target, fields=tuple(dict.fromkeys((*fields, *more)))))

    def _from_zuora(self, of: tuple[str, str, Request]) -> dict[str, Any]:
        object_type, target, request = of
        if is_path(object_type):
            return {}
        return _or_nothing(lambda: self.step.context.source.reread(object_type, [target], tuple(request.body)).get(target, {}))

    def _changes(self, plan: Write, each: Planned, held: Read) -> list[dict[str, Any]]:
        """What differs between what is there and what would be sent: {"place", "now", "then"}."""
        found = []
        for request, shown in zip(_requests(plan), each.requests, strict=True):
            there = held.get(_target(request, plan))
            now = as_read(there, self.step) if there else {}
            for place, then in shown["fields"].items():
                if there and "[" not in place and now.get(place) != then:
                    found.append({"place": place, "now": now.get(place), "then": then})
        return found


def _requests(plan: Write) -> list[Request]:
    return [request for stage in plan.stages for request in stage.requests]


def _target(request: Request, plan: Write) -> str:
    """The id of the record that a request changes, if it is there already; "" otherwise."""
    target = plan.destination_id if request.record_id == CREATED else request.record_id
    return target if isinstance(target, str) and not STAND_IN.fullmatch(target) else ""


def _or_nothing(read: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """What cannot be read is not shown."""
    try:
        return dict(read())
    except Refused:
        return {}


def _head(result: RecordResult) -> Row:
    """What lists show of a record."""
    return {
        "id": result.source_id,
        "number": result.source_number,
        "does": does(result),
        "code": result.code,
        "currency": result.currency,
        "amount": result.amount,
    }
