"""Changes are found whatever the time zone of the source, within a second, while a run is under way, and when a clock is set back; what
did not change is not looked at twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tallybridge import money
from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync import customer_world, reverse_world
from tests.sync.builders import account, zid
from tests.sync.memory import MemoryWorld

WATERMARK = "customer-accounts.1.1.watermark."
ZONES = ["Pacific/Pago_Pago", "America/Los_Angeles", "UTC", "Asia/Kolkata", "Pacific/Kiritimati"]
"""From UTC-11 to UTC+14."""
NEW_ONLY = "Sync New Records Only"


def in_netsuite(world: MemoryWorld, record_type: str, internal_id: str, **fields: Any) -> None:
    world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person")).update(record_type, internal_id, fields)


def in_zuora(world: MemoryWorld, kind: str, **fields: Any) -> None:
    world.wiring().zuora(DEFAULTS).update(kind, [fields])


@dataclass(frozen=True)
class Followed:
    """One step that follows changes, with one record. `destination` is part of the address of what it writes to."""

    step: str
    behavior: str
    destination: str
    load: Callable[[MemoryWorld], None]
    edit: Callable[[MemoryWorld, str], None]
    sent: Callable[[MemoryWorld], Any]
    settings: dict[str, Any]


def payments(world: MemoryWorld) -> None:
    own_zuora, own_netsuite = reverse_world.parents(True)
    world.load(own_zuora, own_netsuite)
    world.load(netsuite=reverse_world.ns_payment("P1", 100, {"INV1": 100}, id="7301", memo="first"))


def customers(world: MemoryWorld) -> None:
    world.load(netsuite={"customer": [customer_world.customer("801", comments="first")]})


def accounts(world: MemoryWorld) -> None:
    world.load(account("A1", Notes="first"))


def products(world: MemoryWorld) -> None:
    days = {"EffectiveStartDate": "2026-01-01", "EffectiveEndDate": "2036-01-01"}
    world.load({"Product": [{"Id": zid("product"), "Name": "first", "ItemType__NS": "Service", **days}]})


def noted(world: MemoryWorld) -> Any:
    return next((c.get("comments") for c in world.in_netsuite("customer") if c.get("custentityzuoraid") == zid("A1")), None)


def product_name(world: MemoryWorld) -> Any:
    found = (i for i in world.in_netsuite("serviceSaleItem") if i.get("custitemzuoraid") == zid("product"))
    return next((i.get("custitemzuoraproductname") for i in found), None)


MASTER = {"default_subsidiary": "Parent Company", "zuora_default_currency": "USD"}
FOLLOWED = {
    "NetSuite payments": Followed(
        "netsuite_payments",
        "payment_sync_behaviour",
        "/v1/payments",
        payments,
        lambda world, text: in_netsuite(world, "customerPayment", "7301", memo=text),
        lambda world: str(reverse_world.zuora_of(world, "Payment", "P1").get("Comment")).partition(" (NetSuite date")[0],
        reverse_world.SWITCHED_ON,
    ),
    "NetSuite customers": Followed(
        "netsuite_customers",
        "customer_account_sync_behavior",
        "/v1/action/",
        customers,
        lambda world, text: in_netsuite(world, "customer", "801", comments=text),
        lambda world: customer_world.account(world, "801").get("Notes"),
        customer_world.SETTINGS,
    ),
    "Zuora accounts": Followed(
        "customers",
        "customer_account_sync_behavior",
        "/record/v1/customer",
        accounts,
        lambda world, text: in_zuora(world, "Account", Id=zid("A1"), Notes=text),
        noted,
        MASTER,
    ),
    "Zuora products": Followed(
        "products",
        "product_catalog_sync_behavior",
        "/record/v1/serviceSaleItem",
        products,
        lambda world, text: in_zuora(world, "Product", Id=zid("product"), Name=text),
        product_name,
        {**MASTER, "force_zuora_product_catalog_sync": "Yes"},
    ),
}
FROM_NETSUITE = [name for name in FOLLOWED if name.startswith("NetSuite")]
FROM_ZUORA = [name for name in FOLLOWED if name not in FROM_NETSUITE]
BOTH_WAYS = pytest.mark.parametrize("names", [FROM_NETSUITE, FROM_ZUORA], ids=["from NetSuite", "from Zuora"])
IN_ZONES = pytest.mark.parametrize(("names", "zone"), [*((FROM_NETSUITE, zone) for zone in ZONES), (FROM_ZUORA, "UTC")])


@pytest.fixture(scope="module")
def world(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    """Time stands still except when somebody waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast.clock, "now", lambda: fast.clock.moment)
        yield fast


