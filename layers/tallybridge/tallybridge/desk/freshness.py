"""Whether the billing sync keeps to its schedule: on time, late, or in need of somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk import schedule as schedules
from tallybridge.desk.standing import Standing
from tallybridge.desk.target import Target
from tallybridge.reporting.answers import Tone
from tallybridge.reporting.words import utc_text
from tallybridge.sync.runlog import BROKEN_OFF, RunOutcome
from tallybridge.sync.runs import BILLING
from tallybridge.tasks.watch_runs import look

ON_TIME, LATE, ACTION, OFF = "on time", "late", "action required", "not scheduled"


@dataclass(frozen=True)
class Freshness:
    """`state` is one of the four; `detail` says why, `next_start` when the next run starts by itself (ISO 8601 UTC), "" for never."""

    state: str
    tone: Tone
    detail: str
    next_start: str = ""


def freshness(target: Target, now: Standing, schedule: Mapping[str, Any] | None) -> Freshness:
    """`schedule` is the answer of GetSchedule, None where there is none."""
    starts = schedules.next_starts(schedule, target.clock.now(), 1) if schedule else []
    upcoming = stamp(starts[0]) if starts else ""
    if (trouble := _trouble(now)) or schedule is None:
        return Freshness(ACTION, Tone.BAD, trouble or "EventBridge has no schedule of this name any more.", upcoming)
    if schedule.get("State") != "ENABLED":
        return Freshness(OFF, Tone.WATCH, "The schedule is off: no run starts by itself.")
    missing = look(schedule, BILLING, target.runs, target.clock.now())
    if missing and missing.problem:
        return Freshness(ACTION, Tone.BAD, f"The schedule cannot be followed: {missing.problem}.", upcoming)
    if missing:
        return Freshness(LATE, Tone.BAD, f"The run that was due at {utc_text(missing.due)} has not started.", upcoming)
    if now.lock:
        return Freshness(ON_TIME, Tone.GOOD, "A run is in progress.", upcoming)
    return Freshness(ON_TIME, Tone.GOOD, f"The last run ended at {_ended(now)}." if now.last else "No run was due yet.", upcoming)


def _trouble(now: Standing) -> str:
    """Why somebody must act before the next run can be right; "" where nothing keeps it."""
    if now.lock and now.lock.stale:
        return "The run in progress gives no sign of life; the next start takes over."
    if not now.last or now.lock:
        return ""
    outcome = now.last.get("outcome")
    if outcome == RunOutcome.OUT_OF_BALANCE:
        return "The last run's control totals do not tie out."
    if outcome in BROKEN_OFF:
        return f"The last run {'was cancelled' if outcome == RunOutcome.CANCELLED else 'failed'}."
    return ""


def _ended(now: Standing) -> str:
    return utc_text(str((now.last or {}).get("ended", ""))) or "an unknown time"
