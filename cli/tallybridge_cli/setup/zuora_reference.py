"""What else a Zuora tenant needs: accounting codes of tax items, payment method types, and the role of the API user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tallybridge.desk.doctor.both import TENANT_METHODS
from tallybridge.errors import AlreadyExists, ConfigurationError, OutcomeUnknown, Refused
from tallybridge.ids import netsuite_id
from tallybridge.zuora import Zuora

TAX_CODES, PAYMENT_TYPES, ROLES = "/settings/tax-codes", "/settings/payment-methods", "/settings/user-roles"
ACCOUNTING_CODES = "/v1/accounting-codes"
TAX_TYPE = "SalesTaxPayable"
TYPES_KEY = "paymentMethodTypes"
PAGE = 40
MAX_PAGES = 50
TAX_SCREEN = "Settings > Billing > Setup Tax Engines and Tax Codes > Manage Tax Codes > edit the code > Accounting Code"
ROLE_SCREEN = "Settings > Administration > Manage User Roles"
PERMISSIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "": {
        "Platform": ("API Write Access", "Run Data Queries (In UI Or API)"),
        "Billing": ("Manage Product Catalog", "Modify Account", "Modify Invoice"),
        "Reporting": ("Enable DataSource Exports", "Enable Exports"),
    },
    "B": {"Billing": ("Modify Credit Memo", "Modify Debit Memo")},
    "to Zuora": {
        "Billing": ("Create Account", "Create Contact"),
        "Payments": ("Process External Payment", "Issue External Refund"),
    },
    "to Zuora A": {"Billing": ("Create Invoice Adjustment", "Create Invoice Item Adjustment")},
    "to Zuora B": {"Billing": ("Refund Credit Memo",)},
}
"""Permissions of the API user by kind of role: what every tenant needs, what one mode needs, and what records from NetSuite need
(provisioning.md section 3.3). No *UI Access*."""


NOBODY = (
    "Delete Accounts",
    "Override Transferred to Accounting",
    "Create Invoice Adjustment",
    "Cancel Invoice Adjustment",
    "Delete Canceled Invoice Adjustment",
)
"""Permissions with which people undo what the connector relies on; no role but its own should hold them."""


def permissions(*keys: str) -> dict[str, list[str]]:
    """The permissions of these keys, by kind of role."""
    wanted: dict[str, list[str]] = {}
    for key in keys:
        for category, names in PERMISSIONS.get(key, {}).items():
            wanted.setdefault(category, []).extend(names)
    return wanted


@dataclass
class Role:
    """The API user's role. `permissions` it must hold, by kind of role, and `more` if records are to go from NetSuite to Zuora; `found`:
    whether the tenant has one of that name, None where roles cannot be read; `missing` by kind of role; `others`: which roles hold what
    nobody should, see `NOBODY`."""

    name: str
    permissions: dict[str, list[str]]
    more: dict[str, list[str]]
    found: bool | None = None
    missing: dict[str, list[str]] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)


def role(zuora: Zuora, name: str, mode: str, *, reverse: bool) -> Role:
    """Compare the role of a name with what it must hold; `reverse`: records go from NetSuite to Zuora."""
    to_zuora = ("to Zuora", f"to Zuora {mode}")
    wanted = Role(name, permissions("", mode, *(to_zuora if reverse else ())), {} if reverse else permissions(*to_zuora))
    try:
        rows = list(_roles(zuora))
    except Refused:
        return wanted
    own = [row for row in rows if _name(row) == name.lower()]
    for row in rows:
        if _name(row) != name.lower() and (held_by_others := [p for p in NOBODY if p in set(_texts(row))]):
            wanted.others[str(row["name"])] = held_by_others
    held = {text for row in own for text in _texts(row)}
    wanted.found = bool(own)
    missing = {category: [p for p in names if p not in held] for category, names in wanted.permissions.items()}
    wanted.missing = {category: names for category, names in missing.items() if names}
    return wanted


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("name", "")).strip().lower()


def _roles(zuora: Zuora) -> Iterator[Mapping[str, Any]]:
    for page in range(1, MAX_PAGES + 1):
        answer = zuora.get(ROLES, {"size": str(PAGE), "page": str(page)})
        rows = next((v for v in answer.values() if isinstance(v, list)), [])
        yield from (row for row in rows if isinstance(row, Mapping))
        if len(rows) < PAGE:
            return


def _texts(value: Any) -> Iterator[str]:
    """Every text in a role, however the permissions are laid out; a permission that is written out as off does not count."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        if value.get("enabled", value.get("granted", True)) in (True, "true"):
            for key, inner in value.items():
                yield from ([key] if inner is True else _texts(inner))
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


