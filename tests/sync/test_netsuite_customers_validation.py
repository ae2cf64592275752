"""Validations that need a world of their own, and what becomes of what was held (customer-accounts.md 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.builders import account as zuora_account
from tests.sync.builders import zid
from tests.sync.customer_world import STATUS, account, accounts, change, customer, messages, netsuite, ready, run
from tests.sync.memory import MemoryWorld

rule = pytest.mark.rule
VALIDATION = "customer-accounts.3.validation."
SUBSIDIARY = {"id": "77", "name": "Closed GmbH", "country": {"id": "DE"}, "currency": {"refName": "USD"}}


@pytest.fixture
def world(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    yield fast
    fast.netsuite.options.multiple_currencies = True


@rule(f"{VALIDATION}W1")
def test_w1_subsidiary(world: MemoryWorld) -> None:
    ready(world, netsuite={"subsidiary": [SUBSIDIARY]})
    world.load(netsuite={"customer": [customer("801", subsidiary={"id": "77"})]})
    world.netsuite.tenant.store.get("subsidiary", 77).values["isInactive"] = True  # type: ignore[union-attr]
    summary = run(world)
    assert messages(summary) == {"NSCUS-W1": 'Customer C-801: subsidiary "Closed GmbH" is not valid.'}
    assert accounts(world) == []


@rule(f"{VALIDATION}W2", f"{VALIDATION}W3")
@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"terms": None, "custentityzuorapaymentterm": "Net 37"}, "NSCUS-W2", 'terms "Net 37" do not exist in Zuora.'),
        ({"currency": {"refName": "NOK"}}, "NSCUS-W3", 'currency "NOK" is not active in Zuora.'),
    ],
)
def test_w2_w3_what_zuora_alone_knows(world: MemoryWorld, fields: dict[str, Any], code: str, message: str) -> None:
    """No API lists a tenant's terms and currencies: Zuora's check of the account decides, and the status is as it was before."""
    krone = {"id": "71", "name": "Krone", "symbol": "NOK", "exchangeRate": 0.1}
    ready(world, netsuite={"currency": [krone]})
    world.load(netsuite={"customer": [customer("801", **fields), customer("802")]})
    for _ in range(2):
        summary = run(world)
        assert messages(summary) == {code: f"Customer C-801: {message}"}
        assert [a["IntegrationId__NS"] for a in accounts(world)] == ["802"]
        assert not netsuite(world, "801").get(STATUS)
    change(world, "801", custentityzuorapaymentterm="Net 45", currency={"refName": "USD"})
    run(world)
    assert (account(world, "801")["PaymentTerm"], account(world, "801")["Currency"]) == ("Net 45", "USD")


@rule(f"{VALIDATION}W3", "settings.key.zuora_default_currency")
def test_w3_without_any_currency(world: MemoryWorld) -> None:
    world.netsuite.options.multiple_currencies = False
    ready(world, customer("801", currency=None), netsuite_multiple_currencies="No")
    world.settings(customer_account_master="NetSuite", netsuite_multiple_currencies="No")
    assert messages(run(world)) == {"NSCUS-W3": 'Customer C-801: currency "" is not active in Zuora.'}


W10 = "No record details found in memory for RECORD_ID '{0}'. The parent of customer C-{1} is not set to Send to Zuora or failed to sync."


@rule(f"{VALIDATION}W10", "operations.7.1.message.no-record-details-found-in-memory-for-record-id-id")
@pytest.mark.parametrize("fields", [{"custentitysendtozuora": False}, {"custentityzuorabatch": None}], ids=["not sent", "held"])
def test_w10_the_parent_is_missing(world: MemoryWorld, fields: dict[str, Any]) -> None:
    ready(world, customer("801", **fields), customer("802", parent={"id": "801"}))
    summary = run(world)
    assert messages(summary)["NSCUS-W10"] == W10.format(801, 802)
    assert next(line for line in summary["log"] if line.get("code") == "NSCUS-W10")["waits_for"] == "Customer C-801"
    assert accounts(world) == [] and STATUS not in netsuite(world, "802")
    change(world, "801", custentitysendtozuora=True, custentityzuorabatch={"refName": "Batch1"})
    run(world)
    assert account(world, "802")["ParentId"] == account(world, "801")["Id"]


@rule(f"{VALIDATION}W10")
def test_w10_the_parent_is_refused_in_the_same_run(world: MemoryWorld) -> None:
    ready(world, customer("801", custentityzuorapaymentterm="Net 37"), customer("802", parent={"id": "801"}))
    assert messages(run(world))["NSCUS-W10"] == W10.format(801, 802)
    assert accounts(world) == []


@rule(f"{VALIDATION}W12")
def test_w12_complete_without_zuora_id(world: MemoryWorld) -> None:
    ready(world, customer("801", **{STATUS: "Sync Complete"}))
    expected = {"NSCUS-W12": "Customer C-801: status is Sync Complete but Zuora ID is empty."}
    assert messages(run(world)) == expected
    assert accounts(world) == [] and netsuite(world, "801")[STATUS] == "Sync Complete"
    assert messages(run(world)) == expected


def test_updates_are_validated_too(world: MemoryWorld) -> None:
    bad = customer("801", custentityzuoraid=zid("A1"), custentityzuorabatch=None, **{STATUS: "Sync Complete"})
    ready(world, bad, zuora=zuora_account("A1", name="Old", IntegrationId__NS="801"))
    assert messages(run(world)) == {"NSCUS-W4": "Customer C-801: Zuora Batch is empty."}
    assert accounts(world)[0]["Name"] == "Old"
