"""How money moves between an owner (payment or credit memo) and the documents it is applied to (invoices and debit memos)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.zuora.exceptions import V1Error, v1_error
from sandbox.zuora.models.currencies import check_decimals
from sandbox.zuora.models.store import Store
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record

ZERO = Decimal(0)
BUSINESS_RULE = 30
INVALID = 20
DOCUMENT_LINKS = {"Invoice": "InvoiceId", "DebitMemo": "DebitMemoId"}
DOCUMENT_NUMBERS = {"Invoice": "InvoiceNumber", "DebitMemo": "MemoNumber"}


@dataclass(frozen=True)
class Owner:
    """What differs between payments and credit memos. `rest` is the field with the unapplied amount."""

    kind: str
    link: str
    part: str
    application: str
    amount: str
    rest: str
    state: str
    resource: int
    on_invoice: str


PAYMENT = Owner(
    kind="Payment",
    link="PaymentId",
    part="PaymentPart",
    application="PaymentApplication",
    amount="ApplyAmount",
    rest="UnappliedAmount",
    state="Processed",
    resource=538200,
    on_invoice="PaymentAmount",
)
CREDIT_MEMO = Owner(
    kind="CreditMemo",
    link="CreditMemoId",
    part="CreditMemoPart",
    application="CreditMemoApplication",
    amount="Amount",
    rest="Balance",
    state="Posted",
    resource=505600,
    on_invoice="CreditMemoAmount",
)


@dataclass(frozen=True)
class Line:
    """An amount for one document. `kind` is Invoice or DebitMemo."""

    kind: str
    document: Record
    amount: Decimal

    @property
    def number(self) -> str:
        return str(self.document[DOCUMENT_NUMBERS[self.kind]])


def refuse(owner: Owner, message: str, category: int = BUSINESS_RULE) -> V1Error:
    return v1_error(owner.resource, category, message)


def parts_of(store: Store, owner: Owner, record: Record) -> list[Record]:
    return store.by(owner.part, owner.link, record["Id"])


def part_for(store: Store, owner: Owner, record: Record, line: Line | None) -> Record | None:
    """The part for a document, or the part of the unapplied rest."""
    for part in parts_of(store, owner, record):
        if line is None:
            if "InvoiceId" not in part and "DebitMemoId" not in part:
                return part
        elif part.get(DOCUMENT_LINKS[line.kind]) == line.document["Id"]:
            return part
    return None


def change_part(store: Store, owner: Owner, record: Record, line: Line | None, change: Decimal) -> None:
    """Raise or lower a part; one that falls to zero goes away."""
    part = part_for(store, owner, record, line)
    if part is None:
        link = {DOCUMENT_LINKS[line.kind]: line.document["Id"]} if line else {}
        if change > ZERO:
            store.insert(owner.part, {owner.link: record["Id"], "AccountId": record.get("AccountId"), "Amount": change, **link})
    elif part["Amount"] + change <= ZERO:
        store.delete(owner.part, part["Id"])
    else:
        store.update(owner.part, part["Id"], {"Amount": part["Amount"] + change})


def currency_of(store: Store, record: Record) -> str | None:
    """A record's own currency, else that of its account."""
    account = store.get("Account", record.get("AccountId")) or {}
    return record.get("Currency") or account.get("Currency")


