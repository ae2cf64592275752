"""A record whose parent never follows by itself says so, and why; what it advises ends the problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import Objects, account, charge, invoice, merged, payment, subscription, zid
from tests.sync.memory import MemoryWorld
from tests.sync.words import Part, world_with

NEVER = "has not been synced to NetSuite and does not follow by itself: "
Change = Callable[[MemoryWorld], None]


def update(kind: str, number: str, **fields: Any) -> Change:
    def act(world: MemoryWorld) -> None:
        store = world.zuora.tenant.store
        with store.lock:
            store.update(kind, zid(number), fields)
        world.clock.advance(minutes=10)

    return act


def settings(**changes: Any) -> Change:
    return lambda world: world.settings(default_subsidiary="Parent Company", **changes)


def documents(*more: Objects, n: str = "", lines: list[tuple[str, float]] | None = None, item: str = "Gold", **head: Any) -> Objects:
    """Account A1 with invoice INV1 of USD 100.00, unless it has other lines, with these fields. All names but the item's end in `n`."""
    sold = invoice(f"A1{n}", f"INV1{n}", lines or [(item, 100.0)], sub=f"S1{n}", **head)
    return merged(account(f"A1{n}"), charge(item), subscription(f"A1{n}", f"S1{n}", item), sold, *more)


def tenant(*more: Objects, n: str = "", **head: Any) -> Objects:
    """The same with payment P1 of USD 60.00 on the invoice."""
    return documents(payment(f"A1{n}", f"P1{n}", 60.0, {f"INV1{n}": 60.0}), *more, n=n, **head)


def refund(number: str, of: str, amount: float, *, n: str = "", **fields: Any) -> Objects:
    number, of = f"{number}{n}", f"{of}{n}"
    head = {
        "Id": zid(number),
        "RefundNumber": number,
        "AccountId": zid(f"A1{n}"),
        "Amount": amount,
        "RefundDate": "2026-10-25",
        "SourceType": "Payment",
        "Status": "Processed",
        "Type": "External",
        "MethodType": "Check",
    }
    parts = [{"Id": zid(f"{number} part"), "RefundId": zid(number), "PaymentId": zid(of), "RefundAmount": amount}]
    return {"Refund": [{**head, **fields}], "RefundPart": parts}


def credit_memo(number: str, amount: float, on: str, *, n: str = "", **fields: Any) -> Objects:
    number, on = f"{number}{n}", f"{on}{n}"
    head = {
        "Id": zid(number),
        "MemoNumber": number,
        "AccountId": zid(f"A1{n}"),
        "InvoiceId": zid(on),
        "MemoDate": "2026-10-20",
        "TotalAmount": amount,
        "AppliedAmount": amount,
        "Status": "Posted",
        **fields,
    }
    item = {"Id": zid(f"{number} item"), "CreditMemoId": zid(number), "Amount": amount, "AmountWithoutTax": amount, "ChargeName": "Gold"}
    linked = {**item, "RatePlanChargeId": zid(f"S1{n} Gold"), "SubscriptionId": zid(f"S1{n}")}
    part = {"Id": zid(f"{number} part"), "CreditMemoId": zid(number), "InvoiceId": zid(on), "Amount": amount}
    return {"CreditMemo": [head], "CreditMemoItem": [linked], "CreditMemoPart": [part]}


def unapplied(refunded: float = 0.0, *, n: str = "") -> Objects:
    """Payment P2 of USD 60.00 that is applied to nothing, of which so much was refunded."""
    objects = payment(f"A1{n}", f"P2{n}", 60.0, {}, RefundAmount=refunded, UnappliedAmount=60.0 - refunded)
    objects["PaymentPart"] = [{**row, "Amount": 60.0 - refunded} for row in objects["PaymentPart"] if refunded < 60]
    return objects


def partly_refunded(*, n: str = "", **fields: Any) -> Objects:
    """Payment P2 of USD 60.00, of which 40.00 are applied and 20.00 were refunded."""
    objects = payment(f"A1{n}", f"P2{n}", 60.0, {f"INV1{n}": 40.0}, RefundAmount=20.0, UnappliedAmount=0.0, **fields)
    objects["PaymentPart"] = [row for row in objects["PaymentPart"] if row.get("InvoiceId")]
    return objects


