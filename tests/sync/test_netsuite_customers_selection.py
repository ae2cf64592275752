"""Which NetSuite customers are taken, and what is done with each (customer-accounts.md 3.1 and 3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tests.sync.builders import account as zuora_account
from tests.sync.builders import zid
from tests.sync.customer_world import NEW_ONLY, STATUS, account, accounts, customer, netsuite, ready, run
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

rule = pytest.mark.rule
SELECTION = "customer-accounts.3.selection."


@pytest.fixture(scope="module")
def world(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world)


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param({"isInactive": True}, marks=rule(f"{SELECTION}1", "customer-accounts.1.rule.2"), id="inactive"),
        pytest.param(
            {"custentitysendtozuora": False},
            marks=rule(f"{SELECTION}2", "custom-fields.2.3.field.send-to-zuora-also-called-sync-to-zuora"),
            id="not to be sent",
        ),
        pytest.param({"entityStatus": {"id": "7"}}, marks=rule(f"{SELECTION}3"), id="lead"),
        pytest.param({STATUS: "Ignore"}, marks=rule(f"{SELECTION}4", "custom-fields.1.1.field.ignore"), id="ignored"),
        pytest.param({STATUS: " ignore. "}, marks=rule(f"{SELECTION}4"), id="ignored, written otherwise"),
    ],
)
def test_left_out(world: MemoryWorld, left_out: dict[str, Any]) -> None:
    ready(world, customer("801"), customer("802", **left_out))
    assert run(world)["tiedOut"]
    assert [a["IntegrationId__NS"] for a in accounts(world)] == ["801"]
    assert netsuite(world, "802").get(STATUS) == left_out.get(STATUS)


@rule(f"{SELECTION}5", "customer-accounts.3.action.create", "custom-fields.2.3.field.zuora-integration-status")
@pytest.mark.parametrize("status", [None, "Creating Customer Account", "Error Creating Customer Account", "Linking Customer Account"])
@pytest.mark.parametrize("settings", [{}, NEW_ONLY], ids=["new and modified", "new only"])
def test_whatever_is_not_complete_is_taken(world: MemoryWorld, status: str | None, settings: dict[str, str]) -> None:
    ready(world, customer("801", **{STATUS: status}), **settings)
    run(world)
    assert account(world, "801")["Status"] == "Active"
    assert netsuite(world, "801")[STATUS] == "Sync Complete"


@rule(f"{SELECTION}6")
@pytest.mark.parametrize(("settings", "updated"), [({}, True), (NEW_ONLY, False)], ids=["new and modified", "new only"])
@pytest.mark.parametrize("status", ["Sync Complete", "Complete"])
def test_synced_ones_are_taken_where_modified_ones_are_wanted(
    world: MemoryWorld, settings: dict[str, str], updated: bool, status: str
) -> None:
    synced = customer("801", custentityzuoraid=zid("A1"), **{STATUS: status})
    ready(world, synced, zuora=zuora_account("A1", name="Old name", IntegrationId__NS="801"), **settings)
    run(world)
    assert accounts(world)[0]["Name"] == ("Company 801" if updated else "Old name")


@rule("customer-accounts.3.action.update")
def test_a_filled_zuora_id_is_updated(world: MemoryWorld) -> None:
    ready(world, customer("801", custentityzuoraid=zid("A1")), zuora=zuora_account("A1", name="Old name"))
    summary = run(world)
    assert accounts(world)[0]["Name"] == "Company 801"
    assert netsuite(world, "801")[STATUS] == "Sync Complete"
    assert summary["tiedOut"]


@rule("customer-accounts.3.action.link", "customer-accounts.3.status.link", "customer-accounts.3.validation.skipped-on-link")
def test_a_filled_zuora_id_is_linked_where_only_new_ones_are_wanted(world: MemoryWorld) -> None:
    bare = customer("801", None, None, custentityzuoraid=zid("A1"), custentityzuorabatch=None, custentityzuorabillcycleday=None)
    ready(world, bare, zuora=zuora_account("A1", name="Old name"), **NEW_ONLY)
    before = accounts(world)[0]
    assert run(world)["tiedOut"]
    changed = {k: v for k, v in accounts(world)[0].items() if before.get(k) != v and k != "UpdatedDate"}
    assert changed.pop("SyncDate__NS").endswith("Z")
    expected = {"IntegrationId__NS": "801", "CustomerId__NS": "C-801", "IntegrationStatus__NS": "Sync Complete"}
    assert changed == expected
    assert netsuite(world, "801")[STATUS] == "Sync Complete"


@rule("settings.key.customer_account_master")
def test_nothing_is_sent_where_zuora_is_the_master(world: MemoryWorld) -> None:
    ready(world, customer("801"))
    world.settings(customer_account_master="Zuora")
    run(world)
    assert accounts(world) == []


@rule("customer-accounts.1.rule.1")
def test_changes_in_zuora_never_flow_back(world: MemoryWorld) -> None:
    ready(world, customer("801"))
    run(world)
    before = netsuite(world, "801")
    world.clock.advance(minutes=10)
    (done,) = world.wiring().zuora(DEFAULTS).update("Account", [{"Id": account(world, "801")["Id"], "Notes": "Changed in Zuora"}])
    assert done.ok
    world.calls()
    run(world)
    assert netsuite(world, "801") == before
    assert not any(name.startswith("PATCH") for name in world.calls()["netsuite"])


@rule("settings.key.disable_customer_account_sync")
def test_switched_off(world: MemoryWorld) -> None:
    ready(world, customer("801"), disable_customer_account_sync="Yes")
    run(world)
    assert accounts(world) == []
