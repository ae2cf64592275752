"""The tasks of one sync step, called by the step machine: select, batch, batch_failed, summarise, skip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tallybridge import money
from tallybridge.clock import EPOCH, stamp, utc_moment
from tallybridge.errors import StepFailed
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.shared.base import StepContext, SyncStep
from tallybridge.steps.shared.classification import unknown_defaults
from tallybridge.steps.shared.reference import load_reference
from tallybridge.sync.batch import Batch
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Ledger, State
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult, StepOutcome, StepReport
from tallybridge.sync.sender import Worker
from tallybridge.sync.step import Candidate
from tallybridge.tasks.run_file import RunFile
from tallybridge.wiring import Wiring
from tallybridge.zuora.source import ZuoraSource

WORKERS = 3
"""Batches under way at once: while one sends, the others read and write back. The slots limit what is sent."""
SPARE_WRITERS = 3
"""Writers of a batch beyond the slots: while they note what they did, others send, so that a slot is handed on and never idle."""
CHUNK_SECONDS = 120
"""A chunk is only begun when so much time is left; otherwise the batch asks for another round."""

StepClass = type[SyncStep]


class StepTasks:
    """One step in one run."""

    def __init__(self, kind: StepClass, event: dict[str, Any], wiring: Wiring) -> None:
        self.kind = kind
        self.event = event
        self.wiring = wiring
        self.run_id: str = event["runId"]
        self.batch_name: str = event.get("batch", "")
        self.folder: RunFolder = wiring.folder(self.run_id)
        self.run = RunFile.load(self.folder)
        self.settings: Settings = self.run.parsed_settings()
        self.ledger: Ledger = wiring.ledger(self.run_id, f"{kind.name}/{self.batch_name}", int(event.get("attempt", 0)))

    def name(self, file: str) -> str:
        return f"{self.kind.name}/{file}"

    # -- select ------------------------------------------------------------------------------------------------------

    def select(self) -> dict[str, Any]:
        """Write the batches; answers {"selected", "batches", "manifest", "workers"}. Costs one call when there is nothing to do."""
        runs = self.wiring.runs()
        runs.heartbeat(self.run_id)
        watermark = self._watermark()
        self.folder.write_json(self.name("start.json"), {"started": stamp(self.wiring.clock.now()), "watermark": watermark})
        step = self._step(watermark, with_reference=False)
        selected, manifest = 0, []
        if step.waiting_work():
            self._load_reference(step)
            for number, batch in enumerate(batches(step.select(), step.chunk), start=1):
                entry = f"{number:06d}"
                self.folder.write_lines(self.name(f"batches/{entry}.jsonl.gz"), [[c.id, c.group, dict(c.data)] for c in batch])
                manifest.append({"batch": entry, "records": len(batch)})
                selected += len(batch)
        key = self.folder.write_json(self.name("manifest.json"), manifest)
        return {
            "selected": selected,
            "batches": len(manifest),
            "manifest": {"bucket": self.folder.bucket, "key": key},
            "workers": max(1, min(WORKERS, len(manifest))),
        }

    def _watermark(self) -> str:
        """The query date of this run (customer-accounts.md 1.1); "" for steps without one."""
        if not self.kind.follows_changes:
            return ""
        behavior = self.kind.behavior_in(self.settings)
        known = self.wiring.runs().watermark(self.kind.name)
        if behavior is Behavior.NEW_ONLY:
            return ""
        if known.get("behavior") == Behavior.NEW_ONLY:
            return self._step("", with_reference=False).now_at_source()
        return known.get("watermark") or EPOCH

    def _step(self, watermark: str, *, with_reference: bool = True) -> SyncStep:
        zuora = self.wiring.zuora(self.settings)
        context = StepContext(
            zuora=zuora,
            source=ZuoraSource(zuora, self.settings.zuora_read_path, self.settings.zuora_field_suffix),
            netsuite=self.wiring.netsuite(self.settings, self.ledger.owner),
            settings=self.settings,
            clock=self.wiring.clock,
            watermark=watermark,
            retry=tuple(self._open_ids(f"{State.HELD}#{self.kind.name}")) if watermark else (),
            deferred=tuple(self._open_ids(f"DEFERRED#{self.kind.name}")),
            seen=self._seen,
            known=self._known,
            mode=self.run.mode,
            run_id=self.run_id,
        )
        step = self.kind(context)
        if with_reference:
            self._load_reference(step)
        return step

    def _load_reference(self, step: SyncStep) -> None:
        step.context.reference = load_reference(step.context.netsuite, self.folder, step.needs, self.settings.field_map)
        step.reference = step.context.reference

    def _open_ids(self, kind: str) -> Iterator[str]:
        return (item["id"].rsplit("#", 1)[-1] for item in self.ledger.attention(kind))

    def _known(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        items = self.ledger.read([self.ledger.key(self.kind.system, self.kind.object, i) for i in ids])
        return {key.rsplit("#", 1)[-1]: item for key, item in items.items()}

    def _seen(self, ids: Sequence[str]) -> dict[str, str]:
        return {i: str(item["seen"]) for i, item in self._known(ids).items() if item.get("seen")}

    # -- batch -------------------------------------------------------------------------------------------------------

    def batch(self) -> dict[str, bool]:
        """Sync one batch, chunk by chunk; answers {"done"}: false asks for another round because the time is used up."""
        runs = self.wiring.runs()
        step = self._step(str(self.folder.read_json(self.name("start.json"))["watermark"]))
        rows = list(self.folder.read_lines(self.name(f"batches/{self.batch_name}.jsonl.gz")))
        worker = Worker(
            self.run_id,
            self.run.dry_run,
            self.settings.debug_logging,
            self.settings.netsuite_max_concurrency + SPARE_WRITERS,
            self.wiring.invocation.deadline,
        )
        if self.settings.custom_field_sync_enabled:
            step.context.places = {row[0]: place for place, row in enumerate(rows, self._first_place())}
        started = False
        for number, chunk in enumerate(chunks([Candidate(*row) for row in rows], step.chunk), start=1):
            result_name = self.name(f"results/{self.batch_name}-{number:04d}.json")
            if self.folder.has(result_name):
                continue
            if started and self.wiring.clock.now().timestamp() + CHUNK_SECONDS > worker.deadline:
                return {"done": False}
            started = True
            runs.heartbeat(self.run_id)
            done = Batch(step, self.ledger, self.wiring.clock, worker).process(chunk)
            lines = done.lines + [self._line(Level.WARNING, *self._dropped(f)) for f in sorted(step.context.dropped)]
            if done.failure:
                lines.append(self._line(Level.ERROR, done.failure.message, done.failure.code, done.failure.advice))
            self.folder.write_lines(self.name(f"log/{self.batch_name}-{number:04d}.jsonl.gz"), [line.to_json() for line in lines])
            updated = {c.id: str(c.data.get("updated") or "") for c in chunk}
            self.folder.write_json(
                result_name,
                {
                    "results": [r.to_json() for r in done.results],
                    "updated": max((updated[r.source_id] for r in done.results if r.outcome in SETTLED), default=""),
                    "selected": [c.id for c in chunk],
                    "failure": done.failure.message if done.failure else "",
                },
            )
        return {"done": True}

    def _first_place(self) -> int:
        """How many records the batches before this one hold."""
        before = (entry["records"] for entry in self.folder.read_json(self.name("manifest.json")) if entry["batch"] < self.batch_name)
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

    def batch_failed(self) -> dict[str, bool]:
        """Record that a batch could not be finished; its records are counted as unfinished."""
        error = self.event.get("error") or {}
        text = f"Batch {self.batch_name} of {self.kind.title} ended unexpectedly: {failure_text(error)}"
        line = self._line(Level.ERROR, text, "BATCH-FAILED", "The next run settles its records; see the function's log for the cause.")
        self.folder.write_lines(self.name(f"log/{self.batch_name}-failed.jsonl.gz"), [line.to_json()])
        self.folder.write_json(self.name(f"failed/{self.batch_name}.json"), error)
        return {"done": True}

    # -- summarise ---------------------------------------------------------------------------------------------------

    def skip(self) -> dict[str, Any]:
        """Note that the step does not run, and why."""
        reason = self.event["reason"]
        line = self._line(Level.WARNING, reason, "STEP-SKIPPED", "Mend the earlier step; the next run takes this one up by itself.")
        self.folder.write_lines(self.name("log/step.jsonl.gz"), [line.to_json()])
        report = StepReport(self.kind.name, self.kind.title, self.kind.direction, StepOutcome.SKIPPED, warnings=1, message=reason)
        self.folder.write_json(self.name("report.json"), report.to_json())
        return {"outcome": str(report.outcome), "selected": 0, "synced": 0}

    def summarise(self) -> dict[str, Any]:
        """Count what became of every selected record, move the watermark, write the step's report."""
        now = stamp(self.wiring.clock.now())
        started = (
            self.folder.read_json(self.name("start.json"))
            if self.folder.has(self.name("start.json"))
            else {"started": now, "watermark": ""}
        )
        report = StepReport(self.kind.name, self.kind.title, self.kind.direction, StepOutcome.COMPLETED, started["started"], now)
        lines: list[LogLine] = []
        highest, wrote = "", 0
        for part in self.results():
            highest = max(highest, part["updated"])
            report.message = report.message or part["failure"]
            for row in part["results"]:
                result = RecordResult.from_json(row)
                count(report, result)
                wrote += result.outcome in (Outcome.SYNCED, Outcome.ALREADY)
        if error := self.event.get("error"):
            report.message = failure_text(error)
            lines.append(
                self._line(Level.ERROR, f"{self.kind.title}: {report.message}", "STEP-FAILED", "See the error page of the code it names.")
            )
        elif report.selected == 0 and not report.message:
            lines.append(self._line(Level.INFO, "No records found to sync."))
        lines += [self._line(Level.WARNING, p.message, p.code, p.advice) for p in self._default_problems(report)]
        report.outcome = step_outcome(report)
        self.folder.write_lines(self.name("log/step.jsonl.gz"), [line.to_json() for line in lines])
        self.folder.write_json(self.name("report.json"), report.to_json())
        if started["watermark"] or self._is_new_only():
            self._move_watermark(started["watermark"], "" if report.unfinished else highest, 0 if report.unfinished else wrote)
        return {"outcome": str(report.outcome), "selected": report.selected, "synced": report.created + report.updated + report.linked}

    def results(self) -> Iterator[dict[str, Any]]:
        """The result files of the step; records of batches without a result come as unfinished ones."""
        return step_results(self.folder, self.kind)

    def _default_problems(self, report: StepReport) -> list[Any]:
        """Connector defaults that do not exist: said once a run, by the first step that has work."""
        if not report.selected or self.folder.has("reference/defaults-checked.json"):
            return []
        kinds = [n for n in self.kind.needs if n in ("class", "department", "location", "subsidiary")]
        reference = load_reference(None, self.folder, kinds, {})  # type: ignore[arg-type]  # this run's files are there
        self.folder.write_json("reference/defaults-checked.json", kinds)
        return unknown_defaults(self.settings, reference)

    def _is_new_only(self) -> bool:
        return self.kind.follows_changes and self.kind.behavior_in(self.settings) is Behavior.NEW_ONLY

    def _move_watermark(self, query_date: str, highest: str, wrote: int) -> None:
        """Past what was synced; not at all where a record stayed unfinished, because an update leaves no trace in the source's status."""
        if self.run.dry_run:
            return
        base = max(utc_moment(highest), query_date)
        if wrote and query_date:
            step = self._step(query_date, with_reference=False)
            base = step.watermark_after(base)
        self.wiring.runs().set_watermark(self.kind.name, base, str(self.kind.behavior_in(self.settings)))

    def _line(self, level: Level, message: str, code: str = "", advice: str = "") -> LogLine:
        return LogLine(
            stamp(self.wiring.clock.now()),
            self.run_id,
            self.kind.name,
            level,
            message,
            code,
            self.kind.direction,
            self.kind.object,
            advice=advice,
        )


