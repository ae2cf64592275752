"""What is said of a synced NetSuite credit memo whose adjustments in Zuora no longer agree with it: no change is sent (adjustments.md,
A2 and A3; decisions.md)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tallybridge.steps.documents.netsuite_credit_memo_mapping import MemoData
from tallybridge.sync.step import Problem, is_complete

RESEND = "cancel the Zuora adjustment, then clear Zuora Integration Status and the Zuora id here, and it is made anew"
LEAVE = "to leave both sides as they are, set the status to Ignore."


def drift(memo: MemoData) -> Problem | None:
    """Why a memo that was sent is held: what Zuora holds of it is not what it asks for. None when both sides agree."""
    if not memo.held:
        return _gone(memo) if memo.wanted else None
    there = f"Zuora still holds {_sums(memo, memo.held)}"
    if memo.void:
        text = f"{memo.name}: voided or set to 0 after its sync; {there}."
        return Problem(f"{memo.code}-VOIDED", text, f"Cancel the Zuora adjustment; {LEAVE}")
    if not memo.row.get("account"):
        text = f"{memo.name}: its customer no longer carries a Zuora ID; {there}."
        return Problem(f"{memo.code}-UNLINKED", text, f"Put the Zuora ID back on the NetSuite customer; {LEAVE}")
    if memo.held == memo.wanted:
        return None
    text = f"{memo.name}: changed after its sync ({_sums(memo, memo.wanted) or 'applied to no Zuora invoice'}); {there}. It is not sent."
    return Problem(f"{memo.code}-CHANGED", text, f"Undo the change; or {RESEND}; {LEAVE}")


def stray(memo: MemoData) -> Problem | None:
    """The same of a memo that was interrupted: what was made of it is on an invoice that it is not applied to any more."""
    return drift(memo) if memo.held.keys() - memo.wanted.keys() else None


def _gone(memo: MemoData) -> Problem | None:
    canceled = [str(r["Id"]) for r in memo.made if r.get("Status") == "Canceled"]
    if canceled:
        text = f"{memo.name}: Zuora adjustment {canceled[0]} was canceled; nothing is done."
        return Problem(f"{memo.code}-CANCELED", text, f"To sync it again, clear status and Zuora id in NetSuite; {LEAVE}")
    text = f"{memo.name}: marked as synced, but no Zuora adjustment carries its internal id; nothing is done."
    return Problem(f"{memo.code}-MISSING", text, f"To sync it, clear Zuora Integration Status and the Zuora id in NetSuite; {LEAVE}")


def left(memo: MemoData) -> Problem | None:
    """Why a memo that was tried before is left alone: nothing was made of it, and there is no reason to any more."""
    if memo.void:
        return Problem(f"{memo.code}-VOID", f"{memo.name}: has no amount any more, and Zuora holds nothing of it.")
    if not memo.qualifies and not is_complete(memo.row.get("status")):
        text = f"{memo.name}: was never made in Zuora and no longer meets the selection rules; nothing is done."
        return Problem(f"{memo.code}-LEFT", text, "Clear Zuora Integration Status if it is not to be sent.")
    return None


def _sums(memo: MemoData, sums: Mapping[tuple[str, str], Decimal]) -> str:
    """ "credit of 40 on invoice INV1" """
    return ", ".join(f"{kind.lower()} of {memo.money(amount)} on invoice {memo.invoice_name(i)}" for (kind, i), amount in sums.items())
