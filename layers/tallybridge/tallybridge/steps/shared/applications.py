"""What is applied to what: the parts of Zuora's payments and memos, NetSuite's links, the open balances that applications take from
(memos.md C, Application), and the lines that write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from tallybridge.ids import netsuite_id

ZERO = Decimal(0)


class Lookup(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql_in(self, q: str, values: Iterable[str], params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...


# -- in Zuora ------------------------------------------------------------------------------------------------------------


def applied_parts(parts: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Decimal], dict[str, str]]:
    """What a payment or credit memo is applied to in Zuora: (amount, "invoice" or "debit memo") by document id. The parts of one document
    are added up, the unapplied rest is left out."""
    applied: dict[str, Decimal] = {}
    kinds: dict[str, str] = {}
    for part in parts:
        document = part.get("InvoiceId") or part.get("DebitMemoId")
        amount = Decimal(part.get("Amount") or 0)
        if document and amount:
            applied[document] = applied.get(document, ZERO) + amount
            kinds[document] = "invoice" if part.get("InvoiceId") else "debit memo"
    return applied, kinds


# -- in NetSuite ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Application:
    """One document that a NetSuite record is applied to: internal id, SuiteQL type code, number, Zuora ID and Zuora Type ("" if it is not
    from Zuora), amount in transaction currency."""

    document: str
    kind: str
    number: str
    zuora_id: str
    zuora_type: str
    amount: Decimal


def applications(netsuite: Lookup, ids: Iterable[str], zuora_id: str, zuora_type: str = "") -> dict[str, list[Application]]:
    """What NetSuite payments, refunds and credit memos are applied to, by record, one entry per link: one call per 1,000. `zuora_id` and
    `zuora_type` are the script ids of those body fields; without the latter the type is not read."""
    kind = f", d.{zuora_type} AS zuoratype" if zuora_type else ""
    q = (
        f"SELECT l.nextdoc AS record, d.id AS document, d.type AS kind, d.tranid AS number, d.{zuora_id} AS zuoraid{kind}, "
        "l.foreignamount AS amount FROM nexttransactionlinelink l JOIN transaction d ON d.id = l.previousdoc WHERE l.nextdoc IN {in}"
    )
    found: dict[str, list[Application]] = {}
    for row in netsuite.suiteql_in(q, sorted({i for i in ids if i})):
        names = (row.get("number") or row["document"], row.get("zuoraid", ""), row.get("zuoratype", ""))
        application = Application(row["document"], row["kind"], *names, Decimal(row.get("amount", "0")))
        found.setdefault(row["record"], []).append(application)
    return found


def by_document(found: Iterable[Application]) -> dict[str, Decimal]:
    """The amounts of applications by internal id of the document."""
    sums: dict[str, Decimal] = {}
    for application in found:
        sums[application.document] = sums.get(application.document, ZERO) + application.amount
    return sums


# -- open balances -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shortage:
    """An application that NetSuite would refuse: the document's open balance and what is needed of it, in transaction currency."""

    open: Decimal
    needed: Decimal


@dataclass(frozen=True)
class Allotment:
    """What becomes of the applications of one memo, by internal id of the document: those that fit with their amounts, and the others."""

    fits: Mapping[str, Decimal] = field(default_factory=dict)
    short: Mapping[str, Shortage] = field(default_factory=dict)

    def reachable(self, present: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """The applications as they can be now: those that fit; the others stay as they are at `present`."""
        return {**{d: present[d] for d in self.short if d in present}, **self.fits}


def allotted(wanted: Mapping[str, Decimal], present: Mapping[str, Decimal], balances: dict[str, Decimal]) -> Allotment:
    """Take the applications out of the open balances of the documents, which become smaller by that, or larger by what is unapplied.

    `present` are the applications that NetSuite has already; only what goes beyond them needs an open balance. An application that does
    not fit as a whole is not made in part.
    """
    fits: dict[str, Decimal] = {}
    short: dict[str, Shortage] = {}
    for document in present.keys() - wanted.keys():
        balances[document] = balances.get(document, ZERO) + present[document]
    for document, amount in wanted.items():
        more, open_ = amount - present.get(document, ZERO), balances.get(document, ZERO)
        if more > max(open_, ZERO):
            short[document] = Shortage(open_, more)
        else:
            fits[document] = amount
            balances[document] = open_ - more
    return Allotment(fits, short)


def open_balances(netsuite: Lookup, documents: Iterable[str]) -> dict[str, Decimal]:
    """The open amounts of NetSuite invoices by internal id, in transaction currency: one call per 1,000. A missing one is left out."""
    ids = sorted(d for d in documents if netsuite_id(d))
    q = "SELECT id, foreignamountunpaid FROM transaction WHERE id IN {in}"
    return {row["id"]: Decimal(row.get("foreignamountunpaid") or 0) for row in netsuite.suiteql_in(q, ids)}


# -- lines to write ------------------------------------------------------------------------------------------------------


def changed_lines(wanted: Mapping[str, Decimal], present: Mapping[str, Decimal], *, remove_others: bool = True) -> list[dict[str, Any]]:
    """Apply lines that must change, by document id; an amount of 0 unapplies. With `remove_others`, lines of documents that are not
    wanted go too. NetSuite merges them with the rest."""
    gone = [_line(document, ZERO) for document in present if remove_others and document not in wanted]
    changed = [_line(document, amount) for document, amount in wanted.items() if present.get(document, ZERO) != amount]
    return gone + changed


def _line(document: str, amount: Decimal) -> dict[str, Any]:
    return {"doc": {"id": document}, "apply": bool(amount), "amount": amount}


def apply_lines(wanted: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    """The apply lines of a new payment or refund, by document id."""
    return [{"doc": {"id": document}, "apply": True, "amount": amount} for document, amount in wanted.items()]


def apply_sublist(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The `apply` sublist; nothing where there are no lines."""
    return {"apply": {"items": list(lines)}} if lines else {}