SETTLED = (Outcome.SYNCED, Outcome.ALREADY)


def step_results(folder: RunFolder, kind: StepClass) -> Iterator[dict[str, Any]]:
    """{"batch", "results", "updated", "selected", "failure"} per chunk. Candidates of a batch that were never processed come as
    UNFINISHED. Each batch comes at least once."""
    if not folder.has(f"{kind.name}/manifest.json"):
        return
    for entry in folder.read_json(f"{kind.name}/manifest.json"):
        seen: set[str] = set()
        for name in folder.names(f"{kind.name}/results/{entry['batch']}-"):
            part = folder.read_json(name)
            seen.update(part["selected"])
            yield {**part, "batch": entry["batch"]}
        if len(seen) < entry["records"]:
            missing = (i for i in batch_ids(folder, kind, entry["batch"]) if i not in seen)
            lost = [RecordResult(kind.object, i, i, Outcome.UNFINISHED, code="BATCH-FAILED") for i in missing]
            yield {"batch": entry["batch"], "results": [r.to_json() for r in lost], "updated": "", "selected": [], "failure": ""}


def batch_ids(folder: RunFolder, kind: StepClass, batch: str) -> Iterator[str]:
    """The ids of the records that the selection put into a batch."""
    return (str(row[0]) for row in folder.read_lines(f"{kind.name}/batches/{batch}.jsonl.gz"))


