"""Revenue dates that come after the document (invoices.md section 7): documents that NetSuite has with provisional dates are read again
until the dates of their items are known, and then their lines are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from tallybridge.settings import Settings
from tallybridge.steps.documents.document_lines import revenue
from tallybridge.steps.documents.kind import D, Kind
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.reference import Reference
from tallybridge.steps.shared.texts import day
from tallybridge.sync.ledger import DEFERRED
from tallybridge.sync.step import Candidate, Counterpart, Hold, Leave, Mark, Plan, Problem, Request, SourceRecord, Write
from tallybridge.zuora.selection import Condition, Is

UPDATING, ERROR_UPDATING = "Updating Revenue Recognition", "Error Updating Revenue Recognition"
UNFINISHED: tuple[Condition, ...] = (
    Is("Status", ("Posted",)),
    Is("TransferredToAccounting", ("Yes",)),
    Is("IntegrationStatus__NS", (UPDATING, ERROR_UPDATING)),
)
"""Synced documents whose revenue update was interrupted or refused: picked up again by status (section 7, 3)."""


class Lookup(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql_in(self, q: str, values: Sequence[str], params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...


# -- which ---------------------------------------------------------------------------------------------------------------


def alternatives(conditions: tuple[Condition, ...], settings: Settings) -> tuple[tuple[Condition, ...], ...]:
    """A step's own conditions, and the status of unfinished revenue updates where NetSuite recognises revenue."""
    return (conditions, UNFINISHED) if settings.netsuite_use_revenue_recognition else (conditions,)


def is_unfinished(head: Mapping[str, Any]) -> bool:
    """Whether a synced document's revenue update was interrupted or refused."""
    return all(condition.holds(head) for condition in UNFINISHED)


def deferred(context: StepContext) -> tuple[str, ...]:
    """The documents of the step with deferred lines, by id, where NetSuite recognises revenue."""
    return context.deferred if context.settings.netsuite_use_revenue_recognition else ()


def with_deferred(waiting: Iterator[Candidate], context: StepContext) -> Iterator[Candidate]:
    """Waiting documents, then those with deferred lines; one that is both comes once."""
    rest = dict.fromkeys(deferred(context))
    for candidate in waiting:
        rest.pop(candidate.id, None)
        yield candidate
    for document_id in rest:
        yield Candidate(document_id, data={"revenue_update": True})


def is_update(candidate: Candidate) -> bool:
    """Whether a candidate was taken up for its deferred lines alone."""
    return bool(candidate.data.get("revenue_update"))


# -- what NetSuite has ---------------------------------------------------------------------------------------------------


def lines_in_netsuite(netsuite: Lookup, reference: Reference, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """The item lines of NetSuite invoices, by invoice: line key, Zuora ID, whether deferred."""
    zuora_id = reference.custom("invoice", "Zuora ID", line=True)
    q = (
        f"SELECT tl.transaction, tl.id AS line, tl.{zuora_id} AS zuoraid, tl.deferrevrec AS deferred "
        "FROM transactionline tl WHERE tl.transaction IN {in} AND tl.mainline = 'F' AND tl.taxline = 'F'"
    )
    lines: dict[str, list[dict[str, str]]] = {}
    for row in netsuite.suiteql_in(q, ids) if ids else ():
        lines.setdefault(row["transaction"], []).append(row)
    return lines


def with_lines(
    netsuite: Lookup, reference: Reference, found: dict[str, list[Counterpart]], needed: Mapping[str, str]
) -> dict[str, list[Counterpart]]:
    """The counterparts, those of some records with their lines. `needed`: internal id by source id."""
    lines = lines_in_netsuite(netsuite, reference, list(needed.values()))
    for source_id, internal_id in needed.items():
        there = found[source_id][0] if source_id in found else Counterpart(internal_id)
        found[source_id] = [replace(there, record={"lines": lines.get(internal_id, [])})]
    return found


# -- what is done --------------------------------------------------------------------------------------------------------


def facts(kind: Kind[D], company: Company, data: D) -> dict[str, Any]:
    """What the ledger keeps: whether revenue dates are still to come, where the record type can say that they are (section 7, 7)."""
    can_defer = company.reference.has_field(kind.record_type(data), "deferRevRec", line=True)
    is_deferred = can_defer and any(revenue(company, data, i).defer for i in kind.items(company, data))
    return {"attention": f"{DEFERRED}{kind.step}"} if is_deferred else {}


def plan_update(kind: Kind[D], company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """One update with the dates of all lines that have become known; nothing when the lines have them."""
    data: D = record.data
    there = found[0].record["lines"] if found else []
    changes, kept = _changes(company, data, there), facts(kind, company, data)
    if not changes and not is_unfinished(data.head):
        if kept or not any(line.get("zuoraid") for line in there):
            return Leave(Problem(f"{kind.code}-REVENUE", f"{kind.name(data)}: revenue dates are up to date."), level="DEBUG")
        return Write("recover", "", "", (), destination_id=record.destination_id, write_back=False, check_amount=False)
    date = day(data.head.get(kind.date)) or ""
    if changes and company.reference.is_closed(date):
        reason = f"the accounting period of {date} is closed"
        text = f"{kind.name(data)}: revenue dates could not be updated in NetSuite: {reason}."
        return Hold((Problem(f"{kind.code}-REVENUE-PERIOD", text, "Open the period, or correct the lines by hand."),))
    requests = (Request(kind.record_type(data), {"item": {"items": changes}}, record.destination_id),) if changes else ()
    return Write(
        "update",
        UPDATING,
        ERROR_UPDATING,
        requests,
        destination_id=record.destination_id,
        transferred=False,
        check_amount=False,
        facts=kept,
    )


def without_transfer(mark: Mark) -> Mark:
    """The mark, without Transferred to Accounting for a revenue update: it stays Yes (section 7, 3)."""
    return replace(mark, transferred=None) if mark.record.data.revenue_update else mark


def _changes(company: Company, data: D, lines: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The lines that are still deferred in NetSuite and whose dates are final by now."""
    changes = []
    by_key = {line["line"]: line for line in lines}
    by_id = {line.get("zuoraid"): line for line in lines}
    for item in data.items:
        line, dates = _line_of(item, by_key, by_id), revenue(company, data, item)
        if line.get("deferred") == "T" and not dates.defer:
            start, end = dates.start or None, dates.end or None
            changes.append({"line": int(line["line"]), "deferRevRec": False, "revRecStartDate": start, "revRecEndDate": end})
    return changes


def _line_of(
    item: Mapping[str, Any], by_key: Mapping[str, Mapping[str, str]], by_id: Mapping[str | None, Mapping[str, str]]
) -> Mapping[str, str]:
    """The NetSuite line of an item: by the line key that the item holds (mode A), unless that line carries another item's Zuora ID; else by
    the line's Zuora ID (section 7, 4)."""
    keyed = by_key.get(str(item.get("IntegrationId__NS") or ""), {})
    return keyed if keyed and keyed.get("zuoraid", item["Id"]) == item["Id"] else by_id.get(str(item["Id"]), {})
