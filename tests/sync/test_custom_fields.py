"""The owner's own fields, copied end to end (operations.md section 8): each object of a tenant with Invoice Settlement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync import invoice_world, memo_world, payment_world, test_catalog
from tests.sync.builders import account, invoice, merged, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import change, counted, invoices, messages, reset_by_a_person, state_of, writes
from tests.sync.recording import REFUSAL, during
from tests.sync.world import unserved_world

OBJECTS = ("Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "CreditMemo", "Payment")
PREFIX = {"Account": "custentity", "Product": "custitem", "ProductRatePlan": "custitem", "ProductRatePlanCharge": "custitem"}
VALUE = "North & <West>"
COPYING, REFUSED = "Updating custom fields", "Error updating custom fields"
IDS = {"Account": "A7", "Product": "product", "ProductRatePlan": "plan", "ProductRatePlanCharge": "charge"}
IDS |= {"Invoice": "INV20", "CreditMemo": "CM1", "Payment": "P1"}
STEPS = {"Account": ("customers",), "Invoice": ("invoices",), "CreditMemo": ("credit_memos",), "Payment": ("payments",)}
CATALOGUE = ("products", "rate_plans", "charges")
SYNCS = {
    "customer_account_sync_behavior": "Sync New and Modified Records",
    "product_catalog_sync_behavior": "Sync New and Modified Records",
}


@pytest.fixture(scope="module")
def fast() -> MemoryWorld:
    world = unserved_world()
    world.zuora.options.custom_fields = dict.fromkeys(OBJECTS, ("Region__c", "Score__c"))
    return MemoryWorld.of(world)


def script_id(name: str, kind: str) -> str:
    """The NetSuite field that a Zuora field of an object goes to."""
    return f"{PREFIX.get(kind, 'custbody')}_{name}"


def switched_on(kind: str, **settings: Any) -> dict[str, Any]:
    rows = [{"zuora_object": kind, "zuora_field": "Region__c", "netsuite_field": script_id("region", kind), "netsuite_internal_id": "901"}]
    return {"custom_field_sync_enabled": "Yes", "custom_field_mappings": rows, **SYNCS, **settings}


def define(world: MemoryWorld, kind: str = "text", name: str = "region") -> None:
    """The owner's fields in NetSuite."""
    rows = [{"scriptId": f"{prefix}_{name}", "label": f"Owner's {name}", "type": kind} for prefix in ("custentity", "custitem", "custbody")]
    world.load(netsuite={"customField": rows})


def ready(world: MemoryWorld, kind: str, *, value: Any = VALUE, **settings: Any) -> None:
    """A world with one record of the object that carries the value."""
    own = {"Region__c": value}
    if kind == "Account":
        world.reset(**settings)
        world.load(account("A7", **own))
    elif kind in STEPS:
        worlds: dict[str, Callable[[], Any]] = {
            "Invoice": lambda: invoice_world.ready(world, invoice("A1", "INV20", [("Gold", 9.0)], sub="S1", **own), **settings),
            "CreditMemo": lambda: memo_world.ready(world, memo_world.credit("CM1", **own), **settings),
            "Payment": lambda: payment_world.ready(world, payment("A1", "P1", 60.0, {"INV1": 60.0}, **own), **settings),
        }
        worlds[kind]()
    else:
        world.reset(**test_catalog.SETTINGS, **settings)
        objects = test_catalog.catalogue()
        objects[kind][0].update(own)
        world.load(objects)
    define(world)


def run(world: MemoryWorld, kind: str, **how: Any) -> dict[str, Any]:
    return payment_world.run(world, steps=STEPS.get(kind, CATALOGUE), **how)


def in_zuora(world: MemoryWorld, kind: str) -> dict[str, Any]:
    return next(o for o in world.zuora.dump()[kind] if o["Id"] == zid(IDS[kind]))


def status(world: MemoryWorld, kind: str) -> Any:
    return in_zuora(world, kind).get("IntegrationStatus__NS")


def in_netsuite(world: MemoryWorld, kind: str) -> dict[str, Any]:
    """The one counterpart."""
    types = {"Account": ("customer",), "Invoice": ("invoice",), "CreditMemo": ("creditMemo",), "Payment": ("customerPayment",)}
    kinds = types.get(kind, ("serviceSaleItem", "nonInventorySaleItem", "inventoryItem"))
    name = {"Account": "custentityzuoraid"}.get(kind, "custitemzuoraid" if kind not in types else "custbodyzuoraid")
    (found,) = [r for k in kinds for r in world.in_netsuite(k) if r.get(name) == zid(IDS[kind])]
    return found


