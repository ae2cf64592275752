"""What payments and refunds from NetSuite share: selection, accounts, payment methods (payments.md P3 and P4, refunds.md R3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp
from tallybridge.steps.shared.netsuite_source import STATUS, NetSuiteToZuora, Row
from tallybridge.sync.step import SourceRecord, is_complete, normal_status

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
        """The Zuora account id: Zuora Customer ID (Payment), else the customer's own Zuora ID (open point 7)."""
        of_customer = f"c.{self.label_field('Zuora ID', 'customer')}"
        name = self.reference.custom(self.object, "Zuora Customer ID (Payment)")
        return f"NVL(t.{name}, {of_customer})" if self.reference.has_field(self.object, name) else of_customer

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

    def not_from_zuora(self) -> str:
        """The condition that the record was not born in Zuora."""
        return f"NVL(t.{self.label_field('Zuora Origin')}, ' ') <> 'ZUORA'"

    def was_sent(self) -> str:
        """The condition that the connector has sent the record, or has tried to: it is followed, whatever it looks like now."""
        status, origin = self.label_field(STATUS), self.label_field("Zuora Origin")
        told = f"t.{status} IS NOT NULL OR NVL(t.{origin}, ' ') = 'NETSUITE'"
        under_way = f"LOWER(NVL(t.{status}, ' ')) LIKE '%creating%' OR LOWER(NVL(t.{status}, ' ')) LIKE '%updating%'"
        return f"(t.{self.label_field('Zuora ID')} IS NOT NULL AND ({told})) OR {under_way}"

    # -- reading -----------------------------------------------------------------------------------------------------

    def qualifying(self, rows: Iterable[Row]) -> set[str]:
        """Which of the records that are not complete the rules for new records would choose: one call, where there is one that was tried
        before."""
        rows = list(rows)
        sent = {row["id"] for row in rows if normal_status(row.get("status")) or row.get("zuoraid")}
        tried = [row["id"] for row in rows if row["id"] in sent and not is_complete(row.get("status"))]
        selection = self.selection()
        chosen = {row["id"] for row in self.context.netsuite.suiteql_in(selection.qualifying_sql(), tried, selection.params)}
        return chosen | {row["id"] for row in rows if row["id"] not in sent}

    def accounts(self, rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
        """The Zuora accounts of NetSuite records, by id."""
        return self.context.source.reread("Account", (row.get("account", "") for row in rows), ("AccountNumber", "Currency"))

    def settlement_record(self, data: Any) -> SourceRecord:
        """The source record of a payment or refund: `data` has its `row`, its `account` and its `amount`."""
        currency = str(data.account.get("Currency") or data.row.get("currency", ""))
        return self.transaction_record(data, data.amount, currency, data.row.get("zuoraid", ""))

    @staticmethod
    def is_void(row: Row) -> bool:
        """What a void leaves behind, by either of NetSuite's ways: no amount, or the flag where a journal reverses it."""
        return row.get("voided") == "T" or not Decimal(row.get("total", "0"))

    # -- payment methods (sequence-and-status.md 7.4) ----------------------------------------------------------------

    def method_type(self, name: str) -> str:
        """The Zuora payment method type of a NetSuite payment method's name: the same where it is one, else translated back."""
        translation = self.settings.payment_method_translation
        if name in METHOD_TYPES or name in translation:
            return name
        back = {netsuite: zuora for zuora, netsuite in translation.items()}
        return back.get(name, name)

    # -- mapping -----------------------------------------------------------------------------------------------------

    def connector_fields(self, record: SourceRecord, **more: str) -> dict[str, Any]:
        """The fields that mark a Zuora record as made of a NetSuite one, under the names that the tenant uses."""
        fields = {"IntegrationId__NS": record.id, "Origin__NS": "NETSUITE", "SyncDate__NS": stamp(self.context.clock.now()), **more}
        return self.context.source.to_tenant(fields)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
