"""Invoices outside the bill runs: the ones that somebody got wrong, and the ones that the other documents of the tenant are about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sandbox.demo.accounts import NOT_SYNCED, UNKNOWN_TERM
from sandbox.demo.billing import Invoice

BEFORE_CUTOVER, CUTOVER = "before the cutover", date(2026, 1, 15)
"""The invoice that NetSuite has from before, and the day from which on the sync takes invoices."""
SPECIAL: tuple[tuple[date, int, str], ...] = (
    (date(2026, 1, 8), 1, BEFORE_CUTOVER),
    (date(2026, 1, 28), 2, "closed period"),
    (date(2026, 3, 12), 4, "no tax item"),
    (date(2026, 3, 16), 10, "zero total"),
    (date(2026, 4, 1), UNKNOWN_TERM, "unsynced account"),
    (date(2026, 4, 1), NOT_SYNCED, "not to be synced"),
    (date(2026, 4, 14), 5, "unsynced charge"),
    (date(2026, 4, 20), 7, "wrong sum"),
    (date(2026, 4, 22), 3, "negative"),
    (date(2026, 4, 24), 8, "negative"),
    (date(2026, 4, 30), 6, "canceled"),
    (date(2026, 5, 5), 1, "to credit"),
    (date(2026, 5, 5), 3, "to credit in part"),
    (date(2026, 5, 6), 4, "to reverse"),
    (date(2026, 5, 6), 5, "to charge"),
    (date(2026, 5, 7), 2, "paid in NetSuite"),
    (date(2026, 5, 7), 7, "paid in both"),
    (date(2026, 5, 8), 10, "paid in cash"),
    (date(2026, 5, 8), 5, "credited in NetSuite"),
    (date(2026, 5, 9), 1, "credited together"),
    (date(2026, 5, 9), 1, "credited together"),
    (date(2026, 5, 12), 2, "refunded"),
    (date(2026, 5, 12), 8, "overpaid"),
    (date(2026, 5, 12), 1, "refunded in NetSuite"),
    (date(2026, 5, 13), 8, "to settle"),
    (date(2026, 5, 31), 1, "draft"),
    (date(2026, 6, 1), 2, "other currency"),
    (date(2026, 6, 1), 4, "lost cent"),
)
"""Day, account, and what is special about the invoice."""
WRONG = {
    "closed period": ("INV-PERIOD", "The invoice is dated in January 2026, and that accounting period is closed in NetSuite."),
    "no tax item": ("INV-V3", "Its tax code has no accounting code, so there is no NetSuite item for the tax line."),
    "unsynced account": ("INV-V1", "Its account is not in NetSuite, because of the payment term of the account."),
    "unsynced charge": ("INV-V2", 'It bills the charge "Cold Storage", which is not in NetSuite because it lacks an item type.'),
    "wrong sum": ("INV-V9", "The lines add up to 25.00 less than the amount of the invoice."),
    "other currency": ("INV-CURRENCY", "It is in EUR, while its account and the NetSuite customer have USD alone."),
    "lost cent": ("INV-ROUNDING", "Three lines of 33.333, 33.333 and 33.334: kept with two digits, as NetSuite does, they lack a cent."),
    "negative": ("INV-NEGATIVE", "A negative invoice of a tenant with Invoice Settlement: it would have to be a credit memo."),
}
"""Code of the message and what is wrong, by what is special."""


def fill(kind: str, invoice: Invoice) -> None:
    """Give a special invoice its lines."""
    FILL.get(kind, _small)(invoice)


def _small(invoice: Invoice) -> None:
    invoice.bill("training")


def _no_tax_item(invoice: Invoice) -> None:
    invoice.bill("gateway", 1)
    del invoice.taxes[0]["AccountingCode"]


def _zero_total(invoice: Invoice) -> None:
    invoice.bill("platform", 1)
    invoice.discount(100, invoice.amount)
    invoice.comments = 'Free month, as agreed with W. Nakamura ("pilot, 2nd term")'


def _unsynced_charge(invoice: Invoice) -> None:
    invoice.bill("licences", 2)
    invoice.bill("storage", 750)


def _wrong_sum(invoice: Invoice) -> None:
    invoice.bill("training")
    invoice.amount += 25


def _negative(invoice: Invoice) -> None:
    key = "connector" if "connector" in invoice.subscribed.charges else "licences"
    invoice.bill(key, 2, price=Decimal("-61.75"))
    invoice.comments = "Two units returned"


def _canceled(invoice: Invoice) -> None:
    _small(invoice)
    invoice.status = "Canceled"


def _other_currency(invoice: Invoice) -> None:
    invoice.bill_in_parts("training", Decimal("1190.75"))
    invoice.currency = "EUR"


def _lost_cent(invoice: Invoice) -> None:
    invoice.bill_in_parts("training", *map(Decimal, ("33.333", "33.333", "33.334")))


def _draft(invoice: Invoice) -> None:
    _small(invoice)
    invoice.status = "Draft"


FILL: dict[str, Callable[[Invoice], None]] = {
    "no tax item": _no_tax_item,
    "zero total": _zero_total,
    "unsynced charge": _unsynced_charge,
    "wrong sum": _wrong_sum,
    "negative": _negative,
    "canceled": _canceled,
    "draft": _draft,
    "other currency": _other_currency,
    "lost cent": _lost_cent,
}
