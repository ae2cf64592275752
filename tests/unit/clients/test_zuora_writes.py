"""Writing many objects with few calls (api-zuora-billing.md section 12)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import BadAnswer, LoginRefused, OutcomeUnknown
from tallybridge.http import Http
from tallybridge.zuora import Written, Zuora, ZuoraConnection
from tests.unit.clients.scripted_service import FakeTime, Reply, Request, ScriptedService

DONE = {"Success": True}


def objects(count: int) -> list[dict[str, Any]]:
    return [{"Id": f"id-{n}", "IntegrationStatus__NS": "Sync Complete"} for n in range(count)]


def failure(code: str, text: str = "why") -> dict[str, Any]:
    return {"Success": False, "Errors": [{"Code": code, "Message": text}]}


def updated(request: Request) -> Reply:
    return Reply(200, [{"Success": True, "Id": o["Id"]} for o in request.json["objects"]])


def test_updates_go_in_groups_of_fifty(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = updated
    written = zuora.update("Invoice", objects(120))
    assert sorted(len(r.json["objects"]) for r in service.requests) == [20, 50, 50]  # side by side
    assert {r.path for r in service.requests} == {"/v1/action/update"}
    assert service.requests[0].json["type"] == "Invoice"
    assert written == [Written(f"id-{n}", True) for n in range(120)]


def test_nothing_to_update_is_no_call(service: ScriptedService, zuora: Zuora) -> None:
    assert zuora.update("Invoice", []) == []
    assert service.requests == []


def test_one_bad_object_does_not_fail_the_others(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, [DONE, failure("INVALID_VALUE", "too long"), DONE])
    first, second, third = zuora.update("Invoice", objects(3))
    assert first.ok and third.ok
    assert (second.id, second.ok, second.code, second.message, second.passing) == ("id-1", False, "ZUORA-INVALID_VALUE", "too long", False)
    assert second.advice
    assert len(service.requests) == 1


def test_only_objects_whose_failure_may_pass_are_sent_again(service: ScriptedService, zuora: Zuora, time: FakeTime) -> None:
    service.replies = [Reply(200, [DONE, failure("LOCK_COMPETITION"), failure("INVALID_ID"), failure("LOCK_COMPETITION")])]
    service.replies.append(Reply(200, [DONE, failure("LOCK_COMPETITION")]))
    service.answer = updated
    written = zuora.update("Invoice", objects(4))
    assert [[o["Id"] for o in r.json["objects"]] for r in service.requests] == [
        ["id-0", "id-1", "id-2", "id-3"],
        ["id-1", "id-3"],
        ["id-3"],
    ]
    assert [w.ok for w in written] == [True, True, False, True]
    assert time.slept == [1, 2]


@pytest.mark.rule("operations.7.2.failure.zuora-lock-contention-429-5xx")
def test_an_object_that_stays_locked_is_given_up(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, [failure("LOCK_COMPETITION")])
    (result,) = zuora.update("Invoice", objects(1))
    assert (result.ok, result.passing, result.code) == (False, True, "ZUORA-LOCK_COMPETITION")
    assert len(service.requests) == 4


def test_a_lost_answer_to_an_update_is_asked_for_again(service: ScriptedService, zuora: Zuora) -> None:
    service.replies = [Reply(drop=True), Reply(503)]
    service.answer = updated
    assert zuora.update("Invoice", objects(1)) == [Written("id-0", True)]


def test_a_group_that_fails_as_a_whole_does_not_hide_the_groups_before(service: ScriptedService, zuora: Zuora) -> None:
    def answer(request: Request) -> Reply:
        return updated(request) if request.json["objects"][0]["Id"] == "id-0" else Reply(503, "<html>")

    service.answer = answer
    written = zuora.update("Invoice", objects(60))
    assert [w.ok for w in written] == [True] * 50 + [False] * 10
    assert {(w.code, w.passing) for w in written[50:]} == {("ZUORA-503", True)}


def test_a_refused_login_stops_everything(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(401, {"message": "Authentication error"})
    with pytest.raises(LoginRefused):
        zuora.update("Invoice", objects(2))


def test_results_of_another_length_are_not_guessed_at(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, [DONE])
    written = zuora.update("Invoice", objects(2))
    assert [w.ok for w in written] == [False, False]
    assert not any(w.passing for w in written)


def test_unknown_fields_are_refused_on_demand(service: ScriptedService, http: Http) -> None:
    zuora = Zuora(ZuoraConnection(service.url, "id", "s"), http, reject_unknown=True)
    service.replies = [Reply(200, {"access_token": "t", "expires_in": 3600})]
    service.answer = updated
    zuora.update("Invoice", objects(1))
    assert service.requests[1].query == {"rejectUnknownFields": ["true"]}


def invoices(count: int) -> list[dict[str, Any]]:
    return [{"id": f"id-{n}", "transferredToAccounting": "Yes"} for n in range(count)]


def test_invoices_are_written_in_bulk(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, {"success": True})
    assert [w.ok for w in zuora.update_invoices(invoices(51))] == [True] * 51
    sizes = sorted((r.method, r.path, len(r.json["invoices"])) for r in service.requests)  # the groups go side by side
    assert sizes == [("PUT", "/v1/invoices", 1), ("PUT", "/v1/invoices", 50)]


def test_a_bulk_that_fails_is_written_one_by_one(service: ScriptedService, zuora: Zuora) -> None:
    def answer(request: Request) -> Reply:
        if request.path in ("/v1/invoices", "/v1/invoices/id-1"):
            return Reply(200, {"success": False, "reasons": [{"code": 59210020, "message": "not posted"}]})
        return Reply(200, {"success": True, "id": request.path[-4:]})

    service.answer = answer
    written = zuora.update_invoices(invoices(3))
    assert [w.ok for w in written] == [True, False, True]
    assert (written[1].code, written[1].message) == ("ZUORA-59210020", "not posted")
    assert [r.path for r in service.requests] == ["/v1/invoices", "/v1/invoices/id-0", "/v1/invoices/id-1", "/v1/invoices/id-2"]
    assert service.requests[1].json == {"transferredToAccounting": "Yes"}


def test_an_outage_is_not_answered_by_fifty_more_calls(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(503, "<html>")
    written = zuora.update_invoices(invoices(3))
    assert all(w.passing and w.code == "ZUORA-503" for w in written)
    assert {r.path for r in service.requests} == {"/v1/invoices"}


def test_memos_have_one_result_each(service: ScriptedService, zuora: Zuora) -> None:
    refused = {"success": False, "id": "id-1", "reasons": [{"code": 50000040, "message": "Cannot find"}], "objectIndex": 1}
    service.answer = lambda r: Reply(200, {"success": True, "memos": [{"success": True, "id": "id-0"}, refused]})
    first, second = zuora.update_memos("credit", invoices(2))
    assert first.ok
    assert (second.id, second.code) == ("id-1", "ZUORA-50000040")
    assert (service.requests[0].method, service.requests[0].path) == ("PUT", "/v1/credit-memos/bulk")


def test_payments_and_refunds_are_written_one_by_one(service: ScriptedService, zuora: Zuora) -> None:
    service.replies = [Reply(200, {"success": True}), Reply(200, {"success": False, "reasons": [{"code": 50000040, "message": "gone"}]})]
    fields = {"IntegrationId__NS": "1", "financeInformation": {"transferredToAccounting": "Yes"}}
    assert zuora.update_payment("P-1", fields) == Written("P-1", True)
    refused = zuora.update_refund("R-1", fields)
    assert (refused.ok, refused.code, refused.message) == (False, "ZUORA-50000040", "gone")
    assert [(r.method, r.path) for r in service.requests] == [("PUT", "/v1/payments/P-1"), ("PUT", "/v1/refunds/R-1")]
    assert service.requests[0].json == fields


def test_creating_returns_the_new_ids(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, [{"Success": True, "Id": "new"}, failure("INVALID_VALUE")])
    created, refused = zuora.create("Refund", [{"Amount": 1}, {"Amount": 2}], key="k-1")
    assert (created.id, created.ok) == ("new", True)
    assert not refused.ok
    assert service.requests[0].headers["Idempotency-Key"] == "k-1"


def test_a_create_whose_outcome_is_not_known_raises(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(drop=True)
    with pytest.raises(OutcomeUnknown):
        zuora.create("Refund", [{"Amount": 1}], key="k-1")
    with pytest.raises(ValueError, match="at most 50"):
        zuora.create("Refund", [{}] * 51, key="k")


def test_a_v1_answer_that_is_no_object_is_bad(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, [1])
    with pytest.raises(BadAnswer):
        zuora.get("/v1/x")
