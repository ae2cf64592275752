"""Records that wait for each other: said with the cause first, held untouched, released in one run when the cause is mended."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tallybridge.sync.ledger import Ledger, Owner, State
from tallybridge.tasks.steps import STEPS
from tallybridge_cli.standing import Standing, Waiting, chained
from tests.guides.switch import run
from tests.sync.builders import Objects, account, charge, invoice, merged, subscription, zid
from tests.sync.memory import MemoryWorld

SETTINGS = {"default_subsidiary": "Parent Company"}
CHAIN = [("charges", "Seats"), ("invoices", "INV1"), ("payments", "P1"), ("refunds", "R1")]


def tenant() -> Objects:
    """An invoice for a charge without Item Type, a payment of it with 50 left over, and a refund of these 50."""
    payment = {
        "Id": zid("P1"),
        "PaymentNumber": "P1",
        "AccountId": zid("A1"),
        "Amount": 150.0,
        "EffectiveDate": "2026-10-15",
        "PaymentMethodId": zid("method"),
        "Status": "Processed",
        "Type": "External",
    }
    refund = {
        "Id": zid("R1"),
        "RefundNumber": "R1",
        "AccountId": zid("A1"),
        "Amount": 50.0,
        "RefundDate": "2026-10-20",
        "Status": "Processed",
        "Type": "External",
        "SourceType": "Payment",
        "MethodType": "Check",
    }
    return merged(
        account("A1"),
        charge("Seats", ItemType__NS=None),
        subscription("A1", "S1", "Seats"),
        invoice("A1", "INV1", [("Seats", 100.0)], sub="S1"),
        {
            "PaymentMethod": [{"Id": zid("method"), "Type": "Check", "AccountId": zid("A1")}],
            "Payment": [payment],
            "PaymentPart": [{"Id": zid("part"), "PaymentId": zid("P1"), "InvoiceId": zid("INV1"), "Amount": 100.0}],
            "Refund": [refund],
            "RefundPart": [{"Id": zid("back"), "RefundId": zid("R1"), "PaymentId": zid("P1"), "RefundAmount": 50.0}],
        },
    )


def waiting(world: MemoryWorld) -> list[Waiting]:
    """What `tallybridge status` lists."""
    table: Any = world.memory.tables["STATUS_TABLE"]
    ledger = Ledger(table, world.clock, Owner("", "", ""), 0)
    rows = []
    for step in STEPS:
        for item in ledger.attention(f"{State.HELD}#{step}"):
            known: dict[str, Any] = {name: str(item.get(name, "")) for name in ("number", "code", "message", "waits_for", "run_id")}
            rows.append(Waiting(str(State.HELD), step, str(item["id"]).rsplit("#", 1)[-1], since="", **known))
    return chained(rows)


@pytest.fixture(scope="module")
def held(started_mode_b: MemoryWorld) -> tuple[MemoryWorld, dict[str, Any]]:
    """The world after a run that could send the account alone."""
    world = started_mode_b
    world.reset(**SETTINGS)
    world.load({name: [{k: v for k, v in row.items() if v is not None} for row in rows] for name, rows in tenant().items()})
    return world, run(world)


@pytest.mark.rule("operations.1.rule.2")
def test_a_chain_is_held_and_says_what_holds_it_up_and_goes_on_by_itself(held: tuple[MemoryWorld, dict[str, Any]]) -> None:
    world, output = held
    assert output["tiedOut"]
    rows = waiting(world)
    assert [(w.step, w.number) for w in rows if not w.waits_for] == [("charges", "Seats")]
    assert {w.step for w in rows if w.waits_for} == {"invoices", "payments", "refunds"}
    assert {w.root or w.waits_for for w in rows if w.waits_for} == {'charge "Seats"'}
    (cause,) = Standing(None, None, None, tuple(rows)).causes
    assert (cause.records, cause.held) == (["Seats"], 4)

    messages = world.summary(output)["messages"]
    refund = next(m for m in messages if m["step"] == "refunds")
    assert "in the end for charge" in refund["records"][0]
    log = [json.loads(line) for line in gzip.decompress(world.object(output["keys"]["log"])).splitlines()]
    assert {line["step"] for line in log if line.get("waits_for")} == {"invoices", "payments", "refunds"}
    report = world.object(output["keys"]["report"]).decode()
    assert report.index("Item Type is empty") < report.index("INV1")
    assert "in the end for charge" in report

    stored = world.zuora.tenant.store.get("ProductRatePlanCharge", zid("Seats"))
    assert stored is not None
    stored["ItemType__NS"] = "Service"
    after = run(world)
    assert (after["outcome"], after["tiedOut"]) == ("completed", True), world.summary(after)["messages"]
    assert waiting(world) == []
    counts = [len(world.in_netsuite(kind)) for kind in ("invoice", "customerPayment", "customerRefund")]
    assert counts == [1, 1, 1]
    assert world.zuora.tenant.store.get("Refund", zid("R1"))["IntegrationStatus__NS"] == "Sync Complete"  # type: ignore[index]
