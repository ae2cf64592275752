"""A run in as few words as a phone shows at once: whether all is over, what money is missing, what goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator

from tallybridge.errors import AWAY
from tallybridge.reporting.causes import holds_text
from tallybridge.reporting.messages import waiting_records
from tallybridge.reporting.missing import Missing, missing, together
from tallybridge.reporting.objects import is_revenue, title
from tallybridge.reporting.totals import unverified
from tallybridge.reporting.verdict import off_totals
from tallybridge.reporting.words import amount_text, count_text, listed, minute_text, plural
from tallybridge.sync.runlog import BROKEN_OFF, Holds, Level, RunOutcome, RunSummary

CURRENCIES = 4
"""Currencies in the mail; the others are counted."""
TYPES = 3
"""Object types with each of them."""


def complete_text(summary: RunSummary) -> str:
    """Whether everything that was due when the run began is on the other side; "" for runs that cannot tell."""
    if summary.dry_run or is_revenue(summary.job) or summary.outcome in (RunOutcome.SKIPPED, RunOutcome.RUNNING):
        return ""
    until = minute_text(summary.started)
    if summary.outcome in BROKEN_OFF:
        return f"Not known whether complete up to {until}: the run did not come to its end."
    left = sum(step.left for step in summary.steps)
    parts = [plural(summary.due, "record is missing", "records are missing")] if summary.due else []
    parts += [f"{count_text(left)} not taken up yet"] if left else []
    parts += [f"{plural(summary.drifted, 'record')} changed after the sync"] if summary.drifted else []
    off = len(off_totals(summary))
    parts += [plural(off, "total does not tie out", "totals do not tie out")] if off else []
    if parts or summary.outcome is RunOutcome.PARTLY:
        return f"Not complete up to {until}: {listed(parts) or 'the run used up its time'}."
    doubt = ", as figures only" if any(t.booked_in for t in summary.totals) else ""
    doubt = doubt or (", not compared in full" if any(unverified(t) for t in summary.totals) else "")
    return f"Complete up to {until}{doubt}."


def money_lines(summary: RunSummary) -> list[str]:
    """What is missing, a line per currency, those with most documents first: "Missing USD: invoices 120.00, payments 30.00". For the
    revenue connector a line per object: "Orders: 2 of 3 rows staged"."""
    if is_revenue(summary.job):
        return [f"{title(t.object)}: {count_text(t.synced.count)} of {plural(t.selected.count, 'row')} staged" for t in summary.totals]
    by_currency: dict[str, list[Missing]] = {}
    for each in together(missing(summary)):
        by_currency.setdefault(each.currency, []).append(each)
    ranked = sorted(by_currency.items(), key=lambda pair: (-sum(m.count for m in pair[1]), pair[0]))
    lines = [f"Missing {currency}: {_sums(found)}" for currency, found in ranked[:CURRENCIES]]
    return [*lines, *([f"{len(ranked) - CURRENCIES} more currencies"] if len(ranked) > CURRENCIES else [])]


def _sums(found: list[Missing]) -> str:
    sums = [f"{m.name} {amount_text(m.amount, m.currency)}" for m in found]
    return ", ".join([*sums[:TYPES], *([f"{len(sums) - TYPES} more"] if len(sums) > TYPES else [])])


def heals_text(summary: RunSummary) -> str:
    """What goes on without anybody, in a line; "" where there is nothing."""
    return " ".join(_healing(summary))


def _healing(summary: RunSummary) -> Iterator[str]:
    waiting: dict[tuple[str, str], Holds] = {}
    for held in (held for cause in summary.causes for held in cause.waiting):
        known = waiting.setdefault((held.object, held.currency), Holds(held.object, held.currency))
        known.count, known.amount = known.count + held.count, known.amount + abs(held.amount)
    if waiting:
        one = sum(held.count for held in waiting.values()) == 1
        yield f"{holds_text(waiting.values())} only {'waits and follows' if one else 'wait and follow'}."
    elif not summary.causes and (count := waiting_records(summary.messages)):
        yield f"{plural(count, 'record')} only {'waits and follows' if count == 1 else 'wait and follow'}."
    if summary.outcome is RunOutcome.PARTLY:
        yield "The next run goes on where this one stopped."
    if unfinished := sum(t.unfinished.count for t in summary.totals if not is_revenue(summary.job)):
        yield f"The next run looks up {plural(unfinished, 'record')} whose outcome is not known."
    if any(m.code.endswith(AWAY) for m in summary.messages if m.level is Level.ERROR):
        yield "The next run tries again whether the service answers."
