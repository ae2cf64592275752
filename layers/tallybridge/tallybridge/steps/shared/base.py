"""What the steps from Zuora to NetSuite share: reading again, look-up by Zuora ID, status writes, fields that the account lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import Clock, stamp, utc_moment
from tallybridge.netsuite import NetSuite
from tallybridge.pieces import side_by_side
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.shared.custom_fields import CustomFields
from tallybridge.steps.shared.periods import Posting, posting
from tallybridge.steps.shared.problems import currency_problem
from tallybridge.steps.shared.reference import Reference
from tallybridge.steps.shared.texts import day
from tallybridge.steps.shared.writers import NetSuiteWriter
from tallybridge.sync.step import Candidate, Counterpart, Mark, MarkResult, Plan, Problem, Request, SourceRecord, Writer
from tallybridge.zuora import Zuora
from tallybridge.zuora.selection import Selected, SourceQuery
from tallybridge.zuora.source import ZuoraSource
from tallybridge.zuora.writes import Written

Row = Mapping[str, Any]
Rows = dict[str, dict[str, Any]]


@dataclass
class StepContext:
    """What a step works with."""

    zuora: Zuora
    source: ZuoraSource
    netsuite: NetSuite
    settings: Settings
    clock: Clock
    reference: Reference = field(default_factory=Reference)
    """The NetSuite tables that the step asked for in `needs`."""
    watermark: str = ""
    """How far the step's last run came; "" for steps without one."""
    retry: tuple[str, ...] = ()
    """Ids that must be selected again although the watermark has moved past them."""
    deferred: tuple[str, ...] = ()
    """Ids of synced documents whose revenue dates are still to come."""
    seen: Callable[[Sequence[str]], Mapping[str, str]] = lambda ids: {}
    """When the connector itself changed some records last, by source id."""
    known: Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]] = lambda ids: {}
    """The ledger's items by source id."""
    dropped: set[str] = field(default_factory=set)
    """Collects the fields that this account lacks."""
    mode: str = "B"
    """"A", a tenant without Invoice Settlement, or "B"."""
    run_id: str = ""
    places: Mapping[str, int] = field(default_factory=dict)
    """The place of each record in the step's selection, from 0."""


class SyncStep:
    """Base of all steps: what the engine and the tasks ask of any of them. The two directions follow below and in `netsuite_source`."""

    name: str
    title: str
    object: str
    object_label: str
    destination: str
    code: str
    direction: str
    system: str
    destination_system: str
    transaction = True
    chunk = 100
    needs: tuple[str, ...] = ()
    """Reference tables, see steps/shared/reference.py."""
    follows_changes = False
    """Selects by a watermark which synced records were modified."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.settings = context.settings
        self.reference = context.reference

    @property
    def settlement_on(self) -> bool:
        """Whether the tenant has Invoice Settlement (mode B)."""
        return self.context.mode == "B"

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        """New and modified records, or new ones only; transactions are never selected by their modification."""
        return Behavior.NEW_ONLY

    def waiting_work(self) -> int:
        """How many records may be waiting: one call; 0 means that the step has nothing to do."""
        raise NotImplementedError

    def select(self) -> Iterator[Candidate]:
        """The records to look at, those of one group together."""
        raise NotImplementedError

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        """The candidates as they are now; those that no longer qualify are left out."""
        raise NotImplementedError

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts by source id; a record without one is left out."""
        raise NotImplementedError

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """What a create whose outcome is unknown may have made: the record's counterpart. Steps that create several records say more."""
        return self.find([record]).get(record.id, [])

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """What to do with a record. Pure."""
        raise NotImplementedError

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """The step's plan with what concerns every step of its direction."""
        return self.plan(record, found)

    def writer(self) -> Writer:
        """What sends the requests of a plan."""
        raise NotImplementedError

    def amounts(self, destination_ids: Sequence[str]) -> dict[str, Decimal]:
        """What the destination holds, in transaction currency, by its id."""
        raise NotImplementedError

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Decimal | None]]:
        """What the destination says it holds of some source records: (source id, amount), two of them if it holds two."""
        raise NotImplementedError

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Write statuses on source records."""
        raise NotImplementedError

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """Written in the source before a record is marked complete; answers what failed."""
        return {}

    def after_marks(self, records: Sequence[SourceRecord]) -> dict[str, str]:
        """When the source says that it was changed last, after our own write; only master data needs it."""
        return {}

    def watermark_after(self, base: str) -> str:
        """How far the watermark may move beyond `base`, the highest modified date that was synced."""
        return base

    def now_at_source(self) -> str:
        """The present moment as the source's modified dates tell it: the first query date after modified records were switched on."""
        return utc_moment(stamp(self.context.clock.now()))


