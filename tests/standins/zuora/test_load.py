"""Loading whole objects: the checks of a write through the API, all or none."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.standins.zuora.tenant import ACCOUNT, CHECK, Tenant, basics, invoice, memos, rid, running


def one_error(tenant: Tenant, **objects: list[dict[str, Any]]) -> str:
    errors = tenant.refused(**objects)
    assert len(errors) == 1, errors
    return str(errors[0]["message"])


@pytest.mark.parametrize(
    ("kind", "record", "message"),
    [
        ("Thing", {}, "There is no object type Thing."),
        ("Account", {"Name": "A", "Currency": "USD", "Colour": "red"}, "Account has no field Colour."),
        ("Account", {"Currency": "USD"}, "Missing required value: Name."),
        ("Account", {"Name": 5, "Currency": "USD"}, "The value of field Name must be a string."),
        ("Account", {"Name": "x" * 256, "Currency": "USD"}, "The length of field Name is 256"),
        ("Account", {"Name": "A", "Currency": "USD", "Status": "Live"}, "The value 'Live' of field Status is invalid"),
        ("Account", {"Name": "A", "Currency": "USD", "Id": "abc"}, "The value 'abc' of field Id is not an id"),
        ("Account", {"Name": "A", "Currency": "USD", "AutoPay": "no"}, "The value of field AutoPay must be true or false."),
        ("Account", {"Name": "A", "Currency": "USD", "CreatedDate": "soon"}, "The value 'soon' of field CreatedDate is not a date-time."),
        ("Account", {"Name": "A", "Currency": "USD", "SynctoNetSuite__NS": "yes"}, "The value 'yes' of field SynctoNetSuite__NS"),
        ("Account", {"Name": "A", "Currency": "USD", "BillToId": rid("c", 9)}, "BillToId c"),
        ("Invoice", invoice(1, InvoiceDate="15.01.2026"), "The value '15.01.2026' of field InvoiceDate is not a date"),
        ("Invoice", invoice(1, Amount="100"), "The value of field Amount must be a number."),
        ("Invoice", invoice(1, Amount=0.1234567891), "The value of field Amount has more than 9 decimal places."),
        ("Invoice", invoice(1, AccountId=rid("a", 9)), "AccountId a"),
        ("RefundPart", {"RefundId": rid("8"), "RefundAmount": 1.0}, "A refund part has either a PaymentId or a CreditMemoId."),
    ],
)
def test_refusals(empty: Tenant, kind: str, record: dict[str, Any], message: str) -> None:
    objects: dict[str, list[dict[str, Any]]] = {"Account": [ACCOUNT], "PaymentMethod": [CHECK], "Contact": []}
    objects[kind] = [*objects.get(kind, []), record]
    errors = empty.refused(**objects)
    assert errors[0]["message"].startswith(message)
    assert (errors[0]["type"], errors[0]["index"]) == (kind, None if kind == "Thing" else len(objects[kind]) - 1)
    assert empty.stand_in.dump() == {}


def test_every_error_is_listed(empty: Tenant) -> None:
    errors = empty.refused(Account=[{"Name": "A"}, {"Name": "B", "Currency": "USD"}, {"Currency": 5, "Nope": 1}])
    assert [e["index"] for e in errors] == [0, 2, 2, 2]


def test_duplicates(settled: Tenant) -> None:
    assert one_error(settled, Account=[{**ACCOUNT, "AccountNumber": "other"}]) == f"Duplicate Id {rid('a')}."
    assert one_error(settled, Account=[{"Name": "A", "Currency": "USD", "AccountNumber": "A-1"}]) == "Duplicate AccountNumber A-1."
    twice = [invoice(7), {**invoice(8), "InvoiceNumber": "INV00000007"}]
    assert one_error(settled, Invoice=twice) == "Duplicate InvoiceNumber INV00000007."


def test_a_body_that_is_no_object_of_lists(empty: Tenant) -> None:
    assert one_error(empty, Account={"Name": "A"}) == "The objects of type Account must be a list."  # type: ignore[arg-type]
    assert requests.post(f"{empty.url}/_sandbox/load", data="{", timeout=5).status_code == 400


def test_mode_a_refuses_settlement_objects_and_payments_without_account(unsettled: Tenant) -> None:
    assert "Invoice Settlement" in one_error(unsettled, CreditMemo=memos()["CreditMemo"])
    payment = {"Amount": 5.0, "EffectiveDate": "2026-01-31", "Type": "External"}
    assert one_error(unsettled, Payment=[payment]) == "Missing required value: AccountId."


def test_ids_numbers_and_defaults_are_filled_in(empty: Tenant) -> None:
    empty.load(Account=[{"Name": "A", "Currency": "USD"}, {"Name": "B", "Currency": "USD"}])
    records = empty.zoql("select AccountNumber, Status, Batch, CreatedDate from Account")["records"]
    assert {r["AccountNumber"] for r in records} == {"A00000001", "A00000002"}
    assert {(r["Status"], r["Batch"], r["CreatedDate"]) for r in records} == {("Active", "Batch1", "2026-01-31T16:15:00.000+00:00")}
    assert all(len(r["Id"]) == 32 for r in records)


def test_generated_ids_are_the_same_in_every_run() -> None:
    def ids() -> list[str]:
        with running() as tenant:
            tenant.load(Account=[{"Name": "A", "Currency": "USD"}])
            return [r["Id"] for r in tenant.stand_in.dump()["Account"]]

    assert ids() == ids()


def test_balances_and_rest_parts_are_derived(empty: Tenant) -> None:
    empty.load(
        **basics(),
        **memos(),
        Payment=[{"Id": rid("8"), "AccountId": rid("a"), "Amount": 120.0, "EffectiveDate": "2026-01-31", "Type": "External"}],
        PaymentPart=[{"PaymentId": rid("8"), "InvoiceId": rid("1", 1), "Amount": 70.0}],
    )
    dumped = empty.stand_in.dump()
    assert {i["InvoiceNumber"]: i["Balance"] for i in dumped["Invoice"]} == {"INV00000001": 30, "INV00000002": 100}
    payment = dumped["Payment"][0]
    assert (payment["AppliedAmount"], payment["UnappliedAmount"], payment["PaymentNumber"]) == (70, 50, "P-00000001")
    assert sorted(p["Amount"] for p in dumped["PaymentPart"]) == [50, 70]
    assert [p["Amount"] for p in dumped["CreditMemoPart"]] == [40]
    assert {i["InvoiceNumber"]: i["TaxAmount"] for i in dumped["Invoice"]} == {"INV00000001": 10, "INV00000002": 10}


def test_custom_fields_of_the_tenant() -> None:
    with running(custom_fields={"Invoice": ("Region__c",)}, connector_fields=False) as tenant:
        tenant.load(Account=[{"Id": rid("a"), "Name": "A", "Currency": "USD"}], Invoice=[invoice(1, Region__c="North")])
        assert tenant.zoql("select Region__c from Invoice where Region__c = 'North'")["size"] == 1
        assert tenant.sql("SELECT region__c FROM invoice") == [{"region__c": "North"}]
        assert tenant.zoql("select IntegrationId__NS from Invoice")["FaultCode"] == "INVALID_FIELD"


def test_dump_can_be_loaded_again(settled: Tenant) -> None:
    dumped = settled.http.get(f"{settled.url}/_sandbox/dump", timeout=5).json()
    requests.post(f"{settled.url}/_sandbox/reset", timeout=5)
    settled.load(**dumped)
    assert settled.http.get(f"{settled.url}/_sandbox/dump", timeout=5).json() == dumped
