"""The one store of the tenant's objects. Every API reads and writes here; Data Query reads a copy that lags behind."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from sandbox.zuora.models.values import Record, in_milliseconds
from sandbox.zuora.schema import ObjectType, Schema
from sandbox.zuora.schema.rules import NUMBERS, VERSIONED

API_USER = "8ad08c8a8f4c1a5e018f4c3b2a190900"
ID_PREFIX = "8ad08c8a"
NUMBER_DIGITS = 8
EXTRA_INDEXES = ("IntegrationId__NS", "IntegrationId__c")


class Change(NamedTuple):
    """One stored version of a record on its way to the Data Query copy; `due` is when it becomes visible there."""

    due: float
    kind: str
    record: Record
    deleted: bool


class Store:
    """Objects by type and id, with indexes over references, numbers and integration ids.

    Stored records are never changed in place: a write stores a new dictionary, so that readers and the copy for
    Data Query may keep the old one.
    Fields that are null are absent. Callers hold `lock` around everything they do.
    """

    def __init__(self, schema: Schema, clock: Callable[[], datetime], lag_s: float) -> None:
        self.schema = schema
        self.clock = clock
        self.lag_s = lag_s
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Record]] = {name: {} for name in schema}
        self.indexed: dict[str, tuple[str, ...]] = {name: indexed_fields(kind) for name, kind in schema.items()}
        self.indexes: dict[tuple[str, str], dict[object, dict[str, None]]] = {
            (name, field): {} for name, fields in self.indexed.items() for field in fields
        }
        self.changes: deque[Change] = deque()
        self.last_id = 0
        self.last_number: dict[str, int] = {}

    def now(self) -> datetime:
        """The present moment in milliseconds, UTC."""
        return in_milliseconds(self.clock())

    def get(self, kind: str, record_id: object) -> Record | None:
        return self.tables[kind].get(record_id) if isinstance(record_id, str) else None

    def by(self, kind: str, field: str, value: object) -> list[Record]:
        """All records whose indexed field has this value, in the order they were made."""
        table = self.tables[kind]
        return [table[i] for i in self.indexes[kind, field].get(value, ())]

    def find(self, kind: str, key: str) -> Record | None:
        """A record by id or by number; of a versioned thing its newest version."""
        if (record := self.get(kind, key)) is not None:
            return record
        number = self.schema[kind].number
        matches = self.by(kind, number, key) if number else []
        return max(matches, key=lambda r: r.get("Version", 1)) if matches else None

    def all(self, kind: str) -> Iterable[Record]:
        return self.tables[kind].values()

    def insert(self, kind: str, record: Record, visible_now: bool = False) -> Record:
        """Store a new record; id, number, dates and user are filled in where they are missing."""
        now = self.now()
        number = self.schema[kind].number
        made = {k: v for k, v in record.items() if v is not None}
        if "Id" not in made:
            made["Id"] = self.new_id(kind)
        if number and number not in made:
            made[number] = self.new_number(kind)
        made.setdefault("CreatedDate", now)
        made.setdefault("CreatedById", API_USER)
        made.setdefault("UpdatedDate", made["CreatedDate"])
        made.setdefault("UpdatedById", API_USER)
        self._put(kind, made, visible_now)
        return made

    def update(self, kind: str, record_id: str, changes: Record, touch: bool = True) -> Record:
        """Store a new version of a record; None clears a field. `touch` raises the updated date and sets the user."""
        old = self.tables[kind][record_id]
        new = {**old, **changes}
        if touch:
            new["UpdatedDate"], new["UpdatedById"] = self.now(), API_USER
        for field in [f for f, v in changes.items() if v is None]:
            del new[field]
        self._unindex(kind, old)
        self._put(kind, new)
        return new

    def delete(self, kind: str, record_id: str) -> None:
        """Remove a record; Data Query keeps it as a deleted row."""
        old = self.tables[kind].pop(record_id)
        self._unindex(kind, old)
        self.changes.append(Change(self._due(), kind, {**old, "UpdatedDate": self.now()}, True))

    def new_id(self, kind: str) -> str:
        """An unused id; the same sequence in every run."""
        while True:
            self.last_id += 1
            candidate = f"{ID_PREFIX}{self.last_id:024x}"
            if candidate not in self.tables[kind]:
                return candidate

    def new_number(self, kind: str) -> str:
        """The next free number of the type, for example INV00000001."""
        field, prefix = NUMBERS[kind]
        taken = self.indexes[kind, field]
        while True:
            n = self.last_number[kind] = self.last_number.get(kind, 0) + 1
            candidate = f"{prefix}{n:0{NUMBER_DIGITS}d}"
            if candidate not in taken:
                return candidate

    def add_index(self, kind: str, field: str) -> None:
        """Look a field up by an index that no record has yet, if it is one of those that are looked up."""
        if field in EXTRA_INDEXES and (kind, field) not in self.indexes:
            self.indexed[kind] = (*self.indexed[kind], field)
            self.indexes[kind, field] = {}

    def rename(self, kind: str, old: str, new: str | None) -> None:
        """Give the values of a field to another one, or to none."""
        self.indexed[kind] = tuple(f for f in self.indexed[kind] if f != old)
        self.indexes.pop((kind, old), None)
        if new is not None:
            self.add_index(kind, new)
        table = self.tables[kind]
        for record_id, record in table.items():
            if old in record:
                kept = {k: v for k, v in record.items() if k != old}
                table[record_id] = kept if new is None else {**kept, new: record[old]}
                if new is not None and (kind, new) in self.indexes:
                    self.indexes[kind, new].setdefault(record[old], {})[record_id] = None

    def due_changes(self) -> list[Change]:
        """Take the changes out whose time has come for the Data Query copy."""
        now = self.clock().timestamp()
        due: list[Change] = []
        with self.lock:
            while self.changes and self.changes[0].due <= now:
                due.append(self.changes.popleft())
        return due

    def _put(self, kind: str, record: Record, visible_now: bool = False) -> None:
        record_id = record["Id"]
        self.tables[kind][record_id] = record
        for field in self.indexed[kind]:
            if (value := record.get(field)) is not None:
                self.indexes[kind, field].setdefault(value, {})[record_id] = None
        change = Change(0.0 if visible_now else self._due(), kind, record, False)
        if visible_now:
            self.changes.appendleft(change)
        else:
            self.changes.append(change)

    def _unindex(self, kind: str, record: Record) -> None:
        for field in self.indexed[kind]:
            if (value := record.get(field)) is not None:
                ids = self.indexes[kind, field][value]
                del ids[record["Id"]]
                if not ids:
                    del self.indexes[kind, field][value]

    def _due(self) -> float:
        return self.clock().timestamp() + self.lag_s


def indexed_fields(kind: ObjectType) -> tuple[str, ...]:
    number = (kind.number,) if kind.number else ()
    extra = tuple(f for f in EXTRA_INDEXES if f in kind.fields)
    return tuple(dict.fromkeys((*kind.references, *number, *extra)))


def number_is_unique(kind: str) -> bool:
    return kind not in VERSIONED