COUNTERS = {"create": "created", "update": "updated", "link": "linked"}


def count(report: StepReport, result: RecordResult) -> None:
    """Add one record to the step's counters."""
    report.selected += 1
    if result.outcome is Outcome.SYNCED:
        name = COUNTERS.get(result.action, "created")
    elif result.outcome is Outcome.ALREADY:
        name = "recovered" if result.action == "recover" else "unchanged"
    else:
        name = str(result.outcome)
    setattr(report, name, getattr(report, name) + 1)
    report.warnings += result.outcome in (Outcome.HELD, Outcome.REFUSED, Outcome.UNFINISHED)


def step_outcome(report: StepReport) -> StepOutcome:
    if report.message:
        return StepOutcome.FAILED
    return StepOutcome.WARNINGS if report.warnings else StepOutcome.COMPLETED


def failure_text(error: Any) -> str:
    """What a state machine's error object says: the class, and the message from its cause when that is JSON."""
    if not isinstance(error, dict):
        return str(error)[:500]
    cause = str(error.get("Cause", ""))
    try:
        parsed = money.loads(cause)
        cause = str(parsed.get("errorMessage", cause)) if isinstance(parsed, dict) else cause
    except ValueError:
        pass
    return f"{cause[:500]} ({error.get('Error', 'unknown error')})"


