"""Dates and moments as the copy keeps them, and Trino's functions over them.

A date is `2026-01-31`. A moment is `2026-01-31 08:15:00.000Z`, sortable text in UTC that is read in the tenant's zone, or, once it was
given another zone, `2026-01-31T08:15:00.000+00:00`, which is read in its own."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z")
DATE_LENGTH = len("2026-01-31")
UNITS_MS = {"millisecond": 1, "second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 7 * 86_400_000}
UNITS_MONTHS = {"month": 1, "quarter": 3, "year": 12}
GIVEN_DATE = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*\Z")
GIVEN_MOMENT = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)(?: ?(?P<zone>[+-]\d\d:\d\d|[A-Z]\w*(?:/\w+)*))?\Z"
)
MYSQL = {"Y": "%Y", "y": "%y", "m": "%m", "d": "%d", "H": "%H", "h": "%I", "i": "%M", "s": "%S", "S": "%S", "T": "%H:%M:%S"}
MYSQL |= {"M": "%B", "b": "%b", "W": "%A", "a": "%a", "p": "%p", "j": "%j", "%": "%%"}
JODA = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S"}
JODA |= {"EEE": "%a", "EEEE": "%A", "a": "%p"}
JODA_PART = re.compile(r"'([^']*)'|([a-zA-Z])\2*")


def zone_named(name: str) -> tzinfo:
    """A time zone from its name or offset. Raises `ValueError`."""
    if name.upper() in ("UTC", "Z", "GMT"):
        return UTC
    if match := OFFSET.match(name):
        minutes = int(match[2]) * 60 + int(match[3])
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"Time zone not supported: {name}") from None


@lru_cache(maxsize=10_000)
def stored_moment(moment: datetime) -> str:
    """The form of moments in the copy: sortable text in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def shown_moment(moment: str, zone: tzinfo) -> str:
    return datetime.fromisoformat(moment).astimezone(zone).isoformat(timespec="milliseconds")


