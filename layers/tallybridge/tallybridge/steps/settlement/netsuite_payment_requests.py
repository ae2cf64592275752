"""The requests that make and change the Zuora payment of a NetSuite payment (payments.md, mapping and procedures of P3 and P4).

`own` are the connector's fields of a new payment, `synced` those that say when it was written, both under the tenant's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tallybridge.steps.settlement.netsuite_payment_data import PaymentData
from tallybridge.steps.settlement.netsuite_settlements import comment, date_in, given
from tallybridge.steps.shared.from_netsuite import ZUORA_COMMENT_LIMIT
from tallybridge.sync.step import CREATED, Counterpart, Made, Request, SourceRecord

Fields = Mapping[str, Any]

REFERENCE_LIMIT = 60
CUTS = {"memo": ZUORA_COMMENT_LIMIT, "reference": REFERENCE_LIMIT}
TRANSFERRED = "Yes"
DRAFT = "Draft"


# -- P3: without Invoice Settlement --------------------------------------------------------------------------------------


def create_in_steps(data: PaymentData, record: SourceRecord, own: Fields, synced: Fields) -> tuple[Request, ...]:
    """Procedure 1 to 3: a draft, its invoice payments, then Processed."""
    body = {
        "AccountId": data.row["account"],
        "Amount": data.amount,
        "AppliedCreditBalanceAmount": 0,
        "EffectiveDate": data.row.get("trandate"),
        "PaymentMethodId": data.methods[data.method_type],
        "ReferenceId": _reference(data),
        "Comment": comment(data.row.get("memo", "")),
        "Type": "External",
        "Status": DRAFT,
        **own,
    }
    draft = Request("Payment", given(body), key=f"payment-{record.id}")
    return (draft, *_invoice_payments(data, record, CREATED, data.wanted), _process(CREATED, synced))


def rest_of_draft(data: PaymentData, record: SourceRecord, draft: str, synced: Fields) -> tuple[Request, ...]:
    """What a draft lacks: invoice payments, and being processed."""
    missing = {invoice: amount for invoice, amount in data.wanted.items() if invoice not in data.parts}
    return (*_invoice_payments(data, record, draft, missing), _process(draft, synced))


def transferred(payment: str, synced: Fields) -> Request:
    """Transferred to Accounting of a processed payment."""
    return Request("Payment", {"TransferredToAccounting": TRANSFERRED, **synced}, payment)


def _invoice_payments(data: PaymentData, record: SourceRecord, payment: str | Made, wanted: Mapping[str, Decimal]) -> list[Request]:
    return [
        Request(
            "InvoicePayment",
            {"PaymentId": payment, "InvoiceId": invoice, "Amount": amount},
            name=f"invoice {invoice}",
            key=f"payment-{record.id}-{invoice}",
        )
        for invoice, amount in wanted.items()
    ]


def _process(payment: str | Made, synced: Fields) -> Request:
    """One write, so that no run sees a processed payment that is not transferred to accounting."""
    return Request("Payment", {"Status": "Processed", "TransferredToAccounting": TRANSFERRED, **synced}, payment)


# -- P4: with Invoice Settlement -----------------------------------------------------------------------------------------


def create(data: PaymentData, record: SourceRecord, own: Fields, *, today: bool = False) -> tuple[Request, ...]:
    """One call with its applications; nothing is to be written afterwards. `today`: Zuora dates it, NetSuite's date is in the comment."""
    date = data.row.get("trandate", "")
    body = {
        "accountId": data.row["account"],
        "amount": data.amount,
        "currency": record.currency,
        "effectiveDate": "" if today else date,
        "paymentMethodId": data.methods[data.method_type],
        "referenceId": _reference(data),
        "comment": comment(data.row.get("memo", ""), date if today else ""),
        "type": "External",
        "financeInformation": {"transferredToAccounting": TRANSFERRED},
        **documents(data, data.wanted),
        **own,
    }
    return (Request("/v1/payments", given(body), key=f"payment-{record.id}"),)


def changes(data: PaymentData, wanted: Mapping[str, Decimal], there: Counterpart, synced: Fields) -> tuple[Request, ...]:
    """First unapply what shrank or vanished, then apply what grew or is new; memo and reference. Nothing where nothing differs.
    `wanted` by Zuora document."""
    present = data.parts
    less = {d: amount - wanted.get(d, Decimal(0)) for d, amount in present.items() if amount > wanted.get(d, Decimal(0))}
    more = {d: amount - present.get(d, Decimal(0)) for d, amount in wanted.items() if amount > present.get(d, Decimal(0))}
    moves = [(less, "unapply"), (more, "apply")]
    found = [Request(f"/v1/payments/{{id}}/{move}", documents(data, lines), there.id) for lines, move in moves if lines]
    dated = data.row.get("trandate", "") if date_in(there.record.get("Comment") or "") else ""
    texts = {"comment": comment(data.row.get("memo", ""), dated), "referenceId": _reference(data)}
    now = {"comment": there.record.get("Comment") or "", "referenceId": there.record.get("ReferenceId") or ""}
    if found or texts != now:
        found.append(Request("/v1/payments/{id}", {**texts, **synced}, there.id))
    return tuple(found)


def documents(data: PaymentData, amounts: Mapping[str, Decimal]) -> dict[str, Any]:
    """The lists of invoices and debit memos of a v1 call, as far as there are any."""
    memos = data.debit_memos | data.memo_parts
    invoices = [{"invoiceId": d, "amount": amount} for d, amount in amounts.items() if d not in memos]
    debit = [{"debitMemoId": d, "amount": amount} for d, amount in amounts.items() if d in memos]
    return {name: lines for name, lines in (("invoices", invoices), ("debitMemos", debit)) if lines}


def _reference(data: PaymentData) -> str:
    return data.row.get("reference", "")[:REFERENCE_LIMIT]
