"""Puts the tables together: record types, line shapes and subrecords."""

from __future__ import annotations

from sandbox.netsuite.schema import entities, items, lists, sales, settlements
from sandbox.netsuite.schema.fields import Fields, LineShape, RecordType, parse_fields

NOT_ON_CREDIT_MEMO = (
    "approvalStatus nextApprover estimate fob giftCertApplied giftCertRedemption installment overrideInstallments opportunity paymentlink "
    "thirdPartyAcct trackingNumbers linkedTrackingNumbers salesChannel dueDate discountDate"
).lower()
NOT_ON_CREDIT_MEMO_STARTS = ("itemcost", "expcost", "time", "predicted", "userestimated", "saascommitment")
ORDER_LINE = """
isClosed bool
isEstimate bool
quantityBilled num =
quantityBackOrdered num =
commitInventory enum(1|2|3)
expectedShipDate date
requestedDate date
orderPriority num
createPo str
createWo bool
poVendor ref(vendor)
poRate num
priceIntervalFrequency str
subscriptionLineRate num
subscriptionLineType str
fromJob bool
hasOrdBillLink bool =
"""

# What the names in `ref(...)` mean when they are not one record type.
GROUP_TARGETS: dict[str, str] = {"transaction": "transaction", "item": "item", "entity": "entity"}


def _credit_memo() -> Fields:
    body = {
        name: f
        for name, f in parse_fields(sales.INVOICE).items()
        if name not in NOT_ON_CREDIT_MEMO.split() and not name.startswith(NOT_ON_CREDIT_MEMO_STARTS)
    }
    return {**body, **parse_fields(sales.CREDIT_MEMO)}


def _sales_order() -> Fields:
    body = parse_fields(sales.INVOICE)
    for posting in ("postingperiod", "duedate", "amountpaid", "amountremaining", "account", "approvalstatus"):
        body.pop(posting)
    fields = {**body, **parse_fields(sales.SALES_ORDER)}
    fields["item"] = parse_fields("item sub(orderItem) R Items")["item"]
    return fields


def _service_item() -> Fields:
    lacks = items.SERVICE_ITEM_LACKS.lower().split()
    body = {n: f for n, f in parse_fields(items.NON_INVENTORY_SALE_ITEM).items() if n not in lacks}
    return {**body, **parse_fields(items.SERVICE_ITEM)}


LINE_SHAPES: dict[str, LineShape] = {
    shape.name: shape
    for shape in (
        LineShape("transactionItem", parse_fields(sales.TRANSACTION_ITEM), "line"),
        LineShape("orderItem", parse_fields(sales.TRANSACTION_ITEM, ORDER_LINE), "line"),
        LineShape("journalLine", parse_fields(settlements.JOURNAL_LINE), "line"),
        LineShape("applyLine", parse_fields(settlements.APPLY_LINE), "doc"),
        LineShape("depositLine", parse_fields(settlements.DEPOSIT_LINE), "doc"),
        LineShape("creditLine", parse_fields(settlements.CREDIT_LINE), "doc"),
        LineShape("taxDetailLine", parse_fields(sales.TAX_DETAIL_LINE)),
        LineShape("customer.addressBook", parse_fields(entities.CUSTOMER_ADDRESS_BOOK), "id"),
        LineShape("contact.addressBook", parse_fields(entities.CUSTOMER_ADDRESS_BOOK.replace("isResidential bool\n", "")), "id"),
        LineShape("customer.currencyList", parse_fields(entities.CUSTOMER_CURRENCY_LIST), "currency"),
        LineShape("customer.contactRoles", parse_fields("contact ref(contact) R\nrole ref(contactRole)"), "contact"),
        LineShape("item.price", parse_fields(items.ITEM_PRICE), "pricekey"),
    )
}
SUBRECORDS: dict[str, Fields] = {"address": parse_fields(entities.ADDRESS)}

