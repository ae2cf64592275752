"""AQuA jobs and data source exports: accepted on submit, run when they are first looked at (spec sections 11.1 and 11.3)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.zuora.exceptions import AquaError, ZoqlFault
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.jobs import QueryJobs
from sandbox.zuora.models.dataquery.translate import Translated
from sandbox.zuora.models.export.files import ExportFiles, csv_bytes
from sandbox.zuora.models.export.zoql import ExportQuery, ExportRefused, ExportTranslator, labels_of
from sandbox.zuora.models.store import Store
from sandbox.zuora.models.zoql import Selection
from sandbox.zuora.models.zoql_parse import parse
from sandbox.zuora.options import ZuoraOptions

MAX_QUERIES = 50
MAX_JOBS = 50
MAX_ROWS = 10_000_000
SYNTAX = "There is a syntax error in one of the queries in the AQuA input"
OPEN = ("submitted", "executing")
STATEFUL = ("1.1", "1.2")
NO_DELETED = (
    "Objects included in the queries do not support the querying of deleted records."
    " Remove Deleted section in the JSON request and retry the request"
)
DELETED_KINDS = {"Boolean": "bool", "Numeric": "int"}


@dataclass
class Batch:
    """One query of a job."""

    id: str
    name: str
    kind: str
    query: str
    status: str = "pending"
    count: int = 0
    file_id: str | None = None
    message: str = ""
    since: datetime | None = None
    deleted: tuple[str, str] | None = None
    """Name and type of the column that marks deleted records."""


@dataclass
class AquaJob:
    id: str
    name: str
    version: str
    format: str
    options: Mapping[str, Any]
    batches: list[Batch]
    status: str = "submitted"
    started: datetime | None = None
    stateful: tuple[str, str] | None = None


@dataclass
class Export:
    id: str
    format: str
    query: str
    translated: ExportQuery
    status: str = "Pending"
    file_id: str | None = None
    size: int = 0


@dataclass
class Remembered:
    """What a stateful query returned last: its text and when."""

    query: str
    at: datetime


@dataclass
class Exports:
    """All bulk reads of the tenant."""

    store: Store
    options: ZuoraOptions
    queries: QueryJobs
    files: ExportFiles = field(default_factory=ExportFiles)
    jobs: dict[str, AquaJob] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    remembered: dict[tuple[str, str, str], Remembered] = field(default_factory=dict)
    made: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def new_id(self) -> str:
        self.made += 1
        return f"2c92c0fa{self.made:024x}"

    def translator(self) -> ExportTranslator:
        return ExportTranslator(self.store.schema, self.options.zone, self.options.settlement)

    def submit(self, body: Mapping[str, Any], file_format: str, version: str) -> AquaJob:
        """Check every query and queue the job. Raises `AquaError`."""
        rows = body.get("queries")
        if not isinstance(rows, list) or not rows:
            raise AquaError("90016", "There are no queries in the AQuA input")
        if len(rows) > MAX_QUERIES:
            raise AquaError("90004", f"There are more than {MAX_QUERIES} queries in the AQuA input")
        if sum(j.status in OPEN for j in self.jobs.values()) >= MAX_JOBS:
            raise AquaError("90028", "The number of concurrent jobs has exceeded the limit")
        state = self.state_of(body, version)
        with self.lock:
            batches = [self.batch(row, state, body) for row in rows]
            job = AquaJob(self.new_id(), str(body.get("name", "")), version, file_format, body, batches, stateful=state)
            self.jobs[job.id] = job
        return job

    def state_of(self, body: Mapping[str, Any], version: str) -> tuple[str, str] | None:
        partner, project = body.get("partner"), body.get("project")
        if partner and partner not in self.options.aqua_partners:
            raise AquaError("90019", f"The partner id {partner} is unknown")
        return (str(partner), str(project)) if partner and project and version in STATEFUL else None

    def batch(self, row: Any, state: tuple[str, str] | None, body: Mapping[str, Any]) -> Batch:
        if not isinstance(row, dict) or row.get("type") not in ("zoql", "zoqlexport"):
            raise AquaError("90005", SYNTAX)
        batch = Batch(self.new_id(), str(row.get("name", "")), row["type"], str(row.get("query", "")))
        if row.get("deleted"):
            batch.deleted = deleted_column(row, state)
        self.check(batch)
        if state is not None:
            last = self.remembered.get((*state, batch.name))
            batch.since = last.at if last and last.query == batch.query else None
            if batch.since is not None and body.get("incrementalTime"):
                batch.since = self.incremental_time(body["incrementalTime"])
        return batch

    def incremental_time(self, text: Any) -> datetime:
        try:
            return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=self.options.zone)
        except (TypeError, ValueError):
            raise AquaError("90015", "The incremental time is not of the form yyyy-mm-dd hh:mm:ss") from None

    def check(self, batch: Batch) -> None:
        try:
            if batch.kind == "zoql":
                Selection(self.store, parse(batch.query, self.options.zoql_keywords == "any"), self.options.zone)
            else:
                self.translator().translate(batch.query)
        except ExportRefused as refused:
            code = "90020" if "distinct" in str(refused) else "90005"
            raise AquaError(code, SYNTAX if code == "90005" else str(refused)) from None
        except ZoqlFault:
            raise AquaError("90005", SYNTAX) from None

    def job(self, job_id: str) -> AquaJob:
        """The job, finished. Raises `AquaError` for an unknown one."""
        job = self.jobs.get(job_id)
        if job is None:
            raise AquaError("90002", f"The job id {job_id} is invalid")
        with self.lock:
            if job.status in OPEN:
                self.run(job)
        return job

    def cancel(self, job_id: str) -> AquaJob:
        job = self.jobs.get(job_id)
        if job is None or job.status not in OPEN:
            raise AquaError("90003", f"The job id {job_id} is invalid for cancelling")
        job.status = "cancelled"
        for batch in job.batches:
            batch.status = "aborted"
        return job

    def last_of(self, partner: str, project: str) -> AquaJob:
        """The last completed stateful job of a project."""
        for job in reversed(list(self.jobs.values())):
            if job.stateful == (partner, project) and job.status == "completed":
                return job
        raise AquaError("90002", "There is no completed job of this project")

    def run(self, job: AquaJob) -> None:
        job.started = self.store.now()
        for batch in job.batches:
            content = self.content(batch, job)
            if content is not None:
                batch.file_id = self.files.keep(content, job.format, batch.name or batch.id)
                batch.status = "completed"
                if job.stateful is not None:
                    self.remembered[(*job.stateful, batch.name)] = Remembered(batch.query, job.started)
        job.status = "completed" if all(b.status == "completed" for b in job.batches) else "error"

    def content(self, batch: Batch, job: AquaJob) -> bytes | None:
        zone = UTC if flag(job.options.get("dateTimeUtc")) else self.options.zone
        null = str(job.options.get("nullReplacement") or "")
        try:
            if batch.kind == "zoql":
                return self.zoql_content(batch, null)
            query = self.translator().translate(batch.query, batch.since)
            rows = self.rows(query)
            if batch.deleted is not None:
                rows = self.marked(batch, query, rows)
        except (SqlRefused, ExportRefused, ZoqlFault) as refused:
            batch.status, batch.message = "aborted", str(refused)
            return None
        batch.count = len(rows)
        if batch.deleted is not None:
            column, kind = batch.deleted
            query = replace(query, labels=[*query.labels, column], headings=[*query.headings, column], kinds=[*query.kinds, kind])
        return csv_bytes(labels_of(query, flag(job.options.get("useQueryLabels"))), query.kinds, rows, zone, null)

    def marked(self, batch: Batch, query: ExportQuery, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The rows with a last column that says whether a record is deleted; an incremental export has those that were deleted since."""
        gone = [] if batch.since is None else self.rows(self.translator().translate(batch.query, batch.since, deleted=True))
        return [*((*row, 0) for row in rows), *((*row, 1) for row in gone)]

    def zoql_content(self, batch: Batch, null: str) -> bytes:
        with self.store.lock:
            selection = Selection(self.store, parse(batch.query, self.options.zoql_keywords == "any"), self.options.zone)
            shown = [selection.show(r) for r in selection.records()]
        names = [f.name for f in selection.fields]
        batch.count = len(shown)
        return csv_bytes(names, ["str"] * len(names), [[row.get(n) for n in names] for row in shown], self.options.zone, null)

    def rows(self, query: ExportQuery) -> list[tuple[Any, ...]]:
        return self.queries.copy.run(Translated(query.sql, query.labels, [], {}), MAX_ROWS)[1]

    def export(self, file_format: str, text: object) -> Export:
        """Accept a data source export. Raises `ExportRefused`."""
        translated = self.translator().translate(text)
        with self.lock:
            made = Export(self.new_id(), file_format, str(text), translated)
            self.exports[made.id] = made
        return made

    def finished_export(self, export_id: str) -> Export | None:
        found = self.exports.get(export_id)
        with self.lock:
            if found is not None and found.status == "Pending":
                rows = self.rows(found.translated)
                content = csv_bytes(found.translated.headings, found.translated.kinds, rows, self.options.zone)
                found.file_id = self.files.keep(content, found.format, found.translated.object)
                found.size, found.status = len(content), "Completed"
        return found


def deleted_column(row: Mapping[str, Any], state: tuple[str, str] | None) -> tuple[str, str]:
    """Name and type of the column in `deleted`, which stateful Export ZOQL alone has. Raises `AquaError`."""
    asked = row["deleted"][0] if isinstance(row["deleted"], list) else row["deleted"]
    kind = DELETED_KINDS.get(str(asked.get("format"))) if isinstance(asked, dict) else None
    if state is None or row["type"] != "zoqlexport" or kind is None or not asked.get("column"):
        raise AquaError("90017", NO_DELETED)
    return str(asked["column"]), kind


def flag(value: Any) -> bool:
    """The vendor's samples send booleans as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