OLD, BEFORE = {"InvoiceDate": "2026-09-30"}, "it is dated 2026-09-30, before the cutover date 2026-10-01 (cutover_zuora_invoice)."
CUTOVER = {"cutover_zuora_invoice": "2026-10-01", "cutover_zuora_payment": "2026-10-15", "cutover_zuora_account": "2026-10-01"}
EARLIER = {"cutover_zuora_invoice": "2026-09-30", "cutover_zuora_payment": "2026-10-14", "cutover_zuora_account": "2020-01-01"}
WORLDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "all": (CUTOVER, {**EARLIER, "sync_unapplied_payments": "Yes"}),
    "no invoices": (
        {"cutover_zuora_invoice": "2026-10-01", "disable_zuora_invoice_sync": "Yes"},
        {"cutover_zuora_invoice": "2026-10-01"},
    ),
}
"""The settings at first, and when their advice was followed."""


def nothing(n: str) -> Change:
    return lambda world: None


@dataclass(frozen=True)
class Case:
    """A record that says with that code why its parent never follows. All records bear the name of the case (`n`), and what the advice says
    is what `follow` does, and the settings of the world; `before` is done ahead of the first run."""

    code: str
    record: str
    text: str
    make: Callable[[str], Objects]
    follow: Callable[[str], Change] = nothing
    before: Callable[[str], Change] = nothing
    world: str = "all"


def ignoring(kind: str, record: str) -> Callable[[str], Change]:
    return lambda n: update(kind, f"{record}{n}", TransferredToAccounting="Ignore")


NEVER_APPLIED = "it was refunded and is applied to no document, and such payments are not sent (sync_unapplied_payments is No)."
CASES: dict[str, Case] = {
    "a payment of an invoice before the cutover": Case("PAY-V2", "P1", f"invoice INV1{{n}} {NEVER}{BEFORE}", lambda n: tenant(n=n, **OLD)),
    "the same, left out": Case("PAY-V2", "P1", NEVER, lambda n: tenant(n=n, **OLD), ignoring("Payment", "P1"), world="no invoices"),
    "a payment of an ignored invoice": Case(
        "PAY-V2",
        "P1",
        f"invoice INV1{{n}} {NEVER}its Integration Status says Ignore.",
        lambda n: tenant(n=n, IntegrationStatus__NS="Ignore"),
        lambda n: update("Invoice", f"INV1{n}", IntegrationStatus__NS=None),
    ),
    "a payment of an invoice that is not to be transferred": Case(
        "PAY-V2",
        "P1",
        f"invoice INV1{{n}} {NEVER}its Transferred to Accounting says Ignore.",
        lambda n: tenant(n=n, TransferredToAccounting="Ignore"),
        lambda n: update("Invoice", f"INV1{n}", TransferredToAccounting="No"),
    ),
    "a payment of a draft": Case(
        "PAY-V2",
        "P1",
        f"invoice INV1{{n}} {NEVER}it is not posted (Draft).",
        lambda n: tenant(n=n, Status="Draft"),
        lambda n: update("Invoice", f"INV1{n}", Status="Posted"),
    ),
    "a payment of a cancelled invoice": Case(
        "PAY-V2",
        "P1",
        f"invoice INV1{{n}} {NEVER}it was undone (Canceled).",
        lambda n: tenant(n=n, Status="Canceled"),
        ignoring("Payment", "P1"),
    ),
    "invoices are switched off": Case(
        "PAY-V2",
        "P1",
        f"invoice INV1{{n}} {NEVER}its step is switched off (disable_zuora_invoice_sync).",
        lambda n: tenant(n=n),
        world="no invoices",
    ),
    "a credit memo on an invoice before the cutover": Case(
        "CM-V1", "CM1", f"invoice INV1{{n}} {NEVER}{BEFORE}", lambda n: tenant(credit_memo("CM1", 40.0, "INV1", n=n), n=n, **OLD)
    ),
    "a refund of a payment before the cutover": Case(
        "RFD-V2",
        "R1",
        f"payment P2{{n}} {NEVER}it is dated 2026-10-14, before the cutover date 2026-10-15 (cutover_zuora_payment).",
        lambda n: tenant(partly_refunded(n=n, EffectiveDate="2026-10-14"), refund("R1", "P2", 20.0, n=n), n=n),
    ),
    "a refund of an ignored payment": Case(
        "RFD-V2",
        "R1",
        f"payment P2{{n}} {NEVER}its Transferred to Accounting says Ignore.",
        lambda n: tenant(partly_refunded(n=n), refund("R1", "P2", 20.0, n=n), n=n),
        lambda n: update("Payment", f"P2{n}", TransferredToAccounting="No"),
        ignoring("Payment", "P2"),
    ),
    "a refund of an unapplied payment": Case(
        "RFD-V2",
        "R1",
        f"payment P2{{n}} {NEVER}{NEVER_APPLIED}",
        lambda n: tenant(unapplied(20.0, n=n), refund("R1", "P2", 20.0, n=n), n=n),
    ),
    "a refund of a payment that was refunded whole without ever being applied": Case(
        "RFD-V2",
        "R1",
        f"payment P2{{n}} {NEVER}{NEVER_APPLIED}",
        lambda n: tenant(unapplied(60.0, n=n), refund("R1", "P2", 60.0, n=n), n=n),
    ),
    "an invoice of an inactive account": Case(
        "INV-V1",
        "INV1",
        f"account A1{{n}} {NEVER}it is not active (Draft).",
        lambda n: tenant(n=n),
        lambda n: update("Account", f"A1{n}", Status="Active"),
        lambda n: update("Account", f"A1{n}", Status="Draft"),
    ),
    "an invoice of an account from before the cutover": Case(
        "INV-V1",
        "INV1",
        f"account A1{{n}} {NEVER}it was created on 2020-01-01, before the cutover date 2026-10-01 (cutover_zuora_account).",
        lambda n: tenant(n=n),
        before=lambda n: update("Account", f"A1{n}", CreatedDate=datetime(2020, 1, 1, 12, tzinfo=UTC)),
    ),
}
OWN = {name: f"-{place}" for place, name in enumerate(CASES, 1)}
"""What stands behind the names of the records of a case."""


