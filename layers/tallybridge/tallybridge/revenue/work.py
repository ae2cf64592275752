"""What a task has at hand, and what it answers to the state machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from tallybridge.errors import BadAnswer, LoginRefused, NotFound, NotSent, OutcomeUnknown, ServiceError, TallybridgeError
from tallybridge.netsuite.faults import SERVICE as NETSUITE
from tallybridge.reporting.words import moment
from tallybridge.revenue.codes import ADVICE, Code, TaskFailed
from tallybridge.revenue.config import InstanceObject
from tallybridge.revenue.files import UploadedFile, UploadedFiles
from tallybridge.revenue.run import RevenueRun, TaskBook, TaskRecord
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.sync.folder import RunFolder

RUN_LIMIT = timedelta(hours=6)
"""The overall deadline of a run (section 7, rule 7)."""
CONTROL = "control"


@dataclass(frozen=True)
class Answer:
    """What a task tells the state machine. `done` false asks for the task again, after `wait` seconds; `more` says that the object has
    another part; `skip` that there is nothing to do for the object."""

    done: bool = True
    wait: int = 0
    more: bool = False
    skip: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"ok": True, "goOn": False, "done": self.done, "wait": self.wait, "more": self.more, "skip": self.skip}


FAILED = {"ok": False, "goOn": False, "done": True, "wait": 0, "more": False, "skip": False}


@dataclass
class Work:
    """One invocation of one task."""

    run: RevenueRun
    number: str
    wiring: RevenueWiring
    book: TaskBook
    record: TaskRecord
    remarks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def line(self) -> InstanceObject:
        """The object that the task is about."""
        return self.run.objects[self.number]

    @property
    def folder(self) -> RunFolder:
        """Notes and reports of this run."""
        return self.book.folder

    @cached_property
    def notes(self) -> RunFolder:
        """Notes about the objects: of this run, or of the one it resumes."""
        return self.wiring.folder(self.run.origin)

    @cached_property
    def uploads(self) -> RunFolder:
        """Rows and upload files: of this run, or of the one it resumes."""
        return self.wiring.uploads(self.run.origin)

    @cached_property
    def files(self) -> UploadedFiles:
        return self.wiring.files(self.run.origin)

    def files_of_object(self) -> list[UploadedFile]:
        return self.files.all(self.number)

    def note(self, name: str) -> dict[str, Any]:
        """A note about the object, {} when there is none."""
        try:
            return dict(self.notes.read_json(self.note_name(name)))
        except FileNotFoundError:
            return {}

    def keep(self, name: str, content: dict[str, Any]) -> None:
        self.notes.write_json(self.note_name(name), content)

    def note_name(self, name: str) -> str:
        return f"objects/{self.number}/{name}.json"

    def count(self, rows_in: int, rows_out: int, message: str) -> None:
        """What the task's line in the run details says."""
        self.record = replace(self.record, rows_in=rows_in, rows_out=rows_out, message=message)

    def warn(self, code: str, text: str) -> None:
        """A remark that makes the task, and the run, end with a warning."""
        if [str(code), text] not in self.record.warnings:
            self.record = replace(self.record, warnings=[*self.record.warnings, [str(code), text]])

    def seconds_left(self) -> float:
        """Until this invocation must have answered."""
        return self.wiring.invocation.deadline - self.wiring.clock.now().timestamp()

    def beat(self) -> None:
        """Say that the run is alive. Raises `StepFailed` RUN-LOCK-LOST when another run has taken over, `TaskFailed` RUN_TIMEOUT; task 10
        only tells of what is staged, however long the run took."""
        self.wiring.instance_lock(self.run.instance.key).heartbeat(self.run.run_id)
        if self.record.name != "stage_errors":
            self.check_time()

    def check_time(self) -> None:
        started = moment(self.run.started)
        if started and self.wiring.clock.now() - started > RUN_LIMIT:
            raise TaskFailed(Code.RUN_TIMEOUT, f"The run has taken longer than {RUN_LIMIT.total_seconds() / 3600:.0f} hours.")


Task = Callable[[Work], Answer]


def coded(error: TallybridgeError) -> tuple[str, str, str]:
    """Code, text and advice of a failure, in the connector's own codes (section 13.1)."""
    if isinstance(error, ServiceError) and error.service == NETSUITE:
        code = _netsuite_code(error)
        return str(code), error.message, ADVICE[code]
    if isinstance(error, ServiceError):
        known = error.code if error.code in Code.__members__ else str(_revenue_code(error))
        return known, error.message, ADVICE.get(Code(known), error.advice)
    return error.code, error.message, error.advice


def _netsuite_code(error: ServiceError) -> Code:
    if error.code == "SHORT-PAGE":
        return Code.DATASET_INCONSISTENT
    if error.status == 401 or (isinstance(error, LoginRefused) and error.status != 403):
        return Code.NS_AUTH_FAILED
    if error.status == 403:
        return Code.NS_FORBIDDEN
    if isinstance(error, NotFound):
        return Code.DATASET_NOT_FOUND
    return Code.NS_UNREACHABLE if isinstance(error, NotSent) else Code.DATASET_READ_FAILED


def _revenue_code(error: ServiceError) -> Code:
    if isinstance(error, OutcomeUnknown):
        return Code.UPLOAD_OUTCOME_UNKNOWN
    return Code.ZR_UNREACHABLE if isinstance(error, NotSent | BadAnswer) else Code.UPLOAD_REJECTED
