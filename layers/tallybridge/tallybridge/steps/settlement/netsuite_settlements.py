"""What payments and refunds from NetSuite share: selection, accounts, payment methods (payments.md P3 and P4, refunds.md R3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tallybridge.clock import stamp
from tallybridge.money import plain
from tallybridge.settings import Settings
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_netsuite import ZUORA_COMMENT_LIMIT, NetSuiteToZuora, Row
from tallybridge.sync.step import LINK, Counterpart, Request, SourceRecord, Write
from tallybridge.zuora.source import ZuoraSource

INVOICE, CREDIT_MEMO, JOURNAL = "CustInvc", "CustCred", "Journal"
"""SuiteQL type codes of documents that are settled."""
ADJUSTMENT = "INVOICE_ITEM_ADJUSTMENT"
"""Zuora Type of NetSuite documents made of Zuora's invoice item adjustments."""


METHOD_TYPES = frozenset(
    (
        "ACH",
        "BankTransfer",
        "Cash",
        "Check",
        "CreditCard",
        "CreditCardReferenceTransaction",
        "DebitCard",
        "Other",
        "PayPal",
        "WireTransfer",
    )
)
"""Methods that Zuora knows for external refunds (api-zuora-billing.md section 12.10)."""


# -- selection -----------------------------------------------------------------------------------------------------------


def customer_field(step: NetSuiteToZuora) -> str:
    """The Zuora account id (open point 7)."""
    return step.customer_id("Zuora Customer ID (Payment)")


def tables(settings: Settings) -> str:
    """The transaction with its customer, and with its currency where the account has several."""
    joined = "transaction t JOIN customer c ON c.id = t.entity"
    return f"{joined} JOIN currency u ON u.id = t.currency" if settings.netsuite_multiple_currencies else joined


def currency_column(settings: Settings) -> str:
    """The record's currency, "" where the account has only one."""
    return "u.symbol" if settings.netsuite_multiple_currencies else ""


def common_columns(step: NetSuiteToZuora) -> tuple[str, ...]:
    """Number, date, memo, total, payment method, account, currency, and what was written back before."""
    option = "paymentoption" if step.reference.has_field(step.object, "paymentOption") else "paymentmethod"
    currency = currency_column(step.settings)
    return (
        "t.tranid AS tranid",
        "t.entity AS entity",
        "TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate",
        "t.memo AS memo",
        "t.foreigntotal AS total",
        "t.voided AS voided",
        f"BUILTIN.DF(t.{option}) AS method",
        f"{customer_field(step)} AS account",
        f"t.{step.label_field('Zuora Integration Status')} AS status",
        f"t.{step.label_field('Zuora ID')} AS zuoraid",
        *((f"{currency} AS currency",) if currency else ()),
    )


def not_from_zuora(step: NetSuiteToZuora) -> str:
    """The condition that the record was not born in Zuora."""
    return f"NVL(t.{step.label_field('Zuora Origin')}, ' ') <> 'ZUORA'"


# -- reading -------------------------------------------------------------------------------------------------------------


def accounts_of(source: ZuoraSource, rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """The Zuora accounts of NetSuite records, by id."""
    return source.reread("Account", (row.get("account", "") for row in rows), ("AccountNumber", "Currency"))


def still_counting(found: Iterable[Counterpart], undone: Collection[str]) -> list[Counterpart]:
    """The counterparts that still count: whose status is none of some."""
    return [c for c in found if str(c.record.get("Status") or "") not in undone]


def settlement_record(step: NetSuiteToZuora, data: Any) -> SourceRecord:
    """The source record of a payment or refund: `data` has its `row`, its `account` and its `amount`."""
    currency = str(data.row.get("currency") or data.account.get("Currency") or "")
    applied = sorted((a.document, plain(a.amount)) for a in data.applications)
    return step.transaction_record(data, data.amount, currency, data.row.get("zuoraid", ""), step.state(data.row, applied))


def method_type(settings: Settings, name: str) -> str:
    """The Zuora payment method type of a NetSuite payment method's name: the same where it is one, else translated back
    (sequence-and-status.md 7.4)."""
    translation = settings.payment_method_translation
    if name in METHOD_TYPES or name in translation:
        return name
    back = {netsuite: zuora for zuora, netsuite in translation.items()}
    return back.get(name, name)


# -- mapping -------------------------------------------------------------------------------------------------------------


def synced_field(context: StepContext) -> dict[str, Any]:
    """The field that says when a Zuora record was written, under the tenant's name."""
    return context.source.to_tenant({"SyncDate__NS": stamp(context.clock.now())})


def connector_fields(context: StepContext, record: SourceRecord, **more: str) -> dict[str, Any]:
    """The fields that mark a Zuora record as made of a NetSuite one, under the names that the tenant uses."""
    fields = {"IntegrationId__NS": record.id, "Origin__NS": "NETSUITE", "SyncDate__NS": stamp(context.clock.now()), **more}
    return context.source.to_tenant(fields)


def link(step: NetSuiteToZuora, record: SourceRecord, target: str) -> Write:
    """The Zuora record is marked as made of the NetSuite one, and nothing else changes."""
    place = f"/v1/{step.destination}s/{{id}}" if step.context.settlement_on else step.zuora_object
    request = Request(place, connector_fields(step.context, record), target)
    return Write(LINK, "", "", (request,), destination_id=target, transferred=False)


DATE_NOTE = re.compile(r"\(NetSuite date (\d{4}-\d\d-\d\d)\)$")
"""The end of a comment on a Zuora record that has another date than its NetSuite one."""


def comment(memo: str, date: str = "") -> str:
    """The comment of a Zuora record: the memo, and NetSuite's date where one is given; cut to what Zuora takes."""
    note = f"(NetSuite date {date})" if date else ""
    room = ZUORA_COMMENT_LIMIT - len(note) - (1 if note and memo else 0)
    return " ".join(filter(None, (memo[:room], note)))


def date_in(text: str) -> str:
    """NetSuite's date in a comment, "" where it names none."""
    found = DATE_NOTE.search(text)
    return found[1] if found else ""


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
