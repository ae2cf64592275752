"""Lines of invoices, debit memos and credit memos: every item followed by its tax lines (invoices.md sections 5.2, 5.3, 6, 9 and 12;
memos.md, the line tables). What the three kinds name differently stands in class attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.money import plain
from tallybridge.settings import StandardInvoiceSync
from tallybridge.steps.documents.revenue_dates import VARIABLE, RevenueDates, inputs_of, revenue_dates
from tallybridge.steps.documents.rounding import Sums
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.base import ZuoraToNetSuite
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import Customer
from tallybridge.steps.shared.texts import day, ref, text

PROCESSING_TYPES = {"0": "Charge", "1": "Discount", "2": "Prepayment", "3": "Tax"}


@dataclass
class DocumentData:
    """A document with everything its mapping needs: `charges` by product rate plan charge id; `revenue_update` for invoices.md section 7;
    `posting` = fields that post it in another period than that of its date."""

    head: Mapping[str, Any]
    account: Mapping[str, Any]
    items: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    charges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    revenue_update: bool = False
    customer: Customer | None = None
    posting: Mapping[str, Any] = field(default_factory=dict)

    def charge_of(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """The product rate plan charge behind an item; empty for a standalone item."""
        return self.charges.get(charge_id_of(item), {})


class DocumentLines(ZuoraToNetSuite):
    """What the lines say. Nothing here decides whether the document is sent."""

    number_field: str
    """Field of the head with the number that people use."""
    date_field: str
    amount_field: str
    """Field of the head with the total including tax."""
    line_amount: str
    """Field of an item with its amount without tax."""
    tax_of: str
    """Field of a taxation item that names its item."""

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        if not self.settings.netsuite_use_revenue_recognition:
            self.needs = tuple(need for need in self.needs if need != "revenue template")

    def label(self, data: DocumentData) -> str:
        """What messages call the document: "Debit memo DM00000001"."""
        return f"{self.object_label} {data.head.get(self.number_field)}"

    def record_type(self, data: DocumentData) -> str:
        """The NetSuite record type that a document becomes."""
        return self.destination

    def sent_amount(self, data: DocumentData, amount: Decimal) -> Decimal:
        """An amount of the document with the sign that NetSuite is to get."""
        return amount

    def header(self, data: DocumentData) -> dict[str, Any]:
        """The header of a new record; each kind has its own table."""
        raise NotImplementedError

    def tax_flags(self) -> dict[str, Any]:
        """Header flags of sequence-and-status.md 7.5: set only where Zuora calculates tax."""
        if self.settings.use_standard_invoice_sync is not StandardInvoiceSync.YES:
            return {}
        return {"isTaxable": False, "taxItem": ref(self.reference.id_of("tax code", self.settings.netsuite_default_tax_code))}

    def complete_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The items as `revenue_dates.inputs_of` reads them."""
        return items

    def lines(self, data: DocumentData) -> list[dict[str, Any]]:
        """Every item followed by its tax lines, numbered from 1, with the amounts as NetSuite keeps them; last the rounding line."""
        taxes: dict[str, list[dict[str, Any]]] = {}
        for tax in self.taxes(data):
            taxes.setdefault(str(tax.get(self.tax_of)), []).append(tax)
        built: list[dict[str, Any]] = []
        for item in self.items(data):
            built.append(self.item_line(data, item))
            built += [self.tax_line(data, t) for t in taxes.pop(str(item["Id"]), [])]
        built += [self.tax_line(data, t) for rest in taxes.values() for t in rest]  # taxes of an item left out for its zero amount
        currency = self.currency_of(data)
        built = [{**line, "amount": self.booking.stored(Decimal(line["amount"]), currency)} for line in built]
        if (sums := self.sums(data)).rest and self.rounds(sums):
            built.append(self.rounding_line(data, sums.rest))
        return [{"line": n, **line} for n, line in enumerate(built, start=1)]

    def sums(self, data: DocumentData) -> Sums:
        """What the lines add up to, in Zuora and as NetSuite keeps them."""
        amounts = [*(i.get(self.line_amount) for i in self.items(data)), *(t.get("TaxAmount") for t in self.taxes(data))]
        currency = self.currency_of(data)
        return Sums.of([Decimal(a or 0) for a in amounts], self.amount_to_send(data), currency, self.booking.digits(currency))

    def rounds(self, sums: Sums) -> bool:
        """Whether a rounding line may settle what rounding makes of the lines."""
        wanted = self.settings.rounding_difference == "line" and bool(self.settings.rounding_item_id)
        return wanted and not sums.differ and sums.can_be_settled

    def rounding_line(self, data: DocumentData, rest: Decimal) -> dict[str, Any]:
        """The line that makes the total right, without its number. Its Zuora ID is the document's, so that it is recognised."""
        custom = {"Zuora ID": data.head["Id"], "Zuora Type": "Rounding"}
        fields = {
            "item": ref(self.settings.rounding_item_id),
            "amount": self.sent_amount(data, rest),
            "quantity": 1,
            "price": {"id": "-1"},
            **self._line_fields(data, custom),
        }
        return self.existing(self.record_type(data), fields, line=True)

    def item_line(self, data: DocumentData, item: Mapping[str, Any]) -> dict[str, Any]:
        """The line of one item, without its number."""
        charge = data.charge_of(item)
        dates = self.revenue(data, item)
        custom = {
            "Zuora Charge Date": utc_moment(item.get("ChargeDate")),
            "Zuora ID": item["Id"],
            "Zuora Type": self.line_type(item),
            "Zuora Service Start Date": day(item.get("ServiceStartDate")),
            "Zuora Service End Date": day(item.get("ServiceEndDate")),
            "Zuora Subscription Number": text(item.get("Subscription.Name")),
            "Zuora Subscription Notes": text(item.get("Subscription.Notes")),
        }
        on = self.settings.netsuite_use_revenue_recognition
        fields = {
            "item": ref(self.item_id(data, item)),
            "amount": self.sent_amount(data, item.get(self.line_amount) or Decimal(0)),
            "quantity": self.quantity(item),
            "price": {"id": "-1"},
            "revRecStartDate": dates.start,
            "revRecEndDate": dates.end,
            "deferRevRec": dates.defer if on else None,
            "revRecSchedule": ref(self.reference.id_of("revenue template", inputs_of(item, charge).code)) if on else None,
            "job": ref(dates.project),
            **self._line_fields(data, custom),
        }
        return self.existing(self.record_type(data), fields, line=True)

    def tax_line(self, data: DocumentData, tax: Mapping[str, Any]) -> dict[str, Any]:
        """The line of one taxation item, without its number."""
        custom = {
            "Zuora Charge Date": text(tax.get("TaxDate")),
            "Zuora ID": tax["Id"],
            "Zuora Tax Rate": tax_rate_text(tax),
            "Zuora Tax Rate Description": text(tax.get("TaxRateDescription")),
            "Zuora Type": "Tax",
        }
        fields = {
            "item": ref(str(tax["AccountingCode"])),
            "amount": self.sent_amount(data, tax.get("TaxAmount") or Decimal(0)),
            "price": {"id": "-1"},
            **self._line_fields(data, custom),
        }
        return self.existing(self.record_type(data), fields, line=True)

    def line_type(self, item: Mapping[str, Any]) -> str | None:
        """Zuora's processing type in words; some of its APIs give a number."""
        return PROCESSING_TYPES.get(str(item.get("ProcessingType") or 0), text(item.get("ProcessingType")))

    def quantity(self, item: Mapping[str, Any]) -> Any:
        """The quantity to send; None leaves it out."""
        return item.get("Quantity")

    def item_id(self, data: DocumentData, item: Mapping[str, Any]) -> str:
        """The NetSuite item of an item's charge, "" if it has none yet; for a standalone item the default item of the settings."""
        if not charge_id_of(item):
            return self.settings.default_item_id
        return str(data.charge_of(item).get("IntegrationId__NS") or "")

    def is_variable(self, data: DocumentData, item: Mapping[str, Any]) -> bool:
        """Whether the item's charge uses a variable revenue template."""
        return str(data.charge_of(item).get("RevRecTemplateType__NS") or "").strip().lower() == VARIABLE

    def items(self, data: DocumentData) -> list[dict[str, Any]]:
        """The items to send."""
        return data.items

    def taxes(self, data: DocumentData) -> list[dict[str, Any]]:
        """The tax lines to send: none when NetSuite calculates tax (invoices.md section 12)."""
        return [] if self.settings.use_standard_invoice_sync.netsuite_calculates_tax else data.taxes

    def revenue(self, data: DocumentData, item: Mapping[str, Any]) -> RevenueDates:
        """Section 6 for one item."""
        inputs = inputs_of(item, data.charge_of(item), str(item.get("Subscription.Project__NS") or ""))
        return revenue_dates(inputs, recognition_on=self.settings.netsuite_use_revenue_recognition)

    def amount_to_send(self, data: DocumentData) -> Decimal:
        """What NetSuite is to hold: the document's amount, without Zuora's tax where NetSuite adds its own (its taxation is off in Zuora,
        section 12; if there is any, it is not sent)."""
        amount = Decimal(data.head.get(self.amount_field) or 0)
        if self.settings.use_standard_invoice_sync.netsuite_calculates_tax:
            amount -= sum((t.get("TaxAmount") or Decimal(0) for t in data.taxes), Decimal(0))
        return amount

    def _line_fields(self, data: DocumentData, custom: Mapping[str, Any]) -> dict[str, Any]:
        taxed_by_zuora = self.settings.use_standard_invoice_sync is StandardInvoiceSync.YES
        return {
            "isTaxable": False if taxed_by_zuora else None,
            **classification.line(self.settings, self.reference, data.account),
            **{self.reference.custom(self.record_type(data), label, line=True): value for label, value in custom.items()},
        }


def charge_id_of(item: Mapping[str, Any]) -> str:
    """The product rate plan charge of an item, of its subscription or direct; "" for a standalone item."""
    return str(item.get("RatePlanCharge.ProductRatePlanChargeId") or item.get("ProductRatePlanChargeId") or "")


def tax_rate_text(tax: Mapping[str, Any]) -> str | None:
    """A percentage as "9%" (Zuora keeps the fraction 0.09), a flat fee as "50 flat fee"."""
    rate = tax.get("TaxRate")
    if rate is None or rate == "":
        return None
    amount = Decimal(str(rate))
    return f"{plain(amount)} flat fee" if str(tax.get("TaxRateType") or "").lower() == "flatfee" else f"{plain(amount * 100)}%"
