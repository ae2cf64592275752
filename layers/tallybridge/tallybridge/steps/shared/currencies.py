"""The currency of a document from Zuora: its own, never simply its account's; whether NetSuite and the customer take it, and with how many
digits NetSuite keeps its amounts (sequence-and-status.md 7.3, and the decisions in the index of the specification)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.errors import Refused
from tallybridge.ids import netsuite_id
from tallybridge.parallel import side_by_side
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.texts import ref
from tallybridge.sync.step import Problem

BY_HAND = "Or enter it in NetSuite by hand, and set Transferred to Accounting to Ignore."


@dataclass(frozen=True)
class Customer:
    """What a NetSuite customer is called, and the currencies that it may be billed in by ISO code, its primary one first."""

    id: str
    name: str
    currencies: tuple[str, ...]

    @property
    def label(self) -> str:
        return f'customer "{self.name}" ({self.id})' if self.name else f"customer {self.id}"


def own_currency(head: Mapping[str, Any], account: Mapping[str, Any]) -> str:
    """The currency of a document: its own; the account's where it says none, as memos and payments may (api-zuora-billing.md 14.4)."""
    return str(head.get("Currency") or account.get("Currency") or "")


def told_once(problems: Iterable[Problem], own: Iterable[Problem]) -> list[Problem]:
    """All problems of a record; where its own currency cannot be taken (`own`), no word about what it is applied to."""
    own = list(own)
    return [*(p for p in problems if p.code not in {o.code for o in own}), *own]


def base_currency(context: StepContext) -> str:
    """NetSuite's base currency; where the account does not show it, the one that the settings name; "" when unknown."""
    return context.reference.base_currency or context.settings.zuora_default_currency


