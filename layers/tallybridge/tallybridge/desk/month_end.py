"""Month-end: whether a period is complete. What is dated in it and not on the other side, with what that does to the receivables; what is
there and not in order; what was proved, and what nobody has looked at since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from tallybridge.desk.periods import Period
from tallybridge.desk.standing import last_summary, lock_of
from tallybridge.desk.target import Target
from tallybridge.reporting.missing import Missing, effects, together
from tallybridge.reporting.objects import destination, lowers, position, title
from tallybridge.reporting.words import left_out_words, listed, money_text, plural, utc_text
from tallybridge.sync.drift import Drift
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.periods import Count, Line, Standing, count_of
from tallybridge.sync.runlog import BROKEN_OFF, LeftOut, RunSummary, Tally
from tallybridge.tasks.drift import ZUORA as LOOKED_IN_ZUORA
from tallybridge.tasks.drift import drift_in, drift_items
from tallybridge.tasks.steps import STEPS, step_class

THERE = (Standing.PROVED, Standing.BOOKED, Standing.UNPROVED)
NOT_THERE = (Standing.MISSING, Standing.IGNORED)
PERIOD_CODE = "-PERIOD"
"""How the codes of holds end that a closed accounting period causes."""
WHY = {
    Standing.MISSING: "not in {there}",
    Standing.IGNORED: "not in {there}: people have said that they are not to be sent",
    Standing.PARTLY: "in {there} and not in order",
    Standing.UNFINISHED: "unfinished: a run was interrupted; the next one settles them",
    Standing.UNPROVED: "in {there}, and nobody has compared their money",
    Standing.BOOKED: "booked in NetSuite's base currency; the figures agree and the currencies do not",
}
KEYS = {Standing.IGNORED: "IGNORED", Standing.UNFINISHED: "UNFINISHED", Standing.UNPROVED: "NOT-COMPARED", Standing.BOOKED: "BASE-CURRENCY"}
"""Keys of open points that have no code of their own."""


@dataclass(frozen=True)
class Point:
    """Something that is open: `key` names it, so that it can be confirmed; `step` and `code` lead to its records, "" where there
    are none. `sums` are amounts by currency: ["USD 120.00"]."""

    key: str
    text: str
    count: int = 0
    sums: tuple[str, ...] = ()
    step: str = ""
    code: str = ""
    closed_period: bool = False
    missing: bool = False
    """Its documents are not on the other side."""


@dataclass(frozen=True)
class Row:
    """Documents of one type, currency and sign: `effect` is what the missing ones lack in receivables at the destination (none: they
    have no money), below zero where they lower them."""

    object: str
    name: str
    currency: str
    tallies: Mapping[Standing, Tally]
    credit: bool = False

    def of(self, *standings: Standing) -> Tally:
        found = Tally()
        for each in standings:
            found = found.plus(self.tallies.get(each, Tally()))
        return found

    @property
    def effect(self) -> Decimal:
        amount = self.of(*NOT_THERE).amount
        return -amount if self.credit else amount

    def to_json(self) -> dict[str, Any]:
        known = {"there": THERE, "proved": (Standing.PROVED,), "not_in_order": (Standing.PARTLY, Standing.UNFINISHED)}
        known |= {"missing": NOT_THERE, "not_due": (Standing.NOT_DUE,)}
        tallies = {name: self.of(*standings).to_json() for name, standings in known.items()}
        return {"object": self.object, "name": self.name, "currency": self.currency, **tallies, "effect": self.effect}


@dataclass(frozen=True)
class MonthEnd:
    """A period as it stands. `looked` is when both sides were last looked at for changes, `run_id` that of the last run (ISO 8601 UTC, ""
    for never); `running` says that a run is in progress, whose records are on their way."""

    period: Period
    count: Count
    points: tuple[Point, ...]
    drift: tuple[Drift, ...] = ()
    looked: str = ""
    run_id: str = ""
    running: str = ""
    rows: tuple[Row, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """What rules have left out in the last run, of all periods."""

    @property
    def complete(self) -> bool:
        return not self.points

    @property
    def headline(self) -> str:
        """Whether the period is complete, in a sentence."""
        there = sum(row.of(*THERE).count for row in self.rows)
        if self.complete and not there:
            return f"{self.period.name}: nothing is dated in it that a run has met."
        if self.complete:
            return f"{self.period.name} is complete: {plural(there, 'document')} on both sides, the money compared."
        return f"{self.period.name} is not complete: {self.summed}."

    @property
    def summed(self) -> str:
        """What is missing and what is open beside it: "3 documents are missing, 2 more points are open"."""
        missing = sum(row.of(*NOT_THERE).count for row in self.rows)
        rest = sum(1 for point in self.points if not point.missing)
        parts = [f"{plural(missing, 'document')} {'is' if missing == 1 else 'are'} missing"] if missing else []
        parts += [f"{plural(rest, 'more point' if missing else 'point')} {'is' if rest == 1 else 'are'} open"] if rest else []
        return ", ".join(parts)

    @property
    def effects(self) -> list[str]:
        """What the missing documents do to the receivables of each destination."""
        missing = (Missing(r.object, r.currency, (t := r.of(*NOT_THERE)).count, t.amount, r.credit) for r in self.rows if r.currency)
        return list(effects(together(m for m in missing if m.count)))

    @property
    def posted_later(self) -> list[str]:
        """Documents that are dated in the period and posted in another."""
        sums = _sums((line.posted, line.currency, tally) for line, tally in self.count.lines.items() if line.posted)
        return [f"{plural(count, 'document')} ({listed(money)}) posted in {name}" for name, (count, money) in sums.items()]

    @property
    def not_due(self) -> str:
        """What was held or refused and is not due any more, in a sentence; "" where there is nothing."""
        count = sum(row.of(Standing.NOT_DUE).count for row in self.rows)
        why = "cancelled or set to Ignore where they come from, or a rule leaves them out now"
        return f"{plural(count, 'document')} once held {'is' if count == 1 else 'are'} not due any more: {why}." if count else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "period": self.period.to_json(),
            "complete": self.complete,
            "headline": self.headline,
            "rows": [row.to_json() for row in self.rows],
            "effects": self.effects,
            "points": [asdict(point) for point in self.points],
            "named": [asdict(each) for each in self.count.named],
            "posted_later": self.posted_later,
            "not_due": self.not_due,
            "left_out": [{"code": row.code, "due": row.due, "text": left_out_text(row)} for row in self.left_out],
            "drift": [each.to_json() for each in self.drift],
            "looked": self.looked,
            "run_id": self.run_id,
            "running": self.running,
            "moved_last": self.count.moved_last,
        }


def left_out_text(row: LeftOut) -> str:
    """ "Invoices: 3 records (USD 120.00) are left out: Sync to NetSuite says No. ..." """
    return f"{title(row.object)}: {left_out_words(row)}"


def month_end(target: Target, period: Period, check_time: Callable[[], None] = lambda: None) -> MonthEnd:
    """How a period stands. Few small reads where its months are counted; else their documents are gone through once, as long as
    `check_time` does not raise."""
    summary, count = last_summary(target), counted_in(target, period, check_time)
    drift = tuple(_drift_in(target.ledger, period)) if _may_have_drift(summary) else ()
    looked = target.runs.watermark(LOOKED_IN_ZUORA).get("looked", "")
    points = (*_of_documents(count), *_of_drift(drift), *_of_runs(target, period, summary, looked))
    lock = lock_of(target)
    ids = summary.run_id if summary else "", lock.run_id if lock else ""
    left_out = tuple(summary.left_out) if summary else ()
    return MonthEnd(period, count, points, drift, looked, *ids, tuple(rows_of(count)), left_out)


def counted_in(target: Target, period: Period, check_time: Callable[[], None]) -> Count:
    """The documents that are dated in a period, counted."""
    found = Count()
    for month in period.months:
        found = found.plus(count_of(target.ledger, target.runs, month, check_time))
    return found.between(period.first, period.last)


def rows_of(count: Count) -> list[Row]:
    """By type, currency and sign, in the order of the sync."""
    found: dict[tuple[str, str, bool], dict[Standing, Tally]] = {}
    for line, tally in count.lines.items():
        tallies = found.setdefault((line.object, line.currency, _is_credit(line)), {})
        tallies[line.standing] = tallies.get(line.standing, Tally()).plus(tally)
    kinds = sorted(found, key=lambda of: (position(of[0]), of))
    return [Row(kind, _name(kind, credit), currency, found[kind, currency, credit], credit) for kind, currency, credit in kinds]


def _is_credit(line: Line) -> bool:
    """Whether documents of a line lower the receivables of their destination."""
    return line.credit or lowers(line.object, line.record_type)


def _name(kind: str, credit: bool) -> str:
    name = Missing(kind, "", 0, Decimal(0), credit).name
    return name[:1].upper() + name[1:]


def _of_documents(count: Count) -> Iterator[Point]:
    """What is open by what is wrong: a point for each step and code, the most documents first."""
    groups: dict[tuple[Standing, str, str, str], list[tuple[Line, Tally]]] = {}
    for line, tally in count.lines.items():
        if line.standing in WHY:
            code = line.code if line.standing in (Standing.MISSING, Standing.PARTLY) else ""
            groups.setdefault((line.standing, line.step, line.object, code), []).append((line, tally))
    order = list(WHY)
    for (where, step, kind, code), of in sorted(groups.items(), key=lambda g: (order.index(g[0][0]), -_records(g[1]), g[0])):
        ((_, (number, sums)),) = _sums(("", line.currency, tally) for line, tally in of).items()
        what = _in_a_sentence(step_class(step).object_label if number == 1 and step in STEPS else title(kind))
        there = WHY[where].format(there=destination(kind))
        text = f"{plural(number, what, what)}{f' ({listed(sums)})' if sums else ''} {there}{f': {code}' if code else ''}."
        key = code or f"{KEYS[where]}-{kind}"
        closed, missing = code.endswith(PERIOD_CODE), where in NOT_THERE
        yield Point(key, text, number, tuple(sums), step if code else "", code, closed, missing)


def _in_a_sentence(name: str) -> str:
    return name if name.startswith("NetSuite") else name[:1].lower() + name[1:]


def _records(of: Iterable[tuple[Line, Tally]]) -> int:
    return sum(tally.count for _, tally in of)


def _sums(of: Iterable[tuple[str, str, Tally]]) -> dict[str, tuple[int, list[str]]]:
    """By name: how many, and the sums by currency in words."""
    found: dict[str, dict[str, Tally]] = {}
    for name, currency, tally in of:
        sums = found.setdefault(name, {})
        sums[currency] = sums.get(currency, Tally()).plus(tally)
    return {
        name: (sum(t.count for t in sums.values()), [money_text(t.amount, c) for c, t in sorted(sums.items()) if c])
        for name, sums in sorted(found.items())
    }


def _may_have_drift(summary: RunSummary | None) -> bool:
    """Whether there may be open drift: a whole run that came to its end tells all of it, and nothing but a whole run finds any."""
    return summary is None or summary.outcome in BROKEN_OFF or summary.drifted > 0


def _drift_in(ledger: Ledger, period: Period) -> Iterator[Drift]:
    """The open drift of documents that are dated in a period."""
    items = {str(item["id"]).partition("#")[2]: item for item in drift_items(ledger)}
    for key, record in ledger.read(list(items)).items():
        if period.holds(str(record.get("document_date", ""))):
            yield drift_in(items[key])


def _of_drift(drift: Iterable[Drift]) -> Iterator[Point]:
    by_code: dict[str, list[Drift]] = {}
    for each in drift:
        by_code.setdefault(each.code, []).append(each)
    for code, of in sorted(by_code.items()):
        named = listed([each.number for each in of[:3]] + ([f"{len(of) - 3} more"] if len(of) > 3 else []))
        yield Point(code, f"{plural(len(of), 'document')} changed on one side after the sync: {named}.", len(of))


def _of_runs(target: Target, period: Period, summary: RunSummary | None, looked: str) -> Iterator[Point]:
    """What speaks against the period whatever its documents say."""
    is_over = period.is_over(target.clock.now())
    if not is_over:
        yield Point("NOT-OVER", f"{period.name} is not over yet: further documents may be dated in it.")
    if summary is None:
        yield Point("NO-RUN", "No run has ended yet, so that nothing is known of what is due.")
        return
    if not summary.tied_out:
        yield Point("OUT-OF-BALANCE", f"The last run ({summary.run_id}) did not tie out{_off(summary)}.")
    if not looked:
        yield Point("NOT-LOOKED", "No whole run has looked at both sides yet.")
    elif is_over and looked[:10] <= period.last:
        yield Point("NOT-LOOKED", f"Both sides were last looked at on {utc_text(looked)}, before {period.name} was over.")
    for row in summary.left_out:
        if row.due:
            sums = (money_text(row.tally.amount, row.currency),) if row.currency else ()
            what = f"{plural(row.tally.count, 'record')} of {title(row.object)}{f' ({sums[0]})' if sums else ''}"
            yield Point(row.code, f"{what} left out by a rule although due, of all periods: {row.reason}.", row.tally.count, sums)
    before = target.runs.undated_before()
    if before and period.first <= before[:10]:
        text = f"The ledger keeps the dates of documents since {utc_text(before)}; what was synced before is in no period."
        yield Point("UNDATED", text)


def _off(summary: RunSummary) -> str:
    named = [record.number for total in summary.totals for record in total.off]
    return f": {listed(named[:3])}{' and others' if len(named) > 3 else ''} differ" if named else ""
