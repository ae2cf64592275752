"""How an account's slots are shared out (sync/sharing.py): leases, the queue, settings that differ, refusals and recovery."""

from __future__ import annotations

import pytest

from tallybridge.http import CONNECT_SECONDS
from tallybridge.netsuite.datasets import PAGE_SECONDS
from tallybridge.sync.sharing import (
    BETWEEN_CALLS_SECONDS,
    CALL_SECONDS,
    FRESH_SECONDS,
    LEASE_SECONDS,
    MARGIN_SECONDS,
    MOST_ASKED,
    PAUSES,
    QUIET_SECONDS,
    WAITING_SECONDS,
    Sharing,
)

NOW = 1_770_000_000.25


def later(sharing: Sharing, seconds: float) -> Sharing:
    """The same item, read so many seconds later."""
    return Sharing.of(sharing.to_item(), sharing.now + seconds)


def empty() -> Sharing:
    return Sharing.of({}, NOW)


def with_leases(worker: str = "a", count: int = 1, limit: int = 5, sharing: Sharing | None = None) -> Sharing:
    sharing = sharing or empty()
    assert sharing.lease(worker, limit, [f"{worker}#{n}" for n in range(count)])
    return sharing


def test_a_lease_outlasts_every_call_that_may_be_made_under_it() -> None:
    assert PAGE_SECONDS <= CALL_SECONDS
    assert CONNECT_SECONDS < MARGIN_SECONDS
    assert FRESH_SECONDS + CONNECT_SECONDS + CALL_SECONDS < LEASE_SECONDS


def test_leases_and_workers_end_by_themselves() -> None:
    held = with_leases("a", 2)
    assert later(held, LEASE_SECONDS - 1).held == held.held
    gone = later(held, LEASE_SECONDS)
    assert (gone.held, gone.workers) == ({}, {})


def test_an_item_of_an_earlier_version_is_understood() -> None:
    """It has leases of two minutes, and numbers that are of no use any more."""
    old = {
        "pk": "slots",
        "sk": "1",
        "version": 7,
        "held": {"old#1": int(NOW) + 60, "older#1": int(NOW) - 1},
        "current": 1,
        "quiet_since": 5,
    }
    sharing = Sharing.of(old, NOW)
    assert (sharing.held, sharing.limit(5), sharing.free_for("b", 5, 9)) == ({"old#1": int(NOW) + 60}, 5, 4)


# --- Settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("theirs", "own", "free"), [(5, 5, 3), (3, 5, 1), (5, 3, 1), (2, 5, 0), (5, 2, 0), (9, 9, 7)])
def test_the_lowest_setting_of_all_who_are_at_work_holds(theirs: int, own: int, free: int) -> None:
    assert with_leases("a", 2, theirs).free_for("b", own, 9) == free


def test_the_setting_of_one_who_waits_counts() -> None:
    sharing = with_leases("a", 5, 8)
    sharing.lease("b", 2, [])
    assert sharing.limit(8) == 2
    assert sharing.crowded(8)
    assert sharing.free_for("a", 8, 3) == 0


def test_a_setting_holds_until_its_last_worker_has_nothing_any_more() -> None:
    sharing = with_leases("b", 2, 2, with_leases("a", 1, 8))
    sharing.release("b", ["b#0"])
    assert sharing.limit(8) == 2
    sharing.release("b", ["b#1"])
    assert (sharing.limit(8), sharing.free_for("a", 8, 9)) == (8, 7)


@pytest.mark.parametrize("now", [1, 3, 8, 50])
def test_what_was_learned_never_exceeds_the_setting_nor_keeps_a_raised_one_down_for_ever(now: int) -> None:
    learned = with_leases("a", 8, 8)
    learned.refused(8, None)
    learned.release("a", list(learned.held))
    assert learned.learned == 4
    assert later(learned, PAUSES[0] + 1).limit(now) == min(4, now)
    recovered = later(learned, PAUSES[0] + 1 + QUIET_SECONDS * (now + 1))
    assert (recovered.limit(now), recovered.free_for("a", now, 99)) == (now, now)


