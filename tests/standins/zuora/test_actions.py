"""Actions and CRUD: batches, unknown fields, nulls, transferredToAccounting, mode rules (spec sections 7, 12.1, 12.2, 12.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, invoice, rid, running

ONE, TWO = rid("1", 1), rid("1", 2)


def update(tenant: Tenant, kind: str, *objects: dict[str, Any]) -> Any:
    return tenant.post("/v1/action/update", {"type": kind, "objects": list(objects)})


def code(result: dict[str, Any]) -> str:
    assert result["Success"] is False, result
    return str(result["Errors"][0]["Code"])


def test_each_object_stands_alone_and_results_keep_their_order(settled: Tenant) -> None:
    results = update(
        settled, "Invoice", {"Id": TWO, "IntegrationStatus__NS": "b"}, {"Id": rid("1", 99)}, {"Id": ONE, "IntegrationStatus__NS": "a"}
    )
    assert results == [
        {"Success": True, "Id": TWO},
        {"Success": False, "Errors": [{"Code": "INVALID_ID", "Message": "invalid id for update"}]},
        {"Success": True, "Id": ONE},
    ]
    assert settled.get(f"/v1/invoices/{ONE}")["IntegrationStatus__NS"] == "a"


def test_a_write_raises_the_updated_date_and_sets_the_user(settled: Tenant) -> None:
    settled.clock.move(90)
    update(settled, "Invoice", {"Id": ONE, "IntegrationStatus__NS": "a"})
    record = settled.zoql(f"select UpdatedDate, UpdatedById, CreatedDate from Invoice where Id = '{ONE}'")["records"][0]
    assert record["UpdatedDate"] == "2026-01-31T16:16:30.000+00:00"
    assert record["CreatedDate"] == "2026-01-31T16:15:00.000+00:00"
    assert len(record["UpdatedById"]) == 32


def test_51_objects_are_too_many(settled: Tenant) -> None:
    body = {"type": "Invoice", "objects": [{"Id": ONE}] * 51}
    response = settled.call("POST", "/v1/action/update", body)
    assert (response.status_code, code(response.json())) == (400, "MAX_RECORDS_EXCEEDED")
    assert len(update(settled, "Invoice", *[{"Id": ONE}] * 50)) == 50


def test_unknown_fields_vanish_unless_they_shall_be_refused(settled: Tenant) -> None:
    body = {"type": "Invoice", "objects": [{"Id": ONE, "Nothing__NS": "x"}]}
    assert settled.post("/v1/action/update", body) == [{"Success": True, "Id": ONE}]
    response = settled.call("POST", "/v1/action/update?rejectUnknownFields=true", body)
    assert (response.status_code, response.json()) == (400, {"message": "Error - unrecognised fields"})
    known = {"type": "Invoice", "objects": [{"Id": ONE, "IntegrationId__NS": "x", "fieldsToNull": ["SyncDate__NS"]}]}
    assert settled.post("/v1/action/update?rejectUnknownFields=true", known)[0]["Success"] is True


def test_an_empty_string_clears_nothing_but_fields_to_null_does(settled: Tenant) -> None:
    update(settled, "Invoice", {"Id": ONE, "IntegrationStatus__NS": "a", "SyncDate__NS": "b"})
    update(settled, "Invoice", {"Id": ONE, "IntegrationStatus__NS": "", "fieldsToNull": ["SyncDate__NS"]})
    record = settled.zoql(f"select IntegrationStatus__NS, SyncDate__NS from Invoice where Id = '{ONE}'")["records"][0]
    assert record == {"Id": ONE, "IntegrationStatus__NS": "a"}
    assert code(update(settled, "Invoice", {"Id": ONE, "fieldsToNull": ["Nothing__NS"]})[0]) == "INVALID_FIELD"
    assert code(update(settled, "Account", {"Id": rid("a"), "fieldsToNull": ["Name"]})[0]) == "MISSING_REQUIRED_VALUE"


@pytest.mark.parametrize(
    ("kind", "fields", "wanted"),
    [
        ("Invoice", {"IntegrationStatus__NS": "x" * 256}, "INVALID_VALUE"),
        ("Invoice", {"IntegrationStatus__NS": 5}, "INVALID_VALUE"),
        ("Invoice", {"IntegrationStatus__NS": "smile \U0001f600"}, "INVALID_VALUE"),
        ("Invoice", {"TransferredToAccounting": "No"}, "INVALID_VALUE"),
        ("Invoice", {"TransferredToAccounting": "yes"}, "INVALID_VALUE"),
        ("Invoice", {"Amount": 5}, "INVALID_FIELD"),
        ("Invoice", {"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD"),
        ("Account", {"CustomerType__NS": "Person"}, "INVALID_VALUE"),
        ("Account", {"BillToId": rid("c", 77)}, "INVALID_VALUE"),
        ("Account", {"AccountNumber": "A-2"}, "DUPLICATE_VALUE"),
        ("Account", {"AutoPay": "yes"}, "INVALID_VALUE"),
    ],
)
def test_wrong_values(settled: Tenant, kind: str, fields: dict[str, Any], wanted: str) -> None:
    record_id = {"Invoice": ONE, "Account": rid("a")}[kind]
    assert code(update(settled, kind, {"Id": record_id, **fields})[0]) == wanted


def test_drafts_cannot_be_transferred(unsettled: Tenant) -> None:
    unsettled.load(Invoice=[invoice(3, Status="Draft")])
    assert code(update(unsettled, "Invoice", {"Id": rid("1", 3), "TransferredToAccounting": "Yes"})[0]) == "INVALID_VALUE"
    assert update(unsettled, "Invoice", {"Id": rid("1", 3), "Status": "Posted"})[0]["Success"] is True
    assert update(unsettled, "Invoice", {"Id": rid("1", 3), "TransferredToAccounting": "Yes"})[0]["Success"] is True


@pytest.mark.parametrize("kind", ["CreditMemo", "DebitMemo", "InvoiceItemAdjustment", "InvoicePayment", "RefundInvoicePayment", "Payment"])
def test_mode_b_refuses_some_objects_one_by_one(settled: Tenant, kind: str) -> None:
    assert code(update(settled, kind, {"Id": rid("4")})[0]) == "INVALID_TYPE"
    created = settled.post("/v1/action/create", {"type": kind, "objects": [{}]})
    assert code(created[0]) == "INVALID_TYPE"


def test_payments_in_mode_b_can_be_opened_to_actions() -> None:
    with running(mode_b_actions_on_payments=True) as tenant:
        tenant.load(Payment=[{"Id": rid("8"), "Amount": 5.0, "EffectiveDate": "2026-01-31", "Type": "External"}])
        assert update(tenant, "Payment", {"Id": rid("8"), "IntegrationStatus__NS": "x"}) == [{"Success": True, "Id": rid("8")}]


@pytest.mark.parametrize("body", [{"type": "Nothing", "objects": [{}]}, {"type": "Invoice"}, {"type": "Invoice", "objects": []}])
def test_a_wrong_request_is_refused_as_a_whole(settled: Tenant, body: dict[str, Any]) -> None:
    response = settled.call("POST", "/v1/action/update", body)
    assert response.status_code == 400
    assert code(response.json()) in ("INVALID_TYPE", "MISSING_REQUIRED_VALUE")


def test_create_and_delete(settled: Tenant) -> None:
    made = settled.post(
        "/v1/action/create",
        {
            "type": "Account",
            "objects": [
                {"Name": "New", "Currency": "USD", "BillCycleDay": 1, "Batch": "Batch1", "Status": "Draft", "IntegrationId__NS": "7"},
                {"Name": "Bad"},
            ],
        },
    )
    assert made[0]["Success"] is True
    assert code(made[1]) == "MISSING_REQUIRED_VALUE"
    assert settled.zoql("select AccountNumber from Account where IntegrationId__NS = '7'")["size"] == 1
    gone = settled.post("/v1/action/delete", {"type": "Account", "ids": [made[0]["Id"], rid("a"), "x"]})
    assert gone[0] == {"success": True, "id": made[0]["Id"]}
    assert [g["errors"][0]["Code"] for g in gone[1:]] == ["CANNOT_DELETE", "INVALID_ID"]


def test_lock_competition_at_the_testers_wish(settled: Tenant) -> None:
    settled.stand_in.troubles.locked[ONE] = 1
    body = {"Id": ONE, "IntegrationStatus__NS": "a"}
    assert code(update(settled, "Invoice", body)[0]) == "LOCK_COMPETITION"
    assert update(settled, "Invoice", body)[0]["Success"] is True
    settled.stand_in.troubles.locked[ONE] = 1
    assert settled.put(f"/v1/invoices/{ONE}", {"comments": "x"})["reasons"][0]["code"] % 100 == 50


def test_one_failed_object_in_a_batch_at_the_testers_wish(settled: Tenant) -> None:
    settled.stand_in.troubles.refused[TWO] = ("TEMPORARY_ERROR", "try again")
    results = update(settled, "Invoice", {"Id": ONE}, {"Id": TWO})
    assert [r["Success"] for r in results] == [True, False]
    assert code(results[1]) == "TEMPORARY_ERROR"


def test_crud_reads_writes_and_deletes_one_object(settled: Tenant) -> None:
    product = {"Name": "Seats", "EffectiveStartDate": "2026-01-01", "EffectiveEndDate": "2036-01-01", "ItemType__NS": "Service"}
    made = settled.post("/v1/object/product", product)
    assert made["Success"] is True
    read = settled.get(f"/v1/object/product/{made['Id']}")
    assert (read["Name"], read["ItemType__NS"], "Description" in read) == ("Seats", "Service", False)
    assert settled.put(f"/v1/object/product/{made['Id']}", {"Name": "Chairs"}) == {"Success": True, "Id": made["Id"]}
    assert settled.get(f"/v1/object/product/{made['Id']}")["Name"] == "Chairs"
    assert settled.call("DELETE", f"/v1/object/product/{made['Id']}").json()["success"] is True
    missing = settled.call("GET", f"/v1/object/product/{made['Id']}")
    assert (missing.status_code, missing.json()) == (404, {"records": [], "size": 0, "done": True})
    refused = settled.call("POST", "/v1/object/product", {**product, "ItemType__NS": "Thing"})
    assert (refused.status_code, code(refused.json())) == (400, "INVALID_VALUE")
    unknown = settled.call("POST", "/v1/object/product?rejectUnknownFields=true", {**product, "Colour": "red"})
    assert (unknown.status_code, unknown.json()["message"]) == (400, "Error - unrecognised fields")
    assert settled.call("GET", "/v1/object/nothing/x").status_code == 404
