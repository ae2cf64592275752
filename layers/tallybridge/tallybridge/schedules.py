"""When a schedule of EventBridge Scheduler was due last, and is due next (Scheduler user guide, "Schedule types in EventBridge Scheduler").

A cron expression is met by the clock of the schedule's time zone. A time that the clock leaves out in spring is skipped, one that it shows
twice in autumn counts once. Of a rate only the distance is known: it need not begin where it was made.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
DAYS_BACK = 400
"""How far back a due moment is looked for: as long as the list of runs is kept."""
DAYS_AHEAD = 2_200
"""How far ahead: a 29 February that is a certain weekday may be long in coming; six years are looked at."""


class UnknownExpression(ValueError):
    """An expression that is not understood."""


def last_due(expression: str, zone: str, since: datetime, until: datetime) -> datetime | None:
    """The last moment after `since` and up to `until` (both aware) at which a schedule was due, in UTC; None where there is none. For a
    rate, the begin of the last whole interval, in which it was due once. Raises `UnknownExpression`."""
    kind, inside = parts(expression)
    try:
        clock = ZoneInfo(zone)
        if kind == "rate":
            due: datetime | None = until - _distance(inside)
        elif kind == "at":
            due = _of_clock(datetime.fromisoformat(inside), clock)
        elif kind == "cron":
            due = next(_Cron.of(inside).before(until, since, clock), None)
        else:
            raise UnknownExpression(expression)
    except (ValueError, KeyError) as wrong:
        raise UnknownExpression(expression) from wrong
    return due if due is not None and since < due <= until else None


def next_due(expression: str, zone: str, after: datetime, begin: datetime | None = None) -> Iterator[datetime]:
    """The moments after `after` (aware) at which a schedule is due, in UTC, the nearest first, as far as `DAYS_AHEAD`. A rate is counted
    from `begin`; without it nothing is known of its moments. Raises `UnknownExpression`."""
    kind, inside = parts(expression)
    try:
        clock = ZoneInfo(zone)
        if kind == "rate":
            distance = _distance(inside)
            if begin is not None:
                first = begin + max(0, (after - begin) // distance + 1) * distance
                yield from (first + n * distance for n in range(timedelta(days=DAYS_AHEAD) // distance))
        elif kind == "at":
            due = _of_clock(datetime.fromisoformat(inside), clock)
            yield from [due] if due is not None and due > after else []
        elif kind == "cron":
            yield from _Cron.of(inside).after(after, clock)
        else:
            raise UnknownExpression(expression)
    except (ValueError, KeyError) as wrong:
        raise UnknownExpression(expression) from wrong


def parts(expression: str) -> tuple[str, str]:
    """The kind of an expression (rate, at, cron) and what stands in its brackets. Raises `UnknownExpression`."""
    found = re.fullmatch(r"\s*(\w+)\(\s*(.*?)\s*\)\s*", expression)
    if not found:
        raise UnknownExpression(expression)
    return found[1], found[2]


def _distance(inside: str) -> timedelta:
    number, unit = inside.split()
    if int(number) < 1:
        raise ValueError(inside)
    return int(number) * UNITS[unit.removesuffix("s")]


def _of_clock(local: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment at which a zone's clock first shows a time, None if it never does."""
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


@dataclass(frozen=True)
class _Cron:
    """The six fields: minutes, hours, day of the month, month, day of the week, year."""

    minutes: Sequence[int]
    hours: Sequence[int]
    day: str
    months: frozenset[int]
    weekday: str
    years: frozenset[int]

    @classmethod
    def of(cls, text: str) -> _Cron:
        minutes, hours, day, month, weekday, year = text.upper().split()
        if (day == "?") == (weekday == "?"):
            raise ValueError(text)
        return cls(
            sorted(_numbers(minutes, 0, 59)),
            sorted(_numbers(hours, 0, 23)),
            day,
            frozenset(_numbers(month, 1, 12, MONTHS)),
            weekday,
            frozenset(_numbers(year, 1970, 2199)),
        )

    def before(self, until: datetime, since: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The due moments up to `until`, the latest first, on days not before that of `since`."""
        last = until.astimezone(zone).date()
        first = max(since.astimezone(zone).date(), last - timedelta(days=DAYS_BACK))
        for back in range((last - first).days + 1):
            yield from reversed([each for each in self._moments(last - timedelta(days=back), zone) if each <= until])

    def after(self, since: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The due moments after `since`, the nearest first."""
        first = since.astimezone(zone).date()
        for ahead in range(DAYS_AHEAD):
            yield from (each for each in self._moments(first + timedelta(days=ahead), zone) if each > since)

    def _moments(self, today: date, zone: ZoneInfo) -> list[datetime]:
        """The due moments of a day, in their order."""
        if not (today.year in self.years and today.month in self.months and self._on(today)):
            return []
        shown = (_of_clock(datetime.combine(today, time(h, m)), zone) for h in self.hours for m in self.minutes)
        return sorted(each for each in shown if each is not None)

    def _on(self, today: date) -> bool:
        return _in_month(self.day, today) if self.weekday == "?" else _in_week(self.weekday, today)


def _in_month(field: str, today: date) -> bool:
    """L is the last day, 15W the weekday nearest to the 15th within the month."""
    length = calendar.monthrange(today.year, today.month)[1]
    if field == "L":
        return today.day == length
    if not field.endswith("W"):
        return today.day in _numbers(field, 1, 31)
    wanted = length if field == "LW" else min(int(field[:-1]), length)
    steps = {5: (-1, 2), 6: (1, -2)}.get(date(today.year, today.month, wanted).weekday(), (0, 0))
    nearest = next(wanted + step for step in steps if 1 <= wanted + step <= length)
    return today.day == nearest


def _in_week(field: str, today: date) -> bool:
    """5L is the last Thursday of the month, TUE#2 its second Tuesday."""
    number, length = today.isoweekday() % 7 + 1, calendar.monthrange(today.year, today.month)[1]
    if field == "L":
        return number == WEEKDAYS["SAT"]
    if "#" in field:
        day, _, count = field.partition("#")
        return number == _number(day, WEEKDAYS) and (today.day + 6) // 7 == int(count)
    if field.endswith("L"):
        return number == _number(field[:-1], WEEKDAYS) and today.day + 7 > length
    return number in _numbers(field, 1, 7, WEEKDAYS)


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """What a field of lists, ranges and steps means. A range may go over the end: FRI-MON."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        begin, dash, end = span.partition("-")
        first = low if begin == "*" else _number(begin, names)
        last = _number(end, names) if dash else high if begin == "*" or step else first
        if not (low <= first <= high and low <= last <= high and int(step or 1) > 0):
            raise ValueError(field)
        span_of = range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)]
        found.update(list(span_of)[:: int(step or 1)])
    return found


def _number(text: str, names: dict[str, int] | None) -> int:
    return names[text] if names and text in names else int(text)
