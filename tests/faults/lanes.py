"""Two workers side by side: each is a lane with clients, tokens and a gate of its own, on the same stores and services.

A gate stops its worker before one effect (HTTP request, table write, S3 put) until it is opened. A worker whose time is up dies at its next
effect, as AWS would have ended it.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tallybridge.errors import RunEnded, StepFailed
from tallybridge.http import Call
from tallybridge.tasks.steps import step_class
from tallybridge.tasks.sync_step import run_task
from tallybridge.tokens import ProcessTokens
from tallybridge.wiring import SAFETY_SECONDS
from tests.faults.killing import KillableStore, WorkerKilled
from tests.sync.memory import MemoryWiring, MemoryWorld

PATIENCE_SECONDS = 600
"""Real time after which a lane is taken for stuck; nothing depends on it as long as the test does not hang."""


@dataclass
class Gate:
    """Counts the effects of a worker and stops it before number `stop_at` (from 1; 0: never); one that `dies` there is not stopped."""

    clock: Any
    stop_at: int = 0
    dies: bool = False
    names: list[str] = field(default_factory=list)
    where: str = ""
    deadline: float = 0
    in_flight: int = 0
    opened: bool = False
    ended: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def before(self, name: str) -> int:
        with self.changed:
            self.names.append(name)
            number = len(self.names)
            if self.stop_at and number >= self.stop_at:
                self.where = self.where or name
                self.changed.notify_all()
                if self.dies:
                    raise WorkerKilled(f"before {name}")
                assert self.changed.wait_for(lambda: self.opened, PATIENCE_SECONDS), f"nobody opened the gate at {name}"
            self._die_in_time(name)
            self.in_flight += 1
        return number

    def after(self, number: int, name: str) -> None:
        with self.changed:
            self.in_flight -= 1
            self.changed.notify_all()
            if self.dies and self.where:
                raise WorkerKilled(f"dead already, at {name}")
            self._die_in_time(name)

    def _die_in_time(self, name: str) -> None:
        if self.deadline and self.clock.moment.timestamp() > self.deadline + SAFETY_SECONDS:
            raise WorkerKilled(f"its time is up, at {name}")

    def open(self) -> None:
        with self.changed:
            self.opened = True
            self.changed.notify_all()

    def end(self) -> None:
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_until_it_stands(self, otherwise: Callable[[], bool] = lambda: False) -> None:
        """Until the worker stands before its gate with nothing under way, has ended, or the other thing has come true."""

        def stands() -> bool:
            return self.ended or otherwise() or bool(self.where and not self.in_flight)

        with self.changed:
            assert self.changed.wait_for(stands, PATIENCE_SECONDS), "the lane is stuck"


class GateObserver:
    """Puts HTTP requests through the gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def before(self, call: Call) -> None:
        self.gate.before(f"{call.service} {call.operation}")

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        self.gate.after(0, f"answer to {call.service} {call.operation}")


class LaneWiring(MemoryWiring):
    """The wiring of a worker behind a gate."""

    gate: Gate

    def observer(self) -> GateObserver:
        return GateObserver(self.gate)

    def table(self, name: str) -> Any:
        return KillableStore(super().table(name), self.gate)

    def objects(self) -> Any:
        return KillableStore(super().objects(), self.gate)


def as_processes(classes: Iterable[type]) -> Iterator[tuple[Any, str, Any]]:
    """What to set, so that workers in one process do not share what workers of AWS do not: Python 3.11 locks a cached property for all
    objects of a class while its value is made."""
    for kind in classes:
        for part in kind.__mro__:
            for attribute in vars(part).values():
                if isinstance(attribute, functools.cached_property) and hasattr(attribute, "lock"):
                    yield attribute, "lock", contextlib.nullcontext()


class Lane:
    """One worker that does all batches of a step, in a thread."""

    def __init__(self, world: MemoryWorld, stop_at: int = 0, dies: bool = False) -> None:
        self.gate = Gate(world.clock, stop_at, dies)
        self.world = copy.copy(world)
        self.world.tokens = ProcessTokens()
        self.world.wiring_class = type("OneLane", (LaneWiring,), {"gate": self.gate})
        self.waits = False
        self.go_on = threading.Event()
        self.died: BaseException | None = None
        self.thread: threading.Thread | None = None

    def start(self, run_id: str, step: str, batches: int) -> Lane:
        self.thread = threading.Thread(target=self._work, args=(run_id, step, batches), daemon=True)
        self.thread.start()
        return self

    def _work(self, run_id: str, step: str, batches: int) -> None:
        try:
            for number in range(1, batches + 1):
                self._batch({"runId": run_id, "step": step, "task": "batch", "batch": f"{number:06d}"}, step)
        except BaseException as died:  # told by the test
            self.died = died
        finally:
            self.gate.end()

    def _batch(self, event: dict[str, Any], step: str) -> None:
        """As the state machine does: a worker that asks to wait is started anew after the wait."""
        while True:
            wiring = self.world.wiring()
            self.gate.deadline = wiring.invocation.deadline
            answer = run_task(step_class(step), event, wiring)
            if answer["done"]:
                return
            with self.gate.changed:
                self.waits = True
                self.gate.changed.notify_all()
            assert self.go_on.wait(PATIENCE_SECONDS), "nobody let the lane go on"
            self.world.clock.advance(seconds=answer["wait"])

    def stands(self) -> None:
        """Wait until it stands before its gate, asks to wait, or has ended."""
        self.gate.wait_until_it_stands(lambda: self.waits)

    def finish(self) -> None:
        """Let it go on to its end. Raises what it died of, unless its time was up, or its run has ended or lost the
        lock."""
        self.go_on.set()
        self.gate.open()
        assert self.thread is not None
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive(), "the lane is stuck"
        lost_lock = isinstance(self.died, StepFailed) and self.died.code == "RUN-LOCK-LOST"
        if self.died is not None and not lost_lock and not isinstance(self.died, WorkerKilled | RunEnded):
            raise self.died
