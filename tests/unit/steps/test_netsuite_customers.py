"""Pure parts of customers from NetSuite: names, refusals in words, contacts compared (customer-accounts.md 3.3 and 3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.steps.master_data.netsuite_customer_mapping import (
    BILL_TO,
    SOLD_TO,
    NetSuiteCustomer,
    contact_changes,
    names_of,
    refused_value,
)

rule = pytest.mark.rule
ADDRESS = {"addressee": "Ann Lee", "addr1": "1 Main St", "city": "Austin", "state": "TX", "zip": "78701", "country": "US"}


def customer(billing: dict[str, Any] | None = None, **row: Any) -> NetSuiteCustomer:
    return NetSuiteCustomer({"id": "801", "entityid": "C-801", **row}, DEFAULTS, "2026-11-02T08:00:00Z", billing or ADDRESS)


@rule("customer-accounts.3.contacts.name-rule", "customer-accounts.3.validation.W9")
@pytest.mark.parametrize(
    ("addressee", "names"),
    [
        ("Ann Lee", ("Ann", "Lee")),
        ("Ann van der Lee", ("Ann", "van der Lee")),
        ("\tBrightwater \n", ("Brightwater", "Brightwater")),
        ("株式会社", ("株式会社", "株式会社")),
        ("Ann -", ("Ann", "")),
        ("...", ("...", "")),
        ("", ("", "")),
        (None, ("", "")),
    ],
)
def test_names(addressee: str | None, names: tuple[str, str]) -> None:
    assert names_of(addressee) == names


@rule("customer-accounts.3.validation.W2", "customer-accounts.3.validation.W3")
@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ("The payment term 'Net 37' does not exist in this tenant.", "NSCUS-W2"),
        ("Invalid value for field PaymentTerm: Net 37", "NSCUS-W2"),
        ("The currency 'NOK' is not active in this tenant.", "NSCUS-W3"),
        ("The batch 'Batch51' is invalid.", ""),
    ],
)
def test_refusals_in_words(detail: str, code: str) -> None:
    found = refused_value({"PaymentTerm": "Net 37", "Currency": "NOK"}, detail)
    assert (found[0] if found else "") == code


def test_a_refusal_about_a_value_that_was_not_sent_is_left_as_it_is() -> None:
    assert refused_value({"Name": "x"}, "The currency is wrong, and the payment term") is None


@rule("customer-accounts.1.rule.4")
def test_countries_and_states_in_other_words_are_the_same() -> None:
    held = {"FirstName": "Ann", "LastName": "Lee", "Address1": "1 Main St", "City": "Austin", "State": "Texas", "PostalCode": "78701"}
    held |= {"Country": "United States", "Description": "Bill To Contact"}
    assert contact_changes(customer(), BILL_TO, held) == {}
    assert contact_changes(customer({**ADDRESS, "state": "CA"}), BILL_TO, held) == {"State": "CA"}
    assert contact_changes(customer({**ADDRESS, "state": "東京", "country": "JP"}), BILL_TO, held) == {"State": "東京", "Country": "JP"}
    assert contact_changes(customer(), SOLD_TO, held) == {"Description": "Sold To Contact"}
