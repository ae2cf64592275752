"""What NetSuite publishes nothing about: by default the stand-in takes the inconvenient side, and an option takes the other one."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite.habits import Habits
from tests.standins.netsuite.account import ITEM, Account, error_of, path_of


def invoice(ns: Account, **values: Any) -> Any:
    lines = {"items": [{"item": {"id": ns.item()}, "amount": 10}]}
    return ns.record("POST", "invoice", {"entity": {"id": ns.customer()}, "item": lines, **values})


def test_an_item_needs_a_tax_schedule(ns: Account) -> None:
    body = {"itemId": "Seats", **{name: value for name, value in ITEM.items() if name != "taxSchedule"}}
    for kind in ("serviceSaleItem", "nonInventorySaleItem", "inventoryItem", "discountItem"):
        assert error_of(ns.record("POST", kind, body))[1:] == (
            "USER_ERROR",
            "Error while accessing a resource. Please enter value(s) for: Tax Schedule",
        )
    ns.options.habits = Habits(tax_schedule_required=False)
    assert ns.record("POST", "serviceSaleItem", body).status_code == 204


def test_items_that_were_there_before_may_lack_a_tax_schedule(ns: Account) -> None:
    """Advanced taxes may have been switched on later."""
    assert ns.load({"serviceSaleItem": [{"id": 77, "itemId": "Old", "subsidiary": {"items": [{"id": 1}]}}]}).status_code == 200
    assert ns.record("PATCH", "serviceSaleItem/77", {"displayName": "Old one"}).status_code == 204


def test_a_rate_of_the_base_currency_is_one(ns: Account) -> None:
    refused = invoice(ns, exchangeRate=2)
    assert (refused.status_code, path_of(refused)) == (400, "exchangeRate")
    for habit, rate in (("kept", 2), ("ignored", 1)):
        ns.options.habits = Habits(base_rate=habit)  # type: ignore[arg-type]
        made = ns.create(
            "invoice",
            {
                "entity": {"id": ns.customer(companyName=habit)},
                "item": {"items": [{"item": {"id": ns.item(habit)}, "amount": 1}]},
                "exchangeRate": 2,
            },
        )
        assert ns.get(f"invoice/{made}")["exchangeRate"] == rate


def test_external_ids_that_differ_by_case_alone_are_the_same(ns: Account) -> None:
    first = ns.customer(externalId="Case-1")
    body = {"companyName": "Other", "subsidiary": "2", "externalId": "CASE-1"}
    assert error_of(ns.record("POST", "customer", body))[2].endswith("This entity already exists.")
    assert ns.record("GET", "customer/eid:CASE-1").status_code == 404, "it is not found under the other spelling"
    assert ns.record("DELETE", f"customer/{first}").status_code == 204
    assert ns.record("POST", "customer", body).status_code == 204, "it is free again"
    ns.options.habits = Habits(external_id_case=True)
    assert ns.customer(companyName="Third", externalId="Case-1")


def test_an_external_id_may_have_a_hundred_characters(ns: Account) -> None:
    ns.customer(externalId="x" * 100)
    assert ns.rows("SELECT LENGTH(externalid) AS n FROM customer") == [{"n": "100"}]


@pytest.mark.parametrize(("field", "value"), [("dueDate", ""), ("exchangeRate", ""), ("terms", "")])
def test_an_empty_text_is_no_date_number_or_reference(ns: Account, field: str, value: str) -> None:
    refused = invoice(ns, **{field: value})
    assert (error_of(refused)[:2], path_of(refused)) == ((400, "INVALID_CONTENT"), field)
    ns.options.habits = Habits(empty_text_clears=True)
    assert ns.record("PATCH", f"customer/{ns.customer(companyName='B')}", {"terms": ""}).status_code == 204


def test_an_empty_text_clears_a_text(ns: Account) -> None:
    number = ns.customer(email="a@x.example")
    assert ns.record("PATCH", f"customer/{number}", {"email": ""}).status_code == 204
    assert "email" not in ns.get(f"customer/{number}")


@pytest.mark.parametrize("day", ["2026-3-1", "2026-03-01T00:00:00Z", "3/1/2026", "2026-02-30"])
def test_a_date_has_one_form(ns: Account, day: str) -> None:
    assert path_of(invoice(ns, tranDate=day)) == "tranDate"


@pytest.mark.parametrize("value", [{"email": "no mail address"}, {"email": "a@x.example, b@x.example"}, {"phone": "123"}, {"fax": "none"}])
def test_mail_addresses_and_telephone_numbers_are_checked(ns: Account, value: dict[str, str]) -> None:
    body = {"companyName": "Acme", "subsidiary": "2", **value}
    assert path_of(ns.record("POST", "customer", body)) == next(iter(value))
    ns.options.contact_formats = False
    assert ns.record("POST", "customer", body).status_code == 204


def test_a_result_ends_at_a_hundred_thousand_rows_without_a_word(ns: Account) -> None:
    text = "SELECT a.id FROM accountingperiod a CROSS JOIN accountingperiod b CROSS JOIN currency c"
    last = ns.query(text, page="?limit=1000&offset=99000").json()
    assert (last["count"], last["hasMore"], last["totalResults"]) == (1000, False, 100_000)
    assert ns.query(text, page="?limit=1000&offset=100000").json()["count"] == 0


def test_every_table_can_be_read_whole(ns: Account) -> None:
    customer = ns.customer(addressBook={"items": [{"defaultBilling": True, "addressBookAddress": {"addr1": "Main St. 1"}}]})
    invoiced = ns.invoice(customer, ns.item(), 100)
    ns.payment(customer, 60, (invoiced, 60))
    ns.create("contact", {"lastName": "Doe", "company": customer})
    for name, table in ns.stand_in.engine.tables.items():
        rows = ns.rows(f"SELECT * FROM {name}")
        known = {column.name for column in (*table.columns, *table.empty)}
        assert {key for row in rows for key in row} <= known, name
