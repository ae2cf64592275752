"""A period that somebody names, as days: a calendar month, or an accounting period of NetSuite by its name there."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.words import listed
from tallybridge.sync.ledger import MONTH

_MONTH = re.compile(r"(?P<year>20\d\d)-(?P<month>0[1-9]|1[0-2])")
BEHIND = timedelta(hours=12)
"""The last time zone in which a day ends is so far behind UTC."""
RECENT = 20
"""Runs that are looked through for NetSuite's accounting periods."""
PERIODS = "reference/periods.json"
MOST_MONTHS = 24
NEAREST = 4
MAX_NAME = 60


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last` (YYYY-MM-DD, both included), as the documents are dated: Zuora's dates in the tenant's time zone,
    NetSuite's in the account's. `key` tells it from all others: the month, or first and last day."""

    name: str
    first: str
    last: str

    @property
    def key(self) -> str:
        return self.first[:MONTH] if self == month_of(self.first) else f"{self.first}..{self.last}"

    @property
    def months(self) -> list[str]:
        """The calendar months that it touches, YYYY-MM."""
        found: list[str] = []
        day = date.fromisoformat(self.first).replace(day=1)
        while day.isoformat() <= self.last and len(found) < MOST_MONTHS:
            found.append(day.isoformat()[:MONTH])
            day = (day + timedelta(days=32)).replace(day=1)
        return found

    def holds(self, day: str) -> bool:
        return self.first <= day <= self.last

    def is_over(self, now: datetime) -> bool:
        """Whether its last day has ended everywhere on earth."""
        return (now - BEHIND).date().isoformat() > self.last

    def to_json(self) -> dict[str, str]:
        return {"key": self.key, "name": self.name, "first": self.first, "last": self.last}


def month_of(day: str) -> Period:
    """The calendar month of a day or of a month (YYYY-MM...)."""
    year, month = int(day[:4]), int(day[5:MONTH])
    start = date(year, month, 1)
    return Period(f"{start:%B %Y}", start.isoformat(), start.replace(day=monthrange(year, month)[1]).isoformat())


def months_to_close(now: datetime) -> tuple[Period, Period]:
    """The month that is closed now, and the one that runs."""
    running = month_of((now - BEHIND).date().isoformat())
    return month_of((date.fromisoformat(running.first) - timedelta(days=1)).isoformat()), running


def period_of(target: Target, name: str) -> Period:
    """The period of a name: "2026-11", "2026-10-26..2026-11-29" (a `key`), or what NetSuite calls an accounting period ("Nov 2026").
    Raises `ConfigurationError` PERIOD-UNKNOWN."""
    text = name.strip()[:MAX_NAME]
    if _MONTH.fullmatch(text):
        return month_of(text)
    known = accounting_periods(target)
    for period in known:
        if text.casefold() == period.name.casefold() or text == period.key:
            return period
    near = sorted(known, key=lambda period: period.first, reverse=True)[:NEAREST]
    named = f" NetSuite's are called {listed([period.name for period in near])}." if near else ""
    advice = f"Give a month as 2026-11, or the name of an accounting period of NetSuite.{named}"
    raise ConfigurationError(f'There is no period "{text}".', place="period", code="PERIOD-UNKNOWN", advice=advice)


def accounting_periods(target: Target) -> list[Period]:
    """NetSuite's accounting periods, as the newest run that has asked for them has read them; [] before the first."""
    for run in target.runs.recent(RECENT):
        folder = target.folder(str(run["run_id"]))
        try:
            return list(map(_of_netsuite, folder.read_json(PERIODS)))
        except FileNotFoundError:
            continue
    return []


def _of_netsuite(row: Mapping[str, Any]) -> Period:
    return Period(str(row["periodname"]), str(row["first"]), str(row["last"]))
