"""The life of Data Query jobs: accepted, in progress, completed, failed or cancelled (spec section 10.1)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from sandbox.zuora.exceptions import DataQueryError, v1_error
from sandbox.zuora.models.dataquery.catalog import answer_catalog_question
from sandbox.zuora.models.dataquery.copy import SqlCopy
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.results import ResultFiles, write_file
from sandbox.zuora.models.dataquery.translate import Translator, translator_for
from sandbox.zuora.models.dataquery.types import UNKNOWN
from sandbox.zuora.models.store import API_USER, Store
from sandbox.zuora.models.troubles import JobTrouble, Troubles
from sandbox.zuora.options import ZuoraOptions
from sandbox.zuora.schema import Field

LIMIT_EXCEEDED = 70
USER = f"{API_USER[:8]}-{API_USER[8:12]}-{API_USER[12:16]}-{API_USER[16:20]}-{API_USER[20:]}"
RUNNING = ("accepted", "in_progress")
RETRIES = 3
GUARD_S = 60
"""How long, in the machine's time, an answer waits for work that is over by the clock."""
MAX_JOBS_KEPT = 1_000


@dataclass
class Job:
    """One submitted query. `status` is accepted, in_progress, completed, failed or cancelled, as far as the work goes; what is told of it
    (`QueryJobs.told`) is accepted until it `begins` and in progress until it `ends`."""

    id: str
    query: str
    output_format: str
    compression: str
    separator: str
    read_deleted: bool
    use_index_join: bool
    source: str
    updated: datetime
    begins: datetime
    ends: datetime
    trouble: JobTrouble | None
    status: str = "accepted"
    rows: int = 0
    took_ms: int = 0
    error: tuple[str, str] | None = None
    over: threading.Event = field(default_factory=threading.Event, compare=False)
    """Set once the work is done."""


