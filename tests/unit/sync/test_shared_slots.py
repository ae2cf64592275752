"""Slots: never more in flight than the limit over all workers; dead workers' slots return; 429 halves for everybody and recovers."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest

from tallybridge.errors import StepFailed
from tallybridge.sync.slots import LEASE_SECONDS, PATIENCE_SECONDS, QUIET_SECONDS, SharedSlots
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock


class ShortSleeps(Clock):
    """Time of its own; waiting yields to other threads for a moment."""

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


def current(table: Any) -> int:
    return int(table.get_item(Key={"pk": "slots", "sk": "acct"})["Item"]["current"])


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

    workers = [slots(table, clock, f"w{n}", limit) for n in range(3)]
    threads = [threading.Thread(target=work, args=(workers[n % 3], n)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert (most, done) == (limit, 9 * 12)
    assert held(table) == 0


def test_a_dead_workers_slots_return_when_its_lease_ends(runs: Any) -> None:
    clock = Clock()
    dead = slots(runs, clock, "dead", limit=1)
    dead._take()
    began = clock.now()
    with slots(runs, clock, "w2", limit=1).hold():
        assert LEASE_SECONDS - 1 <= (clock.now() - began).total_seconds() <= LEASE_SECONDS + 1


def test_waiting_for_a_slot_has_a_bound() -> None:
    table, clock = MemoryTable("runs", "pk", "sk"), Clock()

    class NeverEnding(MemoryTable):
        def get_item(self, **arguments: Any) -> dict[str, Any]:
            found = super().get_item(**arguments)
            held = found.get("Item", {"held": {}})["held"]
            held.update({lease: until + 10_000 for lease, until in held.items()})
            return found

    table = NeverEnding("runs", "pk", "sk")
    slots(table, clock, "greedy", limit=1)._take()
    began = clock.now()
    with pytest.raises(StepFailed, match="No slot") as stopped:
        slots(table, clock, "w2", limit=1)._take()
    assert stopped.value.code == "NS-SLOTS"
    assert (clock.now() - began).total_seconds() <= PATIENCE_SECONDS + 5


def test_a_429_halves_the_limit_for_all_workers(runs: Any) -> None:
    clock = Clock()
    one, two = slots(runs, clock, "w1"), slots(runs, clock, "w2")
    taken = [one._take() for _ in range(4)]
    one.throttled()
    assert current(runs) == 2
    for slot in taken:
        one._give_back(slot)
    first, second = two._take(), one._take()
    assert held(runs) == 2
    assert two._lease(1) == []
    two._give_back(first)
    one._give_back(second)


def test_the_limit_never_falls_below_one(runs: Any) -> None:
    mine = slots(runs, Clock())
    for _ in range(5):
        mine.throttled()
    assert current(runs) == 1
    with mine.hold():
        assert held(runs) == 1


def test_the_limit_recovers_by_one_after_each_quiet_minute(runs: Any) -> None:
    clock = Clock()
    mine = slots(runs, clock)
    taken = [mine._take() for _ in range(4)]
    mine.throttled()
    for slot in taken:
        mine._give_back(slot)
    seen = []
    for _ in range(4):
        clock.sleep(QUIET_SECONDS + 1)
        with mine.hold():
            seen.append(current(runs))
    assert seen == [3, 4, 4, 4]


def test_a_long_running_worker_renews_its_lease(runs: Any) -> None:
    clock = Clock()
    mine = slots(runs, clock, limit=1)
    for _ in range(5):
        with mine.hold():
            clock.sleep(LEASE_SECONDS / 2)
            assert held(runs) == 1
    assert held(runs) == 0
