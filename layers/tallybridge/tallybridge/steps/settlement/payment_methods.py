"""Payment methods of payments and refunds in NetSuite, and the account that each posts to (sequence-and-status.md 7.4, payments.md P1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tallybridge.errors import Refused
from tallybridge.netsuite import NetSuite
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.texts import ref
from tallybridge.sync.step import Problem

PAYMENT = "customerPayment"


def method_name(company: Company, kind: str) -> str:
    """The NetSuite payment method's name: the Zuora type, character for character, or its translation."""
    return company.settings.payment_method_translation.get(kind, kind)


def payment_method(company: Company, record_type: str, kind: str) -> dict[str, Any]:
    """The payment method by internal id: `paymentOption`; accounts without payment instruments have `paymentMethod` instead
    (api-netsuite.md 9.7)."""
    name = "paymentOption" if company.reference.has_field(record_type, "paymentOption") else "paymentMethod"
    internal_id = company.reference.id_of("payment method", method_name(company, kind))
    return {name: {"id": internal_id}} if internal_id else {}


def method_problems(company: Company, label: str, word: str, kind: str) -> Iterator[Problem]:
    """Validation 1 of payments and of refunds."""
    name = method_name(company, kind)
    if company.reference.id_of("payment method", name) is None:
        advice = f'Create a NetSuite payment method named "{name}", or translate the type in the setting payment_method_translation.'
        text = f'{label}: {word} "{name}" has no NetSuite payment method of exactly that name.'
        cause = f'payment method "{name}" has no NetSuite payment method of exactly that name.'
        yield Problem(f"{company.code}-V1", text, advice, cause=cause)


class Deposits:
    """Which account each payment method posts to, read once a worker. NetSuite's reference does not promise that it sources the account of
    what the API creates, so it is sent (api-netsuite.md 9.7, 9.8); SuiteQL does not show it."""

    def __init__(self, netsuite: NetSuite) -> None:
        self.netsuite = netsuite
        self._known: dict[str, dict[str, Any] | None] = {}

    def note(self, company: Company, kinds: Iterable[str]) -> None:
        """Read the accounts of these payment methods, as far as they are not known."""
        for name in sorted({method_name(company, kind) for kind in kinds}):
            internal_id = company.reference.id_of("payment method", name)
            if internal_id and internal_id not in self._known:
                self._known[internal_id] = self._account_of(internal_id)

    def _account_of(self, internal_id: str) -> dict[str, Any] | None:
        """The account of a payment method, {} for Undeposited Funds; None when the role may not read it: NetSuite then decides."""
        try:
            found = self.netsuite.read("paymentMethod", internal_id, fields=("account", "undepFunds"))
        except Refused:
            return None
        undeposited = (found.get("undepFunds") or {}).get("id") == "T"
        return {} if undeposited else ref((found.get("account") or {}).get("id")) or {}

    def fields(self, company: Company, record_type: str, kind: str) -> dict[str, Any]:
        """The payment method's account, else Undeposited Funds. Refunds have no such flag: without an account of its own the payment
        method is all that they need."""
        deposit = self._known.get(company.reference.id_of("payment method", method_name(company, kind)) or "")
        if deposit is None:
            return {}
        flag = {"undepFunds": {"id": "F" if deposit else "T"}} if record_type == PAYMENT else {}
        return {**({"account": deposit} if deposit else {}), **flag}
