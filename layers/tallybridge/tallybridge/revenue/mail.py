"""The mail about a run (revenue-connector.md section 12): when it is due, what stands in it."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from tallybridge.reporting._templates import render
from tallybridge.reporting.words import duration_text, moment, one_line, utc_text
from tallybridge.revenue.codes import ADVICE, Code
from tallybridge.revenue.config import Notifications
from tallybridge.revenue.result import RunResult, standing
from tallybridge.revenue.run import RunStatus

MAX_SUBJECT = 200
MAX_TEXT = 600
MAX_LINE = 400
"""Headers stay on one line, so that mail programs show the subject as it is."""
REMARKS = 20
"""Remarks listed in the mail."""


def is_due(status: RunStatus, settings: Notifications) -> bool:
    """A failure always; success and warnings (skipped and cancelled runs among them) when they are switched on."""
    if status is RunStatus.FAILED:
        return True
    return settings.on_success if status is RunStatus.SUCCESS else settings.on_warning


def subject_of(result: RunResult) -> str:
    """`[<environment>] Revenue connector NetSuite - <instance> - <STATUS> - <start, UTC>`."""
    run = result.run
    started = moment(run.started)
    time = f"{started:%Y-%m-%d %H:%M} UTC" if started else ""
    return one_line(f"[{run.environment}] Revenue connector NetSuite - {run.instance.name} - {result.status} - {time}", MAX_SUBJECT)


def build(result: RunResult, *, sender: str, attachment: tuple[str, bytes] | None, place: str) -> EmailMessage:
    """The mail with text, HTML and the attachment; `place` says where the attachment lies when it is too large to come along."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=MAX_LINE))
    message["Subject"] = subject_of(result)
    message["From"] = sender
    message["To"] = "undisclosed-recipients:;"
    if ended := moment(result.ended):
        message["Date"] = format_datetime(ended)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Tallybridge-Run"] = one_line(result.run.run_id, 100).encode("ascii", "replace").decode()
    values = _values(result, attachment[0] if attachment else "", place)
    message.set_content(render("revenue_mail.txt", **values), cte="quoted-printable")
    message.add_alternative(render("revenue_mail.html", **values), subtype="html", cte="quoted-printable")
    if attachment:
        message.add_attachment(attachment[1], maintype="text", subtype="csv", filename=attachment[0])
    return message


def _values(result: RunResult, attached: str, place: str) -> dict[str, object]:
    failure, run = result.failure, result.run
    code = failure.code if failure else ""
    others = [(each.code, result.told(each)) for each in result.failures[1:]]
    remarks = [(c, one_line(t, MAX_TEXT)) for c, t in (*others, *(pair for task in result.tasks for pair in task.warnings))]
    objects = [
        {
            "object": item.line.object,
            "dataset": item.line.dataset_name or item.line.dataset,
            "template": item.line.template,
            "read": item.rows,
            "ingested": item.staged,
            "stage_errors": item.stage_errors,
            "files": [f.name for f in item.files],
            "status": str(item.status),
        }
        for item in result.objects
    ]
    return {
        "subject": subject_of(result),
        "run": run,
        "status": str(result.status),
        "by": "schedule" if run.trigger == "schedule" else run.user or run.trigger,
        "started": utc_text(run.started),
        "ended": utc_text(result.ended),
        "took": duration_text(run.started, result.ended),
        "objects": objects,
        "failure": failure,
        "failed_object": result.object_name(failure.object) if failure else "",
        "message": one_line(failure.message, MAX_TEXT) if failure else "",
        "advice": (failure.advice if failure else "") or (ADVICE[Code(code)] if code in Code.__members__ else ""),
        "standing": standing(result),
        "remarks": remarks[:REMARKS],
        "more": max(0, len(remarks) - REMARKS),
        "attached": attached,
        "place": place,
    }
