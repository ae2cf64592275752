"""One batch of a step, chunk by chunk, in as many rounds as it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp
from tallybridge.errors import NoSlot, NotSent, OutOfTime, ServiceError
from tallybridge.parallel import side_by_side
from tallybridge.rounds import DONE, LEAST_WAIT
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync import pipeline
from tallybridge.sync.batch import Batch, BatchResult, Decided
from tallybridge.sync.instructed import IGNORED
from tallybridge.sync.instructions import Instruction
from tallybridge.sync.planned import Agreed
from tallybridge.sync.runlog import LeftOut, Level, LogLine, Outcome, RecordResult, together
from tallybridge.sync.sender import Worker
from tallybridge.sync.step import Candidate
from tallybridge.tasks import pressure
from tallybridge.tasks.away import TELLING, Away
from tallybridge.tasks.failure import failure_text
from tallybridge.tasks.planning import Planner
from tallybridge.tasks.plans import StepPlan
from tallybridge.tasks.results import MANIFEST, SENT, StepClass, batch_rows
from tallybridge.tasks.step_task import StepTask
from tallybridge.tasks.watermarks import Looks

SPARE_WRITERS = 3
"""Writers of a batch beyond the slots: while they note what they did, others send, so that a slot is handed on and never idle."""
NUMBER_ADVICE = (
    "Allow Override of the numbers in NetSuite (Setup > Company > Auto-Generated Numbers), or set transaction_number_mapping to "
    "Let Destination Auto-Number. Documents keep the number that they have."
)
CHUNK_SECONDS = 120
"""A chunk is only begun when so much time is left; otherwise the batch asks for another round."""
CUT_OFF_SECONDS = 5
"""With less left, it was the worker's own end that a call did not get beyond."""
EMPTY_ROUNDS = 3
"""So many rounds in a row may settle nothing."""
IGNORED_REASON = "people have said that they are not to be sent"
PACKED = "packed"
"""Key of a candidate's data as JSON, as long as its chunk has not come: what waits takes a fraction of the room then."""
NO_TIME = "NO-TIME"
NO_TIME_TEXT = "{0} records could not be settled within the time that a function has: calls take too long."
NO_TIME_ADVICE = "The next run takes them up again. If it happens often, look at how long NetSuite and Zuora take to answer."
LOOK_AGAIN_SECONDS = 30
"""How long a batch waits for another worker before it looks again: a lease may end early."""


