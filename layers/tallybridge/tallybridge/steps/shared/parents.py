"""Why a record that others refer to was not sent, and whether it ever will be: what its own step would say, told from its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge.settings import Settings
from tallybridge.steps.shared.texts import day
from tallybridge.sync.step import has_status

Row = Mapping[str, Any]
CANCELLED = frozenset({"Canceled", "Cancelled", "Voided", "Error"})
DRAFT = frozenset({"Draft", "PendingForTax", "Generating", "Generated"})
MIGRATED = "AR Mig - negative invoice"


@dataclass(frozen=True)
class Stays:
    """Why a record is not sent and will not be by itself; `release` is what makes the connector send it, "" where nothing does."""

    why: str
    release: str = ""


@dataclass(frozen=True)
class Kind:
    """A Zuora object that others refer to: its fields with date and amount, the setting with its cutover date, and that which switches its
    step off."""

    word: str
    date: str = ""
    cutover: str = ""
    switch: str = ""
    fields: tuple[str, ...] = ()


STATE = ("Status", "TransferredToAccounting", "IntegrationId__NS", "IntegrationStatus__NS")
INVOICE = Kind(
    "invoice", "InvoiceDate", "cutover_zuora_invoice", "disable_zuora_invoice_sync", ("InvoiceNumber", "InvoiceDate", "Amount", *STATE)
)
DEBIT_MEMO = Kind("debit memo", "MemoDate", "cutover_zuora_memo", "disable_zuora_debit_memo_sync")
CREDIT_MEMO = Kind("credit memo", "MemoDate", "cutover_zuora_memo", "disable_zuora_credit_memo_sync")
PAYMENT = Kind(
    "payment",
    "EffectiveDate",
    "cutover_zuora_payment",
    "disable_zuora_payment_sync",
    ("PaymentNumber", "EffectiveDate", "Amount", "UnappliedAmount", "RefundAmount", "AccountId", *STATE),
)
ACCOUNT = Kind("account", "CreatedDate", "cutover_zuora_account", "disable_customer_account_sync")
CHARGE = Kind("charge", switch="disable_zuora_charge_sync")
PRODUCT = Kind("product")
INVOICE_FIELDS, PAYMENT_FIELDS = INVOICE.fields, PAYMENT.fields
"""What is read of invoices and payments that others refer to; other kinds come with all that is needed."""
KINDS = {kind.word: kind for kind in (INVOICE, DEBIT_MEMO, CREDIT_MEMO, PAYMENT, ACCOUNT, CHARGE, PRODUCT)}
"""By what people call them."""


def stays(word: str, row: Row, settings: Settings, *, settlement_on: bool) -> Stays | None:
    """Why a record of that kind stays behind; None where it follows by itself, or where nothing is known of it."""
    kind = KINDS.get(word)
    if kind is None or not row:
        return None
    checks: tuple[Callable[[Kind, Row, Settings, bool], Stays | None], ...] = (_ignored, _undone, _dated, _switched_off, _unfit)
    return next((found for check in checks if (found := check(kind, row, settings, settlement_on))), None)


def _ignored(kind: Kind, row: Row, settings: Settings, settlement_on: bool) -> Stays | None:
    if has_status(row.get("IntegrationStatus__NS"), "Ignore"):
        return Stays("its Integration Status says Ignore", "clear its Integration Status")
    if row.get("TransferredToAccounting") == "Ignore":
        return Stays("its Transferred to Accounting says Ignore", "set its Transferred to Accounting to No")
    return None


def _undone(kind: Kind, row: Row, settings: Settings, settlement_on: bool) -> Stays | None:
    status = str(row.get("Status") or "")
    if kind is ACCOUNT:
        if row.get("SynctoNetSuite__NS") == "No":
            return Stays("its Sync to NetSuite says No", "set its Sync to NetSuite to Yes")
        return Stays(f"it is not active ({status})", "activate it") if status and status != "Active" else None
    if status in DRAFT:
        return Stays(f"it is not posted ({status})", "post it")
    return Stays(f"it was undone ({status})") if status in CANCELLED else None


def _dated(kind: Kind, row: Row, settings: Settings, settlement_on: bool) -> Stays | None:
    cutover, date = getattr(settings, kind.cutover, None), day(row.get(kind.date))
    if cutover is None or not date or date >= cutover.isoformat():
        return None
    what = "it was created on" if kind is ACCOUNT else "it is dated"
    return Stays(f"{what} {date}, before the cutover date {cutover} ({kind.cutover})", f"set {kind.cutover} to {date} or earlier")


def _switched_off(kind: Kind, row: Row, settings: Settings, settlement_on: bool) -> Stays | None:
    if getattr(settings, kind.switch, False):
        return Stays(f"its step is switched off ({kind.switch})", f"set {kind.switch} to No")
    return None


def _unfit(kind: Kind, row: Row, settings: Settings, settlement_on: bool) -> Stays | None:
    """What the steps themselves leave alone."""
    amount = Decimal(row.get("Amount") or 0)
    if kind is INVOICE and settlement_on and amount < 0:
        return Stays("it is negative, and negative invoices are not sent from tenants with Invoice Settlement")
    if kind is CREDIT_MEMO and row.get("ReasonCode") == MIGRATED and not settings.send_migrated_credit_memos:
        return Stays("it was made by the Invoice Settlement migration of a negative invoice", "allow send_migrated_credit_memos")
    if kind is PAYMENT and settlement_on and row.get("AccountId") and not settings.sync_unapplied_payments:
        refunded, unapplied = Decimal(row.get("RefundAmount") or 0), Decimal(row.get("UnappliedAmount") or 0)
        if amount and refunded + unapplied >= amount:
            how = "it was refunded and is applied to no document" if refunded else "it is applied to no document"
            apply = "" if refunded >= amount else "apply it, or "
            why = f"{how}, and such payments are not sent (sync_unapplied_payments is No)"
            return Stays(why, f"{apply}set sync_unapplied_payments to Yes")
    return None
