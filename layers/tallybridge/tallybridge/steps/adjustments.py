"""Zuora invoice item adjustments -> NetSuite credit memos and invoices (adjustments.md, part A1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.ids import netsuite_id
from tallybridge.steps.documents.adjustment_mapping import (
    CREDIT_MEMO,
    AdjustmentData,
    currency_of,
    header,
    item_line,
    record_type,
    tax_line,
)
from tallybridge.steps.documents.document_checks import OF_LINES, account_is_synced, parent_not_synced, problems
from tallybridge.steps.documents.document_lines import lines
from tallybridge.steps.documents.kind import Kind, tables_needed
from tallybridge.steps.documents.reading import add_charges, record_of
from tallybridge.steps.invoices import ITEMS, TAXES
from tallybridge.steps.settlement.families import families, taken
from tallybridge.steps.shared.applications import applications, apply_lines, apply_sublist, by_document, open_balances
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import ACCOUNT_FIELDS, NOT_TRANSFERRED, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite
from tallybridge.steps.shared.parents import INVOICE_FIELDS
from tallybridge.steps.shared.problems import already_there, ambiguous, not_synced
from tallybridge.steps.shared.texts import day
from tallybridge.sync.held import agree
from tallybridge.sync.step import (
    CREATED,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Plan,
    Problem,
    Refusal,
    Remainder,
    Request,
    SourceRecord,
    Stage,
    Write,
    is_complete,
)
from tallybridge.zuora.selection import Condition, Is, IsNot, Parent, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", fields=ACCOUNT_FIELDS, where=SYNCED_TO_NETSUITE)  # rule 4
INVOICE = Parent("Invoice", "InvoiceId")
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Processed",)),  # rule 1
    NOT_TRANSFERRED,  # rule 2
    not_ignored(),  # rule 5
)
ORIGIN = "Origin__NS"
NOT_FROM_NETSUITE = IsNot(ORIGIN, ("NETSUITE",))
"""Rule 5, where the tenant's adjustments have that field (api-zuora-billing.md 12.11). It never changes after the create."""
HEAD_FIELDS = (
    "AdjustmentNumber",
    "AdjustmentDate",
    "AccountId",
    "Amount",
    "Comment",
    "CreatedDate",
    "InvoiceId",
    "InvoiceItemName",
    "InvoiceNumber",
    "ReferenceId",
    "SourceId",
    "SourceType",
    "Status",
    "Type",
    "TransferredToAccounting",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
)
SOURCE_ITEMS = replace(ITEMS, key="Id")
SOURCE_TAXES = replace(TAXES, key="Id", via=None)
"""What adjustments adjust, by its own id."""

CREATING = {"creditMemo": "Creating Credit Memo", "invoice": "Creating Invoice"}
ERROR = {"creditMemo": "Error Creating Credit Memo", "invoice": "Error Creating Invoice"}
UPDATING, ERROR_UPDATING = "Updating Credit Memo", "Error Updating Credit Memo"
KINDS = {"creditMemo": ("CustCred", "credit memos"), "invoice": ("CustInvc", "invoices")}
"""SuiteQL type code and plural by record type."""


# -- validations ---------------------------------------------------------------------------------------------------------


def invoice_is_synced(kind: Kind[AdjustmentData], company: Company, data: AdjustmentData) -> Iterator[Problem]:
    """NetSuite has what it adjusts, in its currency, with enough left to credit."""
    name, label = f"invoice {data.invoice_number}", kind.name(data)
    if not data.original:
        yield parent_not_synced(kind, company, "invoice", data, name, data.invoice)
    elif takes_from_memo(data) and data.open is None:
        text = f"{label}: NetSuite credit memo {data.original} of {name} does not exist."
        advice = "Restore it, or set Transferred to Accounting of the invoice to No so that it is sent again."
        yield Problem("IIA-GONE", text, advice)
    elif told := company.booking.booked_otherwise(label, data.amount, kind.currency(data), name, data.booked):
        yield told
    elif data.spread and data.spread.short and data.family:
        for charge in (row for row in data.family.coming if row.get("Type") == "Charge"):
            yield not_synced("IIA-V1", label, f"adjustment {charge.get('AdjustmentNumber')} of {name}", "adjustment", charge)


