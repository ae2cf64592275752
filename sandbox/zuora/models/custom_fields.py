"""The tenant's own fields: how they are defined, and when the other APIs come to know them (provisioning.md sections 3.1 and 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandbox.zuora.schema import Field, ObjectType

if TYPE_CHECKING:
    from sandbox.zuora.models.tenant import Tenant

ADVANCED = (
    *("Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Subscription", "Invoice", "DebitMemo", "CreditMemo"),
    *("Payment", "Refund", "RatePlan", "RatePlanCharge"),
)
"""Objects with advanced fields; every other that has fields of the tenant's own has legacy ones."""
LEGACY = (
    *("Contact", "InvoiceItem", "InvoiceItemAdjustment", "InvoiceAdjustment", "TaxationItem", "PaymentMethod"),
    *("CreditMemoItem", "DebitMemoItem", "CreditTaxationItem", "DebitTaxationItem"),
)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*__c\Z")
LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 80, 255, 255
KINDS = {
    ("string", ""): "str",
    ("string", "date"): "date",
    ("string", "date-time"): "dt",
    ("number", ""): "dec",
    ("integer", ""): "int",
    ("boolean", ""): "bool",
}
"""Types and formats of definitions, and what they are here."""


class FieldRefused(ValueError):
    """A field cannot be made or changed so; the text says why."""


@dataclass(frozen=True)
class CustomField:
    """One definition. Other APIs know the field from `seen_from` on and filter by it from `filtered_from` on, in seconds since 1970."""

    name: str
    label: str
    type: str = "string"
    format: str = ""
    max_length: int | None = LONGEST_TEXT
    enum: tuple[str, ...] = ()
    filterable: bool = False
    description: str = ""
    seen_from: float = 0
    filtered_from: float = 0

    def shown(self) -> dict[str, Any]:
        """As a property of a definition."""
        more = {"format": self.format, "maxLength": self.max_length, "enum": list(self.enum), "description": self.description}
        return {"origin": "custom", "label": self.label, "type": self.type, **{k: v for k, v in more.items() if v}}


