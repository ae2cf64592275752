"""Calls that are under way at once because all wait for each other, however fast the machine is: the body of `meeting` and the threads that
it starts live by a virtual clock, on which time passes only when all of them wait. So what takes time meets whatever else can begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sandbox.clock import VirtualClock
from sandbox.control import Control


@contextmanager
def meeting(*controls: Control) -> Iterator[VirtualClock]:
    """The body works on a clock that begins at the machine's time; the latency of these stand-ins passes on it. Locks that are held over a
    wait, and what has such locks, must be made in the body."""
    clock = VirtualClock(datetime.now(UTC))
    before = [control.sleep for control in controls]
    clock.install()
    try:
        for control in controls:
            control.sleep = clock.sleep
        with clock.working():
            yield clock
    finally:
        clock.remove()
        for control, sleep in zip(controls, before, strict=True):
            control.sleep = sleep