_CORE_ITEM = parse_fields(items.NON_INVENTORY_SALE_ITEM)
_ENTITY = {"group": "entity", "custom": "entity", "name_field": "entityId"}
_ITEM = {"group": "item", "custom": "item", "name_field": "itemId"}
_TRANSACTION = {"group": "transaction", "custom": "body", "name_field": "tranId"}


def _type(name: str, fields: Fields, title: str, **shared: str) -> RecordType:
    return RecordType(name=name, fields=fields, title=title, **{"group": name, **shared})  # type: ignore[arg-type]


RECORD_TYPES: dict[str, RecordType] = {
    t.name.lower(): t
    for t in (
        _type("currency", parse_fields(lists.CURRENCY), "Currency"),
        _type("subsidiary", parse_fields(lists.SUBSIDIARY), "Subsidiary"),
        _type("classification", parse_fields(lists.CLASSIFICATION), "Class"),
        _type("department", parse_fields(lists.DEPARTMENT), "Department"),
        _type("location", parse_fields(lists.LOCATION), "Location"),
        _type("term", parse_fields(lists.TERM), "Term"),
        _type("account", parse_fields(lists.ACCOUNT), "Account", name_field="acctName"),
        _type("paymentMethod", parse_fields(lists.PAYMENT_METHOD), "Payment Method"),
        _type("accountingPeriod", parse_fields(lists.ACCOUNTING_PERIOD), "Accounting Period", name_field="periodName"),
        _type("taxSchedule", parse_fields(lists.TAX_SCHEDULE), "Tax Schedule"),
        _type("revRecTemplate", parse_fields(lists.REV_REC_TEMPLATE), "Revenue Recognition Template"),
        _type("priceLevel", parse_fields(lists.PRICE_LEVEL), "Price Level"),
        _type("salesTaxItem", parse_fields(lists.SALES_TAX_ITEM), "Tax Code", name_field="itemId"),
        _type("employee", parse_fields(entities.EMPLOYEE), "Employee", **_ENTITY),
        _type("vendor", parse_fields(entities.VENDOR), "Vendor", **_ENTITY),
        _type("customer", parse_fields(entities.CUSTOMER), "Customer", **_ENTITY),
        _type("job", parse_fields(entities.JOB), "Project", **_ENTITY),
        _type("contact", parse_fields(entities.CONTACT), "Contact", **_ENTITY),
        _type("nonInventorySaleItem", _CORE_ITEM, "Non-Inventory Item for Sale", **_ITEM),
        _type("serviceSaleItem", _service_item(), "Service for Sale", **_ITEM),
        _type("otherChargeSaleItem", _service_item(), "Other Charge for Sale", **_ITEM),
        _type("inventoryItem", {**_CORE_ITEM, **parse_fields(items.INVENTORY_ITEM)}, "Inventory Item", **_ITEM),
        _type("discountItem", {**_CORE_ITEM, **parse_fields(items.DISCOUNT_ITEM)}, "Discount", **_ITEM),
        _type("salesOrder", _sales_order(), "Sales Order", **_TRANSACTION),
        _type("invoice", parse_fields(sales.INVOICE), "Invoice", **_TRANSACTION),
        _type("creditMemo", _credit_memo(), "Credit Memo", **_TRANSACTION),
        _type("customerDeposit", parse_fields(settlements.CUSTOMER_DEPOSIT), "Customer Deposit", **_TRANSACTION),
        _type("customerPayment", parse_fields(settlements.CUSTOMER_PAYMENT), "Payment", **_TRANSACTION),
        _type("journalEntry", parse_fields(settlements.JOURNAL_ENTRY), "Journal", **_TRANSACTION),
        _type("customerRefund", parse_fields(settlements.CUSTOMER_REFUND), "Customer Refund", **_TRANSACTION),
        _type("depositApplication", parse_fields(settlements.DEPOSIT_APPLICATION), "Deposit Application", **_TRANSACTION),
    )
}
"""Record types by lower-case name, in the order in which records can be loaded (a type comes after those it refers to)."""


def record_type(name: str) -> RecordType | None:
    """A record type by its name in a URL, upper and lower case not told apart."""
    return RECORD_TYPES.get(name.lower())
