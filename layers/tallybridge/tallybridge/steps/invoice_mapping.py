"""How a Zuora invoice becomes a NetSuite invoice: header, item lines, tax lines (invoices.md sections 5, 6, 9 and 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.money import plain
from tallybridge.settings import NumberMapping, StandardInvoiceSync
from tallybridge.steps import classification
from tallybridge.steps.base import ZuoraToNetSuite, day, ref, text
from tallybridge.steps.revenue_dates import VARIABLE, RevenueDates, inputs_of, revenue_dates

PROCESSING_TYPES = {"0": "Charge", "1": "Discount", "2": "Prepayment", "3": "Tax"}
MEMO_LIMIT = 999


@dataclass
class InvoiceData:
    """An invoice with everything its mapping needs: `charges` by product rate plan charge id; `revenue_update` for section 7."""

    head: Mapping[str, Any]
    account: Mapping[str, Any]
    items: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    charges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    revenue_update: bool = False
    customer_currency: str = ""
    was_set_aside: bool = False
    posting: Mapping[str, Any] = field(default_factory=dict)
    """Fields that post it in another period than that of its date."""

    def charge_of(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """The product rate plan charge behind an item; empty for a standalone item."""
        return self.charges.get(charge_id_of(item), {})


class InvoiceMapping(ZuoraToNetSuite):
    """Sections 5 to 6: what is sent. Nothing here decides whether."""

    # -- 5.1 header --------------------------------------------------------------------------------------------------

    def header(self, data: InvoiceData) -> dict[str, Any]:
        """Invoice header; what the table says is "not sent" is absent here."""
        head, account, standard = data.head, data.account, self.settings.use_standard_invoice_sync
        taxed_by_zuora = standard is StandardInvoiceSync.YES
        use_number = self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER
        custom = {
            "Zuora Amount Without Tax": text(head.get("AmountWithoutTax")),
            "Zuora Tax Amount": text(head.get("TaxAmount")),
            "Zuora Tax Exempt Amount": text(head.get("TaxExemptAmount")),
            "Zuora Created Date": utc_moment(head.get("CreatedDate")),
            "Zuora ID": head["Id"],
            "Zuora Reference Number": text(head.get("InvoiceNumber")),
            "Zuora Last Email Sent Date": utc_moment(head.get("LastEmailSentDate")),
            "Zuora Posted Date": utc_moment(head.get("PostedDate")),
            "Zuora Target Date": text(head.get("TargetDate")),
            "Zuora Type": "INVOICE",
            "Zuora Origin": "ZUORA",
            "Zuora Sync Date": stamp(self.context.clock.now()),
        }
        fields = {
            "externalId": self.external_id(head["Id"]),
            "entity": ref(account.get("IntegrationId__NS")),
            "memo": text(head.get("Comments"), MEMO_LIMIT),
            "dueDate": day(head.get("DueDate")),
            "tranDate": day(head.get("InvoiceDate")),
            "tranId": head.get("InvoiceNumber") if use_number else None,
            "isTaxable": False if taxed_by_zuora else None,
            "taxItem": ref(self.reference.id_of("tax code", self.settings.netsuite_default_tax_code)) if taxed_by_zuora else None,
            **data.posting,
            **classification.header(self.settings, self.reference, account),
            **{self.reference.custom("invoice", label): value for label, value in custom.items()},
        }
        return self.existing("invoice", fields)

    # -- 5.2, 5.3 lines ----------------------------------------------------------------------------------------------

    def lines(self, data: InvoiceData) -> list[dict[str, Any]]:
        """Every item followed by its tax lines, numbered from 1."""
        taxes: dict[str, list[dict[str, Any]]] = {}
        for tax in self.taxes(data):
            taxes.setdefault(str(tax.get("InvoiceItemId")), []).append(tax)
        built: list[dict[str, Any]] = []
        for item in self.items(data):
            built.append(self._item_line(data, item))
            built += [self._tax_line(data, t) for t in taxes.pop(str(item["Id"]), [])]
        built += [self._tax_line(data, t) for rest in taxes.values() for t in rest]  # taxes of an item left out for its zero amount
        return [{"line": n, **line} for n, line in enumerate(built, start=1)]

    def _item_line(self, data: InvoiceData, item: Mapping[str, Any]) -> dict[str, Any]:
        charge = data.charge_of(item)
        dates = self.revenue(data, item)
        custom = {
            "Zuora Charge Date": utc_moment(item.get("ChargeDate")),
            "Zuora ID": item["Id"],
            "Zuora Type": PROCESSING_TYPES.get(str(item.get("ProcessingType") or 0), text(item.get("ProcessingType"))),
            "Zuora Service Start Date": day(item.get("ServiceStartDate")),
            "Zuora Service End Date": day(item.get("ServiceEndDate")),
            "Zuora Subscription Number": text(item.get("Subscription.Name")),
            "Zuora Subscription Notes": text(item.get("Subscription.Notes")),
        }
        on = self.settings.netsuite_use_revenue_recognition
        fields = {
            "item": ref(self.item_id(data, item)),
            "amount": item["ChargeAmount"],
            "quantity": item.get("Quantity"),
            "price": {"id": "-1"},
            "revRecStartDate": dates.start,
            "revRecEndDate": dates.end,
            "deferRevRec": dates.defer if on else None,
            "revRecSchedule": ref(self.reference.id_of("revenue template", inputs_of(item, charge).code)) if on else None,
            "job": ref(dates.project),
            **self._line_fields(data, custom),
        }
        return self.existing("invoice", fields, line=True)

    def _tax_line(self, data: InvoiceData, tax: Mapping[str, Any]) -> dict[str, Any]:
        custom = {
            "Zuora Charge Date": text(tax.get("TaxDate")),
            "Zuora ID": tax["Id"],
            "Zuora Tax Rate": tax_rate_text(tax),
            "Zuora Tax Rate Description": text(tax.get("TaxRateDescription")),
            "Zuora Type": "Tax",
        }
        fields = {
            "item": ref(str(tax["AccountingCode"])),
            "amount": tax["TaxAmount"],
            "price": {"id": "-1"},
            **self._line_fields(data, custom),
        }
        return self.existing("invoice", fields, line=True)

    def _line_fields(self, data: InvoiceData, custom: Mapping[str, Any]) -> dict[str, Any]:
        taxed_by_zuora = self.settings.use_standard_invoice_sync is StandardInvoiceSync.YES
        return {
            "isTaxable": False if taxed_by_zuora else None,
            **classification.line(self.settings, self.reference, data.account),
            **{self.reference.custom("invoice", label, line=True): value for label, value in custom.items()},
        }

    def item_id(self, data: InvoiceData, item: Mapping[str, Any]) -> str:
        """The NetSuite item of an item's charge, "" if it has none yet; for a standalone item the default item of the settings."""
        if not charge_id_of(item):
            return self.settings.default_item_id
        return str(data.charge_of(item).get("IntegrationId__NS") or "")

    def is_variable(self, data: InvoiceData, item: Mapping[str, Any]) -> bool:
        """Whether the item's charge uses a variable revenue template."""
        return str(data.charge_of(item).get("RevRecTemplateType__NS") or "").strip().lower() == VARIABLE

    def items(self, data: InvoiceData) -> list[dict[str, Any]]:
        drop_zero = self.settings.avoid_zero_amount_invoice_items
        return [i for i in data.items if not (drop_zero and not i.get("ChargeAmount"))]

    def taxes(self, data: InvoiceData) -> list[dict[str, Any]]:
        """The tax lines to send: none when NetSuite calculates tax (section 12), zero ones dropped with the zero items (section 9)."""
        if self.settings.use_standard_invoice_sync.netsuite_calculates_tax:
            return []
        drop_zero = self.settings.avoid_zero_amount_invoice_items
        return [t for t in data.taxes if not (drop_zero and not t.get("TaxAmount"))]

    def revenue(self, data: InvoiceData, item: Mapping[str, Any]) -> RevenueDates:
        inputs = inputs_of(item, data.charge_of(item), str(item.get("Subscription.Project__NS") or ""))
        return revenue_dates(inputs, recognition_on=self.settings.netsuite_use_revenue_recognition)


def charge_id_of(item: Mapping[str, Any]) -> str:
    """The product rate plan charge of an item; "" for a standalone item."""
    return str(item.get("RatePlanCharge.ProductRatePlanChargeId") or "")


def tax_rate_text(tax: Mapping[str, Any]) -> str | None:
    """A percentage as "9%" (Zuora keeps the fraction 0.09), a flat fee as "50 flat fee"."""
    rate = tax.get("TaxRate")
    if rate is None or rate == "":
        return None
    amount = Decimal(str(rate))
    return f"{plain(amount)} flat fee" if str(tax.get("TaxRateType") or "").lower() == "flatfee" else f"{plain(amount * 100)}%"
