"""Kills a worker at one effect: every HTTP send and answer, every table write, every S3 put and every mail is a place where it may die.

Once dead, a worker has no further effect: whatever its threads and `finally` blocks still try raises as well.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from tallybridge.http import Call
from tests.sync.memory import MemoryWiring


class WorkerKilled(BaseException):
    """The process is gone. Not an Exception, so that nothing in the product handles it."""


class Counter(Protocol):
    """Is asked before an effect and told after it."""

    def before(self, name: str) -> int: ...
    def after(self, number: int, name: str) -> None: ...


@dataclass
class Killer:
    """Counts effects; kills at number `at` (from 1), either "before" it happens or "after"."""

    at: int = 0
    moment: str = "before"
    count: int = 0
    dead: bool = False
    where: str = ""
    names: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def before(self, name: str) -> int:
        with self.guard:
            if self.dead:
                raise WorkerKilled(f"dead already, at {name}")
            self.count += 1
            self.names.append(name)
            number = self.count
            if number == self.at and self.moment == "before":
                self.dead, self.where = True, f"before {name}"
        if self.dead and number == self.at:
            raise WorkerKilled(self.where)
        return number

    def after(self, number: int, name: str) -> None:
        with self.guard:
            if number == self.at and self.moment == "after":
                self.dead, self.where = True, f"after {name}"
        if self.dead:
            raise WorkerKilled(f"after {name}")

    def revive(self) -> None:
        """A new process: it lives, and is not killed again."""
        self.dead = False
        self.at = 0


class KillableStore:
    """A table, S3 client or mailer whose writes are effects."""

    WRITES = frozenset(
        {
            *("put_item", "update_item", "delete_item", "send_raw_email"),
            *("put_object", "create_multipart_upload", "upload_part", "complete_multipart_upload"),
        }
    )

    def __init__(self, store: Any, killer: Counter) -> None:
        self._store = store
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if name not in self.WRITES:
            return attribute

        def write(**arguments: Any) -> Any:
            number = self._killer.before(name)
            try:
                return attribute(**arguments)
            finally:  # a write that its condition refused has ended as well
                self._killer.after(number, name)

        return write


class KillingObserver:
    """Kills before a request leaves or right after its answer arrived."""

    killer: ClassVar[Counter] = Killer()

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        """Number of the effect by call; an answer may be read by another thread than the one that asked."""

    def before(self, call: Call) -> None:
        self.numbers[id(call)] = KillingObserver.killer.before(f"{call.service} {call.operation}")

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        KillingObserver.killer.after(self.numbers.pop(id(call), -1), f"answer to {call.service} {call.operation}")


class KillableWiring(MemoryWiring):
    """The wiring of a worker that may be killed; set `KillingObserver.killer` first."""

    def observer(self) -> KillingObserver:
        return KillingObserver()

    def table(self, name: str) -> Any:
        return KillableStore(super().table(name), KillingObserver.killer)

    def objects(self) -> Any:
        return KillableStore(super().objects(), KillingObserver.killer)

    def mailer(self) -> Any:
        return KillableStore(super().mailer(), KillingObserver.killer)
