"""What settles documents beside a NetSuite payment and is not sent: early payment discounts, customer deposits, credits used with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from tallybridge.steps.shared.applications import ZERO, Application, Lookup

DEPOSIT, CREDIT, DEPOSIT_APPLICATION = "CustDep", "CustCred", "DepAppl"
"""SuiteQL type codes."""


class Reader(Lookup, Protocol):
    """What is needed of the NetSuite client."""

    def read(self, record_type: str, id: str, expand: bool = False) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Beside:
    """One amount that settles a document and is not sent: `kind` is "" for a discount, else the SuiteQL type code; `number` that of the
    other transaction."""

    document: str
    amount: Decimal
    kind: str = ""
    number: str = ""


@dataclass(frozen=True)
class Settled:
    """The applications of a payment without discounts, and what settles its documents beside them."""

    applications: Sequence[Application]
    beside: Sequence[Beside] = ()


def settled(netsuite: Reader, found: Mapping[str, Sequence[Application]], paid: Mapping[str, Decimal]) -> dict[str, Settled]:
    """By payment. `found` are the applications by payment, `paid` what of each payment is used. One call per 1,000 documents that came
    from Zuora, and one for each payment where NetSuite counts more as paid than is applied: discounts stand in the record alone.

    Whether NetSuite's links contain the discounts is not published; both are understood.
    """
    documents = {a.document: a.number for own in found.values() for a in own if a.zuora_id}
    links = _links(netsuite, documents)
    short = {document for document, own in links.items() if _is_short(own)}
    results = {}
    for payment, own in found.items():
        over = sum((a.amount for a in own if a.kind not in (DEPOSIT, CREDIT)), ZERO) - paid.get(payment, ZERO)
        suspected = any(a.document in short for a in own) or (over > 0 and any(a.zuora_id for a in own))
        discounts = _discounts(netsuite, payment) if suspected else {}
        contained = bool(discounts) and over == sum(discounts.values(), ZERO)
        lines = [replace(a, amount=a.amount - discounts.get(a.document, ZERO)) if contained else a for a in own]
        beside = [Beside(a.document, discounts[a.document], number=a.number) for a in own if a.zuora_id and a.document in discounts]
        results[payment] = Settled(lines, [*beside, *(b for a in own for b in _deposits(links.get(a.document, ())))])
    return results


def _links(netsuite: Lookup, documents: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """What is applied to documents, by document: each row with the other transaction, and with the document's total and open amount."""
    q = (
        "SELECT l.previousdoc AS document, l.nexttype AS kind, l.foreignamount AS amount, a.tranid AS number, d.foreigntotal AS total, "
        "d.foreignamountunpaid AS unpaid FROM nexttransactionlinelink l JOIN transaction a ON a.id = l.nextdoc "
        "JOIN transaction d ON d.id = l.previousdoc WHERE l.previousdoc IN {in}"
    )
    rows: dict[str, list[dict[str, str]]] = {}
    for row in netsuite.suiteql_in(q, sorted(documents)):
        rows.setdefault(row["document"], []).append(row)
    return rows


def _is_short(links: Sequence[Mapping[str, str]]) -> bool:
    """Whether NetSuite counts more of a document as paid than is applied to it."""
    paid = Decimal(links[0].get("total") or 0) - Decimal(links[0].get("unpaid") or 0)
    return paid > sum((Decimal(link.get("amount") or 0) for link in links), ZERO)


def _discounts(netsuite: Reader, payment: str) -> dict[str, Decimal]:
    """The discounts of a payment's apply lines by document."""
    lines = (netsuite.read("customerPayment", payment, expand=True).get("apply") or {}).get("items") or ()
    taken = {str((line.get("doc") or {}).get("id")): Decimal(str(line.get("disc") or 0)) for line in lines if line.get("apply")}
    return {document: amount for document, amount in taken.items() if amount}


def _deposits(links: Iterable[Mapping[str, str]]) -> list[Beside]:
    return [
        Beside(link["document"], Decimal(link.get("amount") or 0), DEPOSIT_APPLICATION, link.get("number", ""))
        for link in links
        if link["kind"] == DEPOSIT_APPLICATION
    ]
