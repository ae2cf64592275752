"""The effective date of a Zuora payment that is made of a NetSuite one. Zuora's reference for creating a payment says that the date, if
given, must be today's; tenants that take earlier ones get NetSuite's. So NetSuite's date is offered once, and a run that was declined for
it goes on without: the payment is effective on the day of the sync, and NetSuite's date stands in its comment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tallybridge.errors import Refused
from tallybridge.steps.settlement.netsuite_payment_data import PaymentData
from tallybridge.steps.settlement.netsuite_payment_requests import create
from tallybridge.steps.shared.learned import Learned
from tallybridge.sync.step import Otherwise, Problem, SourceRecord, Write

TODAY_ALONE = "payments-effective-today-alone"
"""What a run learns of a tenant."""
EFFECTIVE_DATE = re.compile(r"effective ?date", re.IGNORECASE)


def with_a_date(record: SourceRecord, plan: Write, own: Mapping[str, Any], learned: Learned, *, today: str, falls_back: bool) -> Write:
    """The plan of a payment with Invoice Settlement, and its other way. `plan` has all but the requests, `own` are the connector's fields
    of the payment; `today` is YYYY-MM-DD, and `falls_back` says whether the settings allow the other way."""
    data: PaymentData = record.data
    dated = replace(plan, requests=create(data, record, own))
    date = data.row.get("trandate", "")
    if not falls_back or date >= today:
        return dated
    text = f"{data.name}: Zuora takes no payment of {date}; it is effective on the day of the sync, and its date stands in the comment."
    told = (Problem("NSPAY-DATE", text), *plan.remarks)
    undated = replace(dated, requests=create(data, record, own, today=True), remarks=told)
    if learned.has(TODAY_ALONE):
        return undated

    def learns(refused: Refused) -> bool:
        about_date = bool(EFFECTIVE_DATE.search(refused.detail or refused.message))
        if about_date:
            learned.note(TODAY_ALONE)
        return about_date

    return replace(dated, otherwise=Otherwise(learns, lambda: learned.has(TODAY_ALONE), replace(undated, in_progress="")))
