"""Payments, refunds, deposits, deposit applications and journal entries."""

from __future__ import annotations

from decimal import Decimal

from sandbox.netsuite.exceptions import invalid_value, please_enter, user_error
from sandbox.netsuite.ledger import ZERO
from sandbox.netsuite.rules import headers
from sandbox.netsuite.rules.applying import auto_apply, finish_apply
from sandbox.netsuite.rules.context import Write
from sandbox.netsuite.store import Record

MONEY_ACCOUNTS = ("Bank", "OthCurrAsset", "CredCard")


def finish_payment(w: Write) -> None:
    """Rules of a customer payment: amount, bank account, and what it is applied to."""
    _amount_of_applications(w)
    _header(w)
    _money_account(w)
    w.default("arAcct", w.tenant.special_account("AcctRec"))
    _positive(w)
    headers.post(w)
    credits_used = finish_apply(w, ("creditMemo",), _unlimited(w), "credit")
    deposits_used = finish_apply(w, ("customerDeposit",), _unlimited(w), "deposit")
    refunded = w.ledger.applied_to(w.record.id)
    if w.values["payment"] < refunded:
        raise user_error("The payment amount may not be less than the amount refunded.", "payment")
    available = w.values["payment"] + credits_used + deposits_used - refunded
    auto_apply(w, available)
    finish_apply(w, ("invoice", "journalEntry"), available)


def _amount_of_applications(w: Write) -> None:
    """Where the account allows it, a payment is as large as what it is applied with."""
    habits, given = w.tenant.options.habits, sum((line.get("amount") or ZERO for line in w.record.lines.get("apply", ())), ZERO)
    amount = w.values.get("payment")
    if (amount is None and not habits.payment_needed) or (amount is not None and habits.payment_raised and given > amount):
        w.values["payment"] = given


def finish_refund(w: Write) -> None:
    """Rules of a customer refund: it takes the open part of payments, credit memos and deposits."""
    _header(w, required=False)
    _money_account(w)
    w.default("arAcct", w.tenant.special_account("AcctRec"))
    headers.check_required(w)
    if w.old is not None and w.record.lines.get("deposit") != w.old.lines.get("deposit"):
        raise user_error("The deposits of a customer refund cannot be updated.", "deposit")
    headers.post(w)
    total = finish_apply(w, ("customerPayment", "creditMemo"), _unlimited(w))
    total += finish_apply(w, ("customerDeposit",), _unlimited(w), "deposit")
    if total <= 0:
        raise user_error("A customer refund must be applied to at least one credit memo, payment or deposit.")
    w.values["total"] = total


def finish_deposit(w: Write) -> None:
    """Rules of a customer deposit."""
    _header(w)
    _money_account(w)
    _positive(w)
    w.values["total"] = w.values["payment"]
    order = w.store.get("transaction", w.values["salesOrder"]) if w.values.get("salesOrder") else None
    if order and order.customer != w.record.customer:
        raise invalid_value(order.id, "salesOrder", "salesOrder")
    if w.values["payment"] < w.ledger.applied_to(w.record.id):
        raise user_error("The deposit may not be less than the amount applied.", "payment")
    headers.post(w)


def finish_deposit_application(w: Write) -> None:
    """Rules of a deposit application: it moves part of a deposit to invoices."""
    deposit = w.store.get("transaction", w.values["deposit"])
    if deposit is None or deposit.type.name != "customerDeposit":
        raise invalid_value(w.values["deposit"], "deposit", "deposit")
    w.values.update(customer=deposit.values["customer"], currency=deposit.values["currency"], depositDate=deposit.values["tranDate"])
    w.default("arAcct", w.tenant.special_account("AcctRec"))
    if w.creating:
        _header(w)
    headers.check_required(w)
    headers.post(w)
    total = finish_apply(w, ("invoice",), w.ledger.open_amount(deposit, without=w.record.id))
    if total <= 0:
        raise please_enter(["Apply"])
    w.values.update(total=total, applied=total, unapplied=ZERO)
    w.unit.edit("transaction", deposit.id).values["lastModifiedDate"] = w.tenant.now()


