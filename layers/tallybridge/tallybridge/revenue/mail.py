"""What is special about the mail of the revenue connector (revenue-connector.md section 12): when it is wanted, and its subject. The mail
itself is that of every run."""

from __future__ import annotations

from tallybridge.reporting.words import moment, one_line
from tallybridge.revenue.config import Notifications
from tallybridge.revenue.result import RunResult
from tallybridge.revenue.run import RunStatus

MAX_SUBJECT = 200


def is_wanted(status: RunStatus, settings: Notifications) -> bool:
    """A failure always; success and warnings (skipped and cancelled runs among them) when they are switched on."""
    if status is RunStatus.FAILED:
        return True
    return settings.on_success if status is RunStatus.SUCCESS else settings.on_warning


def subject_of(result: RunResult, *, recovered: bool = False) -> str:
    """`[<environment>] Revenue connector NetSuite - <instance> - <STATUS> - <start, UTC>`."""
    run = result.run
    started = moment(run.started)
    time = f"{started:%Y-%m-%d %H:%M} UTC" if started else ""
    status = f"{result.status} (recovered)" if recovered else str(result.status)
    return one_line(f"[{run.environment}] Revenue connector NetSuite - {run.instance.name} - {status} - {time}", MAX_SUBJECT)
