"""What a run of the revenue connector is, as its tasks hand it on: a snapshot of the configuration, and one record per task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.revenue.config import Connection, Instance, InstanceObject, Notifications, Options
from tallybridge.sync.folder import RunFolder

NAME = "run.json"


class TaskStatus(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    WARNING = "WARNING"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


class RunStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    WARNING = "WARNING"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


class ObjectStatus(StrEnum):
    PENDING = "PENDING"
    STAGED = "STAGED"
    NO_DATA = "NO_DATA"
    FAILED = "FAILED"
    PARTIALLY_STAGED = "PARTIALLY_STAGED"
    UNKNOWN = "UNKNOWN"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class TaskKind:
    """One task of the run flow (revenue-connector.md section 7)."""

    number: int
    name: str
    title: str
    per_object: bool = False


TASKS = (
    TaskKind(1, "validate", "Validate configuration"),
    TaskKind(2, "netsuite", "Authenticate with NetSuite"),
    TaskKind(3, "revenue", "Authenticate with Zuora Revenue"),
    TaskKind(4, "read", "Read dataset", per_object=True),
    TaskKind(5, "template", "Load upload template", per_object=True),
    TaskKind(6, "build", "Build upload file", per_object=True),
    TaskKind(7, "check", "Check upload file", per_object=True),
    TaskKind(8, "upload", "Upload file", per_object=True),
    TaskKind(9, "confirm", "Confirm staging", per_object=True),
    TaskKind(10, "stage_errors", "Check stage errors", per_object=True),
    TaskKind(11, "log", "Write summary log"),
    TaskKind(12, "mail", "Send notification"),
)
KINDS = {kind.name: kind for kind in TASKS}


@dataclass(frozen=True)
class TaskRecord:
    """One task of one run: how it ended, when, what it counted. `object` is the object's number, "" for tasks of the run."""

    number: int
    name: str
    object: str = ""
    status: TaskStatus = TaskStatus.PENDING
    started: str = ""
    ended: str = ""
    rows_in: int = 0
    rows_out: int = 0
    message: str = ""
    code: str = ""
    advice: str = ""
    warnings: list[list[str]] = field(default_factory=list)
    """Code and text of each remark of this task that is not about a row."""

    @property
    def title(self) -> str:
        return KINDS[self.name].title


@dataclass(frozen=True)
class RevenueRun:
    """The snapshot that a run works on; later edits of the configuration do not affect it.

    `origin` is the run whose rows and files are sent: the run itself, or the one that it resumes.
    """

    run_id: str
    instance: Instance
    connection: Connection
    notifications: Notifications
    options: Options
    config_version: str
    environment: str
    trigger: str
    user: str
    started: str
    origin: str

    @property
    def objects(self) -> dict[str, InstanceObject]:
        """The objects of the run by number, from 1, in the order of processing."""
        return {str(number): line for number, line in enumerate(self.instance.enabled_objects, start=1)}

    @property
    def resumes(self) -> bool:
        """Whether the run sends files of an earlier one."""
        return self.origin != self.run_id

    @property
    def mode(self) -> str:
        return "scheduled" if self.trigger == "schedule" else "on demand"

    def source_format(self, line: InstanceObject) -> str:
        """How dates of an object's dataset look."""
        return line.source_date_format or self.connection.netsuite.source_date_format

    def save_in(self, folder: RunFolder) -> None:
        plain = {
            name: value.model_dump(mode="json") if hasattr(value, "model_dump") else value
            for name, value in ((f, getattr(self, f)) for f in self.__dataclass_fields__)
        }
        folder.write_json(NAME, plain)

    @classmethod
    def load(cls, folder: RunFolder) -> RevenueRun:
        """The run that was saved. Raises `FileNotFoundError`."""
        given = folder.read_json(NAME)
        return cls(
            **{
                **given,
                "instance": Instance.model_validate(given["instance"]),
                "connection": Connection.model_validate(given["connection"]),
                "notifications": Notifications.model_validate(given["notifications"]),
                "options": Options.model_validate(given["options"]),
            }
        )


class TaskBook:
    """The task records of a run, one small file each."""

    def __init__(self, folder: RunFolder, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock

    def start(self, name: str, number: str = "") -> TaskRecord:
        """The record of a task that begins or goes on; it keeps the time of its first beginning."""
        record = self.read(name, number)
        if record is None or not record.started:
            record = TaskRecord(KINDS[name].number, name, number, started=stamp(self.clock.now()))
        record = replace(record, status=TaskStatus.RUNNING)
        self.write(record)
        return record

    def end(self, record: TaskRecord) -> TaskRecord:
        """Write a record with the time as its end."""
        ended = replace(record, ended=stamp(self.clock.now()))
        self.write(ended)
        return ended

    def write(self, record: TaskRecord) -> None:
        self.folder.write_json(_file(record.number, record.name, record.object), {**asdict(record), "status": str(record.status)})

    def read(self, name: str, number: str = "") -> TaskRecord | None:
        """A task's record, None when it has not begun."""
        try:
            return _record(self.folder.read_json(_file(KINDS[name].number, name, number)))
        except FileNotFoundError:
            return None

    def all_checked(self, numbers: Iterable[str]) -> bool:
        """Whether each of these objects has passed its checks."""
        records = [self.read("check", number) for number in numbers]
        return all(record is not None and record.status in (TaskStatus.SUCCESS, TaskStatus.WARNING) for record in records)


def tasks_begun(folder: RunFolder) -> list[TaskRecord]:
    """The tasks of a run that have begun, in the order of the flow, object after object."""
    found = [_record(folder.read_json(name)) for name in folder.names("tasks/")]
    return sorted(found, key=lambda r: (phase(r.number), int(r.object or 0), r.number))


def phase(number: int) -> int:
    """Tasks 4 to 7, and 8 to 10, are listed object by object."""
    return 4 if 4 <= number <= 7 else 8 if 8 <= number <= 10 else number


def _file(number: int, name: str, of_object: str) -> str:
    return f"tasks/{number:02}-{name}{'-' + of_object if of_object else ''}.json"


def _record(row: dict[str, Any]) -> TaskRecord:
    return TaskRecord(**{**row, "status": TaskStatus(row["status"])})