ADJUSTMENT = Kind[AdjustmentData](
    object="InvoiceItemAdjustment",
    code="IIA",
    label="Adjustment",
    number="AdjustmentNumber",
    date="AdjustmentDate",
    amount="Amount",
    line_amount="Amount",
    tax_of="InvoiceItemId",
    record_type=record_type,
    header=header,
    item_line=item_line,
    tax_line=tax_line,
    currency=currency_of,
    checks=(invoice_is_synced, account_is_synced, *OF_LINES),
    rules={
        "invoice": 1,
        "location": 2,
        "class": 3,
        "department": 4,
        "charge": 5,
        "tax code": 6,
        "account": 7,
        "tax item": 8,
    },
    creating=lambda data: CREATING[record_type(data)],
    error=lambda data: ERROR[record_type(data)],
    in_order=True,
)


# -- action --------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with an adjustment."""
    if len(found) > 1:
        return Hold((ambiguous("IIA", ADJUSTMENT.name(record.data), KINDS[record.destination][1], found),))
    return plan_found(company, record, found[0]) if found else plan_create(company, record)


def takes_from_memo(data: AdjustmentData) -> bool:
    """Whether the adjustment is taken from the credit memo that the adjusted invoice is in NetSuite."""
    return not data.is_credit and data.on_negative_invoice


def lowers_an_invoice(data: AdjustmentData) -> bool:
    """Whether the adjustment becomes a credit memo that is applied to what its invoice is in NetSuite."""
    return data.is_credit and not data.on_negative_invoice


def applied_to(data: AdjustmentData, found: Sequence[Counterpart]) -> Decimal:
    """What NetSuite has applied of the original credit memo to the adjustment's invoice."""
    return data.applied.get(found[0].id, Decimal(0)) if len(found) == 1 else Decimal(0)


def plan_create(company: Company, record: SourceRecord) -> Plan:
    """A new NetSuite transaction, applied as far as that is its purpose."""
    data: AdjustmentData = record.data
    label, error = ADJUSTMENT.name(data), ADJUSTMENT.error(data)
    if told := problems(ADJUSTMENT, company, data):
        return Hold(tuple(told))
    posting = company.posting(record.destination, day(data.head.get("AdjustmentDate")) or "", label)
    if closed := posting.plan(error):
        return closed
    data.posting = posting.fields
    body = {**header(company, data), "item": {"items": lines(ADJUSTMENT, company, data)}}
    if lowers_an_invoice(data):
        if data.spread and data.spread.short:
            return Refusal(_invoice_too_small(data, data.spread.short), error)
        body |= apply_sublist(apply_lines(data.spread.lines if data.spread else {data.original: data.amount}))
    create = Write("create", ADJUSTMENT.creating(data), error, (Request(record.destination, body),))
    if takes_from_memo(data):
        return replace(create, **_application(data, Decimal(0)))
    if data.is_credit and data.on_negative_invoice:
        text = f"{label}: credit on negative invoice {data.invoice_number}; NetSuite credit memo left unapplied."
        left = Problem("IIA-UNAPPLIED", text, "Apply the credit memo in NetSuite by hand.")
        return replace(create, remarks=(left,), remark_level="WARNING")
    return create


def _application(data: AdjustmentData, applied: Decimal) -> dict[str, Any]:
    """The parts of a plan that apply the original credit memo to the new invoice, as far as it goes; `applied` is there already."""
    assert data.open is not None
    available = max(Decimal(0), data.open)
    target = min(data.amount, applied + available)
    line = {"doc": {"id": CREATED}, "apply": True, "amount": target}
    update = Stage(UPDATING, ERROR_UPDATING, (Request(CREDIT_MEMO, apply_sublist([line]), data.original),))
    short = Remainder(ERROR_UPDATING, _too_little_open(data, applied), transferred="Error") if target < data.amount else None
    return {"then": (update,) if target > applied else (), "remainder": short}


def _too_little_open(data: AdjustmentData, applied: Decimal) -> Problem:
    left, needed = ADJUSTMENT.money(data, max(Decimal(0), data.open or Decimal(0))), ADJUSTMENT.money(data, data.amount - applied)
    memo = f"NetSuite credit memo {data.original} of invoice {data.invoice_number}"
    text_ = f"{ADJUSTMENT.name(data)}: {memo} has only {left} left; {needed} needed."
    advice = "Take back what the credit memo was applied to by hand in NetSuite; the next run applies the rest."
    return Problem("IIA-OPEN", text_, advice)


