"""NetSuite credit memos -> Zuora adjustments: what a memo asks for, and the mapping of one adjustment (adjustments.md, A2 and A3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.steps.documents.adjustment_spread import CHARGE, CREDIT, ZERO
from tallybridge.steps.shared.applications import Application, by_document
from tallybridge.steps.shared.from_netsuite import INTEGRATION_ID, ZUORA_COMMENT_LIMIT, Row, is_void
from tallybridge.sync.step import Problem

ON_INVOICES, ON_ITEMS = "InvoiceAdjustment", "InvoiceItemAdjustment"
"""The two Zuora objects that can take a credit memo."""
DAY = len("2026-01-31")
NEGATIVE, INVOICE, ADJUSTMENT = "NEGATIVE_INVOICE", "INVOICE", "INVOICE_ITEM_ADJUSTMENT"
"""Zuora Type of NetSuite records."""
REFERENCE_LIMIT = 60


def one_per_document(found: Sequence[Application]) -> list[Application]:
    """The applications of a memo, those to one document added up, in the order of the documents' internal ids."""
    sums = by_document(found)
    documents = {a.document: a for a in found}
    return [replace(documents[d], amount=sums[d]) for d in sorted(sums, key=int)]


@dataclass(frozen=True)
class Goal:
    """What Zuora must hold in the end: adjustments of one type on one invoice (its Zuora id) that sum up to `amount`. The first carries
    `key` as Integration ID, following ones `<key>_2`, `<key>_3`; `transaction` is their Transaction__NS."""

    key: str
    kind: str
    invoice_id: str
    amount: Decimal
    transaction: str

    def owns(self, row: Mapping[str, Any]) -> bool:
        """Whether a Zuora adjustment was made for this goal."""
        return row.get("Type") == self.kind and bool(re.fullmatch(rf"{re.escape(self.key)}(_\d+)?", str(row.get(INTEGRATION_ID))))


@dataclass(frozen=True)
class Movement:
    """One adjustment to be made; `source_id` and `source_type` name the line when it is made on an item."""

    key: str
    kind: str
    invoice_id: str
    amount: Decimal
    transaction: str
    source_id: str = ""
    source_type: str = ""


@dataclass
class MemoData:
    """A credit memo with everything its mapping needs. `invoices` are the Zuora invoices it concerns, by Zuora id; `account` is its Zuora
    account; `refunded` says that a NetSuite refund uses it; `made` are its adjustments in Zuora, canceled ones too, each with its
    object's name under "object"; `movements` is what is still to be made, `problems` why that cannot be; `lacking` names the fields
    that the tenant's object does not have, said with one memo of a batch; `zuora_ids` are those of its adjustments when it is complete;
    `known` is the ledger's item; `qualifies` says whether the rules for new memos choose it."""

    row: Row
    applications: Sequence[Application] = ()
    refunded: bool = False
    invoices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    made: list[Mapping[str, Any]] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lacking: tuple[str, ...] = ()
    zuora_ids: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)
    qualifies: bool = True

    @property
    def id(self) -> str:
        return self.row["id"]

    @property
    def number(self) -> str:
        return self.row.get("tranid") or self.id

    def money(self, amount: Decimal) -> str:
        """An amount of it as messages show it: "USD 1,190.75"."""
        return money.text(amount, self.row.get("currency", ""))

    @property
    def name(self) -> str:
        return f"NetSuite credit memo {self.number}"

    @property
    def negative(self) -> bool:
        """Whether it is a Zuora invoice with a negative amount (A3)."""
        return self.row.get("zuoratype") == NEGATIVE

    @property
    def code(self) -> str:
        return "NSNEG" if self.negative else "NSCM"

    @property
    def to_invoices(self) -> list[Application]:
        return [a for a in self.applications if a.kind == "CustInvc" and a.zuora_type == INVOICE]

    @property
    def amount(self) -> Decimal:
        """What Zuora is to hold of it: the amount applied to its invoice (A2); the whole memo less what charge adjustments that were made
        in Zuora have used (A3)."""
        if not self.negative:
            return sum((a.amount for a in self.to_invoices), ZERO)
        charged = (a.amount for a in self.applications if a.zuora_type == ADJUSTMENT)
        return abs(Decimal(self.row.get("total", "0"))) - sum(charged, ZERO)

    @property
    def goals(self) -> list[Goal]:
        """What Zuora must hold in the end, the memo's own Integration ID first."""
        if not self.negative:
            return [Goal(self.id, CREDIT, a.zuora_id, a.amount, self.number) for a in self.to_invoices[:1]]
        charge = Goal(self.id, CHARGE, self.row.get("zuoraid", ""), self.amount, self.number)  # procedure, step 1
        credits_ = (  # procedure, step 2
            Goal(f"{self.id}_{a.document}", CREDIT, a.zuora_id, a.amount, f"{self.number}_{a.number}") for a in self.to_invoices
        )
        return [*([charge] if charge.amount > ZERO else []), *credits_]

    @property
    def void(self) -> bool:
        return is_void(self.row)

    @property
    def wanted(self) -> dict[tuple[str, str], Decimal]:
        """What Zuora must hold in the end, by type and invoice, whatever of it may be sent."""
        if self.void:
            return {}
        goals = self.goals if self.negative else [Goal(self.id, CREDIT, a.zuora_id, a.amount, "") for a in self.to_invoices]
        return {(g.kind, g.invoice_id): g.amount for g in goals}

    @property
    def held(self) -> dict[tuple[str, str], Decimal]:
        """What Zuora holds of it, by type and invoice."""
        sums: dict[tuple[str, str], Decimal] = {}
        for row in self.made:
            if row.get("Status") == "Processed":
                key = str(row.get("Type")), str(row.get("InvoiceId"))
                sums[key] = sums.get(key, ZERO) + Decimal(row["Amount"])
        return sums

    def live(self, goal: Goal) -> list[Mapping[str, Any]]:
        """The adjustments of a goal that count, the first one first."""
        own = (r for r in self.made if r.get("Status") == "Processed" and goal.owns(r))
        return sorted(own, key=lambda r: (len(str(r[INTEGRATION_ID])), str(r[INTEGRATION_ID])))

    def invoice_name(self, invoice_id: str) -> str:
        return str(self.invoices.get(invoice_id, {}).get("InvoiceNumber") or invoice_id)


