"""The configuration of the revenue connector keeps its history, and a run refuses one that was emptied by accident."""

from __future__ import annotations

import json

import pytest

from tests.revenue.world import RevenueWorld, line, order


@pytest.fixture
def ran(world: RevenueWorld) -> RevenueWorld:
    """A world that has run once."""
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))
    assert world.run("first")["outcome"] == "SUCCESS"
    return world


@pytest.mark.parametrize("instances", [None, []], ids=["nothing at all", "without its instances"])
def test_an_emptied_configuration_is_refused_and_people_are_told(ran: RevenueWorld, instances: object) -> None:
    document = {} if instances is None else {**ran.config, "instances": instances}
    ran.memory.document = json.dumps(document)
    sent = len(ran.mails())
    assert ran.run("second")["outcome"] == "FAILED"
    assert "CONFIGURATION-SHRUNK" in str(ran.mails()[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert len(ran.mails()) == sent + 1
    ran.store()
    assert ran.run("third")["outcome"] == "SUCCESS"


def test_a_configuration_that_was_switched_off_by_hand_is_kept_as_a_version(ran: RevenueWorld) -> None:
    ran.config["enabled"] = False
    ran.store()
    ran.run("off")
    versions = list(ran.wiring().revenue_configuration().versions.all())
    assert [json.loads(v.document)["enabled"] for v in versions] == [False, True]
