"""What a plan would post: debits and credits by account, accounting period and currency, from the requests that would be sent.

    invoice            debit receivables, credit the account of each item
    credit memo        the reverse
    customer payment   debit the bank or Undeposited Funds, credit receivables
    customer refund    debit receivables, credit the bank

An item's account is its income account; its deferred revenue account where the line carries a revenue recognition template. Taxes are
items of their own. Applications post nothing; nor do master data, and what is written to Zuora. Amounts are in the currency of the
transaction. An account that cannot be known stands as an empty id with what it would be the account of; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.sync.stand_ins import STAND_IN
from tallybridge.sync.step import CREATED, Request, SourceRecord, Write

ZERO = Decimal(0)
DOCUMENTS = {"invoice": 1, "creditMemo": -1}
"""Record types with item lines: +1 debits receivables."""
SETTLEMENTS = {"customerPayment": 1, "customerRefund": -1}
"""Record types that move money: +1 debits the bank."""
UNDEPOSITED = "undeposited"
"""Stands for the id of the account Undeposited Funds, which NetSuite does not name."""
TAX = "tax that NetSuite calculates"
UNKNOWN_AMOUNT = "a line without an amount"


@dataclass(frozen=True)
class Account:
    """A general ledger account. `id` "" where it is not known: then `name` says whose account it would be."""

    id: str
    name: str


@dataclass(frozen=True)
class ItemAccounts:
    """The accounts of an item, internal ids, "" where it has none."""

    income: str = ""
    deferred: str = ""


@dataclass(frozen=True)
class Posting:
    """One side of an entry. `period` is the accounting period's name, "" where the date lies in none; amounts in units of `currency`."""

    account: Account
    period: str
    currency: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO

    def to_json(self) -> list[Any]:
        return [self.account.id, self.account.name, self.period, self.currency, self.debit, self.credit]

    @classmethod
    def from_json(cls, row: Sequence[Any]) -> Posting:
        return cls(Account(row[0], row[1]), row[2], row[3], Decimal(row[4]), Decimal(row[5]))


@dataclass
class Books:
    """What is known of NetSuite's accounts. `receivable` is the id of the one receivables account, "" where there are several."""

    names: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, ItemAccounts] = field(default_factory=dict)
    receivable: str = ""
    periods: Sequence[Mapping[str, str]] = ()
    currencies: Mapping[str, str] = field(default_factory=dict)
    """ISO codes by internal id."""
    calculates_tax: bool = False

    def account(self, internal_id: str, otherwise: str) -> Account:
        """An account by its id, or one that is not known."""
        if not internal_id:
            return Account("", otherwise)
        if internal_id == UNDEPOSITED:
            return Account(internal_id, "Undeposited Funds")
        return Account(internal_id, self.names.get(internal_id, f"account {internal_id}"))

    def period_of(self, body: Mapping[str, Any]) -> str:
        """The name of the accounting period that a document posts in."""
        own, day = _id(body.get("postingPeriod")), str(body.get("tranDate") or "")
        for period in self.periods:
            if period["id"] == own if own else period["first"] <= day <= period["last"]:
                return period["periodname"]
        return ""


def postings(record: SourceRecord, plan: Write, books: Books, held: Mapping[str, Mapping[str, Any]]) -> list[Posting]:
    """What a plan posts. `held`: what NetSuite holds now of records that it changes, by internal id, as far as it was read."""
    requests = [request for stage in plan.stages for request in stage.requests]
    created = next((r for r in requests if r.record_id is None and r.record_type in (*DOCUMENTS, *SETTLEMENTS)), None)
    found: list[Posting] = []
    if created and created.record_type in DOCUMENTS:
        lines = [line for r in requests if r.record_id in (None, CREATED) for line in (r.body.get("item") or {}).get("items", ())]
        found += _document(record, created, lines, books)
    elif created:
        found += _settlement(record, created, books)
    for request in requests:
        if isinstance(request.record_id, str) and request.record_type in SETTLEMENTS and "payment" in request.body:
            found += _changed(record, request, books, held.get(request.record_id, {}))
    return [p for p in found if p.debit or p.credit or not p.account.id]


def _document(record: SourceRecord, request: Request, lines: Sequence[Mapping[str, Any]], books: Books) -> Iterator[Posting]:
    sign, post = DOCUMENTS[request.record_type], _Post(record, request.body, books)
    whole = abs(record.amount or ZERO)
    yield post.receivable(sign * whole, _id(request.body.get("account")))
    for line in lines:
        if line.get("amount") is None:
            yield post.of(books.account("", UNKNOWN_AMOUNT), ZERO)
        else:
            yield post.of(_account_of(line, books), -sign * Decimal(line["amount"]))
    if books.calculates_tax:
        yield post.of(books.account("", TAX), ZERO)


