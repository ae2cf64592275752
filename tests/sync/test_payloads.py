"""What was sent of a record can be shown afterwards, without names and addresses; and of a record that was not sent, that nothing was."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.demo.bench_steps import bench_step
from tallybridge.desk.payloads import sent
from tallybridge.technical import MASK
from tests.sync.builders import zid
from tests.sync.invoice_world import ready
from tests.sync.memory import MemoryWorld
from tests.sync.test_instructions import broken, mended
from tests.sync.world import unserved_world


@pytest.fixture(scope="module")
def world() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


def told(world: MemoryWorld, kind: str, number: str) -> Any:
    key = f"zuora#{kind}#{zid(number)}"
    item = world.wiring().ledger("", "desk").read([key])[key]
    target: Any = SimpleNamespace(folder=world.wiring().folder)
    return sent(target, item)


def test_the_requests_of_a_record_are_kept_with_the_run_that_sent_them(world: MemoryWorld) -> None:
    ready(world, broken("INV1", "INV2"))
    world.reported("invoices")
    assert told(world, "Invoice", "INV1") is None  # it was held: nothing has left
    mended(world)
    world.reported("invoices")
    (request,) = told(world, "Invoice", "INV1")
    assert (request["to"], request["id"]) == ("invoice", "")
    assert request["fields"]["externalId"] == zid("INV1") and float(request["fields"]["item[1].amount"]) == 100
    first = told(world, "Invoice", "INV2")
    world.reported("invoices")  # nothing is due any more: what was sent stays as it was
    assert told(world, "Invoice", "INV2") == first


def test_names_and_addresses_are_masked(world: MemoryWorld) -> None:
    tenant = bench_step("customers", 3, "B")
    world.reset(**{"default_subsidiary": "Parent Company", **tenant.settings})
    world.load(tenant.in_mode("B"), tenant.netsuite)
    folder = world.wiring().folder(world.reported("customers")["run_id"])
    rows = [row for name in folder.names("customers/sent/") for row in folder.read_lines(name)]
    written = json.dumps(rows)
    contacts = world.zuora_control.stand_in.dump()["Contact"]
    personal = {str(each[name]) for each in contacts for name in ("FirstName", "LastName", "WorkEmail", "Address1") if each.get(name)}
    assert len(rows) == 3 and MASK in written and personal
    assert not [word for word in personal if word in written]


def test_a_dry_run_keeps_none(world: MemoryWorld) -> None:
    ready(world, broken("INV1"))
    mended(world)
    summary = world.reported("invoices", dryRun=True)
    assert not list(world.wiring().folder(summary["run_id"]).names("invoices/sent/"))
