"""What the ledger keeps of every document: date, money, customer, who has run and what was proved, so that it can tell a month alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tallybridge.clock import stamp
from tallybridge.sync.instructions import Instruction, Instructions, Kind
from tallybridge.sync.periods import Standing, kept_count, standing_of
from tests.sync import reverse_world, test_invoices_revenue
from tests.sync.invoice_world import change
from tests.sync.memory import MemoryWorld
from tests.sync.ran import ran
from tests.sync.test_closed_periods import DATES, KINDS, NEXT_OPEN, NOVEMBER, OBJECTS, OCTOBER, closed, ready, run


def items(world: MemoryWorld, month: str) -> dict[str, dict[str, Any]]:
    """The ledger's items of a month by number; traces by their key."""
    found = world.wiring().ledger("a-reader").dated_in(month)
    return {str(item.get("number", item["id"])): item for item in found}


def test_a_document_that_is_held_stands_in_its_month_with_all_that_people_ask(fast: MemoryWorld) -> None:
    ready(fast)
    closed(fast, OCTOBER)
    run(fast)
    found = items(fast, "2026-10")
    for kind in KINDS:
        item = found[OBJECTS[kind][1]]
        assert (item["state"], item["document_date"], item["record_type"]) == ("HELD", DATES[kind], kind)
        assert (item["currency"], item["customer_name"][:2], bool(item["customer"])) == ("USD", "A1", True)
        assert float(item["amount"]) > 0
        assert (item["attempts"], bool(item["since"])) == (1, True)


def test_a_document_that_is_done_says_what_was_compared_who_ran_and_with_which_settings(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast, by="ann@example.com")
    found = items(fast, "2026-10")
    for kind in KINDS:
        item = found[OBJECTS[kind][1]]
        assert (item["state"], item["document_date"], item["run_by"]) == ("DONE", DATES[kind], "ann@example.com")
        assert (item["compared"], item["held_amount"]) == (f"USD {item['amount']}", item["amount"])
        assert standing_of(item) is Standing.PROVED
        assert item["settings_version"].partition("/")[2]
        assert (len(item["request_hash"]), bool(item["destination_id"])) == (32, True)
        assert "posting_period" not in item


def test_a_document_that_is_posted_later_than_it_is_dated_says_where(fast: MemoryWorld) -> None:
    ready(fast, NEXT_OPEN)
    closed(fast, OCTOBER, NOVEMBER)
    run(fast)
    found = items(fast, "2026-10")
    for kind in KINDS:
        item = found[OBJECTS[kind][1]]
        assert (item["posting_period"], item["posted_from"]) == ("Dec 2026", "2026-12-01")


def test_a_document_that_is_dated_anew_leaves_a_trace_in_the_month_that_it_left(fast: MemoryWorld) -> None:
    ready(fast)
    closed(fast, OCTOBER, NOVEMBER)
    run(fast, "invoice")
    before = fast.wiring().ledger("a-reader").moved_last("2026-10")
    change(fast, "Invoice", "INV20", InvoiceDate="2026-11-01")
    run(fast, "invoice")
    left, there = items(fast, "2026-10"), items(fast, "2026-11")
    (trace,) = [item for item in left.values() if item["state"] == "MOVED"]
    assert (trace["document_date"], trace["updated"] > before) == ("2026-10-01", True)
    assert (there["INV20"]["state"], "INV20" in left) == ("HELD", False)
    assert fast.wiring().ledger("a-reader").moved_last("2026-10") == trace["updated"]
    since = stamp(fast.clock.now())[:10]
    assert [item["state"] for item in fast.wiring().ledger("a-reader").dated_in("2026-10", since)] == ["MOVED"]


def test_a_payment_from_netsuite_stands_in_its_month_as_well(fast: MemoryWorld) -> None:
    reverse_world.ready(fast, reverse_world.ns_payment("P1", 200.0, {"INV1": 100.0}))
    reverse_world.run(fast)
    item = items(fast, "2026-10")["P1"]
    assert (item["state"], item["document_date"], item["compared"], item["amount"]) == ("DONE", "2026-10-15", "USD 200", "200")
    assert (item["customer_name"].partition(" ")[0], item["record_type"]) == ("A1", "payment")


def test_a_run_counts_the_months_that_people_close(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast, "invoice")
    wiring = fast.wiring()
    moved = wiring.ledger("a-reader").moved_last("2026-10")
    assert wiring.runs().count("2026-10") == {}, "it has only just moved"
    fast.clock.moment = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
    run(fast, "invoice")
    count = kept_count(wiring.runs(), "2026-10", moved)
    assert count is not None
    assert {line.standing: tally.count for line, tally in count.lines.items()} == {Standing.PROVED: 1}


def test_a_document_that_people_have_ignored_says_so_in_its_month(fast: MemoryWorld) -> None:
    ready(fast)
    closed(fast, OCTOBER)
    run(fast, "invoice")
    wiring = fast.wiring()
    item = items(fast, "2026-10")["INV20"]
    wanted = Instruction(item["id"], "invoices", "INV20", Kind.IGNORE, "ann@example.com", stamp(fast.clock.now()), reason="disputed")
    Instructions(wiring.ledger("", "desk"), wiring.clock).give([wanted])
    run(fast, "invoice")
    assert standing_of(items(fast, "2026-10")["INV20"]) is Standing.IGNORED


def test_an_update_that_changes_no_money_leaves_the_proof_as_it_is(fast: MemoryWorld) -> None:
    test_invoices_revenue.sent(fast)
    test_invoices_revenue.trigger(fast, 2)
    before = items(fast, "2026-10")["INV1"]
    ran(fast)
    item = items(fast, "2026-10")["INV1"]
    assert item["updated"] > before["updated"]
    assert (standing_of(item), item["compared"]) == (Standing.PROVED, "USD 155")
