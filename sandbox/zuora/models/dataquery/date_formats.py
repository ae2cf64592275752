"""The two languages in which Trino's functions write and read dates: MySQL's (`date_format`) and Joda's (`format_datetime`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo

Part = tuple[str, str]
"""`text` with what stands there, or the name of a field of `WRITTEN`."""
MYSQL = {
    "a": "weekday3", "b": "month3", "c": "month", "d": "day2", "e": "day", "f": "micros", "H": "hour2", "h": "half2", "I": "half2",
    "i": "minute2", "j": "day_of_year3", "k": "hour", "l": "half", "M": "month_name", "m": "month2", "p": "am", "r": "half_time",
    "S": "second2", "s": "second2", "T": "time", "v": "week2", "W": "weekday", "x": "week_year", "Y": "year4", "y": "year2",
}  # fmt: skip
MYSQL_REFUSED = "wUuVXD"
JODA = {
    "y": ("year", "year2", "year4", "year4"), "Y": ("year", "year2", "year4", "year4"),
    "x": ("week_year", "week_year2", "week_year", "week_year"),
    "M": ("month", "month2", "month3", "month_name"), "d": ("day", "day2"), "D": ("day_of_year", "day_of_year2", "day_of_year3"),
    "H": ("hour", "hour2"), "h": ("half", "half2"), "K": ("half0", "half02"), "k": ("hour1", "hour12"), "m": ("minute", "minute2"),
    "s": ("second", "second2"), "S": ("tenths", "hundredths", "millis"), "E": ("weekday3", "weekday3", "weekday3", "weekday"),
    "e": ("weekday_number", "weekday_number2"), "w": ("week", "week2"),
    "a": ("am",), "Z": ("offset", "zoned_offset", "zone"), "z": ("zone_name",),
}  # fmt: skip
JODA_PART = re.compile(r"'((?:[^']|'')*)'|([a-zA-Z])\2*")


def offset(at: datetime, sign: str) -> str:
    text = at.strftime("%z") or "+0000"
    return f"{text[:3]}{sign}{text[3:5]}"


def half(at: datetime) -> int:
    return at.hour % 12 or 12


WRITTEN: dict[str, Callable[[datetime], str]] = {
    "year": lambda at: str(at.year),
    "year2": lambda at: f"{at.year % 100:02d}",
    "year4": lambda at: f"{at.year:04d}",
    "week_year": lambda at: str(at.isocalendar()[0]),
    "week_year2": lambda at: f"{at.isocalendar()[0] % 100:02d}",
    "month": lambda at: str(at.month),
    "month2": lambda at: f"{at.month:02d}",
    "month3": lambda at: at.strftime("%b"),
    "month_name": lambda at: at.strftime("%B"),
    "week": lambda at: str(at.isocalendar()[1]),
    "week2": lambda at: f"{at.isocalendar()[1]:02d}",
    "day": lambda at: str(at.day),
    "day2": lambda at: f"{at.day:02d}",
    "day_of_year": lambda at: str(at.timetuple().tm_yday),
    "day_of_year2": lambda at: f"{at.timetuple().tm_yday:02d}",
    "day_of_year3": lambda at: f"{at.timetuple().tm_yday:03d}",
    "weekday": lambda at: at.strftime("%A"),
    "weekday3": lambda at: at.strftime("%a"),
    "weekday_number": lambda at: str(at.isoweekday()),
    "weekday_number2": lambda at: f"{at.isoweekday():02d}",
    "hour": lambda at: str(at.hour),
    "hour2": lambda at: f"{at.hour:02d}",
    "hour1": lambda at: str(at.hour or 24),
    "hour12": lambda at: f"{at.hour or 24:02d}",
    "half": lambda at: str(half(at)),
    "half2": lambda at: f"{half(at):02d}",
    "half0": lambda at: str(at.hour % 12),
    "half02": lambda at: f"{at.hour % 12:02d}",
    "minute": lambda at: str(at.minute),
    "minute2": lambda at: f"{at.minute:02d}",
    "second": lambda at: str(at.second),
    "second2": lambda at: f"{at.second:02d}",
    "tenths": lambda at: str(at.microsecond // 100_000),
    "hundredths": lambda at: f"{at.microsecond // 10_000:02d}",
    "millis": lambda at: f"{at.microsecond // 1_000:03d}",
    "micros": lambda at: f"{at.microsecond:06d}",
    "am": lambda at: "AM" if at.hour < 12 else "PM",
    "time": lambda at: f"{at:%H:%M:%S}",
    "half_time": lambda at: f"{half(at):02d}:{at.minute:02d}:{at.second:02d} {'AM' if at.hour < 12 else 'PM'}",
    "offset": lambda at: offset(at, ""),
    "zoned_offset": lambda at: offset(at, ":"),
    "zone": lambda at: str(at.tzinfo or "UTC"),
    "zone_name": lambda at: at.tzname() or "UTC",
}
READ = {
    "year": "%Y", "year4": "%Y", "year2": "%y", "month": "%m", "month2": "%m", "month3": "%b", "month_name": "%B",
    "day": "%d", "day2": "%d",
    "day_of_year": "%j", "day_of_year3": "%j", "hour": "%H", "hour2": "%H", "half": "%I", "half2": "%I", "minute": "%M", "minute2": "%M",
    "second": "%S", "second2": "%S", "millis": "%f", "micros": "%f", "am": "%p", "time": "%H:%M:%S", "half_time": "%I:%M:%S %p",
    "weekday": "%A", "weekday3": "%a", "offset": "%z", "zoned_offset": "%z",
}  # fmt: skip


def mysql_parts(form: str) -> Iterator[Part]:
    """Raises `ValueError` for what MySQL has and Trino has not."""
    for literal, sign in re.findall(r"([^%]+)|%(.?)", form, re.DOTALL):
        if sign and sign in MYSQL_REFUSED:
            raise ValueError(f"%{sign} not supported in date format string")
        yield (MYSQL[sign], "") if sign in MYSQL else ("text", literal or sign)


def joda_parts(form: str) -> Iterator[Part]:
    """Raises `ValueError` for a letter that is no field."""
    end = 0
    for match in JODA_PART.finditer(form):
        if match.start() > end:
            yield "text", form[end : match.start()]
        end = match.end()
        if match[1] is not None:
            yield "text", match[1].replace("''", "'") or "'"
            continue
        forms = JODA.get(match[2])
        if forms is None:
            raise ValueError(f"Illegal pattern component: {match[0]}")
        yield forms[min(len(match[0]), len(forms)) - 1], ""
    if end < len(form):
        yield "text", form[end:]


def written(at: datetime, parts: Iterator[Part]) -> str:
    return "".join(text if name == "text" else WRITTEN[name](at) for name, text in parts)


def read(text: str, parts: Iterator[Part], zone: tzinfo) -> datetime:
    """In a zone, unless the text has its own. Raises `ValueError` with the vendor's words."""
    form = "".join(part.replace("%", "%%") if name == "text" else READ.get(name, "") for name, part in parts)
    try:
        at = datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
        return at.replace(tzinfo=at.tzinfo or zone)
    except ValueError as wrong:
        rest = re.search(r"unconverted data remains: (.*)", str(wrong))
        raise ValueError(f'Invalid format: "{text}"' + (f' is malformed at "{rest[1]}"' if rest else "")) from None
