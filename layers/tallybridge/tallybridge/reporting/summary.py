"""The files of a finished run for machines and spreadsheets: summary.json and summary.csv."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from tallybridge.money import DEFAULT_PRECISION, PRECISION, dumps, loads
from tallybridge.reporting.objects import title
from tallybridge.reporting.words import clean, moment
from tallybridge.sync.runlog import ControlTotal, RunSummary

_TALLIES = ("selected", "synced", "already", "held", "refused", "skipped", "unfinished", "expected", "destination")
_COUNTERS = (
    "selected",
    "created",
    "updated",
    "linked",
    "recovered",
    "unchanged",
    "held",
    "refused",
    "skipped",
    "unfinished",
    "left",
    "warnings",
)
_RUN_BY_SPREADSHEET = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def summary_json(summary: RunSummary) -> str:
    """summary.json: the summary with amounts as numbers. Where the destination was not asked, `destination` and `difference` are null."""
    row = summary.to_json()
    for total in row["totals"]:
        if not total["checked"]:
            total.update(destination=None, difference=None)
    return _without_surrogates(dumps(row))


def read_summary(text: str | bytes) -> RunSummary:
    """The summary that `summary_json` wrote."""
    return RunSummary.from_json(loads(text))


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def summary_csv(summary: RunSummary) -> str:
    """summary.csv: the control totals, one row per object type and currency; counts and amounts in columns of their own.

    Amounts have a decimal point and the currency's digits; they are empty for records without money, and what the destination
    holds is empty where it was not asked.
    """
    header = ["run_id", "object", "title", "currency"]
    header += [f"{name}_{what}" for name in _TALLIES for what in ("count", "amount")]
    return csv_text([*header, "difference", "checked", "tied_out"], (_total_row(summary.run_id, t) for t in summary.totals))


def _total_row(run_id: str, total: ControlTotal) -> list[object]:
    row: list[object] = [run_id, total.object, title(total.object), total.currency]
    for name in _TALLIES:
        tally = getattr(total, name)
        shown = total.checked or name != "destination"
        row += [tally.count if shown else "", _amount(tally.amount, total.currency) if shown else ""]
    difference = _amount(total.difference, total.currency) if total.checked else ""
    return [*row, difference, _yes_no(total.checked), _yes_no(total.tied_out)]


def steps_csv(summary: RunSummary) -> str:
    """The counters of every step, one row per step in the order of the run; `seconds` is how long it took."""
    header = ["run_id", "step", "title", "direction", "outcome", "started", "ended", "seconds", *_COUNTERS, "message"]
    rows = (
        [summary.run_id, s.step, s.title, s.direction, str(s.outcome), s.started, s.ended, _seconds(s.started, s.ended)]
        + [getattr(s, name) for name in _COUNTERS]
        + [s.message]
        for s in summary.steps
    )
    return csv_text(header, rows)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV (RFC 4180) with every cell neutralised."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet runs as a formula: a leading apostrophe before = + - @ tab and line end. Numbers stay numbers."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    text = clean(str(value).replace("\r", "\n"))
    runs = text.lstrip(" \u00a0").startswith(_RUN_BY_SPREADSHEET) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


def _amount(amount: Decimal, currency: str) -> str:
    if not currency:
        return ""
    digits = PRECISION.get(currency, DEFAULT_PRECISION)
    exponent = amount.normalize().as_tuple().exponent
    return f"{amount:.{max(digits, -exponent if isinstance(exponent, int) else 0)}f}"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _seconds(started: str, ended: str) -> str:
    start, end = moment(started), moment(ended)
    return f"{(end - start).total_seconds():.3f}" if start and end else ""