def run(world: MemoryWorld) -> dict[str, Any]:
    world.clock.advance(minutes=10)
    steps = ("customers", "charges", "invoices", "debit_memos", "credit_memos", "payments", "refunds")
    return world.reported(*steps)


def problems(summary: dict[str, Any], number: str) -> list[dict[str, Any]]:
    return [line for line in summary["log"] if line.get("source_number") == number and line["level"] == "WARNING"]


@dataclass(frozen=True)
class Followed:
    """Two runs that tell the problems, the one after all advice was followed, and what Zuora holds then."""

    told: tuple[dict[str, Any], dict[str, Any]]
    last: dict[str, Any]
    zuora: Objects


@pytest.fixture(scope="module")
def followed(fast: MemoryWorld) -> dict[str, Followed]:
    """By the world of the cases."""
    done = {}
    for name, (at_first, later) in WORLDS.items():
        cases = [(OWN[case], CASES[case]) for case in CASES if CASES[case].world == name]
        world = world_with(fast, *(Part(n, case.make(n), {}) for n, case in cases), default_subsidiary="Parent Company", **at_first)
        for n, case in cases:
            case.before(n)(world)
        told = run(world), run(world)
        for n, case in cases:
            case.follow(n)(world)
        settings(**later)(world)
        done[name] = Followed(told, run(world), world.zuora.dump())
    return done


