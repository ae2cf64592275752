"""The report of a run: one HTML page that needs nothing beside itself, readable without scripts, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tallybridge.reporting import drifted, figures
from tallybridge.reporting._templates import render
from tallybridge.reporting.answers import Tone
from tallybridge.reporting.causes import currencies_in_order, holds_text, money_of
from tallybridge.reporting.messages import BETWEEN, only_waits
from tallybridge.reporting.objects import destination, is_revenue
from tallybridge.reporting.off import off_words
from tallybridge.reporting.places import code_url, run_url, web_address
from tallybridge.reporting.revenue_answers import SETTLED_BY_A_PERSON
from tallybridge.reporting.totals import unexplained
from tallybridge.reporting.verdict import off_text, off_totals, total_name, verdict
from tallybridge.reporting.words import duration_text, listed, money_text, shortened
from tallybridge.sync.runlog import Cause, ControlTotal, Level, LogLine, Message, RunSummary, Tally

LOG_LINES = 200
"""Log lines on the page unless the caller says otherwise."""
RECORDS_AT_ONCE = 8
"""Records of a message that stand open; the others are one click away."""
MAX_DETAIL = 4_000
"""Characters of a raw answer on the page."""

FOLLOWS = "Waits"
"""Label of messages about records that only wait for others."""
SETTLED_LATER = "Nothing yet: the next run looks these records up before it writes anything. Look into them if they stay."
LOOK_INTO = "Compare the records of this type in both systems before the next close. Nothing is corrected by itself."

_GRAVE = frozenset({Level.WARNING, Level.ERROR})
_LEVELS = {Level.ERROR: ("Error", Tone.BAD), Level.WARNING: ("Warning", Tone.WATCH)}


@dataclass(frozen=True)
class Attention:
    """One thing that needs a person: an unbalanced total or a group of messages."""

    label: str
    tone: Tone
    step: str
    code: str
    text: str
    advice: str
    count: int
    records: tuple[tuple[str, str], ...]
    more: int
    holds: str = ""
    """What it holds up: how many records of which type, and their money."""
    waiting: tuple[tuple[str, str], ...] = ()
    """The first of those that only wait for its records."""
    waiting_count: int = 0
    problem: tuple[str, str] = ("", "")
    """Step and code of the records that are held or refused for it; "" where there are none."""
    money: tuple[str, ...] = ()
    """What it keeps back, by currency: documents of whatever sign, each by its size."""

    @property
    def waits(self) -> bool:
        """Whether all its records wait for others, so that it needs nobody by itself."""
        return self.label == FOLLOWS


class Excerpt:
    """At most `limit` lines of a run's log in their order; warnings and errors have precedence. It takes the lines one by one, and survives
    a round trip through JSON."""

    def __init__(self, limit: int = LOG_LINES) -> None:
        self.limit = limit
        self.grave: list[tuple[int, LogLine]] = []
        self.other: list[tuple[int, LogLine]] = []
        self.number = 0

    @classmethod
    def of(cls, lines: Iterable[LogLine], limit: int) -> Excerpt:
        excerpt = cls(limit)
        for line in lines:
            excerpt.add(line)
        return excerpt

    @property
    def full(self) -> bool:
        """Whether only warnings and errors may still be shown."""
        return len(self.other) >= self.limit

    def add(self, line: LogLine) -> None:
        kept = self.grave if line.level in _GRAVE else self.other
        if len(kept) < self.limit:
            kept.append((self.number, replace(line, detail=shortened(line.detail, MAX_DETAIL))))
        self.number += 1

    def pass_over(self) -> None:
        """Another line, which is not shown."""
        self.number += 1

    def shown(self) -> list[LogLine]:
        chosen = sorted([*self.grave, *self.other[: max(0, self.limit - len(self.grave))]], key=lambda pair: pair[0])
        return [line for _, line in chosen]

    def to_json(self) -> dict[str, Any]:
        grave, other = ([[number, line.to_json()] for number, line in kept] for kept in (self.grave, self.other))
        return {"grave": grave, "other": other, "number": self.number}

    def load(self, row: dict[str, Any]) -> None:
        """Go on where another has stood."""
        self.grave, self.other = ([(int(n), LogLine.from_json(line)) for n, line in row[kept]] for kept in ("grave", "other"))
        self.number = int(row["number"])


def report_page(summary: RunSummary, lines: Iterable[LogLine] | Excerpt, limit: int = LOG_LINES) -> str:
    """The whole page as text. `lines` is the run's log, read once, of which at most `limit` are shown, warnings and errors first to stay;
    or an excerpt of it."""
    excerpt = lines if isinstance(lines, Excerpt) else Excerpt.of(lines, limit)
    shown, console = excerpt.shown(), web_address(summary.console_url)
    return render(
        "report.html",
        run=summary,
        verdict=verdict(summary),
        job=figures.job_title(summary.job),
        mode=figures.mode_text(summary.mode),
        took=duration_text(summary.started, summary.ended),
        groups=figures.total_groups(summary),
        outcomes=[figures.LABELS[key] for key in figures.outcomes_shown(summary.totals)],
        bars=figures.bars(summary),
        legend=_legend(summary),
        attention=attention(summary),
        order=order_text(summary.causes),
        drift=drifted.drift_rows(summary),
        more_drift=summary.drifted - len(summary.drift),
        by_rule=figures.left_out_rows(summary),
        steps=figures.step_rows(summary),
        counters=figures.counter_names(summary),
        titles=figures.step_titles(summary),
        log=[_log_row(line) for line in shown],
        left_out=excerpt.number - len(shown),
        tried_again=not is_revenue(summary.job),
        files=figures.files(summary),
        run_url=run_url(summary),
        about=partial(code_url, console),
        at_once=RECORDS_AT_ONCE,
    )


def attention(summary: RunSummary) -> list[Attention]:
    """What needs a person: errors, totals that do not tie out, then the other causes by the money that they hold up (`causes.ordered`).
    Where only messages are known, those about records that only wait for others come last: they follow by themselves."""
    off = [_of_total(total, summary.job) for total in off_totals(summary)]
    titles = figures.step_titles(summary)
    if summary.causes:
        grave = [of_cause(c, titles) for c in summary.causes if c.level is Level.ERROR]
        return [*grave, *off, *(of_cause(c, titles) for c in summary.causes if c.level is not Level.ERROR)]
    errors = [_of_message(m, titles) for m in summary.messages if m.level is Level.ERROR]
    others = [_of_message(m, titles) for m in summary.messages if m.level is not Level.ERROR]
    return errors + off + sorted(others, key=lambda entry: entry.waits)


def order_text(found: Sequence[Cause]) -> str:
    """In which order causes stand; "" where no money is held up."""
    currencies = currencies_in_order(found)
    if len(currencies) < 2:
        return "Largest amounts first." if currencies else ""
    return f"Largest amounts first, in {currencies[0]}, then in {listed(currencies[1:])}: the currency with most records comes first."


def _of_total(total: ControlTotal, job: str) -> Attention:
    reason = off_text(total, job)
    agrees = not total.checked or (total.destination == total.expected and not total.off_count)
    settled = total.unfinished.count and unexplained(total) == Tally() and agrees
    return Attention(
        label="Unfinished" if settled else "Out of balance",
        tone=Tone.BAD,
        step=total_name(total),
        code="",
        text=f"{reason[:1].upper()}{reason[1:]}.",
        advice=(SETTLED_BY_A_PERSON if is_revenue(job) else SETTLED_LATER) if settled else LOOK_INTO,
        count=total.off_count,
        records=tuple((r.number, off_words(r, total.currency, destination(total.object, job))) for r in total.off),
        more=total.off_count - len(total.off),
    )


def of_cause(cause: Cause, titles: dict[str, str]) -> Attention:
    """A cause as report, mail and terminal show it; `titles` are those of the steps."""
    label, tone = _LEVELS.get(cause.level, ("Note", Tone.QUIET))
    records = _split(cause.records)
    if cause.count == len(records) == 1 and records[0][0] in cause.message and not records[0][1]:
        records = ()  # the text says it all
    waiting = sum(h.count for h in cause.waiting)
    return Attention(
        label=label,
        tone=tone,
        step=listed([titles.get(step, step) for step in cause.steps]),
        code=cause.code,
        text=cause.message,
        advice=cause.advice,
        count=cause.count,
        records=records,
        more=max(0, cause.count - len(records)) if records else 0,
        holds=holds_text((*cause.own, *cause.waiting)),
        waiting=_split(cause.waiting_records),
        waiting_count=waiting,
        problem=(cause.steps[0], cause.code) if cause.steps and cause.held else ("", ""),
        money=tuple(money_text(amount, currency) for currency, amount in money_of(cause).items()),
    )


def _split(labels: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, about) for name, _, about in (label.partition(BETWEEN) for label in labels))


def _of_message(message: Message, titles: dict[str, str]) -> Attention:
    label, tone = _LEVELS.get(message.level, ("Note", Tone.QUIET))
    records = tuple((name, about) for name, _, about in (r.partition(BETWEEN) for r in message.records))
    if message.level is Level.WARNING and only_waits(message):
        label, tone = FOLLOWS, Tone.QUIET
    if message.count == len(records) == 1 and records[0][0] in message.message and not records[0][1]:
        records = ()  # the text says it all
    return Attention(
        label=label,
        tone=tone,
        step=titles.get(message.step, message.step),
        code=message.code,
        text=message.message,
        advice=message.advice,
        count=message.count,
        records=records,
        more=max(0, message.count - len(records)) if records else 0,
        problem=(message.step, message.code) if message.records else ("", ""),
    )


def _legend(summary: RunSummary) -> list[tuple[str, str]]:
    present = {part.key for bar in figures.bars(summary) for part in bar.parts}
    return [(key, label) for key, label in figures.LABELS.items() if key in present]


def _log_row(line: LogLine) -> dict[str, object]:
    label, tone = _LEVELS.get(line.level, (line.level.value.capitalize(), Tone.QUIET))
    return {
        "time": line.time,
        "step": line.step,
        "level": label,
        "tone": tone,
        "record": line.source_number or line.source_id,
        "destination": line.destination_id,
        "code": line.code,
        "message": line.message,
        "waits_for": line.waits_for,
        "detail": line.detail,
    }
