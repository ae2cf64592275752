"""What payments and refunds from NetSuite share: selection, accounts, payment methods (payments.md P3 and P4, refunds.md R3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tallybridge.clock import stamp
from tallybridge.steps.shared.netsuite_source import NetSuiteToZuora, Row
from tallybridge.sync.step import SourceRecord

INVOICE, CREDIT_MEMO, JOURNAL = "CustInvc", "CustCred", "Journal"
"""SuiteQL type codes of documents that are settled."""


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
            f"BUILTIN.DF(t.{option}) AS method",
            f"{self.customer_field()} AS account",
            f"t.{self.label_field('Zuora Integration Status')} AS status",
            f"t.{self.label_field('Zuora ID')} AS zuoraid",
            *(("u.symbol AS currency",) if self.settings.netsuite_multiple_currencies else ()),
        )

    def not_from_zuora(self) -> str:
        """The condition that the record was not born in Zuora."""
        return f"NVL(t.{self.label_field('Zuora Origin')}, ' ') <> 'ZUORA'"

    # -- reading -----------------------------------------------------------------------------------------------------

    def accounts(self, rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
        """The Zuora accounts of NetSuite records, by id."""
        return self.context.source.reread("Account", (row.get("account", "") for row in rows), ("AccountNumber", "Currency"))

    def settlement_record(self, data: Any) -> SourceRecord:
        """The source record of a payment or refund: `data` has its `row`, its `account` and its `amount`."""
        currency = str(data.account.get("Currency") or data.row.get("currency", ""))
        return self.transaction_record(data, data.amount, currency, data.row.get("zuoraid", ""))

    # -- payment methods (sequence-and-status.md 7.4) ----------------------------------------------------------------

    def method_type(self, name: str) -> str:
        """The Zuora payment method type of a NetSuite payment method's name: the same, or translated back."""
        back = {netsuite: zuora for zuora, netsuite in self.settings.payment_method_translation.items()}
        return back.get(name, name)

    # -- mapping -----------------------------------------------------------------------------------------------------

    def connector_fields(self, record: SourceRecord, **more: str) -> dict[str, Any]:
        """The fields that mark a Zuora record as made of a NetSuite one, under the names that the tenant uses."""
        fields = {"IntegrationId__NS": record.id, "Origin__NS": "NETSUITE", "SyncDate__NS": stamp(self.context.clock.now()), **more}
        return self.context.source.to_tenant(fields)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
