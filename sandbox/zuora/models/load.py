"""Whole objects put into the tenant at once, through the same checks as a write through the API."""

from __future__ import annotations

from collections import defaultdict
from datetime import tzinfo
from typing import Any

from sandbox.control import LoadRefused
from sandbox.zuora.models.derive import ZERO, Batch, derive_all
from sandbox.zuora.models.store import Store, number_is_unique
from sandbox.zuora.models.values import Record, ValueRefused, convert
from sandbox.zuora.schema import ObjectType

Raw = dict[str, Any]
MAX_ERRORS = 200


class Loader:
    """Checks and stores one load; all objects or none."""

    def __init__(self, store: Store, zone: tzinfo, settlement: bool) -> None:
        self.store = store
        self.zone = zone
        self.settlement = settlement
        self.errors: list[dict[str, Any]] = []
        self.records: dict[str, list[Record]] = {}
        self.ids: dict[str, set[str]] = defaultdict(set)

    def load(self, objects: dict[str, list[Raw]]) -> dict[str, int]:
        """Store the objects and return how many of each type. Raises `LoadRefused` naming every object that breaks a rule."""
        for name, rows in objects.items():
            self.read(name, rows)
        self.give_ids()
        for name, records in self.records.items():
            self.check_references(name, records)
            self.check_numbers(name, records)
        if self.errors:
            raise LoadRefused(self.errors[:MAX_ERRORS])
        batch = Batch(self.store, self.records, self.settlement)
        derive_all(batch)
        if self.settlement:
            self.add_unapplied_parts(batch)
        for name, records in self.records.items():
            for record in records:
                self.store.insert(name, record, visible_now=True)
        return {name: len(rows) for name, rows in objects.items()}

    def refuse(self, name: str, index: int | None, message: str) -> None:
        self.errors.append({"type": name, "index": index, "message": message})

    def read(self, name: str, rows: list[Raw]) -> None:
        kind = self.store.schema.get(name)
        if kind is None:
            self.refuse(name, None, f"There is no object type {name}.")
        elif kind.settlement_only and not self.settlement:
            self.refuse(name, None, f"{name} exists only with Invoice Settlement, which is off.")
        elif not isinstance(rows, list):
            self.refuse(name, None, f"The objects of type {name} must be a list.")
        else:
            self.records[name] = [self.read_one(kind, i, row) for i, row in enumerate(rows)]

    def read_one(self, kind: ObjectType, index: int, row: Raw) -> Record:
        record: Record = {}
        if not isinstance(row, dict):
            self.refuse(kind.name, index, "Not an object.")
            return record
        for name, raw in row.items():
            field = kind.fields.get(name)
            if field is None or field.kind == "obj":
                self.refuse(kind.name, index, f"{kind.name} has no field {name}.")
            elif raw is not None:
                try:
                    record[name] = convert(field, raw, self.zone)
                except ValueRefused as wrong:
                    self.refuse(kind.name, index, str(wrong))
        for name in kind.required:
            if row.get(name) is None:
                self.refuse(kind.name, index, f"Missing required value: {name}.")
        if kind.name == "Payment" and not self.settlement and "AccountId" not in row:
            self.refuse(kind.name, index, "Missing required value: AccountId.")
        if kind.name == "RefundPart" and not ("PaymentId" in row) ^ ("CreditMemoId" in row):
            self.refuse(kind.name, index, "A refund part has either a PaymentId or a CreditMemoId.")
        return record

    def give_ids(self) -> None:
        for name, records in self.records.items():
            for index, record in enumerate(records):
                record_id = record.get("Id")
                if record_id is not None and (record_id in self.ids[name] or self.store.get(name, record_id)):
                    self.refuse(name, index, f"Duplicate Id {record_id}.")
                if record_id is not None:
                    self.ids[name].add(record_id)
        for name, records in self.records.items():
            for record in records:
                while "Id" not in record:
                    candidate = self.store.new_id(name)
                    if candidate not in self.ids[name]:
                        record["Id"] = candidate

    def check_references(self, name: str, records: list[Record]) -> None:
        for field, target in self.store.schema[name].references.items():
            known, stored = self.ids[target], self.store.tables[target]
            for index, record in enumerate(records):
                value = record.get(field)
                if value is not None and value not in known and value not in stored:
                    self.refuse(name, index, f"{field} {value} is not the id of an existing {target}.")

    def check_numbers(self, name: str, records: list[Record]) -> None:
        field = self.store.schema[name].number
        if field is None or not number_is_unique(name):
            return
        seen: set[str] = set()
        for index, record in enumerate(records):
            value = record.get(field)
            if value is not None and (value in seen or self.store.by(name, field, value)):
                self.refuse(name, index, f"Duplicate {field} {value}.")
            seen.add(value or "")

    def add_unapplied_parts(self, batch: Batch) -> None:
        """The part without a document that stands for the rest of a payment or credit memo (spec section 10.3)."""
        self.records.setdefault("PaymentPart", [])
        self.records.setdefault("CreditMemoPart", [])
        for payment in self.records.get("Payment", ()):
            if payment["Status"] == "Processed" and payment["UnappliedAmount"] > ZERO:
                self.add_rest("PaymentPart", "PaymentId", payment, payment["UnappliedAmount"], batch)
        for memo in self.records.get("CreditMemo", ()):
            if memo["Status"] == "Posted" and memo["Balance"] > ZERO:
                self.add_rest("CreditMemoPart", "CreditMemoId", memo, memo["Balance"], batch)

    def add_rest(self, name: str, field: str, owner: Record, rest: Any, batch: Batch) -> None:
        if any("InvoiceId" not in p and "DebitMemoId" not in p for p in batch.of(name, field, owner)):
            return
        part = {field: owner["Id"], "Amount": rest, "AccountId": owner.get("AccountId")}
        part["CreatedDate"] = owner.get("CreatedDate") or self.store.now()
        self.records[name].append(part)


def dump(store: Store) -> dict[str, list[Raw]]:
    """Every stored object with its fields as JSON values; types without objects are left out."""
    return {
        name: [{f: v if not hasattr(v, "isoformat") else v.isoformat(timespec="milliseconds") for f, v in r.items()} for r in rows.values()]
        for name, rows in store.tables.items()
        if rows
    }
