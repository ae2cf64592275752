"""One or two good records of every object type of the billing sync, in both modes, for tests from end to end and with faults.

    world = full_world("B")
    world.load_first(sandbox)     # Zuora's documents and catalogue, NetSuite's reference data, settings
    ...                           # a run
    world.load_second(sandbox)    # what people enter in NetSuite about what the run created
    ...                           # another run
    assert found(world, sandbox.dump("zuora"), sandbox.dump("netsuite")) == world.expected

The records of the second wave refer to what the first run created by external id, which is the Zuora id; they are refused if it is not
there. `sandbox` is a `sandbox.host.Sandbox`; tests without one load `first_zuora`, `first_netsuite`, `second` by themselves.
`customers_world()` is the world in which NetSuite is the master of customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from sandbox.demo.accounts import STORIES, tenant_methods, zuora_accounts
from sandbox.demo.billing import Invoice
from sandbox.demo.catalogue import GOODWILL, NO_ITEM_TYPE, UNASSIGNED, WRONG_PLANS, netsuite_reference, zuora_catalogue
from sandbox.demo.ids import number, zuora_id
from sandbox.demo.memos import Memo
from sandbox.demo.netsuite_customers import flagged_customers
from sandbox.demo.payments import Payment
from sandbox.demo.refunds import Refund
from sandbox.demo.subscriptions import subscribe
from sandbox.demo.unsettled import invoice_payments

AMERICAN, GERMAN = 1, 2
"""Places of the two accounts."""
PROFILES = [STORIES[0], STORIES[2]]
DAY, LATER = date(2026, 5, 5), date(2026, 6, 3)
SETTINGS = {
    "netsuite_use_revenue_recognition": "Yes",
    "unassigned_payments_customer_id": str(UNASSIGNED),
    "enable_sales_order_sync": "Yes",
    "disable_netsuite_payment_sync": "No",
    "disable_netsuite_credit_memo_sync": "No",
    "disable_netsuite_refund_sync": "No",
}
FIRST_CREDIT = 900_101
Objects = dict[str, list[dict[str, Any]]]
Row = dict[str, Any]
Totals = dict[tuple[str, str], tuple[int, Decimal]]
"""Number of records and sum of their amounts in the destination, by source object type and currency ("" for records without money)."""


class Loads(Protocol):
    """As much of a sandbox as is needed to load."""

    def load_zuora(self, objects: Objects) -> None: ...
    def load_netsuite(self, objects: Objects) -> None: ...
    def store_settings(self, settings: dict[str, Any]) -> None: ...


@dataclass
class FullWorld:
    """What is loaded before the first run and after it, and what both systems hold at the end: `expected` after both runs,
    `expected_first` after the first alone."""

    mode: str
    settings: dict[str, Any]
    first_zuora: Objects = field(default_factory=dict)
    first_netsuite: Objects = field(default_factory=dict)
    second: Objects = field(default_factory=dict)
    expected_first: Totals = field(default_factory=dict)
    expected: Totals = field(default_factory=dict)

    def load_first(self, sandbox: Loads) -> None:
        """Settings, NetSuite's reference data, everything in Zuora."""
        sandbox.store_settings(self.settings)
        sandbox.load_netsuite(self.first_netsuite)
        sandbox.load_zuora(self.first_zuora)

    def load_second(self, sandbox: Loads) -> None:
        """What people enter in NetSuite after the first run. Raises `SandboxError` when that did not create what it refers to."""
        sandbox.load_netsuite(self.second)

    def _add(self, objects: Objects) -> None:
        for name, rows in objects.items():
            self.first_zuora.setdefault(name, []).extend(rows)


# -- making --------------------------------------------------------------------------------------------------------------


@dataclass
class _Documents:
    """The documents in the making, by what they are for."""

    mode: str
    subscribed: list[Any]
    invoices: dict[str, Invoice] = field(default_factory=dict)
    memos: list[Memo] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    def invoice(self, name: str, account: int, key: str = "training", quantity: int = 1, price: str | None = None) -> Invoice:
        made = Invoice(len(self.invoices) + 1, account, PROFILES[account - 1], self.subscribed[account - 1], DAY)
        made.bill(key, quantity, price=None if price is None else Decimal(price))
        self.invoices[name] = made
        return made

    def memo(self, kind: str, account: int, price: str, *parts: tuple[Invoice, str]) -> Memo:
        n = 1 + sum(m.kind == kind for m in self.memos)
        made = Memo(n, account, PROFILES[account - 1], self.subscribed[account - 1], DAY, kind=kind)
        made.bill("training", 1, price=Decimal(price))
        made.parts = [(document, Decimal(amount)) for document, amount in parts]
        self.memos.append(made)
        return made

    def payment(self, account: int, *parts: Invoice, extra: int = 0) -> Payment:
        amount = sum((p.amount for p in parts), Decimal(extra))
        currency = PROFILES[account - 1].currency if account else "USD"
        method = account or tenant_methods(len(PROFILES))["Check"]
        made = Payment(account, currency, DAY, amount, method, parts=[(p, p.amount) for p in parts])
        self.payments.append(made)
        return made


