"""Class, department and location: which value each kind of record gets (classifications.md sections 2, 3 and 5)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import Settings
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.reference import Reference

NAMES = {"class": "Software", "department": "Sales : Field Sales", "location": "Americas"}
DEFAULTS = {"default_class": "Services", "default_department": "Sales", "default_location": "Europe"}
TABLES = {
    "class": {"Software": {"id": "11"}, "Services": {"id": "12"}, "Twice": {"id": "ambiguous"}},
    "department": {"Sales : Field Sales": {"id": "21"}, "Sales": {"id": "22"}},
    "location": {"Americas": {"id": "31"}, "Europe": {"id": "32"}},
}
REFERENCE = Reference(tables=TABLES)
OWN = {"Class__NS": "Software", "Department__NS": "Sales : Field Sales", "Location__NS": "Americas"}
OWN_IDS = {"class": {"id": "11"}, "department": {"id": "21"}, "location": {"id": "31"}}
DEFAULT_IDS = {"class": {"id": "12"}, "department": {"id": "22"}, "location": {"id": "32"}}
BY_ACCOUNT = {f"invoice_line_{kind}_mapping": "Zuora Account" for kind in classification.KINDS}


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


# (own value?, default?) -> what is sent
HEADER = [(True, True, OWN_IDS), (True, False, OWN_IDS), (False, True, DEFAULT_IDS), (False, False, {})]


@pytest.mark.rule("classifications.3.value.invoice-credit-memo-payment-refund-debit-memo", "sequence-and-status.7.1.rule.2")
@pytest.mark.parametrize(("own", "default", "expected"), HEADER)
def test_3_header_account_value_else_default_else_nothing(own: bool, default: bool, expected: dict[str, Any]) -> None:
    given = settings(**(DEFAULTS if default else {}))
    assert classification.header(given, REFERENCE, OWN if own else {}) == expected


@pytest.mark.parametrize(("own", "default", "expected"), HEADER)
def test_3_item_own_value_else_default_else_nothing(own: bool, default: bool, expected: dict[str, Any]) -> None:
    given = settings(**(DEFAULTS if default else {}))
    assert classification.item(given, REFERENCE, OWN if own else {}) == expected


@pytest.mark.rule("classifications.3.value.invoice-credit-memo-debit-memo-line-mapping-zuora", "sequence-and-status.7.1.rule.3")
@pytest.mark.parametrize(("own", "expected"), [(True, OWN_IDS), (False, {})])
def test_3_line_by_account_is_the_account_value_even_if_empty_never_the_default(own: bool, expected: dict[str, Any]) -> None:
    assert classification.line(settings(**DEFAULTS, **BY_ACCOUNT), REFERENCE, OWN if own else {}) == expected


@pytest.mark.rule("classifications.3.value.line-mapping-zuora-charge", "sequence-and-status.7.1.rule.3")
def test_3_line_by_charge_sends_nothing() -> None:
    assert classification.line(settings(**DEFAULTS), REFERENCE, OWN) == {}


@pytest.mark.rule(
    "settings.key.invoice_line_department_mapping",
    "settings.key.invoice_line_location_mapping",
    "settings.key.invoice_line_class_mapping",
)
@pytest.mark.parametrize("kind", classification.KINDS)
def test_3_the_line_mapping_is_set_per_classification(kind: str) -> None:
    given = settings(**{f"invoice_line_{kind}_mapping": "Zuora Account"})
    assert classification.line(given, REFERENCE, OWN) == {kind: OWN_IDS[kind]}


@pytest.mark.rule(
    "classifications.3.value.invoice-credit-memo-payment-refund-debit-memo",
    "settings.key.default_department",
    "settings.key.default_class",
    "settings.key.default_location",
)
@pytest.mark.parametrize("kind", classification.KINDS)
def test_3_the_header_takes_each_classification_by_itself(kind: str) -> None:
    field = classification.field_of(kind)
    expected = {**DEFAULT_IDS, kind: OWN_IDS[kind]}
    assert classification.header(settings(**DEFAULTS), REFERENCE, {field: OWN[field]}) == expected


def problems(account: dict[str, Any]) -> list[tuple[str, str]]:
    found = classification.problems_of_account("INV", (5, 6, 7), "Invoice INV1", REFERENCE, {"AccountNumber": "A1", **account})
    return [(p.code, p.message) for p in found]


UNKNOWN = {
    "location": ("Location__NS", "INV-V5"),
    "class": ("Class__NS", "INV-V6"),
    "department": ("Department__NS", "INV-V7"),
}


@pytest.mark.rule("classifications.5.message.transaction-uses-an-unknown-account-value", "sequence-and-status.7.1.rule.4")
@pytest.mark.parametrize("kind", UNKNOWN)
def test_5_an_unknown_account_value_is_named(kind: str) -> None:
    field, code = UNKNOWN[kind]
    assert problems({field: "Mars"}) == [(code, f'Invoice INV1: {kind} "Mars" of account A1 does not exist in NetSuite.')]


@pytest.mark.rule("classifications.2.rule.4")
def test_5_empty_values_are_not_checked() -> None:
    assert problems({"Location__NS": "", "Class__NS": None}) == []


@pytest.mark.rule("classifications.2.rule.3")
def test_2_3_an_ambiguous_value_counts_as_missing() -> None:
    assert problems({"Class__NS": "Twice"}) == [("INV-V6", 'Invoice INV1: class "Twice" of account A1 is ambiguous in NetSuite.')]
    assert classification.header(settings(), REFERENCE, {"Class__NS": "Twice"}) == {}


WRONG = ["software", "SOFTWARE", "Software : ", "Soft ware"]


@pytest.mark.rule("classifications.2.rule.2")
@pytest.mark.parametrize("name", WRONG)
def test_2_2_names_are_compared_exactly(name: str) -> None:
    assert len(problems({"Class__NS": name})) == 1


@pytest.mark.rule("classifications.2.rule.2")
def test_2_2_outer_blanks_do_not_count() -> None:
    assert problems({"Class__NS": "  Software "}) == []


@pytest.mark.rule("classifications.2.rule.1", "classifications.2.rule.2", "sequence-and-status.7.1.rule.1")
def test_2_1_missing_blanks_around_the_colon_are_not_repaired() -> None:
    assert len(problems({"Department__NS": "Sales:Field Sales"})) == 1


@pytest.mark.rule("classifications.5.message.default-unknown")
@pytest.mark.rule("sequence-and-status.7.1.rule.7")
def test_5_an_unknown_default_is_one_warning_and_is_ignored() -> None:
    given = settings(default_class="Gone", default_location="Europe")
    (found,) = classification.unknown_defaults(given, REFERENCE)
    assert found.message == 'Default class "Gone" does not exist in NetSuite; it is ignored.'
    assert classification.header(given, REFERENCE, {}) == {"location": {"id": "32"}}


@pytest.mark.rule("classifications.4.subsidiary.off")
@pytest.mark.parametrize(("used", "number"), [("Yes", 1), ("No", 0)])
def test_4_the_default_subsidiary_is_checked_only_with_subsidiaries(used: str, number: int) -> None:
    given = settings(netsuite_subsidiaries=used, default_subsidiary="Gone")
    reference = Reference(tables={**TABLES, "subsidiary": {"Parent": {"id": "1"}}})
    assert len(classification.unknown_defaults(given, reference)) == number
