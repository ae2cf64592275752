"""Time of the sandbox: the machine's, or a clock on which hours pass in milliseconds.

A virtual clock stands still while anybody works, and leaps to the next moment that somebody waits for once all wait. How fast the
machine is makes no difference, and who waits at the same time waits together, not one after the other.

Who works is counted. Threads that work inside (`working`) and those that they start are *members*; for them `time.time`,
`time.monotonic`, `time.sleep` and every wait of `threading`, `queue` and `concurrent.futures` are on this clock. All others, the test and
the stand-ins' server among them, live in the machine's time. A stand-in's latency is slept on behalf of the member that waits for the
answer.

A lock that was made outside and that a member holds while it waits stops time for those who want it: what is locked over a wait must be
made by a member.
"""

from __future__ import annotations

import _thread
import heapq
import http.client
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

MICRO = 1_000_000
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
FOR_EVER = 99_999_999
"""Seconds: the longest time-out of a task of Step Functions, which is also that of a task without one. No time leaps so far."""
KEPT_WAITS = 64
"""Ended waits that may stand among the timed ones before they are cleared away, and as many times as there are waits."""

_member: ContextVar[VirtualClock | None] = ContextVar("sandbox_clock", default=None)
_background: ContextVar[bool] = ContextVar("sandbox_clock_background", default=False)
_owner: ContextVar[Owner | None] = ContextVar("sandbox_clock_owner", default=None)


class Ended(BaseException):
    """Raised where a thread waits or wants to have an effect although what it worked for has been ended from outside."""


class Owner:
    """What threads work for."""

    ended = False

    def check(self) -> None:
        """Raises Ended if it was ended from outside."""
        if self.ended:
            raise Ended


class Clock(Protocol):
    """Tells the time (aware, UTC) and waits; `working` makes the calling thread one that the clock knows of."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...
    def working(self) -> Any: ...
    def install(self) -> None: ...
    def remove(self) -> None: ...
    def end(self, owner: Owner) -> None: ...


class RealClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def working(self) -> Any:
        return nullcontext()

    def install(self) -> None:
        """Nothing is to be replaced."""

    def remove(self) -> None:
        """Nothing was replaced."""

    def end(self, owner: Owner) -> None:
        """Who waits in the machine's time is not woken, and ends with its next effect."""
        owner.ended = True


@contextmanager
def owned_by(owner: Owner) -> Iterator[None]:
    """What the body and the threads it starts wait for can be ended by `VirtualClock.end(owner)`."""
    token = _owner.set(owner)
    try:
        yield
    finally:
        _owner.reset(token)


@contextmanager
def in_background() -> Iterator[None]:
    """Waits of the body do not make time pass: they end when it passes for another reason."""
    token = _background.set(True)
    try:
        yield
    finally:
        _background.reset(token)


@dataclass(eq=False)
class _Wait:
    """One waiting thread. `counted`: somebody's work pauses while it waits. `leads`: time leaps for its sake."""

    counted: bool
    owner: Owner | None
    lock: VirtualLock | None = None
    leads: bool = False
    done: bool = False
    granted: bool = False
    ended: bool = False
    gate: Any = field(default_factory=_thread.allocate_lock)

    def __post_init__(self) -> None:
        self.gate.acquire()


