"""Statuses that take a call each: every record is sent as soon as its own is written, and not before."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tallybridge.parallel import CALLS_AT_ONCE
from tallybridge.sync.batch import Batch
from tallybridge.sync.sender import Worker
from tallybridge.sync.step import Candidate, Counterpart, Mark, MarkResult, Plan, Request, SourceRecord, Stage, Write
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock, ledger
from tests.unit.sync.test_stages import FakeStep, process

IN_THREADS = True
IDS = [f"R{n:02d}" for n in range(3 * CALLS_AT_ONCE)]
LAST = IDS[-1:]
SECONDS = 60
"""After which a wait gives up: something has not happened that must."""
TOO_EARLY_SECONDS = 0.2
"""How long is looked whether something happens that must not."""


@dataclass
class Singly(FakeStep):
    """Keeps ("mark", id, status) and ("send", id, record type) in the order of time. If it `meets`, the last ones are marked only when all
    others were sent."""

    plan_of_all: Plan = field(default_factory=lambda: Write("create", "", "", ()))
    marks_at_once: int = 1
    stages: int = 1
    meets: bool = False
    declined: frozenset[str] = frozenset()
    happened: list[tuple[str, str, str | None]] = field(default_factory=list)
    others_were_sent: threading.Event = field(default_factory=threading.Event)
    one_was_sent_too_early: threading.Event = field(default_factory=threading.Event)
    met: bool = False

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        then = tuple(Stage(f"Stage {n}", "Error", (Request(f"stage {n}", {"id": record.id}, "7"),)) for n in range(2, self.stages + 1))
        return Write("create", "Stage 1", "Error", (Request("stage 1", {"id": record.id}),), then=then)

    def _send(self, request: Request) -> None:
        self.happened.append(("send", str(request.body["id"]), request.record_type))
        if request.body["id"] in LAST:
            self.one_was_sent_too_early.set()
        if sum(what == "send" for what, _, _ in self.happened) == len(IDS) - len(LAST):
            self.others_were_sent.set()

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        if self.meets and any((m.record.id, m.status) == (IDS[-1], "Stage 1") for m in marks):
            self.met = self.others_were_sent.wait(SECONDS) and not self.one_was_sent_too_early.wait(TOO_EARLY_SECONDS)
        self.happened += [("mark", m.record.id, m.status) for m in marks]
        return {m.record.id: MarkResult(m.record.id not in self.declined, "ZUORA-LOCK", "busy") for m in marks}


def test_the_first_are_sent_while_the_last_are_marked() -> None:
    step = Singly(meets=True)
    result = process(step, ids=IDS)
    sent = [i for what, i, _ in step.happened if what == "send"]
    assert step.met
    assert [r.outcome for r in result.results] == ["synced"] * len(IDS)
    assert sorted(sent) == IDS


@pytest.mark.parametrize("stages", [1, 2])
def test_no_record_is_sent_before_its_own_status_is_written(stages: int) -> None:
    step = Singly(stages=stages)
    process(step, ids=IDS)
    for i in IDS:
        own = [(what, text) for what, record, text in step.happened if record == i]
        expected = [pair for n in range(1, stages + 1) for pair in (("mark", f"Stage {n}"), ("send", f"stage {n}"))]
        assert own == [*expected, ("mark", "Sync Complete")]


def test_a_record_whose_status_is_declined_is_not_sent_and_the_others_are() -> None:
    step = Singly(declined=frozenset((IDS[0], IDS[-1])))
    result = process(step, ids=IDS)
    assert {i for what, i, _ in step.happened if what == "send"} == set(IDS[1:-1])
    assert {r.source_id for r in result.results if r.outcome == "unfinished"} == {IDS[0], IDS[-1]}


def test_an_error_of_the_source_reaches_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Singly()

    def away(marks: Sequence[Mark]) -> dict[str, MarkResult]:
        raise ConnectionError("away")

    monkeypatch.setattr(step, "mark", away)
    with pytest.raises(ConnectionError):
        process(step, ids=IDS)
    assert [what for what, _, _ in step.happened if what == "send"] == []


def test_a_few_marks_are_reckoned_to_take_as_long_as_a_call() -> None:
    """Three calls at once take as long as one, and so will the last three, for which time must be left."""
    clock = Clock()

    class Slow(Singly):
        def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
            clock.sleep(10)
            return super().mark(marks)

    worker = Worker("r1", False, False, 2, clock.now().timestamp() + 3_000)
    step: Any = Slow()
    Batch(step, ledger(MemoryTable("status", "id"), clock), clock, worker).process([Candidate(i) for i in IDS[:3]])
    assert worker.pace.mark >= 10 / 3
