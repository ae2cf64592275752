"""What came of a run, gathered from its records: tasks, objects, files, and in plain words what is staged and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.revenue.codes import LOST, SENDABLE, Code
from tallybridge.revenue.config import InstanceObject
from tallybridge.revenue.files import FileState, UploadedFile
from tallybridge.revenue.findings import ERROR, WARNING, Findings
from tallybridge.revenue.run import TASKS, ObjectStatus, RevenueRun, RunStatus, TaskRecord, TaskStatus, phase, tasks_begun
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.sync.folder import RunFolder
from tallybridge.zuora_revenue.template import Template

REPORTING = frozenset({"log", "mail"})
"""Tasks that never change the run's result."""
OPEN_OUTCOME = (FileState.UNKNOWN, FileState.SENDING, FileState.SENT)


@dataclass(frozen=True)
class ObjectResult:
    """One object of a run. `staged` counts lines in inbound staging, with or without stage errors."""

    number: str
    line: InstanceObject
    status: ObjectStatus
    rows: int
    template: Template | None
    files: list[UploadedFile]
    findings: Findings
    stage_errors: int = 0
    stage_listed: list[dict[str, Any]] = field(default_factory=list)
    line_results: str = ""
    """Where the results of its lines lie, "" where there are none."""
    message: str = ""

    @property
    def staged(self) -> int:
        return sum(f.rows for f in self.files if f.state is FileState.STAGED)


@dataclass(frozen=True)
class RunResult:
    """A run that has ended, or is about to. `tasks` are all tasks of the flow, those that were not reached as SKIPPED."""

    run: RevenueRun
    status: RunStatus
    tasks: list[TaskRecord]
    objects: list[ObjectResult]
    ended: str

    @property
    def failures(self) -> list[TaskRecord]:
        """The tasks that failed, in their order: at most one of an object."""
        return [t for t in self.tasks if t.status is TaskStatus.ERROR and t.name not in REPORTING]

    @property
    def failure(self) -> TaskRecord | None:
        """The task that failed first."""
        return next(iter(self.failures), None)

    def told(self, failed: TaskRecord) -> str:
        """What is said of a task that failed, beside others that did."""
        name = self.object_name(failed.object)
        return f"{name}: {failed.message}" if name and len(self.failures) > 1 else failed.message

    def object_name(self, number: str) -> str:
        line = self.run.objects.get(number)
        return line.object if line else ""


def gather(wiring: RevenueWiring, run_id: str) -> RunResult:
    """The result as the records tell it now. Raises `FileNotFoundError` for a run that has none."""
    folder = wiring.folder(run_id)
    run = RevenueRun.load(folder)
    begun = tasks_begun(folder)
    files = wiring.files(run.origin).all()
    notes = wiring.folder(run.origin)
    objects = [_object(run, number, notes, [f for f in files if f.object == number], begun) for number in run.objects]
    return RunResult(run, _status(begun, objects), _all_tasks(run, begun), objects, stamp(wiring.clock.now()))


def _status(tasks: Sequence[TaskRecord], objects: Sequence[ObjectResult]) -> RunStatus:
    deciding = [t for t in tasks if t.name not in REPORTING]
    if any(t.status in (TaskStatus.ERROR, TaskStatus.RUNNING) for t in deciding):
        return RunStatus.FAILED
    if any(t.code == Code.RUN_CANCELLED for t in deciding):
        return RunStatus.CANCELLED
    if any(t.code == Code.RUN_IN_PROGRESS for t in deciding):
        return RunStatus.SKIPPED
    if not all(o.status in (ObjectStatus.STAGED, ObjectStatus.NO_DATA) for o in objects):
        return RunStatus.FAILED
    return RunStatus.WARNING if any(t.warnings for t in deciding) else RunStatus.SUCCESS


def _all_tasks(run: RevenueRun, begun: Sequence[TaskRecord]) -> list[TaskRecord]:
    known = {(t.name, t.object): t for t in begun}
    found = []
    for kind in TASKS:
        for number in run.objects if kind.per_object else ("",):
            missing = TaskRecord(kind.number, kind.name, number, TaskStatus.SKIPPED, message="not reached")
            found.append(known.get((kind.name, number), missing))
    return sorted(found, key=lambda t: (phase(t.number), int(t.object or 0), t.number))


