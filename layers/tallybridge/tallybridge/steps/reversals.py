"""Step "reversals": compensating documents in NetSuite for what a run has created there, by a plan that a second person has approved.

It has no part in a usual run. Its records are the documents of the plan; each is looked at again before anything is sent, and one that has
changed since the plan was made is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tallybridge.errors import Refused
from tallybridge.netsuite import NetSuite
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.reversing import ways
from tallybridge.steps.reversing.documents import Books, Document, Reverser, books, held, reversers
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.sync_step import Count, sync_dates
from tallybridge.steps.shared.writers import SYNC_DATE
from tallybridge.sync.held import Held
from tallybridge.sync.reversal import OBJECT, SYSTEM, Reversal
from tallybridge.sync.runlog import LeftOut
from tallybridge.sync.step import (
    Bulk,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    Writer,
)


@dataclass(frozen=True)
class View:
    """A document of the plan as it is now. `planned`: those of the plan that are looked at together with it."""

    plan_id: str
    reversal: Reversal
    found: Document | None
    books: Books
    planned: Mapping[str, Reversal]


class Reversals:
    """What a run reverses that carries out an approved plan, see `SyncStep`."""

    name = "reversals"
    title = "Reversals"
    object = OBJECT
    object_label = "Reversal"
    destination = "credit memo or journal entry"
    code = ways.CODE
    direction = "NetSuite -> NetSuite"
    system = SYSTEM
    destination_system = "NetSuite"
    transaction = True
    chunk = 100
    marks_at_once = 50
    needs: tuple[str, ...] = ("currency", "periods", "fields:invoice", "fields:creditMemo")
    follows_changes = False

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.settings = context.settings
        self.reference = context.reference

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        return Behavior.NEW_ONLY

    # -- selection ---------------------------------------------------------------------------------------------------

    def to_count(self) -> Mapping[str, Count]:
        return {}

    def waiting_work(self, counted: int | None = None) -> int:
        return len(self.context.reversal.reversals) if self.context.reversal else 0

    def select(self) -> Iterator[Candidate]:
        """The documents of the plan, those of one customer together."""
        plan = self.context.reversal
        for each in sorted(plan.reversals, key=lambda r: (r.customer, ways.ORDER[r.record_type], r.id)) if plan else ():
            yield Candidate(each.id, each.customer, {"plan": plan.id if plan else "", "reversal": each.to_json()})

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        planned = {c.id: Reversal.from_json(c.data["reversal"]) for c in candidates}
        now = books(self.context.netsuite, self.reference, planned)
        return [
            SourceRecord(
                id=each.id,
                number=each.number,
                status="",
                group=each.customer,
                order=(ways.ORDER[each.record_type],),
                currency=each.currency,
                amount=each.amount,
                destination=each.way,
                customer=each.customer,
                date=each.date,
                data=View(str(c.data["plan"]), each, now.documents.get(each.id), now, planned),
            )
            for c, each in zip(candidates, planned.values(), strict=True)
        ]

    # -- what becomes of each ----------------------------------------------------------------------------------------

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        found = reversers(self.context.netsuite, self.reference, [r.id for r in records])
        return {i: [_counterpart(each)] for i, each in found.items()}

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        view: View = record.data
        if found:
            return self._found(view, found[0])
        wrong = ways.problem(view.reversal, view.found, view.books, view.planned)
        if wrong is not None:
            return Hold((wrong,))
        assert view.found is not None  # else that is what is wrong
        facts = {"destination_type": view.reversal.way}
        asked = ways.requests(view.reversal, view.found, view.books, self.reference, view.plan_id)
        return Write("create", "", "", asked, write_back=False, after=ways.first(view.found, view.planned), facts=facts)

    def _found(self, view: View, there: Counterpart) -> Plan:
        """It is compensated. Of a payment or credit memo whose worker has died in between, the application is still to be made."""
        rest = ways.reapplied(view.found, view.books, self.reference, there.id) if view.found else ()
        if not rest or view.found is None:
            return Found(there, facts={"destination_type": there.kind})
        after = ways.first(view.found, view.planned)
        return Write(
            "recover", "", "", rest, destination_id=there.id, write_back=False, after=after, facts={"destination_type": there.kind}
        )

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        return self.find([record]).get(record.id, [])

    def is_sync_date(self, name: str) -> bool:
        return name.startswith(SYNC_DATE) or name in sync_dates(self.reference)

    def taken(self, targets: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """What compensates a document carries its id: it belongs to no other."""
        return {}

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        return None

    # -- NetSuite ----------------------------------------------------------------------------------------------------

    def writer(self) -> Writer:
        return ReversalWriter(self.context.netsuite)

    def bulk(self) -> Bulk | None:
        """One after the other: most are made of others."""
        return None

    def explained(self, refused: Mapping[str, tuple[SourceRecord, Write, Refused]]) -> dict[str, Problem]:
        return {}

    def held(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        currency = ", currency" if self.reference.has_field("invoice", "currency") else ""
        q = f"SELECT id, type, foreigntotal, entity{currency} FROM transaction WHERE id IN {{in}}"
        return held(self.context.netsuite, self.reference, list(self.context.netsuite.suiteql_in(q, destination_ids)))

    def there(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        return self.held(destination_ids)

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        for i, each in reversers(self.context.netsuite, self.reference, source_ids).items():
            yield i, each.held

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        """Payments and credit memos that are not applied to their journal entry alone."""
        due = {i: record for i, (record, _) in written.items() if record.data.reversal.record_type in ways.APPLIES}
        now = books(self.context.netsuite, self.reference, due) if due else Books()
        wrong = {}
        for i, record in due.items():
            document, reverser = now.documents.get(i), now.reversed.get(i)
            if document and reverser and ways.reapplied(document, now, self.reference, reverser.id):
                text = f"{self.object_label} {record.number}: NetSuite has not applied it to journal entry {reverser.id}."
                wrong[i] = Problem(f"{self.code}-PARTS", text, "Carry the reversal out again: `tallybridge reversal run`.")
        return wrong

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Nothing is written on a document that is reversed: it stays as it was booked."""
        return {m.record.id: MarkResult(True) for m in marks}

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        return {}

    def left_out(self) -> list[LeftOut]:
        """No rule leaves out what the plan names."""
        return []

    def left_out_sql(self) -> str:
        return ""

    def left_out_rows(self, rows: Iterable[Mapping[str, Any]]) -> list[LeftOut]:
        return []

    def moments(self, ids: Sequence[str]) -> dict[str, str]:
        """It follows no changes."""
        return {}

    def now_at_source(self) -> str:
        return ""


def _counterpart(each: Reverser) -> Counterpart:
    return Counterpart(each.id, each.held.amount, own=True, currency=each.held.currency, customer=each.held.customer, kind=each.held.kind)


class ReversalWriter:
    """Creates and updates by REST record type; "invoice/9001/!transform/creditMemo" lets NetSuite build a record from another one."""

    def __init__(self, netsuite: NetSuite) -> None:
        self.netsuite = netsuite

    def create(self, request: Request) -> str:
        source, _, target = request.record_type.partition(ways.TRANSFORM)
        if not target:
            return self.netsuite.create(request.record_type, request.body)
        record_type, _, record_id = source.partition("/")
        return self.netsuite.transform(record_type, record_id, target, request.body)

    def update(self, request: Request) -> Any:
        assert isinstance(request.record_id, str)
        return self.netsuite.update(request.record_type, request.record_id, request.body, request.replace)
