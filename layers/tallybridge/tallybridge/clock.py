"""Time as something that is handed in, so that tests can move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

EPOCH = "1970-01-01T00:00:00.000Z"
"""The query date of a first run."""


class Clock(Protocol):
    """Tells the time (aware, UTC) and waits."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def stamp(moment: datetime) -> str:
    """A moment as the connector writes it everywhere: 2026-01-31T16:15:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: object) -> datetime | None:
    """A date-time that somebody may have written by hand; None where it is none. A form without a zone counts as UTC."""
    try:
        return datetime.fromisoformat(utc_moment(text)) if text else None
    except ValueError:
        return None


def utc_moment(text: object) -> str:
    """Any of Zuora's date-time forms as ISO 8601 UTC with milliseconds, so that two of them compare as text; "" for nothing.

    Forms: 2026-01-31T08:15:00.000+01:00 (ZOQL), 2026-01-31 08:15:00.000 UTC (Data Query), 2026-01-31T08:15:00Z. A form without a zone
    counts as UTC.
    """
    plain = str(text or "").strip().replace(" UTC", "Z")
    if not plain:
        return ""
    moment = datetime.fromisoformat(plain)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