def check_apply(store: Store, owner: Owner, record: Record, lines: Sequence[Line]) -> None:
    """Over-application, foreign documents, other currencies and documents that are not posted are refused."""
    if record["Status"] != owner.state:
        raise refuse(owner, f"The {owner.kind} is not {owner.state.lower()}.")
    total = sum((x.amount for x in lines), ZERO)
    if total > record.get(owner.rest, ZERO):
        raise refuse(owner, f"The total amount {total} to apply exceeds the unapplied amount {record.get(owner.rest, ZERO)}.")
    wanted: dict[str, Decimal] = {}
    for line in lines:
        document = line.document
        if line.amount <= ZERO:
            raise refuse(owner, "The amount to apply must be greater than zero.", INVALID)
        if document.get("Status") != "Posted":
            raise refuse(owner, f"The document {line.number} is not posted.")
        if document.get("AccountId") != record.get("AccountId"):
            raise refuse(owner, f"The document {line.number} belongs to another account.")
        check_decimals(line.amount, currency_of(store, record), lambda text: refuse(owner, text, INVALID))
        if (theirs := currency_of(store, document)) != (ours := currency_of(store, record)):
            raise refuse(owner, f"The document {line.number} is in {theirs}, the {owner.kind} in {ours}.", INVALID)
        asked = wanted[document["Id"]] = wanted.get(document["Id"], ZERO) + line.amount
        if asked > document["Balance"]:
            raise refuse(owner, f"The amount {asked} exceeds the balance {document['Balance']} of {line.number}.")


def check_unapply(store: Store, owner: Owner, record: Record, lines: Sequence[Line]) -> None:
    wanted: dict[str, Decimal] = {}
    for line in lines:
        if line.amount <= ZERO:
            raise refuse(owner, "The amount to unapply must be greater than zero.", INVALID)
        part = part_for(store, owner, record, line)
        applied = part["Amount"] if part else ZERO
        asked = wanted[line.document["Id"]] = wanted.get(line.document["Id"], ZERO) + line.amount
        if asked > applied:
            raise refuse(owner, f"The amount {asked} exceeds the amount {applied} that is applied to {line.number}.")


def move(tenant: Tenant, owner: Owner, record_id: str, lines: Sequence[Line], effective: str, sign: int) -> Record:
    """Apply (+1) or unapply (-1) lines that were checked before; returns the new state of the owner."""
    store = tenant.store
    group = store.new_id(owner.application)
    for line in lines:
        record = store.tables[owner.kind][record_id]
        change = line.amount * sign
        change_part(store, owner, record, line, change)
        change_part(store, owner, record, None, -change)
        change_document(store, owner, line, change)
        store.insert(
            owner.application,
            {
                owner.link: record_id,
                DOCUMENT_LINKS[line.kind]: line.document["Id"],
                "AccountId": record.get("AccountId"),
                owner.amount: line.amount,
                "EffectiveDate": effective,
                "ApplicationGroupId": group,
                **({"PaymentApplicationStatus": "Processed" if sign > 0 else "Cancelled"} if owner is PAYMENT else {}),
            },
        )
        moved = {"AppliedAmount": record.get("AppliedAmount", ZERO) + change, owner.rest: record.get(owner.rest, ZERO) - change}
        store.update(owner.kind, record_id, moved)
    return store.tables[owner.kind][record_id]


def change_document(store: Store, owner: Owner, line: Line, change: Decimal) -> None:
    document = store.tables[line.kind][line.document["Id"]]
    changes: Record = {"Balance": document["Balance"] - change}
    if line.kind == "Invoice":
        changes[owner.on_invoice] = document.get(owner.on_invoice, ZERO) + change
    store.update(line.kind, document["Id"], changes)


def latest_application(store: Store, owner: Owner, record: Record) -> str:
    """The effective date of the newest application; empty without one."""
    return max((a.get("EffectiveDate", "") for a in store.by(owner.application, owner.link, record["Id"])), default="")


def check_date(tenant: Tenant, owner: Owner, record: Record, date: str | None, own_date: str) -> str:
    """The effective date of a move: today unless given, not before the owner's own date and its newest application."""
    today = tenant.today().isoformat()
    if date is None:
        return max(today, str(record.get(own_date, "")), latest_application(tenant.store, owner, record))
    if date > max(today, str(record.get(own_date, "")), latest_application(tenant.store, owner, record)):
        raise refuse(owner, f"The effective date {date} is in the future.", INVALID)
    if date < record.get(own_date, ""):
        raise refuse(owner, f"The effective date {date} is before the date {record.get(own_date)} of the {owner.kind}.")
    if date < latest_application(tenant.store, owner, record):
        raise refuse(owner, f"The effective date {date} is before the latest application of the {owner.kind}.")
    return date