# -- mapping of one adjustment -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mapped:
    """One row of the mapping table; `target` is the field of an item adjustment."""

    source: str
    target: str
    rule: Callable[[MemoData, Movement, str], Any]


def dated(memo: MemoData, movement: Movement) -> str:
    """The credit memo's date, or that of the invoice where the memo is older: NetSuite applies older credits to younger invoices, and Zuora
    takes no adjustment from before its invoice."""
    of_invoice = str(memo.invoices.get(movement.invoice_id, {}).get("InvoiceDate") or "")[:DAY]
    return max(str(memo.row.get("trandate") or ""), of_invoice)


MAPPING = (
    Mapped("Zuora Customer ID (Sales)", "AccountId", lambda memo, m, now: memo.row.get("account")),
    Mapped("tranDate", "AdjustmentDate", lambda memo, m, now: dated(memo, m)),
    Mapped("apply line amount", "Amount", lambda memo, m, now: m.amount),
    Mapped("applied invoice's Zuora ID", "InvoiceId", lambda memo, m, now: m.invoice_id),
    Mapped("internalId", "ReferenceId", lambda memo, m, now: memo.id[:REFERENCE_LIMIT]),
    Mapped("internalId", "IntegrationId__NS", lambda memo, m, now: m.key),
    Mapped("memo", "Comment", lambda memo, m, now: memo.row.get("memo", "")[:ZUORA_COMMENT_LIMIT]),
    Mapped("tranId", "Transaction__NS", lambda memo, m, now: m.transaction[:ZUORA_COMMENT_LIMIT]),
    Mapped("", "Type", lambda memo, m, now: m.kind),
    Mapped("", "Origin__NS", lambda memo, m, now: "NETSUITE"),
    Mapped("", "SyncDate__NS", lambda memo, m, now: now),
    Mapped("", "SourceId", lambda memo, m, now: m.source_id),
    Mapped("", "SourceType", lambda memo, m, now: m.source_type),
)
"""Zuora fills AccountId from the invoice where a create may not give it. TransferredToAccounting, Yes, is not among the rows: no create may
give it (api-zuora-billing.md 12.6)."""
OTHER_NAMES: Mapping[str, Mapping[str, str]] = {ON_INVOICES: {"Comment": "Comments"}, ON_ITEMS: {}}


def targets(target: str) -> list[str]:
    """The fields of all rows under the names of a Zuora object."""
    return [OTHER_NAMES[target].get(row.target, row.target) for row in MAPPING]


def body(memo: MemoData, movement: Movement, target: str, now: str) -> dict[str, Any]:
    """The fields of one adjustment that have a value, under the names of a Zuora object."""
    values = ((name, row.rule(memo, movement, now)) for row, name in zip(MAPPING, targets(target), strict=True))
    return {name: value for name, value in values if value is not None and value != ""}