# --- The queue -------------------------------------------------------------------------------------------------------


def test_slots_that_become_free_are_for_those_who_came_first() -> None:
    sharing = with_leases("a", 2, 2)
    assert sharing.lease("b", 2, [])
    sharing = later(sharing, 1)
    assert sharing.lease("c", 2, [])
    sharing.release("a", ["a#0"])
    assert [sharing.free_for(worker, 2, 2) for worker in "abc"] == [0, 1, 0]
    sharing.release("a", ["a#1"])
    assert [sharing.free_for(worker, 2, 2) for worker in "abcd"] == [0, 2, 1, 0]


def test_who_holds_a_slot_does_not_stand_in_the_queue() -> None:
    sharing = with_leases("a", 1, 2)
    assert not sharing.lease("a", 2, [])
    assert sharing.free_for("b", 2, 2) == 1


def test_who_waits_says_so_now_and_then_and_keeps_its_place() -> None:
    sharing = empty()
    assert sharing.lease("b", 2, [])
    place = sharing.workers["b"]["since"]
    assert not later(sharing, WAITING_SECONDS / 2 - 1).lease("b", 2, [])
    again = later(sharing, WAITING_SECONDS / 2 + 1)
    assert again.lease("b", 2, [])
    assert later(again, WAITING_SECONDS / 2 + 1).workers["b"]["since"] == place


def test_who_is_not_heard_of_any_more_is_waited_for_no_longer() -> None:
    sharing = with_leases("a", 1, 2)
    sharing.lease("b", 2, [])
    assert sharing.free_for("a", 2, 1) == 0
    assert later(sharing, WAITING_SECONDS + 1).free_for("a", 2, 1) == 1


def test_who_gives_up_waiting_leaves_the_queue() -> None:
    sharing = with_leases("a", 1, 2)
    sharing.lease("b", 2, [])
    assert sharing.withdraw("b")
    assert not sharing.withdraw("a")
    assert sharing.free_for("a", 2, 1) == 1


# --- Who is at work --------------------------------------------------------------------------------------------------


def at_work(limit: int, number: int) -> Sharing:
    """So many workers that have begun, and hold nothing at the moment."""
    sharing = empty()
    for n in range(number):
        with_leases(f"w{n}", 1, limit, sharing)
        sharing.release(f"w{n}", [f"w{n}#0"])
    return sharing


@pytest.mark.parametrize(("limit", "number", "free"), [(1, 1, 1), (1, 2, 0), (3, 3, 3), (3, 4, 0), (5, 3, 5), (5, 9, 0)])
def test_a_worker_begins_only_where_the_slots_suffice_for_one_more(limit: int, number: int, free: int) -> None:
    sharing = at_work(limit, number)
    assert sharing.free_for("new", limit, 99) == free
    sharing.lease("new", limit, [])
    assert sharing.free_for("new", limit, 99) == free
    assert sharing.free_for("w0", limit, 99) == limit - (1 if free else 0)


def test_those_who_wait_to_begin_do_so_in_the_order_in_which_they_came() -> None:
    sharing = at_work(1, 2)
    for n, name in enumerate(("b", "a")):
        sharing = later(sharing, n)
        sharing.lease(name, 1, [])
    assert [sharing.free_for(name, 1, 1) for name in ("a", "b", "w0")] == [0, 0, 1]
    sharing.withdraw("w0")
    assert [sharing.free_for(name, 1, 1) for name in ("a", "b", "c")] == [0, 1, 0]


@pytest.mark.parametrize(("number", "free"), [(1, {"new": 1, "w0": 0}), (2, {"new": 0, "w0": 1})])
def test_who_may_begin_has_its_turn_like_those_at_work(number: int, free: dict[str, int]) -> None:
    sharing = at_work(1, number)
    sharing.lease("new", 1, [])
    sharing = later(sharing, 5)
    sharing.lease("w0", 1, [])
    assert {name: sharing.free_for(name, 1, 1) for name in ("new", "w0")} == free


