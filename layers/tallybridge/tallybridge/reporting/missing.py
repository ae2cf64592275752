"""What was not brought over: per object type, never documents of opposite sign in one sum, and what that does to the receivables there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tallybridge.reporting.objects import destination, lowers, title
from tallybridge.reporting.words import count_text, listed, money_text
from tallybridge.sync.runlog import RunSummary

SHOWN = 6
"""Sums in the sentence; the control totals have all of them."""


@dataclass(frozen=True)
class Missing:
    """Documents of one type, currency and sign that the destination does not have. `amount` has no sign; `credit`: they lower
    receivables."""

    object: str
    currency: str
    count: int
    amount: Decimal
    credit: bool

    @property
    def name(self) -> str:
        """ "invoices", "negative invoices", "invoice item adjustments (credits)"."""
        what = title(self.object)
        what = what if what.startswith("NetSuite") else what[:1].lower() + what[1:]
        if self.object == "InvoiceItemAdjustment":
            return f"{what} ({'credits' if self.credit else 'charges'})"
        return f"negative {what}" if self.credit and not lowers(self.object) else what


def missing(summary: RunSummary) -> Iterator[Missing]:
    """Held and refused documents that the destination does not have, and such that a rule leaves out although they are due."""
    for total in summary.totals:
        for tally, credit in ((total.missing, False), (total.missing_credits, True)):
            if total.currency and tally.count:
                yield Missing(total.object, total.currency, tally.count, tally.amount, credit)
    for row in summary.left_out:
        if row.due and row.currency:
            yield Missing(row.object, row.currency, row.tally.count, abs(row.tally.amount), lowers(row.object))


def missing_text(summary: RunSummary) -> str:
    """ "Not brought over yet: invoices USD 120.00 and payments USD 30.00. NetSuite's receivables are USD 90.00 too low." """
    found = together(missing(summary))
    if not found:
        return ""
    sums = [f"{m.name} {money_text(m.amount, m.currency)}" for m in found]
    if len(sums) > SHOWN:
        sums = [*sums[:SHOWN], f"{count_text(len(sums) - SHOWN)} more"]
    return " ".join((f"Not brought over yet: {listed(sums)}.", *effects(found)))


def together(found: Iterable[Missing]) -> list[Missing]:
    """One entry per type, currency and sign."""
    known: dict[tuple[str, str, bool], Missing] = {}
    for m in found:
        before = known.get((m.object, m.currency, m.credit), Missing(m.object, m.currency, 0, Decimal(0), m.credit))
        known[m.object, m.currency, m.credit] = Missing(m.object, m.currency, before.count + m.count, before.amount + m.amount, m.credit)
    return list(known.values())


def effects(found: Iterable[Missing]) -> Iterator[str]:
    """What the missing documents do to the receivables of each destination, by currency."""
    sums: dict[str, dict[str, Decimal]] = {}
    for m in found:
        of = sums.setdefault(destination(m.object), {})
        of[m.currency] = of.get(m.currency, Decimal(0)) + (-m.amount if m.credit else m.amount)
    for there, by_currency in sums.items():
        parts = [f"{money_text(abs(a), c)} too {'low' if a > 0 else 'high'}" if a else f"right in {c}" for c, a in by_currency.items()]
        yield f"{there}'s receivables are {listed(parts)}."
