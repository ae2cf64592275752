"""Records that changed on one side after their sync, as report, mail and answers show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tallybridge.reporting import objects
from tallybridge.reporting.words import clean, money_text, utc_text
from tallybridge.sync.drift import Drift
from tallybridge.sync.runlog import Holds, RunSummary

LISTED = 1_000
"""Records of a run that summary and report list; the log has all of them."""


def keep_first(summary: RunSummary, drift: Sequence[Drift]) -> None:
    """Put into a summary what has drifted: the first records, and what there is beyond them."""
    beyond: dict[tuple[str, str], Holds] = {}
    for each in drift[LISTED:]:
        currency = "" if each.amount is None else each.currency
        held = beyond.setdefault((each.object, currency), Holds(each.object, currency))
        held.count, held.amount = held.count + 1, held.amount + abs(each.amount or Decimal(0))
    summary.drift, summary.drift_beyond = list(drift[:LISTED]), list(beyond.values())


@dataclass(frozen=True)
class DriftRow:
    """A record that changed on one side after its sync: its object type, what is at stake, what happened, the next step, since when."""

    title: str
    number: str
    amount: str
    code: str
    text: str
    advice: str
    since: str


def drift_rows(summary: RunSummary) -> list[DriftRow]:
    """The drift of the run, the largest amounts first within an object type."""
    found = sorted(summary.drift, key=lambda d: (objects.position(d.object), -abs(d.amount or Decimal(0)), d.number))
    return [
        DriftRow(
            objects.title(d.object),
            clean(d.number),
            "" if d.amount is None else money_text(d.amount, d.currency),
            d.code,
            clean(d.message),
            clean(d.advice),
            utc_text(d.since) if d.since else "",
        )
        for d in found
    ]


def drift_sums(summary: RunSummary) -> list[str]:
    """What the drifted records amount to, by currency: ["USD 160.00", "EUR 5.00"]."""
    sums: dict[str, Decimal] = {}
    for drift in summary.drift:
        if drift.amount is not None:
            sums[drift.currency] = sums.get(drift.currency, Decimal(0)) + abs(drift.amount)
    for held in summary.drift_beyond:
        if held.currency:
            sums[held.currency] = sums.get(held.currency, Decimal(0)) + held.amount
    return [money_text(amount, currency) for currency, amount in sums.items()]
