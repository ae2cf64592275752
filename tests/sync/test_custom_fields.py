"""The owner's own fields, copied end to end (operations.md section 8): each object of a tenant with Invoice Settlement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync import payment_world, test_catalog
from tests.sync.builders import account, merged, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import change, counted, invoices, messages, reset_by_a_person, state_of, writes
from tests.sync.recording import REFUSAL, during
from tests.sync.words import Part, a_charge, a_credit_memo, a_payment, an_account, an_invoice, world_with
from tests.sync.world import unserved_world

OBJECTS = ("Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "CreditMemo", "Payment")
PREFIX = {"Account": "custentity", "Product": "custitem", "ProductRatePlan": "custitem", "ProductRatePlanCharge": "custitem"}
VALUE = "North & <West>"
COPYING, REFUSED = "Updating custom fields", "Error updating custom fields"
IDS = {"Account": "A7", "Product": "product", "ProductRatePlan": "plan", "ProductRatePlanCharge": "charge"}
IDS |= {"Invoice": "INV20", "CreditMemo": "CM1", "Payment": "P1"}
STEPS = ("customers", "products", "rate_plans", "charges", "invoices", "credit_memos", "payments")
"""In the order of `OBJECTS`."""
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


def switched_on(*kinds: str, **settings: Any) -> dict[str, Any]:
    """The settings that copy the field of these objects, of all if none is named."""
    rows = [
        {"zuora_object": kind, "zuora_field": "Region__c", "netsuite_field": script_id("region", kind), "netsuite_internal_id": "901"}
        for kind in kinds or OBJECTS
    ]
    copying = {"custom_field_sync_enabled": "Yes", "custom_field_mappings": rows}
    return {**test_catalog.SETTINGS, **SYNCS, **copying, **settings}


def define(world: MemoryWorld, kind: str = "text", name: str = "region") -> None:
    """The owner's fields in NetSuite."""
    rows = [{"scriptId": f"{prefix}_{name}", "label": f"Owner's {name}", "type": kind} for prefix in ("custentity", "custitem", "custbody")]
    world.load(netsuite={"customField": rows})


def ready(world: MemoryWorld, **settings: Any) -> None:
    """A world with one record of each object that carries the value; what the documents stand on is new, too, and carries none."""
    own: dict[str, Any] = {"Region__c": VALUE}
    catalogue = test_catalog.catalogue()
    for kind in catalogue:
        catalogue[kind][0].update(own)
    owner, gold = an_account("A8", synced=False), a_charge("Gold", synced=False)
    sold = an_invoice("INV20", 9.0, gold, of=owner, **own)
    documents = (sold, a_credit_memo("CM1", 9.0, gold, of=owner, **own), a_payment("P1", 9.0, [(sold, 9.0)], of=owner, **own))
    world_with(world, Part("", merged(account("A7", **own), catalogue), {}), *documents, **settings)
    define(world)


def run(world: MemoryWorld, *steps: str, **how: Any) -> dict[str, Any]:
    return payment_world.run(world, steps=steps or STEPS, **how)


def in_zuora(world: MemoryWorld, kind: str) -> dict[str, Any]:
    return next(o for o in world.zuora.dump()[kind] if o["Id"] == zid(IDS[kind]))


def status(world: MemoryWorld, kind: str) -> Any:
    return in_zuora(world, kind).get("IntegrationStatus__NS")


def in_netsuite(world: MemoryWorld, kind: str) -> dict[str, Any]:
    """The one counterpart; nothing as long as there is none."""
    types = {"Account": ("customer",), "Invoice": ("invoice",), "CreditMemo": ("creditMemo",), "Payment": ("customerPayment",)}
    kinds = types.get(kind, ("serviceSaleItem", "nonInventorySaleItem", "inventoryItem"))
    name = {"Account": "custentityzuoraid"}.get(kind, "custitemzuoraid" if kind not in types else "custbodyzuoraid")
    found = [r for k in kinds for r in world.in_netsuite(k) if r.get(name) == zid(IDS[kind])]
    assert len(found) < 2
    return found[0] if found else {}


def value_of(world: MemoryWorld, kind: str) -> Any:
    return in_netsuite(world, kind).get(script_id("region", kind))


State = tuple[Any, Any]


def states(world: MemoryWorld) -> dict[str, State]:
    """(value in NetSuite, status in Zuora) of the record of each object."""
    return {kind: (value_of(world, kind), status(world, kind)) for kind in OBJECTS}


DONE = (VALUE, "Sync Complete")
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
def test_a_new_record_is_created_then_its_fields_are_copied(copied: Copied, kind: str) -> None:
    assert len(copied.seen) == len(OBJECTS), "one update each"
    assert copied.seen[OBJECTS.index(kind)][kind] == (None, COPYING), "the record was there without the field"
    assert copied.states[kind] == DONE


def test_what_is_copied_is_not_copied_again(copied: Copied) -> None:
    assert copied.tied_out is True
    assert not copied.later


@dataclass(frozen=True)
class Copied:
    """What was seen at each update in NetSuite, and after the run; what the next run wrote in NetSuite."""

    seen: list[dict[str, State]]
    states: dict[str, State]
    tied_out: bool
    later: set[str]


