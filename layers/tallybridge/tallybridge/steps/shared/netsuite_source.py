"""What the steps from NetSuite to Zuora share: selection by SuiteQL, look-up by Integration ID, status writes on NetSuite records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge.errors import ConfigurationError, LoginRefused, ServiceError
from tallybridge.netsuite.suiteql import MAX_PAGES, PAGE
from tallybridge.steps.settling.applications import Application, applications
from tallybridge.steps.shared.base import SyncStep
from tallybridge.steps.shared.reference import load_reference
from tallybridge.steps.shared.writers import ZuoraWriter
from tallybridge.sync.step import Candidate, Counterpart, Mark, MarkResult, Request, SourceRecord, Writer

STATUS_WRITERS = 8
"""NetSuite records marked at once; the client's slots limit them further."""
INTEGRATION_ID = "IntegrationId__NS"
MAX_WINDOWS = 10_000
"""Windows of 100,000 rows in one selection."""
STATUS = "Zuora Integration Status"
MOMENT = "YYYY-MM-DD HH24:MI:SS"
MODIFIED = f"TO_CHAR(t.lastmodifieddate, '{MOMENT}')"
"""When a record was changed last, in NetSuite's own time zone: to be compared with values of this expression alone."""
ZUORA_COMMENT_LIMIT = 255

Row = dict[str, str]


@dataclass(frozen=True)
class SuiteSelection:
    """Which NetSuite records a step takes, said once and asked four ways: how many, which, some by id, and what they hold now.

    `source` names the tables, the record's own row as `t`; `where` are conditions that must all hold, with `params` for their `?` in
    order; `columns` are "expression AS name" to be read of each record beside `id`; `group` is the expression whose equal values are
    written in order. Dates must be wrapped in TO_CHAR (api-netsuite.md section 5).

    `due` narrows how many and which, with `due_params`, but is not asked again of records that were selected: "not synced, or modified
    since the watermark". Records of the watermark's retry list need not meet it either.

    `rules` choose what is new; a record that was synced (`followed` says so) is taken whatever the rules say. The parameters of the
    rules come after those of `where` in `params`.
    """

    source: str
    where: tuple[str, ...]
    columns: tuple[str, ...]
    params: tuple[str, ...] = ()
    group: str = ""
    due: str = ""
    due_params: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    followed: str = ""

    def count_sql(self) -> str:
        return f"SELECT COUNT(*) AS n FROM {self.source} WHERE {self._due_conditions()}"

    def window_sql(self) -> str:
        """Ids, groups and moments of change after (group, id): the last three parameters are group, group, id."""
        after = f"({self._grp()} > ? OR ({self._grp()} = ? AND t.id > ?))"
        return f"{self._heads()} WHERE {self._due_conditions()} AND {after} ORDER BY {self._grp()}, t.id"

    def heads_sql(self) -> str:
        """The same of some ids, whether they are due or not."""
        return f"{self._heads()} WHERE {self._conditions()} AND t.id IN {{in}}"

    def rows_sql(self) -> str:
        """The records of some ids, as far as they still qualify."""
        return f"SELECT t.id, {', '.join(self.columns)} FROM {self.source} WHERE {self._conditions()} AND t.id IN {{in}}"

    def qualifying_sql(self) -> str:
        """Which of some ids the rules for new records would choose."""
        return f"SELECT t.id FROM {self.source} WHERE {_all_of((*self.where, *self.rules))} AND t.id IN {{in}}"

    def due_values(self) -> list[str]:
        """The parameters of `count_sql`, and of `window_sql` before its last three."""
        return [*self.params, *self.due_params]

    def _heads(self) -> str:
        return f"SELECT t.id, {self._grp()} AS grp, {MODIFIED} AS modified FROM {self.source}"

    def _grp(self) -> str:
        return f"NVL(TO_CHAR({self.group}), ' ')" if self.group else "' '"

    def _conditions(self) -> str:
        if not self.followed:
            return _all_of((*self.where, *self.rules))
        return _all_of((*self.where, f"({_all_of(self.rules)}) OR ({self.followed})"))

    def _due_conditions(self) -> str:
        return f"{self._conditions()} AND ({self.due})" if self.due else self._conditions()


