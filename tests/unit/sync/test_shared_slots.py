"""Slots in the runs table: never more in flight than the limit over all workers, whatever becomes of them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tallybridge.errors import NoSlot, NotSent, OutcomeUnknown, OutOfTime
from tallybridge.sync.sharing import FRESH_SECONDS, LEASE_SECONDS, QUIET_SECONDS
from tallybridge.sync.slots import PATIENCE_SECONDS, POLL_SECONDS, RESERVE_SECONDS, TURN_SECONDS, SharedSlots
from tests.meeting import meeting
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock


class ShortSleeps(Clock):
    """Time of its own; waiting lets the other threads go on."""

    def __init__(self) -> None:
        super().__init__()
        self.guard = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self.guard:
            super().sleep(seconds)
        time.sleep(0.0005)


def slots(table: Any, clock: Clock, worker: str = "w1", limit: int = 4) -> SharedSlots:
    return SharedSlots(table, "acct", limit, worker, clock)


def held(table: Any) -> int:
    return len(table.get_item(Key={"pk": "slots", "sk": "acct"}).get("Item", {"held": {}})["held"])


def item(table: Any) -> dict[str, Any]:
    return dict(table.get_item(Key={"pk": "slots", "sk": "acct"})["Item"])


def test_slots_are_given_back_when_nobody_waits(runs: Any) -> None:
    mine = slots(runs, Clock())
    with mine.hold():
        assert held(runs) == 1
    assert held(runs) == 0


def test_slots_are_given_back_after_an_error(runs: Any) -> None:
    mine = slots(runs, Clock())
    with pytest.raises(ZeroDivisionError), mine.hold():
        raise ZeroDivisionError
    assert held(runs) == 0


class Meanwhile:
    """A table: right after the item was read for the first time, something happens."""

    def __init__(self, table: Any, act: Callable[[], object]) -> None:
        self.table, self.meta, self.left = table, table.meta, [act]

    def get_item(self, **how: Any) -> Any:
        found = self.table.get_item(**how)
        while self.left:
            self.left.pop()()
        return found

    def put_item(self, **how: Any) -> Any:
        return self.table.put_item(**how)


@pytest.mark.parametrize("known", [False, True], ids=["the first of all", "a later one"])
def test_of_two_workers_that_read_the_item_at_once_one_gets_the_last_slot(runs: Any, known: bool) -> None:
    clock = Clock()
    if known:
        with slots(runs, clock, "w0", limit=1).hold():
            assert held(runs) == 1
    other = slots(runs, clock, "w2", limit=1)
    mine = slots(Meanwhile(runs, lambda: other._lease(1)), clock, "w1", limit=1)
    assert (mine._lease(1), len(other.leased), held(runs)) == ([], 1, 1)


@pytest.mark.parametrize("limit", [1, 3])
def test_several_workers_with_threads_never_exceed_the_limit(limit: int) -> None:
    table, clock = MemoryTable("runs", "pk", "sk"), ShortSleeps()
    flying, most, done, guard = 0, 0, 0, threading.Lock()

    def work(mine: SharedSlots, seed: int) -> None:
        nonlocal flying, most, done
        luck = random.Random(seed)
        for _ in range(12):
            with mine.hold():
                with guard:
                    flying += 1
                    most = max(most, flying)
                time.sleep(luck.random() * 0.002)
                with guard:
                    flying -= 1
                    done += 1

    with meeting():
        workers = [slots(table, clock, f"w{n}", limit) for n in range(limit + 1)]
        threads = [threading.Thread(target=work, args=(workers[n % len(workers)], n)) for n in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (most, done) == (limit, 9 * 12)
    assert held(table) == 0


def test_a_dead_workers_slots_return_when_its_calls_must_have_ended(runs: Any) -> None:
    clock = Clock()
    slots(runs, clock, "dead", limit=1)._take()
    began = clock.now()
    with slots(runs, clock, "w2", limit=1).hold():
        waited = (clock.now() - began).total_seconds()
    assert LEASE_SECONDS - 1 <= waited <= LEASE_SECONDS + 1.5 * POLL_SECONDS[1]


def lost(going_on: bool) -> OutcomeUnknown:
    error = OutcomeUnknown("no answer", service="NetSuite")
    error.going_on = going_on
    return error


@pytest.mark.parametrize(("going_on", "left"), [(True, 1), (False, 0)])
def test_a_call_that_the_service_may_still_be_at_keeps_its_slot_until_it_must_have_ended(runs: Any, going_on: bool, left: int) -> None:
    clock = Clock()
    mine = slots(runs, clock, limit=2)
    with pytest.raises(OutcomeUnknown), mine.hold():
        raise lost(going_on)
    assert held(runs) == left
    assert len([mine._take() for _ in range(2 - left)]) == 2 - left
    assert mine._lease(1) == []
    clock.sleep(LEASE_SECONDS)
    assert len(slots(runs, clock, "w2", limit=2)._lease(2)) == 2


def test_two_clients_of_one_worker_count_apart(runs: Any) -> None:
    """As a task makes them, one after the other, and a command line that runs twice at once."""
    clock = Clock()
    one, two = slots(runs, clock, "w1", limit=2), slots(runs, clock, "w1", limit=2)
    one._take()
    two._take()
    assert held(runs) == 2
    assert one._lease(1) == two._lease(1) == []
    assert list(item(runs)["workers"]) == ["w1"]


class NeverEnding(MemoryTable):
    """Leases in it have no end."""

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        found = super().get_item(**arguments)
        held = found.get("Item", {"held": {}})["held"]
        held.update({lease: until + 10_000 for lease, until in held.items()})
        return found


@pytest.mark.parametrize(
    ("begun", "time", "patience"),
    [
        (True, 295, 295 - RESERVE_SECONDS),
        (True, RESERVE_SECONDS, 0),
        (True, -5, 0),
        (False, 295, TURN_SECONDS),
        (False, 60, 60 - RESERVE_SECONDS),
        (False, None, PATIENCE_SECONDS),
    ],
)
def test_waiting_for_a_slot_ends_before_the_time_of_the_worker(begun: bool, time: float | None, patience: float) -> None:
    """And soon, where the worker has not begun: so that one that begins has time."""
    table: Any = NeverEnding("runs", "pk", "sk")
    clock = Clock()
    began = clock.now()
    deadline = None if time is None else began.timestamp() + time
    waiting = SharedSlots(table, "acct", 1, "w2", clock, deadline=deadline, service="NetSuite")
    if begun:
        with waiting.hold():
            pass
    slots(table, clock, "greedy", limit=1)._take()
    with pytest.raises(NoSlot, match="No slot of account acct became free") as stopped:
        waiting._take()
    assert (stopped.value.code, stopped.value.service) == ("NO-SLOT", "NetSuite")
    assert isinstance(stopped.value, OutOfTime | NotSent)
    assert patience <= (clock.now() - began).total_seconds() <= patience + 0.001
    assert "w2" not in item(table)["workers"]


def test_a_free_slot_is_taken_also_when_there_is_no_time_to_wait(runs: Any) -> None:
    clock = Clock()
    late = SharedSlots(runs, "acct", 1, "w1", clock, deadline=clock.now().timestamp() + 1)
    with late.hold():
        assert held(runs) == 1


def test_a_lowered_setting_holds_at_once_also_for_workers_that_had_another_one(runs: Any) -> None:
    clock = Clock()
    before = slots(runs, clock, "before", limit=6)
    taken = [before._take() for _ in range(5)]
    after = slots(runs, clock, "after", limit=2)
    assert after._lease(1) == []
    clock.sleep(FRESH_SECONDS + 1)
    for slot in taken[:4]:
        before._give_back(slot, going_on=False)
    assert len(after._lease(1)) == 1
    assert before._lease(3) == []


def test_what_was_learned_before_does_not_stay_above_a_lowered_setting(runs: Any) -> None:
    clock = Clock()
    before = slots(runs, clock, "before", limit=12)
    taken = [before._take() for _ in range(12)]
    before.throttled()
    for slot in taken:
        before._give_back(slot, going_on=False)
    clock.sleep(2)
    assert len(slots(runs, clock, "after", limit=2)._lease(9)) == 2


def test_a_429_halves_the_limit_for_all_workers(runs: Any) -> None:
    clock = Clock()
    one, two = slots(runs, clock, "w1"), slots(runs, clock, "w2")
    taken = [one._take() for _ in range(4)]
    assert one.throttled()
    for slot in taken:
        one._give_back(slot, going_on=False)
    first, second = two._take(), one._take()
    assert held(runs) == 2
    assert two._lease(1) == []
    two._give_back(first, going_on=False)
    one._give_back(second, going_on=False)


def test_after_a_429_nobody_calls_for_as_long_as_the_account_pauses(runs: Any) -> None:
    clock = Clock()
    one, two = slots(runs, clock, "w1"), slots(runs, clock, "w2")
    one.throttled(30)
    for mine in (two, one):
        assert mine._lease(1) == []
    began = clock.now()
    with two.hold():
        assert 29 <= (clock.now() - began).total_seconds() <= 32


def test_a_slot_is_not_handed_on_inside_a_worker_while_the_account_pauses(runs: Any) -> None:
    clock = Clock()
    mine = slots(runs, clock)
    first = mine._take()
    mine.waiting = 1  # a thread
    mine.throttled(30)
    mine._give_back(first, going_on=False)
    assert (mine.free, held(runs)) == ([], 0)


def test_the_limit_never_falls_below_one(runs: Any) -> None:
    clock = Clock()
    mine = slots(runs, clock)
    for _ in range(5):
        mine.throttled()
        clock.sleep(70)
    with mine.hold():
        assert held(runs) == 1


def test_the_limit_recovers_by_one_after_each_quiet_minute(runs: Any) -> None:
    clock = Clock()
    mine = slots(runs, clock)
    taken = [mine._take() for _ in range(4)]
    mine.throttled()
    for slot in taken:
        mine._give_back(slot, going_on=False)
    clock.sleep(2)
    seen = []
    for _ in range(5):
        gained = mine._lease(9)
        seen.append(len(gained))
        mine._release(gained)
        clock.sleep(QUIET_SECONDS)
    assert seen == [2, 3, 4, 4, 4]


def test_slots_go_round_among_workers_that_always_want_more(runs: Any) -> None:
    """Three workers with threads that never rest, and one that wants a single slot now and then: each has its turn."""
    clock = Clock()
    greedy = [slots(runs, clock, f"w{n}", limit=3) for n in range(3)]
    modest = slots(runs, clock, "modest", limit=3)
    holding: list[tuple[SharedSlots, str]] = []
    turns = dict.fromkeys([*greedy, modest], 0)
    for _ in range(200):
        for mine in (*greedy, modest):
            for slot in mine._lease(8 if mine is not modest else 1):
                holding.append((mine, slot))
                turns[mine] += 1
        clock.sleep(FRESH_SECONDS)
        mine, slot = holding.pop(0)
        mine._release([slot])
    assert min(turns.values()) >= 30


def test_a_long_running_worker_renews_its_lease(runs: Any) -> None:
    clock = Clock()
    mine = slots(runs, clock, limit=1)
    for _ in range(5):
        with mine.hold():
            clock.sleep(LEASE_SECONDS / 2)
            assert held(runs) == 1
    assert held(runs) == 0