KINDS = {
    "P": ("Payment", "PaymentNumber"),
    "C": ("CreditMemo", "MemoNumber"),
    "R": ("Refund", "RefundNumber"),
    "I": ("Invoice", "InvoiceNumber"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_advice_ends_it(followed: dict[str, Followed], name: str) -> None:
    case, n = CASES[name], OWN[name]
    number, seen = f"{case.record}{n}", followed[case.world]
    for summary in seen.told:
        (line,) = [line for line in problems(summary, number) if line["code"] == case.code]
        assert case.text.format(n=n) in line["message"] and not line.get("waits_for")
        assert "by itself" not in line["advice"] and line["advice"]
    assert problems(seen.last, number) == []
    kind, field = KINDS[number[0]]
    row = next(r for r in seen.zuora[kind] if r[field] == number)
    assert row.get("IntegrationStatus__NS") == "Sync Complete" or row["TransferredToAccounting"] == "Ignore"


def test_a_payment_that_was_refunded_whole_is_not_told_to_be_applied(fast: MemoryWorld) -> None:
    fast.reset(default_subsidiary="Parent Company")
    fast.load(tenant(unapplied(60.0), refund("R1", "P2", 60.0)))
    (line,) = [line for line in run(fast)["log"] if line.get("code") == "PAY-UNAPPLIED"]
    assert "refunded whole without being applied; neither it nor its refund is sent." in line["message"]
    assert "Apply it" not in line["advice"]
    for kind, number in (("Payment", "P2"), ("Refund", "R1")):
        update(kind, number, TransferredToAccounting="Ignore")(fast)
    summary = run(fast)
    assert problems(summary, "R1") == [] and "PAY-UNAPPLIED" not in {line.get("code") for line in summary["log"]}


def test_a_parent_that_follows_by_itself_is_waited_for(fast: MemoryWorld) -> None:
    fast.reset(default_subsidiary="Parent Company")
    fast.load(tenant(Amount=101.0))  # its lines add up to 100
    (line,) = problems(run(fast), "P1")
    assert (line["code"], line["waits_for"]) == ("PAY-V2", "invoice INV1")
    update("Invoice", "INV1", Amount=Decimal(100))(fast)
    assert problems(run(fast), "P1") == []


def test_the_id_of_a_document_that_netsuite_has_already_is_enough(fast: MemoryWorld) -> None:
    """The advice of documents from before the cutover: enter the NetSuite id at the invoice."""
    fast.reset(default_subsidiary="Parent Company", cutover_zuora_invoice="2026-10-05")
    fast.load(tenant())
    (line,) = problems(run(fast), "P1")
    assert "enter its internal id as Integration ID of invoice INV1" in line["advice"]
    customer = str(next(c["id"] for c in fast.in_netsuite("customer")))
    item = str(next(i["id"] for i in fast.in_netsuite("serviceSaleItem")))
    old = {"id": "7001", "entity": {"id": customer}, "tranDate": "2026-10-01", "item": {"items": [{"item": {"id": item}, "amount": 100}]}}
    fast.load(netsuite={"invoice": [old]})
    update("Invoice", "INV1", IntegrationId__NS="7001")(fast)
    assert problems(run(fast), "P1") == []
    assert fast.in_zuora("Payment", "P1")["IntegrationStatus__NS"] == "Sync Complete"


ACCOUNT_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "not wanted": ({"SynctoNetSuite__NS": "No"}, "its Sync to NetSuite says No"),
    "ignored": ({"IntegrationStatus__NS": "Ignore"}, "its Integration Status says Ignore"),
    "inactive": ({"Status": "Draft"}, "it is not active (Draft)"),
}


@pytest.fixture(scope="module")
def parents(fast: MemoryWorld) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run with a parent of each case and its child, and the one after the parents were put right."""
    fast.reset(default_subsidiary="Parent Company")
    fast.load(merged(*(merged(account(f"A1 {case}"), account(f"A2 {case}", ParentId=zid(f"A1 {case}"))) for case in ACCOUNT_CASES)))
    for case, (fields, _) in ACCOUNT_CASES.items():
        update("Account", f"A1 {case}", **fields)(fast)
    first = run(fast)
    for case in ACCOUNT_CASES:
        update("Account", f"A1 {case}", **{"SynctoNetSuite__NS": "Yes", "IntegrationStatus__NS": None, "Status": "Active"})(fast)
    return first, run(fast)


@pytest.mark.parametrize("case", ACCOUNT_CASES)
def test_an_account_whose_parent_is_never_sent(parents: tuple[dict[str, Any], dict[str, Any]], case: str) -> None:
    first, last = parents
    (line,) = problems(first, f"A2 {case}")
    assert (line["code"], line.get("waits_for")) == ("ACCT-V6", None)
    assert f"parent account A1 {case} is not synced and does not follow by itself: {ACCOUNT_CASES[case][1]}." in line["message"]
    assert problems(last, f"A2 {case}") == []


def test_an_invoice_of_an_ignored_charge(fast: MemoryWorld) -> None:
    fast.reset(default_subsidiary="Parent Company")
    fast.load(tenant())
    update("ProductRatePlanCharge", "Gold", IntegrationStatus__NS="Ignore")(fast)
    found = {line["code"]: line for line in problems(run(fast), "INV1")}
    assert f"{NEVER}its Integration Status says Ignore." in found["INV-V2"]["message"] and not found["INV-V2"].get("waits_for")
    update("ProductRatePlanCharge", "Gold", IntegrationStatus__NS=None)(fast)
    assert problems(run(fast), "INV1") == []
