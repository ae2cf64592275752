"""The records that are watched after their sync, as a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Zuora objects of one kind that have a NetSuite counterpart: the step that sends them, the fields with number and amount, the status
    of those that count, what the counterpart is called, its SuiteQL table, type codes and Zuora Type. `applied`: SQL of what Zuora has
    applied of it. `amount` "" is for master data."""

    step: str
    object: str
    label: str
    number: str
    there: str
    table: str = "transaction"
    types: tuple[str, ...] = ()
    amount: str = ""
    standing: str = ""
    zuora_type: str = ""
    applied: str = ""
    rest: tuple[str, ...] = ()
    """Fields that, taken from the amount, leave what is applied; where they are none, the field `AppliedAmount` says it."""

    @property
    def is_money(self) -> bool:
        return bool(self.amount)


@dataclass(frozen=True)
class Born:
    """NetSuite records of one kind that are sent to Zuora by `step`, their SuiteQL type code, and the Zuora objects that they become.
    `alone`: there is one of it."""

    step: str
    record_type: str
    type: str
    objects: tuple[str, ...]
    alone: bool = True


# fmt: off
DOCUMENTS = (
    Kind("invoices", "Invoice", "Invoice", "InvoiceNumber", "invoice", types=("CustInvc", "CustCred"), zuora_type="INVOICE",
         amount="Amount", standing="Posted"),
    Kind("debit_memos", "DebitMemo", "Debit memo", "MemoNumber", "invoice", types=("CustInvc",), zuora_type="DEBIT_MEMO",
         amount="TotalAmount", standing="Posted"),
    Kind("credit_memos", "CreditMemo", "Credit memo", "MemoNumber", "credit memo", types=("CustCred",), zuora_type="CREDIT_MEMO",
         amount="TotalAmount", standing="Posted", applied="h.appliedamount"),
    Kind("payments", "Payment", "Payment", "PaymentNumber", "payment", types=("CustPymt",), zuora_type="PAYMENT",
         amount="Amount", standing="Processed",
         applied="h.amount - h.unappliedamount - h.refundamount", rest=("UnappliedAmount", "RefundAmount")),
    Kind("refunds", "Refund", "Refund", "RefundNumber", "refund", types=("CustRfnd",), zuora_type="PAYMENT_REFUND",
         amount="Amount", standing="Processed"),
    Kind("adjustments", "InvoiceItemAdjustment", "Invoice item adjustment", "AdjustmentNumber", "adjustment",
         types=("CustCred", "CustInvc"), amount="Amount", standing="Processed"),
)
"""Zuora's documents, in the order in which they are synced."""
MADE_OF_CREDIT_MEMOS = Kind("netsuite_credit_memos", "InvoiceAdjustment", "Invoice adjustment", "AdjustmentNumber", "credit memo",
                            amount="Amount", standing="Processed")
"""What NetSuite's credit memos become in most tenants; nothing is sent from it."""
MASTER_DATA = (
    Kind("customers", "Account", "Account", "AccountNumber", "customer", table="customer"),
    Kind("products", "Product", "Product", "Name", "item", table="item"),
    Kind("rate_plans", "ProductRatePlan", "Rate plan", "Name", "item", table="item"),
    Kind("charges", "ProductRatePlanCharge", "Charge", "Name", "item", table="item"),
)
"""Of these it is watched that NetSuite still has them; other changes are updates that their steps make."""
BORN_IN_NETSUITE = (
    Born("netsuite_payments", "customerPayment", "CustPymt", ("Payment",)),
    Born("netsuite_credit_memos", "creditMemo", "CustCred", ("InvoiceItemAdjustment", "InvoiceAdjustment"), alone=False),
    Born("netsuite_refunds", "customerRefund", "CustRfnd", ("Refund",)),
)
# fmt: on
RECORD_TYPES = {"CustInvc": "invoice", "CustCred": "credit memo", "CustPymt": "payment", "CustRfnd": "refund"}
"""What people call a NetSuite transaction, by its SuiteQL type code."""
