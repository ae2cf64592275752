"""What NetSuite holds now of documents that are to be reversed: head, postings, what is applied to what, and what reverses them already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from tallybridge.steps.shared.from_zuora import RECORD_TYPES
from tallybridge.steps.shared.reference import Reference
from tallybridge.steps.shared.sync_step import digest
from tallybridge.sync.held import Held
from tallybridge.sync.reversal import external_id

ZERO = Decimal(0)
KINDS = {**RECORD_TYPES, "Journal": "journalEntry", "DepAppl": "depositApplication"}
"""REST record types by SuiteQL's type codes: of what is reversed, what reverses, and what may be applied."""
APPLYING = ("CustPymt", "CustCred", "CustRfnd", "DepAppl", "Journal")
RECEIVABLE = "AcctRec"


class Lookup(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql_in(self, q: str, values: Iterable[str], params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...


@dataclass(frozen=True)
class Posting:
    """What a document has posted to an account: `amount` in transaction currency, debits positive. `segments` are the internal ids of
    class, department and location, as far as the account has and the line names them."""

    account: str
    kind: str
    amount: Decimal
    segments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Applied:
    """An application: of the transaction `record`, of a type, to the transaction `document`, of a type."""

    record: str
    record_type: str
    document: str
    document_type: str
    amount: Decimal


@dataclass(frozen=True)
class Document:
    """A transaction of NetSuite. `total` is in transaction currency and never negative; `rate` the exchange rate as NetSuite writes it;
    `uses` what it is applied to, `used_by` what is applied to it; `reversal` what reverses it already."""

    id: str
    record_type: str
    number: str
    date: str
    total: Decimal
    currency: str
    currency_id: str
    rate: str
    subsidiary: str
    customer: str
    voided: bool
    postings: tuple[Posting, ...] = ()
    uses: tuple[Applied, ...] = ()
    used_by: tuple[Applied, ...] = ()
    reversal: Reverser | None = None

    @property
    def seal(self) -> str:
        """A digest of what a plan rests on, beside the applications: they are undone in turn, by the plan itself."""
        money = [[p.account, str(p.amount), list(map(list, p.segments))] for p in self.postings]
        return digest(self.record_type, self.date, str(self.total), self.currency, self.customer, self.voided, money)


@dataclass(frozen=True)
class Reverser:
    """What reverses a document already."""

    id: str
    held: Held


@dataclass
class Books:
    """What is known of documents by internal id; those that do not exist are missing. `reversed` also knows what is applied to them."""

    documents: dict[str, Document] = field(default_factory=dict)
    reversed: dict[str, Reverser] = field(default_factory=dict)


def books(netsuite: Lookup, reference: Reference, ids: Iterable[str]) -> Books:
    """What NetSuite holds of documents now: six calls per 1,000."""
    wanted = sorted(set(ids))
    heads = {row["id"]: row for row in netsuite.suiteql_in(_heads(reference), wanted)}
    uses, used_by = _applied(netsuite, "nextdoc", heads), _applied(netsuite, "previousdoc", heads)
    postings = _postings(netsuite, reference, heads)
    around = {each.record for rows in used_by.values() for each in rows}
    reversed_by = reversers(netsuite, reference, {*wanted, *around})
    found = Books(reversed=reversed_by)
    for i, row in heads.items():
        parts = (tuple(postings.get(i, ())), tuple(uses.get(i, ())), tuple(used_by.get(i, ())))
        found.documents[i] = _document(row, reference, parts, reversed_by.get(i))
    return found


def _heads(reference: Reference) -> str:
    fields = ["t.id", "t.type", "t.tranid", "TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day", "t.foreigntotal", "t.entity", "t.voided"]
    fields += [f"t.{name}" for name in ("currency", "subsidiary") if reference.has_field("invoice", name)]
    fields += ["t.exchangerate"] if reference.has_field("invoice", "exchangeRate") else []
    return f"SELECT {', '.join(fields)} FROM transaction t WHERE t.id IN {{in}}"


def _document(row: Mapping[str, str], reference: Reference, parts: tuple[Any, Any, Any], reverser: Reverser | None) -> Document:
    return Document(
        id=row["id"],
        record_type=KINDS.get(row.get("type", ""), row.get("type", "")),
        number=row.get("tranid", row["id"]),
        date=row.get("day", ""),
        total=abs(Decimal(row.get("foreigntotal") or 0)),
        currency=_currency(row, reference),
        currency_id=row.get("currency", ""),
        rate=row.get("exchangerate", ""),
        subsidiary=row.get("subsidiary", ""),
        customer=row.get("entity", ""),
        voided=row.get("voided") == "T",
        postings=parts[0],
        uses=parts[1],
        used_by=parts[2],
        reversal=reverser,
    )


def _currency(row: Mapping[str, str], reference: Reference) -> str:
    return reference.currency_code(row["currency"]) if "currency" in row else reference.base_currency


def _applied(netsuite: Lookup, side: str, ids: Iterable[str]) -> dict[str, list[Applied]]:
    """Applications by the document on one side of them ("nextdoc" applies, "previousdoc" is applied to)."""
    types = ", ".join("?" * len(APPLYING))
    q = (
        "SELECT l.nextdoc AS record, l.nexttype AS kind, d.id AS document, d.type AS of, l.foreignamount AS amount "
        f"FROM nexttransactionlinelink l JOIN transaction d ON d.id = l.previousdoc WHERE l.{side} IN {{in}} AND l.nexttype IN ({types})"
    )
    found: dict[str, list[Applied]] = {}
    for row in netsuite.suiteql_in(q, sorted(ids), APPLYING):
        kinds = (KINDS.get(row["kind"], row["kind"]), KINDS.get(row["of"], row["of"]))
        each = Applied(row["record"], kinds[0], row["document"], kinds[1], abs(Decimal(row.get("amount") or 0)))
        if each.amount and each.record != each.document:
            found.setdefault(each.record if side == "nextdoc" else each.document, []).append(each)
    return found


def _postings(netsuite: Lookup, reference: Reference, ids: Iterable[str]) -> dict[str, list[Posting]]:
    """What documents have posted, by document, added up by account and segments. The side is that of the accounting line, the amount that
    of the transaction line, which is in transaction currency."""
    segments = [name for name in ("class", "department", "location") if reference.has_field("creditMemo", name)]
    columns = "".join(f", l.{name} AS {name}" for name in segments)
    q = (
        f"SELECT l.transaction AS document, a.account, c.accttype AS kind, a.debit, l.foreignamount AS amount{columns} "
        "FROM transactionline l JOIN transactionaccountingline a ON a.transaction = l.transaction AND a.transactionline = l.id "
        "JOIN account c ON c.id = a.account WHERE a.posting = 'T' AND l.transaction IN {in}"
    )
    sums: dict[str, dict[tuple[str, str, tuple[tuple[str, str], ...]], Decimal]] = {}
    for row in netsuite.suiteql_in(q, sorted(ids)):
        amount = abs(Decimal(row.get("amount") or 0)) * (1 if Decimal(row.get("debit") or 0) else -1)
        key = (row["account"], row.get("kind", ""), tuple((n, row[n]) for n in segments if row.get(n)))
        of = sums.setdefault(row["document"], {})
        of[key] = of.get(key, ZERO) + amount
    return {i: [Posting(*key[:2], amount, key[2]) for key, amount in sorted(of.items()) if amount] for i, of in sums.items()}


def reversers(netsuite: Lookup, reference: Reference, ids: Iterable[str]) -> dict[str, Reverser]:
    """What reverses documents, by their internal ids: found by its external id, one or two calls per 1,000."""
    currency = ", currency" if reference.has_field("invoice", "currency") else ""
    by_external = {external_id(i): i for i in ids}
    q = f"SELECT id, externalid, type, foreigntotal, entity{currency} FROM transaction WHERE externalid IN {{in}}"
    rows = list(netsuite.suiteql_in(q, sorted(by_external)))
    known = held(netsuite, reference, rows)
    return {by_external[row["externalid"]]: Reverser(row["id"], known[row["id"]]) for row in rows}


def held(netsuite: Lookup, reference: Reference, rows: Sequence[Mapping[str, str]]) -> dict[str, Held]:
    """What transactions hold, by internal id. `rows`: id, type, foreigntotal, entity, and currency where the account has several. Of a
    journal entry it is what it moves on the customer's account: its lines with a customer."""
    journals = [row["id"] for row in rows if row.get("type") == "Journal"]
    q = "SELECT transaction, entity, foreignamount AS amount FROM transactionline WHERE transaction IN {in} AND entity IS NOT NULL"
    moved: dict[str, tuple[str, Decimal]] = {}
    for line in netsuite.suiteql_in(q, journals):
        _, before = moved.get(line["transaction"], ("", ZERO))
        moved[line["transaction"]] = (line["entity"], before + Decimal(line.get("amount") or 0))
    found = {}
    for row in rows:
        customer, amount = moved.get(row["id"], (row.get("entity", ""), Decimal(row.get("foreigntotal") or 0)))
        found[row["id"]] = Held(abs(amount), _currency(row, reference), customer, KINDS.get(row.get("type", ""), ""))
    return found
