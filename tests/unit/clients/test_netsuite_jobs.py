"""Batch requests and their jobs (api-netsuite.md section 4)."""

from __future__ import annotations

import json

import pytest

from tallybridge.errors import NotSent, OutcomeUnknown, Refused
from tallybridge.netsuite import NetSuite
from tests.unit.clients.scripted_service import Reply, ScriptedService

R = "/services/rest/record/v1"
JOB = "/services/rest/async/v1/job/123456"
KEY = "0b9f2a4e-8f4f-4d2c-9d5b-1c0f1f1d2a77"
BODIES = [{"externalId": "ZINV-1"}, {"externalId": "ZINV-2"}]
USED = {"title": "Conflict", "o:errorDetails": [{"detail": "Already submitted.", "o:errorCode": "IDEMPOTENCY_ERROR"}]}


def taken(location: str = JOB) -> Reply:
    return Reply(202, "", {"Location": location, "Preference-Applied": "respond-async"})


def test_creates_are_submitted_with_their_key_and_the_job_is_named(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: taken()
    assert netsuite.submit("invoice", BODIES, KEY) == "123456"
    (request,) = service.requests
    assert (request.method, request.path, json.loads(request.body)) == ("POST", f"{R}/invoice", {"items": BODIES})
    assert request.headers["X-NetSuite-Idempotency-Key"] == KEY
    assert request.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=collection"
    assert {p.strip() for p in request.headers["Prefer"].split(",")} == {"respond-async", 'batch-processing="parallel"'}


def test_changes_are_submitted_as_patch(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: taken("https://1234567.suitetalk.api.netsuite.com" + JOB)
    assert netsuite.submit("invoice", [{"id": "7", "memo": "x"}], KEY, update=True) == "123456"
    assert service.requests[0].method == "PATCH"


def test_a_key_that_was_used_before_names_the_first_job(service: ScriptedService, netsuite: NetSuite) -> None:
    service.replies = [Reply(drop=True), Reply(400, USED, {"Location": JOB})]
    assert netsuite.submit("invoice", BODIES, KEY) == "123456"
    assert [r.headers["X-NetSuite-Idempotency-Key"] for r in service.requests] == [KEY, KEY]


def test_any_other_refusal_is_one(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(400, {"o:errorDetails": [{"detail": "No.", "o:errorCode": "INVALID_HEADER"}]})
    with pytest.raises(Refused, match="No\\."):
        netsuite.submit("invoice", BODIES, KEY)


def test_an_answer_that_names_no_job_tells_nothing(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(202, "")
    with pytest.raises(OutcomeUnknown):
        netsuite.submit("invoice", BODIES, KEY)


@pytest.mark.parametrize(
    ("reply", "over"),
    [
        (Reply(200, {"id": "123456", "completed": False, "progress": "succeeded"}), False),
        (Reply(200, {"id": "123456", "completed": True, "progress": "failed"}), True),
        (Reply(404, {"o:errorDetails": [{"detail": "No such record.", "o:errorCode": "NONEXISTENT_ID"}]}), True),
    ],
)
def test_a_job_is_over_when_it_says_so_or_is_no_longer_known(
    service: ScriptedService, netsuite: NetSuite, reply: Reply, over: bool
) -> None:
    service.answer = lambda r: reply
    assert netsuite.job_is_over("123456") is over
    assert service.requests[0].path == JOB


def test_a_job_that_cannot_be_asked_for_is_not_over(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(503, "")
    with pytest.raises(NotSent):
        netsuite.job_is_over("123456")
