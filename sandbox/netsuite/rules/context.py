"""What the rules of a write can see: the record as it will be, as it was, what the request gave, and the account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sandbox.netsuite.catalog import Catalog
from sandbox.netsuite.customfields import CustomField
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.options import NetSuiteOptions
from sandbox.netsuite.store import Record, Store, Unit


class Tenant:
    """One account: its options, what its records look like, and the records."""

    def __init__(self, options: NetSuiteOptions) -> None:
        self.options = options
        self.catalog = Catalog(options)
        self.store = Store(self.catalog)
        self.ledger = Ledger(self.store)

    def set_custom_fields(self, fields: dict[str, CustomField]) -> None:
        """Replace the custom fields; stored records follow."""
        self.catalog.set_custom(fields)
        for group in self.store.groups.values():
            for record in group.values():
                record.type = self.catalog.type(record.type.name)

    @property
    def may_change_closed(self) -> bool:
        """Whether the role of the request may make non-G/L changes in closed periods."""
        role = self.catalog.role
        return self.options.non_gl_changes if role is None or role.administrator else role.may(NON_GL, "FULL")

    def now(self) -> datetime:
        """The time, to the second, in UTC."""
        return self.options.clock().astimezone(UTC).replace(microsecond=0)

    def today(self) -> date:
        return self.options.local(self.now()).date()

    def special_account(self, role: str) -> int | None:
        """Internal id of the account with a special role, such as `UndepFunds`."""
        return next((a.id for a in self.store.all("account") if a.values.get("sSpecAcct") == role), None)

    def default_income_account(self) -> int | None:
        """The income account of the accounting preferences: the first one of the chart."""
        if not self.options.default_income_account:
            return None
        return next((a.id for a in self.store.all("account") if a.values["acctType"] == "Income"), None)

    def base_currency(self) -> int:
        return next(c.id for c in self.store.all("currency") if c.values.get("isBaseCurrency"))


NON_GL = "ADMI_ALLOWNONGLCHANGES"


@dataclass
class Write:
    """One create (`old` is None) or update. `given`: properties in the request; `replaced`: sublists whose lines it replaces; `loading`:
    it puts in place what was there before."""

    tenant: Tenant
    unit: Unit
    record: Record
    old: Record | None
    given: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    by_transform: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    loading: bool = False

    @property
    def numbers_may_be_given(self) -> bool:
        """Allow Override is on for the record's numbers, or the record stands for one that was there before."""
        return self.tenant.options.allow_number_override or self.loading

    @property
    def creating(self) -> bool:
        return self.old is None

    @property
    def was_there_before(self) -> bool:
        """Whether this is an object of a dump that is loaded: it comes with its date of change, and nothing is sourced that it lacks."""
        return "lastModifiedDate" in self.extra

    @property
    def values(self) -> dict[str, Any]:
        return self.record.values

    @property
    def store(self) -> Store:
        return self.tenant.store

    @property
    def ledger(self) -> Ledger:
        return self.tenant.ledger

    @cached_property
    def one_world(self) -> bool:
        return self.tenant.options.one_world

    def default(self, name: str, value: Any) -> None:
        """Source a value where none was given."""
        if value is not None and self.values.get(name) is None:
            self.values[name] = value

    def changed(self, name: str) -> bool:
        """Whether an update changes this property."""
        return self.old is not None and self.old.values.get(name) != self.values.get(name)

    def rounded(self, amount: Decimal) -> Decimal:
        return self.ledger.rounded(amount, self.values.get("currency"))