def later(at: datetime, months: int) -> datetime:
    """Months on, at most the last day of the month."""
    count = at.year * 12 + at.month - 1 + months
    year, month = divmod(count, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def parsed_moment(text: str, zone: tzinfo) -> datetime:
    """Raises `ValueError` with Trino's words."""
    match = GIVEN_MOMENT.match(text.strip())
    try:
        if match is None:
            raise ValueError
        at = datetime.fromisoformat(match["at"])
        return at.replace(tzinfo=zone_named(match["zone"]) if match["zone"] else zone)
    except ValueError:
        raise ValueError(f"Value cannot be cast to timestamp: {text}") from None


def parsed_literal(text: str) -> datetime:
    """Whether a text is a moment; the zone does not matter for that."""
    return parsed_moment(text, UTC)


def parsed_date(text: str) -> str:
    """Raises `ValueError` with Trino's words."""
    match = GIVEN_DATE.match(text)
    try:
        if match is None:
            raise ValueError
        return date(*map(int, match.groups())).isoformat()
    except ValueError:
        raise ValueError(f"Value cannot be cast to date: {text}") from None


class Moments:
    """Functions of dates and moments in one tenant's zone."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone

    def read(self, text: str) -> datetime:
        at = datetime.fromisoformat(text)
        return at.astimezone(self.zone) if text.endswith("Z") else at.replace(tzinfo=at.tzinfo or self.zone)

    def like(self, text: str, at: datetime) -> str:
        """A moment in the form of another."""
        if len(text) == DATE_LENGTH:
            return at.date().isoformat()
        return stored_moment(at) if text.endswith("Z") else at.isoformat(timespec="milliseconds")

    def instant(self, text: str) -> str:
        """The form that can be compared."""
        return text if text.endswith("Z") else stored_moment(self.read(text))

    def day_of(self, text: str) -> str:
        return text if len(text) == DATE_LENGTH else self.read(text).date().isoformat()

    def add_ms(self, text: str, ms: int) -> str:
        if len(text) == DATE_LENGTH and ms % UNITS_MS["day"]:
            raise ValueError("Cannot add hour, minutes or seconds to a date")
        zone = self.read(text).tzinfo
        on_calendar = len(text) == DATE_LENGTH
        at = self.read(text) if on_calendar else self.read(text).astimezone(UTC)
        moved = at + timedelta(milliseconds=ms)
        return self.like(text, moved if on_calendar else moved.astimezone(zone))

    def add_months(self, text: str, months: int) -> str:
        return self.like(text, later(self.read(text), months))

    def add(self, unit: str, amount: int, text: str) -> str:
        unit = unit.lower()
        if unit in UNITS_MONTHS:
            return self.add_months(text, UNITS_MONTHS[unit] * amount)
        if unit not in UNITS_MS or (len(text) == DATE_LENGTH and UNITS_MS[unit] < UNITS_MS["day"]):
            raise ValueError(f"'{unit}' is not a valid {'DATE' if len(text) == DATE_LENGTH else 'Timestamp'} field")
        return self.add_ms(text, UNITS_MS[unit] * amount)

    def since(self, one: str, other: str) -> int:
        """Milliseconds from the second to the first."""
        return round((self.read(one) - self.read(other)) / timedelta(milliseconds=1))

    def diff(self, unit: str, start: str, end: str) -> int:
        """Whole units from start to end."""
        unit = unit.lower()
        if unit in UNITS_MS:
            days = len(start) == len(end) == DATE_LENGTH
            ms = (date.fromisoformat(end) - date.fromisoformat(start)).days * UNITS_MS["day"] if days else self.since(end, start)
            return int(ms / UNITS_MS[unit])
        if unit not in UNITS_MONTHS:
            raise ValueError(f"'{unit}' is not a valid Timestamp field")
        low, high = self.read(start), self.read(end)
        turn = 1
        if high < low:
            low, high, turn = high, low, -1
        months = (high.year - low.year) * 12 + high.month - low.month
        last = calendar.monthrange(high.year, high.month)[1]
        if (high.day, high.time()) < (low.day if high.day < last else min(low.day, last), low.time()):
            months -= 1
        return turn * (months // UNITS_MONTHS[unit])

    def trunc(self, unit: str, text: str) -> str:
        at, unit = self.read(text), unit.lower()
        if unit not in (*UNITS_MS, *UNITS_MONTHS):
            raise ValueError(f"'{unit}' is not a valid Timestamp field")
        at = at.replace(microsecond=at.microsecond // 1000 * 1000 if unit == "millisecond" else 0)
        if unit in ("minute", "hour", "day", "week", *UNITS_MONTHS):
            at = at.replace(second=0, minute=at.minute if unit == "minute" else 0, hour=at.hour if unit in ("minute", "hour") else 0)
        if unit == "week":
            at -= timedelta(days=at.weekday())
        if unit in UNITS_MONTHS:
            months = {"month": at.month, "quarter": (at.month - 1) // 3 * 3 + 1, "year": 1}
            at = at.replace(day=1, month=months[unit])
        return self.like(text, at)

    def part(self, name: str, text: str) -> int:
        at = self.read(text)
        return PARTS[name.lower()](at)

    def in_zone(self, text: str, zone: str) -> str:
        return self.read(text).astimezone(zone_named(zone)).isoformat(timespec="milliseconds")

    def mysql_format(self, text: str, form: str) -> str:
        at = self.read(text)
        return re.sub(r"%(.)", lambda m: at.strftime(MYSQL.get(m[1], m[1])), form)

    def joda_format(self, text: str, form: str) -> str:
        at = self.read(text)
        return JODA_PART.sub(lambda m: m[1] if m[1] is not None else at.strftime(JODA.get(m[0], m[0])), form)

    def mysql_parse(self, text: str, form: str) -> str:
        try:
            at = datetime.strptime(text, re.sub(r"%(.)", lambda m: MYSQL.get(m[1], m[1]), form)).replace(tzinfo=self.zone)
        except ValueError:
            raise ValueError(f'Invalid format: "{text}"') from None
        return stored_moment(at)

    def month_end(self, text: str) -> str:
        day = date.fromisoformat(self.day_of(text))
        return day.replace(day=calendar.monthrange(day.year, day.month)[1]).isoformat()

    def functions(self) -> dict[str, Callable[..., Any]]:
        """By Trino's names, and those of the translation."""
        parts = {name: (lambda text, n=name: self.part(n, text)) for name in PARTS}
        return parts | {
            "date": lambda v: parsed_date(v) if len(v) < DATE_LENGTH else self.day_of(v),
            "last_day_of_month": self.month_end,
            "date_trunc": self.trunc,
            "date_add": self.add,
            "date_diff": self.diff,
            "date_format": self.mysql_format,
            "date_parse": self.mysql_parse,
            "format_datetime": self.joda_format,
            "from_iso8601_date": parsed_date,
            "from_iso8601_timestamp": lambda v: stored_moment(parsed_moment(v, self.zone)),
            "to_iso8601": lambda v: v if len(v) == DATE_LENGTH else self.read(v).isoformat(timespec="milliseconds"),
            "from_unixtime": lambda v: stored_moment(datetime.fromtimestamp(v, UTC)),
            "to_unixtime": lambda v: self.read(v).timestamp(),
            "at_timezone": self.in_zone,
            "instant": self.instant,
            "add_ms": self.add_ms,
            "add_months": self.add_months,
            "since": self.since,
        }


PARTS: dict[str, Callable[[datetime], int]] = {
    "year": lambda at: at.year,
    "quarter": lambda at: (at.month - 1) // 3 + 1,
    "month": lambda at: at.month,
    "week": lambda at: at.isocalendar()[1],
    "day": lambda at: at.day,
    "day_of_month": lambda at: at.day,
    "day_of_week": lambda at: at.isoweekday(),
    "dow": lambda at: at.isoweekday(),
    "day_of_year": lambda at: at.timetuple().tm_yday,
    "doy": lambda at: at.timetuple().tm_yday,
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
    "second": lambda at: at.second,
}