def _invoice_too_small(data: AdjustmentData, short: Decimal) -> Problem:
    lacking, needed = (money.text(a, ADJUSTMENT.currency(data)) for a in (short, data.amount))
    documents = f"the NetSuite documents of invoice {data.invoice_number}"
    text_ = f"{ADJUSTMENT.name(data)}: {documents} have {lacking} less open than the {needed} credited."
    advice = "Take back what settles them in NetSuite and is not in Zuora; the next run sends the adjustment."
    return Problem("IIA-OPEN", text_, advice)


def plan_found(company: Company, record: SourceRecord, there: Counterpart) -> Plan:
    """The NetSuite transaction exists: Zuora is completed, after a missing application of the credit memo has been made."""
    data: AdjustmentData = record.data
    reset = is_complete(record.status) or not record.status
    remark = already_there("IIA", ADJUSTMENT.name(data), record.destination, there.id) if reset else None
    applied = applied_to(data, (there,))
    if takes_from_memo(data) and applied < data.amount:
        if told := tuple(invoice_is_synced(ADJUSTMENT, company, data)):
            return Hold(told)
        resume = Write("recover", "", "", (), destination_id=there.id, **_application(data, applied))
        if not resume.then:
            return Refusal(_too_little_open(data, applied), ERROR_UPDATING, action="recover")
        return resume
    if agree(record.sent, there.held, record.base):
        return Found(there, remark=remark)
    remarks = (remark,) if remark else ()
    return Write("recover", "", ADJUSTMENT.error(data), (), destination_id=there.id, remarks=remarks)


# -- the step ------------------------------------------------------------------------------------------------------------


