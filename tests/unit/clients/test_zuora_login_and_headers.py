"""Login, token life and the headers of every call (api-zuora-billing.md sections 2 to 4)."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from tallybridge.errors import BadAnswer, LoginRefused, NotSent, OutcomeUnknown, Refused
from tallybridge.http import Http
from tallybridge.slots import LocalSlots
from tallybridge.tokens import ProcessTokens
from tallybridge.zuora import Zuora, ZuoraConnection
from tests.unit.clients.scripted_service import FakeTime, Reply, ScriptedService

OK = Reply(200, {"success": True})


def token(name: str, life: int = 3598) -> Reply:
    return Reply(200, {"access_token": name, "token_type": "bearer", "expires_in": life})


def client(service: ScriptedService, http: Http, **given: object) -> Zuora:
    return Zuora(ZuoraConnection(service.url + "/", "id+1", "s&cr=t"), http, **given)  # type: ignore[arg-type]


def test_the_login_is_a_form_without_authorization(service: ScriptedService, http: Http) -> None:
    service.replies = [token("t1"), OK]
    client(service, http).get("/v1/x")
    login, call = service.requests
    assert (login.method, login.path) == ("POST", "/oauth/token")
    assert parse_qs(login.body.decode()) == {"client_id": ["id+1"], "client_secret": ["s&cr=t"], "grant_type": ["client_credentials"]}
    assert "Authorization" not in login.headers
    assert call.headers["Authorization"] == "Bearer t1"


def test_one_token_serves_until_120_seconds_before_its_end(service: ScriptedService, http: Http, time: FakeTime) -> None:
    zuora = client(service, http)
    service.replies = [token("t1"), OK, OK, token("t2"), OK]
    zuora.get("/v1/x")
    time.now += 3598 - 120 - 1
    zuora.get("/v1/x")
    time.now += 1
    zuora.get("/v1/x")
    assert [r.headers.get("Authorization") for r in service.called("/v1/x")] == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_workers_share_a_token_through_the_cache(service: ScriptedService, http: Http) -> None:
    cache = ProcessTokens()
    service.replies = [token("t1"), OK, OK]
    client(service, http, tokens=cache).get("/v1/x")
    client(service, http, tokens=cache).get("/v1/x")
    assert len(service.called("/oauth/token")) == 1


def test_a_401_renews_the_token_once(service: ScriptedService, http: Http) -> None:
    denied = Reply(401, {"message": "Authentication error"})
    service.replies = [token("t1"), denied, token("t2"), OK]
    zuora = client(service, http)
    assert zuora.get("/v1/x") == {"success": True}

    service.replies = [denied, token("t3"), denied]
    with pytest.raises(LoginRefused):
        zuora.get("/v1/x")
    assert len(service.called("/oauth/token")) == 3


@pytest.mark.parametrize(
    ("status", "text"),
    [(400, "the client id is not known"), (401, "the client secret is wrong"), (403, "the user of the OAuth client is deactivated")],
)
def test_a_refused_login_says_which_of_the_three_it_was(service: ScriptedService, http: Http, status: int, text: str) -> None:
    service.answer = lambda r: Reply(status, {"status": status, "error": "x", "message": "Invalid client id", "path": "/oauth/token"})
    with pytest.raises(LoginRefused, match=text) as caught:
        client(service, http).get("/v1/x")
    assert caught.value.code == f"ZUORA-LOGIN-{status}"
    assert len(service.requests) == 1


def test_a_login_that_does_not_answer_is_tried_again(service: ScriptedService, http: Http) -> None:
    service.replies = [Reply(503, "<html>"), Reply(429, {}), token("t1"), OK]
    assert client(service, http).get("/v1/x") == {"success": True}

    service.answer = lambda r: Reply(503, "<html>")
    with pytest.raises(NotSent):
        client(service, http).get("/v1/x")


def test_a_login_answer_without_token_is_bad(service: ScriptedService, http: Http) -> None:
    service.answer = lambda r: Reply(200, {"token": "x"})
    with pytest.raises(BadAnswer, match="no usable token"):
        client(service, http).get("/v1/x")


def test_the_secret_is_never_shown() -> None:
    assert "s&cr=t" not in repr(ZuoraConnection("https://rest.zuora.com", "id", "s&cr=t"))


def test_every_call_carries_versions_and_scope(service: ScriptedService, http: Http) -> None:
    connection = ZuoraConnection(service.url, "id", "s", entity_ids=("e-1",), org_ids=("o-1", "o-2"))
    service.replies = [token("t1"), OK]
    Zuora(connection, http, track_id="run:42;'x'" + "y" * 80).get("/v1/x")
    headers = service.requests[1].headers
    assert headers["Zuora-Version"] == "2025-08-12"
    assert headers["X-Zuora-WSDL-Version"] == "147"
    assert headers["Accept-Encoding"] == "gzip"
    assert headers["Zuora-Entity-Ids"] == "e-1"
    assert headers["Zuora-Org-Ids"] == "o-1,o-2"
    assert headers["Zuora-Track-Id"].startswith("run-42--x-y")
    assert len(headers["Zuora-Track-Id"]) == 64


def test_a_put_without_content_sends_an_empty_object(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: OK
    zuora.put_once("/v1/payments/p/cancel", {})
    assert (service.requests[0].body, service.requests[0].headers["Content-Type"]) == (b"{}", "application/json")


def test_the_idempotency_key_goes_with_creates_and_makes_them_repeatable(service: ScriptedService, zuora: Zuora) -> None:
    service.replies = [Reply(drop=True), Reply(503)]
    service.answer = lambda r: OK
    zuora.post("/v1/payments", {"amount": 1}, key="k-1")
    assert [r.headers["Idempotency-Key"] for r in service.requests] == ["k-1"] * 3


def test_a_put_never_carries_the_key(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: OK
    zuora.put("/v1/payments/p", {})
    assert "Idempotency-Key" not in service.requests[0].headers


@pytest.mark.parametrize("status", [200, 409])
def test_a_replayed_success_counts_whatever_its_status(service: ScriptedService, zuora: Zuora, status: int) -> None:
    service.answer = lambda r: Reply(status, {"success": True, "id": "p1"})
    assert zuora.post("/v1/payments", {}, key="k")["id"] == "p1"


def test_a_request_that_still_runs_is_asked_for_again_under_its_key(service: ScriptedService, zuora: Zuora) -> None:
    running = Reply(409, {"success": False, "reasons": [{"code": 50000050, "message": "in progress"}]})
    service.replies = [Reply(drop=True), running, running, Reply(409, {"success": True, "id": "p1"})]
    assert zuora.post("/v1/payments", {}, key="k")["id"] == "p1"

    service.answer = lambda r: running
    with pytest.raises(OutcomeUnknown):
        zuora.post("/v1/payments", {}, key="k")


def test_a_replayed_refusal_is_that_refusal(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(409, {"success": False, "reasons": [{"code": 53810022, "message": "required"}]})
    with pytest.raises(Refused, match="required"):
        zuora.post("/v1/payments", {}, key="k")
    assert len(service.requests) == 1


def test_a_409_without_a_known_reason_must_be_looked_up(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(409, {"success": False, "reasons": [{"code": 1, "message": "conflict"}]})
    with pytest.raises(OutcomeUnknown):
        zuora.post("/v1/payments", {}, key="k")
    assert len(service.requests) == 1


def test_a_stored_failure_is_not_asked_for_again_under_the_same_key(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, {"success": False, "reasons": [{"code": 58730050, "message": "locked"}]})
    with pytest.raises(NotSent):
        zuora.post("/v1/payments", {}, key="k")
    assert len(service.requests) == 1


def test_text_beyond_the_basic_plane_does_not_leave(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: OK
    zuora.put("/v1/payments/p", {"comment": "paid 🎉"})
    assert service.requests[0].json == {"comment": "paid "}


@pytest.mark.parametrize(("remaining", "limit"), [("9", 4), ("10", 8), ("", 8)])
def test_the_connector_takes_fewer_places_when_the_tenant_runs_short(
    service: ScriptedService, http: Http, remaining: str, limit: int
) -> None:
    slots = LocalSlots(8, http.clock)
    service.replies = [token("t1"), Reply(200, {"success": True}, {"Concurrency-Limit-Remaining": remaining})]
    client(service, http, slots=slots).get("/v1/x")
    assert slots.limit == limit
