"""Create, read, update, upsert and delete of one record, with all checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.netsuite.exceptions import (
    entity_exists,
    invalid_value,
    malformed,
    no_permission,
    no_record_type,
    nonexistent,
    not_supported,
    please_enter,
    record_exists,
    user_error,
    wrong_transaction_type,
)
from sandbox.netsuite.output import sourced
from sandbox.netsuite.rules import Tenant, Write, finish
from sandbox.netsuite.rules.headers import check_open
from sandbox.netsuite.schema import Fields, RecordType
from sandbox.netsuite.store import Key, Record, Unit, external_mark
from sandbox.netsuite.sublists import meant, merge, read_sublists
from sandbox.netsuite.values import Reader, Validation

EXTERNAL_PREFIX = "eid:"
Before = list[tuple[Key, Record | None]]


@dataclass
class WriteOptions:
    """How a write is to be taken: validation, sublists to replace, and whether only nulls named in `replace` clear."""

    validation: Validation = field(default_factory=Validation)
    replace: frozenset[str] = frozenset()
    replace_selected_fields: bool = False
    loading: bool = False
    coming: frozenset[int] = frozenset()
    by_transform: bool = False


class Records:
    """Operations on the records of one account."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def kind(self, name: str) -> RecordType:
        """The record type of a URL segment."""
        kind = self.tenant.catalog.types.get(name.lower())
        if kind is None or (kind.name == "subsidiary" and not self.tenant.options.one_world):
            raise no_record_type(name)
        if kind.name in self.tenant.options.denied:
            raise no_permission(kind.title)
        return kind

    def find(self, kind: RecordType, identifier: str) -> Record:
        """The record that an internal id or `eid:` path means. A record of another type of the group is not found under this one."""
        record = self.lookup(kind, identifier)
        if record is None:
            raise nonexistent()
        if record.type.name != kind.name:
            raise wrong_transaction_type() if kind.group == "transaction" else nonexistent()
        return record

    def lookup(self, kind: RecordType, identifier: str) -> Record | None:
        """The record of the group that an id means, whatever its type; None when there is none."""
        store = self.tenant.store
        if identifier.startswith(EXTERNAL_PREFIX):
            number = store.external_ids.get((kind.group, identifier.removeprefix(EXTERNAL_PREFIX)))
            return store.get(kind.group, number) if number is not None else None
        return store.get(kind.group, int(identifier)) if identifier.lstrip("-").isdigit() else None

    def create(
        self, kind: RecordType, body: dict[str, Any], how: WriteOptions, seed: Record | None = None, identifier: int | None = None
    ) -> tuple[Record, Before]:
        """A new record. `seed` holds what a transform sourced; `identifier` is an internal id given on load."""
        if kind.name == "depositApplication" and not (how.by_transform or how.loading):
            raise user_error("A deposit application can only be created by transforming a customer deposit.")
        store = self.tenant.store
        number = identifier if identifier is not None else store.next_id(kind.group)
        if identifier is not None:
            store.reserve_id(kind.group, identifier)
        record = seed or Record(kind, number)
        record.id = number
        return self._write(record, None, body, how)

    def update(self, record: Record, body: dict[str, Any], how: WriteOptions) -> tuple[Record, Before]:
        """Change a stored record."""
        return self._write(record.copy(), record, body, how)

    def upsert(self, kind: RecordType, external: str, body: dict[str, Any], how: WriteOptions) -> tuple[Record, Before]:
        """Create or update the record with this external id."""
        given = next((v for k, v in body.items() if k.lower() == "externalid"), external)
        if given != external:
            raise invalid_value(given, "externalId", "externalId")
        body = {**{k: v for k, v in body.items() if k.lower() != "externalid"}, "externalId": external}
        stored = self.lookup(kind, EXTERNAL_PREFIX + external)
        if stored is None:
            return self.create(kind, body, how)
        if stored.type.name != kind.name:
            raise _taken(kind)
        return self.update(stored, body, how)

    def _write(self, record: Record, old: Record | None, body: dict[str, Any], how: WriteOptions) -> tuple[Record, Before]:
        kind = record.type
        reader = Reader(self.tenant.store, how.validation, loading=how.loading, coming=how.coming)
        sublists = frozenset(f.name for f in kind.sublists())
        values = reader.fields(kind.fields, body, "", skip=sublists)
        values.pop("id", None)
        given_lines = read_sublists(self.tenant.catalog, kind, body, reader)
        replaced = self._replaced(kind, how)
        self._set_values(record, values, how)
        self._set_lines(record, given_lines, replaced)
        unit = Unit(self.tenant.store)
        unit.put(record)
        given = frozenset(values) | frozenset(given_lines)
        extra = {n: values[n] for n in ("lastModifiedDate", "transactionNumber") if how.loading and values.get(n)}
        finish(Write(self.tenant, unit, record, old, given, replaced, how.by_transform, extra, how.loading))
        self._check_external_id(record)
        if not (how.loading and extra):
            self._source(record, old)
        return record, unit.commit()

    def _source(self, record: Record, old: Record | None) -> None:
        """Fill in what is stored from other records: on a new record, or line, and when it refers to another one than before."""
        catalog, name = self.tenant.catalog, record.type.name
        for custom in catalog.stored(name, line=False):
            through = custom.source.partition(".")[0]
            if old is None or old.values.get(through) != record.values.get(through):
                record.values[custom.script_id] = sourced(self.tenant, custom.source, record.values)
        before = {line.get("line"): line.get("item") for line in old.lines.get("item", ())} if old else {}
        for custom in catalog.stored(name, line=True):
            for line in record.lines.get("item", ()):
                if before.get(line.get("line")) != line.get("item"):
                    line[custom.script_id] = sourced(self.tenant, custom.source, line)
        for box in catalog.ticked(name) if old is None else ():
            record.values.setdefault(box, True)

    def _replaced(self, kind: RecordType, how: WriteOptions) -> frozenset[str]:
        names = set()
        for name in how.replace:
            known = kind.fields.get(name.lower())
            if known is not None and known.kind in ("sub", "multi"):
                names.add(known.name)
            elif known is None:
                how.validation.unknown(name, name)
        return frozenset(names)

    @staticmethod
    def _set_values(record: Record, values: dict[str, Any], how: WriteOptions) -> None:
        selected = {name.lower() for name in how.replace}
        for name, value in values.items():
            if value is not None:
                record.values[name] = value
            elif not how.replace_selected_fields or name.lower() in selected:
                record.values.pop(name, None)

    def _set_lines(self, record: Record, given: dict[str, list[dict[str, Any]] | None], replaced: frozenset[str]) -> None:
        for name, lines in given.items():
            known = record.type.fields[name.lower()]
            shape = self.tenant.catalog.shape(record.type.name, known)
            if shape is None:
                raise not_supported(f"writing the sublist {name}", name)
            if lines is None:
                if known.rule == "R":
                    raise please_enter([known.label])
                record.lines[name] = []
            else:
                old = record.lines.get(name, [])
                record.lines[name] = merge(shape, old, meant(shape, old, lines, self.tenant.options.habits), name in replaced)

    def _check_external_id(self, record: Record) -> None:
        external = record.values.get("externalId")
        if external:
            store, group = self.tenant.store, record.type.group
            same = {store.external_ids.get((group, external), record.id)}
            if not self.tenant.options.habits.external_id_case:
                same |= store.names.get(external_mark(group, external), set())
            if same - {record.id}:
                raise _taken(record.type)

    def delete(self, record: Record) -> Before:
        """Remove a record nothing refers to."""
        if self._is_used(record):
            raise user_error("This record cannot be deleted because it has dependent records.")
        if record.type.group == "transaction" and record.values.get("postingPeriod"):
            check_open(self.tenant, record.values["postingPeriod"])
        unit = Unit(self.tenant.store)
        unit.remove(record.key)
        for line in record.lines.get("item", ()):
            if line.get("orderDoc"):
                for ordered in unit.edit("transaction", line["orderDoc"]).lines["item"]:
                    if ordered["line"] == line["orderLine"]:
                        ordered["quantityBilled"] -= line["quantity"]
        return unit.commit()

    def _is_used(self, record: Record) -> bool:
        store = self.tenant.store
        match record.type.group:
            case "transaction":
                created = any(
                    other.values.get("createdFrom") == record.id
                    for number in store.of_customer.get(record.customer or 0, ())
                    for other in [store.transaction(number)]
                )
                return created or bool(store.applied.get(record.id))
            case "entity":
                names = ("parent", "customer", "company")
                members = any(e.values.get(n) == record.id for e in store.groups["entity"].values() for n in names)
                return members or bool(store.of_customer.get(record.id))
            case "item":
                return bool(store.of_item.get(record.id)) or any(i.values.get("parent") == record.id for i in store.groups["item"].values())
        return any(_refers(other, record, self.tenant) for group in store.groups.values() for other in group.values())


def _refers(other: Record, record: Record, tenant: Tenant) -> bool:
    """Whether another record has a reference to a record of reference data."""
    targets = {record.type.name} | ({"tax"} if record.type.name == "salesTaxItem" else set())

    def points(fields: Fields, values: dict[str, Any]) -> bool:
        for name, value in values.items():
            known = fields.get(name.lower())
            if known is None or known.target not in targets or known.kind not in ("ref", "multi"):
                continue
            if value == record.id or (isinstance(value, tuple) and record.id in value):
                return True
        return False

    if other.key == record.key:
        return False
    if points(other.type.fields, other.values):
        return True
    for sublist, lines in other.lines.items():
        shape = tenant.catalog.shape(other.type.name, other.type.fields[sublist.lower()])
        if shape is not None and any(points(shape.fields, line) for line in lines):
            return True
    return False


def _taken(kind: RecordType) -> Exception:
    return entity_exists() if kind.group == "entity" else record_exists()


def check_body(body: Any) -> dict[str, Any]:
    """A request body is a JSON object."""
    if not isinstance(body, dict):
        raise malformed()
    return body
