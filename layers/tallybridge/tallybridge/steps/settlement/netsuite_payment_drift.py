"""What is said of a synced NetSuite payment that Zuora's may not or cannot follow (payments.md P3, P4; decisions.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from tallybridge.steps.settlement.netsuite_beside import CREDIT, DEPOSIT
from tallybridge.steps.settlement.netsuite_payment_data import PaymentData
from tallybridge.sync.step import Counterpart, Problem, SourceRecord, is_complete, normal_status

LEAVE = "to leave both sides as they are, set Zuora Integration Status to Ignore."
CANCEL = "set Transferred to Accounting of the Zuora payment to Ignore and cancel it"
"""Zuora cancels no payment that was transferred to accounting."""
RESEND = f"{CANCEL}, then clear Zuora Integration Status and Zuora ID here"


def number_of(payment: Counterpart) -> str:
    """What people call a Zuora payment."""
    return str(payment.record.get("PaymentNumber") or payment.id)


def gone(record: SourceRecord, found: Sequence[Counterpart]) -> Problem | None:
    """The payment was in Zuora and is not any more; a person has to ask for it again (sequence-and-status.md section 6)."""
    if not normal_status(record.status):
        return None
    advice = "To sync it again, clear Zuora Integration Status and Zuora ID in NetSuite; to leave it alone, set the status to Ignore."
    if found:
        text = f"{record.data.name}: Zuora payment {number_of(found[0])} was canceled or voided; nothing is done."
        return Problem("NSPAY-CANCELED", text, advice)
    if is_complete(record.status):
        text = f"{record.data.name}: marked as synced, but no Zuora payment carries its internal id; nothing is done."
        return Problem("NSPAY-MISSING", text, advice)
    return None


def void_or_unlinked(data: PaymentData, there: Counterpart, refunded: Decimal) -> Problem | None:
    """A void, and a customer whose Zuora ID was cleared."""
    if data.void and there.amount != refunded:
        left = (there.amount or Decimal(0)) - refunded
        held = f"{data.money(left)}{_applied(data)}"
        text = f"{data.name}: voided or set to 0 after its sync; Zuora payment {number_of(there)} still holds {held}."
        return Problem("NSPAY-VOIDED", text, f"Unapply the Zuora payment, then {CANCEL}, or refund it; {LEAVE}")
    if not data.row.get("account"):
        text = f"{data.name}: its customer no longer carries a Zuora ID; Zuora payment {number_of(there)} stays as it is."
        return Problem("NSPAY-UNLINKED", text, f"Put the Zuora ID back on the NetSuite customer; {LEAVE}")
    return None


def amount_or_customer(data: PaymentData, there: Counterpart) -> Problem | None:
    """What Zuora does not allow to change."""
    if there.amount == data.amount and there.record.get("AccountId") == data.row.get("account"):
        return None
    text = f"{data.name}: amount or customer changed after its sync; correct by hand in Zuora."
    return Problem("NSPAY-CHANGED", text, f"{RESEND[0].upper()}{RESEND[1:]}.")


def may_not_follow(data: PaymentData, there: Counterpart, changes: bool, cutover: str) -> Problem | None:
    """P4, rules 5 and 6 of a payment that was synced: nothing is sent, but that both sides differ is told. `cutover` "" for none."""
    date = data.row.get("trandate", "")
    moved = bool(data.known.get("date")) and data.known["date"] != date
    if cutover and date < cutover and (changes or moved):
        text = f"{data.name}: changed after its sync and dated {date}, before the cutover date {cutover}; not sent to Zuora."
        return Problem("NSPAY-CUTOVER", text, f"Correct Zuora payment {number_of(there)} by hand, or the date here; {LEAVE}")
    if changes and data.row.get("updates") == "F":
        text = f"{data.name}: changed after its sync, but Zuora Sync Updates is not Yes; not sent to Zuora payment {number_of(there)}."
        return Problem("NSPAY-UPDATES", text, f"Set Zuora Sync Updates to Yes, or correct the Zuora payment by hand; {LEAVE}")
    return None


def not_sent(data: PaymentData, there: Counterpart) -> Problem:
    """A change in a tenant without Invoice Settlement, where none is sent."""
    wanted = f"{data.money(data.amount)} to {len(data.wanted)} Zuora invoices"
    text = f"{data.name}: changed after its sync ({wanted}); Zuora payment {number_of(there)} holds {_held(data, there)}. It is not sent."
    return Problem("NSPAY-UNSENT", text, f"Correct it in Zuora; or {RESEND}, and it is made anew; {LEAVE}")


def differs(data: PaymentData, there: Counterpart) -> Problem:
    """Nothing is known of the last success, and NetSuite's payment was not changed since: somebody changed Zuora's."""
    text = f"{data.name}: not changed since its sync, but Zuora payment {number_of(there)} is applied otherwise{_applied(data)}."
    return Problem("NSPAY-DIFFERS", text, f"Correct it in Zuora, or save the payment here and its applications are sent; {LEAVE}")


def parts_differ(data: PaymentData, payment: str, now: Mapping[str, Decimal]) -> Problem:
    """Right after a change Zuora's payment is applied otherwise than was sent."""
    held = ", ".join(f"{data.money(amount)} to {data.document_name(d)}" for d, amount in now.items()) or "nothing"
    text = f"{data.name}: after its change Zuora payment {payment} is applied otherwise than was sent: {held}."
    return Problem("NSPAY-PARTS", text, "The next run compares again and sends the difference; look at the payment if it comes back.")