def finish_journal(w: Write) -> None:
    """Rules of a journal entry: debits equal credits, receivable lines name a customer."""
    if w.tenant.options.multiple_currencies:
        subsidiary = w.store.get("subsidiary", w.values["subsidiary"]) if w.values.get("subsidiary") else None
        w.default("currency", subsidiary.values["currency"] if subsidiary else w.tenant.base_currency())
    else:
        w.values["currency"] = w.tenant.base_currency()
    headers.rate(w)
    headers.number_document(w)
    headers.check_required(w)
    headers.check_dimensions(w, w.values)
    lines = w.record.lines["line"]
    if len(lines) < 2:
        raise user_error("A journal entry needs at least two lines.", "line")
    balance = ZERO
    for position, line in enumerate(lines):
        balance += _journal_line(w, line, f"line.items[{position}].")
    if balance:
        raise user_error("The amounts in a journal entry must balance.", "line")
    w.default("approvalStatus", "2")
    headers.post(w)
    headers.stamp(w)


def _journal_line(w: Write, line: dict[str, object], path: str) -> Decimal:
    account_id = line.get("account")
    account = w.store.get("account", account_id) if isinstance(account_id, int) else None
    if account is None:
        raise please_enter(["Account"])
    if "uniquekey" not in line:
        line["uniquekey"] = w.store.next_id("line key")
    sides = [name for name in ("debit", "credit") if line.get(name)]
    if len(sides) != 1:
        raise user_error("A journal line needs either a debit or a credit.", path + "debit")
    if account.values["acctType"] == "AcctRec" and not line.get("entity"):
        raise please_enter(["Name"])
    amount = line[sides[0]]
    rounded = w.rounded(amount if isinstance(amount, Decimal) else ZERO)
    line[sides[0]] = rounded
    headers.check_dimensions(w, line, path)
    return rounded if sides[0] == "debit" else -rounded


def _header(w: Write, required: bool = True) -> None:
    customer = headers.customer_of(w, "customer")
    headers.source_customer(w, customer)
    headers.number_document(w)
    if required:
        headers.check_required(w)
    headers.check_dimensions(w, w.values)
    headers.stamp(w)


def _money_account(w: Write) -> None:
    """Where the money goes: given account, else the payment method's, else Undeposited Funds."""
    method_id = w.values.get("paymentOption") or w.values.get("paymentMethod")
    method = w.store.get("paymentMethod", method_id) if method_id else None
    if method and method.values.get("isInactive"):
        raise invalid_value(method.id, "paymentMethod", "paymentMethod")
    if w.creating and not w.values.get("account") and w.values.get("undepFunds") != "T":
        w.default("account", method.values.get("account") if method else None)
        if not w.values.get("account") and (method or w.record.type.name != "customerRefund"):
            w.values["undepFunds"] = "T"
    undeposited = w.tenant.special_account("UndepFunds")
    if w.values.get("undepFunds") == "T":
        w.values["account"] = undeposited
    elif w.values.get("account"):
        w.values["undepFunds"] = "T" if w.values["account"] == undeposited else "F"
    _check_money_account(w, w.store.get("account", w.values["account"]) if w.values.get("account") else None)
    if "undepfunds" not in w.record.type.fields:
        w.values.pop("undepFunds", None)


def _check_money_account(w: Write, account: Record | None) -> None:
    if account is None:
        return
    own = account.values.get("currency")
    if account.values["acctType"] not in MONEY_ACCOUNTS or own not in (None, w.values["currency"]):
        raise invalid_value(account.id, "account", "account")


def _positive(w: Write) -> None:
    w.values["payment"] = w.rounded(w.values["payment"])
    if w.values["payment"] < 0:
        raise invalid_value(w.values["payment"], "payment", "payment")


def _unlimited(w: Write) -> Decimal:
    return Decimal(10) ** 15
