"""Which NetSuite customers are taken, which are held, and what is done with each (customer-accounts.md 3.1 to 3.3)."""

from __future__ import annotations

import pytest

from tallybridge.settings import DEFAULTS
from tests.sync.builders import account as zuora_account
from tests.sync.builders import zid
from tests.sync.customer_world import ANN, BO, NEW_ONLY, SETTINGS, STATUS, account, accounts, customer, netsuite, ready, run
from tests.sync.memory import MemoryWorld
from tests.sync.ran import NETSUITE_CUSTOMERS, Ran, ran
from tests.sync.table import Row, Table, check, held, left, sent
from tests.sync.words import Part, a_netsuite_customer
from tests.sync.world import World

rule = pytest.mark.rule
SELECTION = "customer-accounts.3.selection."


@pytest.fixture(scope="module")
def world(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world)


NEW = ("customer-accounts.3.action.create", "custom-fields.2.3.field.zuora-integration-status")
NO_ADDRESSEE = {k: v for k, v in BO.items() if k != "addressee"}
EMPTY = ("customer-accounts.1.rule.6",)


def contacts(number: int, company: str) -> Part:
    people = [{"id": f"{company}{n:02d}", "firstName": "P", "lastName": str(n), "company": {"id": company}} for n in range(number)]
    return Part("", {}, {"contact": people})


ROWS = [
    left("selection.1: inactive", a_netsuite_customer("801", isInactive=True), also=("customer-accounts.1.rule.2",)),
    left(
        "selection.2: not to be sent",
        a_netsuite_customer("802", custentitysendtozuora=False),
        also=("custom-fields.2.3.field.send-to-zuora-also-called-sync-to-zuora",),
    ),
    left("selection.3: lead", a_netsuite_customer("803", entityStatus={"id": "7"})),
    left("selection.4: ignored", a_netsuite_customer("804", **{STATUS: "Ignore"}), also=("custom-fields.1.1.field.ignore",)),
    left("selection.4: ignored, written otherwise", a_netsuite_customer("805", **{STATUS: " ignore. "})),
    sent("selection.5: not sent before", a_netsuite_customer("806"), also=NEW),
    sent("selection.5: interrupted", a_netsuite_customer("807", **{STATUS: "Creating Customer Account"}), also=NEW),
    sent("selection.5: refused before", a_netsuite_customer("808", **{STATUS: "Error Creating Customer Account"}), also=NEW),
    sent("selection.5: interrupted link", a_netsuite_customer("809", **{STATUS: "Linking Customer Account"}), also=NEW),
    held("validation.W4", a_netsuite_customer("821", custentityzuorabatch=None), "NSCUS-W4: Zuora Batch is empty.", also=EMPTY),
    held(
        "validation.W5",
        a_netsuite_customer("822", custentityzuorabillcycleday=None),
        "NSCUS-W5: Zuora Bill Cycle Day is empty.",
        also=EMPTY,
    ),
    held("validation.W6: no address", a_netsuite_customer("823", None, None), "NSCUS-W6: no default billing address."),
    held("validation.W6: shipping alone", a_netsuite_customer("824", None, BO), "NSCUS-W6: no default billing address."),
    held(
        "validation.W7",
        a_netsuite_customer("825", {**ANN, "addressee": " "}),
        "NSCUS-W7: the default billing address has no addressee.",
    ),
    held(
        "validation.W8",
        a_netsuite_customer("826", ANN, NO_ADDRESSEE),
        "NSCUS-W8: the default shipping address has no addressee.",
    ),
    held(
        "validation.W9: billing",
        a_netsuite_customer("827", {**ANN, "addressee": "Ann -"}),
        'NSCUS-W9: addressee "Ann -" gives no last name.',
    ),
    held(
        "validation.W9: shipping",
        a_netsuite_customer("828", ANN, {**BO, "addressee": "..."}),
        'NSCUS-W9: addressee "..." gives no last name.',
    ),
    sent("validation.W11: 80 contacts", a_netsuite_customer("829").with_(contacts(80, "829"))),
    held("validation.W11: 81 contacts", a_netsuite_customer("830").with_(contacts(81, "830")), "NSCUS-W11: more than 80 contacts."),
]
PAGE = Table(NETSUITE_CUSTOMERS, "customer-accounts.3.", ROWS, SETTINGS)


