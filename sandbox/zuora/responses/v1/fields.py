"""v1 names of fields, and how objects are read from and shown in v1 bodies (spec section 14.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.zuora.exceptions import V1Error, missing_key, v1_error
from sandbox.zuora.http import Call
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record, ValueRefused, convert, v1_moment
from sandbox.zuora.models.writes import LOCK_TEXT
from sandbox.zuora.published import MISSING, UNKNOWN, WRONG, findings
from sandbox.zuora.schema import ObjectType, is_custom

INVALID = 20
UNKNOWN_FIELD = 21
REQUIRED = 22
RULE = 30
LOCKED = 50
MAX_BULK = 50
V1_LENGTHS = {("Payment", "ReferenceId"): 100, ("Refund", "ReferenceID"): 100, ("Refund", "SecondRefundReferenceId"): 100}
ACCOUNTING_CODES = frozenset({"bankAccountAccountingCode", "unappliedPaymentAccountingCode", "onAccountAccountingCode"})
CATEGORIES = {UNKNOWN: UNKNOWN_FIELD, MISSING: REQUIRED, WRONG: INVALID}
Names = Mapping[str, str]


def names(text: str) -> dict[str, str]:
    """`id comment=Comments` -> {"id": "Id", "comment": "Comments"}: without `=` the name is only capitalised."""
    pairs = (entry.partition("=") for entry in text.split())
    return {v1: field or v1[0].upper() + v1[1:] for v1, _, field in pairs}


def show(tenant: Tenant, kind: ObjectType, record: Record, table: Names) -> dict[str, Any]:
    """The object under its v1 names with its custom fields; fields without a value are left out."""
    zone = tenant.options.zone
    shown: dict[str, Any] = {}
    for name, field in table.items():
        value = record.get(field)
        if value is not None:
            shown[name] = v1_moment(value, zone) if isinstance(value, datetime) else value
    shown.update({k: v for k, v in record.items() if is_custom(k)})
    return shown


def read(call: Call, kind: ObjectType, body: Mapping[str, Any], table: Names, resource: int) -> Record:
    """Checked values of the fields in the table, and of custom fields; null or an empty text clears a field. Raises `V1Error` of category
    20 or 21. That a body has no unknown keys is checked before (`published`); those which are in no table change nothing."""
    values: Record = {}
    for name, raw in body.items():
        field_name = table.get(name, name if is_custom(name) else None)
        if field_name is None:
            continue
        field = kind.fields.get(field_name)
        if field is None:
            raise v1_error(resource, UNKNOWN_FIELD, f"'{name}' is not a known field of this request.")
        length = V1_LENGTHS.get((kind.name, field.name), field.length)
        try:
            cleared = raw is None or (raw == "" and field.kind in ("str", "enum"))
            values[field.name] = None if cleared else convert(replace(field, length=length), raw, call.tenant.options.zone)
        except ValueRefused as wrong:
            raise v1_error(resource, INVALID, f"{name}: {wrong}") from None
    check_references(call.tenant, kind, values, resource)
    return values


def published(body: Mapping[str, Any], model: str, resource: int, skipped: frozenset[str] = frozenset()) -> None:
    """Raises `V1Error` of category 20, 21 or 22 for the first thing in a body that departs from the published model."""
    for finding in findings(model, body, skipped=skipped):
        raise v1_error(resource, CATEGORIES[finding.what], finding.text)


def check_references(tenant: Tenant, kind: ObjectType, values: Record, resource: int) -> None:
    for name, target in kind.references.items():
        value = values.get(name)
        if value is not None and tenant.store.get(target, value) is None:
            raise v1_error(resource, 40, f"Cannot find a {target} instance with id {value}.")


def required(body: Mapping[str, Any], wanted: str, resource: int) -> None:
    """Raises `V1Error` of category 22 naming the first field that is missing."""
    for name in wanted.split():
        if body.get(name) in (None, ""):
            raise v1_error(resource, REQUIRED, f"'{name}' is required.")


def found(call: Call, kind: str, key: str, resource: int = 500000) -> Record:
    """An object by id or number. Raises `V1Error` of category 40."""
    record = call.tenant.store.find(kind, key)
    if record is None:
        error = missing_key(key)
        raise error if resource == 500000 else v1_error(resource, 40, error.message)
    return record


def unlocked(tenant: Tenant, record: Record, resource: int) -> None:
    """Raises the refusals that a tester ordered for this object."""
    if tenant.troubles.is_locked(record["Id"]):
        raise v1_error(resource, LOCKED, LOCK_TEXT)
    if (refusal := tenant.troubles.refused.pop(record["Id"], None)) is not None:
        code, message = refusal
        raise V1Error(int(code), message) if code.isdigit() else v1_error(resource, RULE, message)


def finance(call: Call, kind: ObjectType, body: Mapping[str, Any], resource: int) -> Record:
    """`financeInformation.transferredToAccounting` as a field value."""
    information = body.get("financeInformation") or {}
    if not isinstance(information, dict):
        raise v1_error(resource, INVALID, "financeInformation must be an object.")
    table = {"transferredToAccounting": "TransferredToAccounting"}
    for name in ACCOUNTING_CODES & set(information):
        if information[name] and information[name] not in call.tenant.settings.accounting_codes:
            raise v1_error(resource, INVALID, f"{name}: there is no accounting code {information[name]}.")
    return read(call, kind, information, table, resource)


def items_of(body: Mapping[str, Any], name: str, resource: int, most: int = MAX_BULK) -> list[dict[str, Any]]:
    """A list of objects in the body, at most so many. Raises `V1Error`."""
    rows = body.get(name)
    if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
        raise v1_error(resource, REQUIRED, f"'{name}' is required and must be a list of objects.")
    if len(rows) > most:
        raise v1_error(resource, RULE, f"'{name}' holds {len(rows)} objects; at most {most} are allowed.")
    return rows


def settlement_required(call: Call) -> None:
    """Raises the refusal of a tenant without Invoice Settlement."""
    if not call.tenant.settlement:
        raise v1_error(500000, 10, "This operation is not available: the Invoice Settlement feature is not enabled.")