@dataclass
class Taxes:
    """`codes`: the tenant's tax codes, None where they cannot be read; `items`: NetSuite item by tax code, as it was given. Then
    the accounting codes: those that were there, were made, are to be made (dry), and what Zuora said of those that it refused."""

    codes: list[str] | None
    items: dict[str, str]
    there: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def tax_items(texts: Sequence[str]) -> dict[str, str]:
    """ "WORLD=900" -> {"WORLD": "900"}. Raises `ConfigurationError` INPUT."""
    found: dict[str, str] = {}
    for text in texts:
        code, equals, item = (part.strip() for part in text.rpartition("="))
        if not code or not equals or not netsuite_id(item):
            raise ConfigurationError(
                f'"{text}" is not a tax code and the internal id of a NetSuite item.',
                place="--tax-item",
                code="INPUT",
                advice='Write it as --tax-item "TAXCODE=internal id", once for each tax code.',
            )
        found[code] = item
    return found


def taxes(zuora: Zuora, items: Mapping[str, str], *, create: bool) -> Taxes:
    """One accounting code of type Sales Tax Payable for each item, its name the item's internal id."""
    try:
        codes: list[str] | None = sorted(str(c["name"]) for c in zuora.get(TAX_CODES).get("taxCodes") or () if c.get("active", True))
    except Refused:
        codes = None
    done = Taxes(codes, dict(items))
    if not items:
        return done
    known = _accounting_codes(zuora)
    for item in sorted(set(items.values())):
        if known.get(item) == TAX_TYPE:
            done.there.append(item)
        elif item in known:
            done.refused[item] = f"there is an accounting code {item} of type {known[item]}"
        elif not create:
            done.missing.append(item)
        else:
            _make_code(zuora, item, done)
    return done


def _make_code(zuora: Zuora, item: str, done: Taxes) -> None:
    try:
        zuora.post(ACCOUNTING_CODES, {"name": item, "type": TAX_TYPE, "notes": "NetSuite item, for Tallybridge"}, "")
    except (AlreadyExists, OutcomeUnknown, Refused) as failed:
        if _accounting_codes(zuora).get(item) != TAX_TYPE:
            done.refused[item] = failed.detail or failed.message
            return
    done.made.append(item)


def _accounting_codes(zuora: Zuora) -> dict[str, str]:
    """Type by name."""
    found: dict[str, str] = {}
    answer = zuora.get(ACCOUNTING_CODES, {"pageSize": str(PAGE)})
    for page in range(2, MAX_PAGES + 2):
        found |= {str(c["name"]): str(c["type"]) for c in answer.get("accountingCodes") or ()}
        if not answer.get("nextPage"):
            break
        answer = zuora.get(ACCOUNTING_CODES, {"pageSize": str(PAGE), "page": str(page)})
    return found


@dataclass
class PaymentTypes:
    """`on`: what was switched on, None where it cannot be read; `wanted` on top of it; `switched`: what has been; `methods`: types of the
    payment methods that belong to no account, None where they cannot be asked for."""

    on: list[str] | None
    wanted: list[str]
    switched: list[str] = field(default_factory=list)
    refused: str = ""
    methods: list[str] | None = None


def payment_types(zuora: Zuora, wanted: Sequence[str], *, create: bool) -> PaymentTypes:
    """Switch payment method types on; those that are on stay so."""
    try:
        on = [str(t) for t in zuora.get(PAYMENT_TYPES).get(TYPES_KEY) or ()]
    except Refused:
        return PaymentTypes(None, list(wanted), refused="they cannot be read with these rights" if wanted else "")
    done = PaymentTypes(on, list(wanted))
    more = [t for t in dict.fromkeys(wanted) if t not in on]
    if more and create:
        try:
            after = [str(t) for t in zuora.put(PAYMENT_TYPES, {TYPES_KEY: [*on, *more]}).get(TYPES_KEY) or ()]
            done.switched = [t for t in more if t in after]
        except Refused as refused:
            done.refused = refused.detail or refused.message
    if wanted:
        done.methods = _methods(zuora)
    return done


def _methods(zuora: Zuora) -> list[str] | None:
    try:
        return sorted({str(row["name"]) for row in zuora.data_query(TENANT_METHODS) if row.get("name")})
    except Refused:
        return None
