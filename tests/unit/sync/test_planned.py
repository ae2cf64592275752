"""What counts as the same plan: digests, the places of stand-ins, and what is told of a difference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from tallybridge.sync.planned import MOVED, Agreed, hold_to, planned
from tallybridge.sync.stand_ins import stand_in_id
from tallybridge.sync.step import (
    Counterpart,
    Found,
    Hold,
    Later,
    Leave,
    Otherwise,
    Plan,
    Problem,
    Refusal,
    Request,
    SourceRecord,
    Step,
    Write,
)
from tallybridge.sync.work import Work

NEW = stand_in_id("customer")


class Invoices:
    """As much of a step as comparing plans takes."""

    object_label, destination, destination_system = "Invoice", "invoice", "NetSuite"

    def is_sync_date(self, name: str) -> bool:
        return name == "synced"


STEP = cast(Step, Invoices())


def work(plan: Plan) -> Work:
    return Work(SourceRecord("1", "INV1", ""), plan)


def write(*, target: str = "", **body: Any) -> Write:
    return Write("update" if target else "create", "", "", (Request("invoice", body, target or None),), destination_id=target)


def held(then: Plan, now: Plan, *, ids: dict[str, str] | None = None, found: tuple[Counterpart, ...] = (), before: Any = None) -> str:
    """The text with which a record is held that was planned `then` and is planned `now`; "" where it is not held for having moved."""
    was = planned(work(then), found if before is None else before, STEP)
    one = work(now)
    hold_to([one], {"1": found}, Agreed({"1": was}, ids or {}), (), STEP)
    return one.plan.problems[0].message if isinstance(one.plan, Hold) and one.plan.problems[0].code == MOVED else ""


def lines(*amounts: int) -> dict[str, Any]:
    return {"items": [{"item": {"id": str(n)}, "amount": Decimal(n)} for n in amounts]}


def test_the_moment_of_the_sync_and_the_order_of_lines_do_not_matter() -> None:
    assert held(write(synced="then", item=lines(1, 2)), write(synced="now", item=lines(2, 1))) == ""
    assert held(write(amount=Decimal("10.0")), write(amount=10)) == ""


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({"memo": "a"}, {"memo": "b"}, "memo was a, is b"),
        ({"memo": "a"}, {}, "memo was a, is empty"),
        ({"email": "a@example.com"}, {"email": "b@example.com"}, "a value that is not shown"),
        ({"item": lines(1, 2)}, {"item": lines(1)}, "item[2].item was 2, is empty"),
        ({f"f{n}": 1 for n in range(9)}, {}, "and 6 more"),
    ],
)
def test_whatever_else_differs_is_named(then: dict[str, Any], now: dict[str, Any], told: str) -> None:
    assert told in held(write(**then), write(**now))


def test_amounts_that_change_places_between_lines_are_seen() -> None:
    swapped = {"items": [{"item": {"id": "1"}, "amount": 2}, {"item": {"id": "2"}, "amount": 1}]}
    assert held(write(item=lines(1, 2)), write(item=swapped))


def test_the_counterpart_and_what_it_holds_belong_to_the_plan() -> None:
    there, other = Counterpart("7", Decimal(10)), Counterpart("7", Decimal(11))
    assert held(write(target="7", memo="a"), write(target="7", memo="a"), found=(there,)) == ""
    assert held(write(target="7", memo="a"), write(target="8", memo="a"))
    assert "has changed" in held(write(target="7", memo="a"), write(target="7", memo="a"), before=(there,), found=(other,))
    assert held(Found(there), Found(Counterpart("8", Decimal(10))))


def test_an_id_counts_as_its_stand_in_only_where_the_plan_has_it() -> None:
    then = write(entity={"id": NEW}, item={"items": [{"item": {"id": "12"}, "quantity": "12"}]})
    ids = {NEW: "12"}
    now = write(entity={"id": "12"}, item={"items": [{"item": {"id": "12"}, "quantity": "12"}]})
    assert held(then, now, ids=ids) == ""
    assert held(then, write(entity={"id": "13"}, item={"items": [{"item": {"id": "12"}, "quantity": "12"}]}), ids=ids)
    assert "entity was a new record, is 13" in held(write(entity={"id": NEW}), write(entity={"id": "13"}), ids=ids)
    assert held(write(entity={"id": "12"}), write(entity={"id": NEW}), ids=ids)


def test_ids_are_found_in_addresses_too() -> None:
    then = Write("create", "", "", (Request(f"/v1/payments/{NEW}/apply", {}, NEW),))
    assert held(then, Write("create", "", "", (Request("/v1/payments/8ad0/apply", {}, "8ad0"),)), ids={NEW: "8ad0"}) == ""
    assert held(then, Write("create", "", "", (Request("/v1/payments/8ad01/apply", {}, "8ad01"),)), ids={NEW: "8ad0"})


def test_a_record_of_the_same_batch_may_have_been_written_before() -> None:
    later = Later("customer", Problem("WAITS", "waits"))
    assert held(write(parent={"id": later}), write(parent={"id": later})) == ""
    assert held(write(parent={"id": later}), write(parent={"id": "12"}), ids={NEW: "12"}) == ""


def test_either_way_of_a_plan_that_has_two_is_as_planned() -> None:
    second = write(memo="second")
    first = Write("create", "", "", (Request("invoice", {"memo": "first"}),), otherwise=Otherwise(lambda _: True, lambda: False, second))
    assert (held(first, first), held(first, second)) == ("", "")
    assert held(first, write(memo="third"))


def test_what_writes_nothing_needs_no_plan_and_sets_nothing_aside_unplanned() -> None:
    hold, leave = Hold((Problem("V1", "no"),), set_aside=True), Leave(Problem("L1", "no"), set_aside=True)
    for plan in (hold, leave):
        one = work(plan)
        hold_to([one], {}, Agreed({"1": planned(work(write(memo="a")), (), STEP)}, {}), (), STEP)
        assert isinstance(one.plan, Hold | Leave)
        assert not one.plan.set_aside
        one = work(plan)
        hold_to([one], {}, Agreed({"1": planned(work(plan), (), STEP)}, {}), (), STEP)
        assert one.plan is plan


def test_what_is_not_in_the_plan_is_not_written() -> None:
    for plan in (write(memo="a"), Refusal(Problem("R1", "no"), "Error"), Found(Counterpart("7"))):
        one = work(plan)
        hold_to([one], {}, Agreed({}, {}), (), STEP)
        assert isinstance(one.plan, Hold)
    one = work(kept := Found(Counterpart("7"), write_back=False))
    hold_to([one], {}, Agreed({}, {}), (), STEP)
    assert one.plan is kept


def test_what_this_run_has_begun_is_finished() -> None:
    one = work(plan := write(memo="b"))
    hold_to([one], {}, Agreed({"1": planned(work(write(memo="a")), (), STEP)}, {}), {"1"}, STEP)
    assert one.plan is plan
