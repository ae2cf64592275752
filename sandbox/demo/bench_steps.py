"""Tenants for measuring one step of the billing sync alone: so many records for it, and everything before it done on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.demo.accounts import zuora_accounts
from sandbox.demo.bench import bench, plain_profiles
from sandbox.demo.catalogue import CATALOGUE_END, CATALOGUE_START, GOODWILL
from sandbox.demo.ids import number, zuora_id
from sandbox.demo.mirror import Mirror
from sandbox.demo.netsuite_customers import FIRST_CUSTOMER, netsuite_customer
from sandbox.demo.tenant import Objects, Tenant

MODE_A, MODE_B = ("A",), ("B",)
BOTH = ("A", "B")
DAY = date(2026, 6, 2).isoformat()
CATALOGUE = ("Product", "ProductRatePlan", "ProductRatePlanCharge")
CHECK = {"refName": "Check"}
CREDITED, REFUNDED = Decimal(10), Decimal(5)
FIRST_ENTERED = 900_000
"""Internal id of the first credit memo entered in NetSuite."""
Row = dict[str, Any]


@dataclass
class Case:
    """A tenant in the making: its Zuora objects, what NetSuite has of them, and what people entered there about it."""

    count: int
    mode: str
    zuora: Objects
    netsuite: Objects
    entered: Objects = field(default_factory=dict)

    def mirror(self, *types: str) -> Mirror:
        """Make objects of these types synced; the records are loaded with the rest."""
        made = Mirror(self.zuora).of(*types)
        self.add(made.netsuite)
        return made

    def add(self, objects: Objects) -> None:
        for name, rows in objects.items():
            self.netsuite.setdefault(name, []).extend(rows)


def bench_step(step: str, count: int, mode: str = "B") -> Tenant:
    """A tenant with `count` records for one step, by the step's name (`netsuite_payments`), in mode "A" or "B", with the settings that the
    step needs. `later_in(mode)` is to be loaded right after the rest. Raises `ValueError` for a step that there is not in that mode."""
    if step not in CASES or mode not in CASES[step][1]:
        raise ValueError(f"there is no step {step!r} in mode {mode}; there are {', '.join(n for n, c in CASES.items() if mode in c[1])}")
    fill, _, settings = CASES[step]
    plain = bench(count, lines=1 if step == "credit_memos" else 3, payments=count if step in PAID else 0)
    case = Case(count, mode, plain.in_mode(mode), plain.netsuite)
    fill(case)
    zuora = {name: rows for name, rows in case.zuora.items() if rows}
    return Tenant(zuora, case.netsuite, dict(settings), later=case.entered, zuora_a=zuora, later_a=case.entered)


# -- master data ---------------------------------------------------------------------------------------------------------


def _customers(case: Case) -> None:
    case.zuora.clear()
    case.zuora |= zuora_accounts(plain_profiles(case.count))


def _netsuite_customers(case: Case) -> None:
    case.zuora.clear()
    place = ("Alex Morgan", "4100 Guadalupe Street", "Austin", "TX", "78751", "US")
    rows = []
    for n in range(case.count):
        row = {**netsuite_customer(n % 20, f"Customer {n:05d} Inc.", place), "id": FIRST_CUSTOMER + n, "entityId": f"NC-{n:06d}"}
        rows.append(row)
    case.add({"customer": rows})


def _products(case: Case) -> None:
    case.zuora.clear()
    case.zuora["Product"] = [_product(n) for n in range(1, case.count + 1)]


def _rate_plans(case: Case) -> None:
    case.zuora.clear()
    case.zuora["Product"] = [_product(1)]
    case.mirror("Product")
    case.zuora["ProductRatePlan"] = [_rate_plan(n) for n in range(1, case.count + 1)]


def _charges(case: Case) -> None:
    case.zuora.clear()
    case.zuora["Product"], case.zuora["ProductRatePlan"] = [_product(1)], [_rate_plan(1)]
    case.zuora["ProductRatePlanCharge"] = [
        {
            "Id": zuora_id("ProductRatePlanCharge", n),
            "ProductRatePlanId": zuora_id("ProductRatePlan", 1),
            "Name": f"Charge {n:06d}",
            "ChargeModel": "Flat Fee Pricing",
            "ChargeType": "Recurring",
            "BillingPeriod": "Month",
            "ItemType__NS": "Service",
            "Subsidiary__NS": "Parent Company",
        }
        for n in range(1, case.count + 1)
    ]


def _product(n: int) -> Row:
    dates = {"EffectiveStartDate": CATALOGUE_START, "EffectiveEndDate": CATALOGUE_END}
    return {"Id": zuora_id("Product", n), "Name": f"Product {n:06d}", "ItemType__NS": "Service", **dates}


def _rate_plan(n: int) -> Row:
    dates = {"EffectiveStartDate": CATALOGUE_START, "EffectiveEndDate": CATALOGUE_END}
    ids = {"Id": zuora_id("ProductRatePlan", n), "ProductId": zuora_id("Product", 1)}
    more = {"ItemType__NS": "Service", "Subsidiary__NS": "Parent Company", "Price__NS": "100.00", "BillingPeriod__NS": "Monthly"}
    return {**ids, "Name": f"Rate plan {n:06d}", **dates, **more}


def _sales_orders(case: Case) -> None:
    made = case.mirror("Account", *CATALOGUE)
    accounts, plan = case.zuora["Account"], case.zuora["ProductRatePlan"][0]["Id"]
    rows = [
        {
            "tranId": f"SO-{n:06d}",
            "entity": made.reference(accounts[n % len(accounts)]["Id"]),
            "tranDate": DAY,
            "item": {"items": [{"item": made.reference(plan), "quantity": 1, "amount": 1250}]},
            "custbodysendtozuora": True,
            "custbodyzuoraautorenew": True,
            "custbodyzuorainitialterm": "12",
            "custbodyzuorarenewalterm": "12",
            "custbodyzuoratermsetting": "TERMED",
        }
        for n in range(case.count)
    ]
    case.entered["salesOrder"] = rows


# -- documents -----------------------------------------------------------------------------------------------------------


def _invoices(case: Case) -> None:
    case.mirror("Account", *CATALOGUE)


def _debit_memos(case: Case) -> None:
    invoices, items = case.zuora.pop("Invoice"), case.zuora.pop("InvoiceItem")
    case.mirror("Account", *CATALOGUE)
    case.zuora["DebitMemo"] = [_memo("DebitMemo", n, i, i["Amount"]) for n, i in enumerate(invoices, 1)]
    memos = {i["Id"]: zuora_id("DebitMemo", n) for n, i in enumerate(invoices, 1)}
    case.zuora["DebitMemoItem"] = [_memo_item("DebitMemo", n, memos[r["InvoiceId"]], r) for n, r in enumerate(items, 1)]


def _credit_memos(case: Case) -> None:
    case.mirror("Account", *CATALOGUE, "Invoice")
    invoices, items = case.zuora["Invoice"], case.zuora["InvoiceItem"]
    credit = number(CREDITED)
    case.zuora["CreditMemo"] = [_memo("CreditMemo", n, i, credit) for n, i in enumerate(invoices, 1)]
    case.zuora["CreditMemoItem"] = [
        _memo_item("CreditMemo", n, zuora_id("CreditMemo", n), {**r, "ChargeAmount": credit}) for n, r in enumerate(items, 1)
    ]
    case.zuora["CreditMemoPart"] = [
        {"Id": zuora_id("CreditMemoPart", n), "CreditMemoId": zuora_id("CreditMemo", n), "InvoiceId": i["Id"], "Amount": credit}
        for n, i in enumerate(invoices, 1)
    ]


def _memo(kind: str, n: int, invoice: Row, amount: Any) -> Row:
    prefix = "DM" if kind == "DebitMemo" else "CM"
    head = {"Id": zuora_id(kind, n), "MemoNumber": f"{prefix}{n:08d}", "AccountId": invoice["AccountId"], "MemoDate": DAY}
    return {**head, "Status": "Posted", "TotalAmount": amount, "Currency": "USD", "SourceType": "Standalone"}


def _memo_item(kind: str, n: int, memo: str, line: Row) -> Row:
    kept = ("SubscriptionId", "RatePlanChargeId", "ChargeName", "ServiceStartDate", "ServiceEndDate", "ChargeDate")
    amounts = {"Amount": line["ChargeAmount"], "AmountWithoutTax": line["ChargeAmount"], "Quantity": 1}
    return {"Id": zuora_id(f"{kind}Item", n), f"{kind}Id": memo, **amounts, **{k: line[k] for k in kept}}


def _adjustments(case: Case) -> None:
    case.mirror("Account", *CATALOGUE, "Invoice")
    first = {item["InvoiceId"]: item["Id"] for item in reversed(case.zuora["InvoiceItem"])}
    case.zuora["InvoiceItemAdjustment"] = [
        {
            "Id": zuora_id("InvoiceItemAdjustment", n),
            "AdjustmentNumber": f"IIA-{n:08d}",
            "InvoiceId": invoice["Id"],
            "SourceType": "InvoiceDetail",
            "SourceId": first[invoice["Id"]],
            "Type": "Credit",
            "Amount": number(CREDITED),
            "AdjustmentDate": DAY,
            "Status": "Processed",
        }
        for n, invoice in enumerate(case.zuora["Invoice"], 1)
    ]


# -- money ---------------------------------------------------------------------------------------------------------------


def _payments(case: Case) -> None:
    case.mirror("Account", *CATALOGUE, "Invoice")


def _refunds(case: Case) -> None:
    """Five of every payment come back: what was paid too much (mode B), or part of what was paid (mode A)."""
    part = "PaymentPart" if case.mode == "B" else "InvoicePayment"
    if case.mode == "B":
        for payment in case.zuora["Payment"]:
            payment["Amount"] = number(Decimal(str(payment["Amount"])) + REFUNDED)
    case.mirror("Account", *CATALOGUE, "Invoice", "Payment")
    back = number(REFUNDED)
    refunds, rows = [], []
    for n, row in enumerate(case.zuora[part], 1):
        payment = case.zuora["Payment"][n - 1]
        head = {"Id": zuora_id("Refund", n), "RefundNumber": f"R-{n:08d}", "AccountId": payment["AccountId"], "Amount": back}
        refunds.append(
            {
                **head,
                "RefundDate": _refund_day(payment),
                "Type": "External",
                "Status": "Processed",
                "SourceType": "Payment",
                "MethodType": "Check",
            }
        )
        if case.mode == "B":
            of: Row = {"Id": zuora_id("RefundPart", n), "PaymentId": payment["Id"]}
        else:
            of = {"Id": zuora_id("RefundInvoicePayment", n), "InvoicePaymentId": row["Id"], "InvoiceId": row["InvoiceId"]}
            row["RefundAmount"] = back
        rows.append({**of, "RefundId": head["Id"], "RefundAmount": back})
    case.zuora["Refund"] = refunds
    case.zuora["RefundPart" if case.mode == "B" else "RefundInvoicePayment"] = rows


def _netsuite_payments(case: Case) -> None:
    made = case.mirror("Account", *CATALOGUE, "Invoice")
    rows = [
        {
            "tranId": f"CHK-{n:06d}",
            "customer": made.reference(invoice["AccountId"]),
            "payment": invoice["Amount"],
            "tranDate": DAY,
            "paymentOption": CHECK,
            "autoApply": False,
            "apply": {"items": [{"doc": made.reference(invoice["Id"]), "apply": True, "amount": invoice["Amount"]}]},
            "custbodyzuorasyncupdates": True,
        }
        for n, invoice in enumerate(case.zuora["Invoice"], 1)
    ]
    case.entered["customerPayment"] = rows


def _netsuite_credit_memos(case: Case) -> None:
    made = case.mirror("Account", *CATALOGUE, "Invoice")
    credit = number(CREDITED)
    rows = []
    for n, invoice in enumerate(case.zuora["Invoice"], 1):
        lines = [{"doc": made.reference(invoice["Id"]), "apply": True, "amount": credit}]
        rows.append({**_entered_credit(made, n, invoice), "apply": {"items": lines}})
    case.entered["creditMemo"] = rows


def _netsuite_refunds(case: Case) -> None:
    made = case.mirror("Account", *CATALOGUE, "Invoice", "Payment")
    credits_, refunds = [], []
    for n, payment in enumerate(case.zuora["Payment"], 1):
        of = {"custbodycreatezuorarefund": True, "custbodyzuorarefundpaymentreference": made.reference(payment["Id"])}
        credits_.append({**_entered_credit(made, n, payment), **of})
        refunds.append(
            {
                "tranId": f"RF-{n:06d}",
                "customer": made.reference(payment["AccountId"]),
                "tranDate": _refund_day(payment),
                "paymentOption": CHECK,
                "account": {"id": "1"},
                "apply": {"items": [{"doc": {"id": str(FIRST_ENTERED + n)}, "apply": True, "amount": number(CREDITED)}]},
            }
        )
    case.entered |= {"creditMemo": credits_, "customerRefund": refunds}


def _refund_day(payment: Row) -> str:
    """A refund is not dated before its payment."""
    return max(DAY, str(payment["EffectiveDate"]))


def _entered_credit(made: Mirror, n: int, of: Row) -> Row:
    line = {"item": GOODWILL, "quantity": 1, "amount": number(CREDITED)}
    head = {"id": FIRST_ENTERED + n, "tranId": f"CR-{n:06d}", "entity": made.reference(of["AccountId"]), "tranDate": DAY}
    return {**head, "autoApply": False, "item": {"items": [line]}}


ORDERS_ON = {"enable_sales_order_sync": "Yes"}
PAID = frozenset({"payments", "refunds", "netsuite_refunds"})
"""Steps whose invoices are paid in Zuora."""
CASES: dict[str, tuple[Callable[[Case], None], tuple[str, ...], dict[str, str]]] = {
    "customers": (_customers, BOTH, {}),
    "netsuite_customers": (_netsuite_customers, BOTH, {"customer_account_master": "NetSuite"}),
    "products": (_products, BOTH, ORDERS_ON),
    "rate_plans": (_rate_plans, BOTH, ORDERS_ON),
    "sales_orders": (_sales_orders, BOTH, ORDERS_ON),
    "charges": (_charges, BOTH, {}),
    "invoices": (_invoices, BOTH, {}),
    "debit_memos": (_debit_memos, MODE_B, {}),
    "credit_memos": (_credit_memos, MODE_B, {}),
    "payments": (_payments, BOTH, {}),
    "refunds": (_refunds, BOTH, {}),
    "adjustments": (_adjustments, MODE_A, {}),
    "netsuite_payments": (_netsuite_payments, BOTH, {"disable_netsuite_payment_sync": "No"}),
    "netsuite_credit_memos": (_netsuite_credit_memos, MODE_A, {"disable_netsuite_credit_memo_sync": "No"}),
    "netsuite_refunds": (_netsuite_refunds, BOTH, {"disable_netsuite_refund_sync": "No"}),
}
"""How the tenant of a step is filled, in which modes there is the step, and the settings that it needs; in the order of the sync."""
