"""What the steps from NetSuite to Zuora share: selection by SuiteQL, look-up by Integration ID, status writes on NetSuite records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from tallybridge.clock import EPOCH, utc_moment
from tallybridge.errors import ConfigurationError, LoginRefused, Refused, ServiceError
from tallybridge.netsuite.suiteql import MAX_ROWS
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.shared import problems
from tallybridge.steps.shared.applications import Application, applications
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import base_currency
from tallybridge.steps.shared.fitting import with_remarks
from tallybridge.steps.shared.marks_together import MarksTogether
from tallybridge.steps.shared.netsuite_left_out import SuiteLeftOut
from tallybridge.steps.shared.reference import FIELD_ADVICE, load_reference
from tallybridge.steps.shared.suite_selection import MODIFIED, MOMENT, NO_GROUP, SuiteSelection
from tallybridge.steps.shared.sync_step import DUE, LEFT_OUT, Count, digest, sync_dates
from tallybridge.steps.shared.texts import named_account
from tallybridge.steps.shared.writers import SYNC_DATE, ZuoraWriter
from tallybridge.sync.held import Held
from tallybridge.sync.runlog import LeftOut
from tallybridge.sync.step import (
    Bulk,
    Candidate,
    Counterpart,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    Writer,
    is_complete,
    normal_status,
)

STATUS_WRITERS = 8
"""NetSuite records marked at once; the client's slots limit them further."""
INTEGRATION_ID = "IntegrationId__NS"
MAX_WINDOWS = 10_000
"""Windows of 100,000 rows in one selection."""
STATUS = "Zuora Integration Status"
ZUORA_COMMENT_LIMIT = 255

Row = dict[str, str]