def value_of(world: MemoryWorld, kind: str) -> Any:
    return in_netsuite(world, kind).get(script_id("region", kind))


ITEM = "operations.8.object.product-rate-plan-charge"
OBJECT_RULES = {
    "Account": "operations.8.object.account",
    "Invoice": "operations.8.object.invoice",
    "CreditMemo": "operations.8.object.credit-memo",
    "Payment": "operations.8.object.payment",
    "Product": ITEM,
    "ProductRatePlan": ITEM,
    "ProductRatePlanCharge": ITEM,
}


@pytest.mark.rule(
    "operations.8.rule.1",
    "operations.8.rule.2",
    "operations.8.rule.3",
    "settings.key.custom_field_sync_enabled",
    "settings.key.custom_field_mappings",
    "settings.6.mapping-rows",
    "sequence-and-status.4.2.text.custom-field-copy-mode-b-after-the-main-record",
    "sequence-and-status.8.new-records-only",
    "sequence-and-status.8.statuses",
)
@pytest.mark.parametrize("kind", ruled(OBJECTS, OBJECT_RULES))
def test_a_new_record_is_created_then_its_fields_are_copied(fast: MemoryWorld, kind: str) -> None:
    ready(fast, kind, **switched_on(kind))
    seen = during(fast, lambda: (status(fast, kind), value_of(fast, kind)), {"method": "PATCH", "path": "/record/v1/"})
    summary = run(fast, kind)
    assert seen == [(COPYING, None)], "the record was there without the field"
    assert (value_of(fast, kind), status(fast, kind)) == (VALUE, "Sync Complete")
    assert summary["tiedOut"] is True
    before = in_netsuite(fast, kind)
    _, netsuite, _ = counted(fast, steps=STEPS.get(kind, CATALOGUE))
    assert not {name for name in writes(netsuite) if "oauth" not in name}
    assert in_netsuite(fast, kind) == before


@pytest.mark.rule("settings.key.custom_field_sync_enabled")
@pytest.mark.parametrize("kind", OBJECTS)
def test_switched_off_nothing_is_copied(fast: MemoryWorld, kind: str) -> None:
    ready(fast, kind, **switched_on(kind, custom_field_sync_enabled="No"))
    run(fast, kind)
    assert (value_of(fast, kind), status(fast, kind)) == (None, "Sync Complete")


@pytest.mark.rule("operations.8.rule.3", "sequence-and-status.8.statuses")
@pytest.mark.parametrize("kind", OBJECTS)
def test_a_refused_copy_leaves_the_record_and_says_so_and_the_next_run_finishes_it(fast: MemoryWorld, kind: str) -> None:
    ready(fast, kind, **switched_on(kind))
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/", "status": 400, "body": REFUSAL, "times": 1}])
    summary = run(fast, kind)
    assert (value_of(fast, kind), status(fast, kind)) == (None, REFUSED)
    assert in_zuora(fast, kind)["IntegrationId__NS"] == str(in_netsuite(fast, kind)["id"])
    assert summary["outcome"] == "completed with warnings"
    fast.netsuite_control.set_faults([])
    summary = run(fast, kind)
    assert (value_of(fast, kind), status(fast, kind)) == (VALUE, "Sync Complete")
    assert summary["tiedOut"] is True


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_worker_that_died_between_creation_and_copy_is_made_good(fast: MemoryWorld, kind: str) -> None:
    """The source says that the copy is under way, and nothing else."""
    ready(fast, kind, **switched_on(kind, custom_field_sync_enabled="No"))
    run(fast, kind)
    fast.settings(**{**(test_catalog.SETTINGS if kind.startswith("Product") else {}), **switched_on(kind)})
    fields = {"IntegrationStatus__NS": COPYING, "IntegrationId__NS": None}
    if "TransferredToAccounting" in in_zuora(fast, kind):
        fields["TransferredToAccounting"] = "Processing"
    with fast.zuora.tenant.store.lock:
        fast.zuora.tenant.store.update(kind, zid(IDS[kind]), fields)
    fast.clock.advance(minutes=5)
    run(fast, kind)
    assert (value_of(fast, kind), status(fast, kind)) == (VALUE, "Sync Complete")


