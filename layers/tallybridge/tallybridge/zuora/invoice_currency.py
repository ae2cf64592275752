"""Whether invoices have a currency of their own: Zuora's feature Multiple Currencies, without which no API knows the field
(api-zuora-billing.md section 14.3). Without it the account's currency is the invoice's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from tallybridge.errors import Refused
from tallybridge.shelf import Shelf

T = TypeVar("T")

FIELD = "Currency"
FILE = "reference/invoice-currency.json"
UNKNOWN_FIELD = "INVALID_FIELD"
PROBE = "select {0} from Invoice where Id = '00000000000000000000000000000000'"


class Counting(Protocol):
    """What is needed of the Zuora client."""

    def count(self, zoql: str) -> int: ...


class InvoiceCurrency:
    """Learnt once a run, from a query that names the field: a tenant without the feature refuses it."""

    def __init__(self, zuora: Counting, shelf: Shelf) -> None:
        self.zuora = zuora
        self.shelf = shelf
        self.fields: tuple[str, ...] | None = None

    def known(self) -> tuple[str, ...]:
        """The field, for lists of fields to be read of invoices; nothing in a tenant without it. One call where no query of the run has
        told it yet."""
        if self._fields() is None:
            self.ask(lambda fields: self.zuora.count(PROBE.format(", ".join(("Id", *fields)))))
        return self.fields or ()

    def ask(self, read: Callable[[tuple[str, ...]], T]) -> T:
        """The answer of a query for invoices that takes fields to be read: where it is not known yet, it tells at the same time whether
        the tenant has the field. `read` must make a call."""
        known = self._fields()
        if known is not None:
            return read(known)
        try:
            return self._learn((FIELD,), read)
        except Refused as refused:
            if refused.service_code != UNKNOWN_FIELD:
                raise
        return self._learn((), read)

    def _fields(self) -> tuple[str, ...] | None:
        if self.fields is None and (known := self.shelf.read_json_or(FILE)) is not None:
            self.fields = tuple(known)
        return self.fields

    def _learn(self, fields: tuple[str, ...], read: Callable[[tuple[str, ...]], T]) -> T:
        answer = read(fields)
        self.fields = fields
        self.shelf.write_json(FILE, list(fields))
        return answer
