"""Advice that works: each problem is provoked, its advice is followed, and the next run brings the record across without it.

`CASES` is read by `test_advice_table.py`, which holds that every code with advice is followed by a test or excused with a reason.
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


def of_contact(**fields: Any) -> Objects:
    objects = tenant()
    objects["Contact"] = [{**row, **(fields if row["Id"] == zid("A1 bill") else {})} for row in objects["Contact"]]
    return objects


def of_charge(**fields: Any) -> Objects:
    objects = tenant()
    objects["ProductRatePlanCharge"] = [{**row, **fields} for row in objects["ProductRatePlanCharge"]]
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


CASES: dict[str, Case] = {
    "ACCT-V1": Case(
        "Account",
        "A1",
        netsuite(term=[{"name": "Net 77", "daysUntilNetDue": 77}]),
        of_account(PaymentTerm="Net 77"),
    ),
    "ACCT-V3": Case(
        "Account",
        "A1",
        update("Account", "A1", IntegrationStatus__NS=None),
        of_account(IntegrationStatus__NS="Sync Complete"),
    ),
    "ACCT-V4": Case(
        "Account",
        "A1",
        update("Account", "A1", Subsidiary__NS="Parent Company"),
        of_account(Subsidiary__NS="Nowhere"),
    ),
    "ACCT-V5": Case(
        "Account",
        "A1",
        settings(),
        of_account(Subsidiary__NS=""),
        {"default_subsidiary": ""},
    ),
    "ACCT-V9": Case("Account", "A1", update("Account", "A1", Name="Short"), of_account(Name="x" * 90)),
    "ITEM-I1": Case(
        "ProductRatePlanCharge",
        "Gold",
        update("ProductRatePlanCharge", "Gold", ItemType__NS="Service"),
        of_charge(ItemType__NS=None),
    ),
    "ITEM-I3": Case(
        "ProductRatePlanCharge",
        "Gold",
        update("ProductRatePlanCharge", "Gold", IntegrationStatus__NS=None),
        of_charge(IntegrationStatus__NS="Sync Complete"),
    ),
    "ITEM-I4": Case(
        "ProductRatePlanCharge",
        "Gold",
        update("ProductRatePlanCharge", "Gold", Location__NS=None),
        of_charge(Location__NS="Nowhere"),
    ),
    "CHG-G1": Case(
        "ProductRatePlanCharge",
        "Gold",
        update("ProductRatePlanCharge", "Gold", RecognizedRevAccount__NS=None),
        of_charge(RecognizedRevAccount__NS="Nowhere"),
    ),
    "INTEGRATION-ID": Case(
        "Account",
        "A1",
        update("Account", "A1", IntegrationId__NS=None, IntegrationStatus__NS=None),
        of_account(IntegrationId__NS="abc"),
    ),
    "INV-V5": Case(
        "Invoice",
        "INV1",
        update("Account", "A1", Location__NS=None),
        of_account(Location__NS="Nowhere"),
    ),
    "INV-V6": Case("Invoice", "INV1", update("Account", "A1", Class__NS=None), of_account(Class__NS="Nowhere")),
    "INV-V7": Case("Invoice", "INV1", update("Account", "A1", Department__NS=None), of_account(Department__NS="Nowhere")),
    "INV-V9": Case("Invoice", "INV1", update("Invoice", "INV1", Amount=Decimal(100)), tenant(Amount=101.0)),
    "INV-ROUNDING": Case("Invoice", "INV1", rounding_line, third_parts()),
    "INV-PERIOD": Case(
        "Invoice",
        "INV1",
        lambda world: periods(world, closed=False),
        before=lambda world: periods(world, closed=True),
    ),
    "INV-NEGATIVE": Case(
        "Invoice",
        "NEG1",
        update("Invoice", "NEG1", TransferredToAccounting="Ignore"),
        merged(tenant(), invoice("A1", "NEG1", [("Gold", -30.0)], sub="S1")),
        ignored=True,
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
    "CM-V4": Case(
        "CreditMemo",
        "CM1",
        update("Account", "A1", Class__NS=None),
        merged(of_account(Class__NS="Nowhere"), credit_memo("CM1", 40.0, "INV1")),
    ),
    "PAY-V1": Case(
        "Payment",
        "P1",
        settings(payment_method_translation={"BankTransfer": "Check"}),
        merged(only_documents(), payment("A1", "P1", 60.0, {"INV1": 60.0}, method="BankTransfer")),
    ),
    "PAY-V3": Case("Payment", "P1", update("Account", "A1", Location__NS=None), of_account(Location__NS="Nowhere")),
    "PAY-V4": Case("Payment", "P1", update("Account", "A1", Class__NS=None), of_account(Class__NS="Nowhere")),
    "PAY-V5": Case("Payment", "P1", update("Account", "A1", Department__NS=None), of_account(Department__NS="Nowhere")),
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


def told(summary: dict[str, Any], number: str) -> Iterable[str]:
    """The codes of what was said of a record, remarks included."""
    return [line["code"] for line in summary["log"] if line.get("source_number") == number and line.get("code")]


@pytest.mark.parametrize("code", CASES)
def test_the_advice_of_a_code_ends_it(fast: MemoryWorld, code: str) -> None:
    case = CASES[code]
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
    row = next(r for r in fast.zuora.dump()[case.kind] if r[NUMBERS[case.kind]] == case.number)
    assert row.get("TransferredToAccounting") == "Ignore" if case.ignored else row.get("IntegrationStatus__NS") == "Sync Complete"
