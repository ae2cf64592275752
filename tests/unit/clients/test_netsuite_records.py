"""Writing and reading records (api-netsuite.md section 3)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.errors import BadAnswer, NotFound, OutcomeUnknown
from tallybridge.http import Call, Http
from tallybridge.netsuite import FieldInfo, NetSuite, NetSuiteConnection
from tallybridge.netsuite.bodies import read_seconds, repeats_safely
from tests.unit.clients.scripted_service import Reply, ScriptedService

R = "/services/rest/record/v1"


def done(id: str, record_type: str = "invoice") -> Reply:
    return Reply(204, "", {"Location": f"http://1234567.suitetalk.api.netsuite.com{R}/{record_type}/{id}"})


def test_a_create_returns_the_internal_id(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: done("9001")
    body = {"externalId": "ZINV-1", "total": Decimal("10.10"), "memo": "a\nb"}
    assert netsuite.create("invoice", body) == "9001"
    (request,) = service.requests
    assert (request.method, request.path) == ("POST", f"{R}/invoice")
    assert request.body == b'{"externalId":"ZINV-1","total":10.10,"memo":"a\\nb"}'
    assert request.headers["X-NetSuite-PropertyNameValidation"] == "error"
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("reply", [Reply(500, {}), Reply(504, ""), Reply(drop=True), Reply(204, "")])
def test_a_create_that_may_have_landed_is_unknown_and_never_repeated(service: ScriptedService, netsuite: NetSuite, reply: Reply) -> None:
    service.answer = lambda r: reply
    with pytest.raises(OutcomeUnknown):
        netsuite.create("invoice", {"externalId": "ZINV-1"})
    assert len(service.requests) == 1


def test_an_upsert_goes_to_the_external_id(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: done("4711", "customer")
    assert netsuite.upsert("customer", "ZACC-8a80", {"companyName": "Acme"}) == "4711"
    assert netsuite.upsert("invoice", "ZINV-1", {"item": {"items": [{"amount": 1}]}}, replace=["item", "partners"]) == "4711"
    first, second = service.requests
    assert (first.method, first.path, first.query) == ("PUT", f"{R}/customer/eid:ZACC-8a80", {})
    assert second.query == {"replace": ["item,partners"]}


@pytest.mark.parametrize(
    ("body", "replace", "safe"),
    [
        ({"memo": "x", "entity": {"id": "1"}}, (), True),
        ({"item": {"items": [{"item": {"id": "1"}, "amount": 1}]}}, (), False),
        ({"item": {"items": [{"item": {"id": "1"}, "amount": 1}]}}, ("Item",), True),
        ({"item": {"items": [{"line": 1, "amount": 1}]}}, (), True),
        ({"item": {"items": [{"line": 1}, {"amount": 1}]}}, (), False),
        ({"apply": {"items": [{"doc": {"id": "9"}, "apply": True, "amount": 1}]}}, (), True),
        ({"subsidiary": {"items": [{"id": "1"}, {"id": "2"}]}}, (), True),
        ({"addressBook": {"items": [{"label": "Bill"}]}}, (), False),
        ({"addressBook": {"items": [{"internalId": 5, "label": "Bill"}]}}, (), True),
        ({"item": {"items": None}}, (), True),
    ],
)
def test_what_can_be_sent_twice_without_doubling_lines(body: dict[str, Any], replace: tuple[str, ...], safe: bool) -> None:
    assert repeats_safely(body, replace) is safe


def test_an_upsert_is_repeated_only_if_that_cannot_double_lines(service: ScriptedService, netsuite: NetSuite) -> None:
    lines = {"item": {"items": [{"amount": 1}]}}
    service.replies = [Reply(drop=True), Reply(500), done("1")]
    assert netsuite.upsert("invoice", "Z-1", lines, replace=["item"]) == "1"
    service.requests.clear()
    service.answer = lambda r: Reply(drop=True)
    with pytest.raises(OutcomeUnknown):
        netsuite.upsert("invoice", "Z-1", lines)
    assert len(service.requests) == 1


def test_an_update_returns_the_id_it_was_given(service: ScriptedService, netsuite: NetSuite) -> None:
    service.replies = [Reply(204, ""), done("77")]
    assert netsuite.update("customer", "12", {"email": "a@b.example"}) == "12"
    assert netsuite.update("customer", "eid:ZACC-1", {"email": "a@b.example"}) == "77"
    assert [(r.method, r.path) for r in service.requests] == [("PATCH", f"{R}/customer/12"), ("PATCH", f"{R}/customer/eid:ZACC-1")]


def test_a_transform_returns_the_id_of_its_target_and_is_never_repeated(service: ScriptedService, netsuite: NetSuite) -> None:
    service.replies = [done("9101", "depositapplication"), Reply(502)]
    assert netsuite.transform("customerDeposit", "9100", "depositApplication", {"externalId": "ZDAP-1"}) == "9101"
    assert service.requests[0].path in (
        f"{R}/customerDeposit/9100/!transform/depositApplication",
        f"{R}/customerDeposit/9100/%21transform/depositApplication",
    )
    with pytest.raises(OutcomeUnknown):
        netsuite.transform("customerDeposit", "9100", "depositApplication", {})
    assert len(service.requests) == 2


def test_a_record_is_read_with_amounts_as_decimals(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(200, '{"id": "1", "total": 10.10}')
    assert str(netsuite.read("invoice", "1", expand=True, fields=["total", "tranId"])["total"]) == "10.10"
    assert service.requests[0].query == {"expandSubResources": ["true"], "fields": ["total,tranId"]}


def test_a_record_that_is_not_there(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(
        404, {"title": "Not Found", "o:errorDetails": [{"detail": "Record does not exist.", "o:errorCode": "NONEXISTENT_ID"}]}
    )
    with pytest.raises(NotFound):
        netsuite.read("invoice", "eid:ZINV-1")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n: n.upsert("customer", "a|b", {}),
        lambda n: n.upsert("customer", "", {}),
        lambda n: n.create("customer", {"externalId": "a b"}),
        lambda n: n.update("customer", "eid:a/b", {}),
        lambda n: n.update("customer", "", {}),
        lambda n: n.read("customer/../x", "1"),
        lambda n: n.transform("customer", "1", "in voice", {}),
    ],
)
def test_ids_and_types_that_would_break_an_address_do_not_leave(service: ScriptedService, netsuite: NetSuite, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"external id|record type|needed"):
        wrong(netsuite)
    assert service.requests == []


def test_long_transactions_get_more_time() -> None:
    assert read_seconds(None) == 60
    assert read_seconds({"item": {"items": [{}] * 100}}) == 60
    assert read_seconds({"item": {"items": [{}] * 101}}) == 180


class Timeouts:
    def __init__(self) -> None:
        self.seen: list[float] = []

    def before(self, call: Call) -> None:
        self.seen.append(call.read_seconds)

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        return None


def test_the_longer_time_reaches_the_wire(service: ScriptedService, netsuite: NetSuite, http: Http) -> None:
    http.observer = times = Timeouts()
    service.answer = lambda r: done("1")
    netsuite.create("invoice", {"item": {"items": [{"amount": 1}] * 150}})
    assert times.seen == [180]


class OneSlot:
    def __init__(self) -> None:
        self.held = self.most = self.calls = 0

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        self.held += 1
        self.calls += 1
        self.most = max(self.most, self.held)
        yield
        self.held -= 1

    def throttled(self, asked: float | None = None) -> bool:
        return False


def test_every_call_holds_one_slot(service: ScriptedService, http: Http) -> None:
    slots = OneSlot()
    connection = NetSuiteConnection("1", "tba", service.url, consumer_key="a", consumer_secret="b", token_id="c", token_secret="d")
    netsuite = NetSuite(connection, http, slots)
    service.replies = [done("1"), done("1"), done("1"), Reply(200, {}), Reply(200, {"items": []}), Reply(200, {"properties": {}})]
    netsuite.create("invoice", {})
    netsuite.upsert("invoice", "Z", {})
    netsuite.update("invoice", "1", {})
    netsuite.read("invoice", "1")
    list(netsuite.suiteql("SELECT id FROM item"))
    netsuite.metadata("invoice")
    assert (slots.calls, slots.most, slots.held) == (6, 1, 0)


def test_metadata_names_fields_custom_fields_and_sublists(service: ScriptedService, netsuite: NetSuite) -> None:
    line = {"amount": {"title": "Amount", "type": "number", "format": "double"}, "custcol_x": {"type": "string", "x-ns-custom-field": True}}
    service.answer = lambda r: Reply(
        200,
        {
            "type": "object",
            "properties": {
                "tranId": {"title": "Invoice #", "type": "string", "nullable": True},
                "tranDate": {"title": "Date", "type": "string", "format": "date"},
                "links": {"type": "array", "items": {"$ref": "/x/nsLink"}},
                "subsidiary": {
                    "type": "object",
                    "properties": {"items": {"type": "array", "items": {"properties": {"id": {}, "refName": {}}}}},
                },
                "entity": {"title": "Customer", "type": "object", "properties": {"id": {"type": "string"}}},
                "custbody_zuora_id": {"title": "Zuora ID", "type": "string", "x-ns-custom-field": True},
                "item": {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object", "properties": line}}}},
                "apply": {"type": "array", "items": {"properties": {"doc": {"type": "object"}}}},
                "partners": {"$ref": "/services/rest/record/v1/metadata-catalog/invoice-partnersCollection"},
            },
        },
    )
    schema = netsuite.metadata("invoice")
    assert (service.requests[0].path, service.requests[0].headers["Accept"]) == (f"{R}/metadata-catalog/invoice", "application/schema+json")
    assert schema.fields == {
        "tranId": FieldInfo("Invoice #", "string", False),
        "tranDate": FieldInfo("Date", "date", False),
        "subsidiary": FieldInfo("subsidiary", "object", False),
        "entity": FieldInfo("Customer", "object", False),
        "custbody_zuora_id": FieldInfo("Zuora ID", "string", True),
    }
    assert schema.sublists == {
        "item": {"amount": FieldInfo("Amount", "double", False), "custcol_x": FieldInfo("custcol_x", "string", True)},
        "apply": {"doc": FieldInfo("doc", "object", False)},
        "partners": {},
    }


def test_limits_and_time_of_the_account(service: ScriptedService, netsuite: NetSuite) -> None:
    service.replies = [
        Reply(200, {"accountConcurrencyLimit": 15, "accountUnallocatedConcurrencyLimit": 10, "integrationLimitType": "accountLimit"}),
        Reply(200, {"serverTime": "2026-02-01T12:00:00.000Z"}),
        Reply(200, {"limit": 3}),
        Reply(200, {"serverTime": "noon"}),
    ]
    limits = netsuite.governance_limits()
    assert (limits.account, limits.unallocated, limits.integration, limits.kind) == (15, 10, None, "accountLimit")
    assert netsuite.server_time() == datetime(2026, 2, 1, 12, tzinfo=UTC)
    with pytest.raises(BadAnswer):
        netsuite.governance_limits()
    with pytest.raises(BadAnswer):
        netsuite.server_time()
