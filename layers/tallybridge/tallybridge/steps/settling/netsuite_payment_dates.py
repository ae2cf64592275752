"""The effective date of a Zuora payment that is made of a NetSuite one. Zuora's reference for creating a payment says that the date, if
given, must be today's; tenants that take earlier ones get NetSuite's. So NetSuite's date is offered once, and a run that was declined for
it goes on without: the payment is effective on the day of the sync, and NetSuite's date stands in its comment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tallybridge.errors import Refused
from tallybridge.steps.settling.netsuite_payment_requests import create
from tallybridge.sync.step import Otherwise, Problem, SourceRecord, Write

if TYPE_CHECKING:
    from tallybridge.steps.netsuite_payments import NetSuitePayments
    from tallybridge.steps.settling.netsuite_payment_data import PaymentData

TODAY_ALONE = "payments-effective-today-alone"
"""What a run learns of a tenant."""
EFFECTIVE_DATE = re.compile(r"effective ?date", re.IGNORECASE)


def with_a_date(step: NetSuitePayments, record: SourceRecord, plan: Write, remarks: Sequence[Problem], facts: Mapping[str, Any]) -> Write:
    """The plan of a payment with Invoice Settlement, and its other way. `plan` has the status texts."""
    data: PaymentData = record.data
    dated = replace(plan, requests=create(data, record, step), remarks=tuple(remarks), facts=facts)
    date, today = data.row.get("trandate", ""), step.context.clock.now().date().isoformat()
    if step.settings.payment_date_fallback != "today" or date >= today:
        return dated
    text = f"{data.name}: Zuora takes no payment of {date}; it is effective on the day of the sync, and its date stands in the comment."
    told = (Problem("NSPAY-DATE", text), *remarks)
    undated = replace(dated, requests=create(data, record, step, today=True), remarks=told)
    if step.context.learned.has(TODAY_ALONE):
        return undated

    def learns(refused: Refused) -> bool:
        about_date = bool(EFFECTIVE_DATE.search(refused.detail or refused.message))
        if about_date:
            step.context.learned.note(TODAY_ALONE)
        return about_date

    return replace(dated, otherwise=Otherwise(learns, lambda: step.context.learned.has(TODAY_ALONE), replace(undated, in_progress="")))
