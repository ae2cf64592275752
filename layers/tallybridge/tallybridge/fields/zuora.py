"""The fields that each step needs in Zuora, to be ticked off beside custom-fields.md, section 1."""

from __future__ import annotations

from tallybridge.fields.need import Need

ID, STATUS, DATE = "Integration ID = IntegrationId", "Integration Status = IntegrationStatus", "Sync Date = SyncDate"
COMMON = f"{ID}|{STATUS}|{DATE}"
CLASSES = "NetSuite Department = Department|NetSuite Location = Location|NetSuite Class = Class|NetSuite Subsidiary = Subsidiary"
CHILDREN = "NetSuite Subsidiary Include Children = IncludeChildren"
DOCUMENTS = "invoices debit_memos credit_memos adjustments"

ZUORA: dict[str, tuple[Need, ...]] = {
    "Account": (
        Need("customers", f"{COMMON}|Sync to NetSuite = SynctoNetSuite|NetSuite Customer Type = CustomerType|{CLASSES}"),
        Need(f"{DOCUMENTS} payments refunds", f"{ID}|{STATUS}|Sync to NetSuite = SynctoNetSuite|{CLASSES}"),
        Need("netsuite_customers", f"{COMMON}|NetSuite Customer ID = CustomerId"),
    ),
    "Product": (Need("products", f"{COMMON}|Item Type = ItemType"),),
    "ProductRatePlan": (
        Need(
            "rate_plans",
            f"{COMMON}|Item Type = ItemType|{CLASSES}|{CHILDREN}|NetSuite Price = Price|NetSuite Multi Currency Price = MultiCurrencyPrice"
            "|NetSuite Billing Period = BillingPeriod",
        ),
        Need("sales_orders", ID),
    ),
    "ProductRatePlanCharge": (
        Need(
            "charges",
            f"{COMMON}|Item Type = ItemType|{CLASSES}|{CHILDREN}|NetSuite Recognized Revenue Account = RecognizedRevAccount"
            "|NetSuite Deferred Revenue Account = DeferredRevAccount",
        ),
        Need(
            DOCUMENTS,
            f"{ID}|NetSuite Revenue Recognition Start Date = RevRecStart|NetSuite Revenue Recognition End Date = RevRecEnd"
            "|NetSuite Revenue Recognition Template Type = RevRecTemplateType",
        ),
    ),
    "Subscription": (
        Need("invoices debit_memos credit_memos", "NetSuite Project = Project"),
        Need("sales_orders", f"{COMMON}|NetSuite Sales Order = SalesOrder"),
    ),
    "Invoice": (Need("invoices", COMMON), Need("payments refunds adjustments netsuite_payments netsuite_credit_memos", ID)),
    "InvoiceItem": (Need("invoices", "", ID),),
    "DebitMemo": (Need("debit_memos", COMMON), Need("credit_memos payments netsuite_payments", ID)),
    "CreditMemo": (Need("credit_memos", f"{COMMON}|Origin = Origin", "Transaction = Transaction"),),
    "Payment": (
        Need("payments", f"{COMMON}|Origin = Origin"),
        Need("refunds", f"{ID}|{STATUS}"),
        Need("netsuite_payments netsuite_refunds", f"{COMMON}|Origin = Origin", "Transaction = Transaction"),
    ),
    "Refund": (
        Need("refunds", f"{COMMON}|Origin = Origin|Sync to NetSuite = SynctoNetSuite"),
        Need("netsuite_refunds", f"{COMMON}|Origin = Origin"),
    ),
    "InvoiceItemAdjustment": (
        Need("adjustments", COMMON),
        Need("netsuite_credit_memos", "", "Origin = Origin|Transaction = Transaction"),
    ),
    "InvoiceAdjustment": (Need("netsuite_credit_memos", ID, f"{STATUS}|{DATE}"),),
}
"""Zuora's fields by object, names without the suffix (custom-fields.md section 1)."""
MODE_OF = {"DebitMemo": "B", "CreditMemo": "B", "InvoiceItemAdjustment": "A", "InvoiceAdjustment": "A"}
"""Objects that only tenants of one mode have."""
BY_OTHER_CALLS = ("DebitMemo", "CreditMemo")
"""Objects whose description says that nothing can be updated, because they are written by calls of their own."""
