"""The world of the end-to-end tests: the stand-ins take both of its waves, and what it expects is what its records amount to."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from sandbox.control import LoadRefused
from sandbox.demo.mirror import Mirror
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from tests.sync.full_world import FullWorld, customers_world, found, full_world

MIRRORED = ("Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "DebitMemo", "CreditMemo", "Payment")
OBJECTS = {
    "A": {"Refund", "InvoiceItemAdjustment", "salesOrder", "customerPayment", "creditMemo", "customerRefund"},
    "B": {"DebitMemo", "CreditMemo", "Refund", "salesOrder", "customerPayment", "customerRefund"},
}
"""Object types besides the catalogue, accounts, invoices and payments."""
MODES = pytest.mark.parametrize("mode", ["A", "B"])


def as_after_a_run(world: FullWorld) -> NetSuiteStandIn:
    """NetSuite with what the steps up to the payments make of the first wave."""
    netsuite = NetSuiteStandIn(NetSuiteOptions())
    netsuite.load(world.first_netsuite)
    netsuite.load(Mirror(copy.deepcopy(world.first_zuora)).of(*MIRRORED).netsuite)
    return netsuite


@MODES
def test_the_stand_ins_take_the_first_wave(mode: str) -> None:
    world = full_world(mode)
    zuora = ZuoraStandIn(ZuoraOptions(settlement=mode == "B"))
    assert zuora.load(world.first_zuora) == {name: len(rows) for name, rows in world.first_zuora.items()}
    assert found(world, zuora.dump(), NetSuiteStandIn(NetSuiteOptions()).dump()) == {}, "nothing is in NetSuite yet"


@MODES
def test_the_second_wave_needs_what_the_first_run_makes(mode: str) -> None:
    world = full_world(mode)
    assert as_after_a_run(world).load(world.second) == {name: len(rows) for name, rows in world.second.items()}
    bare = NetSuiteStandIn(NetSuiteOptions())
    bare.load(world.first_netsuite)
    with pytest.raises(LoadRefused, match="refused"):
        bare.load(world.second)


@MODES
def test_expected_totals_are_those_of_the_records(mode: str) -> None:
    world = full_world(mode)
    there = found(world, world.first_zuora, as_after_a_run(world).dump())
    assert there == {key: total for key, total in world.expected_first.items() if key[0] in MIRRORED}
    assert set(world.expected) > set(world.expected_first)


@MODES
def test_every_object_type_is_there(mode: str) -> None:
    always = {"Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "Payment"}
    assert {kind for kind, _ in full_world(mode).expected} == always | OBJECTS[mode]


@MODES
def test_the_world_is_the_same_every_time(mode: str) -> None:
    assert full_world(mode) == full_world(mode)


def test_what_came_from_netsuite_is_found_in_zuora() -> None:
    world = full_world("B")
    netsuite = as_after_a_run(world)
    netsuite.load(world.second)
    dump = netsuite.dump()
    ids = {r["tranId"]: str(r["id"]) for kind in world.second for r in dump[kind]}
    new: dict[str, list[dict[str, Any]]] = {
        "Subscription": [{"Id": "s", "IntegrationId__NS": ids["SO-1"]}],
        "Payment": [
            {"Id": "p", "IntegrationId__NS": ids["CHK-1"], "Amount": 1190.75},
            {"Id": "q", "IntegrationId__NS": "other", "Amount": 1},
        ],
        "Refund": [{"Id": "r", "IntegrationId__NS": ids["RF-1"], "Amount": 40}],
        "InvoiceAdjustment": [{"Id": "a", "IntegrationId__NS": ids["CR-1"], "Amount": 5, "Type": "Credit"}],
    }
    came = {key: total for key, total in found(world, new, dump).items() if key[0][0].islower()}
    assert came == {
        ("creditMemo", "USD"): (1, Decimal(5)),
        ("customerPayment", "USD"): (1, Decimal("1190.75")),
        ("customerRefund", "USD"): (1, Decimal(40)),
        ("salesOrder", ""): (1, Decimal(0)),
    }


def test_the_world_of_netsuite_s_customers_expects_those_that_are_flagged() -> None:
    world = customers_world()
    netsuite = NetSuiteStandIn(NetSuiteOptions())
    assert netsuite.load(world.first_netsuite) == {"customer": 4}
    accounts = [{"Id": str(n), "IntegrationId__NS": str(n)} for n in range(911, 914)]
    assert found(world, {"Account": accounts}, netsuite.dump()) == world.expected == {("customer", ""): (3, Decimal(0))}