def too_much(data: PaymentData, there: Counterpart, left: Decimal) -> Problem:
    """More is to be applied than refunds have left of the Zuora payment."""
    text = f"{data.name}: more is to be applied than the {data.money(left)} that refunds have left of Zuora payment {number_of(there)}."
    return Problem("NSPAY-REFUNDED", text, f"Apply less here, or settle the document in Zuora by hand; {LEAVE}")


def unclear(data: PaymentData, there: Counterpart) -> Problem:
    """A change was interrupted and part of the payment refunded meanwhile."""
    text = (
        f"{data.name}: Zuora payment {number_of(there)} was refunded while a change was under way; what it is to be applied to is unclear."
    )
    return Problem("NSPAY-UNCLEAR", text, "Apply the Zuora payment by hand as it is to be, then set Zuora Integration Status to Ignore.")


def used_with_it(data: PaymentData) -> Iterator[Problem]:
    """Customer deposits and credit memos that were used together with the payment: its applications are more than its amount."""
    for a in data.applications:
        if a.kind in (DEPOSIT, CREDIT):
            what = "customer deposit" if a.kind == DEPOSIT else "credit memo"
            text = (
                f"{data.name}: {what} {a.number} ({data.money(a.amount)}) is used together with it, which is not covered; nothing is sent."
            )
            advice = f"Apply the {what} by a transaction of its own in NetSuite, or enter all of it in Zuora and set the status to Ignore."
            yield Problem("NSPAY-DEPOSIT" if a.kind == DEPOSIT else "NSPAY-CREDIT", text, advice)


def told_beside(data: PaymentData) -> Iterator[Problem]:
    """What closes the NetSuite document and leaves Zuora's open."""
    names = {a.document: data.document_name(data.invoice_of(a)) for a in data.to_zuora}
    for b in data.beside:
        if b.document not in names:
            continue
        amount, name = data.money(b.amount), names[b.document]
        if b.kind:
            text = f"{data.name}: deposit application {b.number} settles {amount} of {name} too; customer deposits are not sent."
            yield Problem("NSPAY-DEPOSITED", text, f"Enter {amount} in Zuora by hand; its {name} stays open by it.")
        else:
            text = f"{data.name}: early payment discount of {amount} on {name} is not sent; Zuora's stays open by it."
            yield Problem("NSPAY-DISCOUNT", text, f"Credit {amount} on {name} in Zuora by hand.")


def _applied(data: PaymentData) -> str:
    """What Zuora holds by document."""
    parts = ", ".join(f"{data.money(amount)} to {data.document_name(d)}" for d, amount in data.parts.items())
    return f" ({parts})" if parts else ""


def _held(data: PaymentData, there: Counterpart) -> str:
    return f"{data.money(there.amount or Decimal(0))}{_applied(data)}"
