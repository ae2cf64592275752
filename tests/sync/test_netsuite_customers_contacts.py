"""Addresses of NetSuite customers that Zuora does not take whole, or cannot tax."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.customer_world import ANN, BO, account, accounts, change, contacts, customer, messages, netsuite, ready, run
from tests.sync.memory import MemoryWorld


def without_country(address: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in address.items() if k != "country"}


BILLING = "Customer C-801: the default billing address has no country; Zuora cannot calculate taxes for its account."
BOTH = "Customer C-801: the default billing and shipping addresses have no country; Zuora cannot calculate taxes for its account."


@pytest.mark.rule("settings.key.contact_without_country")
@pytest.mark.parametrize(("shipping", "text"), [(BO, BILLING), (without_country(BO), BOTH)])
def test_an_address_without_a_country_is_a_warning(fast: MemoryWorld, shipping: dict[str, Any], text: str) -> None:
    ready(fast, customer("801", without_country(ANN), shipping), customer("802"))
    summary = run(fast)
    assert messages(summary) == {"NSCUS-COUNTRY": text}
    assert [line["level"] for line in summary["log"] if line.get("code") == "NSCUS-COUNTRY"] == ["WARNING"]
    assert account(fast, "801")["Status"] == "Active"
    assert account(fast, "802")["Status"] == "Active"


def address_line(world: MemoryWorld, customer_id: str, **changed: Any) -> dict[str, Any]:
    """The customer's first line of addresses, as somebody sends it back who has changed its address."""
    line = netsuite(world, customer_id)["addressBook"]["items"][0]
    address = line["addressBookAddress"] | changed
    of_netsuite = ("internalId", "addrText")
    return {k: v for k, v in line.items() if k not in of_netsuite} | {
        "addressBookAddress": {k: v for k, v in address.items() if k not in of_netsuite}
    }


def test_or_it_is_held_until_there_is_one(fast: MemoryWorld) -> None:
    ready(fast, customer("801", without_country(ANN)), customer("802"), contact_without_country="Hold")
    assert messages(run(fast)) == {"NSCUS-COUNTRY": BILLING}
    assert [a["IntegrationId__NS"] for a in accounts(fast)] == ["802"]
    line = address_line(fast, "801", country={"id": "US"})
    change(fast, "801", addressBook={"items": [line]})
    run(fast)
    assert account(fast, "801")["Status"] == "Active"


@pytest.mark.parametrize("updated", [False, True])
def test_every_cut_is_told_with_creates_and_with_updates(fast: MemoryWorld, updated: bool) -> None:
    long = {**ANN, "city": "c" * 45}
    ready(fast, customer("801", ANN if updated else long))
    summary = run(fast)
    if updated:
        line = address_line(fast, "801", city="c" * 45)
        change(fast, "801", addressBook={"items": [line]})
        summary = run(fast)
    bill_to, _ = contacts(fast, "801")
    assert bill_to["City"] == "c" * 40
    assert messages(summary) == {"NSCUS-CUT": "Customer C-801: City was cut to 40 characters, Zuora takes no more."}
    fast.calls()
    change(fast, "801", comments="something else")
    run(fast)
    assert contacts(fast, "801")[0]["City"] == "c" * 40
