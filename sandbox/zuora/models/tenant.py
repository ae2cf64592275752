"""Everything the tenant holds, made afresh on reset."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sandbox.zuora.models.custom_fields import CustomFields
from sandbox.zuora.models.dataquery.jobs import QueryJobs
from sandbox.zuora.models.export.jobs import Exports
from sandbox.zuora.models.idempotency import IdempotencyStore
from sandbox.zuora.models.limits import RateMeter
from sandbox.zuora.models.locators import Locators
from sandbox.zuora.models.settings import Settings
from sandbox.zuora.models.store import Store
from sandbox.zuora.models.tokens import Tokens
from sandbox.zuora.models.troubles import Troubles
from sandbox.zuora.models.users import Users
from sandbox.zuora.models.values import Record
from sandbox.zuora.options import REASON_CODES, ZuoraOptions
from sandbox.zuora.schema import build_schema
from sandbox.zuora.schema.rules import ORDER_TYPES


class Tenant:
    """One tenant: its objects and everything that lives beside them. Callers hold `store.lock` around reads and writes of objects."""

    def __init__(self, options: ZuoraOptions) -> None:
        self.options = options
        self.schema = build_schema(options.connector_fields and not options.bare, {} if options.bare else options.custom_fields)
        if not options.orders:
            for name in ORDER_TYPES:
                del self.schema[name]
        if not options.invoice_adjustments:
            del self.schema["InvoiceAdjustment"]
        if not options.multiple_currencies:
            del self.schema["Invoice"].fields["Currency"]
            self.schema["Invoice"].rebuild()
        self.store = Store(self.schema, options.clock, options.data_query_lag_s)
        self.users = Users(options)
        self.tokens = Tokens(options)
        self.troubles = Troubles()
        self.locators = Locators(self.store, options.zone, options.locator_life_s, options.zoql_keywords == "any")
        self.idempotency = IdempotencyStore(options)
        self.rates = RateMeter(options)
        self.jobs = QueryJobs(self.store, options, self.troubles)
        self.exports = Exports(self.store, options, self.jobs)
        self.custom = CustomFields(self)
        self.settings = Settings(self)
        self.currencies = set(options.currencies)
        self.payment_terms = set(options.payment_terms)
        self.reason_codes = {kind: list(codes) for kind, codes in (REASON_CODES | dict(options.reason_codes)).items()}

    @property
    def settlement(self) -> bool:
        return self.options.settlement

    def take_over_lists(self, accounts: Iterable[Record]) -> None:
        """Currencies and payment terms of loaded accounts are active in the tenant."""
        for account in accounts:
            self.currencies.add(account["Currency"])
            if "PaymentTerm" in account:
                self.payment_terms.add(account["PaymentTerm"])

    def today(self) -> date:
        """The present date in the tenant's zone."""
        return self.options.clock().astimezone(self.options.zone).date()