def _all_of(conditions: tuple[str, ...]) -> str:
    return " AND ".join(f"({c})" for c in conditions)


class NetSuiteToZuora(SyncStep):
    """Base of the steps that read NetSuite and write Zuora. `object` is the REST record type that carries the status."""

    direction = "NetSuite -> Zuora"
    system = "netsuite"
    destination_system = "Zuora"
    zuora_object: str
    """The Zuora object that carries the NetSuite id in Integration ID, by its ZOQL name."""
    amount_field = "Amount"
    undone: tuple[str, ...] = ()
    """Values of `Status` of Zuora records that no longer count: cancelled ones keep the Integration ID."""

    # -- selection ---------------------------------------------------------------------------------------------------

    def selection(self) -> SuiteSelection:
        """Which records to take. Each step says; it may use `self.label_field` and `self.reference`."""
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
                advice="Create the field in NetSuite, or name it in the setting field_map; then run `tallybridge doctor`.",
            )
        return name

    def waiting_work(self) -> int:
        """Two or three calls: the fields of the record types, whose script ids the query needs, and the count."""
        self._read_fields()
        selection = self.counted()
        rows = list(self.context.netsuite.suiteql(selection.count_sql(), selection.due_values()))
        return int(rows[0].get("n", 0)) + len(self.again()) if rows else 0

    def counted(self) -> SuiteSelection:
        """What `waiting_work` counts, where that is less than `selection`."""
        return self.selection()

    def _read_fields(self) -> None:
        """Fields of record types, where the run's reference tables have not been loaded yet."""
        missing = [n for n in self.needs if n.startswith("fields:") and n.removeprefix("fields:") not in self.reference.fields]
        if missing:
            found = load_reference(self.context.netsuite, _NoShelf(), missing, self.settings.field_map)
            self.reference.fields |= found.fields
            self.reference.overrides = found.overrides

    def again(self) -> tuple[str, ...]:
        """Ids to look at although they are not due: those held since the watermark has moved past them."""
        return self.context.retry if self.selection().due else ()

    def select(self) -> Iterator[Candidate]:
        """Candidates in the order (group, id); then those of `again`."""
        return self.candidates(self.selection())

    def candidates(self, selection: SuiteSelection) -> Iterator[Candidate]:
        """The candidates of a selection, in windows of as many rows as NetSuite gives for one query; then those of `again` that meet it."""
        last, again = ("", "0"), set(self.again())
        for _ in range(MAX_WINDOWS):
            params = [*selection.due_values(), last[0], last[0], last[1]]
            number = 0
            for row in self._window(selection, params):
                number += 1
                last = (row.get("grp", " "), row["id"])
                if row["id"] not in again:
                    yield _candidate(row)
            if number < PAGE * MAX_PAGES:
                break
        held = self.context.netsuite.suiteql_in(selection.heads_sql(), sorted(again), selection.params)
        yield from map(_candidate, sorted(held, key=lambda row: (row.get("grp", ""), row["id"])))

    def _window(self, selection: SuiteSelection, params: Sequence[str]) -> Iterator[Row]:
        for number, row in enumerate(self.context.netsuite.suiteql(selection.window_sql(), params), start=1):
            yield row
            if number == PAGE * MAX_PAGES:
                return

    def reread(self, candidates: Sequence[Candidate]) -> list[Row]:
        """The rows of the candidates that still qualify, as they are now."""
        selection = self.selection()
        ids = [c.id for c in candidates]
        rows = {row["id"]: row for row in self.context.netsuite.suiteql_in(selection.rows_sql(), ids, selection.params)}
        return [rows[i] for i in ids if i in rows]

    def applications(self, ids: Sequence[str]) -> dict[str, list[Application]]:
        """What transactions are applied to, by transaction, one entry per link: one call per 1,000."""
        return applications(self.context.netsuite, ids, self.label_field("Zuora ID"), self.label_field("Zuora Type"))

    def not_complete(self) -> str:
        """The condition that a record is not synced yet and not set aside: statuses are compared as `normal_status` does. No other text
        has either word in it."""
        status = f"LOWER(NVL(t.{self.label_field(STATUS)}, ' '))"
        return f"{status} NOT LIKE '%complete%' AND {status} NOT LIKE '%ignore%'"

    def not_ignored(self) -> str:
        """The condition that a person has not set the record aside."""
        return f"LOWER(NVL(t.{self.label_field(STATUS)}, ' ')) NOT LIKE '%ignore%'"

    def says_yes(self, label: str) -> str:
        """The condition that a Yes/No field says yes, be it a check box or a list (custom-fields.md F5)."""
        return f"UPPER(NVL(BUILTIN.DF(t.{self.label_field(label)}), ' ')) IN ('T', 'YES', 'TRUE')"

    def modified_since_watermark(self) -> tuple[str, tuple[str, ...]]:
        """The condition that NetSuite changed the record after the watermark, and its parameter."""
        since = self.context.watermark[:19].replace("T", " ") or "1970-01-01 00:00:00"
        return f"t.lastmodifieddate > TO_TIMESTAMP(?, '{MOMENT}')", (since,)

    def transaction_record(self, data: Any, amount: Decimal, currency: str, destination_id: str) -> SourceRecord:
        """The source record of a transaction: `data` has its `row`."""
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
        )

    # -- destination -------------------------------------------------------------------------------------------------

    def writer(self) -> Writer:
        return ZuoraWriter(self.context.zuora, self.context.run_id)

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
        amount = row.get(self.amount_field) if self.transaction else None
        return Counterpart(str(row["Id"]), Decimal(amount) if amount is not None else None, row)

    def amounts(self, destination_ids: Sequence[str]) -> dict[str, Decimal]:
        if not self.transaction:
            return {}
        rows = self.context.source.reread(self.zuora_object, destination_ids, (self.amount_field,))
        return {i: Decimal(row[self.amount_field]) for i, row in rows.items() if row.get(self.amount_field) is not None}

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Decimal | None]]:
        for source_id, rows in self.in_zuora(source_ids, (self.amount_field,) if self.transaction else ()).items():
            for row in filter(self.counts, rows):
                amount = row.get(self.amount_field) if self.transaction else None
                yield source_id, Decimal(amount) if amount is not None else None

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """One PATCH per record, several at a time."""

        def write(mark: Mark) -> tuple[str, MarkResult]:
            return mark.record.id, self.patch(self.object, mark.record.id, self.mark_body(mark), mark.record.number)

        with ThreadPoolExecutor(max_workers=STATUS_WRITERS) as pool:
            return dict(pool.map(write, marks))

    def patch(self, record_type: str, internal_id: str, body: Mapping[str, Any], name: str = "") -> MarkResult:
        """Fields of one NetSuite record; a refusal is a result."""
        try:
            self.context.netsuite.update(record_type, internal_id, body, record=name or internal_id)
        except LoginRefused:
            raise
        except ServiceError as error:
            return MarkResult(False, error.code, error.message)
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


class _NoShelf:
    """Keeps nothing: the run's own reference files are written when there is work."""

    def has(self, name: str) -> bool:
        return False

    def read_json(self, name: str) -> Any:
        raise KeyError(name)

    def write_json(self, name: str, value: Any) -> str:
        return name


def _candidate(row: Row) -> Candidate:
    return Candidate(row["id"], row.get("grp", "").strip(), {"updated": row.get("modified", "")})