class NetSuiteToZuora:
    """A step that reads NetSuite and writes Zuora, see `SyncStep`: each says `selection`, `refresh` and `plan`. `object` is the REST record
    type that carries the status."""

    name: str
    title: str
    object: str
    object_label: str
    destination: str
    code: str
    direction = "NetSuite -> Zuora"
    system = "netsuite"
    destination_system = "Zuora"
    transaction = True
    chunk = 100
    marks_at_once = 50
    needs: tuple[str, ...] = ()
    follows_changes = False
    zuora_object: str
    """The Zuora object that carries the NetSuite id in Integration ID, by its ZOQL name."""
    amount_field = "Amount"
    table = "transaction"
    """SuiteQL table of the source records."""
    undone: tuple[str, ...] = ()
    """Values of `Status` of Zuora records that no longer count: cancelled ones keep the Integration ID."""
    cuts: ClassVar[Mapping[str, int]] = {}
    """Columns of a record whose texts are cut to what Zuora takes, in characters."""
    own_columns = frozenset({"status", "zuoraid", "synced", "modified"})
    """Columns of a selection that the connector's own writes change."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.settings = context.settings
        self.reference = context.reference
        if self.transaction and not self.settings.netsuite_multiple_currencies:
            self.needs = (*self.needs, "currency")  # to tell which one its amounts are in
        self.together = MarksTogether(context)
        if self.settings.netsuite_batch_requests == "off":
            self.marks_at_once = 1

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        return Behavior.NEW_ONLY

    @cached_property
    def _sync_dates(self) -> frozenset[str]:
        return sync_dates(self.reference)

    def is_sync_date(self, name: str) -> bool:
        return name.startswith(SYNC_DATE) or name in self._sync_dates

    # -- selection ---------------------------------------------------------------------------------------------------

    def selection(self) -> SuiteSelection:
        """Which records to take. Each step says; it may use `self.label_field` and `self.reference`."""
        raise NotImplementedError

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        """The candidates as they are now; those that no longer qualify are left out. Each step says."""
        raise NotImplementedError

    def label_field(self, label: str, record_type: str = "", *, line: bool = False) -> str:
        """The script id of a Zuora field, as SuiteQL and REST know it. `record_type`: the step's own if left out. Raises
        `ConfigurationError` FIELD-MISSING when the account lacks it."""
        record_type = record_type or self.object
        name = self.reference.custom(record_type, label, line=line)
        if not self.reference.has_field(record_type, name, line=line):
            raise ConfigurationError(
                f'NetSuite {record_type} is missing field "{label}" ({name}).',
                place=name,
                code="FIELD-MISSING",
                advice=FIELD_ADVICE,
            )
        return name

    def customer_id(self, label: str) -> str:
        """The Zuora account id: the field sourced from the customer `c`, which may be empty on older records, else the customer's own."""
        of_customer = f"c.{self.label_field('Zuora ID', 'customer')}"
        name = self.reference.custom(self.object, label)
        return f"NVL(t.{name}, {of_customer})" if self.reference.has_field(self.object, name) else of_customer

    def waiting_work(self, counted: int | None = None) -> int:
        """Two or three calls where it is to be counted: the fields of the record types, whose script ids the query needs, and the count."""
        if counted is None:
            count = self.to_count()[DUE]
            counted = sum(int(row.get("n", 0)) for row in self.context.netsuite.suiteql(count.sql, count.params))
        return counted + len(self.context.retry)

    def to_count(self) -> Mapping[str, Count]:
        self.read_fields()
        selection, told = self.selection(), self.told()
        due = {DUE: Count(selection.count_sql(), tuple(selection.due_values()))}
        return due | ({LEFT_OUT: Count(told.count_sql(), told.params)} if told else {})

    def told(self) -> SuiteLeftOut | None:
        """The rules for new records that say so when they leave some out; None without such a rule."""
        return None

    def left_out(self) -> list[LeftOut]:
        self.read_fields()
        told = self.told()
        return told.ask(self.context.netsuite, self.name, self.object) if told else []

    def left_out_sql(self) -> str:
        """Not asked that way."""
        return ""

    def left_out_rows(self, rows: Iterable[Mapping[str, Any]]) -> list[LeftOut]:
        return []

    def read_fields(self) -> None:
        """Fields of record types, where the run's reference tables have not been loaded yet."""
        missing = [n for n in self.needs if n.startswith("fields:") and n.removeprefix("fields:") not in self.reference.fields]
        if missing:
            found = load_reference(self.context.netsuite, self.context.shelf, missing, self.settings.field_map)
            self.reference.fields |= found.fields
            self.reference.overrides = found.overrides

    def again(self) -> tuple[str, ...]:
        """Ids to look at although they are not due: those that are held."""
        return self.context.retry if self.selection().due else ()

    def select(self) -> Iterator[Candidate]:
        """Candidates in the order (group, id); then those of `again`."""
        return self.candidates(self.selection())

    def candidates(self, selection: SuiteSelection) -> Iterator[Candidate]:
        """The candidates of a selection, in windows of as many rows as NetSuite gives for one query; then those of `again` that meet it."""
        last, again = (NO_GROUP, "0"), set(self.again())
        for _ in range(MAX_WINDOWS):
            params = [*selection.due_values(), last[0], last[0], last[1]]
            number = 0
            for row in self._window(selection, params):
                number += 1
                last = (row.get("grp", NO_GROUP), row["id"])
                if row["id"] not in again:
                    yield _candidate(row)
            if number < MAX_ROWS:
                break
        held = self.context.netsuite.suiteql_in(selection.heads_sql(), sorted(again), selection.params)
        yield from map(_candidate, sorted(held, key=lambda row: (row.get("grp", ""), row["id"])))

    def _window(self, selection: SuiteSelection, params: Sequence[str]) -> Iterator[Row]:
        for number, row in enumerate(self.context.netsuite.suiteql(selection.window_sql(), params), start=1):
            yield row
            if number == MAX_ROWS:
                return

    def reread(self, candidates: Sequence[Candidate]) -> list[Row]:
        """The rows of the candidates that still qualify, as they are now."""
        selection = self.selection()
        ids = [c.id for c in candidates]
        rows = {row["id"]: row for row in self.context.netsuite.suiteql_in(selection.rows_sql(), ids, selection.params)}
        return [rows[i] for i in ids if i in rows]

    def qualifying(self, rows: Iterable[Row]) -> set[str]:
        """Which of the records that are not complete the rules for new records would choose: one call, where there is one that was tried
        before."""
        rows = list(rows)
        sent = {row["id"] for row in rows if normal_status(row.get("status")) or row.get("zuoraid")}
        tried = [row["id"] for row in rows if row["id"] in sent and not is_complete(row.get("status"))]
        selection = self.selection()
        chosen = {row["id"] for row in self.context.netsuite.suiteql_in(selection.qualifying_sql(), tried, selection.params)}
        return chosen | {row["id"] for row in rows if row["id"] not in sent}

    def applications(self, ids: Sequence[str]) -> dict[str, list[Application]]:
        """What transactions are applied to, by transaction, one entry per link: one call per 1,000."""
        return applications(self.context.netsuite, ids, self.label_field("Zuora ID"), self.label_field("Zuora Type"))

    def not_complete(self) -> str:
        """The condition that a record is not synced yet and not set aside: statuses are compared as `normal_status` does. No other text
        has either word in it."""
        status = f"LOWER(NVL(t.{self.label_field(STATUS)}, ' '))"
        return f"{status} NOT LIKE '%complete%' AND {status} NOT LIKE '%ignore%'"

    def not_done(self) -> str:
        """The condition that a record is not synced yet, be it set aside or not."""
        return f"LOWER(NVL(t.{self.label_field(STATUS)}, ' ')) NOT LIKE '%complete%'"

    def not_ignored(self) -> str:
        """The condition that a person has not set the record aside."""
        return f"LOWER(NVL(t.{self.label_field(STATUS)}, ' ')) NOT LIKE '%ignore%'"

    def was_sent(self) -> str:
        """The condition that the connector has sent the record, or has tried to: it is followed, whatever it looks like now."""
        status, zuora_id = self.label_field(STATUS), self.label_field("Zuora ID")
        origin = self.reference.custom(self.object, "Zuora Origin")
        born_here = f" OR NVL(t.{origin}, ' ') = 'NETSUITE'" if self.reference.has_field(self.object, origin) else ""
        under_way = f"LOWER(NVL(t.{status}, ' ')) LIKE '%creating%' OR LOWER(NVL(t.{status}, ' ')) LIKE '%updating%'"
        return f"(t.{zuora_id} IS NOT NULL AND (t.{status} IS NOT NULL{born_here})) OR {under_way}"

    def says_yes(self, label: str) -> str:
        """The condition that a Yes/No field says yes, be it a check box or a list (custom-fields.md F5)."""
        return f"UPPER(NVL(BUILTIN.DF(t.{self.label_field(label)}), ' ')) IN ('T', 'YES', 'TRUE')"

    # -- changes -----------------------------------------------------------------------------------------------------

    def modified_lately(self) -> tuple[str, tuple[str, ...]]:
        """The condition that NetSuite changed the record since the moment from which changes are looked at, and its parameter."""
        since = (self.context.since or EPOCH)[:19].replace("T", " ")
        return f"t.lastmodifieddate >= TO_TIMESTAMP(?, '{MOMENT}')", (since,)

    def moments(self, ids: Sequence[str]) -> dict[str, str]:
        q = f"SELECT t.id, {MODIFIED} AS modified FROM {self.table} t WHERE t.id IN {{in}}"
        return {row["id"]: utc_moment(row.get("modified")) for row in self.context.netsuite.suiteql_in(q, ids)}

    def now_at_source(self) -> str:
        """NetSuite's latest change of such a record, since its queries tell time in the account's own zone."""
        self.read_fields()
        selection = self.selection()
        q = selection.latest_sql()
        rows = list(self.context.netsuite.suiteql(q, selection.params[: q.count("?")]))
        return utc_moment(rows[0].get("latest")) if rows else ""

    def state(self, row: Mapping[str, Any], *more: Any) -> str:
        """A digest of what a record contains, without what the connector writes, and of what belongs to it."""
        return digest(sorted((name, value) for name, value in row.items() if name not in self.own_columns), *more)

    def transaction_record(self, data: Any, amount: Decimal, currency: str, destination_id: str, state: str = "") -> SourceRecord:
        """The source record of a transaction: `data` has its `row`; `state` is a digest of its content where changes are followed."""
        row: Row = data.row
        return SourceRecord(
            id=row["id"],
            number=row.get("tranid") or row["id"],
            status=row.get("status", ""),
            group=row.get("entity", ""),
            order=(row.get("trandate", ""),),
            currency=currency,
            amount=amount,
            destination_id=destination_id,
            data=data,
            modified=utc_moment(row.get("modified")),
            state=state,
            customer=row.get("account", ""),
            base=self.base_of(currency),
            date=row.get("trandate", ""),
            customer_name=row.get("customername") or named_account(getattr(data, "account", {})),
        )

    def base_of(self, currency: str) -> str:
        """NetSuite's base currency, where it uses that alone while the amount is another currency's in Zuora; else ""."""
        base = "" if self.settings.netsuite_multiple_currencies else base_currency(self.context)
        return base if base != currency else ""

    # -- destination -------------------------------------------------------------------------------------------------

    def writer(self) -> Writer:
        return ZuoraWriter(self.context.zuora)

    def bulk(self) -> Bulk | None:
        """Zuora has no such jobs."""
        return None

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """What to do with a record. Pure. Each step says."""
        raise NotImplementedError

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        """Of steps that add to or take from what is there."""
        return {}

    def explained(self, refused: Mapping[str, tuple[SourceRecord, Write, Refused]]) -> dict[str, Problem]:
        """Zuora's own words do."""
        return {}

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """Of steps that write more in NetSuite than the record's own mark."""
        return {}

    def in_zuora(self, keys: Sequence[str], fields: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
        """Zuora records of the step's object by their Integration ID, undone ones among them."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        status = ("Status",) if self.undone else ()
        for row in self.context.source.by_field(self.zuora_object, INTEGRATION_ID, keys, (INTEGRATION_ID, *status, *fields)):
            found.setdefault(str(row[INTEGRATION_ID]), []).append(row)
        return found

    def counts(self, row: Mapping[str, Any]) -> bool:
        """Whether a Zuora record still counts: it was not cancelled."""
        return str(row.get("Status") or "") not in self.undone

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts by Integration ID, undone ones too, with the fields the step asks for in `counterpart_fields`."""
        amount = (self.amount_field,) if self.transaction else ()
        found = self.in_zuora([r.id for r in records], (*amount, *self.counterpart_fields()))
        return {source_id: [self._counterpart(row) for row in rows] for source_id, rows in found.items()}

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """The record's counterparts that still count. Steps that create several records say more."""
        return [c for c in NetSuiteToZuora.find(self, [record]).get(record.id, []) if self.counts(c.record)]

    def counterpart_fields(self) -> tuple[str, ...]:
        return ()

    def _counterpart(self, row: Mapping[str, Any]) -> Counterpart:
        """Of a row that was found by its Integration ID."""
        held = self.held_in(row) if self.transaction else Held()
        return Counterpart(str(row["Id"]), held.amount, row, own=True, customer=held.customer)

    def taken(self, targets: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """Zuora records that carry another Integration ID, and those that carry none but that several NetSuite records name: one call, and
        one in NetSuite where some carry none."""
        rows = self.context.source.reread(self.zuora_object, {target for _, target in targets.values()}, (INTEGRATION_ID,))
        owner_of = {i: str(row.get(INTEGRATION_ID) or "") for i, row in rows.items()}
        found = {}
        for i, (record, target) in targets.items():
            owner = owner_of.get(target, "")
            if owner not in ("", i):
                names = (f"{self.object_label} {record.number}", f"Zuora {self.destination} {target}", f"NetSuite {self.object} {owner}")
                found[i] = problems.taken(self.code, *names, "the field Integration ID")
        return found | self.named_twice({i: of for i, of in targets.items() if owner_of.get(of[1]) == ""})

    def named_twice(self, unowned: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """Records whose Zuora ID is that of others, too."""
        named = {i: target for i, (record, target) in unowned.items() if record.destination_id == target}
        others: dict[str, list[str]] = {}
        q = f"SELECT id, {self.label_field('Zuora ID')} AS zuoraid FROM {self.table} WHERE {self.label_field('Zuora ID')} IN {{in}}"
        for row in self.context.netsuite.suiteql_in(q, sorted(named.values())) if named else ():
            others.setdefault(row["zuoraid"], []).append(row["id"])
        found = {}
        for i, target in named.items():
            if beside := [f"NetSuite {self.object} {other}" for other in others.get(target, ()) if other != i]:
                label = f"{self.object_label} {unowned[i][0].number}"
                found[i] = problems.named_twice(self.code, label, f"Zuora {self.destination} {target}", beside)
        return found

    def held(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        """What Zuora holds, by its id; nothing of records that no longer count. Currencies are read when the totals are compared."""
        if not self.transaction:
            return {}
        status = ("Status",) if self.undone else ()
        rows = self.context.source.reread(self.zuora_object, destination_ids, (self.amount_field, "AccountId", *status))
        counting = {i: row for i, row in rows.items() if self.counts(row) and row.get(self.amount_field) is not None}
        return {i: self.held_in(row) for i, row in counting.items()}

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        return None

    def there(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        if not self.transaction:
            return dict.fromkeys(self.context.source.reread(self.zuora_object, destination_ids, (INTEGRATION_ID,)), Held())
        held = self.held(destination_ids)
        currencies = self.currencies_in_zuora(list(held))
        return {i: replace(each, currency=currencies.get(i, "")) for i, each in held.items()}

    def held_in(self, row: Mapping[str, Any], currency: str = "") -> Held:
        """What a Zuora record says of itself."""
        amount = row.get(self.amount_field)
        return Held(Decimal(amount) if amount is not None else None, currency, str(row.get("AccountId") or ""))

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        found = self.in_zuora(source_ids, (self.amount_field, "AccountId") if self.transaction else ())
        counting = [(i, row) for i, rows in found.items() for row in rows if self.counts(row)]
        currencies = self.currencies_in_zuora([str(row["Id"]) for _, row in counting]) if self.transaction else {}
        for source_id, row in counting:
            yield source_id, self.held_in(row, currencies.get(str(row["Id"]), "")) if self.transaction else Held()

    def currencies_in_zuora(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The currencies that Zuora records state as their own; nothing where it is the account's alone."""
        return {}

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """The step's plan, with a remark on each text that Zuora does not take whole."""
        plan = self.plan(record, found)
        return with_remarks(plan, [self._cut(record, *of) for of in self.cuts.items() if len(record.data.row.get(of[0]) or "") > of[1]])

    def _cut(self, record: SourceRecord, column: str, limit: int) -> Problem:
        text = f"{self.object_label} {record.number}: {column} was cut to {limit} characters, Zuora takes no more."
        return Problem(f"{self.code}-CUT", text, "Shorten the text in NetSuite if the rest matters.")

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """As `patch_all`."""
        return self.patch_all(self.object, self.table, {m.record.id: (self.mark_body(m), m.record.number) for m in marks})

    def patch_all(self, record_type: str, table: str, records: Mapping[str, tuple[Mapping[str, Any], str]]) -> dict[str, MarkResult]:
        """Fields of NetSuite records, by id with what people call them; `table` is theirs in SuiteQL. Together where that is worth it;
        else, and where they were not seen then, one PATCH a record, several at a time."""
        bodies = {i: body for i, (body, _) in records.items()}
        together = self.together.write(record_type, table, bodies, self.reference.custom(record_type, STATUS), self.is_sync_date)

        def write(i: str) -> tuple[str, MarkResult]:
            return i, self.patch(record_type, i, *records[i])

        with ThreadPoolExecutor(max_workers=STATUS_WRITERS) as pool:
            return dict.fromkeys(together, MarkResult(True)) | dict(pool.map(write, [i for i in records if i not in together]))

    def patch(self, record_type: str, internal_id: str, body: Mapping[str, Any], name: str = "") -> MarkResult:
        """Fields of one NetSuite record; a refusal is a result."""
        try:
            self.context.netsuite.update(record_type, internal_id, body, record=name or internal_id)
        except LoginRefused:
            raise
        except ServiceError as error:
            known = isinstance(error, Refused) and error.advice != Refused.advice  # a refusal whose reason is understood
            return MarkResult(False, error.code, error.message, error.advice if known else "", final=known)
        return MarkResult(True)

    def mark_body(self, mark: Mark) -> dict[str, Any]:
        """The fields of a mark by script id."""
        return self.fields_by_label(self.object, self.mark_fields(mark))

    def fields_by_label(self, record_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by script id; a field that the account lacks is noted once and left out."""
        body = {}
        for label, value in values.items():
            name = self.reference.custom(record_type, label)
            if self.reference.has_field(record_type, name):
                body[name] = value
            else:
                self.context.dropped.add(f"{record_type}.{name}")
        return body

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        """The fields of a mark by label; NetSuite has no Transferred to Accounting."""
        fields: dict[str, Any] = {}
        if mark.status is not None:
            fields[STATUS] = mark.status
        if mark.destination_id:
            fields["Zuora ID"] = mark.destination_id
        if mark.synced_at:
            fields["Zuora Sync Date"] = mark.synced_at
        return fields


def _candidate(row: Row) -> Candidate:
    return Candidate(row["id"], row.get("grp", "").strip(), {"updated": row.get("modified", "")})


def is_void(row: Row) -> bool:
    """What a void leaves behind, by either of NetSuite's ways: no amount, or the flag where a journal reverses it."""
    return row.get("voided") == "T" or not Decimal(row.get("total", "0"))
