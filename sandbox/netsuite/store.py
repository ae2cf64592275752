"""The records of the account, their indexes, and units of work that are applied as a whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sandbox.netsuite.catalog import Catalog
from sandbox.netsuite.schema import RecordType

Key = tuple[str, int]
FIRST_IDS = {"entity": 1001, "item": 300001, "transaction": 1000001, "account": 1}
APPLYING = ("apply", "deposit", "credit")
NAME_GROUPS = ("entity", "item")
DELETION = "deletion"

STATIC_LISTS: dict[str, dict[int, str]] = {
    "customerStatus": {6: "LEAD-Unqualified", 7: "LEAD-Qualified", 8: "PROSPECT-In Discussion", 13: "CUSTOMER-Closed Won"},
    "customerCategory": {1: "Corporate", 2: "Individual"},
    "contactCategory": {1: "Billing", 2: "Technical"},
    "contactRole": {-10: "Primary Contact", -30: "Alternate Contact"},
    "taxType": {1: "Sales Tax", 5: "VAT"},
    "priceLevel": {-1: "Custom"},
}
"""NetSuite's own lists that are no records here: id -> name."""
LIST_VALUE = RecordType("customList", "customList", {}, "Custom List")
"""What a value of a custom list is for queries."""


@dataclass
class Record:
    """One stored record. References are internal ids, amounts `Decimal`; `lines` holds the sublists."""

    type: RecordType
    id: int
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.type.group, self.id

    @property
    def customer(self) -> int | None:
        """Internal id of the customer of a transaction."""
        found = self.values.get("entity") or self.values.get("customer")
        return found if self.type.group == "transaction" else None

    def copy(self) -> Record:
        lines = {name: [dict(line) for line in rows] for name, rows in self.lines.items()}
        return Record(self.type, self.id, dict(self.values), lines)


@dataclass(frozen=True)
class Snapshot:
    """What a store held; nobody changes it. The indexes are those of `Store`."""

    records: list[Record]
    counters: dict[str, int]
    external_ids: dict[tuple[str, str], int]
    names: dict[tuple[str, str], set[int]]
    of_customer: dict[int, set[int]]
    of_item: dict[int, set[int]]
    applied: dict[int, dict[tuple[int, str], Decimal]]