class QueryJobs:
    """Runs jobs on threads of their own; the queries themselves run one at a time."""

    at_once: ClassVar[bool] = False
    """Whether a job's work is done when it is submitted, without a thread; what the clock says of it is the same."""

    def __init__(self, store: Store, options: ZuoraOptions, troubles: Troubles) -> None:
        kinds = [k for k in store.schema.values() if options.settlement or not k.settlement_only]
        self.store = store
        self.options = options
        self.troubles = troubles
        self.kinds = {k.table: k for k in kinds}
        self.files = ResultFiles(options, troubles)
        self.jobs: dict[str, Job] = {}
        self.lock = threading.Lock()
        self.places = threading.Semaphore(options.data_query_limits.running)
        self.submitted = 0

    @cached_property
    def copy(self) -> SqlCopy:
        return SqlCopy(self.store, self.kinds.values(), self.options.zone)

    @cached_property
    def translator(self) -> Translator:
        return translator_for(self.store.schema, frozenset(self.kinds), self.options.zone)

    def fields_changed(self, kind: str, old: Field | None, new: Field | None) -> None:
        """A field is there (no `old`), has another name, or is gone (no `new`)."""
        with self.lock:
            self.__dict__.pop("translator", None)
            made: SqlCopy | None = self.__dict__.get("copy")
            if made is None or kind not in made.kinds:
                return
            if old is None and new is not None:
                made.add(kind, new)
            elif old is not None:
                made.rename(kind, old, new)

    def submit(self, query: str, output_format: str, compression: str, **more: Any) -> Job:
        """Queue a job. Raises the refusal of a full queue."""
        limits = self.options.data_query_limits
        begins = self.store.now() + timedelta(seconds=self.options.data_query_queue_s)
        with self.lock:
            waiting = sum(self.told(j).status in RUNNING for j in self.jobs.values())
            if waiting >= limits.running + limits.queued:
                raise v1_error(500000, LIMIT_EXCEEDED, "The number of queued queries exceeds the limit.", 429)
            self.submitted += 1
            job = Job(
                id=f"3a3e85c4-96e7-486b-ae02-{self.submitted:012x}",
                query=query,
                output_format=output_format,
                compression=compression,
                separator=more.get("separator", ","),
                read_deleted=more.get("read_deleted", False),
                use_index_join=more.get("use_index_join", False),
                source=more.get("source", "LIVE"),
                updated=self.store.now(),
                begins=begins,
                ends=begins + timedelta(seconds=self.options.data_query_run_s),
                trouble=self.troubles.jobs.popleft() if self.troubles.jobs else None,
            )
            self.jobs[job.id] = job
            for old in list(self.jobs)[: max(0, len(self.jobs) - MAX_JOBS_KEPT)]:
                if self.told(self.jobs[old]).status not in RUNNING:
                    del self.jobs[old]
        if job.trouble != "hang" and self.at_once:
            self.run(job)
        elif job.trouble != "hang":
            threading.Thread(target=self.run, args=(job,), daemon=True).start()
        return job

    def get(self, job_id: str) -> Job:
        """Raises the refusal for an unknown job. What the clock says of a job holds, however long this machine needs for its work."""
        job = self.jobs.get(job_id)
        if job is None:
            raise DataQueryError(404, 1001, f"No such query: {job_id}")
        if self.store.now() >= job.ends and job.trouble != "hang":
            job.over.wait(GUARD_S)
        return self.told(job)

    def told(self, job: Job) -> Job:
        """The job as the clock has it: nothing is told of its work before its time."""
        now = self.store.now()
        if now >= job.ends:
            return job if job.updated >= job.ends or job.status in RUNNING else replace(job, updated=job.ends)
        if now >= job.begins:
            return replace(job, status="in_progress", updated=job.begins)
        return replace(job, status="accepted")

    def cancel(self, job_id: str) -> Job:
        job = self.jobs.get(job_id)
        if job is None:
            raise DataQueryError(404, 1001, f"No such query: {job_id}")
        with self.lock:
            if self.told(job).status not in RUNNING:
                raise DataQueryError(400, 1003, f"Query job {job_id} is not in accepted or in_progress status")
            job.status = "cancelled"
            job.updated = job.begins = job.ends = self.store.now()
            job.over.set()
        return job

    def listed(self, status: str, size: int) -> list[Job]:
        """Newest first."""
        found = [j for j in map(self.told, reversed(list(self.jobs.values()))) if not status or j.status == status]
        return found[:size]

    def run(self, job: Job) -> None:
        try:
            self._run(job)
        finally:
            job.over.set()

    def _run(self, job: Job) -> None:
        with self.places:
            if not self.move(job, "in_progress", "accepted"):
                return
            began = time.monotonic()
            try:
                self.execute(job)
            except SqlRefused as refused:
                job.error = ("LINK_30000001", str(refused))
            except Exception as fault:
                job.error = ("LINK_10000005", f"failed to process object: {fault}")
            job.took_ms = int((time.monotonic() - began) * 1000)
            outcome = "failed" if job.error else "cancelled" if job.trouble == "cancel" else "completed"
            self.move(job, outcome, "in_progress")

    def execute(self, job: Job) -> None:
        if job.trouble == "fail":
            job.error = self.troubles.job_error
            return
        catalog = answer_catalog_question(job.query, self.kinds)
        if catalog is not None:
            names, rows, kinds = catalog[0], catalog[1], [UNKNOWN] * len(catalog[0])
        else:
            with self.lock:
                translator, copy = self.translator, self.copy
            translated = translator.translate(job.query, self.store.now(), job.read_deleted)
            names, rows = copy.run(translated, self.options.data_query_limits.rows_out)
            kinds = translated.kinds
        job.rows = len(rows)
        content = write_file(names, rows, kinds, job.output_format, job.separator, self.options.zone)
        self.files.keep(job.id, content, job.output_format, job.compression)

    def move(self, job: Job, status: str, only_from: str) -> bool:
        with self.lock:
            if job.status != only_from:
                return False
            job.status, job.updated = status, self.store.now()
            return True

    def accepted(self, job: Job) -> dict[str, Any]:
        """A job as the answer to its submission shows it, however fast it was."""
        return {**self.head(job), "queryStatus": "accepted", "remainingRetries": RETRIES}

    def shown(self, job: Job, base_url: str) -> dict[str, Any]:
        """The job as the API shows it."""
        body = self.head(job)
        if job.status == "completed":
            body |= {"outputRows": job.rows, "processingTime": job.took_ms, "dataFile": self.files.url(job.id, base_url)}
        if job.status == "failed" and job.error:
            body |= {"errorCode": job.error[0], "errorMessage": job.error[1], "processingTime": job.took_ms}
        return body

    def head(self, job: Job) -> dict[str, Any]:
        return {
            "id": job.id,
            "query": job.query,
            "useIndexJoin": job.use_index_join,
            "sourceData": job.source,
            "queryStatus": job.status,
            "remainingRetries": RETRIES if job.error is None or job.trouble != "fail" else 0,
            "updatedOn": job.updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{job.updated.microsecond // 1000:03d}Z",
            "createdBy": USER,
        }