def full_world(mode: str) -> FullWorld:
    """The world of mode "A" (without Invoice Settlement) or "B" (with it); the same every time."""
    world = FullWorld(mode, dict(SETTINGS), first_netsuite=netsuite_reference())
    subscriptions, subscribed = subscribe(PROFILES)
    for objects in (zuora_accounts(PROFILES), zuora_catalogue(), subscriptions):
        world._add(objects)
    _keep_the_good(world.first_zuora)
    documents = _Documents(mode, subscribed)
    _invoices(documents)
    _paid(documents)
    for invoice in documents.invoices.values():
        world._add(invoice.objects())
    for n, payment in enumerate(documents.payments, 1):
        world._add(payment.objects(n))
    if mode == "B":
        for memo in documents.memos:
            world._add(memo.objects())
        world._add(_refund(20, {"PaymentId": zuora_id("Payment", 2)}, settlement=True).objects(1))
    else:
        back = _refund(30, {"InvoicePaymentId": zuora_id("PaymentPart", 11), "InvoiceId": documents.invoices["paid"].id}, settlement=False)
        refund = back.objects(1)
        invoiced = invoice_payments(world.first_zuora, refund["RefundInvoicePayment"])
        del world.first_zuora["PaymentPart"]
        world.first_zuora |= invoiced
        world._add(refund)
        world._add({"InvoiceItemAdjustment": _adjustments(documents)})
    world.second = _second(documents)
    world.expected_first = _expected_first(world, documents)
    world.expected = {**world.expected_first, **_expected_second(world, documents)}
    world.first_zuora = {name: rows for name, rows in world.first_zuora.items() if rows}
    return world


def customers_world() -> FullWorld:
    """Customers of NetSuite that are to be sent to Zuora, and nothing else; NetSuite is the master of customers."""
    made = flagged_customers()
    stopped = {p.number for p in made.planted}
    customers = [c for c in made.objects["customer"] if c["entityId"] not in stopped]
    world = FullWorld("B", {"customer_account_master": "NetSuite"}, first_netsuite={"customer": customers})
    world.expected = world.expected_first = {("customer", ""): (sum(c["custentitysendtozuora"] for c in customers), Decimal(0))}
    return world


def _keep_the_good(zuora: Objects) -> None:
    """Leave out what the demo tenant's catalogue has wrong on purpose."""
    zuora["Product"] = [p for p in zuora["Product"] if p["Name"] != NO_ITEM_TYPE]
    zuora["ProductRatePlan"] = [p for p in zuora["ProductRatePlan"] if p["Name"] not in WRONG_PLANS]
    zuora["ProductRatePlanCharge"] = [c for c in zuora["ProductRatePlanCharge"] if "ItemType__NS" in c]
    known = {c["Id"] for c in zuora["ProductRatePlanCharge"]}
    zuora["RatePlanCharge"] = [c for c in zuora["RatePlanCharge"] if c["ProductRatePlanChargeId"] in known]


def _invoices(d: _Documents) -> None:
    for name in ("paid", "credited", "paid in NetSuite", "refunded in NetSuite"):
        d.invoice(name, AMERICAN)
    german = d.invoice("overpaid", GERMAN, "connector", 6)
    if d.mode == "A":
        d.invoice("credited in NetSuite", AMERICAN)
        d.invoice("settled", AMERICAN)
        d.invoice("negative", AMERICAN, price="-80.00")
        d.invoice("negative, settled", AMERICAN, price="-100.00")
    else:
        debit = d.memo("DebitMemo", AMERICAN, "300.00")
        d.memo("DebitMemo", GERMAN, "250.00")
        d.memo("CreditMemo", AMERICAN, "150.00", (d.invoices["credited"], "100.00"), (debit, "62.38"))
        d.memo("CreditMemo", GERMAN, "90.00")
        german.comments = "With a credit memo beside it"


def _paid(d: _Documents) -> None:
    debits = [m for m in d.memos if m.kind == "DebitMemo"][1:]
    d.payment(AMERICAN, d.invoices["paid"])
    d.payment(GERMAN, d.invoices["overpaid"], extra=50)
    d.payment(AMERICAN, d.invoices["refunded in NetSuite"])
    if debits:
        d.payment(GERMAN, *debits)
        d.payment(0, extra=125)