class Store:
    """All records by group and internal id. Changes come in through `Unit.commit` or `apply` only, which keep the indexes right."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.groups: dict[str, dict[int, Record]] = defaultdict(dict)
        self.counters: dict[str, int] = {}
        self.external_ids: dict[tuple[str, str], int] = {}
        self.names: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.of_customer: dict[int, set[int]] = defaultdict(set)
        self.of_item: dict[int, set[int]] = defaultdict(set)
        self.applied: dict[int, dict[tuple[int, str], Decimal]] = defaultdict(dict)
        self.deletions: dict[int, Record] = {}
        self.deleted: dict[Key, int] = {}
        self.dirty: set[Key] = set()

    def snapshot(self) -> Snapshot:
        """Copies of all records, of what is known of them, and of the counters."""
        records = [record.copy() for group in self.groups.values() for record in group.values()]
        names, of_customer, of_item = (_copied(index, set) for index in (self.names, self.of_customer, self.of_item))
        return Snapshot(records, dict(self.counters), dict(self.external_ids), names, of_customer, of_item, _copied(self.applied, dict))

    def restore(self, snapshot: Snapshot) -> None:
        """Back to a snapshot; the record types are those of the account now. Records that are as they were stay, and are not noted as
        changed."""
        gone = {record.key: record for group in self.groups.values() for record in group.values()}
        changed = self.dirty | {(DELETION, number) for number in self.deletions}
        self.clear()
        self.counters, self.external_ids = dict(snapshot.counters), dict(snapshot.external_ids)
        self.names, self.of_customer = _copied(snapshot.names, set), _copied(snapshot.of_customer, set)
        self.of_item, self.applied = _copied(snapshot.of_item, set), _copied(snapshot.applied, dict)
        for kept in snapshot.records:
            record = replace(kept, type=self.catalog.type(kept.type.name))
            there = gone.pop(record.key, None)
            if there is None or there != record:
                there = record.copy()
                self.touch(there.key, None, there)
            self.groups[there.type.group][there.id] = there
        for key, record in gone.items():
            self.touch(key, record, None)
        self.dirty |= changed

    def next_id(self, counter: str) -> int:
        number = self.counters.get(counter, FIRST_IDS.get(counter, 1))
        self.counters[counter] = number + 1
        return number

    def reserve_id(self, counter: str, number: int) -> None:
        """Make sure that `number` is never handed out."""
        self.counters[counter] = max(self.counters.get(counter, FIRST_IDS.get(counter, 1)), number + 1)

    def get(self, group: str, identifier: int) -> Record | None:
        return self.groups[group].get(identifier)

    def transaction(self, identifier: int) -> Record:
        return self.groups["transaction"][identifier]

    def all(self, record_type: str) -> Iterator[Record]:
        """Records of one type in the order of their ids."""
        wanted = self.catalog.type(record_type)
        group = self.groups[wanted.group]
        return (group[i] for i in sorted(group) if group[i].type.name == wanted.name)

    def apply(self, key: Key, record: Record | None) -> Record | None:
        """Put a record in the place of the one stored under the key (None removes it); returns what stood there."""
        group = self.groups[key[0]]
        old = group.get(key[1])
        if old is not None:
            self._forget(old)
        if record is None:
            group.pop(key[1], None)
            self._note_deletion(old)
        else:
            group[key[1]] = record
            self._remember(record)
            self._take_back_deletion(key)
        self.touch(key, old, record)
        return old

    def list_of(self, target: str) -> dict[int, str]:
        """The values of a list by their ids; none where there is no such list."""
        return STATIC_LISTS.get(target) or self.catalog.lists.get(target, {})

    def members(self, group: str) -> dict[int, Record]:
        """The records of a group by id; "deletion" are the notes about records that are gone, a custom list's are its values."""
        if group in self.catalog.lists:
            return {n: Record(LIST_VALUE, n, {"name": value}) for n, value in self.catalog.lists[group].items()}
        return self.deletions if group == DELETION else self.groups[group]

    def _note_deletion(self, old: Record | None) -> None:
        """Keep what the table of deleted records tells: type, name, internal id and when."""
        if old is None:
            return
        number = len(self.deletions) + 1
        values = {"recordid": old.id, "type": old.type.title, "name": display_name(old), "deleteddate": self.catalog.options.clock()}
        self.deletions[number] = Record(old.type, number, values)
        self.deleted[old.key] = number
        self.dirty.add((DELETION, number))

    def _take_back_deletion(self, key: Key) -> None:
        """A deletion that was part of a unit of work which is undone has not happened."""
        if number := self.deleted.pop(key, 0):
            self.deletions[number].values.clear()
            self.dirty.add((DELETION, number))

    def touch(self, key: Key, old: Record | None, new: Record | None) -> None:
        """Note everything whose query rows may have changed with this record."""
        self.dirty.add(key)
        before, after = (old.values if old else {}), (new.values if new else {})
        if key[0] == "entity" and before.get("custentityzuoraid") != after.get("custentityzuoraid"):
            self.dirty.update(("transaction", t) for t in self.of_customer.get(key[1], ()))
        if key[0] == "item" and before.get("custitemzuoraid") != after.get("custitemzuoraid"):
            self.dirty.update(("transaction", t) for t in self.of_item.get(key[1], ()))
        if key[0] == "transaction":
            for record in (old, new):
                self.dirty.update(("transaction", doc) for doc, _, _ in applications(record))

    def _remember(self, record: Record) -> None:
        external = record.values.get("externalId")
        if external:
            self.external_ids[record.type.group, external] = record.id
        for name in marks_of(record):
            self.names[name].add(record.id)
        if record.customer:
            self.of_customer[record.customer].add(record.id)
        for item in items_of(record):
            self.of_item[item].add(record.id)
        for doc, sublist, amount in (*applications(record), *discounts(record)):
            self.applied[doc][record.id, sublist] = amount

    def _forget(self, record: Record) -> None:
        external = record.values.get("externalId")
        if external and self.external_ids.get((record.type.group, external)) == record.id:
            del self.external_ids[record.type.group, external]
        for name in marks_of(record):
            self.names[name].discard(record.id)
        if record.customer:
            self.of_customer[record.customer].discard(record.id)
        for item in items_of(record):
            self.of_item[item].discard(record.id)
        for doc, sublist, _ in (*applications(record), *discounts(record)):
            self.applied[doc].pop((record.id, sublist), None)

    def find(self, target: str, identifier: int) -> Record | None:
        """The record a reference of this target means, or None."""
        if target in ("transaction", "item", "entity"):
            return self.get(target, identifier)
        if target == "tax":
            target = "salesTaxItem"
        known = self.catalog.types.get(target.lower())
        record = self.get(known.group, identifier) if known else None
        return record if record and known and record.type.name == known.name else None

    def display(self, target: str, identifier: int) -> str:
        """Name of what a reference means, as shown to people."""
        if shown := self.list_of(target).get(identifier):
            return shown
        record = self.find(target, identifier)
        return display_name(record) if record else ""


