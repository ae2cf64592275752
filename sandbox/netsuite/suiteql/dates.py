"""Dates in queries: how they are kept in SQLite, and Oracle's format models.

A date is kept as text with a mark in front, so that results can show it in the account's format and comparisons stay plain.
"""

from __future__ import annotations

import calendar
import functools
import re
from collections.abc import Callable
from datetime import datetime, timedelta

MARK = "\x1f"
_KEPT = "%Y-%m-%d %H:%M:%S"
_PARTS = re.compile(
    r"YYYY|RRRR|IYYY|YYY|YY|RR|MONTH|MON|MM|DDD|DAY|DY|DD|D|HH24|HH12|HH|MI|SSSSS|SS|A\.M\.|P\.M\.|AM|PM|FM|IW|WW|W|Q|J|CC"
    r"|\"[^\"]*\"|[-/,.;: ]|.",
    re.IGNORECASE | re.DOTALL,
)
_READ = {
    "YYYY": "%Y",
    "RRRR": "%Y",
    "YY": "%y",
    "RR": "%y",
    "MM": "%m",
    "DD": "%d",
    "DDD": "%j",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "MON": "%b",
    "MONTH": "%B",
    "DAY": "%A",
    "DY": "%a",
    "AM": "%p",
    "PM": "%p",
    "FM": "",
}
_WRITTEN: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda at: f"{at.year:04d}",
    "RRRR": lambda at: f"{at.year:04d}",
    "IYYY": lambda at: f"{at.isocalendar()[0]:04d}",
    "YYY": lambda at: f"{at.year % 1000:03d}",
    "YY": lambda at: f"{at.year % 100:02d}",
    "RR": lambda at: f"{at.year % 100:02d}",
    "MONTH": lambda at: f"{at:%B}".ljust(9),
    "MON": lambda at: f"{at:%b}",
    "MM": lambda at: f"{at.month:02d}",
    "DDD": lambda at: f"{at.timetuple().tm_yday:03d}",
    "DAY": lambda at: f"{at:%A}".ljust(9),
    "DY": lambda at: f"{at:%a}",
    "DD": lambda at: f"{at.day:02d}",
    "D": lambda at: str(at.isoweekday() % 7 + 1),
    "HH24": lambda at: f"{at.hour:02d}",
    "HH12": lambda at: f"{at.hour % 12 or 12:02d}",
    "HH": lambda at: f"{at.hour % 12 or 12:02d}",
    "MI": lambda at: f"{at.minute:02d}",
    "SSSSS": lambda at: f"{at.hour * 3600 + at.minute * 60 + at.second:05d}",
    "SS": lambda at: f"{at.second:02d}",
    "A.M.": lambda at: "A.M." if at.hour < 12 else "P.M.",
    "P.M.": lambda at: "A.M." if at.hour < 12 else "P.M.",
    "AM": lambda at: "AM" if at.hour < 12 else "PM",
    "PM": lambda at: "AM" if at.hour < 12 else "PM",
    "IW": lambda at: f"{at.isocalendar()[1]:02d}",
    "WW": lambda at: f"{(at.timetuple().tm_yday - 1) // 7 + 1:02d}",
    "W": lambda at: str((at.day - 1) // 7 + 1),
    "Q": lambda at: str((at.month + 2) // 3),
    "J": lambda at: str(at.toordinal() + 1_721_425),
    "CC": lambda at: f"{(at.year + 99) // 100:02d}",
}
_NAMES = ("MONTH", "MON", "DAY", "DY", "AM", "PM", "A.M.", "P.M.")
_SIGNS = "-/,.;: "
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
UNITS = {
    **dict.fromkeys(("SYYYY", "YYYY", "YEAR", "YYY", "YY", "Y"), "year"),
    **dict.fromkeys(("MONTH", "MON", "MM", "RM"), "month"),
    **dict.fromkeys(("DDD", "DD", "J"), "day"),
    **dict.fromkeys(("DAY", "DY", "D"), "week"),
    **dict.fromkeys(("HH", "HH12", "HH24"), "hour"),
    "Q": "quarter",
    "IW": "iso week",
    "MI": "minute",
}


class BadDate(ValueError):
    """A text that is no date in the format it should have."""


def mark(moment: datetime) -> str:
    """A date and time as it is kept."""
    return MARK + moment.strftime(_KEPT)


def is_date(value: object) -> bool:
    return isinstance(value, str) and value.startswith(MARK)


def moment_of(value: str) -> datetime:
    """The date and time that a kept value means."""
    return datetime.strptime(value[len(MARK) :], _KEPT)  # noqa: DTZ007 - account time, which has no zone here


def display(value: str) -> str:
    """A kept date in the account's format: M/D/YYYY."""
    moment = moment_of(value)
    return f"{moment.month}/{moment.day}/{moment.year}"


def parse(text: str, model: str) -> str:
    """`TO_DATE` and `TO_TIMESTAMP`: a text in an Oracle format model, as a kept date. Raises `BadDate`."""
    pattern = "".join(_read(part) for part in _PARTS.findall(model))
    try:
        return mark(datetime.strptime(text.strip(), pattern))  # noqa: DTZ007
    except ValueError:
        raise BadDate(f"'{text}' does not match the format '{model}'") from None


def _read(part: str) -> str:
    """A part of a format model as `strptime` has it. Raises `BadDate`."""
    if part.startswith('"'):
        return part.strip('"').replace("%", "%%")
    if part in _SIGNS:
        return part
    if part.upper() in _READ:
        return _READ[part.upper()]
    raise BadDate("format code cannot appear in date input format" if part.upper() in _WRITTEN else "date format not recognized")


def implicit(text: str) -> str:
    """A text that is compared with a date: it must be in the account's format. Raises `BadDate`."""
    if is_date(text):
        return text
    return parse(text, "MM/DD/YYYY")


@functools.lru_cache(maxsize=4_096)
def render(value: str, model: str) -> str:
    """`TO_CHAR` of a kept date."""
    moment, unpadded, text = moment_of(value), False, ""
    for part in _PARTS.findall(model):
        name = part.upper()
        if name == "FM":
            unpadded = not unpadded
        elif part.startswith('"') or part in _SIGNS:
            text += part.strip('"')
        elif name in _WRITTEN:
            shown = _WRITTEN[name](moment)
            if name in _NAMES:
                shown = shown.upper() if part.isupper() and len(part) > 1 else shown.lower() if part.islower() else shown.capitalize()
            text += (shown.rstrip() if name in _NAMES else shown.lstrip("0") or "0") if unpadded else shown
        else:
            raise BadDate("date format not recognized")
    return text


def shifted(value: str, days: float) -> str:
    """A kept date some days later."""
    return mark(moment_of(value) + timedelta(days=days))


def truncated(value: str, unit: str = "DD") -> str:
    """`TRUNC` of a kept date. Raises `BadDate` for a unit that is none."""
    return mark(_begin(moment_of(value), _unit(unit)))


def rounded(value: str, unit: str = "DD") -> str:
    """`ROUND` of a kept date: to the next unit from its middle on, which is the 16th of a month, July of a year."""
    name, at = _unit(unit), moment_of(value)
    begin = _begin(at, name)
    if name in ("year", "quarter", "month"):
        months = {"year": 12, "quarter": 3, "month": 1}[name]
        end = months_on(begin, months)
        middle = {"year": months_on(begin, 6), "quarter": months_on(begin, 1) + timedelta(days=15), "month": begin + timedelta(days=15)}[
            name
        ]
    else:
        size = {"week": timedelta(days=7), "iso week": timedelta(days=7), "day": timedelta(days=1), "hour": timedelta(hours=1)}
        end = begin + size.get(name, timedelta(minutes=1))
        middle = begin + (end - begin) / 2
    return mark(end if at >= middle else begin)


def _unit(name: str) -> str:
    if name.upper() not in UNITS:
        raise BadDate("bad precision specifier")
    return UNITS[name.upper()]


def _begin(at: datetime, unit: str) -> datetime:
    if unit in ("hour", "minute"):
        return at.replace(second=0, minute=0 if unit == "hour" else at.minute)
    day = at.replace(hour=0, minute=0, second=0)
    if unit in ("week", "iso week"):
        return day - timedelta(days=day.isoweekday() % 7 if unit == "week" else day.weekday())
    month = {"year": 1, "quarter": (day.month - 1) // 3 * 3 + 1}.get(unit, day.month)
    return day if unit == "day" else day.replace(month=month, day=1)


def months_on(at: datetime, months: int) -> datetime:
    """Months later; from the last day of a month to the last day of one."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    ends = at.day == calendar.monthrange(at.year, at.month)[1]
    return at.replace(year=year, month=month + 1, day=last if ends else min(at.day, last))


def next_weekday(value: str, name: str) -> str:
    """`NEXT_DAY`. Raises `BadDate`."""
    found = next((n for n, day in enumerate(WEEKDAYS) if len(name.strip()) > 2 and day.startswith(name.strip().upper())), None)
    if found is None:
        raise BadDate("not a valid day of the week")
    at = moment_of(value)
    return mark(at + timedelta(days=(found - at.weekday() - 1) % 7 + 1))
