"""The record service: create, read, update, upsert, delete, names, references and their errors."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.netsuite.habits import Habits
from tests.standins.netsuite.account import ITEM, STRICT, Account, error_of, path_of


def test_create_answers_204_with_an_absolute_location(ns: Account) -> None:
    answer = ns.record("POST", "customer", {"companyName": "Acme", "subsidiary": {"id": "2"}})
    assert answer.status_code == 204 and answer.content == b""
    assert re.fullmatch(re.escape(ns.url) + r"/services/rest/record/v1/customer/\d+", answer.headers["Location"])


def test_type_and_property_names_are_matched_without_case(ns: Account) -> None:
    answer = ns.record("POST", "CUSTOMER", {"companyname": "Acme", "SUBSIDIARY": "2", "CustEntityZuoraId": "z1"}, headers=STRICT)
    found = ns.get("customer/" + answer.headers["Location"].rsplit("/", 1)[1])
    assert (found["companyName"], found["custentityzuoraid"]) == ("Acme", "z1")


def test_upsert_creates_then_updates_the_same_record(ns: Account) -> None:
    body = {"companyName": "Acme", "subsidiary": {"id": "2"}}
    first = ns.record("PUT", "customer/eid:ZACC-1", body)
    second = ns.record("PUT", "customer/eid:ZACC-1", {"email": "ap@acme.example"})
    assert first.headers["Location"] == second.headers["Location"]
    found = ns.get("customer/eid:ZACC-1")
    assert (found["externalId"], found["companyName"], found["email"]) == ("ZACC-1", "Acme", "ap@acme.example")


def test_upsert_takes_external_ids_only(ns: Account) -> None:
    number = ns.customer()
    assert error_of(ns.record("PUT", f"customer/{number}", {"email": "a@b.example"}))[:2] == (400, "INVALID_REQUEST")


def test_upsert_refuses_another_external_id_in_the_body(ns: Account) -> None:
    body = {"externalId": "B", "companyName": "Acme", "subsidiary": "2"}
    assert path_of(ns.record("PUT", "customer/eid:A", body)) == "externalId"


@pytest.mark.parametrize("external", ["a|b", "a.b", "ä"])
def test_external_ids_are_letters_digits_underscore_and_hyphen(ns: Account, external: str) -> None:
    answer = ns.record("PUT", f"customer/eid:{external}", {"companyName": "Acme", "subsidiary": "2"})
    assert error_of(answer)[:2] == (400, "INVALID_CONTENT")


@pytest.mark.parametrize("reference", ["2", 2, {"id": "2"}, {"id": 2}, {"refName": "Parent Company : US Operations"}])
def test_references_are_taken_as_scalar_id_or_name(ns: Account, reference: Any) -> None:
    number = ns.create("customer", {"companyName": "Acme", "subsidiary": reference})
    assert ns.get(f"customer/{number}")["subsidiary"]["id"] == "2"


def test_references_by_external_id(ns: Account) -> None:
    ns.customer(externalId="ZACC-1")
    child = ns.customer(companyName="Child", parent={"externalId": "ZACC-1"})
    assert ns.get(f"customer/{child}")["parent"]["refName"].endswith("Acme")


@pytest.mark.parametrize("reference", [{"id": "99"}, 99, {"externalId": "X"}, {"refName": "Moon"}, "moon"])
def test_reference_to_nothing_is_an_invalid_field_value(ns: Account, reference: Any) -> None:
    answer = ns.record("POST", "customer", {"companyName": "Acme", "subsidiary": "2", "terms": reference})
    status, code, text = error_of(answer)
    assert (status, code, path_of(answer)) == (400, "INVALID_CONTENT", "terms")
    assert "You have entered an Invalid Field Value" in text and text.endswith("for the following field: terms")


def test_reference_to_a_record_of_another_type_is_refused(ns: Account) -> None:
    contact = ns.create("contact", {"lastName": "Doe", "subsidiary": "2"})
    answer = ns.record("POST", "customer", {"companyName": "Acme", "subsidiary": "2", "parent": contact})
    assert path_of(answer) == "parent"


def test_all_missing_required_fields_are_named_together(ns: Account) -> None:
    status, code, text = error_of(ns.record("POST", "customer", {}))
    assert (status, code) == (400, "USER_ERROR")
    assert text == "Error while accessing a resource. Please enter value(s) for: Company Name, Subsidiary"


def test_person_needs_first_and_last_name(ns: Account) -> None:
    answer = ns.record("POST", "customer", {"isPerson": True, "subsidiary": "2", "firstName": "Ada"})
    assert error_of(answer)[2].endswith("Please enter value(s) for: Last Name")


@pytest.mark.parametrize(("mode", "status"), [(None, 204), ("Warning", 204), ("Ignore", 204), ("Error", 400), ("error", 400)])
def test_unknown_names_follow_the_validation_header(ns: Account, mode: str | None, status: int) -> None:
    headers = {"X-NetSuite-PropertyNameValidation": mode} if mode else {}
    answer = ns.record("POST", "customer", {"companyName": "Acme", "subsidiary": "2", "colour": "red"}, headers=headers)
    assert answer.status_code == status
    assert ("Warning" in answer.headers) == (mode in (None, "Warning"))


def test_unknown_names_on_lines_are_found_too(ns: Account) -> None:
    body = {"companyName": "Acme", "subsidiary": "2", "addressBook": {"items": [{"addressBookAddress": {"adr1": "x"}}]}}
    answer = ns.record("POST", "customer", body, headers=STRICT)
    assert path_of(answer) == "addressBook.items[0].addressBookAddress.adr1"


def test_custom_field_of_another_record_type_is_unknown(ns: Account) -> None:
    body = {"companyName": "Acme", "subsidiary": "2", "custbodyzuoraid": "x"}
    assert path_of(ns.record("POST", "customer", body, headers=STRICT)) == "custbodyzuoraid"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("isInactive", "yes"),
        ("isInactive", "T"),
        ("companyName", 5),
        ("startDate", "1/31/2026"),
        ("startDate", "2026-02-30"),
        ("creditLimit", "many"),
        ("custentityzuorabatch", {"refName": "Batch99"}),
        ("creditHoldOverride", "MAYBE"),
        ("subsidiary", {"name": "x"}),
    ],
)
def test_bad_values_are_refused_with_their_path(ns: Account, name: str, value: Any) -> None:
    answer = ns.record("POST", "customer", {"companyName": "Acme", "subsidiary": "2", name: value})
    assert (error_of(answer)[1], path_of(answer)) == ("INVALID_CONTENT", name)


def test_bad_values_may_be_ignored_but_not_references_to_nothing(ns: Account) -> None:
    headers = {"X-NetSuite-PropertyValueValidation": "Ignore"}
    body = {"companyName": "Acme", "subsidiary": "2", "creditLimit": "many"}
    assert ns.record("POST", "customer", body, headers=headers).status_code == 204
    assert ns.record("POST", "customer", {**body, "terms": 99}, headers=headers).status_code == 400


@pytest.mark.parametrize(("name", "limit"), [("companyName", 83), ("entityId", 83), ("custentityzuoracrmid", 300), ("vatRegNumber", 20)])
def test_text_is_limited_in_length(ns: Account, name: str, limit: int) -> None:
    body = {"companyName": "Acme", "subsidiary": "2"}
    assert ns.record("POST", "customer", {**body, name: "x" * limit}).status_code == 204
    status, code, text = error_of(ns.record("POST", "customer", {**body, name: "x" * (limit + 1)}))
    assert (status, code) == (400, "USER_ERROR") and f"( {limit} )" in text


def test_null_clears_a_field_and_a_cleared_field_is_absent(ns: Account) -> None:
    number = ns.customer(email="a@b.example", phone="5125550100")
    ns.record("PATCH", f"customer/{number}", {"email": None})
    found = ns.get(f"customer/{number}")
    assert "email" not in found and found["phone"] == "5125550100"


def test_replace_selected_fields_clears_only_what_replace_names(ns: Account) -> None:
    number = ns.customer(email="a@b.example", phone="5125550100")
    ns.record("PATCH", f"customer/{number}?replaceSelectedFields=true&replace=phone", {"email": None, "phone": None})
    found = ns.get(f"customer/{number}")
    assert "phone" not in found and found["email"] == "a@b.example"


def test_fields_parameter_selects_body_fields(ns: Account) -> None:
    found = ns.get(f"customer/{ns.customer(email='a@b.example')}?fields=companyName,EMAIL")
    assert set(found) == {"links", "id", "companyName", "email"}


def test_sublists_are_links_unless_expanded(ns: Account) -> None:
    address = {"defaultBilling": True, "addressBookAddress": {"addr1": "Main St. 1", "country": {"id": "US"}}}
    number = ns.customer(addressBook={"items": [address]})
    assert set(ns.get(f"customer/{number}")["addressBook"]) == {"links"}
    inline = ns.whole(f"customer/{number}")["addressBook"]
    assert (inline["totalResults"], inline["hasMore"]) == (1, False)
    assert inline["items"][0]["addressBookAddress"]["country"] == {"id": "US", "refName": "US"}
    assert ns.get(f"customer/{number}/addressBook")["items"][0]["links"][0]["href"].endswith("/addressBook/1")
    assert ns.get(f"customer/{number}/addressBook/1/addressBookAddress")["addr1"] == "Main St. 1"


def test_simple_enum_format_gives_bare_ids(ns: Account) -> None:
    invoice = ns.invoice(ns.customer(), ns.item())
    assert ns.get(f"invoice/{invoice}")["status"] == {"id": "A", "refName": "Open"}
    assert ns.get(f"invoice/{invoice}?simpleEnumFormat=true")["status"] == "A"


def test_entity_name_is_taken_once_per_type(ns: Account) -> None:
    ns.customer(entityId="A00001")
    answer = ns.record("POST", "customer", {"companyName": "Other", "subsidiary": "2", "entityId": "a00001"})
    assert error_of(answer) == (400, "USER_ERROR", "Error while accessing a resource. This entity already exists.")


def test_external_ids_are_unique_in_their_group(ns: Account) -> None:
    ns.customer(externalId="SHARED")
    contact = ns.record("POST", "contact", {"lastName": "Doe", "subsidiary": "2", "externalId": "SHARED"})
    assert error_of(contact)[2] == "Error while accessing a resource. This entity already exists."
    assert ns.record("PUT", "contact/eid:SHARED", {"lastName": "Doe", "subsidiary": "2"}).status_code == 400
    assert ns.item(externalId="SHARED")


def test_external_id_of_a_transaction_is_taken_across_types(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    ns.invoice(customer, item, externalId="DOC-1")
    body = {"entity": customer, "item": {"items": [{"item": item, "amount": 5}]}, "externalId": "DOC-1"}
    for kind in ("creditMemo", "invoice"):
        assert error_of(ns.record("POST", kind, body)) == (
            400,
            "USER_ERROR",
            "Error while accessing a resource. This record already exists",
        )


def test_item_name_is_unique_over_all_item_types(ns: Account) -> None:
    ns.item("Licence")
    body = {"itemId": "LICENCE", **ITEM}
    assert "already an item with that name" in error_of(ns.record("POST", "nonInventorySaleItem", body))[2]


def test_record_cannot_be_read_through_another_type(ns: Account) -> None:
    item, customer = ns.item(), ns.customer()
    assert error_of(ns.record("GET", f"nonInventorySaleItem/{item}"))[:2] == (404, "NONEXISTENT_ID")
    assert error_of(ns.record("GET", f"contact/{customer}"))[:2] == (404, "NONEXISTENT_ID")
    payment = ns.payment(customer, 10)
    assert error_of(ns.record("GET", f"invoice/{payment}"))[2].endswith("Transaction type specified is incorrect")


def test_missing_records_types_and_addresses(ns: Account) -> None:
    assert error_of(ns.record("GET", "customer/999"))[:2] == (404, "NONEXISTENT_ID")
    assert error_of(ns.record("GET", "customer/eid:none"))[:2] == (404, "NONEXISTENT_ID")
    assert error_of(ns.record("GET", "planet/1"))[2].startswith("Record type 'planet' does not exist")
    assert error_of(ns.record("GET", "sales-order/1"))[2].startswith("Record type 'sales-order' does not exist")
    assert ns.call("GET", "nowhere").status_code == 404


def test_body_must_be_a_json_object(ns: Account) -> None:
    answer = ns.record("POST", "customer", data="{nope", headers={"Content-Type": "application/json"})
    assert error_of(answer) == (400, "INVALID_CONTENT", "Invalid content in the request body.")
    assert error_of(ns.record("POST", "customer", [1]))[:2] == (400, "INVALID_REQUEST")


def test_address_with_a_space_is_refused(ns: Account) -> None:
    assert error_of(ns.record("GET", "customer/eid:a%20b"))[2] == "Invalid url. Spaces are not allowed in the URL."


def test_delete_removes_a_record_nothing_refers_to(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item)
    payment = ns.payment(customer, 10, (invoice, 10))
    for path in (f"customer/{customer}", f"serviceSaleItem/{item}", f"invoice/{invoice}", "term/3", "currency/1"):
        if path == "term/3":
            ns.record("PATCH", f"customer/{customer}", {"terms": "3"})
        assert "dependent records" in error_of(ns.record("DELETE", path))[2], path
    for path in (f"customerPayment/{payment}", f"invoice/{invoice}", f"customer/{customer}", f"serviceSaleItem/{item}", "term/3"):
        assert ns.record("DELETE", path).status_code == 204, path
    assert ns.record("GET", f"invoice/{invoice}").status_code == 404


def test_properties_that_the_server_sets_are_refused_or_ignored(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    lines = {"items": [{"item": {"id": item}, "amount": 10}]}
    refused = ns.record("POST", "invoice", {"entity": {"id": customer}, "item": lines, "total": 99})
    assert (error_of(refused)[:2], path_of(refused)) == ((403, "INSUFFICIENT_PERMISSION"), "total")
    assert "1) The field is read-only" in error_of(refused)[2]
    ns.options.habits = Habits(read_only_ignored=True)
    invoice = ns.invoice(customer, item, 10, total=99, amountRemaining=1, status={"id": "B"})
    found = ns.get(f"invoice/{invoice}")
    assert (found["total"], found["amountRemaining"], found["status"]["id"]) == (10, 10, "A")


def test_failed_write_changes_nothing(ns: Account) -> None:
    number = ns.customer(email="old@acme.example")
    assert ns.record("PATCH", f"customer/{number}", {"email": "new@acme.example", "terms": 99}).status_code == 400
    assert ns.get(f"customer/{number}")["email"] == "old@acme.example"


def test_numbers_are_generated_when_they_may_not_be_given(ns: Account) -> None:
    ns.options.allow_number_override = False
    number = ns.customer(entityId="MINE")
    assert ns.get(f"customer/{number}")["entityId"] == f"CUST{number}"
    invoice = ns.invoice(number, ns.item(), tranId="MINE")
    assert ns.get(f"invoice/{invoice}")["tranId"] == "INV000001"


def test_customer_with_transactions_keeps_currency_and_subsidiary(ns: Account) -> None:
    customer = ns.customer()
    ns.invoice(customer, ns.item())
    for change in ({"currency": "2"}, {"subsidiary": "3"}):
        assert error_of(ns.record("PATCH", f"customer/{customer}", change))[1] == "USER_ERROR"


def test_contact_is_attached_and_detached(ns: Account) -> None:
    customer, contact = ns.customer(), ns.create("contact", {"lastName": "Doe", "subsidiary": "2"})
    assert ns.record("POST", f"customer/{customer}/!attach/contact/{contact}", {"role": {"id": "-10"}}).status_code == 204
    assert ns.whole(f"customer/{customer}")["contactRoles"]["items"][0]["contact"]["id"] == contact
    assert ns.record("POST", f"customer/{customer}/%21detach/contact/{contact}").status_code == 204
    assert ns.whole(f"customer/{customer}")["contactRoles"]["items"] == []


def test_wrong_method_is_refused(ns: Account) -> None:
    assert ns.record("POST", f"customer/{ns.customer()}", {}).status_code == 405
    assert ns.call("GET", "query/v1/suiteql").status_code == 405


def test_role_without_permission_is_refused(ns: Account) -> None:
    ns.options.denied = ("journalEntry",)
    assert error_of(ns.record("GET", "journalEntry/1"))[:2] == (403, "INSUFFICIENT_PERMISSION")
    assert ns.record("GET", "customer").status_code == 200


def test_inactive_reference_data_cannot_be_chosen(ns: Account) -> None:
    ns.load({"term": [{"id": "3", "isInactive": True}]})
    answer = ns.record("POST", "customer", {"companyName": "Acme", "subsidiary": "2", "terms": {"refName": "Net 30"}})
    assert path_of(answer) == "terms"
