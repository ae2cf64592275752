"""The report of a run: one HTML page that needs nothing beside itself, readable without scripts, on a phone and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tallybridge.reporting import figures
from tallybridge.reporting._templates import render
from tallybridge.reporting.messages import BETWEEN, only_waits
from tallybridge.reporting.totals import unexplained
from tallybridge.reporting.verdict import Tone, off_text, off_totals, total_name, verdict
from tallybridge.reporting.words import clean, duration_text, shortened
from tallybridge.sync.runlog import ControlTotal, Level, LogLine, Message, RunSummary, Tally

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

_WEB_ADDRESS = re.compile(r"(https://|http://(127\.0\.0\.1|localhost):)\S+")
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

    @property
    def waits(self) -> bool:
        """Whether all its records wait for others, so that it needs nobody by itself."""
        return self.label == FOLLOWS


def report_page(summary: RunSummary, lines: Iterable[LogLine], limit: int = LOG_LINES) -> str:
    """The whole page as text. `lines` is the run's log, read once; at most `limit` of it are shown, warnings and errors first to stay."""
    shown, left_out = _log_excerpt(lines, limit)
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
        steps=figures.step_rows(summary),
        counters=figures.counter_names(summary),
        titles=figures.step_titles(summary),
        log=[_log_row(line) for line in shown],
        left_out=left_out,
        files=figures.files(summary),
        console_url=web_address(summary.console_url),
        at_once=RECORDS_AT_ONCE,
    )


def attention(summary: RunSummary) -> list[Attention]:
    """What needs a person, gravest first: errors, totals that do not tie out, warnings. Warnings about records that only wait for
    others come last: they follow by themselves."""
    off = [_of_total(total, summary.job) for total in off_totals(summary)]
    titles = figures.step_titles(summary)
    errors = [_of_message(m, titles) for m in summary.messages if m.level is Level.ERROR]
    others = [_of_message(m, titles) for m in summary.messages if m.level is not Level.ERROR]
    return errors + off + sorted(others, key=lambda entry: entry.waits)


def _of_total(total: ControlTotal, job: str) -> Attention:
    reason = off_text(total, job)
    settled = total.unfinished.count and unexplained(total) == Tally() and not (total.checked and total.destination != total.expected)
    return Attention(
        label="Unfinished" if settled else "Out of balance",
        tone=Tone.BAD,
        step=total_name(total),
        code="",
        text=f"{reason[:1].upper()}{reason[1:]}.",
        advice=SETTLED_LATER if settled else LOOK_INTO,
        count=0,
        records=(),
        more=0,
    )


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
    )


def web_address(url: str) -> str:
    """The address if a page may link to it: https, or http on the machine itself. Everything else is left out."""
    return url if _WEB_ADDRESS.fullmatch(url) and clean(url) == url else ""


def _legend(summary: RunSummary) -> list[tuple[str, str]]:
    present = {part.key for bar in figures.bars(summary) for part in bar.parts}
    return [(key, label) for key, label in figures.LABELS.items() if key in present]


def _log_excerpt(lines: Iterable[LogLine], limit: int) -> tuple[list[LogLine], int]:
    """At most `limit` lines in their order; warnings and errors have precedence. And how many lines were left out."""
    grave: list[tuple[int, LogLine]] = []
    other: list[tuple[int, LogLine]] = []
    number = 0
    for line in lines:
        kept = grave if line.level in _GRAVE else other
        if len(kept) < limit:
            kept.append((number, line))
        number += 1
    chosen = sorted([*grave, *other[: max(0, limit - len(grave))]], key=lambda pair: pair[0])
    return [line for _, line in chosen], number - len(chosen)


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
        "detail": shortened(line.detail, MAX_DETAIL),
    }
