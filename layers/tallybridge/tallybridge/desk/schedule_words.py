"""A schedule expression of EventBridge Scheduler in words, as far as words are shorter than the expression."""

from __future__ import annotations

import calendar

from tallybridge.reporting.words import listed
from tallybridge.schedules import UnknownExpression, parts

DAYS = {name[:3].upper(): name for name in ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")}
NUMBERED = dict(zip("1234567", DAYS.values(), strict=True))
FIRST = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth"}
TIMES = 6
"""Times of day that are named one by one."""


def words(expression: str) -> str:
    """ "every day at 02:00", "every 2 hours", "Monday to Friday at 06:30"; the expression itself where it says more than that."""
    try:
        kind, inside = parts(expression)
        if kind == "rate":
            number, unit = inside.split()
            return f"every {unit.removesuffix('s')}" if number == "1" else f"every {number} {unit}"
        if kind == "at":
            return f"once, at {inside.replace('T', ' ')}"
        minutes, hours, day, month, weekday, year = inside.upper().split()
        if year != "*":
            return expression
        days, times = _days(day, month, weekday), _times(hours, minutes)
        return times if days == "every day" and times.startswith("every") else f"{days} {times}"
    except (ValueError, KeyError, UnknownExpression):
        return expression


def _times(hours: str, minutes: str) -> str:
    """Raises `ValueError` where it takes too many words."""
    if hours == "*" and minutes.isdigit():
        return f"every hour, {minutes} minutes past" if int(minutes) else "every hour, on the hour"
    if minutes.isdigit() and "/" in hours:
        begin, _, step = hours.partition("/")
        return f"every {int(step)} hours from {int(begin.replace('*', '0')):02}:{int(minutes):02}"
    if hours == "*" and "/" in minutes:
        return f"every {int(minutes.partition('/')[2])} minutes"
    times = [f"{int(hour):02}:{int(minute):02}" for hour in hours.split(",") for minute in minutes.split(",")]
    if len(times) > TIMES:
        raise ValueError(hours)
    return f"at {listed(times)}"


def _days(day: str, month: str, weekday: str) -> str:
    """Raises `ValueError` or `KeyError` where it takes too many words."""
    months = "" if month == "*" else f" of {listed([calendar.month_name[int(each)] for each in month.split(',')])}"
    if weekday in ("?", "*") and day in ("*", "?"):
        return f"every day{months}"
    if weekday == "?":
        if day in ("L", "LW"):
            return f"on the last {'day' if day == 'L' else 'weekday'}{months or ' of the month'}"
        return f"on day {listed([str(int(each)) for each in day.split(',')])}{months or ' of the month'}"
    begin, dash, end = weekday.partition("-")
    if dash:
        return f"{_name(begin)} to {_name(end)}{months}"
    if "#" in weekday:
        name, _, count = weekday.partition("#")
        return f"on the {FIRST[count]} {_name(name)}{months or ' of the month'}"
    return f"every {listed([_name(each) for each in weekday.split(',')])}{months}"


def _name(text: str) -> str:
    return NUMBERED[text] if text in NUMBERED else DAYS[text]
