"""Rounds: a task that needs longer than a function may run says so, and the state machine calls it again.

    {"done": false, "wait": 30}     call again after 30 seconds
    {"done": true, "wait": 0, ...}  the task's answer

A round ends with `NotDone`: its time is used up, or a service has not finished what was asked of it. The next round goes through the same
code; what the vendors have answered is kept in the run's folder (`Kept`), so that nothing is asked twice and the round is soon where the
last one stood. A task that runs in rounds writes only what may be written again.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any, Protocol

from tallybridge import money
from tallybridge.clock import Clock
from tallybridge.errors import NoSlot, NotSent

DONE: dict[str, Any] = {"done": True, "wait": 0}
LEAST_WAIT = 1
"""Seconds: a state machine waits for whole ones."""
MARGIN_SECONDS = 30
"""With less time than this left, or half as much again as the slowest call or piece of work took, a round begins nothing more."""
UNANSWERED_SECONDS = 60
"""A call that fails with less time left than this has used up the round's time."""
MISSED_ROUNDS = 3
MISSED = "rounds without an answer"
UNDER_WAY = "under_way/"
"""Place, in the run's folder, of what a service still works on."""


class NotDone(Exception):
    """The round is over and the task is not; the next one may begin after `wait` seconds."""

    def __init__(self, wait: float = LEAST_WAIT) -> None:
        super().__init__(f"Another round is needed after {wait:.0f} seconds.")
        self.wait = max(LEAST_WAIT, round(wait))


class Shelf(Protocol):
    """The run's folder, as far as it is used."""

    def write(self, name: str, body: bytes, content_type: str = ..., **headers: str) -> str: ...
    def read(self, name: str) -> bytes: ...
    def names(self, prefix: str) -> Iterator[str]: ...


class Kept:
    """What the rounds of a task have asked, below `prefix` in the run's folder, by question. Threads may share it.

    `deadline` (epoch seconds) is the round's. Times are in seconds.
    """

    def __init__(self, shelf: Shelf, prefix: str, clock: Clock, deadline: float) -> None:
        self.shelf = shelf
        self.prefix = prefix
        self.clock = clock
        self.deadline = deadline
        self.slowest = 0.0
        self.asked = 0
        self._there: set[str] | None = None
        self._guard = Lock()

    def answer(self, question: str, ask: Callable[[], Any]) -> Any:
        """The kept answer, a JSON value; else that of `ask`, which is kept. Raises `NotDone` where there is no time left to ask."""
        if self.has(question):
            return self.get(question)
        self.check_time()
        started = self.now()
        answer = ask()
        self.slowest = max(self.slowest, self.now() - started)
        self.asked += 1
        self.put(question, answer)
        return answer

    def has(self, question: str) -> bool:
        with self._guard:
            if self._there is None:
                self._there = set(self.shelf.names(self.prefix))
            return self._name(question) in self._there

    def get(self, question: str) -> Any:
        return self._read(self._name(question))

    def put(self, question: str, answer: Any) -> None:
        """Keep an answer, in place of an earlier one."""
        self.replace(self._name(question), answer)

    def replace(self, name: str, answer: Any) -> None:
        """The same by the name of the file."""
        body = gzip.compress(money.dumps({"answer": answer}).encode(), compresslevel=1, mtime=0)
        self.shelf.write(name, body, ContentEncoding="gzip")
        with self._guard:
            if self._there is not None:
                self._there.add(name)

    def answers(self) -> Iterator[tuple[str, Any]]:
        """All that is kept, by the names of the files."""
        for name in list(self.shelf.names(self.prefix)):
            yield name, self._read(name)

    def under_way(self) -> Kept:
        """Of the same round: what a service still works on, apart from its answers, so that it can be found and ended."""
        return Kept(self.shelf, UNDER_WAY + self.prefix, self.clock, self.deadline)

    def missed(self) -> int:
        """How many rounds in a row, up to this one, ended without an answer."""
        return int(self.get(MISSED)) if self.has(MISSED) else 0

    def check_time(self) -> None:
        """Raises `NotDone` unless a call or piece of work of usual length still fits in."""
        if self.deadline - self.now() < max(MARGIN_SECONDS, 1.5 * self.slowest):
            raise NotDone

    def checkpoint(self, began: float) -> float:
        """A piece of work that began then is done, and kept: answers the moment. Raises `NotDone` unless another one still fits in."""
        self.slowest = max(self.slowest, self.now() - began)
        self.check_time()
        return self.now()

    def used_up(self) -> bool:
        """Whether a call that failed just now may have failed because the round's time is used up."""
        return self.deadline - self.now() <= UNANSWERED_SECONDS

    def now(self) -> float:
        return self.clock.now().timestamp()

    def _read(self, name: str) -> Any:
        return money.loads(gzip.decompress(self.shelf.read(name)))["answer"]

    def _name(self, question: str) -> str:
        return f"{self.prefix}{hashlib.sha256(question.encode()).hexdigest()[:40]}.json.gz"


def in_rounds(task: Callable[[], dict[str, Any]], kept: Kept) -> dict[str, Any]:
    """One round of a task. A call that did not get through because the round's time was used up is made by the next one; after some rounds
    in a row in which nothing got through the error is raised. Slots are waited for in as many rounds as the run has time for."""
    try:
        return {**DONE, **task()}
    except NotDone as again:
        return {"done": False, "wait": again.wait}
    except NoSlot:
        return {"done": False, "wait": LEAST_WAIT}
    except NotSent:
        if not kept.used_up() or (missed := kept.missed() + 1) > MISSED_ROUNDS:
            raise
        kept.put(MISSED, 0 if kept.asked else missed)
        return {"done": False, "wait": LEAST_WAIT}
