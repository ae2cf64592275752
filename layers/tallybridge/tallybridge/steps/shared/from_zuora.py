"""What the steps from Zuora to NetSuite share: reading again, look-up by Zuora ID, status writes, fields that the account lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.errors import Refused
from tallybridge.ids import netsuite_id
from tallybridge.parallel import side_by_side, streamed_parts
from tallybridge.settings import Behavior, NumberMapping, Settings
from tallybridge.steps.shared.bulk import NetSuiteBulk
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import Booking, own_currency
from tallybridge.steps.shared.custom_fields import CustomFields
from tallybridge.steps.shared.fitting import Fitting, fitted_plan, told, with_remarks
from tallybridge.steps.shared.numbers import renumbered
from tallybridge.steps.shared.periods import with_period
from tallybridge.steps.shared.problems import named_twice, taken, wrong_id
from tallybridge.steps.shared.refusals import explained
from tallybridge.steps.shared.sync_step import DUE, LEFT_OUT, Count, Row, Rows, sync_dates
from tallybridge.steps.shared.texts import day, named_account
from tallybridge.steps.shared.writers import SYNC_DATE, NetSuiteWriter
from tallybridge.sync.held import Held
from tallybridge.sync.runlog import LeftOut, Tally
from tallybridge.sync.step import (
    LINK,
    Candidate,
    Counterpart,
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
from tallybridge.zuora.selection import Selected, SourceQuery
from tallybridge.zuora.source import INTEGRATION_ID, NO_ID
from tallybridge.zuora.writes import Written


class ZuoraToNetSuite:
    """A step that reads Zuora and writes NetSuite, see `SyncStep`: each says `query`, `refresh`, `find` and `plan`."""

    name: str
    title: str
    object: str
    object_label: str
    destination: str
    code: str
    direction = "Zuora -> NetSuite"
    system = "zuora"
    destination_system = "NetSuite"
    transaction = True
    chunk = 100
    marks_at_once = 50
    needs: tuple[str, ...] = ()
    follows_changes = False
    table = "transaction"
    """SuiteQL table of the destination records: transaction, customer or item."""
    transaction_type = ""
    """SuiteQL type code of the destination transaction, for example CustInvc."""
    number_field = "Id"
    """The head's field with what people call it."""
    amount_field = "Amount"

    @property
    def cut_code(self) -> str:
        """Prefix of remarks on values that were cut."""
        return self.code

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.settings = context.settings
        self.reference = context.reference
        if bulk := self.bulk():
            self.chunk = bulk.batch_of(type(self).chunk)
        self.booking = Booking(context, self.code)
        self.custom_fields = CustomFields.of(self.settings, context.mode, self.object)
        self.custom_values: dict[str, dict[str, Any]] = {}
        self.no_ids: dict[str, str] = {}

    @property
    def company(self) -> Company:
        """What mappings need to know."""
        context = self.context
        return Company(self.settings, self.reference, self.booking, context.clock, self.code, self.context.settlement_on, context.dropped)

    @property
    def updates(self) -> bool:
        """Whether a change in Zuora is sent as an update."""
        return self.behavior_in(self.settings) is Behavior.NEW_AND_MODIFIED

    @property
    def transaction_types(self) -> tuple[str, ...]:
        """SuiteQL type codes of all that the step creates."""
        return (self.transaction_type,)

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        return Behavior.NEW_ONLY

    @cached_property
    def _sync_dates(self) -> frozenset[str]:
        return sync_dates(self.reference)

    def is_sync_date(self, name: str) -> bool:
        return name.startswith(SYNC_DATE) or name in self._sync_dates

    def writer(self) -> Writer:
        return NetSuiteWriter(self.context.netsuite)

    def bulk(self) -> NetSuiteBulk | None:
        return NetSuiteBulk(self.context)

    # -- custom fields -----------------------------------------------------------------------------------------------

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        if not self.transaction and (wrong := self.no_ids.get(record.id)):  # a filled one means a link: nothing is created anew
            return Hold((wrong_id(str(record.data.label), wrong),))
        plan, values = self.plan(record, found), self.custom_values.get(record.id)
        if values:
            place, kind = self.context.places.get(record.id, 0), self.record_type_of(record)
            whole = self.fit(kind, values)
            plan = self.custom_fields.added(plan, record, whole.body, kind, f"{self.object_label} {record.number}", place)
            plan = with_remarks(plan, self.said(record, whole.said))
        plan, words = fitted_plan(with_period(plan, self.reference.periods), self.fit)
        return with_remarks(plan, self.said(record, words))

    def fit(self, record_type: str, body: Mapping[str, Any]) -> Fitting:
        """The body of a NetSuite record of a type as this account takes it, and what had to be done to it."""
        return self.company.fit(record_type, body)

    def said(self, record: SourceRecord, words: Iterable[str]) -> tuple[Problem, ...]:
        """Remarks on what was done to a record's values."""
        return told(self.cut_code, self.label_of(record), words)

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

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        """The candidates as they are now; those that no longer qualify are left out. Each step says."""
        raise NotImplementedError

    def waiting_work(self, counted: int | None = None) -> int:
        waiting = self.context.source.count(self.query()) if counted is None else counted
        return waiting + len(self.context.retry)

    def to_count(self) -> Mapping[str, Count]:
        left_out = self.left_out_sql()
        due = {DUE: Count(self.query().renamed(self.context.source.suffix).count_sql())}
        return due | ({LEFT_OUT: Count(f"SELECT count(*) AS n FROM ({left_out}) l")} if left_out else {})

    def select(self) -> Iterator[Candidate]:
        again = {row.id: row for row in self.again(self.context.retry)}
        for row in self.context.source.select(self.query()):
            if row.id not in again:
                yield Candidate(row.id, row.group, row.to_json())
        yield from (Candidate(row.id, "", replace(row, group="").to_json()) for row in again.values())

    def again(self, ids: Iterable[str]) -> Iterator[Selected]:
        """Records to look at although nothing says that they changed: of steps that follow changes, held ones."""
        query = self.query()
        for piece in streamed_parts(ids, READ_AT_A_TIME):
            heads = self.context.source.reread(self.object, piece, query.fields)
            for head in heads.values():
                if any(all(c.holds(head) for c in conditions) for conditions in query.anyof):
                    group = str(head.get(query.group) or "") if query.group else ""
                    yield Selected(head["Id"], group, utc_moment(head.get("UpdatedDate")))

    def moments(self, ids: Sequence[str]) -> dict[str, str]:
        rows = self.context.source.reread(self.object, ids, ("UpdatedDate",))
        return {i: utc_moment(row.get("UpdatedDate")) for i, row in rows.items()}

    def now_at_source(self) -> str:
        """Zuora tells UTC, as we do."""
        return utc_moment(stamp(self.context.clock.now()))

    def reread(
        self, candidates: Sequence[Candidate], query: SourceQuery | None = None
    ) -> Iterator[tuple[Selected, dict[str, Any], dict[str, dict[str, Any]]]]:
        """Heads that still qualify, as the transactional store has them now, with their parents by object name.

        The children are those of the selection: they no longer change once a head qualifies. `query`: with more fields than the step's.
        """
        query = query or self.query()
        keys = {p.key for p in query.parents}
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
                self.no_ids[head["Id"]] = head.get(NO_ID, "")
                self.note_custom_fields(head)
                yield selected, {**{k: v for k, v in selected.copy.items() if k not in keys}, **head}, own
            elif told := query.left_out_when_read(head, own, joined=self.settings.zuora_read_path != "zoql"):
                amount = Decimal(head.get(self.amount_field) or 0) if self.transaction else Decimal(0)
                currency = own_currency({**selected.copy, **head}, own.get("Account", {})) if self.transaction else ""
                record = LeftOut(self.name, self.object, told.code, told.reason, currency, due=told.due)
                record.add(str(head.get(self.number_field) or candidate.id), amount)
                self.context.left_out.append(record)

    def left_out_rows(self, rows: Iterable[Row]) -> list[LeftOut]:
        rules, found = self.query().told, dict[tuple[str, str], LeftOut]()
        for row in rows:
            rule, currency = str(row["rule"]), str(row.get("currency") or "")
            left = LeftOut(self.name, self.object, rule, rules[rule].reason, currency, due=rules[rule].due)
            known = found.setdefault((rule, currency), left)
            known.tally = Tally(int(row["n"]), Decimal(str(row.get("total") or 0)))
            known.first.append(str(row.get("number") or ""))
        return list(found.values())

    def left_out_sql(self) -> str:
        query = self.query().renamed(self.context.source.suffix)
        return query.left_out_sql(self.number_field, self.amount_field if self.transaction else "")

    def _heads_and_parents(self, query: SourceQuery, candidates: Sequence[Candidate]) -> tuple[Rows, dict[str, Rows]]:
        """Heads, and parents by object name. Parents whose ids the selection knows are read at the same time as the heads; those that heads
        have got since, after them."""
        reread = self.context.source.reread
        known = [p for p in query.parents if not p.of and all(p.key in c.data.get("copy", ()) for c in candidates)]
        early = {p.object: {str(c.data["copy"][p.key]) for c in candidates} for p in known}
        own = (query.object, {c.id for c in candidates}, self.reread_fields(query))
        heads, *rows = side_by_side(lambda read: reread(*read), [own, *((p.object, early[p.object], p.fields) for p in known)])
        parents = dict(zip(early, rows, strict=True))
        for parent in query.parents:
            holders = parents[parent.of] if parent.of else heads
            others = {h.get(parent.key) or "" for h in holders.values()} - early.get(parent.object, set())
            parents[parent.object] = {**parents.get(parent.object, {}), **reread(parent.object, others, parent.fields)}
        return heads, parents

    def reread_fields(self, query: SourceQuery) -> tuple[str, ...]:
        """The fields of a head that are read again."""
        return (*query.fields, *self.custom_fields.names)

    # -- destination -------------------------------------------------------------------------------------------------

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts by source id; a record without one is left out. Each step says."""
        raise NotImplementedError

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """The record's counterparts: it becomes one record."""
        return self.find([record]).get(record.id, [])

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """What to do with a record. Pure. Each step says."""
        raise NotImplementedError

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        """None: only settlements in Zuora are written by adding to what is there."""
        return {}

    def left_out(self) -> list[LeftOut]:
        """Asked by `left_out_sql`."""
        return []

    def external_id(self, zuora_id: str) -> str:
        """The deterministic external id of a record."""
        return self.company.external_id(self.object, zuora_id)

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
                f"SELECT t.id, t.externalid, t.{zuora_id} AS zuoraid, {self.columns('t.')} FROM transaction t WHERE t.type = ? "
                f"AND (t.externalid IN ({marks}) OR t.{zuora_id} IN ({marks}))"
            )
            for row in self.context.netsuite.suiteql(q, [transaction_type or self.transaction_type, *part, *ids]):
                source_id = by_external.get(row.get("externalid", "")) or row.get("zuoraid", "")
                own = row.get("zuoraid", "") in ("", source_id)
                held = self.held_in(row)
                found.setdefault(source_id, {})[row["id"]] = Counterpart(
                    row["id"], held.amount, own=own, currency=held.currency, customer=held.customer, kind=held.kind
                )
        return {source_id: list(hits.values()) for source_id, hits in found.items()}

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        """Transactions are given the Zuora ID and nothing else; other records what an update sends."""
        if not self.transaction:
            return self.decide(replace(record, destination_id=target), [])
        record_type = record.destination or self.destination
        body = {self.reference.custom(record_type, "Zuora ID"): record.id}
        return Write(LINK, "", "", (Request(record_type, body, target),), destination_id=target, transferred=False)

    def taken(self, targets: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """NetSuite records that carry another Zuora ID, and those that carry none but that several records name: one call for most."""
        zuora_id = self.reference.custom(self.destination, "Zuora ID")
        q = f"SELECT id, {zuora_id} AS zuoraid FROM {self.table} WHERE id IN {{in}}"
        rows = self.context.netsuite.suiteql_in(q, sorted({target for _, target in targets.values() if netsuite_id(target)}))
        owner_of = {row["id"]: row.get("zuoraid", "") for row in rows}
        foreign = {i: owner for i, (_, target) in targets.items() if (owner := owner_of.get(target, "")) not in ("", i)}
        rows_of = self.context.source.reread(self.object, set(foreign.values()), (self.number_field,)) if foreign else {}
        found = {}
        for i, owner in foreign.items():
            record, target = targets[i]
            other = f"{self.object_label} {rows_of.get(owner, {}).get(self.number_field) or owner}"
            found[i] = taken(self.code, self.label_of(record), f"NetSuite {self.destination} {target}", other, "the field Zuora ID")
        return found | self.named_twice({i: of for i, of in targets.items() if owner_of.get(of[1]) == ""})

    def named_twice(self, unowned: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """Which records of master data name a destination record that belongs to none, but that others name, too: one call."""
        named = {i: target for i, (record, target) in unowned.items() if record.destination_id == target and not self.transaction}
        others: dict[str, list[tuple[str, str]]] = {}
        fields = (INTEGRATION_ID, self.number_field)
        for row in self.context.source.by_field(self.object, INTEGRATION_ID, named.values(), fields) if named else ():
            others.setdefault(str(row[INTEGRATION_ID]), []).append((str(row["Id"]), str(row.get(self.number_field) or row["Id"])))
        found = {}
        for i, target in named.items():
            if beside := sorted(f"{self.object_label} {number}" for other, number in others.get(target, ()) if other != i):
                found[i] = named_twice(self.code, self.label_of(unowned[i][0]), f"NetSuite {self.destination} {target}", beside)
        return found

    def label_of(self, record: SourceRecord) -> str:
        """What people call a record in messages."""
        return f"{self.object_label} {record.number}"

    def currency_column(self, alias: str = "") -> str:
        """The column with the currency of transactions, behind a comma; "" where the account has but one, and no such column."""
        return f", {alias}currency AS currency" if self.reference.has_field(self.destination, "currency") else ""

    def columns(self, alias: str = "") -> str:
        """The columns that say what NetSuite holds of a transaction, for `held_in`."""
        named = ", ".join(f"{alias}{name} AS {name}" for name in ("foreigntotal", "type", "entity"))
        return named + self.currency_column(alias)

    def held(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        """What NetSuite holds, in transaction currency, by internal id: one call per 1,000."""
        q = f"SELECT id, {self.columns()} FROM transaction WHERE id IN {{in}}"
        return {row["id"]: self.held_in(row) for row in self.context.netsuite.suiteql_in(q, list(destination_ids))}

    def there(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        ids = [i for i in destination_ids if netsuite_id(i)]
        if self.transaction:
            return self.held(ids)
        q = f"SELECT id FROM {self.table} WHERE id IN {{in}}"
        return {row["id"]: Held() for row in self.context.netsuite.suiteql_in(q, ids)}

    def held_in(self, row: Row) -> Held:
        """What a row of a transaction says of it. Without a column for it the currency is the account's only one."""
        code = self.reference.currency_code(row["currency"]) if "currency" in row else self.reference.base_currency
        return Held(self.total_in(row), code, row.get("entity", ""), RECORD_TYPES.get(row.get("type", ""), ""))

    def total_in(self, row: Row) -> Decimal | None:
        """What a transaction holds, from its total in SuiteQL, which is negative where the customer is owed."""
        return abs(Decimal(row["foreigntotal"])) if "foreigntotal" in row else None

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        """What NetSuite says it holds of some source records, by the field Zuora ID: (source id, what), two of them if it holds two."""
        zuora_id = self.reference.custom(self.destination, "Zuora ID")
        if self.transaction:
            types = ", ".join("?" * len(self.transaction_types))
            q = f"SELECT {zuora_id} AS zuoraid, {self.columns()} FROM transaction WHERE type IN ({types}) AND {zuora_id} IN {{in}}"
            rows = self.context.netsuite.suiteql_in(q, source_ids, self.transaction_types)
        else:
            q = f"SELECT {zuora_id} AS zuoraid FROM {self.table} WHERE {zuora_id} IN {{in}}"
            rows = self.context.netsuite.suiteql_in(q, source_ids)
        for row in rows:
            yield row["zuoraid"], self.held_in(row) if self.transaction else Held()

    def currency_of(self, data: Any) -> str:
        """The currency of a transaction: its own."""
        return own_currency(data.head, data.account)

    def customer_id(self, data: Any) -> str:
        """The internal id of the NetSuite customer that a transaction is booked on; "" when unknown."""
        return str(data.account.get("IntegrationId__NS") or "")

    def note_customers(self, records: Sequence[SourceRecord]) -> None:
        """With multiple currencies, put the NetSuite customer beside each record (sequence-and-status.md 7.3): one call for most."""
        customers = self.booking.customers((self.customer_id(r.data), r.currency) for r in records)
        for record in records:
            record.data.customer = customers.get(self.customer_id(record.data))

    def transaction_record(self, data: Any, number: str, date: str, amount: Decimal) -> SourceRecord:
        """The source record of a transaction: `data` has its `head` and its `account`; `number` and `date` are fields of the head."""
        record = transaction_record(self.booking, data, number, date, amount, self.currency_of(data))
        return replace(record, customer=self.customer_id(data))

    def existing(self, record_type: str, fields: Mapping[str, Any], *, line: bool = False) -> dict[str, Any]:
        """The fields that have a value and that the account knows; what it lacks is noted once and left out."""
        return self.company.existing(record_type, fields, line=line)

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """Notes documents whose number NetSuite did not take, where Zuora's numbers are sent."""
        if self.transaction and self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER:
            known = {there: record for record, there in done.values()}
            found = renumbered(self.context.netsuite, {there: record.number for there, record in known.items()})
            self.context.renumbered |= {self.label_of(known[there]): number for there, number in found.items()}
        return {}

    def explained(self, refused: Mapping[str, tuple[SourceRecord, Write, Refused]]) -> dict[str, Problem]:
        return explained(self.context.netsuite, self.code, self.object_label, self.external_id, refused)

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


READ_AT_A_TIME = 300
"""Records that are read again together."""
KEYS_PER_LOOKUP = 500
"""External ids in one look-up; each is asked for twice, and an IN list takes 1,000."""

RECORD_TYPES = {"CustInvc": "invoice", "CustCred": "creditMemo", "CustPymt": "customerPayment", "CustRfnd": "customerRefund"}
"""Record types of NetSuite by the type code of SuiteQL."""


def transaction_record(booking: Booking, data: Any, number: str, date: str, amount: Decimal, currency: str) -> SourceRecord:
    """The source record of a transaction in that currency: `data` has its `head` and its `account`; `number` and `date` are fields of the
    head."""
    head, dated = data.head, day(data.head.get(date)) or ""
    return SourceRecord(
        id=head["Id"],
        number=str(head.get(number) or head["Id"]),
        status=str(head.get("IntegrationStatus__NS") or ""),
        group=str(head.get("AccountId") or ""),
        order=(dated,),
        currency=currency,
        amount=amount,
        destination_id=str(head.get("IntegrationId__NS") or ""),
        data=data,
        customer=str(data.account.get("IntegrationId__NS") or ""),
        base=booking.base(currency),
        date=dated,
        customer_name=named_account(data.account),
    )


def results_of(written: Iterable[Written]) -> dict[str, MarkResult]:
    """What Zuora made of marks, by id."""
    return {w.id: result_of(w) for w in written}


def result_of(written: Written) -> MarkResult:
    """What Zuora made of a mark; with advice where a person has to do something about a refusal."""
    return MarkResult(written.ok, written.code, written.message, "" if written.passing else written.advice)
