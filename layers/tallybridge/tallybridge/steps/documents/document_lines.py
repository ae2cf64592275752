"""Lines of documents: every item followed by its tax lines (invoices.md sections 5.2, 5.3, 6, 9 and 12; memos.md, the line tables). Nothing
here decides whether a document is sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.money import plain
from tallybridge.settings import StandardInvoiceSync
from tallybridge.steps.documents.kind import D, DocumentData, Item, Kind, charge_id_of
from tallybridge.steps.documents.revenue_dates import VARIABLE, RevenueDates, inputs_of, revenue_dates
from tallybridge.steps.documents.rounding import Sums
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.texts import day, ref, text

Line = dict[str, Any]


def lines(kind: Kind[D], company: Company, data: D) -> list[Line]:
    """Every item followed by its tax lines, numbered from 1, with the amounts as NetSuite keeps them; last the rounding line."""
    taxes: dict[str, list[dict[str, Any]]] = {}
    for tax in kind.taxes(company, data):
        taxes.setdefault(str(tax.get(kind.tax_of)), []).append(tax)
    built: list[Line] = []
    for item in kind.items(company, data):
        built.append(kind.item_line(kind, company, data, item))
        built += [kind.tax_line(kind, company, data, t) for t in taxes.pop(str(item["Id"]), [])]
    built += [kind.tax_line(kind, company, data, t) for rest in taxes.values() for t in rest]  # of an item left out for its zero amount
    currency = kind.currency(data)
    built = [{**line, "amount": company.booking.stored(Decimal(line["amount"]), currency)} for line in built]
    if (found := sums(kind, company, data)).rest and rounds(company, found):
        built.append(rounding_line(kind, company, data, found.rest))
    return [{"line": n, **line} for n, line in enumerate(built, start=1)]


def sums(kind: Kind[D], company: Company, data: D) -> Sums:
    """What the lines add up to, in Zuora and as NetSuite keeps them."""
    of_items = (i.get(kind.line_amount) for i in kind.items(company, data))
    amounts = [Decimal(a or 0) for a in (*of_items, *(t.get("TaxAmount") for t in kind.taxes(company, data)))]
    currency = kind.currency(data)
    return Sums.of(amounts, amount_to_send(kind, company, data), currency, company.booking.digits(currency))


def rounds(company: Company, found: Sums) -> bool:
    """Whether a rounding line may settle what rounding makes of the lines."""
    settings = company.settings
    wanted = settings.rounding_difference == "line" and bool(settings.rounding_item_id)
    return wanted and not found.differ and found.can_be_settled


def amount_to_send(kind: Kind[D], company: Company, data: D) -> Decimal:
    """What NetSuite is to hold: the document's amount, without Zuora's tax where NetSuite adds its own (its taxation is off in Zuora,
    section 12; if there is any, it is not sent)."""
    amount = Decimal(data.head.get(kind.amount) or 0)
    if company.settings.use_standard_invoice_sync.netsuite_calculates_tax:
        amount -= sum((t.get("TaxAmount") or Decimal(0) for t in data.taxes), Decimal(0))
    return amount


# -- the lines -----------------------------------------------------------------------------------------------------------


def rounding_line(kind: Kind[D], company: Company, data: D, rest: Decimal) -> Line:
    """The line that makes the total right, without its number. Its Zuora ID is the document's, so that it is recognised."""
    custom = {"Zuora ID": data.head["Id"], "Zuora Type": "Rounding"}
    fields = {
        "item": ref(company.settings.rounding_item_id),
        "amount": kind.signed(data, rest),
        "quantity": 1,
        "price": {"id": "-1"},
        **of_every_line(kind, company, data, custom),
    }
    return company.existing(kind.record_type(data), fields, line=True)