class BatchTask(StepTask):
    """Tasks "batch" and "batch_failed"."""

    def batch(self) -> dict[str, Any]:
        """Sync one batch, chunk by chunk; answers {"done", "wait"}: not done asks for another round after `wait` seconds, because the time
        is used up or because another worker may still hold one of the records. Done, with records left open, is a batch also when a
        service is away or the run's time is over."""
        try:
            return self._batch()
        except TELLING as error:
            if isinstance(error, NoSlot) or (self._was_cut_off(error) and self.may_begin_anew(self._settled())):
                return {"done": False, "wait": LEAST_WAIT}
            if not self.learns_of_one_away():
                raise
            return DONE

    def _batch(self) -> dict[str, Any]:
        if Away.known(self.folder):
            return DONE
        if self.time_is_up():
            self.leave(self.batch_name)
            return DONE
        start = self.start()
        step = self.step(start["since"])
        looks = self.looks(step, start)
        slots = self.settings.netsuite_max_concurrency
        deadline = self.wiring.invocation.deadline
        worker = Worker(
            self.run_id, self.run.dry_run, self.settings.debug_logging, slots + SPARE_WRITERS, deadline, slots=slots, pace=self.pace
        )
        settled, left, places = self._settled(), [], {}
        for place, row in enumerate(batch_rows(self.folder, self.kind, self.batch_name), self._first_place()):
            places[row[0]] = place
            if row[0] not in settled.ids:
                left.append(Candidate(row[0], row[1], {PACKED: money.dumps(row[2])}))
        if self.settings.custom_field_sync_enabled:
            step.context.places = places
        chunks = Chunks(self, step, looks, worker, left, settled)
        pipeline.run(chunks, ahead=not (self.run.dry_run or self.run.reverse))
        return chunks.answer

    def instructions_for(self, chunk: Sequence[Candidate]) -> dict[str, Instruction]:
        """What people say of the records of a chunk, as far as they still say it."""
        known = {i: each for i, each in self.instructions().items() if i in {c.id for c in chunk}}
        return self.queue.still_meant(known) if known else {}

    def agreed(self, chunk: Sequence[Candidate]) -> Agreed:
        """What the plan that is applied says of the records of a chunk."""
        plan = StepPlan.load(self.wiring.folder(self.run.plan), self.kind.name)
        (parts,) = (entry.get("planned", ()) for entry in self.folder.read_json(self.name(MANIFEST)) if entry["batch"] == self.batch_name)
        return plan.agreed(parts, {c.id for c in chunk}, self.ledger.read)

    def carried_out(self, instructions: Mapping[str, Instruction], done: BatchResult, gone: Collection[str]) -> None:
        """Note, in the queue, what became of records that people had given instructions for. An attempt that dies before is repeated: the
        record is settled by then, and the instruction with it."""
        for result in done.results if not self.run.dry_run else ():
            instruction = instructions.get(result.source_id)
            if instruction and result.source_id in gone and result.outcome is not Outcome.UNFINISHED:
                told = next((line.message for line in done.lines if line.source_id == result.source_id and line.code == result.code), "")
                self.queue.carried_out(instruction, str(result.outcome), told)

    def _was_cut_off(self, error: ServiceError) -> bool:
        """Whether nothing but the end of this worker's time has ended the call."""
        left = self.wiring.invocation.deadline - self.wiring.clock.now().timestamp()
        return isinstance(error, OutOfTime) or (isinstance(error, NotSent) and error.going_on and left < CUT_OFF_SECONDS)

    def _settled(self) -> Settled:
        """What earlier rounds have settled."""
        names = list(self.folder.names(self.name(f"results/{self.batch_name}-")))
        return Settled(len(names), {str(i) for part in side_by_side(self.folder.read_json, names) for i in part["selected"]})

    def in_vain(self) -> int:
        """How many rounds of this batch have settled nothing."""
        notes = self.folder.names(self.name(f"rounds/{self.batch_name}-"))
        return sum(int(self.folder.read_json(name)) for name in notes)

    def may_begin_anew(self, settled: Settled) -> bool:
        """Whether a round that settled nothing is followed by another; noted, since some of them are enough."""
        name = self.name(f"rounds/{self.batch_name}-{settled.parts:04d}.json")
        before = int(self.folder.read_json_or(name, 0))
        self.folder.write_json(name, before + 1)
        return before < EMPTY_ROUNDS

    def keep(self, step: SyncStep, looks: Looks, chunk: Chunk, done: BatchResult, settled: Settled) -> set[str]:
        """Write what became of a chunk; answers the ids of the records that are settled with it, none if another worker of this batch has
        written meanwhile. Those for which there was no time are, after some rounds in which there was none for any, unfinished."""
        given_up = len(done.rest) == len(chunk.candidates)
        gone = {c.id for c in chunk.candidates if given_up or c.id not in done.rest}
        settled.parts += 1
        part = f"{self.batch_name}-{settled.parts:04d}"
        lines = list(map(self.rehearsal.told, done.lines))
        lines += [self.line(Level.WARNING, *self._dropped(f)) for f in sorted(step.context.dropped)]
        lines += self._renumbered(step.context.renumbered)
        while step.context.remarks:  # taken one by one, since the chunk that is sent meanwhile may add to them
            level, told = step.context.remarks.pop(0)
            lines.append(self.line(Level(level), told.message, told.code, told.advice))
        failure = done.failure
        if failure and self.learns_of_one_away():
            failure = None  # said once, for the run
        if failure:
            lines.append(self.line(Level.ERROR, failure.message, failure.code, failure.advice))
        results = list(done.results)
        if given_up:
            results += [RecordResult(self.kind.object, i, i, Outcome.UNFINISHED, code=NO_TIME) for i in sorted(gone)]
            lines.append(self.line(Level.WARNING, NO_TIME_TEXT.format(len(gone)), NO_TIME, NO_TIME_ADVICE))
        if self.run.dry_run:
            Planner(self.folder, step, self.settings, self.rehearsal).keep(part, done)
        self.folder.write_lines(self.name(f"log/{part}.jsonl.gz"), [line.to_json() for line in lines])
        if done.sent:
            self.folder.write_lines(self.name(f"{SENT}/{part}.jsonl.gz"), done.sent)
        kept = self.folder.write_json_once(
            self.name(f"results/{part}.json"),
            {
                "results": [r.to_json() for r in results],
                "selected": [c.id for c in chunk.candidates if c.id in gone],
                "failure": failure.message if failure else "",
                "left_out": [row.to_json() for row in together([*chunk.left_out, *_ignored(results, self.kind)])],
                "pressure": pressure.told(self.told, self.wiring.pressure, stamp(self.wiring.clock.now())),
            },
        )
        self.told = self.wiring.pressure.copy()
        if not kept:
            return set()
        looks.note(done.records, results)  # after the results: an attempt that is repeated counts all of them again
        return gone

    def _first_place(self) -> int:
        """How many records the batches before this one hold."""
        before = (entry["records"] for entry in self.folder.read_json(self.name(MANIFEST)) if entry["batch"] < self.batch_name)
        return sum(int(n) for n in before)

    @staticmethod
    def _dropped(field: str) -> tuple[str, str, str]:
        record, _, name = field.partition(".")
        text = f'NetSuite {record} has no field "{name}"; it is left out.'
        return (
            text,
            "FIELD-DROPPED",
            "Create the field in NetSuite, or ignore this if the feature is not used; `tallybridge doctor` lists all.",
        )

    def _renumbered(self, found: dict[str, str]) -> list[LogLine]:
        """Once a piece: the documents whose number NetSuite did not take."""
        if not found:
            return []
        label, number = next(iter(found.items()))
        text = f'NetSuite numbered {len(found)} of its own accord, though Zuora numbers are sent; the first: {label} is "{number}" there.'
        found.clear()
        return [self.line(Level.WARNING, text, "NUMBER-IGNORED", NUMBER_ADVICE)]

    def batch_failed(self) -> dict[str, bool]:
        """Record that a batch could not be finished; its records are counted as unfinished."""
        error = self.event.get("error") or {}
        text = f"Batch {self.batch_name} of {self.kind.title} ended unexpectedly: {failure_text(error)}"
        line = self.line(Level.ERROR, text, "BATCH-FAILED", "The next run settles its records; see the function's log for the cause.")
        self.folder.write_lines(self.name(f"log/{self.batch_name}-failed.jsonl.gz"), [line.to_json()])
        self.folder.write_json(self.name(f"failed/{self.batch_name}.json"), error)
        return {"done": True}


