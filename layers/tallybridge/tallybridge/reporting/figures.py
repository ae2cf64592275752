"""The figures of a run as rows that page and mail show alike: control totals, what happened per step, counters of the steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tallybridge.reporting import objects
from tallybridge.reporting.answers import Tone
from tallybridge.reporting.verdict import off_text
from tallybridge.reporting.words import amount_text, clean, clock_text, count_text, duration_text, money_text, utc_text
from tallybridge.sync.runlog import ControlTotal, RunSummary, StepOutcome, StepReport, Tally

NONE = "\u2013"


@dataclass(frozen=True)
class Figure:
    """One cell of the control totals. `main` is the amount (the count for records without money), `side` the count beside it."""

    label: str
    main: str
    side: str
    zero: bool = False
    tone: Tone | None = None


@dataclass(frozen=True)
class TotalRow:
    title: str
    currency: str
    figures: tuple[Figure, ...]
    expected: str
    mark: str
    tone: Tone
    reason: str


@dataclass(frozen=True)
class TotalGroup:
    """The lines that go to one destination."""

    heading: str
    holds: str
    rows: tuple[TotalRow, ...]


@dataclass(frozen=True)
class Part:
    """One segment of a bar: `key` names its colour, `x` and `width` are per cent of the bar."""

    key: str
    label: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    title: str
    selected: int
    parts: tuple[Part, ...]

    @property
    def words(self) -> str:
        return ", ".join(f"{count_text(p.count)} {p.label}" for p in self.parts)


@dataclass(frozen=True)
class StepRow:
    title: str
    direction: str
    state: str
    tone: Tone
    message: str
    counters: tuple[tuple[str, int], ...]
    started: str
    took: str


LABELS = {
    "synced": "synced",
    "already": "already there",
    "held": "held",
    "refused": "refused",
    "unfinished": "unfinished",
    "skipped": "set aside",
}
"""The outcomes of a record in the order in which they are shown."""

_ALWAYS = ("synced", "already", "held", "refused")
_MARKS = {Tone.GOOD: "Ties out", Tone.BAD: "Does not tie out", Tone.WATCH: "Not compared", Tone.QUIET: "Adds up"}
_STEP_TONES = {
    StepOutcome.COMPLETED: Tone.GOOD,
    StepOutcome.WARNINGS: Tone.WATCH,
    StepOutcome.PARTLY: Tone.WATCH,
    StepOutcome.FAILED: Tone.BAD,
    StepOutcome.SKIPPED: Tone.QUIET,
}
_COUNTERS = ("selected", "created", "updated", "linked", "held", "refused", "warnings")
_COUNTERS_IF_ANY = ("recovered", "unchanged", "skipped", "unfinished", "left")
_FILES = {
    "report": "Report",
    "log": "Log",
    "summary": "Summary",
    "summary_csv": "Control totals as CSV",
    "steps_csv": "Step counters as CSV",
    "mail": "Mail",
}
_LEAST_WIDTH = 1.6
"""Per cent of a bar that even a single record gets, so that it can be seen."""


def outcomes_shown(totals: Iterable[ControlTotal]) -> tuple[str, ...]:
    """The outcomes that get a column: the usual four always, the others if any record has them."""
    lines = list(totals)
    return tuple(key for key in LABELS if key in _ALWAYS or any(getattr(t, key).count for t in lines))


def total_groups(summary: RunSummary) -> list[TotalGroup]:
    """The control totals by destination, each group in the order of the totals."""
    columns = outcomes_shown(summary.totals)
    groups: dict[str, list[TotalRow]] = {}
    for total in summary.totals:
        there = objects.destination(total.object, summary.job)
        groups.setdefault(there, []).append(_total_row(total, columns, there, summary))
    return [TotalGroup(_heading(there), f"{_capital(there)} holds", tuple(rows)) for there, rows in groups.items()]


def _heading(there: str) -> str:
    return {"NetSuite": "Zuora to NetSuite", "Zuora": "NetSuite to Zuora", "Zuora Revenue": "NetSuite to Zuora Revenue"}.get(
        there, f"To {there}"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _total_row(total: ControlTotal, columns: tuple[str, ...], there: str, summary: RunSummary) -> TotalRow:
    tone = _total_tone(total, summary.dry_run)
    figures = [_figure("Selected", total.selected, total.currency)]
    figures += [_figure(_capital(LABELS[key]), getattr(total, key), total.currency) for key in columns]
    figures += _comparison(total, f"{_capital(there)} holds")
    reason, mark = off_text(total, summary.job) if tone is Tone.BAD else "", _MARKS[tone]
    if total.booked_in and tone is Tone.WATCH:
        reason, mark = f"NetSuite books {total.currency} in {total.booked_in}, its base currency", f"Booked in {total.booked_in}"
    expected = _figure("Expected", total.expected, total.currency).main
    return TotalRow(objects.title(total.object), clean(total.currency), tuple(figures), expected, mark, tone, reason)


def _total_tone(total: ControlTotal, dry_run: bool) -> Tone:
    if not (total.adds_up if dry_run else total.agrees):
        return Tone.BAD
    if total.booked_in:
        return Tone.WATCH
    if total.checked and not dry_run:
        return Tone.GOOD
    return Tone.WATCH if total.currency and total.expected.count and not dry_run else Tone.QUIET


def _figure(label: str, tally: Tally, currency: str, tone: Tone | None = None) -> Figure:
    if not currency:
        return Figure(label, count_text(tally.count), "", not tally.count, tone)
    zero = not tally.count and not tally.amount
    return Figure(label, amount_text(tally.amount, currency), "" if zero else count_text(tally.count), zero, tone)


def _comparison(total: ControlTotal, holds: str) -> list[Figure]:
    if not total.checked:
        return [Figure(holds, "not asked", "", True), Figure("Difference", NONE, "", True)]
    gap = Tally(total.destination.count - total.expected.count, total.difference)
    wrong = Tone.BAD if gap != Tally() else None
    held = _figure(holds, total.destination, total.currency)
    difference = _figure("Difference", gap, total.currency, wrong)
    return [held, difference if wrong else Figure("Difference", difference.main, "", True)]


def bars(summary: RunSummary) -> list[Bar]:
    """What became of the selected records of every step that selected any."""
    return [_bar(s) for s in summary.steps if s.selected]


def _bar(step: StepReport) -> Bar:
    counts = {
        "synced": step.created + step.updated,
        "already": step.linked + step.recovered + step.unchanged,
        "held": step.held,
        "refused": step.refused,
        "unfinished": step.unfinished,
        "skipped": step.skipped,
    }
    present = {key: count for key, count in counts.items() if count > 0}
    whole = sum(present.values())
    widths = {key: max(_LEAST_WIDTH, 100 * count / whole) for key, count in present.items()}
    scale = 100 / sum(widths.values()) if widths else 1
    parts, x = [], 0.0
    for key, count in present.items():
        width = widths[key] * scale
        parts.append(Part(key, LABELS[key], count, round(x, 3), round(width, 3)))
        x += width
    return Bar(clean(step.title or step.step), step.selected, tuple(parts))


def counter_names(summary: RunSummary) -> tuple[str, ...]:
    """The documented counters always, the finer ones if a step has them."""
    return _COUNTERS[:4] + tuple(n for n in _COUNTERS_IF_ANY if any(getattr(s, n) for s in summary.steps)) + _COUNTERS[4:]


def step_rows(summary: RunSummary) -> list[StepRow]:
    """Every step of the run, in order."""
    names = counter_names(summary)
    return [
        StepRow(
            title=clean(s.title or s.step),
            direction=clean(s.direction).replace("->", "to"),
            state=str(s.outcome),
            tone=_STEP_TONES[s.outcome],
            message=clean(s.message),
            counters=tuple((name, getattr(s, name)) for name in names),
            started=clock_text(s.started),
            took=duration_text(s.started, s.ended),
        )
        for s in summary.steps
    ]


@dataclass(frozen=True)
class LeftOutRow:
    """What one rule leaves out of one step: how many, what they amount to, why, and the first of them."""

    title: str
    count: int
    amount: str
    code: str
    reason: str
    names: tuple[str, ...]
    more: int


def left_out_rows(summary: RunSummary) -> list[LeftOutRow]:
    """What documented rules leave out and nothing is due for, step by step in the order of the run; what is due stands with the causes."""
    titles = step_titles(summary)
    return [
        LeftOutRow(
            titles.get(row.step, objects.title(row.object)),
            row.tally.count,
            money_text(row.tally.amount, row.currency) if row.currency else "",
            row.code,
            row.reason,
            tuple(clean(name) for name in row.first),
            row.tally.count - len(row.first),
        )
        for row in summary.left_out
        if not row.due
    ]


def files(summary: RunSummary) -> list[tuple[str, str]]:
    """What the run left in storage: a label and its key, the known ones first."""
    known = [(label, summary.keys[key]) for key, label in _FILES.items() if summary.keys.get(key)]
    return known + [(_capital(key.replace("_", " ")), place) for key, place in summary.keys.items() if key not in _FILES and place]


def step_titles(summary: RunSummary) -> dict[str, str]:
    """Step name to title."""
    return {s.step: clean(s.title or s.step) for s in summary.steps}


def job_title(job: str) -> str:
    """The job as people call it."""
    return "Revenue ingest" if objects.is_revenue(job) else "Billing sync" if "billing" in job.lower() else clean(job)


def mode_text(mode: str) -> str:
    """The tenant mode in words: A is without, B with Invoice Settlement."""
    return {"A": "Invoice Settlement off", "B": "Invoice Settlement on"}.get(mode, clean(mode))


def facts(summary: RunSummary) -> str:
    """When, how long, how started, which mode."""
    took = duration_text(summary.started, summary.ended)
    known = (utc_text(summary.started) if summary.started else "", took, f"started by {summary.trigger}" if summary.trigger else "")
    return ", ".join(part for part in (*known, mode_text(summary.mode) if summary.mode else "") if part)
