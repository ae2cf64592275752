"""Runs queries: keeps the tables in step with the records and gives result pages."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

from sandbox.netsuite.permissions import check_tables
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.store import Record
from sandbox.netsuite.suiteql.binds import bind
from sandbox.netsuite.suiteql.errors import search_error, unsupported
from sandbox.netsuite.suiteql.functions import Failure, install, shown
from sandbox.netsuite.suiteql.numbers import to_number
from sandbox.netsuite.suiteql.rows import RowMaker
from sandbox.netsuite.suiteql.tables import AFFINITIES, Table, tables_of
from sandbox.netsuite.suiteql.translate import account_date, translator

RESULT_ROWS = 100_000
CHECK_EVERY_STEPS = 1_000_000
MAX_CHECKS = 3_000
WARM_TABLES = frozenset({"transaction", "transactionline", "nexttransactionlinelink", "customer", "item"})


class QueryEngine:
    """SuiteQL over the records of one account.

    A table is filled when a query first reads it; from then on only rows of changed records are written again, before the next query. That
    holds as well when the account begins anew with the same fields and options.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.failure = Failure()
        self._open()

    def _open(self) -> None:
        self.connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.case = self.tenant.options.habits.query_case
        self.connection.execute(f"PRAGMA case_sensitive_like = {'ON' if self.case else 'OFF'}")
        install(self.connection, self.tenant, self.failure)
        self.tables = tables_of(self.tenant.catalog)
        self.active: set[str] = set()
        self.translate = translator(tuple(self.tables.values()), self.tenant.options.habits.status_filter == "compound")
        self.version, self.beginnings = self.tenant.catalog.version, self.tenant.catalog.beginnings
        self.opened_with = repr(self.tenant.options)
        self.maker = RowMaker(self.tenant)

    def query(self, text: str, params: list[Any], limit: int, offset: int) -> tuple[list[dict[str, str]], int]:
        """One page of a query's rows, all values as text and nulls left out, and the number of rows on all pages."""
        self._follow_catalog()
        bound = bind(text)
        if bound.count != len(params):
            raise search_error(f"The query has {bound.count} bind markers, but {len(params)} parameters were given.")
        found = self.translate(bound.text)
        check_tables(self.tenant.catalog.role, found.tables)
        found.check_lists(bound.sizes)
        self._follow(found.tables)
        sql = bound.expand(found.sql)
        dated = {n for marker in found.date_markers for n in bound.positions(marker)}
        counted = {n for marker in found.number_markers for n in bound.positions(marker)}
        values = [_value(p, n in dated, n in counted) for n, p in enumerate(params)]
        rows, names = self._run(f"SELECT * FROM ({sql}) LIMIT {limit} OFFSET {offset}", values)
        total = offset + len(rows)
        if len(rows) == limit or (offset and not rows):
            total = int(self._run(f"SELECT COUNT(*) FROM ({sql})", values)[0][0][0])
        page = [{n: shown(v) for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
        return page[: max(RESULT_ROWS - offset, 0)], min(total, RESULT_ROWS)

    def warm(self) -> None:
        """Fill the tables of entities, items and transactions now, so that the first queries need not."""
        self._follow_catalog()
        self._follow(WARM_TABLES)

    def _follow_catalog(self) -> None:
        catalog = self.tenant.catalog
        anew = self.beginnings != catalog.beginnings
        self.beginnings = catalog.beginnings
        if self.version != catalog.version or (anew and self.opened_with != repr(self.tenant.options)):
            self.connection.close()
            self._open()

    def _run(self, sql: str, values: list[Any]) -> tuple[list[tuple[Any, ...]], list[str]]:
        self.failure.text = ""
        checks = iter(range(MAX_CHECKS))
        self.connection.set_progress_handler(lambda: next(checks, None) is None, CHECK_EVERY_STEPS)
        try:
            cursor = self.connection.execute(sql, values)
            return cursor.fetchall(), [d[0].lower() for d in cursor.description]
        except (sqlite3.OperationalError, sqlite3.InterfaceError, sqlite3.ProgrammingError) as error:
            raise unsupported(self.failure.text or str(error)) from None

    def _follow(self, wanted: frozenset[str]) -> None:
        """Bring the filled tables up to date, and fill those that are read for the first time."""
        dirty = self.tenant.store.dirty
        if dirty:
            changed: dict[str, list[int]] = {}
            for group, identifier in dirty:
                changed.setdefault(group, []).append(identifier)
            self.connection.execute("BEGIN")
            for table in map(self.tables.__getitem__, self.active):
                if table.group in changed:
                    self._rewrite(table, changed[table.group])
            self.connection.execute("COMMIT")
            dirty.clear()
        for name in wanted - self.active:
            self._fill(self.tables[name])

    def _fill(self, table: Table) -> None:
        compared = "" if self.case else " COLLATE NOCASE"
        columns = ", ".join(f'"{c.name}" {AFFINITIES[c.type]}{compared}' for c in (*table.columns, *table.empty))
        self.connection.execute(f'CREATE TABLE "{table.name}" ({columns})')
        group = self.tenant.store.members(table.group)
        self.connection.execute("BEGIN")
        self._insert(table, [group[i] for i in sorted(group)])
        self.connection.execute("COMMIT")
        self.connection.execute(f'CREATE INDEX "{table.name}_owner" ON "{table.name}" ({table.owner})')
        for column in table.indexed:
            self.connection.execute(f'CREATE INDEX "{table.name}_{column}" ON "{table.name}" ("{column}")')
        self.active.add(table.name)

    def _rewrite(self, table: Table, identifiers: list[int]) -> None:
        self.connection.executemany(f'DELETE FROM "{table.name}" WHERE {table.owner} = ?', [(i,) for i in identifiers])
        group = self.tenant.store.members(table.group)
        self._insert(table, [group[i] for i in sorted(identifiers) if i in group])

    def _insert(self, table: Table, records: list[Record]) -> None:
        rows = [row for record in records for row in self.maker.rows(table, record)]
        names, places = ", ".join(f'"{c.name}"' for c in table.columns), ", ".join("?" * len(table.columns))
        self.connection.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', rows)


def _value(parameter: Any, is_date: bool, is_number: bool) -> Any:
    """A bind parameter as SQLite takes it; an empty text is null, as everywhere in Oracle."""
    if is_date and parameter is not None:
        return account_date(str(parameter))
    if parameter == "":
        return None
    if is_number and isinstance(parameter, str):
        try:
            return to_number(parameter)
        except ValueError as wrong:
            raise unsupported(str(wrong)) from None
    return float(parameter) if isinstance(parameter, Decimal) else parameter
