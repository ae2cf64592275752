"""docs/switch-to-invoice-settlement.md, step by step: a tenant that was synced without Invoice Settlement is switched to it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tallybridge.desk.doctor.zuora import MIGRATED, bound_check
from tallybridge.errors import ConfigurationError
from tests.guides.switch import Objects, migrated, run, switch
from tests.sync.full_world import full_world
from tests.sync.memory import MemoryWorld

TRANSACTIONS = ("invoice", "creditMemo", "customerPayment", "customerRefund", "customer", "serviceSaleItem")
Synced = tuple[MemoryWorld, Objects, dict[str, int]]


def in_netsuite(world: MemoryWorld) -> dict[str, int]:
    """Records by type."""
    dump = world.netsuite.dump()
    return {kind: len(dump.get(kind, [])) for kind in TRANSACTIONS}


@pytest.fixture
def synced(started_mode_a: MemoryWorld) -> Synced:
    """A mode A tenant after a green run: the world, what Zuora holds, and how many records NetSuite has."""
    world, full = started_mode_a, full_world("A")
    switch(world, {}, settlement=False)
    world.reset(**{**full.settings, "default_subsidiary": "Parent Company", "zuora_default_currency": "USD"})
    world.load(full.first_zuora, full.first_netsuite)
    output = run(world)
    assert (output["outcome"], output["tiedOut"]) == ("completed", True)
    return world, world.zuora.dump(), in_netsuite(world)


@pytest.fixture
def switched(synced: Synced) -> Synced:
    """The same tenant after Zuora's migration, before anybody touched the memos that it made; NetSuite and the instance as after the
    last run in mode A."""
    world, tenant, counts = synced
    switch(world, migrated(copy.deepcopy(tenant)), settlement=True)
    return world, tenant, counts


def codes(world: MemoryWorld, output: dict[str, Any]) -> set[str]:
    return {m["code"] for m in world.summary(output)["messages"]}


def test_a_run_is_refused_until_the_switch_is_accepted(switched: Synced) -> None:
    world, _, counts = switched
    before = world.zuora.dump()
    with pytest.raises(ConfigurationError) as refused:
        run(world)
    assert refused.value.code == "MODE-CHANGED"
    assert '"acceptMode": "B"' in refused.value.advice
    assert (world.zuora.dump(), in_netsuite(world)) == (before, counts), "nothing was written"


def test_a_run_that_accepts_a_mode_which_the_tenant_does_not_have_is_refused(synced: Synced) -> None:
    world, tenant, _ = synced
    switch(world, copy.deepcopy(tenant), settlement=False)
    with pytest.raises(ConfigurationError) as refused:
        run(world, acceptMode="B")
    assert refused.value.code == "MODE-NOT-SWITCHED"


def test_the_doctor_says_so_before_a_run_does() -> None:
    assert "tallybridge run --accept-mode B" in bound_check("B", "A").next
    assert "AR Mig - negative invoice" in MIGRATED


@pytest.mark.rule("sequence-and-status.9.migrated-memos")
def test_an_accepted_run_doubles_nothing_and_sets_the_migrated_memos_aside(switched: Synced) -> None:
    world, _, counts = switched
    looked = run(world, acceptMode="B", dryRun=True)
    assert "CM-MIGRATED" in codes(world, looked)
    assert in_netsuite(world) == counts

    accepted = run(world, acceptMode="B")
    assert accepted["tiedOut"]
    assert codes(world, accepted) == {"MODE-SWITCHED", "CM-MIGRATED"}
    assert in_netsuite(world) == counts, "every record was recognised, the memos of the migration stayed behind"

    for memo in world.zuora.dump()["CreditMemo"]:
        stored = world.zuora.tenant.store.get("CreditMemo", memo["Id"])
        assert stored is not None
        stored["TransferredToAccounting"] = "Yes"
    after = run(world)
    assert (after["tiedOut"], codes(world, after)) == (True, set())
    assert in_netsuite(world) == counts


@pytest.mark.rule("sequence-and-status.9.migrated-memos")
def test_migrated_memos_are_sent_only_where_the_settings_say_so(switched: Synced) -> None:
    world, _, counts = switched
    settings = {**full_world("A").settings, "default_subsidiary": "Parent Company", "zuora_default_currency": "USD"}
    world.settings(**settings, send_migrated_credit_memos="Yes", default_item_id=str(item_of(world)))
    try:
        output = run(world, acceptMode="B")
    finally:
        world.settings(**settings)
    assert "CM-MIGRATED" not in codes(world, output)
    sent = [s for s in world.summary(output)["steps"] if s["step"] == "credit_memos"]
    assert sent[0]["selected"] == 2
    assert in_netsuite(world)["creditMemo"] == counts["creditMemo"] + sent[0]["created"]


def item_of(world: MemoryWorld) -> Any:
    return world.in_netsuite("serviceSaleItem")[0]["id"]
