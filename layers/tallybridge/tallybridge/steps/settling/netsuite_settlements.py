"""What payments and refunds from NetSuite share: selection, accounts, payment methods (payments.md P3 and P4, refunds.md R3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tallybridge.clock import stamp
from tallybridge.money import plain
from tallybridge.steps.shared.netsuite_source import ZUORA_COMMENT_LIMIT, NetSuiteToZuora, Row
from tallybridge.sync.step import LINK, Plan, Request, SourceRecord, Write

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


class NetSuiteSettlement(NetSuiteToZuora):
    """Base of the steps that send customer payments and customer refunds to Zuora."""

    # -- selection ---------------------------------------------------------------------------------------------------

    def customer_field(self) -> str:
        """The Zuora account id (open point 7)."""
        return self.customer_id("Zuora Customer ID (Payment)")

    def tables(self) -> str:
        """The transaction with its customer, and with its currency where the account has several."""
        joined = "transaction t JOIN customer c ON c.id = t.entity"
        return f"{joined} JOIN currency u ON u.id = t.currency" if self.settings.netsuite_multiple_currencies else joined

    def common_columns(self) -> tuple[str, ...]:
        """Number, date, memo, total, payment method, account, currency, and what was written back before."""
        option = "paymentoption" if self.reference.has_field(self.object, "paymentOption") else "paymentmethod"
        return (
            "t.tranid AS tranid",
            "t.entity AS entity",
            "TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate",
            "t.memo AS memo",
            "t.foreigntotal AS total",
            "t.voided AS voided",
            f"BUILTIN.DF(t.{option}) AS method",
            f"{self.customer_field()} AS account",
            f"t.{self.label_field('Zuora Integration Status')} AS status",
            f"t.{self.label_field('Zuora ID')} AS zuoraid",
            *(("u.symbol AS currency",) if self.settings.netsuite_multiple_currencies else ()),
        )

    def currency_column(self) -> str:
        """The record's currency, "" where the account has only one."""
        return "u.symbol" if self.settings.netsuite_multiple_currencies else ""

    def not_from_zuora(self) -> str:
        """The condition that the record was not born in Zuora."""
        return f"NVL(t.{self.label_field('Zuora Origin')}, ' ') <> 'ZUORA'"

    # -- reading -----------------------------------------------------------------------------------------------------

    def accounts(self, rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
        """The Zuora accounts of NetSuite records, by id."""
        return self.context.source.reread("Account", (row.get("account", "") for row in rows), ("AccountNumber", "Currency"))

    def currencies_in_zuora(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Asked where an account may have payments in several currencies: 99 a call."""
        return self.context.source.currencies(self.zuora_object, ids) if ids and self.invoice_currency else {}

    def settlement_record(self, data: Any) -> SourceRecord:
        """The source record of a payment or refund: `data` has its `row`, its `account` and its `amount`."""
        currency = str(data.row.get("currency") or data.account.get("Currency") or "")
        applied = sorted((a.document, plain(a.amount)) for a in data.applications)
        return self.transaction_record(data, data.amount, currency, data.row.get("zuoraid", ""), self.state(data.row, applied))

    # -- payment methods (sequence-and-status.md 7.4) ----------------------------------------------------------------

    def method_type(self, name: str) -> str:
        """The Zuora payment method type of a NetSuite payment method's name: the same where it is one, else translated back."""
        translation = self.settings.payment_method_translation
        if name in METHOD_TYPES or name in translation:
            return name
        back = {netsuite: zuora for zuora, netsuite in translation.items()}
        return back.get(name, name)

    # -- mapping -----------------------------------------------------------------------------------------------------

    def synced_field(self) -> dict[str, Any]:
        """The field that says when a Zuora record was written, under the tenant's name."""
        return self.context.source.to_tenant({"SyncDate__NS": stamp(self.context.clock.now())})

    def connector_fields(self, record: SourceRecord, **more: str) -> dict[str, Any]:
        """The fields that mark a Zuora record as made of a NetSuite one, under the names that the tenant uses."""
        fields = {"IntegrationId__NS": record.id, "Origin__NS": "NETSUITE", "SyncDate__NS": stamp(self.context.clock.now()), **more}
        return self.context.source.to_tenant(fields)

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        """The Zuora record is marked as made of the NetSuite one, and nothing else changes."""
        place = f"/v1/{self.destination}s/{{id}}" if self.settlement_on else self.zuora_object
        request = Request(place, self.connector_fields(record), target)
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
