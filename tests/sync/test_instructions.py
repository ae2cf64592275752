"""What people say of single records is carried out by a run, through the engine's own write protocol, and a link is proved before it is
made."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.sync.instructions import Instruction, Instructions, Kind, alike_key
from tallybridge.sync.ledger import Owner
from tests.sync.builders import Objects, charge, invoice, merged, subscription, zid
from tests.sync.invoice_world import change, customer, ready
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

HIS = "arn:aws:sts::000000000000:assumed-role/finance/mara"


@pytest.fixture(scope="module")
def world() -> MemoryWorld:
    started = unserved_world()
    return MemoryWorld.of(started)


def queue(world: MemoryWorld) -> Instructions:
    wiring = world.wiring()
    return Instructions(wiring.ledger("", "desk"), wiring.clock)


def told(world: MemoryWorld, number: str, kind: Kind, **facts: Any) -> Instruction:
    wanted = Instruction(
        f"zuora#Invoice#{zid(number)}", "invoices", number, kind, HIS, "2026-11-02T08:00:00Z", reason="sent by hand", **facts
    )
    (given,) = queue(world).give([wanted])
    return given


def now(world: MemoryWorld, number: str) -> Instruction:
    (known,) = queue(world).read([f"zuora#Invoice#{zid(number)}"]).values()
    return known


def open_ones(world: MemoryWorld) -> list[str]:
    return [each.number for each in queue(world).open("invoices")]


def status(world: MemoryWorld, number: str) -> tuple[str | None, str | None]:
    found = world.in_zuora("Invoice", number)
    return found.get("IntegrationId__NS"), found.get("IntegrationStatus__NS")


def by_hand(amount: float, internal_id: str = "7001", customer: str = "9001", **fields: Any) -> Objects:
    """An invoice that somebody has entered in NetSuite."""
    line = {"item": {"id": "501"}, "quantity": 1, "rate": amount, "amount": amount}
    return {"invoice": [{"id": internal_id, "entity": {"id": customer}, "tranDate": "2026-10-01", "item": {"items": [line]}, **fields}]}


IRON = "Iron"


def broken(*numbers: str) -> Objects:
    """Invoices of 100 that are held, since their charge is not synced."""
    return merged(charge(IRON), subscription("A1", "S2", IRON), *(invoice("A1", n, [(IRON, 100.0)], sub="S2") for n in numbers))


def mended(world: MemoryWorld) -> None:
    """A person has synced the charge by hand."""
    change(world, "ProductRatePlanCharge", IRON, IntegrationId__NS="502", IntegrationStatus__NS="Sync Complete")


def start(world: MemoryWorld, *numbers: str, netsuite: Objects | None = None) -> None:
    """Held invoices, with a run that has said so."""
    ready(world, broken(*numbers), netsuite=netsuite)
    world.reported("invoices")


def instructed(world: MemoryWorld, **how: Any) -> dict[str, Any]:
    return world.reported("invoices", only="instructed", **how)


def total(summary: dict[str, Any]) -> tuple[int, int, int]:
    """(synced, already there, held) invoices."""
    (row,) = [row for row in summary["totals"] if row["object"] == "Invoice"]
    return row["synced"]["count"], row["already"]["count"], row["held"]["count"]


def about(summary: dict[str, Any], number: str) -> list[tuple[str, str]]:
    return [(line.get("code", ""), line["message"]) for line in summary["log"] if line.get("source_number") == number]


# --- Try again -------------------------------------------------------------------------------------------------------


def test_a_run_of_its_own_takes_up_the_instructed_records_alone(world: MemoryWorld) -> None:
    start(world, "INV1", "INV2")
    mended(world)
    told(world, "INV2", Kind.RETRY)
    summary = instructed(world)
    assert [row["selected"]["count"] for row in summary["totals"]] == [1]
    assert status(world, "INV2")[1] == "Sync Complete"
    assert status(world, "INV1") == (None, None)
    assert (now(world, "INV2").outcome, open_ones(world)) == ("synced", [])
    assert now(world, "INV2").run_id == summary["run_id"]


def test_what_is_still_wrong_is_said_and_the_instruction_ends(world: MemoryWorld) -> None:
    start(world, "INV1")
    told(world, "INV1", Kind.RETRY)
    instructed(world)
    known = now(world, "INV1")
    assert known.outcome == "held"
    assert "Iron" in known.message
    assert open_ones(world) == []


def test_the_next_usual_run_carries_out_what_waits(world: MemoryWorld) -> None:
    start(world, "INV1", "INV2")
    mended(world)
    told(world, "INV1", Kind.RETRY)
    world.reported("invoices")
    assert [status(world, n)[1] for n in ("INV1", "INV2")] == ["Sync Complete"] * 2
    assert (now(world, "INV1").outcome, open_ones(world)) == ("synced", [])


def test_a_record_for_which_nothing_is_due_ends_its_instruction_with_a_word(world: MemoryWorld) -> None:
    start(world, "INV1")
    mended(world)
    world.reported("invoices")
    told(world, "INV1", Kind.RETRY)
    summary = instructed(world)
    assert (now(world, "INV1").outcome, open_ones(world)) == ("not due", [])
    assert [line["code"] for line in summary["log"] if "INV1" in line["message"]] == ["NOT-DUE"]


def test_a_restricted_run_moves_no_watermark_and_lets_nothing_go(world: MemoryWorld) -> None:
    start(world, "INV1", "INV2")
    told(world, "INV1", Kind.RETRY)
    key = f"zuora#Invoice#{zid('INV2')}"
    before = world.wiring().ledger("", "test").read([key])
    assert before[key]["attention"] == "HELD#invoices"
    marks = {step: world.wiring().runs().watermark(step) for step in ("customers", "invoices")}
    instructed(world)
    assert world.wiring().ledger("", "test").read([key]) == before
    assert {step: world.wiring().runs().watermark(step) for step in marks} == marks


def test_a_dry_run_leaves_the_instruction_open(world: MemoryWorld) -> None:
    start(world, "INV1")
    mended(world)
    told(world, "INV1", Kind.RETRY)
    instructed(world, dry_run=True)
    assert (open_ones(world), now(world, "INV1").outcome, status(world, "INV1")) == (["INV1"], "", (None, None))


def test_without_instructions_a_restricted_run_does_nothing(world: MemoryWorld) -> None:
    start(world, "INV1")
    mended(world)
    assert instructed(world)["totals"] == []
    assert status(world, "INV1") == (None, None)


# --- Link and mark ---------------------------------------------------------------------------------------------------


def test_a_link_is_proved_and_made(world: MemoryWorld) -> None:
    start(world, "INV1", netsuite=by_hand(100.0))
    told(world, "INV1", Kind.LINK, target="7001")
    summary = instructed(world)
    assert status(world, "INV1") == ("7001", "Sync Complete")
    assert len(world.in_netsuite("invoice")) == 1
    assert (total(summary), summary["tied_out"], summary["drift"]) == ((1, 0, 0), True, [])
    assert now(world, "INV1").outcome == "synced"
    assert world.reported("invoices")["drift"] == []


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (by_hand(99.99), "holds USD 99.99 instead of USD 100.00"),
        (by_hand(100.0, customer="9002"), "belongs to customer 9002 instead of 9001"),
        (by_hand(100.0, custbodyzuoraid="8ad0"), "belongs to Invoice 8ad0"),
        ({}, "does not exist"),
    ],
    ids=["amount", "customer", "another's", "none"],
)
def test_what_is_not_the_same_is_not_linked(world: MemoryWorld, there: Objects, says: str) -> None:
    start(world, "INV1", netsuite=merged(there, {"customer": [customer("A2", "9002")]}))
    told(world, "INV1", Kind.LINK, target="7001")
    for dry_run in (True, False):
        summary = instructed(world, dry_run=dry_run)
        ((code, message),) = about(summary, "INV1")
        assert (says in message, total(summary)) == (True, (0, 0, 1)), (code, message)
    assert status(world, "INV1") == (None, None)
    assert (now(world, "INV1").outcome, open_ones(world)) == ("held", [])


def test_a_record_that_another_one_bears_the_id_of_is_not_linked(world: MemoryWorld) -> None:
    """Both would be its counterparts then, and its money would stand in NetSuite twice."""
    ready(world, broken("INV1"), netsuite=merged(by_hand(100.0), by_hand(100.0, "7002", custbodyzuoraid=zid("INV1"))))
    told(world, "INV1", Kind.LINK, target="7001")
    ((code, message),) = about(instructed(world), "INV1")
    assert (code, "NetSuite invoice 7002 carries its id" in message, status(world, "INV1")) == ("INV-LINK", True, (None, None)), message


def test_a_link_that_was_refused_is_made_once_the_other_record_is_right(world: MemoryWorld) -> None:
    start(world, "INV1", netsuite=by_hand(99.0))
    told(world, "INV1", Kind.LINK, target="7001")
    ((code, message),) = about(instructed(world), "INV1")
    assert (code, "Correct the NetSuite record" in message) == ("INV-LINK", False)
    line = {"item": {"id": "501"}, "quantity": 1, "rate": 100.0, "amount": 100.0}
    world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person")).update(
        "invoice", "7001", {"item": {"items": [line]}}, ("item",)
    )
    told(world, "INV1", Kind.LINK, target="7001")
    summary = instructed(world)
    assert (status(world, "INV1"), summary["tied_out"]) == (("7001", "Sync Complete"), True)


@pytest.mark.parametrize("target", ["seven", "7001 OR 1=1", "0"])
def test_a_target_that_is_no_id_is_not_linked(world: MemoryWorld, target: str) -> None:
    start(world, "INV1", netsuite=by_hand(100.0))
    told(world, "INV1", Kind.LINK, target=target)
    ((code, message),) = about(instructed(world), "INV1")
    assert (code, "does not exist" in message) == ("INV-LINK", True)


def test_mark_takes_the_counterpart_that_the_record_names(world: MemoryWorld) -> None:
    start(world, "INV1", netsuite=by_hand(100.0))
    change(world, "Invoice", "INV1", IntegrationId__NS="7001", IntegrationStatus__NS="Error Creating Invoice")
    told(world, "INV1", Kind.MARK)
    instructed(world)
    assert status(world, "INV1") == ("7001", "Sync Complete")


def test_mark_without_a_counterpart_says_so(world: MemoryWorld) -> None:
    start(world, "INV1")
    told(world, "INV1", Kind.MARK)
    ((code, message),) = about(instructed(world), "INV1")
    assert (code, "no record of it" in message) == ("INV-LINK", True)


# --- Ignore ----------------------------------------------------------------------------------------------------------


def test_what_is_ignored_is_not_sent_and_told_as_left_out(world: MemoryWorld) -> None:
    start(world, "INV1", "INV2")
    mended(world)
    told(world, "INV1", Kind.IGNORE, until="2027-01-31")
    for _ in range(2):
        summary = world.reported("invoices")
        ((row),) = [row for row in summary["left_out"] if row["code"] == "IGNORED"]
        assert (row["count"], row["amount"], row["currency"], row["first"], row["due"]) == (1, 100.0, "USD", ["INV1"], False)
        assert "left out until 2027-01-31" in dict(about(summary, "INV1"))["IGNORED"]
        assert HIS in dict(about(summary, "INV1"))["IGNORED"]
    assert [status(world, n)[1] for n in ("INV1", "INV2")] == [None, "Sync Complete"]
    assert open_ones(world) == ["INV1"]


def test_an_ignored_record_is_sent_once_its_time_has_passed(world: MemoryWorld) -> None:
    start(world, "INV1")
    mended(world)
    day = world.clock.now().date().isoformat()
    told(world, "INV1", Kind.IGNORE, until=day)
    world.reported("invoices")
    assert status(world, "INV1")[1] is None
    world.clock.advance(days=1)
    world.reported("invoices")
    assert (status(world, "INV1")[1], open_ones(world), now(world, "INV1").outcome) == ("Sync Complete", [], "over")


def test_an_ignored_record_is_sent_once_it_was_withdrawn(world: MemoryWorld) -> None:
    start(world, "INV1")
    mended(world)
    told(world, "INV1", Kind.IGNORE)
    world.reported("invoices")
    assert queue(world).withdraw(now(world, "INV1"))
    world.reported("invoices")
    assert (status(world, "INV1")[1], open_ones(world)) == ("Sync Complete", [])


# --- Two at once -----------------------------------------------------------------------------------------------------


def test_an_instruction_that_was_replaced_meanwhile_is_not_carried_out(world: MemoryWorld) -> None:
    start(world, "INV1", netsuite=by_hand(100.0))
    told(world, "INV1", Kind.LINK, target="7001")
    run = world.open(steps=["invoices"], only="instructed")["runId"]
    selected = world.rounds(lambda: world.task("invoices", {"runId": run, "step": "invoices", "task": "select"}))
    told(world, "INV1", Kind.IGNORE)
    world.batch(run, "invoices", "000001")
    assert (selected["selected"], status(world, "INV1"), open_ones(world)) == (1, (None, None), ["INV1"])


def test_of_two_people_the_one_who_read_first_learns_that_the_other_was_quicker(world: MemoryWorld) -> None:
    start(world, "INV1")
    first = told(world, "INV1", Kind.RETRY)
    known = now(world, "INV1")
    told(world, "INV1", Kind.IGNORE)
    assert not queue(world).withdraw(known)
    assert (first.kind, now(world, "INV1").kind) == ("retry", "ignore")


def alike(world: MemoryWorld, code: str) -> Instruction:
    wanted = Instruction(alike_key("invoices", code), "invoices", "", Kind.RETRY, HIS, "2026-11-02T08:00:00Z", alike=code)
    (given,) = queue(world).give([wanted])
    return given


def counts(world: MemoryWorld) -> dict[str, tuple[int, dict[str, Any]]]:
    """What runs have counted in the step of invoices: how many, and what they amount to, by code."""
    known = world.wiring().problems().read()["invoices"]
    assert known.under_way == ""
    return {each.code: (each.count, each.sums) for each in known.problems}


def test_all_that_are_alike_are_one_instruction_whatever_their_number(world: MemoryWorld) -> None:
    start(world, "INV1", "INV2", "INV3")
    assert counts(world) == {"INV-V2": (3, {"USD": 300})}
    mended(world)
    alike(world, "INV-V2")
    told(world, "INV3", Kind.IGNORE)
    summary = instructed(world)
    assert {n: status(world, n)[1] for n in ("INV1", "INV2")} == dict.fromkeys(("INV1", "INV2"), "Sync Complete")
    assert status(world, "INV3")[0] is None  # what is said of one record goes before what is said of all alike
    assert summary["outcome"] == "completed"
    (done,) = queue(world).read([alike_key("invoices", "INV-V2")]).values()
    assert (done.outcome, done.run_id, open_ones(world)) == ("carried out", summary["run_id"], ["INV3"])
    assert counts(world) == {}


def test_what_waits_is_counted_by_every_run_that_takes_up_records(world: MemoryWorld) -> None:
    start(world, "INV1", "INV2")
    mended(world)
    told(world, "INV1", Kind.RETRY)
    instructed(world)
    assert counts(world) == {"INV-V2": (1, {"USD": 100})}
    world.reported("invoices", dryRun=True)
    assert counts(world) == {"INV-V2": (1, {"USD": 100})}
    world.reported("invoices")
    assert counts(world) == {}


def test_a_count_that_the_index_is_behind_with_is_not_kept(world: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    start(world, "INV1")
    monkeypatch.setattr("tallybridge.tasks.summarise.counted", lambda ledger, step: [])
    run_id = world.reported("invoices")["run_id"]
    known = world.wiring().problems().read()["invoices"]
    assert (known.under_way, [each.count for each in known.problems]) == (run_id, [1])
    assert "invoices" not in world.wiring().problems().settled()
