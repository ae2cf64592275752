"""The virtual clock: hours pass in milliseconds, in the order in which they are waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests

from sandbox.clock import START, Ended, Owner, VirtualClock, in_background, owned_by
from sandbox.server import LoopbackServer

GUARD_SECONDS = 60.0


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    running = VirtualClock()
    running.install()
    yield running
    running.remove()


def hours(clock: VirtualClock) -> float:
    return (clock.now() - START) / timedelta(hours=1)


def test_time_stands_still_while_somebody_works(clock: VirtualClock) -> None:
    with clock.working():
        begun = time.time()
        sum(range(100_000))
        assert time.time() == begun == time.monotonic()
    assert clock.now() == START


def test_waiting_threads_wait_at_the_same_time(clock: VirtualClock) -> None:
    with clock.working(), ThreadPoolExecutor(max_workers=5) as pool:
        list(pool.map(lambda _: time.sleep(3600), range(10)))
    assert hours(clock) == 2


def test_idle_threads_of_a_pool_do_not_stop_time(clock: VirtualClock) -> None:
    with clock.working(), ThreadPoolExecutor(max_workers=3) as pool:
        assert [pool.submit(int, each).result() for each in range(3)] == [0, 1, 2]
        pool.submit(time.sleep, 7200).result()
    assert hours(clock) == 2


def test_who_waits_for_less_goes_first(clock: VirtualClock) -> None:
    order: list[int] = []

    def wait(seconds: int) -> None:
        time.sleep(seconds)
        order.append(seconds)

    with clock.working(), ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(wait, (30, 10, 40, 20)))
    assert order == [10, 20, 30, 40]


def test_a_lock_that_is_held_over_a_wait_is_waited_for_on_the_clock(clock: VirtualClock) -> None:
    moments: list[float] = []
    with clock.working():
        lock = threading.Lock()

        def turn(_: int) -> None:
            with lock:
                time.sleep(3600)
                moments.append(hours(clock))

        with ThreadPoolExecutor(max_workers=3) as pool:
            list(pool.map(turn, range(3)))
    assert moments == [1, 2, 3]


def test_time_outs_of_waits_pass_on_the_clock(clock: VirtualClock) -> None:
    with clock.working():
        event = threading.Event()
        assert not event.wait(1800)
        sleeper = threading.Thread(target=time.sleep, args=(7200,))
        sleeper.start()
        sleeper.join(1800)
        assert sleeper.is_alive()
        assert hours(clock) == 1
        sleeper.join()
        assert hours(clock) == 2.5
        lock = threading.Lock()
        assert lock.acquire()
        assert not lock.acquire(timeout=1800)
        assert not lock.acquire(blocking=False)
    assert hours(clock) == 3


def test_what_is_waited_for_ends_the_wait_before_its_time_out(clock: VirtualClock) -> None:
    with clock.working():
        event = threading.Event()

        def tell() -> None:
            time.sleep(60)
            event.set()

        threading.Thread(target=tell).start()
        assert event.wait(7200)
        assert clock.now() == START + timedelta(minutes=1)


def test_time_does_not_pass_for_those_who_wait_in_the_background(clock: VirtualClock) -> None:
    rung: list[float] = []

    def ring() -> None:
        with in_background():
            for _ in range(3):
                time.sleep(3600)
                rung.append(hours(clock))

    with clock.working():
        threading.Thread(target=ring, daemon=True).start()
    assert rung == []
    clock.advance(hours=2.5)
    assert rung == [1, 2]
    assert hours(clock) == 2.5


def test_a_thread_outside_sleeps_for_the_one_that_waits_for_its_answer(clock: VirtualClock) -> None:
    """As a server does that answers late: nobody else's time passes meanwhile than that of its caller."""
    asked, answered = threading.Event(), threading.Lock()
    answered.acquire()

    def serve() -> None:
        asked.wait(GUARD_SECONDS)
        clock.sleep(10)
        answered.release()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    with clock.working():
        asked.set()
        answered.acquire()  # as a socket: the clock does not know of it
        assert clock.now() == START + timedelta(seconds=10)


@pytest.mark.parametrize(("seconds", "comes"), [(20, True), (40, False)])
def test_an_answer_that_comes_after_the_time_out_of_its_connection_is_none(clock: VirtualClock, seconds: int, comes: bool) -> None:
    def serve(_: Any, start: Any) -> list[bytes]:
        clock.sleep(seconds)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    with LoopbackServer(serve) as server, clock.working():
        if comes:
            assert requests.get(server.url, timeout=30).text == "ok"
        else:
            with pytest.raises(requests.ReadTimeout):
                requests.get(server.url, timeout=30)
        assert clock.now() == START + timedelta(seconds=seconds)


def test_what_was_ended_neither_waits_nor_sleeps_any_more(clock: VirtualClock) -> None:
    owner, seen = Owner(), []

    def work() -> None:
        try:
            threading.Event().wait()
        except Ended:
            seen.append(clock.now())
        try:
            time.sleep(1)
        except Ended:
            seen.append(clock.now())

    with clock.working():
        with owned_by(owner):
            thread = threading.Thread(target=work)
            thread.start()
        time.sleep(5)
        clock.end(owner)
        thread.join()
    assert seen == [START + timedelta(seconds=5)] * 2


def test_outside_time_is_the_machines(clock: VirtualClock) -> None:
    assert abs(time.time() - START.timestamp()) > 0
    begun = time.monotonic()
    time.sleep(0.001)
    assert time.monotonic() > begun
    assert clock.now() == START


def test_ended_waits_are_cleared_away(clock: VirtualClock) -> None:
    with clock.working():
        lock = threading.Lock()

        def turn(_: int) -> None:
            with lock:
                time.sleep(0.001)

        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(turn, range(500)))
        for _ in range(300):
            event = threading.Event()
            threading.Thread(target=event.set).start()
            event.wait(80_000)
    assert len(clock._timed) < 300
    assert not clock._waits