class VirtualLock:
    """A lock whose waiters wait on the clock. Released, it is handed to the one that has waited longest."""

    def __init__(self, clock: VirtualClock, of_condition: bool = False) -> None:
        self.clock = clock
        self.of_condition = of_condition
        """A waiter of a Condition, not a lock that guards something: its wait can be ended from outside."""
        self.held = False
        self.waiting: deque[_Wait] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return self.clock.acquire(self, blocking, timeout)

    def release(self) -> None:
        self.clock.release(self)

    def locked(self) -> bool:
        return self.held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class VirtualClock:
    """A clock that starts at `start` and leaps. `install` puts it in the place of the process's time and locks, for its members."""

    def __init__(self, start: datetime = START) -> None:
        self._now = round(start.timestamp() * MICRO)
        self._mutex = _thread.allocate_lock()
        self._working = 0
        self._leading = 0
        self._waits: set[_Wait] = set()
        self._timed: list[tuple[int, bool, int, _Wait]] = []
        """By moment; at one moment time-outs of an invocation come before what the invocation itself waits for."""
        self._numbers = itertools.count()
        self._replaced: list[tuple[Any, str, Any]] = []

    # --- Telling and passing time ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self._now)

    def time(self) -> float:
        """Seconds since 1970."""
        return self._now / MICRO

    def sleep(self, seconds: float) -> None:
        """Waits. Raises Ended if what the thread works for is ended meanwhile. A thread that is no member sleeps for the one that waits
        for its answer."""
        owner = _owner.get()
        if owner is not None:
            owner.check()
        self._mutex.acquire()
        wait = _Wait(_member.get() is self or self._working > 0, owner)
        self._park(wait, max(0.0, seconds))
        wait.gate.acquire()
        if wait.ended:
            raise Ended

    def advance(self, **delta: float) -> None:
        """Lets time pass, as `timedelta` names it, with everything that is due meanwhile."""
        with self.working():
            self.sleep(timedelta(**delta).total_seconds())

    @contextmanager
    def working(self) -> Iterator[None]:
        """The body works: time stands still until it waits or is left."""
        if _member.get() is self:
            yield
            return
        token = _member.set(self)
        self._begin()
        try:
            yield
        finally:
            _member.reset(token)
            self._finish()

    def end(self, owner: Owner) -> None:
        """Ends `owner`: all that sleep or wait for a condition on its behalf raise Ended, now or when they next would."""
        with self._mutex:
            owner.ended = True
            for wait in list(self._waits):
                if wait.owner is owner and (wait.lock is None or wait.lock.of_condition):
                    wait.ended = True
                    self._wake(wait)

    # --- Locks -------------------------------------------------------------------------------------------------------

    def acquire(self, lock: VirtualLock, blocking: bool, timeout: float) -> bool:
        """What `lock.acquire` does; raises Ended for an ended wait of a condition."""
        self._mutex.acquire()
        if not lock.held or not blocking or timeout == 0:
            free, lock.held = not lock.held, True
            self._mutex.release()
            return free
        member = _member.get() is self
        wait = _Wait(member, _owner.get(), lock)
        lock.waiting.append(wait)
        if member:
            self._park(wait, timeout if timeout >= 0 else FOR_EVER)
            wait.gate.acquire()
        else:
            self._mutex.release()
            if not wait.gate.acquire(True, timeout):
                with self._mutex:
                    self._wake(wait)
        if wait.ended:
            raise Ended
        return wait.granted

    def release(self, lock: VirtualLock) -> None:
        """What `lock.release` does."""
        with self._mutex:
            if not lock.held:
                raise RuntimeError("release unlocked lock")
            if lock.waiting:
                wait = lock.waiting[0]
                wait.granted = True
                self._wake(wait)
            else:
                lock.held = False

    # --- Counting ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        with self._mutex:
            self._working += 1

    def _finish(self) -> None:
        with self._mutex:
            self._working -= 1
            self._leap()

    def _park(self, wait: _Wait, seconds: float) -> None:
        """Counts a wait and lets go of the mutex, which the caller holds."""
        try:
            self._waits.add(wait)
            if seconds < FOR_EVER:
                wait.leads = not _background.get()
                self._leading += wait.leads
                due = self._now + round(seconds * MICRO)
                heapq.heappush(self._timed, (due, wait.owner is not None, next(self._numbers), wait))
                if len(self._timed) > KEPT_WAITS * (1 + len(self._waits)):
                    self._timed = [each for each in self._timed if not each[-1].done]
                    heapq.heapify(self._timed)
            self._working -= wait.counted
            self._leap()
        finally:
            self._mutex.release()

    def _leap(self) -> None:
        """Once nobody works: on to the next moment that somebody waits for, and all that is due by then."""
        while self._working <= 0 and self._timed and (self._leading or self._timed[0][0] <= self._now):
            due, _, _, wait = heapq.heappop(self._timed)
            if not wait.done:
                self._now = max(self._now, due)
                self._wake(wait)

    def _wake(self, wait: _Wait) -> None:
        if wait.done:
            return
        wait.done = True
        self._waits.discard(wait)
        self._leading -= wait.leads
        self._working += wait.counted
        if wait.lock is not None:
            wait.lock.waiting.remove(wait)
        wait.gate.release()

    # --- The process -------------------------------------------------------------------------------------------------

    def install(self) -> None:
        """From now on members live by this clock."""
        real = {name: getattr(time, name) for name in ("time", "monotonic", "sleep")}
        allocate, start, join = _thread.allocate_lock, threading.Thread.start, threading.Thread.join

        def told(name: str) -> Callable[[], float]:
            return lambda: self.time() if _member.get() is self else real[name]()

        self._replace(time, "time", told("time"))
        self._replace(time, "monotonic", told("monotonic"))
        self._replace(time, "sleep", lambda seconds: (self.sleep if _member.get() is self else real["sleep"])(seconds))
        self._replace(threading, "_time", time.monotonic)
        self._replace(threading, "Lock", lambda: VirtualLock(self) if _member.get() is self else allocate())
        self._replace(threading, "_allocate_lock", lambda: VirtualLock(self, True) if _member.get() is self else allocate())
        self._replace(queue, "SimpleQueue", vars(queue)["_PySimpleQueue"])  # the other waits where nobody sees it
        self._replace(http.client.HTTPConnection, "endheaders", self._asking(http.client.HTTPConnection.endheaders))
        self._replace(http.client.HTTPConnection, "getresponse", self._answered(http.client.HTTPConnection.getresponse))
        self._replace(threading.Thread, "start", self._starting(start))
        self._replace(threading.Thread, "join", self._joining(join))

    def remove(self) -> None:
        """The process's own time again."""
        while self._replaced:
            owner, name, before = self._replaced.pop()
            setattr(owner, name, before)

    def _replace(self, owner: Any, name: str, replacement: Any) -> None:
        self._replaced.append((owner, name, getattr(owner, name)))
        setattr(owner, name, replacement)

    def _asking(self, send: Callable[..., None]) -> Callable[..., None]:
        """Notes when a request was sent: its server may have waited before anybody asks for the answer."""

        def asking(connection: http.client.HTTPConnection, *body: Any, **options: Any) -> None:
            connection.__dict__["_asked"] = self._now
            send(connection, *body, **options)

        return asking

    def _answered(self, answer: Callable[[http.client.HTTPConnection], Any]) -> Callable[[http.client.HTTPConnection], Any]:
        """An answer that came later than the time-out of its connection is none. The caller learns it when the answer comes."""

        def answered(connection: http.client.HTTPConnection) -> Any:
            allowed = connection.sock.gettimeout() if connection.sock is not None else None
            asked = connection.__dict__.get("_asked", self._now)
            response = answer(connection)
            if _member.get() is self and allowed is not None and self._now - asked > allowed * MICRO:
                response.close()
                connection.close()
                raise TimeoutError("timed out")
            return response

        return answered

    def _starting(self, start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
        def started(thread: threading.Thread) -> None:
            if _member.get() is not self:
                return start(thread)
            context, run, over = copy_context(), thread.run, threading.Event()

            def work() -> None:
                try:
                    context.run(run)
                except Ended:
                    pass
                finally:
                    context.run(over.set)
                    self._finish()

            thread.run = work  # type: ignore[method-assign]
            thread.__dict__["_over"] = over
            self._begin()
            try:
                start(thread)
            except BaseException:
                self._finish()
                raise

        return started

    def _joining(self, join: Callable[..., None]) -> Callable[..., None]:
        def joined(thread: threading.Thread, timeout: float | None = None) -> None:
            over: threading.Event | None = thread.__dict__.get("_over")
            if over is None or _member.get() is not self:
                join(thread, timeout)
            elif over.wait(timeout):
                join(thread)

        return joined
