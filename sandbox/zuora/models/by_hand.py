"""What a person does in the tenant's own screens, for which there is no API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.zuora.models.custom_fields import ADVANCED, LEGACY, CustomField, FieldRefused

if TYPE_CHECKING:
    from sandbox.zuora.models.tenant import Tenant

ROW = frozenset(("object", "name", "label", "type", "length", "indexed"))
TYPES = {"text": "string"}


def act(tenant: Tenant, given: dict[str, Any]) -> dict[str, Any]:
    """One action: {"action": its name, and what it takes}. Raises `ValueError` for what the screen would not let pass."""
    name = str(given.get("action", ""))
    if name not in ACTIONS:
        raise ValueError(f"unknown action {name!r}; known: {', '.join(ACTIONS)}")
    return ACTIONS[name](tenant, {k: v for k, v in given.items() if k != "action"})


def enter_fields(tenant: Tenant, given: dict[str, Any]) -> dict[str, Any]:
    """Rows, those of legacy objects under Manage Custom Fields, others in the Object Manager; fields that are there stay as they are."""
    made, there = [], []
    for row in given["rows"]:
        if set(row) != ROW:
            raise ValueError(f"a row has the columns {', '.join(sorted(ROW))}, not {', '.join(sorted(row))}")
        kind = row["object"]
        if kind not in tenant.schema or kind not in (*ADVANCED, *LEGACY):
            raise ValueError(f"there is no object {kind} with fields of the tenant's own")
        if (kind in LEGACY) != bool(given["legacy"]):
            raise ValueError(f"{kind} stands {'under Manage Custom Fields' if kind in LEGACY else 'in the Object Manager'}")
        if row["type"] not in TYPES:
            raise ValueError(f"{kind}.{row['name']}: there is no field type {row['type']!r}")
        if row["name"] in tenant.custom.known[kind]:
            there.append(f"{kind}.{row['name']}")
            continue
        field = CustomField(row["name"], row["label"], TYPES[row["type"]], "", row["length"], filterable=row["indexed"] is True)
        try:
            tenant.custom.add(kind, field)
        except FieldRefused as refused:
            raise ValueError(str(refused)) from None
        made.append(f"{kind}.{row['name']}")
    return {"made": made, "there": there}


def make_role(tenant: Tenant, given: dict[str, Any]) -> dict[str, Any]:
    roles = tenant.users.make_role(given["name"], given["permissions"])
    return {"roles": [{"name": r.name, "category": r.category, "permissions": sorted(r.permissions)} for r in roles]}


def make_user(tenant: Tenant, given: dict[str, Any]) -> dict[str, Any]:
    user = tenant.users.make_user(given["name"], given["role"])
    return {"user": user.name, "roles": [f"{r.category}: {r.name}" for r in user.roles.values()]}


def make_client(tenant: Tenant, given: dict[str, Any]) -> dict[str, Any]:
    """The only time that the secret is shown."""
    client = tenant.users.make_client(given["user"])
    return {"client_id": client.id, "client_secret": client.secret}


def set_tax_code(tenant: Tenant, given: dict[str, Any]) -> dict[str, Any]:
    """Make a tax code, or set the accounting code of one that is there."""
    settings, name, code = tenant.settings, given["name"], given.get("accounting_code")
    if code and settings.accounting_codes.get(code, {}).get("type") != "SalesTaxPayable":
        raise ValueError(f"there is no accounting code {code} of type SalesTaxPayable to choose")
    found = settings.tax_codes.get(name) or settings.make_tax_code(name)
    if code:
        found["accountingCode"] = code
    return {"tax_code": name, "accounting_code": found.get("accountingCode")}


ACTIONS: dict[str, Callable[[Tenant, dict[str, Any]], dict[str, Any]]] = {
    "fields": enter_fields,
    "role": make_role,
    "user": make_user,
    "client": make_client,
    "tax-code": set_tax_code,
}
