"""What a dry run leaves behind as a plan: each record with what would be sent and what is there now, and what it posts."""

from __future__ import annotations

import gzip
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.tasks.plans import StepPlan
from tests.faults.each_step import fill
from tests.sync.builders import charge, invoice, payment, subscription
from tests.sync.by_hand import by_hand
from tests.sync.invoice_world import TAXED, change, ready
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

BANK, UNDEPOSITED, RECEIVABLES, SALES = "1000 Operating Bank Account", "Undeposited Funds", "1100 Accounts Receivable", "4000 Sales"
OCT = ("Oct 2026", "USD")


@pytest.fixture(scope="module")
def world() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


def planned(world: MemoryWorld, *steps: str) -> dict[str, StepPlan]:
    run = world.run(steps=list(steps), dry_run=True)["runId"]
    return {step: StepPlan.load(world.wiring().folder(run), step) for step in steps}


def rows(plan: StepPlan) -> dict[str, dict[str, Any]]:
    return {row["number"]: row for _, part in plan.parts() for row in plan.records(part["part"])}


def done(plan: StepPlan) -> dict[tuple[str, str], tuple[int, Decimal]]:
    return {key: (tally.count, tally.amount) for key, tally in plan.sums.done.items()}


def posted(plan: StepPlan) -> dict[str, tuple[str, str, str, str]]:
    """By account: period, currency, debit, credit."""
    return {name: (period, currency, str(d), str(c)) for (_, name, period, currency), (d, c, _) in plan.sums.effect.sums.items()}


def test_each_record_is_told_with_what_becomes_of_it_and_its_money(world: MemoryWorld) -> None:
    ready(
        world,
        charge("Iron"),
        subscription("A1", "S2", "Iron"),
        invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"),
        invoice("A1", "INV2", [("Gold", 30.5)], sub="S1"),
        invoice("A1", "INV3", [("Iron", 7.0)], sub="S2"),
    )
    plan = planned(world, "invoices")["invoices"]
    assert done(plan) == {("create", "USD"): (2, Decimal("130.5")), ("held", "USD"): (1, Decimal(7))}
    held, made = rows(plan)["INV3"], rows(plan)["INV1"]
    assert (held["code"], held["requests"], "Iron" in held["message"], bool(held["advice"])) == ("INV-V2", [], True, True)
    (request,) = made["requests"]
    assert (request["to"], request["id"], request["fields"]["entity"], request["fields"]["item[1].amount"]) == (
        "invoice",
        "",
        "9001",
        "100",
    )
    assert "custbodyzuorasyncdate" not in request["fields"]


def test_an_invoice_debits_receivables_and_credits_the_accounts_of_its_items(world: MemoryWorld) -> None:
    lines = [("Gold", 100.0), ("Discount", -10.0)]
    ready(world, invoice("A1", "INV1", lines, sub="S1", taxes=[8.25, 0.0], **TAXED))
    plan = planned(world, "invoices")["invoices"]
    assert posted(plan) == {RECEIVABLES: (*OCT, "98.25", "0"), SALES: (*OCT, "10", "108.25")}
    assert (plan.sums.effect.off(), plan.sums.effect.unknown(), plan.sums.effect.silent) == ({}, {}, 0)


def test_a_payment_debits_the_bank_or_undeposited_funds(world: MemoryWorld) -> None:
    ready(
        world,
        invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"),
        payment("A1", "P1", 60.0, {"INV1": 60.0}, method="ACH"),
        payment("A1", "P2", 40.0, {"INV1": 40.0}, method="Check"),
    )
    plan = planned(world, "invoices", "payments")["payments"]
    assert posted(plan) == {BANK: (*OCT, "60", "0"), UNDEPOSITED: (*OCT, "40", "0"), RECEIVABLES: (*OCT, "0", "100")}


@pytest.mark.parametrize(
    ("given", "credited"),
    [
        ({"RecognizedRevAccount__NS": "Professional Services"}, "4200 Professional Services"),
        ({}, "income account of a new item"),  # NetSuite chooses one when it makes the item
    ],
)
def test_an_item_that_the_same_plan_makes(world: MemoryWorld, given: dict[str, str], credited: str) -> None:
    new = (charge("New", **given), subscription("A1", "S2", "New"), invoice("A1", "INV1", [("New", 50.0)], sub="S2"))
    ready(world, *new, default_subsidiary="Parent Company")
    plan = planned(world, "charges", "invoices")["invoices"]
    assert posted(plan) == {RECEIVABLES: (*OCT, "50", "0"), credited: (*OCT, "0", "50")}
    assert plan.sums.effect.off() == {}


def test_what_is_not_known_is_said_and_not_guessed(world: MemoryWorld) -> None:
    ready(world, invoice("A1", "INV1", [("Gold", 12.0)], sub="S1"))
    world.load(netsuite={"account": [{"id": 900, "acctNumber": "1110", "acctName": "Other receivables", "acctType": {"id": "AcctRec"}}]})
    plan = planned(world, "invoices")["invoices"]
    assert plan.sums.effect.unknown() == {"USD": (1, Decimal(12))}
    assert "receivables account of the customer" in posted(plan)
    assert plan.sums.effect.off() == {}


def test_what_netsuite_adds_as_tax_is_not_known(world: MemoryWorld) -> None:
    ready(world, invoice("A1", "INV1", [("Gold", 12.0)], sub="S1"), use_standard_invoice_sync="No")
    plan = planned(world, "invoices")["invoices"]
    assert "tax that NetSuite calculates" in posted(plan)


def test_master_data_post_nothing_and_changes_are_shown_beside_what_is_there(world: MemoryWorld) -> None:
    ready(world)
    world.reported("customers")
    world.clock.advance(minutes=30)
    change(world, "Account", "A1", Notes="call before delivery", PaymentTerm="Net 60")
    plan = planned(world, "customers")["customers"]
    assert (done(plan), plan.sums.effect.silent, plan.sums.effect.sums) == ({("update", ""): (1, Decimal(0))}, 1, {})
    changes = {row["place"]: (row["now"], row["then"]) for row in rows(plan)["A1"]["changes"]}
    assert changes["comments"] == (None, "call before delivery")
    assert [now != then for place, (now, then) in changes.items() if place == "terms"] == [True]


def test_what_zuora_holds_is_shown_beside_what_would_be_sent() -> None:
    step, mode = "netsuite_customers", "B"
    world = MemoryWorld.of(unserved_world())
    fill(world, mode, step)
    world.reported(step)
    world.clock.advance(minutes=30)
    first = next(row for row in world.in_netsuite("customer") if row.get("custentitysendtozuora"))
    by_hand(world, "customer", str(first["id"]), {"companyName": "Another name", "comments": "call before delivery"})
    plan = planned(world, step)[step]
    (row,) = rows(plan).values()
    (to,) = [request["to"] for request in row["requests"] if request["to"] == "Account"]
    assert (row["does"], to, bool(row["changes"])) == ("update", "Account", True)
    assert {change["then"] != change["now"] for change in row["changes"]} == {True}


def test_names_and_addresses_are_masked(world: MemoryWorld) -> None:
    ready(world)
    world.reported("customers")
    world.clock.advance(minutes=30)
    change(world, "Account", "A1", Name="Marmalade and Sons")
    run = world.run(steps=["customers"], dry_run=True)["runId"]
    kept = [gzip.decompress(body) for key, body in world.memory.objects.content.items() if f"{run}/customers/planned/" in key]
    assert kept
    assert not [word for body in kept for word in (b"Marmalade", b"1 Main St", b"ap@example.com") if word in body]
