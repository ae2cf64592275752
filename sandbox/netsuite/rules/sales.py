"""Invoices, credit memos and sales orders: lines, taxes, totals and dates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, invalid_value, please_enter, user_error
from sandbox.netsuite.ledger import ZERO
from sandbox.netsuite.rules import applying, headers
from sandbox.netsuite.rules.context import Write
from sandbox.netsuite.store import Record

ITEM_TYPES = {
    "nonInventorySaleItem": "NonInvtPart",
    "serviceSaleItem": "Service",
    "otherChargeSaleItem": "OthCharge",
    "inventoryItem": "InvtPart",
    "discountItem": "Discount",
}
CUSTOM_PRICE = -1


def finish_invoice(w: Write) -> None:
    """Rules of an invoice."""
    _finish_document(w)
    term = w.store.get("term", w.values["terms"]) if w.values.get("terms") else None
    if w.creating or ((w.changed("tranDate") or w.changed("terms")) and "dueDate" not in w.given):
        w.default("dueDate", headers.due_date(w.values["tranDate"], term))
    if w.values["total"] < 0:
        raise user_error("The total of an invoice may not be negative.")
    w.default("approvalStatus", "2")
    _check_paid(w)


def finish_credit_memo(w: Write) -> None:
    """Rules of a credit memo, including what it is applied to."""
    _finish_document(w)
    if w.values["total"] < 0:
        raise user_error("The total of a credit memo may not be negative.")
    available = w.values["total"] - w.ledger.applied_to(w.record.id)
    applying.auto_apply(w, available)
    applying.finish_apply(w, ("invoice", "journalEntry"), available)


def finish_sales_order(w: Write) -> None:
    """Rules of a sales order: as an invoice, without posting."""
    _finish_document(w)
    w.default("orderStatus", "B")
    for line in w.record.lines["item"]:
        line.setdefault("quantityBilled", ZERO)


def _finish_document(w: Write) -> None:
    customer = headers.customer_of(w, "entity")
    headers.source_customer(w, customer)
    if w.creating:
        w.default("terms", customer.values.get("terms"))
        w.default("taxItem", customer.values.get("taxItem"))
        w.default("isTaxable", bool(customer.values.get("taxable")))
        w.default("account", customer.values.get("receivablesAccount") or w.tenant.special_account("AcctRec"))
        w.default("email", customer.values.get("email"))
        _source_address(w, customer)
    if "account" not in w.record.type.fields:
        w.values.pop("account", None)
    _check_receivable(w)
    headers.number_document(w)
    headers.check_required(w)
    headers.check_dimensions(w, w.values)
    for position, line in enumerate(w.record.lines["item"]):
        finish_line(w, line, f"item.items[{position}].")
    _total(w)
    headers.post(w)
    headers.stamp(w)


def _source_address(w: Write, customer: Record) -> None:
    for flag, target in (("defaultBilling", "billingAddress"), ("defaultShipping", "shippingAddress")):
        for line in customer.lines.get("addressBook", ()):
            if line.get(flag):
                w.default(target, dict(line["addressBookAddress"]))


def _check_receivable(w: Write) -> None:
    account = w.store.get("account", w.values["account"]) if w.values.get("account") else None
    if account and account.values["acctType"] != "AcctRec":
        raise invalid_value(account.id, "account", "account")


def finish_line(w: Write, line: dict[str, Any], path: str) -> None:
    """One item line: the item can be sold, sourced values, rate and amount, dimensions, revenue recognition."""
    item = w.store.get("item", line["item"]) if line.get("item") else None
    if item is None:
        raise please_enter(["Item"])
    if "uniquekey" not in line:
        line["uniquekey"] = w.store.next_id("line key")
        _check_item(w, item, path)
        _source_line(w, line, item)
    line["itemType"] = ITEM_TYPES[item.type.name]
    line["account"] = item.values.get("incomeAccount") or item.values.get("account")
    _price(w, line, item, path)
    headers.check_dimensions(w, line, path)
    _check_revenue(w, line, item, path)


def _check_item(w: Write, item: Record, path: str) -> None:
    if item.values.get("isInactive"):
        raise user_error(f"The item {item.values['itemId']} is inactive and cannot be used on a transaction.", path + "item")
    if not item.values.get("incomeAccount") and item.type.name != "discountItem":
        raise user_error(f"The item {item.values['itemId']} has no income account and cannot be used on a transaction.", path + "item")
    if w.one_world and not headers.covers(w.tenant, item, w.values["subsidiary"]):
        raise invalid_value(item.id, "item", path + "item")


def _source_line(w: Write, line: dict[str, Any], item: Record) -> None:
    sourced = {
        "description": item.values.get("salesDescription"),
        "department": item.values.get("department"),
        "class": item.values.get("class"),
        "location": item.values.get("location"),
        "revRecSchedule": item.values.get("revRecSchedule"),
        "isTaxable": bool(item.values.get("isTaxable")),
        "taxCode": item.values.get("salesTaxCode"),
    }
    for name, value in sourced.items():
        if value is not None and name not in line:
            line[name] = value


def _price(w: Write, line: dict[str, Any], item: Record, path: str) -> None:
    quantity = line.get("quantity")
    if quantity is None:
        quantity = line["quantity"] = Decimal(1)
    rate, amount = line.get("rate"), line.get("amount")
    if amount is None:
        if rate is None and line.get("price") != CUSTOM_PRICE:
            rate = item_price(item, w.values["currency"], line.get("price"))
        if rate is None:
            raise user_error("Please enter value(s) for: Amount", path + "amount")
        line["rate"] = rate
        amount = rate * quantity
    elif rate is None and quantity:
        line["rate"] = (amount / quantity).quantize(Decimal("0.00000001")).normalize()
    line["amount"] = w.rounded(amount)


def item_price(item: Record, currency: int, level: int | None) -> Decimal | None:
    """An item's price in a currency: from its price matrix, else its base rate."""
    for price in item.lines.get("price", ()):
        if price["currencyPage"] == currency and price["priceLevel"] == (level or 1):
            found: Decimal = price["price"]
            return found
    return item.values.get("rate")


