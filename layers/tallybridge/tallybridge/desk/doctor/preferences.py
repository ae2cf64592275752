"""Preferences and permissions of the NetSuite account that decide whether records can be sent and marked. No call shows them; what can be
read instead is what they have led to: documents posted outside of their period, flags of closed periods, numbers that were taken."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from tallybridge.desk.doctor.check import Check, State, named
from tallybridge.errors import Refused
from tallybridge.fields.netsuite import script_id_of
from tallybridge.netsuite import RecordSchema
from tallybridge.settings import ClosedPeriod, NumberMapping, Settings

AREA = "NetSuite"
OUTSIDE = (
    "SELECT t.id FROM transaction t JOIN accountingperiod p ON p.id = t.postingperiod "
    "WHERE t.posting = 'T' AND (t.trandate < p.startdate OR t.trandate > p.enddate) AND ROWNUM <= 1"
)
"""A document that is posted outside of the period of its date."""
CLOSED = (
    "SELECT id, periodname, TO_CHAR(enddate, 'YYYY-MM-DD') AS last, allownonglchanges AS allowed FROM accountingperiod "
    "WHERE isyear = 'F' AND isquarter = 'F' AND (closed = 'T' OR arlocked = 'T' OR alllocked = 'T')"
)
LAST_NUMBERS = (
    "SELECT * FROM (SELECT t.tranid AS number, t.{field} AS wanted FROM transaction t WHERE t.type = 'CustInvc' "
    "AND t.{field} IS NOT NULL ORDER BY t.id DESC) WHERE ROWNUM <= 1"
)
RECENT = timedelta(days=365)
"""Documents of closed periods that are older are hardly sent any more."""
MARKED = ("netsuite_payments", "netsuite_credit_memos", "netsuite_refunds")
"""Steps that write their status on NetSuite documents."""
OUTSIDE_NEXT = (
    "Allow Transaction Date Outside of the Posting Period (Setup > Accounting > Accounting Preferences); the feature Accounting Period "
    "Window sets it to Disallow by itself."
)
PERMISSION = "Give the role the permission Allow Non G/L Changes, and tick Allow Non-G/L Changes on periods when they are closed."
NUMBERS_NEXT = (
    "Allow Override for credit memos, invoices, payments, refunds and sales orders (Setup > Company > Auto-Generated Numbers), or set "
    "transaction_number_mapping to Let Destination Auto-Number."
)


class Asked(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql(self, q: str, params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...
    def metadata(self, record_type: str) -> RecordSchema: ...


def preference_checks(netsuite: Asked, settings: Settings, running: Collection[str], today: date) -> Iterator[Check]:
    """Those that the settings and the running steps depend on."""
    if ClosedPeriod.NEXT_OPEN in settings.closed_period.values():
        yield outside_check(netsuite)
    if any(step in running for step in MARKED):
        yield closed_check(netsuite, today)
    if settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER:
        yield numbers_check(netsuite, settings)


def outside_check(netsuite: Asked) -> Check:
    """Post In Next Open Period keeps the document's date."""
    title = "dates outside of the posting period"
    if list(_asked(netsuite, OUTSIDE)):
        return Check(AREA, title, State.OK, "there are documents posted in another period than that of their date")
    text = "no document is posted in another period than that of its date; Post In Next Open Period (closed_period) needs that"
    return Check(AREA, title, State.WARN, text, OUTSIDE_NEXT)


def closed_check(netsuite: Asked, today: date) -> Check:
    """Documents from NetSuite are marked before anything is sent."""
    title = "marks in closed periods"
    rows = [row for row in _asked(netsuite, CLOSED) if row.get("last", "") >= (today - RECENT).isoformat()]
    shut = [row.get("periodname", "") for row in rows if row.get("allowed") != "T"]
    if shut:
        text = f"the closed periods {named(shut)} do not allow non-G/L changes: payments, credit memos and refunds in them cannot be marked"
        return Check(AREA, title, State.WARN, text, PERMISSION)
    text = "all periods closed lately allow non-G/L changes" if rows else "no period was closed lately"
    return Check(AREA, title, State.OK, f"{text}; whether the role may make them is not shown", PERMISSION)


def numbers_check(netsuite: Asked, settings: Settings) -> Check:
    """Whether NetSuite took the number of the last invoice that came from Zuora."""
    title = "document numbers"
    fields = netsuite.metadata("invoice").fields
    field = script_id_of("custbody", "Zuora Reference Number", fields, settings.field_map)
    last = next(_asked(netsuite, LAST_NUMBERS.format(field=field)), None) if field in fields else None
    if last is None:
        text = "Zuora numbers are used for documents; no invoice tells yet whether NetSuite takes them"
        return Check(AREA, title, State.OK, text, NUMBERS_NEXT)
    if last.get("number") == last.get("wanted"):
        return Check(AREA, title, State.OK, f'Zuora numbers are used for documents; NetSuite took "{last["wanted"]}"')
    text = f'Zuora numbers are to be used for documents, but invoice "{last["wanted"]}" is "{last.get("number", "")}" in NetSuite'
    return Check(AREA, title, State.WARN, text, NUMBERS_NEXT)


def _asked(netsuite: Asked, q: str) -> Iterator[dict[str, str]]:
    """The rows; none where the role may not see them."""
    try:
        yield from netsuite.suiteql(q)
    except Refused:
        return
