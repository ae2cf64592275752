"""docs/moving-over.md: a tenant pair that the commercial connector has worked on, with what it leaves behind. The first runs link and
recover, and create nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.guides.switch import run
from tests.sync.builders import Objects, account, charge, invoice, merged, subscription, zid
from tests.sync.invoice_world import customer, item
from tests.sync.memory import MemoryWorld

NEW_ONLY = {"customer_account_sync_behavior": "Sync New Records Only", "product_catalog_sync_behavior": "Sync New Records Only"}
SETTINGS = {
    **NEW_ONLY,
    "cutover_zuora_invoice": "2026-01-01",
    "cutover_zuora_payment": "2026-01-01",
    "default_subsidiary": "Parent Company",
}
DONE = {"IntegrationStatus__NS": "Sync Complete"}
LINE = {"items": [{"item": {"id": "501"}, "amount": 100.0}]}


def ns_document(internal_id: str, of: str, **more: Any) -> dict[str, Any]:
    """A NetSuite document as the commercial connector made it: with the Zuora ID, without an external id."""
    return {"id": internal_id, "entity": {"id": "9001"}, "tranDate": "2026-10-01", "item": LINE, "custbodyzuoraid": zid(of), **more}


def payment(number: str, document: str, **fields: Any) -> Objects:
    head = {
        "Id": zid(number),
        "PaymentNumber": number,
        "AccountId": zid("DONE"),
        "Amount": 100.0,
        "EffectiveDate": "2026-10-15",
        "PaymentMethodId": zid(f"{number} method"),
        "Status": "Processed",
        "Type": "External",
        **fields,
    }
    part = {"Id": zid(f"{number} part"), "PaymentId": zid(number), "InvoiceId": zid(document), "Amount": 100.0}
    return {
        "PaymentMethod": [{"Id": zid(f"{number} method"), "Type": "Check", "AccountId": zid("DONE")}],
        "Payment": [head],
        "PaymentPart": [part],
    }


def bill(number: str, **fields: Any) -> Objects:
    return invoice("DONE", number, [("Gold", 100.0)], sub="S1", **fields)


LEFT_BEHIND = merged(
    account("DONE", IntegrationId__NS="9001", **DONE),
    account("OLD WORD", IntegrationId__NS="9002", IntegrationStatus__NS="Complete"),
    account("TO LINK", IntegrationId__NS="9003"),
    account("UNFINISHED", IntegrationStatus__NS="Creating Customer..."),
    account("NEW"),
    charge("Gold", IntegrationId__NS="501", **DONE),
    charge("Silver", IntegrationId__NS="502"),
    subscription("DONE", "S1", "Gold"),
    bill("DONE-1", IntegrationId__NS="7001", TransferredToAccounting="Yes", **DONE),
    bill("STUCK-THERE", IntegrationStatus__NS="Creating Invoice", TransferredToAccounting="Processing"),
    bill("STUCK-NOT-THERE", IntegrationStatus__NS="Creating Invoice", TransferredToAccounting="Processing"),
    bill("FAILED", IntegrationStatus__NS="Error Creating Invoice", TransferredToAccounting="Error"),
    bill("RESET", IntegrationId__NS="7003", TransferredToAccounting="No", **DONE),
    bill("BEFORE", InvoiceDate="2025-12-31"),
    bill("NEW-1"),
    payment("P-STUCK", "DONE-1", IntegrationStatus__NS="Creating Payment", TransferredToAccounting="Processing"),
    payment("P-NEW", "STUCK-THERE"),
)
IN_NETSUITE: Objects = {
    "customer": [
        customer("DONE", "9001"),
        customer("OLD WORD", "9002"),
        {k: v for k, v in customer("TO LINK", "9003").items() if k != "custentityzuoraid"},
        customer("UNFINISHED", "9004"),
    ],
    "serviceSaleItem": [item("Gold", "501"), {k: v for k, v in item("Silver", "502").items() if not k.startswith("custitem")}],
    "invoice": [ns_document("7001", "DONE-1"), ns_document("7002", "STUCK-THERE"), ns_document("7003", "RESET")],
    "customerPayment": [
        {
            "id": "8001",
            "customer": {"id": "9001"},
            "payment": 100.0,
            "tranDate": "2026-10-15",
            "paymentOption": {"refName": "Check"},
            "autoApply": False,
            "apply": {"items": [{"doc": {"id": "7001"}, "apply": True, "amount": 100.0}]},
            "custbodyzuoraid": zid("P-STUCK"),
        }
    ],
}


@pytest.fixture(scope="module")
def moved(started_mode_b: MemoryWorld) -> tuple[MemoryWorld, dict[str, Any]]:
    """The tenant pair after the first run, and that run's output."""
    world = started_mode_b
    world.reset(**SETTINGS)
    world.load(LEFT_BEHIND, IN_NETSUITE)
    return world, run(world)


