"""Dates and moments as the copy keeps them, and Trino's functions over them.

A date is `2026-01-31`. A moment is `2026-01-31 08:15:00.000Z`, sortable text in UTC that is read in the tenant's zone, or, once it was
given another zone, `2026-01-31T08:15:00.000+00:00`, which is read in its own."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.zuora.models.dataquery import date_formats

OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z")
DATE_LENGTH = len("2026-01-31")
UNITS_MS = {"millisecond": 1, "second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 7 * 86_400_000}
UNITS_DAYS = {"day": 1, "week": 7}
"""Units of a zone's calendar, as are months: a day may have 23 hours."""
UNITS_MONTHS = {"month": 1, "quarter": 3, "year": 12}
GIVEN_DATE = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*\Z")
GIVEN_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2})(?: (?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d+))?)?)?"
    r"(?:\s*(?P<zone>[+-]\d\d:\d\d|[A-Z]\w*(?:/\w+)*))?\Z"
)
ISO_MOMENT = re.compile(
    r"\d{4}(?:-\d\d(?:-\d\d)?|-W\d\d(?:-\d)?|-\d{3})?(?:T(?:\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?\Z"
)
ISO_DATES = {"%Y-%m-%d": 10, "%Y-%j": 8, "%G-W%V-%u": 10, "%Y-%m": 7, "%Y": 4}
"""Forms of dates without a time, and how long they are."""
INTERVALS_MS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1_000}
INTERVAL_SEPARATORS = {"HOUR": " ", "MINUTE": ":", "SECOND": ":"}


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
        hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
        fraction = int((match["fraction"] or "0")[:6].ljust(6, "0"))
        at = datetime.combine(date.fromisoformat(parsed_date(match["date"])), time(hour, minute, second, fraction))
        return at.replace(tzinfo=zone_named(match["zone"]) if match["zone"] else zone)
    except ValueError:
        raise ValueError(f"Value cannot be cast to timestamp: {text}") from None


def parsed_iso(text: str, zone: tzinfo) -> datetime:
    """A date or moment of ISO 8601. Raises `ValueError` with the vendor's words."""
    day, _, hour = text.partition("T")
    for form, size in ISO_DATES.items():
        try:
            if ISO_MOMENT.match(text) is None or len(day) != size:
                continue
            date_part = datetime.strptime(day, form).replace(tzinfo=UTC).date().isoformat()
            at = datetime.fromisoformat(f"{date_part}T{hour.replace(',', '.')}" if hour else date_part)
            return at.replace(tzinfo=at.tzinfo or zone)
        except ValueError:
            continue
    raise ValueError(f'Invalid format: "{text}"')


def interval_size(text: str, start: str, end: str) -> int:
    """Milliseconds or months of an interval's text, from its first field to its last one. Raises `ValueError` with Trino's words."""
    fields = list(INTERVALS_MS) if start in INTERVALS_MS else ["YEAR", "MONTH"]
    name = start if start == end else f"{start} TO {end}"
    if start not in fields or end not in fields or fields.index(end) < fields.index(start):
        raise ValueError(f"Invalid interval qualifier: {name}")
    given = fields[fields.index(start) : fields.index(end) + 1]
    pattern = "".join(
        (("-" if f == "MONTH" else INTERVAL_SEPARATORS[f]) if place else "") + (r"(\d+(?:\.\d{1,3})?)" if f == "SECOND" else r"(\d+)")
        for place, f in enumerate(given)
    )
    match = re.fullmatch(f"(-?){pattern}", text.strip())
    if match is None:
        raise ValueError(f"Invalid INTERVAL {name} value: {text}")
    sizes = {**INTERVALS_MS, "YEAR": 12, "MONTH": 1}
    size = sum(
        round(float(part) * sizes[f]) if "." in part else int(part) * sizes[f] for f, part in zip(given, match.groups()[1:], strict=True)
    )
    return -size if match[1] else size


def shown_interval(size: int, kind: str) -> str:
    """`2 03:04:05.000` of milliseconds, `1-6` of months."""
    sign, size = "-" if size < 0 else "", abs(size)
    if kind == "months":
        return f"{sign}{size // 12}-{size % 12}"
    rest, ms = divmod(size, 1_000)
    return f"{sign}{rest // 86_400} {rest // 3_600 % 24:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}.{ms:03d}"


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


