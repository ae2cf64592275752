"""Zuora invoices that are several documents in NetSuite. Without Invoice Settlement a charge adjustment raises the Zuora invoice, but
becomes a NetSuite invoice of its own; a credit adjustment lowers it and becomes a credit memo applied to it (adjustments.md A1). What Zuora
applies to such an invoice settles all of its NetSuite documents: first the invoice, then the charges in the order of their dates, each up
to what is open of it. The rules are pure; `families` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.ids import netsuite_id
from tallybridge.settings import Settings
from tallybridge.steps.shared.applications import ZERO
from tallybridge.steps.shared.conditions import NOT_TRANSFERRED, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.zuora.selection import Condition, Is, SourceQuery

Row = Mapping[str, Any]
ADJUSTMENT_FIELDS = (
    "AdjustmentDate",
    "AdjustmentNumber",
    "Amount",
    "InvoiceId",
    "Status",
    "TransferredToAccounting",
    "Type",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
)


PROCESSED = SourceQuery("InvoiceItemAdjustment", ("Status",), ((Is("Status", ("Processed",)),),))
ADJUSTED, NOT_ADJUSTED = "invoices-are-adjusted", "invoices-are-not-adjusted"
"""What a run learns of a tenant."""


@dataclass(frozen=True)
class Family:
    """The NetSuite documents of a Zuora invoice, by internal id: the invoice itself first. `coming` are its adjustments that NetSuite does
    not have yet but will get; the amount of a credit among them is still to be taken from what is open. `adjusted`: it has adjustments."""

    documents: tuple[str, ...] = ()
    coming: tuple[Row, ...] = ()
    adjusted: bool = False

    @property
    def still_to_credit(self) -> Decimal:
        """What credit adjustments will take."""
        return sum((Decimal(row.get("Amount") or 0) for row in self.coming if row.get("Type") == "Credit"), ZERO)


@dataclass
class Spread:
    """Amounts by NetSuite document, and what fitted nowhere."""

    lines: dict[str, Decimal] = field(default_factory=dict)
    short: Decimal = ZERO


def spread(amount: Decimal, rooms: Mapping[str, Decimal]) -> Spread:
    """An amount over documents in their order, each up to its room."""
    found, rest = Spread(), amount
    for document, room in rooms.items():
        share = min(rest, max(room, ZERO))
        if share > ZERO:
            found.lines[document] = share
            rest -= share
    found.short = rest
    return found


def taken(amount: Decimal, family: Family, balances: MutableMapping[str, Decimal], *, reserved: Decimal = ZERO) -> Spread:
    """Take an amount out of the open balances of a family's documents, which become smaller by it; `reserved` is kept for others."""
    rooms = {d: balances.get(d, ZERO) for d in family.documents}
    for document, share in spread(reserved, rooms).lines.items():
        rooms[document] -= share
    found = spread(amount, rooms)
    for document, share in found.lines.items():
        balances[document] = balances.get(document, ZERO) - share
    return found


def families(context: StepContext, invoices: Mapping[str, Row]) -> dict[str, Family]:
    """The families of Zuora invoices (rows by id, with `IntegrationId__NS`): one ZOQL call for many, none in a tenant that adjusts no
    invoices. Only processed adjustments count."""
    rows: dict[str, list[Row]] = {}
    adjusted = invoices if invoices and _are_invoices_adjusted(context) else {}
    for row in context.source.by_field("InvoiceItemAdjustment", "InvoiceId", adjusted, ADJUSTMENT_FIELDS):
        if row.get("Status") == "Processed":
            rows.setdefault(str(row["InvoiceId"]), []).append(row)
    return {i: _family(invoice, rows.get(i, ()), context.settings) for i, invoice in invoices.items()}


def _are_invoices_adjusted(context: StepContext) -> bool:
    """Whether the tenant has adjustments at all: one call a run."""
    if context.learned.has(ADJUSTED) or context.learned.has(NOT_ADJUSTED):
        return context.learned.has(ADJUSTED)
    found = bool(context.source.count(PROCESSED))
    context.learned.note(ADJUSTED if found else NOT_ADJUSTED)
    return found


def _family(invoice: Row, adjustments: Iterable[Row], settings: Settings) -> Family:
    ordered = sorted(adjustments, key=lambda r: (str(r.get("AdjustmentDate") or ""), str(r.get("AdjustmentNumber") or "")))
    charges = (_internal_id(r) for r in ordered if r.get("Type") == "Charge")
    coming = () if settings.disable_zuora_invoice_item_adjustment_sync else (r for r in ordered if _is_coming(r, settings))
    return Family(tuple(d for d in dict.fromkeys((_internal_id(invoice), *charges)) if d), tuple(coming), bool(ordered))


def _is_coming(adjustment: Row, settings: Settings) -> bool:
    rules: tuple[Condition, ...] = (NOT_TRANSFERRED, not_ignored())
    rules += since("AdjustmentDate", settings.cutover_zuora_invoice_item_adjustment)
    return not adjustment.get("IntegrationId__NS") and all(rule.holds(adjustment) for rule in rules)


def _internal_id(row: Row) -> str:
    found = str(row.get("IntegrationId__NS") or "")
    return found if netsuite_id(found) else ""
