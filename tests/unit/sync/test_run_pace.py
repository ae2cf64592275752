"""A worker stops sending while it still has the time to look at, and to write back, all that it has sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tallybridge.sync.batch import Batch
from tallybridge.sync.pace import LOOKS, REST_SECONDS, Pace
from tallybridge.sync.sender import Worker
from tallybridge.sync.step import Candidate, Request, Write
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock, ledger
from tests.unit.sync.test_stages import FakeStep

CALL_SECONDS = 15
MARK_SECONDS = 10


@dataclass
class SlowStep(FakeStep):
    """Each request takes its time."""

    clock: Clock = field(default_factory=Clock)

    def create(self, request: Request) -> str:
        self.clock.sleep(CALL_SECONDS)
        return super().create(request)


def sent_within(seconds: float) -> tuple[int, int]:
    """How many of six records one writer sends, and how many are left to another round."""
    step = SlowStep(Write("create", "", "Error", (Request("refund", {"amount": 5}),)))
    any_step: Any = step
    worker = Worker("r1", False, False, 1, step.clock.now().timestamp() + seconds, pace=Pace(mark=MARK_SECONDS))
    table = ledger(MemoryTable("status", "id"), step.clock)
    result = Batch(any_step, table, step.clock, worker).process([Candidate(f"R{n}") for n in range(6)])
    return len(step.sent), len(result.rest)


def test_every_record_that_was_sent_counts_until_the_batch_is_written_back() -> None:
    settled_two = 2 * CALL_SECONDS + REST_SECONDS + LOOKS * CALL_SECONDS + 2 * MARK_SECONDS
    for seconds, expected in ((settled_two - 1, 2), (settled_two, 3)):  # before the third, two are to be settled
        assert sent_within(seconds) == (expected, 6 - expected), seconds
