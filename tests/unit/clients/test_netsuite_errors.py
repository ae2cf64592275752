"""NetSuite's error documents (api-netsuite.md section 6; operations.md 5 and 7.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tallybridge.errors import AlreadyExists, LoginRefused, NotFound, NotSent, OutcomeUnknown, Refused, ServiceError, Throttled
from tallybridge.http import Answer, Effect
from tallybridge.netsuite import NetSuite
from tallybridge.netsuite.faults import error_from
from tests.unit.clients.scripted_service import FakeTime, Reply, ScriptedService

FAILURE = pytest.mark.rule
RESOURCE = "Error while accessing a resource. "


def document(status: int, code: str, detail: str, **where: str) -> dict[str, Any]:
    entry = {"detail": detail, "o:errorCode": code, **{f"o:{k}": v for k, v in where.items()}}
    return {"type": "https://www.rfc-editor.org/rfc/rfc9110.html", "title": "Bad Request", "status": status, "o:errorDetails": [entry]}


def error(status: int, code: str, detail: str, effect: Effect = Effect.ONCE, **where: str) -> ServiceError:
    raw = json.dumps(document(status, code, detail, **where)).encode()
    found = error_from(Answer(status, {}, raw), "POST invoice", effect, record="INV1", date="2026-01-31")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "code", "detail", "kind", "advice"),
    [
        (
            400,
            "USER_ERROR",
            RESOURCE + "Please enter value(s) for: Class, Department",
            Refused,
            "NetSuite needs a value for Class, Department.",
        ),
        pytest.param(
            400,
            "USER_ERROR",
            RESOURCE + "This entity already exists.",
            AlreadyExists,
            'NetSuite already has "INV1". Link it',
            marks=FAILURE("operations.7.2.failure.duplicate-entity-id-item-name"),
        ),
        (400, "USER_ERROR", RESOURCE + "This record already exists", AlreadyExists, 'NetSuite already has "INV1"'),
        (400, "USER_ERROR", "Uniqueness error - there's already an item with that name or external key.", AlreadyExists, "already has"),
        (400, "DUP_ITEM", "no", AlreadyExists, "already has"),
        pytest.param(
            400,
            "INVALID_CONTENT",
            "Error while accessing resource: You have entered an Invalid Field Value 9999 for the following field: item",
            Refused,
            'NetSuite does not accept item "9999" for this record.',
            marks=FAILURE("operations.7.2.failure.invalid-reference"),
        ),
        (400, "INVALID_KEY_OR_REF", "Invalid department reference key 12 for subsidiary 3.", Refused, 'does not accept department "12"'),
        pytest.param(
            400,
            "INVALID_KEY_OR_REF",
            "Invalid location reference key 12 for subsidiary 3.",
            Refused,
            'The location "12" is not available in subsidiary "3".',
            marks=FAILURE("classifications.3.rule.subsidiary-location"),
        ),
        (
            400,
            "USER_ERROR",
            "The posting period is closed: the transaction date lies in a closed period.",
            Refused,
            "of 2026-01-31 is closed.",
        ),
        (400, "USER_ERROR", "You cannot post to a locked posting period.", Refused, "of 2026-01-31 is closed."),
        (400, "INSUFCNT_NUM_PRDS_FOR_REV_REC", "Not enough accounting periods in range.", Refused, "Create accounting periods"),
        pytest.param(
            400,
            "INVALID_CONTENT",
            "Unknown property 'custbody_x' in the request body.",
            Refused,
            '"custbody_x" is missing; run the setup check.',
            marks=FAILURE("operations.7.2.failure.field-missing"),
        ),
        (400, "SSS_USAGE_LIMIT_EXCEEDED", "Script Execution Usage Limit Exceeded", Refused, "Reduce the scripts"),
        (
            403,
            "INSUFFICIENT_PERMISSION",
            "Permission Violation: You need the 'Lists -> Contacts' permission.",
            Refused,
            "the role lacks permission",
        ),
        pytest.param(
            401,
            "INVALID_LOGIN",
            "Invalid login attempt.",
            LoginRefused,
            "Check the certificate or token and the role.",
            marks=FAILURE("operations.7.2.failure.401-403-netsuite"),
        ),
        (404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.", NotFound, ""),
        (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded.", Throttled, "NetSuite is limiting requests"),
        (400, "SSS_REQUEST_LIMIT_EXCEEDED", "Request limit exceeded.", Throttled, "NetSuite is limiting requests"),
        (500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: abcdefghijklmnopqrst", OutcomeUnknown, "looked up"),
        (400, "USER_ERROR", "Something new", Refused, ""),
    ],
)
@pytest.mark.rule("operations.5.wrapped")
def test_every_known_failure_has_a_class_a_code_and_advice(
    status: int, code: str, detail: str, kind: type[ServiceError], advice: str
) -> None:
    found = error(status, code, detail)
    assert type(found) is kind
    assert found.code == f"NS-{code}"
    assert found.detail == detail
    assert advice in found.advice
    assert (
        found.message == f'NetSuite Warning: Warning received from NetSuite for record "INV1": (Code: {code} Type: ERROR Message: {detail})'
    )


@pytest.mark.rule("operations.7.2.failure.401-403-netsuite")
def test_a_permission_is_named_when_netsuite_names_it() -> None:
    assert "'Lists -> Contacts'" not in error(403, "INSUFFICIENT_PERMISSION", "no").advice
    assert 'lacks permission "Lists -> Contacts"' in error(403, "X", "You need the 'Lists -> Contacts' permission to do this.").advice


def test_where_the_fault_is_comes_along() -> None:
    assert error(400, "INVALID_CONTENT", "x", errorPath="item.items[0].item").path == "item.items[0].item"
    assert error(400, "INVALID_PARAMETER", "x", errorQueryParam="q").path == "q"


def test_several_details_are_all_told_and_the_known_one_advises() -> None:
    body = document(400, "USER_ERROR", "First")
    body["o:errorDetails"].append(
        {"detail": RESOURCE + "Please enter value(s) for: Item", "o:errorCode": "USER_ERROR", "o:errorPath": "item"}
    )
    found = error_from(Answer(400, {}, json.dumps(body).encode()), "POST invoice", Effect.ONCE, "INV1")
    assert found is not None
    assert found.detail == "First; " + RESOURCE + "Please enter value(s) for: Item"
    assert found.advice.startswith("NetSuite needs a value for Item.")


def test_an_error_id_for_netsuites_support_is_kept() -> None:
    assert error(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: kq3x7abc").request_id == "kq3x7abc"


@pytest.mark.parametrize(("effect", "kind"), [(Effect.READ, NotSent), (Effect.REPEATABLE, OutcomeUnknown), (Effect.ONCE, OutcomeUnknown)])
def test_a_server_error_leaves_a_write_open_and_a_read_undone(effect: Effect, kind: type[ServiceError]) -> None:
    assert type(error(500, "UNEXPECTED_ERROR", "x", effect)) is kind


@pytest.mark.parametrize("body", ["<html>down</html>", "", '{"status": 502}', "[]"])
def test_an_answer_that_is_no_error_document_still_gives_an_error(body: str) -> None:
    found = error_from(Answer(502, {}, body.encode()), "SuiteQL", Effect.READ)
    assert type(found) is NotSent
    assert found.code == "NS-502"


def test_braces_in_netsuites_text_do_no_harm() -> None:
    assert "{record}" in error(400, "USER_ERROR", "Please enter value(s) for: {record}").advice


def test_a_throttled_answer_that_is_no_429_is_sent_again(service: ScriptedService, netsuite: NetSuite, time: FakeTime) -> None:
    service.replies = [Reply(400, document(400, "SSS_REQUEST_LIMIT_EXCEEDED", "x"))]
    service.answer = lambda r: Reply(204, "", {"Location": "https://x/services/rest/record/v1/invoice/7"})
    assert netsuite.create("invoice", {"memo": "x"}) == "7"
    assert time.slept == [1]


@pytest.mark.rule("operations.7.2.failure.concurrency-429")
def test_after_all_tries_a_limited_call_says_that_the_record_is_retried(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(429, document(429, "CONCURRENCY_LIMIT_EXCEEDED", "x"))
    with pytest.raises(Throttled) as caught:
        netsuite.create("invoice", {"memo": "x"})
    assert len(service.requests) == 8
    assert caught.value.advice == "NetSuite is limiting requests; the record is retried in the next run."
