"""Which permission an operation asks for (provisioning.md sections 3.2 to 3.4). Which of them a refused call lacks is not told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from sandbox.zuora.exceptions import ApiError, CrudError, DataQueryError, Family, V1Error, v1_error

WRITE = "API Write Access"
QUERIES = "Run Data Queries (In UI Or API)"
EXPORTS, SOURCES = "Enable Exports", "Enable DataSource Exports"
OBJECTS, CODES = "Edit Custom Objects", "Configure Accounting Codes"
BILLING, PAYMENTS = "Manage Billing Settings", "Manage Payments Settings"
ROLES = "Manage User Roles"
CATALOGUE = "Manage Product Catalog"
PERMISSIONS: dict[str, tuple[str, ...]] = {
    "Platform": (WRITE, "UI Access", OBJECTS, ROLES, QUERIES),
    "Billing": (
        BILLING,
        CATALOGUE,
        "Create Account",
        "Create Contact",
        "Modify Account",
        "Delete Accounts",
        "Modify Invoice",
        "Modify Credit Memo",
        "Modify Debit Memo",
        "Create Invoice Adjustment",
        "Create Invoice Item Adjustment",
        "Refund Credit Memo",
    ),
    "Payments": (PAYMENTS, "Process External Payment", "Issue External Refund", "Override Transferred to Accounting"),
    "Finance": ("Finance Access", CODES),
    "Reporting": (SOURCES, EXPORTS),
}
"""Permissions by kind of role, as far as an operation of this stand-in or the set-up of a connector is about them."""
READS = re.compile(r"/v1/action/query(More)?|/query/jobs(/.*)?|/(v1|apps/api)/batch-query(/.*)?|/v1/object/export|/oauth/token")
BY_PATH: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("*", r"/query/jobs(/.*)?", (QUERIES,)),
    ("*", r"/(v1|apps/api)/batch-query(/.*)?", (SOURCES,)),
    ("POST", r"/v1/object/export", (EXPORTS,)),
    ("GET", r"/settings/(tax-codes|tax-engines)", (BILLING,)),
    ("GET", r"/settings/payment-methods", (PAYMENTS,)),
    ("GET", r"/settings/user-roles", (ROLES,)),
    ("POST", r"/settings/tax-codes/.*", (BILLING,)),
    ("PUT|DELETE", r"/settings/tax-codes/.*", (BILLING,)),
    ("PUT", r"/settings/payment-methods", (PAYMENTS,)),
    ("POST", r"/v1/accounting-codes", (CODES,)),
    ("POST", r"/v1/accounts", ("Create Account",)),
    ("DELETE", r"/v1/accounts/[^/]+", ("Delete Accounts",)),
    ("POST|PUT", r"/v1/invoices(/.*)?", ("Modify Invoice",)),
    ("PUT", r"/v1/credit-?memos/.*", ("Modify Credit Memo",)),
    ("PUT", r"/v1/debit-?memos/.*", ("Modify Debit Memo",)),
    ("POST", r"/v1/credit-?memos/[^/]+/refunds?", ("Refund Credit Memo",)),
    ("POST", r"/v1/payments", ("Process External Payment",)),
    ("POST", r"/v1/payments/[^/]+/refunds(/unapply)?", ("Issue External Refund",)),
)
"""Method, path and permissions."""
BY_TYPE = {
    ("create", "Account"): "Create Account",
    ("create", "Contact"): "Create Contact",
    ("create", "InvoiceItemAdjustment"): "Create Invoice Item Adjustment",
    ("create", "InvoiceAdjustment"): "Create Invoice Adjustment",
    ("create", "Payment"): "Process External Payment",
    ("create", "Refund"): "Issue External Refund",
    ("update", "Invoice"): "Modify Invoice",
    **{(way, kind): CATALOGUE for way in ("create", "update") for kind in ("Product", "ProductRatePlan", "ProductRatePlanCharge")},
}
"""What Actions and CRUD ask for, by what is done to which type."""
WAYS = {"POST": "create", "PUT": "update"}


def needed(method: str, path: str, family: Family, body: Mapping[str, Any]) -> Iterator[str]:
    """The permissions that an operation asks for."""
    if method != "GET" and not READS.fullmatch(path):
        yield WRITE
    for methods, pattern, permissions in BY_PATH:
        if (methods == "*" or method in methods.split("|")) and re.fullmatch(pattern, path):
            yield from permissions
    if path == "/objects/migrations":
        yield OBJECTS
        yield from _settings_of(body)
    if family is Family.ACTIONS and (found := BY_TYPE.get((path.rsplit("/", 1)[-1], str(body.get("type"))))):
        yield found
    if family is Family.CRUD:
        kind = path.removeprefix("/v1/object/").partition("/")[0].replace("-", "").lower()
        yield from (p for (way, name), p in BY_TYPE.items() if way == WAYS.get(method) and name.lower() == kind)


def _settings_of(body: Mapping[str, Any]) -> Iterator[str]:
    """What changing a standard object asks for beside the right to change objects."""
    actions = body.get("actions")
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, dict) and action.get("namespace") == "com_zuora":
            yield PAYMENTS if str(action.get("object")).lower() in ("payment", "refund") else BILLING


class Permitted(Protocol):
    """Whoever calls. `everything`: an administrator of the whole tenant."""

    everything: bool

    def may(self, permission: str) -> bool: ...


def check(user: Permitted, method: str, path: str, family: Family, body: Callable[[], Mapping[str, Any]]) -> None:
    """Raises the refusal of an operation that the user may not do."""
    if not user.everything and not all(user.may(p) for p in needed(method, path, family, body())):
        raise refusal(family)


def refusal(family: Family) -> ApiError:
    """What somebody without the permission is told, in the format of the family."""
    match family:
        case Family.ACTIONS | Family.CRUD | Family.EXPORT:
            return CrudError("NO_PERMISSION", "You do not have permission to perform this operation.", 403)
        case Family.DATA_QUERY:
            return DataQueryError(403, 403, "You do not have permission to run data queries.")
        case _:
            refused: V1Error = v1_error(500000, 10, "You do not have permission to perform this operation.", 403)
            return refused