def batches(candidates: Iterator[Candidate], size: int) -> Iterator[list[Candidate]]:
    """Candidates in batches of about `size`; a group is never split, however large it is."""
    batch: list[Candidate] = []
    for candidate in candidates:
        full = len(batch) >= size and not (candidate.group and candidate.group == batch[-1].group)
        if full:
            yield batch
            batch = []
        batch.append(candidate)
    if batch:
        yield batch


def chunks(candidates: Sequence[Candidate], size: int) -> Iterator[Sequence[Candidate]]:
    """A batch in pieces that are processed one after the other; a batch of usual size is one piece."""
    if len(candidates) <= size * 2:
        yield candidates
        return
    for start in range(0, len(candidates), size):
        yield candidates[start : start + size]


def run_task(kind: StepClass, event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """Do what the event's `task` says."""
    tasks = StepTasks(kind, event, wiring)
    known: dict[str, Callable[[], dict[str, Any]]] = {
        "select": tasks.select,
        "batch": tasks.batch,
        "batch_failed": tasks.batch_failed,
        "summarise": tasks.summarise,
        "skip": tasks.skip,
    }
    if event.get("task") not in known:
        raise StepFailed(f"Unknown task {event.get('task')!r}.", code="TASK", advice=f"Tasks are {', '.join(known)}.")
    return known[event["task"]]()
