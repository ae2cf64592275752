"""Amounts, counts, times and durations as people read them, and text made safe to show anywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from tallybridge.money import DEFAULT_PRECISION, PRECISION
from tallybridge.sync.runlog import LeftOut

MINUS = "\u2212"
ELLIPSIS = "\u2026"

_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""Control characters, and the marks that turn the direction of the text that follows them."""
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without control characters and direction overrides; halves of a split emoji become U+FFFD. Lines are kept."""
    if text.isprintable():  # as nearly all are
        return text
    return _SURROGATE.sub("\ufffd", _UNSHOWABLE.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, limit: int) -> str:
    """The text on one line, at most `limit` characters, for headers and subjects."""
    return shortened(" ".join(clean(re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", " ", text)).split()), limit)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis if something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def amount_text(amount: Decimal, currency: str) -> str:
    """Thousands separators, at least the currency's digits, a real minus sign: -1234.5 USD -> "−1,234.50". Never rounds."""
    digits = PRECISION.get(currency, DEFAULT_PRECISION)
    exponent = amount.normalize().as_tuple().exponent
    shown = max(digits, -exponent if isinstance(exponent, int) else 0)
    text = f"{abs(amount):,.{shown}f}"
    return MINUS + text if amount < 0 else text


def money_text(amount: Decimal, currency: str) -> str:
    """ "EUR 1,234.50"."""
    return f"{currency} {amount_text(amount, currency)}".strip()


def count_text(count: int) -> str:
    """Thousands separators and a real minus sign."""
    return f"{MINUS if count < 0 else ''}{abs(count):,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """plural(2, "record") -> "2 records"."""
    return f"{count_text(count)} {one if count == 1 else many or one + 's'}"


def listed(parts: list[str]) -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def left_out_words(row: LeftOut) -> str:
    """ "3 records (USD 120.00) are left out: Sync to NetSuite says No. P-1, P-2 and P-3." """
    amount = f" ({money_text(row.tally.amount, row.currency)})" if row.currency else ""
    left = row.tally.count - len(row.first)
    names = listed([*row.first, *([f"{count_text(left)} more"] if left > 0 else [])])
    return f"{plural(row.tally.count, 'record')}{amount} {'is' if row.tally.count == 1 else 'are'} left out: {row.reason}. {names}."


def moment(iso: str) -> datetime | None:
    """An ISO 8601 time in UTC; a time without an offset is taken as UTC. None if there is none or it cannot be read."""
    try:
        time = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def utc_text(iso: str) -> str:
    """ "20 November 2025, 05:00:12 UTC"; a text that is no time is returned as it is."""
    time = moment(iso)
    return f"{time.day} {_MONTHS[time.month - 1]} {time:%Y, %H:%M:%S} UTC" if time else clean(iso)


def minute_text(iso: str) -> str:
    """ "20 November 2025, 05:00 UTC"; a text that is no time is returned as it is."""
    time = moment(iso)
    return f"{time.day} {_MONTHS[time.month - 1]} {time:%Y, %H:%M} UTC" if time else clean(iso)


def clock_text(iso: str) -> str:
    """ "05:00:12", for columns whose heading says UTC."""
    time = moment(iso)
    return f"{time:%H:%M:%S}" if time else clean(iso)


def duration_text(started: str, ended: str) -> str:
    """Between two ISO times, in words: "850 ms", "12 s", "1 min 12 s", "2 h 5 min"; "" if one of them is missing."""
    start, end = moment(started), moment(ended)
    if start is None or end is None or end < start:
        return ""
    milliseconds = round((end - start).total_seconds() * 1000)
    return f"{milliseconds} ms" if milliseconds < 1000 else seconds_text(milliseconds // 1000)


def seconds_text(whole: int) -> str:
    """Whole seconds in words: "12 s", "1 min 12 s", "2 h 5 min"; "" for none."""
    if not whole:
        return ""
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return " ".join([f"{minutes} min"] * bool(minutes) + [f"{seconds} s"] * bool(seconds or not minutes))


_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