class ZuoraToNetSuite(SyncStep):
    """Base of the steps that read Zuora and write NetSuite."""

    direction = "Zuora -> NetSuite"
    system = "zuora"
    destination_system = "NetSuite"
    table = "transaction"
    """SuiteQL table of the destination records: transaction, customer or item."""
    transaction_type = ""
    """SuiteQL type code of the destination transaction, for example CustInvc."""

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.custom_fields = CustomFields.of(self.settings, context.mode, self.object)
        self.custom_values: dict[str, dict[str, Any]] = {}

    @property
    def transaction_types(self) -> tuple[str, ...]:
        """SuiteQL type codes of all that the step creates."""
        return (self.transaction_type,)

    def writer(self) -> Writer:
        return NetSuiteWriter(self.context.netsuite)

    # -- custom fields -----------------------------------------------------------------------------------------------

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        plan, values = self.plan(record, found), self.custom_values.get(record.id)
        if not values:
            return plan
        place = self.context.places.get(record.id, 0)
        label = f"{self.object_label} {record.number}"
        return self.custom_fields.added(plan, record, values, self.record_type_of(record), label, place)

    def record_type_of(self, record: SourceRecord) -> str:
        """The NetSuite REST record type of a record's counterpart."""
        return self.destination

    def note_custom_fields(self, head: Row) -> None:
        """Keep what is to be copied of a head that was read again."""
        if self.custom_fields.rows:
            self.custom_values[str(head["Id"])] = self.custom_fields.values(head)

    # -- selection ---------------------------------------------------------------------------------------------------

    def query(self) -> SourceQuery:
        """Which heads to select. Each step says."""
        raise NotImplementedError

    def waiting_work(self) -> int:
        return self.context.source.count(self.query())

    def select(self) -> Iterator[Candidate]:
        for row in self.context.source.select(self.query()):
            yield Candidate(row.id, row.group, row.to_json())

    def reread(self, candidates: Sequence[Candidate]) -> Iterator[tuple[Selected, dict[str, Any], dict[str, dict[str, Any]]]]:
        """Heads that still qualify, as the transactional store has them now, with their parents by object name.

        The children are those of the selection: they no longer change once a head qualifies.
        """
        query = self.query()
        heads, parents = self._heads_and_parents(query, candidates)
        for candidate in candidates:
            selected = Selected.from_json(dict(candidate.data))
            head = heads.get(candidate.id)
            if head is None:
                continue
            own: dict[str, dict[str, Any]] = {}
            for parent in query.parents:
                holder = own[parent.of] if parent.of else head
                own[parent.object] = parents[parent.object].get(holder.get(parent.key) or "", {})
            if query.qualifies(head, own):
                self.note_custom_fields(head)
                yield selected, {**selected.copy, **head}, own

    def _heads_and_parents(self, query: SourceQuery, candidates: Sequence[Candidate]) -> tuple[Rows, dict[str, Rows]]:
        """Heads, and parents by object name. Parents whose ids the selection knows are read at the same time as the heads."""
        reread = self.context.source.reread
        early = {
            p.object: {str(c.data["copy"][p.key]) for c in candidates}
            for p in query.parents
            if not p.of and all(p.key in c.data.get("copy", ()) for c in candidates)
        }
        fields = (*query.fields, *self.custom_fields.names)
        reads = [(query.object, {c.id for c in candidates}, fields), *((o, ids, self.parent_fields(o)) for o, ids in early.items())]
        heads, *known = side_by_side(lambda read: reread(*read), reads)
        parents = dict(zip(early, known, strict=True))
        for parent in query.parents:
            if parent.object not in parents:
                holders = parents[parent.of] if parent.of else heads
                ids = [h.get(parent.key) or "" for h in holders.values()]
                parents[parent.object] = reread(parent.object, ids, self.parent_fields(parent.object))
        return heads, parents

    def parent_fields(self, object_type: str) -> Sequence[str]:
        """The fields of a parent that the step needs."""
        raise NotImplementedError

    # -- destination -------------------------------------------------------------------------------------------------

    def external_id(self, zuora_id: str) -> str:
        """The deterministic external id: the plain Zuora id, or with the prefix of its kind where a setting asks for it."""
        return f"{EXTERNAL_ID_PREFIX[self.object]}{zuora_id}" if self.settings.external_id_prefixes else zuora_id

    def find_transactions(self, records: Sequence[SourceRecord], transaction_type: str = "") -> dict[str, list[Counterpart]]:
        """NetSuite transactions of the step's type, or of the type given, by external id or by the field Zuora ID: two keys, one call per
        500 records."""
        zuora_id = self.reference.custom(self.destination, "Zuora ID")
        by_external = {self.external_id(r.id): r.id for r in records}
        found: dict[str, dict[str, Counterpart]] = {}
        keys = list(by_external)
        for start in range(0, len(keys), KEYS_PER_LOOKUP):
            part = keys[start : start + KEYS_PER_LOOKUP]
            ids = [by_external[k] for k in part]
            marks = ", ".join("?" * len(part))
            q = (
                f"SELECT t.id, t.externalid, t.{zuora_id} AS zuoraid, t.foreigntotal FROM transaction t WHERE t.type = ? "
                f"AND (t.externalid IN ({marks}) OR t.{zuora_id} IN ({marks}))"
            )
            for row in self.context.netsuite.suiteql(q, [transaction_type or self.transaction_type, *part, *ids]):
                source_id = by_external.get(row.get("externalid", "")) or row.get("zuoraid", "")
                found.setdefault(source_id, {})[row["id"]] = Counterpart(row["id"], self.total_in(row))
        return {source_id: list(hits.values()) for source_id, hits in found.items()}

    def amounts(self, destination_ids: Sequence[str]) -> dict[str, Decimal]:
        """What NetSuite holds, in transaction currency, by internal id: one call per 1,000."""
        q = "SELECT id, foreigntotal FROM transaction WHERE id IN {in}"
        rows = self.context.netsuite.suiteql_in(q, list(destination_ids))
        return {row["id"]: total for row in rows if (total := self.total_in(row)) is not None}

    def total_in(self, row: Row) -> Decimal | None:
        """What a transaction holds, from its total in SuiteQL, which is negative where the customer is owed."""
        return abs(Decimal(row["foreigntotal"])) if "foreigntotal" in row else None

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Decimal | None]]:
        """What NetSuite says it holds of some source records, by the field Zuora ID: (source id, amount), two of them if it holds two."""
        zuora_id = self.reference.custom(self.destination, "Zuora ID")
        if self.transaction:
            types = ", ".join("?" * len(self.transaction_types))
            q = f"SELECT {zuora_id} AS zuoraid, foreigntotal FROM transaction WHERE type IN ({types}) AND {zuora_id} IN {{in}}"
            rows = self.context.netsuite.suiteql_in(q, source_ids, self.transaction_types)
        else:
            q = f"SELECT {zuora_id} AS zuoraid FROM {self.table} WHERE {zuora_id} IN {{in}}"
            rows = self.context.netsuite.suiteql_in(q, source_ids)
        for row in rows:
            yield row["zuoraid"], self.total_in(row)

    def note_customer_currencies(self, records: Sequence[SourceRecord]) -> None:
        """With multiple currencies, put the NetSuite customer's currency beside each record (sequence-and-status.md 7.3): one call."""
        if not self.settings.netsuite_multiple_currencies:
            return
        customers = sorted({str(r.data.account.get("IntegrationId__NS") or "") for r in records} - {""})
        q = "SELECT c.id, u.symbol FROM customer c JOIN currency u ON u.id = c.currency WHERE c.id IN {in}"
        rows = self.context.netsuite.suiteql_in(q, customers) if customers else ()
        symbols = {row["id"]: row.get("symbol", "") for row in rows}
        for record in records:
            record.data.customer_currency = symbols.get(str(record.data.account.get("IntegrationId__NS") or ""), "")

    def currency_problems(self, label: str, data: Any) -> Iterator[Problem]:
        """What `note_customer_currencies` has found wrong with a record's data."""
        if problem := currency_problem(self.code, label, str(data.account.get("Currency") or ""), data.customer_currency):
            yield problem

    def transaction_record(self, data: Any, number: str, date: str, amount: Decimal) -> SourceRecord:
        """The source record of a transaction: `data` has its `head` and its `account`; `number` and `date` are fields of the head."""
        head = data.head
        return SourceRecord(
            id=head["Id"],
            number=str(head.get(number) or head["Id"]),
            status=str(head.get("IntegrationStatus__NS") or ""),
            group=str(head.get("AccountId") or ""),
            order=(day(head.get(date)) or "",),
            currency=str(data.account.get("Currency") or head.get("Currency") or ""),
            amount=amount,
            destination_id=str(head.get("IntegrationId__NS") or ""),
            data=data,
        )

    def existing(self, record_type: str, fields: Mapping[str, Any], *, line: bool = False) -> dict[str, Any]:
        """The fields that have a value and that the account knows; what it lacks is noted once and left out."""
        kept = {}
        for name, value in fields.items():
            if value is None or value == "":
                continue
            if self.reference.has_field(record_type, name, line=line):
                kept[name] = value
            else:
                self.context.dropped.add(f"{record_type}.{'item.' if line else ''}{name}")
        return kept

    def posting(self, date: str, label: str, record_type: str = "") -> Posting:
        """How a document of the step's destination type, or of the type given, with this date is posted. `label` names the record."""
        return posting(self.settings, self.reference, record_type or self.destination, date, self.code, label)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Write statuses, 50 records a call."""
        objects = [{"Id": m.record.id, **self.context.source.to_tenant(self.mark_fields(m))} for m in marks]
        return results_of(self.context.zuora.update(self.object, objects))

    def bulk_objects(self, marks: Sequence[Mark]) -> list[dict[str, Any]]:
        """Marks as the bulk updates of the v1 API take them (api-zuora-billing.md 12.4 and 15.2)."""
        objects = []
        for mark in marks:
            fields = self.mark_fields(mark)
            if "TransferredToAccounting" in fields:
                fields["transferredToAccounting"] = fields.pop("TransferredToAccounting")
            objects.append({"id": mark.record.id, **self.context.source.to_tenant(fields)})
        return objects

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        """The fields of a mark under the names of Actions."""
        fields: dict[str, Any] = {}
        if mark.status is not None:
            fields["IntegrationStatus__NS"] = mark.status
        if mark.destination_id:
            fields["IntegrationId__NS"] = mark.destination_id
        if mark.synced_at:
            fields["SyncDate__NS"] = mark.synced_at
        if mark.transferred is not None:
            fields["TransferredToAccounting"] = mark.transferred
        return fields


KEYS_PER_LOOKUP = 500
"""External ids in one look-up; each is asked for twice, and an IN list takes 1,000."""

EXTERNAL_ID_PREFIX = {
    "Account": "ZACC-",
    "Product": "ZITM-",
    "ProductRatePlan": "ZITM-",
    "ProductRatePlanCharge": "ZITM-",
    "Invoice": "ZINV-",
    "DebitMemo": "ZDM-",
    "CreditMemo": "ZCM-",
    "Payment": "ZPMT-",
    "Refund": "ZREF-",
    "InvoiceItemAdjustment": "ZADJ-",
}


def results_of(written: Iterable[Written]) -> dict[str, MarkResult]:
    """What Zuora made of marks, by id."""
    return {w.id: MarkResult(w.ok, w.code, w.message) for w in written}
