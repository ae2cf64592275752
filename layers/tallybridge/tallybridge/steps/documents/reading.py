"""How documents are read from Zuora again: heads that still qualify, with the product charges of their items; and what the
engine is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Generic

from tallybridge.steps.documents.document_lines import amount_to_send
from tallybridge.steps.documents.kind import D, DocumentData, Kind, charge_id_of
from tallybridge.steps.documents.later_revenue import is_unfinished, is_update
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import ACCOUNT_FIELDS
from tallybridge.steps.shared.from_zuora import transaction_record
from tallybridge.sync.step import Candidate, SourceRecord
from tallybridge.zuora.selection import Child, Selected
from tallybridge.zuora.source import ZuoraSource

CHARGE_FIELDS = (
    "Name",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "RevRecCode",
    "RevRecStart__NS",
    "RevRecEnd__NS",
    "RevRecTemplateType__NS",
)

Charges = Mapping[str, dict[str, Any]]
Reread = tuple[Selected, dict[str, Any], dict[str, dict[str, Any]]]
"""What was selected, the head as it is now, its parents by object."""
Rereads = Callable[[Sequence[Candidate]], Iterable[Reread]]


def reread_with_charges(source: ZuoraSource, reread: Rereads, candidates: Sequence[Candidate]) -> tuple[list[Reread], Charges]:
    """The heads that still qualify with their parents, and the product charges of the selected items by id, read at the same time."""
    charge_ids = {charge_id_of(i) for c in candidates for i in c.data["children"].get("items", ())}
    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(source.reread, "ProductRatePlanCharge", charge_ids, CHARGE_FIELDS)
        return list(reread(candidates)), reading.result()


def add_charges(source: ZuoraSource, found: Sequence[DocumentData], known: Charges) -> None:
    """Give each document the product charges of its items; `known` are those that have been read."""
    missing = {charge_id_of(i) for d in found for i in d.items} - known.keys()
    charges = {**known, **source.reread("ProductRatePlanCharge", missing, CHARGE_FIELDS)}
    for data in found:
        data.charges = charges


Making = Callable[[Mapping[str, Any], Mapping[str, Any], list[dict[str, Any]], list[dict[str, Any]]], D]
"""Makes a document of its head, account, items and taxes."""


@dataclass(frozen=True)
class Reading(Generic[D]):
    """How the documents of an `object` are read, those that are to be sent and those whose revenue dates are still to come: the `fields` of
    their heads, their `items`, and what makes a document."""

    object: str
    fields: tuple[str, ...]
    items: Child
    make: Making[D]

    def read(self, source: ZuoraSource, reread: Rereads, candidates: Sequence[Candidate]) -> list[D]:
        """The candidates as they are now, with the charges of their items."""
        later = [c.id for c in candidates if is_update(c)]
        rereads, charges = reread_with_charges(source, reread, [c for c in candidates if not is_update(c)])
        later += [selected.id for selected, head, _ in rereads if is_unfinished(head)]
        found = [
            self.make(head, parents["Account"], selected.children.get("items", []), selected.children.get("taxes", []))
            for selected, head, parents in rereads
            if not is_unfinished(head)
        ]
        found += self._later(source, later)
        add_charges(source, found, charges)
        return found

    def _later(self, source: ZuoraSource, ids: Sequence[str]) -> Iterator[D]:
        """Synced documents with deferred lines, if the trigger date of one of their items is known by now (invoices.md 7, 1 and 2)."""
        if not ids:
            return
        heads = source.reread(self.object, ids, self.fields)
        children = source.children(self.items, list(heads))
        accounts = source.reread("Account", (h.get("AccountId", "") for h in heads.values()), ACCOUNT_FIELDS)
        for document_id, head in heads.items():
            data = self.make(head, accounts.get(head.get("AccountId", ""), {}), children.get(document_id, []), [])
            if any(i.get("RevRecStartDate") for i in data.items) or is_unfinished(head):
                data.revenue_update = True
                yield data


def record_of(kind: Kind[D], company: Company, data: D) -> SourceRecord:
    """The document as the engine knows it."""
    amount, currency = amount_to_send(kind, company, data), kind.currency(data)
    record = transaction_record(company.booking, data, kind.number, kind.date, amount, currency)
    return replace(record, group=record.group if kind.in_order else "", destination=kind.record_type(data))