def test_who_has_not_been_heard_of_for_a_while_is_not_at_work_any_more() -> None:
    sharing = at_work(1, 2)
    assert later(sharing, BETWEEN_CALLS_SECONDS - 1).free_for("new", 1, 1) == 0
    assert later(sharing, BETWEEN_CALLS_SECONDS + 1).free_for("new", 1, 1) == 1


def test_workers_at_work_stay_so_when_the_limit_falls() -> None:
    sharing = at_work(4, 4)
    sharing.lease("w3", 4, [])
    sharing.refused(4, None)
    sharing = later(sharing, 2)
    assert sharing.limit(4) == 1
    assert [sharing.free_for(name, 4, 9) for name in ("w3", "w0", "new")] == [1, 0, 0]


# --- Refusals --------------------------------------------------------------------------------------------------------


def test_a_refusal_halves_the_limit_and_stops_everybody_for_a_moment() -> None:
    sharing = with_leases("a", 3, 5, with_leases("b", 1, 5))
    assert sharing.refused(5, None)
    assert sharing.learned == 2
    assert sharing.free_for("c", 5, 1) == later(sharing, 0.5).free_for("c", 5, 1) == 0
    sharing.release("a", list(sharing.held))
    sharing.release("b", list(sharing.held))
    assert later(sharing, PAUSES[0] + 1).free_for("c", 5, 9) == 2


def test_calls_that_were_in_flight_together_are_refused_together() -> None:
    sharing = with_leases("a", 5)
    assert sharing.refused(5, None)
    assert [later(sharing, 0.3).refused(5, None) for _ in range(4)] == [False] * 4
    assert sharing.learned == 2


@pytest.mark.parametrize("held", [0, 1, 5])
def test_the_limit_never_falls_below_one(held: int) -> None:
    sharing = with_leases("a", held) if held else empty()
    for _ in range(5):
        sharing.refused(5, None)
        sharing = later(sharing, sharing.resume - sharing.now + 1)
    assert sharing.limit(5) == 1


def test_pauses_grow_while_refusals_go_on_and_have_a_bound() -> None:
    sharing, pauses = empty(), []
    for _ in range(9):
        sharing.refused(5, None)
        pauses.append(sharing.pause)
        sharing = later(sharing, sharing.resume - sharing.now + 4)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    sharing = later(sharing, QUIET_SECONDS)
    sharing.refused(5, None)
    assert sharing.pause == PAUSES[0]


@pytest.mark.parametrize(("asked", "seconds"), [(7.0, 7), (0.0, 1), (90.5, 91), (3_600.0, MOST_ASKED)])
def test_a_pause_that_the_destination_asks_for_is_kept(asked: float, seconds: int) -> None:
    sharing = empty()
    sharing.refused(5, asked)
    assert later(sharing, seconds - 0.3).free_for("a", 5, 1) == 0
    assert later(sharing, seconds + 1).free_for("a", 5, 1) == 1


def test_of_several_pauses_that_are_asked_for_the_longest_is_kept() -> None:
    sharing = empty()
    sharing.refused(5, 30)
    assert not sharing.refused(5, 5)
    longer = later(sharing, 1)
    assert longer.refused(5, 40)
    assert later(longer, 39).free_for("a", 5, 1) == 0


@pytest.mark.parametrize("limit", [1, 5, 50])
def test_recovery_takes_as_many_quiet_minutes_as_there_are_slots(limit: int) -> None:
    sharing = with_leases("a", limit, limit)
    for _ in range(8):
        sharing.refused(limit, None)
        sharing = later(sharing, sharing.resume - sharing.now)
    assert [later(sharing, QUIET_SECONDS * n).limit(limit) for n in range(limit)] == list(range(1, limit + 1))
    assert later(sharing, QUIET_SECONDS * 1_000).limit(limit) == limit