def _refund(amount: int, of: dict[str, str], *, settlement: bool) -> Refund:
    account = GERMAN if settlement else AMERICAN
    currency = PROFILES[account - 1].currency
    return Refund(account, currency, LATER, Decimal(amount), "Check", settlement, parts=[(of, Decimal(amount))])


def _adjustments(d: _Documents) -> list[Row]:
    credited, negative = d.invoices["credited"], d.invoices["negative"]
    table = [
        (credited, credited.lines, "InvoiceDetail", "Credit", "25.00"),
        (credited, credited.taxes, "Tax", "Credit", "1.50"),
        (credited, credited.lines, "InvoiceDetail", "Charge", "10.00"),
        (negative, negative.lines, "InvoiceDetail", "Charge", "15.00"),
    ]
    return [
        {
            "Id": zuora_id("InvoiceItemAdjustment", n),
            "AdjustmentNumber": f"IIA-{n:08d}",
            "InvoiceId": invoice.id,
            "SourceType": source,
            "SourceId": rows[0]["Id"],
            "Type": kind,
            "Amount": number(Decimal(amount)),
            "AdjustmentDate": LATER.isoformat(),
            "Status": "Processed",
        }
        for n, (invoice, rows, source, kind, amount) in enumerate(table, 1)
    ]


# -- the second wave -----------------------------------------------------------------------------------------------------


def _second(d: _Documents) -> Objects:
    paid, check = d.invoices["paid in NetSuite"], {"refName": "Check"}
    customer = {"externalId": zuora_id("Account", AMERICAN)}
    payment = {
        "tranId": "CHK-1",
        "customer": customer,
        "payment": number(paid.amount),
        "tranDate": LATER.isoformat(),
        "paymentOption": check,
        "autoApply": False,
        "apply": _apply((paid.id, paid.amount)),
        "custbodyzuorasyncupdates": True,
    }
    unapplied = {k: v for k, v in payment.items() if k != "apply"} | {"tranId": "CHK-2", "payment": 75}
    of = {"externalId": zuora_id("Payment", 3)}
    returned = _credit("CR-1", Decimal(40), id=FIRST_CREDIT, custbodycreatezuorarefund=True, custbodyzuorarefundpaymentreference=of)
    refund = {
        "tranId": "RF-1",
        "customer": customer,
        "tranDate": LATER.isoformat(),
        "paymentOption": check,
        "account": {"id": "1"},
        "apply": {"items": [{"doc": {"id": str(FIRST_CREDIT)}, "apply": True, "amount": 40}]},
    }
    order = {
        "tranId": "SO-1",
        "entity": customer,
        "tranDate": LATER.isoformat(),
        "item": {"items": [{"item": {"externalId": zuora_id("ProductRatePlan", 1)}, "quantity": 1, "amount": 1250}]},
        "custbodysendtozuora": True,
        "custbodyzuoraautorenew": True,
        "custbodyzuorainitialterm": "12",
        "custbodyzuorarenewalterm": "12",
        "custbodyzuoratermsetting": "TERMED",
        "custbodyzuoracontracteffectivedate": "2026-07-01",
    }
    credits_ = [returned, *(_credits_of_mode_a(d) if d.mode == "A" else [])]
    payments = [payment] if d.mode == "A" else [payment, unapplied]
    return {"salesOrder": [order], "customerPayment": payments, "creditMemo": credits_, "customerRefund": [refund]}


def _credits_of_mode_a(d: _Documents) -> list[Row]:
    negative = d.invoices["negative, settled"]
    standard = _credit("CR-2", Decimal(60), apply=_apply((d.invoices["credited in NetSuite"].id, Decimal(60))))
    return [standard, {"externalId": negative.id, "autoApply": False, "apply": _apply((d.invoices["settled"].id, -negative.amount))}]


def _credit(name: str, amount: Decimal, **more: Any) -> Row:
    line = {"item": GOODWILL, "quantity": 1, "amount": number(amount)}
    head = {"tranId": name, "entity": {"externalId": zuora_id("Account", AMERICAN)}, "tranDate": LATER.isoformat()}
    return {**head, "autoApply": False, "item": {"items": [line]}, **more}


def _apply(*parts: tuple[str, Decimal]) -> Row:
    return {"items": [{"doc": {"externalId": document}, "apply": True, "amount": number(amount)} for document, amount in parts]}


# -- what is expected, and what is there ---------------------------------------------------------------------------------

SOURCES = {
    "Account": "",
    "Product": "",
    "ProductRatePlan": "",
    "ProductRatePlanCharge": "",
    "Invoice": "Amount",
    "DebitMemo": "TotalAmount",
    "CreditMemo": "TotalAmount",
    "Payment": "Amount",
    "Refund": "Amount",
    "InvoiceItemAdjustment": "Amount",
}
"""Zuora object types that go to NetSuite, and the field of their amount."""
RECORDS = {
    "Account": ("customer",),
    "Invoice": ("invoice", "creditMemo"),
    "DebitMemo": ("invoice",),
    "CreditMemo": ("creditMemo",),
    "Payment": ("customerPayment",),
    "Refund": ("customerRefund",),
    "InvoiceItemAdjustment": ("invoice", "creditMemo"),
}
ITEMS = ("serviceSaleItem", "nonInventorySaleItem", "inventoryItem")


