"""What a tenant without Invoice Settlement has instead: invoice payments, refunds of them, and invoice item adjustments."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.demo.accounts import BANK_TRANSFER
from sandbox.demo.billing import Invoice
from sandbox.demo.books import Books, Chapter
from sandbox.demo.ids import number, zuora_id
from sandbox.demo.payments import Payment, payment_number
from sandbox.demo.refunds import Refund, refund_number
from sandbox.demo.tenant import Objects, Planted

REFUND_DAY, ADJUSTMENT_DAY, CHARGE_PAID = date(2026, 5, 26), date(2026, 5, 21), date(2026, 5, 27)
CHARGED, CHARGE_PAYMENT = Decimal("50.00"), 901
WRONG_REFUNDS = {
    "unknown method": ("RFD-V1", 'NetSuite has no payment method "BankTransfer".'),
    "of a held payment": ("RFD-V2", "The payment is not in NetSuite, as its invoice is not."),
    "of no invoice": ("RFD-V7", "It refunds no invoice payment, only what the customer paid too much."),
}
ADJUSTED_HELD = "It adjusts an invoice that is not in NetSuite, since its lines do not add up."


WAITS_FOR_CHARGE = "It settles a charge adjustment too, which reaches NetSuite after the payments of the run; the next run sends it."


def invoice_payments(zuora: Objects, refunded: list[dict[str, Any]] | None = None) -> Objects:
    """Payments and invoice payments made of payments and payment parts; there are none without an account or of debit memos. `refunded`
    are the refund's invoice payments, by which the refunded amounts go up."""
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for part in zuora.get("PaymentPart", []):
        parts[part["PaymentId"]].append(part)
    back: dict[str, Decimal] = defaultdict(Decimal)
    for row in refunded or []:
        back[row["InvoicePaymentId"]] += Decimal(str(row["RefundAmount"]))
    payments, applied = [], []
    for payment in zuora.get("Payment", []):
        mine = parts[payment["Id"]]
        if "AccountId" not in payment or any("InvoiceId" not in p for p in mine):
            continue
        rest = Decimal(str(payment["Amount"])) - sum((Decimal(str(p["Amount"])) for p in mine), Decimal(0))
        payments.append({**payment, "AppliedCreditBalanceAmount": number(rest)} if rest else payment)
        applied += [{**p, "RefundAmount": number(back[p["Id"]])} if p["Id"] in back else p for p in mine]
    return {"Payment": payments, "InvoicePayment": applied}


def unsettled(books: Books, zuora: Objects) -> Chapter:
    """Payments, refunds and adjustments with their planted ones, in the place of what a tenant with Invoice Settlement has."""
    chapter = Chapter()
    refunds = Chapter()
    for n, refund in enumerate(_refunds(books), 1):
        refunds.add(refund.objects(n))
        if refund.story in WRONG_REFUNDS:
            code, wrong = WRONG_REFUNDS[refund.story]
            refunds.planted.append(Planted("Refund", refund_number(n), "held", wrong, "A", code))
    chapter.add(invoice_payments(zuora, refunds.objects["RefundInvoicePayment"]))
    chapter.add(_paid_with_its_charge(books))
    chapter.planted.append(Planted("Payment", payment_number(CHARGE_PAYMENT), "held", WAITS_FOR_CHARGE, "A", "PAY-V2"))
    chapter.together([refunds, _adjustments(books)])
    return chapter


def _paid_with_its_charge(books: Books) -> Objects:
    """A payment of an invoice that a charge adjustment has raised: in NetSuite it settles two documents, once the second is there."""
    invoice = books.invoice("to charge")
    payment = Payment(invoice.account, invoice.profile.currency, CHARGE_PAID, invoice.amount + CHARGED, invoice.account)
    payment.parts = [(invoice, payment.amount)]
    made = payment.objects(CHARGE_PAYMENT)
    return {"Payment": made["Payment"], "InvoicePayment": made["PaymentPart"]}


def _refunds(books: Books) -> list[Refund]:
    def refund(of: tuple[int, Payment], amounts: list[Decimal], method: str = "", story: str = "") -> Refund:
        n, payment = of
        return Refund(
            payment.account,
            payment.currency,
            REFUND_DAY,
            sum(amounts, Decimal(0)),
            method or books.profile(payment.account).pays_by,
            settlement=False,
            parts=[
                ({"InvoicePaymentId": zuora_id("PaymentPart", n * 10 + i), "InvoiceId": invoice.id}, amount)
                for i, ((invoice, _), amount) in enumerate(zip(payment.parts, amounts, strict=True), 1)
            ],
            electronic=payment.electronic and not method,
            story=story,
        )

    full = books.payment("refunded")
    made = [refund(full, [full[1].amount])]
    made += [refund(of, [Decimal(30), Decimal(20)]) for of in books.payments.get("two", [])[:1]]
    made += [
        refund(books.payment("overpaid"), [Decimal(25)], BANK_TRANSFER, "unknown method"),
        refund(books.payment("of a held invoice"), [Decimal("54.94")], story="of a held payment"),
    ]
    overpaid = books.payment("overpaid")[1]
    paid_too_much = Refund(
        overpaid.account, overpaid.currency, REFUND_DAY, Decimal(10), "ACH", settlement=False, electronic=True, story="of no invoice"
    )
    return [*made, paid_too_much]


def _adjustments(books: Books) -> Chapter:
    chapter = Chapter()
    negative, line = books.invoice("negative"), "InvoiceDetail"
    table: list[tuple[Invoice, str, str, str, str, str]] = [
        (books.invoice("to credit"), "Credit", line, "100.00", "Processed", "Half an hour late"),
        (books.invoice("to reverse"), "Credit", "Tax", "2.00", "Processed", "Rate of the wrong county"),
        (books.invoice("to charge"), "Charge", line, str(CHARGED), "Processed", "Travel expenses"),
        (negative, "Charge", line, "40.00", "Processed", "One unit came back scratched"),
        (negative, "Credit", line, "10.00", "Processed", "Postage of the return"),
        (books.invoice("wrong sum"), "Credit", line, "20.00", "Processed", ""),
        (books.invoice("to credit"), "Credit", line, "5.00", "Canceled", "Entered twice"),
    ]
    for n, (invoice, kind, source, amount, status, comment) in enumerate(table, 1):
        row = {
            "Id": zuora_id("InvoiceItemAdjustment", n),
            "AdjustmentNumber": f"IIA-{n:08d}",
            "InvoiceId": invoice.id,
            "SourceType": source,
            "SourceId": (invoice.lines if source == line else invoice.taxes)[0]["Id"],
            "Type": kind,
            "Amount": number(Decimal(amount)),
            "AdjustmentDate": ADJUSTMENT_DAY.isoformat(),
            "Status": status,
            "Comment": comment,
            "CreatedDate": f"{ADJUSTMENT_DAY}T13:45:00Z",
        }
        chapter.add({"InvoiceItemAdjustment": [{k: v for k, v in row.items() if v != ""}]})
        if invoice is books.invoice("wrong sum"):
            chapter.planted.append(Planted("InvoiceItemAdjustment", str(row["AdjustmentNumber"]), "held", ADJUSTED_HELD, "A", "IIA-V1"))
    return chapter
