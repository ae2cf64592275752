"""Payments and refunds without Invoice Settlement, written through Actions and CRUD (spec sections 12.9 and 12.10)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.zuora.exceptions import CrudError
from sandbox.zuora.models import reasons
from sandbox.zuora.models.currencies import check_decimals
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.models.writes import check_required, convert_all

ZERO = Decimal(0)
MAX_INVOICES = 200
DRAFT_FIELDS = frozenset({"AccountId", "Amount", "EffectiveDate", "PaymentMethodId", "Type"})
"""Fields of a payment that can be changed while it is a draft (spec section 12.2)."""
PAYMENT_MOVES = {
    "Draft": ("Processed", "Canceled"),
    "Processed": ("Canceled", "Voided"),
    "Processing": ("Processed", "Error"),
}
SENT = ("Yes", "Processing")
Lines = list[tuple[Record, Decimal]]


def refuse(message: str, code: str = "INVALID_VALUE") -> CrudError:
    return CrudError(code, message)


def posted_invoice(tenant: Tenant, key: Any) -> Record:
    invoice = tenant.store.find("Invoice", key) if isinstance(key, str) else None
    if invoice is None:
        raise refuse(f"The invoice {key} does not exist.")
    if invoice["Status"] != "Posted":
        raise refuse(f"The invoice {invoice['InvoiceNumber']} is not posted.")
    return invoice


def nested_rows(nested: Mapping[str, Any], outer: str, inner: str) -> list[Mapping[str, Any]]:
    """The list in {"InvoicePaymentData": {"InvoicePayment": [...]}}."""
    holder = nested.get(outer) or {}
    rows = holder.get(inner, []) if isinstance(holder, dict) else None
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise refuse(f"{outer} must hold a list {inner}.")
    if len(rows) > MAX_INVOICES:
        raise refuse(f"{inner} holds more than {MAX_INVOICES} invoices.", "MAX_RECORDS_EXCEEDED")
    return rows


def create_payment(tenant: Tenant, nested: Mapping[str, Any], values: Record) -> Record:
    """A payment in state Draft or Processed, with its invoice payments."""
    check_required(("AccountId", "EffectiveDate", "PaymentMethodId", "Status", "Type"), values)
    status = values["Status"]
    if status not in ("Draft", "Processed", "Canceled") or (status == "Canceled" and values["Type"] != "External"):
        raise refuse("A payment is created as Draft or Processed; external ones also as Canceled.")
    check_method(tenant, values)
    check_not_ahead(tenant, values)
    lines = payment_lines(tenant, nested, values)
    if not lines and "AppliedInvoiceAmount" not in values and "AppliedCreditBalanceAmount" not in values:
        raise refuse("Missing required value: AppliedCreditBalanceAmount", "MISSING_REQUIRED_VALUE")
    applied = sum((a for _, a in lines), ZERO)
    credit = values.get("AppliedCreditBalanceAmount", ZERO)
    amount = values.setdefault("Amount", applied + credit)
    check_amount(tenant, values, amount)
    check_credit_balance(tenant, values)
    if applied + credit > amount or (status == "Processed" and applied + credit != amount):
        raise refuse(f"The applied amounts {applied + credit} do not add up to the payment amount {amount}.")
    for name in ("InvoiceId", "InvoiceNumber", "AppliedInvoiceAmount"):
        values.pop(name, None)
    check_open(lines)
    payment = tenant.store.insert(
        "Payment",
        {"RefundAmount": ZERO, "GatewayState": "NotSubmitted", "Source": "API", "AppliedAmount": ZERO, "UnappliedAmount": amount, **values},
    )
    for invoice, part in lines:
        tenant.store.insert(
            "InvoicePayment", {"PaymentId": payment["Id"], "InvoiceId": invoice["Id"], "Amount": part, "RefundAmount": ZERO}
        )
    if status == "Processed":
        move_money(tenant, payment["Id"], 1)
    return payment


def check_not_ahead(tenant: Tenant, values: Record) -> None:
    """A payment does not take effect before its day."""
    if values.get("EffectiveDate", "") > tenant.today().isoformat():
        raise refuse(f"The effective date {values['EffectiveDate']} is in the future.")


def check_amount(tenant: Tenant, payment: Record, amount: Decimal) -> None:
    account = tenant.store.get("Account", payment.get("AccountId")) or {}
    check_decimals(amount, account.get("Currency"), refuse)


def check_credit_balance(tenant: Tenant, payment: Record) -> None:
    """No more of the credit balance is used than there is, unless the tenant lets payments raise it."""
    credit = payment.get("AppliedCreditBalanceAmount", ZERO)
    there = (tenant.store.get("Account", payment.get("AccountId")) or {}).get("CreditBalance", ZERO)
    if credit < ZERO or (credit > there and not tenant.options.credit_balance_payments):
        raise refuse(f"The amount {credit} exceeds the credit balance {there} of the account.")


def check_method(tenant: Tenant, values: Record) -> None:
    method = tenant.store.get("PaymentMethod", values["PaymentMethodId"]) or {}
    if method.get("AccountId") not in (None, values["AccountId"]):
        raise refuse("The payment method belongs to another account.")


def payment_lines(tenant: Tenant, nested: Mapping[str, Any], values: Record) -> Lines:
    kind = tenant.schema["InvoicePayment"]
    lines: Lines = []
    for row in nested_rows(nested, "InvoicePaymentData", "InvoicePayment"):
        invoice = posted_invoice(tenant, row.get("InvoiceId") or row.get("InvoiceNumber"))
        part = convert_all(tenant, kind, {"Amount": row.get("Amount")})["Amount"]
        lines.append((invoice, part))
    if (key := values.get("InvoiceId") or values.get("InvoiceNumber")) is not None:
        check_required(("AppliedInvoiceAmount",), values)
        lines.append((posted_invoice(tenant, key), values["AppliedInvoiceAmount"]))
    for invoice, part in lines:
        check_same_account(invoice, values)
        if part <= ZERO and invoice["Amount"] >= ZERO:
            raise refuse("The amount applied to an invoice must be positive.")
    return lines


def check_open(lines: Lines) -> None:
    """No invoice gets more than is open on it."""
    wanted: dict[str, Decimal] = {}
    for invoice, part in lines:
        total = wanted[invoice["Id"]] = wanted.get(invoice["Id"], ZERO) + part
        if abs(total) > abs(invoice["Balance"]):
            raise refuse(f"The amount {total} exceeds the balance {invoice['Balance']} of invoice {invoice['InvoiceNumber']}.")


def create_invoice_payment(tenant: Tenant, nested: Mapping[str, Any], values: Record) -> Record:
    """One application of a payment that is still a draft."""
    check_required(("PaymentId", "InvoiceId", "Amount"), values)
    payment = tenant.store.get("Payment", values["PaymentId"]) or {}
    check_application(tenant, payment, posted_invoice(tenant, values["InvoiceId"]), values["Amount"])
    return tenant.store.insert("InvoicePayment", {**values, "RefundAmount": ZERO})


def check_application(tenant: Tenant, payment: Record, invoice: Record, amount: Decimal, without: str = "") -> None:
    """An application of a draft payment: same account, positive, not more than is open on the invoice and left of the payment."""
    if payment.get("Status") != "Draft":
        raise refuse("Invoice payments can only be added to or changed on a payment in Draft.")
    check_same_account(invoice, payment)
    if amount <= ZERO and invoice["Amount"] >= ZERO:
        raise refuse("The amount applied to an invoice must be positive.")
    others = [r for r in tenant.store.by("InvoicePayment", "PaymentId", payment["Id"]) if r["Id"] != without]
    check_open([(invoice, amount), *((invoice, r["Amount"]) for r in others if r["InvoiceId"] == invoice["Id"])])
    if sum((r["Amount"] for r in others), ZERO) + amount > payment["Amount"]:
        raise refuse(f"The applied amounts exceed the payment amount {payment['Amount']}.")


def move_money(tenant: Tenant, payment_id: str, sign: int) -> None:
    """Take the applications of a payment off the invoices (+1) or put them back (-1)."""
    store = tenant.store
    total = ZERO
    for row in store.by("InvoicePayment", "PaymentId", payment_id):
        invoice = store.tables["Invoice"][row["InvoiceId"]]
        paid = invoice.get("PaymentAmount", ZERO) + sign * row["Amount"]
        store.update("Invoice", invoice["Id"], {"Balance": invoice["Balance"] - sign * row["Amount"], "PaymentAmount": paid})
        total += row["Amount"]
    payment = store.tables["Payment"][payment_id]
    applied = total if sign > 0 else ZERO
    store.update("Payment", payment_id, {"AppliedAmount": applied, "UnappliedAmount": payment["Amount"] - applied})


def create_refund(tenant: Tenant, nested: Mapping[str, Any], values: Record) -> Record:
    """A refund of a payment, split over the invoices that the payment paid."""
    check_required(("Amount", "Type"), values)
    if values.get("SourceType", "Payment") != "Payment":
        raise refuse("Refunds of the credit balance are not supported.")
    check_required(("PaymentId",), values)
    if values["Type"] == "External":
        check_required(("MethodType", "RefundDate"), values)
    payment = tenant.store.get("Payment", values.pop("PaymentId"))
    if payment is None or payment["Status"] != "Processed":
        raise refuse("The payment does not exist or is not processed.")
    if values.get("RefundDate", payment["EffectiveDate"]) < payment["EffectiveDate"]:
        raise refuse("The refund date is before the payment date.")
    left = payment["Amount"] - payment.get("RefundAmount", ZERO)
    if not ZERO < values["Amount"] <= left:
        raise refuse(f"The refund amount {values['Amount']} exceeds what is left of the payment: {left}.")
    check_amount(tenant, payment, values["Amount"])
    reasons.fill(tenant, "Refund", values)
    split = refund_split(tenant, nested, payment, values["Amount"])
    refund = tenant.store.insert(
        "Refund",
        {
            "RefundDate": tenant.today().isoformat(),
            **values,
            "Status": "Processed",
            "SourceType": "Payment",
            "AccountId": payment["AccountId"],
        },
    )
    book_refund(tenant, refund, payment, split)
    return refund


def refund_split(tenant: Tenant, nested: Mapping[str, Any], payment: Record, amount: Decimal) -> Lines:
    """(invoice payment, refunded amount); without a list the money comes from the applications in their order."""
    rows = tenant.store.by("InvoicePayment", "PaymentId", payment["Id"])
    split: Lines = []
    given = nested_rows(nested, "RefundInvoicePaymentData", "RefundInvoicePayment")
    wanted: dict[str, Decimal] = {}
    for line in given:
        row = next((r for r in rows if r["InvoiceId"] == line.get("InvoiceId")), None)
        part = convert_all(tenant, tenant.schema["RefundInvoicePayment"], {"RefundAmount": line.get("RefundAmount")})["RefundAmount"]
        asked = wanted[str(line.get("InvoiceId"))] = wanted.get(str(line.get("InvoiceId")), ZERO) + part
        if row is None or part <= ZERO or asked > row["Amount"] - row.get("RefundAmount", ZERO):
            raise refuse(f"The refund of invoice {line.get('InvoiceId')} exceeds what this payment paid of it.")
        split.append((row, part))
    if given and sum((p for _, p in split), ZERO) != amount:
        raise refuse("The refunded parts do not add up to the refund amount.")
    rest = ZERO if given else amount
    for row in rows:
        part = min(rest, row["Amount"] - row.get("RefundAmount", ZERO))
        if part > ZERO:
            split.append((row, part))
            rest -= part
    return split


def book_refund(tenant: Tenant, refund: Record, payment: Record, split: Lines, sign: int = 1) -> None:
    store = tenant.store
    for row, part in split:
        if sign > 0:
            store.insert(
                "RefundInvoicePayment",
                {"RefundId": refund["Id"], "InvoicePaymentId": row["Id"], "InvoiceId": row["InvoiceId"], "RefundAmount": part},
            )
        store.update("InvoicePayment", row["Id"], {"RefundAmount": row.get("RefundAmount", ZERO) + sign * part})
        invoice = store.tables["Invoice"][row["InvoiceId"]]
        refunded = invoice.get("RefundAmount", ZERO) + sign * part
        store.update("Invoice", invoice["Id"], {"Balance": invoice["Balance"] + sign * part, "RefundAmount": refunded})
    refunded = store.tables["Payment"][payment["Id"]].get("RefundAmount", ZERO) + sign * refund["Amount"]
    store.update("Payment", payment["Id"], {"RefundAmount": refunded})


def check_payment_change(tenant: Tenant, record: Record, changes: Record) -> None:
    """Whether a payment may go into the state that an update names, with the values it has then. Raises `CrudError`."""
    if "EffectiveDate" in changes:
        check_not_ahead(tenant, changes)
    if "Amount" in changes:
        check_amount(tenant, record, changes["Amount"])
    new, old = changes.get("Status"), record.get("Status")
    if new is None or new == old:
        return
    undone = "Canceled" if record["Type"] == "External" else "Voided"
    if new not in PAYMENT_MOVES.get(str(old), ()) or (old == "Processed" and new != undone):
        raise refuse(f"A payment cannot go from {old} to {new}.")
    if old == "Processed" and record.get("TransferredToAccounting") in SENT and not tenant.options.voids_transferred_payments:
        raise refuse("A payment that was transferred to accounting cannot be canceled.")
    if old == "Processed" and record.get("RefundAmount", ZERO) > ZERO:
        raise refuse("A payment of which money was refunded cannot be canceled.")
    if new == "Processed":
        check_draft_complete(tenant, {**record, **changes})


def check_draft_complete(tenant: Tenant, payment: Record) -> None:
    rows = tenant.store.by("InvoicePayment", "PaymentId", payment["Id"])
    lines = [(tenant.store.tables["Invoice"][r["InvoiceId"]], r["Amount"]) for r in rows]
    applied = sum((a for _, a in lines), ZERO) + payment.get("AppliedCreditBalanceAmount", ZERO)
    if applied != payment["Amount"]:
        raise refuse(f"The applied amounts {applied} do not add up to the payment amount {payment['Amount']}.")
    for invoice, _ in lines:
        check_same_account(invoice, payment)
    check_open(lines)


def check_same_account(invoice: Record, payment: Record) -> None:
    if invoice["AccountId"] != payment["AccountId"]:
        raise refuse(f"The invoice {invoice['InvoiceNumber']} belongs to another account.")


def check_invoice_payment_change(tenant: Tenant, row: Record, changes: Record) -> None:
    """The amount of an application changes only while its payment is a draft. Raises `CrudError`."""
    if "Amount" not in changes:
        return
    payment = tenant.store.tables["Payment"][row["PaymentId"]]
    check_application(tenant, payment, tenant.store.tables["Invoice"][row["InvoiceId"]], changes["Amount"], without=row["Id"])


def after_payment_update(tenant: Tenant, before: Record, changes: Record) -> None:
    """Move the money that a payment's change of state moves."""
    new, old = changes.get("Status"), before["Status"]
    if old == "Draft" and "Amount" in changes:
        tenant.store.update("Payment", before["Id"], {"UnappliedAmount": changes["Amount"]})
    if new in (None, old):
        return
    if new == "Processed":
        move_money(tenant, before["Id"], 1)
        return
    if old == "Processed":
        move_money(tenant, before["Id"], -1)
    tenant.store.update("Payment", before["Id"], {"CancelledOn": tenant.store.now()})


def undo_refund(tenant: Tenant, refund: Record) -> None:
    store = tenant.store
    split = [
        (store.tables["InvoicePayment"][r["InvoicePaymentId"]], r["RefundAmount"])
        for r in store.by("RefundInvoicePayment", "RefundId", refund["Id"])
    ]
    if split:
        book_refund(tenant, refund, store.tables["Payment"][split[0][0]["PaymentId"]], split, sign=-1)
    store.update("Refund", refund["Id"], {"CancelledOn": store.now()})