class Adjustments(ZuoraToNetSuite):
    """Step 7 of tenants without Invoice Settlement: one NetSuite transaction per processed adjustment."""

    name = "adjustments"
    title = "Zuora invoice item adjustments"
    object = ADJUSTMENT.object
    object_label = ADJUSTMENT.label
    destination = CREDIT_MEMO
    code = ADJUSTMENT.code
    number_field = ADJUSTMENT.number
    amount_field = ADJUSTMENT.amount
    needs: tuple[str, ...] = (
        "class",
        "department",
        "location",
        "tax code",
        "revenue template",
        "currency",
        "periods",
        "fields:creditMemo",
        "fields:invoice",
    )

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.needs = tables_needed(self.needs, self.settings)

    def currency_of(self, data: Any) -> str:
        return ADJUSTMENT.currency(data)

    @property
    def transaction_types(self) -> tuple[str, ...]:
        return tuple(code for code, _ in KINDS.values())

    def query(self) -> SourceQuery:
        return self._query(())

    def _query(self, currency: tuple[str, ...]) -> SourceQuery:
        """`currency`: the field, where the tenant's invoices have it, which takes a call to know."""
        conditions = (*WAITING, *since("AdjustmentDate", self.settings.cutover_zuora_invoice_item_adjustment))  # rule 3
        return SourceQuery(
            "InvoiceItemAdjustment",
            HEAD_FIELDS,
            (conditions,),
            parents=(ACCOUNT, replace(INVOICE, fields=(*INVOICE_FIELDS, *currency))),
            copy_fields=("AccountId", "InvoiceId"),
            group="AccountId",
        )

    def select(self) -> Iterator[Candidate]:
        query = self.query()
        if self._origin_is_known():
            query = query.narrowed(NOT_FROM_NETSUITE)
        for row in self.context.source.select(query):
            yield Candidate(row.id, row.group, row.to_json())

    def _origin_is_known(self) -> bool:
        (name,) = self.context.source.to_tenant({ORIGIN: ""})
        return any(field.name == name for field in self.context.zuora.describe(self.object))

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        rereads = list(self.reread(candidates, self._query(self.context.currency_of_invoices)))
        of_taxes = {head["SourceId"] for _, head, _ in rereads if head.get("SourceType") == "Tax"}
        of_items = {head["SourceId"] for _, head, _ in rereads} - of_taxes
        read = self.context.source.children
        items, taxes = read(SOURCE_ITEMS, sorted(of_items)), read(SOURCE_TAXES, sorted(of_taxes))
        found = [_data(head, parents, items, taxes) for _, head, parents in rereads]
        add_charges(self.context.source, found, {})
        invoices = {d.head["InvoiceId"]: d.invoice for d in found if lowers_an_invoice(d)}
        known = families(self.context, invoices) if invoices else {}
        for data in found:
            data.family = known.get(data.head["InvoiceId"])
        return [record_of(ADJUSTMENT, self.company, d) for d in found]

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts; beside charges on negative invoices what is left of the credit memo that they are taken from."""
        found: dict[str, list[Counterpart]] = {}
        with ThreadPoolExecutor(max_workers=3) as pool:  # the look-ups at once
            noting = pool.submit(self.note_customers, records)
            reading = pool.submit(self.booking.currencies_in, {r.data.original for r in records})
            opening = pool.submit(self._note_credit_memos, [r.data for r in records if takes_from_memo(r.data)])
            for kind, (transaction_type, _) in KINDS.items():
                found |= self.find_transactions([r for r in records if r.destination == kind], transaction_type)
            noting.result()
            opening.result()
            booked = reading.result()
        for record in records:
            record.data.booked = booked.get(record.data.original, "")
        self._share_out(records, found)
        self._spread([r for r in records if r.id not in found and lowers_an_invoice(r.data) and r.data.original])
        return found

    def _spread(self, credits_: Sequence[SourceRecord]) -> None:
        """Spread credits over the NetSuite documents of their invoices, in the order in which they are written: one call per 1,000."""
        families_ = [r.data.family for r in credits_ if r.data.family]
        balances = open_balances(self.context.netsuite, {d for f in families_ for d in f.documents}) if families_ else {}
        for record in sorted(credits_, key=lambda r: r.turn):
            data: AdjustmentData = record.data
            if data.family and data.original in balances:
                data.spread = taken(data.amount, data.family, balances)

    def _note_credit_memos(self, charges: Sequence[AdjustmentData]) -> None:
        """Open amounts and applications of the original credit memos: two calls per 1,000."""
        memos = {d.original for d in charges if netsuite_id(d.original)}
        if not memos:
            return
        netsuite, zuora_id = self.context.netsuite, self.reference.custom(CREDIT_MEMO, "Zuora ID")
        q = "SELECT id, foreignpaymentamountunused AS unused FROM transaction WHERE type = 'CustCred' AND id IN {in}"
        open_ = {row["id"]: Decimal(row.get("unused") or 0) for row in netsuite.suiteql_in(q, sorted(memos))}
        applied = applications(netsuite, memos, zuora_id)
        for data in charges:
            data.open = open_.get(data.original)
            data.applied = by_document(a for a in applied.get(data.original, ()) if a.zuora_id)

    def _share_out(self, records: Sequence[SourceRecord], found: Mapping[str, Sequence[Counterpart]]) -> None:
        """What an earlier charge takes of a credit memo is not there for a later one."""
        taken: dict[str, Decimal] = {}
        for record in sorted(records, key=lambda r: r.turn):
            data: AdjustmentData = record.data
            if takes_from_memo(data) and data.open is not None:
                data.open -= taken.get(data.original, Decimal(0))
                missing = data.amount - applied_to(data, found.get(record.id, ()))
                taken[data.original] = taken.get(data.original, Decimal(0)) + max(Decimal(0), min(missing, data.open))

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        return self.find_transactions([record], KINDS[record.destination][0]).get(record.id, [])

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.company, record, found)


def _data(
    head: Mapping[str, Any],
    parents: Mapping[str, Mapping[str, Any]],
    items: Mapping[str, list[dict[str, Any]]],
    taxes: Mapping[str, list[dict[str, Any]]],
) -> AdjustmentData:
    """The adjustment with what it adjusts, of which only the adjusted amount counts."""
    source, name = head["SourceId"], head.get("InvoiceItemName") or ""
    item, tax = items.get(source, [{"Id": source, "ChargeName": name}]), taxes.get(source, [{"Id": source, "TaxCode": name}])
    of_tax, amount = head.get("SourceType") == "Tax", head.get("Amount") or Decimal(0)
    adjusted: list[dict[str, Any]] = [] if of_tax else [{**item[0], "Amount": amount}]
    adjusted_tax: list[dict[str, Any]] = [{**tax[0], "TaxAmount": amount}] if of_tax else []
    return AdjustmentData(head, parents.get("Account", {}), adjusted, adjusted_tax, invoice=parents.get("Invoice", {}))