def ready(world: MemoryWorld, name: str, zone: str = "UTC", **settings: Any) -> Followed:
    followed = FOLLOWED[name]
    world.netsuite.options.time_zone = zone
    world.reset(**{**followed.settings, **settings})
    followed.load(world)
    world.clock.advance(minutes=1)
    return followed


def run(world: MemoryWorld, followed: Followed, **how: Any) -> dict[str, Any]:
    """What one run, half an hour later, says of the step."""
    return dict(world.reported(followed.step, **how)["steps"][0])


@dataclass(frozen=True)
class Several:
    """Several of the steps, each with its record; what is said of them is in their order."""

    world: MemoryWorld
    names: list[str]

    @property
    def followed(self) -> list[Followed]:
        return [FOLLOWED[name] for name in self.names]

    def edit(self, text: str) -> None:
        for each in self.followed:
            each.edit(self.world, text)

    def sent(self) -> set[Any]:
        return {each.sent(self.world) for each in self.followed}

    def run(self, key: str = "selected", **how: Any) -> list[int]:
        """What one run of all, half an hour later, counts of each."""
        reports = {report["step"]: report for report in self.world.reported(*(each.step for each in self.followed), **how)["steps"]}
        return [reports[each.step][key] for each in self.followed]

    def marks(self) -> list[Any]:
        return [self.world.wiring().runs().watermark(each.step) for each in self.followed]


ONE_EACH, NONE = [1, 1], [0, 0]


def ready_together(world: MemoryWorld, names: list[str], zone: str = "UTC", **settings: Any) -> Several:
    first, *others = names
    ready(world, first, zone, **{key: value for name in others for key, value in FOLLOWED[name].settings.items()}, **settings)
    for name in others:
        FOLLOWED[name].load(world)
    world.clock.advance(minutes=1)
    return Several(world, names)


