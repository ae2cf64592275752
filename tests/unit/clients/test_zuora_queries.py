"""ZOQL, Object Query, describe, feature check and v1 reads (api-zuora-billing.md 7 to 9, 11.4)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tallybridge.errors import BadAnswer, LoginRefused, NotFound, NotSent, Refused, ServiceError, Throttled
from tallybridge.zuora import Zuora
from tests.unit.clients.scripted_service import Reply, ScriptedService


def test_a_query_is_paged_to_its_end(service: ScriptedService, zuora: Zuora) -> None:
    service.replies = [
        Reply(200, {"records": [{"Id": "1", "Amount": 10.5}, {"Id": "2"}], "size": 3, "done": False, "queryLocator": "L-2"}),
        Reply(200, {"records": [{"Id": "3"}], "size": 3, "done": True}),
    ]
    rows = list(zuora.query("select Id, Amount from Invoice"))
    assert [r["Id"] for r in rows] == ["1", "2", "3"]
    assert rows[0]["Amount"] == Decimal("10.5")
    first, second = service.requests
    assert (first.path, first.json) == ("/v1/action/query", {"queryString": "select Id, Amount from Invoice", "conf": {"batchSize": 2000}})
    assert (second.path, second.json) == ("/v1/action/queryMore", {"queryLocator": "L-2", "conf": {"batchSize": 2000}})


def test_pages_are_read_only_when_they_are_needed(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, {"records": [{"Id": "1"}], "size": 9, "done": False, "queryLocator": "L"})
    assert next(zuora.query("select Id from Account")) == {"Id": "1"}
    assert len(service.requests) == 1


def test_counting_takes_one_call(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, {"records": [{"Id": "1"}], "size": 4210, "done": False, "queryLocator": "L"})
    assert zuora.count("select Id from Invoice") == 4210
    assert [r.json["conf"] for r in service.requests] == [{"batchSize": 1}]


def test_an_expired_locator_is_an_error_not_a_short_result(service: ScriptedService, zuora: Zuora) -> None:
    service.replies = [
        Reply(200, {"records": [{"Id": "1"}], "size": 2, "done": False, "queryLocator": "L"}),
        Reply(400, {"FaultCode": "INVALID_QUERY_LOCATOR", "FaultMessage": "gone"}),
    ]
    with pytest.raises(Refused) as caught:
        list(zuora.query("select Id from Invoice"))
    assert caught.value.code == "ZUORA-INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(
    ("status", "body", "enabled"),
    [
        (200, {"success": True, "creditmemos": []}, True),
        (200, {"success": False, "reasons": [{"code": 50000030, "message": "feature not enabled"}]}, False),
        (200, {"success": False, "reasons": [{"code": 58490010, "message": "no permission"}]}, False),
        (403, {"success": False, "reasons": [{"code": 50000010, "message": "permission"}]}, False),
    ],
)
def test_invoice_settlement_is_told_by_the_reading_of_credit_memos(
    service: ScriptedService, zuora: Zuora, status: int, body: object, enabled: bool
) -> None:
    service.answer = lambda r: Reply(status, body)
    assert zuora.invoice_settlement_enabled() is enabled
    assert (service.requests[0].path, service.requests[0].query) == ("/v1/credit-memos", {"pageSize": ["1"]})


@pytest.mark.parametrize(("status", "kind"), [(503, NotSent), (429, Throttled), (401, LoginRefused), (404, NotFound), (400, Refused)])
def test_an_outage_is_not_taken_for_a_missing_feature(
    service: ScriptedService, zuora: Zuora, status: int, kind: type[ServiceError]
) -> None:
    service.answer = lambda r: Reply(status, {"message": "no"})
    with pytest.raises(kind):
        zuora.invoice_settlement_enabled()


DESCRIPTION = """<?xml version="1.0"?><object><name>Invoice</name><label>Invoice</label><fields>
<field><name>Id</name><label>ID</label><selectable>true</selectable><createable>false</createable><updateable>false</updateable>
<filterable>true</filterable><custom>false</custom><maxlength></maxlength><required>false</required><type>text</type><options/>
<contexts><context>soap</context><context>export</context></contexts></field>
<field><name>Status</name><label>Status</label><selectable>true</selectable><createable>false</createable><updateable>true</updateable>
<filterable>true</filterable><custom>true</custom><maxlength>255</maxlength><required>true</required><type>picklist</type>
<options><option>Draft</option><option>Posted</option></options><contexts><context>export</context></contexts></field>
</fields><related-objects><object href="x"><name>Account</name></object></related-objects></object>"""


def test_a_description_names_the_fields_of_the_tenant(service: ScriptedService, zuora: Zuora) -> None:
    service.answer = lambda r: Reply(200, DESCRIPTION, {"Content-Type": "text/xml"})
    identifier, status = zuora.describe("Invoice")
    assert service.requests[0].path == "/v1/describe/Invoice"
    assert (identifier.name, identifier.custom, identifier.max_length, identifier.contexts) == ("Id", False, None, ("soap", "export"))
    assert (status.options, status.max_length, status.required, status.updateable) == (("Draft", "Posted"), 255, True, True)


@pytest.mark.parametrize("body", ["<html><body>down</body></html>", "not xml <"])
def test_something_other_than_a_description_is_a_bad_answer(service: ScriptedService, zuora: Zuora, body: str) -> None:
    service.answer = lambda r: Reply(200, body)
    with pytest.raises(BadAnswer):
        zuora.describe("Invoice")


def test_an_object_query_filters_and_follows_its_cursor(service: ScriptedService, zuora: Zuora) -> None:
    service.replies = [Reply(200, {"nextPage": "W3s=", "data": [{"id": "a"}]}), Reply(200, {"nextPage": None, "data": [{"id": "b"}]})]
    assert [r["id"] for r in zuora.object_query("credit-memos", ["id.IN:[a,b]", "status.EQ:Posted"], ["id", "Status__NS"])] == ["a", "b"]
    first, second = service.requests
    assert first.path == "/object-query/credit-memos"
    assert first.query == {"pageSize": ["99"], "filter[]": ["id.IN:[a,b]", "status.EQ:Posted"], "fields[]": ["id", "Status__NS"]}
    assert second.query["cursor"] == ["W3s="]


def test_payment_parts_are_read_by_key(service: ScriptedService, zuora: Zuora) -> None:
    part = {"id": "x", "invoiceId": None, "debitMemoId": None, "amount": 3.1}
    service.answer = lambda r: Reply(200, {"success": True, "parts": [part]})
    assert zuora.get_payment_parts("P/1")[0]["amount"] == Decimal("3.1")
    assert service.requests[0].path == "/v1/payments/P%2F1/parts"


def test_a_table_name_is_not_a_place_for_sql(zuora: Zuora) -> None:
    with pytest.raises(ValueError, match="not a table name"):
        zuora.describe_table("invoice; drop")