def check_unit(unit: str, text: str) -> None:
    """Raises `ValueError` for a unit that a date, or a moment, does not have."""
    on_date = len(text) == DATE_LENGTH
    if unit not in (*UNITS_MS, *UNITS_MONTHS) or (on_date and UNITS_MS.get(unit, UNITS_MS["day"]) < UNITS_MS["day"]):
        raise ValueError(f"'{unit}' is not a valid {'DATE' if on_date else 'Timestamp'} field")


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
        check_unit(unit, text)
        if unit in UNITS_MONTHS:
            return self.add_months(text, UNITS_MONTHS[unit] * amount)
        if unit in UNITS_DAYS:
            return self.like(text, self.read(text) + timedelta(days=UNITS_DAYS[unit] * amount))
        return self.add_ms(text, UNITS_MS[unit] * amount)

    def since(self, one: str, other: str) -> int:
        """Milliseconds from the second to the first, as they have passed."""
        return round((self.read(one).astimezone(UTC) - self.read(other).astimezone(UTC)) / timedelta(milliseconds=1))

    def diff(self, unit: str, start: str, end: str) -> int:
        """Whole units from start to end."""
        unit = unit.lower()
        check_unit(unit, max(start, end, key=len))
        low, high = self.read(start), self.read(end)
        if unit in UNITS_DAYS:
            passed = high.astimezone(low.tzinfo).replace(tzinfo=None) - low.replace(tzinfo=None)
            return int(passed / timedelta(days=UNITS_DAYS[unit]))
        if unit in UNITS_MS:
            return int(self.since(end, start) / UNITS_MS[unit])
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
        check_unit(unit, text)
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
        return date_formats.written(self.read(text), date_formats.mysql_parts(form))

    def joda_format(self, text: str, form: str) -> str:
        return date_formats.written(self.read(text), date_formats.joda_parts(form))

    def mysql_parse(self, text: str, form: str) -> str:
        return stored_moment(date_formats.read(text, date_formats.mysql_parts(form), self.zone))

    def joda_parse(self, text: str, form: str) -> str:
        return stored_moment(date_formats.read(text, date_formats.joda_parts(form), self.zone))

    def from_unix(self, seconds: float, zone: str | None = None) -> str:
        at = stored_moment(datetime.fromtimestamp(seconds, UTC))
        return at if zone is None else self.in_zone(at, zone)

    def offset_minutes(self, text: str) -> int:
        return round((self.read(text).utcoffset() or timedelta()) / timedelta(minutes=1))

    def month_end(self, text: str) -> str:
        day = date.fromisoformat(self.day_of(text))
        return day.replace(day=calendar.monthrange(day.year, day.month)[1]).isoformat()

    def functions(self) -> dict[str, Callable[..., Any]]:
        """By Trino's names, and those of the translation."""
        parts = {name: (lambda text, n=name: self.part(n, text)) for name in PARTS}
        return parts | {
            "date": self.day_of,
            "parsed_date": parsed_date,
            "last_day_of_month": self.month_end,
            "date_trunc": self.trunc,
            "date_add": self.add,
            "date_diff": self.diff,
            "date_format": self.mysql_format,
            "date_parse": self.mysql_parse,
            "format_datetime": self.joda_format,
            "parse_datetime": self.joda_parse,
            "from_iso8601_date": lambda v: parsed_iso(v, self.zone).date().isoformat(),
            "from_iso8601_timestamp": lambda v: stored_moment(parsed_iso(v, self.zone)),
            "to_iso8601": lambda v: v if len(v) == DATE_LENGTH else self.read(v).isoformat(timespec="milliseconds"),
            "from_unixtime": self.from_unix,
            "current_timezone": lambda: str(self.zone),
            "timezone_hour": lambda v: int(self.offset_minutes(v) / 60),
            "timezone_minute": lambda v: int(math.fmod(self.offset_minutes(v), 60)),
            "with_timezone": lambda v, zone: self.read(v).replace(tzinfo=zone_named(zone)).isoformat(timespec="milliseconds"),
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
    "week_of_year": lambda at: at.isocalendar()[1],
    "year_of_week": lambda at: at.isocalendar()[0],
    "yow": lambda at: at.isocalendar()[0],
    "millisecond": lambda at: at.microsecond // 1_000,
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