@pytest.mark.rule("operations.8.rule.2")
@pytest.mark.parametrize("inline", [False, True])
def test_an_update_copies_nothing_unless_inline(fast: MemoryWorld, inline: bool) -> None:
    ready(fast, "Payment", **switched_on("Payment", custom_fields_inline="Yes" if inline else "No"))
    run(fast, "Payment")
    change(fast, "P1", Region__c="East")
    change(fast, "P1", "unapply", **invoices(INV1=10.0))
    reset_by_a_person(fast, "P1")
    run(fast, "Payment")
    assert state_of(fast, "P1") == payment_world.DONE
    assert value_of(fast, "Payment") == ("East" if inline else VALUE)


@pytest.mark.rule("operations.8.inline", "settings.key.custom_fields_inline")
@pytest.mark.parametrize("kind", OBJECTS)
def test_inline_the_value_goes_with_the_create(fast: MemoryWorld, kind: str) -> None:
    ready(fast, kind, **switched_on(kind, custom_fields_inline="Yes"))
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/", "status": 400, "body": {}}])
    summary = run(fast, kind)
    assert (value_of(fast, kind), status(fast, kind)) == (VALUE, "Sync Complete")
    assert summary["tiedOut"] is True
    fast.netsuite_control.set_faults([])


@pytest.mark.rule("operations.8.rule.4", "operations.8.inline")
@pytest.mark.parametrize("inline", [False, True])
def test_two_hundred_records_an_object_and_run(fast: MemoryWorld, inline: bool) -> None:
    numbers = [f"P{n:03d}" for n in range(205)]
    own = merged(*(payment("A1", n, 0.1, {"INV1": 0.1}, Region__c=VALUE) for n in numbers))
    payment_world.ready(fast, own, **switched_on("Payment", custom_fields_inline="Yes" if inline else "No"))
    define(fast)
    summary = run(fast, "Payment")
    sent = {p["custbodyzuoraid"]: p for p in fast.in_netsuite("customerPayment") if "custbodyzuoraid" in p}
    assert len(fast.in_netsuite("customerPayment")) == len(sent) == len(numbers)
    with_value = [n for n in numbers if sent[zid(n)].get("custbody_region") == VALUE]
    texts = [x["message"] for x in summary["log"] if x.get("code") == "CUSTOM-LIMIT"]
    assert (len(with_value), len(texts)) == ((205, 0) if inline else (200, 5))
    states = {p["PaymentNumber"]: (p["IntegrationStatus__NS"], p["TransferredToAccounting"]) for p in fast.zuora.dump()["Payment"]}
    assert states == dict.fromkeys(numbers, payment_world.DONE)
    assert summary["tiedOut"] is True
    left = sorted(set(numbers) - set(with_value))
    assert sorted(texts) == [f"Custom fields of Payment {n} were not sent: limit of 200 reached." for n in left]


@pytest.mark.parametrize("journal_only", ["No", "Yes"])
def test_the_copy_of_a_payment_is_told_in_zuora_with_the_journal_only_too(fast: MemoryWorld, journal_only: str) -> None:
    """Nothing else says that the fields are still to be copied."""
    ready(fast, "Payment", **switched_on("Payment", journal_only_progress_mark=journal_only))
    refusal = {"o:errorDetails": [{"detail": "busy", "o:errorCode": "UNEXPECTED_ERROR"}]}
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/", "status": 500, "body": refusal}])
    run(fast, "Payment")
    assert state_of(fast, "P1") == (COPYING, "Processing")
    fast.netsuite_control.set_faults([])
    fast.clock.advance(hours=1)
    run(fast, "Payment")
    assert (value_of(fast, "Payment"), state_of(fast, "P1")) == (VALUE, payment_world.DONE)


def test_a_mapping_to_a_field_that_netsuite_lacks_is_told_on_the_record(fast: MemoryWorld) -> None:
    ready(fast, "Payment", **switched_on("Payment"))
    fast.netsuite.load({"customField": [{"scriptId": "custbody_region", "isInactive": True}]})
    summary = run(fast, "Payment")
    assert state_of(fast, "P1") == (REFUSED, "Error")
    assert any("custbody_region" in text for text in messages(summary).values())
