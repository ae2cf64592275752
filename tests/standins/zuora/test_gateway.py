"""What every request meets: tokens, headers, limits, idempotency, unknown paths (spec sections 2 to 6)."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import pytest
import requests

from sandbox.zuora import ConcurrencyLimits, RateLimits
from tests.standins.zuora.tenant import Tenant, rid, running


def token(tenant: Tenant, **change: str) -> requests.Response:
    options = tenant.stand_in.options
    form = {"client_id": options.client_id, "client_secret": options.client_secret, "grant_type": "client_credentials", **change}
    return requests.post(f"{tenant.url}/oauth/token", data=form, timeout=5)


def test_a_token(empty: Tenant) -> None:
    body = token(empty).json()
    assert (body["token_type"], body["expires_in"], body["jti"]) == ("bearer", 3598, body["access_token"])


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"client_id": "someone"}, 400, "Invalid client id"),
        ({"client_secret": "guess"}, 401, "Invalid client secret"),
        ({"grant_type": "password"}, 400, "Invalid grant type"),
    ],
)
def test_refused_tokens(empty: Tenant, change: dict[str, str], status: int, message: str) -> None:
    response = token(empty, **change)
    assert (response.status_code, response.json()["status"], response.json()["message"]) == (status, status, message)


def test_a_deactivated_user(empty: Tenant) -> None:
    empty.stand_in.troubles.client_deactivated = True
    response = token(empty)
    assert (response.status_code, response.json()) == (403, {"status": 403, "error": "Forbidden", "path": "/oauth/token"})


def test_too_many_tokens() -> None:
    with running(token_calls_per_minute=2) as tenant:
        assert token(tenant).headers["X-RateLimit-Remaining-minute"] == "0"
        refused = token(tenant)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
        tenant.clock.move(61)
        assert token(tenant).status_code == 200


def test_an_address_has_fewer_tokens_than_the_tenant() -> None:
    with running(token_calls_per_address=2) as tenant:
        answers = [token(tenant).status_code for _ in range(2)]
        assert answers == [200, 429], "the tenant's own login was the first"
        tenant.stand_in.tenant.tokens.asked["another address"] = tenant.stand_in.tenant.tokens.asked.pop("127.0.0.1")
        assert token(tenant).headers["X-RateLimit-Remaining-minute"] == str(2_000 - 4)


def test_the_headers_name_the_window_that_is_closest_to_exhaustion() -> None:
    with running(rate_limits=RateLimits(per_minute=100, per_hour=5, per_day=1_000)) as tenant:
        headers = tenant.call("GET", "/v1/accounts/x").headers
        assert (headers["RateLimit-Limit"].split(",")[0], headers["RateLimit-Remaining"]) == ("5", "4")
        assert 3_500 < int(headers["RateLimit-Reset"]) <= 3_600


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/action/query", {"message": "Authentication error"}),
        ("GET", "/v1/object/product/x", {"message": "Authentication error"}),
        ("GET", "/query/jobs/x", {"code": 401, "message": "Failed to get user info"}),
        ("POST", "/v1/batch-query/", {"errorCode": "90009", "message": "Authentication error"}),
        ("GET", "/v1/accounts/x", None),
        ("GET", "/object-query/accounts", None),
    ],
)
def test_each_family_refuses_a_bad_token_in_its_own_way(empty: Tenant, method: str, path: str, body: Any) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        response = requests.request(method, empty.url + path, json={}, headers=headers, timeout=5)
        assert response.status_code == 401
        assert "WWW-Authenticate" in response.headers
        if body is not None:
            assert response.json() == body
        else:
            assert response.json()["reasons"][0]["code"] == 90000011


def test_tokens_expire_but_older_ones_live_on(empty: Tenant) -> None:
    empty.clock.move(3000)
    empty.log_in()
    empty.clock.move(597)
    assert empty.call("GET", "/v1/accounts/x").status_code == 200
    empty.clock.move(3002)
    assert empty.call("GET", "/v1/accounts/x").status_code == 401


def test_a_token_may_die_after_some_calls(empty: Tenant) -> None:
    empty.stand_in.troubles.token_calls = 2
    empty.log_in()
    assert [empty.call("GET", "/v1/accounts/x").status_code for _ in range(3)] == [200, 200, 401]


def test_headers(empty: Tenant) -> None:
    response = empty.call("GET", "/v1/accounts/x", headers={"Zuora-Track-Id": "run-7"})
    assert response.headers["Zuora-Track-Id"] == "run-7"
    assert len(response.headers["Zuora-Request-Id"]) == 36
    assert response.headers["RateLimit-Limit"] == "50000, 50000;w=60, 2250000;w=3600, 27000000;w=86400"
    assert int(response.headers["RateLimit-Remaining"]) < 50000
    assert response.headers["Concurrency-Limit-Type"] == "Default"
    assert response.headers["Concurrency-Limit-Limit"] == "40"
    other = empty.call("GET", "/object-query/accounts", headers={"Zuora-Track-Id": "no:colon"})
    assert (other.headers["Concurrency-Limit-Type"], "Zuora-Track-Id" in other.headers) == ("Object Query", False)


def test_wrong_entity(empty: Tenant) -> None:
    response = empty.call("GET", "/v1/accounts/x", headers={"Zuora-Entity-Ids": "00000000-0000-0000-0000-000000000000"})
    assert response.json()["reasons"][0]["code"] == 90000020


def test_unknown_paths_and_methods(empty: Tenant) -> None:
    response = empty.call("GET", "/v1/nothing")
    assert (response.status_code, response.json()["reasons"][0]["code"]) == (404, 50000040)
    assert "does not exist" in response.json()["reasons"][0]["message"]
    wrong = empty.call("DELETE", "/v1/payments")
    assert (wrong.status_code, wrong.json()["reasons"][0]["code"] % 100) == (405, 45)


def test_double_and_trailing_slashes_are_folded(settled: Tenant) -> None:
    assert settled.call("GET", f"/v1//invoices/{rid('1', 1)}/").json()["success"] is True


def test_put_needs_a_body_unless_none_is_published_for_it(settled: Tenant) -> None:
    assert settled.http.put(f"{settled.url}/v1/payments/x", timeout=5).status_code == 415
    for path in ("payments/x/cancel", "refunds/x/cancel", *(f"credit-memos/x/{step}" for step in ("post", "unpost", "cancel"))):
        assert settled.http.put(f"{settled.url}/v1/{path}", timeout=5).json()["reasons"][0]["code"] == 50000040
        assert settled.put(f"/v1/{path}", {})["reasons"][0]["code"] == 50000040


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_says_that_it_is_json(settled: Tenant, kind: str) -> None:
    for method, path in (("POST", "/v1/accounts"), ("PUT", "/v1/accounts/A-1"), ("POST", "/query/jobs"), ("POST", "/v1/action/query")):
        answer = settled.http.request(method, settled.url + path, data="{}", headers={"Content-Type": kind}, timeout=5)
        assert answer.status_code == 415, path
    assert settled.http.post(f"{settled.url}/query/jobs", data="{}", headers={"Content-Type": kind}, timeout=5).json()["code"] == 415


JSON = {"Content-Type": "application/json"}


def test_malformed_json(settled: Tenant) -> None:
    for path, status in (("/v1/payments", 400), ("/v1/action/query", 400), ("/v1/object/product", 400)):
        response = settled.http.post(settled.url + path, data="{oops", headers=JSON, timeout=5)
        assert response.status_code == status
    assert settled.http.post(f"{settled.url}/v1/payments", data="[1]", headers=JSON, timeout=5).json()["reasons"][0]["code"] % 100 == 90


def test_gzip_both_ways(settled: Tenant) -> None:
    body = gzip.compress(json.dumps({"queryString": "select Id, Name, CreatedDate, UpdatedDate, CreatedById from Account"}).encode())
    settled.load(Account=[{"Name": f"N{n}", "Currency": "USD"} for n in range(20)])
    response = settled.http.post(
        f"{settled.url}/v1/action/query", data=body, headers={**JSON, "Content-Encoding": "gzip", "Accept-Encoding": "gzip"}, timeout=5
    )
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.json()["size"] == 22
    plain = settled.http.post(f"{settled.url}/v1/action/query", data=b"\x00", headers={**JSON, "Content-Encoding": "gzip"}, timeout=5)
    assert plain.status_code == 400


def test_rate_limit() -> None:
    with running(rate_limits=RateLimits(per_minute=3)) as tenant:
        statuses = [tenant.call("GET", "/v1/accounts/x").status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = tenant.call("GET", "/v1/accounts/x")
        assert 1 <= int(refused.headers["Retry-After"]) <= 61
        assert refused.headers["RateLimit-Remaining"] == "0"
        tenant.clock.move(61)
        assert tenant.call("GET", "/v1/accounts/x").status_code == 200
        assert tenant.http.get(f"{tenant.url}/_sandbox/stats", timeout=5).json()["rejected"] == 2


def test_concurrency_limit() -> None:
    with running(concurrency_limits=ConcurrencyLimits(default=1)) as tenant:
        tenant.http.post(f"{tenant.url}/_sandbox/latency", json={"ms": 200}, timeout=5)
        statuses: list[int] = []
        headers = dict(tenant.http.headers)

        def one() -> None:
            response = requests.get(f"{tenant.url}/v1/accounts/x", headers=headers, timeout=5)
            statuses.append(response.status_code)

        threads = [threading.Thread(target=one) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 429 in statuses
        assert 200 in statuses


PAYMENT = {"type": "External", "amount": 5, "currency": "USD", "paymentMethodId": rid("9", 1)}


@pytest.mark.parametrize("status", [200, 409])
def test_a_repeated_key_replays_the_first_answer(status: Any) -> None:
    with running(idempotency_replay_status=status) as tenant:
        tenant.load(PaymentMethod=[{"Id": rid("9", 1), "Type": "Check"}])
        first = tenant.call("POST", "/v1/payments", PAYMENT, headers={"Idempotency-Key": "k1"})
        again = tenant.call("POST", "/v1/payments", {**PAYMENT, "amount": 6}, headers={"Idempotency-Key": "k1"})
        assert (first.status_code, again.status_code) == (200, status)
        assert again.json() == first.json()
        assert len(tenant.get("/v1/payments")["payments"]) == 1
        tenant.clock.move(24 * 3600 + 1)
        tenant.log_in()
        tenant.call("POST", "/v1/payments", PAYMENT, headers={"Idempotency-Key": "k1"})
        assert len(tenant.get("/v1/payments")["payments"]) == 2


def test_a_stored_failure_is_replayed_too(settled: Tenant) -> None:
    headers = {"Idempotency-Key": "k2"}
    first = settled.call("POST", "/v1/payments", {**PAYMENT, "type": "Barter"}, headers=headers).json()
    assert settled.call("POST", "/v1/payments", PAYMENT, headers=headers).json() == first
    assert first["success"] is False


def test_a_key_belongs_to_one_request(settled: Tenant) -> None:
    settled.call("POST", "/v1/payments", PAYMENT, headers={"Idempotency-Key": "k3"})
    assert settled.call("POST", "/v1/action/query", {}, headers={"Idempotency-Key": "k3"}).status_code == 422
    assert settled.call("POST", "/v1/payments", PAYMENT, headers={"Idempotency-Key": "x" * 256}).status_code == 400


def test_put_takes_no_key(settled: Tenant) -> None:
    response = settled.call("PUT", f"/v1/invoices/{rid('1', 1)}", {"comments": "x"}, headers={"Idempotency-Key": "k4"})
    assert response.status_code == 400
    assert response.json()["message"] == "Request method 'PUT' not supported with Idempotency-Key header"


def test_a_key_in_use_is_refused(settled: Tenant) -> None:
    assert settled.stand_in.tenant.idempotency.begin("k5", "POST", "/v1/payments?") is None
    response = settled.call("POST", "/v1/payments", PAYMENT, headers={"Idempotency-Key": "k5"})
    assert (response.status_code, response.json()["reasons"][0]["code"] % 100) == (409, 50)


def test_operations_for_statistics(settled: Tenant) -> None:
    operation = settled.stand_in.operation
    assert operation("PUT", "/v1/payments/P-1/apply") == "PUT /v1/payments/{key}/apply"
    assert operation("POST", "/v1/action/query") == "POST /v1/action/query"
    assert operation("GET", "/query/jobs/abc") == "GET /query/jobs/{id}"
    assert operation("GET", "/presigned/abc_1.json.gz") == "GET /files/..."
    assert operation("GET", "/v1/credit-memos/x") == "GET /v1/credit-memos/{key}"
