"""One bad contact never takes its customer out of a run: what NetSuite does not take is cut, left out, and told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.builders import Objects, account, merged, zid
from tests.sync.memory import MemoryWorld

BAD: dict[str, Any] = {
    "WorkPhone": "+49 (0)221 1234567 / switchboard 2nd fl.",
    "Fax": "n/a",
    "WorkEmail": "ap@example.com, it@example.com",
    "State": "Freie und Hansestadt Hamburg und Umland",
    "Address1": "a" * 200,
    "PostalCode": "7" * 20,
}


@pytest.fixture(autouse=True)
def usual_account(fast: MemoryWorld) -> Iterator[None]:
    before = dict(vars(fast.netsuite.options))
    yield
    vars(fast.netsuite.options).update(before)


def with_contacts(number: str, **fields: Any) -> Objects:
    own = account(number)
    for contact in own["Contact"]:
        contact.update(fields)
    return own


def run(world: MemoryWorld, *objects: Objects, options: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    vars(world.netsuite.options).update(options or {})
    world.reset(default_subsidiary="Parent Company", send_state_all_countries="Yes", **settings)
    world.load(merged(*objects))
    return world.reported("customers")


def customer(world: MemoryWorld, number: str) -> dict[str, Any]:
    return next(c for c in world.in_netsuite("customer") if c.get("custentityzuoraid") == zid(number))


def addresses(world: MemoryWorld, number: str) -> list[dict[str, Any]]:
    return [line["addressBookAddress"] for line in customer(world, number)["addressBook"]["items"]]


def told(summary: dict[str, Any], number: str) -> list[str]:
    return [line["message"] for line in summary["log"] if line.get("source_number") == number and line.get("code") == "ACCT-CUT"]


def test_every_customer_arrives_and_every_cut_is_told(fast: MemoryWorld) -> None:
    summary = run(fast, with_contacts("A1", **BAD), account("A2"))
    assert (summary["outcome"], summary["totals"][0]["synced"]["count"]) == ("completed", 2)
    found = customer(fast, "A1")
    assert found["email"] == "ap@example.com"
    assert found["phone"] == "+49 (0)221 1234567"
    assert "fax" not in found
    for address in addresses(fast, "A1"):
        assert (len(address["state"]), len(address["addr1"])) == (30, 150)
    said = told(summary, "A1")
    for name in ("email", "phone", "fax"):
        assert any(text.startswith(f"Account A1: {name} ") for text in said), name
    for label in ("Zuora Bill To Address", "Zuora Sold To Address"):
        for name in ("state", "addr1", "addrPhone"):
            assert any(text.startswith(f"Account A1: {label}: {name} ") for text in said), (label, name)
    assert told(summary, "A2") == []


def test_what_was_cut_is_no_reason_to_update_again(fast: MemoryWorld) -> None:
    both = "Sync New and Modified Records"
    run(fast, with_contacts("A1", **BAD), customer_account_sync_behavior=both)
    fast.clock.advance(minutes=30)
    for control in (fast.netsuite_control, fast.zuora_control):
        control.clear_stats()
    fast.reported("customers")
    assert not [name for name in fast.netsuite_control.stats()["calls"] if name.startswith(("PATCH", "POST /record"))]


@pytest.mark.parametrize("describes", [True, False])
def test_the_accounts_own_lengths_are_kept(fast: MemoryWorld, describes: bool) -> None:
    """Where the account describes them before anything is sent, else by leaving out what it declines."""
    options = {"text_lengths": {"state": 12, "zip": 6, "phone": 16}, "describes_lengths": describes}
    summary = run(fast, with_contacts("A1", **{**BAD, "WorkPhone": "+49 221 1234567 ext. 89"}), options=options)
    assert (summary["outcome"], summary["totals"][0]["synced"]["count"]) == ("completed", 1)
    for address in addresses(fast, "A1"):
        assert (address.get("state"), address.get("zip")) == (("Freie und Ha", "777777") if describes else (None, None))
    assert customer(fast, "A1").get("phone") == ("+49 221 1234567" if describes else None)
    assert any("state" in text for text in told(summary, "A1"))


@pytest.mark.parametrize(
    "refusal",
    [
        {"detail": "The zip is not one of this country.", "o:errorPath": "addressBook.items[0].addressBookAddress.zip"},
        {"detail": "The field zip contained a value that is not allowed."},
        {"detail": "Invalid Zip."},
    ],
)
def test_a_field_that_the_account_declines_for_its_own_reasons_is_left_out(fast: MemoryWorld, refusal: dict[str, str]) -> None:
    fast.reset()
    body = {"title": "Bad Request", "status": 400, "o:errorDetails": [{"o:errorCode": "USER_ERROR", **refusal}]}
    rule = {"method": "POST", "path": "^/services/rest/record/v1/customer", "nth": 1, "status": 400, "body": body}
    fast.load(account("A1"))
    fast.settings(default_subsidiary="Parent Company")
    fast.netsuite_control.set_faults([rule])
    summary = fast.reported("customers")
    fast.netsuite_control.set_faults([])
    assert (summary["outcome"], summary["totals"][0]["synced"]["count"]) == ("completed", 1)
    assert [a.get("zip") for a in addresses(fast, "A1")] == [None, None]
    (text,) = told(summary, "A1")
    assert text.startswith("Account A1: zip was left out, NetSuite does not take it: ")


def test_a_field_that_a_customer_needs_is_not_left_out(fast: MemoryWorld) -> None:
    summary = run(fast, with_contacts("A1", **BAD), account("A2", name="n" * 84))
    assert [s["code"] for s in summary["log"] if s.get("source_number") == "A2" and s.get("code")] == ["ACCT-V9"]
    assert customer(fast, "A1")


def test_a_contact_without_a_country_is_told(fast: MemoryWorld) -> None:
    summary = run(fast, with_contacts("A1", Country=None), account("A2"))
    (text,) = [line["message"] for line in summary["log"] if line.get("code") == "ACCT-A3"]
    assert text == "Account A1: a contact has no country; the address is sent without it."