def _expected_first(world: FullWorld, d: _Documents) -> Totals:
    currencies = {zuora_id("Account", n): p.currency for n, p in enumerate(PROFILES, 1)}
    accounts = {i.id: zuora_id("Account", i.account) for i in d.invoices.values()}
    applied = _sums(world.first_zuora.get("InvoicePayment", []), "PaymentId", "Amount")
    made = _Sum()
    for kind, amount in SOURCES.items():
        for row in world.first_zuora.get(kind, []):
            account = row.get("AccountId") or accounts.get(row.get("InvoiceId", ""))
            value = Decimal(str(row[amount])) if amount else Decimal(0)
            if kind == "Payment" and world.mode == "A":
                value = applied[row["Id"]]  # what is credit balance is not sent
            made.add(kind, currencies.get(account or "", "USD") if amount else "", value)
    return made.totals()


def _expected_second(world: FullWorld, d: _Documents) -> Totals:
    made = _Sum()
    made.add("salesOrder", "", Decimal(0))
    for payment in world.second["customerPayment"]:
        made.add("customerPayment", "USD", Decimal(str(payment["payment"])))
    made.add("customerRefund", "USD", Decimal(40))
    if world.mode == "A":
        made.add("creditMemo", "USD", Decimal(60))
        made.add("creditMemo", "USD", Decimal(0))  # the negative invoice is charged with what the other one is credited with
    return made.totals()


def found(world: FullWorld, zuora: Objects, netsuite: Objects) -> Totals:
    """What both systems hold of the world's records; `zuora` and `netsuite` are dumps."""
    made = _Sum()
    currencies = {str(c["id"]): c["symbol"] for c in netsuite["currency"]}
    for kind in SOURCES:
        own = {r["Id"] for r in world.first_zuora.get(kind, [])}
        for record_type in RECORDS.get(kind, ITEMS):
            for record in netsuite.get(record_type, []):
                if record.get("externalId") in own:
                    made.add(kind, *_money(kind, record_type, record, currencies))
    _add_created_in_zuora(made, world, zuora, netsuite)
    return made.totals()


def _money(kind: str, record_type: str, record: Row, currencies: dict[str, str]) -> tuple[str, Decimal]:
    if not SOURCES[kind]:
        return "", Decimal(0)
    amount = Decimal(str(record["payment" if record_type == "customerPayment" else "total"]))
    negative = kind == "Invoice" and record_type == "creditMemo"
    return currencies[str(_id(record["currency"]))], -amount if negative else amount


def _add_created_in_zuora(made: _Sum, world: FullWorld, zuora: Objects, netsuite: Objects) -> None:
    entered = {kind: {str(r["id"]): r for r in netsuite.get(kind, [])} for kind in ("customer", *world.second)}
    targets = (("salesOrder", "Subscription"), ("customerPayment", "Payment"), ("customerRefund", "Refund"), ("customer", "Account"))
    for kind, target in targets:
        if kind == "customer" and world.second:
            continue
        before = {r["Id"] for r in world.first_zuora.get(target, [])}
        for row in zuora.get(target, []):
            if row["Id"] not in before and row.get("IntegrationId__NS") in entered.get(kind, {}):
                made.add(kind, "USD" if "Amount" in row else "", Decimal(str(row.get("Amount", 0))))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    before = {r["Id"] for r in world.first_zuora.get("InvoiceItemAdjustment", [])}
    for row in [*zuora.get("InvoiceAdjustment", []), *zuora.get("InvoiceItemAdjustment", [])]:
        if row["Id"] not in before:
            memo = str(row["IntegrationId__NS"]).split("_")[0]
            sums[memo] += Decimal(str(row["Amount"])) * (1 if row["Type"] == "Credit" else -1)
    for total in sums.values():
        made.add("creditMemo", "USD", total)


def _id(reference: Any) -> Any:
    return reference["id"] if isinstance(reference, dict) else reference


def _sums(rows: Iterable[Row], by: str, amount: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row[by]] += Decimal(str(row[amount]))
    return sums


class _Sum:
    """Counts and adds up, by object type and currency."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def add(self, kind: str, currency: str, amount: Decimal) -> None:
        self._counts[kind, currency] += 1
        self._amounts[kind, currency] += amount

    def totals(self) -> Totals:
        return {key: (count, self._amounts[key]) for key, count in sorted(self._counts.items())}
