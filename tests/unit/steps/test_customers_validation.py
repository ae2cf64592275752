"""Zuora accounts -> NetSuite customers, what holds them: customer-accounts.md section 2.3."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.steps.customer_bench import INDIVIDUAL, ONE_WORLD, bench, held, written


def by_code(*cases: tuple[dict[str, Any], dict[str, Any], str, str]) -> list[Any]:
    """The cases, each marked with the validation whose code it expects; V9 is a length limit of ours."""
    known = {f"ACCT-V{n}": f"customer-accounts.2.validation.V{n}" for n in range(1, 9)}
    return [pytest.param(*case, marks=pytest.mark.rule(known[case[2]]) if case[2] in known else ()) for case in cases]


@pytest.mark.rule("classifications.5.message.account-value-unknown")
@pytest.mark.parametrize(
    ("change", "settings", "code", "message"),
    by_code(
        ({"PaymentTerm": "Net 37"}, {}, "ACCT-V1", 'Account A0001: payment term "Net 37" does not exist in NetSuite.'),
        (
            {"Currency": "CHF"},
            {"netsuite_multiple_currencies": "Yes"},
            "ACCT-V2",
            'Account A0001: currency "CHF" does not exist in NetSuite.',
        ),
        (
            {"IntegrationStatus__NS": "Sync Complete"},
            {},
            "ACCT-V3",
            "Account A0001: status is Sync Complete but Integration ID is empty. Clear the status to create the customer, "
            "or enter the NetSuite id to link it.",
        ),
        (
            {"Subsidiary__NS": "Parent:Europe"},
            ONE_WORLD,
            "ACCT-V4",
            'Account A0001: subsidiary "Parent:Europe" does not exist in NetSuite.',
        ),
        (
            {"Subsidiary__NS": None},
            ONE_WORLD,
            "ACCT-V5",
            "Account A0001: no subsidiary on the account and no default subsidiary is configured.",
        ),
        ({"ParentId": "acc0"}, {}, "ACCT-V6", "Account A0001: parent account A0000 has not been synced."),
        ({"BillToId": None}, {}, "ACCT-V8", "Account A0001: no bill-to contact."),
        ({"Name": "x" * 84}, {}, "ACCT-V9", "Account A0001: the name is longer than 83 characters."),
    ),
)
def test_a_failed_validation_holds_the_account(change: dict[str, Any], settings: dict[str, Any], code: str, message: str) -> None:
    b = bench(change, settings)
    b.zuora.put("Account", {"Id": "acc0", "AccountNumber": "A0000"})
    assert held(b) == [(code, message)]


@pytest.mark.rule("customer-accounts.2.validation.V7")
def test_an_individual_needs_the_bill_to_contacts_names() -> None:  # V7
    b = bench(INDIVIDUAL, bill_to={"FirstName": ""})
    assert held(b) == [("ACCT-V7", "Account A0001: an individual customer needs the bill-to contact's first and last name.")]


def test_a_held_child_names_the_parent_it_waits_for() -> None:
    b = bench({"ParentId": "acc0"})
    b.zuora.put("Account", {"Id": "acc0", "AccountNumber": "A0000"})
    assert [p.waits_for for p in b.plan("acc1").problems] == ["Account A0000"]


def test_a_name_that_two_active_values_share_is_called_ambiguous() -> None:
    b = bench()
    b.reference.tables["term"]["Net 30"]["id"] = "ambiguous"
    assert held(b) == [("ACCT-V1", 'Account A0001: payment term "Net 30" is ambiguous in NetSuite.')]


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        ({"PaymentTerm": None}, {}),
        ({"Currency": "CHF"}, {}),
        ({"Subsidiary__NS": "nowhere"}, {}),
        ({"Subsidiary__NS": None}, {**ONE_WORLD, "default_subsidiary": "Parent"}),
        ({"Name": "x" * 83}, {}),
    ],
)
def test_validations_that_do_not_apply_do_not_hold(change: dict[str, Any], settings: dict[str, Any]) -> None:
    assert written(bench(change, settings))["companyName"]


def test_an_update_needs_no_subsidiary() -> None:
    assert written(bench({"Subsidiary__NS": None, "IntegrationId__NS": "900"}, ONE_WORLD))["companyName"]


def test_every_problem_tells_what_to_do_next() -> None:
    b = bench({"PaymentTerm": "x", "Currency": "x", "Subsidiary__NS": "x", "ParentId": "p", "BillToId": None, "Name": "n" * 300})
    b.settings = {**ONE_WORLD, "netsuite_multiple_currencies": "Yes"}
    plan = b.plan("acc1")
    assert [p.code for p in plan.problems] == ["ACCT-V1", "ACCT-V2", "ACCT-V4", "ACCT-V6", "ACCT-V8", "ACCT-V9"]
    assert all(p.advice for p in plan.problems)


@pytest.mark.rule("customer-accounts.2.validation.advisory-name")
@pytest.mark.parametrize("name", ['Finch & "Partners"', "Finch, Ltd"])
def test_a_quote_or_comma_in_the_name_is_remarked_on_and_does_not_block(name: str) -> None:
    plan = bench({"Name": name}).plan("acc1")
    assert [r.message for r in plan.remarks] == ["Account A0001: the name contains a double quote or comma."]


def test_a_default_tax_code_that_is_gone_is_remarked_on_and_left_out() -> None:
    plan = bench(settings={"netsuite_default_tax_code": "Gone"}).plan("acc1")
    assert [r.message for r in plan.remarks] == ['Default tax code "Gone" does not exist in NetSuite; it is ignored.']
    assert "taxItem" not in plan.requests[0].body