def _object(run: RevenueRun, number: str, notes: RunFolder, files: list[UploadedFile], tasks: Sequence[TaskRecord]) -> ObjectResult:
    def note(name: str) -> dict[str, Any]:
        try:
            return dict(notes.read_json(f"objects/{number}/{name}.json"))
        except FileNotFoundError:
            return {}

    own = [t for t in tasks if t.object == number]
    read, template, findings, stage = note("read"), note("template"), note("findings"), note("stage")
    status = object_status(files, bool(read.get("complete")) and not int(read.get("rows", 0)), own)
    failed = next((t for t in own if t.status is TaskStatus.ERROR), None)
    return ObjectResult(
        number,
        run.objects[number],
        status,
        int(read.get("rows", 0)),
        Template.from_json(template) if template else None,
        files,
        Findings.from_json(findings) if findings else Findings(),
        int(stage.get("count", 0)),
        list(stage.get("listed", [])),
        str(stage.get("line_results", "")),
        failed.message if failed else "",
    )


def object_status(files: Sequence[UploadedFile], empty: bool, tasks: Sequence[TaskRecord]) -> ObjectStatus:
    """The status of an object from its files: a file that was on its way when the run ended counts as unknown."""
    states = {f.state for f in files}
    if states & set(OPEN_OUTCOME):
        return ObjectStatus.UNKNOWN
    if FileState.STAGED in states:
        return ObjectStatus.STAGED if states == {FileState.STAGED} else ObjectStatus.PARTIALLY_STAGED
    if FileState.FAILED in states or any(t.status in (TaskStatus.ERROR, TaskStatus.RUNNING) for t in tasks):
        return ObjectStatus.FAILED
    if empty:
        return ObjectStatus.NO_DATA
    return ObjectStatus.SKIPPED


def standing(result: RunResult) -> list[str]:
    """What is staged and what is not, in plain words, with the remedy; empty when everything went through or nothing was sent."""
    files = [f for o in result.objects for f in o.files]
    staged = [f for f in files if f.state is FileState.STAGED]
    unknown = [f for f in files if f.state in OPEN_OUTCOME]
    if result.status in (RunStatus.SUCCESS, RunStatus.WARNING):
        return []
    if not staged and not unknown:
        return ["Nothing was staged in Zuora Revenue."]
    said = []
    if staged:
        said.append("Staged in Zuora Revenue, and still there: " + "; ".join(map(_named, staged)) + ".")
    if unknown:
        said.append("It is not known whether Zuora Revenue has: " + "; ".join(map(_named, unknown)) + ".")
        said.append("Look for these names in Revenue, Uploaded Files, before anything else is done.")
    others = [f for f in files if f.state in (FileState.PREPARED, FileState.FAILED)]
    if others:
        said.append("Not staged: " + "; ".join(map(_named, others)) + ".")
    for unbuilt in (o for o in result.objects if not o.files and o.status in (ObjectStatus.FAILED, ObjectStatus.SKIPPED)):
        said.append(f"Not staged: the object {unbuilt.line.object}, of which no file was sent.")
    lost = [f for f in files if f.state is FileState.FAILED and f.code not in SENDABLE]
    if lost:
        why = "; ".join(f"{f.name} {lost_text(f)}" for f in lost)
        said.append(
            f"It cannot be completed by resuming: {why}. Delete the staged lines in Data Interface > Manage Inbound first, then run the "
            "instance anew; run before that, it would send lines twice."
        )
        return said
    if not others and not unknown:
        said.append("Every file is staged: there is nothing to resume. Do not simply run the instance again: lines would be sent twice.")
        return said
    said.append(
        f"To complete it, resume the run (tallybridge revenue resume {result.run.run_id}): the same remaining files are sent, unchanged. "
        "To undo it, delete the staged lines in Data Interface > Manage Inbound. "
        "Do not simply run the instance again: lines would be sent twice."
    )
    return said


def lost_text(file: UploadedFile) -> str:
    """Why a file can never be sent as it is."""
    return LOST.get(Code(file.code), LOST[Code.STAGING_FAILED]) if file.code in Code.__members__ else LOST[Code.STAGING_FAILED]


def _named(file: UploadedFile) -> str:
    request = f", request {file.request_id}" if file.request_id else ""
    return f"{file.name} ({file.rows} rows{request})"


def counts(result: ObjectResult) -> tuple[int, int]:
    """Errors and warnings of an object's rows."""
    return result.findings.count(ERROR), result.findings.count(WARNING)


def with_task(result: RunResult, record: TaskRecord) -> RunResult:
    """The result with one task's record replaced."""
    return replace(result, tasks=[record if (t.name, t.object) == (record.name, record.object) else t for t in result.tasks])
