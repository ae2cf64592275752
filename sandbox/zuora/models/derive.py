"""Fields that the service fills in by itself when they are missing from a loaded object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal

from sandbox.zuora.models.store import API_USER, Store
from sandbox.zuora.models.values import Record

ZERO = Decimal(0)
PROCESSED = "Processed"
NAME_LENGTH = 50
CHILD_LINKS = (
    ("Contact", "AccountId"),
    ("InvoiceItem", "InvoiceId"),
    ("TaxationItem", "InvoiceItemId"),
    ("InvoicePayment", "InvoiceId"),
    ("InvoicePayment", "PaymentId"),
    ("InvoiceItemAdjustment", "InvoiceId"),
    ("InvoiceAdjustment", "InvoiceId"),
    ("PaymentPart", "PaymentId"),
    ("PaymentPart", "InvoiceId"),
    ("PaymentPart", "DebitMemoId"),
    ("CreditMemoPart", "CreditMemoId"),
    ("CreditMemoPart", "InvoiceId"),
    ("CreditMemoPart", "DebitMemoId"),
    ("RefundPart", "RefundId"),
    ("RefundPart", "PaymentId"),
    ("RefundPart", "CreditMemoId"),
    ("RefundInvoicePayment", "RefundId"),
    ("RefundInvoicePayment", "InvoicePaymentId"),
    ("RefundInvoicePayment", "InvoiceId"),
    ("CreditTaxationItem", "CreditMemoItemId"),
    ("DebitTaxationItem", "DebitMemoItemId"),
    ("CreditMemoItem", "CreditMemoId"),
    ("DebitMemoItem", "DebitMemoId"),
)


class Batch:
    """The objects of one load with links from parents to their children; parents are also found among the stored objects."""

    def __init__(self, store: Store, records: Mapping[str, list[Record]], settlement: bool = True) -> None:
        self.store = store
        self.records = records
        self.settlement = settlement
        self.ids = {kind: {r["Id"]: r for r in rows} for kind, rows in records.items()}
        self.children: dict[tuple[str, str], dict[str, list[Record]]] = {link: defaultdict(list) for link in CHILD_LINKS}
        for kind, field in CHILD_LINKS:
            group = self.children[kind, field]
            for record in records.get(kind, ()):
                if (parent := record.get(field)) is not None:
                    group[parent].append(record)

    def parent(self, kind: str, record: Record, field: str) -> Record:
        """The object that the field refers to; empty if the field is."""
        parent_id = record.get(field)
        return self.ids.get(kind, {}).get(parent_id) or self.store.get(kind, parent_id) or {}

    def of(self, kind: str, field: str, parent: Record) -> list[Record]:
        return self.children[kind, field].get(parent["Id"], [])

    def total(self, kind: str, field: str, parent: Record, amount: str = "Amount") -> Decimal:
        return sum((r.get(amount, ZERO) for r in self.of(kind, field, parent)), ZERO)

    def processed(self, kind: str, field: str, parent: Record, owner: str) -> list[Record]:
        """The children whose payment or refund (`owner`) was carried out: drafts and canceled ones move no money."""
        rows = self.of(kind, field, parent)
        return [r for r in rows if self.parent(owner, r, f"{owner}Id").get("Status", PROCESSED) == PROCESSED]


def total_of(rows: list[Record], amount: str) -> Decimal:
    return sum((r.get(amount, ZERO) for r in rows), ZERO)


def fill(record: Record, **defaults: object) -> None:
    for name, value in defaults.items():
        if value is not None and name not in record:
            record[name] = value


def derive_account(batch: Batch, a: Record) -> None:
    contacts = batch.of("Contact", "AccountId", a)
    fill(a, Status="Active", Batch="Batch1", BillCycleDay=1, AutoPay=False, AllowInvoiceEdit=False, CreditBalance=ZERO)
    fill(a, BillToId=contacts[0]["Id"] if contacts else None)
    fill(a, SoldToId=a.get("BillToId"))


def derive_subscription(batch: Batch, s: Record) -> None:
    start = s.get("ContractEffectiveDate") or batch.store.now().date().isoformat()
    fill(s, Status="Active", TermType="TERMED", Version=1, IsLatestVersion=True, OriginalId=s["Id"], ContractEffectiveDate=start)
    fill(s, CreatorAccountId=s["AccountId"], InvoiceOwnerId=s["AccountId"], TermStartDate=start, SubscriptionStartDate=start)
    fill(s, AutoRenew=False, ServiceActivationDate=start, ContractAcceptanceDate=start)


def derive_order(batch: Batch, o: Record) -> None:
    fill(o, Status="Completed", Category="NewSales", CreatedByMigration=False)


def derive_order_action(batch: Batch, a: Record) -> None:
    fill(a, Sequence=0, SubscriptionNumber=batch.parent("Subscription", a, "SubscriptionId").get("Name"))


def derive_rate_plan(batch: Batch, r: Record) -> None:
    fill(r, Name=batch.parent("ProductRatePlan", r, "ProductRatePlanId").get("Name"))


def derive_rate_plan_charge(batch: Batch, c: Record) -> None:
    product_charge = batch.parent("ProductRatePlanCharge", c, "ProductRatePlanChargeId")
    for name in ("Name", "ChargeType", "ChargeModel", "BillingPeriod", "UOM", "TriggerEvent", "AccountingCode"):
        fill(c, **{name: product_charge.get(name)})
    fill(c, Version=1, Segment=1, IsLastSegment=True, OriginalId=c["Id"])
    fill(c, SubscriptionId=batch.parent("RatePlan", c, "RatePlanId").get("SubscriptionId"))


def derive_invoice_item(batch: Batch, i: Record) -> None:
    charge = batch.parent("RatePlanCharge", i, "RatePlanChargeId")
    invoice = batch.parent("Invoice", i, "InvoiceId")
    plan = batch.parent("RatePlan", charge, "RatePlanId") if charge else {}
    fill(i, ProcessingType=0, TaxAmount=batch.total("TaxationItem", "InvoiceItemId", i, "TaxAmount"))
    fill(i, AccountId=invoice.get("AccountId"), ChargeNumber=charge.get("ChargeNumber"), ChargeName=charge.get("Name"))
    fill(i, ProductRatePlanChargeId=charge.get("ProductRatePlanChargeId"), RatePlanId=plan.get("Id"))
    fill(i, ProductRatePlanId=plan.get("ProductRatePlanId"), SubscriptionId=plan.get("SubscriptionId"))
    fill(i, SubscriptionNumber=batch.parent("Subscription", i, "SubscriptionId").get("Name"))
    fill(i, SourceItemType="SubscriptionComponent" if charge else "None")


def derive_taxation_item(batch: Batch, t: Record) -> None:
    item = batch.parent("InvoiceItem", t, "InvoiceItemId")
    fill(t, InvoiceId=item.get("InvoiceId"), TaxMode="TaxExclusive", TaxRateType="Percentage", ExemptAmount=ZERO)


def derive_invoice(batch: Batch, i: Record) -> None:
    fill(i, Status="Draft", DueDate=i["InvoiceDate"], SourceType="Subscription", Source="BillRun")
    fill(i, TaxAmount=batch.total("InvoiceItem", "InvoiceId", i, "TaxAmount"))
    fill(i, AmountWithoutTax=i["Amount"] - i["TaxAmount"])
    paid, refunded = batch.total("PaymentPart", "InvoiceId", i), ZERO
    if not batch.settlement:
        paid = total_of(batch.processed("InvoicePayment", "InvoiceId", i, "Payment"), "Amount")
        refunded = total_of(batch.processed("RefundInvoicePayment", "InvoiceId", i, "Refund"), "RefundAmount")
    credited = batch.total("CreditMemoPart", "InvoiceId", i)
    adjusted = adjusted_by(batch.of("InvoiceItemAdjustment", "InvoiceId", i)) + adjusted_by(batch.of("InvoiceAdjustment", "InvoiceId", i))
    fill(i, PaymentAmount=paid, CreditMemoAmount=credited, RefundAmount=refunded, AdjustmentAmount=adjusted)
    fill(i, Balance=i["Amount"] - paid - credited + refunded + adjusted if i["Status"] == "Posted" else i["Amount"])
    if i["Status"] == "Posted":
        fill(i, PostedDate=i.get("CreatedDate") or batch.store.now(), PostedBy=API_USER)


def adjusted_by(adjustments: list[Record]) -> Decimal:
    """What processed adjustments add to a balance; credits take away."""
    counted = (a for a in adjustments if a.get("Status", PROCESSED) == PROCESSED)
    return sum((a["Amount"] * (-1 if a["Type"] == "Credit" else 1) for a in counted), ZERO)


def derive_invoice_payment(batch: Batch, r: Record) -> None:
    fill(r, RefundAmount=total_of(batch.processed("RefundInvoicePayment", "InvoicePaymentId", r, "Refund"), "RefundAmount"))


def derive_payment(batch: Batch, p: Record) -> None:
    if not batch.settlement:
        derive_plain_payment(batch, p)
    parts = batch.of("PaymentPart", "PaymentId", p)
    applied = sum((x["Amount"] for x in parts if x.get("InvoiceId") or x.get("DebitMemoId")), ZERO)
    refunded = batch.total("RefundPart", "PaymentId", p, "RefundAmount")
    fill(p, Status="Processed", RefundAmount=refunded, GatewayState="NotSubmitted", Source="API")
    fill(p, AppliedAmount=applied, AppliedCreditBalanceAmount=ZERO)
    fill(p, UnappliedAmount=p["Amount"] - p["AppliedAmount"] - p["RefundAmount"])


def derive_plain_payment(batch: Batch, p: Record) -> None:
    """Without Invoice Settlement: what is applied stays applied when it is refunded, and a draft applies nothing."""
    rows = batch.of("InvoicePayment", "PaymentId", p)
    applied = total_of(rows, "Amount") if p.get("Status", PROCESSED) == PROCESSED else ZERO
    fill(p, RefundAmount=total_of(rows, "RefundAmount"), AppliedAmount=applied, UnappliedAmount=p["Amount"] - applied)


def derive_refund(batch: Batch, r: Record) -> None:
    parts = batch.of("RefundPart", "RefundId", r)
    of_memo = any(x.get("CreditMemoId") for x in parts)
    fill(r, Status="Processed", SourceType="CreditMemo" if of_memo else "Payment")
    for row in parts:
        fill(r, AccountId=batch.parent("Payment", row, "PaymentId").get("AccountId"))
        fill(r, AccountId=batch.parent("CreditMemo", row, "CreditMemoId").get("AccountId"))
    for row in batch.of("RefundInvoicePayment", "RefundId", r):
        fill(r, AccountId=batch.parent("Invoice", row, "InvoiceId").get("AccountId"))


def derive_refund_invoice_payment(batch: Batch, r: Record) -> None:
    if "InvoiceId" not in r and (invoice := batch.parent("InvoicePayment", r, "InvoicePaymentId").get("InvoiceId")) is not None:
        r["InvoiceId"] = invoice
        batch.children["RefundInvoicePayment", "InvoiceId"][invoice].append(r)


def derive_adjustment(batch: Batch, a: Record) -> None:
    invoice = batch.parent("Invoice", a, "InvoiceId")
    account = batch.parent("Account", invoice, "AccountId")
    fill(a, Status=PROCESSED, AccountId=invoice.get("AccountId"), InvoiceNumber=invoice.get("InvoiceNumber"))
    fill(a, CustomerNumber=account.get("AccountNumber"), CustomerName=str(account.get("Name", ""))[:NAME_LENGTH])


def derive_item_adjustment(batch: Batch, a: Record) -> None:
    derive_adjustment(batch, a)
    is_tax = a["SourceType"] == "Tax"
    source = batch.parent("TaxationItem" if is_tax else "InvoiceItem", a, "SourceId")
    fill(a, InvoiceItemName=source.get("Name" if is_tax else "ChargeName"))
    fill(a, ServiceStartDate=source.get("ServiceStartDate"), ServiceEndDate=source.get("ServiceEndDate"))


def derive_invoice_adjustment(batch: Batch, a: Record) -> None:
    derive_adjustment(batch, a)
    fill(a, ImpactAmount=-a["Amount"] if a["Type"] == "Credit" else a["Amount"])


def derive_memo(batch: Batch, m: Record, items: tuple[str, str]) -> None:
    fill(m, Status="Draft", SourceType="Standalone", Source="API")
    fill(m, TaxAmount=batch.total(*items, m, "TaxAmount"))
    fill(m, TotalAmountWithoutTax=m["TotalAmount"] - m["TaxAmount"])
    if m["Status"] == "Posted":
        fill(m, PostedOn=m.get("CreatedDate") or batch.store.now(), PostedById=API_USER)


def derive_credit_memo(batch: Batch, m: Record) -> None:
    derive_memo(batch, m, ("CreditMemoItem", "CreditMemoId"))
    parts = batch.of("CreditMemoPart", "CreditMemoId", m)
    applied = sum((x["Amount"] for x in parts if x.get("InvoiceId") or x.get("DebitMemoId")), ZERO)
    refunded = batch.total("RefundPart", "CreditMemoId", m, "RefundAmount")
    fill(m, AppliedAmount=applied, RefundAmount=refunded)
    fill(m, Balance=m["TotalAmount"] - m["AppliedAmount"] - m["RefundAmount"])


def derive_debit_memo(batch: Batch, m: Record) -> None:
    derive_memo(batch, m, ("DebitMemoItem", "DebitMemoId"))
    fill(m, DueDate=m["MemoDate"])
    applied = batch.total("PaymentPart", "DebitMemoId", m) + batch.total("CreditMemoPart", "DebitMemoId", m)
    fill(m, Balance=m["TotalAmount"] - applied if m["Status"] == "Posted" else m["TotalAmount"])


def derive_credit_memo_item(batch: Batch, i: Record) -> None:
    fill(i, TaxAmount=batch.total("CreditTaxationItem", "CreditMemoItemId", i, "TaxAmount"), ProcessingType="Charge")
    fill(i, SourceItemType="ProductRatePlanCharge" if i.get("ProductRatePlanChargeId") else "SubscriptionComponent")


def derive_debit_memo_item(batch: Batch, i: Record) -> None:
    fill(i, TaxAmount=batch.total("DebitTaxationItem", "DebitMemoItemId", i, "TaxAmount"), ProcessingType="Charge")
    fill(i, SourceItemType="ProductRatePlanCharge" if i.get("ProductRatePlanChargeId") else "SubscriptionComponent")


def account_of(kind: str, field: str) -> Callable[[Batch, Record], None]:
    """A rule that copies the account from the object that `field` refers to."""

    def derive(batch: Batch, record: Record) -> None:
        fill(record, AccountId=batch.parent(kind, record, field).get("AccountId"))

    return derive


def derive_refund_part(batch: Batch, r: Record) -> None:
    fill(r, AccountId=batch.parent("Payment", r, "PaymentId").get("AccountId"))
    fill(r, AccountId=batch.parent("CreditMemo", r, "CreditMemoId").get("AccountId"))


def derive_payment_method(batch: Batch, p: Record) -> None:
    fill(p, Active=True, PaymentMethodStatus="Active", IsSystem="AccountId" not in p, Name=p["Type"])


RULES: dict[str, Callable[[Batch, Record], None]] = {
    "Account": derive_account,
    "PaymentMethod": derive_payment_method,
    "Subscription": derive_subscription,
    "Order": derive_order,
    "OrderAction": derive_order_action,
    "RatePlan": derive_rate_plan,
    "RatePlanCharge": derive_rate_plan_charge,
    "RefundInvoicePayment": derive_refund_invoice_payment,
    "InvoicePayment": derive_invoice_payment,
    "TaxationItem": derive_taxation_item,
    "InvoiceItem": derive_invoice_item,
    "Invoice": derive_invoice,
    "CreditMemoItem": derive_credit_memo_item,
    "DebitMemoItem": derive_debit_memo_item,
    "RefundPart": derive_refund_part,
    "PaymentPart": account_of("Payment", "PaymentId"),
    "CreditMemoPart": account_of("CreditMemo", "CreditMemoId"),
    "PaymentApplication": account_of("Payment", "PaymentId"),
    "CreditMemoApplication": account_of("CreditMemo", "CreditMemoId"),
    "InvoiceItemAdjustment": derive_item_adjustment,
    "InvoiceAdjustment": derive_invoice_adjustment,
    "Payment": derive_payment,
    "CreditMemo": derive_credit_memo,
    "DebitMemo": derive_debit_memo,
    "Refund": derive_refund,
}
"""What is derived for each type, in the order in which it must be done: items before documents, parts before payments."""


def derive_all(batch: Batch) -> None:
    for kind, rule in RULES.items():
        for record in batch.records.get(kind, ()):
            rule(batch, record)