def zuora(world: MemoryWorld, number: str) -> tuple[str | None, str | None]:
    """(Integration Status, Integration ID) of a record by its number."""
    for kind in ("Account", "Invoice", "Payment", "ProductRatePlanCharge"):
        for row in world.zuora.dump()[kind]:
            if number in (row.get("AccountNumber"), row.get("InvoiceNumber"), row.get("PaymentNumber"), row.get("Name")):
                return row.get("IntegrationStatus__NS"), row.get("IntegrationId__NS")
    raise AssertionError(f"no {number}")


def counterparts(world: MemoryWorld, number: str) -> list[str]:
    """Internal ids of the NetSuite records that carry a record's Zuora ID."""
    found = []
    for kind, field in (("customer", "custentityzuoraid"), ("invoice", "custbodyzuoraid"), ("customerPayment", "custbodyzuoraid")):
        found += [str(r["id"]) for r in world.in_netsuite(kind) if r.get(field) == zid(number)]
    return found


def test_the_first_run_is_green(moved: tuple[MemoryWorld, dict[str, Any]]) -> None:
    world, output = moved
    assert (output["outcome"], output["tiedOut"]) == ("completed", True), world.summary(output)["messages"]


@pytest.mark.parametrize(
    ("number", "internal_id"),
    [
        pytest.param("DONE", "9001", id="synced account"),
        pytest.param("OLD WORD", "9002", id="account with the old word Complete"),
        pytest.param("UNFINISHED", "9004", id="account whose creation was interrupted after NetSuite had it"),
        pytest.param("DONE-1", "7001", id="synced invoice"),
        pytest.param("STUCK-THERE", "7002", id="invoice whose creation was interrupted after NetSuite had it"),
        pytest.param("RESET", "7003", id="synced invoice that somebody has reset"),
        pytest.param("P-STUCK", "8001", id="payment whose creation was interrupted after NetSuite had it"),
    ],
)
def test_what_is_in_netsuite_is_recognised_and_not_made_again(
    moved: tuple[MemoryWorld, dict[str, Any]], number: str, internal_id: str
) -> None:
    world, _ = moved
    assert zuora(world, number)[1] == internal_id
    assert counterparts(world, number) == [internal_id]


@pytest.mark.rule("settings.8.procedure.3")
@pytest.mark.parametrize(("number", "kind", "internal_id", "field"), [
    ("TO LINK", "customer", "9003", "custentityzuoraid"),
    ("Silver", "serviceSaleItem", "502", "custitemzuoraid"),
])  # fmt: skip
def test_a_filled_integration_id_links(
    moved: tuple[MemoryWorld, dict[str, Any]], number: str, kind: str, internal_id: str, field: str
) -> None:
    world, _ = moved
    assert zuora(world, number) == ("Sync Complete", internal_id)
    (linked,) = [r for r in world.in_netsuite(kind) if r.get(field) == zid(number)]
    assert str(linked["id"]) == internal_id


@pytest.mark.parametrize("number", ["NEW", "NEW-1", "STUCK-NOT-THERE", "FAILED", "P-NEW"])
def test_what_netsuite_does_not_have_is_made_once(moved: tuple[MemoryWorld, dict[str, Any]], number: str) -> None:
    world, _ = moved
    (made,) = counterparts(world, number)
    assert zuora(world, number) == ("Sync Complete", made)


def test_documents_before_the_cutover_date_stay_as_they_are(moved: tuple[MemoryWorld, dict[str, Any]]) -> None:
    world, _ = moved
    assert counterparts(world, "BEFORE") == []
    assert zuora(world, "BEFORE") == (None, None)


@pytest.mark.rule("settings.8.procedure.4")
def test_later_runs_write_nothing_and_modified_records_count_from_the_switch_on(moved: tuple[MemoryWorld, dict[str, Any]]) -> None:
    world, _ = moved
    before = world.netsuite.dump()
    assert run(world)["tiedOut"]
    world.settings(**{k: v for k, v in SETTINGS.items() if k not in NEW_ONLY})
    for _ in range(2):
        assert run(world)["tiedOut"]
    after = world.netsuite.dump()
    assert {k: len(v) for k, v in after.items()} == {k: len(v) for k, v in before.items()}
    assert after["customer"] == before["customer"], "what was there before the switch is not sent again"
