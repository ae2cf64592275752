"""Advice that works: each problem is provoked, its advice is followed, and the next run brings the record across without it.

`ALONE` and `TOGETHER` are read by `test_advice_table.py`, which holds that every code with advice is followed by a test or excused with
a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import Objects, account, charge, invoice, merged, payment, subscription, zid
from tests.sync.memory import MemoryWorld
from tests.sync.test_advice_parents import Change, credit_memo, partly_refunded, refund, run, settings, tenant, unapplied, update
from tests.sync.words import Part, a_charge, a_credit_memo, a_payment, an_account, an_invoice, world_with

NUMBERS = {
    "Account": "AccountNumber",
    "ProductRatePlanCharge": "Name",
    "Invoice": "InvoiceNumber",
    "Payment": "PaymentNumber",
    "CreditMemo": "MemoNumber",
    "Refund": "RefundNumber",
}


@dataclass(frozen=True)
class Case:
    """`objects` and `how` (settings) make the problem of `number`, a record of `kind`; `before` is done ahead of the first run, `between`
    after it, before the problem is looked for; `follow` is what the advice says."""

    kind: str
    number: str
    follow: Change
    objects: Objects = field(default_factory=lambda: tenant())
    how: dict[str, Any] = field(default_factory=dict)
    before: Change = lambda world: None
    between: Change | None = None
    ignored: bool = False


def netsuite(**objects: list[dict[str, Any]]) -> Change:
    return lambda world: world.load(netsuite=objects)


def of_account(**fields: Any) -> Objects:
    """The tenant with these fields on the account."""
    objects = tenant()
    objects["Account"] = [{**row, **fields} for row in objects["Account"]]
    return objects


def periods(world: MemoryWorld, *, closed: bool) -> None:
    period = next(p for p in world.in_netsuite("accountingPeriod") if "Oct 2026" in str(p.get("periodName")))
    world.load(netsuite={"accountingPeriod": [{"id": period["id"], "closed": closed}]})


def twice(world: MemoryWorld) -> None:
    """A second NetSuite invoice with the Zuora ID of INV1."""
    first = next(i for i in world.in_netsuite("invoice") if i.get("custbodyzuoraid") == zid("INV1"))
    lines = {"items": [{"item": {"id": first["item"]["items"][0]["item"]["id"]}, "amount": 100}]}
    again = {"id": "7777", "entity": first["entity"], "tranDate": "2026-10-01", "item": lines, "custbodyzuoraid": zid("INV1")}
    world.load(netsuite={"invoice": [again]})
    update("Invoice", "INV1", TransferredToAccounting="No", IntegrationStatus__NS=None)(world)


def gone(internal_id: str) -> Change:
    def act(world: MemoryWorld) -> None:
        world.netsuite.tenant.store.apply(("transaction", int(internal_id)), None)
        world.clock.advance(minutes=5)

    return act


def made_gone(record_type: str, number: str) -> Change:
    def act(world: MemoryWorld) -> None:
        record = next(r for r in world.in_netsuite(record_type) if r.get("custbodyzuoraid") == zid(number))
        gone(str(record["id"]))(world)

    return act


def in_turn(*changes: Change) -> Change:
    def act(world: MemoryWorld) -> None:
        for change in changes:
            change(world)

    return act


def taken_by_a_payment(world: MemoryWorld) -> None:
    """A payment that NetSuite alone knows takes 80 of INV1."""
    first = next(i for i in world.in_netsuite("invoice") if i.get("custbodyzuoraid") == zid("INV1"))
    line = {"doc": {"id": str(first["id"])}, "apply": True, "amount": 80}
    head = {"id": "8888", "customer": first["entity"], "payment": 80, "tranDate": "2026-10-10", "paymentOption": {"refName": "Check"}}
    world.load(netsuite={"customerPayment": [{**head, "autoApply": False, "apply": {"items": [line]}}]})


def only_documents(*more: Objects, **head: Any) -> Objects:
    """The tenant without its payment."""
    return merged(
        account("A1"), charge("Gold"), subscription("A1", "S1", "Gold"), invoice("A1", "INV1", [("Gold", 100.0)], sub="S1", **head), *more
    )


def third_parts() -> Objects:
    lines = [("Gold", 33.333), ("Gold", 33.333), ("Gold", 33.334)]
    sold = invoice("A1", "INV1", lines, sub="S1")
    return merged(account("A1"), charge("Gold"), subscription("A1", "S1", "Gold"), sold)


def rounding_line(world: MemoryWorld) -> None:
    item = next(i for i in world.in_netsuite("serviceSaleItem") if i.get("custitemzuoraid") == zid("Gold"))
    settings(rounding_difference="line", rounding_item_id=str(item["id"]))(world)


def migrated() -> Objects:
    memo = credit_memo("CM1", 40.0, "INV1")
    memo["CreditMemo"][0]["ReasonCode"] = "AR Mig - negative invoice"
    return only_documents(memo)


def of_a_memo() -> Objects:
    memo = credit_memo("CM1", 40.0, "INV1")
    row = refund("R1", "P1", 10.0, SourceType="CreditMemo")
    row["RefundPart"] = [{"Id": zid("R1 part"), "RefundId": zid("R1"), "CreditMemoId": zid("CM1"), "RefundAmount": 10.0}]
    return only_documents(memo, row)


ALONE: dict[str, Case] = {
    "ACCT-V5": Case(
        "Account",
        "A1",
        settings(),
        of_account(Subsidiary__NS=""),
        {"default_subsidiary": ""},
    ),
    "INV-ROUNDING": Case("Invoice", "INV1", rounding_line, third_parts()),
    "INV-PERIOD": Case(
        "Invoice",
        "INV1",
        lambda world: periods(world, closed=False),
        before=lambda world: periods(world, closed=True),
    ),
    "INV-LARGE": Case(
        "Invoice",
        "INV1",
        update("Invoice", "INV1", TransferredToAccounting="No"),
        merged(
            account("A1"),
            charge("Gold"),
            subscription("A1", "S1", "Gold"),
            invoice("A1", "INV1", [("Gold", 10.0)] * 12, sub="S1"),
        ),
        {"large_invoice_lines": 10, "large_invoice_piece": 5},
    ),
    "INV-AMBIGUOUS": Case("Invoice", "INV1", gone("7777"), only_documents(), between=twice),
    "CM-MIGRATED": Case("CreditMemo", "CM1", settings(send_migrated_credit_memos="Yes"), migrated()),
    "CM-OPEN": Case(
        "CreditMemo",
        "CM1",
        gone("8888"),
        only_documents(),
        between=in_turn(taken_by_a_payment, lambda world: world.load(credit_memo("CM1", 40.0, "INV1"))),
    ),
    "PAY-V1": Case(
        "Payment",
        "P1",
        settings(payment_method_translation={"BankTransfer": "Check"}),
        merged(only_documents(), payment("A1", "P1", 60.0, {"INV1": 60.0}, method="BankTransfer")),
    ),
    "PAY-V7": Case(
        "Payment",
        "P2",
        update("Payment", "P2", AccountId=zid("A1")),
        merged(only_documents(), payment(None, "P2", 60.0, {})),
        {"sync_unapplied_payments": "Yes"},
    ),
    "PAY-PERIOD": Case(
        "Payment",
        "P1",
        lambda world: periods(world, closed=False),
        only_documents(),
        between=in_turn(lambda world: periods(world, closed=True), lambda world: world.load(payment("A1", "P1", 60.0, {"INV1": 60.0}))),
    ),
    "RFD-V1": Case(
        "Refund",
        "R1",
        settings(payment_method_translation={"BankTransfer": "Check"}),
        merged(tenant(), partly_refunded(), refund("R1", "P2", 20.0, MethodType="BankTransfer")),
    ),
    "RFD-MEMO": Case("Refund", "R1", update("Refund", "R1", TransferredToAccounting="Ignore"), of_a_memo(), ignored=True),
    "RFD-PERIOD": Case(
        "Refund",
        "R1",
        lambda world: periods(world, closed=False),
        merged(tenant(), partly_refunded()),
        between=in_turn(lambda world: periods(world, closed=True), lambda world: world.load(refund("R1", "P2", 20.0))),
    ),
    "PAY-UNAPPLIED": Case("Payment", "P2", settings(sync_unapplied_payments="Yes"), merged(tenant(), unapplied())),
}


@dataclass(frozen=True)
class Owned:
    """A problem with an account of its own, which stands in one world with those of others: of the account, its charge, its invoice of 100,
    or its payment of 60, whichever `kind` says. `fields`: of the account, unless `of` says of what; `corrected`: what the advice says, in
    the same record, unless `correct` does something else."""

    kind: str
    fields: dict[str, Any]
    corrected: dict[str, Any] = field(default_factory=dict)
    of: str = "Account"
    correct: Change | None = None
    ignored: bool = False

    def number(self, code: str) -> str:
        return f"{self.kind} {code}"

    def part(self, code: str) -> Part:
        """The account with all that it has."""
        own = {kind: self.fields if kind == self.of else {} for kind in NUMBERS}
        owner = an_account(f"Account {code}", synced=False, **own["Account"])
        name = f"ProductRatePlanCharge {code}"
        sold = a_charge(name, synced=False, **own["ProductRatePlanCharge"])
        document = an_invoice(f"Invoice {code}", {name: own["Invoice"].pop("amount", 100.0)}, sold, of=owner, **own["Invoice"])
        if self.kind == "CreditMemo":
            return a_credit_memo(self.number(code), {name: 40.0}, sold, of=owner, applied=[(document, 40.0)])
        return a_payment(f"Payment {code}", 60.0, [(document, 60.0)], of=owner) if document.zuora["Invoice"][0]["Amount"] > 0 else document

    def follow(self, code: str, world: MemoryWorld) -> None:
        (self.correct or update(self.of, f"{self.of} {code}", **self.corrected))(world)


NOWHERE, NOT_SYNCED = "Nowhere", {"IntegrationStatus__NS": "Sync Complete"}
CHARGE = "ProductRatePlanCharge"
LOCATION, CLASS, DEPARTMENT = (({f"{name}__NS": NOWHERE}, {f"{name}__NS": None}) for name in ("Location", "Class", "Department"))
TOGETHER: dict[str, Owned] = {
    "ACCT-V1": Owned("Account", {"PaymentTerm": "Net 77"}, correct=netsuite(term=[{"name": "Net 77", "daysUntilNetDue": 77}])),
    "ACCT-V3": Owned("Account", NOT_SYNCED, {"IntegrationStatus__NS": None}),
    "ACCT-V4": Owned("Account", {"Subsidiary__NS": NOWHERE}, {"Subsidiary__NS": "Parent Company"}),
    "ACCT-V9": Owned("Account", {"Name": "x" * 90}, {"Name": "Short"}),
    "INTEGRATION-ID": Owned("Account", {"IntegrationId__NS": "abc"}, {"IntegrationId__NS": None, "IntegrationStatus__NS": None}),
    "ITEM-I1": Owned(CHARGE, {"ItemType__NS": None}, {"ItemType__NS": "Service"}, CHARGE),
    "ITEM-I3": Owned(CHARGE, NOT_SYNCED, {"IntegrationStatus__NS": None}, CHARGE),
    "ITEM-I4": Owned(CHARGE, *LOCATION, CHARGE),
    "CHG-G1": Owned(CHARGE, {"RecognizedRevAccount__NS": NOWHERE}, {"RecognizedRevAccount__NS": None}, CHARGE),
    "INV-V5": Owned("Invoice", *LOCATION),
    "INV-V6": Owned("Invoice", *CLASS),
    "INV-V7": Owned("Invoice", *DEPARTMENT),
    "INV-V9": Owned("Invoice", {"Amount": 101.0}, {"Amount": Decimal(100)}, "Invoice"),
    "INV-NEGATIVE": Owned("Invoice", {"amount": -30.0}, {"TransferredToAccounting": "Ignore"}, "Invoice", ignored=True),
    "CM-V4": Owned("CreditMemo", *CLASS),
    "PAY-V3": Owned("Payment", *LOCATION),
    "PAY-V4": Owned("Payment", *CLASS),
    "PAY-V5": Owned("Payment", *DEPARTMENT),
}


def told(summary: dict[str, Any], number: str) -> Iterable[str]:
    """The codes of what was said of a record, remarks included."""
    return [line["code"] for line in summary["log"] if line.get("source_number") == number and line.get("code")]


def is_ended(world: MemoryWorld, kind: str, number: str, *, ignored: bool) -> None:
    """Whether the record is in NetSuite, or left out as its advice says."""
    row = next(r for r in world.zuora.dump()[kind] if r[NUMBERS[kind]] == number)
    assert row.get("TransferredToAccounting") == "Ignore" if ignored else row.get("IntegrationStatus__NS") == "Sync Complete"


@pytest.mark.parametrize("code", ALONE)
def test_the_advice_of_a_code_ends_it(fast: MemoryWorld, code: str) -> None:
    case = ALONE[code]
    fast.reset(**{"default_subsidiary": "Parent Company", **case.how})
    fast.load(case.objects)
    case.before(fast)
    summary = run(fast)
    if case.between:
        case.between(fast)
        summary = run(fast)
    assert code in told(summary, case.number)
    assert next(line["advice"] for line in summary["log"] if line.get("code") == code)
    case.follow(fast)
    for _ in range(2):  # what it waited for may have to be settled first
        summary = run(fast)
    assert code not in told(summary, case.number)
    is_ended(fast, case.kind, case.number, ignored=case.ignored)


@pytest.fixture(scope="module")
def followed(fast: MemoryWorld) -> tuple[MemoryWorld, dict[str, Any], dict[str, Any]]:
    """A world with the problems of many accounts, the run that tells them, and the last of two after the advice of each was followed."""
    world = world_with(fast, *(case.part(code) for code, case in TOGETHER.items()), default_subsidiary="Parent Company")
    first = run(world)
    for code, case in TOGETHER.items():
        case.follow(code, world)
    run(world)  # what it waited for may have to be settled first
    return world, first, run(world)


@pytest.mark.parametrize("code", TOGETHER)
def test_the_advice_ends_it_for_each_of_many_accounts(followed: tuple[MemoryWorld, dict[str, Any], dict[str, Any]], code: str) -> None:
    world, first, last = followed
    case, number = TOGETHER[code], TOGETHER[code].number(code)
    assert code in told(first, number)
    assert next(x["advice"] for x in first["log"] if x.get("code") == code and x.get("source_number") == number)
    assert code not in told(last, number)
    is_ended(world, case.kind, number, ignored=case.ignored)
