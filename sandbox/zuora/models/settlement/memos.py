"""Credit and debit memos: changes, posting, cancelling, applying (spec section 12.4)."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.zuora.exceptions import V1Error, v1_error
from sandbox.zuora.models.settlement.money import CREDIT_MEMO, Line, change_part, check_apply, check_unapply, move
from sandbox.zuora.models.store import API_USER
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record

RESOURCES = {"CreditMemo": 505600, "DebitMemo": 505700}
RULE = 30


def refuse(kind: str, message: str) -> V1Error:
    return v1_error(RESOURCES[kind], RULE, message)


def post(tenant: Tenant, kind: str, memo: Record) -> Record:
    if memo["Status"] != "Draft":
        raise refuse(kind, f"A memo in status {memo['Status']} cannot be posted.")
    changes: Record = {"Status": "Posted", "PostedOn": tenant.store.now(), "PostedById": API_USER}
    posted = tenant.store.update(kind, memo["Id"], changes)
    if kind == "CreditMemo":
        change_part(tenant.store, CREDIT_MEMO, posted, None, posted["Balance"])
    return posted


def cancel(tenant: Tenant, kind: str, memo: Record) -> Record:
    if memo["Status"] != "Draft":
        raise refuse(kind, f"A memo in status {memo['Status']} cannot be canceled.")
    changes: Record = {"Status": "Canceled", "CancelledOn": tenant.store.now(), "CancelledById": API_USER}
    return tenant.store.update(kind, memo["Id"], changes)


def unpost(tenant: Tenant, kind: str, memo: Record) -> Record:
    """Back to draft; refused once money has moved or the memo was transferred to accounting."""
    if memo["Status"] != "Posted" or memo["Balance"] != memo["TotalAmount"]:
        raise refuse(kind, "Only a posted memo that is fully unapplied can be unposted.")
    if memo.get("TransferredToAccounting", "No") in ("Yes", "Processing"):
        raise refuse(kind, "A memo that was transferred to accounting cannot be unposted.")
    if kind == "CreditMemo":
        change_part(tenant.store, CREDIT_MEMO, memo, None, -memo["TotalAmount"])
    return tenant.store.update(kind, memo["Id"], {"Status": "Draft", "PostedOn": None, "PostedById": None})


def apply(tenant: Tenant, memo: Record, lines: Sequence[Line], date: str) -> Record:
    check_apply(tenant.store, CREDIT_MEMO, memo, lines)
    return move(tenant, CREDIT_MEMO, memo["Id"], lines, date, 1)


def unapply(tenant: Tenant, memo: Record, lines: Sequence[Line], date: str) -> Record:
    check_unapply(tenant.store, CREDIT_MEMO, memo, lines)
    return move(tenant, CREDIT_MEMO, memo["Id"], lines, date, -1)
