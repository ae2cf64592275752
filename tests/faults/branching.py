"""Splits the process where something may happen: the trunk goes on as if nothing had happened, a branch is the same world in which it did.

A fork copies everything there is at that moment: both stand-ins with their databases, tables, bucket, clock and tokens, and the worker's
own memory. So a case costs only what comes after its death. For the copy to be exact, the worker does one thing after the other
(`one_thread`), and threads of a stand-in end before the process splits.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from sandbox.zuora.models.dataquery.jobs import QueryJobs
from tallybridge.sync import pipeline
from tallybridge.tasks.steps import STEPS, step_class
from tests.sync.world import MovableClock

T = TypeVar("T")
PRODUCT = "tallybridge."
PATIENCE_SECONDS = 120
"""Real time after which a branch is taken for stuck, which is a failure; nothing else depends on it."""
SHOWN = 3_000
"""Characters of a failure that are kept."""


@dataclass
class Tally:
    """What came of the branches: how many there were, and (where, what) of those that failed."""

    cases: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)

    def add(self, cases: int, failures: list[tuple[str, str]]) -> None:
        self.cases += cases
        self.failures += [(where, what) for where, what in failures]


class Tree:
    """A trunk and its branches, which may have branches of their own. `tally` counts below this process; `where` says how it came to be
    ("" in the trunk)."""

    def __init__(self, lasting: Iterable[threading.Thread] | None = None) -> None:
        """`lasting`: threads that are no part of what happens and do not end; all that there are where none are named."""
        self.tally = Tally()
        self.where = ""
        self._out = -1
        self._at_the_start = set(threading.enumerate() if lasting is None else lasting)

    def split(self, where: str) -> bool:
        """True in the branch; False in the trunk, when the branch has ended and told what came of it."""
        for thread in set(threading.enumerate()) - self._at_the_start:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), f"{thread.name} does not end, so that the world cannot be copied"
        told, out = os.pipe()
        child = os.fork()
        if not child:
            os.close(told)
            self.tally, self._out = Tally(), out
            self.where = f"{self.where}; {where}" if self.where else where
            self._at_the_start = set(threading.enumerate())
            signal.signal(signal.SIGALRM, _hangs)
            signal.alarm(PATIENCE_SECONDS)
            return True
        left = signal.alarm(0)  # what this process may still take itself
        os.close(out)
        with os.fdopen(told, "rb") as stream:
            said = stream.read()
        os.waitpid(child, 0)
        signal.alarm(left)
        if said:
            self.tally.add(**json.loads(said))
        else:
            self.tally.add(1, [(where, "the branch ended without a word")])
        return False

    def grow(self, story: Callable[[], None]) -> Tally:
        """Tells the story in the trunk and, from where they split, in all branches; a branch in which it raises has failed. What is raised
        in the trunk is raised here."""
        gc.disable()  # pages that nothing touches need not be copied
        trunk = os.getpid()
        try:
            story()
        except BaseException:
            if os.getpid() == trunk:
                raise
            self.tally.failures.append((self.where, traceback.format_exc()[-SHOWN:]))
        finally:
            if os.getpid() != trunk:
                self.end()
            gc.enable()
        return self.tally

    def end(self) -> None:
        """Ends a branch: nothing that would be tidied up is its own."""
        signal.alarm(0)
        self.tally.cases += 1
        with os.fdopen(self._out, "wb") as stream:
            stream.write(json.dumps(asdict(self.tally)).encode())
        os._exit(0)


def _hangs(*_: object) -> None:
    raise AssertionError("the branch is stuck")


class OneThread:
    """In the place of a `ThreadPoolExecutor`: does what is submitted at once, in the thread that submits it."""

    def __init__(self, max_workers: int = 1) -> None:
        self.max_workers = max_workers

    def __enter__(self) -> OneThread:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def submit(self, act: Callable[..., T], *values: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(act(*values))
        except BaseException as raised:  # as a thread keeps it for the one who asks
            future.set_exception(raised)
        return future

    def map(self, act: Callable[..., T], *values: Any) -> Iterator[T]:
        futures = [self.submit(act, *each) for each in zip(*values, strict=False)]
        return iter([future.result() for future in futures])


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """While it lasts, neither the product nor Data Query starts threads, and waiting takes no real time."""
    for step in STEPS:
        step_class(step)  # loads its modules
    modules = [m for name, m in sys.modules.items() if name.startswith(PRODUCT) and hasattr(m, "ThreadPoolExecutor")]
    before: list[tuple[object, str, object]] = [(m, "ThreadPoolExecutor", m.ThreadPoolExecutor) for m in modules]
    before.append((MovableClock, "yields", MovableClock.yields))
    before.append((QueryJobs, "at_once", QueryJobs.at_once))
    before.append((pipeline, "AHEAD", pipeline.AHEAD))
    try:
        for module in modules:
            _set(module, "ThreadPoolExecutor", OneThread)
        _set(MovableClock, "yields", 0)
        _set(QueryJobs, "at_once", True)
        _set(pipeline, "AHEAD", False)
        yield
    finally:
        for owner, name, value in before:
            _set(owner, name, value)


def _set(owner: object, name: str, value: object) -> None:
    setattr(owner, name, value)


def seconds() -> float:
    """Processor seconds of this process and of the branches that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
