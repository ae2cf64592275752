"""How accounts and contacts reach Zuora when NetSuite is the master (customer-accounts.md 3.3 and 3.4)."""

from __future__ import annotations

from tallybridge.errors import Refused
from tallybridge.steps.master_data.netsuite_customer_mapping import refused_value
from tallybridge.steps.shared.writers import ZuoraWriter
from tallybridge.sync.step import Request
from tallybridge.zuora import Zuora

ACCOUNT, CONTACT = "Account", "Contact"
"""Written by Actions (api-zuora-billing.md section 7)."""
KEY = "account-"
"""Before the customer's internal id in the idempotency key of an account."""


class AccountWriter(ZuoraWriter):
    """Says in the words of W2 and W3 what Zuora declines about an account. `declined` collects the customers whose account was not created
    for that reason."""

    def __init__(self, zuora: Zuora, declined: set[str]) -> None:
        super().__init__(zuora)
        self.declined = declined

    def create(self, request: Request) -> str:
        try:
            return super().create(request)
        except Refused as refused:
            if request.record_type == ACCOUNT and (named := _in_words(refused, request)):
                self.declined.add(request.key.removeprefix(KEY))
                raise named from refused
            raise

    def update(self, request: Request) -> object:
        try:
            return super().update(request)
        except Refused as refused:
            if request.record_type == ACCOUNT and (named := _in_words(refused, request)):
                raise named from refused
            raise


def _in_words(refused: Refused, request: Request) -> Refused | None:
    known = refused_value(request.body, refused.detail or refused.message) if refused.service_code == "INVALID_VALUE" else None
    if known is None:
        return None
    code, text, advice = known
    return Refused(text, service=refused.service, service_code=refused.service_code, detail=refused.detail, code=code, advice=advice)
