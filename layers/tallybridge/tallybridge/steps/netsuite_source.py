"""What the steps from NetSuite to Zuora share: selection by SuiteQL, look-up by Integration ID, status writes on NetSuite records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.errors import LoginRefused, ServiceError
from tallybridge.netsuite.suiteql import MAX_PAGES, PAGE
from tallybridge.steps.base import SyncStep
from tallybridge.steps.writers import ZuoraWriter
from tallybridge.sync.step import Candidate, Counterpart, Mark, MarkResult, SourceRecord, Writer

STATUS_WRITERS = 8
"""NetSuite records marked at once; the client's slots limit them further."""
INTEGRATION_ID = "IntegrationId__NS"
MAX_WINDOWS = 10_000
"""Windows of 100,000 rows in one selection."""

Row = dict[str, str]


@dataclass(frozen=True)
class SuiteSelection:
    """Which NetSuite records a step takes, said once and asked three ways: how many, which, and what they hold now.

    `source` names the tables, the record's own row as `t`; `where` are conditions that must all hold, with `params` for their `?` in
    order; `columns` are "expression AS name" to be read of each record beside `id`; `group` is the expression whose equal values are
    written in order. Dates must be wrapped in TO_CHAR (api-netsuite.md section 5).
    """

    source: str
    where: tuple[str, ...]
    columns: tuple[str, ...]
    params: tuple[str, ...] = ()
    group: str = ""

    def count_sql(self) -> str:
        return f"SELECT COUNT(*) AS n FROM {self.source} WHERE {self._conditions()}"

    def window_sql(self) -> str:
        """Ids and groups after (group, id) = the last two parameters, in that order."""
        grp = f"NVL(TO_CHAR({self.group}), ' ')" if self.group else "' '"
        after = f"({grp} > ? OR ({grp} = ? AND t.id > ?))"
        return f"SELECT t.id, {grp} AS grp FROM {self.source} WHERE {self._conditions()} AND {after} ORDER BY {grp}, t.id"

    def rows_sql(self) -> str:
        """The records of some ids, as far as they still qualify."""
        return f"SELECT t.id, {', '.join(self.columns)} FROM {self.source} WHERE {self._conditions()} AND t.id IN {{in}}"

    def _conditions(self) -> str:
        return " AND ".join(f"({c})" for c in self.where)


@dataclass
class NetSuiteData:
    """A NetSuite record as selected: `row` by column name, and whatever its step adds."""

    row: Row
    more: dict[str, Any] = field(default_factory=dict)


class NetSuiteToZuora(SyncStep):
    """Base of the steps that read NetSuite and write Zuora. `object` is the REST record type that carries the status."""

    direction = "NetSuite -> Zuora"
    system = "netsuite"
    destination_system = "Zuora"
    zuora_object: str
    """The Zuora object that carries the NetSuite id in Integration ID, by its ZOQL name."""
    amount_field = "Amount"

    # -- selection ---------------------------------------------------------------------------------------------------

    def selection(self) -> SuiteSelection:
        """Which records to take. Each step says; it may use `self.reference`."""
        raise NotImplementedError

    def label_field(self, label: str, *, line: bool = False) -> str:
        """The script id of a Zuora field on the step's record type, as SuiteQL and REST know it."""
        return self.reference.custom(self.object, label, line=line)

    def waiting_work(self) -> int:
        selection = self.selection()
        rows = list(self.context.netsuite.suiteql(selection.count_sql(), selection.params))
        return int(rows[0].get("n", 0)) if rows else 0

    def select(self) -> Iterator[Candidate]:
        """Candidates in the order (group, id), in windows of as many rows as NetSuite gives for one query."""
        selection, last = self.selection(), ("", "0")
        for _ in range(MAX_WINDOWS):
            params = [*selection.params, last[0], last[0], last[1]]
            number = 0
            for row in self._window(selection, params):
                number += 1
                last = (row.get("grp", " "), row["id"])
                yield Candidate(row["id"], row.get("grp", "").strip())
            if number < PAGE * MAX_PAGES:
                return

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

    # -- destination -------------------------------------------------------------------------------------------------

    def writer(self) -> Writer:
        return ZuoraWriter(self.context.zuora, self.context.run_id)

    def in_zuora(self, keys: Sequence[str], fields: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
        """Zuora records of the step's object by their Integration ID."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.context.source.by_field(self.zuora_object, INTEGRATION_ID, keys, (INTEGRATION_ID, *fields)):
            found.setdefault(str(row[INTEGRATION_ID]), []).append(row)
        return found

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts by Integration ID, with the fields the step asks for in `counterpart_fields`."""
        found = self.in_zuora([r.id for r in records], (self.amount_field, *self.counterpart_fields()))
        return {source_id: [self._counterpart(row) for row in rows] for source_id, rows in found.items()}

    def counterpart_fields(self) -> tuple[str, ...]:
        return ()

    def _counterpart(self, row: Mapping[str, Any]) -> Counterpart:
        amount = row.get(self.amount_field)
        return Counterpart(str(row["Id"]), Decimal(amount) if amount is not None else None, row)

    def amounts(self, destination_ids: Sequence[str]) -> dict[str, Decimal]:
        rows = self.context.source.reread(self.zuora_object, destination_ids, (self.amount_field,))
        return {i: Decimal(row[self.amount_field]) for i, row in rows.items() if row.get(self.amount_field) is not None}

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Decimal | None]]:
        if not self.transaction:
            for source_id, rows in self.in_zuora(source_ids, ()).items():
                yield from ((source_id, None) for _ in rows)
            return
        for source_id, rows in self.in_zuora(source_ids, (self.amount_field,)).items():
            for row in rows:
                amount = row.get(self.amount_field)
                yield source_id, Decimal(amount) if amount is not None else None

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """One PATCH per record, several at a time."""

        def write(mark: Mark) -> tuple[str, MarkResult]:
            try:
                self.context.netsuite.update(self.object, mark.record.id, self.mark_body(mark))
            except LoginRefused:
                raise
            except ServiceError as error:
                return mark.record.id, MarkResult(False, error.code, error.message)
            return mark.record.id, MarkResult(True)

        with ThreadPoolExecutor(max_workers=STATUS_WRITERS) as pool:
            return dict(pool.map(write, marks))

    def mark_body(self, mark: Mark) -> dict[str, Any]:
        """The fields of a mark by script id."""
        return {self.label_field(label): value for label, value in self.mark_fields(mark).items()}

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        """The fields of a mark by label; NetSuite has no Transferred to Accounting."""
        fields: dict[str, Any] = {}
        if mark.status is not None:
            fields["Zuora Integration Status"] = mark.status
        if mark.destination_id:
            fields["Zuora ID"] = mark.destination_id
        if mark.synced_at:
            fields["Zuora Sync Date"] = mark.synced_at
        return fields