def _check_revenue(w: Write, line: dict[str, Any], item: Record, path: str) -> None:
    if not w.tenant.options.revenue_recognition:
        return
    template = line.get("revRecSchedule") or item.values.get("revRecSchedule")
    start, end = line.get("revRecStartDate"), line.get("revRecEndDate")
    if line.get("deferRevRec") and template is None:
        raise user_error("Please enter value(s) for: Rev. Rec. Schedule", path + "revRecSchedule")
    if start and end and end < start:
        raise user_error("The revenue recognition end date may not be before the start date.", path + "revRecEndDate")
    if template is None or end is None or line.get("deferRevRec"):
        return
    last = max((p.values["endDate"] for p in w.store.all("accountingPeriod")), default=None)
    if last is None or end > last:
        text = "Not enough accounting periods in range specified for revenue recognition."
        raise NetSuiteError(400, "INSUFCNT_NUM_PRDS_FOR_REV_REC", text, errorPath=path + "revRecEndDate")


def _total(w: Write) -> None:
    """Subtotal, discount, tax and total of the document."""
    lines = w.record.lines["item"]
    subtotal = sum((line["amount"] for line in lines), ZERO)
    discount = w.rounded(w.values.get("discountRate") or ZERO) if w.values.get("discountItem") else ZERO
    details = w.record.lines.get("taxDetails", ())
    if details and w.values.get("taxDetailsOverride"):
        references = {line.get("taxDetailsReference") for line in lines}
        for position, detail in enumerate(details):
            if detail["taxDetailsReference"] not in references:
                path = f"taxDetails.items[{position}].taxDetailsReference"
                raise invalid_value(detail["taxDetailsReference"], "taxDetailsReference", path)
        tax = sum((w.rounded(d["taxAmount"]) for d in details), ZERO)
    else:
        tax = sum((_line_tax(w, line) for line in lines), ZERO)
    w.values.update(subtotal=subtotal, discountTotal=discount, taxTotal=tax, total=subtotal + discount + tax)


def _line_tax(w: Write, line: dict[str, Any]) -> Decimal:
    """Tax of a line by its own code, or by the document's tax item when both are taxable; in editions with VAT the code alone decides."""
    code, vat = line.get("taxCode"), w.tenant.options.tax_model == "vat"
    if code is None and not vat and w.values.get("isTaxable") and line.get("isTaxable"):
        code = w.values.get("taxItem")
    record = w.store.get("salesTaxItem", code) if code else None
    rate = (record.values.get("rate") or ZERO) if record and (vat or w.values.get("isTaxable") is not False) else ZERO
    tax = w.rounded(line["amount"] * rate / 100)
    line["taxRate1"], line["tax1Amt"] = rate, tax
    return tax


def _check_paid(w: Write) -> None:
    """A document to which something is applied keeps its lines and cannot fall below what is applied."""
    paid = w.ledger.applied_to(w.record.id)
    if w.old is None or not paid:
        return
    if "item" in w.replaced:
        raise user_error("The lines of a transaction cannot be replaced because other transactions are applied to it.", "item")
    if w.old.values["total"] != w.values["total"] and w.values["total"] < paid:
        raise user_error("The total of an invoice may not be less than the amount applied to it.")
