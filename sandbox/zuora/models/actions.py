"""Create, update and delete as Actions and CRUD do them: PascalCase fields, one object at a time (spec sections 12.1 and 12.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.zuora.exceptions import CrudError
from sandbox.zuora.models import catalogue, contacts, legacy_adjustments, legacy_payments, moves, reasons
from sandbox.zuora.models.accounts import check_account
from sandbox.zuora.models.derive import RULES, Batch
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.models.writes import (
    check_lock,
    check_number,
    check_required,
    check_transferred,
    convert_all,
    writable,
)
from sandbox.zuora.schema import ObjectType
from sandbox.zuora.schema.rules import FROZEN_WITH_SETTLEMENT, ORDER_TYPES

MAX_OBJECTS = 50
ADJUSTMENT_PREFIX = "InvoiceItemAdjustment."
PLAIN_CREATES = {
    "Account": ("Name", "Currency", "BillCycleDay", "Batch", "Status"),
    "Contact": ("AccountId", "FirstName", "LastName"),
    "Product": ("Name", "EffectiveStartDate", "EffectiveEndDate"),
    "ProductRatePlan": ("ProductId", "Name", "EffectiveStartDate", "EffectiveEndDate"),
    "ProductRatePlanCharge": ("ProductRatePlanId", "Name", "ChargeModel", "ChargeType", "TriggerEvent"),
    "PaymentMethod": ("AccountId", "Type"),
    "TaxationItem": ("InvoiceItemId", "Name", "TaxAmount", "TaxDate", "TaxRate", "TaxRateType", "Jurisdiction"),
}
LEGACY_CREATES: dict[str, Callable[[Tenant, Mapping[str, Any], Record], Record]] = {
    "Payment": legacy_payments.create_payment,
    "InvoicePayment": legacy_payments.create_invoice_payment,
    "Refund": legacy_payments.create_refund,
    "InvoiceItemAdjustment": legacy_adjustments.create_item_adjustment,
    "InvoiceAdjustment": legacy_adjustments.create_invoice_adjustment,
}
DELETABLE: dict[str, tuple[str, ...]] = {
    "Account": (),
    "Contact": (),
    "Product": (),
    "ProductRatePlan": (),
    "ProductRatePlanCharge": (),
    "PaymentMethod": (),
    "TaxationItem": (),
    "Invoice": ("Draft", "Canceled", "Error"),
    "Payment": ("Draft", "Canceled", "Error", "Voided"),
    "Refund": ("Canceled", "Error"),
    "InvoiceItemAdjustment": ("Canceled",),
    "InvoiceAdjustment": ("Canceled",),
}
"""Types that can be deleted, and the states in which; an empty tuple is any state."""


def object_type(tenant: Tenant, name: object) -> ObjectType:
    """Raises `CrudError` INVALID_TYPE."""
    kind = tenant.schema.get(name) if isinstance(name, str) else None
    if kind is None or (kind.settlement_only and not tenant.settlement) or kind.name in ORDER_TYPES:
        raise CrudError("INVALID_TYPE", f"invalid type: {name}")
    return kind


def check_allowed(tenant: Tenant, kind: ObjectType) -> None:
    """What Actions cannot write because Invoice Settlement or Orders is on (spec section 7)."""
    if kind.name == "Subscription" and tenant.options.orders and not tenant.options.orders_harmonization:
        raise CrudError("INVALID_TYPE", "Subscription cannot be written by this operation when Orders is enabled.")
    if not tenant.settlement:
        return
    closed = kind.settlement_only or kind.name in FROZEN_WITH_SETTLEMENT
    if closed or (kind.name in ("Payment", "Refund") and not tenant.options.mode_b_actions_on_payments):
        raise CrudError("INVALID_TYPE", f"{kind.name} cannot be written by this operation when Invoice Settlement is enabled.")


def given_fields(kind: ObjectType, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that count: known ones with a value. Unknown ones vanish, and an empty string says nothing."""
    named: dict[str, Any] = {}
    for key, value in raw.items():
        name = key.removeprefix(ADJUSTMENT_PREFIX) if kind.name == "InvoiceItemAdjustment" else key
        if name in kind.fields and value is not None and value != "":
            named[name] = value
    return named


def unknown_fields(kind: ObjectType, raw: Mapping[str, Any]) -> list[str]:
    return [k for k in raw if k != "fieldsToNull" and k.removeprefix(ADJUSTMENT_PREFIX) not in kind.fields]


