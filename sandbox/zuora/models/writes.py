"""Rules that every write obeys: field checks, references, locks, transferredToAccounting (spec sections 12 and 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.zuora.exceptions import CrudError
from sandbox.zuora.models.store import number_is_unique
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record, ValueRefused, convert
from sandbox.zuora.schema import Field, ObjectType

POSTED = {"Invoice": ("Posted",), "CreditMemo": ("Posted",), "DebitMemo": ("Posted",)}
WITHOUT_NO = ("Invoice", "Payment", "Refund")
LOCK_TEXT = "Operation failed due to a lock competition, please retry later."


def convert_all(tenant: Tenant, kind: ObjectType, raw: Mapping[str, Any]) -> Record:
    """Checked values by field name. Raises `CrudError` INVALID_VALUE."""
    values: Record = {}
    for name, value in raw.items():
        try:
            values[name] = convert(kind.fields[name], value, tenant.options.zone)
        except ValueRefused as wrong:
            raise CrudError("INVALID_VALUE", str(wrong)) from None
    check_references(tenant, kind, values)
    return values


def check_references(tenant: Tenant, kind: ObjectType, values: Mapping[str, Any]) -> None:
    for name, target in kind.references.items():
        value = values.get(name)
        if value is not None and tenant.store.get(target, value) is None:
            raise CrudError("INVALID_VALUE", f"The value {value} of field {name} is not the id of an existing {target}.")


def check_number(tenant: Tenant, kind: ObjectType, values: Mapping[str, Any], own_id: str | None = None) -> None:
    """Numbers are unique per type."""
    if kind.number and number_is_unique(kind.name) and kind.number in values:
        holders = tenant.store.by(kind.name, kind.number, values[kind.number])
        if any(r["Id"] != own_id for r in holders):
            raise CrudError("DUPLICATE_VALUE", f"The {kind.number} {values[kind.number]} already exists.")


def check_required(names: Iterable[str], values: Mapping[str, Any]) -> None:
    missing = [n for n in names if values.get(n) in (None, "")]
    if missing:
        raise CrudError("MISSING_REQUIRED_VALUE", f"Missing required value: {', '.join(missing)}")


def check_transferred(kind: ObjectType, record: Record, changes: Mapping[str, Any], all_values: bool = False) -> None:
    """Which values the field takes, and that only posted documents take any (spec section 12.6)."""
    value = changes.get("TransferredToAccounting")
    if value is None:
        return
    if value == "No" and kind.name in WITHOUT_NO and not all_values:
        raise CrudError("INVALID_VALUE", "TransferredToAccounting cannot be set to No; valid are Processing, Yes, Error, Ignore.")
    posted = POSTED.get(kind.name)
    if posted and changes.get("Status", record.get("Status")) not in posted:
        raise CrudError("INVALID_VALUE", f"TransferredToAccounting can only be set on a posted {kind.name}.")


def check_lock(tenant: Tenant, record_id: str) -> None:
    if tenant.troubles.is_locked(record_id):
        raise CrudError("LOCK_COMPETITION", LOCK_TEXT)
    if (refusal := tenant.troubles.refused.pop(record_id, None)) is not None:
        raise CrudError(*refusal)


def writable(kind: ObjectType, name: str, creating: bool) -> Field:
    """The field, if Actions and CRUD may write it. Raises `CrudError` INVALID_FIELD."""
    field = kind.fields[name]
    if not (field.createable if creating else field.updateable):
        raise CrudError("INVALID_FIELD", f"Field {name} of {kind.name} cannot be {'created' if creating else 'updated'}.")
    return field
