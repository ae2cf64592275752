"""Zuora's error formats, one by one (api-zuora-billing.md section 5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tallybridge.errors import AlreadyExists, BadAnswer, LoginRefused, NotFound, NotSent, OutcomeUnknown, Refused, ServiceError, Throttled
from tallybridge.http import Answer, Effect
from tallybridge.zuora import Zuora
from tallybridge.zuora.faults import error_from, faults_in
from tests.unit.clients.scripted_service import FakeTime, Reply, ScriptedService

V1 = {
    "success": False,
    "processId": "7F2E",
    "reasons": [{"code": 50000040, "message": "Cannot find entity by key: 'P-9'."}],
    "requestId": "r",
}


def v1(code: int | str, text: str = "why") -> dict[str, Any]:
    return {"success": False, "processId": "P", "reasons": [{"code": code, "message": text}]}


def crud(code: str, text: str = "why") -> dict[str, Any]:
    return {"Success": False, "Errors": [{"Code": code, "Message": text}]}


def error(status: int, body: Any, effect: Effect = Effect.READ, headers: dict[str, str] | None = None) -> ServiceError | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_from(Answer(status, headers or {}, raw), "GET x", effect)


@pytest.mark.parametrize(
    ("family", "status", "body", "kind", "code", "text"),
    [
        ("1 v1, HTTP 200", 200, V1, NotFound, "ZUORA-50000040", "Cannot find entity by key"),
        ("1 v1, code as text", 200, v1("53840040"), NotFound, "ZUORA-53840040", "why"),
        ("1 v1, business rule", 200, v1(59210030), Refused, "ZUORA-59210030", "why"),
        ("1 v1, permission", 403, v1(50000010), Refused, "ZUORA-50000010", "why"),
        ("2 CRUD", 400, crud("INVALID_VALUE", "The account number A-123 is invalid."), Refused, "ZUORA-INVALID_VALUE", "A-123"),
        ("2 CRUD, taken", 400, crud("DUPLICATE_VALUE"), AlreadyExists, "ZUORA-DUPLICATE_VALUE", "why"),
        ("2 CRUD, missing", 404, {"records": [], "size": 0, "done": True}, NotFound, "ZUORA-404", "404"),
        ("2 CRUD, login", 401, {"message": "Authentication error"}, LoginRefused, "ZUORA-401", "Authentication error"),
        ("4 delete", 200, {"success": False, "errors": [{"Code": "INVALID_ID", "Message": "no"}]}, Refused, "ZUORA-INVALID_ID", "no"),
        ("5 ZOQL", 400, {"FaultCode": "INVALID_FIELD", "FaultMessage": "invalid field"}, Refused, "ZUORA-INVALID_FIELD", "invalid field"),
        (
            "5 ZOQL, other spelling",
            400,
            {"faultcode": "fns:MALFORMED_QUERY", "faultstring": "error"},
            Refused,
            "ZUORA-MALFORMED_QUERY",
            "error",
        ),
        ("5 unknown action", 400, {"code": "ClientError", "message": "Invalid action 'q'"}, Refused, "ZUORA-ClientError", "Invalid action"),
        ("6 Data Query", 404, {"code": 1001, "message": "No such query: x"}, NotFound, "ZUORA-1001", "No such query"),
        ("6 Data Query, other user", 403, {"code": 1009, "message": "Access denied"}, Refused, "ZUORA-1009", "Access denied"),
        ("7 AQuA", 200, {"errorCode": "90005", "message": "There is a syntax error"}, Refused, "ZUORA-90005", "syntax error"),
        ("8 gateway", 400, {"message": "No bearer token"}, Refused, "ZUORA-400", "No bearer token"),
        ("8 gateway, limit", 429, {"message": "request exceeded limit"}, Throttled, "ZUORA-429", "request exceeded limit"),
        ("8 CDN page", 503, b"<html>down</html>", NotSent, "ZUORA-503", "HTTP status 503"),
        ("8 CDN page, long URL", 414, b"<html>414</html>", Refused, "ZUORA-414", "HTTP status 414"),
    ],
)
def test_every_family_is_read(family: str, status: int, body: Any, kind: type[ServiceError], code: str, text: str) -> None:
    found = error(status, body)
    assert type(found) is kind, family
    assert found.code == code
    assert text in found.message
    assert found.service == "Zuora"


@pytest.mark.parametrize(
    "body", [{"success": True, "message": "fine"}, {"records": [], "done": True}, [{"Success": False}], {"Success": True, "Id": "1"}]
)
def test_success_is_no_error(body: Any) -> None:
    assert error(200, body) is None


def test_several_reasons_are_all_told() -> None:
    found = error(
        200, {"success": False, "reasons": [{"code": 1, "message": "one"}, {"code": 2, "message": "two"}, {"code": 3, "message": "one"}]}
    )
    assert found is not None
    assert found.detail == "one; two"


@pytest.mark.rule("operations.5.wrapped")
def test_a_named_record_gives_the_documented_message() -> None:
    found = error_from(
        Answer(400, {"Zuora-Request-Id": "rq-1"}, json.dumps(crud("INVALID_VALUE", "bad")).encode()), "PUT x", Effect.REPEATABLE, "INV1"
    )
    assert found is not None
    assert found.message == 'Zuora Warning: Warning received from Zuora for record "INV1": (Code: INVALID_VALUE Type: ERROR Message: bad)'
    assert found.request_id == "rq-1"
    assert found.advice


@pytest.mark.parametrize(
    ("status", "body", "effect", "kind"),
    [
        (500, b"", Effect.READ, NotSent),
        (500, b"", Effect.REPEATABLE, OutcomeUnknown),
        (504, b"<html>", Effect.ONCE, OutcomeUnknown),
        (200, v1(58730060), Effect.ONCE, OutcomeUnknown),
        (200, v1(58730061), Effect.ONCE, OutcomeUnknown),
        (200, v1(58730099), Effect.ONCE, OutcomeUnknown),
        (200, v1(58730061), Effect.READ, NotSent),
        (200, v1(58730050), Effect.ONCE, NotSent),
        (200, v1(58730070), Effect.ONCE, Throttled),
        (200, v1(90000011), Effect.READ, LoginRefused),
        (200, crud("REQUEST_EXCEEDED_RATE"), Effect.ONCE, Throttled),
        (200, crud("UNKNOWN_ERROR"), Effect.ONCE, OutcomeUnknown),
        (200, crud("TRANSACTION_TERMINATED"), Effect.ONCE, Refused),
        (409, v1(50000050), Effect.ONCE, OutcomeUnknown),
        (409, {"message": "conflict"}, Effect.ONCE, OutcomeUnknown),
        (409, v1(58730030), Effect.ONCE, Refused),
    ],
)
def test_what_is_open_after_a_failure_that_may_pass(status: int, body: Any, effect: Effect, kind: type[ServiceError]) -> None:
    assert type(error(status, body, effect)) is kind


@pytest.mark.parametrize(
    ("body", "sends"),
    [
        (v1(58730050), 6),
        (v1(58730061), 6),
        (v1(58730070), 6),
        (v1(58730099), 6),
        (v1(58730060), 2),
        (v1(58730030), 1),
        (v1(58730020), 1),
        (crud("LOCK_COMPETITION"), 6),
        (crud("BATCH_FAIL_ERROR", "Optimistic locking failed"), 6),
        (crud("BATCH_FAIL_ERROR", "no"), 1),
        (crud("TRANSACTION_FAILED"), 2),
        ({"FaultCode": "SERVER_UNAVAILABLE", "FaultMessage": "down"}, 6),
    ],
)
@pytest.mark.rule("operations.7.2.failure.zuora-lock-contention-429-5xx")
def test_which_failures_told_in_the_body_are_sent_again(service: ScriptedService, zuora: Zuora, body: Any, sends: int) -> None:
    service.answer = lambda r: Reply(200, body)
    with pytest.raises(ServiceError):
        zuora.put("/v1/payments/p", {"comment": "x"})
    assert len(service.requests) == sends


@pytest.mark.parametrize(("code", "sends"), [(58730050, 6), (58730061, 1), (58730099, 1), (58730060, 1)])
def test_of_a_change_that_must_not_happen_twice_only_refusals_before_it_are_sent_again(
    service: ScriptedService, zuora: Zuora, code: int, sends: int
) -> None:
    service.answer = lambda r: Reply(200, v1(code))
    with pytest.raises(ServiceError):
        zuora.put_once("/v1/payments/p/apply", {})
    assert len(service.requests) == sends


def test_a_passing_401_is_sent_again(service: ScriptedService, zuora: Zuora) -> None:
    failed = Reply(401, {"message": "Failed to get user info"})
    login = Reply(200, {"access_token": "token-2", "token_type": "bearer", "expires_in": 3600})
    service.replies = [failed, login, failed]
    service.answer = lambda r: Reply(200, {"success": True})
    assert zuora.get("/v1/accounts/a") == {"success": True}


def test_something_other_than_json_is_a_bad_answer(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, "<html>fine</html>")
    with pytest.raises(BadAnswer, match="other than JSON"):
        zuora.get("/v1/accounts/a")


def test_errors_survive_a_process_border() -> None:
    import pickle

    found = error(200, v1(58730050, "locked"), Effect.ONCE)
    again = pickle.loads(pickle.dumps(found))
    assert (type(again), again.code, again.message, again.advice) == (
        NotSent,
        "ZUORA-58730050",
        found and found.message,
        found and found.advice,
    )


def test_the_pause_between_tries_is_bounded(service: ScriptedService, zuora: Zuora, time: FakeTime) -> None:
    service.answer = lambda r: Reply(200, v1(58730050))
    with pytest.raises(NotSent):
        zuora.get("/v1/x")
    assert time.slept == [1, 2, 4, 8, 16]


def test_long_texts_are_cut() -> None:
    assert len(faults_in(v1(1, "x" * 5000))[0].text) == 1000