class CustomFields:
    """Definitions by object and name. Callers hold the store's lock."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.known: dict[str, dict[str, CustomField]] = {
            kind.name: {f.name: CustomField(f.name, f.label or f.name, filterable=f.filterable) for f in kind.fields.values() if f.custom}
            for kind in tenant.schema.values()
        }
        self.waiting: list[tuple[str, str]] = []

    def now(self) -> float:
        return self.tenant.options.clock().timestamp()

    def add(self, kind: str, field: CustomField) -> None:
        """Define a field. Raises `FieldRefused`."""
        check(field)
        own = self.known[kind]
        if field.name.lower() in (name.lower() for name in (*own, *self.tenant.schema[kind].fields)):
            raise FieldRefused(f"Field {field.name} already exists on {kind.lower()}.")
        self.check_limits(kind, field)
        seen = self.now() + self.tenant.options.new_field_delay_s
        own[field.name] = replace(field, seen_from=seen, filtered_from=seen)
        self.waiting.append((kind, field.name))

    def check_limits(self, kind: str, field: CustomField) -> None:
        most, most_filterable = self.tenant.options.custom_field_limits
        own = [f for f in self.known[kind].values() if f.name.endswith("__c")]
        if len(own) >= most:
            raise FieldRefused(f"The maximum number of {most} custom fields on {kind.lower()} is exceeded.")
        if field.filterable and sum(f.filterable for f in own) >= most_filterable:
            raise FieldRefused(f"The maximum number of {most_filterable} filterable custom fields on {kind.lower()} is exceeded.")

    def found(self, kind: str, name: str) -> CustomField:
        field = self.known[kind].get(name)
        if field is None or not name.endswith("__c"):
            raise FieldRefused(f"Field {name} does not exist on {kind.lower()}.")
        return field

    def change(self, kind: str, name: str, changes: Mapping[str, Any]) -> None:
        """Change label, description, length or whether it is filterable, which takes a while. Raises `FieldRefused`."""
        old = self.found(kind, name)
        new = replace(old, **changes)
        check(new)
        if (new.type, new.format) != (old.type, old.format):
            raise FieldRefused(f"The type of field {name} cannot be changed.")
        if kind in LEGACY and new.filterable != old.filterable:
            raise FieldRefused(f"Whether the legacy field {name} is indexed cannot be changed.")
        if new.filterable and not old.filterable:
            self.check_limits(kind, new)
            new = replace(new, filtered_from=self.now() + self.tenant.options.reindex_s)
        self.known[kind][name] = new
        self.waiting.append((kind, name))

    def rename(self, kind: str, name: str, target: str) -> None:
        """Raises `FieldRefused`."""
        new = replace(self.found(kind, name), name=target)
        check(new)
        if target in self.tenant.schema[kind].fields or target in self.known[kind]:
            raise FieldRefused(f"Field {target} already exists on {kind.lower()}.")
        del self.known[kind][name]
        self.known[kind][target] = new
        self._replace(kind, name, new)

    def delete(self, kind: str, name: str) -> None:
        """Raises `FieldRefused`."""
        self.found(kind, name)
        del self.known[kind][name]
        self._replace(kind, name, None)

    def catch_up(self) -> None:
        """Let the other APIs know what is due."""
        if not self.waiting:
            return
        now, late = self.now(), []
        for kind, name in self.waiting:
            field = self.known[kind].get(name)
            if field is None:
                continue
            if field.seen_from <= now:
                self._show(kind, field, filterable=field.filterable and field.filtered_from <= now)
            if field.seen_from > now or (field.filterable and field.filtered_from > now):
                late.append((kind, name))
        self.waiting = late

    def _show(self, kind: str, field: CustomField, *, filterable: bool) -> None:
        schema = self.tenant.schema[kind]
        new = schema.fields.get(field.name) is None
        made = schema_field(schema, field, filterable)
        schema.fields[field.name] = made
        schema.rebuild()
        if new:
            self.tenant.store.add_index(kind, field.name)
            self.tenant.jobs.fields_changed(kind, None, made)

    def _replace(self, kind: str, name: str, field: CustomField | None) -> None:
        schema = self.tenant.schema[kind]
        old = schema.fields.pop(name, None)
        if old is None:
            return
        made = schema_field(schema, field, old.indexed) if field else None
        if made:
            schema.fields[made.name] = made
        schema.rebuild()
        self.tenant.store.rename(kind, name, made.name if made else None)
        self.tenant.jobs.fields_changed(kind, old, made)


def check(field: CustomField) -> None:
    """Whether a field can be like this. Raises `FieldRefused`."""
    if not NAME.match(field.name) or len(field.name) > LONGEST_NAME:
        raise FieldRefused(f"The field name {field.name!r} must begin with a letter, hold letters, digits and _, and end with __c.")
    if not field.label or len(field.label) > LONGEST_LABEL:
        raise FieldRefused(f"Field {field.name} needs a label of at most {LONGEST_LABEL} characters.")
    if (field.type, field.format) not in KINDS:
        raise FieldRefused(f"Field {field.name} cannot be of type {field.type!r} and format {field.format!r}.")
    if field.type == "string" and not field.format and not field.enum:
        length = field.max_length
        if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= LONGEST_TEXT:
            raise FieldRefused(f"Field {field.name} needs a maxLength from 1 to {LONGEST_TEXT}.")


def schema_field(schema: ObjectType, field: CustomField, filterable: bool) -> Field:
    """The field as the store and the query APIs know it."""
    flags = ("q" + "f" * filterable + "cu") if schema.zoql else "o"
    return Field(
        field.name,
        KINDS[field.type, field.format],
        field.max_length if field.type == "string" else None,
        flags,
        field.enum or None,
        field.name.lower(),
        field.name,
        custom=True,
        label=field.label,
        indexed=filterable,
    )
