"""Schedule expressions of EventBridge Scheduler: when they are due (Scheduler user guide, "Schedule types")."""

from __future__ import annotations

import calendar
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LAST_YEAR = 2199
DAYS_AHEAD = 366 * 30
"""How far a cron expression is followed before it is taken for one that is never due again."""


class NotAnExpression(ValueError):
    """What EventBridge Scheduler refuses."""


@dataclass(frozen=True)
class Rate:
    """Every so often, at first where it begins."""

    every: timedelta

    def after(self, moment: datetime, zone: ZoneInfo, begin: datetime) -> datetime | None:
        """The first moment later than `moment` at which it is due."""
        return begin if begin > moment else begin + ((moment - begin) // self.every + 1) * self.every


@dataclass(frozen=True)
class Once:
    """At one moment of the zone's clock."""

    local: datetime

    def after(self, moment: datetime, zone: ZoneInfo, begin: datetime) -> datetime | None:
        """The moment, if it is later than `moment`."""
        due = self.local.replace(tzinfo=zone).astimezone(UTC)
        return due if due > moment else None


@dataclass(frozen=True)
class Cron:
    """At times of the zone's clock. A time that it leaves out in spring is skipped, one that it shows twice in autumn counts once."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    is_day: Callable[[date], bool]

    def after(self, moment: datetime, zone: ZoneInfo, begin: datetime) -> datetime | None:
        """The first moment later than `moment` at which it is due, None if there is none in thirty years."""
        first = moment.astimezone(zone).date()
        for ahead in range(DAYS_AHEAD):
            day = first + timedelta(days=ahead)
            if self.is_day(day):
                for due in self._moments(day, zone):
                    if due > moment:
                        return due
            if day.year > LAST_YEAR:
                break
        return None

    def _moments(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                due = local.astimezone(UTC)
                if due.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield due


Expression = Rate | Once | Cron


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Raises NotAnExpression."""
    kind, _, rest = text.strip().partition("(")
    inside = rest.removesuffix(")")
    try:
        if not rest.endswith(")"):
            raise NotAnExpression
        if kind == "rate":
            return _rate(inside)
        if kind == "at":
            return Once(datetime.strptime(inside, "%Y-%m-%dT%H:%M:%S"))  # noqa: DTZ007 - of the schedule's zone
        if kind == "cron":
            return _cron(inside)
    except ValueError:
        pass
    raise NotAnExpression(f"Invalid Schedule Expression {text}.")


@functools.lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Raises NotAnExpression for a zone that is not in the database of time zones."""
    if name not in available_timezones():
        raise NotAnExpression(f"Invalid Schedule Expression Timezone {name}.")
    return ZoneInfo(name)


def _rate(inside: str) -> Rate:
    number, unit = inside.split()
    every = int(number)
    if every < 1 or unit.removesuffix("s") not in UNITS:
        raise NotAnExpression
    return Rate(every * UNITS[unit.removesuffix("s")])


def _cron(inside: str) -> Cron:
    fields = inside.split()
    if len(fields) != 6:
        raise NotAnExpression
    minutes, hours, day_of_month, month, day_of_week, year = (field.upper() for field in fields)
    if (day_of_month == "?") == (day_of_week == "?"):
        raise NotAnExpression
    months, years = set(_numbers(month, 1, 12, MONTHS)), set(_numbers(year, 1970, LAST_YEAR))
    in_month = _days_of_month(day_of_month) if day_of_week == "?" else _days_of_week(day_of_week)
    return Cron(
        tuple(_numbers(minutes, 0, 59)),
        tuple(_numbers(hours, 0, 23)),
        lambda day: day.year in years and day.month in months and in_month(day),
    )


def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> list[int]:
    """What a field with `*`, lists, ranges and steps stands for, in order."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        low, dash, high = ("", "", "") if span == "*" else span.partition("-")
        begin = least if span == "*" else _number(low, least, names)
        end = _number(high, least, names) if dash else most if slash or span == "*" else begin
        if not least <= begin <= most or not least <= end <= most or (slash and int(step) < 1):
            raise NotAnExpression
        span_of = range(begin, end + 1) if begin <= end else [*range(begin, most + 1), *range(least, end + 1)]
        found.update(list(span_of)[:: int(step) if slash else 1])
    return sorted(found)


def _number(text: str, least: int, names: tuple[str, ...]) -> int:
    return names.index(text) + least if text in names else int(text)


def _last_day(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _days_of_month(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: day.day == _last_day(day)
    if nearest := re.fullmatch(r"(\d{1,2}|L)W", field):
        return lambda day: day.day == _nearest_weekday(day, nearest[1])
    days = set(_numbers(field, 1, 31))
    return lambda day: day.day in days


def _nearest_weekday(day: date, wanted: str) -> int:
    """The working day of the month that is nearest to a day of it, without leaving the month."""
    last = _last_day(day)
    target = date(day.year, day.month, last if wanted == "L" else min(int(wanted), last))
    if target.isoweekday() == 6:
        return target.day - 1 if target.day > 1 else 3
    if target.isoweekday() == 7:
        return target.day + 1 if target.day < last else last - 2
    return target.day


def _days_of_week(field: str) -> Callable[[date], bool]:
    def number(day: date) -> int:
        return day.isoweekday() % 7 + 1  # 1 is Sunday

    if nth := re.fullmatch(r"(\w{1,3})#([1-5])", field):
        which, count = _number(nth[1], 1, DAYS), int(nth[2])
        return lambda day: number(day) == which and (day.day - 1) // 7 + 1 == count
    if last := re.fullmatch(r"(\w{1,3})L", field):
        which = _number(last[1], 1, DAYS)
        return lambda day: number(day) == which and day.day > _last_day(day) - 7
    days = {7} if field == "L" else set(_numbers(field, 1, 7, DAYS))
    return lambda day: number(day) in days
