"""Applying one transaction to others: what may be applied to what, and how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, invalid_value, user_error
from sandbox.netsuite.ledger import ZERO
from sandbox.netsuite.rules.context import Write
from sandbox.netsuite.store import Record


def finish_apply(w: Write, types: tuple[str, ...], available: Decimal, sublist: str = "apply") -> Decimal:
    """Check and complete the lines of an applying sublist; returns the sum applied. `available` is what may be applied at most."""
    lines = w.record.lines.get(sublist, [])
    total = ZERO
    for position, line in enumerate(lines):
        path = f"{sublist}.items[{position}]"
        document = w.store.get("transaction", line["doc"])
        if document is None or document.type.name not in types:
            raise invalid_value(line["doc"], "doc", path + ".doc")
        if unchanged(w, sublist, line):
            total += line["amount"]
            continue
        check_same_party(w, document, path)
        left = w.ledger.open_amount(document, without=w.record.id)
        if line.get("amount") is None:
            line["amount"] = min(left, available - total)
        line["amount"] = w.rounded(line["amount"])
        check_amount(line["amount"] + _discount(w, line, document, path), left, document, path)
        total += line["amount"]
    if total > available:
        raise user_error(f"You cannot apply {total}: only {available} is available to be applied.", sublist)
    touch_documents(w, sublist)
    return total


def auto_apply(w: Write, available: Decimal) -> None:
    """Oldest open invoices first, when this write asks for it and names no applications itself; the wish is not stored."""
    by_itself = w.tenant.options.habits.applies_by_itself and w.creating and w.record.type.name == "creditMemo"
    wanted = w.values.pop("autoApply", False) or by_itself
    if not wanted or "apply" in w.given or w.record.customer is None:
        return
    lines = w.record.lines.setdefault("apply", [])
    left = available - sum((line["amount"] or ZERO for line in lines), ZERO)
    invoices = [i for i in w.ledger.transactions_of(w.record.customer, "invoice") if i.values["currency"] == w.values["currency"]]
    for invoice in sorted(invoices, key=lambda i: (i.values["tranDate"], i.id)):
        amount = min(left, w.ledger.open_amount(invoice, without=w.record.id))
        if amount > 0 and all(line["doc"] != invoice.id for line in lines):
            lines.append({"doc": invoice.id, "apply": True, "line": 0, "amount": amount})
            left -= amount


def unchanged(w: Write, sublist: str, line: dict[str, Any]) -> bool:
    """Whether the stored record has the very same application."""
    same = ("doc", "amount", "disc")
    return w.old is not None and any(all(o.get(n) == line.get(n) for n in same) for o in w.old.lines.get(sublist, ()))


def _discount(w: Write, line: dict[str, Any], document: Record, path: str) -> Decimal:
    """The discount taken on a line: on invoices, by payments alone."""
    if not line.get("disc"):
        return ZERO
    if w.record.type.name != "customerPayment" or document.type.name != "invoice" or line["disc"] < 0:
        raise invalid_value(line["disc"], "disc", path + ".disc")
    line["disc"] = w.rounded(line["disc"])
    taken: Decimal = line["disc"]
    return taken


def check_same_party(w: Write, document: Record, path: str) -> None:
    """Customer, currency and receivables account of both sides agree."""
    if document.type.name == "journalEntry":
        if not any(line.get("entity") == w.record.customer for line in document.lines["line"]):
            raise invalid_value(document.id, "doc", path + ".doc")
    elif document.customer != w.record.customer:
        raise invalid_value(document.id, "doc", path + ".doc")
    if document.values.get("currency") != w.values.get("currency"):
        raise user_error("The currency of the applied transaction differs from the currency of this transaction.", path + ".doc")
    ours = w.values.get("arAcct") or w.values.get("account")
    receivable = w.store.get("account", ours) if ours else None
    if document.type.name == "invoice" and receivable and receivable.values["acctType"] == "AcctRec" and document.values["account"] != ours:
        raise user_error("The receivables account of the applied transaction differs from that of this transaction.", path + ".doc")


def check_amount(amount: Decimal, left: Decimal, document: Record, path: str) -> None:
    """An application is positive and not more than what is open."""
    if amount < 0:
        raise invalid_value(amount, "amount", path + ".amount")
    if amount > left:
        raise over_applied(amount, left, document, path)


def over_applied(amount: Decimal, left: Decimal, document: Record, path: str) -> NetSuiteError:
    """More was applied than is open."""
    text = f"The amount {amount} to be applied is greater than the amount {left} remaining on {document.values.get('tranId')}."
    return user_error(text, path + ".amount")


def touch_documents(w: Write, sublist: str) -> None:
    """Documents whose open amount changes are modified by this write."""
    before = {line["doc"]: line["amount"] for line in (w.old.lines.get(sublist, ()) if w.old else ())}
    after = {line["doc"]: line["amount"] for line in w.record.lines.get(sublist, ())}
    for document in before.keys() | after.keys():
        if before.get(document) != after.get(document):
            edited = w.unit.edit("transaction", document)
            if w.tenant.options.habits.applying_touches:
                edited.values["lastModifiedDate"] = w.tenant.now()