def item_line(kind: Kind[D], company: Company, data: D, item: Item) -> Line:
    """The line of one item, without its number."""
    dates = revenue(company, data, item)
    custom = {
        "Zuora Charge Date": utc_moment(item.get("ChargeDate")),
        "Zuora ID": item["Id"],
        "Zuora Type": kind.line_type(item),
        "Zuora Service Start Date": day(item.get("ServiceStartDate")),
        "Zuora Service End Date": day(item.get("ServiceEndDate")),
        "Zuora Subscription Number": text(item.get("Subscription.Name")),
        "Zuora Subscription Notes": text(item.get("Subscription.Notes")),
    }
    fields = {
        "item": ref(item_id(company, data, item)),
        "amount": kind.signed(data, item.get(kind.line_amount) or Decimal(0)),
        "quantity": kind.quantity(item),
        "price": {"id": "-1"},
        "revRecStartDate": dates.start,
        "revRecEndDate": dates.end,
        "deferRevRec": dates.defer if company.settings.netsuite_use_revenue_recognition else None,
        "revRecSchedule": schedule(company, data, item),
        "job": ref(dates.project),
        **of_every_line(kind, company, data, custom),
    }
    return company.existing(kind.record_type(data), fields, line=True)


def tax_line(kind: Kind[D], company: Company, data: D, tax: Item) -> Line:
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
        "amount": kind.signed(data, tax.get("TaxAmount") or Decimal(0)),
        "price": {"id": "-1"},
        **of_every_line(kind, company, data, custom),
    }
    return company.existing(kind.record_type(data), fields, line=True)


def of_every_line(kind: Kind[D], company: Company, data: D, custom: Mapping[str, Any]) -> Line:
    """What all lines carry, beside Zuora fields by label."""
    taxed_by_zuora = company.settings.use_standard_invoice_sync is StandardInvoiceSync.YES
    return {
        "isTaxable": False if taxed_by_zuora else None,
        **classification.line(company.settings, company.reference, data.account),
        **company.named(kind.record_type(data), custom, line=True),
    }


# -- what lines are made of ----------------------------------------------------------------------------------------------


def tax_flags(company: Company) -> dict[str, Any]:
    """Header flags of sequence-and-status.md 7.5: set only where Zuora calculates tax."""
    if company.settings.use_standard_invoice_sync is not StandardInvoiceSync.YES:
        return {}
    return {"isTaxable": False, "taxItem": ref(company.reference.id_of("tax code", company.settings.netsuite_default_tax_code))}


def item_id(company: Company, data: DocumentData, item: Item) -> str:
    """The NetSuite item of an item's charge, "" if it has none yet; for a standalone item the default item of the settings."""
    if not charge_id_of(item):
        return company.settings.default_item_id
    return str(data.charge_of(item).get("IntegrationId__NS") or "")


def is_variable(data: DocumentData, item: Item) -> bool:
    """Whether the item's charge uses a variable revenue template."""
    return str(data.charge_of(item).get("RevRecTemplateType__NS") or "").strip().lower() == VARIABLE


def revenue(company: Company, data: DocumentData, item: Item) -> RevenueDates:
    """Section 6 for one item."""
    inputs = inputs_of(item, data.charge_of(item), str(item.get("Subscription.Project__NS") or ""))
    return revenue_dates(inputs, recognition_on=company.settings.netsuite_use_revenue_recognition)


def schedule(company: Company, data: DocumentData, item: Item) -> dict[str, Any] | None:
    """The revenue template of an item; None where NetSuite recognises no revenue."""
    if not company.settings.netsuite_use_revenue_recognition:
        return None
    return ref(company.reference.id_of("revenue template", inputs_of(item, data.charge_of(item)).code))


def tax_rate_text(tax: Item) -> str | None:
    """A percentage as "9%" (Zuora keeps the fraction 0.09), a flat fee as "50 flat fee"."""
    rate = tax.get("TaxRate")
    if rate is None or rate == "":
        return None
    amount = Decimal(str(rate))
    return f"{plain(amount)} flat fee" if str(tax.get("TaxRateType") or "").lower() == "flatfee" else f"{plain(amount * 100)}%"