def update(tenant: Tenant, kind: ObjectType, raw: Any) -> str:
    """Update one object and return its id. Raises `CrudError`."""
    if not isinstance(raw, dict):
        raise CrudError("INVALID_VALUE", "An object was expected.")
    check_allowed(tenant, kind)
    record = tenant.store.get(kind.name, raw.get("Id"))
    if record is None:
        raise CrudError("INVALID_ID", "invalid id for update")
    check_lock(tenant, record["Id"])
    given = given_fields(kind, raw)
    del given["Id"]
    for name in given:
        if not moves.free_in_draft(kind, record, name):
            writable(kind, name, creating=False)
    changes = convert_all(tenant, kind, given)
    check_number(tenant, kind, changes, record["Id"])
    check_transferred(kind, record, changes)
    reasons.check(tenant, kind.name, record, changes, refused)
    changes = stored(tenant, kind, record, changes)
    changes.update(dict.fromkeys(fields_to_null(kind, raw)))
    moves.check(tenant, kind, record, changes)
    tenant.store.update(kind.name, record["Id"], {k: v for k, v in changes.items() if k != "RegenerateInvoicePDF"})
    moves.after(tenant, kind, record, changes)
    return str(record["Id"])


def refused(text: str) -> CrudError:
    return CrudError("INVALID_VALUE", text)


def stored(tenant: Tenant, kind: ObjectType, old: Record, changes: Record) -> Record:
    """The values as the service stores them, after the checks of the one object. `old` is empty for a new one. Raises `CrudError`."""
    if kind.name == "Contact":
        return contacts.settled(tenant, old, changes, refused)
    if kind.name in catalogue.DATED:
        catalogue.check_dates({**old, **changes}, refused)
    return changes


def fields_to_null(kind: ObjectType, raw: Mapping[str, Any]) -> list[str]:
    names = raw.get("fieldsToNull", [])
    if not isinstance(names, list) or any(not isinstance(n, str) or n not in kind.fields for n in names):
        raise CrudError("INVALID_FIELD", f"fieldsToNull names a field that {kind.name} does not have.")
    for name in names:
        writable(kind, name, creating=False)
        if name in kind.required or name == kind.number:
            raise CrudError("MISSING_REQUIRED_VALUE", f"Field {name} of {kind.name} cannot be null.")
    return list(names)


def create(tenant: Tenant, kind: ObjectType, raw: Any) -> str:
    """Create one object and return its id. Raises `CrudError`."""
    if not isinstance(raw, dict):
        raise CrudError("INVALID_VALUE", "An object was expected.")
    check_allowed(tenant, kind)
    given = given_fields(kind, raw)
    for name in given:
        writable(kind, name, creating=True)
    nested = {k: v for k, v in given.items() if kind.fields[k].kind == "obj"}
    values = convert_all(tenant, kind, {k: v for k, v in given.items() if k not in nested})
    check_number(tenant, kind, values)
    reasons.check(tenant, kind.name, {}, values, refused)
    values = stored(tenant, kind, {}, values)
    if kind.name in LEGACY_CREATES:
        return str(LEGACY_CREATES[kind.name](tenant, nested, values)["Id"])
    if kind.name not in PLAIN_CREATES:
        raise CrudError("INVALID_TYPE", f"{kind.name} cannot be created by this operation.")
    check_required(PLAIN_CREATES[kind.name], values)
    if kind.name == "Account":
        check_account(tenant, {}, values)
    tiers = catalogue.tiers_of(tenant, nested) if kind.name == catalogue.CHARGE else []
    values["Id"] = tenant.store.new_id(kind.name)
    if kind.name in RULES:
        RULES[kind.name](Batch(tenant.store, {kind.name: [values]}), values)
    made = str(tenant.store.insert(kind.name, values)["Id"])
    for tier in tiers:
        tenant.store.insert(catalogue.TIER, {**tier, "ProductRatePlanChargeId": made})
    return made


def delete(tenant: Tenant, kind: ObjectType, record_id: object) -> str:
    """Delete one object. Raises `CrudError`."""
    check_allowed(tenant, kind)
    record = tenant.store.get(kind.name, record_id)
    if record is None:
        raise CrudError("INVALID_ID", "invalid id for delete")
    check_lock(tenant, record["Id"])
    states = DELETABLE.get(kind.name)
    if states is None or (states and record.get("Status") not in states):
        raise CrudError("CANNOT_DELETE", f"This {kind.name} cannot be deleted.")
    for name, other in tenant.schema.items():
        for field, target in other.references.items():
            if target == kind.name and any(r["Id"] != record["Id"] for r in tenant.store.by(name, field, record["Id"])):
                raise CrudError("CANNOT_DELETE", f"This {kind.name} is used by a {name}.")
    tenant.store.delete(kind.name, record["Id"])
    return str(record["Id"])
