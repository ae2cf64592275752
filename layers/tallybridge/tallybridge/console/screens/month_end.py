"""Month-end: whether a period is complete, what is open in it, its sign-off, and its export for the auditor."""

from __future__ import annotations

from dataclasses import asdict
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlencode

from tallybridge.console.asked import MAX_REASON, Action, Asked, Download, Screen
from tallybridge.console.errors import Refusal
from tallybridge.console.roles import Role
from tallybridge.desk.export import export as write_export
from tallybridge.desk.month_end import NOT_THERE, THERE, MonthEnd, Point, Row, month_end
from tallybridge.desk.periods import MAX_NAME, Period, accounting_periods, month_of, months_to_close, period_of
from tallybridge.desk.sign_off import digest_of, signed
from tallybridge.desk.sign_off import sign_off as sign
from tallybridge.reporting.places import problem_path
from tallybridge.reporting.words import amount_text, money_text
from tallybridge.sync.periods import Standing

CONFIRMED = "confirm-"
"""How the fields begin that confirm an open point; its key follows."""
OFFERED = 14
"""Months that are offered, and accounting periods beside them."""
MOST_EXPORTED = 20_000
"""Documents of an export that an answer of the API has room for."""
NAMED = 20


def show(asked: Asked) -> dict[str, Any]:
    """What `MonthEnd.to_json` has, and {"signed", "digest", "offered", "too_many"}."""
    period = _period(asked, asked.query.get("period", ""))
    now = month_end(asked.target, period)
    known = signed(asked.target, now)
    return {
        **now.to_json(),
        "rows": [_row(row) for row in now.rows],
        "points": [_point(point) for point in now.points],
        "named": [{**asdict(each), "money": money_text(each.amount, each.currency)} for each in now.count.named[:NAMED]],
        "signed": known.to_json() if known else None,
        "digest": digest_of(now.count),
        "offered": _offered(asked),
        "too_many": _documents(now) > MOST_EXPORTED,
    }


def _period(asked: Asked, name: str) -> Period:
    """The period that is meant: the month before this one where none is named."""
    return period_of(asked.target, name[:MAX_NAME]) if name.strip() else months_to_close(asked.now)[0]


def _offered(asked: Asked) -> list[dict[str, str]]:
    """The last months, newest first, and NetSuite's accounting periods of that time that are no calendar months."""
    _, running = months_to_close(asked.now)
    year, month = int(running.first[:4]), int(running.first[5:7])
    months = [month_of(f"{year + (month - 1 - back) // 12}-{(month - 1 - back) % 12 + 1:02}") for back in range(OFFERED)]
    own = [p for p in accounting_periods(asked.target) if p.key != p.first[:7] and months[-1].first <= p.last and p.first <= running.last]
    return [period.to_json() for period in (*months, *sorted(own, key=lambda p: p.first, reverse=True)[:OFFERED])]


def _row(row: Row) -> dict[str, Any]:
    there, missing = row.of(*THERE), row.of(*NOT_THERE)
    partly = row.of(Standing.PARTLY, Standing.UNFINISHED)
    texts = {name: amount_text(amount, row.currency) if row.currency else "" for name, amount in _amounts(row).items()}
    return {**row.to_json(), "counts": {"there": there.count, "missing": missing.count, "not_in_order": partly.count}, "texts": texts}


def _amounts(row: Row) -> dict[str, Any]:
    return {"there": row.of(*THERE).amount, "missing": row.of(*NOT_THERE).amount, "effect": row.effect}


def _point(point: Point) -> dict[str, Any]:
    return {**asdict(point), "address": problem_path(point.step, point.code) if point.step else ""}


def _documents(now: MonthEnd) -> int:
    return sum(tally.count for tally in now.count.lines.values())


def sign_off(asked: Asked) -> str:
    """Sign the period off, with the figures that were shown and every open point confirmed."""
    period = _period(asked, asked.needed("period", "The period", MAX_NAME))
    seen = asked.needed("digest", "The figures that were shown")
    reason = asked.form.get("reason", "").strip()[:MAX_REASON]
    confirmed = {name.removeprefix(CONFIRMED) for name in asked.form if name.startswith(CONFIRMED)}
    sign(asked.target, month_end(asked.target, period), asked.person, reason, confirmed, seen)
    return f"/month-end?{urlencode({'period': period.key, 'done': 'signed'})}"


def export(asked: Asked) -> Download:
    """The export of the period as a zip file. Raises `Refusal` CONSOLE-TOO-LARGE."""
    period = _period(asked, asked.needed("period", "The period", MAX_NAME))
    now = month_end(asked.target, period)
    if _documents(now) > MOST_EXPORTED:
        text = f"The export of {period.name} is larger than the console hands over."
        advice = f"Write it with the command `tallybridge month-end {period.key} --export FILE`."
        raise Refusal(text, "CONSOLE-TOO-LARGE", advice, 413)
    with TemporaryFile() as made:
        write_export(asked.target, now, asked.person, made)
        made.seek(0)
        return Download(f"tallybridge-{period.key}.zip", "application/zip", made.read())


SCREEN = Screen(
    "month_end",
    "/month-end",
    "month_end.html",
    show,
    {"sign-off": Action(Role.APPROVER, sign_off), "export": Action(Role.VIEWER, export)},
    "Month-end",
)
