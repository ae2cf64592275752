"""Texts as an account takes them: lengths, one mail address, telephone numbers (customer-accounts.md 2.5; lengths of the account)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.netsuite.metadata import schema_from
from tallybridge.steps.shared.fitting import fitted
from tallybridge.steps.shared.reference import RecordFields, Reference, load_reference

LONG = "x" * 60
NO_PHONE = "was left out: it is not a telephone number of at least 7 digits that NetSuite takes."
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "all fits": ({"phone": "+1 512 555 0100", "email": "ap@example.com"}, {"phone": "+1 512 555 0100", "email": "ap@example.com"}, []),
    "a state above 30": ({"state": LONG}, {"state": "x" * 30}, ["state was cut to 30 characters, NetSuite takes no more."]),
    "a phone above 32": (
        {"phone": "+1 512 555 0100 extension 1234 please"},
        {"phone": "+1 512 555 0100 extension 1234 p"},
        ["phone was cut to 32 characters, NetSuite takes no more."],
    ),
    "a phone of few digits": ({"phone": "x 12"}, {}, [f'phone "x 12" {NO_PHONE}']),
    "a phone without any": ({"fax": "ask Reception"}, {}, [f'fax "ask Reception" {NO_PHONE}']),
    "two phones": (
        {"phone": "+1 512 555 0100; +1 512 555 0101"},
        {"phone": "+1 512 555 0100"},
        ['phone "+1 512 555 0100; +1 512 555 0101" was sent as "+1 512 555 0100": NetSuite takes one.'],
    ),
    "two phones, the first none": (
        {"phone": "home, +1 512 555 0101"},
        {"phone": "+1 512 555 0101"},
        ['phone "home, +1 512 555 0101" was sent as "+1 512 555 0101": NetSuite takes one.'],
    ),
    "two mail addresses": (
        {"email": "a@example.com, b@example.com"},
        {"email": "a@example.com"},
        ['email "a@example.com, b@example.com" was sent as "a@example.com": NetSuite takes one.'],
    ),
    "joined without blanks": (
        {"email": "a@example.com;b@example.com"},
        {"email": "a@example.com"},
        ['email "a@example.com;b@example.com" was sent as "a@example.com": NetSuite takes one.'],
    ),
    "no mail address": (
        {"email": "nobody"},
        {},
        ['email "nobody" was left out: it is not a mail address that NetSuite takes.'],
    ),
    "half a VAT number is another one": (
        {"vatRegNumber": "D" * 21},
        {},
        [f'vatRegNumber "{"D" * 21}" was left out: it is longer than the 20 characters that NetSuite takes.'],
    ),
    "addresses too": (
        {"addressBook": {"items": [{"label": "Bill", "addressBookAddress": {"city": LONG, "addrPhone": "12", "country": {"id": "US"}}}]}},
        {"addressBook": {"items": [{"label": "Bill", "addressBookAddress": {"city": "x" * 50, "country": {"id": "US"}}}]}},
        ["Bill: city was cut to 50 characters, NetSuite takes no more.", f'Bill: addrPhone "12" {NO_PHONE}'],
    ),
    "lines of documents": (
        {"item": {"items": [{"description": "y" * 1000, "item": {"id": "5"}, "amount": 1}]}},
        {"item": {"items": [{"description": "y" * 999, "item": {"id": "5"}, "amount": 1}]}},
        ["description was cut to 999 characters, NetSuite takes no more."],
    ),
    "custom fields": ({"custbodyx": "z" * 301}, {"custbodyx": "z" * 300}, ["custbodyx was cut to 300 characters, NetSuite takes no more."]),
    "references and fields without a limit": ({"a": {"refName": LONG * 9}, "b": LONG * 9}, {"a": {"refName": LONG * 9}, "b": LONG * 9}, []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_is_cut_or_left_out_and_told(case: str) -> None:
    body, expected, said = CASES[case]
    found = fitted(body, lambda path: Reference().limit("customer", path))
    assert (found.body, found.said) == (expected, said)
    again = fitted(found.body, lambda path: Reference().limit("customer", path))
    assert (again.body, again.said) == (expected, [])


def test_the_accounts_own_lengths_prevail() -> None:
    known = RecordFields(lengths={"state": 5, "addressBook.addressBookAddress.city": 4, "custentityx": 2000})
    reference = Reference(fields={"customer": known})
    body = {"state": "Carinthia", "custentityx": "z" * 1000, "addressBook": {"items": [{"addressBookAddress": {"city": "Villach"}}]}}
    found = fitted(body, lambda path: reference.limit("customer", path))
    address = {"items": [{"addressBookAddress": {"city": "Vill"}}]}
    assert found.body == {"state": "Carin", "custentityx": "z" * 1000, "addressBook": address}


DOCUMENT = {
    "properties": {
        "phone": {"type": "string", "title": "Phone", "maxLength": 21},
        "custentityzuoraid": {"type": "string", "title": "Zuora ID", "x-ns-custom-field": True, "maxLength": 300},
        "addressBook": {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "label": {"type": "string", "maxLength": 99},
                            "addressBookAddress": {"type": "object", "properties": {"state": {"type": "string", "maxLength": 12}}},
                        },
                    },
                }
            },
        },
    }
}


class Account:
    def suiteql(self, q: str, params: Any = ()) -> Any:
        raise AssertionError(q)

    def metadata(self, record_type: str) -> Any:
        return schema_from(DOCUMENT, record_type)


class Shelf:
    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def read_json_or(self, name: str) -> Any:
        return self.kept.get(name)

    def write_json(self, name: str, value: Any) -> str:
        self.kept[name] = value
        return name


def test_lengths_are_read_from_the_accounts_description_and_kept_for_the_run() -> None:
    shelf = Shelf()
    for _ in range(2):
        reference = load_reference(Account(), shelf, ["fields:customer"], {})
        paths = ("phone", "addressBook.addressBookAddress.state", "addressBook.label", "fax", "custentityzuoraid")
        assert [reference.limit("customer", p) for p in paths] == [21, 12, 99, 32, 300]
