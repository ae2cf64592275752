"""Control totals and the outcome of a run (design: a run is green only if its control totals tie out to the cent)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from tallybridge.money import rounded
from tallybridge.reporting.objects import lowers, position
from tallybridge.reporting.off import ARRIVED, Off
from tallybridge.sync.runlog import ControlTotal, LeftOut, Outcome, RecordResult, RunOutcome, StepOutcome, StepReport, Tally

Line = tuple[str, str]
"""Object type and currency; "" for records without money."""


def control_totals(
    results: Iterable[RecordResult],
    held_by_destination: Mapping[Line, Tally | None],
    selected: Mapping[Line, Tally] | None = None,
    off: Mapping[Line, Off] | None = None,
    booked: Mapping[Line, str] | None = None,
) -> list[ControlTotal]:
    """One line per object type and currency, in the documented sequence, then by currency.

    `results` is read once and not kept. `held_by_destination` is what the destination says it holds of the records that were
    synced or already there; a line that is absent or None was not asked and stays unchecked. A line that stands only there is
    shown too: the destination then holds something nobody sent.

    `selected` is what the selection counted. Given, a record that was selected and left no result (or left two) throws its line
    out of balance; not given, the results themselves are taken as the selection. `off` are the records that the destination holds
    otherwise than they were sent; one of them is enough to throw its line out of balance. `booked` are the lines whose amounts NetSuite
    books in its base currency, with that currency.

    Amounts are summed as they are. Only the two sides of the comparison are rounded to the currency's precision: `expected`
    record by record, because that is how a destination stores them, and `destination` as a sum.
    """
    lines: dict[Line, ControlTotal] = {}
    for result in results:
        count(lines, result)
    return compared(lines, held_by_destination, selected, off, booked)


def compared(
    lines: dict[Line, ControlTotal],
    held_by_destination: Mapping[Line, Tally | None],
    selected: Mapping[Line, Tally] | None = None,
    off: Mapping[Line, Off] | None = None,
    booked: Mapping[Line, str] | None = None,
) -> list[ControlTotal]:
    """The lines of `control_totals` from results that are counted."""
    for key in [*(selected or {}), *(k for k, held in held_by_destination.items() if held is not None)]:
        lines.setdefault(key, ControlTotal(*key))
    seen = {name: place for place, name in enumerate(dict.fromkeys(name for name, _ in lines))}
    for key, total in lines.items():
        if selected is not None:
            total.selected = selected.get(key, Tally())
        _compare(total, held_by_destination.get(key), (off or {}).get(key, Off()))
        total.booked_in = (booked or {}).get(key, "")
    return [lines[key] for key in sorted(lines, key=lambda k: (position(k[0]), seen[k[0]], k[1]))]


def count(lines: dict[Line, ControlTotal], result: RecordResult) -> None:
    """Add one result to its line."""
    total = lines.setdefault((result.object, result.currency), ControlTotal(result.object, result.currency))
    bucket: Tally = getattr(total, result.outcome.value)
    bucket.add(result.amount)
    total.selected.add(result.amount)
    if result.outcome in (Outcome.HELD, Outcome.REFUSED) and not result.destination_id:
        credit = (result.amount or 0) < 0 or lowers(result.object, result.destination)
        (total.missing_credits if credit else total.missing).add(None if result.amount is None else abs(result.amount))
    if result.outcome in ARRIVED:
        total.expected.add(None if result.amount is None else rounded(result.amount, total.currency))


def _compare(total: ControlTotal, held: Tally | None, off: Off) -> None:
    if held is None:
        return
    total.checked, total.off_count, total.off = True, off.count, off.first
    amount = rounded(held.amount, total.currency) if total.currency else held.amount
    total.destination = Tally(held.count, amount)


def unverified(total: ControlTotal) -> bool:
    """Whether money arrived at the destination without the destination having been asked about it."""
    return bool(total.currency) and not total.checked and total.expected.count > 0


def unexplained(total: ControlTotal) -> Tally:
    """Selected less accounted for: records that left no result (positive) or more than one (negative)."""
    accounted = total.accounted
    return Tally(total.selected.count - accounted.count, total.selected.amount - accounted.amount)


def not_arrived(total: ControlTotal) -> Tally:
    """Held and refused: what a person or a later run still has to bring over."""
    return total.held.plus(total.refused)


def run_outcome(
    steps: Iterable[StepReport],
    totals: Iterable[ControlTotal],
    errors: Collection[object],
    dry_run: bool,
    left_out: Iterable[LeftOut] = (),
) -> RunOutcome:
    """How a run ended (operations.md section 4.4).

    failed: a step failed, or the run has an error. out of balance: a control total does not tie out. partly done: the run's time did not
    suffice for all that was selected, and what was done ties out. completed with warnings:
    a step has warnings, records are held, refused or left out although they are due, money arrived that the destination was not asked
    about, or NetSuite books it in another currency.
    A dry run writes nothing, so there the destination is not compared.
    """
    steps, totals = list(steps), list(totals)
    if errors or any(s.outcome is StepOutcome.FAILED for s in steps):
        return RunOutcome.FAILED
    if not all(t.adds_up if dry_run else t.agrees for t in totals):
        return RunOutcome.OUT_OF_BALANCE
    if any(s.outcome is StepOutcome.PARTLY for s in steps):
        return RunOutcome.PARTLY
    warned = any(s.outcome is StepOutcome.WARNINGS or s.warnings or s.held or s.refused for s in steps)
    short = any(t.booked_in or not_arrived(t).count or (unverified(t) and not dry_run) for t in totals)
    if warned or short or any(row.due for row in left_out):
        return RunOutcome.WARNINGS
    return RunOutcome.COMPLETED


def differences(totals: Iterable[ControlTotal]) -> dict[str, Decimal]:
    """By currency: how much more (positive) or less the destinations hold than they should, zero sums left out."""
    sums: dict[str, Decimal] = {}
    for total in totals:
        if total.checked and total.difference:
            sums[total.currency] = sums.get(total.currency, Decimal(0)) + total.difference
    return {currency: amount for currency, amount in sums.items() if amount}


def not_arrived_in(totals: Iterable[ControlTotal]) -> Tally:
    """Held and refused records of all lines; the amount is meaningless, as currencies are mixed."""
    found = Tally()
    for line in totals:
        found = found.plus(not_arrived(line))
    return found
