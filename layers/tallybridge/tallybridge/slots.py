"""Places for calls in flight. A service counts the calls of the whole account; whoever calls it holds a place while the call runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from tallybridge.errors import NotSent

QUIET_SECONDS = 60.0
"""After so long without a 429 one more place is given out."""
SAME_EVENT_SECONDS = 1.0
"""Calls that were in flight together are refused together; that halves the places once, not once per call."""
LONGEST_WAIT = 900.0
"""Longer than the longest call; whoever waits longer has found a place that is never given back."""


class Slots(Protocol):
    """Limits the calls in flight."""

    def hold(self) -> AbstractContextManager[None]:
        """Waits for a place and keeps it until left."""

    def throttled(self) -> None:
        """The service answered 429."""


class LocalSlots:
    """Places within one process: at most `most`, halved on a 429, one more after each quiet minute (additive increase,
    multiplicative decrease). `clock` gives seconds."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        if most < 1:
            raise ValueError("at least one place is needed")
        self.most = most
        self._clock = clock
        self._limit = most
        self._held = 0
        self._changed = clock()
        self._halved: float | None = None
        self._free = threading.Condition()

    @property
    def limit(self) -> int:
        """Places at this moment."""
        with self._free:
            return self._current()

    @contextmanager
    def hold(self) -> Iterator[None]:
        with self._free:
            if not self._free.wait_for(lambda: self._held < self._current(), timeout=LONGEST_WAIT):
                raise NotSent(
                    f"No call could be started within {LONGEST_WAIT:.0f} seconds: all places were taken.", service="", code="NO-SLOT"
                )
            self._held += 1
        try:
            yield
        finally:
            with self._free:
                self._held -= 1
                self._free.notify_all()

    def throttled(self) -> None:
        with self._free:
            now = self._clock()
            if self._halved is None or now - self._halved >= SAME_EVENT_SECONDS:
                self._limit = max(1, self._current() // 2)
                self._halved = self._changed = now

    def _current(self) -> int:
        quiet_minutes = int((self._clock() - self._changed) // QUIET_SECONDS)
        if quiet_minutes > 0:
            self._limit = min(self.most, self._limit + quiet_minutes)
            self._changed += quiet_minutes * QUIET_SECONDS
        return self._limit


class PerThread:
    """Lets a thread keep its place for several calls: `hold` inside `hold` takes no second one, for places that are dear to take.

    A place that was kept for longer than `fresh_seconds` (a pause between two tries may be long) is changed for a new one before the
    next call, since the lease behind it may end.
    """

    def __init__(self, slots: Slots, clock: Callable[[], float] = time.monotonic, fresh_seconds: float = 20.0) -> None:
        self._slots = slots
        self._clock = clock
        self._fresh = fresh_seconds
        self._own = threading.local()

    @contextmanager
    def hold(self) -> Iterator[None]:
        if getattr(self._own, "place", None) is not None:
            if self._clock() - self._own.since > self._fresh:
                self._leave()
                self._enter()
            yield
            return
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def throttled(self) -> None:
        self._slots.throttled()

    def _enter(self) -> None:
        place = self._slots.hold()
        place.__enter__()
        self._own.place, self._own.since = place, self._clock()

    def _leave(self) -> None:
        place, self._own.place = self._own.place, None
        if place is not None:  # None when a new place could not be had
            place.__exit__(None, None, None)