def _account_of(line: Mapping[str, Any], books: Books) -> Account:
    item = _id(line.get("item"))
    known, name = books.items.get(item, ItemAccounts()), "a new item" if STAND_IN.fullmatch(item) else f"item {item}"
    if _id(line.get("revRecSchedule")):
        return books.account(known.deferred, f"deferred revenue account of {name}")
    if known.deferred:  # by the item's own template, if it has one
        return books.account("", f"income or deferred revenue account of {name}")
    return books.account(known.income, f"income account of {name}")


def _settlement(record: SourceRecord, request: Request, books: Books) -> Iterator[Posting]:
    sign, post, body = SETTLEMENTS[request.record_type], _Post(record, request.body, books), request.body
    amount = sign * abs(Decimal(body["payment"]) if body.get("payment") is not None else record.amount or ZERO)
    yield post.money(amount, body)
    yield post.receivable(-amount, _id(body.get("arAcct")))


def _changed(record: SourceRecord, request: Request, books: Books, held: Mapping[str, Any]) -> Iterator[Posting]:
    """A payment whose amount changes: what is added or taken."""
    post, now = _Post(record, held, books), held.get("payment")
    if now is None:
        yield post.of(books.account("", f"payment {request.record_id}, whose amount was not read"), ZERO)
        return
    more = Decimal(request.body["payment"]) - Decimal(str(now))
    yield post.money(more, held)
    yield post.receivable(-more, _id(held.get("arAcct")))


class _Post:
    """Postings of one document."""

    def __init__(self, record: SourceRecord, body: Mapping[str, Any], books: Books) -> None:
        self.books = books
        self.period = books.period_of(body)
        self.currency = books.currencies.get(_id(body.get("currency")), "") or record.base or record.currency

    def of(self, account: Account, amount: Decimal) -> Posting:
        """A debit, or, negative, a credit."""
        return Posting(account, self.period, self.currency, max(amount, ZERO), max(-amount, ZERO))

    def receivable(self, amount: Decimal, account: str) -> Posting:
        return self.of(self.books.account(account or self.books.receivable, "receivables account of the customer"), amount)

    def money(self, amount: Decimal, body: Mapping[str, Any]) -> Posting:
        account = UNDEPOSITED if _id(body.get("undepFunds")) == "T" else _id(body.get("account"))
        return self.of(self.books.account(account, "account of the payment method"), amount)


def _id(reference: Any) -> str:
    """The id of a reference, as it is sent or read."""
    return str(reference.get("id") or "") if isinstance(reference, Mapping) else str(reference or "")


# -- sums ----------------------------------------------------------------------------------------------------------------

Key = tuple[str, str, str, str]
"""Account id, account name, period, currency."""


@dataclass
class Effect:
    """The sum of postings: debit, credit and number of lines by account, period and currency; `silent` counts records that would be
    written and post nothing."""

    sums: dict[Key, tuple[Decimal, Decimal, int]] = field(default_factory=dict)
    silent: int = 0

    def add(self, found: Sequence[Posting]) -> None:
        """Add the postings of one record that would be written."""
        self.silent += not found
        for p in found:
            self._add((p.account.id, p.account.name, p.period, p.currency), p.debit, p.credit, 1)

    def merge(self, other: Effect) -> None:
        self.silent += other.silent
        for key, sums in other.sums.items():
            self._add(key, *sums)

    def _add(self, key: Key, debit: Decimal, credit: Decimal, lines: int) -> None:
        before = self.sums.get(key, (ZERO, ZERO, 0))
        self.sums[key] = (before[0] + debit, before[1] + credit, before[2] + lines)

    def unknown(self) -> dict[str, tuple[int, Decimal]]:
        """By currency: how many lines have no known account, and what they amount to."""
        found: dict[str, tuple[int, Decimal]] = {}
        for (account, _, _, currency), (debit, credit, lines) in self.sums.items():
            if not account:
                count, amount = found.get(currency, (0, ZERO))
                found[currency] = (count + lines, amount + debit + credit)
        return found

    def off(self) -> dict[tuple[str, str], Decimal]:
        """By period and currency: debits less credits, where they are not equal."""
        found: dict[tuple[str, str], Decimal] = {}
        for (_, _, period, currency), (debit, credit, _) in self.sums.items():
            found[period, currency] = found.get((period, currency), ZERO) + debit - credit
        return {key: rest for key, rest in found.items() if rest}

    def to_json(self) -> dict[str, Any]:
        return {"silent": self.silent, "sums": [[*key, *sums] for key, sums in sorted(self.sums.items())]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Effect:
        sums = {(r[0], r[1], r[2], r[3]): (Decimal(r[4]), Decimal(r[5]), int(r[6])) for r in row["sums"]}
        return cls(sums, int(row["silent"]))