@pytest.fixture(scope="module")
def copied(fast: MemoryWorld) -> Copied:
    ready(fast, **switched_on())
    seen = during(fast, lambda: states(fast), {"method": "PATCH", "path": "/record/v1/"})
    summary = run(fast)
    after = states(fast), summary["tiedOut"]
    records = {kind: in_netsuite(fast, kind) for kind in OBJECTS}
    _, netsuite, _ = counted(fast, steps=STEPS)
    assert {kind: in_netsuite(fast, kind) for kind in OBJECTS} == records
    return Copied(seen, *after, {name for name in writes(netsuite) if "oauth" not in name})


@pytest.mark.rule("settings.key.custom_field_sync_enabled")
def test_switched_off_nothing_is_copied(fast: MemoryWorld) -> None:
    ready(fast, **switched_on(custom_field_sync_enabled="No"))
    run(fast)
    assert states(fast) == dict.fromkeys(OBJECTS, (None, "Sync Complete"))


@pytest.mark.rule("operations.8.rule.3", "sequence-and-status.8.statuses")
def test_a_refused_copy_leaves_the_record_and_says_so_and_the_next_run_finishes_it(fast: MemoryWorld) -> None:
    ready(fast, **switched_on())
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/", "status": 400, "body": REFUSAL}])
    summary = run(fast)
    assert states(fast) == dict.fromkeys(OBJECTS, (None, REFUSED))
    assert all(in_zuora(fast, kind)["IntegrationId__NS"] == str(in_netsuite(fast, kind)["id"]) for kind in OBJECTS)
    assert summary["outcome"] == "completed with warnings"
    fast.netsuite_control.set_faults([])
    summary = run(fast)
    assert states(fast) == dict.fromkeys(OBJECTS, DONE)
    assert summary["tiedOut"] is True


def test_a_worker_that_died_between_creation_and_copy_is_made_good(fast: MemoryWorld) -> None:
    """The source says that the copy is under way, and nothing else."""
    ready(fast, **switched_on(custom_field_sync_enabled="No"))
    run(fast)
    fast.settings(**switched_on())
    for kind in OBJECTS:
        fields = {"IntegrationStatus__NS": COPYING, "IntegrationId__NS": None}
        if "TransferredToAccounting" in in_zuora(fast, kind):
            fields["TransferredToAccounting"] = "Processing"
        with fast.zuora.tenant.store.lock:
            fast.zuora.tenant.store.update(kind, zid(IDS[kind]), fields)
    fast.clock.advance(minutes=5)
    run(fast)
    assert states(fast) == dict.fromkeys(OBJECTS, DONE)


def paying(world: MemoryWorld, **settings: Any) -> None:
    """A world with a payment alone."""
    payment_world.ready(world, payment("A1", "P1", 60.0, {"INV1": 60.0}, Region__c=VALUE), **settings)
    define(world)


@pytest.mark.rule("operations.8.rule.2")
@pytest.mark.parametrize("inline", [False, True])
def test_an_update_copies_nothing_unless_inline(fast: MemoryWorld, inline: bool) -> None:
    paying(fast, **switched_on("Payment", custom_fields_inline="Yes" if inline else "No"))
    run(fast, "payments")
    change(fast, "P1", Region__c="East")
    change(fast, "P1", "unapply", **invoices(INV1=10.0))
    reset_by_a_person(fast, "P1")
    run(fast, "payments")
    assert state_of(fast, "P1") == payment_world.DONE
    assert value_of(fast, "Payment") == ("East" if inline else VALUE)


@pytest.mark.rule("operations.8.inline", "settings.key.custom_fields_inline")
def test_inline_the_value_goes_with_the_create(fast: MemoryWorld) -> None:
    ready(fast, **switched_on(custom_fields_inline="Yes"))
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/", "status": 400, "body": {}}])
    summary = run(fast)
    assert states(fast) == dict.fromkeys(OBJECTS, DONE)
    assert summary["tiedOut"] is True
    fast.netsuite_control.set_faults([])


@pytest.mark.rule("operations.8.rule.4", "operations.8.inline")
@pytest.mark.parametrize("inline", [False, True])
def test_two_hundred_records_an_object_and_run(fast: MemoryWorld, inline: bool) -> None:
    numbers = [f"P{n:03d}" for n in range(205)]
    own = merged(*(payment("A1", n, 0.1, {"INV1": 0.1}, Region__c=VALUE) for n in numbers))
    payment_world.ready(fast, own, **switched_on("Payment", custom_fields_inline="Yes" if inline else "No"))
    define(fast)
    summary = run(fast, "payments")
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
    paying(fast, **switched_on("Payment", journal_only_progress_mark=journal_only))
    refusal = {"o:errorDetails": [{"detail": "busy", "o:errorCode": "UNEXPECTED_ERROR"}]}
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/", "status": 500, "body": refusal}])
    run(fast, "payments")
    assert state_of(fast, "P1") == (COPYING, "Processing")
    fast.netsuite_control.set_faults([])
    fast.clock.advance(hours=1)
    run(fast, "payments")
    assert (value_of(fast, "Payment"), state_of(fast, "P1")) == (VALUE, payment_world.DONE)


def test_a_mapping_to_a_field_that_netsuite_lacks_is_told_on_the_record(fast: MemoryWorld) -> None:
    paying(fast, **switched_on("Payment"))
    fast.netsuite.load({"customField": [{"scriptId": "custbody_region", "isInactive": True}]})
    summary = run(fast, "payments")
    assert state_of(fast, "P1") == (REFUSED, "Error")
    assert any("custbody_region" in text for text in messages(summary).values())
