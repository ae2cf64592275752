"""Advice that works: each problem is provoked, its advice is followed, and the next run brings the record across without it.

`ALONE` and `TOGETHER` are read by `test_advice_table.py`, which holds that every code with advice is followed by a test or excused with
a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import Objects, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.test_advice_parents import (
    Change,
    credit_memo,
    documents,
    nothing,
    partly_refunded,
    refund,
    run,
    tenant,
    unapplied,
    update,
)
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
    """A record of `kind` with that problem. `make` makes it and what it stands on, whose names all end in `n`; `between` is done after a
    first run, before the problem is looked for; `follow` and `settings` are what the advice says. `world`: of `WORLDS`."""

    kind: str
    record: str
    make: Callable[[str], Objects]
    follow: Callable[[str], Change] = nothing
    settings: dict[str, Any] = field(default_factory=dict)
    between: Callable[[str], Change] = nothing
    ignored: bool = False
    world: str = "all"


def netsuite(**objects: list[dict[str, Any]]) -> Change:
    return lambda world: world.load(netsuite=objects)


def zuora(objects: Objects) -> Change:
    return lambda world: world.load(objects)


def without_subsidiary(n: str) -> Objects:
    objects = tenant(n=n)
    objects["Account"] = [{**row, "Subsidiary__NS": ""} for row in objects["Account"]]
    return objects


def periods(world: MemoryWorld, *, closed: bool) -> None:
    period = next(p for p in world.in_netsuite("accountingPeriod") if CLOSED in str(p.get("periodName")))
    world.load(netsuite={"accountingPeriod": [{"id": period["id"], "closed": closed}]})


def invoice_of(world: MemoryWorld, n: str) -> dict[str, Any]:
    """The NetSuite invoice that INV1 has become."""
    return next(i for i in world.in_netsuite("invoice") if i.get("custbodyzuoraid") == zid(f"INV1{n}"))


def twice(n: str) -> Change:
    """A second NetSuite invoice with the Zuora ID of INV1."""

    def act(world: MemoryWorld) -> None:
        first = invoice_of(world, n)
        lines = {"items": [{"item": {"id": first["item"]["items"][0]["item"]["id"]}, "amount": 100}]}
        again = {"id": "7777", "entity": first["entity"], "tranDate": "2026-10-01", "item": lines, "custbodyzuoraid": zid(f"INV1{n}")}
        world.load(netsuite={"invoice": [again]})
        update("Invoice", f"INV1{n}", TransferredToAccounting="No", IntegrationStatus__NS=None)(world)

    return act


def gone(internal_id: str) -> Callable[[str], Change]:
    def act(world: MemoryWorld) -> None:
        world.netsuite.tenant.store.apply(("transaction", int(internal_id)), None)
        world.clock.advance(minutes=5)

    return lambda n: act


def credited_too_late(n: str) -> Change:
    """A payment that NetSuite alone knows takes 80 of INV1; then there is a credit memo on it."""

    def act(world: MemoryWorld) -> None:
        first = invoice_of(world, n)
        line = {"doc": {"id": str(first["id"])}, "apply": True, "amount": 80}
        head = {"id": "8888", "customer": first["entity"], "payment": 80, "tranDate": "2026-10-10", "paymentOption": {"refName": "Check"}}
        world.load(netsuite={"customerPayment": [{**head, "autoApply": False, "apply": {"items": [line]}}]})
        world.load(credit_memo("CM1", 40.0, "INV1", n=n))

    return act


def of_a_memo(n: str) -> Objects:
    row = refund("R1", "P1", 10.0, n=n, SourceType="CreditMemo")
    row["RefundPart"] = [{"Id": zid(f"R1{n} part"), "RefundId": zid(f"R1{n}"), "CreditMemoId": zid(f"CM1{n}"), "RefundAmount": 10.0}]
    return documents(credit_memo("CM1", 40.0, "INV1", n=n), row, n=n)


def paid(n: str, **fields: Any) -> Objects:
    return payment(f"A1{n}", f"P1{n}", 60.0, {f"INV1{n}": 60.0}, **fields)


CLOSED, THEN = "Sep 2026", "2026-09-15"
"""A period that is closed when the records come, and a day of it."""
TRANSLATION = {"payment_method_translation": {"BankTransfer": "Check"}}
THIRDS = [("Gold", 33.333), ("Gold", 33.333), ("Gold", 33.334)]
EARLIER: dict[str, Any] = {"InvoiceDate": "2026-08-10"}
WORLDS: dict[str, dict[str, Any]] = {
    "all": {"default_subsidiary": "Parent Company", "large_invoice_lines": 10, "large_invoice_piece": 5},
    "none": {"default_subsidiary": "", "sync_unapplied_payments": "Yes"},
}
"""The settings at first; their advice is followed, too."""
ALONE: dict[str, Case] = {
    "ACCT-V5": Case("Account", "A1", without_subsidiary, settings={"default_subsidiary": "Parent Company"}, world="none"),
    "INV-ROUNDING": Case("Invoice", "INV1", lambda n: documents(n=n, lines=THIRDS), settings={"rounding_difference": "line"}),
    "INV-PERIOD": Case("Invoice", "INV1", lambda n: tenant(n=n, InvoiceDate=THEN)),
    "INV-LARGE": Case(
        "Invoice",
        "INV1",
        lambda n: documents(n=n, lines=[("Gold", 10.0)] * 12),
        lambda n: update("Invoice", f"INV1{n}", TransferredToAccounting="No"),
    ),
    "INV-AMBIGUOUS": Case("Invoice", "INV1", lambda n: documents(n=n), gone("7777"), between=twice),
    "CM-MIGRATED": Case(
        "CreditMemo",
        "CM1",
        lambda n: documents(credit_memo("CM1", 40.0, "INV1", n=n, ReasonCode="AR Mig - negative invoice"), n=n),
        settings={"send_migrated_credit_memos": "Yes"},
    ),
    "CM-OPEN": Case("CreditMemo", "CM1", lambda n: documents(n=n), gone("8888"), between=credited_too_late),
    "PAY-V1": Case("Payment", "P1", lambda n: documents(paid(n, method="BankTransfer"), n=n), settings=TRANSLATION),
    "PAY-V7": Case(
        "Payment",
        "P2",
        lambda n: documents(payment(None, f"P2{n}", 60.0, {}), n=n),
        lambda n: update("Payment", f"P2{n}", AccountId=zid(f"A1{n}")),
        world="none",
    ),
    "PAY-PERIOD": Case("Payment", "P1", lambda n: documents(n=n, **EARLIER), between=lambda n: zuora(paid(n, EffectiveDate=THEN))),
    "RFD-V1": Case(
        "Refund",
        "R1",
        lambda n: tenant(partly_refunded(n=n), refund("R1", "P2", 20.0, n=n, MethodType="BankTransfer"), n=n),
        settings=TRANSLATION,
    ),
    "RFD-MEMO": Case("Refund", "R1", of_a_memo, lambda n: update("Refund", f"R1{n}", TransferredToAccounting="Ignore"), ignored=True),
    "RFD-PERIOD": Case(
        "Refund",
        "R1",
        lambda n: tenant(partly_refunded(n=n, EffectiveDate="2026-08-20"), n=n, **EARLIER),
        between=lambda n: zuora(refund("R1", "P2", 20.0, n=n, RefundDate=THEN)),
    ),
    "PAY-UNAPPLIED": Case("Payment", "P2", lambda n: tenant(unapplied(n=n), n=n), settings={"sync_unapplied_payments": "Yes"}),
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


@dataclass(frozen=True)
class Followed:
    """The first run, the one that told the problems of what was done after it, the last of two after the advice of each was followed, and
    what Zuora holds then."""

    first: dict[str, Any]
    second: dict[str, Any]
    last: dict[str, Any]
    zuora: Objects

    def check(self, code: str, case: Case | Owned, number: str, summary: dict[str, Any]) -> None:
        """Whether the code was told of the record with advice and is not any more, and the record is in NetSuite, or left out as its advice
        says."""
        assert code in told(summary, number)
        assert next(x["advice"] for x in summary["log"] if x.get("code") == code and x.get("source_number") == number)
        assert code not in told(self.last, number)
        row = next(r for r in self.zuora[case.kind] if r[NUMBERS[case.kind]] == number)
        assert row.get("TransferredToAccounting") == "Ignore" if case.ignored else row.get("IntegrationStatus__NS") == "Sync Complete"


def own(code: str) -> str:
    """What stands behind the names of the records of a case."""
    return f" {code}"


@pytest.fixture(scope="module")
def followed(fast: MemoryWorld) -> dict[str, Followed]:
    """By world. In the first are the problems of many accounts, too."""
    done = {}
    for name, settings in WORLDS.items():
        alone = {code: case for code, case in ALONE.items() if case.world == name}
        together = TOGETHER if name == "all" else {}
        parts = [Part(code, case.make(own(code)), {}) for code, case in alone.items()]
        world = world_with(fast, *parts, *(case.part(code) for code, case in together.items()), **settings)
        periods(world, closed=True)
        first = run(world)
        for code, case in alone.items():
            case.between(own(code))(world)
        second = run(world)
        for code, case in alone.items():
            case.follow(own(code))(world)
        for code, owned in together.items():
            owned.follow(code, world)
        periods(world, closed=False)
        advised = {key: value for case in alone.values() for key, value in case.settings.items()}
        gold = next((str(i["id"]) for i in world.in_netsuite("serviceSaleItem") if i.get("custitemzuoraid") == zid("Gold")), "")
        world.settings(**{**settings, **advised, "rounding_item_id": gold})
        run(world)  # what it waited for may have to be settled first
        done[name] = Followed(first, second, run(world), world.zuora.dump())
    return done


@pytest.mark.parametrize("code", ALONE)
def test_the_advice_of_a_code_ends_it(followed: dict[str, Followed], code: str) -> None:
    case = ALONE[code]
    seen = followed[case.world]
    seen.check(code, case, case.record + own(code), seen.first if case.between is nothing else seen.second)


@pytest.mark.parametrize("code", TOGETHER)
def test_the_advice_ends_it_for_each_of_many_accounts(followed: dict[str, Followed], code: str) -> None:
    case, seen = TOGETHER[code], followed["all"]
    seen.check(code, case, case.number(code), seen.first)
