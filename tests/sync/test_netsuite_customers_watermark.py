"""Modified customers: the watermark, its overlap, our own writes, the retry list (customer-accounts.md 1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.sync.builders import account as zuora_account
from tests.sync.builders import zid
from tests.sync.customer_world import NEW_ONLY, STATUS, account, accounts, change, customer, netsuite, ready, run
from tests.sync.memory import MemoryWorld

rule = pytest.mark.rule
WATERMARK = "customer-accounts.1.1.watermark."


@pytest.fixture(params=["UTC", "America/Los_Angeles", "Asia/Tokyo"], ids=["UTC", "west", "east"])
def world(fast: MemoryWorld, request: pytest.FixtureRequest) -> Iterator[MemoryWorld]:
    """A NetSuite account in its own time zone."""
    before, fast.netsuite.options.time_zone = fast.netsuite.options.time_zone, request.param
    yield fast
    fast.netsuite.options.time_zone = before
    fast.netsuite_control.set_faults([])
    fast.zuora_control.set_faults([])


def watermark(world: MemoryWorld) -> str:
    return str(world.wiring().runs().watermark("netsuite_customers").get("watermark", ""))


def report(world: MemoryWorld) -> dict[str, Any]:
    """What one run says of the step."""
    return dict(run(world)["steps"][0])


@rule(f"{WATERMARK}own-write-back", f"{WATERMARK}otherwise", f"{WATERMARK}after-step")
def test_once_the_overlap_is_over_a_run_asks_how_many_and_nothing_more(world: MemoryWorld) -> None:
    ready(world, customer("801"), customer("802", parent={"id": "801"}))
    run(world)
    for _ in range(2):
        assert report(world)["selected"] == 0
        world.clock.advance(minutes=150)
    world.calls()
    assert report(world)["selected"] == 0
    counted = world.calls()
    assert counted["zuora"].get("POST /v1/action/query", 0) == 0
    counted["netsuite"].pop("POST /auth/oauth2/v1/token", None)
    asked = counted["netsuite"].pop("POST /query/v1/suiteql")
    assert asked == 5, "does it answer, how many wait, what is left out, what was changed, what was deleted"
    assert set(counted["netsuite"]) == {f"GET /record/v1/metadata-catalog/{kind}" for kind in ("customer", "invoice")}
    assert watermark(world)[:19].replace("T", " ") > "2026"


@rule(f"{WATERMARK}otherwise", f"{WATERMARK}first-run-ever-with-sync-new-and-modified-records")
def test_a_change_is_sent_once(world: MemoryWorld) -> None:
    ready(world, customer("801"), customer("802"))
    run(world)
    change(world, "801", comments="Other")
    lines = [line["message"] for line in run(world)["log"]]
    assert (account(world, "801")["Notes"], account(world, "802")["Notes"]) == ("Other", "A note")
    assert not any("C-802" in line for line in lines)  # our own write-back lies within the overlap
    before = watermark(world)
    world.calls()
    run(world)
    assert "POST /v1/action/update" not in world.calls()["zuora"]
    assert watermark(world) == before


@rule(f"{WATERMARK}own-write-back")
def test_what_shows_late_is_seen_within_the_overlap(world: MemoryWorld) -> None:
    """A change that bears a moment shortly before the watermark but was not visible then, and one from before the overlap."""
    ready(world, customer("801"))
    run(world)
    change(world, "801", comments="First")
    changed = world.clock.moment - timedelta(minutes=11)
    run(world)
    for internal_id, moment in (("802", changed), ("803", changed - timedelta(minutes=150))):
        synced = {STATUS: "Sync Complete", "custentityzuoraid": zid(internal_id), "lastModifiedDate": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
        world.load(zuora_account(internal_id, name="Old", IntegrationId__NS=internal_id), {"customer": [customer(internal_id, **synced)]})
    assert report(world)["updated"] == 1
    assert (account(world, "802")["Name"], account(world, "803")["Name"]) == ("Company 802", "Old")
    assert report(world)["selected"] == 0


@rule(
    f"{WATERMARK}behavior-was-switched-from-new-only-to-new-and",
    f"{WATERMARK}behavior-is-sync-new-records-only",
    "settings.8.procedure.4",
)
def test_after_the_switch_only_later_changes_count(world: MemoryWorld) -> None:
    ready(world, customer("801"), **NEW_ONLY)
    run(world)
    change(world, "801", comments="Before the switch")
    run(world)
    assert account(world, "801")["Notes"] == "A note"
    world.settings(customer_account_master="NetSuite", zuora_default_currency="USD")
    latest = world.clock.moment - timedelta(minutes=39)
    world.load(netsuite={"customer": [customer("802", lastModifiedDate=f"{latest:%Y-%m-%dT%H:%M:%SZ}")]})
    run(world)
    assert account(world, "801")["Notes"] == "A note"
    assert account(world, "802")["Status"] == "Active"
    change(world, "801", phone="+1 512 555 0109")
    run(world)
    assert account(world, "801")["Notes"] == "Before the switch"


@rule(f"{WATERMARK}behavior-was-switched-from-new-only-to-new-and")
def test_a_change_right_after_the_switch_is_not_lost(world: MemoryWorld) -> None:
    ready(world, customer("801"), **NEW_ONLY)
    run(world)
    world.settings(customer_account_master="NetSuite", zuora_default_currency="USD")
    run(world)
    change(world, "801", comments="After the switch")
    run(world)
    assert account(world, "801")["Notes"] == "After the switch"


@rule(f"{WATERMARK}retry-list")
def test_a_modified_customer_that_fails_validation_is_kept_in_mind(world: MemoryWorld) -> None:
    ready(world, customer("801"), customer("802"))
    run(world)
    change(world, "801", custentityzuorabillcycleday=None, comments="Held")
    change(world, "802", comments="Sent")
    run(world)
    assert netsuite(world, "801")[STATUS] == "Sync Complete"
    assert (account(world, "801")["Notes"], account(world, "802")["Notes"]) == ("A note", "Sent")
    run(world)
    assert account(world, "801")["Notes"] == "A note"
    change(world, "801", custentityzuorabillcycleday={"refName": "15"})
    run(world)
    assert account(world, "801")["Notes"] == "Held"


@rule(f"{WATERMARK}failed-update", "customer-accounts.3.status.update")
def test_a_refused_update_is_taken_up_again(world: MemoryWorld) -> None:
    ready(world, customer("801"))
    run(world)
    change(world, "801", comments="Other", custentityzuorapaymentterm="Net 37")
    run(world)
    assert netsuite(world, "801")[STATUS] == "Error Updating Customer Account"
    change(world, "801", custentityzuorapaymentterm="Net 45")
    run(world)
    assert netsuite(world, "801")[STATUS] == "Sync Complete"
    assert (account(world, "801")["Notes"], account(world, "801")["PaymentTerm"]) == ("Other", "Net 45")
    assert len(accounts(world)) == 1
