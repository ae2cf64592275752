"""No update or link goes to a counterpart that carries another record's id: both are named, and the advice ends it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync import customer_world as reverse
from tests.sync.builders import account, charge, merged, zid
from tests.sync.invoice_world import change
from tests.sync.memory import MemoryWorld

BEHAVIOURS = ["Sync New and Modified Records", "Sync New Records Only"]
SETTINGS = {"default_subsidiary": "Parent Company"}
STATUS, ZUORA_ID = "custentityzuoraintegrationstatus", "custentityzuoraid"


def customer(internal_id: str, **fields: Any) -> dict[str, Any]:
    known = {"id": internal_id, "companyName": f"Customer {internal_id}", "subsidiary": {"id": "1"}}
    return {**known, "currency": {"refName": "USD"}, **fields}


def accounts_ready(world: MemoryWorld, behaviour: str, owner: str, **first: Any) -> None:
    """Two accounts that name customer 900, which belongs to `owner` ("" for nobody)."""
    world.reset(**SETTINGS, customer_account_sync_behavior=behaviour)
    both = merged(account("A1", IntegrationId__NS="900", **first), account("A2", name="Second", IntegrationId__NS="900"))
    world.load(both, {"customer": [customer("900", **({ZUORA_ID: zid(owner)} if owner else {}))]})


def held(summary: dict[str, Any], code: str) -> list[str]:
    return sorted(line["message"] for line in summary["log"] if line.get("code") == code)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_customer_of_another_account_is_neither_renamed_nor_taken_over(fast: MemoryWorld, behaviour: str) -> None:
    accounts_ready(fast, behaviour, "A1", IntegrationStatus__NS="Sync Complete")
    summary = fast.reported("customers")
    assert held(summary, "ACCT-TAKEN") == [
        "Account A2: NetSuite customer 900, which it names, belongs to Account A1; nothing is written to it."
    ]
    (there,) = fast.in_netsuite("customer")
    assert there[ZUORA_ID] == zid("A1")
    assert there["companyName"] != "Second"
    assert fast.in_zuora("Account", "A2").get("IntegrationStatus__NS") is None


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_the_other_account_gets_its_own_customer_once_its_integration_id_is_cleared(fast: MemoryWorld, behaviour: str) -> None:
    accounts_ready(fast, behaviour, "A1", IntegrationStatus__NS="Sync Complete")
    fast.reported("customers")
    change(fast, "Account", "A2", IntegrationId__NS=None)
    summary = fast.reported("customers")
    assert held(summary, "ACCT-TAKEN") == []
    assert {c[ZUORA_ID] for c in fast.in_netsuite("customer")} == {zid("A1"), zid("A2")}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_of_two_accounts_that_name_a_customer_of_nobody_none_gets_it(fast: MemoryWorld, behaviour: str) -> None:
    accounts_ready(fast, behaviour, "")
    summary = fast.reported("customers")
    assert held(summary, "ACCT-TAKEN") == [
        "Account A1: NetSuite customer 900 is named by Account A2 too; nothing is written to it.",
        "Account A2: NetSuite customer 900 is named by Account A1 too; nothing is written to it.",
    ]
    assert not fast.in_netsuite("customer")[0].get(ZUORA_ID)
    change(fast, "Account", "A2", IntegrationId__NS=None)
    fast.reported("customers")
    owners = {str(c["id"]): c[ZUORA_ID] for c in fast.in_netsuite("customer")}
    assert owners["900"] == zid("A1")
    assert len(owners) == 2


def test_a_customer_that_is_given_up_there_is_taken_over(fast: MemoryWorld) -> None:
    """The account of before is gone, and its customer still carries its id."""
    fast.reset(**SETTINGS)
    fast.load(account("A2", name="Second", IntegrationId__NS="900"), {"customer": [customer("900", **{ZUORA_ID: "8ad0gone"})]})
    assert len(held(fast.reported("customers"), "ACCT-TAKEN")) == 1
    reverse.change(fast, "900", **{ZUORA_ID: ""})
    assert held(fast.reported("customers"), "ACCT-TAKEN") == []
    (there,) = fast.in_netsuite("customer")
    assert (there["companyName"], there[ZUORA_ID]) == ("Second", zid("A2"))


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_an_item_of_another_charge_is_not_taken_over(fast: MemoryWorld, behaviour: str) -> None:
    fast.reset(**SETTINGS, product_catalog_sync_behavior=behaviour)
    gold = charge("Gold", IntegrationId__NS="700", IntegrationStatus__NS="Sync Complete")
    own = {"custitemzuoraid": zid("Gold"), "custitemzuoratype": "CHARGE"}
    item = {"id": "700", "itemId": "Gold", "subsidiary": {"items": [{"id": "1"}]}, **own}
    fast.load(merged(gold, charge("Silver", IntegrationId__NS="700")), {"serviceSaleItem": [item]})
    summary = fast.reported("charges")
    (message,) = held(summary, "CHG-TAKEN")
    assert "Silver" in message and "700" in message and "Gold" in message
    (there,) = [i for i in fast.in_netsuite("serviceSaleItem") if str(i["id"]) == "700"]
    assert there["custitemzuoraid"] == zid("Gold")
    assert "Silver" not in there["itemId"]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("owner", ["800", ""])
def test_an_account_of_another_customer_is_not_taken_over(fast: MemoryWorld, behaviour: str, owner: str) -> None:
    first = reverse.customer("800", custentityzuoraid=zid("A1"), **{STATUS: "Sync Complete"} if owner else {})
    second = reverse.customer("801", custentityzuoraid=zid("A1"))
    zuora = account("A1", name="First", **({"IntegrationId__NS": owner} if owner else {}))
    reverse.ready(fast, first, second, zuora=zuora, customer_account_sync_behavior=behaviour)
    messages = held(reverse.run(fast), "NSCUS-TAKEN")
    assert any("C-801" in m and zid("A1") in m and "800" in m for m in messages), messages
    assert len(messages) == (1 if owner else 2)
    (there,) = reverse.accounts(fast)
    assert there.get("IntegrationId__NS") == (owner or None)
    assert there["Name"] != "Company 801"
    assert not reverse.netsuite(fast, "801").get(STATUS)
