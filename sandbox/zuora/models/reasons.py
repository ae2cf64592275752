"""Reason codes: which ones a transaction may bear, and which it gets without one (vendor's page "Creating and Editing Reason Codes")."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record

KINDS: dict[str, tuple[str, ...]] = {
    "Refund": ("Payment Refund", "Credit Memo Refund"),
    "InvoiceItemAdjustment": ("Invoice Item Adjustment",),
    "InvoiceAdjustment": ("Invoice Adjustment",),
    "CreditMemo": ("Credit Memo",),
    "DebitMemo": ("Debit Memo",),
}
"""Kinds of transactions by object type."""
OF_CREDIT_MEMO = "CreditMemo"


def kind_of(kind: str, record: Record) -> str:
    """The kind of transaction that an object is; a refund is one of a payment unless it says that it is of a credit memo."""
    kinds = KINDS[kind]
    return kinds[-1] if record.get("SourceType") == OF_CREDIT_MEMO else kinds[0]


def check(tenant: Tenant, kind: str, record: Record, changes: Record, refuse: Callable[[str], Exception]) -> None:
    """Raises what `refuse` makes of a text for a code that the tenant does not have. Nothing may stand in its place."""
    code = changes.get("ReasonCode")
    if code and kind in KINDS and code not in tenant.reason_codes[kind_of(kind, {**record, **changes})]:
        raise refuse(f"The reason code {code!r} does not exist in this tenant.")


def fill(tenant: Tenant, kind: str, made: Record) -> None:
    """A new transaction without a code gets the default one."""
    codes = tenant.reason_codes[kind_of(kind, made)]
    if not made.get("ReasonCode") and codes:
        made["ReasonCode"] = codes[0]


def take_over(tenant: Tenant, kind: str, records: Iterable[Record]) -> None:
    """Codes of loaded objects exist in the tenant."""
    for record in records:
        codes = tenant.reason_codes[kind_of(kind, record)]
        if (code := record.get("ReasonCode")) and code not in codes:
            codes.append(code)