def _copied(index: Mapping[Any, Any], kind: type[Any]) -> defaultdict[Any, Any]:
    """An index, its entries copied too."""
    return defaultdict(kind, {key: kind(entry) for key, entry in index.items()})


def names_of(record: Record) -> list[tuple[str, str]]:
    """Names that must be unique: entity ids per record type (contacts: per company), item names over all items; compared without case."""
    if record.type.group not in NAME_GROUPS:
        return []
    name = str(record.values.get(record.type.name_field, "")).lower()
    if record.type.group == "item":
        return [("item", name)]
    if record.type.name == "contact":
        return [(f"contact of {record.values.get('company')}", name)]
    return [(record.type.name, name)]


def marks_of(record: Record) -> list[tuple[str, str]]:
    """Everything by which a record may be taken for another one: its names, its external id without case, its document number."""
    marks, values = names_of(record), record.values
    if external := values.get("externalId"):
        marks.append(external_mark(record.type.group, external))
    if record.type.group == "transaction" and values.get("tranId"):
        marks.append(number_mark(record))
    return marks


def external_mark(group: str, external: str) -> tuple[str, str]:
    return f"external id of {group}", external.lower()


def number_mark(record: Record) -> tuple[str, str]:
    return f"number of {record.type.name}", str(record.values["tranId"])


def items_of(record: Record) -> set[int]:
    """Items that stand on the lines of a transaction."""
    return {line["item"] for line in record.lines.get("item", ()) if line.get("item")}


def applications(record: Record | None) -> Iterable[tuple[int, str, Decimal]]:
    """What a transaction applies to: (document, sublist, amount). A deposit application also uses up its deposit (`source`)."""
    if record is None or record.type.group != "transaction":
        return
    total = Decimal(0)
    for sublist in APPLYING:
        for line in record.lines.get(sublist, ()):
            total += line["amount"]
            yield line["doc"], sublist, line["amount"]
    if record.type.name == "depositApplication":
        yield record.values["deposit"], "source", total


def discounts(record: Record) -> Iterable[tuple[int, str, Decimal]]:
    """Early payment discounts of a payment: (document, "disc", amount). They close the document and are no application: no link shows
    them [A]."""
    for line in record.lines.get("apply", ()):
        if line.get("disc"):
            yield line["doc"], "disc", line["disc"]


def display_name(record: Record) -> str:
    """A record's name as other records show it."""
    values = record.values
    match record.type.name:
        case "customer":
            name = values.get("companyName") or " ".join(v for v in (values.get("firstName"), values.get("lastName")) if v)
            return f"{values['entityId']} {name}" if name and name != values["entityId"] else str(values["entityId"])
        case "account":
            number = values.get("acctNumber")
            return f"{number} {values['fullName']}" if number else str(values["fullName"])
        case _ if record.type.group == "transaction":
            return f"{record.type.title} #{values.get('tranId', '')}"
    return str(values.get("fullName") or values.get(record.type.name_field, ""))


class Unit:
    """A unit of work: copies of records are changed and then stored together, or dropped."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.changed: dict[Key, Record | None] = {}

    def get(self, group: str, identifier: int) -> Record | None:
        key = (group, identifier)
        return self.changed[key] if key in self.changed else self.store.get(group, identifier)

    def edit(self, group: str, identifier: int) -> Record:
        """A copy of a stored record that may be changed."""
        key = (group, identifier)
        pending = self.changed.get(key)
        if pending is None:
            pending = self.store.groups[group][identifier].copy()
            self.changed[key] = pending
        return pending

    def put(self, record: Record) -> None:
        self.changed[record.key] = record

    def remove(self, key: Key) -> None:
        self.changed[key] = None

    def commit(self) -> list[tuple[Key, Record | None]]:
        """Store everything. Returns what stood there before, latest last, for `undo`."""
        return [(key, self.store.apply(key, record)) for key, record in self.changed.items()]


def undo(store: Store, before: list[tuple[Key, Record | None]]) -> None:
    """Take commits back, latest first."""
    for key, record in reversed(before):
        store.apply(key, record)
