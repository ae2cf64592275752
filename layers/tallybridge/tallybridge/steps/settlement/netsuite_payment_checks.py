"""What is checked of a NetSuite payment before Zuora gets one (payments.md, P3 and P4). The numbers are those of the page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal

from tallybridge.steps.settlement.netsuite_payment_data import PaymentData
from tallybridge.steps.settlement.netsuite_settlements import JOURNAL
from tallybridge.steps.shared.currencies import own_currency
from tallybridge.steps.shared.problems import other_currency
from tallybridge.sync.step import Problem


def documents_are_synced(data: PaymentData) -> Iterator[Problem]:
    """Validation 1: the Zuora document carries the NetSuite document's id."""
    for a in data.to_zuora:
        if (data.charges.get(a.zuora_id) or data.documents.get(a.zuora_id, {})).get("IntegrationId__NS") != a.document:
            text = f"{data.name}: Zuora {data.document_name(a.zuora_id)} is not marked as synced."
            advice = "Let the document sync, or put the NetSuite internal id into its Integration ID; then it follows by itself."
            yield Problem("NSPAY-V1", text, advice, data.document_name(a.zuora_id))


def no_adjustment_is_paid(data: PaymentData) -> Iterator[Problem]:
    """Documents from before Invoice Settlement: the adjustment raised the Zuora invoice itself, there is no document of its own."""
    for a in data.to_adjustments if data.settlement_on else ():
        text = f"{data.name}: applied to {a.number}, which was made of a Zuora invoice item adjustment; no payment in Zuora can be."
        advice = "Enter the payment in Zuora by hand, applied to the adjusted invoice, and set the status to Ignore here."
        yield Problem("NSPAY-ADJUSTMENT", text, advice)


def method_is_known(data: PaymentData) -> Iterator[Problem]:
    """Validation 2."""
    if data.method_type not in data.methods:
        text = f'{data.name}: payment method "{data.row.get("method", "")}" has no Zuora counterpart.'
        advice = "Zuora needs a payment method of this type that belongs to no account; or translate it in payment_method_translation."
        cause = f'payment method "{data.row.get("method", "")}" of NetSuite has no Zuora counterpart.'
        yield Problem("NSPAY-V2", text, advice, cause=cause)


def no_journal_is_paid(data: PaymentData) -> Iterator[Problem]:
    """P4, validation 3; in P3 the selection leaves such payments out."""
    if data.settlement_on and any(a.kind == JOURNAL for a in data.applications):
        text = f"{data.name}: applied to a journal entry; not supported."
        yield Problem("NSPAY-V3", text, "Apply it to invoices alone, or enter the payment in Zuora by hand and set its status to Ignore.")


def exceeding(data: PaymentData, wanted: Mapping[str, Decimal]) -> Iterator[Problem]:
    """P3, validation 3; P4, validation 4: documents whose balance does not cover what is new of these amounts."""
    for zuora_id, amount in wanted.items():
        document = data.documents.get(zuora_id, {})
        balance = Decimal(document.get("Balance") or 0)
        if document and amount - (data.parts.get(zuora_id, Decimal(0)) if data.settlement_on else 0) > balance:
            text = f"{data.name}: {data.money(amount)} exceeds the balance {data.money(balance)} of Zuora {data.document_name(zuora_id)}."
            advice = "Compare the document on both sides: a payment or credit in Zuora may be missing in NetSuite, or the reverse."
            yield Problem("NSPAY-V4" if data.settlement_on else "NSPAY-V3", text, advice)


def balances_suffice(data: PaymentData) -> Iterator[Problem]:
    """P3, validation 3; P4, validation 4, of a new payment."""
    return exceeding(data, data.wanted)


def account_exists(data: PaymentData) -> Iterator[Problem]:
    """That the account exists."""
    if not data.account:
        text = f"{data.name}: Zuora account {data.row.get('account')} does not exist."
        yield Problem("NSPAY-ACCOUNT", text, "Correct the Zuora ID of the NetSuite customer.")


def currencies_agree(data: PaymentData) -> Iterator[Problem]:
    """P3, validation 4: its own currency is that of all it is applied to. Unapplied, and without Invoice Settlement, Zuora takes a
    payment in the account's currency alone."""
    own, amount = data.row.get("currency", ""), data.amount
    others = {f"Zuora {data.document_name(d)}": own_currency(data.documents[d], data.account) for d in data.wanted if d in data.documents}
    if not data.settlement_on or not data.wanted:
        others[f"Zuora account {data.account.get('AccountNumber', '')}"] = str(data.account.get("Currency") or "")
    found = (other_currency("NSPAY", data.name, amount, own, name, its) for name, its in others.items())
    yield from itertools.islice((problem for problem in found if problem), 1)
