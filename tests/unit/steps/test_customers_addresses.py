"""Zuora accounts -> NetSuite customers, the address book: customer-accounts.md section 2.5."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.steps.customer_bench import INDIVIDUAL, bench, synced, written
from tests.unit.steps.master_fakes import Bench


def lines(b: Bench) -> list[dict[str, Any]]:
    return list(written(b)["addressBook"]["items"])


@pytest.mark.rule(
    "customer-accounts.2.mapping-address.to-defaultbilling-defaultshipping",
    "customer-accounts.2.mapping-address.to-label",
    "customer-accounts.2.mapping-address.account-name-contact-name-to-addressee",
    "customer-accounts.2.mapping-address.contact-name-to-attention",
    "customer-accounts.2.mapping-address.address1-address2-to-addr1-addr2",
    "customer-accounts.2.mapping-address.city-to-city",
    "customer-accounts.2.mapping-address.postalcode-to-zip",
    "customer-accounts.2.mapping-address.country-to-country",
    "customer-accounts.2.mapping-address.workphone-to-phone",
)
def test_the_address_book_has_exactly_these_two_lines() -> None:
    address = {
        "addressee": "Brightwater GmbH",
        "attention": "Dana Whitfield",
        "addr1": "Lindenstr. 14",
        "addr2": "2nd floor",
        "city": "Köln",
        "zip": "50667",
        "country": {"id": "DE"},
        "addrPhone": "+49 221 1000",
    }
    bill_to = {"defaultBilling": True, "defaultShipping": False, "label": "Zuora Bill To Address", "addressBookAddress": address}
    sold_to = {
        "defaultBilling": False,
        "defaultShipping": True,
        "label": "Zuora Sold To Address",
        "addressBookAddress": address | {"attention": "Marcus Whitfield", "city": "Bonn"},
    }
    assert lines(bench()) == [bill_to, sold_to]


@pytest.mark.rule("customer-accounts.2.address.identical")
def test_the_same_contact_for_both_still_makes_two_lines() -> None:
    both = lines(bench({"SoldToId": "bill1"}))
    assert both[0]["addressBookAddress"] == both[1]["addressBookAddress"]
    assert [line["defaultShipping"] for line in both] == [False, True]


@pytest.mark.rule(
    "customer-accounts.2.address.style",
    "settings.key.address_style",
    "customer-accounts.2.mapping-address.account-name-contact-name-to-addressee",
    "customer-accounts.2.mapping-address.contact-name-to-attention",
)
@pytest.mark.parametrize(
    ("account", "settings", "addressee", "attention"),
    [
        ({}, {}, "Brightwater GmbH", "Dana Whitfield"),
        (INDIVIDUAL, {}, "Dana Whitfield", None),
        ({}, {"address_style": "contact"}, "Dana Whitfield", None),
    ],
)
def test_addressee_and_attention_follow_style_and_type(
    account: dict[str, Any], settings: dict[str, Any], addressee: str, attention: str | None
) -> None:
    address = lines(bench(account, settings))[0]["addressBookAddress"]
    assert (address["addressee"], address.get("attention")) == (addressee, attention)


@pytest.mark.rule(
    "customer-accounts.2.mapping-address.state-to-state",
    "customer-accounts.2.address.state-all-countries",
    "settings.key.send_state_all_countries",
)
@pytest.mark.parametrize(
    ("country", "flag", "state"), [("United States", "No", "TX"), ("USA", "No", "TX"), ("Canada", "No", None), ("Canada", "Yes", "TX")]
)
def test_the_state_is_sent_for_the_united_states_unless_the_flag_is_set(country: str, flag: str, state: str | None) -> None:
    b = bench(None, {"send_state_all_countries": flag}, bill_to={"Country": country, "State": "TX"})
    assert lines(b)[0]["addressBookAddress"].get("state") == state


def test_an_unknown_country_is_remarked_on_and_left_out() -> None:
    plan = bench(None, None, bill_to={"Country": "Atlantis"}).plan("acc1")
    assert "country" not in plan.requests[0].body["addressBook"]["items"][0]["addressBookAddress"]
    assert [r.message for r in plan.remarks] == ['Account A0001: country "Atlantis" is not known; the address is sent without it.']


@pytest.mark.rule("customer-accounts.2.address.replace")
def test_a_changed_contact_replaces_the_whole_address_book() -> None:
    b = synced(bench())
    b.zuora.tables["Contact"]["sold1"]["City"] = "Aachen"
    plan = b.plan("acc1")
    assert plan.requests[0].replace == ("addressBook",)
    assert set(plan.requests[0].body) == {"addressBook"}


@pytest.mark.rule("customer-accounts.2.address.unchanged")
def test_addresses_added_by_hand_stay_while_no_contact_changes() -> None:
    b = synced(bench())
    book = b.netsuite.records["customer"]["900"]["addressBook"]
    mine = [line | {"id": n, "defaultBilling": False} for n, line in enumerate(book["items"])]
    by_hand = {"label": "Warehouse", "defaultBilling": True, "addressBookAddress": {"addr1": "Dock 4"}}
    b.netsuite.records["customer"]["900"]["addressBook"] = {"items": [*mine, by_hand]}
    b.zuora.tables["Account"]["acc1"]["Notes"] = "New"
    assert b.plan("acc1").requests[0].replace == ()


def test_a_state_that_netsuite_holds_as_its_code_does_not_differ() -> None:
    b = synced(bench(None, None, bill_to={"Country": "US", "State": "Texas"}))
    b.netsuite.records["customer"]["900"]["addressBook"]["items"][0]["addressBookAddress"]["state"] = "TX"
    assert b.plan("acc1").write_back is False
