"""How documents are read from Zuora again: heads that still qualify, with the product charges of their items; and what the
engine is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tallybridge.steps.documents.document_lines import amount_to_send
from tallybridge.steps.documents.kind import D, DocumentData, Kind, charge_id_of
from tallybridge.steps.shared.base import transaction_record
from tallybridge.steps.shared.company import Company
from tallybridge.sync.step import Candidate, SourceRecord
from tallybridge.zuora.selection import Selected
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


def record_of(kind: Kind[D], company: Company, data: D) -> SourceRecord:
    """The document as the engine knows it."""
    amount, currency = amount_to_send(kind, company, data), kind.currency(data)
    record = transaction_record(company.booking, data, kind.number, kind.date, amount, currency)
    return replace(record, group=record.group if kind.in_order else "", destination=kind.record_type(data))
