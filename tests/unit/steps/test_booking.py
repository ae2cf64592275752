"""How NetSuite books amounts where little is known of the account (steps/shared/currencies.py)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.settings import Settings
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import Booking, Customer, own_currency
from tallybridge.steps.shared.reference import Currency, Reference

ACME = Customer("12", "Acme", ("USD",))
ACCOUNT = {"AccountNumber": "A1", "Currency": "EUR"}


def booking(currencies: dict[str, Currency], **settings: Any) -> Booking:
    nothing: Any = None
    return Booking(
        StepContext(nothing, nothing, nothing, Settings.model_validate(settings), nothing, Reference(currencies=currencies)), "INV"
    )


def test_a_role_that_may_not_see_currencies_is_told() -> None:
    found = booking({}, netsuite_multiple_currencies="Yes").problem("Invoice X1", Decimal(5), "EUR", ACCOUNT, ACME)
    assert found is not None
    assert found.message == "Invoice X1 of EUR 5.00: NetSuite shows its currencies to nobody with the connector's role; not sent."
    assert "permission Currencies" in found.advice


def test_where_netsuite_does_not_show_its_base_currency_the_settings_name_it() -> None:
    assert booking({}, zuora_default_currency="USD").base("EUR") == "USD"
    assert booking({"GBP": Currency("3", 2, base=True)}, zuora_default_currency="USD").base("EUR") == "GBP"
    assert (booking({}).base("EUR"), booking({}, zuora_default_currency="EUR").base("EUR")) == ("", "")


@pytest.mark.parametrize(
    ("code", "digits", "amount", "kept"), [("KWD", 2, "10.125", "10.13"), ("KWD", 3, "10.125", "10.125"), ("EUR", 0, "-0.5", "-1")]
)
def test_amounts_as_netsuite_keeps_them(code: str, digits: int, amount: str, kept: str) -> None:
    own = booking({code: Currency("9", digits)}, netsuite_multiple_currencies="Yes")
    assert own.stored(Decimal(amount), code) == Decimal(kept)


def test_in_the_base_currency_alone_its_digits_count() -> None:
    assert booking({"USD": Currency("1", 2, base=True)}).digits("JPY") == 2


@pytest.mark.parametrize(("head", "currency"), [({"Currency": "EUR"}, "EUR"), ({"Currency": None}, "USD"), ({}, "USD")])
def test_a_document_has_its_own_currency_else_its_accounts(head: dict[str, Any], currency: str) -> None:
    assert own_currency(head, {"Currency": "USD"}) == currency