@pytest.fixture(scope="module", params=[{}, NEW_ONLY], ids=["new and modified", "new only"])
def runs(world: MemoryWorld, request: pytest.FixtureRequest) -> tuple[Ran, Ran]:
    """Two runs, one after the other."""
    filled = PAGE.world(world, **request.param)
    return ran(filled, NETSUITE_CUSTOMERS), ran(filled, NETSUITE_CUSTOMERS)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(runs: tuple[Ran, Ran], row: Row) -> None:
    for one in runs:
        check(one, row)


def test_nothing_else_is_told_and_the_run_ties_out(runs: tuple[Ran, Ran]) -> None:
    PAGE.holds_together(runs[0])


@rule(f"{SELECTION}6")
@pytest.mark.parametrize(("settings", "updated"), [({}, True), (NEW_ONLY, False)], ids=["new and modified", "new only"])
@pytest.mark.parametrize("status", ["Sync Complete", "Complete"])
def test_synced_ones_are_taken_where_modified_ones_are_wanted(
    world: MemoryWorld, settings: dict[str, str], updated: bool, status: str
) -> None:
    synced = customer("801", custentityzuoraid=zid("A1"), **{STATUS: status})
    ready(world, synced, zuora=zuora_account("A1", name="Old name", IntegrationId__NS="801"), **settings)
    run(world)
    assert accounts(world)[0]["Name"] == ("Company 801" if updated else "Old name")


@rule("customer-accounts.3.action.update")
def test_a_filled_zuora_id_is_updated(world: MemoryWorld) -> None:
    ready(world, customer("801", custentityzuoraid=zid("A1")), zuora=zuora_account("A1", name="Old name"))
    summary = run(world)
    assert accounts(world)[0]["Name"] == "Company 801"
    assert netsuite(world, "801")[STATUS] == "Sync Complete"
    assert summary["tiedOut"]


@rule("customer-accounts.3.action.link", "customer-accounts.3.status.link", "customer-accounts.3.validation.skipped-on-link")
def test_a_filled_zuora_id_is_linked_where_only_new_ones_are_wanted(world: MemoryWorld) -> None:
    bare = customer("801", None, None, custentityzuoraid=zid("A1"), custentityzuorabatch=None, custentityzuorabillcycleday=None)
    ready(world, bare, zuora=zuora_account("A1", name="Old name"), **NEW_ONLY)
    before = accounts(world)[0]
    assert run(world)["tiedOut"]
    changed = {k: v for k, v in accounts(world)[0].items() if before.get(k) != v and k != "UpdatedDate"}
    assert changed.pop("SyncDate__NS").endswith("Z")
    expected = {"IntegrationId__NS": "801", "CustomerId__NS": "C-801", "IntegrationStatus__NS": "Sync Complete"}
    assert changed == expected
    assert netsuite(world, "801")[STATUS] == "Sync Complete"


@rule("settings.key.customer_account_master")
def test_nothing_is_sent_where_zuora_is_the_master(world: MemoryWorld) -> None:
    ready(world, customer("801"))
    world.settings(customer_account_master="Zuora")
    run(world)
    assert accounts(world) == []


@rule("customer-accounts.1.rule.1")
def test_changes_in_zuora_never_flow_back(world: MemoryWorld) -> None:
    ready(world, customer("801"))
    run(world)
    before = netsuite(world, "801")
    world.clock.advance(minutes=10)
    (done,) = world.wiring().zuora(DEFAULTS).update("Account", [{"Id": account(world, "801")["Id"], "Notes": "Changed in Zuora"}])
    assert done.ok
    world.calls()
    run(world)
    assert netsuite(world, "801") == before
    assert not any(name.startswith("PATCH") for name in world.calls()["netsuite"])


@rule("settings.key.disable_customer_account_sync")
def test_switched_off(world: MemoryWorld) -> None:
    ready(world, customer("801"), disable_customer_account_sync="Yes")
    run(world)
    assert accounts(world) == []
