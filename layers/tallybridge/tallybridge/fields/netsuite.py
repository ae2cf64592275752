"""The fields that each step needs in NetSuite, to be ticked off beside custom-fields.md, section 2."""

from __future__ import annotations

from collections.abc import Mapping

from tallybridge.field_names import derived_id
from tallybridge.fields.need import Need
from tallybridge.netsuite import FieldInfo

ITEM = Need(
    "products rate_plans charges",
    "Zuora ID",
    "Zuora Type|Zuora Product Name|Zuora Product Rate Plan Name|Zuora Product Rate Plan Charge Name|Zuora Charge Model|Zuora Charge Type"
    "|Zuora Billing Period|Zuora Tax Code|Zuora Taxable|Zuora Created Date|Zuora Sync Date",
)
HEADER = "Zuora Type|Zuora Reference Number|Zuora Origin|Zuora Created Date|Zuora Sync Date"
MEMO = "Zuora Amount Without Tax|Zuora Tax Amount|Zuora Tax Exempt Amount|Zuora Posted Date|Zuora Target Date"
RELATED = "Zuora Related Reference Number|Zuora Related Transaction"
FROM_NETSUITE = "Zuora ID|Zuora Integration Status"

NETSUITE: dict[str, tuple[Need, ...]] = {
    "customer": (
        Need(
            "customers",
            "Zuora ID",
            "Zuora Account Number|Zuora Account MRR|Zuora Auto Pay|Zuora Batch|Zuora Bill Cycle Day|Zuora Bill To ID|Zuora Sold To ID"
            "|Zuora Bill To Tax Region|Zuora Bill To Work Email|Zuora Sold To Work Email|Zuora Created Date|Zuora Updated Date"
            "|Zuora Sync Date|Zuora CRM ID|Zuora Customer Service Rep Name|Zuora Default Payment Method|Zuora Payment Term"
            "|Zuora Purchase Order Number|Zuora Sales Rep|Zuora Tax Exempt Certificate ID|Zuora Tax Exempt Status",
        ),
        Need(
            "netsuite_customers",
            f"{FROM_NETSUITE}|Send to Zuora",
            "Zuora Auto Pay|Zuora Batch|Zuora Bill Cycle Day|Zuora Bill To ID|Zuora Sold To ID|Zuora Bill To Tax Region"
            "|Zuora Bill To Work Email|Zuora Sold To Work Email|Zuora Sync Date|Zuora CRM ID|Zuora Customer Service Rep Name"
            "|Zuora Default Payment Method|Zuora Payment Term|Zuora Purchase Order Number|Zuora Sales Rep"
            "|Zuora Tax Exempt Certificate ID|Zuora Tax Exempt Status",
        ),
        Need("sales_orders netsuite_payments netsuite_credit_memos netsuite_refunds", "Zuora ID"),
    ),
    "serviceSaleItem": (ITEM,),
    "nonInventorySaleItem": (ITEM,),
    "inventoryItem": (ITEM,),
    "salesOrder": (
        Need(
            "sales_orders",
            f"{FROM_NETSUITE}|Send to Zuora|Zuora Term Setting|Zuora Contract Effective Date",
            "Zuora Type|Zuora Reference Number|Zuora Sync Date|Zuora Auto Renew|Zuora Initial Term|Zuora Renewal Term"
            "|Zuora Term Start Date|Zuora Service Activation Date|Zuora Customer Acceptance Date|Zuora Subscription Number",
        ),
    ),
    "invoice": (
        Need("invoices", "Zuora ID", f"{HEADER}|{MEMO}|Zuora Last Email Sent Date"),
        Need("debit_memos", "Zuora ID", f"{HEADER}|{MEMO}"),
        Need("adjustments", "Zuora ID", f"{HEADER}|{RELATED}"),
    ),
    "creditMemo": (
        Need("credit_memos", "Zuora ID", f"{HEADER}|{MEMO}|Zuora Updated Date"),
        Need("adjustments", "Zuora ID", f"{HEADER}|{RELATED}"),
        Need("netsuite_credit_memos", f"{FROM_NETSUITE}|Zuora Type|Create Zuora Refund", "Zuora Sync Date|Zuora Adjustment IDs"),
        Need("netsuite_refunds", "Zuora ID|Create Zuora Refund|Zuora Refund Payment Reference"),
    ),
    "customerPayment": (
        Need("payments", "Zuora ID", f"{HEADER}|Zuora Payment Type|Zuora Credit Card Type|Zuora Payment Reference ID"),
        Need("refunds", "Zuora ID"),
        Need(
            "netsuite_payments", f"{FROM_NETSUITE}|Zuora Origin", "Zuora Type|Zuora Sync Date|Zuora Sync Updates|Zuora Payment Reference ID"
        ),
    ),
    "customerRefund": (
        Need("refunds", "Zuora ID", f"{HEADER}|Zuora Updated Date|Zuora Refund Type|Zuora Refund Reference ID"),
        Need("netsuite_refunds", f"{FROM_NETSUITE}|Zuora Origin", "Zuora Type|Zuora Sync Date"),
    ),
}
"""Labels of NetSuite's body fields by record type (custom-fields.md sections 2.2 to 2.4)."""
LINE_FIELDS = (
    "Zuora ID|Zuora Type|Zuora Charge Date|Zuora Service Start Date|Zuora Service End Date|Zuora Subscription Number"
    "|Zuora Subscription Notes|Zuora Tax Rate|Zuora Tax Rate Description"
)
NETSUITE_LINES: dict[str, tuple[Need, ...]] = {
    "invoice": (Need("invoices debit_memos", "", LINE_FIELDS), Need("adjustments", "", "Zuora ID|Zuora Type")),
    "creditMemo": (Need("credit_memos", "", LINE_FIELDS), Need("adjustments", "", "Zuora ID|Zuora Type")),
    "salesOrder": (Need("sales_orders", "Zuora Item ID"),),
}
"""Labels of the fields of item lines (custom-fields.md section 2.5)."""
OF_A_FEATURE = {"serviceSaleItem": "Service", "nonInventorySaleItem": "Non Inventory", "inventoryItem": "Inventory"}
"""Record types that only accounts with a feature have, and the Item Type in Zuora that asks for them."""
PERMISSIONS = {
    "customer": "Customers (Lists, Full)",
    "serviceSaleItem": "Items (Lists, Full)",
    "nonInventorySaleItem": "Items (Lists, Full)",
    "inventoryItem": "Items (Lists, Full)",
    "salesOrder": "Sales Order (Transactions, Full)",
    "invoice": "Invoice (Transactions, Full)",
    "creditMemo": "Credit Memo (Transactions, Full)",
    "customerPayment": "Customer Payment (Transactions, Full)",
    "customerRefund": "Customer Refund (Transactions, Full)",
}
"""The permission that a record type needs (settings.md section 2.4)."""

