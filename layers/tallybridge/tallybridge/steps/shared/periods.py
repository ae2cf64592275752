"""Documents dated in a closed accounting period of NetSuite: held, refused, or posted in the next open period, as the settings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tallybridge.settings import ClosedPeriod, Settings
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Hold, Plan, Problem, Refusal, Write


@dataclass(frozen=True)
class Posting:
    """`fields` go into the document's header; `problem` says why it is not sent, `refused` that the source is to say so."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    refused: bool = False

    def plan(self, error: str) -> Plan | None:
        """The plan of a document that is not sent; None when it may be. `error` is the status text of a refusal."""
        if self.problem is None:
            return None
        return Refusal(self.problem, error) if self.refused else Hold((self.problem,))


def posting(settings: Settings, reference: Reference, record_type: str, date: str, code: str, label: str) -> Posting:
    """How a document of `record_type` dated `date` (YYYY-MM-DD) is posted. `code`: prefix of the step's messages; `label`: the document."""
    if not reference.is_closed(date):
        return Posting()
    policy = settings.closed_period.get(record_type, ClosedPeriod.HOLD)  # type: ignore[call-overload]
    period = reference.period_of(date) or {}
    cause = f"The accounting period {period.get('periodname', date)} is closed."
    text = f"{label}: The accounting period of {date} is closed."
    if policy is ClosedPeriod.NEXT_OPEN:
        later = reference.next_open(date)
        if later:
            return Posting({"postingPeriod": {"id": later["id"]}})
        advice = "Create or open a later accounting period in NetSuite; the document is posted there by itself."
        return Posting(problem=Problem(f"{code}-PERIOD", f"{text} No later period is open.", advice, cause=cause))
    advice = "Open the period in NetSuite, change the date in Zuora, or choose another value of the setting closed_period."
    return Posting(problem=Problem(f"{code}-PERIOD", text, advice, cause=cause), refused=policy is ClosedPeriod.REFUSE)


def with_period(plan: Plan, periods: Sequence[Mapping[str, str]]) -> Plan:
    """The plan, with the period that a document is posted in noted in the ledger where that is not the one of its date: its name, and the
    first day of it."""
    if not isinstance(plan, Write):
        return plan
    bodies = [request.body for stage in plan.stages for request in stage.requests]
    wanted = {body["postingPeriod"]["id"] for body in bodies if "postingPeriod" in body}
    period = next((p for p in periods if p["id"] in wanted), None)
    if period is None:
        return plan
    return replace(plan, keep={**plan.keep, "posting_period": period["periodname"], "posted_from": period["first"]})
