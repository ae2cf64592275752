"""Whether the month that is to be closed is complete, in a sentence for the first page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tallybridge.desk.month_end import month_end
from tallybridge.desk.periods import Period, months_to_close
from tallybridge.desk.sign_off import signed
from tallybridge.desk.target import Target
from tallybridge.reporting.answers import Tone

MOST = 20_000
"""Documents of a month that are counted anew for a glance; the count of a larger month is made by its run, or by its own page."""


@dataclass(frozen=True)
class Glance:
    """`key` names the period that the sentence is about."""

    text: str
    tone: Tone
    key: str


class _TooMany(Exception):
    """The month is too large to be counted for a glance."""


def glance(target: Target) -> Glance:
    """The month before this one; once it is signed off and nothing has changed since, the month that runs."""
    before, running = months_to_close(target.clock.now())
    try:
        seen, is_closed = _seen(target, before)
        return _seen(target, running)[0] if is_closed else seen
    except _TooMany:
        return Glance(f"{before.name} has not been counted since it changed; its page does that.", Tone.QUIET, before.key)


def _seen(target: Target, period: Period) -> tuple[Glance, bool]:
    """What is said of a period, and whether it is closed for good."""
    now = month_end(target, period, _patience())
    known = signed(target, now)
    if known is None:
        return Glance(now.headline, Tone.GOOD if now.complete else Tone.WATCH, period.key), False
    tone = Tone.GOOD if known.same_figures else Tone.BAD
    return Glance(f"{now.headline} {known.text}", tone, period.key), known.same_figures


def _patience() -> Callable[[], None]:
    """Counts thousands of documents, and ends the counting where they are too many."""
    thousands = iter(range(MOST // 1_000))

    def check() -> None:
        if next(thousands, None) is None:
            raise _TooMany

    return check
