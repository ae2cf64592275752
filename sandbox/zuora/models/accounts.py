"""What an account must keep to, whichever API writes it (spec sections 12.2 and 12.7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from sandbox.zuora.exceptions import CrudError
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record

BATCH = re.compile(r"Batch([1-9]|[1-4]\d|50)\Z")
MAX_DAY = 31
CONTACT_ROLES = ("BillToId", "SoldToId")
DOCUMENTS = ("Invoice", "CreditMemo", "DebitMemo", "Payment", "Refund", "Subscription")
"""What keeps an account in its currency."""
Refuse = Callable[[str], Exception]


def check_lists(tenant: Tenant, values: Mapping[str, object], refuse: Refuse) -> None:
    """Currency, payment term, batch and billing day are among those of the tenant. Raises what `refuse` makes of a text."""
    currency, term, batch, day = (values.get(name) for name in ("Currency", "PaymentTerm", "Batch", "BillCycleDay"))
    if isinstance(currency, str) and currency not in tenant.currencies:
        raise refuse(f"The currency {currency!r} is not active in this tenant.")
    if isinstance(term, str) and term not in tenant.payment_terms:
        raise refuse(f"The payment term {term!r} does not exist in this tenant.")
    if isinstance(batch, str) and not BATCH.match(batch):
        raise refuse(f"The batch {batch!r} is invalid.")
    if isinstance(day, int) and not 0 <= day <= MAX_DAY:
        raise refuse(f"BillCycleDay must be from 0 to {MAX_DAY}.")


def check_number_free(tenant: Tenant, number: object, refuse: Refuse) -> None:
    """A number of the caller's own does not begin as those do that the service gives (SOAP reference, Account.AccountNumber)."""
    prefix = tenant.options.account_number_prefix
    if prefix and isinstance(number, str) and number.startswith(prefix):
        raise refuse(f"The account number {number} must not begin with the default prefix {prefix}.")


def check_parent(tenant: Tenant, account_id: object, parent_id: object, refuse: Refuse) -> None:
    """No account is above itself."""
    above = parent_id
    for _ in range(len(tenant.store.tables["Account"]) + 1):
        if above is None:
            return
        if above == account_id:
            break
        above = (tenant.store.get("Account", above) or {}).get("ParentId")
    raise refuse("An account cannot be its own parent, nor the parent of one above it.")


def check_currency_stays(tenant: Tenant, old: Record, changes: Record, refuse: Refuse) -> None:
    currency = changes.get("Currency")
    if currency in (None, old.get("Currency")) or "Id" not in old:
        return
    for kind in DOCUMENTS:
        if kind in tenant.schema and tenant.store.by(kind, "AccountId", old["Id"]):
            raise refuse("The currency of an account with documents or subscriptions cannot be changed.")


def check_account(tenant: Tenant, old: Record, changes: Record) -> None:
    """A create (`old` is empty) or update through Actions and CRUD. Raises `CrudError`."""

    def refuse(text: str) -> CrudError:
        return CrudError("INVALID_VALUE", text)

    check_lists(tenant, changes, refuse)
    if changes.get("AccountNumber") != old.get("AccountNumber"):
        check_number_free(tenant, changes.get("AccountNumber"), refuse)
    if old:
        check_parent(tenant, old["Id"], changes.get("ParentId"), refuse)
    check_currency_stays(tenant, old, changes, refuse)
    new = {**old, **changes}
    for name in CONTACT_ROLES:
        contact = tenant.store.get("Contact", changes.get(name))
        if contact is not None and contact["AccountId"] != old.get("Id"):
            raise CrudError("INVALID_VALUE", f"The contact of {name} belongs to another account.")
    if changes.get("AutoPay") and not new.get("DefaultPaymentMethodId"):
        raise CrudError("MISSING_REQUIRED_VALUE", "Missing required value: DefaultPaymentMethodId")
    if "Status" in changes:
        check_activation(old, new)


def check_activation(old: Record, new: Record) -> None:
    """An account becomes active with both contacts, and is no draft again."""
    if new["Status"] == "Draft" and old.get("Status") not in (None, "Draft"):
        raise CrudError("INVALID_VALUE", f"An account cannot go from {old['Status']} to Draft.")
    missing = missing_contacts(new, CONTACT_ROLES)
    if new["Status"] == "Active" and missing:
        raise CrudError("MISSING_REQUIRED_VALUE", f"Missing required value: {', '.join(missing)}")


def missing_contacts(account: Mapping[str, object], roles: Iterable[str]) -> list[str]:
    return [role for role in roles if not account.get(role)]
