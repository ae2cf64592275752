"""What credit memos can be applied to: the open balances of NetSuite's documents, and how they are shared out (memos.md C, Application)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

ZERO = Decimal(0)


class Lookup(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql_in(self, q: str, values: Iterable[str], params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...


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
    ids = sorted(d for d in documents if d.isdigit())
    q = "SELECT id, foreignamountunpaid FROM transaction WHERE id IN {in}"
    return {row["id"]: Decimal(row.get("foreignamountunpaid") or 0) for row in netsuite.suiteql_in(q, ids)}


def applications(netsuite: Lookup, zuora_id: str, wanted: Mapping[str, set[str]]) -> dict[str, dict[str, Decimal]]:
    """What NetSuite credit memos are applied to, by memo and document: one call per 1,000. Only documents that came from Zuora, or that
    are `wanted` of the memo. `zuora_id` is the script id of the body field Zuora ID."""
    q = (
        f"SELECT l.nextdoc AS memo, l.previousdoc AS document, l.foreignamount AS amount, t.{zuora_id} AS zuoraid "
        "FROM nexttransactionlinelink l JOIN transaction t ON t.id = l.previousdoc WHERE l.nexttype = 'CustCred' AND l.nextdoc IN {in}"
    )
    found: dict[str, dict[str, Decimal]] = {}
    for row in netsuite.suiteql_in(q, sorted(wanted)):
        memo, document = row["memo"], row["document"]
        if row.get("zuoraid") or document in wanted[memo]:
            own = found.setdefault(memo, {})
            own[document] = own.get(document, ZERO) + Decimal(row["amount"])
    return found
