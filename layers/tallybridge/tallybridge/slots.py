"""Places for calls in flight. A service counts the calls of the whole account; whoever calls it holds a place while the call runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from tallybridge.errors import NoSlot

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

    def throttled(self, asked: float | None = None) -> bool:
        """The service refused a call for too many in flight, and asked to wait so many seconds. Answers whether `hold` sees to the
        waiting from now on, so that the call is made again as often as it takes; else its caller waits and counts the try."""


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
                raise NoSlot(f"No call could be started within {LONGEST_WAIT:.0f} seconds: all places were taken.", service="")
            self._held += 1
        try:
            yield
        finally:
            with self._free:
                self._held -= 1
                self._free.notify_all()

    def throttled(self, asked: float | None = None) -> bool:
        with self._free:
            now = self._clock()
            if self._halved is None or now - self._halved >= SAME_EVENT_SECONDS:
                self._limit = max(1, self._current() // 2)
                self._halved = self._changed = now
        return False

    def _current(self) -> int:
        quiet_minutes = int((self._clock() - self._changed) // QUIET_SECONDS)
        if quiet_minutes > 0:
            self._limit = min(self.most, self._limit + quiet_minutes)
            self._changed += quiet_minutes * QUIET_SECONDS
        return self._limit
