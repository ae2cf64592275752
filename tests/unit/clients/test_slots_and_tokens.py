"""Places for calls in flight (slots.py) and shared access tokens (tokens.py)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tallybridge.errors import NotSent
from tallybridge.slots import LocalSlots
from tallybridge.tokens import ProcessTokens, TokenSource
from tests.unit.clients.scripted_service import FakeTime


def test_never_more_calls_in_flight_than_places() -> None:
    slots, lock = LocalSlots(3), threading.Lock()
    inside = highest = 0
    together = threading.Barrier(3, timeout=60)

    def work() -> None:
        nonlocal inside, highest
        with slots.hold():
            with lock:
                inside += 1
                highest = max(highest, inside)
            together.wait()
            with lock:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (highest, inside) == (3, 0)


def test_places_are_halved_on_a_429_and_come_back_one_a_quiet_minute(time: FakeTime) -> None:
    slots = LocalSlots(20, time.clock)
    slots.throttled()
    assert slots.limit == 10
    time.now += 59
    assert slots.limit == 10
    time.now += 1
    assert slots.limit == 11
    time.now += 3600
    assert slots.limit == 20


def test_calls_refused_together_halve_once(time: FakeTime) -> None:
    slots = LocalSlots(16, time.clock)
    for _ in range(5):
        slots.throttled()
    assert slots.limit == 8
    time.now += 1
    slots.throttled()
    assert slots.limit == 4


def test_one_place_always_remains(time: FakeTime) -> None:
    slots = LocalSlots(3, time.clock)
    for _ in range(5):
        slots.throttled()
        time.now += 2
    assert slots.limit == 1


def test_a_place_that_is_never_given_back_does_not_block_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallybridge.slots.LONGEST_WAIT", 0.02)
    slots = LocalSlots(1)
    with slots.hold(), pytest.raises(NotSent, match="all places were taken"), slots.hold():
        pass


def test_a_place_is_given_back_when_the_call_fails() -> None:
    slots = LocalSlots(1)
    with pytest.raises(RuntimeError), slots.hold():
        raise RuntimeError
    with slots.hold():
        pass


def numbered_login(life: float = 100.0) -> Callable[[], tuple[str, float]]:
    count = 0

    def login() -> tuple[str, float]:
        nonlocal count
        count += 1
        return f"token-{count}", life

    return login


def test_a_token_is_kept_until_its_time_is_over(time: FakeTime) -> None:
    source = TokenSource("k", numbered_login(), ProcessTokens(), time.clock)
    assert source.current() == source.current() == "token-1"
    time.now += 99.9
    assert source.current() == "token-1"
    time.now += 0.1
    assert source.current() == "token-2"


def test_processes_share_a_token_through_the_cache(time: FakeTime) -> None:
    cache, login = ProcessTokens(), numbered_login()
    assert TokenSource("k", login, cache, time.clock).current() == "token-1"
    assert TokenSource("k", login, cache, time.clock).current() == "token-1"
    assert TokenSource("other", login, cache, time.clock).current() == "token-2"


def test_a_refused_token_is_not_taken_from_the_cache_again(time: FakeTime) -> None:
    cache, login = ProcessTokens(), numbered_login()
    source = TokenSource("k", login, cache, time.clock)
    source.discard(source.current())
    assert source.current() == "token-2"
    assert cache.get("k") == ("token-2", time.now + 100)


def test_a_late_401_does_not_discard_the_token_that_replaced_it(time: FakeTime) -> None:
    source = TokenSource("k", numbered_login(), ProcessTokens(), time.clock)
    old = source.current()
    source.discard(old)
    new = source.current()
    source.discard(old)
    assert source.current() == new


def test_threads_that_come_together_log_in_once(time: FakeTime) -> None:
    source = TokenSource("k", numbered_login(), ProcessTokens(), time.clock)
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(source.current())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == ["token-1"] * 8
