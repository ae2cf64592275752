"""What payments and refunds share: their parts, applications in NetSuite, and status writes with Invoice Settlement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.netsuite import NetSuite
from tallybridge.settings import Settings
from tallybridge.steps.shared import custom_fields
from tallybridge.steps.shared.applications import Application, applications, by_document
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.from_zuora import result_of
from tallybridge.sync.step import Mark, MarkResult
from tallybridge.zuora.selection import Child, Parent, Selected
from tallybridge.zuora.source import ZuoraSource
from tallybridge.zuora.writes import Written

METHOD_FIELDS = ("Type", "CreditCardType")
METHOD = Parent("PaymentMethod", "PaymentMethodId", optional=True, fields=METHOD_FIELDS)
SOURCE_WRITERS = 8
"""Parallel status writes: with Invoice Settlement a payment or refund takes one call each (api-zuora-billing.md section 12.5)."""


@dataclass(frozen=True)
class Applied:
    """What NetSuite says of one of its payments: its customer, the amount by document of the applications to Zuora's documents, what is
    open of it, its amount, and the currency of these amounts, "" where the account has but one."""

    customer: str
    documents: Mapping[str, Decimal] = field(default_factory=dict)
    open: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""


# -- reading -------------------------------------------------------------------------------------------------------------


def parts_now(source: ZuoraSource, child: Child, selected: Selected, head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of the selection, or, when the record was changed since, those of the transactional store."""
    if utc_moment(selected.updated) == utc_moment(head.get("UpdatedDate")):
        return selected.children.get("parts", [])
    return source.children(child, [selected.id]).get(selected.id, [])


def applied_there(netsuite: NetSuite, company: Company, payments: Iterable[str], currency: str) -> dict[str, Applied]:
    """NetSuite payments by id with their applications to Zuora's documents: two calls per 1,000. A missing one is left out. `currency` is
    the column with it, behind a comma, "" where there is none."""
    ids = sorted({p for p in payments if p})
    applied = applications(netsuite, ids, company.reference.custom("invoice", "Zuora ID"))
    columns = f"id, entity, foreignpaymentamountunused AS unused, foreigntotal AS total{currency}"
    heads = f"SELECT {columns} FROM transaction WHERE type = 'CustPymt' AND id IN {{in}}"
    return {row["id"]: _applied(company, row, applied.get(row["id"], ())) for row in netsuite.suiteql_in(heads, ids)}


def _applied(company: Company, row: Mapping[str, str], applied: Sequence[Application]) -> Applied:
    unused, total = Decimal(row.get("unused", "0")), abs(Decimal(row.get("total", "0")))
    code = company.reference.currency_code(row.get("currency"))
    return Applied(row.get("entity", ""), by_document(a for a in applied if a.zuora_id), unused, total, code)


# -- status writes -------------------------------------------------------------------------------------------------------

Marking = Callable[[Sequence[Mark]], dict[str, MarkResult]]
Fields = Callable[[Mark], dict[str, Any]]
Put = Callable[[str, Mapping[str, Any]], Written]


def marked(settings: Settings, marks: Sequence[Mark], together: Marking, one_by_one: Marking) -> dict[str, MarkResult]:
    """Statuses with Invoice Settlement: one PUT each, several at a time, unless the setting says that Actions, `together`, work there too.
    With `journal_only_progress_mark` what is under way is kept in the ledger only."""
    kept = [m for m in marks if settings.journal_only_progress_mark and _is_progress(m)]
    due = [m for m in marks if m not in kept]
    by_actions = settings.mode_b_payment_status_write == "actions"
    written = together(due) if by_actions and due else one_by_one(due)
    return {**{m.record.id: MarkResult(True) for m in kept}, **written}


def put_each(source: ZuoraSource, fields_of: Fields, put: Put, marks: Sequence[Mark]) -> dict[str, MarkResult]:
    """One PUT for each mark. `fields_of` gives its fields under the names of Actions, `put` writes one record."""

    def write(mark: Mark) -> tuple[str, MarkResult]:
        fields = fields_of(mark)
        transferred = fields.pop("TransferredToAccounting", None)
        body = source.to_tenant(fields)
        if transferred is not None:
            body["financeInformation"] = {"transferredToAccounting": transferred}
        return mark.record.id, result_of(put(mark.record.id, body))

    with ThreadPoolExecutor(max_workers=SOURCE_WRITERS) as pool:
        return dict(pool.map(write, marks))


def _is_progress(mark: Mark) -> bool:
    """Whether a mark only says that the record is being worked on. That custom fields are still to be copied is told by nothing else."""
    return mark.transferred == "Processing" and mark.status != custom_fields.UPDATING