class Booking:
    """How NetSuite books amounts of a currency. `code` is the prefix of the step's messages."""

    def __init__(self, context: StepContext, code: str) -> None:
        self.context = context
        self.code = code

    @property
    def multiple(self) -> bool:
        """Whether documents are booked in their own currency (netsuite_multiple_currencies)."""
        return self.context.settings.netsuite_multiple_currencies

    def booked(self, currency: str) -> str:
        """The currency in which NetSuite books an amount: its base currency where it uses no other."""
        return currency if self.multiple else base_currency(self.context) or currency

    def base(self, currency: str) -> str:
        """NetSuite's base currency, where it books an amount in that and the amount is in another; else ""."""
        booked = self.booked(currency)
        return booked if booked != currency else ""

    def digits(self, currency: str) -> int:
        """How many digits after the point NetSuite keeps of such an amount."""
        return self.context.reference.digits_of(self.booked(currency))

    def stored(self, amount: Decimal, currency: str) -> Decimal:
        """An amount as NetSuite keeps it; digit for digit the same where it fits."""
        kept = money.stored(amount, self.digits(currency))
        return amount if kept == amount else kept

    def field(self, currency: str, customer: Customer | None) -> dict[str, Any]:
        """The field of a new transaction that names the currency, where it is not the primary one of the customer, which NetSuite takes by
        itself; nothing where NetSuite uses its base currency alone."""
        known = self.context.reference.currencies.get(currency) if self.multiple else None
        by_itself = customer is not None and customer.currencies[0] == currency
        return {"currency": ref(known.id)} if known and not by_itself else {}

    def customers(self, wanted: Iterable[tuple[str, str]]) -> dict[str, Customer]:
        """NetSuite customers by internal id, of pairs (id, currency of a document): one call per 1,000, and one for each customer whose
        primary currency is another, since no query shows its other currencies."""
        pairs = {(customer, currency) for customer, currency in wanted if customer}
        if not self.multiple or not pairs:
            return {}
        q = (
            "SELECT c.id, NVL(c.companyname, c.altname) AS name, u.symbol FROM customer c JOIN currency u ON u.id = c.currency "
            "WHERE c.id IN {in}"
        )
        rows = self.context.netsuite.suiteql_in(q, sorted({customer for customer, _ in pairs}))
        found = {row["id"]: Customer(row["id"], row.get("name", ""), (row.get("symbol", ""),)) for row in rows}
        usable = {code for code, currency in self.context.reference.currencies.items() if currency.active}
        other = sorted({i for i, currency in pairs if i in found and currency in usable and currency not in found[i].currencies})
        for customer, more in zip(other, side_by_side(self._others, other), strict=True):
            primary = found[customer].currencies
            found[customer] = Customer(customer, found[customer].name, (*primary, *(c for c in more if c not in primary)))
        return found

    def _others(self, customer: str) -> list[str]:
        """The currencies on a customer's list."""
        try:
            record = self.context.netsuite.read("customer", customer, expand=True)
        except Refused:
            return []
        lines = (record.get("currencyList") or {}).get("items") or []
        codes = (self.context.reference.currency_code(str((line.get("currency") or {}).get("id") or "")) for line in lines)
        return [code for code in codes if code]

    def problem(self, label: str, amount: Decimal, currency: str, account: Mapping[str, Any], customer: Customer | None) -> Problem | None:
        """Why NetSuite cannot take a document in its currency; None where it can."""
        said = f"{label} of {money.text(amount, currency)}"
        if not currency:
            return None
        if not self.multiple:
            return self._in_one_currency(said, currency, account)
        known = self.context.reference.currencies.get(currency)
        whose = customer.label if customer else "its customer"
        if not self.context.reference.currencies:
            advice = "Give the role the permission Currencies; or set netsuite_multiple_currencies to No if NetSuite has but one currency."
            return self._problem(f"{said}: NetSuite shows its currencies to nobody with the connector's role; not sent.", advice)
        if known is None:
            advice = f"Create the currency {currency} in NetSuite and add it to {whose}; the next run sends it. {BY_HAND}"
            return self._problem(f"{said}: NetSuite has no currency {currency}; not sent.", advice, f"NetSuite has no currency {currency}.")
        if not known.active:
            advice = f"Switch the currency {currency} on again in NetSuite; the next run sends it. {BY_HAND}"
            cause = f"The currency {currency} is switched off in NetSuite."
            return self._problem(f"{said}: the currency {currency} is switched off in NetSuite; not sent.", advice, cause)
        if customer is not None and currency not in customer.currencies:
            has = " and ".join(customer.currencies)
            advice = f"Add {currency} to the currencies of {whose} in NetSuite; the next run sends it. {BY_HAND}"
            cause = f"NetSuite {whose} has {has}, not {currency}."
            return self._problem(f"{said}: NetSuite {whose} has {has}, not {currency}; not sent.", advice, cause)
        return None

    def _in_one_currency(self, said: str, currency: str, account: Mapping[str, Any]) -> Problem | None:
        """With NetSuite's base currency alone, a customer stands for amounts of one currency, its account's; they would be mixed."""
        of_account = str(account.get("Currency") or "")
        if not of_account or of_account == currency:
            return None
        number = account.get("AccountNumber") or account.get("Id") or ""
        text = f"{said}: its account {number} is in {of_account}, and NetSuite books all of it in one currency; not sent."
        advice = f"Set netsuite_multiple_currencies to Yes and give the NetSuite customer the currency {currency}. {BY_HAND}"
        return self._problem(text, advice)

    def crossing(self, label: str, amount: Decimal, currency: str, other: str, its_currency: str) -> Problem | None:
        """An application across currencies, which neither system knows; None where `other` has the same or is not known."""
        if not its_currency or not currency or its_currency == currency:
            return None
        text = f"{label}: {money.text(amount, currency)} is applied to {other}, which is in {its_currency}; not sent."
        advice = f"Unapply it and apply it to documents in {currency}; the next run sends it. {BY_HAND}"
        return self._problem(text, advice)

    def currencies_in(self, ids: Iterable[str]) -> dict[str, str]:
        """The currencies of NetSuite transactions by internal id: one call per 1,000; nothing where there is but one."""
        wanted = sorted({i for i in ids if netsuite_id(i)})
        rows = self.context.netsuite.suiteql_in("SELECT id, currency FROM transaction WHERE id IN {in}", wanted) if self.multiple else ()
        return {row["id"]: self.context.reference.currency_code(row.get("currency")) for row in rows}

    def booked_otherwise(self, label: str, amount: Decimal, currency: str, other: str, there: str) -> Problem | None:
        """An application to a document that NetSuite holds in another currency than Zuora; None where it is the same or not known."""
        if not there or not currency or there == currency:
            return None
        text = f"{label}: {money.text(amount, currency)} is applied to {other}, which NetSuite holds in {there}; not sent."
        advice = f"Correct the NetSuite record of {other}, which is in {currency} in Zuora; the next run goes on. {BY_HAND}"
        return self._problem(text, advice)

    def inexact(self, label: str, amounts: Iterable[Decimal], currency: str) -> Problem | None:
        """The first amount that NetSuite cannot keep to the last digit of the currency; None where all fit."""
        for amount in amounts:
            exact = money.rounded(amount, currency)
            kept = self.stored(exact, currency)
            if kept != exact:
                return self._too_fine(label, exact, kept, currency)
        return None

    def _too_fine(self, label: str, exact: Decimal, kept: Decimal, currency: str) -> Problem:
        digits, booked = self.digits(currency), self.booked(currency)
        difference = money.text(abs(exact - kept), currency)
        text = (
            f"{label}: NetSuite keeps {booked} with {digits} digits after the point, so that {money.text(exact, currency)} would become "
            f"{money.text(kept, currency)}, {difference} {'more' if kept > exact else 'less'}; not sent."
        )
        advice = f"Correct the amount in Zuora to {digits} digits, or use a currency of more digits in NetSuite. {BY_HAND}"
        return Problem(f"{self.code}-PRECISION", text, advice)

    def _problem(self, text: str, advice: str, cause: str = "") -> Problem:
        return Problem(f"{self.code}-CURRENCY", text, advice, cause=cause)