def at_first_write(world: MemoryWorld, followed: Followed, act: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something when the next run has read what it decides on and begins to write to the destination."""
    send, left = world.session.send, [act]

    def listen(request: Any, **how: Any) -> Any:
        if left and request.method != "GET" and followed.destination in request.path_url and "action/query" not in request.path_url:
            left.pop()()
        return send(request, **how)

    monkeypatch.setattr(world.session, "send", listen)


# -- nothing is lost -------------------------------------------------------------------------------------------------------


@IN_ZONES
def test_of_two_edits_within_one_second_the_second_one_is_sent_too(world: MemoryWorld, names: list[str], zone: str) -> None:
    several = ready_together(world, names, zone)
    several.run()
    world.clock.advance(minutes=5)
    several.edit("second")
    run_now = world.run(steps=[each.step for each in several.followed])
    assert (run_now["tiedOut"], several.sent()) == (True, {"second"})
    several.edit("third")
    assert several.run("updated") == ONE_EACH
    assert several.sent() == {"third"}
    assert several.run() == NONE


@IN_ZONES
def test_an_edit_while_the_record_is_written_is_sent_by_the_next_run(
    world: MemoryWorld, names: list[str], zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the connector writes on the record afterwards bears a later moment than the edit."""
    several = ready_together(world, names, zone)
    for each in several.followed:
        at_first_write(world, each, lambda each=each: each.edit(world, "second"), monkeypatch)  # type: ignore[misc]
    assert several.run("created") == ONE_EACH
    assert several.sent() == {"first"}
    assert several.run("updated") == ONE_EACH
    assert several.sent() == {"second"}
    assert several.run() == NONE


@pytest.mark.rule(f"{WATERMARK}behavior-was-switched-from-new-only-to-new-and")
@IN_ZONES
def test_after_modified_records_are_switched_on_nothing_that_follows_is_lost(world: MemoryWorld, names: list[str], zone: str) -> None:
    several = ready_together(world, names, zone, **{FOLLOWED[name].behavior: NEW_ONLY for name in names})
    several.run()
    several.edit("before")
    world.settings(**{key: value for each in several.followed for key, value in each.settings.items()})
    assert several.run() == NONE
    several.edit("after")
    assert several.run("updated") == ONE_EACH
    assert several.sent() == {"after"}


def test_a_change_during_the_run_that_switches_is_not_taken_for_one_before(world: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    followed = ready(world, "NetSuite payments", "America/Los_Angeles", payment_sync_behaviour=NEW_ONLY)
    run(world, followed)
    world.settings(**reverse_world.SWITCHED_ON)
    world.load(netsuite=reverse_world.ns_payment("P2", 50, {"INV2": 50}))
    at_first_write(world, followed, lambda: followed.edit(world, "second"), monkeypatch)
    assert run(world, followed)["created"] == 1
    assert run(world, followed)["updated"] == 1
    assert followed.sent(world) == "second"


@dataclass(frozen=True)
class Repeated:
    """A zone, and when its clock is set back by an hour (UTC)."""

    zone: str
    at: datetime


AUTUMN = [
    Repeated("America/Los_Angeles", datetime(2026, 11, 1, 9, tzinfo=UTC)),
    Repeated("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    Repeated("Australia/Sydney", datetime(2027, 4, 3, 16, tzinfo=UTC)),
]


LATER = (15, 40, 60, 75)
"""Minutes from an edit that comes ten minutes before the clock is set back to another one, which may bear an earlier time, or the same."""
PAYMENTS = {later: (f"P{n}", f"730{n}") for n, later in enumerate(LATER, 1)}
CUSTOMERS = {later: f"80{n}" for n, later in enumerate(LATER, 1)}


@dataclass
class SetBack:
    """A payment and a customer for each of `LATER`, and what was sent of them: by the name of the step and the minutes."""

    world: MemoryWorld
    sent: dict[tuple[str, int], list[Any]]
    selected: dict[str, list[int]]

    def edit(self, later: int, text: str) -> None:
        in_netsuite(self.world, "customerPayment", PAYMENTS[later][1], memo=text)
        in_netsuite(self.world, "customer", CUSTOMERS[later], comments=text)

    def run(self, moment: datetime) -> None:
        self.world.clock.moment = moment
        output = self.world.run(steps=[FOLLOWED[name].step for name in FROM_NETSUITE])
        steps = {s["step"]: s for s in self.world.summary(output)["steps"]}
        for name in FROM_NETSUITE:
            self.selected[name].append(steps[FOLLOWED[name].step]["selected"])

    def look(self, later: int) -> None:
        comment = str(reverse_world.zuora_of(self.world, "Payment", PAYMENTS[later][0]).get("Comment"))
        self.sent["NetSuite payments", later].append(comment.partition(" (NetSuite date")[0])
        self.sent["NetSuite customers", later].append(customer_world.account(self.world, CUSTOMERS[later]).get("Notes"))


@pytest.fixture(scope="module", params=AUTUMN, ids=lambda c: c.zone)
def set_back(world: MemoryWorld, request: pytest.FixtureRequest) -> SetBack:
    """One world for all, from three hours before the clock is set back to six hours after it."""
    change: Repeated = request.param
    world.clock.moment = change.at - timedelta(days=1, hours=3)
    ready(world, "NetSuite payments", change.zone, **customer_world.SETTINGS)
    for number, internal_id in PAYMENTS.values():
        if number != "P1":
            world.load(netsuite=reverse_world.ns_payment(number, 10, {"INV2": 10}, id=internal_id, memo="first"))
    world.load(netsuite={"customer": [customer_world.customer(c, comments="first") for c in CUSTOMERS.values()]})
    told = SetBack(world, {(name, later): [] for name in FROM_NETSUITE for later in LATER}, {name: [] for name in FROM_NETSUITE})
    told.run(change.at - timedelta(hours=2, minutes=30))
    before = change.at - timedelta(minutes=10)
    world.clock.moment = before
    for later in LATER:
        told.edit(later, "before")
    told.run(before)
    for later in LATER:
        told.look(later)
    for later in LATER:
        world.clock.moment = before + timedelta(minutes=later)
        told.edit(later, "after")
        told.run(world.clock.moment)
        told.look(later)
    for name in FROM_NETSUITE:
        told.selected[name].clear()
    for hours in range(1, 4):
        told.run(change.at + timedelta(hours=2 * hours))
    for later in LATER:
        told.edit(later, "last")
    told.run(world.clock.moment)
    for later in LATER:
        told.look(later)
    return told


@pytest.mark.parametrize("name", FROM_NETSUITE)
@pytest.mark.parametrize("later", LATER, ids="{} minutes later".format)
def test_nothing_is_lost_when_the_clock_is_set_back(set_back: SetBack, name: str, later: int) -> None:
    assert set_back.sent[name, later] == ["before", "after", "last"]
    assert set_back.selected[name] == [0, 0, 0, len(LATER)]


def test_nothing_is_lost_when_the_clock_is_set_forward(world: MemoryWorld) -> None:
    change = datetime(2027, 3, 14, 10, tzinfo=UTC)
    world.clock.moment = change - timedelta(days=1, hours=3)
    several = ready_together(world, FROM_NETSUITE, "America/Los_Angeles")
    world.clock.moment = change - timedelta(minutes=20)
    for n in range(4):
        several.edit(f"edit {n}")
        several.run()
        assert several.sent() == {f"edit {n}"}


# -- nothing is looked at twice ----------------------------------------------------------------------------------------------


@pytest.mark.rule(f"{WATERMARK}own-write-back", f"{WATERMARK}otherwise")
@pytest.mark.parametrize("name", FOLLOWED)
def test_what_did_not_change_is_neither_written_nor_counted_again(world: MemoryWorld, name: str) -> None:
    followed = ready(world, name, "America/Los_Angeles")
    assert run(world, followed)["created"] == 1
    marks = []
    for _ in range(7):
        reverse_world.forget_calls(world)
        assert run(world, followed)["selected"] == 0
        assert [reverse_world.writes(calls) for calls in reverse_world.calls(world)] == [0, 0]
        marks.append(world.wiring().runs().watermark(followed.step)["watermark"])
    assert marks == sorted(marks)
    assert marks[0] == marks[-1]
    zuora, netsuite = reverse_world.calls(world)  # after the overlap: do they answer, how many wait, what is left out, what drifted
    assert zuora["POST /v1/action/query"] <= 2
    assert netsuite["POST /query/v1/suiteql"] <= 5
    assert sum(n for name, n in zuora.items() if name.startswith("GET /files")) <= 2, "a selection was read"


@BOTH_WAYS
def test_a_record_that_is_saved_without_a_change_is_looked_at_once(world: MemoryWorld, names: list[str]) -> None:
    """Somebody may want what differs on the other side to be put right."""
    several = ready_together(world, names)
    several.run()
    world.clock.advance(minutes=1)
    several.edit("first")
    reports = world.reported(*(each.step for each in several.followed))["steps"]
    assert [(report["selected"], report["unchanged"]) for report in reports] == [(1, 1), (1, 1)]
    assert several.run() == NONE


def test_while_a_record_stays_unfinished_the_others_are_not_read_for_ever(world: MemoryWorld) -> None:
    """The watermark stays where it is, so that all that follows is selected again by each run."""
    followed = ready(world, "NetSuite payments")
    run(world, followed)
    world.load(netsuite=reverse_world.ns_payment("P2", 50, {"INV2": 50}, id="7302"))
    world.netsuite_control.set_faults([{"method": "PATCH", "path": "customerPayment/7302", "status": 403, "body": {}}])
    followed.edit(world, "second")
    mark = world.wiring().runs().watermark(followed.step)
    for _ in range(5):
        report = run(world, followed)
        assert report["unfinished"] == 1
        world.clock.advance(minutes=30)
    assert world.wiring().runs().watermark(followed.step) == mark
    both = reads_of_applications(world, lambda: run(world, followed))
    assert both == [["7302"]]
    world.netsuite_control.set_faults([])
    assert run(world, followed)["created"] == 1
    assert world.wiring().runs().watermark(followed.step)["watermark"] > mark["watermark"]


def reads_of_applications(world: MemoryWorld, act: Callable[[], Any]) -> list[list[str]]:
    """Of which payments the applications are read meanwhile, call by call."""
    send, found = world.session.send, []

    def listen(request: Any, **how: Any) -> Any:
        body = money.loads(request.body) if request.path_url.endswith("offset=0") and request.body else {}
        if "l.nextdoc IN" in body.get("q", ""):
            found.append(body["params"])
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
    act()
    world.session.send = send  # type: ignore[method-assign]
    return found


@BOTH_WAYS
def test_a_rehearsal_notes_nothing(world: MemoryWorld, names: list[str]) -> None:
    several = ready_together(world, names)
    several.run()
    several.edit("second")
    before = several.marks()
    assert several.run("updated", dry_run=True) == ONE_EACH
    assert several.marks() == before
    assert several.run("updated") == ONE_EACH
    assert several.sent() == {"second"}


def test_changed_contacts_are_looked_at_once(world: MemoryWorld) -> None:
    followed = ready(world, "Zuora accounts", include_contact_changes="Yes")
    run(world, followed)
    contact = world.in_zuora("Account", "A1")["BillToId"]
    in_zuora(world, "Contact", Id=contact, City="Elsewhere")
    assert run(world, followed)["updated"] == 1
    in_zuora(world, "Contact", Id=contact, City="Anywhere")
    assert run(world, followed)["updated"] == 1
    assert run(world, followed)["selected"] == 0
