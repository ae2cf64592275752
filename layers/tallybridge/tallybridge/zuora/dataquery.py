"""Data Query: an SQL job is submitted, waited for, and its file read line by line, whatever its size (api-zuora-billing.md section 10)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from typing import Any

from tallybridge import money
from tallybridge.errors import BadAnswer, NotFound, NotSent, OutcomeUnknown, Refused, ServiceError
from tallybridge.http import STREAMED, Call, Effect
from tallybridge.rounds import Kept, NotDone
from tallybridge.zuora.calls import READ_SECONDS, ZuoraCalls
from tallybridge.zuora.faults import SERVICE

FIRST_POLLS = (0.25, 1.0, 2.0, 3.0)
NEXT_POLLS = (5.0,) * 20
LAST_POLL = 15.0
"""Seconds between looks at a job: small ones are done at once, large ones need no look every second."""
ROUND_POLLS = (*FIRST_POLLS, 5.0)
"""The looks of one round, which then ends; the state machine waits for less than it keeps a function busy."""
FEW_ROWS = 1_000
LONGEST_WAIT = 60.0
"""Seconds between two rounds."""
MAX_JOB_SECONDS = 4 * 3600.0
"""One hour for each of four attempts, which Zuora makes by itself."""
DOWNLOAD_TRIES = 4
MAX_LINE_BYTES = 16 * 1024 * 1024
INFLATED_BYTES = 256 * 1024
"""At most so much is unpacked at a time."""
RUNNING = frozenset({"submitted", "accepted", "in_progress", "queued"})
PASSING_CODES = frozenset({"LINK_10000005", "LINK_30000007"})
"""Failures of a job that pass by themselves (section 5.1)."""
FILE = "QUERY-FILE"
GZIP_MAGIC = b"\x1f\x8b"

Row = dict[str, Any]
Job = dict[str, Any]
NO_JOB: dict[str, Any] = {"id": "", "since": "", "job": None}
"""What is noted of a query whose job has ended without an answer: whoever asks again submits it anew."""


class DataQuery:
    """SQL jobs of a tenant."""

    def __init__(self, calls: ZuoraCalls) -> None:
        self._calls = calls
        self._http = calls.http

    def rows(self, sql: str) -> Iterator[Row]:
        """Submits, waits and reads. A job that is given up while it runs is cancelled, so that it does not hold one of five places. In a
        task of rounds the job is kept, and `NotDone` raised while it is not ready."""
        if self._calls.kept:
            yield from self._kept_rows(sql, self._calls.kept)
            return
        job = self.submit(sql)
        finished = False
        try:
            job = self.wait(job)
            finished = True
        finally:
            if not finished:
                self.cancel(job["id"])
        yield from self.read(job)

    def _kept_rows(self, sql: str, kept: Kept) -> Iterator[Row]:
        """A small result is kept too; the file of a large one is read in every round."""
        if kept.has(sql):
            yield from kept.get(sql)
            return
        job = self._kept_job(sql, kept)
        if int(job.get("outputRows", FEW_ROWS + 1)) > FEW_ROWS:
            yield from self.read(job)
            return
        rows = list(self.read(job))
        kept.put(sql, rows)
        yield from rows

    def _kept_job(self, sql: str, kept: Kept) -> Job:
        """The completed job of a query that this round, or one before it, has submitted."""
        jobs = kept.under_way()
        noted = jobs.get(sql) if jobs.has(sql) else None
        if noted and noted["job"]:
            return dict(noted["job"])
        if noted and noted["id"]:
            job = self.look(noted["id"])
        else:
            kept.check_time()
            job = self.submit(sql)
            noted = {"id": job["id"], "since": str(kept.now()), "job": None}
            jobs.put(sql, noted)
        for pause in ROUND_POLLS:
            if job["queryStatus"] not in RUNNING or pause > self._http.seconds_left():
                break
            self._http.sleep(pause)
            job = self.look(job["id"])
        if job["queryStatus"] == "completed":
            jobs.put(sql, {**noted, "job": job})
            return job
        waited = kept.now() - float(noted["since"])
        if job["queryStatus"] in RUNNING and waited < MAX_JOB_SECONDS:
            raise NotDone(min(LONGEST_WAIT, max(LAST_POLL, waited / 4)))
        jobs.put(sql, NO_JOB)
        if job["queryStatus"] in RUNNING:
            self.cancel(job["id"])
            raise not_ready(waited)
        raise failed(job)

    def submit(self, sql: str) -> Job:
        """The accepted job; `id` names it."""
        request = {
            "query": sql,
            "outputFormat": "JSON",
            "compression": "GZIP",
            "output": {"target": "S3"},
            "useIndexJoin": True,
        }
        return self._job("POST", "/query/jobs", request)

    def look(self, job_id: str) -> Job:
        """The job as it is now."""
        return self._job("GET", f"/query/jobs/{job_id}")

    def wait(self, job: Job) -> Job:
        """The completed job. Raises `NotSent` when it fails for a passing reason or time runs out, `Refused` when it fails for good."""
        waited = 0.0
        for pause in chain(FIRST_POLLS, NEXT_POLLS, repeat(LAST_POLL)):
            if job["queryStatus"] not in RUNNING:
                break
            if waited + pause > MAX_JOB_SECONDS or pause > self._http.seconds_left():
                raise not_ready(waited)
            self._http.sleep(pause)
            waited += pause
            job = self.look(job["id"])
        if job["queryStatus"] != "completed":
            raise failed(job)
        return job

    def cancel(self, job_id: str) -> bool:
        """Cancels a job, unless it has ended meanwhile; answers whether Zuora was reached."""
        try:
            self._calls.json("DELETE", f"/query/jobs/{job_id}", Effect.REPEATABLE, operation="cancel data query")
        except (NotSent, OutcomeUnknown):
            return False
        except ServiceError:
            return True
        return True

    def read(self, job: Job) -> Iterator[Row]:
        """The rows of a completed job, in constant memory.

        A broken download starts anew and skips what was delivered; a link that has run out is replaced by reading the job again.
        Raises `BadAnswer` when the number of rows is not the one the job names.
        """
        delivered = 0
        for _ in range(DOWNLOAD_TRIES):
            try:
                for number, row in enumerate(self._download(job), 1):
                    if number > delivered:
                        delivered = number
                        yield row
            except NotSent as error:
                last = error
                job = self.look(job["id"])
                continue
            if delivered != int(job.get("outputRows", delivered)):
                raise BadAnswer(f"The data query announced {job['outputRows']} rows, its file holds {delivered}.", service=SERVICE)
            return
        raise last

    def _job(self, method: str, path: str, body: Any = None) -> Job:
        answer = self._calls.json(method, path, Effect.READ, body=body, operation="data query", lasting=False)
        try:
            job = answer["data"]
            return {**job, "id": job["id"], "queryStatus": job["queryStatus"]}
        except (KeyError, TypeError) as error:
            raise BadAnswer(f"Zuora's answer is not a data query job: {str(answer)[:200]}", service=SERVICE) from error

    def _download(self, job: Job) -> Iterator[Row]:
        """One try. The link is signed by itself: the token must not go to that host."""
        call = Call(SERVICE, "GET", str(job.get("dataFile") or ""), Effect.READ, STREAMED, read_seconds=READ_SECONDS)
        with self._http.stream(call) as (status, pieces):
            if status != 200:
                kind = NotFound if status == 404 else NotSent
                raise kind(
                    f"The file of the data query cannot be read (status {status}).",
                    service=SERVICE,
                    status=status,
                    service_code=FILE,
                )
            for line in lines(inflated(pieces)):
                try:
                    yield money.loads(line)
                except ValueError as error:
                    raise BadAnswer("A line of the data query's file is not JSON.", service=SERVICE, detail=repr(line[:200])) from error


def open_jobs(jobs: Kept) -> list[tuple[str, str]]:
    """What was submitted and not seen to end: (name of the note, id of the job)."""
    return [(name, noted["id"]) for name, noted in jobs.answers() if noted["id"] and not noted["job"]]


def inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes without gzip, if they come in gzip; a file may hold several gzip members. Raises `NotSent` when it ends early."""
    pieces = iter(pieces)
    start = b""
    while len(start) < len(GZIP_MAGIC) and (piece := next(pieces, None)) is not None:
        start += piece
    if not start.startswith(GZIP_MAGIC):
        yield start
        yield from pieces
        return
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for piece in chain([start], pieces):
        while piece:
            if unzip.eof:
                unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                yield unzip.decompress(piece, INFLATED_BYTES)
            except zlib.error as error:
                raise NotSent(f"The file of the data query is damaged: {error}", service=SERVICE, service_code=FILE) from error
            piece = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
    while rest := unzip.decompress(b"", INFLATED_BYTES):
        yield rest
    if not unzip.eof:
        raise NotSent("The file of the data query ends early.", service=SERVICE, service_code=FILE)


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that are not empty, whatever the cuts between the pieces."""
    rest = b""
    for piece in pieces:
        whole = (rest + piece).split(b"\n")
        rest = whole.pop()
        if len(rest) > MAX_LINE_BYTES:
            raise BadAnswer(f"A line of the data query's file is longer than {MAX_LINE_BYTES} bytes.", service=SERVICE)
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest


def not_ready(waited: float) -> NotSent:
    """The error of a job that is given up after so many seconds."""
    return NotSent(
        f"The data query was not ready after {waited:.0f} seconds.",
        service=SERVICE,
        service_code="QUERY-TIME",
        advice="The next run tries again. If it happens often, narrow the selection or look for other heavy queries.",
    )


def failed(job: Job) -> ServiceError:
    """The error of a job that ended otherwise than completed."""
    code, text = str(job.get("errorCode") or ""), str(job.get("errorMessage") or f"the job is {job['queryStatus']}")
    passing = code in PASSING_CODES or "temporar" in text.lower() or job["queryStatus"] != "failed"
    kind = NotSent if passing else Refused
    return kind(
        f"The data query failed: {text}",
        service=SERVICE,
        service_code=code or "QUERY-FAILED",
        detail=text,
        advice="The next run tries again."
        if passing
        else "Run `tallybridge doctor`: it compares the tables and columns of the tenant with those that the sync reads.",
    )
