"""Selection: which records a step has to sync, written in batches of records that belong together."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from tallybridge import money
from tallybridge.errors import NoSlot
from tallybridge.parallel import parts
from tallybridge.rounds import DONE, Kept, NotDone, in_rounds
from tallybridge.steps.shared.sync_step import DUE, SyncStep
from tallybridge.sync.step import Candidate
from tallybridge.tasks.away import TELLING, Away
from tallybridge.tasks.first_look import FirstLook
from tallybridge.tasks.left_out import ask_netsuite, write_left_out
from tallybridge.tasks.plans import StepPlan
from tallybridge.tasks.queries import checked
from tallybridge.tasks.results import LEFT, MANIFEST
from tallybridge.tasks.step_task import StepTask
from tallybridge.tasks.steps import comes_after
from tallybridge.tasks.watermarks import Looks

WORKERS = 2
"""Batches under way at once: while one begins or ends, the other sends; inside a batch its chunks overlap likewise."""

MANY = 100
"""Records for each worker, for each chunk that a batch has."""
MOST_CHUNKS = 4
"""Of a batch; more would make its rounds many where calls are slow."""

MAX_BUNDLE = 20
"""Batches that the state machine takes up one after the other in one go, at most."""
LEAST_BUNDLES = 60
"""So many there are before any has more than one batch: at the end no worker is idle for long."""
BUNDLES = "bundles.json"
NEVER = "9999-12-31T23:59:59Z"

SO_FAR = "select/so_far.json"
BESIDE_PLAN = "beside_plan.json"
"""Of a step that applies a plan: how many records are new since the plan, and how many of the plan are not due any more."""


class SelectTask(StepTask):
    """Task "select"."""

    def select(self) -> dict[str, Any]:
        """One round: writes batches; answers {"done", "wait"} and, when all are written, {"selected", "batches", "bundles", "workers",
        "until"}: no bundle of batches is begun after `until`, so that the state machine calls for none of those that the run does not come
        to. Costs no call when the first look says that there is nothing to do, or an earlier step that a service is away; else one."""
        self.kept = kept = self.wiring.kept(self.folder, self.name("select"))
        nothing = {"selected": 0, "batches": 0, "bundles": {"bucket": self.folder.bucket, "key": ""}, "workers": 1, "until": NEVER}
        answer = checked(in_rounds(lambda: self._select(kept, nothing), kept), self.folder, self.wiring)
        if not answer["done"] and self.time_is_up():
            self.leave("select")
            return {**DONE, **nothing}
        return answer

    def _select(self, kept: Kept, nothing: dict[str, Any]) -> dict[str, Any]:
        waits_for = next((step for step in comes_after(self.kind.name) if self.folder.has(f"{step}/{LEFT}/")), "")
        if (waits_for or self.time_is_up()) and not self.folder.has(self.name(MANIFEST)):
            self.leave("select", waits_for)
            return nothing
        if Away.known(self.folder) or (kept.missed() and self.learns_of_one_away()):
            return nothing
        try:
            return self._selected(kept)
        except TELLING as error:
            if isinstance(error, NoSlot) or not self.learns_of_one_away():
                raise
            return nothing

    def _selected(self, kept: Kept) -> dict[str, Any]:
        """Of attempts that overlap, the one that ends first says what the step does: batches are never exchanged under a worker."""
        self.wiring.runs().heartbeat(self.run_id)
        if not self.folder.has(self.name(MANIFEST)):
            self.folder.write_json_once(self.name(MANIFEST), self._batches(kept))
        manifest = self.folder.read_json(self.name(MANIFEST))
        bundled = bundles([entry["batch"] for entry in manifest])
        return {
            "selected": sum(entry["records"] for entry in manifest),
            "batches": len(manifest),
            "bundles": {"bucket": self.folder.bucket, "key": self.folder.write_json(self.name(BUNDLES), bundled)},
            "workers": max(1, min(WORKERS, len(manifest))),
            "until": self.start()["until"] or NEVER,
        }

    def _batches(self, kept: Kept) -> list[dict[str, Any]]:
        """Choose the records and write them, in batches; answers the manifest. Goes on behind the batches of the rounds before."""
        start = self.start()
        if self.run.instructed_only and not self.run.plan and not self.instructions():
            return []
        step = self.step(start["since"], with_reference=False)
        looks, so_far = self.looks(step, start), Selection()
        known = FirstLook.of(self.folder)
        if waiting := step.waiting_work(0 if known.has_none(self.kind.name, DUE) else None):
            so_far, size = self._so_far(), step.chunk * chunks_of(waiting)
            with self._reference_beside(step, looks):
                try:
                    self._write(step, looks, so_far, kept, size)
                except Changed:
                    so_far = Selection()
                    self._write(step, looks, so_far, kept, size)
        if so_far.manifest:
            known.ends(self.folder)
        if so_far.manifest and not self.run.dry_run:
            self.wiring.problems().begin(self.kind.name, self.run_id)
        self.folder.write_json(self.name("looked.json"), {"highest": looks.highest})
        if not self.run.restricted:
            write_left_out(self.folder, self.kind.name, "when_selected", step.context.left_out)
            ask_netsuite(step, self.folder, known)
        return so_far.manifest

    @contextmanager
    def _reference_beside(self, step: SyncStep, looks: Looks) -> Iterator[None]:
        """NetSuite's tables are read while Zuora is asked for the records; before that, where it is NetSuite that is asked."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            loading = pool.submit(self.load_reference, step)
            looks.ready = loading.result
            if step.system != "zuora":
                loading.result()
            yield
            loading.result()

    def _write(self, step: SyncStep, looks: Looks, so_far: Selection, kept: Kept, size: int) -> None:
        """Write the batches, of `size` records, that come after those that were written. Raises `NotDone` when the round's time is used up,
        `Changed` when the selection is no longer the one that it was."""
        looks.highest = so_far.highest
        step.context.left_out.clear()
        only = self._restriction()
        selected = step.select()
        if only is not None:
            selected = only.of(selected)
        candidates = Numbered(selected, so_far.passed, so_far.last)
        try:
            first = size if so_far.manifest else max(step.chunk, size // 2)  # so that not all workers end at the same time
            for batch in batches(map(Line.of, looks.news(candidates)), size, first):
                number = f"{len(so_far.manifest) + 1:06d}"
                file = f"batches/{number}-{self.wiring.invocation.id}.jsonl.gz"
                self.folder.write_texts(self.name(file), (line.text for line in batch))
                so_far.manifest.append({"batch": number, "records": len(batch), "file": file, **(only.told(batch) if only else {})})
                so_far.last, so_far.highest = batch[-1].id, looks.highest
                so_far.passed = candidates.place_of(so_far.last)
                kept.check_time()
        except NotDone:
            self.folder.write_json(self.name(SO_FAR), asdict(so_far))
            raise
        if self.run.plan and only is not None:
            self.folder.write_json(self.name(BESIDE_PLAN), {"new": only.others, "gone": only.missed})

    def _restriction(self) -> Restriction | None:
        """The records that alone are taken up; None for all."""
        if self.run.plan:
            return Restriction(StepPlan.load(self.wiring.folder(self.run.plan), self.kind.name).places())
        return Restriction(dict.fromkeys(self.instructions(), "")) if self.run.instructed_only else None

    def _so_far(self) -> Selection:
        return Selection(**self.folder.read_json_or(self.name(SO_FAR), {}))


@dataclass
class Selection:
    """How far a selection has come: the batches that are written, how many candidates are in them or were passed over, the id of the last
    one, and the latest modified date among them."""

    manifest: list[dict[str, Any]] = field(default_factory=list)
    passed: int = 0
    last: str = ""
    highest: str = ""


class Restriction:
    """Lets through only some candidates. `wanted`: by id the part of a plan in which a record stands, "" where no plan is applied. `others`
    counts those that were not let through."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self.wanted = wanted
        self.met: set[str] = set()
        self.others = 0

    def of(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        for candidate in candidates:
            if candidate.id in self.wanted:
                self.met.add(candidate.id)
                yield candidate
            else:
                self.others += 1

    @property
    def missed(self) -> int:
        """How many of the wanted ones have not come."""
        return len(self.wanted) - len(self.met)

    def told(self, batch: Sequence[Line]) -> dict[str, list[str]]:
        """What the manifest says of a batch beside its records: the parts of the plan in which they stand."""
        parts = dict.fromkeys(self.wanted[c.id] for c in batch)
        return {"planned": list(parts)} if any(parts) else {}


class Changed(Exception):
    """A selection does not show the same candidates in the same order as in the round before."""


class Numbered:
    """The candidates behind the first `passed`, the last of which must be `last`. Raises `Changed` if it is not."""

    def __init__(self, candidates: Iterable[Candidate], passed: int, last: str) -> None:
        self.candidates = candidates
        self.passed = passed
        self.last = last
        self.under_way: deque[tuple[str, int]] = deque()

    def __iter__(self) -> Iterator[Candidate]:
        number = 0
        for number, candidate in enumerate(self.candidates, start=1):
            if number > self.passed:
                self.under_way.append((candidate.id, number))
                yield candidate
            elif number == self.passed and candidate.id != self.last:
                raise Changed
        if number < self.passed:
            raise Changed

    def place_of(self, candidate_id: str) -> int:
        """Which one a candidate is, from 1; it is asked in the order of the candidates."""
        while True:
            known, place = self.under_way.popleft()
            if known == candidate_id:
                return place


def chunks_of(waiting: int) -> int:
    """How many chunks a batch has when so many records may be waiting."""
    return max(1, min(MOST_CHUNKS, math.ceil(waiting / (MANY * WORKERS))))


def bundles(names: Sequence[str]) -> list[dict[str, list[str]]]:
    """The batches in bundles, [{"batches": [...]}]."""
    return [{"batches": list(part)} for part in parts(names, max(1, min(MAX_BUNDLE, len(names) // LEAST_BUNDLES)))]


class Line(NamedTuple):
    """A candidate as it is written into a batch, which takes a fraction of the room that it takes otherwise."""

    id: str
    group: str
    text: str

    @classmethod
    def of(cls, candidate: Candidate) -> Line:
        return cls(candidate.id, candidate.group, money.dumps([candidate.id, candidate.group, dict(candidate.data)]))


def batches(candidates: Iterator[Line], size: int, first: int) -> Iterator[list[Line]]:
    """Candidates in batches of about `size`, the first one of about `first`; a group is never split, however large it is."""
    batch: list[Line] = []
    full_at = first
    for candidate in candidates:
        full = len(batch) >= full_at and not (candidate.group and candidate.group == batch[-1].group)
        if full:
            yield batch
            batch, full_at = [], size
        batch.append(candidate)
    if batch:
        yield batch