def _ignored(results: Iterable[RecordResult], kind: StepClass) -> Iterator[LeftOut]:
    """What people have said is not to be sent, told like what a rule leaves out."""
    for result in results:
        if result.code == IGNORED:
            row = LeftOut(kind.name, kind.object, IGNORED, IGNORED_REASON, result.currency, due=False)
            row.add(result.source_number, result.amount or Decimal(0))
            yield row


@dataclass
class Chunk:
    """Candidates that are processed together, and what was decided of them. `instructions` is what people say of them, `left_out` what a
    rule left out when they were read again."""

    candidates: Sequence[Candidate]
    batch: Batch
    decided: Decided
    instructions: Mapping[str, Instruction]
    left_out: Sequence[LeftOut]


class Chunks:
    """The chunks of a batch, as the pipeline takes them. `left` are the candidates that are not settled yet, `answer` is the task's."""

    def __init__(self, task: BatchTask, step: SyncStep, looks: Looks, worker: Worker, left: list[Candidate], settled: Settled) -> None:
        self.task = task
        self.step = step
        self.looks = looks
        self.worker = worker
        self.left = left
        self.settled = settled
        self.answer: dict[str, Any] = DONE
        self.under_way: dict[str, str] = {}
        """Of the candidates that were read ahead, are sent, or are being settled: the group by id."""
        self.guard = threading.Lock()
        self.begun = False

    def goes_on(self) -> bool:
        """Whether there is time for another chunk, and a service to send it to; the first one is always begun."""
        task = self.task
        if not self.begun:
            return True
        if not self.has_time():
            self.answer = {"done": False, "wait": LEAST_WAIT}
            return False
        if Away.known(task.folder):
            return False
        if task.time_is_up():
            task.leave(task.batch_name)
            return False
        return True

    def has_time(self, more: float = 0) -> bool:
        """Whether a chunk can be begun, after so many seconds more."""
        return self.task.wiring.clock.now().timestamp() + more + CHUNK_SECONDS <= self.worker.deadline

    def read(self, behind: Chunk | None = None) -> Chunk | None:
        """The next chunk, with what was decided of it. A group is not read while records of it are under way: what is decided of the later
        ones rests on what becomes of the earlier ones."""
        if not self.left or not (self.has_time(self.worker.pace.to_read()) if behind else self.goes_on()):
            return None
        candidates = self._next(read_ahead=behind is not None)
        if not candidates:
            return None
        self.begun, task = True, self.task
        task.wiring.runs().heartbeat(task.run_id)
        instructions = task.instructions_for(candidates)
        agreed = task.agreed(candidates) if task.run.plan else None
        batch = Batch(self.step, task.ledger, task.wiring.clock, self.worker, instructions, agreed)
        decided = batch.decide(candidates)
        found, self.step.context.left_out = self.step.context.left_out, []
        return Chunk(candidates, batch, decided, instructions, found)

    def _next(self, *, read_ahead: bool) -> Sequence[Candidate]:
        in_vain = self.task.in_vain()
        with self.guard:
            free = [c for c in self.left if c.id not in self.under_way]
            most = len(first_chunk(free, self.step.chunk, in_vain))
            chosen = whole_groups(free, most, most if in_vain else 2 * self.step.chunk)
            if read_ahead and not {c.group for c in chosen if c.group}.isdisjoint(self.under_way.values()):
                return ()
            self.under_way |= {c.id: c.group for c in chosen}
        return [replace(c, data=money.loads(c.data[PACKED])) for c in chosen]

    def send(self, chunk: Chunk, nearly: Callable[[bool], None]) -> None:
        """Carry a chunk out."""
        chunk.batch.carry_out(chunk.decided, nearly)

    def settle(self, chunk: Chunk) -> bool:
        """Verify a chunk, write it back, and write what became of it."""
        task, done, candidates = self.task, chunk.batch.settle(chunk.decided), chunk.candidates
        if done.wait:
            most = done.wait if done.in_jobs else LOOK_AGAIN_SECONDS
            return self._another_round(max(LEAST_WAIT, min(done.wait, most)))
        if len(done.rest) == len(candidates) and (done.no_slot or task.may_begin_anew(self.settled)):
            return self._another_round()
        gone = task.keep(self.step, self.looks, chunk, done, self.settled)
        if not gone:
            return self._another_round()
        task.carried_out(chunk.instructions, done, gone)
        with self.guard:
            self.left = [c for c in self.left if c.id not in gone]
            for candidate in candidates:
                self.under_way.pop(candidate.id, None)
        return True

    def _another_round(self, wait: int = LEAST_WAIT) -> bool:
        """The first of several moments that are asked for counts."""
        sooner = wait if self.answer["done"] else min(wait, self.answer["wait"])
        self.answer = {"done": False, "wait": sooner}
        return False


@dataclass
class Settled:
    """What rounds of a batch have settled: in how many parts, and the ids of the records."""

    parts: int
    ids: set[str]


def first_chunk(candidates: Sequence[Candidate], size: int, in_vain: int = 0) -> Sequence[Candidate]:
    """What is processed together; what is left of a batch of usual size is one piece. Each round that settled nothing is followed by a
    quarter of that, since a function's time may be used up by reading alone."""
    if in_vain:
        return candidates[: max(1, size >> 2 * in_vain)]
    return candidates if len(candidates) < size * 2 else candidates[:size]


def whole_groups(candidates: Sequence[Candidate], size: int, most: int) -> Sequence[Candidate]:
    """The first candidates, about `size`, without the beginning of a group whose end is not among them. A first group that is larger is
    taken as far as `most`: what comes after it in two pieces could not overlap anyway."""
    end = min(size, len(candidates))
    while 0 < end < len(candidates) and candidates[end].group and candidates[end].group == candidates[end - 1].group:
        end -= 1
    if not end:
        end = next((n for n, c in enumerate(candidates[:most]) if c.group != candidates[0].group), most)
    return candidates[:end]