TEXT, CHECK, YES_NO, LIST, RECORD, DAY = "text", "check box", "check box or Yes/No list", "list", "record reference", "date"
TYPES: dict[str, frozenset[str]] = {
    TEXT: frozenset({"string", ""}),
    CHECK: frozenset({"boolean"}),
    YES_NO: frozenset({"boolean", "object"}),
    LIST: frozenset({"object"}),
    RECORD: frozenset({"object"}),
    DAY: frozenset({"date"}),
}
"""The kinds of fields and the words of NetSuite's metadata for them."""
KIND_OF = {
    "Zuora Auto Pay": CHECK,
    "Zuora Taxable": CHECK,
    "Create Zuora Refund": CHECK,
    "Send to Zuora": YES_NO,
    "Zuora Sync Updates": YES_NO,
    "Zuora Auto Renew": YES_NO,
    "Zuora Batch": LIST,
    "Zuora Bill Cycle Day": LIST,
    "Zuora Related Transaction": RECORD,
    "Zuora Refund Payment Reference": RECORD,
    "Zuora Term Start Date": DAY,
    "Zuora Contract Effective Date": DAY,
    "Zuora Service Activation Date": DAY,
    "Zuora Customer Acceptance Date": DAY,
}
"""Fields that are not text."""
LISTS = {
    "Zuora Batch": ("customlistzuorabatch", tuple(f"Batch{n}" for n in range(1, 21))),
    "Zuora Bill Cycle Day": ("customlistzuorabillcycleday", tuple(str(n) for n in range(1, 32))),
}
"""Custom lists, by the field that uses them, and the values they must have."""


def script_id_of(prefix: str, label: str, fields: Mapping[str, FieldInfo], overrides: Mapping[str, str]) -> str:
    """The script id of a field: by the field map, by its label in this account, else derived."""
    if mapped := overrides.get(f"{prefix}.{label}"):
        return mapped
    return next((name for name, f in sorted(fields.items()) if f.custom and f.title == label), derived_id(prefix, label))
