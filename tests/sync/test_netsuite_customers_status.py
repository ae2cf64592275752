"""What is written on the customer before, after and on a refusal, and that a lost answer never makes a second account
(customer-accounts.md 3.4 and section 4)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.builders import account as zuora_account
from tests.sync.builders import merged, zid
from tests.sync.customer_world import STATUS, account, accounts, change, contacts, customer, messages, netsuite, ready, run
from tests.sync.memory import MemoryWorld
from tests.sync.recording import recorded_bodies

rule = pytest.mark.rule
CREATE, UPDATE, PATCH = "^/v1/action/create", "^/v1/action/update", "^/services/rest/record/v1/customer/801"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
CREATING, ERROR = "Creating Customer Account", "Error Creating Customer Account"
DECLINED = [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "The batch is locked."}]}]


@pytest.fixture
def world(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    ready(fast)
    yield fast
    fast.session.__dict__.pop("send", None)
    for control in (fast.zuora_control, fast.netsuite_control):
        control.set_faults([])


def sequence(world: MemoryWorld) -> list[tuple[str, dict[str, Any]]]:
    """Every write from now on, in order: (what, body)."""
    sent: list[tuple[str, dict[str, Any]]] = []
    send = world.session.send

    def listen(request: Any, **how: Any) -> Any:
        if "/v1/action/create" in request.url or "/v1/action/update" in request.url:
            body = json.loads(request.body)
            sent.append((f"{request.url.rsplit('/', 1)[1]} {body['type']}", body["objects"][0]))
        elif request.method == "PATCH":
            sent.append(("customer", json.loads(request.body)))
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
    return sent


@rule(
    "customer-accounts.3.status.create",
    "customer-accounts.3.mapping.to-account-status",
    "custom-fields.2.3.field.zuora-id",
    "custom-fields.2.3.field.zuora-bill-to-id-zuora-sold-to-id",
)
def test_the_steps_of_a_create(world: MemoryWorld) -> None:
    ready(world, customer("801"))
    sent = sequence(world)
    assert run(world)["tiedOut"]
    own, (bill_to, sold_to) = account(world, "801"), contacts(world, "801")
    names = ["customer", "create Account", "create Contact", "create Contact", "update Account", "customer"]
    assert [name for name, _ in sent] == names
    assert sent[0][1] == {STATUS: CREATING}
    assert (sent[1][1]["Status"], sent[1][1]["IntegrationId__NS"]) == ("Draft", "801")
    assert [sent[n][1]["Description"] for n in (2, 3)] == ["Bill To Contact", "Sold To Contact"]
    assert sent[4][1] == {
        "Id": own["Id"],
        "BillToId": bill_to["Id"],
        "SoldToId": sold_to["Id"],
        "Status": "Active",
        "IntegrationStatus__NS": "Sync Complete",
    }
    assert STAMP.match(sent[5][1].pop("custentityzuorasyncdate"))
    assert sent[5][1] == {
        STATUS: "Sync Complete",
        "custentityzuoraid": own["Id"],
        "custentityzuorabilltoid": bill_to["Id"],
        "custentityzuorasoldtoid": sold_to["Id"],
    }


@rule("customer-accounts.3.status.update", "customer-accounts.1.rule.4")
def test_the_steps_of_an_update(world: MemoryWorld) -> None:
    ready(world, customer("801"), customer("802"))
    run(world)
    before = netsuite(world, "801")
    book = {"items": [{"id": n, "addressBookAddress": {"city": "Waco"}} for n in (1, 2)]}
    change(world, "801", comments="Other", addressBook=book)
    sent = sequence(world)
    run(world)
    own = account(world, "801")
    assert sent == [
        ("update Contact", {"Id": own["BillToId"], "City": "Waco"}),
        ("update Contact", {"Id": own["SoldToId"], "City": "Waco"}),
        ("update Account", {"Id": own["Id"], "Notes": "Other", "SyncDate__NS": own["SyncDate__NS"]}),
    ]
    assert netsuite(world, "801")["custentityzuorasyncdate"] == before["custentityzuorasyncdate"]


@rule("customer-accounts.1.rule.4")
def test_a_change_that_concerns_no_mapped_field_sends_nothing(world: MemoryWorld) -> None:
    ready(world, customer("801"))
    run(world)
    change(world, "801", url="https://example.com")
    sent = sequence(world)
    assert run(world)["tiedOut"]
    assert sent == []


@rule("customer-accounts.3.status.link")
def test_the_steps_of_a_link(world: MemoryWorld) -> None:
    linked = customer("801", custentityzuoraid=zid("A1"))
    ready(world, linked, zuora=zuora_account("A1"), customer_account_sync_behavior="Sync New Records Only")
    sent = sequence(world)
    run(world)
    assert [name for name, _ in sent] == ["customer", "update Account", "customer"]
    assert [sent[n][1][STATUS] for n in (0, 2)] == ["Linking Customer Account", "Sync Complete"]
    world.zuora_control.set_faults([{"method": "POST", "path": UPDATE, "nth": 1, "status": 200, "body": DECLINED}])
    change(world, "801", **{STATUS: None})
    run(world)
    assert netsuite(world, "801")[STATUS] == "Error Linking Customer Account"


@rule("customer-accounts.3.status.create")
@pytest.mark.parametrize("nth", [1, 2, 3], ids=["account", "bill-to", "sold-to"])
def test_a_refused_create(world: MemoryWorld, nth: int) -> None:
    ready(world, customer("801"), customer("802"))
    world.zuora_control.set_faults([{"method": "POST", "path": CREATE, "nth": nth, "status": 200, "body": DECLINED}])
    summary = run(world)
    refused = next(i for i in ("801", "802") if netsuite(world, i)[STATUS] == ERROR)
    assert any("The batch is locked." in line["message"] for line in summary["log"])
    world.zuora_control.set_faults([])
    run(world)
    for internal_id in ("801", "802"):
        assert account(world, internal_id)["Status"] == "Active"
        assert netsuite(world, internal_id)[STATUS] == "Sync Complete"
        contacts(world, internal_id)
    assert refused


@rule("customer-accounts.3.status.crash-in-create", "customer-accounts.4.recovery.1")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("path", "nth"), [(CREATE, 1), (CREATE, 2), (CREATE, 3), (UPDATE, 1)], ids=["account", "bill-to", "sold-to", "active"]
)
def test_lost_answers(world: MemoryWorld, path: str, nth: int, when: str) -> None:
    """Whatever call is cut off, whether it was applied or not, in the end there is one account with two contacts."""
    ready(world, customer("801"))
    world.zuora_control.set_faults([{"method": "POST", "path": path, "nth": nth, "drop": when}])
    run(world)
    world.zuora_control.set_faults([])
    run(world)
    assert account(world, "801")["Status"] == "Active"
    contacts(world, "801")
    assert netsuite(world, "801")[STATUS] == "Sync Complete"


@rule("customer-accounts.3.status.crash-in-create", "customer-accounts.4.recovery.1", "customer-accounts.4.recovery.2")
@pytest.mark.parametrize("nth", [1, 2, 3], ids=["account", "bill-to", "sold-to"])
def test_zuora_is_gone_half_way(world: MemoryWorld, nth: int) -> None:
    """Everything after the nth create is lost; the next run does the rest and no more."""
    ready(world, customer("801"))
    faults = [{"method": "POST", "path": CREATE, "nth": n, "drop": "before"} for n in range(nth + 1, nth + 30)]
    world.zuora_control.set_faults([*faults, {"method": "POST", "path": UPDATE, "probability": 1.0, "seed": 1, "drop": "before"}])
    run(world)
    assert netsuite(world, "801")[STATUS] == CREATING
    half = account(world, "801")
    assert half["Status"] == "Draft"
    world.zuora_control.set_faults([])
    sent = sequence(world)
    run(world)
    assert account(world, "801")["Id"] == half["Id"] and account(world, "801")["Status"] == "Active"
    contacts(world, "801")
    assert [name for name, _ in sent].count("create Contact") == 3 - nth
    assert netsuite(world, "801")["custentityzuoraid"] == half["Id"]


@rule("customer-accounts.4.recovery.2")
@pytest.mark.parametrize("nth", [1, 2], ids=["in progress", "done"])
def test_a_lost_status_write(world: MemoryWorld, nth: int) -> None:
    ready(world, customer("801"))
    world.netsuite_control.set_faults([{"method": "PATCH", "path": PATCH, "nth": n, "drop": "before"} for n in range(nth, nth + 20)])
    run(world)
    assert len(accounts(world)) == nth - 1
    world.netsuite_control.set_faults([])
    run(world)
    assert netsuite(world, "801")["custentityzuoraid"] == account(world, "801")["Id"]
    contacts(world, "801")


@rule("customer-accounts.4.recovery.1", "customer-accounts.4.recovery.2")
@pytest.mark.parametrize(("status", "name"), [(CREATING, "Old"), (ERROR, "Company 801")], ids=["in progress", "error: updated as well"])
def test_found_by_integration_id(world: MemoryWorld, status: str, name: str) -> None:
    ready(world, customer("801", **{STATUS: status}), zuora=zuora_account("A1", name="Old", IntegrationId__NS="801"))
    assert run(world)["tiedOut"]
    own = netsuite(world, "801")
    found = [own[f"custentityzuora{n}"] for n in ("id", "billtoid", "soldtoid", "integrationstatus")]
    assert found == [zid("A1"), zid("A1 bill"), zid("A1 sold"), "Sync Complete"]
    assert [a["Name"] for a in accounts(world)] == [name]


@rule("customer-accounts.4.recovery.3")
@pytest.mark.parametrize("cancelled", [False, True])
def test_not_found(world: MemoryWorld, cancelled: bool) -> None:
    """A cancelled account is no counterpart."""
    gone = zuora_account("A1", name="Old", IntegrationId__NS="801", Status="Canceled") if cancelled else None
    ready(world, customer("801", **{STATUS: ERROR}), zuora=gone)
    run(world)
    assert [a["Status"] for a in accounts(world) if a["Name"] == "Company 801"] == ["Active"]


@rule("customer-accounts.4.recovery.4")
def test_two_accounts_carry_the_id(world: MemoryWorld) -> None:
    two = merged(*(zuora_account(n, name="Old", IntegrationId__NS="801") for n in ("A1", "A2")))
    ready(world, customer("801", **{STATUS: CREATING}), zuora=two)
    before = netsuite(world, "801")
    text = messages(run(world))["NSCUS-AMBIGUOUS"]
    assert text.startswith("Customer C-801: 2 Zuora accounts") and text.endswith("Clear the duplicates first.")
    assert netsuite(world, "801") == before and len(accounts(world)) == 2


@rule("customer-accounts.1.rule.5", "customer-accounts.3.mapping.parent-to-account-parentid")
def test_a_family_in_one_run(world: MemoryWorld) -> None:
    """The upper ones first, whatever their ids."""
    ready(world, customer("801"), customer("802"), customer("803"))
    change(world, "801", parent={"id": "802"})
    change(world, "802", parent={"id": "803"})
    run(world)
    parents = {i: account(world, i).get("ParentId") for i in ("801", "802", "803")}
    assert parents == {"801": account(world, "802")["Id"], "802": account(world, "803")["Id"], "803": None}


def test_a_dry_run_writes_nothing(world: MemoryWorld) -> None:
    ready(world, customer("801"), customer("802", parent={"id": "801"}))
    before = netsuite(world, "801")
    bodies = recorded_bodies(world, "customer")
    summary = run(world, dry_run=True)
    assert accounts(world) == [] and bodies == [] and netsuite(world, "801") == before
    assert sum("would be created" in line["message"] for line in summary["log"]) == 2


def test_calls_per_customer(world: MemoryWorld) -> None:
    """Four writes in Zuora and two in NetSuite for each; everything else is for all of them together."""
    ready(world, *(customer(str(801 + n)) for n in range(10)))
    world.calls()
    run(world)
    counted = world.calls()
    assert (counted["zuora"]["POST /v1/action/create"], counted["zuora"]["POST /v1/action/update"]) == (30, 10)
    assert counted["netsuite"]["PATCH /record/v1/customer/{id}"] == 20
    assert counted["zuora"]["POST /v1/action/query"] <= 6 and counted["netsuite"]["POST /query/v1/suiteql"] <= 15
