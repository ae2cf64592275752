"""Data Query jobs: waiting, giving up, and reading files of any size (api-zuora-billing.md section 10)."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.errors import BadAnswer, NotSent, Refused
from tallybridge.http import Http
from tallybridge.zuora import Zuora
from tallybridge.zuora.dataquery import MAX_JOB_SECONDS, inflated, lines
from tests.unit.clients.scripted_service import FakeTime, Reply, Request, ScriptedService

JOB = "3a3e85c4"


class Jobs:
    """A tenant whose job goes through `statuses` and then offers `file`."""

    def __init__(self, service: ScriptedService, statuses: list[str], rows: list[dict[str, Any]] | None = None, **ending: Any) -> None:
        self.service = service
        self.statuses = statuses
        self.rows = rows or []
        self.ending = ending
        self.file_replies: list[Reply] = []
        self.links = 0
        service.answer = self.answer

    @property
    def file(self) -> bytes:
        return gzip.compress("".join(json.dumps(r) + "\n" for r in self.rows).encode())

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/files/"):
            return self.file_replies.pop(0) if self.file_replies else Reply(200, self.file, {"Content-Type": "application/octet-stream"})
        if request.path == "/oauth/token":
            return Reply(200, {"access_token": "next", "expires_in": 3600})
        if request.method == "DELETE":
            return Reply(200, {"data": self.job("cancelled")})
        return Reply(200, {"data": self.job(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])})

    def job(self, status: str) -> dict[str, Any]:
        job: dict[str, Any] = {"id": JOB, "queryStatus": status, "query": "..."}
        if status == "completed":
            self.links += 1
            job |= {"outputRows": len(self.rows), "dataFile": f"{self.service.url}/files/{JOB}_{self.links}.json.gz?X-Amz-Signature=a%2Fb"}
        return job | (self.ending if status in ("completed", "failed") else {})

    @property
    def cancelled(self) -> bool:
        return any(r.method == "DELETE" for r in self.service.requests)


def test_a_job_is_submitted_waited_for_and_read(service: ScriptedService, zuora: Zuora, time: FakeTime) -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "amount": 0.1}, {"id": "2", "amount": None}]
    Jobs(service, ["accepted", "accepted", "in_progress", "completed"], rows)
    assert list(zuora.data_query("SELECT id, amount FROM invoice")) == [{"id": "1", "amount": Decimal("0.1")}, {"id": "2", "amount": None}]
    assert service.requests[0].json == {
        "query": "SELECT id, amount FROM invoice",
        "outputFormat": "JSON",
        "compression": "GZIP",
        "output": {"target": "S3"},
        "useIndexJoin": True,
    }
    assert time.slept == [0.25, 1, 2]


def test_the_file_is_fetched_without_the_token(service: ScriptedService, zuora: Zuora) -> None:
    Jobs(service, ["completed"], [{"id": "1"}])
    list(zuora.data_query("SELECT 1"))
    download = service.requests[-1]
    assert "Authorization" not in download.headers
    assert download.query == {"X-Amz-Signature": ["a/b"]}


def test_the_file_may_come_unpacked_or_encoded(service: ScriptedService, zuora: Zuora) -> None:
    jobs = Jobs(service, ["completed"], [{"id": "1"}])
    for reply in (Reply(200, '{"id": "1"}\n'), Reply(200, jobs.file, {"Content-Encoding": "gzip"})):
        jobs.file_replies = [reply]
        assert list(zuora.data_query("SELECT 1")) == [{"id": "1"}]


def test_an_empty_result_is_a_file_of_length_nothing(service: ScriptedService, zuora: Zuora) -> None:
    jobs = Jobs(service, ["completed"], [])
    jobs.file_replies = [Reply(200, b"")]
    assert list(zuora.data_query("SELECT 1")) == []


def test_polls_become_rarer_and_end_with_the_limit(service: ScriptedService, zuora: Zuora, time: FakeTime) -> None:
    jobs = Jobs(service, ["in_progress"])
    with pytest.raises(NotSent) as caught:
        list(zuora.data_query("SELECT 1"))
    assert caught.value.code == "ZUORA-QUERY-TIME"
    assert time.slept[:6] == [0.25, 1, 2, 3, 5, 5]
    assert max(time.slept) == 15
    assert MAX_JOB_SECONDS - 15 < sum(time.slept) <= MAX_JOB_SECONDS
    assert jobs.cancelled


def test_a_job_is_cancelled_when_the_worker_runs_out_of_time(service: ScriptedService, zuora: Zuora, http: Http, time: FakeTime) -> None:
    jobs = Jobs(service, ["in_progress"])
    http.deadline = time.now + 30
    with pytest.raises(NotSent):
        list(zuora.data_query("SELECT 1"))
    assert jobs.cancelled
    assert time.now < http.deadline


def test_a_job_is_cancelled_when_the_worker_is_stopped(service: ScriptedService, zuora: Zuora, http: Http) -> None:
    jobs = Jobs(service, ["in_progress"])

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    http.sleep = stop
    with pytest.raises(KeyboardInterrupt):
        list(zuora.data_query("SELECT 1"))
    assert jobs.cancelled


def test_a_job_that_failed_says_why(service: ScriptedService, zuora: Zuora) -> None:
    Jobs(service, ["failed"], errorMessage="line 1:8: Column 'x' cannot be resolved")
    with pytest.raises(Refused, match="Column 'x' cannot be resolved") as caught:
        list(zuora.data_query("SELECT x"))
    assert caught.value.code == "ZUORA-QUERY-FAILED"
    assert "doctor" in caught.value.advice


def test_a_code_of_the_query_service_alone_does_not_make_a_failure_pass(service: ScriptedService, zuora: Zuora) -> None:
    Jobs(service, ["failed"], errorCode="LINK_30000001", errorMessage="Table owl.data.acccount does not exist")
    with pytest.raises(Refused) as caught:
        list(zuora.data_query("SELECT x"))
    assert caught.value.code == "ZUORA-LINK_30000001"


def test_a_job_that_failed_for_a_passing_reason_may_be_run_again(service: ScriptedService, zuora: Zuora) -> None:
    Jobs(service, ["failed"], errorCode="LINK_30000007", errorMessage="Service Temporarily Unavailable")
    with pytest.raises(NotSent) as caught:
        list(zuora.data_query("SELECT x"))
    assert caught.value.code == "ZUORA-LINK_30000007"


@pytest.mark.parametrize("status", ["cancelled", "canceled", "aborted"])
def test_a_job_cancelled_by_somebody_else_is_not_an_empty_result(service: ScriptedService, zuora: Zuora, status: str) -> None:
    Jobs(service, [status])
    with pytest.raises(NotSent, match=status):
        list(zuora.data_query("SELECT x"))


def test_a_link_that_ran_out_is_replaced_by_reading_the_job_again(service: ScriptedService, zuora: Zuora) -> None:
    jobs = Jobs(service, ["completed"], [{"id": "1"}])
    jobs.file_replies = [Reply(403, "<Error>expired</Error>")]
    assert list(zuora.data_query("SELECT 1")) == [{"id": "1"}]
    assert [r.path for r in service.requests if "/files/" in r.path] == [f"/files/{JOB}_1.json.gz", f"/files/{JOB}_2.json.gz"]


def test_a_broken_download_goes_on_where_it_stopped(service: ScriptedService, zuora: Zuora) -> None:
    jobs = Jobs(service, ["completed"], [{"id": str(n)} for n in range(20_000)])
    jobs.file_replies = [Reply(200, jobs.file, cut=len(jobs.file) // 2), Reply(drop=True)]
    assert [r["id"] for r in zuora.data_query("SELECT id")] == [str(n) for n in range(20_000)]


def test_a_download_that_always_breaks_ends(service: ScriptedService, zuora: Zuora) -> None:
    jobs = Jobs(service, ["completed"], [{"id": "1"}])
    jobs.file_replies = [Reply(drop=True)] * 10
    with pytest.raises(NotSent):
        list(zuora.data_query("SELECT 1"))
    assert len(jobs.file_replies) == 6


def test_a_file_with_fewer_rows_than_announced_is_refused(service: ScriptedService, zuora: Zuora) -> None:
    Jobs(service, ["completed"], [{"id": "1"}], outputRows=2)
    with pytest.raises(BadAnswer, match="announced 2 rows"):
        list(zuora.data_query("SELECT 1"))


def test_a_file_that_ends_in_the_middle_of_its_gzip_is_not_taken_for_whole(service: ScriptedService, zuora: Zuora) -> None:
    jobs = Jobs(service, ["completed"], [{"id": str(n)} for n in range(1000)])
    jobs.file_replies = [Reply(200, jobs.file[:-20])] * 10
    with pytest.raises(NotSent, match="ends early"):
        list(zuora.data_query("SELECT 1"))


def test_columns_of_a_table(service: ScriptedService, zuora: Zuora) -> None:
    Jobs(service, ["completed"], [{"Column": "id", "Type": "varchar", "Extra": "", "Comment": "Id"}])
    assert zuora.describe_table("invoice") == {"id": "varchar"}


def test_memory_does_not_grow_with_the_file() -> None:
    row = b'{"id": "8ad08c8a8f4c1a5e018f4c3b2a190001", "number": "INV00000001", "amount": 10.50}\n'
    packed = gzip.compress(row * 400_000)  # 33 MB unpacked

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(packed), 65536):
            yield packed[start : start + 65536]

    tracemalloc.start()
    count = sum(1 for _ in lines(inflated(pieces())))
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 400_000
    assert highest < 4_000_000


def test_lines_do_not_depend_on_where_the_pieces_are_cut() -> None:
    text = b'{"a": 1}\n\n{"b": 2}\n{"c": 3}'
    for size in range(1, len(text) + 1):
        assert list(lines(text[n : n + size] for n in range(0, len(text), size))) == [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']


def test_several_gzip_members_are_one_file() -> None:
    packed = gzip.compress(b"one\n") + gzip.compress(b"two\n")
    for size in (1, 7, len(packed)):
        assert b"".join(inflated(packed[n : n + size] for n in range(0, len(packed), size))) == b"one\ntwo\n"
