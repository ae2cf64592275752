"""Sublists: what a repeated request does to the lines."""

from __future__ import annotations

from typing import Any

from tests.standins.netsuite.account import Account, error_of


def lines(ns: Account, invoice: str) -> list[tuple[int, float]]:
    return [(line["line"], line["amount"]) for line in ns.whole(f"invoice/{invoice}")["item"]["items"]]


def body(customer: str, item: str, *amounts: float, **keys: Any) -> dict[str, Any]:
    return {"entity": customer, "tranDate": "2026-01-31", "item": {"items": [{"item": item, "amount": a, **keys} for a in amounts]}}


def test_repeated_upsert_without_replace_doubles_the_lines(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    for _ in range(2):
        answer = ns.record("PUT", "invoice/eid:ZINV-1", body(customer, item, 10, 20))
    number = answer.headers["Location"].rsplit("/", 1)[1]
    assert lines(ns, number) == [(1, 10), (2, 20), (3, 10), (4, 20)]
    assert ns.get("invoice/eid:ZINV-1")["total"] == 60


def test_repeated_upsert_with_replace_keeps_the_lines(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    for _ in range(2):
        answer = ns.record("PUT", "invoice/eid:ZINV-1?replace=item", body(customer, item, 10, 20))
    assert lines(ns, answer.headers["Location"].rsplit("/", 1)[1]) == [(1, 10), (2, 20)]


def test_line_numbers_update_their_line_and_others_stay(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 10, 20)
    ns.record("PATCH", f"invoice/{invoice}", {"item": {"items": [{"line": 2, "amount": 25, "custcolzuoraid": "x"}]}})
    assert lines(ns, invoice) == [(1, 10), (2, 25)]
    assert ns.whole(f"invoice/{invoice}")["item"]["items"][1]["custcolzuoraid"] == "x"


def test_replace_with_keys_removes_lines_that_are_not_given(ns: Account) -> None:
    invoice = ns.invoice(ns.customer(), ns.item(), 10, 20, 30)
    ns.record("PATCH", f"invoice/{invoice}?replace=item", {"item": {"items": [{"line": 2, "amount": 22}]}})
    assert lines(ns, invoice) == [(2, 22)]


def test_line_keeps_its_unique_key_when_it_is_updated(ns: Account) -> None:
    invoice = ns.invoice(ns.customer(), ns.item(), 10, 20)
    before = [line["lineUniqueKey"] for line in ns.whole(f"invoice/{invoice}")["item"]["items"]]
    ns.record("PATCH", f"invoice/{invoice}", {"item": {"items": [{"line": 1, "amount": 11}]}})
    assert [line["lineUniqueKey"] for line in ns.whole(f"invoice/{invoice}")["item"]["items"]] == before


def test_changed_quantity_works_the_amount_out_anew(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.create("invoice", {"entity": customer, "item": {"items": [{"item": item, "quantity": 2, "rate": 10.5}]}})
    ns.record("PATCH", f"invoice/{invoice}", {"item": {"items": [{"line": 1, "quantity": 3}]}})
    assert lines(ns, invoice) == [(1, 31.5)]


def test_mandatory_sublist_cannot_be_emptied(ns: Account) -> None:
    invoice = ns.invoice(ns.customer(), ns.item())
    for empty in ({"item": None}, {"item": {"items": None}}):
        assert error_of(ns.record("PATCH", f"invoice/{invoice}", empty))[2].endswith("Please enter value(s) for: Items")


def test_address_book_merges_by_id_and_is_replaced_on_request(ns: Account) -> None:
    def address(street: str, **more: Any) -> dict[str, Any]:
        return {"addressBookAddress": {"addr1": street, "country": "US"}, **more}

    customer = ns.customer(addressBook={"items": [address("A", defaultBilling=True), address("B", defaultShipping=True)]})

    def streets() -> list[tuple[Any, ...]]:
        items = ns.whole(f"customer/{customer}")["addressBook"]["items"]
        return [(line["id"], line["addressBookAddress"]["addr1"], line.get("defaultBilling", False)) for line in items]

    ns.record("PATCH", f"customer/{customer}", {"addressBook": {"items": [{"id": 1, "label": "x"}, address("C")]}})
    assert streets() == [(1, "A", True), (2, "B", False), (3, "C", False)]
    new = {"addressBook": {"items": [address("D", defaultBilling=True), address("E", defaultShipping=True)]}}
    ns.record("PATCH", f"customer/{customer}?replace=addressBook", new)
    assert [s for _, s, _ in streets()] == ["D", "E"]
    ns.record("PATCH", f"customer/{customer}", {"addressBook": {"items": None}})
    assert streets() == []


def test_only_one_address_is_the_default_for_billing(ns: Account) -> None:
    address = {"defaultBilling": True, "addressBookAddress": {"addr1": "A"}}
    customer = ns.customer(addressBook={"items": [address, address]})
    flags = [line["defaultBilling"] for line in ns.whole(f"customer/{customer}")["addressBook"]["items"]]
    assert flags == [False, True]


def test_applications_merge_by_document(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    first, second = ns.invoice(customer, item), ns.invoice(customer, item)
    payment = ns.payment(customer, 100, (first, 60))
    more = {"customer": customer, "apply": {"items": [{"doc": second, "apply": True, "amount": 30}]}}
    assert ns.record("PATCH", f"customerPayment/{payment}", more).status_code == 204
    assert [ns.get(f"invoice/{i}")["amountRemaining"] for i in (first, second)] == [40, 70]
    less = {"apply": {"items": [{"doc": first, "apply": False}, {"doc": second, "apply": True, "amount": 0}]}}
    assert ns.record("PATCH", f"customerPayment/{payment}", less).status_code == 204
    assert [ns.get(f"invoice/{i}")["amountRemaining"] for i in (first, second)] == [100, 100]


def test_applications_not_given_are_taken_away_by_replace(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    first, second = ns.invoice(customer, item), ns.invoice(customer, item)
    payment = ns.payment(customer, 100, (first, 60), (second, 40))
    only = {"apply": {"items": [{"doc": second, "apply": True, "amount": 40}]}}
    ns.record("PATCH", f"customerPayment/{payment}?replace=apply", only)
    assert [ns.get(f"invoice/{i}")["amountRemaining"] for i in (first, second)] == [100, 60]


def test_two_lines_for_one_document_are_one_application(ns: Account) -> None:
    customer = ns.customer()
    invoice = ns.invoice(customer, ns.item())
    ns.payment(customer, 100, (invoice, 60), (invoice, 30))
    assert ns.get(f"invoice/{invoice}")["amountRemaining"] == 70
