"""The lagging copy of the store in an embedded SQL engine, kept up to date change by change."""

from __future__ import annotations

import functools
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from itertools import chain
from typing import Any

from sandbox.zuora.models.dataquery.functions import register
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.moments import stored_moment
from sandbox.zuora.models.dataquery.translate import Translated
from sandbox.zuora.models.store import Change, Store, indexed_fields
from sandbox.zuora.schema import Field, ObjectType

AFFINITY = {"dec": "REAL", "int": "INTEGER", "bool": "INTEGER"}
GONE = "gone_"
MAX_RUN_S = 60.0
PROGRESS_STEPS = 100_000
MAX_KEPT = 500
"""Object types of one set of fields whose statements are kept for tenants that begin anew."""


def cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return stored_moment(value)
    return value


@functools.lru_cache(maxsize=MAX_KEPT)
def statements(table: str, fields: tuple[Field, ...], indexed: tuple[Field, ...]) -> tuple[str, ...]:
    """What makes the tables of an object type."""
    columns = ", ".join(map(column_definition, fields))
    tables = (f"CREATE TABLE {name} ({columns}, deleted INTEGER NOT NULL)" for name in (table, GONE + table))
    indexes = (f"CREATE INDEX {table}_{column} ON {table} ({column})" for column in map(column_name, indexed))
    return (*tables, *indexes)


@functools.lru_cache(maxsize=MAX_KEPT)
def columns_of(fields: tuple[Field, ...]) -> Mapping[str, str]:
    """The columns by the fields' names."""
    return {f.name: column_name(f) for f in fields}


@functools.lru_cache(maxsize=16)
def empty(made_by: tuple[str, ...]) -> bytes:
    """A database as some statements make it, which takes longer than most queries; tenants that begin anew have the same one."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in made_by:
            connection.execute(statement)
        return connection.serialize()
    finally:
        connection.close()


class SqlCopy:
    """Tables with lower-case names and columns. Deleted rows move to a table of their own. Only one query runs at a time."""

    def __init__(self, store: Store, kinds: Iterable[ObjectType], zone: tzinfo) -> None:
        self.store = store
        self.kinds = {kind.name: kind for kind in kinds}
        self.zone = zone
        self.lock = threading.Lock()
        fields = {name: tuple(stored_fields(kind)) for name, kind in self.kinds.items()}
        self.columns = {name: dict(columns_of(stored)) for name, stored in fields.items()}
        made_by = (statements(k.table, fields[k.name], tuple(map(k.fields.__getitem__, indexed_fields(k)))) for k in self.kinds.values())
        self.connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.connection.deserialize(empty(tuple(chain.from_iterable(made_by))))
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA case_sensitive_like = ON")
        self.faults = register(self.connection, zone)

    def add(self, kind: str, field: Field) -> None:
        """A column for a field that came later."""
        with self.lock:
            for table in (self.kinds[kind].table, GONE + self.kinds[kind].table):
                self.connection.execute(f"ALTER TABLE {table} ADD COLUMN {column_definition(field)}")
            self.columns[kind][field.name] = column_name(field)

    def rename(self, kind: str, old: Field, new: Field | None) -> None:
        """Another name for a column, or none any more."""
        change = f"DROP COLUMN {column_name(old)}" if new is None else f"RENAME COLUMN {column_name(old)} TO {column_name(new)}"
        with self.lock:
            self.catch_up()
            self.connection.execute(f"DROP INDEX IF EXISTS {self.kinds[kind].table}_{column_name(old)}")
            for table in (self.kinds[kind].table, GONE + self.kinds[kind].table):
                self.connection.execute(f"ALTER TABLE {table} {change}")
            del self.columns[kind][old.name]
            if new is not None:
                self.columns[kind][new.name] = column_name(new)

    def catch_up(self) -> None:
        """Apply the changes that are due. The last version of a record wins."""
        latest: dict[tuple[str, str], Change] = {}
        for change in self.store.due_changes():
            latest[change.kind, change.record["Id"]] = change
        groups: dict[tuple[str, bool, tuple[str, ...]], list[Change]] = defaultdict(list)
        for change in latest.values():
            if change.kind in self.kinds:
                groups[change.kind, change.deleted, tuple(change.record)].append(change)
        self.connection.execute("BEGIN")
        for (kind, deleted, names), changes in groups.items():
            self.write(kind, deleted, names, changes)
        self.connection.execute("COMMIT")

    def write(self, kind: str, deleted: bool, names: tuple[str, ...], changes: list[Change]) -> None:
        table = self.kinds[kind].table
        known = self.columns[kind]
        shown = [n for n in names if n in known]
        if deleted:
            self.connection.executemany(f"DELETE FROM {table} WHERE id = ?", [(c.record["Id"],) for c in changes])
        columns = ", ".join(known[n] for n in shown)
        marks = ", ".join("?" * len(shown))
        target = GONE + table if deleted else table
        self.connection.executemany(
            f"INSERT OR REPLACE INTO {target} ({columns}, deleted) VALUES ({marks}, {int(deleted)})",
            [[cell(c.record[n]) for n in shown] for c in changes],
        )

    def run(self, query: Translated, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a query. Raises `SqlRefused` when it fails or takes too long."""
        with self.lock:
            self.catch_up()
            end = time.monotonic() + MAX_RUN_S
            self.connection.set_progress_handler(lambda: time.monotonic() > end, PROGRESS_STEPS)
            self.faults.take()
            try:
                cursor = self.connection.execute(query.sql, query.values)
                rows = cursor.fetchmany(limit + 1)
            except sqlite3.Error as wrong:
                raise SqlRefused(self.faults.take() or f"failed to process object: {wrong}") from None
            finally:
                self.connection.set_progress_handler(None, 0)
        if len(rows) > limit:
            raise SqlRefused(f"Query exceeded the maximum number of output rows: {limit}")
        return query.names, rows


def stored_fields(kind: ObjectType) -> list[Field]:
    """Every field with a value of its own; those that Data Query does not show are there for Export ZOQL."""
    return [f for f in kind.fields.values() if f.kind != "obj"]


def column_name(field: Field) -> str:
    return field.sql or field.name.lower()


def column_definition(field: Field) -> str:
    key = " PRIMARY KEY" if field.name == "Id" else ""
    return f"{column_name(field)} {AFFINITY.get(field.kind, 'TEXT')}{key}"
